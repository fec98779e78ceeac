//! Reads a dump: structure and rows of the predecessor's tables, and nothing else. No statement of a dump is ever executed.
//!
//! The reading runs on a thread of its own and hands over [`Event`]s through a channel that holds few of them, so that
//! memory does not grow with the dump. What is understood: `CREATE TABLE`, `ALTER TABLE`, sequences and their positions,
//! `COPY … FROM stdin` and `INSERT … VALUES`, as `pg_dump` writes them and as the predecessor's backups do, with their
//! trailing commas and missing semicolons. What would change rows in another way is told with its line; a row that cannot
//! be placed ends the reading.

mod bytes;
mod definitions;
mod ends;
mod lexer;
mod names;
mod printed;
mod statements;
#[cfg(test)]
mod tests;
mod values;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

pub(super) use self::bytes::Fault;
use self::{bytes::Bytes, lexer::Lexer, statements::Reader};
use super::tables::{Column, Fallback, Table};

/// How many events may wait; a batch of rows is one.
const WAITING: usize = 4;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Something that a dump says.
#[derive(Debug)]
pub(super) enum Event {
    /// A table to be made.
    Table(Table, u64),
    /// A column to be added to a table that was told before.
    Column(&'static str, Column, u64),
    /// A column is filled with this where it is not written.
    Default(&'static str, String, Fallback, u64),
    /// A column must be written.
    NotNull(&'static str, String, u64),
    /// Rows of a table.
    Rows(Rows),
    /// The statement on this line is left out, though it speaks of a table of ours.
    LeftOut {
        line: u64,
        table: &'static str,
        statement: String,
    },
}

/// Some rows of one table, as lines of `COPY`.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) table: &'static str,
    pub(super) columns: Vec<String>,
    /// The encoding that the dump names, unless it is UTF-8.
    pub(super) encoding: Option<String>,
    pub(super) data: Vec<u8>,
    /// The line of the dump on which each row begins.
    pub(super) lines: Vec<u64>,
}

/// Where a sequence stands: the last number, and whether it was given out.
pub(super) type Position = (i64, bool);

/// What is known at the end of a dump.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Positions by table and column.
    pub(super) sequences: BTreeMap<(&'static str, String), Position>,
    /// How many statements of which kind were passed over.
    pub(super) passed_over: BTreeMap<String, u64>,
    /// The SHA-256 of the dump, unpacked.
    pub(super) hash: String,
}

/// A dump that is being read.
pub(super) struct Reading {
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) task: tokio::task::JoinHandle<Result<Ending, Fault>>,
    /// How many bytes of the file have been read, and how many there are.
    pub(super) done: Arc<AtomicU64>,
    pub(super) size: u64,
}

/// Begins to read a dump, packed with gzip or not.
///
/// # Errors
/// If the file cannot be opened or is no text.
pub(super) fn read(path: &Path) -> Result<Reading, Fault> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let done = Arc::new(AtomicU64::new(0));
    let text = unpacked(Counted {
        source: file,
        done: Arc::clone(&done),
    })?;
    let (sender, events) = mpsc::channel(WAITING);
    let task = tokio::task::spawn_blocking(move || read_text(text, sender));
    Ok(Reading {
        events,
        task,
        done,
        size,
    })
}

fn read_text(text: impl Read, sender: mpsc::Sender<Event>) -> Result<Ending, Fault> {
    let mut text = Hashed {
        source: text,
        hash: Sha256::new(),
    };
    let lexer = Lexer::new(Bytes::new(&mut text));
    let mut ending = Reader::new(lexer, sender).read()?;
    ending.hash = hex::encode(text.hash.finalize());
    Ok(ending)
}

/// The hash of a dump, unpacked, as [`Ending`] has it.
///
/// # Errors
/// If the file cannot be read.
pub(super) async fn hash(path: &Path) -> anyhow::Result<String> {
    let path = path.to_owned();
    let hash = tokio::task::spawn_blocking(move || {
        let mut text = Hashed {
            source: unpacked(File::open(path)?)?,
            hash: Sha256::new(),
        };
        io::copy(&mut text, &mut io::sink())?;
        Ok::<_, Fault>(hex::encode(text.hash.finalize()))
    });
    Ok(hash.await??)
}

/// A default as the catalog of another database writes it, if it is one that is taken over.
pub(super) fn default_of(expression: &str) -> Option<Fallback> {
    let mut tokens = Vec::new();
    let mut lexer = Lexer::new(Bytes::new(expression.as_bytes()));
    while let Some(token) = lexer.next().ok()? {
        tokens.push(token);
    }
    // An identity column's is none of its words.
    if expression == "nextval(" {
        return Some(Fallback::Sequence(None));
    }
    definitions::default(&tokens)
}

/// The text in a file: without a packing, without a mark of its encoding.
fn unpacked(file: impl Read + Send + 'static) -> Result<Box<dyn Read + Send>, Fault> {
    let (head, file) = peeked::<2>(file)?;
    let text: Box<dyn Read + Send> = if head == GZIP {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else {
        Box::new(file)
    };
    let (head, text) = peeked::<5>(text)?;
    if head.starts_with(b"PGDMP") {
        return Err(refused(
            "it is an archive of pg_dump; turn it into SQL first: pg_restore --file=dump.sql <archive>",
        ));
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(refused("it is UTF-16; save it as UTF-8 first"));
    }
    if head.starts_with(b"PK\x03\x04")
        || head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        || head.starts_with(b"BZh")
    {
        return Err(refused("it is packed in another way than gzip; unpack it first"));
    }
    let mut text = text;
    if head.starts_with(&BOM) {
        text.read_exact(&mut [0; BOM.len()])?;
    }
    Ok(Box::new(text))
}

fn refused(why: &str) -> Fault {
    Fault::Io(io::Error::new(io::ErrorKind::InvalidData, why.to_owned()))
}

/// The first bytes of a source, and the whole source.
fn peeked<const N: usize>(mut source: impl Read) -> Result<(Vec<u8>, impl Read), Fault> {
    let mut head = Vec::with_capacity(N);
    let most = u64::try_from(N).unwrap_or(u64::MAX);
    source.by_ref().take(most).read_to_end(&mut head)?;
    Ok((head.clone(), io::Cursor::new(head).chain(source)))
}

/// Tells how much was read.
struct Counted<R> {
    source: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.done
            .fetch_add(u64::try_from(length).unwrap_or(0), Ordering::Relaxed);
        Ok(length)
    }
}

/// Hashes what passes.
struct Hashed<R> {
    source: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.hash.update(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}
