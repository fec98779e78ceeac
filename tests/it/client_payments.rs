//! Payments of clients below their PO.

use serde_json::{Value, json};

use crate::support::{TestApp, money, race};

/// A payment of this amount and status, as a client would send it.
fn payment(amount: &str, status: &str) -> Value {
    json!({"payment_date": "2026-02-22", "amount": amount, "payment_mode": "UPI", "status": status})
}

#[tokio::test]
async fn a_payment_is_recorded_and_counts_at_its_po() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let po = app
        .client_po()
        .project(project)
        .number("4100000002")
        .stated("300000", "0")
        .insert()
        .await;
    let editor = app.editor().await;

    let reply = editor
        .post(format!("/api/po/{po}/payments"))
        .json(&json!({
            "payment_date": "2026-02-22T00:00:00.000Z", "amount": "100000.004", "payment_method": "Bank Transfer",
            "status": "CLEARED", "payment_stage": "Advance", "is_tds_deducted": true, "tds_amount": 2000,
            "reference_number": " TXN-1 ", "notes": "", "extra": 1,
        }))
        .send()
        .await;

    let body = reply.expect(200);
    let id = body["payment_id"].as_i64().unwrap();
    assert_eq!(body["message"], "Payment recorded");
    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    assert_eq!((&body["id"], &body["po_id"]), (&json!(id), &json!(po)));
    assert_eq!(body["payment_status"], "cleared");
    let data = &body["data"];
    for (field, value) in [
        ("id", json!(id)),
        ("payment_id", json!(id)),
        ("kind", json!("client")),
        ("po_id", json!(po)),
        ("client_po_id", json!(po)),
        ("client_id", json!(1)),
        ("client_name", json!("Bajaj")),
        ("po_number", json!("4100000002")),
        ("project_id", json!(project)),
        ("payment_date", json!("2026-02-22")),
        ("amount", money("100000")),
        ("payment_mode", json!("bank_transfer")),
        ("payment_method", json!("bank_transfer")),
        ("status", json!("cleared")),
        ("payment_stage", json!("advance")),
        ("transaction_type", json!("credit")),
        ("is_tds_deducted", json!(true)),
        ("tds_amount", money("2000")),
        ("reference_number", json!("TXN-1")),
        ("notes", Value::Null),
        ("vendor_details", Value::Null),
        ("version", json!(1)),
    ] {
        assert_eq!(data[field], value, "{field}");
    }
    let shown = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    assert_eq!(shown["total_paid"], money("100000"));
    assert_eq!(shown["outstanding_amount"], money("200000"));
    assert_eq!(shown["net_received"], money("98000"));
    // The kept totals behind the list of POs follow.
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn only_money_that_arrived_is_paid() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let editor = app.editor().await;
    for (kind, amount, status) in [
        ("credit", "600", "cleared"),
        ("credit", "300", "pending"),
        ("credit", "200", "bounced"),
        ("debit", "100", "cleared"),
    ] {
        let mut body = payment(amount, status);
        body["transaction_type"] = json!(kind);
        editor
            .post(format!("/api/po/{po}/payments"))
            .json(&body)
            .send()
            .await
            .expect(200);
    }

    let viewer = app.viewer().await;
    let list = viewer
        .get(format!("/api/po/{po}/payments"))
        .send()
        .await
        .expect(200);

    assert_eq!(list["payment_count"], 4);
    assert_eq!(list["data"]["payments"], list["payments"]);
    assert_eq!(list["data"]["summary"], list["summary"]);
    let summary = &list["summary"];
    for (field, value) in [
        ("total_paid", "500"),
        ("total_tds", "0"),
        ("net_received", "500"),
        ("total_credit", "600"),
        ("total_debit", "100"),
        ("po_value", "1000"),
        ("receivable_amount", "500"),
        ("outstanding_amount", "500"),
        ("cleared_count", "2"),
        ("pending_count", "1"),
        ("bounced_count", "1"),
    ] {
        assert_eq!(summary[field], money(value), "{field}");
    }
    assert_eq!(summary["payment_status"], "partial");
    // The filter narrows the list and its count, not the summary; pages go on by cursor.
    let some = viewer
        .get(format!("/api/po/{po}/payments?status=cleared,PENDING&limit=2"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&some["payment_count"], &some["total_count"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(some["payments"].as_array().unwrap().len(), 2);
    assert_eq!(some["summary"], *summary);
    let rest = viewer
        .get(format!(
            "/api/po/{po}/payments?status=cleared,PENDING&limit=2&cursor={}",
            some["next_cursor"].as_str().unwrap()
        ))
        .send()
        .await
        .expect(200);
    assert_eq!(rest["payments"][0]["amount"], money("600"));
    assert_eq!(rest["next_cursor"], Value::Null);
}

#[tokio::test]
async fn every_fault_of_a_payment_is_named_at_once() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let editor = app.editor().await;
    for (body, faults) in [
        (
            json!({}),
            vec![
                "amount: missing",
                "payment_date: missing",
                "payment_mode: missing",
            ],
        ),
        (
            json!({"payment_date": "22.02.2026", "amount": 0, "payment_mode": "barter", "status": "reconciled",
                "payment_stage": "late", "transaction_type": "both", "is_tds_deducted": "perhaps", "tds_amount": -1,
                "received_by_account": "x".repeat(101), "reference_number": 5, "notes": "n".repeat(5001)}),
            vec![
                "amount: greater_than",
                "is_tds_deducted: value_error",
                "notes: string_too_long",
                "payment_date: date_parsing",
                "payment_mode: enum",
                "payment_stage: enum",
                "received_by_account: string_too_long",
                "reference_number: value_error",
                "status: enum",
                "tds_amount: greater_than_equal",
                "transaction_type: enum",
            ],
        ),
        (
            json!({"payment_date": "2026-02-22", "amount": 100, "payment_mode": "imap", "tds_amount": 100.01}),
            vec!["tds_amount: less_than_equal"],
        ),
        (
            json!({"payment_date": "2026-02-22", "amount": 10_000_000_000_000_i64, "payment_mode": "imps"}),
            vec!["amount: less_than_equal"],
        ),
    ] {
        let reply = editor
            .post(format!("/api/po/{po}/payments"))
            .json(&body)
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_payment"#)
            .await,
        0
    );
}

#[tokio::test]
async fn an_unknown_po_has_no_payments_and_a_viewer_records_none() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let editor = app.editor().await;

    editor
        .get("/api/po/999/payments")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    editor
        .post("/api/po/999/payments")
        .json(&payment("1", "pending"))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    app.viewer()
        .await
        .post(format!("/api/po/{po}/payments"))
        .json(&payment("1", "pending"))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    let reply = editor
        .get(format!("/api/po/{po}/payments?status=cleared,lost&sort=notes"))
        .send()
        .await;
    assert_eq!(reply.faults(), ["sort: enum", "status: enum"]);
}

#[tokio::test]
async fn payments_at_once_all_count_and_one_key_makes_one_payment() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let editor = app.editor().await;
    let mut calls: Vec<_> = (0..10)
        .map(|_| {
            editor
                .post(format!("/api/po/{po}/payments"))
                .json(&payment("10.01", "cleared"))
        })
        .collect();
    calls.extend((0..2).map(|_| {
        editor
            .post(format!("/api/po/{po}/payments"))
            .header("idempotency-key", "pay-1")
            .json(&payment("100", "cleared"))
    }));

    let replies = race(calls).await;

    assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status)));
    let again = editor
        .post(format!("/api/po/{po}/payments"))
        .header("idempotency-key", "pay-1")
        .json(&payment("100", "cleared"))
        .send()
        .await;
    again.expect(200);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let list = editor
        .get(format!("/api/po/{po}/payments"))
        .send()
        .await
        .expect(200);
    // 10 × 10.01 + 100
    assert_eq!(list["summary"]["total_paid"], money("200.1"));
    assert_eq!(list["total_count"], 11);
    assert_eq!(app.totals_that_are_off().await, 0);
}
