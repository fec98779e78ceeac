//! A received file on its way into a session: compressed where that pays, and named.
//!
//! Source: uploads contract, section 1.4.

use chrono::{DateTime, Utc};

use crate::{
    app::AppState,
    documents::FileKind,
    error::{Error, Result},
    uploads::storage::{self, Address, Received, Staged},
};

const GZIP: &str = "application/gzip";

/// A file that is stored and has no row yet.
#[derive(Debug)]
pub(super) struct SessionFile {
    pub(super) storage_filename: String,
    pub(super) file_size: i64,
    pub(super) compressed_size: i64,
    pub(super) is_compressed: bool,
    /// What the stored bytes are.
    pub(super) mime_type: &'static str,
    /// What the file is.
    pub(super) original_mime_type: &'static str,
    /// SHA-256 of the file in hexadecimal digits.
    pub(super) file_hash: String,
    /// SHA-256 of the stored bytes.
    pub(super) compressed_hash: String,
    staged: Staged,
}

impl SessionFile {
    /// Stores a file for a session. It is gone again unless it is published.
    ///
    /// # Errors
    /// `Unavailable` if the storage fails.
    pub(super) async fn stage(
        state: &AppState,
        received: &Received,
        kind: FileKind,
        session_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let storage = &state.storage;
        let storage_filename = storage::session_file_name(now, kind.extension()).map_err(Error::internal)?;
        let compressed = storage.compressed(received).await.map_err(Error::storage)?;
        let stored = compressed.as_ref().unwrap_or(received);
        let staged = storage
            .stage(stored, Address::in_session(session_id, storage_filename.as_str()))
            .await
            .map_err(Error::storage)?;
        Ok(Self {
            storage_filename,
            file_size: i64::try_from(received.size).map_err(Error::internal)?,
            compressed_size: i64::try_from(stored.size).map_err(Error::internal)?,
            is_compressed: compressed.is_some(),
            mime_type: if compressed.is_some() { GZIP } else { kind.mime() },
            original_mime_type: kind.mime(),
            file_hash: received.hash(),
            compressed_hash: stored.hash(),
            staged,
        })
    }

    /// Notes that a row names the file, which may be committed from here on.
    pub(super) fn name(&self) {
        self.staged.name();
    }

    /// Gives the file its place, now that its row is committed.
    pub(super) async fn publish(self, state: &AppState) {
        state.storage.publish_committed(self.staged).await;
    }
}
