//! Which rows are items, which are not.

use rust_decimal::dec;

use super::*;
use crate::documents::table;

const TITLES: &[&str] = &["Sr", "Description", "Unit", "Qty", "Rate", "Amount"];

fn proforma(rows: &[&[&str]]) -> TableRows {
    let rows: Vec<&[&str]> = std::iter::once(TITLES).chain(rows.iter().copied()).collect();
    of(&Grid::of(&rows), Style::Proforma)
}

fn bajaj(rows: &[&[&str]]) -> TableRows {
    let rows: Vec<&[&str]> = std::iter::once(TITLES).chain(rows.iter().copied()).collect();
    of(&Grid::of(&rows), Style::Bajaj)
}

fn of(grid: &Grid, style: Style) -> TableRows {
    read(grid, &table::find_proforma(grid).unwrap(), style).unwrap()
}

fn descriptions(items: &TableRows) -> Vec<&str> {
    items.items.iter().map(|item| item.description.as_str()).collect()
}

#[test]
fn rows_start_continue_and_end() {
    let items = proforma(&[
        &["", "CIVIL WORKS"],
        &["1", "Brick wall", "SQM", "10", "50", "500"],
        &["", "with plaster"],
        &["", "", "and paint"],
        &[],
        &["2.", "Door", "", "", "", ""],
        &["", "Handle", "NOS", "2", "", ""],
        &["4)", "Total station survey", "JOB", "1", "900", "900"],
        &["", "Total", "", "", "", "1,400.00"],
        &["", "never an item"],
    ]);

    assert_eq!(
        descriptions(&items),
        [
            "Brick wall with plaster and paint",
            "Door",
            "Handle",
            "Total station survey"
        ]
    );
    assert_eq!(items.items[0].quantity, Reading::Number(dec!(10)));
    assert_eq!(items.items[0].unit.as_deref(), Some("SQM"));
    assert_eq!(items.items[1].total, Reading::Absent);
    assert_eq!(items.totals.end_row, 10);
}

#[test]
fn five_blank_rows_end_the_table() {
    let row: &[&str] = &["1", "Chair", "NOS", "1", "5", "5"];
    let items = proforma(&[row, &[], &[], &[], &[], row, &[], &[], &[], &[], &[], row]);

    assert_eq!((items.items.len(), items.totals.end_row), (2, 12));
}

#[test]
fn rows_that_a_cell_above_covers_are_not_blank() {
    let row: &[&str] = &["1", "Chair", "NOS", "1", "5", "5"];
    let grid = Grid::of(&[
        TITLES,
        &[],
        row,
        &[],
        &[],
        &[],
        &[],
        &[],
        row,
        &[],
        &[],
        &[],
        &[],
        row,
    ]);
    let merged = grid.merge((1, 2), (2, 2)).merge((3, 2), (8, 2));

    assert_eq!(of(&merged, Style::Proforma).items.len(), 3);
}

#[test]
fn a_subtotal_between_numbered_items_is_passed_over_and_told() {
    let items = proforma(&[
        &["1", "Chair", "NOS", "1", "5", "5"],
        &["", "Sub Total", "", "", "", "5"],
        &["", "FURNITURE"],
        &["2", "Table", "NOS", "1", "7", "7"],
        &["", "Sub Total", "", "", "", "12"],
        &["", "CGST 9%", "", "", "", "1.08"],
        &["1", "9403", "", "12", "9", "1.08"],
    ]);

    assert_eq!(descriptions(&items), ["Chair", "Table"]);
    assert_eq!((items.totals.end_row, items.warnings.len()), (6, 1));
}

#[test]
fn blank_forms_and_repeated_titles_are_no_items() {
    let items = proforma(&[
        &["1", "Chair", "NOS", "1", "5", "5"],
        TITLES,
        &["2", "Table", "NOS", "1", "7", "7"],
        &["3"],
        &["4"],
        &["", "GST 18%", "", "", "", "2.16"],
    ]);

    assert_eq!(descriptions(&items), ["Chair", "Table"]);
    assert_eq!(items.totals.end_row, 7);
}

#[test]
fn a_merged_cell_starts_no_second_item() {
    let grid = Grid::of(&[
        TITLES,
        &["1", "Wall", "SQM", "10", "50", "500"],
        &["", "second line", "", "", "", ""],
        &["2", "Door", "NOS", "1", "5", "5"],
    ]);
    let grid = [1, 3, 4, 5, 6]
        .into_iter()
        .fold(grid, |grid, column| grid.merge((2, column), (3, column)));

    assert_eq!(
        descriptions(&of(&grid, Style::Proforma)),
        ["Wall second line", "Door"]
    );
}

#[test]
fn an_amount_over_several_items_counts_once() {
    let grid = Grid::of(&[
        TITLES,
        &["1", "Wall", "SQM", "10", "", "500"],
        &["2", "Door", "NOS", "1", "", ""],
    ]);
    let items = of(&grid.merge((2, 6), (3, 6)), Style::Proforma).items;

    assert_eq!(
        (items[0].total, items[1].total),
        (Reading::Number(dec!(500)), Reading::Absent)
    );
}

#[test]
fn a_bajaj_row_without_figures_is_a_remark() {
    let items = bajaj(&[
        &["1", "Cabling", "MTR", "10", "5", "50"],
        &["2", "as per drawing", "", "", "", ""],
        &["", "Labour", "", "", "", "70"],
        &["3", "Garbled", "", "1", "", "12O0"],
        &["", "Grand Total", "", "", "", "120"],
    ]);

    assert_eq!(
        descriptions(&items),
        ["Cabling as per drawing", "Labour", "Garbled"]
    );
}

#[test]
fn a_row_with_figures_is_an_item_though_its_description_or_amount_is_missing() {
    let rows: &[&[&str]] = &[
        &["1", "Cabling", "MTR", "10", "5", "50"],
        &["2", "", "NOS", "2", "50", "100"],
        &["", "", "NOS", "2", "30", "60"],
        &["3", "Free issue", "NOS", "3", "", ""],
        &["4", "Crossed out", "NOS", "", "-", "-"],
        &["", "Unnumbered", "NOS", "", "", "7O.00"],
    ];
    let expected = ["Cabling", "", "", "Free issue", "Crossed out", "Unnumbered"];

    assert_eq!(descriptions(&bajaj(rows)), expected);
    assert_eq!(descriptions(&proforma(rows)), expected);
}

#[test]
fn items_go_on_below_the_totals_of_sections() {
    let items = bajaj(&[
        &["1", "Cabling", "MTR", "10", "5", "50"],
        &["", "Total Section A", "", "", "", "50"],
        &["", "Section B"],
        &["1", "Tray", "MTR", "1", "7", "7"],
        &["", "", "", "", "", "7"],
        &["2", "Lamp", "NOS", "1", "8", "8"],
        &["", "Total (B)", "", "", "", "19"],
        &["3", "Fan", "NOS", "1", "9", "9"],
        &["", "Total", "", "", "", "9"],
        &["", "Grand Total", "", "", "", "74"],
    ]);

    assert_eq!(descriptions(&items), ["Cabling", "Tray", "Lamp", "Fan"]);
    let passed: Vec<_> = items
        .totals
        .passed
        .iter()
        .map(|total| (total.row, total.items_above))
        .collect();
    assert_eq!((passed, items.totals.end_row), (vec![(3, 1), (6, 2), (8, 3)], 10));
    assert_eq!(
        items.warnings,
        [
            "Row 3: a total between the items is passed over",
            "Row 6: a total between the items is passed over",
            "Row 8: the total of 19 between the items is not the sum of those above it, 8.00",
        ]
    );
}

#[test]
fn below_the_taxes_only_what_goes_on_with_the_items_is_one() {
    let items = proforma(&[
        &["1", "Chair", "NOS", "1", "5", "5"],
        &["", "GST 18%", "", "", "", "0.90"],
        &["2", "Table", "NOS", "", "", "7"],
        &["", "Grand Total", "", "", "", "12.90"],
        &["1", "Furniture of wood", "", "12", "9", "1.08"],
        &["", "Late lamp", "NOS", "2", "3", "6"],
    ]);

    assert_eq!(descriptions(&items), ["Chair", "Table", "Late lamp"]);
    assert_eq!(
        items.warnings,
        [
            "Row 4: an item below the end of the table is read as a line",
            "Row 7: an item below the end of the table is read as a line",
            "Row 6 looks like an item, but stands below the table; it is not read",
        ]
    );
}

#[test]
fn the_sums_of_pages_and_deductions_are_no_items() {
    let items = bajaj(&[
        &["1", "Chair", "NOS", "1", "5", "5"],
        &["", "Carried forward", "", "", "", "5"],
        TITLES,
        &["", "B/F", "", "", "", "60"],
        &["2", "Table", "NOS", "1", "7", "7"],
        &["", "Less: Discount", "", "", "", "2"],
        &["", "Taxable Value", "", "", "", "10"],
    ]);

    assert_eq!(descriptions(&items), ["Chair", "Table"]);
    assert_eq!(
        items.warnings,
        ["Row 5: what is carried forward is not the sum of the items above it, 5.00",]
    );
    assert_eq!(items.loose, [7]);
}

#[test]
fn blank_rows_end_no_bajaj_table_but_the_text_of_its_items() {
    let row: &[&str] = &["1", "Chair", "NOS", "1", "5", "5"];
    let rows: &[&[&str]] = &[
        row,
        &[],
        &[],
        &[],
        &[],
        &[],
        &["", "Terms: 30 days"],
        row,
        &["", "of oak"],
    ];

    assert_eq!(descriptions(&bajaj(rows)), ["Chair", "Chair of oak"]);
    let invoice = proforma(rows);
    assert_eq!(descriptions(&invoice), ["Chair"]);
    assert_eq!(
        invoice.warnings,
        ["Row 9 looks like an item, but stands below the table; it is not read"]
    );
}

#[test]
fn goods_that_are_called_as_totals_are_need_no_serial_number_if_their_figures_agree() {
    let items = proforma(&[
        &["1", "Chair", "NOS", "1", "5", "5"],
        &["", "Total station survey", "JOB", "2", "450", "900"],
        &["", "Total", "", "3", "", "905"],
    ]);

    assert_eq!(descriptions(&items), ["Chair", "Total station survey"]);
}

#[test]
fn long_descriptions_are_cut_and_more_items_than_allowed_are_refused() {
    let long = "x".repeat(3_000);
    let items = proforma(&[&["1", &long, "NOS", "1", "5", "5"], &["", &long]]);
    assert_eq!(
        (items.items[0].description.len(), items.warnings.len()),
        (MAX_DESCRIPTION, 1)
    );

    let row: &[&str] = &["1", "Chair", "NOS", "1", "5", "5"];
    let rows: Vec<&[&str]> = std::iter::once(TITLES)
        .chain(std::iter::repeat_n(row, MAX_ITEMS + 1))
        .collect();
    let grid = Grid::of(&rows);
    assert!(read(&grid, &table::find_proforma(&grid).unwrap(), Style::Proforma).is_err());
}

#[test]
fn what_closes_a_document_is_no_part_of_the_last_item() {
    for closing in [
        "Amount in words: Rupees five hundred only",
        "Terms & Conditions:",
        "Rupees Five Hundred Only",
    ] {
        for read in [proforma, bajaj] {
            let items = read(&[
                &["1", "Brick wall", "SQM", "10", "50", "500"],
                &["", "with plaster"],
                &["", closing],
                &["", "Payment within 30 days"],
                &["1", "Goods once sold are not taken back"],
            ]);

            assert_eq!(descriptions(&items), ["Brick wall with plaster"], "{closing}");
            assert_eq!((items.totals.end_row, items.warnings.len()), (4, 0), "{closing}");
        }
    }
}

#[test]
fn a_tax_that_is_added_is_no_item() {
    let items = bajaj(&[
        &["1", "Brick wall", "SQM", "10", "50", "500"],
        &["", "Add: IGST 18%", "", "", "", "90"],
        &["", "Output CGST", "", "", "", "45"],
    ]);

    assert_eq!(descriptions(&items), ["Brick wall"]);
    assert!(items.warnings.is_empty());
}
