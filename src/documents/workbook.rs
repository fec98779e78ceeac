//! A purchase-order workbook: read once, then told by its layout and parsed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::grid::Grid;
use super::inspect::FileKind;
use super::layout::{self, LAYOUTS, Layout};
use super::model::{ParseFailure, ParsedLine, ParsedOrder};
use super::sheets;
use super::summary::LineSums;

/// The sheets of a workbook that can hold an order: of each layout the first visible one with its item table, the active
/// sheet first.
#[derive(Debug, Default)]
pub(super) struct Workbook {
    /// The first visible sheet; it stands in where none has an item table.
    first: Option<Arc<Grid>>,
    /// The sheets with an item table, each with the layout that it is a table of.
    tables: Vec<(Layout, Arc<Grid>)>,
    /// Further sheets with items, which are not read.
    others: Vec<OtherTable>,
}

/// An item table beside the one that is read.
#[derive(Debug)]
struct OtherTable {
    layout: Layout,
    sheet: String,
    lines: usize,
    /// Before tax.
    sum: Decimal,
    /// Stands for what the lines say.
    digest: u64,
    /// Of the order and of the invoice, as far as the sheet names them.
    numbers: [Option<String>; 2],
}

impl OtherTable {
    /// The items of a sheet, if there are any.
    fn of(layout: Layout, grid: &Grid) -> Option<Self> {
        let order = layout.rules().read_sheet(grid).ok()?;
        (!order.lines.is_empty()).then(|| Self {
            layout,
            sheet: grid.name().to_owned(),
            lines: order.lines.len(),
            sum: LineSums::of(&order.lines).taxable,
            digest: digest(&order.lines),
            numbers: [order.header.po_number, order.header.pi_number],
        })
    }

    /// True for the same order once more: a copy of its sheet, or its items without their head.
    fn repeats(&self, order: &ParsedOrder) -> bool {
        let own = [&order.header.po_number, &order.header.pi_number];
        let mut numbers = self.numbers.iter().zip(own);
        self.digest == digest(&order.lines) && numbers.all(|(number, own)| number.is_none() || number == own)
    }
}

fn digest(lines: &[ParsedLine]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for line in lines {
        (&line.boq_name, line.quantity, line.taxable_amount).hash(&mut hasher);
    }
    hasher.finish()
}

impl Workbook {
    /// Reads a workbook. This may take seconds for a large one: call it on a thread that may block.
    ///
    /// # Errors
    /// One finding about the file: it is damaged, protected, unsafe or too large.
    pub(super) fn read(file: &mut (impl Read + Seek), kind: FileKind) -> Result<Self, ParseFailure> {
        let layouts: Vec<Layout> = LAYOUTS
            .iter()
            .copied()
            .filter(|layout| layout.reads(kind))
            .collect();
        let mut book = Self::default();
        let mut visit = |grid: Grid| {
            book.take(Arc::new(grid), &layouts);
            ControlFlow::Continue(())
        };
        let read = sheets::visit_sheets(file, kind, &mut visit);
        // Sheets beyond those that are read are only looked at, so damage there is no reason to refuse.
        match read.map_err(ParseFailure::unreadable) {
            Err(failure) if book.tables.len() < layouts.len() => Err(failure),
            _ => Ok(book),
        }
    }

    fn take(&mut self, grid: Arc<Grid>, layouts: &[Layout]) {
        for layout in layouts {
            if !layout.rules().has_table(&grid) {
                continue;
            }
            if self.table(*layout).is_none() {
                self.tables.push((*layout, Arc::clone(&grid)));
            } else {
                self.others.extend(OtherTable::of(*layout, &grid));
            }
        }
        self.first.get_or_insert(grid);
    }

    fn table(&self, layout: Layout) -> Option<&Grid> {
        let mut tables = self.tables.iter();
        tables
            .find(|(own, _)| *own == layout)
            .map(|(_, grid)| grid.as_ref())
    }

    /// The layout, or `None` if the workbook has none that is known.
    pub(super) fn layout(&self) -> Option<Layout> {
        layout::best(LAYOUTS.iter().filter_map(|layout| {
            let grid = self.table(*layout)?;
            Some((*layout, layout.rules().fit_of_sheet(grid)))
        }))
    }

    /// Reads the order as one of this layout.
    ///
    /// # Errors
    /// If a sheet is larger than any order. What is missing or wrong in it are the findings of the order.
    pub(super) fn parse(&self, layout: Layout) -> Result<ParsedOrder, ParseFailure> {
        let nothing = Grid::default();
        let first = self.first.as_deref().unwrap_or(&nothing);
        let grid = self.table(layout).unwrap_or(first);
        let mut order = layout.rules().read_sheet(grid)?;
        let others = self.others.iter().filter(|other| other.layout == layout);
        let unread: Vec<_> = others.filter(|other| !other.repeats(&order)).collect();
        for other in unread {
            order.warnings.push(format!(
                "Sheet \"{}\" has an item table, too (lines: {}, before tax: {:.2}); only sheet \"{}\" is read",
                other.sheet,
                other.lines,
                other.sum,
                grid.name()
            ));
        }
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::documents::{inspect, require_for_po_upload, require_for_proforma_upload};

    fn book(rows: &[&[&str]]) -> Workbook {
        let mut book = Workbook::default();
        book.take(Arc::new(Grid::of(rows)), LAYOUTS);
        book
    }

    #[test]
    fn the_layout_is_told_by_what_stands_above_the_table() {
        const TITLES: &[&str] = &["Sr No", "Description", "Qty", "Rate", "Amount"];
        for (head, layout) in [
            (&["PI Number", "PI-1"], Some(Layout::PROFORMA_INVOICE)),
            (&["PROFORMA INVOICE of today", ""], Some(Layout::PROFORMA_INVOICE)),
            (&["Invoice Date", "22-01-2026"], Some(Layout::PROFORMA_INVOICE)),
            (&["PO No", "4500012345"], Some(Layout::BAJAJ_ORDER)),
            (&["PO No", "ABC/12"], None),
            (&["Bill To", "Example Retail"], Some(Layout::PROFORMA_INVOICE)),
            (&["Quotation", "Q-1"], None),
            (&["Purchase Order", ""], Some(Layout::BAJAJ_ORDER)),
            (&["PO No./Date", "4500012345"], Some(Layout::BAJAJ_ORDER)),
            (&["PO No - 4500012345", ""], Some(Layout::BAJAJ_ORDER)),
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
                for layout in LAYOUTS.iter().copied() {
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
