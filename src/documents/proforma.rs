//! Proforma invoices in Excel: label/value pairs in any column, an item table, totals below.

use super::grid::Grid;
use super::inspect::FileKind;
use super::items::{self, Style};
use super::labels::{self, Words};
use super::layout::{Fit, OrderLayout};
use super::model::{Finding, FindingKind, ParseFailure, ParsedOrder};
use super::table::{self, Table};
use super::{charges, header, lines, printed_totals, requirements, share_tax, store, summary};

/// Header fields stand within so many rows.
const MAX_HEADER_ROW: usize = 60;

/// The layout.
pub(super) struct ProformaInvoice;

impl OrderLayout for ProformaInvoice {
    fn parser_type(&self) -> &'static str {
        "proforma_invoice"
    }

    fn upload_description(&self) -> &'static str {
        "Proforma Invoice upload"
    }

    fn kinds(&self) -> &'static [FileKind] {
        &[FileKind::Xlsx, FileKind::Xls]
    }

    fn has_table(&self, sheet: &Grid) -> bool {
        table::find_proforma(sheet).is_some()
    }

    /// An invoice says so or has a number or date of its own; a party's label is a weak sign.
    fn fit_of_sheet(&self, sheet: &Grid) -> Fit {
        let marks = table::find_proforma(sheet).map(|table| Marks::of(sheet, table.header_row));
        match marks {
            Some(Marks { invoice: true, .. }) => Fit::Certain,
            Some(Marks { parties: true, .. }) if table::find_numbered_proforma(sheet).is_some() => {
                Fit::Possible
            }
            _ => Fit::No,
        }
    }

    fn read_sheet(&self, sheet: &Grid) -> Result<ParsedOrder, ParseFailure> {
        parse(sheet)
    }
}

/// Reads the invoice on a sheet.
///
/// # Errors
/// If the sheet is larger than any invoice. What is missing or wrong in it are the findings of the order.
fn parse(grid: &Grid) -> Result<ParsedOrder, ParseFailure> {
    let table = table::find_proforma(grid);
    let last_row = last_header_row(grid, table.as_ref());
    let reading = header::read(grid, last_row);
    let header = reading.header;
    let addresses = [
        header.ship_to_address.as_deref(),
        header.ship_to_name.as_deref(),
        header.site_name.as_deref(),
    ];
    let taken = [header.po_number.as_deref(), header.pi_number.as_deref()];
    let store_id = store::find(grid, last_row, &addresses, &taken);
    let mut order = ParsedOrder {
        header,
        store_id,
        warnings: reading.warnings,
        ..ParsedOrder::default()
    };
    let mut findings = reading.findings;
    if let Some(table) = table {
        findings.extend(read_table(grid, &table, &mut order)?);
    } else {
        let message = format!(
            "Missing: No BOQ line items found (BOQ header not found: looked for a row with \"Sr No\", \"Description\" and \
             \"Qty\" or \"Rate\" in {})",
            grid.place(table::MAX_PROFORMA_ROW)
        );
        findings.push(Finding::new("line_items", FindingKind::Missing, message));
    }
    order.findings = requirements::proforma_findings(&order, findings, &grid.place(last_row));
    Ok(order)
}

/// The last row that may hold header fields: above the item table, if there is one.
pub(super) fn last_header_row(grid: &Grid, table: Option<&Table>) -> usize {
    let above = table.map_or(grid.rows(), |table| table.header_row.saturating_sub(1));
    above.min(MAX_HEADER_ROW)
}

fn read_table(grid: &Grid, table: &Table, order: &mut ParsedOrder) -> Result<Vec<Finding>, ParseFailure> {
    let columns = &table.columns;
    let items = items::read(grid, table, Style::Proforma)?;
    order.warnings.extend(items.warnings);
    let mut reading = lines::complete(items.items, None);
    order.lines = reading.lines;
    order.warnings.append(&mut reading.warnings);
    let mut findings = reading.findings;
    let known = [columns.quantity, columns.rate, columns.total];
    if known.iter().flatten().count() < 2 {
        let message = format!(
            "The item table needs two of the columns quantity, rate and amount (looked for \"Qty\", \"Rate\" and \"Amount\" \
             in row {})",
            table.header_row
        );
        findings.push(Finding::new("line_items", FindingKind::Invalid, message));
    }
    let printed = printed_totals::read(grid, &items.totals, columns, &order.lines);
    order.printed = printed.totals;
    order.warnings.extend(printed.warnings);
    findings.extend(printed.findings);
    charges::settle(grid, &items.totals, &items.loose, order);
    share_tax::share_tax(order);
    summary::complete(order);
    findings.extend(summary::excess(order));
    order.warnings.extend(summary::contradictions(order));
    Ok(findings)
}

/// What tells a proforma invoice above its item table.
struct Marks {
    /// The words "proforma invoice", or a label of an invoice's number or date.
    invoice: bool,
    /// A label of a vendor or of who is billed.
    parties: bool,
}

impl Marks {
    fn of(grid: &Grid, header_row: usize) -> Self {
        let last_row = header_row.saturating_sub(1);
        let mut marks = Self {
            invoice: false,
            parties: false,
        };
        for label in labels::labels(grid, last_row) {
            let words = &label.words;
            marks.invoice |= words.has("PROFORMA")
                || words.has_any(&["PI", "INVOICE"]) && words.has_any(&["NO", "NUMBER", "#", "DATE"]);
            marks.parties |= words.has_any(&["VENDOR", "SUPPLIER", "BUYER", "BILL", "BILLING"]);
        }
        let texts =
            (1..=last_row.min(grid.rows())).flat_map(|row| grid.filled(row).map(|(_, value)| value.text()));
        marks.invoice |= texts
            .into_iter()
            .any(|text| Words::of(&text).start_with(&["PROFORMA"]));
        marks
    }
}
