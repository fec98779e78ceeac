//! Vendor orders with one or two value columns, and their lines with one or two families of names.

use super::{Legacy, SHAPE_B, SHAPE_C, SHAPE_D};

#[tokio::test]
async fn an_order_that_has_only_an_amount_is_worth_it() {
    let mut legacy = Legacy::load(&[SHAPE_B]).await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, po_value, stated_value, value_basis, amount, status, work_status FROM vendor_order ORDER BY id")
            .await,
        [
            "(1,50000.00,50000.00,lines,50000,pending,pending)",
            "(2,7500.25,7500.25,stated,7500.25,in_progress,pending)",
        ]
    );
    // Nothing asks for the old column any more.
    legacy
        .run("INSERT INTO vendor_order (po_number, po_value) VALUES ('VO-9', 1)")
        .await;
}

#[tokio::test]
async fn of_two_value_columns_po_value_wins_unless_it_is_empty_or_zero() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "ALTER TABLE vendor_order ADD COLUMN amount numeric NOT NULL DEFAULT 0;
             INSERT INTO vendor_order (id, vendor_id, po_number, po_value, amount) VALUES
                 (21, 5, 'only value', 100, 0), (22, 5, 'value empty', NULL, 200), (23, 5, 'value zero', 0, 300.005),
                 (24, 5, 'both alike', 400, 400), (25, 5, 'both differ', 500, 555), (26, 5, 'neither', NULL, 0)",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, po_value, stated_value, amount FROM vendor_order WHERE id > 20 ORDER BY id")
            .await,
        [
            "(21,100.00,100.00,0)",
            "(22,200.00,200.00,200)",
            "(23,300.01,300.01,300.005)",
            "(24,400.00,400.00,400)",
            "(25,500.00,500.00,555)",
            "(26,0.00,0.00,0)",
        ]
    );
    assert_eq!(
        legacy.findings("order_value_conflict").await,
        [r#"vendor_order 25: {"amount": 555, "po_value": 500.00}"#]
    );
    assert_eq!(
        legacy.findings("money_missing").await,
        [r#"vendor_order 26: {"value": 0.00, "column": "po_value"}"#]
    );
}

#[tokio::test]
async fn lines_with_another_sum_than_the_order_leave_its_value_and_are_reported() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, po_value, stated_value, value_basis FROM vendor_order ORDER BY id")
            .await,
        ["(10,50000.00,50000.00,lines)", "(11,9000.00,9000.00,stated)"]
    );
    assert_eq!(
        legacy.findings("line_value_conflict").await,
        [r#"vendor_order 11: {"po_value": 9000.00, "lines_total": 10000.00}"#]
    );
}

#[tokio::test]
async fn lines_take_name_and_total_from_the_old_columns() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "ALTER TABLE vendor_order_line_item ALTER COLUMN item_description DROP NOT NULL;
             INSERT INTO vendor_order_line_item (id, vendor_order_id, item_description, quantity, unit_price, amount) VALUES
                 (20, 11, NULL, 3, 333.34, NULL), (21, 11, ' ', NULL, 5, NULL), (22, 11, 'no price', 4, NULL, 10),
                 (23, 11, 'nothing', 0, NULL, 10)",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, item_name, quantity, unit_price, total_price, status, delivery_progress FROM vendor_order_line_item ORDER BY id")
            .await,
        [
            "(7,Beam,25.0000,2000.0000,50000.00,pending,0)",
            "(8,Paint,10.0000,1000.0000,10000.00,pending,0)",
            "(20,\"Item 20\",3.0000,333.3400,1000.02,pending,0)",
            "(21,\"Item 21\",1.0000,5.0000,5.00,pending,0)",
            "(22,\"no price\",4.0000,2.5000,10.00,pending,0)",
            "(23,nothing,0.0000,0.0000,10.00,pending,0)",
        ]
    );
    let filled = legacy.findings("null_filled").await;
    for expected in [
        r#"vendor_order_line_item 20: {"value": "Item 20", "column": "item_name"}"#,
        r#"vendor_order_line_item 21: {"value": "Item 21", "column": "item_name"}"#,
        r#"vendor_order_line_item 21: {"value": 1.0000, "column": "quantity"}"#,
    ] {
        assert!(
            filled.contains(&String::from(expected)),
            "{expected} in {filled:#?}"
        );
    }
    // No price can be made from a quantity of zero.
    assert_eq!(
        legacy.findings("money_missing").await,
        [r#"vendor_order_line_item 23: {"value": 0.0000, "column": "unit_price"}"#]
    );
    assert_eq!(legacy.findings("null_kept").await, [""; 0]);
    legacy
        .run("INSERT INTO vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price) VALUES (11, 'New', 1, 1, 1)")
        .await;
}

#[tokio::test]
async fn of_two_totals_of_a_line_the_new_one_wins_and_both_are_reported() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    legacy
        .run(
            "ALTER TABLE vendor_order_line_item ADD COLUMN amount numeric, ADD COLUMN item_description varchar(500);
             UPDATE vendor_order_line_item SET amount = total_price, item_description = 'old words';
             UPDATE vendor_order_line_item SET amount = 49000 WHERE id = 1",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("line_value_conflict").await,
        [r#"vendor_order_line_item 1: {"amount": 49000, "total_price": 50000.00}"#]
    );
    assert_eq!(
        legacy
            .value("SELECT row(item_name, total_price) FROM vendor_order_line_item WHERE id = 1")
            .await,
        "(Beam,50000.00)"
    );
}

#[tokio::test]
async fn payments_take_vendor_project_and_date_from_what_they_belong_to() {
    let mut legacy = Legacy::load(&[SHAPE_B]).await;
    legacy
        .run("INSERT INTO vendor_payment (id, vendor_id, vendor_order_id, amount, payment_date) VALUES (2, NULL, 2, 5, '2026-01-09')")
        .await;

    legacy.adopt().await;

    // 22:30 in India is 17:00 UTC of the same day.
    assert_eq!(
        legacy
            .rows("SELECT id, vendor_id, payment_date, payment_mode, status, created_at FROM vendor_payment WHERE id = 1")
            .await,
        ["(1,1,2026-01-07,bank_transfer,cleared,\"2026-01-07 17:00:00+00\")"]
    );
    assert_eq!(
        legacy
            .value("SELECT vendor_id FROM vendor_payment WHERE id = 2")
            .await,
        "2"
    );
    assert_eq!(
        legacy
            .rows("SELECT link_type, amount_allocated, linked_at = created_at FROM payment_vendor_link")
            .await,
        ["(outgoing,25000.00,t)"]
    );
}
