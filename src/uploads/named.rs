//! The stored files that rows name, for a backup: also of a schema that is older than this program.

use std::collections::HashSet;

use sqlx::PgConnection;

use super::storage::Address;
use crate::error::Result;

/// How many rows are fetched at once.
const BATCH: i64 = 1000;

/// A stored file that a row names.
#[derive(Debug, Clone)]
pub(crate) struct NamedFile {
    /// Where it lies.
    pub(crate) address: Address,
    /// The SHA-256 of its bytes in hexadecimal digits, where the row has it.
    pub(crate) sha256: Option<String>,
}

/// All stored files that rows name, as the connection's transaction sees them; one that several rows name comes once.
///
/// # Errors
/// `Unavailable` without the database.
pub(crate) async fn named_files(db: &mut PgConnection) -> Result<Vec<NamedFile>> {
    let mut known = HashSet::new();
    let mut files = session_files(db).await?;
    files.extend(documents(db).await?);
    files.retain(|file| known.insert(file.address.clone()));
    Ok(files)
}

async fn session_files(db: &mut PgConnection) -> Result<Vec<NamedFile>> {
    let mut files = Vec::new();
    let mut last = String::new();
    loop {
        let rows = sqlx::query!(
            r#"
            SELECT file.id,
                   file.session_id,
                   file.storage_filename,
                   CASE WHEN file.is_compressed THEN file.compressed_hash ELSE file.file_hash END AS sha256
              FROM "Finances".upload_file AS file
             WHERE file.id > $1
               AND file.status <> 'deleted'
             ORDER BY file.id
             LIMIT $2
            "#,
            last,
            BATCH,
        )
        .fetch_all(&mut *db)
        .await?;
        let Some(row) = rows.last() else {
            return Ok(files);
        };
        last.clone_from(&row.id);
        files.extend(rows.into_iter().map(|row| NamedFile {
            address: Address::in_session(row.session_id, row.storage_filename),
            sha256: row.sha256,
        }));
    }
}

async fn documents(db: &mut PgConnection) -> Result<Vec<NamedFile>> {
    let mut files = Vec::new();
    let mut last = 0;
    loop {
        let rows = sqlx::query!(
            r#"
            SELECT document.id,
                   document.stored_filename,
                   document.compressed_filename,
                   document.file_hash,
                   -- Through JSON, since older schemas lack the column.
                   to_jsonb(document) ->> 'compressed_hash' AS compressed_hash
              FROM "Finances".project_document AS document
             WHERE document.id > $1
             ORDER BY document.id
             LIMIT $2
            "#,
            last,
            BATCH,
        )
        .fetch_all(&mut *db)
        .await?;
        let Some(row) = rows.last() else {
            return Ok(files);
        };
        last = row.id;
        for row in rows {
            let named = [
                (row.stored_filename, row.file_hash),
                (row.compressed_filename, row.compressed_hash),
            ];
            files.extend(named.into_iter().filter_map(|(name, sha256)| {
                Some(NamedFile {
                    address: Address::of_document(name?),
                    sha256,
                })
            }));
        }
    }
}
