//! What stands above the item table of a Bajaj order on a sheet: its number and date, and where it goes.

use chrono::NaiveDate;

use super::grid::{Grid, Value};
use super::labels::{Label, Words};
use super::model::{Finding, FindingKind, ParsedOrder};
use super::{store, text};

const MAX_ADDRESS_ROW: usize = 12;
const MAX_ADDRESS: usize = 2_000;
/// A longer text that speaks of a date is a sentence.
const MAX_DATE_WORDS: usize = 4;

/// Reads the rows 1 to `last_row` into the order.
pub(super) fn read(grid: &Grid, labels: &[Label], last_row: usize, order: &mut ParsedOrder) {
    read_po_number(grid, labels, last_row, order);
    read_po_date(grid, last_row, order);
    read_place(grid, last_row, order);
}

/// True if a sheet names an order's number as Bajaj does.
pub(super) fn has_po_number(grid: &Grid, labels: &[Label], last_row: usize) -> bool {
    printed_numbers(grid, labels, last_row)
        .flatten()
        .any(|text| order_number(&text).is_some())
}

/// True if a sheet is titled as a purchase order.
pub(super) fn has_title(grid: &Grid, last_row: usize) -> bool {
    texts(grid, last_row).any(|(.., text)| {
        let words = Words::of(text);
        words.start_with(&["PURCHASE", "ORDER"]) && words.are_among(&["PURCHASE", "ORDER", "PO", "COPY"])
    })
}

/// The texts of the rows 1 to `last_row` with their rows and columns.
fn texts(grid: &Grid, last_row: usize) -> impl Iterator<Item = (usize, usize, &str)> {
    let rows = 1..=last_row.min(grid.rows());
    let cells = rows.flat_map(|row| grid.filled(row).map(move |(column, value)| (row, column, value)));
    cells.filter_map(|(row, column, value)| match value {
        Value::Text(text) => Some((row, column, text.as_ref())),
        _ => None,
    })
}

/// What is printed beside each label of an order's number; that of the number alone before "PO No./Date".
fn printed_numbers(grid: &Grid, labels: &[Label], last_row: usize) -> impl Iterator<Item = Option<String>> {
    let is_dated = |label: &&Label| label.words.has_any(&["DATE", "DATED"]);
    let named = || labels.iter().filter(|label| names_po_number(&label.words));
    let ranked = named()
        .filter(move |label| !is_dated(label))
        .chain(named().filter(is_dated));
    ranked.map(move |label| label.text(grid, last_row))
}

fn names_po_number(words: &Words) -> bool {
    words.has_any(&["PO", "ORDER"])
        && words.has_any(&["NO", "NOS", "NUMBER", "#"])
        && !words.has_any(&["DELIVERY", "REF", "REFERENCE"])
}

/// A printed number without its spaces, if it is 6 to 12 digits; of a longer text the number that it begins with, if there is
/// no other in it: "4500000001 / Rev 0".
fn order_number(printed: &str) -> Option<String> {
    let compact: String = printed.chars().filter(|c| !c.is_whitespace()).collect();
    if is_order_number(&compact) {
        return Some(compact);
    }
    let mut tokens = printed.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '(' | ')'));
    let first = tokens.next().filter(|token| is_order_number(token))?;
    (!tokens.any(is_order_number)).then(|| first.to_owned())
}

fn is_order_number(text: &str) -> bool {
    (6..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_po_number(grid: &Grid, labels: &[Label], last_row: usize, order: &mut ParsedOrder) {
    const FIELD: &str = "po_details.po_number";
    let printed: Vec<Option<String>> = printed_numbers(grid, labels, last_row).collect();
    order.header.po_number = printed.iter().flatten().find_map(|text| order_number(text));
    if order.header.po_number.is_some() {
        return;
    }
    if printed.is_empty() {
        order.header.po_number = guess_po_number(grid, last_row);
        if order.header.po_number.is_some() {
            order.warnings.push("PO number guessed".into());
            return;
        }
    }
    order.findings.push(match printed.into_iter().flatten().next() {
        None => Finding::new(
            FIELD,
            FindingKind::Missing,
            format!(
                "Missing: PO number (looked for \"PO No\", \"PO Number\" or \"Order No\" in {})",
                grid.place(last_row)
            ),
        ),
        Some(text) => Finding::new(
            FIELD,
            FindingKind::Invalid,
            format!("PO number \"{text}\" is not a number of 6 to 12 digits"),
        ),
    });
}

/// The first run of 6 to 12 digits that stands free, on a row that does not speak of other numbers.
fn guess_po_number(grid: &Grid, last_row: usize) -> Option<String> {
    const OTHERS: &[&str] = &[
        "GST", "GSTIN", "PIN", "PINCODE", "PHONE", "MOBILE", "FAX", "CIN", "PAN", "HSN",
    ];
    (1..=last_row.min(grid.rows())).find_map(|row| {
        let texts: Vec<_> = grid.filled(row).map(|(_, value)| value.text()).collect();
        if texts.iter().any(|text| Words::of(text).has_any(OTHERS)) {
            return None;
        }
        texts.iter().find_map(|text| {
            let mut tokens =
                text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '#'));
            let number = tokens.find(|token| is_order_number(token.trim_matches(['.', '-'])));
            number.map(|number| number.trim_matches(['.', '-']).to_owned())
        })
    })
}

/// The date beside a label of one: of the order's own before any other. A date that does not exist is told.
fn read_po_date(grid: &Grid, last_row: usize, order: &mut ParsedOrder) {
    let labels: Vec<Label> = texts(grid, last_row)
        .filter_map(|(row, column, text)| date_label(row, column, text))
        .collect();
    let is_of_order = |label: &&Label| label.words.has_any(&["PO", "ORDER"]);
    let ranked = labels
        .iter()
        .filter(is_of_order)
        .chain(labels.iter().filter(|label| !is_of_order(label)));
    let printed: Vec<(bool, Value)> = ranked
        .filter_map(|label| Some((names_po_number(&label.words), label.value(grid, last_row)?)))
        .collect();
    let labelled = printed.iter().find_map(|(is_with_number, value)| {
        let part = || {
            is_with_number
                .then(|| date_beside_number(&value.text()))
                .flatten()
        };
        grid.date(value).or_else(part)
    });
    let native = || {
        let mut values =
            (1..=last_row.min(grid.rows())).flat_map(|row| grid.filled(row).map(|(_, value)| value));
        values.find_map(|value| match value {
            Value::Date(_) => grid.date(value),
            _ => None,
        })
    };
    order.header.po_date = labelled.or_else(native);
    if order.header.po_date.is_none() {
        let odd = printed.iter().find(|(is_with_number, _)| !is_with_number);
        order.warnings.push(match odd {
            Some((_, value)) => format!("PO date \"{}\" is not a date", value.text()),
            None => "No PO date found".into(),
        });
    }
}

/// A label of a date that may be the order's: one of few words, not of the day when something is due.
fn date_label(row: usize, column: usize, text: &str) -> Option<Label> {
    let label = Label::at(row, column, text).unwrap_or_else(|| Label::of_text(row, column, text));
    let words = &label.words;
    let is_short = words.has_any(&["PO", "ORDER"]) && words.has_any(&["DT", "DTD"]);
    let is_date = words.len() <= MAX_DATE_WORDS && (words.has_any(&["DATE", "DATED"]) || is_short);
    let is_other = words.has_any(&[
        "DELIVERY",
        "DUE",
        "VALIDITY",
        "VALID",
        "PAYMENT",
        "COMPLETION",
        "EXPIRY",
    ]);
    (is_date && !is_other).then_some(label)
}

/// The date in a text that holds a number, too: "4500000001 / 10-02-2026", "4500000001 dt. 10-02-2026".
fn date_beside_number(text: &str) -> Option<NaiveDate> {
    let tail = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let tail = tail.trim_start_matches(|c: char| !c.is_ascii_digit());
    text::date(tail)
}

fn read_place(grid: &Grid, last_row: usize, order: &mut ParsedOrder) {
    let address = site_address(grid, last_row.min(MAX_ADDRESS_ROW), last_row);
    let taken = [order.header.po_number.as_deref()];
    order.store_id = store::find(grid, last_row, &[address.as_deref()], &taken);
    order.header.ship_to_address = address.map(|text| text.chars().take(MAX_ADDRESS).collect());
    if order.header.ship_to_address.is_none() {
        order.warnings.push("No site address found".into());
    }
    if order.store_id.is_none() {
        order.warnings.push("No store id found".into());
    }
}

fn site_address(grid: &Grid, last_label_row: usize, last_row: usize) -> Option<String> {
    const TITLES: [[&str; 2]; 4] = [
        ["SHIP", "TO"],
        ["DELIVERY", "TO"],
        ["SITE", "ADDRESS"],
        ["DELIVERY", "ADDRESS"],
    ];
    let names_place = |text: &str| {
        let words: Vec<String> = text::words(text);
        let has_title = words
            .windows(2)
            .any(|pair| TITLES.iter().any(|title| pair == title));
        has_title && !words.iter().any(|word| word == "DESCRIPTION")
    };
    let cells = (1..=last_label_row.min(grid.rows()))
        .flat_map(|row| grid.filled(row).map(move |(at, value)| (row, at, value)));
    let mut places = cells.filter_map(|(row, column, value)| match value {
        Value::Text(text) if names_place(text) => Some((row, column, text)),
        _ => None,
    });
    places.find_map(|(row, column, text)| {
        let label = Label::of_text(row, column, text);
        label.text(grid, last_row).or_else(|| {
            let (_, rest) = text.split_once('-')?;
            Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::labels;

    fn head(rows: &[&[&str]]) -> ParsedOrder {
        let grid = Grid::of(rows);
        let mut order = ParsedOrder::default();
        read(
            &grid,
            &labels::labels(&grid, grid.rows()),
            grid.rows(),
            &mut order,
        );
        order
    }

    #[test]
    fn a_number_stands_beside_its_label_or_in_the_same_cell() {
        for row in [
            ["PO No", "4500000001"],
            ["PO No - 4500000001", ""],
            ["PO No./Date", "4500000001"],
            ["PO No & Date", "4500000001 / 10-02-2026"],
            ["PO Number:", "45 0000 0001"],
            ["PO Number:", "4500000001 / Rev 0"],
            ["PO No", ": 4500000001"],
        ] {
            let order = head(&[&row]);
            assert_eq!(order.header.po_number.as_deref(), Some("4500000001"), "{row:?}");
            assert_eq!(order.findings, [], "{row:?}");
        }
        for text in ["4500000001 and 4500000002", "ABC/123456", "12345"] {
            assert_eq!(
                head(&[&["PO No", text]]).findings[0].kind,
                FindingKind::Invalid,
                "{text}"
            );
        }
    }

    #[test]
    fn any_label_of_a_date_will_do_but_one_of_what_is_due() {
        let expected = NaiveDate::from_ymd_opt(2026, 2, 10);
        for row in [
            ["Issue Date", "February 10, 2026"],
            ["PO DT", "10 Feb 2026"],
            ["PO Date", "Tue, 10 Feb 2026"],
            ["PO Date - 10-02-2026", ""],
            ["PO No & Date", "4500000001 dt. 10-02-2026"],
            ["Date of Order", "10.02.26"],
        ] {
            assert_eq!(head(&[&row]).header.po_date, expected, "{row:?}");
        }
        let ranked = head(&[&["Print Date", "11-02-2026"], &["PO Date", "10-02-2026"]]);
        assert_eq!(ranked.header.po_date, expected);
        for label in ["Delivery Date", "Due Date", "Completion date"] {
            assert_eq!(head(&[&[label, "10-02-2026"]]).header.po_date, None, "{label}");
        }
    }

    #[test]
    fn a_date_that_does_not_exist_is_named() {
        let order = head(&[&["Order Date", "31-02-2026"]]);

        assert_eq!(order.header.po_date, None);
        assert!(
            order
                .warnings
                .contains(&"PO date \"31-02-2026\" is not a date".to_owned())
        );
    }
}
