//! Stored files on their way out: read piece by piece, hashed, and packed or unpacked as they go.
//!
//! Each piece is made on a thread that may block and only when the client takes it, so that neither a thread nor memory is
//! held for one that reads slowly.

use std::{
    collections::VecDeque,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::{Body, Bytes};
use chrono::{DateTime, Utc};
use flate2::bufread::{DeflateDecoder, GzDecoder};
use futures_util::stream;
use sha2::{Digest, Sha256};
use zip::{
    CompressionMethod, ZipArchive, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use crate::{
    http::range::ByteRange,
    uploads::storage::{StoredFile, archive_time},
};

/// How much is read at once.
const PIECE: u64 = 64 * 1024;

/// A file that is being sent.
pub(super) struct Outgoing {
    source: Box<dyn Read + Send>,
    check: Option<Check>,
    form: Form,
    has_ended: bool,
}

/// The hash of what was read, and what it has to be.
struct Check {
    hash: Sha256,
    expected: String,
}

/// What is made of the bytes.
enum Form {
    /// Nothing. The piece that was read last is held back: the last of the file goes out only if the file was whole.
    Plain { held: Option<Vec<u8>> },
    /// An archive with one entry.
    Archive(Box<Archive>),
}

struct Archive {
    /// Until the archive is finished.
    writer: Option<ZipWriter<StreamWriter<Gathered>>>,
    gathered: Gathered,
}

/// What the archive's writer has written and nobody has taken yet.
#[derive(Debug, Clone, Default)]
struct Gathered(Arc<Mutex<Vec<u8>>>);

impl Gathered {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    /// Packs a piece; an empty one is the end.
    fn add(&mut self, piece: &[u8]) -> io::Result<()> {
        if piece.is_empty() {
            if let Some(writer) = self.writer.take() {
                writer.finish()?;
            }
        } else if let Some(writer) = &mut self.writer {
            writer.write_all(piece)?;
        }
        Ok(())
    }
}

impl Outgoing {
    /// A file of so many bytes as it is; `hash` is its SHA-256 in hexadecimal digits where it is known.
    pub(super) fn whole(file: StoredFile, length: u64, hash: Option<&str>) -> Self {
        Self::new(Box::new(file.take(length)), hash, Form::Plain { held: None })
    }

    /// The file of so many bytes that is stored as gzip.
    pub(super) fn inflated(file: StoredFile, length: u64, hash: Option<&str>) -> Self {
        // One byte more than there should be shows that there are too many.
        let inflating = Inflating {
            file: Some(file),
            decoder: None,
        };
        let source = inflating.take(length.saturating_add(1));
        Self::new(Box::new(source), hash, Form::Plain { held: None })
    }

    /// A part of a file.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn part(mut file: StoredFile, range: ByteRange) -> io::Result<Self> {
        file.seek(SeekFrom::Start(range.start))?;
        Ok(Self::whole(file, range.length, None))
    }

    /// An archive whose one entry is the file.
    ///
    /// # Errors
    /// If an archive cannot hold such an entry.
    pub(super) fn packed(
        file: StoredFile,
        length: u64,
        entry: &str,
        modified: DateTime<Utc>,
        hash: Option<&str>,
    ) -> io::Result<Self> {
        let gathered = Gathered::default();
        let mut writer = ZipWriter::new_stream(gathered.clone());
        // Quickly, since most of what is stored is compressed already.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(1))
            .large_file(length > u64::from(u32::MAX))
            .last_modified_time(archive_time(modified));
        writer.start_file(entry, options)?;
        let archive = Archive {
            writer: Some(writer),
            gathered,
        };
        Ok(Self::new(
            Box::new(file.take(length)),
            hash,
            Form::Archive(Box::new(archive)),
        ))
    }

    /// The one entry of an archive, with its length.
    ///
    /// # Errors
    /// If it is no archive, or one of a kind that is never made here.
    pub(super) fn unpacked(file: StoredFile, hash: Option<&str>) -> io::Result<(Self, u64)> {
        let mut archive = ZipArchive::new(BufReader::new(file))?;
        let entry = archive.by_index_raw(0)?;
        let (method, packed, length) = (entry.compression(), entry.compressed_size(), entry.size());
        let start = entry
            .data_start()
            .filter(|_| !entry.encrypted())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the entry cannot be read"))?;
        drop(entry);
        let mut file = archive.into_inner();
        file.seek(SeekFrom::Start(start))?;
        let file = file.take(packed);
        let source: Box<dyn Read + Send> = match method {
            CompressionMethod::Stored => Box::new(file),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(file).take(length)),
            other => return Err(io::Error::other(format!("the entry is packed by {other}"))),
        };
        Ok((Self::new(source, hash, Form::Plain { held: None }), length))
    }

    fn new(source: Box<dyn Read + Send>, hash: Option<&str>, form: Form) -> Self {
        Self {
            source,
            check: hash.map(|hash| Check {
                hash: Sha256::new(),
                expected: hash.to_owned(),
            }),
            form,
            has_ended: false,
        }
    }

    /// The body of an answer.
    pub(super) fn into_body(self, name: String) -> Body {
        body(self, name, Self::next)
    }

    /// The next bytes that go out, and what is left; `None` at the end.
    fn next(mut self) -> Step<Self> {
        while !self.has_ended {
            let piece = self.read()?;
            self.has_ended = piece.is_empty();
            let ready = match &mut self.form {
                Form::Plain { held } if self.has_ended => held.take(),
                Form::Plain { held } => held.replace(piece),
                Form::Archive(archive) => {
                    archive.add(&piece)?;
                    Some(archive.gathered.take())
                }
            };
            if let Some(ready) = ready.filter(|ready| !ready.is_empty()) {
                return Ok(Some((ready.into(), self)));
            }
        }
        Ok(None)
    }

    /// Reads a piece, which is empty only at the end of a file that is what it has to be.
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::new();
        self.source.by_ref().take(PIECE).read_to_end(&mut piece)?;
        if let Some(check) = &mut self.check {
            check.hash.update(&piece);
            if piece.is_empty() && hex::encode(check.hash.finalize_reset()) != check.expected {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its bytes are not those that were received",
                ));
            }
        }
        Ok(piece)
    }
}

/// The next bytes that go out, and what is left; `None` at the end.
type Step<T> = io::Result<Option<(Bytes, T)>>;

/// A file that is stored as gzip, unpacked as it is read. A decoder reads as soon as it is made, so that it is made only on the
/// thread that may block.
struct Inflating {
    /// Until it is read.
    file: Option<StoredFile>,
    decoder: Option<GzDecoder<BufReader<StoredFile>>>,
}

impl Read for Inflating {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(file) = self.file.take() {
            self.decoder = Some(GzDecoder::new(BufReader::new(file)));
        }
        match &mut self.decoder {
            Some(decoder) => decoder.read(buffer),
            None => Ok(0),
        }
    }
}

/// The body of an answer whose pieces are made one after the other, on threads that may block. A fault on the way is logged
/// and breaks the transfer off, so that the client sees it.
fn body<T: Send + 'static>(source: T, name: String, next: fn(T) -> Step<T>) -> Body {
    let pieces = stream::try_unfold(source, move |source| {
        let name = name.clone();
        async move {
            let made = tokio::task::spawn_blocking(move || next(source)).await;
            let made = made.map_err(io::Error::other).flatten();
            if let Err(error) = &made {
                tracing::error!(%error, file = name, "a stored file could not be sent as it was received");
            }
            made
        }
    });
    Body::from_stream(pieces)
}

/// A file on its way into an archive of several.
pub(super) struct Entry {
    pub(super) file: StoredFile,
    /// Its name in the archive.
    pub(super) name: String,
    pub(super) modified: DateTime<Utc>,
    /// Its bytes, unpacked.
    pub(super) length: u64,
    /// Whether it is stored as gzip.
    pub(super) is_compressed: bool,
    /// Its SHA-256 in hexadecimal digits where it is known.
    pub(super) hash: Option<String>,
}

/// Files that are being sent in one archive.
pub(super) struct Bundle {
    /// Until the archive is finished.
    writer: Option<ZipWriter<StreamWriter<Gathered>>>,
    gathered: Gathered,
    /// The file that is being packed.
    current: Option<Outgoing>,
    entries: VecDeque<Entry>,
}

impl Bundle {
    /// An archive of these files.
    pub(super) fn new(entries: VecDeque<Entry>) -> Self {
        let gathered = Gathered::default();
        Self {
            writer: Some(ZipWriter::new_stream(gathered.clone())),
            gathered,
            current: None,
            entries,
        }
    }

    /// The body of an answer.
    pub(super) fn into_body(self, name: String) -> Body {
        body(self, name, Self::next)
    }

    /// The next bytes that go out, and what is left; `None` at the end.
    fn next(mut self) -> Step<Self> {
        while self.go_on()? {
            let ready = self.gathered.take();
            if !ready.is_empty() {
                return Ok(Some((ready.into(), self)));
            }
        }
        Ok(None)
    }

    /// Packs some more; whether there was anything left to do.
    fn go_on(&mut self) -> io::Result<bool> {
        let Some(writer) = &mut self.writer else {
            return Ok(false);
        };
        if let Some(current) = &mut self.current {
            let piece = current.read()?;
            writer.write_all(&piece)?;
            if piece.is_empty() {
                self.current = None;
            }
        } else if let Some(entry) = self.entries.pop_front() {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(1))
                .large_file(entry.length > u64::from(u32::MAX))
                .last_modified_time(archive_time(entry.modified));
            writer.start_file(entry.name, options)?;
            let hash = entry.hash.as_deref();
            self.current = Some(if entry.is_compressed {
                Outgoing::inflated(entry.file, entry.length, hash)
            } else {
                Outgoing::whole(entry.file, entry.length, hash)
            });
        } else if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(bytes: &[u8]) -> StoredFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        StoredFile::on_disk(file).unwrap()
    }

    /// So many bytes that hardly shrink.
    fn noise(length: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut block = Sha256::digest(b"a seed");
        while u64::try_from(bytes.len()).unwrap() < length {
            bytes.extend_from_slice(&block);
            block = Sha256::digest(block);
        }
        bytes.truncate(usize::try_from(length).unwrap());
        bytes
    }

    /// All that goes out, and the largest piece of it.
    fn sent(mut outgoing: Outgoing) -> io::Result<(Vec<u8>, usize)> {
        let (mut all, mut largest) = (Vec::new(), 0);
        while let Some((piece, rest)) = outgoing.next()? {
            largest = largest.max(piece.len());
            all.extend_from_slice(&piece);
            outgoing = rest;
        }
        Ok((all, largest))
    }

    fn hash(bytes: &[u8]) -> String {
        hex::encode(Sha256::digest(bytes))
    }

    #[test]
    fn files_of_any_length_come_whole_in_small_pieces_in_every_form() {
        let limit = usize::try_from(PIECE * 2).unwrap();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, PIECE * 20 + 5] {
            let bytes = noise(length);
            let hash = hash(&bytes);
            let (whole, largest) = sent(Outgoing::whole(file_of(&bytes), length, Some(&hash))).unwrap();
            assert!(whole == bytes && largest <= limit, "{length}: {largest}");

            let outgoing = Outgoing::packed(
                file_of(&bytes),
                length,
                "a.pdf",
                DateTime::UNIX_EPOCH,
                Some(&hash),
            )
            .unwrap();
            let (archive, largest) = sent(outgoing).unwrap();
            assert!(largest <= limit, "{length}: {largest}");

            let (outgoing, unpacked_length) = Outgoing::unpacked(file_of(&archive), Some(&hash)).unwrap();
            let (unpacked, largest) = sent(outgoing).unwrap();
            assert_eq!(unpacked_length, length);
            assert!(unpacked == bytes && largest <= limit, "{length}: {largest}");
        }
    }

    #[test]
    fn the_last_piece_of_a_changed_file_is_never_sent() {
        let length = PIECE * 3;
        let bytes = noise(length);
        let mut outgoing = Outgoing::whole(file_of(&bytes), length, Some(&hash(b"other bytes")));
        let mut received = 0;
        let error = loop {
            match outgoing.next() {
                Ok(Some((piece, rest))) => {
                    received += piece.len();
                    outgoing = rest;
                }
                Ok(None) => panic!("it was sent whole"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(received < bytes.len());
    }

    #[test]
    fn what_is_no_archive_is_not_unpacked() {
        for length in [0, 100] {
            assert!(Outgoing::unpacked(file_of(&noise(length)), None).is_err());
        }
    }
}
