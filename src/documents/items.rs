//! The rows of an item table, cut into items: which row starts one, which continues one, where the table ends.
//!
//! Nothing is reckoned here; [`super::lines`] makes figures of the cells.

use rust_decimal::{Decimal, dec};

use super::discounts::Discount;
use super::grid::{Grid, Reading};
use super::model::ParseFailure;
use super::remarks::Remarks;
use super::reprints::Reprints;
use super::table::Table;
use super::table_row::Row;
use super::text::round_money;
use super::total_labels::Figure;

const MAX_ITEMS: usize = 5_000;
const MAX_DESCRIPTION: usize = 2_000;
const BLANK_ROWS_AT_END: usize = 5;
/// A total and the items that it is of agree if they differ by at most this much.
const TOLERANCE: Decimal = dec!(1.00);

/// What makes a row an item when it has no serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Proforma invoice: any one figure; a serial number alone suffices too.
    Proforma,
    /// Bajaj order: any one figure. A serial number makes an item of a row whose figures cannot be read.
    Bajaj,
}

/// A tax rate cell: a number of unknown meaning, or one with a percent sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RateReading {
    /// The sum of the columns, where each that is filled holds a number.
    pub(super) value: Option<Decimal>,
    /// True if every number carries a percent sign.
    pub(super) is_percent: bool,
}

/// The cells of one item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) serial: Option<String>,
    pub(super) description: String,
    pub(super) hsn: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) quantity: Reading,
    pub(super) rate: Reading,
    pub(super) total: Reading,
    /// What is taken off quantity times rate.
    pub(super) discounts: Vec<Discount>,
    pub(super) tax_rate: RateReading,
    /// What is printed as a tax rate, but is none.
    pub(super) odd_tax_rate: Option<String>,
    pub(super) tax_amount: Reading,
    pub(super) total_with_gst: Reading,
    /// A dash stands where the amount with tax should.
    pub(super) lacks_gross: bool,
}

/// The items of a table.
#[derive(Debug, Default)]
pub(super) struct TableRows {
    pub(super) items: Vec<Item>,
    pub(super) totals: TotalRows,
    /// Rows that are no items and may change the total: a label with one amount below the items, or a deduction.
    pub(super) loose: Vec<usize>,
    pub(super) warnings: Vec<String>,
}

/// Where the totals of a table stand.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TotalRows {
    /// Those between the items.
    pub(super) passed: Vec<PassedTotal>,
    /// The row at which the table ends: the first total below the last item, or the first row after the table.
    pub(super) end_row: usize,
}

/// A row of totals that is followed by more items.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PassedTotal {
    pub(super) row: usize,
    /// How many items stand above it.
    pub(super) items_above: usize,
}

/// Reads the rows below a table's titles.
///
/// # Errors
/// If there are more items than any order has.
pub(super) fn read(grid: &Grid, table: &Table, style: Style) -> Result<TableRows, ParseFailure> {
    let mut reader = Reader {
        style,
        rows: TableRows {
            warnings: table.warnings.clone(),
            ..TableRows::default()
        },
        blank_rows: 0,
        is_after_gap: false,
        below: BelowItem::Nothing,
        gap_row: None,
        totals: Vec::new(),
        unread: Vec::new(),
        sums: Vec::new(),
        reprints: Reprints::default(),
        uncomputed: Remarks::default(),
        last_serial: None,
        all: Sums::default(),
        section: Sums::default(),
    };
    for number in table.first_row..=grid.rows() {
        let row = Row {
            grid,
            number,
            columns: &table.columns,
        };
        if grid.is_blank(number) {
            // What a title or an item covers is a part of it.
            reader.take_blank(number, grid.is_covered(number));
            continue;
        }
        reader.is_after_gap = reader.blank_rows > 0;
        reader.blank_rows = 0;
        if row.repeats_titles(table.header_row) {
            reader
                .reprints
                .repeat_titles(!reader.totals.is_empty() || reader.below != BelowItem::Nothing);
        } else if style == Style::Proforma && row.is_heading() {
            let text = row.continuation();
            reader.rows.warnings.push(format!(
                "Row {number}: \"{text}\" has no figures; it is read as the heading of the rows below it"
            ));
            reader.below = BelowItem::Heading;
        } else if reader.is_note(&row) {
            let text = row.continuation();
            reader.rows.warnings.push(format!(
                "Row {number}: \"{text}\" has a number, but no figures; it is not read as an item"
            ));
            reader.below = BelowItem::Notes;
        } else if !row.is_only_numbered() && !row.numbers_columns() {
            reader.take(&row)?;
        }
    }
    Ok(reader.finish(grid.rows()))
}

/// The sums of items, as far as their cells tell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    quantity: Decimal,
    taxable: Decimal,
    gross: Decimal,
}

impl Sums {
    pub(super) fn add(&mut self, item: &Item) {
        let product = || item.quantity.number()?.checked_mul(item.rate.number()?);
        self.quantity = self
            .quantity
            .saturating_add(item.quantity.number().unwrap_or_default());
        let taxable = item.total.number().or_else(product).map(round_money);
        let tax = item.tax_amount.number().unwrap_or_default();
        let with_tax = || Some(taxable?.saturating_add(tax));
        let gross = item.total_with_gst.number().or_else(with_tax);
        self.taxable = self.taxable.saturating_add(taxable.unwrap_or_default());
        self.gross = self.gross.saturating_add(gross.unwrap_or_default());
    }

    pub(super) fn agree(self, value: Decimal) -> bool {
        [self.taxable, self.gross]
            .iter()
            .any(|sum| sum.saturating_sub(value).abs() <= TOLERANCE)
    }
}

/// A total below the items read so far, of which it is not known yet whether more follow.
struct Below {
    row: usize,
    /// Tax, a grand total or the terms: with it the document's own totals begin, and what follows is rarely an item.
    is_final: bool,
    remark: Option<String>,
}

/// What was met below the last item, besides totals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BelowItem {
    Nothing,
    /// More of its description.
    Text,
    /// The heading of items that follow; a text below it is no part of the item above.
    Heading,
    /// Numbered notes.
    Notes,
}

struct Reader {
    style: Style,
    rows: TableRows,
    blank_rows: usize,
    /// The row above is blank.
    is_after_gap: bool,
    below: BelowItem,
    /// The last row of the first gap that ends a table.
    gap_row: Option<usize>,
    totals: Vec<Below>,
    /// Rows below the end that look like items.
    unread: Vec<usize>,
    /// The last number of each row of totals.
    sums: Vec<Decimal>,
    reprints: Reprints,
    /// On formulas without a value.
    uncomputed: Remarks,
    last_serial: Option<u64>,
    all: Sums,
    /// Since the last total.
    section: Sums,
}

impl Reader {
    fn take_blank(&mut self, row: usize, is_covered: bool) {
        self.blank_rows = self.blank_rows.saturating_add(usize::from(!is_covered));
        if self.blank_rows == BLANK_ROWS_AT_END {
            self.gap_row.get_or_insert(row);
        }
    }

    fn take(&mut self, row: &Row) -> Result<(), ParseFailure> {
        let is_numbered = row.has_serial();
        if !is_numbered && row.is_forward() {
            self.check_forward(row);
            return Ok(());
        }
        if !is_numbered && (row.is_total() || self.is_bare_total(row)) {
            self.take_total(row);
            return Ok(());
        }
        if !is_numbered && row.is_closing() {
            // What stands below is no part of the last item, though no total parts them.
            self.totals.push(Below {
                row: row.number,
                is_final: true,
                remark: None,
            });
            return Ok(());
        }
        let is_below = !self.totals.is_empty() || self.gap_row.is_some();
        if is_below && !self.is_item_below(row) {
            if row.is_lone_amount() {
                self.rows.loose.push(row.number);
            } else if row.is_whole_item() || row.is_described() && row.has_amount() {
                self.unread.push(row.number);
            }
        } else if row.starts_item(self.style) {
            return self.push(row);
        } else if !is_below
            && matches!(self.below, BelowItem::Nothing | BelowItem::Text)
            && let Some(item) = self.rows.items.last_mut()
        {
            continue_description(item, &row.continuation());
            self.below = BelowItem::Text;
        }
        Ok(())
    }

    /// True for a numbered text that is apart from the items and begins with their numbers anew, and for those that follow.
    fn is_note(&self, row: &Row) -> bool {
        let begins_anew = || {
            row.serial()
                .zip(self.last_serial)
                .is_some_and(|(serial, last)| serial <= last)
        };
        row.is_bare_number() && (self.below == BelowItem::Notes || self.is_after_gap && begins_anew())
    }

    /// True if a row that looks like an item is one, though totals or blank rows stand above it.
    fn is_item_below(&self, row: &Row) -> bool {
        if self.gap_row.is_some() && self.style == Style::Proforma {
            return false;
        }
        if row.is_whole_item() {
            return true;
        }
        if !row.has_serial() {
            return self.totals.is_empty() && row.starts_item(self.style);
        }
        // Below the document's own totals stand lists of taxes and terms; an item goes on with the numbers.
        let goes_on = self
            .last_serial
            .is_none_or(|last| row.serial().is_some_and(|serial| serial > last));
        let is_final = self.totals.iter().any(|total| total.is_final);
        if is_final {
            goes_on && row.is_described() && row.has_amount()
        } else {
            row.starts_item(Style::Bajaj) && (goes_on || row.has_amount())
        }
    }

    fn push(&mut self, row: &Row) -> Result<(), ParseFailure> {
        if self.rows.items.len() == MAX_ITEMS {
            return Err(ParseFailure::unreadable(format!(
                "the document has more than {MAX_ITEMS} items"
            )));
        }
        let items_above = self.rows.items.len();
        if self.totals.iter().any(|total| total.is_final) {
            self.rows.warnings.push(format!(
                "Row {}: an item below the end of the table is read as a line",
                row.number
            ));
        }
        for total in self.totals.drain(..) {
            self.section = Sums::default();
            self.rows.warnings.extend(total.remark);
            self.rows.totals.passed.push(PassedTotal {
                row: total.row,
                items_above,
            });
        }
        self.gap_row = None;
        self.below = BelowItem::Nothing;
        let mut item = row.item();
        if self.style == Style::Proforma && row.is_charge() {
            item.quantity = Reading::Number(Decimal::ONE);
            self.rows.warnings.push(format!(
                "Row {}: \"{}\" has no quantity; it is read as a line of 1",
                row.number, item.description
            ));
        }
        for figure in row.uncomputed_figures() {
            let remark = format!("the {figure} is a formula without a stored value; it is not known");
            self.uncomputed.note(items_above, remark);
        }
        self.rows.warnings.extend(row.odd_unit());
        self.reprints.take(row, items_above);
        self.last_serial = row.serial().or(self.last_serial);
        self.all.add(&item);
        self.section.add(&item);
        self.rows.items.push(item);
        Ok(())
    }

    fn take_total(&mut self, row: &Row) {
        let number = row.number;
        let figures: Vec<Figure> = row.total_figures().collect();
        if row.is_deduction() {
            self.rows.loose.push(number);
        }
        let is_of_section = figures.is_empty() && !row.bare_sums().is_empty()
            || figures.iter().any(|figure| figure.may_be_of_section());
        let has_tax = self.totals.iter().any(|total| total.is_final);
        let value = row.numbers().last().copied();
        self.sums.extend(value);
        let remark = value.filter(|_| is_of_section && !self.rows.items.is_empty()).map(|value| {
            if has_tax || self.agrees(value) {
                format!("Row {number}: a total between the items is passed over")
            } else {
                format!(
                    "Row {number}: the total of {} between the items is not the sum of those above it, {:.2}",
                    value.normalize(),
                    self.section.taxable
                )
            }
        });
        self.totals.push(Below {
            row: number,
            is_final: figures.iter().any(|figure| !figure.may_be_of_section()),
            remark,
        });
    }

    /// True if a value is the sum of all items so far, or of those since the last total.
    fn agrees(&self, value: Decimal) -> bool {
        !self.rows.items.is_empty() && (self.section.agree(value) || self.all.agree(value))
    }

    /// True for the sums of the columns above without a label.
    fn is_bare_total(&self, row: &Row) -> bool {
        let quantity = row.quantity();
        let is_sum = |quantity| [self.section.quantity, self.all.quantity].contains(&quantity);
        quantity.is_none_or(is_sum) && row.bare_sums().into_iter().any(|sum| self.agrees(sum))
    }

    fn check_forward(&mut self, row: &Row) {
        let numbers = row.numbers();
        if !numbers.is_empty() && !numbers.iter().any(|value| self.agrees(*value)) {
            self.rows.warnings.push(format!(
                "Row {}: what is carried forward is not the sum of the items above it, {:.2}",
                row.number, self.all.taxable
            ));
        }
    }

    fn finish(self, last_row: usize) -> TableRows {
        let mut rows = self.rows;
        rows.warnings.extend(self.uncomputed.into_warnings());
        self.reprints.drop_from(&mut rows, &self.sums);
        let end = self.totals.first().map(|total| total.row);
        let after = last_row.saturating_add(1);
        rows.totals.end_row = end.into_iter().chain(self.gap_row).min().unwrap_or(after);
        if let Some(first) = self.unread.first() {
            rows.warnings.push(match self.unread.len() {
                1 => format!("Row {first} looks like an item, but stands below the table; it is not read"),
                count => format!(
                    "{count} rows from row {first} on look like items, but stand below the table; they are not read"
                ),
            });
        }
        for (index, item) in rows.items.iter_mut().enumerate() {
            if item.description.chars().count() > MAX_DESCRIPTION {
                item.description = item.description.chars().take(MAX_DESCRIPTION).collect();
                let line = index.saturating_add(1);
                rows.warnings.push(format!(
                    "Line {line}: the description is cut to {MAX_DESCRIPTION} characters"
                ));
            }
        }
        rows
    }
}

fn continue_description(item: &mut Item, text: &str) {
    // A text that is beyond its limit already is not let grow with the sheet.
    if text.is_empty() || item.description.len() > MAX_DESCRIPTION.saturating_mul(4) {
        return;
    }
    if !item.description.is_empty() {
        item.description.push(' ');
    }
    item.description.push_str(text);
}

#[cfg(test)]
mod tests;
