//! The money of a small database, whose report was computed by hand.

use serde_json::json;

use super::{Desk, legacy, value};
use crate::support::cluster;

/// Two orders, payments and bills with every way in which a figure may differ afterwards: one is rounded, one was never
/// there, one stands in an old column. Everything else stays as it is.
const BOOKS: &str = r#"
CREATE SCHEMA "Finances";
SET search_path = "Finances";
CREATE TABLE client (id bigint, name varchar NOT NULL, created_at timestamp);
CREATE TABLE client_po (id bigint, client_id bigint, po_number varchar, po_value numeric, total_tax numeric);
CREATE TABLE client_po_line_item (id bigint, client_po_id bigint, item_name text, quantity numeric, unit_price numeric,
    total_price numeric, gst_amount numeric, gross_amount numeric);
CREATE TABLE client_payment (id bigint, client_id bigint, client_po_id bigint, amount numeric, tds_amount numeric);
CREATE TABLE vendor (id bigint, name varchar);
CREATE TABLE vendor_order (id bigint, vendor_id bigint, po_number varchar(100), po_value numeric, amount numeric);
CREATE TABLE billing_po (id bigint, client_po_id bigint, po_number text, amount numeric, billed_value numeric, billed_gst numeric);
INSERT INTO client VALUES (1, 'Bajaj', '2026-01-01'), (2, 'Dava India', '2026-01-01');
INSERT INTO client_po VALUES (1, 1, 'PO-1', 1180.005, NULL), (2, 1, 'PO-2', NULL, 36), (3, 2, 'PO-3', 0.10, 0);
INSERT INTO client_po_line_item VALUES (1, 2, 'Wall', 2, 100, 200, 36, 236);
INSERT INTO client_payment VALUES (1, 1, 1, 500.25, NULL), (2, 1, 1, NULL, 10), (3, 2, 3, 0.20, 0);
INSERT INTO vendor VALUES (1, 'Om');
INSERT INTO vendor_order VALUES (1, 1, 'VO-1', 0, 700.50), (2, 1, 'VO-2', 300, 250), (3, 1, 'VO-3', NULL, NULL);
INSERT INTO billing_po VALUES (1, 1, 'PO-1', 90, 0, 16.20), (2, 2, 'PO-2', 5, 5, NULL);
"#;

#[tokio::test]
async fn sums_before_and_after_are_those_computed_by_hand() {
    let desk = Desk::new();
    let source = legacy(&[BOOKS]).await;
    let target = cluster::empty_database().await;

    let ran = desk.adopt(&target, &["--from", &super::url(&source)]).await;

    let report = ran.report();
    let sums: Vec<(String, String, String)> = report["sums"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|sum| !sum["before"].is_null())
        .map(|sum| {
            (
                format!(
                    "{}.{}",
                    sum["table"].as_str().unwrap(),
                    sum["column"].as_str().unwrap()
                ),
                sum["before"].to_string(),
                sum["after"].to_string(),
            )
        })
        .collect();
    let expected: Vec<(String, String, String)> = [
        // 1180.005 is rounded up; PO-2 is worth the gross of its line: 1180.01 + 236.00 + 0.10.
        ("client_po.po_value", "1180.105", "1416.11"),
        ("client_po.total_tax", "36.00", "36.00"),
        ("client_po_line_item.total_price", "200.00", "200.00"),
        ("client_po_line_item.gst_amount", "36.00", "36.00"),
        ("client_po_line_item.gross_amount", "236.00", "236.00"),
        ("client_payment.amount", "500.45", "500.45"),
        ("client_payment.tds_amount", "10.00", "10.00"),
        // VO-1 takes its amount over; VO-2 keeps what it has: 700.50 + 300.
        ("vendor_order.po_value", "300.00", "1000.50"),
        ("vendor_order.amount", "950.50", "950.50"),
        ("billing_po.amount", "95.00", "95.00"),
        // Bill 1 takes its amount over: 90 + 5.
        ("billing_po.billed_value", "5.00", "95.00"),
        ("billing_po.billed_gst", "16.20", "16.20"),
    ]
    .into_iter()
    .map(|(column, before, after)| (column.to_owned(), before.to_owned(), after.to_owned()))
    .collect();
    assert_eq!(sums, expected);
    // A column that was not there has a sum afterwards: (90 + 16.20) + 5.
    let total = report["sums"]
        .as_array()
        .unwrap()
        .iter()
        .find(|sum| sum["column"] == "billed_total")
        .unwrap();
    assert_eq!(
        total.to_string(),
        json!({"after": 0, "before": null, "column": "billed_total", "table": "billing_po"})
            .to_string()
            .replace(":0,", ":111.20,")
    );
    for says in [
        "client_po.po_value: 1180.105 before, 1416.11 after",
        "billing_po.billed_value: 5.00 before, 95.00 after",
        "vendor_order.po_value: 300.00 before, 1000.50 after",
    ] {
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("client_payment.amount:"), "{}", ran.stderr);
    assert_eq!(
        value(&target, r#"SELECT sum(po_value) FROM "Finances".client_po"#).await,
        "1416.11"
    );
}

#[tokio::test]
async fn a_figure_too_large_for_the_books_stops_the_run_with_its_row() {
    let desk = Desk::new();
    let source = legacy(&[
        BOOKS,
        r#"UPDATE "Finances".client_payment SET amount = 10000000000000 WHERE id = 3"#,
    ])
    .await;
    let target = cluster::empty_database().await;

    let refused = desk.adopt(&target, &["--from", &super::url(&source)]).await;

    let refusal = refused.refusal();
    assert!(
        refusal.contains("client_payment.amount of row 3 is too large"),
        "{refusal}"
    );
    assert!(!super::has_schema(&target).await);
}
