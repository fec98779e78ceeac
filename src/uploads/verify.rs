//! Holds every row that names a stored file against the file: is it there, is it as long as it was, are its bytes the same.
//!
//! The command goes through everything at once; the sweeper takes so much of it at a time, and begins anew at the end.

use std::{
    fmt,
    io::{self, Read},
};

use flate2::read::GzDecoder;
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};

use super::{
    named::{Last, NamedFile, Table},
    storage::{Storage, StoredFile},
};
use crate::error::{Error, Result};
use crate::postgres::Pool;

const PIECE: usize = 128 * 1024;

/// A row whose file is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// `upload_file` or `project_document`.
    pub table: &'static str,
    /// The row's id.
    pub id: String,
    /// The name of the stored file.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            id,
            file,
            what,
        } = self;
        write!(f, "{table} {id}: {file}: {what}")
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct FileReport {
    /// How many files were looked at.
    pub files: u64,
    /// How many bytes were read.
    pub bytes: u64,
    /// What is wrong.
    pub faults: Vec<FileFault>,
    /// Stored files that no row names; they are not ours to remove.
    pub unknown: Vec<String>,
}

/// Looks at every file that a row names, and for files that none names.
///
/// # Errors
/// `Unavailable` without the database, or if the storage fails.
pub async fn verify(
    db: &Pool,
    storage: &Storage,
    mut progress: impl FnMut(&FileReport),
) -> Result<FileReport> {
    let mut report = FileReport::default();
    for table in Table::ALL {
        let mut last = Last::default();
        while let Some((named, next)) = table.after(db, &last).await? {
            for file in named {
                look_at(db, storage, file, &mut report).await?;
                progress(&report);
            }
            last = next;
        }
    }
    report.unknown = unknown(db, storage).await?;
    Ok(report)
}

async fn look_at(db: &Pool, storage: &Storage, expected: NamedFile, report: &mut FileReport) -> Result<()> {
    let table = expected.table;
    let (id, name) = (expected.row_id.clone(), expected.address.name().to_owned());
    let what = match storage.find(&expected.address).await.map_err(Error::storage)? {
        None => Some("is missing".to_owned()),
        Some(file) => {
            report.bytes += file.length();
            let reading = tokio::task::spawn_blocking(move || compare(file, &expected));
            reading.await.map_err(Error::internal)?.map_err(Error::storage)?
        }
    };
    report.files += 1;
    // It may have been deleted while it was read.
    if let Some(what) = what
        && is_named(db, table, &id).await?
    {
        report.faults.push(FileFault {
            table: table.name(),
            id,
            file: name,
            what,
        });
    }
    Ok(())
}

async fn is_named(db: &Pool, table: Table, id: &str) -> Result<bool> {
    let is_named = match table {
        Table::UploadFile => {
            sqlx::query_scalar!(
                r#"
                SELECT EXISTS (
                    SELECT FROM "Finances".upload_file WHERE id = $1 AND status <> 'deleted'
                ) AS "is_named!"
                "#,
                id,
            )
            .fetch_one(db)
            .await?
        }
        Table::ProjectDocument => {
            sqlx::query_scalar!(
                r#"
                SELECT EXISTS (SELECT FROM "Finances".project_document WHERE id::text = $1) AS "is_named!"
                "#,
                id,
            )
            .fetch_one(db)
            .await?
        }
    };
    Ok(is_named)
}

/// What is wrong with a file, if anything is.
fn compare(mut file: StoredFile, expected: &NamedFile) -> io::Result<Option<String>> {
    let length = file.length();
    if let Some(size) = expected.size
        && u64::try_from(size).ok() != Some(length)
    {
        return Ok(Some(format!("has {length} bytes instead of {size}")));
    }
    // Packed bytes are read once for both of their hashes.
    let mut stored = Hashing {
        source: &mut file,
        hash: Sha256::new(),
    };
    let unpacked = match &expected.unpacked_sha256 {
        None => None,
        Some(hash) => match hash_of(&mut GzDecoder::new(&mut stored)) {
            Ok(found) => {
                (!found.eq_ignore_ascii_case(hash)).then_some("does not unpack to what was received")
            }
            Err(error) if is_of_content(&error) => Some("does not unpack"),
            Err(error) => return Err(error),
        },
    };
    hash_of(&mut stored)?;
    if let Some(hash) = &expected.sha256
        && !hex::encode(stored.hash.finalize()).eq_ignore_ascii_case(hash)
    {
        return Ok(Some("its bytes are not those that were stored".to_owned()));
    }
    Ok(unpacked.map(str::to_owned))
}

/// Whether the bytes are at fault, not the reading of them.
fn is_of_content(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}

/// Hashes what is read through it.
struct Hashing<R> {
    source: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Reads to the end; the SHA-256 of what was read.
fn hash_of(source: &mut impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match source.read(&mut piece)? {
            0 => return Ok(hex::encode(hash.finalize())),
            count => hash.update(piece.get(..count).unwrap_or_default()),
        }
    }
}

/// Published files that no row names.
async fn unknown(db: &Pool, storage: &Storage) -> Result<Vec<String>> {
    let mut unknown = Vec::new();
    let mut listed = storage.published().try_chunks(500);
    while let Some(addresses) = listed.try_next().await.map_err(|error| Error::storage(error.1))? {
        let (sessions, names): (Vec<_>, Vec<_>) = addresses
            .iter()
            .map(|address| (address.session().map(str::to_owned), address.name().to_owned()))
            .unzip();
        let found = sqlx::query!(
            r#"
            SELECT file.session_id, file.name AS "name!"
              FROM UNNEST($1::text[], $2::text[]) AS file (session_id, name)
             WHERE NOT EXISTS (
                   SELECT FROM "Finances".upload_file AS known
                    WHERE known.storage_filename = file.name
                      AND known.session_id = file.session_id
                      AND known.status <> 'deleted'
                   )
               AND NOT EXISTS (
                   SELECT FROM "Finances".project_document AS known
                    WHERE file.session_id IS NULL
                      AND (known.stored_filename = file.name OR known.compressed_filename = file.name)
                   )
               AND NOT EXISTS (
                   SELECT FROM "Finances".stored_file_removal AS known
                    WHERE known.file_name = file.name
                   )
            "#,
            &sessions as &[Option<String>],
            &names,
        )
        .fetch_all(db)
        .await?;
        unknown.extend(found.into_iter().map(|file| match file.session_id {
            Some(session) => format!("sessions/{session}/{}", file.name),
            None => file.name,
        }));
    }
    Ok(unknown)
}

/// Looks at files a part at a time, for as long as the server runs.
#[derive(Debug, Default)]
pub struct Scrubber {
    table: Table,
    last: Last,
}

impl Scrubber {
    /// Looks at the files of the next rows and logs what is wrong.
    ///
    /// # Errors
    /// `Unavailable` without the database, or if the storage fails.
    pub async fn go_on(&mut self, db: &Pool, storage: &Storage) -> Result<()> {
        let mut report = FileReport::default();
        if let Some((expected, next)) = self.table.after(db, &self.last).await? {
            for file in expected {
                look_at(db, storage, file, &mut report).await?;
            }
            self.last = next;
        } else {
            self.last = Last::default();
            self.table = match self.table {
                Table::UploadFile => Table::ProjectDocument,
                Table::ProjectDocument => Table::UploadFile,
            };
        }
        for fault in report.faults {
            tracing::error!(
                table = fault.table,
                row.id = fault.id,
                file = fault.file,
                fault = fault.what,
                "a stored file is corrupt"
            );
        }
        Ok(())
    }
}
