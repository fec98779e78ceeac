//! The text of a PDF as lines with places, page by page.
//!
//! A reader of its own, small and without floating point, because a reader that takes everything a PDF may hold can be
//! made to run out of stack, memory or time by a file that is made for it. What it costs is bounded by `limits`, whatever
//! the bytes are:
//!
//! - `object`, `lexer`: values, and how they are read from bytes; `document`: the objects of a file and its pages; `filters`: packed data.
//! - `fixed`: numbers in millionths; `encodings`, `cmap`, `font`: which text the codes in a string stand for.
//! - `glyphs`: the content of a page carried out; `rules`: the lines that it draws; `layout`: its glyphs as words and lines.
//!
//! Content that is damaged is never skipped: what is on it would be missing without a sign.

mod cmap;
mod document;
mod encodings;
mod filters;
mod fixed;
mod font;
mod glyphs;
mod layout;
mod lexer;
mod limits;
mod object;
mod rules;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::document::Document;
use self::filters::Fault;
use self::limits::{Limits, MAX_BYTES, MAX_WORDS};
use super::model::ParseFailure;

/// The lines of a page from top to bottom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) lines: Vec<Line>,
}

/// A line as a person sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The words, a space between each two.
    pub(super) text: String,
    /// From left to right.
    pub(super) words: Vec<Word>,
    /// How high its baseline stands, in hundredths of a point.
    pub(super) y: i64,
    /// How many lines are drawn across the page above it: two lines of text with the same number have none between them.
    pub(super) band: usize,
}

/// Text without a gap in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Where it starts, in hundredths of a point from the left.
    pub(super) x: i64,
    /// Where it ends.
    pub(super) end: i64,
}

impl Line {
    pub(super) fn of(words: Vec<Word>, y: i64) -> Self {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        Self {
            text: texts.join(" "),
            words,
            y,
            band: 0,
        }
    }
}

/// Reads the pages of a PDF. This takes up to a second or two: call it on a thread that may block.
///
/// # Errors
/// One finding about the file: it is encrypted, damaged, truncated or too large, or has no text.
pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Vec<Page>, ParseFailure> {
    let bytes = take_in(file).map_err(ParseFailure::unreadable)?;
    // No reading is known to panic; if one does, it is the file that is refused.
    catch_unwind(AssertUnwindSafe(|| pages(&bytes)))
        .unwrap_or_else(|_| Err("the file is damaged".to_owned()))
        .map_err(ParseFailure::unreadable)
}

fn take_in(file: &mut (impl Read + Seek)) -> Result<Vec<u8>, String> {
    let unreadable = |_| "the file could not be read".to_owned();
    let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_BYTES {
        return Err("the file is larger than any order".to_owned());
    }
    let mut bytes = Vec::with_capacity(length);
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

fn pages(bytes: &[u8]) -> Result<Vec<Page>, String> {
    let limits = Limits::default();
    let document = Document::open(bytes, &limits)?;
    let nodes = document.pages()?;
    let mut reader = glyphs::Reader::new(&document);
    let mut pages = Vec::with_capacity(nodes.len());
    let (mut readable, mut unreadable) = (0_usize, 0_usize);
    for (index, node) in nodes.iter().enumerate() {
        let read = reader.page(node);
        if let Some(reason) = limits.refusal() {
            return Err(reason.to_owned());
        }
        let number = index.saturating_add(1);
        let glyphs = read.map_err(|fault| match fault {
            Fault::Unsupported => format!("the content of page {number} is packed in an unknown way"),
            Fault::Damaged | Fault::TooMuch => format!("the file is damaged: page {number} cannot be read"),
        })?;
        readable = readable.saturating_add(glyphs.glyphs.len());
        unreadable = unreadable.saturating_add(glyphs.unreadable);
        let lines = layout::lines(&glyphs);
        if lines.iter().any(|line| line.words.len() > MAX_WORDS) {
            return Err(format!("a line on page {number} has more words than any order's"));
        }
        pages.push(Page { lines });
    }
    if pages.iter().all(|page| page.lines.is_empty()) {
        return Err("no readable text; scanned copies cannot be parsed".to_owned());
    }
    // Where many glyphs are of unknown meaning, what is left would be read wrongly.
    if unreadable > readable / 4 {
        return Err("the text of the file cannot be read: its fonts do not say what they print".to_owned());
    }
    Ok(pages)
}
