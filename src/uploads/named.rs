//! The stored files that rows name, as the rows describe them: for whoever holds them against what is stored, saves them, or
//! looks whether they are there. Also of a schema that is older than this program.

use std::collections::HashSet;

use sqlx::{PgConnection, PgExecutor};

use super::storage::Address;
use crate::error::Result;

/// How many rows are fetched at once.
const BATCH: i64 = 500;

/// A stored file as its row describes it.
#[derive(Debug, Clone)]
pub(crate) struct NamedFile {
    /// The row's table.
    pub(crate) table: Table,
    /// The row's id.
    pub(crate) row_id: String,
    /// Where the file lies.
    pub(crate) address: Address,
    /// How many bytes are stored, where the row has it.
    pub(super) size: Option<i64>,
    /// Their SHA-256 in hexadecimal digits, where the row has it.
    pub(crate) sha256: Option<String>,
    /// The SHA-256 of what they unpack to, if they are gzip.
    pub(super) unpacked_sha256: Option<String>,
}

/// The tables whose rows name stored files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Table {
    /// Files of upload sessions.
    #[default]
    UploadFile,
    /// Documents, which have a file as it was received and an archive of it.
    ProjectDocument,
}

impl Table {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::UploadFile, Self::ProjectDocument];

    /// Its name in the schema.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::UploadFile => "upload_file",
            Self::ProjectDocument => "project_document",
        }
    }

    /// The files of the rows after one, with the place to go on from; `None` at the end.
    ///
    /// # Errors
    /// `Unavailable` without the database.
    pub(super) async fn after(
        self,
        db: impl PgExecutor<'_>,
        last: &Last,
    ) -> Result<Option<(Vec<NamedFile>, Last)>> {
        match self {
            Self::UploadFile => session_files(db, &last.file).await,
            Self::ProjectDocument => documents(db, last.document).await,
        }
    }
}

/// The last row that was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Last {
    file: String,
    document: i64,
}

/// All stored files that rows name, as the connection's transaction sees them; one that several rows name comes once, with the
/// first of them.
///
/// # Errors
/// `Unavailable` without the database.
pub(crate) async fn named_files(db: &mut PgConnection) -> Result<Vec<NamedFile>> {
    let (mut files, mut known) = (Vec::new(), HashSet::new());
    for table in Table::ALL {
        let mut last = Last::default();
        while let Some((more, next)) = table.after(&mut *db, &last).await? {
            files.extend(more.into_iter().filter(|file| known.insert(file.address.clone())));
            last = next;
        }
    }
    Ok(files)
}

async fn session_files(db: impl PgExecutor<'_>, last: &str) -> Result<Option<(Vec<NamedFile>, Last)>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, session_id, storage_filename, file_size, compressed_size, is_compressed, file_hash, compressed_hash
          FROM "Finances".upload_file
         WHERE id > $1
           AND status <> 'deleted'
           -- An adopted one of no session has no place.
           AND session_id IS NOT NULL
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
    let files = rows.into_iter().map(|row| NamedFile {
        table: Table::UploadFile,
        row_id: row.id,
        address: Address::in_session(row.session_id, row.storage_filename),
        size: if row.is_compressed {
            row.compressed_size
        } else {
            Some(row.file_size)
        },
        sha256: if row.is_compressed {
            row.compressed_hash
        } else {
            row.file_hash.clone()
        },
        unpacked_sha256: row.file_hash.filter(|_| row.is_compressed),
    });
    let last = Last {
        file: last,
        ..Last::default()
    };
    Ok(Some((files.collect(), last)))
}

async fn documents(db: impl PgExecutor<'_>, last: i64) -> Result<Option<(Vec<NamedFile>, Last)>> {
    let rows = sqlx::query!(
        r#"
        SELECT document.id,
               document.stored_filename,
               document.compressed_filename,
               document.original_size,
               document.compressed_size,
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
    .fetch_all(db)
    .await?;
    let Some(last) = rows.last().map(|row| row.id) else {
        return Ok(None);
    };
    let mut files = Vec::new();
    for row in rows {
        let named = [
            (row.stored_filename, row.original_size, row.file_hash),
            (row.compressed_filename, row.compressed_size, row.compressed_hash),
        ];
        files.extend(named.into_iter().filter_map(|(name, size, sha256)| {
            Some(NamedFile {
                table: Table::ProjectDocument,
                row_id: row.id.to_string(),
                address: Address::of_document(name?),
                size,
                sha256,
                unpacked_sha256: None,
            })
        }));
    }
    let last = Last {
        document: last,
        ..Last::default()
    };
    Ok(Some((files, last)))
}
