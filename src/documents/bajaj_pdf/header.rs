//! Numbers, dates and values above the items.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::places;
use super::rows::{Row, amount_of, is_currency};
use crate::documents::model::{Finding, FindingKind, ParsedOrder};
use crate::documents::pdf::Word;
use crate::documents::{store, text};

/// The header is looked for in so many lines.
pub(super) const MAX_ROWS: usize = 200;
/// A value in the next line starts at most this far from its label, in hundredths of a point.
const SAME_COLUMN: i64 = 2_000;

/// Reads the header into the order.
pub(super) fn read(rows: &[Row], order: &mut ParsedOrder) {
    let head = rows.get(..rows.len().min(MAX_ROWS)).unwrap_or_default();
    order.header.po_number = po_number(head);
    if order.header.po_number.is_none() {
        let message = format!(
            "Missing: PO number (looked for 6 to 12 digits behind \"Purchase Order\" or \"PO\" in the first \
             {MAX_ROWS} lines)"
        );
        order.findings.push(Finding::new(
            "po_details.po_number",
            FindingKind::Missing,
            message,
        ));
    }
    order.header.po_date = po_date(head);
    if order.header.po_date.is_none() {
        order.warnings.push("No PO date found".into());
    }
    let above = head.iter().position(Row::is_anchor).unwrap_or(head.len());
    let above = head.get(..above).unwrap_or_default();
    order.header.ship_to_address = places::address(above);
    if order.header.ship_to_address.is_none() {
        order.warnings.push("No site address found".into());
    }
    order.header.vendor_name = places::vendor_name(above);
    let grid = places::cells_of(above);
    order.store_id = store::find(
        &grid,
        grid.rows(),
        &[order.header.ship_to_address.as_deref()],
        &[order.header.po_number.as_deref()],
    );
    if order.store_id.is_none() {
        order.warnings.push("No store id found".into());
    }
}

/// True if some lines name an order's number.
pub(super) fn names_an_order(rows: &[Row]) -> bool {
    po_number(rows.get(..rows.len().min(MAX_ROWS)).unwrap_or_default()).is_some()
}

/// The digits behind "Purchase Order" or "PO", in the same line or below. Another order's number, such as that behind "Old
/// PO", is taken only where no other is printed.
fn po_number(rows: &[Row]) -> Option<String> {
    let find = |is_other: bool| {
        let numbered = rows.iter().enumerate();
        let mut numbers = numbered.flat_map(|(index, row)| {
            let labels = labels_of_number(row).into_iter();
            labels
                .filter(move |(other, _)| *other == is_other)
                .filter_map(move |(_, label)| match label {
                    NumberLabel::Followed(number) => Some(number),
                    NumberLabel::AtTheEndOfACell(x) => number_below(rows.get(index.saturating_add(1))?, x),
                })
        });
        numbers.next()
    };
    find(false).or_else(|| find(true))
}

/// The number of a second order in the same file: one that stands with a date or an address of its own above further
/// items.
pub(super) fn second_number(rows: &[Row]) -> Option<String> {
    /// What stands beside an order's number is at most so many lines away.
    const MAX_LINES: usize = 30;
    let first = rows.iter().position(Row::is_anchor)?;
    let (head, rest) = rows.split_at(first);
    let known: Vec<String> = head.iter().flat_map(numbers_in).collect();
    if known.is_empty() {
        return None;
    }
    rest.iter().enumerate().find_map(|(at, row)| {
        let number = numbers_in(row)
            .into_iter()
            .find(|number| !known.contains(number))?;
        let behind = rest.get(at..)?;
        let titles = behind
            .iter()
            .position(Row::is_anchor)
            .filter(|titles| *titles <= MAX_LINES)?;
        let head = behind.get(..titles)?;
        let has_head = head.iter().any(names_other_field);
        has_head.then_some(number)
    })
}

/// The numbers that a line states as those of its order, with their labels at the beginning of a cell.
fn numbers_in(row: &Row) -> Vec<String> {
    let begins = row.cells().iter().any(|cell| {
        let words = text::words(&cell.text);
        matches!(words.first().map(String::as_str), Some("PO" | "PURCHASE"))
    });
    let labels = labels_of_number(row)
        .into_iter()
        .filter(|(is_other, _)| begins && !is_other);
    let numbers = labels.filter_map(|(_, label)| match label {
        NumberLabel::Followed(number) => Some(number),
        NumberLabel::AtTheEndOfACell(_) => None,
    });
    numbers.collect()
}

/// True for a line with another label of an order's head: its date, who sells and where the goods go.
fn names_other_field(row: &Row) -> bool {
    const STARTS: &[&str] = &[
        "PO DATE",
        "ORDER DATE",
        "DATE",
        "VENDOR",
        "SUPPLIER",
        "SHIP TO",
        "DELIVER TO",
        "ISSUED ON",
    ];
    row.cells().iter().any(|cell| {
        let words = text::words(&cell.text).join(" ");
        STARTS.iter().any(|start| words.starts_with(start))
    })
}

enum NumberLabel {
    Followed(String),
    /// Nothing stands behind the label in its cell; the label starts at this place.
    AtTheEndOfACell(i64),
}

/// The labels of an order's number in a line, each with whether it names another order.
fn labels_of_number(row: &Row) -> Vec<(bool, NumberLabel)> {
    const OTHERS: &[&str] = &[
        "OLD",
        "PREVIOUS",
        "PREV",
        "REF",
        "REFERENCE",
        "EARLIER",
        "SUPERSEDED",
        "CANCELLED",
    ];
    let mut labels = Vec::new();
    let cells = row.cells();
    let open: Vec<&Word> = cells.iter().filter(|cell| ends_in_label(&cell.text)).collect();
    // A label and its value may be cells of their own, so the line is read through, each word with its place.
    let words: Vec<(String, i64)> = row
        .words
        .iter()
        .flat_map(|word| text::words(&word.text).into_iter().map(|part| (part, word.x)))
        .collect();
    let is = |index: usize, names: &[&str]| {
        words
            .get(index)
            .is_some_and(|(word, _)| names.contains(&word.as_str()))
    };
    for (index, (word, x)) in words.iter().enumerate() {
        let is_other = index.checked_sub(1).is_some_and(|before| is(before, OTHERS));
        let mut next = if word == "PO" {
            index.saturating_add(1)
        } else if word == "PURCHASE" && is(index.saturating_add(1), &["ORDER"]) {
            index.saturating_add(2)
        } else {
            // "PO4500000001"
            let glued = word.strip_prefix("PO").and_then(leading_number);
            labels.extend(glued.map(|number| (is_other, NumberLabel::Followed(number))));
            continue;
        };
        while is(next, &["NO", "NUMBER", "NUM", "#"]) {
            next = next.saturating_add(1);
        }
        match words.get(next) {
            None => labels.push((is_other, NumberLabel::AtTheEndOfACell(*x))),
            Some((value, _)) => match leading_number(value) {
                Some(number) => labels.push((is_other, NumberLabel::Followed(number))),
                None if open.iter().any(|cell| cell.x <= *x && *x < cell.end) => {
                    labels.push((is_other, NumberLabel::AtTheEndOfACell(*x)));
                }
                None => {}
            },
        }
    }
    labels
}

/// True if nothing stands behind a label of the order's number in its cell.
fn ends_in_label(cell: &str) -> bool {
    let words = text::words(cell);
    words
        .iter()
        .rev()
        .find(|word| !matches!(word.as_str(), "NO" | "NUMBER" | "NUM" | "#"))
        .is_some_and(|word| matches!(word.as_str(), "PO" | "ORDER"))
}

fn number_below(row: &Row, x: i64) -> Option<String> {
    let first = row.words.first()?;
    let mut below = row
        .words
        .iter()
        .filter(|word| word.x.abs_diff(x) <= SAME_COLUMN.unsigned_abs());
    below
        .find_map(|word| leading_number(&word.text))
        .or_else(|| leading_number(&first.text))
}

/// 6 to 12 digits that end at something else.
fn leading_number(word: &str) -> Option<String> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    (6..=12)
        .contains(&digits)
        .then(|| word.get(..digits).map(str::to_owned))?
}

fn po_date(rows: &[Row]) -> Option<NaiveDate> {
    const OF_ORDER: [[&str; 2]; 7] = [
        ["PO", "DATE"],
        ["PO", "DT"],
        ["ORDER", "DATE"],
        ["ORDER", "DT"],
        ["ISSUE", "DATE"],
        ["ISSUED", "ON"],
        ["SUBMITTED", "ON"],
    ];
    const OTHERS: &[&str] = &[
        "DELIVERY", "DUE", "NEED", "NEEDED", "BY", "VALIDITY", "VALID", "EXPIRY", "SHIP", "SHIPMENT",
        "START", "END", "INVOICE", "PAYMENT", "REQUIRED", "PRINT",
    ];
    let labelled = |is_label: &dyn Fn(&str, &str) -> bool| {
        rows.iter().enumerate().find_map(|(index, row)| {
            let names: Vec<String> = row.words.iter().map(|word| bare(&word.text)).collect();
            names.iter().enumerate().find_map(|(at, name)| {
                let before = at.checked_sub(1).and_then(|at| names.get(at));
                if !is_label(before.map_or("", String::as_str), name) {
                    return None;
                }
                let behind = row.words.get(at.saturating_add(1)..)?;
                let next = rows.get(index.saturating_add(1));
                let x = row.words.get(at)?.x;
                date_in(behind, 2).or_else(|| {
                    let below = next?;
                    let from = below
                        .words
                        .iter()
                        .position(|word| word.end > x.saturating_sub(SAME_COLUMN))?;
                    date_in(below.words.get(from..)?, 1)
                })
            })
        })
    };
    let of_order = labelled(&|before, name| OF_ORDER.iter().any(|label| label == &[before, name]));
    let of_anything =
        || labelled(&|before, name| matches!(name, "DATE" | "DATED") && !OTHERS.contains(&before));
    let in_words = || {
        rows.iter().find_map(|row| {
            row.words.windows(3).find_map(|words| {
                let month = words.get(1)?;
                month
                    .text
                    .starts_with(char::is_alphabetic)
                    .then(|| date_of(words))?
            })
        })
    };
    of_order.or_else(of_anything).or_else(in_words)
}

/// A date that begins within the first words.
fn date_in(words: &[Word], skipped: usize) -> Option<NaiveDate> {
    (0..=skipped).find_map(|start| {
        let rest = words.get(start..)?;
        (1..=4).rev().find_map(|length| date_of(rest.get(..length)?))
    })
}

fn date_of(words: &[Word]) -> Option<NaiveDate> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let joined = texts.join(" ");
    text::date(joined.trim_matches([':', ',', '.', '-', ' ']))
}

/// The figure behind a label "Amount", and else behind "PO Value" or a total, above the items.
pub(super) fn stated_value(rows: &[Row]) -> Option<Decimal> {
    let head = rows.get(..rows.len().min(MAX_ROWS)).unwrap_or_default();
    let mut above = head.iter().take_while(|row| !row.is_anchor());
    above.find_map(|row| figure_behind(row, &[&["PO", "VALUE"]]).or_else(|| amount_behind(row)))
}

/// The figure behind "Amount", unless the word before says that it is another than that of the order.
fn amount_behind(row: &Row) -> Option<Decimal> {
    const OTHERS: &[&str] = &[
        "ADVANCE",
        "BALANCE",
        "BASIC",
        "CREDIT",
        "DEPOSIT",
        "DISCOUNT",
        "FREIGHT",
        "GST",
        "GUARANTEE",
        "LIMIT",
        "MAX",
        "MAXIMUM",
        "MIN",
        "MINIMUM",
        "PAID",
        "PENALTY",
        "RETENTION",
        "SECURITY",
        "TAX",
        "TAXABLE",
    ];
    let is_other = row.words.windows(2).any(|pair| match pair {
        [before, label] => bare(&label.text) == "AMOUNT" && OTHERS.contains(&bare(&before.text).as_str()),
        _ => false,
    });
    figure_behind(row, &[&["AMOUNT"]]).filter(|_| !is_other)
}

/// The figure that follows a label in a line, with at most a currency between.
pub(super) fn figure_behind(row: &Row, labels: &[&[&str]]) -> Option<Decimal> {
    let names: Vec<String> = row.words.iter().map(|word| bare(&word.text)).collect();
    labels.iter().find_map(|label| {
        let at = names
            .windows(label.len())
            .position(|names| names.iter().eq(label.iter()))?;
        let mut behind = row.words.iter().skip(at.saturating_add(label.len()));
        let figure = behind.find(|word| !is_currency(word) && word.text.contains(char::is_alphanumeric))?;
        amount_of(figure)
    })
}

pub(super) fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase()
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::super::rows::tests::row;
    use super::*;

    fn rows(lines: &[&[(i64, &str)]]) -> Vec<Row> {
        lines.iter().map(|cells| row(cells)).collect()
    }

    #[test]
    fn the_order_number_is_found_behind_and_below_its_label() {
        for lines in [
            &[&[(0_i64, "Purchase Order 4500000001")] as &[(i64, &str)]] as &[&[(i64, &str)]],
            &[&[(0, "PO Number: 4500000001")]],
            &[&[(0, "P.O. No. 4500000001-2")]],
            &[&[(0, "PO#4500000001")]],
            &[&[(0, "PURCHASE ORDER NO"), (200, "4500000001")]],
            &[&[(0, "Your PO4500000001 of today")]],
            &[
                &[(0, "Example Ltd"), (300, "Purchase Order")],
                &[(0, "12345678 Road"), (300, "4500000001")],
            ],
            &[
                &[(0, "Purchase Order")],
                &[(0, "PO Date: 20.02.2026")],
                &[(0, "PO No: 4500000001")],
            ],
        ] {
            assert_eq!(
                po_number(&rows(lines)).as_deref(),
                Some("4500000001"),
                "{lines:?}"
            );
        }
        for lines in [
            &[
                &[(0_i64, "Old PO No: 4400000001")] as &[(i64, &str)],
                &[(0, "PO No: 4500000001")],
            ] as &[&[(i64, &str)]],
            &[
                &[(0, "Reference PO: 1234567")],
                &[(0, "Purchase Order No: 4500000001")],
            ],
            // Where no other is printed it is that.
            &[&[(0, "Ref. PO No: 4500000001")]],
        ] {
            assert_eq!(
                po_number(&rows(lines)).as_deref(),
                Some("4500000001"),
                "{lines:?}"
            );
        }
        for line in [
            "PO 12345",
            "PO 1234567890123",
            "Depot 4500000001",
            "PO Date 20022026",
            "Pin 4500000001",
        ] {
            assert_eq!(po_number(&rows(&[&[(0, line)]])), None, "{line}");
        }
    }

    #[test]
    fn the_date_is_that_of_the_order() {
        let expected = NaiveDate::from_ymd_opt(2026, 2, 3);
        for lines in [
            &[&[(0_i64, "Delivery Date: 01-01-2026 PO Date: 03-02-2026")] as &[(i64, &str)]]
                as &[&[(i64, &str)]],
            &[&[(0, "Issued on Tue, 3 Feb, 2026 10:15 AM")]],
            &[&[(0, "Order Date"), (200, "03/02/26")]],
            &[
                &[(0, "Version"), (200, "Submitted On")],
                &[(0, "1"), (200, "3rd February 2026")],
            ],
            &[&[(0, "Date: 2026-02-03")]],
            &[&[(0, "Date: 01-01-2026"), (200, "Issue Date: 03-02-2026")]],
            &[&[(0, "PO DT: 03.02.2026")]],
            &[&[(0, "Order No. 77 dated 3rd Feb 2026")]],
            &[&[(0, "Mumbai, 3 Feb 2026")]],
        ] {
            assert_eq!(po_date(&rows(lines)), expected, "{lines:?}");
        }
        assert_eq!(po_date(&rows(&[&[(0, "Due Date: 03-02-2026")]])), None);
        assert_eq!(po_date(&rows(&[&[(0, "PO Date: 31-02-2026")]])), None);
    }

    #[test]
    fn the_stated_value_follows_its_label() {
        let value = |line: &str| stated_value(&rows(&[&[(0, line)]]));
        assert_eq!(value("Version: 1 Amount: INR 5,900.00"), Some(dec!(5900)));
        assert_eq!(value("Amount: ₹5,900.00 INR"), Some(dec!(5900)));
        assert_eq!(value("PO Value 5,900.00"), Some(dec!(5900)));
        assert_eq!(value("Amount in words and 5,900.00"), None);
        assert_eq!(value("Amount: 5900"), None);
    }
}
