//! Which titles are which columns.

use super::*;

fn proforma(titles: &[&str]) -> Columns {
    find_proforma(&Grid::of(&[&["Example Interiors"], titles]))
        .unwrap()
        .columns
}

#[test]
fn a_tax_rate_is_never_the_rate() {
    let columns = proforma(&[
        "Sr. No",
        "BOQ",
        "HSN/SAC",
        "Unit",
        "Qty",
        "Tax Rate",
        "Rate",
        "Amount",
        "Gross Amount",
    ]);

    assert_eq!(
        columns,
        Columns {
            serial: Some(1),
            description: Some(2),
            hsn: Some(3),
            unit: Some(4),
            quantity: Some(5),
            tax_rate: vec![6],
            rate: Some(7),
            total: Some(8),
            total_with_gst: Some(9),
            ..Columns::default()
        }
    );
}

#[test]
fn an_item_is_the_description_unless_another_column_is() {
    let alone = proforma(&["Item", "BOQ Qty", "Rate", "Amount"]);
    let beside = proforma(&["Item", "BOQ", "Qty", "Rate", "Amount"]);

    assert_eq!((alone.description, alone.serial), (Some(1), None));
    assert_eq!((beside.description, beside.serial), (Some(2), Some(1)));
}

#[test]
fn the_small_form_has_its_columns() {
    let columns = proforma(&["ITEM", "DESCRIPTION", "QTY", "RATE", "AMOUNT"]);

    assert_eq!(
        (columns.serial, columns.description, columns.total),
        (Some(1), Some(2), Some(5))
    );
}

#[test]
fn what_a_line_is_worth_stands_after_its_discount() {
    let total = |titles: &[&str]| {
        let titles: Vec<&str> = ["Sr", "Description", "Qty", "Rate"]
            .iter()
            .chain(titles)
            .copied()
            .collect();
        let columns = proforma(&titles);
        (columns.total, columns.total_with_gst)
    };

    assert_eq!(total(&["Discount Amount", "Amount"]), (Some(6), None));
    assert_eq!(total(&["Disc. Amt", "Taxable Value", "GST %"]), (Some(6), None));
    assert_eq!(total(&["Amount", "Disc", "Net Amount"]), (Some(7), None));
    assert_eq!(
        total(&["Amount", "Discount", "Taxable Value", "GST", "Total"]),
        (Some(7), Some(9))
    );
    assert_eq!(
        total(&["Amount", "Disc %", "GST %", "GST Amt", "Net Amount"]),
        (Some(5), Some(9))
    );
    assert_eq!(
        total(&["Disc %", "GST %", "Amount after disc.", "GST Amt", "Total"]),
        (Some(7), Some(9))
    );
    assert_eq!(
        total(&["Total", "Taxable Value", "IGST", "Total Amount"]),
        (Some(6), Some(8))
    );
    assert_eq!(total(&["Amount", "Total"]), (Some(5), None));
}

#[test]
fn the_price_after_a_discount_is_the_rate() {
    let columns = proforma(&[
        "Sr",
        "Description",
        "Qty",
        "List Price",
        "Disc %",
        "Rate",
        "Amount",
    ]);

    assert_eq!((columns.rate, columns.total), (Some(6), Some(7)));
    assert!(columns.discounts.is_empty() && columns.is_known(4));
}

#[test]
fn a_quantity_per_box_is_the_quantity_only_where_no_other_is() {
    let both = proforma(&["Sr", "Description", "Qty per box", "Qty", "Rate", "Amount"]);
    let alone = proforma(&["Sr", "Description", "Qty/Unit", "Rate", "Amount"]);

    assert_eq!((both.quantity, both.is_known(3)), (Some(4), true));
    assert_eq!(alone.quantity, Some(3));
}

#[test]
fn the_unit_may_be_titled_per() {
    let columns = proforma(&[
        "Sl No.",
        "Description of Goods",
        "HSN/SAC",
        "Quantity",
        "Rate",
        "per",
        "Disc. %",
        "Amount",
    ]);

    assert_eq!(
        (columns.rate, columns.unit, columns.total),
        (Some(5), Some(6), Some(8))
    );
    assert_eq!(columns.discounts, [(7, DiscountKind::Percent)]);
}

#[test]
fn a_second_total_includes_the_taxes_left_of_it() {
    let taxed = proforma(&["Sr", "Description", "Qty", "Rate", "Amount", "GST 18%", "Total"]);
    let plain = proforma(&["Sr", "Description", "Qty", "Rate", "Amount", "Total"]);
    let explicit = proforma(&[
        "Sr",
        "Description",
        "Qty",
        "Amount",
        "CGST",
        "SGST",
        "Total",
        "Gross",
    ]);

    assert_eq!((taxed.total, taxed.total_with_gst), (Some(5), Some(7)));
    assert_eq!((plain.total, plain.total_with_gst), (Some(5), None));
    assert_eq!((explicit.total, explicit.total_with_gst), (Some(4), Some(8)));
}

#[test]
fn partial_taxes_add_up_unless_the_whole_tax_has_a_column() {
    let partial = proforma(&[
        "Sr",
        "Description",
        "Qty",
        "Rate",
        "Amount",
        "CGST",
        "SGST",
        "IGST",
        "Gross",
    ]);
    let whole = proforma(&[
        "Sr",
        "Description",
        "Qty",
        "Rate",
        "Amount",
        "CGST",
        "SGST",
        "GST Amount",
        "Gross",
    ]);

    assert_eq!(partial.tax_amount, [6, 7, 8]);
    assert_eq!(whole.tax_amount, [8]);
}

#[test]
fn titles_in_two_rows_are_joined() {
    let grid = Grid::of(&[
        &["Sr", "Description", "Qty", "Unit", "", "GST", "", "Gross"],
        &["", "", "", "Rate", "Name", "%", "Amount", ""],
        &["1", "Chair", "2", "50", "Nos", "18", "18", "118"],
    ]);
    let grid = [1, 2, 3, 8]
        .into_iter()
        .fold(grid, |grid, column| grid.merge((1, column), (2, column)));
    let table = find_proforma(&grid.merge((1, 4), (1, 5)).merge((1, 6), (1, 7))).unwrap();

    assert_eq!((table.header_row, table.first_row), (1, 3));
    assert_eq!((table.columns.rate, table.columns.unit), (Some(4), Some(5)));
    assert_eq!(
        (table.columns.tax_rate, table.columns.tax_amount),
        (vec![6], vec![7])
    );
}

#[test]
fn titles_in_two_rows_need_not_be_merged() {
    let columns = |rows: &[&[&str]]| {
        let table = find_proforma(&Grid::of(rows)).unwrap();
        assert_eq!(table.first_row - table.header_row, 2);
        table.columns
    };

    let halves = columns(&[
        &[
            "Sr",
            "Description",
            "Qty",
            "Rate",
            "Amount",
            "CGST",
            "",
            "SGST",
            "",
            "Total with GST",
        ],
        &["", "", "", "", "", "Rate", "Amt", "Rate", "Amt"],
        &["1", "Chair", "2", "50", "100", "9", "9", "9", "9", "118"],
    ]);
    let whole = columns(&[
        &["Sr", "Description", "Qty", "Rate", "Taxable", "GST", "", "Total"],
        &["", "", "", "", "Amount", "%", "Amount", "Amount"],
    ]);

    assert_eq!((halves.tax_rate, halves.tax_amount), (vec![6, 8], vec![7, 9]));
    assert_eq!(
        (halves.rate, halves.total, halves.total_with_gst),
        (Some(4), Some(5), Some(10))
    );
    assert_eq!((whole.tax_rate, whole.tax_amount), (vec![6], vec![7]));
    assert_eq!((whole.total, whole.total_with_gst), (Some(5), Some(8)));
}

#[test]
fn a_row_of_groups_above_the_titles_is_none_of_them() {
    let grid = Grid::of(&[
        &["Sr", "Item", "", "Quantity", "", "Price", ""],
        &["No", "Description", "HSN", "Qty", "UoM", "Rate", "Amount"],
        &["1", "Chair", "9401", "2", "NOS", "50", "100"],
    ]);
    let table = find_bajaj(&grid).unwrap();

    assert_eq!((table.header_row, table.first_row), (2, 3));
    assert_eq!(
        (table.columns.hsn, table.columns.unit, table.columns.total),
        (Some(3), Some(5), Some(7))
    );
}

#[test]
fn a_gross_amount_before_a_discount_is_not_the_one_with_tax() {
    let columns = proforma(&[
        "Sr",
        "Description",
        "Qty",
        "Rate",
        "Gross Amount",
        "Taxable Amount",
        "Total with GST",
    ]);

    assert_eq!((columns.total, columns.total_with_gst), (Some(6), Some(7)));
}

#[test]
fn a_label_right_above_the_titles_is_no_first_row_of_titles() {
    let grid = Grid::of(&[
        &["Site Name:", "", "Andheri West"],
        &["Item", "HSN", "Unit", "Qty", "Rate", "Amount"],
        &["Wall", "6809", "SQM", "2", "5", "10"],
    ]);

    assert_eq!(find_proforma(&grid.merge((1, 1), (1, 2))).unwrap().header_row, 2);
}

#[test]
fn a_heading_below_the_titles_is_no_second_row_of_titles() {
    let grid = Grid::of(&[
        &["Sr", "Description", "", "Qty", "Rate"],
        &["", "CIVIL WORKS"],
        &["1", "Wall", "", "2", "5"],
    ]);

    assert_eq!(find_proforma(&grid.merge((1, 2), (1, 3))).unwrap().first_row, 2);
}

#[test]
fn a_bajaj_table_needs_a_description_and_a_figure() {
    let table = |titles: &[&str]| find_bajaj(&Grid::of(&[titles]));

    assert!(table(&["Sr No", "Description", "HSN", "Qty", "UoM", "Rate", "Amount"]).is_some());
    assert!(table(&["Particulars", "Amount"]).is_some());
    assert!(table(&["Description of the amount"]).is_none());
    assert!(table(&["Description", "Remarks"]).is_none());
    assert!(find_proforma(&Grid::of(&[&["Particulars", "Amount"]])).is_none());
}
