//! The stored files: read into an archive, and brought back from it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use super::{
    Listener, Meter,
    check::first,
    contents,
    manifest::{Manifest, SavedFile, address_of_entry},
};
use crate::uploads::storage::{Address, Storage, StoredFile};

/// A stored file that is read on when it moves from `temp/` to its place in the middle, as one of a bucket does that is just
/// being published.
pub(super) struct Steady {
    storage: Storage,
    address: Address,
    file: StoredFile,
    position: u64,
    runtime: Handle,
}

impl Steady {
    /// Opens a file; `None` if it is not there.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn open(storage: &Storage, address: Address) -> io::Result<Option<Self>> {
        let Some(file) = storage.find(&address).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            storage: storage.clone(),
            address,
            file,
            position: 0,
            runtime: Handle::current(),
        }))
    }
}

impl Read for Steady {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let Some(mut file) = self.runtime.block_on(self.storage.find(&self.address))? else {
                    return Err(error);
                };
                file.seek(SeekFrom::Start(self.position))?;
                self.file = file;
                self.file.read(buffer)?
            }
            read => read?,
        };
        self.position += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }
}

/// What is to be brought back: the files that are not there yet, by their address.
pub(super) type Wanted = BTreeMap<Address, SavedFile>;

/// Looks for what is in the way. A file that is there already with the same bytes is not: an earlier run brought it.
///
/// # Errors
/// With the files that would be overwritten; what the store says.
pub(super) async fn wanted(
    storage: &Storage,
    manifest: &Manifest,
    listener: Listener,
) -> anyhow::Result<Wanted> {
    let mut meter = Meter::new(listener);
    let (mut wanted, mut in_the_way) = (Wanted::new(), Vec::new());
    for (done, saved) in manifest.files.iter().enumerate() {
        meter.at(|| {
            format!(
                "looking for files that are there: {done} of {}",
                manifest.files.len()
            )
        });
        let Some(address) = Address::of_key(&saved.address) else {
            continue;
        };
        match storage.find(&address).await? {
            None => {
                wanted.insert(address, saved.clone());
            }
            Some(mut file) => {
                let length = file.length();
                let hash = tokio::task::spawn_blocking(move || {
                    let mut hash = Sha256::new();
                    contents::pieces(&mut file, |piece| {
                        hash.update(piece);
                        Ok(())
                    })
                    .map(|_| hex::encode(hash.finalize()))
                });
                if length == saved.size && hash.await??.eq_ignore_ascii_case(&saved.sha256) {
                    // Perhaps that run ended before it had its place.
                    storage.publish(&address).await?;
                } else {
                    in_the_way.push(saved.address.clone());
                }
            }
        }
    }
    if !in_the_way.is_empty() {
        bail!(
            "{} stored files are there already and are others than those of the backup; nothing is overwritten:\n  {}",
            in_the_way.len(),
            first(&in_the_way).join("\n  ")
        );
    }
    Ok(wanted)
}

/// Brings files back, each under its own name only when all of it is there.
///
/// # Errors
/// What the archive or the store says.
pub(super) async fn bring_back(
    archive: &File,
    storage: &Storage,
    mut wanted: Wanted,
    listener: Listener,
) -> anyhow::Result<()> {
    let (archive, storage) = (archive.try_clone()?, storage.clone());
    tokio::task::spawn_blocking(move || {
        let runtime = Handle::current();
        let mut meter = Meter::new(listener);
        let all = wanted.len();
        contents::walk(&archive, |entry| {
            let address = entry.name.ok().as_deref().and_then(address_of_entry);
            let Some((address, saved)) = address.and_then(|address| wanted.remove_entry(&address)) else {
                return Ok(());
            };
            meter.at(|| format!("{} of {all} files are back", all - wanted.len()));
            bring(&runtime, &storage, &address, &saved, entry.reader)
                .with_context(|| format!("bringing back {}", saved.address))
        })?;
        match wanted.into_values().next() {
            Some(missing) => bail!(
                "{}: the archive has changed since it was checked",
                missing.address
            ),
            None => Ok(()),
        }
    })
    .await?
}

fn bring(
    runtime: &Handle,
    storage: &Storage,
    address: &Address,
    saved: &SavedFile,
    reader: &mut dyn Read,
) -> anyhow::Result<()> {
    let mut incoming = runtime.block_on(storage.receive())?;
    contents::pieces(reader, |piece| runtime.block_on(incoming.write(piece)))?;
    let received = runtime.block_on(incoming.finish())?;
    if received.size != saved.size || !received.hash().eq_ignore_ascii_case(&saved.sha256) {
        bail!("the archive has changed since it was checked");
    }
    runtime.block_on(async {
        let staged = storage.stage(&received, address.clone()).await?;
        // From here on it is no left-over of a broken upload: the next run finds it.
        staged.name();
        storage.publish(address).await
    })?;
    Ok(())
}
