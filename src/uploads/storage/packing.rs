//! Files made smaller before they are stored. Blocks, so it runs on a few threads of its own.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
};

use chrono::{DateTime, Datelike, Timelike, Utc};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{Received, Storage};

const LEVEL: Compression = Compression::new(6);
const PIECE: usize = 64 * 1024;

impl Storage {
    /// The file as gzip; `None` if that saves no more than a tenth of it.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn compressed(&self, received: &Received) -> io::Result<Option<Received>> {
        let whole = received.size;
        self.made_of(received, move |source, target| {
            let mut encoder = GzEncoder::new(target, LEVEL);
            let mut piece = vec![0; PIECE];
            loop {
                let count = source.read(&mut piece)?;
                if count == 0 {
                    break;
                }
                encoder.write_all(piece.get(..count).unwrap_or_default())?;
                if !pays(encoder.get_ref().size, whole) {
                    return Ok(false);
                }
            }
            let target = encoder.finish()?;
            Ok(pays(target.size, whole))
        })
        .await
    }

    /// An archive with the file as its one entry.
    ///
    /// # Errors
    /// What the file system says, or if an archive cannot hold such an entry.
    pub async fn archived(
        &self,
        received: &Received,
        entry: &str,
        modified: DateTime<Utc>,
    ) -> io::Result<Received> {
        let entry = entry.to_owned();
        let is_large = received.size > u64::from(u32::MAX);
        let made = self.made_of(received, move |source, target| {
            let mut archive = ZipWriter::new_stream(target);
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .large_file(is_large)
                .last_modified_time(archive_time(modified));
            archive.start_file(entry, options)?;
            io::copy(source, &mut archive)?;
            archive.finish()?;
            Ok(true)
        });
        made.await?
            .ok_or_else(|| io::Error::other("an archive was made and not kept"))
    }

    /// A file that is made of another one; `None` if `make` finds that it is not worth keeping.
    async fn made_of(
        &self,
        received: &Received,
        make: impl FnOnce(&mut BufReader<File>, &mut Hashed<BufWriter<File>>) -> io::Result<bool> + Send + 'static,
    ) -> io::Result<Option<Received>> {
        let source = received.open()?;
        let (target, kept) = self.parts.spool.create().await?;
        let target = target.into_std().await;
        let packing = self.parts.packers.run(move || {
            let mut target = Hashed::new(BufWriter::with_capacity(PIECE, target));
            if !make(&mut BufReader::with_capacity(PIECE, source), &mut target)? {
                return Ok(None);
            }
            target.flush()?;
            Ok(Some(Received::new(
                kept,
                target.size,
                target.hash.finalize().into(),
            )))
        });
        packing.await?
    }
}

/// Whether more than a tenth is saved.
fn pays(packed: u64, whole: u64) -> bool {
    packed.saturating_mul(10) < whole.saturating_mul(9)
}

/// Counts and hashes what is written.
struct Hashed<W> {
    target: W,
    hash: Sha256,
    size: u64,
}

impl<W> Hashed<W> {
    fn new(target: W) -> Self {
        Self {
            target,
            hash: Sha256::new(),
            size: 0,
        }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.target.write(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        self.size += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// Archives know years from 1980 on, and no time zone.
pub fn archive_time(time: DateTime<Utc>) -> zip::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    zip::DateTime::from_date_and_time(
        u16::try_from(time.year()).unwrap_or_default(),
        small(time.month()),
        small(time.day()),
        small(time.hour()),
        small(time.minute()),
        small(time.second()),
    )
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_tenth_must_be_saved() {
        assert!(pays(899, 1000));
        assert!(!pays(900, 1000));
        assert!(!pays(0, 0));
    }
}
