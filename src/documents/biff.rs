//! Guards for the records of an `.xls` workbook before the reader opens it.
//!
//! A crafted workbook can place one cell in the last corner of a sheet or name one long text in a million cells, and a
//! reader that trusts it runs out of memory. So positions and texts are summed up here first, and nothing is kept.

use super::compound::{u16_at, u32_at};
use super::grid::{MAX_COLUMNS, MAX_ROWS, TOO_LARGE};

/// All sheets together may span this many cells.
const MAX_CELLS: usize = 2_000_000;
const MAX_SHEETS: usize = 256;
/// The reader copies a shared text into each cell that names it; all copies together.
const MAX_TEXT: usize = 32 * 1024 * 1024;
const MAX_SHARED_STRINGS: usize = 500_000;
/// The reader writes each formula out; all formulas together.
const MAX_FORMULA_TEXT: usize = 32 * 1024 * 1024;

const DAMAGED: &str = "the workbook is damaged";
const TOO_MUCH_TEXT: &str = "the workbook holds too much text";

/// What the guards found in a workbook stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Index (from 0) of the sheet that was open when the file was saved.
    pub(super) active_sheet: usize,
}

/// One record of the workbook stream: its number and its data.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let number = u16_at(self.rest, 0)?;
        let end = usize::from(u16_at(self.rest, 2)?).checked_add(4)?;
        let data = self.rest.get(4..end)?;
        self.rest = self.rest.get(end..)?;
        Some((number, data))
    }
}

const FORMULA: u16 = 0x0006;
const END: u16 = 0x000A;
const DEFINED_NAME: u16 = 0x0018;
const CONTINUE: u16 = 0x003C;
const WINDOW: u16 = 0x003D;
const BOUND_SHEET: u16 = 0x0085;
const MULTIPLE_NUMBERS: u16 = 0x00BD;
const RICH_STRING: u16 = 0x00D6;
const SHARED_STRINGS: u16 = 0x00FC;
const SHARED_STRING: u16 = 0x00FD;
const DIMENSIONS: u16 = 0x0200;
const NUMBER: u16 = 0x0203;
const LABEL: u16 = 0x0204;
const BOOL_OR_ERROR: u16 = 0x0205;
const FORMULA_STRING: u16 = 0x0207;
const SHORT_NUMBER: u16 = 0x027E;
const BEGIN: u16 = 0x0809;

/// What the sheets of a workbook refer to.
#[derive(Default)]
struct Globals {
    active_sheet: usize,
    /// Where the sheets begin in the stream.
    sheets: Vec<u32>,
    /// Upper bounds of the shared texts' lengths, in bytes.
    text_lens: Vec<usize>,
    /// Upper bound of the length of a name that a formula may hold, in bytes.
    name_len: usize,
}

/// What all sheets together may still use.
struct Budget {
    cells: usize,
    text: usize,
    formula_text: usize,
    /// Sheets do not overlap, so together they are no longer than the stream.
    stream: usize,
}

/// Checks a workbook stream.
///
/// # Errors
/// A sentence that says why the workbook is not read.
pub(super) fn examine(stream: &[u8]) -> Result<Facts, &'static str> {
    let globals = read_globals(stream)?;
    if globals.sheets.len() > MAX_SHEETS {
        return Err("the workbook has too many sheets");
    }
    let mut budget = Budget {
        cells: MAX_CELLS,
        text: MAX_TEXT,
        formula_text: MAX_FORMULA_TEXT,
        stream: stream.len(),
    };
    for start in &globals.sheets {
        let start = usize::try_from(*start).map_err(|_| DAMAGED)?;
        check_sheet(stream.get(start..).ok_or(DAMAGED)?, &globals, &mut budget)?;
    }
    Ok(Facts {
        active_sheet: globals.active_sheet,
    })
}

fn read_globals(stream: &[u8]) -> Result<Globals, &'static str> {
    let mut globals = Globals {
        name_len: 32,
        ..Globals::default()
    };
    let mut records = Records { rest: stream };
    while let Some((number, data)) = records.next().filter(|(number, _)| *number != END) {
        match number {
            WINDOW => globals.active_sheet = u16_at(data, 10).map_or(0, usize::from),
            BOUND_SHEET => globals.sheets.push(u32_at(data, 0).ok_or(DAMAGED)?),
            // A name's length counts characters of up to three bytes.
            DEFINED_NAME => {
                let len = data.get(3).map_or(0, |len| usize::from(*len));
                globals.name_len = globals.name_len.max(len.saturating_mul(3));
            }
            SHARED_STRINGS => {
                let mut pieces = vec![data.get(8..).ok_or(DAMAGED)?];
                let mut ahead = Records { rest: records.rest };
                while let Some((CONTINUE, data)) = ahead.next() {
                    pieces.push(data);
                }
                globals.text_lens = SharedStrings {
                    pieces: pieces.into_iter(),
                    piece: &[],
                }
                .lens()?;
            }
            _ => {}
        }
    }
    Ok(globals)
}

/// The table of shared texts, cut into pieces of at most 8 kB.
struct SharedStrings<'a, I: Iterator<Item = &'a [u8]>> {
    pieces: I,
    piece: &'a [u8],
}

impl<'a, I: Iterator<Item = &'a [u8]>> SharedStrings<'a, I> {
    /// How many bytes each text has at most.
    fn lens(mut self) -> Result<Vec<usize>, &'static str> {
        let mut lens = Vec::new();
        while self.has_more() {
            if lens.len() == MAX_SHARED_STRINGS {
                return Err(TOO_MUCH_TEXT);
            }
            // A table that ends within a text is damaged; the reader will say so.
            let Some(len) = self.skip_text() else { break };
            lens.push(len);
        }
        Ok(lens)
    }

    fn has_more(&mut self) -> bool {
        while self.piece.is_empty() {
            match self.pieces.next() {
                Some(piece) => self.piece = piece,
                None => return false,
            }
        }
        true
    }

    fn skip_text(&mut self) -> Option<usize> {
        let mut chars = usize::from(u16_at(self.piece, 0)?);
        let flags = *self.piece.get(2)?;
        let bound = chars.saturating_mul(3);
        self.piece = self.piece.get(3..)?;
        let mut trailer = 0_usize;
        if flags & 0x08 != 0 {
            trailer = usize::from(u16_at(self.piece, 0)?).saturating_mul(4);
            self.piece = self.piece.get(2..)?;
        }
        if flags & 0x04 != 0 {
            trailer = trailer.saturating_add(usize::try_from(u32_at(self.piece, 0)?).ok()?);
            self.piece = self.piece.get(4..)?;
        }
        let mut width = if flags & 0x01 == 0 { 1 } else { 2 };
        loop {
            let fitting = (self.piece.len() / width).min(chars);
            self.piece = self.piece.get(fitting.saturating_mul(width)..)?;
            chars = chars.saturating_sub(fitting);
            if chars == 0 {
                break;
            }
            // The rest of a text that is cut says anew how wide its characters are.
            self.piece = self.pieces.next()?;
            let (flags, rest) = self.piece.split_first()?;
            width = if flags & 0x01 == 0 { 1 } else { 2 };
            self.piece = rest;
        }
        while trailer > 0 {
            if !self.has_more() {
                return None;
            }
            let skipped = self.piece.len().min(trailer);
            self.piece = self.piece.get(skipped..)?;
            trailer = trailer.saturating_sub(skipped);
        }
        Some(bound)
    }
}

/// Takes what the reader will use for a sheet from the budget. Cells count by the smallest rectangle around all values.
fn check_sheet(sheet: &[u8], globals: &Globals, budget: &mut Budget) -> Result<(), &'static str> {
    let mut span: Option<Span> = None;
    let mut depth = 0_usize;
    let mut has_formula = false;
    for (number, data) in (Records { rest: sheet }) {
        budget.stream = budget
            .stream
            .checked_sub(data.len().saturating_add(4))
            .ok_or(DAMAGED)?;
        match number {
            BEGIN => depth = depth.saturating_add(1),
            END if depth <= 1 => break,
            END => depth = depth.saturating_sub(1),
            // Charts inside the sheet have records of the same numbers.
            _ if depth > 1 => {}
            DIMENSIONS => check_dimensions(data)?,
            FORMULA | RICH_STRING | SHARED_STRING | NUMBER | LABEL | BOOL_OR_ERROR | SHORT_NUMBER => {
                let (row, column) = (u16_at(data, 0).ok_or(DAMAGED)?, u16_at(data, 2).ok_or(DAMAGED)?);
                Span::widen(&mut span, row, column);
                if number == SHARED_STRING {
                    let index = u32_at(data, 6).and_then(|index| usize::try_from(index).ok());
                    let len = index
                        .and_then(|index| globals.text_lens.get(index))
                        .copied()
                        .unwrap_or(0);
                    budget.text = budget.text.checked_sub(len).ok_or(TOO_MUCH_TEXT)?;
                }
                if number == FORMULA {
                    has_formula = true;
                    // A reference to a name takes five bytes and becomes the name.
                    let text = (data.len() / 5).saturating_mul(globals.name_len);
                    budget.formula_text = budget.formula_text.checked_sub(text).ok_or(TOO_MUCH_TEXT)?;
                }
            }
            // The text of the last formula; without one the reader puts it into the first cell.
            FORMULA_STRING if !has_formula => Span::widen(&mut span, 0, 0),
            MULTIPLE_NUMBERS => {
                let (row, first) = (u16_at(data, 0).ok_or(DAMAGED)?, u16_at(data, 2).ok_or(DAMAGED)?);
                let last = u16_at(data, data.len().saturating_sub(2)).ok_or(DAMAGED)?;
                Span::widen(&mut span, row, first);
                Span::widen(&mut span, row, last);
            }
            _ => {}
        }
    }
    let cells = span.map_or(Ok(0), Span::cells)?;
    budget.cells = budget
        .cells
        .checked_sub(cells)
        .ok_or("the sheets of the workbook are too large")?;
    Ok(())
}

/// The sheet's declared size is only a hint, but the reader reserves memory for it.
fn check_dimensions(data: &[u8]) -> Result<(), &'static str> {
    let (rows, columns) = if data.len() == 10 {
        (u16_at(data, 2).map(u32::from), u16_at(data, 6))
    } else {
        (u32_at(data, 4), u16_at(data, 10))
    };
    let (rows, columns) = rows.zip(columns).ok_or(DAMAGED)?;
    let cells = usize::try_from(rows)
        .unwrap_or(usize::MAX)
        .saturating_mul(usize::from(columns));
    if cells > MAX_CELLS { Err(TOO_LARGE) } else { Ok(()) }
}

struct Span {
    rows: (u16, u16),
    columns: (u16, u16),
}

impl Span {
    fn widen(span: &mut Option<Self>, row: u16, column: u16) {
        let old = span.take().unwrap_or(Self {
            rows: (row, row),
            columns: (column, column),
        });
        *span = Some(Self {
            rows: (old.rows.0.min(row), old.rows.1.max(row)),
            columns: (old.columns.0.min(column), old.columns.1.max(column)),
        });
    }

    fn cells(self) -> Result<usize, &'static str> {
        if usize::from(self.rows.1) >= MAX_ROWS || usize::from(self.columns.1) >= MAX_COLUMNS {
            return Err(TOO_LARGE);
        }
        let rows = usize::from(self.rows.1.saturating_sub(self.rows.0)).saturating_add(1);
        let columns = usize::from(self.columns.1.saturating_sub(self.columns.0)).saturating_add(1);
        Ok(rows.saturating_mul(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u16, data: &[u8]) -> Vec<u8> {
        let mut record = number.to_le_bytes().to_vec();
        record.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
        record.extend(data);
        record
    }

    fn words(values: &[u16]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// A workbook stream with these global records and as many sheets as asked, all at the same place.
    fn stream(globals: &[Vec<u8>], sheets: usize, cells: &[Vec<u8>]) -> Vec<u8> {
        let globals = globals.concat();
        let start = globals.len() + sheets * 8 + 4;
        let mut stream = globals;
        for _ in 0..sheets {
            stream.extend(record(BOUND_SHEET, &u32::try_from(start).unwrap().to_le_bytes()));
        }
        stream.extend(record(END, &[]));
        stream.extend(record(BEGIN, &[0; 4]));
        stream.extend(cells.concat());
        stream.extend(record(END, &[]));
        stream
    }

    fn shared_text(len: u16) -> Vec<u8> {
        let mut table = vec![0; 8];
        table.extend(len.to_le_bytes());
        table.push(0);
        table.extend(vec![b'x'; usize::from(len)]);
        record(SHARED_STRINGS, &table)
    }

    fn naming_cells(count: u16) -> Vec<Vec<u8>> {
        (0..count)
            .map(|row| record(SHARED_STRING, &words(&[row, 0, 0, 0, 0])))
            .collect()
    }

    #[test]
    fn a_plain_sheet_passes_and_tells_which_one_was_open() {
        let window = record(WINDOW, &words(&[0, 0, 0, 0, 0, 1, 0, 0, 0]));
        let cells = [record(NUMBER, &words(&[9, 5, 0, 0, 0, 0, 0]))];

        assert_eq!(
            examine(&stream(&[window], 1, &cells)),
            Ok(Facts { active_sheet: 1 })
        );
    }

    #[test]
    fn cells_beyond_the_limits_are_refused_even_if_there_is_only_one() {
        for cell in [[10_000, 0], [0, 100]] {
            let cells = [record(NUMBER, &words(&[cell[0], cell[1], 0, 0, 0, 0, 0]))];
            assert_eq!(examine(&stream(&[], 1, &cells)), Err(TOO_LARGE));
        }
        let declared = record(DIMENSIONS, &words(&[0, 0, 0xFFFF, 0, 0, 256, 0]));
        assert_eq!(examine(&stream(&[], 1, &[declared])), Err(TOO_LARGE));
    }

    #[test]
    fn a_long_text_in_many_cells_is_refused() {
        let text = [shared_text(8_000)];

        assert!(examine(&stream(&text, 1, &naming_cells(1_000))).is_ok());
        assert_eq!(
            examine(&stream(&text, 1, &naming_cells(2_000))),
            Err(TOO_MUCH_TEXT)
        );
    }

    #[test]
    fn a_long_name_in_many_formulas_is_refused() {
        let mut name = vec![0; 14];
        name[3] = 255;
        let formulas = |count: u16| -> Vec<Vec<u8>> {
            (0..count)
                .map(|row| record(FORMULA, &[words(&[row, 0]), vec![0; 4_000]].concat()))
                .collect()
        };

        assert!(examine(&stream(&[record(DEFINED_NAME, &name)], 1, &formulas(50))).is_ok());
        assert_eq!(
            examine(&stream(&[record(DEFINED_NAME, &name)], 1, &formulas(60))),
            Err(TOO_MUCH_TEXT)
        );
    }

    #[test]
    fn sheets_that_overlap_are_refused() {
        let cells: Vec<_> = (0..100)
            .map(|row| record(NUMBER, &words(&[row, 0, 0, 0, 0, 0, 0])))
            .collect();

        assert!(examine(&stream(&[], 1, &cells)).is_ok());
        assert_eq!(examine(&stream(&[], 5, &cells)), Err(DAMAGED));
    }

    #[test]
    fn shared_texts_are_measured_across_their_pieces() {
        // Three texts: narrow, wide with formatting runs, and one that a piece cuts and widens.
        let mut first = vec![3, 0, 0, b'a', b'b', b'c'];
        first.extend([2, 0, 0x09, 1, 0, b'd', 0, b'e', 0, 9, 9, 9, 9]);
        first.extend([4, 0, 0, b'f', b'g']);
        let second = [1, b'h', 0, b'i', 0, 1, 0, 0, b'j'];
        let pieces = [first.as_slice(), &second];

        let lens = SharedStrings {
            pieces: pieces.into_iter(),
            piece: &[],
        }
        .lens()
        .unwrap();

        assert_eq!(lens, [9, 6, 12, 3]);
    }
}
