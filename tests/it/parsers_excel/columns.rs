//! Columns of rates, discounts and units as they are titled and filled in real files, each with figures reckoned by hand.

use nexgen_finance::documents::{ParsedLine, ParsedOrder, Totals, require_for_po_upload};
use rust_decimal::dec;

use super::shapes::{lines, put, read, with_titles};
use crate::support::sheet::Sheet;

/// 2.5 × 1234.57 is 3086.425, so 3086.43; 18 % of it is 555.5574.
const GROUT: [&str; 5] = ["1", "Grout", "2.5", "1234.57", "3086.43"];

fn with_rates(title: &'static str, rates: &[&'static str]) -> ParsedOrder {
    let rows: Vec<[&str; 6]> = rates
        .iter()
        .map(|rate| {
            let [serial, description, quantity, price, amount] = GROUT;
            [serial, description, quantity, price, amount, *rate]
        })
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(<[&str; 6]>::as_slice).collect();
    with_titles(&["Sr No", "Description", "Qty", "Rate", "Amount", title], &rows)
}

/// What is said of lines when the order is taken.
fn about_lines(order: &ParsedOrder) -> Vec<String> {
    let taken = require_for_po_upload(order.clone()).unwrap();
    let warnings = taken.warnings.into_iter();
    warnings.filter(|warning| warning.starts_with("Line")).collect()
}

#[track_caller]
fn assert_taxed(line: &ParsedLine, what: &str) {
    assert_eq!(
        (line.tax_rate, line.gst_amount, line.gross_amount),
        (Some(dec!(18)), Some(dec!(555.56)), Some(dec!(3641.99))),
        "{what}"
    );
}

#[test]
fn a_rate_is_read_however_it_is_written() {
    for title in ["GST %", "GST Rate", "Tax Rate"] {
        for rate in [
            "18",
            "18%",
            "@18%",
            "@ 18 %",
            "GST 18%",
            "GST @18%",
            "IGST@18%",
            "IGST 18",
            "18 % IGST",
            "9%+9%",
            "CGST 9% + SGST 9%",
            "0.18",
        ] {
            let order = with_rates(title, &[rate]);
            assert_taxed(&order.lines[0], &format!("{title}: {rate}"));
        }
    }
}

#[test]
fn fractions_among_percents_are_percents() {
    let order = with_rates("GST %", &["18", "0.18", "18%"]);

    for line in &order.lines {
        assert_taxed(line, &line.boq_name);
    }
}

#[test]
fn fractions_in_the_column_of_the_tax_are_rates() {
    let order = with_rates("GST", &["0.18", "0.18"]);

    assert_taxed(&order.lines[0], "a fraction");
    assert_eq!(
        about_lines(&order),
        ["Lines 1, 2: what is titled as the tax is read as its rate"]
    );
}

#[test]
fn a_rate_that_cannot_be_read_makes_no_tax_up_and_is_told() {
    for rate in ["as applicable", "18% extra", "IGST 18% or 12%"] {
        let order = with_rates("GST %", &[rate]);

        assert_eq!(order.lines[0].gst_amount, None, "{rate}");
        assert_eq!(
            about_lines(&order),
            [format!("Line 1: the tax rate \"{rate}\" is not a number")]
        );
    }
}

#[test]
fn what_a_discount_leaves_is_the_amount() {
    // 8 × 125.25 is 1002; less 10 % it is 901.80.
    for (titles, row) in [
        (
            &["Sr No", "Description", "Qty", "Rate", "Discount Amount", "Amount"][..],
            &["1", "Chair", "8", "125.25", "100.20", "901.80"][..],
        ),
        (
            &[
                "Sr No",
                "Description",
                "Qty",
                "Rate",
                "Disc. Amt",
                "Taxable Value",
            ],
            &["1", "Chair", "8", "125.25", "100.20", "901.80"],
        ),
        (
            &[
                "Sr No",
                "Description",
                "Qty",
                "Rate",
                "Amount",
                "Disc",
                "Net Amount",
            ],
            &["1", "Chair", "8", "125.25", "1002", "100.20", "901.80"],
        ),
        (
            &[
                "Sr No",
                "Description",
                "Qty",
                "Rate",
                "Amount",
                "Disc %",
                "Taxable Amount",
            ],
            &["1", "Chair", "8", "125.25", "1002", "10", "901.80"],
        ),
        (
            &["Sr No", "Description", "Qty", "Rate", "Disc %", "Amount"],
            &["1", "Chair", "8", "125.25", "10%", "901.80"],
        ),
    ] {
        let order = with_titles(titles, &[row]);

        assert_eq!(lines(&order), [("Chair", Some(dec!(901.80)))], "{titles:?}");
        assert_eq!(about_lines(&order), [""; 0], "{titles:?}");
    }
}

#[test]
fn the_total_below_the_taxes_is_that_of_the_order() {
    // With a column of gross amounts, the sum of the amounts may be titled as plainly as that of the whole.
    for last in ["Total Amount", "Net Total", "Total", "Grand Total"] {
        let order = with_titles(
            &["Sr No", "Description", "Qty", "Rate", "Amount", "Total with GST"],
            &[
                &["1", "Grout", "2.5", "1234.57", "3086.43", "3641.99"],
                &["", "Total", "", "", "3086.43", ""],
                &["", "CGST 9%", "", "", "", "277.78"],
                &["", "SGST 9%", "", "", "", "277.78"],
                &["", last, "", "", "", "3641.99"],
            ],
        );

        assert_eq!(
            order.totals,
            Totals {
                subtotal: Some(dec!(3086.43)),
                cgst: Some(dec!(277.78)),
                sgst: Some(dec!(277.78)),
                total_tax: Some(dec!(555.56)),
                total_amount: Some(dec!(3641.99)),
                ..order.totals
            },
            "{last}"
        );
        assert_eq!(about_lines(&order), [""; 0], "{last}");
    }
}

#[test]
fn a_colon_in_a_cell_of_its_own_is_no_value() {
    for separator in [":", ":-"] {
        let mut sheet = Sheet::default();
        put(
            &mut sheet,
            0,
            &[
                &["Example Electricals Ltd"],
                &["Purchase Order"],
                &["PO No", separator, "4500000001"],
                &["PO Date", "", separator, "10-02-2026"],
            ],
        );
        put(
            &mut sheet,
            8,
            &[&["Sr No", "Description", "Qty", "Rate", "Amount"], &GROUT],
        );
        let order = read(&sheet);

        assert_eq!(
            order.header.po_number.as_deref(),
            Some("4500000001"),
            "{separator}"
        );
        assert_eq!(
            order.header.po_date.map(|date| date.to_string()).as_deref(),
            Some("2026-02-10"),
            "{separator}"
        );
    }
}

#[test]
fn text_below_the_last_item_is_none_of_its_description() {
    for text in [
        "Amount in words: Rupees Three Thousand Only",
        "Terms & Conditions:",
    ] {
        let order = with_titles(
            &["Sr No", "Description", "Qty", "Rate", "Amount"],
            &[&GROUT, &["", text], &["", "Payment within 30 days of invoice"]],
        );

        assert_eq!(lines(&order), [("Grout", Some(dec!(3086.43)))], "{text}");
    }
}

#[test]
fn the_quantity_is_not_that_in_a_box_and_per_titles_a_unit() {
    let boxed = with_titles(
        &["Sr No", "Description", "Qty per box", "Qty", "Rate", "Amount"],
        &[&["1", "Screws", "100", "3", "41.25", "123.75"]],
    );
    let tally = with_titles(
        &["Sr No", "Description", "Quantity", "Rate", "per", "Amount"],
        &[&["1", "Screws", "3", "41.25", "Box", "123.75"]],
    );

    assert_eq!(boxed.lines[0].quantity, Some(dec!(3)));
    assert_eq!(
        (tally.lines[0].quantity, tally.lines[0].unit.as_deref()),
        (Some(dec!(3)), Some("Box"))
    );
}

#[test]
fn a_gross_amount_that_is_no_number_is_told() {
    for (gross, told) in [
        ("included", "Line 1: Missing or invalid gross amount"),
        (
            "-",
            "Line 1: no gross amount is printed, only a dash; amount + tax is taken",
        ),
    ] {
        let order = with_titles(
            &["Sr No", "Description", "Qty", "Rate", "Amount", "Total with GST"],
            &[&["1", "Grout", "2.5", "1234.57", "3086.43", gross]],
        );

        assert_eq!(about_lines(&order), [told], "{gross}");
    }
}
