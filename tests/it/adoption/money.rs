//! Money comes through the adoption as it was: sums, roundings, what does not fit.

use std::collections::BTreeMap;

use super::{Legacy, RESTORED, SHAPE_A, SHAPE_B, SHAPE_C, SHAPE_D};
use crate::support::app::TestApp;

/// Rows of each table, and the sum of each of its numeric columns, by `table` and `table.column`.
async fn figures(legacy: &mut Legacy) -> BTreeMap<String, String> {
    let columns = legacy
        .rows(
            r"
            SELECT quote_ident(table_name), quote_ident(column_name)
              FROM information_schema.columns
              JOIN information_schema.tables USING (table_schema, table_name)
             WHERE table_schema = 'Finances' AND table_type = 'BASE TABLE' AND data_type = 'numeric'
            ",
        )
        .await;
    let tables = legacy
        .rows(r"SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'Finances'")
        .await;
    let mut figures = BTreeMap::new();
    for table in tables {
        // A composite quotes the quotes of "user".
        let table = table.trim_matches(['(', ')']).replace("\"\"\"", "\"");
        let count = legacy.value(&format!("SELECT count(*) FROM {table}")).await;
        figures.insert(table, count);
    }
    for column in columns {
        let (table, column) = column.trim_matches(['(', ')']).split_once(',').unwrap();
        let sum = legacy
            .value(&format!(
                "SELECT coalesce(trim_scale(sum({column})), 0) FROM {table}"
            ))
            .await;
        figures.insert(format!("{table}.{column}"), sum);
    }
    figures
}

/// What differs after the adoption of what was there before: `name: before -> after`.
async fn differences(scripts: &[&str]) -> Vec<String> {
    let mut legacy = Legacy::load(scripts).await;
    let before = figures(&mut legacy).await;
    legacy.adopt().await;
    let after = figures(&mut legacy).await;
    before
        .iter()
        .filter(|(name, figure)| after.get(*name) != Some(figure))
        .map(|(name, figure)| format!("{name}: {figure} -> {:?}", after.get(name)))
        .collect()
}

#[tokio::test]
async fn counts_and_sums_stay_but_for_what_the_report_lists_as_filled() {
    assert_eq!(
        differences(&[SHAPE_A]).await,
        [r#"po_project_mapping: 1 -> Some("2")"#]
    );
    assert_eq!(
        differences(&[SHAPE_B]).await,
        [
            // The link without an amount has the payment's.
            r#"payment_vendor_link.amount_allocated: 0 -> Some("25000")"#,
            r#"po_project_mapping: 1 -> Some("2")"#,
        ]
    );
    assert_eq!(
        differences(&[SHAPE_C]).await,
        [
            // A bill that had its value in `amount` only, and a line that had its figures in the other family.
            r#"billing_po.billed_value: 5200 -> Some("95200")"#,
            r#"billing_po_line_item.qty: 2 -> Some("11")"#,
            r#"billing_po_line_item.rate: 100 -> Some("10100")"#,
            r#"billing_po_line_item.total: 200 -> Some("90200")"#,
            r#"po_project_mapping: 3 -> Some("5")"#,
        ]
    );
    assert_eq!(differences(&[SHAPE_C, RESTORED]).await.len(), 5);
    assert_eq!(differences(&[SHAPE_D]).await, [""; 0]);
}

#[tokio::test]
async fn a_figure_with_more_decimals_is_rounded_half_away_from_zero_and_reported() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "UPDATE client_payment SET amount = 100.005 WHERE id = 16;
             UPDATE client_payment SET amount = 100.004 WHERE id = 17;
             UPDATE client_po SET receivable_amount = -0.125 WHERE id = 134;
             UPDATE client_po_line_item SET unit_price = 33.33335, rate = 33.33335 WHERE id = 8",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.rows("SELECT amount FROM client_payment ORDER BY id").await,
        ["(100.01)", "(100.00)"]
    );
    assert_eq!(
        legacy.findings("money_rounded").await,
        [
            r#"client_po 134: {"new": -0.13, "old": -0.125, "column": "receivable_amount"}"#,
            r#"client_po_line_item 8: {"new": 33.3334, "old": 33.33335, "column": "unit_price"}"#,
            r#"client_po_line_item 8: {"new": 33.3334, "old": 33.33335, "column": "rate"}"#,
            r#"client_payment 16: {"new": 100.01, "old": 100.005, "column": "amount"}"#,
            r#"client_payment 17: {"new": 100.00, "old": 100.004, "column": "amount"}"#,
        ]
    );
}

#[tokio::test]
async fn money_of_ten_trillion_stops_the_adoption_and_just_below_does_not() {
    for (amount, fits) in [
        ("9999999999999.99", true),
        ("9999999999999.994", true),
        ("9999999999999.995", false),
        ("10000000000000", false),
        ("-10000000000000", false),
        ("'NaN'", false),
    ] {
        let mut legacy = Legacy::load(&[SHAPE_C]).await;
        legacy
            .run(&format!(
                "UPDATE client_payment SET amount = {amount} WHERE id = 17"
            ))
            .await;

        let outcome = legacy.try_adopt().await.map_err(|error| format!("{error:#}"));

        match outcome {
            Ok(_) => assert!(fits, "{amount}"),
            Err(refusal) => {
                assert!(!fits, "{amount}: {refusal}");
                assert!(
                    refusal.contains(r#""Finances".client_payment.amount of row 17"#),
                    "{refusal}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_number_or_no_date_stops_the_adoption_whatever_the_type() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    // The types of today, so that nothing is converted.
    legacy
        .run(
            "ALTER TABLE client_payment ALTER COLUMN amount TYPE numeric(15,2);
             ALTER TABLE vendor_order_line_item ALTER COLUMN quantity TYPE numeric(15,4)",
        )
        .await;
    for (table, column, id, value) in [
        ("client_payment", "amount", 16, "'NaN'"),
        ("client_payment", "tds_amount", 16, "'NaN'"),
        ("vendor_order_line_item", "quantity", 7, "'NaN'"),
        ("client_po_line_item", "quantity", 8, "1e30"),
        ("project", "latitude", 3, "'NaN'"),
        ("client_payment", "payment_date", 16, "'infinity'"),
        ("client_po", "po_date", 133, "'-infinity'"),
        ("client_po", "po_date", 133, "'300000-01-01'"),
        ("client_po", "created_at", 133, "'infinity'"),
        ("upload_session", "expires_at", 0, "'infinity'"),
    ] {
        let row = if id == 0 { "s1".to_owned() } else { id.to_string() };
        let old = legacy
            .value(&format!(
                "SELECT quote_nullable({column}) FROM {table} WHERE id::text = '{row}'"
            ))
            .await;
        legacy
            .run(&format!(
                "UPDATE {table} SET {column} = {value} WHERE id::text = '{row}'"
            ))
            .await;

        let refusal = legacy.refusal().await;

        let told = format!(r#"adoption stopped: "Finances".{table}.{column} of row {row} is "#);
        assert!(refusal.starts_with(&told), "{refusal}");
        legacy
            .run(&format!(
                "UPDATE {table} SET {column} = {old} WHERE id::text = '{row}'"
            ))
            .await;
    }

    legacy.adopt().await;

    // Nor does one come later.
    for statement in [
        "UPDATE client_payment SET amount = 'NaN'",
        "UPDATE client_payment SET payment_date = 'infinity'",
        "UPDATE vendor_payment SET created_at = '-infinity'",
        "UPDATE project SET latitude = 'NaN'",
        "UPDATE billing_po_line_item SET qty = 'NaN'",
    ] {
        let outcome = sqlx::query(statement).execute(&mut legacy.db).await;
        let error = outcome.expect_err(statement).to_string();
        assert!(error.contains("violates check constraint"), "{error}");
    }
}

#[tokio::test]
async fn an_adopted_payment_that_is_negative_can_be_edited_but_for_its_amount() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "UPDATE client_payment SET amount = -5 WHERE id = 17;
             UPDATE vendor_payment SET amount = -3;
             DELETE FROM payment_vendor_link",
        )
        .await;
    legacy.adopt().await;
    let app = TestApp::start_on(legacy.database.options.clone(), &[]).await;
    let admin = app.admin().await;

    for (url, change, expected) in [
        ("/api/payments/17", r#"{"notes": "x"}"#, 200),
        ("/api/payments/17/status", r#"{"status": "cancelled"}"#, 200),
        ("/api/payments/17", r#"{"amount": -6}"#, 422),
        ("/api/vendor-payments/3", r#"{"notes": "x"}"#, 200),
        ("/api/vendor-payments/3", r#"{"amount": 0}"#, 422),
    ] {
        let reply = admin.put(url).body(change).send().await;
        assert_eq!(reply.status, expected, "{url} {change}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_value_that_a_fill_takes_from_an_old_column_stops_the_adoption_too_when_it_is_too_large() {
    let mut legacy = Legacy::load(&[SHAPE_B]).await;
    legacy
        .run("UPDATE vendor_order SET amount = 1e13 WHERE id = 2")
        .await;

    let refusal = legacy.refusal().await;

    assert!(
        refusal.contains(r#""Finances".vendor_order.amount of row 2"#),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_figure_other_than_money_that_is_too_large_keeps_its_column_wide_and_is_reported() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    legacy
        .run("UPDATE quotation_line_item SET tax = 1800; UPDATE client_po_line_item SET quantity = 123456789012 WHERE id = 2")
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("too_long").await,
        [
            r#"client_po_line_item 2: {"value": 123456789012, "column": "quantity"}"#,
            r#"quotation_line_item 1: {"value": 1800, "column": "tax"}"#,
        ]
    );
    assert!(legacy.left_out().await.contains("quotation_line_item_tax_range"));
    assert_eq!(legacy.value("SELECT tax FROM quotation_line_item").await, "1800");
}

#[tokio::test]
async fn money_that_is_missing_becomes_zero_and_is_reported() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    legacy
        .run(
            "UPDATE client_payment SET amount = NULL, tds_amount = NULL, is_tds_deducted = NULL;
             UPDATE vendor_payment SET amount = NULL WHERE id = 2;
             UPDATE vendor_order SET po_value = NULL WHERE id = 2;
             UPDATE quotation SET subtotal = NULL",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("money_missing").await,
        [
            r#"client_payment 1: {"value": 0.00, "column": "amount"}"#,
            r#"vendor_order 2: {"value": 0.00, "column": "po_value"}"#,
            r#"vendor_payment 2: {"value": 0.00, "column": "amount"}"#,
            r#"quotation 1: {"value": 0.00, "column": "subtotal"}"#,
        ]
    );
    assert_eq!(
        legacy
            .rows("SELECT amount, tds_amount, is_tds_deducted FROM client_payment")
            .await,
        ["(0.00,0.00,f)"]
    );
    // Nothing is paid by nothing: the rule waits for the repair of these rows.
    let left_out = legacy.left_out().await;
    assert!(
        left_out.contains("client_payment_amount_positive"),
        "{left_out:?}"
    );
    assert!(
        left_out.contains("vendor_payment_amount_positive"),
        "{left_out:?}"
    );
}

#[tokio::test]
async fn an_order_without_value_is_worth_its_lines() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run("UPDATE client_po SET po_value = NULL, total_tax = NULL WHERE id IN (133, 134, 136)")
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT id, po_value, total_tax, value_basis FROM client_po WHERE id <> 135 ORDER BY id")
            .await,
        [
            "(133,300000.00,0.00,lines)",
            "(134,236.00,36.00,lines)",
            "(136,0.00,,stated)",
        ]
    );
    let filled = legacy.findings("null_filled").await;
    assert!(
        filled.contains(&String::from(
            r#"client_po 134: {"value": 236.00, "column": "po_value"}"#
        )),
        "{filled:?}"
    );
    assert_eq!(
        legacy.findings("money_missing").await,
        [r#"client_po 136: {"value": 0.00, "column": "po_value"}"#]
    );
}
