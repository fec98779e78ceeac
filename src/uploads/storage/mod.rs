//! Stored files: received into a spool folder, staged under `temp/` before their row commits, published after it.
//!
//! An object in `temp/` whose row exists was cut off between commit and publishing; the sweeper finishes that. One without a
//! row is what a broken upload left; the sweeper removes it after an hour. Names are made here, never by clients.
//!
//! Objects lie on the local disk or in an S3-compatible store, both reached through `object_store`. The spool folder is
//! always local, since a file is hashed, looked at and parsed before it is kept; on the disk it is `temp/` itself, and
//! staging a file costs a link.

mod address;
mod packing;
mod reading;
mod s3;
mod spool;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use anyhow::Context;
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::{
    ObjectStore, ObjectStoreExt, WriteMultipart, local::LocalFileSystem, path::Path as ObjectPath,
};
use tokio::{fs, io::AsyncReadExt};

use self::{
    address::TEMP,
    reading::{Remote, is_link, open_plain},
    spool::Spool,
};
pub use self::{
    address::{Address, Place, document_name, random, session_file_name},
    packing::archive_time,
    reading::StoredFile,
    spool::{Incoming, Received},
};
use crate::{config::UploadConfig, uploads::workers::Workers};

/// The parts in which a file is sent to a remote store; also the smallest that S3 takes.
const PART: usize = 5 << 20;
/// How many parts may be on their way at once.
const PARTS: usize = 2;
/// How many files are made smaller at once.
const PACKERS: usize = 4;

/// Where files are stored.
#[derive(Debug, Clone)]
pub struct Storage {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    spool: Spool,
    objects: Arc<dyn ObjectStore>,
    /// The root folder, if the objects are files on the local disk.
    disk: Option<PathBuf>,
    /// Make files smaller.
    packers: Workers,
}

impl Storage {
    /// Files where the settings say.
    ///
    /// # Errors
    /// If files cannot be stored there; the text names the setting.
    pub async fn open(config: &UploadConfig) -> anyhow::Result<Self> {
        match &config.s3 {
            None => Self::on_disk(&config.dir)
                .await
                .with_context(|| format!("UPLOAD_DIR {} cannot be used", config.dir.display())),
            Some(bucket) => {
                let objects = s3::bucket(bucket).context("STORAGE_URL cannot be used")?;
                Self::remote(objects, &config.dir).await.with_context(|| {
                    format!(
                        "the bucket {} of STORAGE_URL, or UPLOAD_DIR {}, cannot be used",
                        bucket.bucket,
                        config.dir.display()
                    )
                })
            }
        }
    }

    /// Files on the local disk below `root`, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system says, also if the folder cannot be written to.
    async fn on_disk(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root).await?;
        let root = fs::canonicalize(root).await?;
        let objects = LocalFileSystem::new_with_prefix(&root)
            .map_err(io::Error::from)?
            .with_fsync(true);
        Self::new(Spool::open(root.join(TEMP)).await?, Arc::new(objects), Some(root)).await
    }

    /// Files in a remote store; those that are arriving lie in `spool`, which is made if it is not there.
    ///
    /// # Errors
    /// What the store or the file system says, also if either cannot be written to.
    async fn remote(objects: Arc<dyn ObjectStore>, spool: &Path) -> io::Result<Self> {
        Self::new(Spool::open(spool.join(TEMP)).await?, objects, None).await
    }

    async fn new(spool: Spool, objects: Arc<dyn ObjectStore>, disk: Option<PathBuf>) -> io::Result<Self> {
        // What cannot be written to is better known now than at the first upload.
        let probe =
            ObjectPath::from_iter([TEMP.to_owned(), format!("probe-{}", hex::encode(random::<8>()?))]);
        objects.put(&probe, "probe".into()).await?;
        objects.delete(&probe).await?;
        Ok(Self {
            parts: Arc::new(Parts {
                spool,
                objects,
                disk,
                packers: Workers::new("packer", PACKERS),
            }),
        })
    }

    /// Begins to receive a file under a name of its own.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn receive(&self) -> io::Result<Incoming> {
        self.parts.spool.receive().await
    }

    /// Puts a received file into `temp/` under the name by which its row will know it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn stage(&self, received: &Received, address: Address) -> io::Result<Staged> {
        let staged = Staged {
            storage: self.clone(),
            address: Some(address),
            is_named: AtomicBool::new(false),
        };
        let Some(to) = staged.address.as_ref().and_then(Address::staged) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "is not a name of ours",
            ));
        };
        match &self.parts.disk {
            Some(_) => {
                received.sync().await?;
                let from = ObjectPath::from_iter([TEMP, received.name()?]);
                self.parts.objects.copy_if_not_exists(&from, &to).await?;
            }
            None => self.send(received, &to).await?,
        }
        Ok(staged)
    }

    /// Sends a file to a remote store in parts, a few at once, so that memory stays flat.
    async fn send(&self, received: &Received, to: &ObjectPath) -> io::Result<()> {
        let mut file = fs::File::from_std(received.open()?);
        let upload = self.parts.objects.put_multipart(to).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        loop {
            let mut part = Vec::new();
            (&mut file)
                .take(u64::try_from(PART).unwrap_or(u64::MAX))
                .read_to_end(&mut part)
                .await?;
            if part.is_empty() {
                break;
            }
            upload.wait_for_capacity(PARTS).await?;
            upload.put(part.into());
        }
        upload.finish().await?;
        Ok(())
    }

    /// Moves a staged file whose row is committed to its place; one that does not get there now is put there by the sweeper.
    pub async fn publish_committed(&self, mut staged: Staged) {
        let Some(address) = staged.address.take() else {
            return;
        };
        if let Err(error) = self.publish(&address).await {
            tracing::error!(%error, file = address.name(), "a stored file is left for the sweeper to publish");
        }
    }

    /// Refuses what would be done outside of the root, where somebody put a link in the place of a session's folder.
    fn ensure_own_folder(&self, address: &Address) -> io::Result<()> {
        let place = self.parts.disk.as_deref().and_then(|root| address.on_disk(root));
        if place.as_deref().and_then(Path::parent).is_some_and(is_link) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the folder is a link",
            ));
        }
        Ok(())
    }

    /// Gives a staged file its place; done again it does nothing.
    ///
    /// # Errors
    /// What the store says.
    pub async fn publish(&self, address: &Address) -> io::Result<()> {
        self.ensure_own_folder(address)?;
        let (Some(from), Some(to)) = (address.staged(), address.published()) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "is not a name of ours",
            ));
        };
        match self.parts.objects.rename(&from, &to).await {
            // The sweeper or the request itself was quicker.
            Err(object_store::Error::NotFound { .. }) if self.parts.objects.head(&to).await.is_ok() => Ok(()),
            moved => moved.map_err(io::Error::from),
        }
    }

    /// Removes what an upload that came to nothing left in `temp/`, in the store or in the spool folder.
    ///
    /// # Errors
    /// What the store says.
    pub async fn discard(&self, name: &str) -> io::Result<()> {
        if self.parts.disk.is_none() {
            self.parts.spool.discard(name).await?;
        }
        self.delete(&ObjectPath::from_iter([TEMP, name])).await
    }

    /// Removes a file, wherever its publishing has got to; one that is gone already is no fault.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remove(&self, address: &Address) -> io::Result<()> {
        self.ensure_own_folder(address)?;
        // In this order: what is published meanwhile is found at its place.
        for path in [address.staged(), address.published()].into_iter().flatten() {
            self.delete(&path).await?;
        }
        if let (Some(root), Place::Session(_)) = (&self.parts.disk, address.place())
            && let Some(folder) = address.on_disk(root).as_deref().and_then(Path::parent)
        {
            // The last file of a session takes the folder with it; others keep it.
            fs::remove_dir(folder).await.ok();
        }
        Ok(())
    }

    async fn delete(&self, path: &ObjectPath) -> io::Result<()> {
        match self.parts.objects.delete(path).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            deleted => deleted.map_err(io::Error::from),
        }
    }

    /// Opens a file for reading, also one whose publishing is not done. `None` if there is no file of this name, or what is
    /// there is a link or a folder.
    ///
    /// # Errors
    /// What the store says.
    pub async fn find(&self, address: &Address) -> io::Result<Option<StoredFile>> {
        // Between the first look and the second it may have been published, which the third sees.
        if let Some(root) = &self.parts.disk {
            let (Some(published), Some(staged)) = (address.on_disk(root), address.staged_on_disk(root))
            else {
                return Ok(None);
            };
            let paths = [published.clone(), staged, published];
            let opening = tokio::task::spawn_blocking(move || {
                for path in paths {
                    if path.parent().is_some_and(is_link) {
                        continue;
                    }
                    if let Some(file) = open_plain(&path)? {
                        return StoredFile::on_disk(file).map(Some);
                    }
                }
                Ok(None)
            });
            return opening.await.map_err(io::Error::other)?;
        }
        let (Some(published), Some(staged)) = (address.published(), address.staged()) else {
            return Ok(None);
        };
        for path in [published.clone(), staged, published] {
            match self.parts.objects.head(&path).await {
                Ok(found) => {
                    let remote = Remote::new(Arc::clone(&self.parts.objects), path, found.size)?;
                    return Ok(Some(StoredFile::remote(remote)));
                }
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// All files that are published, in no order.
    pub fn published(&self) -> impl Stream<Item = io::Result<Address>> + Unpin {
        let listed = self.parts.objects.list(None).map_err(io::Error::from);
        listed
            .try_filter_map(|object| async move { Ok(Address::of_published(&object.location)) })
            .boxed()
    }

    /// The names of files that are not published, with their age.
    ///
    /// # Errors
    /// What the store says.
    pub async fn unpublished(&self) -> io::Result<Vec<(String, Duration)>> {
        let mut found = self.parts.spool.list().await?;
        // On the disk that is all: the spool folder is where files are staged.
        if self.parts.disk.is_none() {
            let temp = ObjectPath::from(TEMP);
            let listed: Vec<_> = self.parts.objects.list(Some(&temp)).try_collect().await?;
            found.extend(listed.into_iter().filter_map(|object| {
                let age = SystemTime::from(object.last_modified).elapsed();
                Some((object.location.filename()?.to_owned(), age.unwrap_or_default()))
            }));
        }
        Ok(found)
    }
}

/// A file in `temp/`, which is removed unless it is published, or named by a row.
#[derive(Debug)]
pub struct Staged {
    storage: Storage,
    address: Option<Address>,
    is_named: AtomicBool,
}

impl Staged {
    /// Notes that a row names the file in a transaction that is still to be committed. A request that ends from here on, as
    /// one does whose client goes away, cannot know whether the row is there: the file stays for the sweeper to publish or to
    /// remove.
    pub fn name(&self) {
        self.is_named.store(true, Ordering::Relaxed);
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let Some(address) = self.address.take().filter(|_| !*self.is_named.get_mut()) else {
            return;
        };
        if let Some(root) = &self.storage.parts.disk {
            spool::remove_now(&address.staged_on_disk(root).unwrap_or_default());
        } else if let (Some(path), Ok(runtime)) = (address.staged(), tokio::runtime::Handle::try_current()) {
            let storage = self.storage.clone();
            runtime.spawn(async move {
                if let Err(error) = storage.delete(&path).await {
                    tracing::debug!(%error, "a temporary file is left for the sweeper");
                }
            });
        }
    }
}
