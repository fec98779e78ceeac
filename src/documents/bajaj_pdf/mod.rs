//! Bajaj purchase orders as PDF: a header, items below lines of titles, totals.
//!
//! The titles stand above every item or once a table, and again after a page break. What an item says is read from the
//! lines between; where the table is plain, the place of a word below its title tells what it is.
//!
//! - `rows`: the lines of all pages, without what is printed on every one; `columns`: what stands below which title.
//! - `header`: numbers, dates and places; `blocks`: the lines cut into items; `item`: the fields of one.
//! - `totals`: the figures of the document, held against its lines.

mod blocks;
mod columns;
mod header;
mod item;
mod rows;
mod totals;

use std::io::{Read, Seek};

use rust_decimal::Decimal;

use self::rows::Row;
use super::lines;
use super::model::{Finding, FindingKind, ParseFailure, ParsedOrder};
use super::pdf;
use super::remarks::Remarks;

/// The text of a PDF that may be an order.
#[derive(Debug)]
pub struct PdfText {
    rows: Vec<Row>,
}

impl PdfText {
    /// Reads the text of a PDF. This may take seconds for a large one: call it on a thread that may block.
    ///
    /// # Errors
    /// One finding about the file: it is encrypted, damaged or too large, or has no text.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self, ParseFailure> {
        let pages = pdf::read(file)?;
        Ok(Self {
            rows: rows::all(pages),
        })
    }

    /// True if the text looks like a Bajaj order: it has the titles of its items or an order's number.
    pub fn fits_bajaj(&self) -> bool {
        self.rows.iter().any(Row::is_anchor) || header::names_an_order(&self.rows)
    }

    /// Reads the order; its findings say what is missing or wrong in it.
    ///
    /// # Errors
    /// If there are more items than any order has.
    pub fn parse_bajaj(&self) -> Result<ParsedOrder, ParseFailure> {
        parse(&self.rows)
    }
}

/// Reads a Bajaj purchase order; its findings say what is missing or wrong in it.
///
/// # Errors
/// One finding about the file: it cannot be read at all.
pub fn parse_bajaj_pdf(file: &mut (impl Read + Seek)) -> Result<ParsedOrder, ParseFailure> {
    PdfText::read(file)?.parse_bajaj()
}

fn parse(all: &[Row]) -> Result<ParsedOrder, ParseFailure> {
    let mut order = ParsedOrder::default();
    header::read(all, &mut order);
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
