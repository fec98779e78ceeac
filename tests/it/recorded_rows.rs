//! `verify` holds documents, lines, payments, parties and users against what the audit trail recorded of them.

use std::time::Duration;

use nexgen_finance::{audit::sealer::Sealer, finance::recorded};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{
    TestApp,
    callers::Caller,
    files::{open_session, to_session},
};

const SAMPLE: &[u8] = include_bytes!("data/sample-proforma.xlsx");
/// What is written through the server, each kind of row that is watched.
const WRITES: [(&str, &str); 12] = [
    (
        "/api/po",
        r#"{"client_id": 1, "project_id": 1, "po_number": "PO-1", "po_value": 500}"#,
    ),
    (
        "/api/po/1/line-items",
        r#"{"item_name": "Rods", "quantity": 2, "unit_price": 100, "tax_rate": 18}"#,
    ),
    (
        "/api/po/1/payments",
        r#"{"amount": 100.50, "payment_date": "2026-03-01", "payment_mode": "neft", "status": "cleared", "is_tds_deducted": true, "tds_amount": 2.05}"#,
    ),
    (
        "/api/vendor-orders",
        r#"{"vendor_id": 1, "po_number": "V-1", "po_value": 100, "project_id": 1, "due_date": "2026-03-31"}"#,
    ),
    (
        "/api/vendor-orders/1/line-items",
        r#"{"item_name": "Beam", "quantity": 4, "unit_price": 20}"#,
    ),
    (
        "/api/vendor-payments",
        r#"{"vendor_id": 1, "amount": 50, "payment_date": "2026-03-01", "status": "completed"}"#,
    ),
    (
        "/api/vendor-orders/1/link-payment",
        r#"{"link_type": "outgoing", "vendor_payment_id": 1, "amount": 20}"#,
    ),
    (
        "/api/projects/1/billing-po",
        r#"{"billed_value": 100, "billed_gst": 18}"#,
    ),
    (
        "/api/bajaj-po",
        r#"{"po_number": "B-1", "items": [{"item_name": "Cable", "quantity": 3, "unit_price": 10, "tax_rate": 18}]}"#,
    ),
    (
        "/api/proforma-invoice",
        r#"{"client_id": 1, "pi_number": "PI-1", "vendor_name": "Sharma", "amount": 118,
            "items": [{"description": "Paint", "quantity": 1, "unit_price": 100, "tax_rate": 18}]}"#,
    ),
    (
        "/api/quotations",
        r#"{"header": {"storeId": "S-1", "storeLocation": "Pune", "fullAddress": "MG Road", "companyName": "Dava",
                       "totalArea": "100"},
            "lineItems": [{"name": "Cable", "quantity": 3, "price": 10, "tax": 18}]}"#,
    ),
    (
        "/api/vendors",
        r#"{"name": "Verma", "email": "verma@example.com", "gstin": "27AAPFU0939F1ZV"}"#,
    ),
];

async fn post(caller: &Caller, path: &str, body: &Value) -> Value {
    caller.post(path).json(body).send().await.expect(200)
}

async fn books() -> (TestApp, Caller) {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.project("Store").await;
    let vendor = json!({"name": "Sharma", "email": "sharma@example.com"});
    post(&admin, "/api/vendors", &vendor).await;
    for (path, body) in WRITES {
        post(&admin, path, &serde_json::from_str(body).unwrap()).await;
    }
    let user = json!({"username": "ravi", "email": "ravi@example.com", "password": "Secret-Pass-2026", "role": "editor"});
    admin.post("/api/users").json(&user).send().await.expect(201);
    let bill: String = app.value(r#"SELECT id::text FROM "Finances".billing_po"#).await;
    let line = json!({"description": "Work", "qty": 2, "rate": 50});
    post(&admin, &format!("/api/billing-po/{bill}/line-items"), &line).await;
    // A file that goes again leaves its row.
    let session = open_session(&admin, &json!({})).await;
    let stored = to_session(&admin, &session, "order.xlsx", SAMPLE, &[]);
    let stored = stored.send().await.expect(200);
    let file = stored["id"].as_str().or(stored["file_id"].as_str()).unwrap();
    let removed = admin.delete(format!("/api/uploads/session/{session}/files/{file}"));
    removed.send().await.expect(200);
    // A file makes a PO with three lines, and once more a revision of it.
    for fields in [
        &[("client_id", "2")][..],
        &[("client_id", "2"), ("revision", "true")],
    ] {
        let upload = admin
            .post("/api/po/upload")
            .file("order.xlsx", SAMPLE.to_vec(), fields);
        upload.send().await.expect(200);
    }
    (app, admin)
}

async fn found(app: &TestApp) -> Vec<String> {
    let faults = recorded::verify(&app.db).await.unwrap();
    faults.iter().map(ToString::to_string).collect()
}

/// Changes rows past the program.
async fn tamper(app: &TestApp, sql: &str) {
    let sql = format!(r#"SET search_path TO "Finances"; {sql}; RESET search_path"#);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&app.db).await.unwrap();
}

async fn seal(app: &TestApp) {
    let mut sealer = Sealer::waiting(Duration::from_secs(20));
    sealer.seal(&app.db).await.unwrap();
}

#[tokio::test]
async fn each_row_that_was_changed_past_the_program_is_found_with_its_entry_and_batch() {
    let (app, _) = books().await;
    assert_eq!(found(&app).await, Vec::<String>::new());
    seal(&app).await;

    tamper(
        &app,
        "UPDATE client_po SET status = 'completed', po_date = '2020-01-01', notes = 'X' WHERE id = 1;
         UPDATE client_po_line_item SET unit_price = 100.0001, gross_amount = 236.01 WHERE id = 1;
         UPDATE client_po_line_item SET quantity = 4 WHERE id = 2;
         UPDATE client_payment SET tds_amount = 2.04, reference_number = 'X', client_po_id = 2;
         UPDATE vendor_order SET vendor_id = 2;
         UPDATE vendor_order_line_item SET quantity = 5;
         UPDATE vendor_payment SET payment_date = '2026-03-02', vendor_order_id = 1, vendor_id = 2;
         UPDATE \"user\" SET role = 'admin' WHERE username = 'ravi';
         UPDATE payment_vendor_link SET amount_allocated = 20.01;
         UPDATE billing_po SET billed_value = 99, billed_gst = 19;
         UPDATE billing_po_line_item SET qty = 3;
         UPDATE quotation_line_item SET price = NULL;
         UPDATE vendor SET gstin = '07AAPFU0939F1ZX' WHERE id = 2",
    )
    .await;

    let ravi: String = app
        .value(r#"SELECT id::text FROM "Finances"."user" WHERE username = 'ravi'"#)
        .await;
    let today: String = app
        .value(r#"SELECT after ->> 'po_date' FROM "Finances".audit_entry WHERE entity = 'client_po' AND entity_id = '1' AND action = 'created'"#)
        .await;
    let bill: String = app.value(r#"SELECT id::text FROM "Finances".billing_po"#).await;
    let line: String = app
        .value(r#"SELECT id::text FROM "Finances".billing_po_line_item"#)
        .await;
    let mut told = found(&app).await;
    for fault in &mut told {
        let (what, entry) = fault.rsplit_once(" (entry ").unwrap();
        let (id, batch) = entry.split_once(' ').unwrap();
        assert_eq!(batch, "of batch 1)", "{fault}");
        let says: bool = sqlx::query_scalar(
            r#"SELECT after IS NOT NULL FROM "Finances".audit_entry WHERE id = $1::bigint"#,
        )
        .bind(id)
        .fetch_one(&app.db)
        .await
        .unwrap();
        assert!(says, "{fault}");
        *fault = what.to_owned();
    }
    assert_eq!(
        told,
        [
            format!("billing_po/{bill}: billed_gst is 19.00; its last entry says 18"),
            format!("billing_po/{bill}: billed_value is 99.00; its last entry says 100"),
            format!("billing_po_line_item/{line}: qty is 3.0000; its last entry says 2"),
            "client_payment/1: client_po_id is 2; its last entry says 1".to_owned(),
            r#"client_payment/1: reference_number is "X"; its last entry says null"#.to_owned(),
            "client_payment/1: tds_amount is 2.04; its last entry says 2.05".to_owned(),
            r#"client_po/1: notes is "X"; its last entry says null"#.to_owned(),
            format!(r#"client_po/1: po_date is "2020-01-01"; its last entry says "{today}""#),
            r#"client_po/1: status is "completed"; its last entry says "pending""#.to_owned(),
            "client_po_line_item/1: gross_amount is 236.01; its last entry says 236".to_owned(),
            "client_po_line_item/1: unit_price is 100.0001; its last entry says 100".to_owned(),
            "client_po_line_item/2: quantity is 4.0000; its last entry says 3".to_owned(),
            "payment_vendor_link/1: amount_allocated is 20.01; its last entry says 20".to_owned(),
            "quotation_line_item/1: price is null; its last entry says 10".to_owned(),
            format!(r#"user/{ravi}: role is "admin"; its last entry says "editor""#),
            r#"vendor/2: gstin is "07AAPFU0939F1ZX"; its last entry says "27AAPFU0939F1ZV""#.to_owned(),
            "vendor_order/1: vendor_id is 2; its last entry says 1".to_owned(),
            "vendor_order_line_item/1: quantity is 5.0000; its last entry says 4".to_owned(),
            r#"vendor_payment/1: payment_date is "2026-03-02"; its last entry says "2026-03-01""#.to_owned(),
            "vendor_payment/1: vendor_id is 2; its last entry says 1".to_owned(),
            "vendor_payment/1: vendor_order_id is 1; its last entry says null".to_owned(),
        ]
    );
}

#[tokio::test]
async fn rows_that_were_removed_or_put_in_past_the_program_are_found() {
    let (app, admin) = books().await;
    // One more payment that the program removes; nothing is to be said of it.
    let payment =
        json!({"amount": 1, "payment_date": "2026-03-01", "payment_mode": "neft", "status": "pending"});
    post(&admin, "/api/po/1/payments", &payment).await;
    admin.delete("/api/payments/2").send().await.expect(200);
    assert_eq!(found(&app).await, Vec::<String>::new());

    tamper(
        &app,
        "DELETE FROM payment_vendor_link; DELETE FROM vendor_payment; DELETE FROM client_payment;
         INSERT INTO client_payment (client_id, client_po_id, amount, payment_date) VALUES (1, 1, 5, '2026-03-01');
         INSERT INTO client_payment (id, client_id, client_po_id, amount, payment_date, payment_mode, status)
         VALUES (2, 1, 1, 1, '2026-03-01', 'neft', 'pending');
         UPDATE client_payment
            SET created_at = (SELECT (after ->> 'created_at')::timestamptz FROM audit_entry
                               WHERE entity = 'client_payment' AND entity_id = '2' AND action = 'created')
          WHERE id = 2;
         INSERT INTO client_po_line_item (client_po_id, item_name, total_price) VALUES (1, 'Put in', 7);
         DELETE FROM client_po_line_item WHERE id = 2; DELETE FROM vendor_order_line_item; DELETE FROM quotation_line_item;
         INSERT INTO billing_po (id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status)
         VALUES ('00000000-0000-4000-8000-000000000001', 1, 1, 'PO-1', 5000, 0, 5000, 'FINAL');
         INSERT INTO billing_po_line_item (id, billing_po_id, description, qty, rate, total)
         VALUES ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'Work', 1, 5000, 5000)",
    )
    .await;

    let told = found(&app).await;
    let told: Vec<&str> = told
        .iter()
        .map(|fault| fault.split(" (entry ").next().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "billing_po/00000000-0000-4000-8000-000000000001: no entry says that it was added",
            "billing_po_line_item/00000000-0000-4000-8000-000000000002: no entry says that it was added",
            "client_payment/1: is gone, and no entry says so",
            "client_payment/2: is there again, though its entry says that it went",
            "client_payment/3: no entry says that it was added",
            "client_po_line_item/2: is gone, and no entry says so",
            "client_po_line_item/10: no entry says that it was added",
            "payment_vendor_link/1: is gone, and no entry says so",
            "quotation_line_item/1: is gone, and no entry says so",
            "vendor_order_line_item/1: is gone, and no entry says so",
            "vendor_payment/1: is gone, and no entry says so",
        ]
    );
}

#[tokio::test]
async fn rows_that_were_there_before_the_trail_began_are_not_judged_until_they_are_written() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let po = app.client_po().insert().await;
    assert_eq!(found(&app).await, Vec::<String>::new());

    admin
        .put(format!("/api/po/{po}"))
        .json(&json!({"status": "completed"}))
        .send()
        .await
        .expect(200);
    assert_eq!(found(&app).await, Vec::<String>::new());
    tamper(&app, "UPDATE client_po SET status = 'active'").await;

    let told = found(&app).await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with(r#"client_po/1: status is "active"; its last entry says "completed" (entry "#)
            && told[0].ends_with(", not sealed yet)"),
        "{told:?}"
    );
}

#[tokio::test]
async fn what_an_adopted_row_never_had_is_no_difference() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let po = app.client_po().insert().await;
    // As lines of Bajaj orders came from the predecessor, with a rate and a total and no unit price.
    tamper(
        &app,
        &format!(
            "INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, rate, total_price)
             VALUES (7, {po}, 'Rods', 2, 500, 1000)"
        ),
    )
    .await;

    let renamed = json!({"item_name": "Steel rods"});
    let edit = admin.put("/api/line-items/7").json(&renamed);
    edit.send().await.expect(200);

    let unit_price: Option<String> = app
        .value(r#"SELECT unit_price::text FROM "Finances".client_po_line_item"#)
        .await;
    assert_eq!(unit_price, None);
    assert_eq!(found(&app).await, Vec::<String>::new());
}

#[tokio::test]
async fn each_column_that_entries_tell_of_is_compared_unless_it_is_known_to_differ() {
    let (app, _) = books().await;
    let sql = include_str!("../../src/finance/recorded/differing_rows.sql");
    let (watched, _) = sql.split_once(",\nentry AS (").unwrap();

    let left_out: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "{watched}
         SELECT DISTINCT format('%s.%s', entry.entity, field.key)
           FROM \"Finances\".audit_entry AS entry
          CROSS JOIN LATERAL jsonb_object_keys(entry.after) AS field (key)
           JOIN information_schema.columns AS col
             ON col.table_schema = 'Finances' AND col.table_name = entry.entity AND col.column_name = field.key
           JOIN watched ON watched.entity = entry.entity
          WHERE field.key NOT IN ('id', 'version', 'updated_at')
            AND field.key <> ALL (watched.columns)
          ORDER BY 1"
    )))
    .fetch_all(&app.db)
    .await
    .unwrap();

    assert_eq!(
        left_out,
        [
            "billing_po.approved_by",
            "client_po.po_value",
            "client_po.receivable_amount",
            "client_po.total_tax",
            "client_po.value_basis",
            "vendor_order.payment_status",
        ]
    );
}

#[tokio::test]
async fn an_adopted_bill_whose_local_time_lies_ahead_was_not_put_in() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let po = app.client_po().insert().await;
    app.project("Store").await;
    tamper(
        &app,
        &format!(
            "INSERT INTO billing_po (id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, created_at)
             VALUES ('00000000-0000-4000-8000-000000000001', {po}, 1, 'B-1', 1, 0, 1, now() + interval '5 hours 20 minutes')"
        ),
    )
    .await;

    for (path, body) in [WRITES[0], WRITES[7]] {
        post(&admin, path, &serde_json::from_str(body).unwrap()).await;
    }
    let completed = admin
        .put(format!("/api/po/{po}"))
        .json(&json!({"status": "completed"}));
    completed.send().await.expect(200);

    assert_eq!(found(&app).await, Vec::<String>::new());
}
