//! Proforma invoices in Excel: label/value pairs in any column, an item table, totals below.

use super::grid::Grid;
use super::items::{self, Style};
use super::model::{Finding, FindingKind, ParseFailure, ParsedOrder};
use super::table::{self, Table};
use super::{header, lines, requirements, share_tax, store, summary};

/// Header fields stand within so many rows.
const MAX_HEADER_ROW: usize = 60;

/// Reads the invoice on a sheet.
///
/// # Errors
/// If the sheet is larger than any invoice. What is missing or wrong in it are the findings of the order.
pub(super) fn parse(grid: &Grid) -> Result<ParsedOrder, ParseFailure> {
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
        let message = "Missing: No BOQ line items found (BOQ header not found)";
        findings.push(Finding::new("line_items", FindingKind::Missing, message));
    }
    order.findings = requirements::proforma_findings(&order, findings);
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
    let end_row = items.end_row;
    order.warnings.extend(items.warnings);
    let mut reading = lines::complete(items.items, None);
    order.lines = reading.lines;
    order.warnings.append(&mut reading.warnings);
    let mut findings = reading.findings;
    let known = [columns.quantity, columns.rate, columns.total];
    if known.iter().flatten().count() < 2 {
        let message = "The item table needs two of the columns quantity, rate and amount";
        findings.push(Finding::new("line_items", FindingKind::Invalid, message));
    }
    order.printed = summary::read(grid, end_row, columns, summary::LineSums::of(order));
    share_tax::share_tax(order);
    summary::complete(order);
    findings.extend(summary::excess(order));
    Ok(findings)
}
