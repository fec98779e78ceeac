//! Sessions in the database.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{NO_SESSION, NewUploadSession, SessionRow};
use crate::{
    app::AppState,
    audit::{Action, Change},
    auth::Caller,
    error::{Error, Result},
    finance::{clients, projects},
    postgres::Pool,
    types::ids::UserId,
    unit_of_work::UnitOfWork,
    uploads::{
        ingest,
        removal::{self, Removal},
        storage::Address,
        store::{self, NewSession},
    },
};

/// Opens a session.
///
/// # Errors
/// `Invalid` if there is no such client or project.
pub(super) async fn open(
    uow: &mut UnitOfWork,
    state: &AppState,
    caller: UserId,
    new: NewUploadSession,
) -> Result<SessionRow> {
    let NewUploadSession {
        mut metadata,
        ttl_hours,
        client_id,
        project_id,
    } = new;
    if let Some(id) = client_id {
        let client = clients::store::find(uow.conn(), id)
            .await?
            .ok_or_else(|| Error::unknown_reference("client_id", "client"))?;
        metadata.insert("client_id".to_owned(), json!(id));
        metadata.insert("client_name".to_owned(), json!(client.name));
    }
    if let Some(id) = project_id {
        projects::store::find(uow.conn(), id)
            .await?
            .ok_or_else(|| Error::unknown_reference("metadata.project_id", "project"))?;
    }
    let now = state.clock.now();
    let life = match ttl_hours {
        Some(hours) => chrono::TimeDelta::hours(hours),
        None => chrono::TimeDelta::from_std(state.config.uploads.session_ttl).map_err(Error::internal)?,
    };
    let session_id = ingest::session_id(client_id, now).map_err(Error::internal)?;
    let metadata = Value::Object(metadata);
    let session = NewSession {
        session_id: &session_id,
        created_at: now,
        expires_at: now + life,
        metadata: &metadata,
        created_by: caller,
    };
    store::insert_session(uow.conn(), &session).await?;
    uow.record(Change::created(
        "upload_session",
        &session_id,
        &json!({"expires_at": session.expires_at, "metadata": metadata}),
    ));
    Ok(SessionRow {
        created_at: now,
        expires_at: session.expires_at,
        metadata,
        last_activity: Some(now),
        file_count: 0,
        total_size: 0,
        compressed_size: 0,
        total_uploads: Some(0),
        total_downloads: Some(0),
        session_id,
    })
}

/// A session that takes files, with what is in it.
///
/// # Errors
/// `Missing` if there is none of this id, or it has ended.
pub(super) async fn find_open(db: &Pool, id: &str, now: DateTime<Utc>) -> Result<SessionRow> {
    sqlx::query_as!(
        SessionRow,
        r#"
        SELECT session.session_id,
               session.created_at,
               session.expires_at,
               session.metadata,
               COALESCE(stats.last_activity, session.last_activity) AS last_activity,
               files.file_count AS "file_count!",
               files.total_size AS "total_size!",
               files.compressed_size AS "compressed_size!",
               stats.total_uploads AS "total_uploads?",
               stats.total_downloads AS "total_downloads?"
          FROM "Finances".upload_session AS session
          LEFT JOIN "Finances".upload_stats AS stats USING (session_id)
         CROSS JOIN LATERAL (
               SELECT count(*) AS file_count,
                      COALESCE(sum(file.file_size), 0)::bigint AS total_size,
                      COALESCE(sum(COALESCE(file.compressed_size, file.file_size)), 0)::bigint AS compressed_size
                 FROM "Finances".upload_file AS file
                WHERE file.session_id = session.session_id
                  AND file.status = 'active'
               ) AS files
         WHERE session.session_id = $1
           AND session.status = 'active'
           AND session.expires_at > $2
        "#,
        id,
        now,
    )
    .fetch_optional(db)
    .await?
    .ok_or(NO_SESSION)
}

/// A session that nobody else changes until the unit of work ends.
#[derive(Debug)]
pub(super) struct LockedSession {
    pub(super) created_by: Option<UserId>,
    /// Active files in it.
    pub(super) file_count: i64,
}

/// Locks a session that takes files.
///
/// # Errors
/// `Missing` if there is none of this id, or it has ended.
pub(super) async fn lock_open(uow: &mut UnitOfWork, id: &str, now: DateTime<Utc>) -> Result<LockedSession> {
    let created_by = sqlx::query_scalar!(
        r#"
        SELECT created_by AS "created_by: UserId"
          FROM "Finances".upload_session
         WHERE session_id = $1
           AND status = 'active'
           AND expires_at > $2
           FOR NO KEY UPDATE
        "#,
        id,
        now,
    )
    .fetch_optional(uow.conn())
    .await?
    .ok_or(NO_SESSION)?;
    // A statement of its own: one that waited for the lock would still see the files as they were before the wait.
    let file_count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
          FROM "Finances".upload_file
         WHERE session_id = $1
           AND status = 'active'
        "#,
        id,
    )
    .fetch_one(uow.conn())
    .await?;
    Ok(LockedSession {
        created_by,
        file_count,
    })
}

/// Deletes a session for who opened it or an admin, with the files that are not there for a PO: how many active ones, and
/// what has to be removed. The session is only closed if it has others.
///
/// # Errors
/// `Missing` if there is none of this id, or it has ended; `Forbidden` if somebody else opened it.
pub(super) async fn delete(
    uow: &mut UnitOfWork,
    id: &str,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<(usize, Removal)> {
    let session = lock_open(uow, id, now).await?;
    caller.ensure_owns(
        session.created_by,
        "Only an admin may delete a session of somebody else",
    )?;
    let gone = sqlx::query!(
        r#"
        DELETE FROM "Finances".upload_file AS file
         WHERE session_id = $1
           AND (status = 'deleted' OR (po_number IS NULL AND metadata ->> 'po_id' IS NULL))
        RETURNING id, storage_filename, status, to_jsonb(file) AS "row!"
        "#,
        id,
    )
    .fetch_all(uow.conn())
    .await?;
    let (mut count, mut files) = (0, Vec::new());
    for file in gone {
        if file.status != "deleted" {
            count += usize::from(file.status == "active");
            files.push(Address::in_session(id, file.storage_filename));
            uow.record(Change::new(Action::Deleted, "upload_file", file.id).before(&file.row));
        }
    }
    let closed = sqlx::query_scalar!(
        r#"
        UPDATE "Finances".upload_session AS session
           SET status = 'closed',
               last_activity = $2
         WHERE session_id = $1
           AND EXISTS (SELECT FROM "Finances".upload_file AS file WHERE file.session_id = session.session_id)
        RETURNING session_id
        "#,
        id,
        now,
    )
    .fetch_optional(uow.conn())
    .await?;
    if closed.is_some() {
        uow.record(
            Change::new(Action::StatusChanged, "upload_session", id)
                .between(&json!({"status": "active"}), &json!({"status": "closed"})),
        );
    } else {
        let row = sqlx::query_scalar!(
            r#"
            WITH stats AS (
                DELETE FROM "Finances".upload_stats WHERE session_id = $1
            )
            DELETE FROM "Finances".upload_session AS session
             WHERE session_id = $1
            RETURNING to_jsonb(session) AS "row!"
            "#,
            id,
        )
        .fetch_one(uow.conn())
        .await?;
        uow.record(Change::new(Action::Deleted, "upload_session", id).before(&row));
    }
    let removal = removal::note(uow.conn(), files).await?;
    Ok((count, removal))
}

/// Counts downloads of a session's files, unless it was deleted meanwhile.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn count_downloads(db: &Pool, id: &str, files: usize, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO "Finances".upload_stats AS stats
               (id, session_id, total_uploads, total_downloads, total_size_bytes, last_activity)
        SELECT $4, session.session_id, 0, $2, 0, $3
          FROM "Finances".upload_session AS session
         WHERE session.session_id = $1
           -- One that is being deleted is waited for, and then has no counter any more.
           FOR KEY SHARE
            ON CONFLICT (session_id) DO UPDATE
           SET total_downloads = stats.total_downloads + excluded.total_downloads,
               last_activity = excluded.last_activity
        "#,
        id,
        i32::try_from(files).map_err(Error::internal)?,
        now,
        Uuid::new_v4().to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}
