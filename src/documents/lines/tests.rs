//! What the figures of an item make of its line.

use super::*;
use crate::documents::grid::Grid;
use crate::documents::items::{self, Style};
use crate::documents::table;

fn lines(rows: &[&[&str]], assumed_quantity: Option<Decimal>) -> Completed {
    let grid = Grid::of(rows);
    let table = table::find_proforma(&grid).unwrap();
    complete(
        items::read(&grid, &table, Style::Proforma).unwrap().items,
        assumed_quantity,
    )
}

const TITLES: &[&str] = &["Sr", "Description", "Qty", "Rate", "Amount", "Tax Rate", "Gross"];

fn taxes(rows: &[&[&str]]) -> Vec<(Option<Decimal>, Option<Decimal>, Option<Decimal>)> {
    let lines = lines(rows, None).lines;
    lines
        .iter()
        .map(|line| (line.tax_rate, line.gst_amount, line.gross_amount))
        .collect()
}

#[test]
fn a_column_titled_tax_rate_may_hold_percents_fractions_or_amounts() {
    let percents = taxes(&[
        TITLES,
        &["1", "a", "2", "50", "100", "18", "118"],
        &["2", "b", "1", "1000", "1000", "5", "1050"],
    ]);
    let fractions = taxes(&[
        TITLES,
        &["1", "a", "2", "50", "100", "0.18", "118"],
        &["2", "b", "1", "1000", "1000", "0.05", "1050"],
    ]);
    let amounts = taxes(&[
        TITLES,
        &["1", "a", "2", "50", "100", "18", "118"],
        &["2", "b", "1", "1000", "1000", "50", "1050"],
    ]);

    let (a, b) = (
        (Some(dec!(18)), Some(dec!(118))),
        (Some(dec!(50)), Some(dec!(1050))),
    );
    assert_eq!(percents, [(Some(dec!(18)), a.0, a.1), (Some(dec!(5)), b.0, b.1)]);
    assert_eq!(fractions, percents);
    assert_eq!(amounts, percents);
}

#[test]
fn without_a_gross_amount_the_size_of_the_numbers_tells() {
    let titles = &TITLES[..6];
    let row = |value| ["1", "a", "2", "50", "100", value];
    for (value, expected) in [
        ("18", (Some(dec!(18)), Some(dec!(18.00)), Some(dec!(118.00)))),
        ("0.18", (Some(dec!(18)), Some(dec!(18.00)), Some(dec!(118.00)))),
        ("36", (Some(dec!(36)), Some(dec!(36)), Some(dec!(136)))),
        ("40%", (Some(dec!(40)), Some(dec!(40)), Some(dec!(140)))),
        ("", (None, None, Some(dec!(100)))),
    ] {
        assert_eq!(taxes(&[titles, &row(value)]), [expected], "{value}");
    }
}

#[test]
fn the_missing_one_of_quantity_rate_and_amount_is_derived_and_told() {
    let lines = lines(
        &[
            TITLES,
            &["1", "a", "", "50", "100"],
            &["2", "b", "3", "", "100"],
            &["3", "c", "3", "33.335", ""],
            &["4", "d", "", "", "7"],
        ],
        None,
    );

    let figures: Vec<_> = lines
        .lines
        .iter()
        .map(|line| (line.quantity, line.rate, line.taxable_amount))
        .collect();
    assert_eq!(
        figures,
        [
            (Some(dec!(2)), Some(dec!(50)), Some(dec!(100))),
            (Some(dec!(3)), Some(dec!(33.3333)), Some(dec!(100))),
            (Some(dec!(3)), Some(dec!(33.335)), Some(dec!(100.01))),
            (None, None, Some(dec!(7))),
        ]
    );
    assert_eq!((lines.warnings.len(), lines.findings.len()), (3, 0));
}

#[test]
fn an_assumed_quantity_makes_the_amount_the_rate() {
    let lines = lines(&[TITLES, &["1", "a", "", "", "100"]], Some(Decimal::ONE));

    assert_eq!(
        (lines.lines[0].quantity, lines.lines[0].rate),
        (Some(dec!(1)), Some(dec!(100)))
    );
    assert_eq!(lines.warnings.len(), 2);
}

#[test]
fn garbled_and_negative_figures_are_findings_and_not_replaced() {
    let lines = lines(
        &[
            TITLES,
            &["1", "a", "12O0", "50", "100"],
            &["2", "b", "1", "x", "(100)"],
            &["3", "c", "99999999999999", "1", "1"],
        ],
        None,
    );

    let fields: Vec<&str> = lines
        .findings
        .iter()
        .map(|finding| finding.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "line_items[0].quantity",
            "line_items[1].rate",
            "line_items[1].amount",
            "line_items[2].quantity"
        ]
    );
    assert_eq!(lines.findings[0].message, "Line 1: Missing or invalid quantity");
    assert_eq!(
        (lines.lines[0].quantity, lines.lines[1].taxable_amount),
        (None, None)
    );
}

#[test]
fn figures_that_contradict_each_other_are_kept_and_told() {
    let lines = lines(
        &[
            TITLES,
            &["1", "a", "2", "50", "102"],
            &["2", "b", "2", "50", "101"],
            &["3", "c", "1", "100", "100", "", "90"],
        ],
        None,
    );

    assert_eq!(lines.lines[0].taxable_amount, Some(dec!(102)));
    assert_eq!(lines.warnings.len(), 1, "{:?}", lines.warnings);
    let found: Vec<_> = lines
        .findings
        .iter()
        .map(|finding| (finding.field.as_str(), finding.kind))
        .collect();
    assert_eq!(found, [("line_items[2].gross_amount", FindingKind::Mismatch)]);
}

fn warned(rows: &[&[&str]]) -> (Vec<Option<Decimal>>, Vec<String>, Vec<String>) {
    let completed = lines(rows, None);
    let amounts = completed.lines.iter().map(|line| line.taxable_amount).collect();
    let findings = completed.findings.into_iter().map(|finding| finding.message);
    (amounts, completed.warnings, findings.collect())
}

#[test]
fn a_rate_is_a_rate_however_it_is_written() {
    let titles: &[&str] = &["Sr", "Description", "Qty", "Rate", "Amount", "GST %"];
    for rate in [
        "18",
        "0.18",
        "18%",
        "@18%",
        "GST 18%",
        "IGST@18%",
        "18 % IGST",
        "IGST 18",
    ] {
        let completed = lines(&[titles, &["1", "a", "2", "500", "1000", rate]], None);

        let line = &completed.lines[0];
        assert_eq!(
            (line.tax_rate, line.gst_amount),
            (Some(dec!(18)), Some(dec!(180))),
            "{rate}"
        );
        assert!(
            completed.warnings.is_empty() && completed.findings.is_empty(),
            "{rate}"
        );
    }
}

#[test]
fn a_fraction_among_percents_is_one_line_by_line() {
    let titles: &[&str] = &["Sr", "Description", "Qty", "Rate", "Amount", "GST %"];
    let rows: [&[&str]; 3] = [
        titles,
        &["1", "a", "2", "500", "1000", "18"],
        &["2", "b", "2", "500", "1000", "0.18"],
    ];
    let completed = lines(&rows, None);

    let rates: Vec<_> = completed.lines.iter().map(|line| line.tax_rate).collect();
    assert_eq!(rates, [Some(dec!(18)), Some(dec!(18))]);
    assert_eq!(
        completed.warnings,
        ["Line 2: the tax rate 0.18 is read as a fraction"]
    );
    // The gross amount proves it without a warning.
    let proven = taxes(&[
        TITLES,
        &["1", "a", "2", "500", "1000", "18", "1180"],
        &["2", "b", "1", "5", "5", "0.18", "5.90"],
        &["3", "c", "1", "100", "100", "180", "280"],
    ]);
    assert_eq!(proven[1], (Some(dec!(18)), Some(dec!(0.90)), Some(dec!(5.90))));
    assert_eq!(proven[2].1, Some(dec!(180)));
}

#[test]
fn halves_of_a_rate_are_read_as_one_and_in_one_way() {
    let titles: &[&str] = &["Sr", "Description", "Qty", "Rate", "Amount", "CGST %", "SGST %"];
    for (cgst, sgst) in [
        ("9", "9"),
        ("9%", "9"),
        ("CGST 9%", "SGST@9%"),
        ("0.09", "0.09"),
        ("9%", "0.09"),
    ] {
        let completed = lines(&[titles, &["1", "a", "2", "500", "1000", cgst, sgst]], None);

        assert_eq!(completed.lines[0].gst_amount, Some(dec!(180)), "{cgst} {sgst}");
    }
    let half = lines(&[titles, &["1", "a", "2", "500", "1000", "9", "x1"]], None);
    assert_eq!((half.lines[0].gst_amount, half.findings.len()), (None, 1));
}

#[test]
fn what_is_no_tax_rate_is_told_with_its_line() {
    let titles: &[&str] = &[
        "Sr",
        "Description",
        "Qty",
        "Rate",
        "Amount",
        "GST Rate",
        "GST Amount",
    ];
    let completed = lines(
        &[
            titles,
            &["1", "a", "2", "500", "1000", "18+", ""],
            &["2", "b", "2", "500", "1000", "as applicable", ""],
            &["3", "c", "2", "500", "1000", "18..0", "180"],
            &["4", "d", "2", "500", "1000", "-", "180"],
        ],
        None,
    );

    assert_eq!(
        completed.warnings,
        [
            "Line 2: the tax rate \"as applicable\" is not a number",
            "Line 3: the tax rate \"18..0\" is not a number",
        ]
    );
    let found: Vec<_> = completed
        .findings
        .iter()
        .map(|finding| finding.field.as_str())
        .collect();
    assert_eq!(found, ["line_items[0].tax_rate"]);
    assert_eq!(
        completed.findings[0].message,
        "Line 1: the tax rate \"18+\" is not a number"
    );
}

#[test]
fn rates_in_a_column_titled_as_the_tax_are_no_rupees() {
    let titles: &[&str] = &["Sr", "Description", "Qty", "Rate", "Amount", "GST"];
    let tax = |rows: [&[&str]; 3]| {
        let completed = lines(&rows, None);
        let taxes: Vec<_> = completed.lines.iter().map(|line| line.gst_amount).collect();
        (taxes, completed.warnings.len())
    };
    let row = |rate| ["1", "a", "2", "500", "1000", rate];

    assert_eq!(
        tax([titles, &row("18"), &row("5")]),
        (vec![Some(dec!(180)), Some(dec!(50))], 1)
    );
    assert_eq!(
        tax([titles, &row("0.18"), &row("0.05")]),
        (vec![Some(dec!(180)), Some(dec!(50))], 1)
    );
    assert_eq!(
        tax([titles, &row("18%"), &row("0.05")]),
        (vec![Some(dec!(180)), Some(dec!(50))], 1)
    );
    assert_eq!(
        tax([titles, &row("180"), &row("50")]),
        (vec![Some(dec!(180)), Some(dec!(50))], 0)
    );
    // 18 rupees are what 18 % of 100 are.
    let small = tax([titles, &row("18%"), &["2", "b", "2", "50", "100", "18"]]);
    assert_eq!(small, (vec![Some(dec!(180)), Some(dec!(18))], 0));
}

#[test]
fn a_dash_for_the_gross_amount_is_told() {
    let (_, warnings, findings) = warned(&[
        TITLES,
        &["1", "a", "2", "50", "100", "18%", "-"],
        &["2", "b", "2", "50", "100", "18%", "TBD"],
    ]);

    assert_eq!(
        warnings,
        ["Line 1: no gross amount is printed, only a dash; amount + tax is taken"]
    );
    assert_eq!(findings, ["Line 2: Missing or invalid gross amount"]);
}

#[test]
fn a_tax_that_its_rate_does_not_give_is_told() {
    let (_, warnings, _) = warned(&[
        TITLES,
        &["1", "a", "2", "500", "1000", "18%", "1050"],
        &["2", "b", "2", "500", "1000", "18%", "1180"],
    ]);

    assert_eq!(warnings, ["Line 1: the tax of 50 is not 18 % of the amount"]);
}

#[test]
fn a_discount_explains_an_amount_below_quantity_times_rate() {
    for (titles, cells) in [
        (["Disc %", "Amount"], ["10", "900"]),
        (["Disc %", "Amount"], ["10%", "900"]),
        (["Disc %", "Amount"], ["0.1", "900"]),
        (["Discount", "Amount"], ["100", "900"]),
        (["Discount Amount", "Taxable Value"], ["100", "900"]),
        (["Disc. Amt", "Amount"], ["-100", "900"]),
    ] {
        let head = ["Sr", "Description", "Qty", "Rate", titles[0], titles[1]];
        let row = ["1", "a", "2", "500", cells[0], cells[1]];

        assert_eq!(
            warned(&[&head, &row]),
            (vec![Some(dec!(900))], vec![], vec![]),
            "{titles:?} {cells:?}"
        );
    }
}

#[test]
fn a_discount_that_explains_nothing_is_named() {
    let titles: &[&str] = &["Sr", "Description", "Qty", "Rate", "Disc %", "Amount"];
    let (amounts, warnings, _) = warned(&[
        titles,
        &["1", "a", "2", "500", "10", "1000"],
        &["2", "b", "2", "500", "10", "800"],
        &["3", "c", "2", "500", "-", "1000"],
    ]);

    assert_eq!(amounts, [Some(dec!(1000)), Some(dec!(800)), Some(dec!(1000))]);
    assert_eq!(
        warnings,
        [
            "Line 1: a discount is printed, but the amount is quantity × rate; it is not taken off",
            "Line 2: quantity × rate is 1000 before the discount, but the amount says 800; the amount is kept",
        ]
    );
}

#[test]
fn without_a_printed_amount_the_discount_is_taken_off_or_the_amount_in_doubt() {
    let without = |title| ["Sr", "Description", "Qty", "Rate", title];
    let row = |discount| ["1", "a", "2", "500", discount];

    let (amounts, warnings, _) = warned(&[&without("Disc %"), &row("10")]);
    assert_eq!((amounts, warnings.len()), (vec![Some(dec!(900))], 1));
    let (amounts, _, findings) = warned(&[&without("Discount"), &row("10")]);
    assert_eq!(amounts, [None]);
    assert_eq!(
        findings,
        ["Line 1: no amount is printed, and the discount leaves it in doubt"]
    );
}

#[test]
fn the_figures_with_tax_prove_which_amount_is_printed() {
    let before: &[&str] = &[
        "Sr",
        "Description",
        "Qty",
        "Rate",
        "Amount",
        "Disc",
        "GST %",
        "Total",
    ];
    let with_tax: &[&str] = &["Sr", "Description", "Qty", "Rate", "GST Amt", "Total"];

    let reduced = warned(&[before, &["1", "a", "2", "500", "1000", "100", "18", "1062"]]);
    let including = lines(&[with_tax, &["1", "a", "2", "500", "180", "1180"]], None);

    assert_eq!((reduced.0, reduced.1.len()), (vec![Some(dec!(900))], 1));
    let line = &including.lines[0];
    assert_eq!(
        (line.taxable_amount, line.gross_amount),
        (Some(dec!(1000)), Some(dec!(1180)))
    );
    assert_eq!(including.warnings.len(), 1);
}
