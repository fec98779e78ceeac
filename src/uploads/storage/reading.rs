//! Reading of stored files, on threads that may block.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use bytes::{Buf, Bytes};
use nix::{errno::Errno, fcntl::OFlag};
use object_store::{ObjectStore, ObjectStoreExt, path::Path as ObjectPath};
use tokio::runtime::Handle;

/// How much of a remote file is fetched at once. Each piece is a request of its own, so that a client that reads slowly
/// holds no connection to the store.
const PIECE: u64 = 1 << 20;

/// A stored file that can be read, which may block.
#[derive(Debug)]
pub struct StoredFile {
    source: Source,
    length: u64,
}

#[derive(Debug)]
enum Source {
    Disk(File),
    Remote(Remote),
}

impl StoredFile {
    /// A file on the local disk.
    ///
    /// # Errors
    /// What the file system says.
    pub fn on_disk(file: File) -> io::Result<Self> {
        Ok(Self {
            length: file.metadata()?.len(),
            source: Source::Disk(file),
        })
    }

    pub(super) fn remote(remote: Remote) -> Self {
        Self {
            length: remote.length,
            source: Source::Remote(remote),
        }
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Read for StoredFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Disk(file) => file.read(buffer),
            Source::Remote(remote) => remote.read(buffer),
        }
    }
}

impl Seek for StoredFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.source {
            Source::Disk(file) => file.seek(to),
            Source::Remote(remote) => remote.seek(to),
        }
    }
}

/// An object of a remote store.
#[derive(Debug)]
pub(super) struct Remote {
    objects: Arc<dyn ObjectStore>,
    path: ObjectPath,
    length: u64,
    /// Where the next byte is read.
    position: u64,
    /// What is fetched from there on.
    fetched: Bytes,
    runtime: Handle,
}

impl Remote {
    pub(super) fn new(objects: Arc<dyn ObjectStore>, path: ObjectPath, length: u64) -> io::Result<Self> {
        Ok(Self {
            objects,
            path,
            length,
            position: 0,
            fetched: Bytes::new(),
            runtime: Handle::try_current().map_err(io::Error::other)?,
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.fetched.is_empty() && self.position < self.length {
            let piece = self.position..self.position.saturating_add(PIECE).min(self.length);
            self.fetched = self.runtime.block_on(self.objects.get_range(&self.path, piece))?;
        }
        let count = self.fetched.len().min(buffer.len());
        if let Some(room) = buffer.get_mut(..count) {
            self.fetched.copy_to_slice(room);
        }
        self.position += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }

    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let position = position
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a seek before the beginning"))?;
        if position != self.position {
            self.fetched = Bytes::new();
            self.position = position;
        }
        Ok(position)
    }
}

/// Whether what stands in the place of a folder leads elsewhere.
pub(super) fn is_link(folder: &Path) -> bool {
    folder
        .symlink_metadata()
        .is_ok_and(|found| found.file_type().is_symlink())
}

/// Opens a plain file; `None` for everything else.
pub(super) fn open_plain(path: &Path) -> io::Result<Option<File>> {
    // Nothing is followed out of the folder, and what is no file does not make us wait.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    match File::options().read(true).custom_flags(flags.bits()).open(path) {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error().map(Errno::from_raw) == Some(Errno::ELOOP) => Ok(None),
        Err(error) => Err(error),
    }
}
