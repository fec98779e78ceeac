//! A received file on its way to become a document: as it came, and as an archive with it as the one entry.
//!
//! Source: uploads contract, section 1.4.

use chrono::{DateTime, Utc};

use crate::{
    app::AppState,
    documents::FileKind,
    error::{Error, Result},
    uploads::storage::{self, Address, Received, Staged},
};

/// A document's files, stored and without a row yet.
#[derive(Debug)]
pub(super) struct DocumentFiles {
    pub(super) stored_filename: String,
    pub(super) compressed_filename: String,
    pub(super) original_size: i64,
    pub(super) compressed_size: i64,
    pub(super) mime_type: &'static str,
    /// SHA-256 of the file in hexadecimal digits.
    pub(super) file_hash: String,
    /// SHA-256 of the archive.
    pub(super) compressed_hash: String,
    original: Staged,
    archive: Staged,
}

impl DocumentFiles {
    /// Stores a file and an archive of it. They are gone again unless they are published.
    ///
    /// # Errors
    /// `Unavailable` if the storage fails.
    pub(super) async fn stage(
        state: &AppState,
        received: &Received,
        kind: FileKind,
        original_filename: &str,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let storage = &state.storage;
        let stored_filename = storage::document_name(kind.extension()).map_err(Error::internal)?;
        let compressed_filename = storage::document_name("zip").map_err(Error::internal)?;
        let packed = storage
            .archived(received, original_filename, now)
            .await
            .map_err(Error::storage)?;
        let original = storage
            .stage(received, Address::of_document(stored_filename.as_str()))
            .await
            .map_err(Error::storage)?;
        let archive = storage
            .stage(&packed, Address::of_document(compressed_filename.as_str()))
            .await
            .map_err(Error::storage)?;
        Ok(Self {
            stored_filename,
            compressed_filename,
            original_size: i64::try_from(received.size).map_err(Error::internal)?,
            compressed_size: i64::try_from(packed.size).map_err(Error::internal)?,
            mime_type: kind.mime(),
            file_hash: received.hash(),
            compressed_hash: packed.hash(),
            original,
            archive,
        })
    }

    /// Notes that a row names the files, which may be committed from here on.
    pub(super) fn name(&self) {
        self.original.name();
        self.archive.name();
    }

    /// Gives the files their places, now that their row is committed.
    pub(super) async fn publish(self, state: &AppState) {
        state.storage.publish_committed(self.original).await;
        state.storage.publish_committed(self.archive).await;
    }
}
