//! A sheet as a plain grid of cells.
//!
//! Rows and columns count from 1. A merged range gives its value to every cell of the range, a formula the value Excel
//! last computed for it; an empty cell is empty. Numbers come through their shortest decimal text, so `0.1` is one tenth
//! and no float arithmetic happens.

use std::collections::BTreeSet;
use std::sync::Arc;

use calamine::Dimensions;
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::text;

pub(super) const MAX_ROWS: usize = 10_000;
pub(super) const MAX_COLUMNS: usize = 100;
/// Why a sheet with values beyond [`MAX_ROWS`] or [`MAX_COLUMNS`] is not read.
pub(super) const TOO_LARGE: &str = "a sheet has more than 10 000 rows or 100 columns";
/// Merged ranges may cover this many cells together.
const MAX_MERGED: usize = 1_000_000;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Value {
    #[default]
    Empty,
    /// Cleaned text, never empty.
    Text(Arc<str>),
    /// The exact number behind the shortest text of the stored one.
    Number(Decimal),
    /// A number that Excel shows as a date.
    Date(NaiveDate),
    /// An error such as `#REF!`, or a number no decimal can hold.
    Error,
}

/// A cell that should hold a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// Nothing is there, or only a dash.
    #[default]
    Absent,
    /// The number, unrounded, possibly negative.
    Number(Decimal),
    /// Something else is there.
    Unreadable,
}

impl Reading {
    pub(super) fn number(self) -> Option<Decimal> {
        match self {
            Self::Number(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

impl Value {
    /// The text a person sees, without cell formats: a number has no trailing zeros, a date is ISO.
    pub(super) fn text(&self) -> Arc<str> {
        match self {
            Self::Empty | Self::Error => Arc::from(""),
            Self::Text(text) => Arc::clone(text),
            Self::Number(number) => number.normalize().to_string().into(),
            Self::Date(date) => date.to_string().into(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The cell read as an amount.
    pub(super) fn reading(&self) -> Reading {
        match self {
            Self::Empty => Reading::Absent,
            Self::Text(text) if text.chars().all(|c| matches!(c, '-' | '–' | '—')) => Reading::Absent,
            Self::Text(text) => text::amount(text).map_or(Reading::Unreadable, Reading::Number),
            Self::Number(number) if text::has_too_many_digits(*number) => Reading::Unreadable,
            Self::Number(number) => Reading::Number(*number),
            Self::Date(_) | Self::Error => Reading::Unreadable,
        }
    }
}

/// One cell of a [`Grid`].
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cell {
    pub(super) value: Value,
    /// True in all but the first cell of a merged range.
    pub(super) is_copy: bool,
}

/// Longest name of a sheet that messages show; spreadsheets allow no longer one.
const MAX_NAME: usize = 31;

/// The cells of one sheet.
#[derive(Debug, Clone, Default)]
pub(super) struct Grid {
    /// The sheet's name, for messages.
    name: String,
    rows: Vec<Vec<Cell>>,
    columns: usize,
    has_1904_epoch: bool,
    /// Row and column of each formula for which the file holds no value.
    uncomputed: BTreeSet<(usize, usize)>,
}

impl Grid {
    /// The number of the last row that holds anything.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The number of the last column that holds anything.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The cell at `row` and `column`, both from 1; an empty one outside the sheet.
    pub(super) fn cell(&self, row: usize, column: usize) -> &Cell {
        static OUTSIDE: Cell = Cell {
            value: Value::Empty,
            is_copy: false,
        };
        row.checked_sub(1)
            .and_then(|row| self.rows.get(row))
            .zip(column.checked_sub(1))
            .and_then(|(cells, column)| cells.get(column))
            .unwrap_or(&OUTSIDE)
    }

    /// The value at `row` and `column`.
    pub(super) fn value(&self, row: usize, column: usize) -> &Value {
        &self.cell(row, column).value
    }

    /// The cells of a row that hold something, with their columns, each merged range once.
    pub(super) fn filled(&self, row: usize) -> impl Iterator<Item = (usize, &Value)> {
        let cells = row
            .checked_sub(1)
            .and_then(|row| self.rows.get(row))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let numbered = cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| !cell.is_copy && !cell.value.is_empty());
        numbered.map(|(index, cell)| (index.saturating_add(1), &cell.value))
    }

    /// True if no cell of the row holds anything of its own.
    pub(super) fn is_blank(&self, row: usize) -> bool {
        self.filled(row).next().is_none()
    }

    /// True if a merged range that began above or at the left reaches into the row.
    pub(super) fn is_covered(&self, row: usize) -> bool {
        (1..=self.columns).any(|column| self.cell(row, column).is_copy)
    }

    /// The columns of a row with a formula for which the file holds no value. Such a cell is empty otherwise.
    pub(super) fn uncomputed(&self, row: usize) -> impl Iterator<Item = usize> {
        let cells = self.uncomputed.range((row, 0)..(row.saturating_add(1), 0));
        cells.map(|(_, column)| *column)
    }

    /// Notes a formula without a value; both numbers of its place count from 0.
    pub(super) fn note_uncomputed(&mut self, position: (u32, u32)) {
        if let Some((row, column)) = place(position)
            && row < MAX_ROWS
            && column < MAX_COLUMNS
        {
            self.uncomputed
                .insert((row.saturating_add(1), column.saturating_add(1)));
        }
    }

    /// The sheet's name, cut to what a spreadsheet allows.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A cell that should hold a date, read as one: a date cell, a serial number, or text.
    pub(super) fn date(&self, value: &Value) -> Option<NaiveDate> {
        match value {
            Value::Date(date) => text::in_range(*date),
            Value::Number(serial) => serial_date(*serial, self.has_1904_epoch).and_then(text::in_range),
            Value::Text(text) => text::date(text),
            Value::Empty | Value::Error => None,
        }
    }

    /// An empty sheet of this name, of a workbook that counts its days from 1904 or from 1900.
    pub(super) fn new(name: &str, has_1904_epoch: bool) -> Self {
        Self {
            name: text::clean(name).chars().take(MAX_NAME).collect(),
            has_1904_epoch,
            ..Self::default()
        }
    }

    /// Where something was looked for that should stand in the rows 1 to `last_row`.
    pub(super) fn place(&self, last_row: usize) -> String {
        let name = &self.name;
        match last_row.min(self.rows()) {
            0 => format!("sheet \"{name}\", which has no rows above the item table"),
            1 => format!("row 1 of sheet \"{name}\""),
            last => format!("rows 1 to {last} of sheet \"{name}\""),
        }
    }

    /// Puts a value into an empty place; both numbers count from 0 here, as the workbook readers count.
    ///
    /// # Errors
    /// If the place lies beyond the rows and columns that are read.
    pub(super) fn fill(&mut self, position: (u32, u32), value: Value) -> Result<(), &'static str> {
        if value.is_empty() {
            return Ok(());
        }
        match place(position) {
            Some((row, column)) if row < MAX_ROWS && column < MAX_COLUMNS => {
                self.put(
                    row,
                    column,
                    Cell {
                        value,
                        is_copy: false,
                    },
                );
                Ok(())
            }
            _ => Err(TOO_LARGE),
        }
    }

    fn put(&mut self, row: usize, column: usize, cell: Cell) {
        if self.rows.len() <= row {
            self.rows.resize_with(row.saturating_add(1), Vec::new);
        }
        self.columns = self.columns.max(column.saturating_add(1));
        if let Some(cells) = self.rows.get_mut(row) {
            if cells.len() <= column {
                cells.resize_with(column.saturating_add(1), Cell::default);
            }
            if let Some(place) = cells.get_mut(column) {
                *place = cell;
            }
        }
    }

    /// Gives the value of each range's first cell to all of its cells. Ranges are cut at the edge of what is read.
    ///
    /// # Errors
    /// If the ranges cover more cells than any order has.
    pub(super) fn spread(&mut self, ranges: &[Dimensions]) -> Result<(), &'static str> {
        let mut covered = 0_usize;
        for range in ranges {
            let (Some((top, left)), Some((bottom, right))) = (place(range.start), place(range.end)) else {
                continue;
            };
            let (bottom, right) = (
                bottom.min(MAX_ROWS.saturating_sub(1)),
                right.min(MAX_COLUMNS.saturating_sub(1)),
            );
            let value = self.value(top.saturating_add(1), left.saturating_add(1)).clone();
            if value.is_empty() || bottom < top || right < left {
                continue;
            }
            let height = bottom.saturating_sub(top).saturating_add(1);
            covered =
                covered.saturating_add(height.saturating_mul(right.saturating_sub(left).saturating_add(1)));
            if covered > MAX_MERGED {
                return Err("the workbook merges too many cells");
            }
            for row in top..=bottom {
                for column in left..=right {
                    self.put(
                        row,
                        column,
                        Cell {
                            value: value.clone(),
                            is_copy: (row, column) != (top, left),
                        },
                    );
                }
            }
        }
        Ok(())
    }
}

fn place((row, column): (u32, u32)) -> Option<(usize, usize)> {
    Some((usize::try_from(row).ok()?, usize::try_from(column).ok()?))
}

/// The day an Excel serial number stands for. Excel's 1900 system counts a 29 February 1900 that never was.
pub(super) fn serial_date(serial: Decimal, has_1904_epoch: bool) -> Option<NaiveDate> {
    let days = serial.trunc().to_u64()?;
    let (year, month, day) = match (has_1904_epoch, days) {
        (true, _) => (1904, 1, 1),
        (false, 60..) => (1899, 12, 30),
        (false, _) => (1899, 12, 31),
    };
    NaiveDate::from_ymd_opt(year, month, day)?.checked_add_days(Days::new(days))
}

#[cfg(test)]
impl Grid {
    /// A grid for tests: one slice a row, numbers and dates recognised by their form.
    pub(super) fn of(rows: &[&[&str]]) -> Self {
        let mut grid = Self::default();
        for (row, cells) in rows.iter().enumerate() {
            for (column, text) in cells.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                let value = text
                    .parse()
                    .map_or_else(|_| Value::Text((*text).into()), Value::Number);
                grid.put(
                    row,
                    column,
                    Cell {
                        value,
                        is_copy: false,
                    },
                );
            }
        }
        grid
    }

    /// Merges cells of a test grid; rows and columns from 1.
    pub(super) fn merge(mut self, start: (u32, u32), end: (u32, u32)) -> Self {
        let range = Dimensions {
            start: (start.0 - 1, start.1 - 1),
            end: (end.0 - 1, end.1 - 1),
        };
        self.spread(&[range]).unwrap();
        self
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn serial_dates_know_both_epochs() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 22);
        assert_eq!(serial_date(dec!(46044), false), day);
        assert_eq!(serial_date(dec!(46044.75), false), day);
        assert_eq!(serial_date(dec!(44582), true), day);
        assert_eq!(serial_date(dec!(1), false), NaiveDate::from_ymd_opt(1900, 1, 1));
        assert_eq!(serial_date(dec!(-1), false), None);
        assert_eq!(serial_date(dec!(99999999999), false), None);
    }

    #[test]
    fn a_merged_range_gives_its_value_to_each_cell() {
        let grid = Grid::of(&[&["title", ""], &["", "5"]]).merge((1, 1), (2, 3));

        assert_eq!(grid.value(2, 3).text().as_ref(), "title");
        assert!(grid.cell(2, 3).is_copy && !grid.cell(1, 1).is_copy);
        assert_eq!(grid.filled(1).count(), 1);
        assert!(grid.is_blank(2));
        assert!(grid.value(9, 9).is_empty() && grid.value(0, 1).is_empty());
    }
}
