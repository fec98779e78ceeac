//! Addresses and names above the items, each in its column.

use super::header::bare;
use super::rows::Row;
use crate::documents::grid::{Grid, Value};
use crate::documents::text;

const MAX_ADDRESS_ROWS: usize = 6;
const MAX_ADDRESS: usize = 2_000;
const MAX_NAME: usize = 255;

/// Where the goods go: what stands behind "Ship To" and its like.
pub(super) fn address(rows: &[Row]) -> Option<String> {
    const TITLES: [[&str; 2]; 5] = [
        ["SHIP", "TO"],
        ["DELIVER", "TO"],
        ["DELIVERY", "TO"],
        ["DELIVERY", "ADDRESS"],
        ["SITE", "ADDRESS"],
    ];
    let is_title = |names: &[String]| match names {
        [first, second, ..] => TITLES.iter().any(|title| title == &[first, second]).then_some(2),
        _ => None,
    };
    let lines = block_behind(rows, MAX_ADDRESS_ROWS, &is_title)?;
    let joined = lines.join(", ").replace(",,", ",");
    Some(joined.chars().take(MAX_ADDRESS).collect::<String>()).filter(|text| !text.is_empty())
}

/// Who sells; `None` if that is not sure.
pub(super) fn vendor_name(rows: &[Row]) -> Option<String> {
    let is_title = |names: &[String]| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["VENDOR" | "SUPPLIER", "NAME", ..] => Some(2),
            [
                "VENDOR" | "SUPPLIER",
                "ADDRESS" | "CODE" | "NO" | "NUMBER" | "ID" | "GSTIN" | "GST",
                ..,
            ] => None,
            ["VENDOR" | "SUPPLIER", ..] | ["TO"] => Some(1),
            _ => None,
        }
    };
    let lines = block_behind(rows, 1, &is_title)?;
    let name = lines.into_iter().next()?;
    let is_name = name.chars().filter(|c| c.is_alphabetic()).count() >= 3 && !name.contains(':');
    is_name.then(|| name.chars().take(MAX_NAME).collect())
}

/// The lines that belong to a title: what stands behind it in its cell, and below in its column up to the next label.
/// `title` tells how many words of a cell are the title.
fn block_behind(
    rows: &[Row],
    most: usize,
    title: &dyn Fn(&[String]) -> Option<usize>,
) -> Option<Vec<String>> {
    rows.iter().enumerate().find_map(|(index, row)| {
        let cells = row.cells();
        cells.iter().enumerate().find_map(|(place, cell)| {
            let names: Vec<String> = cell.text.split_whitespace().map(bare).collect();
            let length = title(&names)?;
            let mut lines = Vec::new();
            let behind: Vec<&str> = cell.text.split_whitespace().skip(length).collect();
            let same_cell = behind.join(" ");
            let same_cell = same_cell.trim_matches([':', '-', ' ']);
            // "Supplier: Example" is a title, "Supplier portal terms" is not.
            let title_text: Vec<&str> = cell.text.split_whitespace().take(length).collect();
            let has_colon = title_text.last().is_some_and(|word| word.ends_with([':', '-']))
                || behind.first().is_some_and(|word| matches!(*word, ":" | "-"));
            if !same_cell.is_empty() {
                if !has_colon {
                    return None;
                }
                lines.push(same_cell.to_owned());
            }
            let next = cells.get(place.saturating_add(1));
            // A value beside its title, with nothing else in the line.
            if lines.is_empty()
                && let Some(beside) = next.filter(|beside| has_colon && !is_label(&beside.text))
            {
                lines.push(beside.text.clone());
            }
            let column = if lines.is_empty() || !same_cell.is_empty() {
                (cell.x, next.map_or(i64::MAX, |next| next.x))
            } else {
                (next.map_or(cell.x, |next| next.x), i64::MAX)
            };
            for below in rows.get(index.saturating_add(1)..).unwrap_or_default() {
                if lines.len() >= most {
                    break;
                }
                let text = text_in_column(below, column);
                if is_label(&text) || below.is_anchor() {
                    break;
                }
                if !text.is_empty() {
                    lines.push(text);
                }
            }
            lines.truncate(most);
            (!lines.is_empty()).then_some(lines)
        })
    })
}

/// The words of a line that stand in a column.
fn text_in_column(row: &Row, (left, right): (i64, i64)) -> String {
    const SLACK: i64 = 300;
    let inside = row
        .words
        .iter()
        .filter(|word| word.x >= left.saturating_sub(SLACK) && word.x < right.saturating_sub(SLACK));
    let texts: Vec<&str> = inside.map(|word| word.text.as_str()).collect();
    texts.join(" ")
}

/// True for a text that is, or begins with, the name of something.
fn is_label(text: &str) -> bool {
    const NAMES: &[&str] = &[
        "AMOUNT",
        "ATTENTION",
        "BILL",
        "BUYER",
        "CIN",
        "COMMENTS",
        "CONTACT",
        "CURRENCY",
        "DATE",
        "DELIVER",
        "DELIVERY",
        "EMAIL",
        "FAX",
        "FROM",
        "GST",
        "GSTIN",
        "INVOICE",
        "ORDER",
        "PAN",
        "PAYMENT",
        "PHONE",
        "PO",
        "PURCHASE",
        "SHIP",
        "SITE",
        "STORE",
        "SUPPLIER",
        "TERMS",
        "TO",
        "VENDOR",
        "VERSION",
    ];
    const MAX_WORDS: usize = 4;
    let (head, has_colon) = text
        .split_once(':')
        .map_or((text, false), |(head, _)| (head, true));
    let words = text::words(head);
    let is_short = words.len() <= MAX_WORDS && !head.contains(|c: char| c.is_ascii_digit());
    let is_named = words.first().is_some_and(|word| NAMES.contains(&word.as_str()));
    is_short && (has_colon && !words.is_empty() || is_named && words.len() <= 2)
}

/// The lines as a sheet of cells, for the labels of the store's code.
pub(super) fn cells_of(rows: &[Row]) -> Grid {
    let mut grid = Grid::new("", false);
    for (row, line) in (0_u32..).zip(rows) {
        for (column, cell) in (0_u32..).zip(line.cells()) {
            // A sheet has a width that a line may pass; what is behind it is no label.
            if grid.fill((row, column), Value::Text(cell.text.into())).is_err() {
                break;
            }
        }
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::row;
    use super::*;

    fn rows(lines: &[&[(i64, &str)]]) -> Vec<Row> {
        lines.iter().map(|cells| row(cells)).collect()
    }

    #[test]
    fn addresses_and_names_are_read_in_their_column() {
        let lines = rows(&[
            &[(0, "Vendor:"), (300, "Ship To:")],
            &[(0, "Example Interiors Pvt Ltd"), (300, "Example Retail ST104")],
            &[(0, "1 Street"), (300, "Shop 4, Mall Road")],
            &[(300, "Mumbai 400001")],
            &[(0, "Phone: 1"), (300, "Payment Terms: 30 days")],
        ]);
        assert_eq!(
            address(&lines).as_deref(),
            Some("Example Retail ST104, Shop 4, Mall Road, Mumbai 400001")
        );
        assert_eq!(vendor_name(&lines).as_deref(), Some("Example Interiors Pvt Ltd"));

        let lines = rows(&[
            &[(0, "Supplier Code: 77")],
            &[(0, "Supplier Name: Example Ltd")],
            &[(0, "Site Address"), (100, ": Pune")],
        ]);
        assert_eq!(vendor_name(&lines).as_deref(), Some("Example Ltd"));
        assert_eq!(
            address(&rows(&[&[(0, "Deliver To: Pune")]])).as_deref(),
            Some("Pune")
        );
        assert_eq!(address(&rows(&[&[(0, "We ship to you")]])), None);
    }
}
