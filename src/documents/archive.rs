//! Guards for zip containers (xlsx, docx) before anything unpacks them.
//!
//! The archive is walked once, entry by entry, through a small buffer: counts and sizes are those that really come out,
//! not those the archive declares. Refused are too many or too large entries, implausible compression, names that lead
//! out of the archive, and XML that brings a document type or entities.

use std::io::{BufRead, BufReader, Read, Seek};

use zip::ZipArchive;

const MAX_ENTRIES: usize = 10_000;
const MAX_UNPACKED: u64 = 200 * MB;
/// Up to this size an entry may compress as well as it likes.
const RATIO_FREE: u64 = MB;
const MAX_RATIO: u64 = 100;
const MB: u64 = 1024 * 1024;
const CENTRAL_HEADER: &[u8] = b"PK\x01\x02";
/// Longest text that is looked for across a buffer's edge.
const OVERLAP: usize = 64;

/// What the archive is examined for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is stored as it is.
    Storing,
    /// A workbook reader opens it next. The reader keeps all shared strings and styles in memory and a cell or a name
    /// whole, so these parts have limits of their own.
    Reading,
}

/// How large a part may be that the workbook reader takes into memory.
struct PartLimit {
    bytes: u64,
    elements: u64,
}

impl PartLimit {
    const SHARED_STRINGS: Self = Self {
        bytes: 16 * MB,
        elements: 2_000_000,
    };
    const STYLES: Self = Self {
        bytes: 8 * MB,
        elements: 250_000,
    };
    /// Streamed, so it may be large.
    const SHEET: Self = Self {
        bytes: 64 * MB,
        elements: u64::MAX,
    };
    const OTHER: Self = Self {
        bytes: 16 * MB,
        elements: u64::MAX,
    };

    /// The limit of an XML part; the rest is not opened by the reader.
    fn of(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        if lower.ends_with("sharedstrings.xml") {
            Some(Self::SHARED_STRINGS)
        } else if lower.ends_with("styles.xml") {
            Some(Self::STYLES)
        } else if lower.contains("worksheets/") {
            Some(Self::SHEET)
        } else if is_xml_name(&lower) {
            Some(Self::OTHER)
        } else {
            None
        }
    }
}

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
            && self
                .names
                .iter()
                .any(|name| name.len() > folder.len() && name.starts_with(folder))
    }
}

/// Walks the whole archive and checks every guard.
///
/// # Errors
/// `NotAnArchive` if the table of contents cannot be read, `Unsafe` with the reason if a guard is violated.
pub(super) fn examine(file: &mut (impl Read + Seek), purpose: Purpose) -> Result<Contents, ArchiveFault> {
    // The table of contents is taken into memory whole, so its entries are counted before it is opened.
    if count_headers(file).ok_or(ArchiveFault::NotAnArchive)? > MAX_ENTRIES {
        return Err(unsafe_because(format!("more than {MAX_ENTRIES} entries")));
    }
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|_| ArchiveFault::NotAnArchive)?;
    let mut names = Vec::with_capacity(archive.len());
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|_| unsafe_because("an entry is encrypted or cannot be unpacked"))?;
        let name = entry
            .name()
            .map_err(|_| unsafe_because("an entry name cannot be read"))?
            .into_owned();
        if !is_contained(&name) {
            return Err(unsafe_because("an entry name leads out of the archive"));
        }
        let limit = (purpose == Purpose::Reading)
            .then(|| PartLimit::of(&name))
            .flatten();
        let packed = entry.compressed_size();
        unpacked = read_through(&mut entry, &name, packed, unpacked, limit.as_ref())?;
        names.push(name);
    }
    Ok(Contents { names })
}

/// How many headers of a table of contents the file holds, counted up to one more than allowed.
fn count_headers(file: &mut (impl Read + Seek)) -> Option<usize> {
    file.rewind().ok()?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut count = 0_usize;
    let mut matched = 0_usize;
    while count <= MAX_ENTRIES {
        let buffer = reader.fill_buf().ok()?;
        if buffer.is_empty() {
            break;
        }
        for byte in buffer {
            // No part of the header repeats its beginning, so a mismatch starts over.
            matched = if CENTRAL_HEADER.get(matched) == Some(byte) {
                matched + 1
            } else {
                usize::from(*byte == b'P')
            };
            if matched == CENTRAL_HEADER.len() {
                count = count.saturating_add(1);
                matched = 0;
            }
        }
        let used = buffer.len();
        reader.consume(used);
    }
    Some(count)
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
fn read_through(
    entry: &mut impl Read,
    name: &str,
    packed: u64,
    before: u64,
    limit: Option<&PartLimit>,
) -> Result<u64, ArchiveFault> {
    let mut markup = Markup::of(name);
    let mut buffer = vec![0; 64 * 1024];
    let mut size: u64 = 0;
    let mut elements: u64 = 0;
    loop {
        let read = entry
            .read(&mut buffer)
            .map_err(|_| unsafe_because("an entry is damaged and cannot be unpacked"))?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        size = size.saturating_add(len_of(chunk.iter()));
        if before.saturating_add(size) > MAX_UNPACKED {
            return Err(unsafe_because("it unpacks to more than 200 MB"));
        }
        if size > RATIO_FREE && size > packed.saturating_mul(MAX_RATIO) {
            return Err(unsafe_because(format!(
                "an entry unpacks to more than {MAX_RATIO} times its size"
            )));
        }
        if let Some(limit) = limit {
            elements = elements.saturating_add(len_of(chunk.iter().filter(|byte| **byte == b'<')));
            if size > limit.bytes || elements > limit.elements {
                return Err(unsafe_because(format!(
                    "its part {name:?} is too large to be read"
                )));
            }
        }
        markup.feed(chunk, limit.is_some())?;
    }
    Ok(before.saturating_add(size))
}

fn len_of(items: impl Iterator) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

fn is_xml_name(lower: &str) -> bool {
    [".xml", ".rels", ".vml"]
        .iter()
        .any(|ending| lower.ends_with(ending))
}

/// Looks for document types and entities in an XML part as it streams by, in any encoding that keeps ASCII readable
/// once NUL bytes are dropped (UTF-8, UTF-16).
struct Markup {
    is_xml: Option<bool>,
    tail: Vec<u8>,
}

impl Markup {
    fn of(name: &str) -> Self {
        let is_xml = is_xml_name(&name.to_ascii_lowercase()).then_some(true);
        Self {
            is_xml,
            tail: Vec::new(),
        }
    }

    fn feed(&mut self, chunk: &[u8], is_for_reading: bool) -> Result<(), ArchiveFault> {
        if self.is_xml == Some(false) {
            return Ok(());
        }
        let mut text = std::mem::take(&mut self.tail);
        text.extend(
            chunk
                .iter()
                .filter(|byte| **byte != 0)
                .map(u8::to_ascii_lowercase),
        );
        if self.is_xml.is_none() {
            let is_mark =
                |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xEF | 0xBB | 0xBF | 0xFE | 0xFF);
            self.is_xml = text.iter().find(|byte| !is_mark(byte)).map(|byte| *byte == b'<');
            if self.is_xml != Some(true) {
                return Ok(());
            }
        }
        if holds(&text, b"<!doctype") || holds(&text, b"<!entity") {
            return Err(unsafe_because("its XML declares a document type or entities"));
        }
        if is_for_reading && declares_too_many_strings(&text) {
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
    text.windows(needle.len())
        .enumerate()
        .filter(move |(_, window)| *window == needle)
        .map(|(position, _)| position)
}

/// The reader reserves room for as many shared strings as their part declares.
const MAX_DECLARED_STRINGS: u64 = 1_000_000;

/// True if an attribute `uniqueCount` (the text is lower-case here) names more strings than memory is reserved for.
/// A value cut off by the buffer's edge is seen again with the next chunk.
fn declares_too_many_strings(text: &[u8]) -> bool {
    const ATTRIBUTE: &[u8] = b"uniquecount";
    positions(text, ATTRIBUTE).any(|start| {
        let after = text
            .get(start.saturating_add(ATTRIBUTE.len())..)
            .unwrap_or_default();
        let value = after
            .iter()
            .skip_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\''));
        let digits = value.take_while(|byte| byte.is_ascii_digit());
        digits.fold(0_u64, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(u64::from(digit.saturating_sub(b'0')))
        }) > MAX_DECLARED_STRINGS
    })
}

/// Index (from 0) of the sheet that was open when an xlsx workbook was saved; 0 where it does not say.
pub(super) fn active_sheet(file: &mut (impl Read + Seek)) -> usize {
    const MAX_WORKBOOK_PART: u64 = 1024 * 1024;
    let read = || {
        let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
        let mut text = Vec::new();
        archive
            .by_name("xl/workbook.xml")
            .ok()?
            .take(MAX_WORKBOOK_PART)
            .read_to_end(&mut text)
            .ok()?;
        let text = String::from_utf8_lossy(&text);
        let (_, after) = text.split_once("activeTab=\"")?;
        after.split_once('"')?.0.parse().ok()
    };
    read().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap()
    }

    fn refusal(entries: &[(&str, &[u8])], purpose: Purpose) -> String {
        match examine(&mut archive(entries), purpose) {
            Err(ArchiveFault::Unsafe(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plain_package_passes() {
        let entries: &[(&str, &[u8])] = &[
            ("[Content_Types].xml", b"<Types/>"),
            ("xl/workbook.xml", b"<workbook/>"),
        ];
        let contents = examine(&mut archive(entries), Purpose::Storing).unwrap();

        assert!(contents.is_package("xl/") && !contents.is_package("word/"));
    }

    #[test]
    fn what_could_harm_is_named() {
        let bomb = vec![0; 2 * 1024 * 1024];
        for (entry, content, reason) in [
            ("xl/media/a.bin", bomb.as_slice(), "100 times"),
            ("../evil.xml", b"<a/>", "leads out"),
            ("/etc/passwd", b"x", "leads out"),
            ("C:\\x", b"x", "leads out"),
            ("a\\..\\..\\b", b"x", "leads out"),
            (
                "xl/a.xml",
                b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
                "document type",
            ),
            ("xl/a.bin", b"  <!DocType html>", "document type"),
            ("xl/b.xml", b"<\0!\0E\0N\0T\0I\0T\0Y\0", "document type"),
        ] {
            assert!(
                refusal(&[(entry, content)], Purpose::Storing).contains(reason),
                "{entry}"
            );
        }
    }

    #[test]
    fn a_document_type_across_a_buffer_edge_is_seen() {
        let mut content = vec![b' '; 64 * 1024 - 4];
        content.extend_from_slice(b"<!DOCTYPE a>");

        assert!(refusal(&[("xl/a.xml", &content)], Purpose::Storing).contains("document type"));
    }

    #[test]
    fn too_many_entries_are_counted_before_they_are_opened() {
        let names: Vec<String> = (0..=MAX_ENTRIES).map(|index| index.to_string()).collect();
        let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();

        assert!(refusal(&entries, Purpose::Storing).contains("entries"));
        assert!(examine(&mut archive(&entries[1..]), Purpose::Storing).is_ok());
    }

    #[test]
    fn parts_the_reader_keeps_have_limits_of_their_own() {
        let mut styles = String::new();
        for id in 0..300_000_u64 {
            write!(styles, "<xf id='{}'/>", id * 7_919 % 1_000_003).unwrap();
        }
        let strings = br#"<sst uniqueCount="4000000000"/>"#;

        assert!(examine(&mut archive(&[("xl/a.xml", strings)]), Purpose::Storing).is_ok());
        assert!(refusal(&[("xl/a.xml", strings)], Purpose::Reading).contains("shared strings"));
        assert!(refusal(&[("xl/Styles.xml", styles.as_bytes())], Purpose::Reading).contains("too large"));
    }

    #[test]
    fn bytes_without_a_table_of_contents_are_no_archive() {
        for bytes in [b"".as_slice(), b"PK\x03\x04", b"PK\x05\x06"] {
            let fault = examine(&mut Cursor::new(bytes), Purpose::Storing).unwrap_err();
            assert_eq!(fault, ArchiveFault::NotAnArchive);
        }
    }
}
