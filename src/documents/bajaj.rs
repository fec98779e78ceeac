//! Bajaj purchase orders. In the older Excel form, read here, they have label/value pairs on top, an item table, totals to
//! the right below it; `bajaj_pdf` reads them from a PDF.

use rust_decimal::{Decimal, dec};

use super::grid::Grid;
use super::inspect::FileKind;
use super::items::{self, Style};
use super::labels;
use super::layout::{Fit, OrderLayout};
use super::model::{Finding, FindingKind, ParseFailure, ParsedOrder};
use super::pdf::Page;
use super::table::{self, Table};
use super::{bajaj_head, bajaj_pdf, charges, lines, printed_totals, share_tax, summary};

const MAX_HEADER_ROW: usize = 50;
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

    /// An order is known by its number of 6 to 12 digits; one that calls itself "Purchase Order" may lack it.
    fn fit_of_sheet(&self, sheet: &Grid) -> Fit {
        let Some(table) = table::find_bajaj(sheet) else {
            return Fit::No;
        };
        let last_row = last_header_row(sheet, Some(&table));
        let labels = labels::labels(sheet, last_row);
        if bajaj_head::has_po_number(sheet, &labels, last_row) {
            Fit::Likely
        } else if bajaj_head::has_title(sheet, last_row) {
            Fit::Possible
        } else {
            Fit::No
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
    bajaj_head::read(grid, &labels, last_row, &mut order);
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
    order.warnings.extend(printed.warnings);
    order.findings.extend(printed.findings);
    charges::settle(grid, &items.totals, &items.loose, order);
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
