//! Bajaj's orders whose items stand in a table: whichever way its cells are aligned, the figures are those that were put
//! in, and what cannot be told is said.

use nexgen_finance::documents::{ParseFailure, ParsedOrder};
use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

use crate::support::{
    bajaj_lines::{read_bajaj, warnings},
    order_table::{
        Align::{self, Centre, Left, Right},
        Cell, Column, Rise, TablePdf, cell, figure, told,
    },
    printed::{Choices, Ordered},
};

const TITLES: [(&str, Align); 6] = [
    ("Line #", Left),
    ("Part # / Description", Left),
    ("Qty", Right),
    ("Unit", Left),
    ("Rate", Right),
    ("Amount", Right),
];

fn read(pdf: &TablePdf) -> Result<ParsedOrder, ParseFailure> {
    read_bajaj(pdf.to_bytes())
}

#[track_caller]
fn assert_lines(rows: &[&[&str]], expected: &[&str]) -> ParsedOrder {
    let order = read(&TablePdf::new(&TITLES, rows)).unwrap();
    assert_eq!(told(&order), expected);
    order
}

#[test]
fn numbers_may_have_gaps() {
    for numbers in [
        ["1", "2", "4"],
        ["10", "20", "40"],
        ["3", "4", "50"],
        ["00010", "00020", "00040"],
    ] {
        let [one, two, three] = numbers;
        let plain = numbers.map(|number| number.trim_start_matches('0'));
        let order = assert_lines(
            &[
                &[one, "Oak table", "2", "NOS", "50.00", "100.00"],
                &[two, "Glass door", "1", "NOS", "5.00", "5.00"],
                &[three, "Fitting", "1", "NOS", "7.00", "7.00"],
            ],
            &[
                &format!("{} Oak table: 2 NOS at 50 = 100", plain[0]),
                &format!("{} Glass door: 1 NOS at 5 = 5", plain[1]),
                &format!("{} Fitting: 1 NOS at 7 = 7", plain[2]),
            ],
        );
        assert_eq!(order.totals.total_amount, Some(dec!(112)));
    }
}

#[test]
fn lines_may_be_numbered_otherwise_or_not_at_all() {
    for labels in [
        ["100010", "100020"],
        ["1.1", "1.2"],
        ["A", "B"],
        ["a)", "b)"],
        ["", ""],
    ] {
        let printed = labels.map(|label| match label.trim_end_matches(')') {
            "" => "-",
            label => label,
        });
        assert_lines(
            &[
                &[labels[0], "Oak table", "2", "NOS", "50.00", "100.00"],
                &[labels[1], "Glass door", "1", "NOS", "5.00", "5.00"],
            ],
            &[
                &format!("{} Oak table: 2 NOS at 50 = 100", printed[0]),
                &format!("{} Glass door: 1 NOS at 5 = 5", printed[1]),
            ],
        );
    }
}

#[test]
fn numbers_that_start_again_are_further_lines_and_lines_printed_again_are_not() {
    let rows: &[&[&str]] = &[
        &["1", "Oak table", "2", "NOS", "50.00", "100.00"],
        &["2", "Glass door", "1", "NOS", "5.00", "5.00"],
        &["", "ELECTRICAL WORKS", "", "", "", ""],
        &["1", "Lamp", "1", "NOS", "9.00", "9.00"],
        &["2", "Glass door", "1", "NOS", "5.00", "5.00"],
    ];
    let order = read(&TablePdf::new(&TITLES, rows)).unwrap();
    assert_eq!(order.totals.total_amount, Some(dec!(114)));
    assert_eq!(
        warnings(&order),
        [
            "Printed line numbers 2: the same line is printed again and taken once",
            "Printed line numbers 1: the number is printed again for something else, which is taken as a line of its own",
        ]
    );
}

#[test]
fn every_line_of_a_description_belongs_to_the_row_it_stands_in() {
    let descriptions = [
        "Gypsum board\npartition",
        "Door",
        "Vitrified tile\nflooring with\nskirting and\ngrouting",
        "Signage",
        "Emulsion paint\ntwo coats\nwith primer",
        "Conduit\nwiring",
    ];
    let rows: Vec<Vec<Cell>> = descriptions
        .iter()
        .enumerate()
        .map(|(index, description)| {
            let (number, amount) = ((index + 1).to_string(), format!("{}.00", 7 * (index + 1)));
            let lines = description.split('\n').map(str::to_owned).collect();
            let figures = ["1", "NOS", &amount, &amount].map(cell);
            [vec![cell(&number), lines], figures.to_vec()].concat()
        })
        .collect();
    let expected: Vec<String> = descriptions
        .iter()
        .zip(1..)
        .map(|(text, number)| {
            let amount = 7 * number;
            format!(
                "{number} {}: 1 NOS at {amount} = {amount}",
                text.replace('\n', " ")
            )
        })
        .collect();
    for rise in [Rise::Top, Rise::Middle, Rise::Bottom] {
        for (is_ruled, spacing) in [(true, 0), (true, 6), (false, 6)] {
            for lift in [0, 1, 3] {
                for rows_per_page in [2, 4, 6] {
                    let table = TablePdf {
                        rows: rows.clone(),
                        rise,
                        lift,
                        spacing,
                        is_ruled,
                        rows_per_page,
                        ..TablePdf::new(&TITLES, &[])
                    };

                    let order = read(&table).unwrap();

                    let case = format!("{rise:?} {is_ruled} {spacing} {lift} {rows_per_page}");
                    assert_eq!(told(&order), expected, "{case}");
                    assert!(warnings(&order).is_empty(), "{case}: {:?}", order.warnings);
                }
            }
        }
    }
}

#[test]
fn an_item_without_an_amount_is_refused_by_name() {
    let last: &[&[&str]] = &[
        &["1", "Oak table", "2", "NOS", "50.00", "100.00"],
        &["2", "Glass door, free", "1.5", "NOS", "", ""],
    ];
    let middle = [last, &[&["3", "Fitting", "1", "NOS", "7.00", "7.00"]]].concat();
    for rows in [last, &middle] {
        for totals in [vec![], vec!["Grand Total 107.00".to_owned()]] {
            let pdf = TablePdf {
                totals,
                ..TablePdf::new(&TITLES, rows)
            };
            let failure = read(&pdf).unwrap_err();
            let fields: Vec<&str> = failure
                .findings
                .iter()
                .map(|finding| finding.field.as_str())
                .collect();
            assert_eq!(fields, ["line_items[1].amount"]);
            assert_eq!(failure.partial.lines.len(), rows.len());
        }
    }
}

#[test]
fn an_amount_that_is_no_number_is_refused_and_a_broken_one_joined() {
    for amount in ["Included", "5.O0", "1.234,56", "12,34,", "-5.00"] {
        let rows: &[&[&str]] = &[&["1", "Oak table", "1", "NOS", "5.00", amount]];
        let failure = read(&TablePdf::new(&TITLES, rows)).unwrap_err();
        assert_eq!(failure.findings[0].field, "line_items[0].amount", "{amount}");
    }
    assert_lines(
        &[
            &["1", "Oak table", "1", "NOS", "12,34,\n567.50", "12,34,\n567.50"],
            &["2", "Lamp", "1", "NOS", "5.00\nINR", "5.00\nINR"],
        ],
        &[
            "1 Oak table: 1 NOS at 1234567.5 = 1234567.5",
            "2 Lamp: 1 NOS at 5 = 5",
        ],
    );
}

#[test]
fn figures_below_an_item_that_are_of_none_are_told() {
    let rows: &[&[&str]] = &[&["1", "Oak table", "1", "NOS", "5.00", "5.00\n\n77.00"]];
    let order = read(&TablePdf::new(&TITLES, rows)).unwrap();
    assert_eq!(order.totals.total_amount, Some(dec!(5)));
    assert_eq!(
        warnings(&order),
        ["Line 1: the figures in \"77.00\" below it are of no line"]
    );
}

#[test]
fn an_amount_without_a_number_or_a_quantity_is_never_lost() {
    let rows: &[&[&str]] = &[
        &["", "Civil works", "", "LS", "", "50.00"],
        &["", "Lamp", "2", "NOS", "5.00", "10.00"],
    ];
    let order = read(&TablePdf::new(&TITLES, rows)).unwrap();
    assert_eq!(
        told(&order),
        ["- Civil works: 1 LS at 50 = 50", "- Lamp: 2 NOS at 5 = 10"]
    );

    let rows: &[&[&str]] = &[
        &["", "Advance", "", "", "", "50.00"],
        &["1", "Lamp", "2", "NOS", "5.00", "10.00"],
        &["", "Freight", "", "", "", "7.00"],
        &["2", "Lamp", "1", "NOS", "5.00", "5.00"],
    ];
    let order = read(&TablePdf::new(&TITLES, rows)).unwrap();
    assert_eq!(order.lines.len(), 2);
    assert_eq!(
        warnings(&order),
        [
            "\"Advance 50.00\" has an amount, but is no line of the order",
            "Line 1: the figures in \"Freight 7.00\" below it are of no line",
        ]
    );
}

#[test]
fn numbers_in_a_description_are_no_figures() {
    assert_lines(
        &[
            &["1", "Pipe 25.00 mm dia", "100.00", "MTR", "50.00", "5,000.00"],
            &["2", "Cable\n3 core 2.50 sqmm", "1", "NOS", "5.00", "5.00"],
            &["3", "Angle 40.00 x 5.00", "12.00", "NOS", "1,250.50", "15,006.00"],
        ],
        &[
            "1 Pipe 25.00 mm dia: 100 MTR at 50 = 5000",
            "2 Cable 3 core 2.50 sqmm: 1 NOS at 5 = 5",
            "3 Angle 40.00 x 5.00: 12 NOS at 1250.5 = 15006",
        ],
    );
}

#[test]
fn prices_have_any_number_of_decimals() {
    assert_lines(
        &[
            &["1", "Oak table", "2", "NOS", "50.0000", "100.00"],
            &["2", "Lamp", "3", "NOS", "1.6667", "5.00"],
            &["3", "Fitting", "2", "NOS", "51", "102"],
        ],
        &[
            "1 Oak table: 2 NOS at 50 = 100",
            "2 Lamp: 3 NOS at 1.6667 = 5",
            "3 Fitting: 2 NOS at 51 = 102",
        ],
    );
}

#[test]
fn taxes_in_columns_are_those_of_their_lines() {
    let titles = [
        &TITLES[..2],
        &[("HSN", Left)],
        &TITLES[2..],
        &[("GST %", Right), ("GST Amt", Right), ("Total", Right)],
    ]
    .concat();
    let rows: &[&[&str]] = &[
        &[
            "1", "Cable", "8544", "100.00", "MTR", "50.00", "5,000.00", "18%", "900.00", "5,900.00",
        ],
        &[
            "2", "Lamp", "9405", "12.00", "NOS", "10.50", "126.00", "12%", "15.12", "141.12",
        ],
    ];
    let order = read(&TablePdf {
        totals: vec!["Grand Total 6,041.12".into()],
        ..TablePdf::new(&titles, rows)
    })
    .unwrap();
    let taxes: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            (
                line.hsn_code.as_deref(),
                line.tax_rate,
                line.gst_amount,
                line.gross_amount,
            )
        })
        .collect();
    assert_eq!(
        taxes,
        [
            (Some("8544"), Some(dec!(18)), Some(dec!(900)), Some(dec!(5900))),
            (
                Some("9405"),
                Some(dec!(12)),
                Some(dec!(15.12)),
                Some(dec!(141.12))
            ),
        ]
    );
    assert_eq!(order.totals.total_tax, Some(dec!(915.12)));
    assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
}

#[test]
fn halves_of_a_tax_are_added_and_a_discount_is_no_amount() {
    let titles = [
        &TITLES[..5],
        &[("Discount", Right)],
        &TITLES[5..],
        &[("CGST", Right), ("SGST", Right)],
    ]
    .concat();
    let rows: &[&[&str]] = &[&[
        "1", "Cable", "100", "MTR", "50.00", "0.00", "5,000.00", "450.00", "450.00",
    ]];
    let order = read(&TablePdf::new(&titles, rows)).unwrap();
    assert_eq!(told(&order), ["1 Cable: 100 MTR at 50 = 5000"]);
    assert_eq!(order.lines[0].gst_amount, Some(dec!(900)));
    assert_eq!(order.lines[0].tax_rate, Some(dec!(18)));
}

#[test]
fn estimated_totals_are_totals() {
    let rows: &[&[&str]] = &[&["1", "Cable", "2", "MTR", "50.00", "100.00"]];
    for tax in [
        "Est. Total Tax: 18.00 INR",
        "Estimated Tax: 18.00 INR",
        "Total GST 18.00",
        "GST Amount: 18.00",
    ] {
        for total in [
            "Est. Grand Total: 118.00 INR",
            "Net Amount 118.00",
            "Total Amount 118.00",
        ] {
            let order = read(&TablePdf {
                totals: vec!["Sub-total: 100.00 INR".into(), tax.into(), total.into()],
                ..TablePdf::new(&TITLES, rows)
            })
            .unwrap();
            let totals = &order.totals;
            assert_eq!(
                (totals.subtotal, totals.total_tax, totals.total_amount),
                (Some(dec!(100)), Some(dec!(18)), Some(dec!(118))),
                "{tax} {total}"
            );
        }
    }
}

#[test]
fn a_total_that_is_no_amount_is_told() {
    let rows: &[&[&str]] = &[&["1", "Cable", "2", "MTR", "50.00", "100.00"]];
    for total in [
        "Grand Total 1O0.00",
        "Grand Total -100.00",
        "Total Amount 1.00,00",
    ] {
        let order = read(&TablePdf {
            totals: vec![total.into()],
            ..TablePdf::new(&TITLES, rows)
        })
        .unwrap();
        assert_eq!(
            warnings(&order),
            [format!("The printed total \"{total}\" is no amount")]
        );
    }
}

#[test]
fn lines_of_a_description_stay_with_its_figures() {
    let rows: &[&[&str]] = &[
        &["1", "Cabling\nWorks", "100", "MTR", "50.00", "5,000.00"],
        &[
            "2",
            "LED Panel\n2x2 office\nfixture",
            "12",
            "NOS",
            "1,250.50",
            "15,006.00",
        ],
        &["3", "Gypsum\npartition", "33.75", "SQFT", "82.40", "2,781.00"],
        &["4", "Lamp", "1", "NOS", "5.00", "5.00"],
    ];
    for rise in [Rise::Top, Rise::Middle, Rise::Bottom] {
        let order = read(&TablePdf {
            rise,
            ..TablePdf::new(&TITLES, rows)
        })
        .unwrap();
        assert_eq!(
            told(&order),
            [
                "1 Cabling Works: 100 MTR at 50 = 5000",
                "2 LED Panel 2x2 office fixture: 12 NOS at 1250.5 = 15006",
                "3 Gypsum partition: 33.75 SQFT at 82.4 = 2781",
                "4 Lamp: 1 NOS at 5 = 5",
            ],
            "{rise:?}"
        );
    }
}

#[test]
fn titles_may_take_two_lines() {
    let rows: &[&[&str]] = &[&["1", "Cable", "8544", "2", "MTR", "50.00", "100.00"]];
    let titles = [&TITLES[..2], &[("HSN", Left)], &TITLES[2..]].concat();
    for rise in [Rise::Top, Rise::Middle, Rise::Bottom] {
        let mut pdf = TablePdf {
            rise,
            ..TablePdf::new(&titles, rows)
        };
        pdf.columns[0].title = vec!["Line", "#"];
        pdf.columns[1].title = vec!["Part # /", "Description"];
        pdf.columns[5].title = vec!["Unit", "Price"];
        let order = read(&pdf).unwrap();
        assert_eq!(told(&order), ["1 Cable: 2 MTR at 50 = 100"], "{rise:?}");
        assert_eq!(order.lines[0].hsn_code.as_deref(), Some("8544"));
    }
    let mut pdf = TablePdf::new(&titles, rows);
    pdf.columns[0].title = vec!["Line No"];
    assert_eq!(told(&read(&pdf).unwrap()), ["1 Cable: 2 MTR at 50 = 100"]);
}

#[test]
fn what_is_printed_on_every_page_is_no_description() {
    let rows: Vec<Vec<String>> = (1..=9)
        .map(|number| {
            let figures = ["1", "NOS", "5.00", "5.00"].map(str::to_owned);
            [vec![number.to_string(), "Lamp".to_owned()], figures.to_vec()].concat()
        })
        .collect();
    let rows: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.iter().map(String::as_str).collect())
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let feet: [fn(usize, usize) -> String; 4] = [
        |page, _| format!("Example Finance Limited Page {page}"),
        |page, count| format!("PO 4500000001 Page {page} of {count}"),
        |page, count| format!("{page} / {count}"),
        |page, _| page.to_string(),
    ];
    for foot in feet {
        for repeats_titles in [true, false] {
            let order = read(&TablePdf {
                foot,
                repeats_titles,
                rows_per_page: 3,
                ..TablePdf::new(&TITLES, &rows)
            })
            .unwrap();
            assert!(
                order.lines.iter().all(|line| line.boq_name == "Lamp"),
                "{:?}",
                order.lines
            );
            assert_eq!(order.lines.len(), 9);
        }
    }
}

/// The kinds of columns that a table may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Quantity,
    Unit,
    Price,
    Amount,
    Hsn,
    NeedBy,
    Discount,
    Rate,
    Tax,
    Gross,
}

/// An order and how it looks.
#[derive(Debug, Clone)]
struct Drawn {
    items: Vec<Ordered>,
    choices: Choices,
    has_taxes: bool,
    pdf: TablePdf,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let items = prop::collection::vec(Ordered::any(), 1..8);
    (items, any::<bool>(), Choices::any()).prop_map(|(items, has_taxes, choices)| {
        let kinds = kinds(&choices, has_taxes);
        let step = *choices.one_of(&[1, 10, 100_010]);
        let mut number = 0;
        let decimals = *choices.one_of(&[0_usize, 2, 3]);
        let rows = items.iter().map(|item| {
            number += step * (1 + usize::from(choices.below(3)));
            let mut row = vec![cell(&number.min(999_999).to_string()), item.description.clone()];
            row.extend(kinds.iter().map(|kind| printed(*kind, item, decimals)));
            row
        });
        let rows = rows.collect();
        let aligns = [Left, Centre, Right];
        let mut columns = vec![
            Column::new("Line #", Left),
            Column::new("Part # / Description", Left),
        ];
        columns.extend(kinds.iter().map(|kind| Column {
            title_align: *choices.one_of(&aligns),
            align: if matches!(kind, Kind::Unit | Kind::Hsn) {
                *choices.one_of(&[Left, Centre])
            } else {
                *choices.one_of(&[Right, Right, Centre, Left])
            },
            room: *choices.one_of(&[0, 8, 40]),
            ..Column::new(title(*kind, &choices), Left)
        }));
        let sum: Decimal = items
            .iter()
            .map(|item| item.amount() + if has_taxes { item.tax() } else { Decimal::ZERO })
            .sum();
        let feet: [fn(usize, usize) -> String; 3] = [
            |_, _| String::new(),
            |page, count| format!("{page} / {count}"),
            |page, _| format!("Example Retail Ltd, page {page}"),
        ];
        let is_ruled = choices.flip();
        let rises = [
            Rise::Top,
            Rise::Bottom,
            if is_ruled { Rise::Middle } else { Rise::Top },
        ];
        let pdf = TablePdf {
            columns,
            rows,
            rise: *choices.one_of(&rises),
            is_ruled,
            totals: vec![format!("Grand Total INR {}", figure(sum, 2))],
            foot: *choices.one_of(&feet),
            rows_per_page: usize::from(2 + choices.below(8)),
            ..TablePdf::new(&[], &[])
        };
        Drawn {
            items,
            choices,
            has_taxes,
            pdf,
        }
    })
}

/// The columns behind the description, in their order.
fn kinds(choices: &Choices, has_taxes: bool) -> Vec<Kind> {
    let mut kinds = choices
        .one_of(&[
            [Kind::Quantity, Kind::Unit, Kind::Price],
            [Kind::Unit, Kind::Quantity, Kind::Price],
            [Kind::Price, Kind::Quantity, Kind::Unit],
        ])
        .to_vec();
    if choices.flip() {
        kinds.insert(0, Kind::Hsn);
    }
    if choices.flip() {
        kinds.insert(0, Kind::NeedBy);
    }
    if choices.flip() {
        kinds.push(Kind::Discount);
    }
    kinds.push(Kind::Amount);
    if has_taxes {
        kinds.extend([Kind::Rate, Kind::Tax, Kind::Gross]);
    }
    kinds
}

fn title(kind: Kind, choices: &Choices) -> &'static str {
    let titles: &[&'static str] = match kind {
        Kind::Quantity => &["Qty", "Quantity", "QTY."],
        Kind::Unit => &["Unit", "UOM"],
        Kind::Price => &["Unit Price", "Rate", "Price", "Rate (INR)"],
        Kind::Amount => &["Amount", "Subtotal", "Taxable Value", "Amount (INR)"],
        Kind::Hsn => &["HSN", "HSN/SAC", "HSN Code"],
        Kind::NeedBy => &["Need By", "Delivery Date"],
        Kind::Discount => &["Discount", "Disc."],
        Kind::Rate => &["GST %", "Tax Rate"],
        Kind::Tax => &["GST Amt", "Tax Amount", "IGST"],
        Kind::Gross => &["Total", "Gross Amount", "Total incl. GST"],
    };
    let title: &&'static str = choices.one_of(titles);
    title
}

fn printed(kind: Kind, item: &Ordered, decimals: usize) -> Cell {
    cell(&match kind {
        Kind::Quantity => figure(item.quantity, decimals.max(item.quantity.scale() as usize)),
        Kind::Unit => item.unit.clone().unwrap_or_default(),
        Kind::Price => figure(item.rate, 2),
        Kind::Amount => figure(item.amount(), 2),
        Kind::Hsn => item.hsn.clone().unwrap_or_default(),
        Kind::NeedBy => "20-02-2026".to_owned(),
        Kind::Discount => "0.00".to_owned(),
        Kind::Rate => format!("{}%", item.gst),
        Kind::Tax => figure(item.tax(), 2),
        Kind::Gross => figure(item.amount() + item.tax(), 2),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_table_is_read_back_as_it_was_put_in(drawn in drawn()) {
        let order = read(&drawn.pdf).map_err(|failure| TestCaseError::fail(failure.to_string()))?;

        prop_assert_eq!(order.lines.len(), drawn.items.len(), "{:?}", order.lines);
        for (line, item) in order.lines.iter().zip(&drawn.items) {
            prop_assert_eq!(&line.boq_name, &item.whole_description());
            prop_assert_eq!(line.quantity, Some(item.quantity));
            prop_assert_eq!(&line.unit, &item.unit);
            prop_assert_eq!(line.rate, Some(item.rate));
            prop_assert_eq!(line.taxable_amount, Some(item.amount()));
            if drawn.has_taxes {
                prop_assert_eq!(line.tax_rate, Some(item.gst));
                prop_assert_eq!(line.gst_amount, Some(item.tax()));
                prop_assert_eq!(line.gross_amount, Some(item.amount() + item.tax()));
            }
        }
        let sum: Decimal = order.lines.iter().filter_map(|line| line.gross_amount).sum();
        prop_assert_eq!(order.totals.total_amount, Some(sum));
    }
}
