//! What a file is: its extension and its content must agree, and an archive must be harmless.
//!
//! The list of kinds here is the whole list of what may be stored. The client's `Content-Type` plays no part.

use std::io::{self, BufRead, BufReader, Read, Seek};

use super::archive::{self, ArchiveFault, Purpose};

/// A kind of file that may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Portable Document Format.
    Pdf,
    /// Excel workbook, zipped XML.
    Xlsx,
    /// Excel workbook, compound file.
    Xls,
    /// Word document, zipped XML.
    Docx,
    /// Word document, compound file.
    Doc,
    /// Comma-separated values.
    Csv,
    /// Plain text.
    Txt,
    /// JPEG picture.
    Jpeg,
    /// PNG picture.
    Png,
    /// GIF picture.
    Gif,
    /// WebP picture.
    Webp,
}

impl FileKind {
    /// The MIME type stored and sent for such a file.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Xls => "application/vnd.ms-excel",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Doc => "application/msword",
            Self::Csv => "text/csv",
            Self::Txt => "text/plain",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// The usual extension, lower-case and without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Docx => "docx",
            Self::Doc => "doc",
            Self::Csv => "csv",
            Self::Txt => "txt",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }

    /// True for the two kinds that hold worksheets.
    pub fn is_workbook(self) -> bool {
        matches!(self, Self::Xlsx | Self::Xls)
    }

    fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "pdf" => Self::Pdf,
            "xlsx" => Self::Xlsx,
            "xls" => Self::Xls,
            "docx" => Self::Docx,
            "doc" => Self::Doc,
            "csv" => Self::Csv,
            "txt" => Self::Txt,
            "jpg" | "jpeg" => Self::Jpeg,
            "png" => Self::Png,
            "gif" => Self::Gif,
            "webp" => Self::Webp,
            _ => return None,
        })
    }
}

/// The extensions that may be stored, for messages.
pub const ALLOWED_EXTENSIONS: &str = "pdf, xlsx, xls, docx, doc, csv, txt, jpg, jpeg, png, gif, webp";

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The file has no bytes.
    #[error("The file is empty")]
    Empty,
    /// Files with this extension are not stored.
    #[error("Files of type \"{extension}\" are not accepted; allowed are {ALLOWED_EXTENSIONS}")]
    Unsupported {
        /// The extension, lower-case, empty if the name has none.
        extension: String,
    },
    /// The content is not what the extension says.
    #[error("The content is not that of a \"{extension}\" file; allowed are {ALLOWED_EXTENSIONS}")]
    Mismatch {
        /// The extension, lower-case.
        extension: String,
    },
    /// The file is locked with a password, so nobody can tell what is in it.
    #[error(
        "The \"{extension}\" file is locked with a password; save it without one. Allowed are {ALLOWED_EXTENSIONS}"
    )]
    Locked {
        /// The extension, lower-case.
        extension: String,
    },
    /// The file is an archive that could harm whoever unpacks it.
    #[error("The archive is unsafe: {reason}")]
    UnsafeArchive {
        /// What is wrong with it.
        reason: String,
    },
    /// The file could not be read, which says nothing about its content.
    #[error("The file could not be read")]
    Io(#[from] io::Error),
}

/// Tells what a file is from its name and its whole content, without taking it into memory.
///
/// Archives are unpacked once, through a small buffer, so this can take a second or so for a large workbook: call it on
/// a thread that may block.
///
/// # Errors
/// [`InspectError`]: the file is empty, of a kind that is not stored, not what its name says, or a harmful archive.
pub fn inspect(filename: &str, file: &mut (impl Read + Seek)) -> Result<FileKind, InspectError> {
    file.rewind()?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    if head.is_empty() {
        return Err(InspectError::Empty);
    }
    let trimmed = filename.trim_end_matches(['.', ' ']);
    let extension = trimmed
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_lowercase())
        .unwrap_or_default();
    let Some(kind) = FileKind::of_extension(&extension) else {
        return Err(InspectError::Unsupported { extension });
    };
    let matches = match kind {
        FileKind::Pdf => contains(&head, b"%PDF-"),
        FileKind::Xlsx => is_package(&head, file, "xl/")?,
        FileKind::Docx => is_package(&head, file, "word/")?,
        FileKind::Xls | FileKind::Doc => head.starts_with(COMPOUND_FILE),
        FileKind::Csv | FileKind::Txt => is_text(file)?,
        FileKind::Jpeg => head.starts_with(b"\xFF\xD8\xFF"),
        FileKind::Png => head.starts_with(b"\x89PNG\r\n\x1A\n"),
        FileKind::Gif => head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a"),
        FileKind::Webp => head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"),
    };
    if matches {
        Ok(kind)
    } else if matches!(kind, FileKind::Xlsx | FileKind::Docx)
        && head.starts_with(COMPOUND_FILE)
        && is_encrypted_package(file)?
    {
        Err(InspectError::Locked { extension })
    } else {
        Err(InspectError::Mismatch { extension })
    }
}

/// So many bytes are looked at for a signature.
const HEAD: u64 = 1024;
const COMPOUND_FILE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// True if a compound file names the stream that an encrypted Office package lies in.
fn is_encrypted_package(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    file.rewind()?;
    let mut chunk = Vec::new();
    loop {
        // The name may lie across the edge of two chunks.
        let kept = chunk.len().saturating_sub(name.len());
        chunk.drain(..kept);
        if file.by_ref().take(64 * 1024).read_to_end(&mut chunk)? == 0 {
            return Ok(false);
        }
        if contains(&chunk, &name) {
            return Ok(true);
        }
    }
}

fn is_package(head: &[u8], file: &mut (impl Read + Seek), folder: &str) -> Result<bool, InspectError> {
    if !head.starts_with(b"PK\x03\x04") {
        return Ok(false);
    }
    match archive::examine(file, Purpose::Storing) {
        Ok(contents) => Ok(contents.is_package(folder)),
        Err(ArchiveFault::NotAnArchive) => Ok(false),
        Err(ArchiveFault::Unsafe(reason)) => Err(InspectError::UnsafeArchive { reason }),
    }
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

/// Text has no control characters but TAB, CR and LF, and is UTF-8 or Windows-1252.
fn is_text(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    file.rewind()?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut utf8 = Utf8::default();
    let mut is_windows_1252 = true;
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(is_windows_1252 || utf8.is_whole());
        }
        if chunk
            .iter()
            .any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n'))
        {
            return Ok(false);
        }
        utf8.feed(chunk);
        is_windows_1252 &= !chunk
            .iter()
            .any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
        if utf8.is_broken && !is_windows_1252 {
            return Ok(false);
        }
        let used = chunk.len();
        reader.consume(used);
    }
}

/// Checks UTF-8 that comes in pieces; a character may be cut by the edge of two.
#[derive(Default)]
struct Utf8 {
    /// The beginning of a character whose rest is still to come, at most 3 bytes.
    cut: Vec<u8>,
    is_broken: bool,
}

impl Utf8 {
    fn feed(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while let (false, false, Some((next, after))) =
            (self.is_broken, self.cut.is_empty(), rest.split_first())
        {
            self.cut.push(*next);
            rest = after;
            let cut = std::mem::take(&mut self.cut);
            self.check(&cut);
        }
        if !self.is_broken && !rest.is_empty() {
            self.check(rest);
        }
    }

    fn check(&mut self, bytes: &[u8]) {
        if let Err(error) = std::str::from_utf8(bytes) {
            self.is_broken |= error.error_len().is_some();
            self.cut = bytes.get(error.valid_up_to()..).unwrap_or_default().to_vec();
        }
    }

    fn is_whole(&self) -> bool {
        !self.is_broken && self.cut.is_empty()
    }
}

/// The name under which an upload is remembered: the last path component without control characters and characters
/// that file systems refuse, at most 255 bytes with its extension kept. `None` if nothing is left.
pub fn safe_filename(raw: &str) -> Option<String> {
    const MAX_BYTES: usize = 255;
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = String::with_capacity(last.len());
    for c in last.chars() {
        let is_refused =
            c.is_control() || is_invisible_control(c) || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*');
        let c = if is_refused { '_' } else { c };
        if !(c == '_' && name.ends_with('_')) {
            name.push(c);
        }
    }
    let name = name.trim_matches(['.', ' ']);
    if name.len() <= MAX_BYTES {
        return (!name.is_empty()).then(|| name.to_owned());
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() < MAX_BYTES / 2 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let room = MAX_BYTES.saturating_sub(extension.len());
    let cut = stem.get(..stem.floor_char_boundary(room)).unwrap_or_default();
    Some(format!("{}{extension}", cut.trim_end_matches(['.', ' '])))
}

/// Letters that turn the direction of what follows, or break its line, and so show another name than the one that is stored.
const fn is_invisible_control(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn extension_and_content_must_agree() {
        for (name, bytes, kind) in [
            ("a.PDF", b"junk %PDF-1.7".as_slice(), FileKind::Pdf),
            ("a.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", FileKind::Xls),
            ("a.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", FileKind::Doc),
            ("a.b.csv", b"a,b\r\n1,\xE9", FileKind::Csv),
            ("a.txt", "\u{feff}₹ 5".as_bytes(), FileKind::Txt),
            ("a.jpg", b"\xFF\xD8\xFF\xE0", FileKind::Jpeg),
            ("a.jpeg", b"\xFF\xD8\xFF\xE0", FileKind::Jpeg),
            ("a.png", b"\x89PNG\r\n\x1A\n", FileKind::Png),
            ("a.gif", b"GIF89a", FileKind::Gif),
            ("a.webp", b"RIFF\0\0\0\0WEBP", FileKind::Webp),
        ] {
            assert_eq!(inspect(name, &mut Cursor::new(bytes)).unwrap(), kind, "{name}");
        }
    }

    #[test]
    fn a_renamed_or_foreign_file_is_refused() {
        for (name, bytes) in [
            ("a.xlsx", b"\x89PNG\r\n\x1A\n".as_slice()),
            ("a.xlsx", b"PK\x03\x04 cut off"),
            ("a.pdf", b"GIF89a"),
            ("a.txt", b"a\0b"),
            ("a.txt", b"a\x1b[0m"),
            ("a.csv", b"\x81\xFF"),
            ("a.webp", b"RIFF"),
        ] {
            let refusal = inspect(name, &mut Cursor::new(bytes)).unwrap_err();
            assert!(matches!(refusal, InspectError::Mismatch { .. }), "{name}");
        }
        for name in ["a.exe", "a.svg", "a.html", "xlsx", "a.xlsx.exe"] {
            let refusal = inspect(name, &mut Cursor::new(b"x")).unwrap_err();
            assert!(matches!(refusal, InspectError::Unsupported { .. }), "{name}");
        }
        assert!(matches!(
            inspect("a.pdf", &mut Cursor::new(b"")),
            Err(InspectError::Empty)
        ));
    }

    #[test]
    fn text_is_judged_across_the_edges_of_what_is_read() {
        // The letters with dots are no Windows-1252 once their bytes hold 0x81, so only UTF-8 can save them.
        let text = "ā".repeat(100_000);
        for cut in 0..4 {
            let mut bytes = vec![b'x'; cut];
            bytes.extend_from_slice(text.as_bytes());
            assert!(is_text(&mut Cursor::new(&bytes)).unwrap(), "{cut}");
            bytes.pop();
            bytes.push(0x81);
            bytes.push(0x81);
            assert!(!is_text(&mut Cursor::new(&bytes)).unwrap(), "{cut}");
        }
    }

    #[test]
    fn pieces_of_utf8_are_judged_as_the_whole_is() {
        let whole = "a₹é𝄞z".as_bytes();
        for size in 1..whole.len() {
            let mut utf8 = Utf8::default();
            whole.chunks(size).for_each(|piece| utf8.feed(piece));
            assert!(utf8.is_whole(), "{size}");
            utf8.feed(&whole[..2]);
            assert!(!utf8.is_whole(), "{size}");
        }
    }

    #[test]
    fn file_names_lose_paths_and_keep_letters() {
        for (raw, safe) in [
            ("C:\\temp\\po.xlsx", Some("po.xlsx")),
            ("../../etc/passwd.txt", Some("passwd.txt")),
            ("a<>:b.pdf", Some("a_b.pdf")),
            ("चालान №1.pdf", Some("चालान №1.pdf")),
            (" .a\u{7}b. ", Some("a_b")),
            ("...", None),
            ("dir/", None),
            ("", None),
        ] {
            assert_eq!(safe_filename(raw).as_deref(), safe, "{raw}");
        }
        let long = safe_filename(&format!("{}.xlsx", "é".repeat(300))).unwrap();
        assert!(long.len() <= 255 && long.ends_with("é.xlsx"));
    }
}
