//! Random order files of both Excel layouts: what is printed into a file comes out of it, to the paisa.
//!
//! `PROPTEST_CASES` makes more files than a normal run, `PROPTEST_RNG_SEED` the same ones again.

#![expect(
    clippy::similar_names,
    clippy::struct_excessive_bools,
    reason = "the fields have the names that they have on paper, and each may be there or not"
)]

mod additions;
mod columns;
mod forms;
mod heads;
mod items;
mod shapes;

use std::io::Cursor;

use nexgen_finance::documents::{
    FileKind, Layout, OrderHeader, ParsedLine, ParsedOrder, Totals, read_order, require_for_po_upload,
    require_for_proforma_upload,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use reqwest::multipart::{Form, Part};
use rust_decimal::Decimal;

use self::{
    heads::{BajajHead, ProformaHead},
    items::{Kind, Table},
};
use crate::support::{
    TestApp, money,
    sheet::{Book, Sheet},
    workbooks::{BajajWorkbook, ProformaWorkbook},
};

/// So many files of each layout in a normal run.
const CASES: u32 = 48;

fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").is_ok();
    let config = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { config.cases } else { CASES },
        failure_persistence: None,
        max_shrink_iters: 10_000,
        ..config
    }
}

/// A sheet beside that of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extra {
    Notes,
    HiddenNotes,
    /// Another order, which must not be read.
    HiddenOrder,
    /// The same, open to see, where another sheet comes first.
    LaterOrder,
}

/// The sheets of a workbook and the kind of its file.
#[derive(Debug, Clone)]
struct Pack {
    is_xls: bool,
    before: Vec<Extra>,
    after: Vec<Extra>,
    /// The sheet of the order was open when the file was saved; else the first one that can be seen.
    is_active: bool,
}

fn pack() -> impl Strategy<Value = Pack> {
    let extra = || {
        prop::sample::select(vec![
            Extra::Notes,
            Extra::HiddenNotes,
            Extra::HiddenOrder,
            Extra::LaterOrder,
        ])
    };
    (
        prop::bool::weighted(0.3),
        prop::collection::vec(extra(), 0..3),
        prop::collection::vec(extra(), 0..3),
        prop::bool::weighted(0.7),
    )
        .prop_map(|(is_xls, before, after, is_active)| Pack {
            is_xls,
            before,
            after,
            is_active,
        })
}

impl Pack {
    fn file(&self, sheet: Sheet, other: &Sheet) -> (Vec<u8>, FileKind) {
        let notes = || {
            let mut notes = Sheet::default();
            notes
                .put(0, 0, "Terms and conditions")
                .put(1, 0, "Payment within 30 days");
            notes
        };
        let mut book = Book::default();
        let mut first_visible = None;
        for (index, extra) in self.before.iter().enumerate() {
            let name = format!("Before {index}");
            // An order that can be seen and comes first would be the one to read, unless this one is active.
            book = match extra {
                Extra::Notes => book.with(&name, notes()),
                Extra::LaterOrder if self.is_active => book.with(&name, other.clone()),
                Extra::HiddenNotes => book.with_hidden(&name, notes()),
                Extra::HiddenOrder | Extra::LaterOrder => book.with_hidden(&name, other.clone()),
            };
            if *extra == Extra::Notes {
                first_visible.get_or_insert(index);
            }
        }
        let own = self.before.len();
        book = book.with("Order", sheet);
        for (index, extra) in self.after.iter().enumerate() {
            let name = format!("After {index}");
            book = match extra {
                Extra::Notes => book.with(&name, notes()),
                Extra::LaterOrder => book.with(&name, other.clone()),
                Extra::HiddenNotes => book.with_hidden(&name, notes()),
                Extra::HiddenOrder => book.with_hidden(&name, other.clone()),
            };
        }
        let active = if self.is_active {
            own
        } else {
            first_visible.unwrap_or(own)
        };
        book = book.active(active);
        if self.is_xls {
            (book.xls(), FileKind::Xls)
        } else {
            (book.xlsx(), FileKind::Xlsx)
        }
    }
}

/// What must be read from a file.
#[derive(Debug, PartialEq)]
struct Reading {
    header: OrderHeader,
    store_id: Option<String>,
    lines: Vec<ParsedLine>,
    totals: Totals,
}

impl Reading {
    fn of(order: ParsedOrder) -> Self {
        Self {
            header: order.header,
            store_id: order.store_id,
            lines: order.lines,
            totals: order.totals,
        }
    }
}

#[derive(Debug, Clone)]
struct Invoice {
    head: ProformaHead,
    table: Table,
    pack: Pack,
}

fn invoice() -> impl Strategy<Value = Invoice> {
    (heads::proforma_head(), items::table(Kind::Proforma), pack()).prop_map(|(head, table, pack)| Invoice {
        head,
        table,
        pack,
    })
}

impl Invoice {
    fn file(&self) -> (Vec<u8>, FileKind) {
        let mut sheet = Sheet::default();
        let row = self.head.print(&mut sheet);
        self.table.print(&mut sheet, row);
        self.pack.file(sheet, &ProformaWorkbook::sample().sheet())
    }

    fn expected(&self) -> Reading {
        Reading {
            header: self.head.expected(),
            store_id: self.head.expected_store(),
            lines: self.table.expected_lines(),
            totals: self.table.expected_totals(self.head.is_one_state()),
        }
    }
}

#[derive(Debug, Clone)]
struct Order {
    head: BajajHead,
    table: Table,
    pack: Pack,
}

fn order() -> impl Strategy<Value = Order> {
    (heads::bajaj_head(), items::table(Kind::Bajaj), pack()).prop_map(|(head, table, pack)| Order {
        head,
        table,
        pack,
    })
}

impl Order {
    fn file(&self) -> (Vec<u8>, FileKind) {
        let mut sheet = Sheet::default();
        let row = self.head.print(&mut sheet);
        self.table.print(&mut sheet, row);
        self.pack.file(sheet, &BajajWorkbook::sample().sheet())
    }

    fn expected(&self) -> Reading {
        Reading {
            header: self.head.expected(),
            store_id: self.head.expected_store(),
            lines: self.table.expected_lines(),
            totals: self.table.expected_totals(false),
        }
    }
}

fn read((bytes, kind): (Vec<u8>, FileKind), layout: Layout) -> (Option<Layout>, ParsedOrder) {
    let found = read_order(&mut Cursor::new(&bytes), kind, None).unwrap().layout;
    let named = read_order(&mut Cursor::new(&bytes), kind, Some(layout)).unwrap();
    (found, named.order.unwrap())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_proforma_invoice_gives_what_was_printed_into_it(invoice in invoice()) {
        let (layout, order) = read(invoice.file(), Layout::PROFORMA_INVOICE);

        prop_assert_eq!(layout, Some(Layout::PROFORMA_INVOICE));
        prop_assert_eq!(&order.findings, &[]);
        prop_assert!(require_for_po_upload(order.clone()).is_ok());
        prop_assert!(require_for_proforma_upload(order.clone()).is_ok());
        prop_assert_eq!(Reading::of(order), invoice.expected());
    }

    #[test]
    fn a_bajaj_order_gives_what_was_printed_into_it(printed in order()) {
        let (layout, order) = read(printed.file(), Layout::BAJAJ_ORDER);

        if printed.head.has_label() {
            prop_assert_eq!(layout, Some(Layout::BAJAJ_ORDER));
        }
        prop_assert_eq!(&order.findings, &[]);
        prop_assert!(require_for_po_upload(order.clone()).is_ok());
        prop_assert_eq!(Reading::of(order), printed.expected());
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_line_without_a_description_is_refused_by_its_number(
        kind in prop::sample::select(vec![Kind::Proforma, Kind::Bajaj]),
        (proforma, bajaj) in (heads::proforma_head(), heads::bajaj_head()),
        (tables, line) in ((items::table(Kind::Proforma), items::table(Kind::Bajaj)), any::<prop::sample::Index>()),
    ) {
        let mut sheet = Sheet::default();
        let (row, table, layout) = match kind {
            Kind::Proforma => (proforma.print(&mut sheet), tables.0, Layout::PROFORMA_INVOICE),
            Kind::Bajaj => (bajaj.print(&mut sheet), tables.1, Layout::BAJAJ_ORDER),
        };
        let (table, index) = table.with_bare_line(line);
        table.print(&mut sheet, row);

        let (_, order) = read((sheet.xlsx(), FileKind::Xlsx), layout);
        let failure = require_for_po_upload(order).unwrap_err();

        let fields: Vec<&str> = failure.findings.iter().map(|finding| finding.field.as_str()).collect();
        prop_assert_eq!(fields, [format!("line_items[{index}].description")]);
    }
}

/// Files that are made the same way each time, as many as asked.
fn some<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[tokio::test]
async fn an_uploaded_file_becomes_a_po_with_what_was_printed_into_it() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let invoices = some(&invoice(), 6)
        .into_iter()
        .map(|invoice| ("2", invoice.file(), invoice.expected()));
    let orders = some(&order(), 6)
        .into_iter()
        .map(|order| ("1", order.file(), order.expected()));

    for (client, (bytes, kind), expected) in invoices.chain(orders) {
        let file = Part::bytes(bytes).file_name(format!("order.{}", kind.extension()));
        let form = Form::new().part("file", file).text("client_id", client);
        let body = editor.post("/api/po/upload").form(form).send().await.expect(200);

        let po = body["client_po_id"].as_i64().unwrap();
        let details = editor
            .get(format!("/api/po/{po}/details"))
            .send()
            .await
            .expect(200)["data"]
            .clone();
        let amount = |value: Decimal| money(&value.normalize().to_string());
        assert_eq!(details["net_value"], amount(expected.totals.subtotal.unwrap()));
        assert_eq!(details["po_value"], amount(expected.totals.total_amount.unwrap()));
        assert_eq!(
            details["total_tax"],
            amount(expected.totals.total_tax.unwrap_or_default())
        );
        let lines = details["line_items"].as_array().unwrap();
        assert_eq!(lines.len(), expected.lines.len());
        for (line, expected) in lines.iter().zip(&expected.lines) {
            assert_eq!(line["description"], expected.boq_name.as_str());
            assert_eq!(line["quantity"], amount(expected.quantity.unwrap()));
            assert_eq!(line["unit_price"], amount(expected.rate.unwrap()));
            assert_eq!(line["taxable_amount"], amount(expected.taxable_amount.unwrap()));
            assert_eq!(line["gross_amount"], amount(expected.gross_amount.unwrap()));
        }
    }
}
