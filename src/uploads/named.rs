//! The rows that name stored files, and what they say about them.

use std::collections::HashSet;

use sqlx::{PgConnection, PgExecutor};

use super::storage::Address;
use crate::error::Result;

/// How many rows are fetched at once.
const BATCH: i64 = 500;

/// A file as its row describes it.
pub(super) struct Expected {
    pub(super) id: String,
    pub(super) address: Address,
    /// The bytes as they are stored, where the row says how many.
    pub(super) size: Option<i64>,
    /// Their SHA-256, where the row has it.
    pub(super) hash: Option<String>,
    /// The SHA-256 of what they unpack to, if they are gzip.
    pub(super) unpacked_hash: Option<String>,
}

/// The rows of one table in the order of their ids, some at a time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Table {
    #[default]
    UploadFile,
    ProjectDocument,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UploadFile => "upload_file",
            Self::ProjectDocument => "project_document",
        }
    }

    /// The files of the rows after one, with the id of the last of them; `None` at the end.
    pub(super) async fn after(
        self,
        db: impl PgExecutor<'_>,
        last: &Last,
    ) -> Result<Option<(Vec<Expected>, Last)>> {
        match self {
            Self::UploadFile => session_files(db, &last.file).await,
            Self::ProjectDocument => documents(db, last.document).await,
        }
    }
}

/// Where to go on.
#[derive(Debug, Clone, Default)]
pub(super) struct Last {
    file: String,
    document: i64,
}

async fn session_files(db: impl PgExecutor<'_>, last: &str) -> Result<Option<(Vec<Expected>, Last)>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, session_id, storage_filename, file_size, compressed_size, is_compressed, file_hash, compressed_hash
          FROM "Finances".upload_file
         WHERE id > $1
           AND status <> 'deleted'
         ORDER BY id
         LIMIT $2
        "#,
        last,
        BATCH,
    )
    .fetch_all(db)
    .await?;
    let Some(last) = rows.last().map(|row| row.id.clone()) else {
        return Ok(None);
    };
    let expected = rows.into_iter().map(|row| Expected {
        id: row.id,
        address: Address::in_session(row.session_id, row.storage_filename),
        size: if row.is_compressed {
            row.compressed_size
        } else {
            Some(row.file_size)
        },
        hash: if row.is_compressed {
            row.compressed_hash
        } else {
            row.file_hash.clone()
        },
        unpacked_hash: row.file_hash.filter(|_| row.is_compressed),
    });
    let last = Last {
        file: last,
        ..Last::default()
    };
    Ok(Some((expected.collect(), last)))
}

async fn documents(db: impl PgExecutor<'_>, last: i64) -> Result<Option<(Vec<Expected>, Last)>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, stored_filename, compressed_filename, original_size, compressed_size, file_hash, compressed_hash
          FROM "Finances".project_document
         WHERE id > $1
         ORDER BY id
         LIMIT $2
        "#,
        last,
        BATCH,
    )
    .fetch_all(db)
    .await?;
    let Some(last) = rows.last().map(|row| row.id) else {
        return Ok(None);
    };
    let mut expected = Vec::new();
    for row in rows {
        let files = [
            (row.stored_filename, row.original_size, row.file_hash),
            (row.compressed_filename, row.compressed_size, row.compressed_hash),
        ];
        for (name, size, hash) in files {
            let Some(name) = name else { continue };
            expected.push(Expected {
                id: row.id.to_string(),
                address: Address::of_document(name),
                size,
                hash,
                unpacked_hash: None,
            });
        }
    }
    let last = Last {
        document: last,
        ..Last::default()
    };
    Ok(Some((expected, last)))
}

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
    let mut files = Vec::new();
    for table in [Table::UploadFile, Table::ProjectDocument] {
        let mut last = Last::default();
        while let Some((expected, next)) = table.after(&mut *db, &last).await? {
            for file in expected {
                if known.insert(file.address.clone()) {
                    files.push(NamedFile {
                        address: file.address,
                        sha256: file.hash,
                    });
                }
            }
            last = next;
        }
    }
    Ok(files)
}
