//! A purchase-order workbook: read once, then told by its layout and parsed.

use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::grid::Grid;
use super::inspect::FileKind;
use super::labels;
use super::model::{ParseFailure, ParsedOrder};
use super::table;
use super::{bajaj, proforma, sheets};

/// How a workbook is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A Bajaj purchase order, older Excel form.
    BajajOrder,
    /// A proforma invoice.
    ProformaInvoice,
}

/// The sheets of a workbook that can hold an order: of each layout the first visible one with its item table, the active
/// sheet first.
#[derive(Debug)]
pub struct Workbook {
    /// The first visible sheet; it stands in where none has an item table.
    first: Option<Arc<Grid>>,
    proforma: Option<Arc<Grid>>,
    bajaj: Option<Arc<Grid>>,
}

impl Workbook {
    /// Reads a workbook. This may take seconds for a large one: call it on a thread that may block.
    ///
    /// # Errors
    /// One finding about the file: it is damaged, protected, unsafe or too large.
    pub fn read(file: &mut (impl Read + Seek), kind: FileKind) -> Result<Self, ParseFailure> {
        let mut book = Self {
            first: None,
            proforma: None,
            bajaj: None,
        };
        let mut visit = |grid: Grid| {
            let grid = Arc::new(grid);
            if book.proforma.is_none() && table::find_proforma(&grid).is_some() {
                book.proforma = Some(Arc::clone(&grid));
            }
            if book.bajaj.is_none() && table::find_bajaj(&grid).is_some() {
                book.bajaj = Some(Arc::clone(&grid));
            }
            book.first.get_or_insert(grid);
            if book.proforma.is_some() && book.bajaj.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        sheets::visit_sheets(file, kind, &mut visit).map_err(ParseFailure::unreadable)?;
        Ok(book)
    }

    /// The layout, or `None` if the workbook has none that is known.
    ///
    /// A proforma invoice says so or has a number or date of its own. Else a number of 6 to 12 digits makes a Bajaj
    /// order, and else a party's label a proforma invoice.
    pub fn layout(&self) -> Option<Layout> {
        let invoice = self
            .proforma
            .as_deref()
            .and_then(|grid| Some((grid, table::find_proforma(grid)?)));
        let order = self
            .bajaj
            .as_deref()
            .and_then(|grid| Some((grid, table::find_bajaj(grid)?)));
        let marks = invoice
            .as_ref()
            .map(|(grid, table)| Marks::of(grid, table.header_row));
        if marks.as_ref().is_some_and(|marks| marks.invoice) {
            Some(Layout::ProformaInvoice)
        } else if order.is_some_and(|(grid, table)| bajaj::has_po_number(grid, &table)) {
            Some(Layout::BajajOrder)
        } else {
            marks
                .is_some_and(|marks| marks.parties)
                .then_some(Layout::ProformaInvoice)
        }
    }

    /// Reads the order as one of this layout.
    ///
    /// # Errors
    /// If a sheet is larger than any order. What is missing or wrong in it are the findings of the order.
    pub fn parse(&self, layout: Layout) -> Result<ParsedOrder, ParseFailure> {
        let nothing = Grid::default();
        let first = self.first.as_deref().unwrap_or(&nothing);
        match layout {
            Layout::BajajOrder => bajaj::parse(self.bajaj.as_deref().unwrap_or(first)),
            Layout::ProformaInvoice => proforma::parse(self.proforma.as_deref().unwrap_or(first)),
        }
    }
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
            .any(|text| labels::Words::of(&text).start_with(&["PROFORMA"]));
        marks
    }
}

/// Reads a proforma invoice; its findings say what is missing or wrong in it.
///
/// # Errors
/// One finding about the file: it cannot be read at all.
pub fn parse_proforma(file: &mut (impl Read + Seek), kind: FileKind) -> Result<ParsedOrder, ParseFailure> {
    Workbook::read(file, kind)?.parse(Layout::ProformaInvoice)
}

/// Reads a Bajaj purchase order in the older Excel form; its findings say what is missing or wrong in it.
///
/// # Errors
/// One finding about the file: it cannot be read at all.
pub fn parse_bajaj_workbook(
    file: &mut (impl Read + Seek),
    kind: FileKind,
) -> Result<ParsedOrder, ParseFailure> {
    Workbook::read(file, kind)?.parse(Layout::BajajOrder)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::documents::{inspect, require_for_po_upload, require_for_proforma_upload};

    fn book(rows: &[&[&str]]) -> Workbook {
        let grid = Arc::new(Grid::of(rows));
        let with = |table: Option<_>| table.map(|_| Arc::clone(&grid));
        Workbook {
            proforma: with(table::find_proforma(&grid)),
            bajaj: with(table::find_bajaj(&grid)),
            first: Some(grid),
        }
    }

    #[test]
    fn the_layout_is_told_by_what_stands_above_the_table() {
        const TITLES: &[&str] = &["Sr No", "Description", "Qty", "Rate", "Amount"];
        for (head, layout) in [
            (&["PI Number", "PI-1"], Some(Layout::ProformaInvoice)),
            (&["PROFORMA INVOICE of today", ""], Some(Layout::ProformaInvoice)),
            (&["Invoice Date", "22-01-2026"], Some(Layout::ProformaInvoice)),
            (&["PO No", "4500012345"], Some(Layout::BajajOrder)),
            (&["PO No", "ABC/12"], None),
            (&["Bill To", "Example Retail"], Some(Layout::ProformaInvoice)),
            (&["Quotation", "Q-1"], None),
        ] {
            assert_eq!(book(&[head, TITLES]).layout(), layout, "{head:?}");
        }
        assert_eq!(book(&[&["PO No", "4500012345"]]).layout(), None);
    }

    /// Texts and figures from which odd documents are made.
    fn cell() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            "Sr No",
            "Description",
            "HSN",
            "Unit",
            "Qty",
            "Rate",
            "Amount",
            "Tax Rate",
            "GST Amount",
            "Gross",
            "CGST",
            "PO No",
            "PI Number: 7",
            "PI Date",
            "Bill To",
            "Vendor",
            "GSTIN",
            "Total",
            "Sub Total",
            "Grand Total",
            "GST 18%",
            "1",
            "2.",
            "18",
            "0.18",
            "1,00,000.00",
            "(5)",
            "1e5",
            "99999999999999",
            "0.00001",
            "22-01-2026",
            "Store ID",
            "Ship To: AB12",
            "PO: 4500012345",
        ]);
        prop_oneof![3 => known.prop_map(str::to_owned), 1 => "\\PC{0,12}", 2 => Just(String::new())]
    }

    proptest! {
        #[test]
        fn no_grid_panics_and_what_is_accepted_is_whole(rows in prop::collection::vec(prop::collection::vec(cell(), 0..9), 0..30)) {
            let titles = vec!["Sr No", "Description", "Qty", "Rate", "Amount", "Tax Rate", "Gross"];
            for has_titles in [false, true] {
                let mut cells: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
                if has_titles {
                    cells.insert(rows.len() / 3, titles.clone());
                }
                let slices: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
                let book = book(&slices);
                book.layout();
                for layout in [Layout::BajajOrder, Layout::ProformaInvoice] {
                    let order = book.parse(layout).unwrap();
                    let _ = require_for_proforma_upload(order.clone());
                    let Ok(order) = require_for_po_upload(order) else { continue };
                    prop_assert!(!order.lines.is_empty());
                    prop_assert!(order.header.po_number.is_some() || order.header.pi_number.is_some());
                    for line in &order.lines {
                        prop_assert!(line.quantity.is_some_and(|quantity| quantity > Decimal::ZERO));
                        prop_assert!(line.taxable_amount.is_some_and(|amount| amount >= Decimal::ZERO));
                        prop_assert!(line.rate.is_some_and(|rate| rate >= Decimal::ZERO));
                        prop_assert!(line.gross_amount.is_some() && !line.boq_name.is_empty());
                    }
                }
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000), signature in prop::sample::select(vec![
            b"PK\x03\x04".as_slice(), b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", b"%PDF-", b"",
        ])) {
            let bytes = [signature, &bytes].concat();
            for name in ["a.xlsx", "a.xls", "a.docx", "a.csv", "a.pdf", "a.webp"] {
                let _ = inspect(name, &mut Cursor::new(&bytes));
            }
            for kind in [FileKind::Xlsx, FileKind::Xls] {
                prop_assert!(Workbook::read(&mut Cursor::new(&bytes), kind).is_err());
            }
        }
    }
}
