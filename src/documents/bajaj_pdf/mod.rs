//! Bajaj purchase orders as PDF: a header, items below lines of titles, totals.
//!
//! The titles stand above every item or once a table, and again after a page break. What an item says is read from the
//! lines between; where these stand in columns, the place of a cell below its title tells what it is.
//!
//! - `rows`: the lines of all pages, without what is printed on every one; `titles`, `kinds`: where titles stand and what
//!   they say; `cells`, `columns`: what stands below which of them; `figures`: what a line says in its columns.
//! - `header`, `places`: numbers and dates, addresses and names; `blocks`, `above`: the lines cut into items; `item`: the
//!   fields of one, `notes` what is none of them, `with_tax` an amount that includes its tax.
//! - `taxes`, `owned`: lines of tax, and which of them and of the sums below an item are its own.
//! - `totals`: the figures of the document, held against its lines.

mod above;
mod blocks;
mod cells;
mod columns;
mod figures;
mod header;
mod item;
mod kinds;
mod notes;
mod owned;
mod places;
mod rows;
mod taxes;
mod titles;
mod totals;
mod with_tax;

use rust_decimal::Decimal;

use self::rows::Row;
use super::layout::Fit;
use super::lines;
use super::model::{Finding, FindingKind, ParseFailure, ParsedOrder};
use super::pdf::Page;
use super::remarks::Remarks;

/// How much pages look like a Bajaj order: they have the titles of its items, or at least an order's number.
pub(super) fn fit(pages: &[Page]) -> Fit {
    let rows = rows::all(pages);
    if rows.iter().any(Row::is_anchor) {
        Fit::Likely
    } else if header::names_an_order(&rows) {
        Fit::Possible
    } else {
        Fit::No
    }
}

/// Reads a Bajaj purchase order; its findings say what is missing or wrong in it.
///
/// # Errors
/// If there are more items than any order has, or two orders.
pub(super) fn read(pages: &[Page]) -> Result<ParsedOrder, ParseFailure> {
    parse(&rows::all(pages))
}

fn parse(all: &[Row]) -> Result<ParsedOrder, ParseFailure> {
    let mut order = ParsedOrder::default();
    header::read(all, &mut order);
    if let Some(second) = header::second_number(all) {
        let first = order.header.po_number.clone().unwrap_or_default();
        return Err(ParseFailure {
            findings: vec![Finding::new(
                "po_details.po_number",
                FindingKind::Mismatch,
                format!("The file holds two orders, {first} and {second}; upload each as a file of its own"),
            )],
            partial: Box::new(order),
        });
    }
    let rows = rows::without_page_furniture(all);
    let Some(mut blocks) = blocks::cut(&rows)? else {
        let message = format!(
            "Missing: Line item header not found (looked for \"Line # Part # / Description\" in all {} lines)",
            all.len()
        );
        order
            .findings
            .push(Finding::new("line_items", FindingKind::Missing, message));
        return Ok(order);
    };
    let mut remarks = Remarks::default();
    let items = blocks
        .items
        .iter()
        .enumerate()
        .map(|(index, block)| item::read(block, index, &mut remarks));
    let items: Vec<_> = items.collect();
    order.warnings.append(&mut blocks.warnings);
    order.warnings.extend(remarks.into_warnings());
    let mut reading = lines::complete(items, Some(Decimal::ONE));
    order.lines = reading.lines;
    order.warnings.append(&mut reading.warnings);
    order.findings.append(&mut reading.findings);
    if order.lines.is_empty() {
        order.findings.push(Finding::new(
            "line_items",
            FindingKind::Missing,
            "Missing: No line items found (looked below \"Line # Part # / Description\")",
        ));
    }
    totals::read(all, &blocks.tail, &mut order);
    Ok(order)
}
