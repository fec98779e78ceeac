//! Stored files whose last row is gone: noted in the transaction that takes the row away, removed after its commit.
//!
//! The note stays until the file is gone, so that a crash in between, or a store that is away, loses nothing: the sweeper
//! does what is left.
//!
//! While a backup runs nothing is removed: it reads the files that rows named at its beginning, of which some may be gone since.

use sqlx::PgConnection;

use crate::{app::AppState, error::Result, postgres::Pool, uploads::storage::Address};

/// How many files the sweeper removes between two looks at the database.
const BATCH: i64 = 500;
/// The advisory lock that a backup holds from before its snapshot until it has read the last file: "nexgenbk" as a number.
pub(crate) const BACKUP_LOCK: i64 = 0x6e65_7867_656e_626b;

/// Files that have to be removed once the unit of work is committed.
#[derive(Debug, Default)]
#[must_use = "the files have to be removed after the commit"]
pub struct Removal(Vec<Noted>);

#[derive(Debug)]
struct Noted {
    id: i64,
    address: Address,
}

/// Notes files for removal. No row may name them any more when the transaction commits.
///
/// # Errors
/// `Unavailable` without the database.
pub(crate) async fn note(db: &mut PgConnection, files: Vec<Address>) -> Result<Removal> {
    if files.is_empty() {
        return Ok(Removal::default());
    }
    let (sessions, names): (Vec<_>, Vec<_>) = files
        .iter()
        .map(|file| (file.session().map(str::to_owned), file.name().to_owned()))
        .unzip();
    let ids = sqlx::query_scalar!(
        r#"
        INSERT INTO "Finances".stored_file_removal (session_id, file_name)
        SELECT file.session_id, file.file_name
          FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS file (session_id, file_name, place)
         ORDER BY file.place
        RETURNING id
        "#,
        &sessions as &[Option<String>],
        &names,
    )
    .fetch_all(db)
    .await?;
    let noted = ids.into_iter().zip(files);
    Ok(Removal(
        noted.map(|(id, address)| Noted { id, address }).collect(),
    ))
}

impl Removal {
    /// Removes the files, in a task of its own, which a client that goes away does not end. What cannot be removed now is
    /// left for the sweeper: there is nothing to undo.
    pub(crate) async fn carry_out(self, state: &AppState) {
        if self.0.is_empty() {
            return;
        }
        let state = state.clone();
        let removing = tokio::spawn(async move { self.remove(&state).await });
        if let Err(error) = removing.await.map_err(anyhow::Error::new).flatten() {
            tracing::error!(%error, "stored files are left for the sweeper to remove");
        }
    }

    async fn remove(self, state: &AppState) -> anyhow::Result<()> {
        if is_backup_running(&state.db).await? {
            return Ok(());
        }
        let mut gone = Vec::new();
        for Noted { id, address } in self.0 {
            match state.storage.remove(&address).await {
                Ok(()) => gone.push(id),
                Err(error) => {
                    tracing::error!(%error, file = address.name(), "a stored file could not be removed");
                }
            }
        }
        forget(&state.db, &gone).await?;
        Ok(())
    }
}

/// Whether a backup runs that may be about to read files whose rows are gone.
///
/// A look suffices, the lock need not be kept: who asks has committed what took the rows away, and a backup that begins after
/// the look sees that. Any instance asks, since the sweeper removes what others noted.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn is_backup_running(db: &Pool) -> Result<bool> {
    let is_free = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock_shared($1) AS "is_free!""#,
        BACKUP_LOCK
    )
    .fetch_one(db)
    .await?;
    Ok(!is_free)
}

async fn forget(db: &Pool, ids: &[i64]) -> Result<()> {
    sqlx::query!(
        r#"DELETE FROM "Finances".stored_file_removal WHERE id = ANY ($1)"#,
        ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes what is noted and still there, also what other servers are about to remove.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn sweep(state: &AppState) -> Result<()> {
    let mut after = 0;
    while !is_backup_running(&state.db).await? {
        let noted = sqlx::query!(
            r#"
            SELECT id, session_id, file_name
              FROM "Finances".stored_file_removal
             WHERE id > $1
             ORDER BY id
             LIMIT $2
            "#,
            after,
            BATCH,
        )
        .fetch_all(&state.db)
        .await?;
        let Some(last) = noted.last() else {
            return Ok(());
        };
        after = last.id;
        let noted = noted.into_iter().map(|row| Noted {
            id: row.id,
            address: match row.session_id {
                Some(session) => Address::in_session(session, row.file_name),
                None => Address::of_document(row.file_name),
            },
        });
        Removal(noted.collect())
            .remove(state)
            .await
            .map_err(crate::error::Error::Unavailable)?;
    }
    Ok(())
}
