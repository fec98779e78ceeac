//! Bajaj purchase orders. In the older Excel form, read here, they have label/value pairs on top, an item table, totals to
//! the right below it; `bajaj_pdf` reads them from a PDF.

use rust_decimal::{Decimal, dec};

use super::grid::{Grid, Value};
use super::inspect::FileKind;
use super::items::{self, Style};
use super::labels::{self, Label, Words};
use super::layout::{Fit, OrderLayout};
use super::model::{Finding, FindingKind, ParseFailure, ParsedOrder};
use super::pdf::Page;
use super::table::{self, Table};
use super::{bajaj_pdf, lines, printed_totals, share_tax, store, summary, text};

const MAX_HEADER_ROW: usize = 50;
const MAX_ADDRESS_ROW: usize = 12;
const MAX_ADDRESS: usize = 2_000;
/// The document's total and the sum of its lines agree if they differ by at most this much.
const TOLERANCE: Decimal = dec!(1.00);

/// The layout.
pub(super) struct BajajOrder;

impl OrderLayout for BajajOrder {
    fn parser_type(&self) -> &'static str {
        "po"
    }

    fn upload_description(&self) -> &'static str {
        "PO upload"
    }

    fn kinds(&self) -> &'static [FileKind] {
        &[FileKind::Pdf, FileKind::Xlsx, FileKind::Xls]
    }

    fn has_table(&self, sheet: &Grid) -> bool {
        table::find_bajaj(sheet).is_some()
    }

    /// An order is known by its number of 6 to 12 digits.
    fn fit_of_sheet(&self, sheet: &Grid) -> Fit {
        match table::find_bajaj(sheet) {
            Some(table) if has_po_number(sheet, &table) => Fit::Likely,
            _ => Fit::No,
        }
    }

    fn read_sheet(&self, sheet: &Grid) -> Result<ParsedOrder, ParseFailure> {
        parse(sheet)
    }

    fn fit_of_pages(&self, pages: &[Page]) -> Fit {
        bajaj_pdf::fit(pages)
    }

    fn read_pages(&self, pages: &[Page]) -> Result<ParsedOrder, ParseFailure> {
        bajaj_pdf::read(pages)
    }
}

/// Reads the order on a sheet.
///
/// # Errors
/// If the sheet is larger than any order. What is missing or wrong in it are the findings of the order.
fn parse(grid: &Grid) -> Result<ParsedOrder, ParseFailure> {
    let mut table = table::find_bajaj(grid);
    let last_row = last_header_row(grid, table.as_ref());
    let labels = labels::labels(grid, last_row);
    let mut order = ParsedOrder::default();
    read_po_number(grid, &labels, last_row, &mut order);
    read_po_date(grid, &labels, last_row, &mut order);
    read_place(grid, last_row, &mut order);
    if let Some(table) = &mut table {
        if table.columns.total.is_none() {
            table.columns.total = likely_amounts(grid, table);
            if table.columns.total.is_some() {
                order
                    .warnings
                    .push("No column is titled as the amount; the one with the most numbers is taken".into());
            }
        }
        read_table(grid, table, &mut order)?;
    }
    if order.lines.is_empty() {
        let message = match &table {
            Some(table) => format!(
                "Missing: No line items found (looked below row {})",
                table.header_row
            ),
            None => format!(
                "Missing: Line item header not found (looked for a row with \"Description\" and \"Qty\", \"Rate\" or \
                 \"Amount\" in {})",
                grid.place(table::MAX_BAJAJ_ROW)
            ),
        };
        order
            .findings
            .push(Finding::new("line_items", FindingKind::Missing, message));
    }
    Ok(order)
}

/// The last row that may hold header fields: above the item table, if there is one.
fn last_header_row(grid: &Grid, table: Option<&Table>) -> usize {
    let above = table.map_or(grid.rows(), |table| table.header_row.saturating_sub(1));
    above.min(MAX_HEADER_ROW)
}

/// True if a sheet names an order's number as Bajaj does.
fn has_po_number(grid: &Grid, table: &Table) -> bool {
    let last_row = last_header_row(grid, Some(table));
    let labels = labels::labels(grid, last_row);
    let mut printed = labels
        .iter()
        .filter(|label| names_po_number(&label.words))
        .filter_map(|l| l.text(grid, last_row));
    printed.any(|text| order_number(&text).is_some())
}

fn names_po_number(words: &Words) -> bool {
    words.has_any(&["PO", "ORDER"])
        && words.has_any(&["NO", "NOS", "NUMBER", "#"])
        && !words.has_any(&["DATE", "DATED", "DELIVERY", "REF", "REFERENCE"])
}

/// A printed number without its spaces, if it is 6 to 12 digits.
fn order_number(printed: &str) -> Option<String> {
    let compact: String = printed.chars().filter(|c| !c.is_whitespace()).collect();
    ((6..=12).contains(&compact.len()) && compact.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some(compact)
}

fn read_po_number(grid: &Grid, labels: &[Label], last_row: usize, order: &mut ParsedOrder) {
    const FIELD: &str = "po_details.po_number";
    let printed: Vec<Option<String>> = labels
        .iter()
        .filter(|label| names_po_number(&label.words))
        .map(|label| label.text(grid, last_row))
        .collect();
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
            tokens.find_map(|token| order_number(token.trim_matches(['.', '-'])))
        })
    })
}

fn read_po_date(grid: &Grid, labels: &[Label], last_row: usize, order: &mut ParsedOrder) {
    let is_date = |label: &&Label| {
        label.words.has_any(&["DATE", "DATED"])
            && !label.words.has_any(&["DELIVERY", "DUE", "VALIDITY", "PAYMENT"])
    };
    let is_of_order = |label: &&Label| label.words.has_any(&["PO", "ORDER"]);
    let dated = || labels.iter().filter(is_date);
    let ranked = dated()
        .filter(is_of_order)
        .chain(dated().filter(|label| !is_of_order(label)));
    let mut printed = ranked.filter_map(|label| label.value(grid, last_row));
    let labelled = printed.find_map(|value| grid.date(&value));
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
        order.warnings.push("No PO date found".into());
    }
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
        let label = Label::of_place(row, column, text);
        label.text(grid, last_row).or_else(|| {
            let (_, rest) = text.split_once('-')?;
            Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty())
        })
    })
}

/// The column right of the description with the most numbers, of equals the one with the larger sum.
fn likely_amounts(grid: &Grid, table: &Table) -> Option<usize> {
    let first = table.columns.description?.saturating_add(1);
    let candidates = (first..=grid.columns()).filter(|column| !table.columns.is_known(*column));
    let counted = candidates.map(|column| {
        let numbers =
            (table.first_row..=grid.rows()).filter_map(|row| grid.value(row, column).reading().number());
        let (count, sum) = numbers.fold((0_usize, Decimal::ZERO), |(count, sum), number| {
            (count.saturating_add(1), sum.saturating_add(number))
        });
        (count, sum, column)
    });
    counted
        .filter(|(count, ..)| *count > 0)
        .max_by_key(|(count, sum, _)| (*count, *sum))
        .map(|(.., column)| column)
}

fn read_table(grid: &Grid, table: &Table, order: &mut ParsedOrder) -> Result<(), ParseFailure> {
    let items = items::read(grid, table, Style::Bajaj)?;
    order.warnings.extend(items.warnings);
    let mut reading = lines::complete(items.items, Some(Decimal::ONE));
    order.lines = reading.lines;
    order.warnings.append(&mut reading.warnings);
    order.findings.append(&mut reading.findings);
    let printed = printed_totals::read(grid, &items.totals, &table.columns, &order.lines);
    order.printed = printed.totals;
    order.findings.extend(printed.findings);
    share_tax::share_tax(order);
    summary::complete(order);
    order.findings.extend(summary::excess(order));
    order.warnings.extend(summary::contradictions(order));
    let sum = summary::LineSums::of(&order.lines).gross;
    if let Some(total) = order.printed.total_amount
        && sum.saturating_sub(total).abs() > TOLERANCE
    {
        order
            .warnings
            .push(format!("Total mismatch: lines {sum:.2}, document {total:.2}"));
    }
    Ok(())
}
