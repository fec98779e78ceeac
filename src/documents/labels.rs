//! Labels on a sheet and the values that belong to them.
//!
//! A label is a cell whose text, up to a colon, consists of words that purchase orders and invoices use for labels and of
//! nothing else; so `Vendor Name` is one and a company called Vendor Tools is not. Words match whole: `PI` is not in
//! `SHIPPING`.

use super::grid::{Grid, Value};
use super::text;

/// How far to the right of a label its value may stand.
const REACH: usize = 4;
/// A label has at most this many words.
const MAX_WORDS: usize = 8;

/// Words that make a text a label.
const KEYS: &[&str] = &[
    "ADD",
    "ADDR",
    "ADDRESS",
    "BILL",
    "BILLED",
    "BILLING",
    "BRANCH",
    "BUYER",
    "BUYERS",
    "CIN",
    "CLIENT",
    "CLIENTS",
    "CODE",
    "CONSIGNEE",
    "CONTACT",
    "CUSTOMER",
    "DATE",
    "DATED",
    "DELIVER",
    "DELIVERY",
    "DUE",
    "EMAIL",
    "FAX",
    "GST",
    "GSTIN",
    "INVOICE",
    "LOCATION",
    "MOBILE",
    "NAME",
    "ORDER",
    "OUTLET",
    "PAN",
    "PAYMENT",
    "PHONE",
    "PI",
    "PIN",
    "PINCODE",
    "PLACE",
    "PO",
    "PROFORMA",
    "PURCHASE",
    "REF",
    "REFERENCE",
    "SHIP",
    "SHIPPED",
    "SHIPPING",
    "SITE",
    "STATE",
    "STORE",
    "SUPPLIER",
    "SUPPLIERS",
    "TAX",
    "TERMS",
    "UIN",
    "VALIDITY",
    "VENDOR",
    "VENDORS",
];
/// Words that labels hold besides.
const FILLERS: &[&str] = &[
    "#", "AND", "ATTN", "BY", "CO", "COMPANY", "DETAIL", "DETAILS", "FOR", "FROM", "ID", "KIND", "MS", "NO",
    "NOS", "NUMBER", "OF", "OUR", "PARTY", "PERSON", "SUPPLY", "THE", "TO", "VALID", "YOUR",
];

/// The words of a text, upper-case; see [`text::words`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(text: &str) -> Self {
        Self(text::words(text))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.iter().any(|own| own == word)
    }

    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        self.iter().any(|own| words.contains(&own))
    }

    /// True if there is a word, and none but these.
    pub(super) fn are_among(&self, words: &[&str]) -> bool {
        !self.0.is_empty() && self.iter().all(|own| words.contains(&own))
    }

    pub(super) fn are(&self, words: &[&str]) -> bool {
        self.iter().eq(words.iter().copied())
    }

    pub(super) fn start_with(&self, words: &[&str]) -> bool {
        self.0.len() >= words.len() && self.iter().zip(words).all(|(own, word)| own == *word)
    }

    pub(super) fn has_prefix(&self, prefix: &str) -> bool {
        self.iter().any(|own| own.starts_with(prefix))
    }
}

/// A cell that names what another cell holds.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) words: Words,
    /// What follows the colon in the same cell.
    inline: Option<String>,
}

impl Label {
    /// A cell of label words and nothing else, up to a colon or dash.
    pub(super) fn at(row: usize, column: usize, text: &str) -> Option<Self> {
        let (head, rest) = text.split_once(':').unwrap_or((text, ""));
        Self::of_words(row, column, head, rest).or_else(|| {
            // "PO No - 4500000001": a dash may stand for the colon, but "Vendor - Address" is one label.
            let (head, rest) = text.split_once([" - ", " – "].iter().find(|dash| text.contains(**dash))?)?;
            let is_value = rest.contains(|c: char| c.is_ascii_digit());
            is_value
                .then(|| Self::of_words(row, column, head, rest))
                .flatten()
        })
    }

    fn of_words(row: usize, column: usize, head: &str, rest: &str) -> Option<Self> {
        let words = Words::of(head);
        let known = words.len() <= MAX_WORDS
            && words.has_any(KEYS)
            && words
                .iter()
                .all(|word| KEYS.contains(&word) || FILLERS.contains(&word));
        known.then(|| Self {
            row,
            column,
            words,
            inline: inline(rest),
        })
    }

    /// A cell that is known to be a label, whatever other words it holds.
    pub(super) fn of_text(row: usize, column: usize, text: &str) -> Self {
        let (head, rest) = text.split_once(':').unwrap_or((text, ""));
        Self {
            row,
            column,
            words: Words::of(head),
            inline: inline(rest),
        }
    }

    /// The value: what follows the colon, else the next cell to the right, else the cell below, down to `last_row`.
    /// A cell that is a label itself is no value.
    pub(super) fn value(&self, grid: &Grid, last_row: usize) -> Option<Value> {
        let inline = self.inline.as_deref().map(|text| Value::Text(text.into()));
        let found = inline
            .or_else(|| self.right(grid))
            .or_else(|| self.below(grid, last_row));
        found.filter(|value| !is_placeholder(&value.text()))
    }

    /// The same, as text.
    pub(super) fn text(&self, grid: &Grid, last_row: usize) -> Option<String> {
        self.value(grid, last_row)
            .map(|value| value.text().to_string())
            .filter(|text| !text.is_empty())
    }

    fn right(&self, grid: &Grid) -> Option<Value> {
        let own = grid.value(self.row, self.column);
        let start = (self.column.saturating_add(1)..=grid.columns())
            .find(|column| {
                let cell = grid.cell(self.row, *column);
                !(cell.is_copy && cell.value == *own)
            })
            .unwrap_or(usize::MAX);
        // Copies belong to a range that began at the left or above, so they are not this label's value.
        let mut cells = (start..start.saturating_add(REACH)).map(|column| grid.cell(self.row, column));
        let first =
            cells.find(|cell| !cell.is_copy && !cell.value.is_empty() && !is_separator(&cell.value))?;
        as_value(&first.value)
    }

    fn below(&self, grid: &Grid, last_row: usize) -> Option<Value> {
        let own = grid.value(self.row, self.column);
        let row = (self.row.saturating_add(1)..=last_row).find(|row| {
            let cell = grid.cell(*row, self.column);
            !(cell.is_copy && cell.value == *own)
        })?;
        let cell = grid.cell(row, self.column);
        (!cell.is_copy && !cell.value.is_empty() && !is_separator(&cell.value))
            .then(|| as_value(&cell.value))
            .flatten()
    }
}

fn inline(rest: &str) -> Option<String> {
    let rest = rest.trim_matches([' ', ':', '-']);
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// The labels of the rows up to `last_row`, row by row from the left.
pub(super) fn labels(grid: &Grid, last_row: usize) -> Vec<Label> {
    let rows = 1..=last_row.min(grid.rows());
    let cells = rows.flat_map(|row| grid.filled(row).map(move |(column, value)| (row, column, value)));
    cells
        .filter_map(|(row, column, value)| match value {
            Value::Text(text) => Label::at(row, column, text),
            _ => None,
        })
        .collect()
}

/// True for a colon in a cell of its own, between a label and its value.
fn is_separator(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.contains(':') && text.chars().all(|c| matches!(c, ':' | '-' | '–' | ' ')))
}

/// What a cell says that may be a value, without the colon that belongs to the label. `None` for a label.
fn as_value(value: &Value) -> Option<Value> {
    match value {
        Value::Text(text) if text.starts_with(':') => inline(text).map(|text| Value::Text(text.into())),
        _ => (!is_label(value)).then(|| value.clone()),
    }
}

/// True for a known label, and for any text that ends in a colon.
fn is_label(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.ends_with(':') || Label::at(0, 0, text).is_some(),
        _ => false,
    }
}

/// True for what people write into a field that has no value.
fn is_placeholder(text: &str) -> bool {
    let upper = text
        .trim_matches(['-', '–', '—', '.', '_', ' '])
        .to_ascii_uppercase();
    matches!(
        upper.as_str(),
        "" | "NA" | "N/A" | "N.A" | "NIL" | "NONE" | "TBD" | "X" | "XX" | "XXX"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(rows: &[&[&str]], column: usize) -> Option<String> {
        let grid = Grid::of(rows);
        let label = labels(&grid, 9)
            .into_iter()
            .find(|label| (label.row, label.column) == (1, column));
        label.unwrap().text(&grid, 9)
    }

    #[test]
    fn a_value_stands_after_the_colon_to_the_right_or_below() {
        assert_eq!(
            value_of(&[&["PO No: 4500000001", "x"]], 1).as_deref(),
            Some("4500000001")
        );
        assert_eq!(
            value_of(&[&["PO No.", "", "", "", "4500000001"]], 1).as_deref(),
            Some("4500000001")
        );
        assert_eq!(value_of(&[&["PO No.", "", "", "", "", "4500000001"]], 1), None);
        assert_eq!(
            value_of(&[&["PO No - 4500000001"]], 1).as_deref(),
            Some("4500000001")
        );
        assert_eq!(
            value_of(&[&["Vendor - Address", "12 Example Road"]], 1).as_deref(),
            Some("12 Example Road")
        );
        assert_eq!(
            value_of(&[&["Bill To"], &["Example Retail"]], 1).as_deref(),
            Some("Example Retail")
        );
    }

    #[test]
    fn a_colon_may_stand_in_a_cell_of_its_own_or_before_the_value() {
        for row in [
            ["PO No", ":", "4500000001", ""],
            ["PO No.", "", ":", "4500000001"],
            ["PO No", ":-", "", "4500000001"],
            ["PO No", ": 4500000001", "", ""],
            ["PO No:", ":", ": 4500000001", ""],
        ] {
            assert_eq!(value_of(&[&row], 1).as_deref(), Some("4500000001"), "{row:?}");
        }
        assert_eq!(value_of(&[&["PO No", ":", "PO Date", "22-01-2026"]], 1), None);
        assert_eq!(value_of(&[&["PO No", ":"], &["PI No", ":", "7"]], 1), None);
        assert_eq!(value_of(&[&["PO No", "-", "7"]], 1), None);
    }

    #[test]
    fn another_label_or_a_placeholder_is_no_value() {
        assert_eq!(value_of(&[&["PO No", "PO Date", "22-01-2026"]], 1), None);
        assert_eq!(value_of(&[&["PO No", "Prepared by:"], &["PI No", ""]], 1), None);
        assert_eq!(value_of(&[&["PO No", "N/A"]], 1), None);
        assert_eq!(value_of(&[&["PO No", "-"], &["x"]], 1), None);
    }

    #[test]
    fn a_merged_label_reaches_from_its_last_column() {
        let grid = Grid::of(&[&["Vendor Name", "", "", "", "", "Example Interiors"]]).merge((1, 1), (1, 3));

        assert_eq!(
            labels(&grid, 1)[0].text(&grid, 1).as_deref(),
            Some("Example Interiors")
        );
    }

    #[test]
    fn only_label_words_make_a_label() {
        for text in [
            "Vendor Tools Pvt Ltd",
            "Shipping",
            "Delivery at site within 7 days",
            "4500000001",
            "No",
        ] {
            let is_known = Label::at(1, 1, text).is_some();
            assert_eq!(is_known, text == "Shipping", "{text}");
        }
    }
}
