//! Which figures of a sheet are the document's totals.

use super::*;
use crate::documents::items::PassedTotal;

fn totals(rows: &[&[&str]], taxable: Decimal, gross: Decimal) -> Totals {
    // Columns: serial, description, amount, tax, gross.
    let columns = Columns {
        total: Some(3),
        tax_amount: vec![4],
        total_with_gst: Some(5),
        ..Columns::default()
    };
    let line = ParsedLine {
        taxable_amount: Some(taxable),
        gross_amount: Some(gross),
        ..ParsedLine::default()
    };
    let rows_of_totals = TotalRows {
        passed: Vec::new(),
        end_row: 1,
    };
    read(&Grid::of(rows), &rows_of_totals, &columns, &[line]).totals
}

#[test]
fn every_total_has_its_label() {
    let found = totals(
        &[
            &["", "Subtotal", "", "", "5000.00"],
            &["", "CGST 9%", "", "", "450.00"],
            &["", "SGST @ 9 %", "9%", "", "450.00"],
            &["", "Round off", "", "", "0.20"],
            &["", "Grand Total (INR)", "", "", "5,900.00"],
            &["", "Amount in words: five thousand nine hundred"],
            &["", "Amount due", "", "", "2000"],
        ],
        dec!(5000),
        dec!(5900),
    );

    assert_eq!(
        found,
        Totals {
            subtotal: Some(dec!(5000)),
            cgst: Some(dec!(450)),
            sgst: Some(dec!(450)),
            igst: None,
            total_tax: Some(dec!(900)),
            total_amount: Some(dec!(5900)),
        }
    );
}

#[test]
fn a_plain_total_is_told_by_what_stands_around_it() {
    let plain = |rows: &[&[&str]]| {
        let found = totals(rows, dec!(5000), dec!(5900));
        (found.subtotal, found.total_tax, found.total_amount)
    };
    let (net, tax, gross) = (Some(dec!(5000)), Some(dec!(900)), Some(dec!(5900)));

    assert_eq!(plain(&[&["", "Total", "5000"]]), (net, None, None));
    assert_eq!(
        plain(&[&["", "Total", "5000", "900", "5900"]]),
        (net, None, gross)
    );
    assert_eq!(plain(&[&["", "Total", "", "5900"]]), (None, None, gross));
    assert_eq!(
        plain(&[
            &["", "Sub Total", "5000"],
            &["", "IGST", "900"],
            &["", "Total", "5900"]
        ]),
        (net, tax, gross)
    );
    assert_eq!(
        plain(&[&["", "GST 18%: 900"], &["", "Total with GST: 5900"]]),
        (None, tax, gross)
    );
    assert_eq!(
        plain(&[&["Total GST", "900"], &["Total before tax", "5000"]]),
        (net, tax, None)
    );
    assert_eq!(
        plain(&[&["Total", "5000", "Total Qty", "7"], &["Total", "450"]]),
        (net, None, None)
    );
}

#[test]
fn taxes_of_several_rates_add_up_and_a_breakdown_repeats_none() {
    let found = totals(
        &[
            &["", "CGST 9%", "450"],
            &["", "CGST 14%", "70"],
            &["", "CGST 9%", "450"],
            &["CGST", "SGST", "Total"],
        ],
        dec!(0),
        dec!(0),
    );

    assert_eq!((found.cgst, found.total_tax), (Some(dec!(520)), Some(dec!(520))));
}

fn unreadable(rows: &[&[&str]]) -> Vec<(String, String)> {
    let rows_of_totals = TotalRows {
        passed: Vec::new(),
        end_row: 1,
    };
    let line = ParsedLine {
        taxable_amount: Some(dec!(100)),
        gross_amount: Some(dec!(118)),
        ..ParsedLine::default()
    };
    let read = read(&Grid::of(rows), &rows_of_totals, &Columns::default(), &[line]);
    read.findings
        .into_iter()
        .map(|finding| (finding.field, finding.message))
        .collect()
}

#[test]
fn a_total_that_cannot_be_read_is_a_finding() {
    for value in [
        "1,18,00O.00",
        "-100",
        "(118.00)",
        "99999999999999",
        "118 + GST",
        "As per annexure",
        "1.234,56",
    ] {
        let message = format!("\"Grand Total\" in row 1 is \"{value}\", which is no amount");
        assert_eq!(
            unreadable(&[&["", "Grand Total", "", value]]),
            [("po_details.total_amount".to_owned(), message)]
        );
    }
    let fields: Vec<_> = unreadable(&[
        &["Sub Total", "1O0"],
        &["CGST 9%", "", "-9"],
        &["GST: 1S8"],
        &["Total", "36", "", "1I8"],
    ])
    .into_iter()
    .map(|(field, _)| field)
    .collect();
    assert_eq!(
        fields,
        [
            "po_details.subtotal",
            "po_details.cgst",
            "po_details.total_tax",
            "po_details.total_amount"
        ]
    );
}

#[test]
fn what_states_no_total_is_no_finding() {
    for row in [
        ["Grand Total", "118", "only"],
        ["Grand Total (in words)", "Rupees one hundred and eighteen", ""],
        ["Grand Total", "Rupees one hundred and eighteen only", ""],
        ["GST 18%", "Extra", ""],
        ["GST", "NIL", ""],
        ["CGST", "9%", "-"],
        ["Total built-up area: 12O0 sqft", "", ""],
        ["Grand Total", "Rs.", "118"],
        ["Grand Total", "", ""],
    ] {
        assert_eq!(unreadable(&[&row]), [], "{row:?}");
    }
}

#[test]
fn a_percentage_beside_a_tax_is_not_the_tax() {
    let tax = |row: &[&str]| totals(&[row], dec!(5000), dec!(5900)).total_tax;

    for row in [
        ["CGST", "", "450", "0.09"],
        ["CGST", "0.09", "450", ""],
        ["CGST 9%", "", "450", "9"],
        ["CGST 2.5%", "", "450", "2.5"],
        ["CGST", "", "450", "9"],
        ["CGST", "", "450", "9%"],
    ] {
        assert_eq!(tax(&row), Some(dec!(450)), "{row:?}");
    }
    for row in [["CGST", "0.09"], ["CGST 9%", "9"], ["GST 18%", "0.18"]] {
        assert_eq!(tax(&row), None, "{row:?}");
    }
    // Of 100 rupees, 9 % are 9.
    assert_eq!(
        totals(&[&["CGST 9%", "9"]], dec!(100), dec!(118)).cgst,
        Some(dec!(9))
    );
    assert_eq!(tax(&["Add: GST 18%", "900"]), Some(dec!(900)));
    assert_eq!(tax(&["Add: GST 18%: 900"]), Some(dec!(900)));
}

/// Three lines of 100, 50 and 7 rupees; totals stand below the first and below the second.
fn of_sections(between: [&[&str]; 2], below: &[&[&str]]) -> Totals {
    let line = |amount| ParsedLine {
        taxable_amount: Some(amount),
        gross_amount: Some(amount),
        ..ParsedLine::default()
    };
    let rows: Vec<&[&str]> = between.into_iter().chain(below.iter().copied()).collect();
    let passed = |row, items_above| PassedTotal { row, items_above };
    let totals = TotalRows {
        passed: vec![passed(1, 1), passed(2, 2)],
        end_row: 3,
    };
    let lines = [line(dec!(100)), line(dec!(50)), line(dec!(7))];
    read(&Grid::of(&rows), &totals, &Columns::default(), &lines).totals
}

#[test]
fn the_total_of_a_section_is_not_the_documents() {
    let sections: [&[&str]; 2] = [&["Sub Total A", "100"], &["Total B", "50"]];

    let silent = of_sections(sections, &[&["Sub Total C", "7"]]);
    let whole = of_sections(
        sections,
        &[&["Total (C)", "7"], &["Sub Total", "157"], &["Total", "160"]],
    );

    assert_eq!((silent.subtotal, silent.total_amount), (None, None));
    assert_eq!(
        (whole.subtotal, whole.total_amount),
        (Some(dec!(157)), Some(dec!(160)))
    );
}

#[test]
fn the_taxes_of_sections_add_up() {
    let sections: [&[&str]; 2] = [&["GST 18%", "18"], &["GST 18%", "9"]];

    assert_eq!(
        of_sections(sections, &[&["GST 18%", "1.26"]]).total_tax,
        Some(dec!(28.26))
    );
    assert_eq!(
        of_sections(sections, &[&["Total GST", "27"]]).total_tax,
        Some(dec!(27))
    );
    let halves: [&[&str]; 2] = [&["CGST 9%", "9"], &["CGST 9%", "4.50"]];
    assert_eq!(
        of_sections(halves, &[&["CGST 9%", "0.63"]]).cgst,
        Some(dec!(14.13))
    );
}

#[test]
fn the_last_total_below_the_taxes_is_the_documents() {
    for last in [
        "Total",
        "Total Amount",
        "Net Total",
        "Grand Total",
        "Net Amount (Rs.)",
    ] {
        for (gap, column) in [(2, 5), (0, 3)] {
            let row = |label, value| -> Vec<&str> {
                let mut cells = vec!["", label];
                cells.extend(std::iter::repeat_n("", gap));
                cells.push(value);
                cells
            };
            let rows = [
                row("Total", "5000"),
                row("CGST 9%", "450"),
                row("SGST 9%", "450"),
                row(last, "5900"),
            ];
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();

            let found = totals(&rows, dec!(5000), dec!(5900));

            let figures = (found.subtotal, found.total_tax, found.total_amount);
            assert_eq!(
                figures,
                (Some(dec!(5000)), Some(dec!(900)), Some(dec!(5900))),
                "{last} {column}"
            );
        }
    }
}

#[test]
fn a_total_after_rounding_off_is_the_documents() {
    let found = totals(
        &[
            &["", "Total", "", "", "5000.40"],
            &["", "IGST", "", "", "900.07"],
            &["", "Total", "", "", "5900.47"],
            &["", "Round off", "", "", "-0.47"],
            &["", "Net Total", "", "", "5900.00"],
            &["", "Total boxes", "", "", "6000"],
        ],
        dec!(5000.40),
        dec!(5900.47),
    );

    assert_eq!(
        (found.subtotal, found.total_amount),
        (Some(dec!(5000.40)), Some(dec!(5900.00)))
    );
}

#[test]
fn the_sum_of_the_tax_column_is_no_total() {
    let found = totals(&[&["", "Total", "5000", "900"]], dec!(5000), dec!(5900));

    assert_eq!((found.subtotal, found.total_amount), (Some(dec!(5000)), None));
}
