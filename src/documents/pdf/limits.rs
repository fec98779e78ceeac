//! What reading a PDF may cost.
//!
//! Everything that grows with the file spends from here: bytes that are looked at, bytes that are unpacked, glyphs. Once a
//! limit is passed, readers find nothing more, so that they end at once, and the file is refused with that reason.

use std::cell::Cell;

/// Pages of a document.
pub(super) const MAX_PAGES: usize = 200;
/// Bytes of a document, which is taken into memory whole.
pub(super) const MAX_BYTES: usize = 52_428_800;
/// Objects of a document.
pub(super) const MAX_OBJECTS: usize = 200_000;
/// Arrays and dictionaries inside one another.
pub(super) const MAX_DEPTH: u32 = 100;
/// Values in one object.
pub(super) const MAX_VALUES: u32 = 100_000;
/// Bytes of one string.
pub(super) const MAX_STRING: usize = 65_536;
/// Bytes of one unpacked stream.
pub(super) const MAX_UNPACKED: usize = 8_388_608;
/// Bytes of all unpacked streams that are kept because they hold objects.
pub(super) const MAX_KEPT: usize = 16_777_216;
/// Form within form.
pub(super) const MAX_FORMS: u32 = 12;
/// Saved graphics states.
pub(super) const MAX_STATES: usize = 256;
/// Words of one line.
pub(super) const MAX_WORDS: usize = 500;
/// Glyphs of a document.
const MAX_GLYPHS: u64 = 400_000;
/// Bytes looked at and unpacked, operators carried out.
const MAX_WORK: u64 = 250_000_000;

/// What may still be spent on one document.
#[derive(Debug)]
pub(super) struct Limits {
    work: Cell<u64>,
    glyphs: Cell<u64>,
    refusal: Cell<Option<&'static str>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            work: Cell::new(MAX_WORK),
            glyphs: Cell::new(MAX_GLYPHS),
            refusal: Cell::new(None),
        }
    }
}

impl Limits {
    /// Takes note that `bytes` are looked at; `None` if that is too much or the file is refused already.
    pub(super) fn work(&self, bytes: usize) -> Option<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.spend(&self.work, bytes, "the file is too complicated to be read")
    }

    /// Takes note of a glyph.
    pub(super) fn glyph(&self) -> Option<()> {
        self.spend(&self.glyphs, 1, "the file has more text than any order")
    }

    fn spend(&self, purse: &Cell<u64>, amount: u64, reason: &'static str) -> Option<()> {
        if self.refusal.get().is_some() {
            return None;
        }
        match purse.get().checked_sub(amount) {
            Some(left) => {
                purse.set(left);
                Some(())
            }
            None => self.refuse(reason),
        }
    }

    /// Refuses the file; the first reason stays.
    pub(super) fn refuse<T>(&self, reason: &'static str) -> Option<T> {
        if self.refusal.get().is_none() {
            self.refusal.set(Some(reason));
        }
        None
    }

    /// Why the file is refused, if it is.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        self.refusal.get()
    }
}
