//! Stored files on the local disk: received under `temp/`, published by a rename once their row is committed.
//!
//! A file in `temp/` whose row exists was cut off between commit and rename; the sweeper finishes that. One without a row
//! is what a broken upload left; the sweeper removes it after an hour. Names are made here, never by clients.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use nix::{errno::Errno, fcntl::OFlag};
use sha2::{Digest, Sha256};
use tokio::{fs, io::AsyncWriteExt};

const TEMP: &str = "temp";
const SESSIONS: &str = "sessions";

/// Random bytes of the system's generator.
///
/// # Errors
/// If the system has none to give.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// The root folder, `UPLOAD_DIR`.
#[derive(Debug, Clone)]
pub struct Storage {
    root: Arc<PathBuf>,
}

/// Where a published file lies below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `sessions/{session}/{name}`.
    Session(String),
    /// `{name}`: a document.
    Root,
}

impl Storage {
    /// Makes the folders and checks that they can be written to.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn open(root: &Path) -> io::Result<Self> {
        let storage = Self {
            root: Arc::new(root.to_owned()),
        };
        fs::create_dir_all(storage.root.join(TEMP)).await?;
        fs::create_dir_all(storage.root.join(SESSIONS)).await?;
        let probe = storage.temp(&format!("probe-{}", hex::encode(random::<8>()?)));
        fs::write(&probe, b"").await?;
        fs::remove_file(&probe).await?;
        Ok(storage)
    }

    /// Begins to receive a file under a name of its own.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn receive(&self) -> io::Result<Incoming> {
        let path = self.temp(&format!("{}.part", hex::encode(random::<16>()?)));
        let file = fs::File::create_new(&path).await?;
        Ok(Incoming {
            file,
            hash: Sha256::new(),
            size: 0,
            kept: TempFile { path },
        })
    }

    /// The path of a file that is not published yet.
    fn temp(&self, name: &str) -> PathBuf {
        self.root.join(TEMP).join(name)
    }

    fn target(&self, place: &Place, name: &str) -> PathBuf {
        match place {
            Place::Session(session) => self.root.join(SESSIONS).join(session).join(name),
            Place::Root => self.root.join(name),
        }
    }

    /// Gives a received file the name under which its row will know it, and a second one where a document has a row of
    /// its own. Both stay in `temp/` until they are published.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn stage(&self, received: &Received, name: &str) -> io::Result<TempFile> {
        let path = self.temp(name);
        fs::hard_link(&received.kept.path, &path).await?;
        sync_folder(self.root.join(TEMP)).await?;
        Ok(TempFile { path })
    }

    /// Moves a staged file to its place; done again it does nothing.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn publish(&self, staged: TempFile, place: &Place, name: &str) -> io::Result<()> {
        // The row is committed: whatever happens now, the sweeper must find the file.
        let path = staged.keep();
        self.move_to_place(&path, place, name).await
    }

    /// Moves a staged file whose row is committed to its place; one that does not get there now is put there by the sweeper.
    pub async fn publish_committed(&self, staged: TempFile, place: &Place, name: &str) {
        if let Err(error) = self.publish(staged, place, name).await {
            tracing::error!(%error, file = name, "a stored file is left for the sweeper to publish");
        }
    }

    async fn move_to_place(&self, path: &Path, place: &Place, name: &str) -> io::Result<()> {
        let target = self.target(place, name);
        let folder = target
            .parent()
            .map_or_else(|| self.root.as_ref().clone(), Path::to_owned);
        fs::create_dir_all(&folder).await?;
        match fs::rename(path, &target).await {
            // The sweeper or the request itself was quicker.
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::try_exists(&target).await? => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_folder(folder).await,
        }
    }

    /// Finishes the publishing of a file that a crash cut off.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn finish(&self, name: &str, place: &Place) -> io::Result<()> {
        self.move_to_place(&self.temp(name), place, name).await
    }

    /// Removes what an upload that came to nothing left.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn discard(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.temp(name)).await
    }

    /// Removes documents whose rows are gone for good. What cannot be removed is logged: there is nothing left to undo.
    pub async fn remove_documents(&self, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        let storage = self.clone();
        // In a task of its own, which a client that goes away does not end.
        let removal = tokio::spawn(async move {
            for name in names {
                if let Err(error) = storage.remove_document(&name).await {
                    tracing::error!(%error, file = name, "a stored file could not be removed");
                }
            }
        });
        if let Err(error) = removal.await {
            tracing::error!(%error, "stored files could not be removed");
        }
    }

    /// Removes a document, wherever its publishing has got to; one that is gone already is no fault.
    async fn remove_document(&self, name: &str) -> io::Result<()> {
        if !is_bare(name) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "is not the name of a file of ours",
            ));
        }
        for path in [self.temp(name), self.target(&Place::Root, name)] {
            match fs::remove_file(path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens a document for reading, also one whose publishing is not done. `None` if there is no file of this name, or
    /// what is there is a link or a folder.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn open_document(&self, name: &str) -> io::Result<Option<File>> {
        if !is_bare(name) {
            return Ok(None);
        }
        let published = self.target(&Place::Root, name);
        // Between the first look and the second it may have been published, which the third sees.
        let paths = [published.clone(), self.temp(name), published];
        let opening = tokio::task::spawn_blocking(move || {
            for path in paths {
                if let Some(file) = open_plain(&path)? {
                    return Ok(Some(file));
                }
            }
            Ok(None)
        });
        opening.await.map_err(io::Error::other)?
    }

    /// The names of files that are not published, with their age.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn unpublished(&self) -> io::Result<Vec<(String, Duration)>> {
        let mut entries = fs::read_dir(self.root.join(TEMP)).await?;
        let mut found = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            // A file that is gone by now was published or removed by its request.
            let Ok(metadata) = entry.metadata().await else {
                continue;
            };
            let modified = metadata.modified().unwrap_or_else(|_| SystemTime::now());
            found.push((name, modified.elapsed().unwrap_or_default()));
        }
        Ok(found)
    }
}

/// Whether a name stays below the folder that it is joined to; a row of old data may hold anything.
fn is_bare(name: &str) -> bool {
    Path::new(name).file_name() == Some(OsStr::new(name))
}

/// Opens a plain file; `None` for everything else.
fn open_plain(path: &Path) -> io::Result<Option<File>> {
    // Nothing is followed out of the folder, and what is no file does not make us wait.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    match File::options().read(true).custom_flags(flags.bits()).open(path) {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error().map(Errno::from_raw) == Some(Errno::ELOOP) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn sync_folder(folder: PathBuf) -> io::Result<()> {
    fs::File::open(folder).await?.sync_all().await
}

/// A file in `temp/`, which is removed unless it is kept.
#[derive(Debug)]
pub struct TempFile {
    path: PathBuf,
}

impl TempFile {
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty()
            && let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(%error, "a temporary file is left for the sweeper");
        }
    }
}

/// A file that is arriving.
#[derive(Debug)]
pub struct Incoming {
    file: fs::File,
    hash: Sha256,
    size: u64,
    kept: TempFile,
}

impl Incoming {
    /// How many bytes have arrived.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes and hashes one chunk.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.hash.update(chunk);
        self.size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.file.write_all(chunk).await
    }

    /// Makes sure that the bytes are on the disk.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn finish(mut self) -> io::Result<Received> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(Received {
            kept: self.kept,
            size: self.size,
            sha256: self.hash.finalize().into(),
        })
    }
}

/// A file that has arrived.
#[derive(Debug)]
pub struct Received {
    kept: TempFile,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Received {
    /// Opens the file for reading, on a thread that may block.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(&self) -> io::Result<File> {
        File::open(&self.kept.path)
    }
}

/// `{YYYYMMDD_HHMMSS}_{32 hex}.{extension}`, in UTC.
///
/// # Errors
/// If the system has no random bytes to give.
pub fn session_file_name(now: DateTime<Utc>, extension: &str) -> io::Result<String> {
    Ok(format!(
        "{}_{}.{extension}",
        now.format("%Y%m%d_%H%M%S"),
        hex::encode(random::<16>()?)
    ))
}

/// `{32 hex}.{extension}`.
///
/// # Errors
/// If the system has no random bytes to give.
pub fn document_name(extension: &str) -> io::Result<String> {
    Ok(format!("{}.{extension}", hex::encode(random::<16>()?)))
}
