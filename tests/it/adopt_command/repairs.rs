//! What follows an adoption: constraints created once their rows are repaired, and lines that hold the tax as their rate.

use serde_json::Value;

use super::{Desk, legacy, run_sql, value};
use crate::adoption::SHAPE_C;

/// One row in the way of each kind of constraint.
const BROKEN: &str = r#"
    SET search_path = "Finances";
    ALTER TABLE client_po DROP CONSTRAINT IF EXISTS client_po_po_number_key CASCADE;
    DROP INDEX IF EXISTS client_po_po_number_key;
    UPDATE client_po SET po_number = '4100000002' WHERE id = 134;
    INSERT INTO client (id, name) VALUES (50, 'Twin'), (51, 'TWIN');
    INSERT INTO client_payment (id, client_id, client_po_id, amount, payment_date, created_at) VALUES
        (90, 1, 777, 10, '2026-02-22', '2026-02-22'), (91, 1, NULL, -5, '2026-02-22', '2026-02-22');
"#;

fn waiting(report: &Value) -> Vec<&str> {
    let names = report["constraints_not_created"].as_array().unwrap();
    names.iter().map(|name| name.as_str().unwrap()).collect()
}

#[tokio::test]
async fn constraints_are_created_once_their_rows_are_repaired() {
    let desk = Desk::new();
    let database = legacy(&[SHAPE_C, BROKEN]).await;
    let report = desk.adopt(&database, &[]).await.report();
    let names = [
        "client_name_lower_key",
        "client_payment_amount_positive",
        "client_payment_client_po_id_fkey",
        "client_po_po_number_key",
    ];
    for name in names {
        assert!(waiting(&report).contains(&name), "{name}: {:?}", waiting(&report));
    }

    let refused = desk.adopt(&database, &["--retry-constraints"]).await;

    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for line in [
        "client_name_lower_key: still waits for 2 row(s) of client: 50, 51",
        "client_payment_amount_positive: still waits for 1 row(s) of client_payment: 91",
        "client_payment_client_po_id_fkey: still waits for 1 row(s) of client_payment: 90",
        "client_po_po_number_key: still waits for 2 row(s) of client_po: 133, 134",
    ] {
        assert!(
            refused.stdout.lines().any(|told| told == line),
            "{line}: {}",
            refused.stdout
        );
    }

    run_sql(
        &database,
        r#"
        UPDATE "Finances".client SET name = 'Other' WHERE id = 51;
        UPDATE "Finances".client_payment SET amount = 5 WHERE id = 91;
        UPDATE "Finances".client_payment SET client_po_id = NULL WHERE id = 90;
        UPDATE "Finances".client_po SET po_number = '4100000003' WHERE id = 134;
        "#,
    )
    .await;
    let dry = desk.adopt(&database, &["--retry-constraints", "--dry-run"]).await;
    assert!(
        dry.stdout.contains("client_po_po_number_key: could be created"),
        "{}",
        dry.stdout
    );
    assert_eq!(
        value(
            &database,
            "SELECT count(*) FROM pg_constraint WHERE conname = 'client_po_po_number_key'"
        )
        .await,
        "0"
    );

    let created = desk.adopt(&database, &["--retry-constraints"]).await;

    for name in names {
        assert!(
            created.stdout.contains(&format!("{name}: created")),
            "{}",
            created.stdout
        );
    }
    let again = desk.adopt(&database, &["--retry-constraints"]).await;
    for name in names {
        assert!(!again.stdout.contains(name), "{}", again.stdout);
    }
    let report = desk.adopt(&database, &[]).await.report();
    for name in names {
        assert!(!waiting(&report).contains(&name), "{name}");
    }
}

#[tokio::test]
async fn constraints_of_a_database_that_is_not_adopted_cannot_be_retried() {
    let desk = Desk::new();
    let database = legacy(&[SHAPE_C]).await;

    let refused = desk.adopt(&database, &["--retry-constraints"]).await;

    assert!(
        refused.refusal().contains("run adopt first"),
        "{}",
        refused.stderr
    );
}

/// Proforma lines whose unit price and rate hold the tax. PO 200 states figures that its repaired lines give; PO 201 is worth
/// what its lines say without the tax; PO 202 states another value. Line 63 has no order, line 64 no quantity.
const PROFORMAS: &str = r#"
    SET search_path = "Finances";
    INSERT INTO client_po (id, client_id, po_number, po_value, total_tax, created_at) VALUES
        (200, 1, 'PI-200', 1180, 180, '2026-02-20'), (201, 1, 'PI-201', 1000, 0, '2026-02-20'),
        (202, 1, 'PI-202', 5000, 0, '2026-02-20');
    INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, unit_price, rate, total_price, gst_amount, gross_amount)
    VALUES (60, 200, 'Panel', 3, 180, 180, 1000, 0, 1180), (61, 201, 'Panel', 4, 180, 180, 1000, 0, 1180),
           (62, 202, 'Panel', 4, 120, 120, 1000, 0, 1120), (63, 999, 'Panel', 4, 180, 180, 1000, 0, 1180),
           (64, 202, 'Panel', 0, 18, 18, 100, 0, 118), (65, 202, 'Sound', 2, 50, 50, 100, 18, 118);
"#;

#[tokio::test]
async fn lines_that_hold_the_tax_as_their_rate_are_repaired_with_a_record() {
    let desk = Desk::new();
    let database = legacy(&[SHAPE_C, PROFORMAS]).await;
    let report = desk.adopt(&database, &[]).await.report();
    assert_eq!(report["findings_by_rule"]["line_rate_is_tax"], 5);
    let lines = r#"
        SELECT string_agg(concat_ws(' ', id, unit_price, rate, total_price, gst_amount, gross_amount, tax_rate), '|' ORDER BY id)
          FROM "Finances".client_po_line_item WHERE id >= 60"#;
    let orders = r#"
        SELECT string_agg(concat_ws(' ', id, po_value, total_tax, value_basis), '|' ORDER BY id)
          FROM "Finances".client_po WHERE id >= 200"#;
    let before = (value(&database, lines).await, value(&database, orders).await);

    let dry = desk
        .adopt(&database, &["--repair", "line-rate", "--dry-run"])
        .await;

    assert!(
        dry.stdout.contains("4 line(s) would be repaired"),
        "{} {}",
        dry.stdout,
        dry.stderr
    );
    assert_eq!(
        (value(&database, lines).await, value(&database, orders).await),
        before
    );

    let repaired = desk.adopt(&database, &["--repair", "line-rate"]).await;

    assert_eq!(repaired.code, Some(0), "{}", repaired.stderr);
    for line in [
        "4 line(s) repaired.",
        "order 201: its value follows its lines: 1000.00 before, 1180.00 after",
        "line 64: left as it is, it has no quantity",
    ] {
        assert!(
            repaired.stdout.lines().any(|told| told == line),
            "{line}: {}",
            repaired.stdout
        );
    }
    assert_eq!(
        value(&database, lines).await,
        "60 333.3333 333.3333 1000.00 180.00 1180.00 18.0000|61 250.0000 250.0000 1000.00 180.00 1180.00 18.0000|\
         62 250.0000 250.0000 1000.00 120.00 1120.00 12.0000|63 250.0000 250.0000 1000.00 180.00 1180.00 18.0000|\
         64 18.0000 18.0000 100.00 0.00 118.00 0.0000|65 50.0000 50.0000 100.00 18.00 118.00 18.0000"
    );
    assert_eq!(
        value(&database, orders).await,
        "200 1180.00 180.00 lines|201 1180.00 180.00 lines|202 5000.00 0.00 stated"
    );
    assert_eq!(
        value(
            &database,
            r#"SELECT string_agg(concat_ws(' ', entity, entity_id, before ->> 'rate', after ->> 'rate', after ->> 'po_value'), '|'
                                 ORDER BY entity, entity_id)
                 FROM "Finances".audit_entry WHERE note = 'adopt --repair line-rate'"#
        )
        .await,
        "client_po 200 1180|client_po 201 1180|client_po_line_item 60 180 333.3333|client_po_line_item 61 180 250|\
         client_po_line_item 62 120 250|client_po_line_item 63 180 250"
    );
    // The totals of lists follow.
    assert_eq!(
        value(
            &database,
            r#"SELECT sum(amount) FROM "Finances".kept_total WHERE list = 'client_po' AND scope = 'all'"#
        )
        .await,
        value(&database, r#"SELECT sum(po_value) FROM "Finances".client_po"#).await
    );

    let again = desk.adopt(&database, &["--repair", "line-rate"]).await;

    assert!(again.stdout.contains("0 line(s) repaired"), "{}", again.stdout);
}
