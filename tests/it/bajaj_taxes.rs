//! Taxes of Bajaj's orders as PDF: those below an item are its own, those below all items the document's, whatever the paper
//! prints of totals besides.

use nexgen_finance::documents::{ParsedOrder, share_tax};
use rust_decimal::{Decimal, dec};

use crate::support::bajaj_lines::{Line, below_header, read_bajaj, warnings};

const TITLES: Line<'_> = &[
    (40, "Line #"),
    (75, "Part # / Description"),
    (280, "Qty (Unit)"),
    (430, "Unit Price"),
    (510, "Subtotal"),
];
const WALL: Line<'_> = &[
    (40, "1"),
    (75, "Wall"),
    (280, "10 (NOS)"),
    (435, "50.00"),
    (515, "500.00"),
];
const BOARD: Line<'_> = &[
    (40, "2"),
    (75, "Board"),
    (280, "2 (NOS)"),
    (435, "150.00"),
    (515, "300.00"),
];

/// The order of these lines below its header.
#[track_caller]
fn read(lines: &[Line<'_>]) -> ParsedOrder {
    let mut order = read_bajaj(below_header(lines).to_bytes()).unwrap();
    share_tax(&mut order);
    order
}

fn taxes(order: &ParsedOrder) -> Vec<Option<Decimal>> {
    order.lines.iter().map(|line| line.gst_amount).collect()
}

#[test]
fn taxes_below_each_item_are_its_own_and_so_are_those_below_the_last() {
    let totals: [Line<'_>; 3] = [
        &[(380, "Subtotal"), (515, "800.00")],
        &[(380, "IGST"), (515, "144.00")],
        &[(380, "Grand Total"), (515, "944.00")],
    ];
    let sum: [Line<'_>; 2] = [
        &[(380, "Total Tax"), (515, "144.00")],
        &[(380, "Grand Total"), (515, "944.00")],
    ];
    let cases: [(Line<'_>, Line<'_>); 7] = [
        (&[(75, "IGST 18% INR 90.00")], &[(75, "IGST 18% INR 54.00")]),
        (&[(75, "IGST 18% 90.00 INR")], &[(75, "IGST 18% 54.00 INR")]),
        (&[(75, "GST @ 18% 90.00")], &[(75, "GST @ 18% 54.00")]),
        (
            &[(75, "TAX CGST 9% INR 45.00 SGST 9% INR 45.00")],
            &[(75, "TAX CGST 9% INR 27.00 SGST 9% INR 27.00")],
        ),
        (
            &[(75, "CGST 45.00 SGST 45.00 Total 90.00")],
            &[(75, "CGST 27.00 SGST 27.00 Total 54.00")],
        ),
        (
            &[(75, "Tax Amount"), (515, "90.00")],
            &[(75, "Tax Amount"), (515, "54.00")],
        ),
        (
            &[(75, "IGST 18% INR 500.00 INR 90.00")],
            &[(75, "IGST 18% INR 300.00 INR 54.00")],
        ),
    ];
    for (one, two) in cases {
        for below in [&[] as &[Line<'_>], &totals, &sum] {
            for titles in [&[] as &[Line<'_>], &[TITLES]] {
                let order = read(&[&[TITLES, WALL, one] as &[_], titles, &[BOARD, two], below].concat());

                assert_eq!(taxes(&order), [Some(dec!(90)), Some(dec!(54))], "{one:?}");
                assert_eq!(order.lines[1].tax_rate, Some(dec!(18)));
                assert_eq!(order.totals.subtotal, Some(dec!(800)));
                assert_eq!(order.totals.total_tax, Some(dec!(144)));
                assert_eq!(order.totals.total_amount, Some(dec!(944)));
                assert!(warnings(&order).is_empty(), "{one:?} {:?}", order.warnings);
            }
        }
    }
}

#[test]
fn halves_of_a_tax_and_sums_of_an_item_stand_below_each() {
    let below = |half: &'static str, sum: &'static str| -> [Vec<(u32, &'static str)>; 3] {
        [
            vec![(75, "CGST 9.00%"), (515, half)],
            vec![(75, "SGST 9.00%"), (515, half)],
            vec![(75, "Total Amount"), (515, sum)],
        ]
    };
    let (one, two) = (below("45.00", "590.00"), below("27.00", "354.00"));
    let mut lines: Vec<Line<'_>> = vec![TITLES, WALL];
    lines.extend(one.iter().map(Vec::as_slice));
    lines.extend([TITLES, BOARD]);
    lines.extend(two.iter().map(Vec::as_slice));
    lines.push(&[(380, "Grand Total"), (515, "944.00")]);

    let order = read(&lines);

    assert_eq!(taxes(&order), [Some(dec!(90)), Some(dec!(54))]);
    assert_eq!(order.printed.total_amount, Some(dec!(944)));
    assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
}

#[test]
fn an_item_without_tax_leaves_the_others_theirs() {
    let order = read(&[
        TITLES,
        WALL,
        TITLES,
        BOARD,
        &[(75, "IGST 18%"), (515, "54.00")],
        &[(380, "Grand Total"), (515, "854.00")],
    ]);

    assert_eq!(taxes(&order), [None, Some(dec!(54))]);
    assert_eq!(order.totals.total_amount, Some(dec!(854)));
    assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
}

#[test]
fn a_tax_below_all_items_is_the_documents_with_or_without_a_subtotal() {
    // 18 % of 800.00 is 144.00, of which 500/800 are 90.00.
    for lines in [
        &[(75_u32, "IGST 18% 144.00")] as Line<'_>,
        &[(75, "IGST 18% 144.00 INR")],
        &[(380, "IGST"), (505, "144.00 INR")],
        &[(75, "TAX CGST 9% 72.00 SGST 9% 72.00")],
        &[(380, "Tax Amount"), (515, "144.00")],
    ] {
        let order = read(&[TITLES, WALL, BOARD, lines]);

        assert_eq!(taxes(&order), [Some(dec!(90)), Some(dec!(54))], "{lines:?}");
        assert_eq!(order.printed.total_tax, Some(dec!(144)), "{lines:?}");
        assert_eq!(
            warnings(&order),
            ["The document's tax of 144.00 is shared over the lines"]
        );
    }
}

#[test]
fn a_tax_that_is_more_than_its_item_is_told() {
    let order = read(&[TITLES, WALL, &[(75, "Tax: IGST 18% 900.00")], TITLES, BOARD]);

    assert_eq!(taxes(&order), [None, None]);
    assert_eq!(
        warnings(&order),
        ["Line 1: the figures in \"Tax: IGST 18% 900.00\" below it are of no line"]
    );
}

#[test]
fn a_column_that_is_not_titled_as_tax_is_none() {
    // 500.00 and 100.00 of freight; 400.00 and 72.00 of labour, which are 18 % of it by chance.
    for (title, amount, part, price, sum) in [
        ("Freight", "500.00", "100.00", "50.00", dec!(600)),
        ("Labour Amt", "400.00", "72.00", "40.00", dec!(472)),
    ] {
        let total = format!("{sum}.00");
        let order = read(&[
            &[
                (40, "Line #"),
                (75, "Part # / Description"),
                (230, "Qty"),
                (290, "Unit Price"),
                (360, "Amount"),
                (430, title),
                (510, "Total"),
            ],
            &[
                (40, "1"),
                (75, "Wall"),
                (230, "10"),
                (290, price),
                (360, amount),
                (430, part),
                (510, &total),
            ],
            &[(380, "Total Amount"), (510, &total)],
        ]);

        assert_eq!(order.lines[0].boq_name, "Wall");
        assert_eq!(order.lines[0].taxable_amount, Some(sum), "{title}");
        assert_eq!(taxes(&order), [None], "{title}");
        assert_eq!(order.totals.total_tax, None);
        let product =
            format!("Line 1: quantity × rate is {amount}, but the amount says {total}; the amount is kept");
        assert_eq!(warnings(&order), [product]);
    }
}

#[test]
fn taxes_below_the_total_that_they_give_are_the_same_again() {
    let order = read(&[
        TITLES,
        WALL,
        BOARD,
        &[(380, "Subtotal"), (515, "800.00")],
        &[(380, "CGST"), (515, "72.00")],
        &[(380, "SGST"), (515, "72.00")],
        &[(380, "Grand Total"), (515, "944.00")],
        &[(380, "HSN 9405 taxable"), (515, "800.00")],
        &[(380, "CGST 9%"), (515, "72.00")],
        &[(380, "SGST 9%"), (515, "72.00")],
        &[(380, "Total Tax"), (515, "144.00")],
    ]);

    assert_eq!(order.printed.total_tax, Some(dec!(144)));
    assert_eq!(taxes(&order), [Some(dec!(90)), Some(dec!(54))]);
    assert_eq!(
        warnings(&order),
        ["The document's tax of 144.00 is shared over the lines"]
    );
}

#[test]
fn an_amount_above_the_items_may_be_that_before_tax_or_another() {
    let tail: [Line<'_>; 2] = [
        &[(380, "IGST 18%"), (515, "144.00")],
        &[(380, "Grand Total"), (515, "944.00")],
    ];
    let shared = "The document's tax of 144.00 is shared over the lines";
    let net = "The amount of 800.00 above the items is that before tax; the document's value is 944.00";
    for (head, expected) in [
        ("Amount: INR 800.00", &[net, shared] as &[&str]),
        ("Amount: INR 944.00", &[shared]),
        ("Advance Amount: INR 300.00", &[shared]),
        ("Max Amount: 99.00", &[shared]),
    ] {
        let order = read(
            &[
                &[&[(40_u32, head)] as Line<'_>, TITLES, WALL, BOARD] as &[_],
                &tail,
            ]
            .concat(),
        );

        assert_eq!(order.printed.total_amount, Some(dec!(944)), "{head}");
        assert_eq!(taxes(&order), [Some(dec!(90)), Some(dec!(54))], "{head}");
        assert_eq!(warnings(&order), expected, "{head}");
    }
}

#[test]
fn a_total_in_whole_rupees_and_the_number_of_a_page_are_no_faults() {
    let order = read(&[
        TITLES,
        WALL,
        &[(380, "Subtotal"), (515, "500.00")],
        &[(380, "IGST 18%"), (515, "90.00")],
        &[(380, "Grand Total"), (515, "590")],
    ]);
    assert_eq!(order.printed.total_amount, Some(dec!(590)));
    assert_eq!(
        warnings(&order),
        ["The document's tax of 90.00 is shared over the lines"]
    );

    let order = read(&[TITLES, WALL, &[(500, "Page 1")]]);
    assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
}
