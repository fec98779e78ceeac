//! What stands beside the items of both Excel layouts and changes what they are worth: charges, a second table, parts of an
//! amount, formulas that nobody computed. Figures are reckoned by hand.

use std::io::{Cursor, Read as _, Write as _};

use nexgen_finance::documents::{
    FileKind, Layout, ParsedOrder, read_order, require_for_po_upload, require_for_proforma_upload,
};
use rust_decimal::{Decimal, dec};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::shapes::{lines, put, read, with_titles};
use crate::support::sheet::{Book, Sheet};

const TITLES: &[&str] = &["Sr No", "Description", "Qty", "UoM", "Rate", "Amount"];
const COUNTER: &[&str] = &["1", "Counter", "10", "NOS", "100", "1000"];
const SHELF: &[&str] = &["2", "Shelf", "4", "NOS", "50", "200"];

/// A sheet with a proforma invoice: titles in row 5, these rows from row 6 on.
fn invoice_sheet(titles: &[&'static str], rows: &[&[&'static str]]) -> Sheet {
    let mut sheet = Sheet::default();
    put(
        &mut sheet,
        0,
        &[
            &["Proforma Invoice"],
            &["Vendor Name", "Example Interiors Pvt Ltd"],
            &["PI No", "PI-7"],
        ],
    );
    put(&mut sheet, 4, &[titles]);
    put(&mut sheet, 5, rows);
    sheet
}

/// Both layouts with the same titles and rows, which begin below row `first` of titles.
fn both(titles: &[&'static str], rows: &[&[&'static str]]) -> [(usize, ParsedOrder); 2] {
    [
        (9, with_titles(titles, rows)),
        (5, read(&invoice_sheet(titles, rows))),
    ]
}

/// The order as the upload of any order takes it.
fn accepted(order: &ParsedOrder) -> ParsedOrder {
    require_for_po_upload(order.clone()).unwrap()
}

fn assert_warned(order: &ParsedOrder, warning: &str) {
    let warnings = accepted(order).warnings;
    assert!(
        warnings.iter().any(|own| own == warning),
        "{warning}: {warnings:?}"
    );
}

fn taxes(order: &ParsedOrder) -> Vec<Option<Decimal>> {
    order.lines.iter().map(|line| line.gst_amount).collect()
}

fn total<'a>(label: &'a str, value: &'a str) -> [&'a str; 6] {
    ["", label, "", "", "", value]
}

#[test]
fn freight_below_the_table_is_a_line_where_the_total_counts_it() {
    let rows = |grand_total| {
        [
            total("Sub Total", "1000"),
            total("Freight", "100"),
            total("GST 18%", "198"),
            total("Grand Total", grand_total),
        ]
    };
    let (counted, other) = (rows("1298"), rows("1198"));
    let with = |totals: &[[&'static str; 6]; 4]| {
        let rows: Vec<&[&'static str]> = std::iter::once(COUNTER)
            .chain(totals.iter().map(<[_; 6]>::as_slice))
            .collect();
        both(TITLES, &rows)
    };

    for (first, order) in with(&counted) {
        assert_eq!(
            lines(&order),
            [("Counter", Some(dec!(1000))), ("Freight", Some(dec!(100)))]
        );
        assert_eq!(taxes(&order), [Some(dec!(180)), Some(dec!(18))]);
        assert_eq!(order.lines[1].row_index, 2);
        let row = first + 3;
        assert_warned(
            &order,
            &format!(
                "Row {row}: \"Freight\" of 100.00 below the table is read as line 2, as the total counts it"
            ),
        );
    }
    for (first, order) in with(&other) {
        assert_eq!(lines(&order), [("Counter", Some(dec!(1000)))]);
        let row = first + 3;
        assert_warned(
            &order,
            &format!("Row {row}: \"Freight\" of 100.00 stands below the table; it is not read as a line"),
        );
    }
}

#[test]
fn freight_has_its_part_of_a_tax_that_the_lines_have_already() {
    let titles = &["Sr No", "Description", "Qty", "Rate", "Amount", "GST Amount"];
    for (_, order) in both(
        titles,
        &[
            &["1", "Counter", "10", "100", "1000", "180"],
            &["", "Sub Total", "", "", "1000"],
            &["", "Freight", "", "", "100"],
            &["", "GST", "", "", "198"],
            &["", "Grand Total", "", "", "1298"],
        ],
    ) {
        assert_eq!(taxes(&order), [Some(dec!(180)), Some(dec!(18))]);
        assert_eq!(order.lines[1].gross_amount, Some(dec!(118)));
        assert_eq!(order.lines[1].tax_rate, Some(dec!(18)));
    }
}

#[test]
fn freight_between_the_items_is_a_line_of_one() {
    for (first, order) in both(
        TITLES,
        &[
            COUNTER,
            &total("Freight charges", "100"),
            &total("Grand Total", "1100"),
        ],
    ) {
        assert_eq!(
            (order.lines[1].quantity, order.lines[1].rate),
            (Some(dec!(1)), Some(dec!(100)))
        );
        if first == 5 {
            assert_warned(
                &order,
                "Row 7: \"Freight charges\" has no quantity; it is read as a line of 1",
            );
        }
    }
}

#[test]
fn a_cess_is_a_part_of_the_tax_and_a_discount_is_told_with_its_amount() {
    for (first, order) in both(
        TITLES,
        &[
            COUNTER,
            &total("Sub Total", "1000"),
            &total("GST 18%", "180"),
            &total("Cess 1%", "10"),
            &total("Grand Total", "1190"),
        ],
    ) {
        assert_eq!(order.totals.total_tax, Some(dec!(190)));
        assert_eq!(order.lines[0].gross_amount, Some(dec!(1190)));
        let row = first + 4;
        assert_warned(
            &order,
            &format!("Row {row}: \"Cess 1%\" of 10.00 is added to the tax, as the total counts it"),
        );
    }
    for (first, order) in both(
        TITLES,
        &[
            COUNTER,
            &total("Sub Total", "1000"),
            &total("Discount 10%", "-100"),
            &total("GST 18%", "162"),
            &total("Grand Total", "1062"),
        ],
    ) {
        let row = first + 3;
        assert_warned(
            &order,
            &format!("Row {row}: \"Discount 10%\" of 100.00 is not taken off the lines"),
        );
    }
}

#[test]
fn the_amount_of_a_line_is_that_of_all_its_parts() {
    let titles = &[
        "Sr No",
        "Description",
        "Qty",
        "Supply Rate",
        "Inst. Rate",
        "Supply Amount",
        "Inst. Amount",
        "Total Amount",
    ];
    for (_, order) in both(
        titles,
        &[
            &["1", "Counter", "10", "80", "20", "800", "200", "1000"],
            &["2", "Shelf", "4", "50", "", "200", "", "200"],
        ],
    ) {
        assert_eq!(
            lines(&order),
            [("Counter", Some(dec!(1000))), ("Shelf", Some(dec!(200)))]
        );
        assert_eq!(
            (order.lines[0].rate, order.lines[1].rate),
            (Some(dec!(100)), Some(dec!(50)))
        );
    }
    let titles = &[
        "Sr No",
        "Description",
        "Qty",
        "Rate",
        "Amount",
        "Installation",
        "Total Amount",
    ];
    for (_, order) in both(titles, &[&["1", "Counter", "10", "100", "1000", "150", "1150"]]) {
        assert_eq!(lines(&order), [("Counter", Some(dec!(1150)))]);
        assert_warned(
            &order,
            "Line 1: quantity × rate is 1000, but the amount says 1150; the amount is kept",
        );
    }
    let titles = &["Sr No", "Description", "Qty", "Rate", "Amount", "Total Amount"];
    for (first, order) in both(titles, &[&["1", "Counter", "10", "100", "1000", "1150"]]) {
        assert_eq!(lines(&order), [("Counter", Some(dec!(1000)))]);
        let row = first + 1;
        assert_warned(
            &order,
            &format!(
                "Row {row}: \"Amount\" is 1000 and \"Total Amount\" is 1150; \"Amount\" is taken as the amount"
            ),
        );
    }
}

#[test]
fn the_numbers_of_the_columns_are_no_item() {
    for numbers in [
        ["1", "2", "3", "4", "5", "6"],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
        ["1", "2", "3", "4", "5", "6=3x5"],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6) = (3) x (5)"],
    ] {
        for (_, order) in both(TITLES, &[&numbers, COUNTER, &total("Grand Total", "1000")]) {
            assert_eq!(lines(&order), [("Counter", Some(dec!(1000)))], "{numbers:?}");
            assert_eq!(accepted(&order).totals.total_amount, Some(dec!(1000)));
        }
    }
}

#[test]
fn a_table_that_is_printed_again_is_taken_once() {
    for (first, order) in both(
        TITLES,
        &[
            COUNTER,
            SHELF,
            TITLES,
            COUNTER,
            SHELF,
            &total("Grand Total", "1200"),
        ],
    ) {
        assert_eq!(order.lines.len(), 2);
        let (one, other) = (first + 4, first + 5);
        assert_warned(
            &order,
            &format!(
                "Rows {one}, {other}: printed again below repeated titles, equal in all cells; taken once"
            ),
        );
    }
    // Two floors with the same items: the totals count both.
    for totals in [
        vec![total("Grand Total", "2400")],
        vec![total("GST 18%", "432"), total("Grand Total", "2832")],
    ] {
        let mut rows = vec![COUNTER, SHELF, TITLES, COUNTER, SHELF];
        rows.extend(totals.iter().map(<[_; 6]>::as_slice));
        for (_, order) in both(TITLES, &rows) {
            assert_eq!(order.lines.len(), 4);
        }
    }
    // The same, each with a total of its own.
    let own = total("Total", "1200");
    for (_, order) in both(
        TITLES,
        &[
            COUNTER,
            SHELF,
            &own,
            TITLES,
            COUNTER,
            SHELF,
            &own,
            &total("Grand Total", "2400"),
        ],
    ) {
        assert_eq!(order.lines.len(), 4);
        assert_eq!(order.totals.total_amount, Some(dec!(2400)));
    }
    // The number alone makes no reprint.
    let lamp = &["1", "Lamp", "1", "NOS", "70", "70"];
    for (first, order) in both(TITLES, &[COUNTER, TITLES, lamp]) {
        assert_eq!(order.lines.len(), 2);
        let row = first + 3;
        assert_warned(
            &order,
            &format!(
                "Row {row}: a number from above the repeated titles comes again with other figures; read as a line of its own"
            ),
        );
    }
}

#[test]
fn a_second_sheet_with_items_is_named() {
    let mut annexure = Sheet::default();
    put(&mut annexure, 0, &[TITLES, SHELF]);
    let mut form = Sheet::default();
    put(&mut form, 0, &[TITLES]);
    let book = Book::default()
        .with("Invoice", invoice_sheet(TITLES, &[COUNTER]))
        .with("Blank form", form)
        .with("Copy", invoice_sheet(TITLES, &[COUNTER]))
        .with("Annexure B", annexure.clone())
        .with_hidden("Old", annexure);

    for (bytes, kind) in [(book.xlsx(), FileKind::Xlsx), (book.xls(), FileKind::Xls)] {
        for layout in [Layout::PROFORMA_INVOICE, Layout::BAJAJ_ORDER] {
            let read = read_order(&mut Cursor::new(&bytes), kind, Some(layout)).unwrap();
            let about: Vec<_> = read
                .order
                .unwrap()
                .warnings
                .into_iter()
                .filter(|warning| warning.starts_with("Sheet "))
                .collect();
            assert_eq!(
                about,
                [
                    "Sheet \"Annexure B\" has an item table, too (lines: 1, before tax: 200.00); only sheet \"Invoice\" is read"
                ]
            );
        }
    }
}

/// The workbook with formulas in the place of these numbers, as a library writes them that cannot compute.
fn uncomputed(workbook: Vec<u8>, numbers: &[&str]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let (name, mut bytes) = (part.name().unwrap().into_owned(), Vec::new());
        part.read_to_end(&mut bytes).unwrap();
        if name.contains("worksheets/") {
            let mut text = String::from_utf8(bytes).unwrap();
            for number in numbers {
                let value = format!("<v>{number}</v>");
                assert!(text.contains(&value), "{number}: {text}");
                text = text.replace(&value, "<f>SUM(A1:A2)</f>");
            }
            bytes = text.into_bytes();
        }
        out.start_file(&name, SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn a_formula_without_a_value_is_told() {
    let read = |sheet: &Sheet, numbers: &[&str]| {
        let bytes = uncomputed(sheet.xlsx(), numbers);
        let layout = Some(Layout::PROFORMA_INVOICE);
        let read = read_order(&mut Cursor::new(bytes), FileKind::Xlsx, layout).unwrap();
        read.order.unwrap()
    };
    let sheet = invoice_sheet(
        TITLES,
        &[
            COUNTER,
            &total("GST 18%", "777001"),
            &total("Grand Total", "777002"),
        ],
    );

    let order = read(&sheet, &["777001", "777002"]);

    assert_eq!(order.lines[0].boq_name, "Counter");
    for (label, row) in [("GST 18%", 7), ("Grand Total", 8)] {
        assert_warned(
            &order,
            &format!(
                "\"{label}\" in row {row} is a formula without a stored value; open the file in Excel and save it"
            ),
        );
    }
    // Without its tax the invoice is worth less than it says.
    let refused = require_for_proforma_upload(order).unwrap_err();
    assert!(
        refused
            .findings
            .iter()
            .any(|finding| finding.field == "po_details.total_tax")
    );

    let titles = &["Sr No", "Description", "Qty", "Rate", "Amount", "GST Amount"];
    let sheet = invoice_sheet(titles, &[&["1", "Counter", "10", "100", "1000", "777001"]]);
    assert_warned(
        &read(&sheet, &["777001"]),
        "Line 1: the tax is a formula without a stored value; it is not known",
    );
}

#[test]
fn a_net_total_without_tax_is_that_of_the_document() {
    for label in ["Net Total", "Total Amount", "Net Amount (Rs.)"] {
        for (_, order) in both(TITLES, &[COUNTER, &total(label, "1000")]) {
            assert_eq!(
                (order.printed.subtotal, order.printed.total_amount),
                (Some(dec!(1000)), Some(dec!(1000))),
                "{label}"
            );
        }
    }
    for (_, order) in both(
        TITLES,
        &[COUNTER, &total("Net Total", "1000"), &total("GST 18%", "180")],
    ) {
        assert_eq!(order.printed.total_amount, None);
    }
}

#[test]
fn an_invoice_needs_no_serial_numbers() {
    let order = read(&invoice_sheet(
        &["Description", "Qty", "Unit", "Rate", "Amount"],
        &[
            &["Counter", "10", "NOS", "100", "1000"],
            &["Grand Total", "", "", "", "1000"],
        ],
    ));

    assert_eq!(lines(&order), [("Counter", Some(dec!(1000)))]);
    assert_eq!(order.printed.total_amount, Some(dec!(1000)));
}

#[test]
fn a_number_without_figures_heads_the_rows_that_follow() {
    const HEADING: &[&str] = &["1", "Providing and fixing"];
    for parts in [
        [
            ["a", "Counter", "10", "NOS", "100", "1000"],
            ["b", "Shelf", "4", "NOS", "50", "200"],
        ],
        [
            ["", "Counter", "10", "NOS", "100", "1000"],
            ["", "Shelf", "4", "NOS", "50", "200"],
        ],
        [
            ["1.1", "Counter", "10", "NOS", "100", "1000"],
            ["1.2", "Shelf", "4", "NOS", "50", "200"],
        ],
    ] {
        for (first, order) in both(TITLES, &[HEADING, &parts[0], &parts[1]]) {
            assert_eq!(
                lines(&order),
                [("Counter", Some(dec!(1000))), ("Shelf", Some(dec!(200)))],
                "{parts:?}"
            );
            accepted(&order);
            if first == 5 {
                assert_warned(
                    &order,
                    "Row 6: \"Providing and fixing\" has no figures; it is read as the heading of the rows below it",
                );
            }
        }
    }
    // The text of the heading goes on in the next row.
    let order = read(&invoice_sheet(
        TITLES,
        &[
            SHELF,
            HEADING,
            &["", "as drawn"],
            &["a", "Counter", "10", "NOS", "100", "1000"],
        ],
    ));
    assert_eq!(
        lines(&order),
        [("Shelf", Some(dec!(200))), ("Counter", Some(dec!(1000)))]
    );
    // An item of its own that lacks its figures is refused, as it always was.
    let order = read(&invoice_sheet(TITLES, &[HEADING, SHELF]));
    assert!(require_for_po_upload(order).is_err());
}

#[test]
fn numbered_notes_below_the_items_are_none() {
    for (first, order) in both(
        TITLES,
        &[
            COUNTER,
            SHELF,
            &[],
            &["1.", "Delivery: 30 days"],
            &["2.", "Warranty: 1 year"],
            &["3.", "Payment on delivery"],
            &["", "to our bank"],
        ],
    ) {
        assert_eq!(
            lines(&order),
            [("Counter", Some(dec!(1000))), ("Shelf", Some(dec!(200)))]
        );
        let row = first + 4;
        assert_warned(
            &order,
            &format!(
                "Row {row}: \"Delivery: 30 days\" has a number, but no figures; it is not read as an item"
            ),
        );
    }
}

#[test]
fn a_quantity_may_carry_its_unit() {
    let titles = &["Sr No", "Description", "Qty", "Rate", "Amount"];
    for (_, order) in both(titles, &[&["1", "Counter", "10 Nos", "100", "1000"]]) {
        assert_eq!(
            (order.lines[0].quantity, order.lines[0].unit.as_deref()),
            (Some(dec!(10)), Some("Nos"))
        );
        accepted(&order);
    }
    for (first, order) in both(TITLES, &[&["1", "Counter", "10 Nos", "SQM", "100", "1000"]]) {
        assert_eq!(order.lines[0].unit.as_deref(), Some("SQM"));
        let row = first + 1;
        assert_warned(
            &order,
            &format!("Row {row}: the quantity is printed as \"10 Nos\", but the unit as \"SQM\""),
        );
    }
}
