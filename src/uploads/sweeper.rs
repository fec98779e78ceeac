//! Finishes what a crash cut off between a commit and the publishing of its files, and removes what broken uploads left.

use std::time::Duration;

use super::storage::Place;
use crate::{
    app::AppState,
    error::{Error, Result},
};

/// A file without a row may still be on its way; after this long it is not.
const ABANDONED: Duration = Duration::from_hours(1);

/// Goes through `temp/` once.
///
/// # Errors
/// `Unavailable` without the database, `Internal` if the folder cannot be read.
pub async fn sweep(state: &AppState) -> Result<()> {
    for (name, age) in state.storage.unpublished().await.map_err(Error::internal)? {
        match place_of(state, &name).await? {
            Some(place) => match state.storage.finish(&name, &place).await {
                Ok(()) => tracing::info!(file = name, "an interrupted upload was finished"),
                Err(error) => {
                    tracing::warn!(%error, file = name, "an interrupted upload could not be finished");
                }
            },
            None if age > ABANDONED => {
                if let Err(error) = state.storage.discard(&name).await {
                    tracing::warn!(%error, file = name, "an abandoned upload could not be removed");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where the row that knows this name says that the file belongs.
async fn place_of(state: &AppState, name: &str) -> Result<Option<Place>> {
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
        return Ok(Some(Place::Session(session)));
    }
    let is_document = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM "Finances".project_document
             WHERE stored_filename = $1
        ) AS "is_document!"
        "#,
        name,
    )
    .fetch_one(&state.db)
    .await?;
    Ok(is_document.then_some(Place::Root))
}
