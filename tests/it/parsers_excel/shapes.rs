//! Odd shapes of both Excel layouts, each with figures reckoned by hand: no line and no rupee is lost or changed in silence.

use std::io::Cursor;

use nexgen_finance::documents::{
    FileKind, Layout, ParsedOrder, Totals, read_order, require_for_po_upload, require_for_proforma_upload,
};
use rust_decimal::{Decimal, dec};

use crate::support::sheet::{Content, Sheet, number};
use crate::support::workbooks::{ProformaWorkbook, TaxColumns};

/// A text, or a number if it is one; what begins with `#` is an error.
fn content(text: &'static str) -> Content {
    if text.starts_with('#') {
        Content::Error(text)
    } else if text.parse::<Decimal>().is_ok() {
        number(text)
    } else {
        text.into()
    }
}

pub(super) fn put(sheet: &mut Sheet, first_row: u16, rows: &[&[&'static str]]) {
    for (row, cells) in (first_row..).zip(rows) {
        for (column, text) in (0..).zip(*cells).filter(|(_, text)| !text.is_empty()) {
            sheet.put(row, column, content(text));
        }
    }
}

pub(super) fn read(sheet: &Sheet) -> ParsedOrder {
    let read = |bytes: Vec<u8>, kind| read_order(&mut Cursor::new(bytes), kind, None).unwrap();
    let order = read(sheet.xlsx(), FileKind::Xlsx);
    assert_eq!(
        order,
        read(sheet.xls(), FileKind::Xls),
        "both kinds of files say the same"
    );
    order.order.unwrap()
}

/// An order with these rows from row 10 on: `Sr No | Description | HSN | Qty | UoM | Rate | Amount`.
fn bajaj(rows: &[&[&'static str]]) -> ParsedOrder {
    with_titles(
        &["Sr No", "Description", "HSN", "Qty", "UoM", "Rate", "Amount"],
        rows,
    )
}

/// An order with these titles and rows, from row 9 on.
pub(super) fn with_titles(titles: &[&'static str], rows: &[&[&'static str]]) -> ParsedOrder {
    let mut sheet = Sheet::default();
    put(
        &mut sheet,
        0,
        &[
            &["Example Electricals Ltd"],
            &["Purchase Order"],
            &["PO No:", "4500000001"],
            &["PO Date:", "10-02-2026"],
        ],
    );
    put(&mut sheet, 8, &[titles]);
    put(&mut sheet, 9, rows);
    read(&sheet)
}

/// Description and amount of each line.
pub(super) fn lines(order: &ParsedOrder) -> Vec<(&str, Option<Decimal>)> {
    let lines = order.lines.iter();
    lines
        .map(|line| (line.boq_name.as_str(), line.taxable_amount))
        .collect()
}

/// The fields without which the order is refused.
fn refused(order: &ParsedOrder) -> Vec<String> {
    match require_for_po_upload(order.clone()) {
        Ok(_) => Vec::new(),
        Err(failure) => failure
            .findings
            .into_iter()
            .map(|finding| finding.field)
            .collect(),
    }
}

const CHAIR: &[&str] = &["1", "Chair", "9401", "2", "NOS", "50", "100"];
const TABLE: &[&str] = &["2", "Table", "9403", "1", "NOS", "5", "5"];

#[test]
fn a_row_with_figures_and_no_description_is_refused() {
    let order = bajaj(&[
        CHAIR,
        &["2", "", "9403", "2", "NOS", "50", "100"],
        &["3", "Lamp", "", "1", "", "5", "5"],
    ]);

    assert_eq!(
        lines(&order),
        [
            ("Chair", Some(dec!(100))),
            ("", Some(dec!(100))),
            ("Lamp", Some(dec!(5)))
        ]
    );
    assert_eq!(refused(&order), ["line_items[1].description"]);
}

#[test]
fn a_numbered_row_without_an_amount_is_refused() {
    for row in [
        ["2", "Table", "", "3", "NOS", "", ""],
        ["2", "Table", "", "3", "NOS", "-", "-"],
        ["2", "Table", "", "", "NOS", "75", ""],
    ] {
        let order = bajaj(&[CHAIR, &row]);

        assert_eq!(
            lines(&order),
            [("Chair", Some(dec!(100))), ("Table", None)],
            "{row:?}"
        );
        assert_eq!(refused(&order), ["line_items[1].amount"], "{row:?}");
    }
}

#[test]
fn sections_with_totals_are_one_order() {
    for label in [
        "Total Section A",
        "Total (A)",
        "Total",
        "Sub Total",
        "Furniture total",
        "",
    ] {
        let order = bajaj(&[
            &["", "Section A"],
            CHAIR,
            &["", label, "", "", "", "", "100"],
            &["", "Section B"],
            TABLE,
            &["", label, "", "", "", "", "5"],
        ]);

        assert_eq!(
            lines(&order),
            [("Chair", Some(dec!(100))), ("Table", Some(dec!(5)))],
            "{label}"
        );
        assert_eq!(order.printed, Totals::default(), "{label}");
        assert_eq!(
            (order.totals.subtotal, order.totals.total_amount),
            (Some(dec!(105)), Some(dec!(105))),
            "{label}"
        );
    }
}

#[test]
fn any_number_of_blank_rows_stands_between_items() {
    let order = bajaj(&[
        CHAIR,
        &[],
        &[],
        &[],
        &[],
        &[],
        &[],
        TABLE,
        &["", "Grand Total", "", "", "", "", "105"],
    ]);

    assert_eq!(
        lines(&order),
        [("Chair", Some(dec!(100))), ("Table", Some(dec!(5)))]
    );
    assert_eq!(order.printed.total_amount, Some(dec!(105)));
}

#[test]
fn the_sum_of_a_page_is_no_item() {
    let order = bajaj(&[
        CHAIR,
        &["", "Carried forward", "", "", "", "", "100"],
        &["", "Brought forward", "", "", "", "", "100"],
        TABLE,
        &["", "C/F", "", "", "", "", "105"],
        &["", "B/F", "", "", "", "", "105"],
        &["3", "Lamp", "", "1", "NOS", "7", "7"],
    ]);

    assert_eq!(order.totals.total_amount, Some(dec!(112)));
    assert_eq!(order.lines.len(), 3);
}

#[test]
fn a_rate_beside_a_tax_is_not_the_tax() {
    let order = bajaj(&[
        CHAIR,
        &["", "", "", "", "Sub Total", "100"],
        &["", "", "", "", "CGST", "9", "0.09"],
        &["", "", "", "", "SGST", "9", "0.09"],
        &["", "", "", "", "Grand Total", "118"],
    ]);

    assert_eq!(
        (order.totals.cgst, order.totals.sgst),
        (Some(dec!(9)), Some(dec!(9)))
    );
    assert_eq!(order.lines[0].gross_amount, Some(dec!(118)));
}

#[test]
fn a_tax_may_be_added_in_words() {
    let order = bajaj(&[
        CHAIR,
        &["", "Sub Total", "", "", "", "", "100"],
        &["", "Add: GST 18%", "", "", "", "", "18"],
        &["", "Grand Total", "", "", "", "", "118"],
    ]);

    assert_eq!(
        (order.totals.total_tax, order.totals.total_amount),
        (Some(dec!(18)), Some(dec!(118)))
    );
    assert_eq!(order.lines[0].gst_amount, Some(dec!(18)));
}

#[test]
fn a_grand_total_that_cannot_be_read_is_told() {
    for value in [
        "1,18,00O.00",
        "#REF!",
        "-100",
        "(118.00)",
        "99999999999999",
        "1.234,56",
    ] {
        let order = bajaj(&[CHAIR, &["", "", "", "", "", "Grand Total", value]]);
        let about = order
            .findings
            .iter()
            .filter(|finding| finding.field == "po_details.total_amount");
        assert_eq!(about.count(), 1, "{value}");
        let read = require_for_po_upload(order).unwrap();
        assert!(
            read.warnings
                .iter()
                .any(|warning| warning.starts_with("\"Grand Total\" in row 11 is ")),
            "{value}: {:?}",
            read.warnings
        );
    }
}

#[test]
fn titles_in_two_rows_need_no_merged_cells() {
    let mut sheet = Sheet::default();
    put(&mut sheet, 0, &[&["Purchase Order"], &["PO No:", "4500000001"]]);
    put(
        &mut sheet,
        8,
        &[
            &[
                "Sr No",
                "Description",
                "Qty",
                "Rate",
                "Taxable Amount",
                "GST",
                "",
                "Total Amount",
            ],
            &["", "", "", "", "", "%", "Amount"],
            &["1", "Chair", "100", "50", "5000", "18", "900", "5900"],
        ],
    );
    let order = read(&sheet);

    let line = &order.lines[0];
    assert_eq!(
        (
            line.taxable_amount,
            line.tax_rate,
            line.gst_amount,
            line.gross_amount
        ),
        (
            Some(dec!(5000)),
            Some(dec!(18)),
            Some(dec!(900)),
            Some(dec!(5900))
        )
    );
    assert_eq!(order.findings, []);
}

/// The sample invoice without its totals, and these rows below its items; 205 725.00 before and 242 755.50 with tax. The
/// sums stand in the column of gross amounts.
fn invoice(rows: &[(&str, &'static str)]) -> ParsedOrder {
    let mut sheet = ProformaWorkbook::sample().without_totals().sheet();
    for (row, (label, value)) in (21..).zip(rows) {
        sheet.put(row, 1, *label).put(row, 9, content(value));
    }
    read(&sheet)
}

#[test]
fn sums_before_tax_have_many_names() {
    for label in [
        "Taxable Value",
        "Taxable Amount",
        "Basic Total",
        "Basic Amount",
        "Sub Total",
    ] {
        let order = invoice(&[
            (label, "205725"),
            ("IGST", "37030.50"),
            ("Grand Total", "242755.50"),
        ]);

        assert_eq!(order.lines.len(), 3, "{label}");
        assert_eq!(
            (order.printed.subtotal, order.printed.total_amount),
            (Some(dec!(205725)), Some(dec!(242755.50))),
            "{label}"
        );
        require_for_proforma_upload(order).unwrap();
    }
}

#[test]
fn a_tax_in_one_figure_is_split_by_the_states() {
    for label in ["GST", "Total GST", "Total Tax", "Add: GST 18%"] {
        let rows = [(label, "37030.51"), ("Grand Total", "242755.51")];
        let order = invoice(&rows);

        assert_eq!(
            (order.totals.cgst, order.totals.sgst, order.totals.igst),
            (Some(dec!(18515.26)), Some(dec!(18515.25)), None),
            "{label}"
        );
    }
}

#[test]
fn an_invoice_with_an_unreadable_total_or_tax_is_refused_by_the_strict_rules() {
    for (label, value, field) in [
        ("Grand Total", "2,42,75S.50", "po_details.total_amount"),
        ("Grand Total", "#REF!", "po_details.total_amount"),
        ("IGST", "-5", "po_details.igst"),
        ("Sub Total", "2O5725", "po_details.subtotal"),
    ] {
        let order = invoice(&[(label, value)]);
        assert_eq!(refused(&order), Vec::<String>::new(), "{value}");
        let failure = require_for_proforma_upload(order).unwrap_err();

        assert_eq!(failure.findings[0].field, field, "{value}");
    }
}

#[test]
fn an_invoice_whose_tax_and_gross_amount_disagree_is_refused_by_the_strict_rules() {
    // The tax of the first line is printed as 18; 120.5 × 850 = 102 425, and 18 % of that are 18 436.50.
    let mut sheet = ProformaWorkbook::sample()
        .without_totals()
        .tax_columns(TaxColumns::Whole)
        .sheet();
    sheet.put(18, 8, number("18"));
    let order = read(&sheet);

    assert_eq!(refused(&order), Vec::<String>::new());
    let failure = require_for_proforma_upload(order).unwrap_err();
    assert_eq!(failure.findings[0].field, "line_items[0].gst_amount");
    assert!(
        failure.findings[0]
            .message
            .ends_with("the tax is 18, not 18436.5")
    );
}

#[test]
fn an_order_without_a_label_for_its_number_is_known_by_its_title() {
    let mut sheet = Sheet::default();
    put(
        &mut sheet,
        0,
        &[&["Purchase Order"], &["Ref 4500000001"], &["GST 271234567890"]],
    );
    put(
        &mut sheet,
        8,
        &[
            &["Sr No", "Description", "HSN", "Qty", "UoM", "Rate", "Amount"],
            CHAIR,
        ],
    );
    let read = read_order(&mut Cursor::new(sheet.xlsx()), FileKind::Xlsx, None).unwrap();

    assert_eq!(read.layout, Some(Layout::BAJAJ_ORDER));
    let order = read.order.unwrap();
    assert_eq!(order.header.po_number.as_deref(), Some("4500000001"));
    assert!(order.warnings.contains(&"PO number guessed".to_owned()));
}
