//! `verify` makes what is kept beside the rows anew, and tells what differs.

use nexgen_finance::finance::kept_totals::{self, TotalFault};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{TestApp, callers::Caller};

async fn made(caller: &Caller, path: &str, body: &Value) {
    caller.post(path).json(body).send().await.expect(200);
}

/// A PO for a store with a line, a vendor order for it that is due, and an advance of which a part is the order's.
async fn books() -> TestApp {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.project("Store").await;
    let vendor = json!({"name": "Sharma", "email": "sharma@example.com"});
    made(&admin, "/api/vendors", &vendor).await;
    let po =
        json!({"client_id": 1, "project_id": 1, "po_number": "PO-1", "po_value": 500, "store_id": "S-1"});
    made(&admin, "/api/po", &po).await;
    let line = json!({"item_name": "Rods", "quantity": 2, "unit_price": 100, "tax_rate": 18});
    made(&admin, "/api/po/1/line-items", &line).await;
    let order = json!({"vendor_id": 1, "po_number": "V-1", "po_value": 100, "project_id": 1, "due_date": "2026-03-31"});
    made(&admin, "/api/vendor-orders", &order).await;
    let beam = json!({"item_name": "Beam", "quantity": 4, "unit_price": 20});
    made(&admin, "/api/vendor-orders/1/line-items", &beam).await;
    let advance = json!({"vendor_id": 1, "amount": 50, "payment_date": "2026-03-01", "status": "completed"});
    made(&admin, "/api/vendor-payments", &advance).await;
    let share = json!({"link_type": "outgoing", "vendor_payment_id": 1, "amount": 20});
    made(&admin, "/api/vendor-orders/1/link-payment", &share).await;
    made(
        &admin,
        "/api/projects/1/billing-po",
        &json!({"billed_value": 100, "billed_gst": 18}),
    )
    .await;
    let item = json!({"name": "Cable", "quantity": 3, "price": 10, "tax": 18});
    let header = json!({"storeId": "S-1", "storeLocation": "Pune", "fullAddress": "MG Road", "companyName": "Dava",
                        "totalArea": "100"});
    let quotation = json!({"header": header, "lineItems": [item]});
    made(&admin, "/api/quotations", &quotation).await;
    app
}

async fn found(app: &TestApp) -> Vec<TotalFault> {
    kept_totals::verify(&app.db).await.unwrap()
}

#[tokio::test]
async fn each_thing_that_is_kept_is_compared_with_the_rows() {
    let app = books().await;
    assert_eq!(found(&app).await, []);
    for (statement, names) in [
        (
            "UPDATE kept_total SET amount = amount + 0.01 WHERE list = 'client_po' AND scope = 'client'",
            vec!["client_po/client/1/pending/pending"],
        ),
        (
            "DELETE FROM kept_total WHERE list = 'quotation'",
            vec!["quotation/all/saved"],
        ),
        (
            "INSERT INTO kept_total (list, scope, scope_id, status, slot, entries) VALUES ('project', 'client', 9, 'active', 7, 1)",
            vec!["project/client/9/active"],
        ),
        (
            "UPDATE kept_vendor_total SET lines = lines + 1 WHERE list = 'vendor_order' AND scope = 'project' AND part = ''",
            vec!["vendor_order/project/1/pending/pending/partial"],
        ),
        (
            "DELETE FROM kept_vendor_total WHERE list = 'payment_link' AND scope = 'all'",
            vec!["payment_link/all/outgoing"],
        ),
        (
            "UPDATE store_group SET members = 2 WHERE status = ''",
            vec!["client/1/S-1"],
        ),
        (
            "UPDATE store_group_total SET shared = 1 WHERE status = ''",
            vec!["client/1"],
        ),
        (
            "UPDATE vendor_order_due SET amount = 1",
            vec!["vendor_order_due/1", "vendor_order_due/1"],
        ),
        ("DELETE FROM vendor_order_due", vec!["vendor_order_due/1"]),
        (
            "INSERT INTO vendor_order_line_vendor (vendor_order_id, vendor_id) VALUES (1, 1)",
            vec!["vendor_order_line_vendor/1"],
        ),
        (
            "DELETE FROM payment_link_owner WHERE owner = 'vendor'",
            vec!["payment_link_owner/1"],
        ),
        (
            "UPDATE client_po SET total_tax = total_tax + 1",
            vec!["client_po/1"],
        ),
        ("UPDATE client_po SET value_basis = 'stated'", vec!["client_po/1"]),
        ("UPDATE billing_po SET billed_total = 100", vec!["billing_po/"]),
        (
            "UPDATE quotation SET total_gst = total_gst + 0.01",
            vec!["quotation/1"],
        ),
    ] {
        change(&app, statement).await;

        let faults = found(&app).await;

        let told: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
        let fits =
            told.len() == names.len() && told.iter().zip(&names).all(|(what, name)| what.starts_with(name));
        assert!(fits, "{statement}: {faults:?}");
        restore(&app).await;
        assert_eq!(found(&app).await, [], "after {statement}");
    }
}

/// Changes what is kept past the program.
async fn change(app: &TestApp, statement: &str) {
    let sql = format!(r#"SET search_path TO "Finances"; {statement}; RESET search_path"#);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&app.db).await.unwrap();
}

/// Puts everything right again, as the guide says: the totals by a recount, the values by what they follow from.
async fn restore(app: &TestApp) {
    app.execute(
        r#"UPDATE "Finances".client_po SET total_tax = 36, value_basis = 'lines';
           UPDATE "Finances".billing_po SET billed_total = billed_value + billed_gst;
           UPDATE "Finances".quotation SET total_gst = 5.40;
           SELECT "Finances".recount_kept_totals()"#,
    )
    .await;
}

#[tokio::test]
async fn a_finding_says_what_is_kept_and_what_should_be() {
    let app = books().await;
    app.execute(r#"UPDATE "Finances".vendor_order SET po_value = 81"#)
        .await;
    app.execute(r#"SELECT "Finances".recount_kept_totals()"#).await;

    let told: Vec<String> = found(&app).await.iter().map(ToString::to_string).collect();

    assert_eq!(
        told,
        ["vendor_order/1: has po_value 81.00; should have po_value 80.00"]
    );
}

#[tokio::test]
async fn adopted_figures_that_never_fitted_are_no_findings() {
    let app = TestApp::start().await;
    app.execute(
        r#"INSERT INTO "Finances".quotation (store_id, store_location, full_address, company_name, total_area, total_amount)
           VALUES ('S', 'Pune', 'MG Road', 'Dava', '1', 100);
           INSERT INTO "Finances".billing_po (legacy_id, po_number, billed_value, billed_gst, billed_total)
           VALUES (17, 'B-1', 100, 18, 100);
           INSERT INTO "Finances".adoption_report (run_id, table_name, row_id, rule, kept)
           VALUES (gen_random_uuid(), 'billing_po', '17', 'billing_total_mismatch', '{}');
           SELECT "Finances".recount_kept_totals()"#,
    )
    .await;
    assert_eq!(found(&app).await, []);
}

#[tokio::test]
async fn what_a_row_adds_is_found_by_its_id_and_not_by_reading_all_rows() {
    let app = TestApp::start().await;
    let mut transaction = app.db.begin().await.unwrap();
    // Of so few rows all would be read; so an index that can be used is.
    sqlx::raw_sql("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let client_side = [
        "client_po",
        "client_payment",
        "vendor_payment",
        "project",
        "quotation",
        "vendor",
        "project_document",
    ];
    let by_source = |sources: &[&str]| {
        let conditions: Vec<String> = sources
            .iter()
            .map(|source| format!("(source = '{source}' AND id = ANY ('{{1,2}}'::bigint[]))"))
            .collect();
        conditions.join(" OR ")
    };
    for (view, condition) in [
        ("kept_total_source", by_source(&client_side)),
        (
            "kept_vendor_source",
            by_source(&["vendor_order", "vendor_payment"]),
        ),
        (
            "vendor_order_due_now",
            "vendor_order_id = ANY ('{1,2}'::bigint[])".to_owned(),
        ),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            r#"EXPLAIN SELECT * FROM "Finances".{view} WHERE {condition}"#
        )))
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
        let lines = |what: &str| plan.iter().filter(|line| line.contains(what)).count();
        let scans = lines("Seq Scan on") + lines("Index Scan using") + lines("Index Only Scan using");
        assert!(scans > 2, "{plan:#?}");
        assert_eq!(scans, lines("Index Cond:"), "{plan:#?}");
    }
}
