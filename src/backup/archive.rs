//! The archive as it is written: under a name of its own until it is complete.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::{
    PIECE,
    manifest::{Content, MANIFEST, MANIFEST_HASH, Manifest},
};

/// A file that is not complete; removed with this unless it is published.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    target: PathBuf,
    replace: bool,
    is_published: bool,
}

impl Draft {
    /// Begins an archive that will be `target`.
    ///
    /// # Errors
    /// If `target` is there and is not to be replaced, or another backup writes it, or the folder cannot be written to.
    pub(super) fn begin(target: &Path, replace: bool) -> anyhow::Result<(Self, File)> {
        let name = target.file_name().context("FILE must be the name of a file")?;
        refuse_existing(target, replace)?;
        let mut part = name.to_owned();
        part.push(".part");
        let path = target.with_file_name(part);
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            // It holds everything, and is for its owner alone.
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        // What a killed run left is nobody's; what another run writes is its own.
        if file.try_lock().is_err() {
            bail!("another backup is writing {}", path.display());
        }
        file.set_len(0)?;
        let draft = Self {
            path,
            target: target.to_owned(),
            replace,
            is_published: false,
        };
        Ok((draft, file))
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    /// If a file of that name has come up meanwhile; what the file system says.
    pub(super) fn publish(mut self) -> anyhow::Result<()> {
        refuse_existing(&self.target, self.replace)?;
        fs::rename(&self.path, &self.target)
            .with_context(|| format!("{} cannot be given its name", self.target.display()))?;
        self.is_published = true;
        let folder = match self.target.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_published {
            // One that stays is overwritten by the next backup of this name.
            fs::remove_file(&self.path).ok();
        }
    }
}

fn refuse_existing(target: &Path, replace: bool) -> anyhow::Result<()> {
    if !replace && target.symlink_metadata().is_ok() {
        bail!("{} is there already; --force replaces it", target.display());
    }
    Ok(())
}

/// Writes the entries.
pub(super) struct Writer {
    tar: Builder<File>,
    /// The time of all entries, in seconds since 1970.
    time: u64,
}

impl Writer {
    pub(super) fn new(file: File, time: u64) -> Self {
        Self {
            tar: Builder::new(file),
            time,
        }
    }

    /// Adds an entry with everything that a source gives, however much that is; `progress` hears how many bytes there are.
    ///
    /// # Errors
    /// What the source or the file system says.
    pub(super) fn add(
        &mut self,
        name: &str,
        source: &mut impl Read,
        mut progress: impl FnMut(u64),
    ) -> io::Result<Content> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_mtime(self.time);
        let mut entry = self.tar.append_writer(&mut header, name)?;
        let (mut hash, mut size) = (Sha256::new(), 0);
        let mut piece = vec![0; PIECE];
        loop {
            let count = match source.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let read = piece.get(..count).unwrap_or_default();
            hash.update(read);
            entry.write_all(read)?;
            size += u64::try_from(count).unwrap_or(u64::MAX);
            progress(size);
        }
        entry.finish()?;
        Ok(Content {
            size,
            sha256: hex::encode(hash.finalize()),
        })
    }

    /// Adds the manifest, and brings everything to the disk.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn finish(mut self, manifest: &Manifest) -> anyhow::Result<u64> {
        let mut text = serde_json::to_vec_pretty(manifest)?;
        text.push(b'\n');
        let content = self.add(MANIFEST, &mut text.as_slice(), |_| {})?;
        let line = format!("{}  {MANIFEST}\n", content.sha256);
        self.add(MANIFEST_HASH, &mut line.as_bytes(), |_| {})?;
        let file = self.tar.into_inner()?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }
}
