//! The rows of an item table, cut into items: which row starts one, which continues one, where the table ends.
//!
//! Nothing is reckoned here; [`super::lines`] makes figures of the cells.

use super::grid::{Grid, Reading, Value};
use super::labels::Words;
use super::model::ParseFailure;
use super::table::{Columns, Table};
use super::text;

const MAX_ITEMS: usize = 5_000;
const MAX_DESCRIPTION: usize = 2_000;
const BLANK_ROWS_AT_END: usize = 5;

/// What makes a row an item when it has no serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Proforma invoice: a description and any one figure; a serial number alone suffices too.
    Proforma,
    /// Bajaj order: a description and an amount, or what gives one.
    Bajaj,
}

/// A tax rate cell: a number of unknown meaning, or one with a percent sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RateReading {
    /// The sum of the columns, where each that is filled holds a number.
    pub(super) value: Option<rust_decimal::Decimal>,
    /// True if every number carries a percent sign.
    pub(super) is_percent: bool,
}

/// The cells of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) serial: Option<String>,
    pub(super) description: String,
    pub(super) hsn: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) quantity: Reading,
    pub(super) rate: Reading,
    pub(super) total: Reading,
    pub(super) tax_rate: RateReading,
    pub(super) tax_amount: Reading,
    pub(super) total_with_gst: Reading,
}

/// The items of a table.
#[derive(Debug, Default)]
pub(super) struct TableRows {
    pub(super) items: Vec<Item>,
    /// The row at which the table ends: its total row, or the first row after it.
    pub(super) end_row: usize,
    pub(super) warnings: Vec<String>,
}

/// Reads the rows below a table's titles.
///
/// # Errors
/// If there are more items than any order has.
pub(super) fn read(grid: &Grid, table: &Table, style: Style) -> Result<TableRows, ParseFailure> {
    let mut reading = TableRows {
        end_row: grid.rows().saturating_add(1),
        ..TableRows::default()
    };
    let mut blank_rows = 0_usize;
    for row in table.first_row..=grid.rows() {
        if grid.is_blank(row) {
            // What a title or an item covers is a part of it.
            blank_rows = blank_rows.saturating_add(usize::from(!grid.is_covered(row)));
            if blank_rows == BLANK_ROWS_AT_END {
                reading.end_row = row;
                break;
            }
            continue;
        }
        blank_rows = 0;
        let cells = Row {
            grid,
            number: row,
            columns: &table.columns,
        };
        if cells.repeats_titles(table.header_row) || cells.is_only_numbered() {
            continue;
        }
        if !cells.has_serial() && cells.is_total() {
            if cells.is_subtotal() && is_followed_by_item(grid, table, row) {
                reading
                    .warnings
                    .push(format!("Row {row}: a subtotal between the items is passed over"));
                continue;
            }
            reading.end_row = row;
            break;
        }
        if cells.starts_item(style) {
            if reading.items.len() == MAX_ITEMS {
                return Err(ParseFailure::unreadable(format!(
                    "the document has more than {MAX_ITEMS} items"
                )));
            }
            reading.items.push(cells.item());
        } else if let Some(item) = reading.items.last_mut() {
            continue_description(item, &cells.continuation());
        }
    }
    for (index, item) in reading.items.iter_mut().enumerate() {
        if item.description.chars().count() > MAX_DESCRIPTION {
            item.description = item.description.chars().take(MAX_DESCRIPTION).collect();
            let line = index.saturating_add(1);
            reading.warnings.push(format!(
                "Line {line}: the description is cut to {MAX_DESCRIPTION} characters"
            ));
        }
    }
    Ok(reading)
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

/// True if the rows after a subtotal lead to a numbered item before any other total, so that the table goes on.
fn is_followed_by_item(grid: &Grid, table: &Table, subtotal_row: usize) -> bool {
    let rows = (subtotal_row.saturating_add(1)..=grid.rows()).map(|row| Row {
        grid,
        number: row,
        columns: &table.columns,
    });
    let mut blank_rows = 0_usize;
    for cells in rows {
        if grid.is_blank(cells.number) {
            blank_rows = blank_rows.saturating_add(usize::from(!grid.is_covered(cells.number)));
            if blank_rows == BLANK_ROWS_AT_END {
                return false;
            }
            continue;
        }
        blank_rows = 0;
        if cells.has_serial() {
            return cells.starts_item(Style::Bajaj);
        }
        if cells.is_total() {
            return false;
        }
    }
    false
}

/// One row of the table.
struct Row<'a> {
    grid: &'a Grid,
    number: usize,
    columns: &'a Columns,
}

impl Row<'_> {
    fn value(&self, column: Option<usize>) -> &Value {
        self.grid.value(self.number, column.unwrap_or(0))
    }

    /// The value of a cell that is not a copy of another: what a merged range says in each of its rows is said once.
    fn own(&self, column: Option<usize>) -> &Value {
        let cell = self.grid.cell(self.number, column.unwrap_or(0));
        if cell.is_copy { &Value::Empty } else { &cell.value }
    }

    fn text(&self, column: Option<usize>) -> Option<String> {
        let text = self.value(column).text();
        (!text.chars().all(|c| matches!(c, '-' | '–' | '—'))).then(|| text.to_string())
    }

    fn has_serial(&self) -> bool {
        match self.own(self.columns.serial) {
            Value::Number(number) => !number.is_sign_negative(),
            Value::Text(text) => {
                let bare = text.trim_end_matches(['.', ')']);
                bare.split('.')
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            }
            _ => false,
        }
    }

    fn has_description(&self) -> bool {
        matches!(self.value(self.columns.description), Value::Text(_))
    }

    fn has_number(&self, column: Option<usize>) -> bool {
        self.own(column).reading().number().is_some()
    }

    fn repeats_titles(&self, header_row: usize) -> bool {
        let titles = |column: Option<usize>| self.grid.value(header_row, column.unwrap_or(0));
        let same = |column: Option<usize>| column.is_some() && self.own(column) == titles(column);
        let figures = [self.columns.quantity, self.columns.rate, self.columns.total];
        same(self.columns.description) && figures.into_iter().any(same)
    }

    /// True for a prepared row of a form that was left blank.
    fn is_only_numbered(&self) -> bool {
        self.has_serial() && self.grid.filled(self.number).count() == 1
    }

    fn starts_item(&self, style: Style) -> bool {
        let columns = self.columns;
        match style {
            Style::Proforma => {
                let figures = [
                    columns.quantity,
                    columns.rate,
                    columns.total,
                    columns.total_with_gst,
                ];
                self.has_serial()
                    || self.has_description() && figures.into_iter().any(|column| self.has_number(column))
            }
            Style::Bajaj => {
                let has_amount = self.has_number(columns.total) || self.has_number(columns.total_with_gst);
                let has_factors = self.has_number(columns.quantity) && self.has_number(columns.rate);
                // A serial number with a garbled amount is an item that cannot be read, not a remark.
                let is_garbled =
                    self.has_serial() && self.own(columns.total).reading() == Reading::Unreadable;
                self.has_description() && (has_amount || has_factors || is_garbled)
            }
        }
    }

    /// The words of each text of the row, as far as they could be a total's label.
    fn labels(&self) -> impl Iterator<Item = Words> {
        let texts = self
            .grid
            .filled(self.number)
            .filter_map(|(_, value)| match value {
                Value::Text(text) => Some(text),
                _ => None,
            });
        texts.map(|text| Words::of(text))
    }

    /// True for a row of totals: a text that begins as totals do, and a number; or such a text that says nothing else.
    fn is_total(&self) -> bool {
        let has_number = self
            .grid
            .filled(self.number)
            .any(|(_, value)| value.reading().number().is_some());
        self.labels()
            .any(|words| starts_as_total(&words) && (has_number || says_only_total(&words)))
    }

    fn is_subtotal(&self) -> bool {
        self.labels()
            .any(|words| words.start_with(&["SUB", "TOTAL"]) || words.start_with(&["SUBTOTAL"]))
    }

    fn item(&self) -> Item {
        let columns = self.columns;
        Item {
            serial: self.text(columns.serial),
            description: self.value(columns.description).text().to_string(),
            hsn: self.text(columns.hsn),
            unit: self.text(columns.unit),
            quantity: self.value(columns.quantity).reading(),
            rate: self.value(columns.rate).reading(),
            // An amount that spans several items is not the amount of each.
            total: self.own(columns.total).reading(),
            tax_rate: self.tax_rate(),
            tax_amount: self.tax_amount(),
            total_with_gst: self.own(columns.total_with_gst).reading(),
        }
    }

    fn tax_rate(&self) -> RateReading {
        let mut reading = RateReading {
            value: None,
            is_percent: true,
        };
        for column in &self.columns.tax_rate {
            let value = self.value(Some(*column));
            let (number, is_percent) = match value {
                Value::Text(text) => {
                    let bare = text.strip_suffix('%');
                    (text::amount(bare.unwrap_or(text)), bare.is_some())
                }
                other => (other.reading().number(), false),
            };
            if let Some(number) = number {
                reading.value = Some(reading.value.unwrap_or_default().saturating_add(number));
                reading.is_percent &= is_percent;
            }
        }
        reading
    }

    fn tax_amount(&self) -> Reading {
        let mut sum = Reading::Absent;
        for column in &self.columns.tax_amount {
            sum = match (sum, self.own(Some(*column)).reading()) {
                (Reading::Unreadable, _) | (_, Reading::Unreadable) => Reading::Unreadable,
                (sum, Reading::Absent) => sum,
                (Reading::Absent, number) => number,
                (Reading::Number(sum), Reading::Number(number)) => {
                    Reading::Number(sum.saturating_add(number))
                }
            };
        }
        sum
    }

    /// What the row adds to the description of the item above it: the description cell, else the first text.
    fn continuation(&self) -> String {
        if let Value::Text(text) = self.own(self.columns.description) {
            return text.to_string();
        }
        let mut texts = self
            .grid
            .filled(self.number)
            .filter_map(|(_, value)| match value {
                Value::Text(text) if value.reading() == Reading::Unreadable => Some(text.to_string()),
                _ => None,
            });
        texts.next().unwrap_or_default()
    }
}

/// True if a text begins as the label of a total does.
pub(super) fn starts_as_total(words: &Words) -> bool {
    const SINGLE: &[&str] = &["TOTAL", "SUBTOTAL", "CGST", "SGST", "IGST", "UTGST"];
    const DOUBLE: &[&[&str]] = &[
        &["SUB", "TOTAL"],
        &["GRAND", "TOTAL"],
        &["NET", "TOTAL"],
        &["NET", "PAYABLE"],
        &["AMOUNT", "DUE"],
        &["PI", "TOTAL"],
        &["ROUND", "OFF"],
    ];
    SINGLE.iter().any(|word| words.start_with(&[*word]))
        || DOUBLE.iter().any(|label| words.start_with(label))
        || is_tax_label(words)
}

/// True for `GST`, `Tax` and the like with a rate, and for nothing that could be goods.
pub(super) fn is_tax_label(words: &Words) -> bool {
    const TAX: &[&str] = &["GST", "TAX", "TAXES"];
    const BESIDES: &[&str] = &[
        "ADD", "AMOUNT", "AMT", "AT", "PLUS", "RATE", "RS", "INR", "TOTAL", "ON", "THE", "%",
    ];
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_rated = |word: &str| word.strip_prefix("GST").is_some_and(is_number);
    words.iter().any(|word| TAX.contains(&word) || is_rated(word))
        && words
            .iter()
            .all(|word| TAX.contains(&word) || BESIDES.contains(&word) || is_number(word) || is_rated(word))
}

fn says_only_total(words: &Words) -> bool {
    words.are_among(&[
        "TOTAL", "SUB", "SUBTOTAL", "GRAND", "NET", "PI", "AMOUNT", "PAYABLE", "DUE", "CGST", "SGST", "IGST",
        "UTGST", "GST", "TAX", "%", "RS", "INR",
    ])
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::documents::table;

    const TITLES: &[&str] = &["Sr", "Description", "Unit", "Qty", "Rate", "Amount"];

    fn proforma(rows: &[&[&str]]) -> TableRows {
        let rows: Vec<&[&str]> = std::iter::once(TITLES).chain(rows.iter().copied()).collect();
        of(&Grid::of(&rows), Style::Proforma)
    }

    fn of(grid: &Grid, style: Style) -> TableRows {
        read(grid, &table::find_proforma(grid).unwrap(), style).unwrap()
    }

    fn descriptions(items: &TableRows) -> Vec<&str> {
        items.items.iter().map(|item| item.description.as_str()).collect()
    }

    #[test]
    fn rows_start_continue_and_end() {
        let items = proforma(&[
            &["", "CIVIL WORKS"],
            &["1", "Brick wall", "SQM", "10", "50", "500"],
            &["", "with plaster"],
            &["", "", "and paint"],
            &[],
            &["2.", "Door", "", "", "", ""],
            &["", "Handle", "NOS", "2", "", ""],
            &["4)", "Total station survey", "JOB", "1", "900", "900"],
            &["", "Total", "", "", "", "1,400.00"],
            &["5", "Never an item", "NOS", "1", "1", "1"],
        ]);

        assert_eq!(
            descriptions(&items),
            [
                "Brick wall with plaster and paint",
                "Door",
                "Handle",
                "Total station survey"
            ]
        );
        assert_eq!(items.items[0].quantity, Reading::Number(dec!(10)));
        assert_eq!(items.items[0].unit.as_deref(), Some("SQM"));
        assert_eq!(items.items[1].total, Reading::Absent);
        assert_eq!(items.end_row, 10);
    }

    #[test]
    fn five_blank_rows_end_the_table() {
        let row: &[&str] = &["1", "Chair", "NOS", "1", "5", "5"];
        let items = proforma(&[row, &[], &[], &[], &[], row, &[], &[], &[], &[], &[], row]);

        assert_eq!((items.items.len(), items.end_row), (2, 12));
    }

    #[test]
    fn rows_that_a_cell_above_covers_are_not_blank() {
        let row: &[&str] = &["1", "Chair", "NOS", "1", "5", "5"];
        let grid = Grid::of(&[
            TITLES,
            &[],
            row,
            &[],
            &[],
            &[],
            &[],
            &[],
            row,
            &[],
            &[],
            &[],
            &[],
            row,
        ]);
        let merged = grid.merge((1, 2), (2, 2)).merge((3, 2), (8, 2));

        assert_eq!(of(&merged, Style::Proforma).items.len(), 3);
    }

    #[test]
    fn a_subtotal_between_numbered_items_is_passed_over_and_told() {
        let items = proforma(&[
            &["1", "Chair", "NOS", "1", "5", "5"],
            &["", "Sub Total", "", "", "", "5"],
            &["", "FURNITURE"],
            &["2", "Table", "NOS", "1", "7", "7"],
            &["", "Sub Total", "", "", "", "12"],
            &["", "CGST 9%", "", "", "", "1.08"],
            &["1", "9403", "", "12", "9", "1.08"],
        ]);

        assert_eq!(descriptions(&items), ["Chair FURNITURE", "Table"]);
        assert_eq!((items.end_row, items.warnings.len()), (6, 1));
    }

    #[test]
    fn blank_forms_and_repeated_titles_are_no_items() {
        let items = proforma(&[
            &["1", "Chair", "NOS", "1", "5", "5"],
            TITLES,
            &["2", "Table", "NOS", "1", "7", "7"],
            &["3"],
            &["4"],
            &["", "GST 18%", "", "", "", "2.16"],
        ]);

        assert_eq!(descriptions(&items), ["Chair", "Table"]);
        assert_eq!(items.end_row, 7);
    }

    #[test]
    fn a_merged_cell_starts_no_second_item() {
        let grid = Grid::of(&[
            TITLES,
            &["1", "Wall", "SQM", "10", "50", "500"],
            &["", "second line", "", "", "", ""],
            &["2", "Door", "NOS", "1", "5", "5"],
        ]);
        let grid = [1, 3, 4, 5, 6]
            .into_iter()
            .fold(grid, |grid, column| grid.merge((2, column), (3, column)));

        assert_eq!(
            descriptions(&of(&grid, Style::Proforma)),
            ["Wall second line", "Door"]
        );
    }

    #[test]
    fn an_amount_over_several_items_counts_once() {
        let grid = Grid::of(&[
            TITLES,
            &["1", "Wall", "SQM", "10", "", "500"],
            &["2", "Door", "NOS", "1", "", ""],
        ]);
        let items = of(&grid.merge((2, 6), (3, 6)), Style::Proforma).items;

        assert_eq!(
            (items[0].total, items[1].total),
            (Reading::Number(dec!(500)), Reading::Absent)
        );
    }

    #[test]
    fn a_bajaj_row_without_figures_is_a_remark() {
        let grid = Grid::of(&[
            TITLES,
            &["1", "Cabling", "MTR", "10", "5", "50"],
            &["2", "as per drawing", "", "", "", ""],
            &["", "Labour", "", "", "", "70"],
            &["3", "Garbled", "", "1", "", "12O0"],
            &["", "Grand Total", "", "", "", "120"],
        ]);

        assert_eq!(
            descriptions(&of(&grid, Style::Bajaj)),
            ["Cabling as per drawing", "Labour", "Garbled"]
        );
    }

    #[test]
    fn long_descriptions_are_cut_and_more_items_than_allowed_are_refused() {
        let long = "x".repeat(3_000);
        let items = proforma(&[&["1", &long, "NOS", "1", "5", "5"], &["", &long]]);
        assert_eq!(
            (items.items[0].description.len(), items.warnings.len()),
            (MAX_DESCRIPTION, 1)
        );

        let row: &[&str] = &["1", "Chair", "NOS", "1", "5", "5"];
        let rows: Vec<&[&str]> = std::iter::once(TITLES)
            .chain(std::iter::repeat_n(row, MAX_ITEMS + 1))
            .collect();
        let grid = Grid::of(&rows);
        assert!(read(&grid, &table::find_proforma(&grid).unwrap(), Style::Proforma).is_err());
    }
}
