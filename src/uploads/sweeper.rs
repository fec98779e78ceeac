//! Finishes what a crash cut off between a commit and what has to happen to files after it, and removes what broken uploads
//! left.

use std::time::Duration;

use super::{removal, sessions, storage::Address};
use crate::{
    app::AppState,
    error::{Error, Result},
};

/// A file without a row may still be on its way; after this long it is not.
const ABANDONED: Duration = Duration::from_hours(1);

/// Goes once through what is not published and what is to be removed.
///
/// # Errors
/// `Unavailable` without the database, or if the storage cannot be listed.
pub async fn sweep(state: &AppState) -> Result<()> {
    for (name, age) in state.storage.unpublished().await.map_err(Error::storage)? {
        match address_of(state, &name).await? {
            Some(address) => match state.storage.publish(&address).await {
                Ok(()) => tracing::info!(file = name, "an interrupted upload was finished"),
                Err(error) => {
                    tracing::warn!(%error, file = name, "an interrupted upload could not be finished");
                }
            },
            // Its row may be gone only since a backup began that still has to read it.
            None if age > ABANDONED && !removal::is_backup_running(&state.db).await? => {
                if let Err(error) = state.storage.discard(&name).await {
                    tracing::warn!(%error, file = name, "an abandoned upload could not be removed");
                }
            }
            _ => {}
        }
    }
    sessions::sweep(state).await?;
    removal::sweep(state).await
}

/// Where the row that knows this name says that the file belongs.
async fn address_of(state: &AppState, name: &str) -> Result<Option<Address>> {
    let session = sqlx::query_scalar!(
        r#"
        SELECT session_id
          FROM "Finances".upload_file
         WHERE storage_filename = $1
           AND status <> 'deleted'
        "#,
        name,
    )
    .fetch_optional(&state.db)
    .await?;
    if let Some(session) = session {
        return Ok(Some(Address::in_session(session, name)));
    }
    let is_document = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM "Finances".project_document
             WHERE stored_filename = $1 OR compressed_filename = $1
        ) AS "is_document!"
        "#,
        name,
    )
    .fetch_one(&state.db)
    .await?;
    Ok(is_document.then(|| Address::of_document(name)))
}
