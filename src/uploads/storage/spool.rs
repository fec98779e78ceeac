//! The local folder of files that are arriving.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use tokio::{fs, io::AsyncWriteExt};

use super::address::random;

/// The folder.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// Makes the folder and checks that it can be written to.
    pub(super) async fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder).await?;
        let spool = Self { folder };
        drop(spool.create().await?);
        Ok(spool)
    }

    /// Begins to receive a file under a name of its own.
    pub(super) async fn receive(&self) -> io::Result<Incoming> {
        let (file, kept) = self.create().await?;
        Ok(Incoming {
            file,
            hash: Sha256::new(),
            size: 0,
            kept,
        })
    }

    /// A new file in it.
    pub(super) async fn create(&self) -> io::Result<(fs::File, TempFile)> {
        let path = self.folder.join(format!("{}.part", hex::encode(random::<16>()?)));
        let file = fs::File::create_new(&path).await?;
        Ok((file, TempFile { path }))
    }

    /// Removes a file that nobody receives any more.
    pub(super) async fn discard(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.join(name)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The names of the files in it, with their age.
    pub(super) async fn list(&self) -> io::Result<Vec<(String, Duration)>> {
        let mut entries = fs::read_dir(&self.folder).await?;
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

/// A file in the spool folder, which is removed with this.
#[derive(Debug)]
pub(super) struct TempFile {
    path: PathBuf,
}

impl Drop for TempFile {
    fn drop(&mut self) {
        remove_now(&self.path);
    }
}

/// Removes a temporary file; one that cannot be removed is left for the sweeper.
pub(super) fn remove_now(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::debug!(%error, "a temporary file is left for the sweeper");
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

    /// The file, now that all of it is there.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn finish(mut self) -> io::Result<Received> {
        self.file.flush().await?;
        Ok(Received::new(self.kept, self.size, self.hash.finalize().into()))
    }
}

/// A file that has arrived. It is gone with this value unless it was staged.
#[derive(Debug)]
pub struct Received {
    kept: TempFile,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Received {
    pub(super) fn new(kept: TempFile, size: u64, sha256: [u8; 32]) -> Self {
        Self { kept, size, sha256 }
    }

    /// The SHA-256 in hexadecimal digits.
    pub fn hash(&self) -> String {
        hex::encode(self.sha256)
    }

    /// Opens the file for reading, on a thread that may block.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(&self) -> io::Result<File> {
        File::open(&self.kept.path)
    }

    /// Its name in the spool folder.
    pub(super) fn name(&self) -> io::Result<&str> {
        let name = self.kept.path.file_name().and_then(|name| name.to_str());
        name.ok_or_else(|| io::Error::other("a received file has no name"))
    }

    /// Makes sure that the bytes are on the disk.
    pub(super) async fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.kept.path).await?.sync_all().await
    }
}
