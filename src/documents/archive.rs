//! Guards for zip containers (xlsx, docx) before anything unpacks them.
//!
//! The archive is walked once, entry by entry, through a small buffer: counts and sizes are those that really come out,
//! not those the archive declares. Refused are too many or too large entries, implausible compression, names that lead
//! out of the archive, and XML that brings a document type or entities.

use std::io::{Cursor, Read};

use zip::ZipArchive;

const MAX_ENTRIES: usize = 10_000;
const MAX_UNPACKED: u64 = 200 * 1024 * 1024;
/// Up to this size an entry may compress as well as it likes.
const RATIO_FREE: u64 = 1024 * 1024;
const MAX_RATIO: u64 = 100;
/// The reader keeps all shared strings in memory, so their part has a limit of its own.
const MAX_SHARED_STRINGS: u64 = 32 * 1024 * 1024;
/// And it reserves room for as many as the part declares.
const MAX_DECLARED_STRINGS: u64 = 2_000_000;
const CENTRAL_HEADER: &[u8] = b"PK\x01\x02";
/// Longest text that is looked for across a buffer's edge.
const OVERLAP: usize = 64;

/// Why an archive was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ArchiveFault {
    /// The bytes have no readable table of contents.
    NotAnArchive,
    /// The archive could harm whoever unpacks it.
    Unsafe(String),
}

/// What an archive holds, once it has passed all guards.
#[derive(Debug)]
pub(super) struct Contents {
    names: Vec<String>,
}

impl Contents {
    /// True if this is an Office package whose main part lies in `folder` (`xl/`, `word/`).
    pub(super) fn is_package(&self, folder: &str) -> bool {
        self.names.iter().any(|name| name == "[Content_Types].xml")
            && self.names.iter().any(|name| name.len() > folder.len() && name.starts_with(folder))
    }
}

/// Walks the whole archive and checks every guard.
///
/// # Errors
/// `NotAnArchive` if the table of contents cannot be read, `Unsafe` with the reason if a guard is violated.
pub(super) fn examine(bytes: &[u8]) -> Result<Contents, ArchiveFault> {
    let headers = bytes.windows(CENTRAL_HEADER.len()).filter(|window| *window == CENTRAL_HEADER);
    if headers.take(MAX_ENTRIES.saturating_add(1)).count() > MAX_ENTRIES {
        return Err(unsafe_because(format!("more than {MAX_ENTRIES} entries")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ArchiveFault::NotAnArchive)?;
    let mut names = Vec::with_capacity(archive.len());
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|_| unsafe_because("an entry is encrypted or cannot be unpacked"))?;
        let name = entry.name().to_owned();
        if !is_contained(&name) {
            return Err(unsafe_because("an entry name leads out of the archive"));
        }
        let packed = entry.compressed_size();
        unpacked = read_through(&mut entry, &name, packed, unpacked)?;
        names.push(name);
    }
    Ok(Contents { names })
}

fn unsafe_because(reason: impl Into<String>) -> ArchiveFault {
    ArchiveFault::Unsafe(reason.into())
}

/// True for a relative name that stays below the archive's root.
fn is_contained(name: &str) -> bool {
    let is_absolute = name.starts_with(['/', '\\']) || name.as_bytes().get(1) == Some(&b':');
    !is_absolute && !name.contains('\0') && name.split(['/', '\\']).all(|part| part != "..")
}

/// Unpacks one entry into nothing; returns how much all entries up to this one have unpacked to.
fn read_through(entry: &mut impl Read, name: &str, packed: u64, before: u64) -> Result<u64, ArchiveFault> {
    let is_shared_strings = name.to_ascii_lowercase().ends_with("sharedstrings.xml");
    let mut markup = Markup::of(name);
    let mut buffer = vec![0; 64 * 1024];
    let mut size: u64 = 0;
    loop {
        let read = entry
            .read(&mut buffer)
            .map_err(|_| unsafe_because("an entry is damaged and cannot be unpacked"))?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        size = size.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if before.saturating_add(size) > MAX_UNPACKED {
            return Err(unsafe_because("it unpacks to more than 200 MB"));
        }
        if size > RATIO_FREE && size > packed.saturating_mul(MAX_RATIO) {
            return Err(unsafe_because(format!("an entry unpacks to more than {MAX_RATIO} times its size")));
        }
        if is_shared_strings && size > MAX_SHARED_STRINGS {
            return Err(unsafe_because("its shared strings unpack to more than 32 MB"));
        }
        markup.feed(chunk)?;
    }
    Ok(before.saturating_add(size))
}

/// Looks for document types and entities in an XML part as it streams by, in any encoding that keeps ASCII readable
/// once NUL bytes are dropped (UTF-8, UTF-16).
struct Markup {
    is_xml: Option<bool>,
    tail: Vec<u8>,
}

impl Markup {
    fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let is_xml = [".xml", ".rels", ".vml"].iter().any(|ending| lower.ends_with(ending)).then_some(true);
        Self { is_xml, tail: Vec::new() }
    }

    fn feed(&mut self, chunk: &[u8]) -> Result<(), ArchiveFault> {
        if self.is_xml == Some(false) {
            return Ok(());
        }
        let mut text = std::mem::take(&mut self.tail);
        text.extend(chunk.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase));
        if self.is_xml.is_none() {
            let first = text.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF | 0xFE | 0xFF));
            self.is_xml = first.map(|byte| *byte == b'<');
            if self.is_xml != Some(true) {
                return Ok(());
            }
        }
        if holds(&text, b"<!doctype") || holds(&text, b"<!entity") {
            return Err(unsafe_because("its XML declares a document type or entities"));
        }
        if declares_too_many_strings(&text) {
            return Err(unsafe_because("it declares too many shared strings"));
        }
        let keep = text.len().saturating_sub(OVERLAP);
        self.tail = text.split_off(keep);
        Ok(())
    }
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    positions(text, needle).next().is_some()
}

fn positions<'a>(text: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    text.windows(needle.len()).enumerate().filter(move |(_, window)| *window == needle).map(|(position, _)| position)
}

/// True if an attribute `uniqueCount` (the text is lower-case here) names more strings than memory is reserved for.
/// A value cut off by the buffer's edge is seen again with the next chunk.
fn declares_too_many_strings(text: &[u8]) -> bool {
    const ATTRIBUTE: &[u8] = b"uniquecount";
    positions(text, ATTRIBUTE).any(|start| {
        let after = text.get(start.saturating_add(ATTRIBUTE.len())..).unwrap_or_default();
        let value = after.iter().skip_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\''));
        let digits = value.take_while(|byte| byte.is_ascii_digit());
        digits.fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0'))))
            > MAX_DECLARED_STRINGS
    })
}

/// Index (from 0) of the sheet that was open when an xlsx workbook was saved; 0 where it does not say.
pub(super) fn active_sheet(bytes: &[u8]) -> usize {
    const MAX_WORKBOOK_PART: u64 = 1024 * 1024;
    let read = || {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
        let mut text = Vec::new();
        archive.by_name("xl/workbook.xml").ok()?.take(MAX_WORKBOOK_PART).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        let (_, after) = text.split_once("activeTab=\"")?;
        after.split_once('"')?.0.parse().ok()
    };
    read().unwrap_or(0)
}
