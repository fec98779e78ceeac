//! Sessions and file rows in the database.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::Result,
    types::ids::{ClientPoId, UserId},
    uploads::session_files::SessionFile,
};

/// A session to be opened.
#[derive(Debug)]
pub(super) struct NewSession<'a> {
    pub(super) session_id: &'a str,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) metadata: &'a Value,
    pub(super) created_by: UserId,
}

/// Opens a session with its counters.
pub(super) async fn insert_session(db: &mut PgConnection, new: &NewSession<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        WITH session AS (
            INSERT INTO "Finances".upload_session
                   (id, session_id, created_at, expires_at, metadata, status, last_activity, created_by)
            VALUES ($1, $2, $3, $4, $5, 'active', $3, $6)
        )
        INSERT INTO "Finances".upload_stats (id, session_id, total_uploads, total_downloads, total_size_bytes, last_activity)
        VALUES ($7, $2, 0, 0, 0, $3)
        "#,
        Uuid::new_v4().to_string(),
        new.session_id,
        new.created_at,
        new.expires_at,
        new.metadata,
        new.created_by as UserId,
        Uuid::new_v4().to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A file of a session.
#[derive(Debug)]
pub(super) struct NewFile<'a> {
    pub(super) id: &'a str,
    pub(super) session_id: &'a str,
    pub(super) po_number: Option<&'a str>,
    pub(super) original_filename: &'a str,
    pub(super) file: &'a SessionFile,
    pub(super) uploaded_at: DateTime<Utc>,
    pub(super) uploaded_by: &'a str,
    pub(super) uploader: UserId,
    pub(super) metadata: &'a Value,
}

/// Adds a file to its session and to the session's counters.
pub(super) async fn insert_file(db: &mut PgConnection, new: &NewFile<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        WITH counted AS (
            UPDATE "Finances".upload_stats
               SET total_uploads = total_uploads + 1,
                   total_size_bytes = total_size_bytes + $6,
                   last_activity = $9
             WHERE session_id = $2
        )
        INSERT INTO "Finances".upload_file
               (id, session_id, po_number, original_filename, storage_filename, storage_path, file_size, compressed_size,
                is_compressed, mime_type, original_mime_type, file_hash, compressed_hash, upload_timestamp, uploaded_by,
                uploader_id, metadata, status)
        VALUES ($1, $2, $3, $4, $5, $2, $6, $13, $14, $15, $7, $8, $16, $9, $10, $11, $12, 'active')
        "#,
        new.id,
        new.session_id,
        new.po_number,
        new.original_filename,
        new.file.storage_filename,
        new.file.file_size,
        new.file.original_mime_type,
        new.file.file_hash,
        new.uploaded_at,
        new.uploaded_by,
        new.uploader as UserId,
        new.metadata,
        new.file.compressed_size,
        new.file.is_compressed,
        new.file.mime_type,
        new.file.compressed_hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The PO that was made from a file with this content, the newest of them.
pub(super) async fn po_made_from(db: &mut PgConnection, hash: &str) -> Result<Option<ClientPoId>> {
    let id = sqlx::query_scalar!(
        r#"
        WITH made AS (
            SELECT CASE WHEN metadata ->> 'po_id' ~ '^[0-9]{1,18}$' THEN (metadata ->> 'po_id')::bigint END AS po_id
              FROM "Finances".upload_file
             WHERE file_hash = $1
        )
        SELECT po.id AS "id: ClientPoId"
          FROM made
          JOIN "Finances".client_po AS po ON po.id = made.po_id
         ORDER BY po.id DESC
         LIMIT 1
        "#,
        hash,
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}
