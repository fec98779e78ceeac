//! Parsers of purchase-order files, over synthetic workbooks: what each form of a document must give, to the paisa.

use std::{fmt::Debug, fs::File, io::Cursor, path::Path};

use chrono::NaiveDate;
use nexgen_finance::documents::{
    FileKind, FindingKind, InspectError, Layout, ParseFailure, ParsedLine, ParsedOrder, inspect, read_order,
    require_for_po_upload, require_for_proforma_upload,
};
use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

use crate::support::{
    sheet::{Content, Sheet, number},
    workbooks::{BajajWorkbook, Item, ProformaWorkbook, TaxColumns},
};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data/sample-proforma.xlsx");

/// Reads a file in a layout.
fn read(layout: Layout, kind: FileKind, bytes: Vec<u8>) -> Result<ParsedOrder, ParseFailure> {
    let reading = read_order(&mut Cursor::new(bytes), kind, Some(layout)).unwrap();
    assert_eq!(reading.layout, Some(layout));
    reading.order
}

fn proforma(xlsx: Vec<u8>) -> ParsedOrder {
    read(Layout::PROFORMA_INVOICE, FileKind::Xlsx, xlsx).unwrap()
}

fn bajaj(xlsx: Vec<u8>) -> ParsedOrder {
    read(Layout::BAJAJ_ORDER, FileKind::Xlsx, xlsx).unwrap()
}

/// The layout that fits a workbook.
fn layout(xlsx: Vec<u8>) -> Option<Layout> {
    let reading = read_order(&mut Cursor::new(xlsx), FileKind::Xlsx, None).unwrap();
    assert!(reading.order.is_ok());
    reading.layout
}

fn fields<T: Debug>(result: Result<T, ParseFailure>) -> Vec<(String, FindingKind)> {
    result
        .unwrap_err()
        .findings
        .into_iter()
        .map(|finding| (finding.field, finding.kind))
        .collect()
}

fn day(month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, month, day)
}

/// Quantity, rate, amount, tax and gross amount of a line.
fn figures(line: &ParsedLine) -> [Option<Decimal>; 5] {
    [
        line.quantity,
        line.rate,
        line.taxable_amount,
        line.gst_amount,
        line.gross_amount,
    ]
}

fn decimals<const N: usize>(values: [Decimal; N]) -> [Option<Decimal>; N] {
    values.map(Some)
}

const SAMPLE_FIGURES: [[Decimal; 5]; 3] = [
    [
        dec!(120.5),
        dec!(850),
        dec!(102425.00),
        dec!(18436.50),
        dec!(120861.50),
    ],
    [
        dec!(24),
        dec!(1450),
        dec!(34800.00),
        dec!(6264.00),
        dec!(41064.00),
    ],
    [
        dec!(1),
        dec!(68500),
        dec!(68500.00),
        dec!(12330.00),
        dec!(80830.00),
    ],
];

fn assert_sample_lines(order: &ParsedOrder) {
    let found: Vec<_> = order.lines.iter().map(figures).collect();
    assert_eq!(found, SAMPLE_FIGURES.map(decimals));
}

#[test]
#[ignore = "writes the sample"]
fn the_sample_is_written_anew() {
    std::fs::create_dir_all(Path::new(SAMPLE).parent().unwrap()).unwrap();
    std::fs::write(SAMPLE, ProformaWorkbook::sample().xlsx()).unwrap();
}

#[test]
fn the_committed_sample_gives_every_figure_and_no_warning() {
    let mut file = File::open(SAMPLE).unwrap();
    assert_eq!(
        inspect("sample-proforma.xlsx", &mut file).unwrap(),
        FileKind::Xlsx
    );

    let reading = read_order(&mut file, FileKind::Xlsx, None).unwrap();

    assert_eq!(reading.layout, Some(Layout::PROFORMA_INVOICE));
    let order = reading.order.unwrap();
    assert_eq!(order, proforma(ProformaWorkbook::sample().xlsx()));
    assert_eq!(
        (order.findings.len(), order.warnings.len()),
        (0, 0),
        "{:?}",
        order.warnings
    );
    let header = &order.header;
    assert_eq!(header.po_number.as_deref(), Some("4500000001"));
    assert_eq!(header.pi_number.as_deref(), Some("PI/2025-26/0042"));
    assert_eq!((header.po_date, header.pi_date), (day(1, 15), day(1, 22)));
    assert_eq!(
        header.client_name.as_deref(),
        Some("Example Retail India Pvt Ltd")
    );
    assert_eq!(header.bill_to_gstin.as_deref(), Some("27BBBBB0000B1Z4"));
    assert_eq!(header.vendor_name.as_deref(), Some("Example Interiors Pvt Ltd"));
    assert_eq!(header.vendor_gstin.as_deref(), Some("27AAAAA0000A1Z5"));
    assert_eq!(
        header.ship_to_address.as_deref(),
        Some("9 Store Lane, Andheri West, Mumbai 400058")
    );
    assert_eq!(header.site_name.as_deref(), Some("Andheri West"));
    assert_eq!(order.store_id.as_deref(), Some("ST-104"));
    assert_sample_lines(&order);
    let line = &order.lines[0];
    assert_eq!(line.boq_name, "Gypsum partition wall, 12 mm, both sides");
    assert_eq!(
        (line.hsn_code.as_deref(), line.unit.as_deref()),
        (Some("6809"), Some("SQM"))
    );
    assert_eq!(
        (line.sr.as_deref(), line.row_index, line.tax_rate),
        (Some("1"), 1, Some(dec!(18)))
    );
    let totals = &order.totals;
    assert_eq!((totals, totals.igst), (&order.printed, None));
    assert_eq!(
        [totals.subtotal, totals.total_tax, totals.total_amount],
        decimals([dec!(205725), dec!(37030.50), dec!(242755.50)])
    );
    assert_eq!(
        [totals.cgst, totals.sgst],
        decimals([dec!(18515.25), dec!(18515.25)])
    );
    assert!(require_for_proforma_upload(order.clone()).is_ok() && require_for_po_upload(order).is_ok());
}

#[test]
fn an_xls_gives_what_its_xlsx_twin_gives() {
    let invoice = ProformaWorkbook::sample();
    let xls = invoice.xls();

    assert_eq!(inspect("po.xls", &mut Cursor::new(&xls)).unwrap(), FileKind::Xls);
    assert_eq!(
        read(Layout::PROFORMA_INVOICE, FileKind::Xls, xls).unwrap(),
        proforma(invoice.xlsx())
    );

    let order = BajajWorkbook::sample();
    assert_eq!(
        read(Layout::BAJAJ_ORDER, FileKind::Xls, order.xls()).unwrap(),
        bajaj(order.xlsx())
    );
}

#[test]
fn labels_in_columns_e_and_f_give_the_same() {
    let order = proforma(ProformaWorkbook::sample().labels_in_column(4).xlsx());

    assert_eq!(order, proforma(ProformaWorkbook::sample().xlsx()));
}

#[test]
fn the_rate_is_never_the_tax_whatever_the_tax_rate_column_holds() {
    for columns in [TaxColumns::Percents, TaxColumns::Fractions, TaxColumns::Amounts] {
        let order = proforma(ProformaWorkbook::sample().tax_columns(columns).xlsx());

        assert_sample_lines(&order);
        assert!(
            order.lines.iter().all(|line| line.tax_rate == Some(dec!(18))),
            "{columns:?}"
        );
        assert!(require_for_proforma_upload(order).is_ok());
    }
}

#[test]
fn a_tax_printed_for_the_whole_invoice_is_shared_over_its_lines() {
    let order = proforma(ProformaWorkbook::sample().tax_columns(TaxColumns::None).xlsx());

    assert_sample_lines(&order);
    assert!(order.lines.iter().all(|line| line.tax_rate == Some(dec!(18))));
    assert_eq!(
        order.warnings,
        ["The document's tax of 37030.50 is shared over the lines"]
    );
    assert!(require_for_proforma_upload(order).is_ok());
}

#[test]
fn an_invoice_without_totals_is_completed_from_its_lines() {
    let order = proforma(ProformaWorkbook::sample().without_totals().xlsx());

    assert_eq!(
        [
            order.printed.subtotal,
            order.printed.total_tax,
            order.printed.total_amount
        ],
        [None; 3]
    );
    let totals = order.totals;
    assert_eq!(
        [totals.subtotal, totals.total_tax, totals.total_amount],
        decimals([dec!(205725), dec!(37030.50), dec!(242755.50)])
    );
    assert_eq!(
        ([totals.cgst, totals.sgst], totals.igst),
        (decimals([dec!(18515.25), dec!(18515.25)]), None)
    );
}

#[test]
fn each_missing_field_refuses_a_proforma_upload_and_only_warns_in_a_po_upload() {
    for (label, field, message) in [
        (
            "Bill To",
            "po_details.client_name",
            "Missing: Client name (Bill To)",
        ),
        ("Vendor Name", "po_details.vendor_name", "Missing: Vendor name"),
        ("PI Number", "po_details.pi_number", "Missing: PI number"),
        ("PI Date", "po_details.pi_date", "Missing: PI date"),
        (
            "Bill To GSTIN",
            "po_details.bill_to_gstin",
            "Missing: Bill To GSTIN",
        ),
        ("Vendor GSTIN", "po_details.vendor_gstin", "Missing: Vendor GSTIN"),
    ] {
        let order = proforma(ProformaWorkbook::sample().without(label).xlsx());

        assert_eq!(
            fields(require_for_proforma_upload(order.clone())),
            [(field.to_owned(), FindingKind::Missing)]
        );
        let warnings = require_for_po_upload(order).unwrap().warnings;
        let place = "in rows 1 to 16 of sheet \"Sheet1\")";
        assert!(
            warnings.len() == 1 && warnings[0].starts_with(message) && warnings[0].ends_with(place),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_total_off_by_half_a_percent_passes_and_by_more_does_not() {
    let items = || {
        vec![Item {
            gst: dec!(0),
            ..Item::new("Chair", "9401", "NOS", dec!(10), dec!(1000))
        }]
    };
    for (total, is_accepted) in [
        (dec!(10050.00), true),
        (dec!(9950.00), true),
        (dec!(10050.01), false),
        (dec!(10051.00), false),
        (dec!(9949.99), false),
    ] {
        let order = proforma(
            ProformaWorkbook::sample()
                .items(items())
                .grand_total(total)
                .xlsx(),
        );

        assert_eq!(
            require_for_proforma_upload(order.clone()).is_ok(),
            is_accepted,
            "{total}"
        );
        if !is_accepted {
            let field = "po_details.total_amount".to_owned();
            let failure = require_for_proforma_upload(order.clone()).unwrap_err();
            assert_eq!(
                failure.summary(),
                format!("Total mismatch: Calculated 10000.00 vs Reported {total}")
            );
            assert_eq!(
                fields::<ParsedOrder>(Err(failure)),
                [(field, FindingKind::Mismatch)]
            );
            assert_eq!(require_for_po_upload(order).unwrap().warnings.len(), 1);
        }
    }
}

/// "PI Number:" in E1, "Date:" in E2, the table in row 5, its total in E10 and F10.
fn small_form() -> Sheet {
    let mut sheet = Sheet::default();
    sheet
        .put(0, 4, "PI Number:")
        .put(0, 5, "PI-7")
        .put(1, 4, "Date:")
        .put(1, 5, "2026-01-22");
    for (column, title) in (0..).zip(["ITEM", "DESCRIPTION", "QTY", "RATE", "AMOUNT"]) {
        sheet.put(4, column, title);
    }
    sheet
        .put(5, 0, number("1"))
        .put(5, 1, "Signage")
        .put(5, 2, number("2"))
        .put(5, 3, number("50"));
    sheet
        .put(5, 4, number("100"))
        .put(9, 4, "Total")
        .put(9, 5, number("100"));
    sheet
}

#[test]
fn the_small_form_is_a_po_by_its_pi_number_but_no_complete_proforma() {
    let order = proforma(small_form().xlsx());

    assert_eq!(layout(small_form().xlsx()), Some(Layout::PROFORMA_INVOICE));
    assert_eq!(
        (order.header.pi_number.as_deref(), order.header.pi_date),
        (Some("PI-7"), day(1, 22))
    );
    assert_eq!((order.header.po_number.as_deref(), order.lines.len()), (None, 1));
    assert_eq!(
        figures(&order.lines[0]),
        [
            Some(dec!(2)),
            Some(dec!(50)),
            Some(dec!(100)),
            None,
            Some(dec!(100))
        ]
    );
    assert_eq!(
        (order.totals.subtotal, order.totals.total_amount),
        (Some(dec!(100)), Some(dec!(100)))
    );
    let missing = ["client_name", "vendor_name", "bill_to_gstin", "vendor_gstin"];
    let expected = missing.map(|field| (format!("po_details.{field}"), FindingKind::Missing));
    assert_eq!(fields(require_for_proforma_upload(order.clone())), expected);
    assert_eq!(require_for_po_upload(order).unwrap().warnings.len(), 4);
}

#[test]
fn merged_cells_continuations_and_headings_leave_the_count_of_items_exact() {
    let mut sheet = Sheet::default();
    sheet
        .put(0, 0, "Vendor Name")
        .put(0, 3, "Example Interiors Pvt Ltd")
        .merge([0, 0, 0, 2]);
    sheet
        .put(1, 0, "BILL TO")
        .put(1, 3, "SHIP TO")
        .merge([1, 0, 1, 2]);
    sheet
        .put(2, 0, "Name")
        .put(2, 1, "Example Retail India Pvt Ltd")
        .put(2, 3, "Name")
        .put(2, 4, "Store ABC123, Pune");
    sheet.put(3, 0, "GSTIN").put(3, 1, "27BBBBB0000B1Z4");
    for (column, title) in (0..).zip(["Sr", "BOQ", "Unit", "Qty", "Rate", "Amount"]) {
        sheet.put(5, column, title);
    }
    sheet.put(6, 1, "CIVIL WORKS");
    sheet
        .put(7, 0, number("1"))
        .put(7, 1, "Brick wall")
        .put(7, 2, "SQM")
        .put(7, 3, number("10"))
        .put(7, 4, number("50"));
    sheet
        .put(7, 5, number("500"))
        .put(8, 1, "one brick thick")
        .merge([7, 0, 8, 0])
        .merge([7, 5, 8, 5]);
    sheet
        .put(9, 0, "2)")
        .put(9, 1, "Plaster")
        .put(9, 3, number("4"))
        .put(9, 5, number("100"));
    sheet.put(10, 1, "with smooth finish").put(10, 3, "see drawing");
    sheet.put(12, 1, "Scaffolding").put(12, 5, "2,82,359.12");
    sheet.put(13, 0, "Total").put(13, 5, "2,82,959.12");

    let order = proforma(sheet.xlsx());

    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line.boq_name.as_str(), line.taxable_amount))
        .collect();
    assert_eq!(
        lines,
        [
            ("Brick wall one brick thick", Some(dec!(500))),
            ("Plaster with smooth finish", Some(dec!(100))),
            ("Scaffolding", Some(dec!(282359.12))),
        ]
    );
    assert_eq!(order.lines[1].rate, Some(dec!(25)));
    assert_eq!(order.totals.subtotal, Some(dec!(282959.12)));
    assert_eq!(
        order.header.client_name.as_deref(),
        Some("Example Retail India Pvt Ltd")
    );
    assert_eq!(order.header.ship_to_name.as_deref(), Some("Store ABC123, Pune"));
    assert_eq!(order.store_id.as_deref(), Some("ABC123"));
}

#[test]
fn garbled_figures_are_named_with_their_line() {
    let mut sheet = Sheet::default();
    sheet
        .put(0, 0, "PO No")
        .put(0, 1, "4500000001")
        .put(1, 0, "PI Date")
        .put(1, 1, "31-02-2026");
    for (column, title) in (0..).zip(["Sr", "Description", "Qty", "Rate", "Amount"]) {
        sheet.put(3, column, title);
    }
    for (row, cells) in (4..).zip([
        ["12O0", "5", "60"],
        ["1", "1e5", "7"],
        ["2", "5", "(500)"],
        ["0", "5", "0"],
    ]) {
        sheet.put(row, 0, number("1")).put(row, 1, "Chair");
        for (column, text) in (2..).zip(cells) {
            sheet.put(row, column, text);
        }
    }

    let order = proforma(sheet.xlsx());

    let failure = require_for_po_upload(order).unwrap_err();
    let named: Vec<_> = failure
        .findings
        .iter()
        .map(|finding| (finding.field.as_str(), finding.kind))
        .collect();
    assert_eq!(
        named,
        [
            ("line_items[0].quantity", FindingKind::Invalid),
            ("line_items[2].amount", FindingKind::Invalid),
            ("line_items[3].quantity", FindingKind::Missing),
        ]
    );
    assert!(
        failure
            .partial
            .warnings
            .iter()
            .any(|warning| warning.contains("31-02-2026"))
    );
    assert!(
        failure
            .partial
            .warnings
            .contains(&"Line 2: Missing or invalid rate".to_owned())
    );
    assert_eq!(failure.partial.lines.len(), 4);
}

#[test]
fn a_workbook_without_an_item_table_or_number_says_so() {
    let mut sheet = Sheet::default();
    sheet
        .put(0, 0, "Vendor Name")
        .put(0, 1, "Example Interiors Pvt Ltd");

    assert_eq!(layout(sheet.xlsx()), None);
    let invoice = require_for_po_upload(proforma(sheet.xlsx())).unwrap_err();
    let order = require_for_po_upload(bajaj(sheet.xlsx())).unwrap_err();
    for failure in [&invoice, &order] {
        let named: Vec<_> = failure
            .findings
            .iter()
            .map(|finding| finding.field.as_str())
            .collect();
        assert_eq!(named, ["po_details.po_number", "line_items"]);
    }
    assert_eq!(
        invoice.partial.header.vendor_name.as_deref(),
        Some("Example Interiors Pvt Ltd")
    );
}

#[test]
fn a_bajaj_order_gives_the_same_in_every_form() {
    let expected = bajaj(BajajWorkbook::sample().xlsx());

    assert_eq!(
        (expected.header.po_number.as_deref(), expected.header.po_date),
        (Some("4500012345"), day(2, 10))
    );
    assert_eq!(
        expected.header.ship_to_address.as_deref(),
        Some("Example store PUNE104, 3 Market Road, Pune 411001")
    );
    assert_eq!(expected.store_id.as_deref(), Some("PUNE104"));
    let found: Vec<_> = expected.lines.iter().map(figures).collect();
    assert_eq!(
        found,
        [
            decimals([dec!(80), dec!(50), dec!(4000), dec!(720), dec!(4720)]),
            decimals([dec!(10), dec!(100), dec!(1000), dec!(180), dec!(1180)]),
        ]
    );
    assert_eq!(
        (
            expected.lines[0].hsn_code.as_deref(),
            expected.lines[0].unit.as_deref()
        ),
        (Some("8544"), Some("MTR"))
    );
    assert_eq!(
        (expected.lines[1].tax_rate, expected.lines[1].row_index),
        (Some(dec!(18)), 2)
    );
    let printed = &expected.printed;
    assert_eq!(
        [printed.subtotal, printed.total_tax, printed.total_amount],
        decimals([dec!(5000), dec!(900), dec!(5900)])
    );
    assert_eq!([printed.cgst, printed.sgst, printed.igst], [None; 3]);
    assert_eq!(
        expected.warnings,
        ["The document's tax of 900 is shared over the lines"]
    );
    assert!(require_for_po_upload(expected.clone()).is_ok());
    for other in [
        BajajWorkbook::sample().po_date(day(2, 10).unwrap()),
        BajajWorkbook::sample().po_number(number("4500012345")),
        BajajWorkbook::sample().po_number("45 0001 2345"),
        BajajWorkbook::sample().moved(2, 1),
    ] {
        assert_eq!(layout(other.xlsx()), Some(Layout::BAJAJ_ORDER));
        assert_eq!(bajaj(other.xlsx()), expected);
    }
}

#[test]
fn a_bajaj_total_that_differs_from_its_lines_is_told_and_kept() {
    let order = bajaj(BajajWorkbook::sample().grand_total(dec!(6000)).xlsx());

    assert_eq!(order.totals.total_amount, Some(dec!(6000)));
    assert!(
        order
            .warnings
            .contains(&"Total mismatch: lines 5900.00, document 6000.00".to_owned())
    );
    assert!(require_for_po_upload(order).is_ok());
}

#[test]
fn a_bajaj_order_guesses_no_store_and_marks_a_guessed_number() {
    let mut sheet = Sheet::default();
    sheet
        .put(0, 0, "CIN: U12345MH2001 / 123456789")
        .put(1, 0, "FY25 budget U12 345 678")
        .put(2, 0, "Order 4500012345 of today");
    sheet.put(3, 0, Content::Date(day(2, 10).unwrap()));
    sheet.put(5, 1, "Description").put(5, 2, "Qty").put(5, 4, "INR");
    sheet
        .put(6, 1, "Cabling")
        .put(6, 2, number("3"))
        .put(6, 4, number("90"));
    sheet.put(7, 1, "as per site drawing");
    sheet.put(8, 1, "Labour").put(8, 4, number("10"));
    sheet.put(9, 1, "Sub Total").put(9, 4, number("100"));

    let order = require_for_po_upload(bajaj(sheet.xlsx())).unwrap();

    assert_eq!(
        (order.header.po_number.as_deref(), order.header.po_date),
        (Some("4500012345"), day(2, 10))
    );
    assert_eq!(order.store_id, None);
    assert!(order.warnings.contains(&"PO number guessed".to_owned()));
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line.boq_name.as_str(), line.quantity, line.rate))
        .collect();
    assert_eq!(
        lines,
        [
            ("Cabling as per site drawing", Some(dec!(3)), Some(dec!(30))),
            ("Labour", Some(dec!(1)), Some(dec!(10))),
        ]
    );
    assert_eq!(
        (order.printed.subtotal, order.totals.total_amount),
        (Some(dec!(100)), Some(dec!(100)))
    );
}

#[test]
fn a_bajaj_number_that_is_none_is_invalid_and_not_guessed() {
    let order = bajaj(BajajWorkbook::sample().po_number("as per mail 123456").xlsx());

    let expected = [("po_details.po_number".to_owned(), FindingKind::Invalid)];
    assert_eq!(fields(require_for_po_upload(order)), expected);
}

#[test]
fn files_that_are_no_workbooks_are_unreadable() {
    let xlsx = ProformaWorkbook::sample().xlsx();
    let xls = ProformaWorkbook::sample().xls();
    for (bytes, kind) in [
        (b"".as_slice(), FileKind::Xlsx),
        (&xlsx[..xlsx.len() / 2], FileKind::Xlsx),
        (&xls[..xls.len() / 2], FileKind::Xls),
        (&xls, FileKind::Xlsx),
        (&xlsx, FileKind::Xls),
    ] {
        let failure = read(Layout::PROFORMA_INVOICE, kind, bytes.to_vec()).unwrap_err();
        assert_eq!(
            (failure.findings[0].field.as_str(), failure.findings[0].kind),
            ("file", FindingKind::Unreadable)
        );
    }
    let protected = read(Layout::PROFORMA_INVOICE, FileKind::Xlsx, xls).unwrap_err();
    assert_eq!(protected.summary(), "the workbook is password protected");
}

#[test]
fn a_renamed_workbook_is_no_document_and_a_picture_no_workbook() {
    let xlsx = ProformaWorkbook::sample().xlsx();

    assert!(matches!(
        inspect("a.docx", &mut Cursor::new(&xlsx)),
        Err(InspectError::Mismatch { .. })
    ));
    assert!(matches!(
        inspect("a.XLSX", &mut Cursor::new(&xlsx)),
        Ok(FileKind::Xlsx)
    ));
    assert!(matches!(
        inspect("a.xlsx", &mut Cursor::new(b"\x89PNG\r\n\x1a\n")),
        Err(InspectError::Mismatch { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_workbooks_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
        is_xls in any::<bool>(),
    ) {
        let mut bytes = if is_xls { ProformaWorkbook::sample().xls() } else { ProformaWorkbook::sample().xlsx() };
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let kind = if is_xls { FileKind::Xls } else { FileKind::Xlsx };
        let _ = inspect(&format!("a.{}", kind.extension()), &mut Cursor::new(&bytes));
        for layout in [None, Some(Layout::BAJAJ_ORDER), Some(Layout::PROFORMA_INVOICE)] {
            let _ = read_order(&mut Cursor::new(&bytes), kind, layout);
        }
    }

    #[test]
    fn lines_and_taxes_reconcile_with_the_printed_totals(
        items in prop::collection::vec((1_i64..1_000_000, 1_i64..1_000_000, prop::sample::select(vec![0, 5, 12, 18, 28])), 1..12),
        columns in prop::sample::select(vec![TaxColumns::Whole, TaxColumns::Percents, TaxColumns::Fractions, TaxColumns::Amounts, TaxColumns::None]),
    ) {
        let item = |(quantity, rate, gst): (i64, i64, i64)| Item {
            gst: gst.into(),
            ..Item::new("Chair", "9401", "NOS", Decimal::new(quantity, 2), Decimal::new(rate, 2))
        };
        let order = proforma(ProformaWorkbook::sample().items(items.into_iter().map(item).collect()).tax_columns(columns).xlsx());

        let sum = |figure: fn(&ParsedLine) -> Option<Decimal>| order.lines.iter().filter_map(figure).sum::<Decimal>();
        prop_assert_eq!(Some(sum(|line| line.taxable_amount)), order.printed.subtotal);
        prop_assert_eq!(Some(sum(|line| line.gst_amount)), order.printed.total_tax);
        prop_assert_eq!(Some(sum(|line| line.gross_amount)), order.printed.total_amount);
        prop_assert_eq!(order.totals, order.printed);
    }
}
