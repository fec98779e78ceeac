//! What becomes of sessions that have ended.
//!
//! Their status says so; when they have been over for `SESSION_RETENTION_HOURS`, their files go, but for those of POs.

use chrono::TimeDelta;
use serde_json::json;

use crate::{
    app::AppState,
    audit::{Action, Actor, Change},
    error::{Error, Result},
    unit_of_work::UnitOfWork,
    uploads::{removal, storage::Address},
};

/// How many rows are taken at once.
const BATCH: i64 = 500;

/// Marks sessions that have ended, and takes away what nobody can reach any more.
///
/// # Errors
/// `Unavailable` without the database.
pub(in crate::uploads) async fn sweep(state: &AppState) -> Result<()> {
    while mark(state).await? {}
    while take_away(state).await? {}
    Ok(())
}

fn actor() -> Actor {
    Actor::system("sweeper")
}

/// Whether there may be more.
async fn mark(state: &AppState) -> Result<bool> {
    let mut uow = UnitOfWork::open(&state.db, actor()).await?;
    let ended = sqlx::query_scalar!(
        r#"
        UPDATE "Finances".upload_session
           SET status = 'expired'
         WHERE id IN (
               SELECT id
                 FROM "Finances".upload_session
                WHERE status = 'active'
                  AND expires_at <= $1
                ORDER BY expires_at
                LIMIT $2
                  FOR UPDATE SKIP LOCKED
               )
        RETURNING session_id
        "#,
        state.clock.now(),
        BATCH,
    )
    .fetch_all(uow.conn())
    .await?;
    let is_full = i64::try_from(ended.len()).is_ok_and(|count| count == BATCH);
    for id in ended {
        uow.record(
            Change::new(Action::StatusChanged, "upload_session", id)
                .between(&json!({"status": "active"}), &json!({"status": "expired"})),
        );
    }
    uow.commit_silent().await?;
    Ok(is_full)
}

/// Whether there may be more.
async fn take_away(state: &AppState) -> Result<bool> {
    let kept = TimeDelta::from_std(state.config.uploads.session_retention).map_err(Error::internal)?;
    let mut uow = UnitOfWork::open(&state.db, actor()).await?;
    let gone = sqlx::query!(
        r#"
        UPDATE "Finances".upload_file
           SET status = 'deleted'
         WHERE id IN (
               SELECT file.id
                 FROM "Finances".upload_file AS file
                 JOIN "Finances".upload_session AS session USING (session_id)
                WHERE file.status <> 'deleted'
                  AND file.po_number IS NULL
                  AND file.metadata ->> 'po_id' IS NULL
                  AND session.expires_at <= $1
                ORDER BY file.id
                LIMIT $2
                  FOR UPDATE OF file SKIP LOCKED
               )
        RETURNING id, session_id, storage_filename
        "#,
        state.clock.now() - kept,
        BATCH,
    )
    .fetch_all(uow.conn())
    .await?;
    let is_full = i64::try_from(gone.len()).is_ok_and(|count| count == BATCH);
    let mut files = Vec::with_capacity(gone.len());
    for file in gone {
        uow.record(
            Change::new(Action::Deleted, "upload_file", file.id)
                .between(&json!({"status": "active"}), &json!({"status": "deleted"}))
                .note("its session has ended"),
        );
        files.push(Address::in_session(file.session_id, file.storage_filename));
    }
    let removal = removal::note(uow.conn(), files).await?;
    uow.commit_silent().await?;
    removal.carry_out(state).await;
    Ok(is_full)
}
