//! Holds an archive against its manifest.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use anyhow::{Context, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Listener, Meter,
    contents::{self, Entry},
    manifest::{Content, DUMP, FORMAT, MANIFEST, MANIFEST_HASH, Manifest, address_of_entry, file_entry},
};
use crate::uploads::storage::Address;

/// The largest manifest that is read: some millions of files.
const MANIFEST_LIMIT: u64 = 1 << 30;
/// How many faults of a kind are told.
const TOLD: usize = 20;

/// An archive that is what its manifest says.
#[derive(Debug)]
pub struct Checked {
    /// Its manifest.
    pub manifest: Manifest,
    pub(super) archive: File,
    /// Where the dump begins in it.
    pub(super) dump_at: u64,
}

/// Reads all of an archive and compares it with its manifest.
///
/// # Errors
/// If it cannot be read, or with every entry that is missing, damaged or not of a backup.
pub async fn check(path: &Path, listener: Listener) -> anyhow::Result<Checked> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        let archive = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let length = archive.metadata()?.len();
        let mut meter = Meter::new(listener);
        let mut found = Found::default();
        let walked = contents::walk(&archive, |entry| {
            meter.at(|| format!("checking the archive: {} of {length} bytes", entry.at));
            found.take(entry)
        });
        if let Err(error) = walked {
            // What follows cannot be found any more, so that nothing is said of it.
            found.faults.push(format!("{error:#}"));
            return Err(found.faulty());
        }
        let (manifest, dump_at) = found.compare()?;
        Ok(Checked {
            manifest,
            archive,
            dump_at,
        })
    })
    .await?
}

/// What an archive holds.
#[derive(Default)]
struct Found {
    /// Every entry that a backup may have, the manifest's own excepted.
    contents: BTreeMap<String, Content>,
    dump_at: u64,
    manifest: Option<Vec<u8>>,
    manifest_hash: Option<String>,
    faults: Vec<String>,
}

impl Found {
    fn take(&mut self, entry: Entry<'_>) -> anyhow::Result<()> {
        let name = match entry.name {
            Ok(name) => name,
            Err(fault) => {
                self.faults.push(fault);
                return Ok(());
            }
        };
        let is_known = self.contents.contains_key(name.as_str())
            || (name == MANIFEST && self.manifest.is_some())
            || (name == MANIFEST_HASH && self.manifest_hash.is_some());
        if is_known {
            self.faults.push(format!("{name}: is there twice"));
            return Ok(());
        }
        match name.as_str() {
            MANIFEST if entry.size > MANIFEST_LIMIT => {
                self.faults
                    .push(format!("{name}: has {} bytes, which is too much", entry.size));
            }
            MANIFEST => {
                let mut text = Vec::new();
                entry.reader.read_to_end(&mut text)?;
                whole(&name, entry.size, u64::try_from(text.len())?)?;
                self.manifest = Some(text);
            }
            MANIFEST_HASH => {
                let mut line = String::new();
                // What is no text is no hash.
                entry.reader.take(64).read_to_string(&mut line).ok();
                self.manifest_hash = Some(line);
            }
            _ if name == DUMP || address_of_entry(&name).is_some() => {
                if name == DUMP {
                    self.dump_at = entry.at;
                }
                let mut hash = Sha256::new();
                let size = contents::pieces(entry.reader, |piece| {
                    hash.update(piece);
                    Ok(())
                })
                .with_context(|| format!("{name}: cannot be read"))?;
                whole(&name, entry.size, size)?;
                let sha256 = hex::encode(hash.finalize());
                self.contents.insert(name, Content { size, sha256 });
            }
            _ => self
                .faults
                .push(format!("{}: is not part of a backup", name.escape_debug())),
        }
        Ok(())
    }

    /// The manifest and the place of the dump, if everything is as the manifest says.
    fn compare(mut self) -> anyhow::Result<(Manifest, u64)> {
        let manifest = self.manifest();
        if let Some(manifest) = &manifest {
            self.expect(DUMP, manifest.dump.size, &manifest.dump.sha256);
            for file in &manifest.files {
                match Address::of_key(&file.address).as_ref().and_then(file_entry) {
                    Some(name) => self.expect(&name, file.size, &file.sha256),
                    None => self.faults.push(format!(
                        "{MANIFEST}: {} is not the name of a stored file",
                        file.address.escape_debug()
                    )),
                }
            }
            let unknown = std::mem::take(&mut self.contents).into_keys();
            self.faults
                .extend(unknown.map(|name| format!("{name}: the manifest does not know it")));
        }
        match manifest {
            Some(manifest) if self.faults.is_empty() => Ok((manifest, self.dump_at)),
            _ => Err(self.faulty()),
        }
    }

    /// Holds one entry against what the manifest says of it.
    fn expect(&mut self, name: &str, size: u64, sha256: &str) {
        match self.contents.remove(name) {
            None => self.faults.push(format!("{name}: is missing")),
            Some(found) if found.size != size || !found.sha256.eq_ignore_ascii_case(sha256) => {
                self.faults.push(format!("{name}: is damaged"));
            }
            Some(_) => {}
        }
    }

    /// The manifest, unless it is missing, damaged or of a form that is not known.
    fn manifest(&mut self) -> Option<Manifest> {
        let Some(text) = self.manifest.take() else {
            self.faults.push(format!("{MANIFEST}: is missing"));
            return None;
        };
        let hash = hex::encode(Sha256::digest(&text));
        match &self.manifest_hash {
            None => self.faults.push(format!("{MANIFEST_HASH}: is missing")),
            Some(line) if !line.eq_ignore_ascii_case(&hash) => {
                self.faults.push(format!(
                    "{MANIFEST}: is damaged, or its hash in {MANIFEST_HASH} is"
                ));
                return None;
            }
            Some(_) => {}
        }
        // Before the rest, which another form may have otherwise.
        match serde_json::from_slice::<Form>(&text) {
            Ok(Form { format }) if format == FORMAT => {}
            Ok(Form { format }) => {
                self.faults.push(format!(
                    "{MANIFEST}: is of form {format}, and this version of the program reads {FORMAT}"
                ));
                return None;
            }
            Err(error) => {
                self.faults.push(format!("{MANIFEST}: cannot be read: {error}"));
                return None;
            }
        }
        match serde_json::from_slice(&text) {
            Ok(manifest) => Some(manifest),
            Err(error) => {
                self.faults.push(format!("{MANIFEST}: cannot be read: {error}"));
                None
            }
        }
    }

    /// What is wrong, as an error.
    fn faulty(&self) -> anyhow::Error {
        anyhow::anyhow!(
            "the archive is not whole:\n  {}",
            first(&self.faults).join("\n  ")
        )
    }
}

/// So many lines as a person reads, and how many there are more.
pub fn first(lines: &[String]) -> Vec<String> {
    let more = lines.len().saturating_sub(TOLD);
    let told = lines.iter().take(TOLD).cloned();
    told.chain((more > 0).then(|| format!("and {more} more")))
        .collect()
}

/// What every form of manifest begins with.
#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// Refuses an entry that is shorter than its head says.
fn whole(name: &str, size: u64, found: u64) -> anyhow::Result<()> {
    if size != found {
        bail!("{name}: the archive breaks off after {found} of its {size} bytes");
    }
    Ok(())
}
