//! What is paid to vendors, and for how long money is owed.

use serde_json::{Value, json};

use crate::support::{TestApp, money};

#[tokio::test]
async fn payments_to_vendors_are_summed_up() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let first = app.vendor_order(project, "1000", "approved").await;
    let second = app.vendor_order(project, "1000", "approved").await;
    for (order, amount, status) in [
        (first, "100", "cleared"),
        (first, "50.50", "reconciled"),
        (first, "49.50", "processing"),
        (first, "7", "cancelled"),
        (second, "200", "completed"),
        (second, "30", "bounced"),
        (second, "20", "failed"),
    ] {
        app.vendor_payment(order, amount, status).await;
    }
    let viewer = app.viewer().await;
    let vendor = async |order: i64| -> i64 {
        sqlx::query_scalar(r#"SELECT vendor_id FROM "Finances".vendor_order WHERE id = $1"#)
            .bind(order)
            .fetch_one(&app.db)
            .await
            .unwrap()
    };
    let (one, two) = (vendor(first).await, vendor(second).await);

    let summary = viewer
        .get("/api/payments/summary/by-vendor")
        .send()
        .await
        .expect(200);

    for place in [&summary, &summary["data"]] {
        for (field, value) in [
            ("total_amount", "450"),
            ("total_pending", "49.5"),
            ("total_completed", "350.5"),
            ("total_failed", "50"),
            ("pending_count", "1"),
            ("completed_count", "3"),
            ("failed_count", "2"),
            // 350.50 ÷ 3
            ("average_payment_amount", "116.83"),
        ] {
            assert_eq!(place[field], money(value), "{field}");
        }
    }
    let row = |vendor: i64, paid: &str, pending: &str, percent: &str, count: i64| {
        json!({"vendor_id": vendor, "vendor_name": "Example Works Pvt Ltd", "total_paid": money(paid),
            "pending_payment": money(pending), "payment_completion_percent": money(percent), "payment_count": count})
    };
    // 100 × 150.50 ÷ 200
    assert_eq!(
        summary["vendors"],
        json!([
            row(two, "200", "0", "100", 3),
            row(one, "150.5", "49.5", "75.25", 3)
        ])
    );
    let none = viewer
        .get(format!(
            "/api/payments/summary/by-vendor?vendor_id={one}&start_date=2026-03-01"
        ))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (
            &none["total_amount"],
            &none["average_payment_amount"],
            &none["vendors"]
        ),
        (&money("0"), &money("0"), &json!([]))
    );
    for (query, faults) in [
        ("vendor_id=999", vec!["vendor_id: foreign_key"]),
        (
            "start_date=2026-03-02&end_date=2026-03-01",
            vec!["end_date: greater_than_equal"],
        ),
    ] {
        let reply = viewer
            .get(format!("/api/payments/summary/by-vendor?{query}"))
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
}

#[tokio::test]
async fn what_clients_owe_is_aged_by_the_day_of_the_po() {
    let app = TestApp::start().await;
    let po = |number: &str, value: &str, date: &'static str| {
        app.client_po()
            .number(number)
            .stated(value, "0")
            .date(date)
            .insert()
    };
    let old = po("A", "560", "2025-11-20").await;
    let young = po("B", "400", "2026-02-01").await;
    po("C", "180", "2026-02-28").await;
    po("D", "999", "2026-03-02").await;
    let paid = po("E", "10", "2026-01-01").await;
    app.client_po()
        .status("cancelled")
        .date("2026-01-01")
        .insert()
        .await;
    app.payment(paid, "credit", "10", "cleared").await;
    // Of 400, 100 came and 20 went back; 50 is only promised.
    app.payment(young, "credit", "100", "completed").await;
    app.payment(young, "debit", "20", "cleared").await;
    app.payment(young, "credit", "50", "pending").await;
    // Came after the day.
    let late = app.payment(old, "credit", "60", "cleared").await;
    sqlx::query(r#"UPDATE "Finances".client_payment SET payment_date = DATE '2026-03-05' WHERE id = $1"#)
        .bind(late)
        .execute(&app.db)
        .await
        .unwrap();
    let viewer = app.viewer().await;

    let aging = viewer
        .get("/api/payments/reports/aging?as_of=2026-03-01")
        .send()
        .await
        .expect(200)["data"]
        .clone();

    assert_eq!(
        (&aging["kind"], &aging["as_of"]),
        (&json!("client"), &json!("2026-03-01"))
    );
    let bucket = |label: &str, from: i32, to: Option<i32>, count: i32, amount: &str| json!({"label": label, "from_days": from, "to_days": to, "count": count, "amount": money(amount)});
    assert_eq!(
        aging["buckets"],
        json!([
            bucket("0-30", 0, Some(30), 2, "500"),
            bucket("31-60", 31, Some(60), 0, "0"),
            bucket("61-90", 61, Some(90), 0, "0"),
            bucket("90+", 91, None, 1, "560"),
        ])
    );
    assert_eq!(aging["total_outstanding"], money("1060"));
    assert_eq!(
        aging["rows"][0],
        json!({"po_id": old, "po_number": "A", "client_id": 1, "client_name": "Bajaj", "vendor_id": null,
            "vendor_name": null, "vendor_order_id": null, "due_date": "2025-11-20", "age_days": 101, "bucket": "90+",
            "outstanding_amount": money("560")})
    );
    assert_eq!(
        (
            &aging["rows"][1]["po_id"],
            &aging["rows"][1]["outstanding_amount"]
        ),
        (&json!(young), &money("320"))
    );
    let other = viewer
        .get("/api/payments/reports/aging?client_id=2")
        .send()
        .await
        .expect(200)["data"]
        .clone();
    assert_eq!(
        (&other["rows"], &other["total_outstanding"]),
        (&json!([]), &money("0"))
    );
    assert_eq!(other["as_of"], json!(app.clock().today()));
    assert_eq!(other["buckets"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_is_owed_to_vendors_is_aged_by_the_day_it_is_due() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let due = app.vendor_order(project, "1000", "approved").await;
    let ahead = app.vendor_order(project, "300", "pending").await;
    app.vendor_order(project, "500", "rejected").await;
    let later = app.vendor_order(project, "700", "pending").await;
    app.vendor_payment(due, "400", "cleared").await;
    app.vendor_payment(due, "100", "pending").await;
    for (order, po_date, due_date) in [
        (due, "2026-01-01", Some("2026-01-20")),
        (ahead, "2026-02-01", Some("2026-04-01")),
        (later, "2026-03-02", None),
    ] {
        sqlx::query(
            r#"UPDATE "Finances".vendor_order SET po_date = $2::date, due_date = $3::date WHERE id = $1"#,
        )
        .bind(order)
        .bind(po_date)
        .bind(due_date)
        .execute(&app.db)
        .await
        .unwrap();
    }
    let viewer = app.viewer().await;

    let aging = viewer
        .get("/api/payments/reports/aging?kind=vendor&as_of=2026-03-01")
        .send()
        .await
        .expect(200)["data"]
        .clone();

    let rows: Vec<_> = aging["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(row["po_id"], Value::Null);
            (
                row["vendor_order_id"].as_i64().unwrap(),
                row["age_days"].as_i64().unwrap(),
                row["outstanding_amount"].clone(),
            )
        })
        .collect();
    assert_eq!(rows, [(due, 40, money("600")), (ahead, 0, money("300"))]);
    assert_eq!(aging["total_outstanding"], money("900"));
    for (query, faults) in [
        ("kind=client&vendor_id=1", vec!["vendor_id: value_error"]),
        ("vendor_id=999", vec!["vendor_id: foreign_key"]),
        ("client_id=999&as_of=never", vec!["as_of: date_parsing"]),
        ("client_id=999", vec!["client_id: foreign_key"]),
    ] {
        let reply = viewer
            .get(format!("/api/payments/reports/aging?{query}"))
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
}
