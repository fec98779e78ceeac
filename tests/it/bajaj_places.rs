//! Bajaj's orders as PDF whose cells stand close together or between titles, in the forms that programs print which place
//! every cell by itself: what a figure is, is told by where it stands.

use nexgen_finance::documents::ParsedOrder;

use crate::support::{
    bajaj_lines::{Line, below_header, read_bajaj, warnings},
    order_table::told,
    pdf::{Pdf, Placed},
};

/// The order of these lines, which stand below its header.
#[track_caller]
fn read(lines: &[Line<'_>]) -> ParsedOrder {
    read_pdf(&below_header(lines))
}

#[track_caller]
fn read_pdf(pdf: &Pdf) -> ParsedOrder {
    read_bajaj(pdf.to_bytes()).unwrap()
}

const TITLES: Line<'_> = &[
    (40, "Line #"),
    (70, "Part # / Description"),
    (240, "Qty"),
    (290, "Unit"),
    (340, "Unit Price"),
    (420, "Amount"),
];

#[test]
fn the_last_number_of_a_description_is_no_quantity() {
    let titles: [Line<'_>; 2] = [
        TITLES,
        &[
            (40, "Line # Part # / Description"),
            (240, "Qty"),
            (290, "Unit"),
            (340, "Unit Price"),
            (420, "Amount"),
        ],
    ];
    for (titles, is_one_cell) in titles.into_iter().zip([false, true]) {
        // The quantity at the left, the middle and the right of its column, and close behind the description.
        for at in [225, 232, 240, 246] {
            let items = [
                (
                    "10",
                    "Cable tray size 300 as per drawing rev 3",
                    "120.5",
                    "M",
                    "2.00",
                    "241.00",
                ),
                (
                    "20",
                    "Glass door clear height 4",
                    "7.5",
                    "NOS",
                    "1200.00",
                    "9000.00",
                ),
                ("30", "Bracket type 36", "120.5", "EA", "14.50", "1747.25"),
                ("40", "Panel as per dwg rev 120.5", "3", "EA", "99.99", "299.97"),
            ];
            let lines: Vec<Vec<(u32, String)>> = items
                .iter()
                .map(|(number, text, quantity, unit, rate, amount)| {
                    let mut line = if is_one_cell {
                        vec![(40, format!("{number} {text}"))]
                    } else {
                        vec![(40, (*number).to_owned()), (70, (*text).to_owned())]
                    };
                    for (x, text) in [(at, quantity), (290, unit), (345, rate), (425, amount)] {
                        line.push((x, (*text).to_owned()));
                    }
                    line
                })
                .collect();
            let lines: Vec<Vec<(u32, &str)>> = lines
                .iter()
                .map(|line| line.iter().map(|(x, text)| (*x, text.as_str())).collect())
                .collect();
            let mut all = vec![titles];
            all.extend(lines.iter().map(Vec::as_slice));

            let order = read(&all);

            assert_eq!(
                told(&order),
                [
                    "10 Cable tray size 300 as per drawing rev 3: 120.5 M at 2 = 241",
                    "20 Glass door clear height 4: 7.5 NOS at 1200 = 9000",
                    "30 Bracket type 36: 120.5 EA at 14.5 = 1747.25",
                    "40 Panel as per dwg rev 120.5: 3 EA at 99.99 = 299.97",
                ],
                "{is_one_cell} {at}"
            );
            assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
        }
    }
}

#[test]
fn a_quantity_close_before_its_unit_is_a_quantity() {
    let order = read(&[
        TITLES,
        &[
            (40, "10"),
            (70, "Oak table rev 3"),
            (272, "100"),
            (288, "EA"),
            (345, "2.00"),
            (425, "200.00"),
        ],
        &[
            (40, "20"),
            (70, "Oak chair"),
            (272, "25"),
            (283, "Running meters"),
            (345, "4.00"),
            (425, "100.00"),
        ],
    ]);

    assert_eq!(
        told(&order),
        [
            "10 Oak table rev 3: 100 EA at 2 = 200",
            "20 Oak chair: 25 Running meters at 4 = 100"
        ]
    );
    assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
}

#[test]
fn where_no_quantity_is_printed_it_is_one_and_that_is_said() {
    for titles in [
        &[
            (40_u32, "Line #"),
            (70, "Part # / Description"),
            (240, "Unit Price"),
            (320, "Amount"),
        ] as Line<'_>,
        &[
            (40, "Line # Part # / Description"),
            (240, "Unit Price"),
            (320, "Amount"),
        ],
    ] {
        for first in [
            &[(40_u32, "10 Annual service charges")] as Line<'_>,
            &[(40, "10"), (54, "Annual service charges")],
        ] {
            let item = [first, &[(245, "250.50"), (322, "250.50")]].concat();

            let order = read(&[titles, &item]);

            assert_eq!(told(&order), ["10 Annual service charges: 1 - at 250.5 = 250.5"]);
            assert_eq!(
                warnings(&order),
                ["Line 1: no quantity is printed, amount ÷ rate is taken"]
            );
        }
    }
}

#[test]
fn a_line_without_a_number_begins_with_no_quantity() {
    for (need_by, price) in [(350, 420), (332, 388)] {
        let titles: Line<'_> = &[
            (40, "Line #"),
            (70, "Part # / Description"),
            (290, "Qty (Unit)"),
            (need_by, "Need By"),
            (price, "Unit Price"),
            (480, "Subtotal"),
        ];
        let order = read(&[
            titles,
            &[
                (292, "10 (EA)"),
                (need_by - 5, "10 Mar 2026"),
                (price, "1,500.25 INR"),
                (480, "15,002.50 INR"),
            ],
            &[(70, "Oak table with 3 drawers")],
            titles,
            &[
                (292, "4 (EA)"),
                (need_by - 5, "12 Mar 2026"),
                (price, "20.00 INR"),
                (480, "80.00 INR"),
            ],
            &[(70, "Fitting rev 3")],
        ]);

        assert_eq!(
            told(&order),
            [
                "- Oak table with 3 drawers: 10 EA at 1500.25 = 15002.5",
                "- Fitting rev 3: 4 EA at 20 = 80"
            ]
        );
        assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
    }
}

#[test]
fn what_wraps_in_its_cell_stays_in_its_column() {
    let order = read(&[
        &[
            (40, "Line #"),
            (70, "Part # / Description"),
            (170, "HSN"),
            (220, "Need By"),
            (270, "Qty"),
            (310, "Unit"),
            (360, "Rate"),
            (410, "GST %"),
            (460, "Amount"),
        ],
        &[
            (40, "10"),
            (70, "Oak table"),
            (170, "94036000"),
            (220, "3 March"),
            (270, "2"),
            (310, "Running"),
            (360, "1,234.5678"),
            (415, "18"),
            (460, "2,469.14"),
        ],
        &[(70, "oiled, 450.50"), (220, "2026"), (310, "meters")],
        &[
            (40, "20"),
            (70, "Oak chair"),
            (170, "9401"),
            (220, "20 Feb"),
            (270, "1"),
            (310, "per"),
            (360, "0.1234"),
            (415, "18"),
            (460, "0.12"),
        ],
        &[(220, "2026")],
    ]);

    assert_eq!(
        told(&order),
        [
            "10 Oak table oiled, 450.50: 2 Running meters at 1234.5678 = 2469.14",
            "20 Oak chair: 1 per at 0.1234 = 0.12"
        ]
    );
    assert_eq!(order.lines[0].hsn_code.as_deref(), Some("94036000"));
    assert_eq!(
        order.lines[0].gst_amount.map(|tax| tax.to_string()).as_deref(),
        Some("444.45")
    );
    assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
}

#[test]
fn an_items_number_may_stand_above_its_figures() {
    let mut lines: Vec<(u32, u32, &str)> = vec![
        (40, 800, "Purchase Order 4500000001"),
        (40, 788, "PO Date: 03-02-2026"),
        (40, 760, "Line # Part # / Description"),
        (240, 760, "Qty"),
        (290, 760, "Unit"),
        (340, 760, "Unit Price"),
        (420, 760, "Amount"),
    ];
    for (top, first, last, quantity, amount) in [
        (740, "10 GST board size 450.50", "with 3 hinges", "2", "20.00"),
        (712, "20 5 Star AC 1.5 ton", "as per drawing 36", "3", "30.00"),
    ] {
        // The figures stand at the middle of two lines of text.
        lines.extend([(40, top, first), (40, top - 10, last)]);
        lines.extend(
            [(240, quantity), (290, "EA"), (340, "10.00"), (420, amount)].map(|(x, text)| (x, top - 5, text)),
        );
    }
    let placed = |(x, y, text): (u32, u32, &str)| Placed {
        x,
        y,
        size: 8,
        text: text.to_owned(),
    };
    let pdf = Pdf {
        pages: vec![lines.into_iter().map(placed).collect()],
        ..Pdf::default()
    };

    let order = read_pdf(&pdf);

    assert_eq!(
        told(&order),
        [
            "10 GST board size 450.50 with 3 hinges: 2 EA at 10 = 20",
            "20 5 Star AC 1.5 ton as per drawing 36: 3 EA at 10 = 30"
        ]
    );
}

#[test]
fn terms_below_the_items_are_no_items_and_describe_none() {
    let item: Line<'_> = &[
        (40, "1"),
        (70, "Oak table"),
        (240, "2"),
        (290, "EA"),
        (345, "10.00"),
        (425, "20.00"),
    ];
    for terms in [
        [
            &[(40_u32, "Amount in words: Rupees twenty only")] as Line<'_>,
            &[(40, "2 Penalty 10.00 INR per day")],
        ],
        [
            &[(40, "Terms and Conditions")],
            &[(40, "2. Penalty total amount 5,000.00 INR")],
        ],
        [
            &[(40, "Terms: 30 days")],
            &[(40, "2. Grand Total 1.00 is the least")],
        ],
    ] {
        let order = read(&[TITLES, item, terms[0], terms[1]]);

        assert_eq!(told(&order), ["1 Oak table: 2 EA at 10 = 20"], "{terms:?}");
        assert_eq!(order.printed.total_amount, None);
        assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
    }
    let totals: [Line<'_>; 3] = [
        &[(300, "Sub Total"), (425, "20.00")],
        &[(300, "IGST 18%"), (425, "3.60")],
        &[(300, "Total Amount"), (425, "23.60")],
    ];
    let terms: [Line<'_>; 2] = [
        &[(40, "Terms and Conditions")],
        &[(40, "2. Penalty 10.00 INR per day")],
    ];

    let order = read(&[&[TITLES, item] as &[Line<'_>], &totals, &terms].concat());

    assert_eq!(told(&order), ["1 Oak table: 2 EA at 10 = 20"]);
    assert_eq!(
        order.totals.igst.map(|tax| tax.to_string()).as_deref(),
        Some("3.60")
    );
    assert_eq!(
        order
            .totals
            .total_amount
            .map(|total| total.to_string())
            .as_deref(),
        Some("23.60")
    );
}

#[test]
fn a_total_under_its_label_is_said_to_be_none() {
    let order = read(&[
        TITLES,
        &[
            (40, "1"),
            (70, "Oak table"),
            (240, "2"),
            (290, "EA"),
            (345, "10.00"),
            (425, "20.00"),
        ],
        &[(300, "Sub Total"), (425, "20.00")],
        &[(300, "Total Amou1n,t782,397.85")],
    ]);

    assert_eq!(
        warnings(&order),
        ["The printed total \"Total Amou1n,t782,397.85\" is no amount"]
    );
}

#[test]
fn a_total_may_be_named_in_two_lines_and_one_that_is_not_named_is_told() {
    let items: [Line<'_>; 2] = [
        TITLES,
        &[
            (40, "1"),
            (70, "Oak table"),
            (240, "2"),
            (290, "EA"),
            (345, "10.00"),
            (425, "20.00"),
        ],
    ];
    let totals: [Line<'_>; 5] = [
        &[(340, "Subtotal"), (425, "20.00")],
        &[(340, "IGST")],
        &[(340, "18%"), (425, "3.60")],
        &[(340, "Total")],
        &[(340, "Amount"), (425, "23.60")],
    ];

    let order = read(&[&items as &[Line<'_>], &totals].concat());

    assert_eq!(
        order.printed.igst.map(|tax| tax.to_string()).as_deref(),
        Some("3.60")
    );
    assert_eq!(
        order
            .printed
            .total_amount
            .map(|total| total.to_string())
            .as_deref(),
        Some("23.60")
    );
    assert_eq!(
        warnings(&order),
        ["The document's tax of 3.60 is shared over the lines"]
    );

    let unnamed: [Line<'_>; 2] = [
        &[(340, "Subtotal"), (425, "20.00")],
        &[(340, "Payable"), (425, "23.60")],
    ];
    let order = read(&[&items as &[Line<'_>], &unnamed].concat());
    assert_eq!(
        warnings(&order),
        ["The sum in \"Payable 23.60\" is larger than the lines, but is not called the total"]
    );
}

#[test]
fn the_figures_of_an_item_may_stand_alone_below_its_number_and_text() {
    let titles: Line<'_> = &[
        (40, "Line #"),
        (75, "Part # / Description"),
        (300, "Qty (Unit)"),
        (430, "Unit Price"),
        (510, "Subtotal"),
    ];
    let order = read(&[
        titles,
        &[(40, "1"), (75, "Oak table")],
        &[(75, "oiled")],
        &[(300, "10 (EA)"), (435, "50.00"), (515, "500.00")],
        titles,
        &[(40, "2"), (75, "Glass door")],
        &[(75, "white")],
        &[(300, "2 (EA)"), (435, "250.00"), (515, "500.00")],
    ]);

    assert_eq!(
        told(&order),
        [
            "1 Oak table oiled: 10 EA at 50 = 500",
            "2 Glass door white: 2 EA at 250 = 500"
        ]
    );
    assert!(warnings(&order).is_empty(), "{:?}", order.warnings);
}

#[test]
fn what_says_nothing_of_an_item_does_not_describe_it() {
    for line in [
        &[(70_u32, "MAHARASHTRA MUMBAI")] as Line<'_>,
        &[(70, "200012345678")],
        &[(300, "Carried Forward"), (425, "20.00")],
    ] {
        let item = [
            (40, "1"),
            (70, "Oak table"),
            (240, "2"),
            (290, "EA"),
            (345, "10.00"),
            (425, "20.00"),
        ];
        let next = [
            (40, "2"),
            (70, "Fitting"),
            (240, "1"),
            (290, "EA"),
            (345, "5.00"),
            (425, "5.00"),
        ];
        let order = read(&[TITLES, &item, line, &next]);

        assert_eq!(
            told(&order),
            ["1 Oak table: 2 EA at 10 = 20", "2 Fitting: 1 EA at 5 = 5"],
            "{line:?}"
        );
    }
}

#[test]
fn two_orders_in_one_file_are_refused_by_their_numbers() {
    let item: Line<'_> = &[
        (40, "1"),
        (70, "Oak table"),
        (240, "2"),
        (290, "EA"),
        (345, "10.00"),
        (425, "20.00"),
    ];
    let parse = |second: &[Line<'_>]| {
        let first: [Line<'_>; 4] = [
            &[(40, "PO No: 4500000001")],
            &[(40, "PO Date: 03-02-2026")],
            TITLES,
            item,
        ];
        let placed = |line: &Line<'_>| line.iter().map(|(x, text)| (*x, (*text).to_owned())).collect();
        let mut pdf = Pdf::default();
        for lines in [&first as &[Line<'_>], second] {
            let page: Vec<Vec<(u32, String)>> = lines.iter().map(placed).collect();
            pdf.page(&page);
        }
        read_bajaj(pdf.to_bytes())
    };
    let date: Line<'_> = &[(40, "PO Date: 04-02-2026")];

    let failure = parse(&[&[(40, "PO No: 4500000002")], date, TITLES, item]).unwrap_err();
    assert_eq!(failure.findings[0].field, "po_details.po_number");
    assert_eq!(
        failure.summary(),
        "The file holds two orders, 4500000001 and 4500000002; upload each as a file of its own"
    );
    // The same number again, that of another order in a text, and a table without a head.
    for second in [
        &[&[(40_u32, "PO No: 4500000001")] as Line<'_>, date, TITLES, item] as &[Line<'_>],
        &[&[(70, "as in PO 4500000002")], date, TITLES, item],
        &[&[(40, "Old PO No: 4500000002")], date, TITLES, item],
        &[&[(70, "PO 4500000002")], TITLES, item],
    ] {
        assert!(parse(second).is_ok(), "{second:?}");
    }
}
