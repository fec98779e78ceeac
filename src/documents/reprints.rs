//! Items that are printed again below titles that are printed again, as on the next sheet of a form.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::grid::Grid;
use super::items::{Sums, TableRows};
use super::remarks::listed;
use super::table_row::Row;

/// The items whose serial number stands above repeated titles, too.
#[derive(Debug, Default)]
pub(super) struct Reprints {
    is_below_titles: bool,
    /// A total or a text stands between the items and the repeated titles, as where a section ends.
    has_sections: bool,
    /// The row in which each serial number stands first.
    first_rows: HashMap<String, usize>,
    /// The items that are equal to the first of their number in all cells, each with its row.
    equal: Vec<(usize, usize)>,
    /// The rows that are not.
    renumbered: Vec<usize>,
}

impl Reprints {
    /// The titles of the table are met again, right below the items or apart from them.
    pub(super) fn repeat_titles(&mut self, is_apart: bool) {
        self.is_below_titles = true;
        self.has_sections |= is_apart;
    }

    /// Takes note of the row of the item at `index`.
    pub(super) fn take(&mut self, row: &Row, index: usize) {
        let Some(serial) = row.serial_text() else { return };
        let Some(first) = self.first_rows.get(&serial) else {
            self.first_rows.insert(serial, row.number);
            return;
        };
        if !self.is_below_titles {
            return;
        }
        if is_equal(row.grid, *first, row.number) {
            self.equal.push((index, row.number));
        } else {
            self.renumbered.push(row.number);
        }
    }

    /// Drops what is printed twice, unless it may be of two sections or the totals count it twice.
    pub(super) fn drop_from(self, rows: &mut TableRows, totals: &[Decimal]) {
        if !self.renumbered.is_empty() {
            rows.warnings.push(format!(
                "{}: a number from above the repeated titles comes again with other figures; read as a line of its own",
                named(&self.renumbered)
            ));
        }
        let is_equal = |index: usize| {
            self.equal
                .binary_search_by_key(&index, |(equal, _)| *equal)
                .is_ok()
        };
        let mut all = Sums::default();
        rows.items.iter().for_each(|item| all.add(item));
        let printed: Vec<usize> = self.equal.iter().map(|(_, row)| *row).collect();
        if printed.is_empty() {
            return;
        }
        // The last total less the taxes above it is the sum of the items.
        let last = totals.last().map(|last| {
            let others = totals
                .iter()
                .fold(Decimal::ZERO, |sum, total| sum.saturating_add(*total));
            last.saturating_sub(others.saturating_sub(*last))
        });
        let states = |sums: Sums| totals.iter().chain(&last).any(|total| sums.agree(*total));
        if states(all) || self.has_sections {
            rows.warnings.push(format!(
                "{}: equal to rows above the repeated titles; read as lines of their own",
                named(&printed)
            ));
            return;
        }
        let mut index = 0_usize;
        rows.items.retain(|_| {
            let is_kept = !is_equal(index);
            index = index.saturating_add(1);
            is_kept
        });
        for total in &mut rows.totals.passed {
            let above = self.equal.iter().filter(|(equal, _)| *equal < total.items_above);
            total.items_above = total.items_above.saturating_sub(above.count());
        }
        rows.warnings.push(format!(
            "{}: printed again below repeated titles, equal in all cells; taken once",
            named(&printed)
        ));
    }
}

fn is_equal(grid: &Grid, one: usize, other: usize) -> bool {
    grid.filled(one).eq(grid.filled(other))
}

fn named(rows: &[usize]) -> String {
    let word = if rows.len() == 1 { "Row" } else { "Rows" };
    format!("{word} {}", listed(rows))
}
