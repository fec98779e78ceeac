//! Bajaj's orders as PDF of which each text is placed by itself, and what is read of them.

use std::io::Cursor;

use nexgen_finance::documents::{
    FileKind, Layout, ParseFailure, ParsedOrder, read_order, require_for_po_upload,
};

use super::pdf::Pdf;

/// Texts on one height, each with its place from the left in points.
pub(crate) type Line<'a> = &'a [(u32, &'a str)];

/// A page with these lines below the header of an order, 12 points apart.
pub(crate) fn below_header(lines: &[Line<'_>]) -> Pdf {
    let header: [Line<'_>; 2] = [
        &[(40, "Purchase Order 4500000001")],
        &[(40, "PO Date: 03-02-2026")],
    ];
    let placed = |line: &Line<'_>| line.iter().map(|(x, text)| (*x, (*text).to_owned())).collect();
    let page: Vec<Vec<(u32, String)>> = header.iter().chain(lines).map(placed).collect();
    let mut pdf = Pdf::default();
    pdf.page(&page);
    pdf
}

/// The order in a PDF that is said to be Bajaj's, if it has all that an upload needs.
#[track_caller]
pub(crate) fn read_bajaj(bytes: Vec<u8>) -> Result<ParsedOrder, ParseFailure> {
    let named = Some(Layout::BAJAJ_ORDER);
    let reading = read_order(&mut Cursor::new(bytes), FileKind::Pdf, named).unwrap();
    reading.order.and_then(require_for_po_upload)
}

/// What a person should look at, but for what is not printed above the items.
pub(crate) fn warnings(order: &ParsedOrder) -> Vec<&str> {
    let all = order.warnings.iter().map(String::as_str);
    all.filter(|warning| !warning.starts_with("No ")).collect()
}
