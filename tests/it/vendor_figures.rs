//! What was ordered from vendors and paid to them: each figure against one that was worked out by hand.

use chrono::{Datelike, TimeDelta};
use serde_json::{Value, json};

use crate::support::{TestApp, builders::recount, callers::Caller, money};

/// The day so many days from today.
fn day(app: &TestApp, days: i64) -> String {
    (app.clock().today() + TimeDelta::days(days)).to_string()
}

/// Puts rows in past the program, and has the kept totals know of them. `{-5}` stands for the day five days ago.
async fn set(app: &TestApp, rows: &str) {
    let mut text = rows.to_owned();
    while let Some(start) = text.find('{') {
        let end = start + text[start..].find('}').unwrap();
        let days = text[start + 1..end].parse().unwrap();
        text.replace_range(start..=end, &format!("DATE '{}'", day(app, days)));
    }
    sqlx::raw_sql(sqlx::AssertSqlSafe(text))
        .execute(&app.db)
        .await
        .unwrap();
    recount(&app.db).await;
}

/// Three vendors, and orders and payments of every kind:
///
/// | order | vendor | worth | of vendor 1 | paid |
/// |---|---|---|---|---|
/// | 1 | 1 | 1000 stated | 1000 | 400.25 + 19.75 |
/// | 2 | none | lines 123.45 (of 1), 200 (of 2), 76.55 (nobody's) | 123.45 | 23.45 |
/// | 3 | 1 | 500 stated, lines 120.40 (of 2), 30 | 30 + 349.60 | 200 of an advance |
/// | 4 | 1 | 900, cancelled | 900 | 10 |
/// | 5 | 1 | 60, rejected | 60 | |
async fn scene() -> TestApp {
    let app = TestApp::start().await;
    set(
        &app,
        r#"
        INSERT INTO "Finances".project (name) VALUES ('Site A'), ('Site B');
        INSERT INTO "Finances".vendor (name) VALUES ('Works'), ('Other'), ('Idle');
        INSERT INTO "Finances".vendor_order
               (vendor_id, project_id, po_number, po_date, due_date, po_value, stated_value, value_basis, status, work_status,
                created_at)
        VALUES (1, 1, 'VO-1', {-40}, {10}, 1000, 1000, 'stated', 'approved', 'pending', now() - interval '5 hours'),
               (NULL, 1, 'VO-2', {-10}, {1}, 400, NULL, 'lines', 'in_progress', 'in_progress', now() - interval '4 hours'),
               (1, 1, 'VO-3', {-90}, {-5}, 500, 500, 'stated', 'completed', 'completed', now() - interval '3 hours'),
               (1, 1, 'VO-4', NULL, {-50}, 900, 900, 'stated', 'cancelled', 'cancelled', now() - interval '2 hours'),
               (1, 2, 'VO-5', {-7}, NULL, 60, 60, 'stated', 'rejected', 'cancelled', now() - interval '1 hour');
        INSERT INTO "Finances".vendor_order_line_item
               (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id)
        VALUES (2, 'Beam', 10, 12.345, 123.45, 1),
               (2, 'Wall', 2, 100, 200, 2),
               (2, 'Door', 1, 76.55, 76.55, NULL),
               (3, 'Wire', 4, 30.1, 120.40, 2),
               (3, 'Lamp', 3, 10, 30, NULL);
        INSERT INTO "Finances".vendor_payment
               (vendor_id, vendor_order_id, project_id, amount, payment_date, status)
        VALUES (1, 1, 1, 400.25, {-25}, 'cleared'),
               (NULL, 1, 1, 19.75, {-20}, 'completed'),
               (1, 1, 1, 100, {3}, 'pending'),
               (1, 1, 1, 50.10, {-120}, 'bounced'),
               (1, 1, 1, 7, {-1}, 'failed'),
               (1, 1, 1, 3, {-1}, 'cancelled'),
               (1, 2, 1, 23.45, {-5}, 'reconciled'),
               (1, 4, 1, 10, {-30}, 'cleared'),
               (1, NULL, 2, 250, {-2}, 'cleared');
        INSERT INTO "Finances".payment_vendor_link (vendor_order_id, vendor_payment_id, link_type, amount_allocated)
        VALUES (3, 9, 'outgoing', 200);
        "#,
    )
    .await;
    app
}

async fn read(caller: &Caller, path: &str) -> Value {
    caller.get(format!("/api/{path}")).send().await.expect(200)
}

/// Fails unless the object has these fields with these values.
#[track_caller]
fn expect(object: &Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&object[name], value, "{name} of {object}");
    }
}

#[tokio::test]
async fn a_vendor_is_shown_with_its_share_of_live_orders_and_all_that_arrived() {
    let app = scene().await;
    let viewer = app.viewer().await;

    let reply = viewer.get("/api/vendors/1").send().await;

    let body = reply.expect(200);
    assert!(reply.header("etag").starts_with("\"1-"));
    expect(
        &body,
        &json!({"status": "SUCCESS", "vendor_id": 1, "vendor_name": "Works"}),
    );
    assert_eq!(body["data"], body["vendor"]);
    expect(
        &body["vendor"],
        &json!({
            "id": 1, "name": "Works", "gst_number": null, "total_orders": 5, "active_orders": 2,
            "total_order_value": money("1503.05"), "total_paid": money("703.45"), "balance": money("799.6"),
            "total_payable": money("799.6"),
        }),
    );
    expect(
        &read(&viewer, "vendors/2").await["data"],
        &json!({"total_orders": 2, "active_orders": 1, "total_order_value": money("320.4"), "total_paid": 0,
                "balance": money("320.4")}),
    );
    expect(
        &read(&viewer, "vendors/3").await["data"],
        &json!({"total_orders": 0, "active_orders": 0, "total_order_value": 0, "total_paid": 0, "balance": 0}),
    );
}

#[tokio::test]
async fn a_payment_summary_says_what_is_left_and_what_is_due() {
    let app = scene().await;

    let body = read(&app.viewer().await, "vendors/1/payment-summary").await;

    assert_eq!(
        body,
        json!({
            "status": "SUCCESS", "vendor_id": 1,
            "data": {
                "vendor_id": 1, "vendor_name": "Works", "total_order_value": money("1503.05"),
                "total_paid": money("703.45"), "total_payable": money("799.6"), "payable_amount": money("799.6"),
                "payment_completion_percent": money("46.8"), "average_payment_days": money("13.3"),
                "last_payment": {"id": 9, "date": day(&app, -2), "amount": 250, "status": "cleared"},
                "upcoming_due": [
                    {"vendor_order_id": 3, "po_number": "VO-3", "amount": 300, "due_date": day(&app, -5),
                     "is_overdue": true},
                    {"vendor_order_id": 1, "po_number": "VO-1", "amount": 580, "due_date": day(&app, 10),
                     "is_overdue": false},
                ],
            },
        })
    );
}

#[tokio::test]
async fn of_a_vendor_without_orders_and_payments_every_figure_is_nothing() {
    let app = scene().await;
    let viewer = app.viewer().await;

    let summary = read(&viewer, "vendors/3/payment-summary").await;
    let stats = read(&viewer, "vendors/3/payment-stats").await;

    assert_eq!(
        summary["data"],
        json!({
            "vendor_id": 3, "vendor_name": "Idle", "total_order_value": 0, "total_paid": 0, "total_payable": 0,
            "payable_amount": 0, "payment_completion_percent": 0, "average_payment_days": 0, "last_payment": null,
            "upcoming_due": [],
        })
    );
    expect(
        &stats["data"],
        &json!({"payment_count": 0, "total_amount": 0, "average_payment_amount": 0, "average_payment_days": 0,
                "first_payment_date": null, "last_payment_date": null, "payment_completion_percent": 0,
                "by_month": []}),
    );
}

#[tokio::test]
async fn a_vendor_that_was_paid_in_advance_is_owed_nothing() {
    let app = TestApp::start().await;
    set(
        &app,
        r#"
        INSERT INTO "Finances".vendor (name) VALUES ('Works');
        INSERT INTO "Finances".vendor_order (vendor_id, po_number, po_value, stated_value) VALUES (1, 'A', 50000, 50000);
        INSERT INTO "Finances".vendor_payment (vendor_id, vendor_order_id, amount, payment_date, status)
        VALUES (1, 1, 20000, {-3}, 'completed'), (1, NULL, 40000, {-3}, 'cleared'), (1, NULL, 5, {-2}, 'processing');
        "#,
    )
    .await;

    let body = read(&app.viewer().await, "vendors/1/payment-summary").await;

    expect(
        &body["data"],
        &json!({"total_order_value": 50000, "total_paid": 60000, "total_payable": -10000, "payable_amount": 0,
                "payment_completion_percent": 100}),
    );
    assert_eq!(body["data"]["last_payment"]["id"], 2);
}

#[tokio::test]
async fn orders_are_due_until_the_thirtieth_day_and_fifty_of_them_are_shown() {
    let app = TestApp::start().await;
    set(
        &app,
        r#"
        INSERT INTO "Finances".vendor (name) VALUES ('Works');
        INSERT INTO "Finances".vendor_order (vendor_id, po_number, po_value, stated_value, due_date)
        VALUES (1, 'last', 1, 1, {30}), (1, 'too late', 1, 1, {31}), (1, 'today', 1, 1, {0}), (1, 'never', 1, 1, NULL),
               (1, 'worth nothing', 0, 0, {0});
        "#,
    )
    .await;
    let viewer = app.viewer().await;
    let due = || async {
        read(&viewer, "vendors/1/payment-summary").await["data"]["upcoming_due"]
            .as_array()
            .unwrap()
            .clone()
    };
    let few = due().await;
    let names: Vec<&str> = few
        .iter()
        .map(|order| order["po_number"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["today", "last"]);
    assert_eq!(few[0]["is_overdue"], false);

    set(
        &app,
        r#"
        INSERT INTO "Finances".vendor_order (vendor_id, po_number, po_value, stated_value, due_date)
        SELECT 1, 'old', 1, 1, {-1} FROM generate_series(1, 60);
        "#,
    )
    .await;

    let many = due().await;
    assert_eq!(many.len(), 50);
    assert!(
        many.iter()
            .all(|order| order["po_number"] == "old" && order["is_overdue"] == true)
    );
}

#[tokio::test]
async fn payment_stats_are_over_all_payments_of_the_vendor() {
    let app = scene().await;

    let body = read(&app.viewer().await, "vendors/1/payment-stats").await;

    expect(&body, &json!({"status": "SUCCESS", "vendor_id": 1}));
    let mut data = body["data"].clone();
    let by_month = data["by_month"].take();
    assert_eq!(
        data,
        json!({
            "vendor_id": 1, "vendor_name": "Works", "payment_count": 9, "total_amount": money("863.55"),
            "total_paid": money("703.45"), "total_completed": money("703.45"), "total_pending": 100,
            "total_bounced": money("50.1"), "total_failed": 7, "total_cancelled": 3, "cleared_count": 5,
            "completed_count": 5, "pending_count": 1, "bounced_count": 1, "failed_count": 1, "cancelled_count": 1,
            "average_payment_amount": money("140.69"), "average_payment_days": money("13.3"),
            "first_payment_date": day(&app, -120), "last_payment_date": day(&app, 3),
            "payment_completion_percent": money("46.8"), "by_month": null,
        })
    );
    let counted: i64 = by_month
        .as_array()
        .unwrap()
        .iter()
        .map(|month| month["payment_count"].as_i64().unwrap())
        .sum();
    assert_eq!(counted, 5);
}

#[tokio::test]
async fn months_are_the_last_twelve_in_which_something_arrived() {
    let app = TestApp::start().await;
    set(
        &app,
        r#"
        INSERT INTO "Finances".vendor (name) VALUES ('Works');
        INSERT INTO "Finances".vendor_order (vendor_id, po_number) VALUES (1, 'A');
        INSERT INTO "Finances".vendor_payment (vendor_id, vendor_order_id, amount, payment_date, status)
        SELECT 1, NULL, 100, DATE '2024-01-15' + n * interval '1 month', 'cleared' FROM generate_series(0, 13) AS n
         WHERE n <> 5;
        INSERT INTO "Finances".vendor_payment (vendor_id, vendor_order_id, amount, payment_date, status)
        VALUES (NULL, 1, 0.25, DATE '2025-02-28', 'reconciled'),
               (1, NULL, 9, DATE '2025-02-01', 'bounced'),
               (1, NULL, 9, DATE '2025-03-01', 'pending');
        "#,
    )
    .await;

    let body = read(&app.viewer().await, "vendors/1/payment-stats").await;

    let months = body["data"]["by_month"].as_array().unwrap();
    let names: Vec<&str> = months
        .iter()
        .map(|month| month["month"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "2024-02", "2024-03", "2024-04", "2024-05", "2024-07", "2024-08", "2024-09", "2024-10",
            "2024-11", "2024-12", "2025-01", "2025-02"
        ]
    );
    assert_eq!(
        months[11],
        json!({"month": "2025-02", "total_paid": money("100.25"), "payment_count": 2})
    );
}

/// What identifies an order in a list, and what of it is the vendor's.
fn parts(body: &Value) -> Vec<(i64, String)> {
    body["vendor_orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| (order["id"].as_i64().unwrap(), order["vendor_value"].to_string()))
        .collect()
}

#[tokio::test]
async fn a_vendors_orders_are_its_own_and_those_with_a_line_of_its() {
    let app = scene().await;
    let viewer = app.viewer().await;

    let body = read(&viewer, "vendors/1/orders").await;

    let expected = [(5, "60"), (4, "900"), (3, "379.6"), (2, "123.45"), (1, "1000")];
    assert_eq!(parts(&body), expected.map(|(id, value)| (id, value.to_owned())));
    for name in ["vendor_orders", "data", "orders"] {
        assert_eq!(body["data"][name], body["vendor_orders"], "{name}");
    }
    expect(
        &body,
        &json!({"status": "SUCCESS", "vendor_id": 1, "vendor_order_count": 5, "total_count": 5, "total": 5,
                "limit": 1000, "skip": 0, "offset": 0, "next_cursor": null, "total_value": money("1503.05")}),
    );
    expect(
        &body["data"],
        &json!({"total_count": 5, "total_value": money("1503.05")}),
    );
    expect(
        &body["vendor_orders"][2],
        &json!({
            "vendor_order_id": 3, "vendor_id": 1, "vendor_name": "Works", "vendor": {"id": 1, "name": "Works"},
            "project_id": 1, "project_name": "Site A", "po_number": "VO-3", "order_number": "VO-3", "po_value": 500,
            "amount": 500, "stated_value": 500, "value_basis": "stated", "value_difference": money("349.6"),
            "line_items_total": money("150.4"), "line_item_count": 2, "status": "completed",
            "work_status": "completed", "payment_status": "partial", "payment_status_source": "payments",
            "is_overdue": true, "total_paid": 200, "pending_amount": 300, "overpaid_amount": 0,
            "linked_payments_count": 1, "vendor_value": money("379.6"),
        }),
    );
    let bundle = &body["vendor_orders"][3];
    assert!(bundle["vendor_id"].is_null() && bundle["vendor"].is_null());
    let other = read(&viewer, "vendors/2/orders").await;
    assert_eq!(parts(&other), [(3, "120.4".to_owned()), (2, "200".to_owned())]);
    assert_eq!(other["total_value"], money("320.4"));
    let none = read(&viewer, "vendors/3/orders").await;
    expect(
        &none,
        &json!({"vendor_orders": [], "total_count": 0, "total_value": 0}),
    );
}

#[tokio::test]
async fn a_vendors_orders_can_be_asked_by_how_they_stand_and_by_project() {
    let app = scene().await;
    let viewer = app.viewer().await;
    for (query, ids, value) in [
        ("status=APPROVED", vec![1], "1000"),
        ("status=ongoing", vec![2], "123.45"),
        ("status=cancelled", vec![4], "0"),
        ("work_status=cancelled", vec![5, 4], "0"),
        ("work_status=in-progress", vec![2], "123.45"),
        ("status=approved&work_status=completed", vec![], "0"),
        ("project_id=1", vec![4, 3, 2, 1], "1503.05"),
        ("project_id=2", vec![5], "0"),
        ("project_id=1&work_status=completed", vec![3], "379.6"),
        ("project_id=1&status=approved", vec![1], "1000"),
        ("project_id=99", vec![], "0"),
    ] {
        let body = read(&viewer, &format!("vendors/1/orders?{query}")).await;
        let found: Vec<i64> = parts(&body).into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, ids, "{query}");
        assert_eq!(body["total_count"], ids.len(), "{query}");
        assert_eq!(body["total_value"], money(value), "{query}");
    }
}

#[tokio::test]
async fn pages_of_a_vendors_orders_follow_each_other_in_every_order() {
    let app = TestApp::start().await;
    set(
        &app,
        r#"
        INSERT INTO "Finances".vendor (name) VALUES ('Works'), ('Other');
        INSERT INTO "Finances".vendor_order (vendor_id, po_number, po_value, po_date, due_date, status, created_at)
        SELECT CASE n % 3 WHEN 0 THEN 1 WHEN 1 THEN 2 END, 'VO-' || n % 4, n % 5, {-1} - n % 6,
               CASE WHEN n % 2 = 0 THEN {1} + n % 3 END, CASE WHEN n % 5 = 0 THEN 'cancelled' ELSE 'pending' END,
               now() - n % 7 * interval '1 day'
          FROM generate_series(1, 30) AS n;
        INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id)
        SELECT id, 'Beam', 1, 1, 1, 1 FROM "Finances".vendor_order WHERE id % 3 <> 1;
        "#,
    )
    .await;
    let viewer = app.viewer().await;
    let ids = |query: String| {
        let viewer = viewer.clone();
        async move {
            let body = read(&viewer, &format!("vendors/1/orders?{query}")).await;
            let ids: Vec<i64> = parts(&body).into_iter().map(|(id, _)| id).collect();
            (
                ids,
                body["next_cursor"].as_str().map(str::to_owned),
                body["total_count"].clone(),
            )
        }
    };
    for sort in [
        "-created_at,-id",
        "created_at",
        "id",
        "-po_value",
        "po_number",
        "po_date,-due_date",
        "due_date",
        "-due_date",
        "status,work_status",
    ] {
        let (all, _, total) = ids(format!("sort={sort}")).await;
        assert_eq!((all.len(), total), (20, json!(20)), "{sort}");
        let mut cursored = Vec::new();
        let mut query = format!("sort={sort}&limit=7");
        loop {
            let (page, cursor, _) = ids(query).await;
            cursored.extend(page);
            let Some(cursor) = cursor else { break };
            query = format!("sort={sort}&limit=7&cursor={cursor}");
        }
        assert_eq!(cursored, all, "{sort}");
        let (skipped, _, _) = ids(format!("sort={sort}&limit=7&skip=9")).await;
        assert_eq!(skipped, all[9..16], "{sort}");
    }
    let (newest, _, _) = ids("limit=3".to_owned()).await;
    let (all, _, _) = ids("sort=-created_at,-id".to_owned()).await;
    assert_eq!(newest, all[..3]);
    let (found, _, total) = ids("status=cancelled&limit=2".to_owned()).await;
    assert_eq!((found.len(), total), (2, json!(4)));
}

/// The ids of the payments on a page.
fn payment_ids(body: &Value) -> Vec<i64> {
    body["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn payments_to_a_vendor_are_those_that_name_it_and_those_for_its_orders_that_name_nobody() {
    let app = scene().await;
    let viewer = app.viewer().await;

    let body = read(&viewer, "vendors/1/payments").await;

    assert_eq!(payment_ids(&body), [3, 6, 5, 9, 7, 2, 1, 8, 4]);
    for name in ["payments", "data"] {
        assert_eq!(body["data"][name], body["payments"], "{name}");
    }
    expect(
        &body,
        &json!({"status": "SUCCESS", "vendor_id": 1, "payment_count": 9, "total_count": 9, "total": 9, "limit": 1000,
                "skip": 0, "offset": 0, "next_cursor": null}),
    );
    expect(
        &body["data"],
        &json!({"total": 9, "total_count": 9, "limit": 1000, "offset": 0}),
    );
    expect(
        &body["payments"][5],
        &json!({
            "id": 2, "payment_id": 2, "vendor_id": 1, "vendor_name": "Works", "vendor_order_id": 1, "project_id": 1,
            "po_number": "VO-1", "order_amount": 1000, "payment_date": day(&app, -20), "date": day(&app, -20),
            "amount": money("19.75"), "payment_amount": money("19.75"), "payment_mode": "bank_transfer",
            "payment_method": "bank_transfer", "reference_number": null, "status": "completed", "notes": null,
            "version": 1,
        }),
    );
    let advance = &body["payments"][3];
    assert!(advance["vendor_order_id"].is_null() && advance["po_number"].is_null());
    let none = read(&viewer, "vendors/2/payments").await;
    expect(
        &none,
        &json!({"payments": [], "payment_count": 0, "total_count": 0}),
    );
}

#[tokio::test]
async fn payments_to_a_vendor_can_be_asked_by_status_and_page_by_page() {
    let app = scene().await;
    let viewer = app.viewer().await;
    for (query, ids, total) in [
        ("status=CLEARED", vec![9, 1, 8], 3),
        ("status=bounced", vec![4], 1),
        ("status=processing", vec![], 0),
        ("status=completed,reconciled", vec![7, 2], 2),
        ("status=cleared&limit=2", vec![9, 1], 3),
        ("status=cleared&limit=2&skip=2", vec![8], 3),
        ("limit=3&skip=3", vec![9, 7, 2], 9),
        ("page=3&page_size=4", vec![4], 9),
        ("sort=amount&limit=3", vec![6, 5, 8], 9),
        ("sort=-amount,id&limit=2", vec![1, 9], 9),
        ("sort=status&limit=3", vec![4, 6, 1], 9),
        ("sort=-id&limit=2", vec![9, 8], 9),
        ("skip=9223372036854775807", vec![], 9),
    ] {
        let body = read(&viewer, &format!("vendors/1/payments?{query}")).await;
        assert_eq!(payment_ids(&body), ids, "{query}");
        assert_eq!(body["total_count"], total, "{query}");
    }
    for sort in ["", "&sort=amount", "&sort=-status", "&sort=created_at"] {
        let all = payment_ids(&read(&viewer, &format!("vendors/1/payments?limit=1000{sort}")).await);
        let (mut ids, mut query) = (Vec::new(), format!("limit=2{sort}"));
        loop {
            let body = read(&viewer, &format!("vendors/1/payments?{query}")).await;
            ids.extend(payment_ids(&body));
            let Some(cursor) = body["next_cursor"].as_str() else {
                break;
            };
            query = format!("limit=2{sort}&cursor={cursor}");
        }
        assert_eq!(ids, all, "{sort}");
    }
}

#[tokio::test]
async fn details_show_a_vendor_at_a_glance() {
    let app = scene().await;
    let viewer = app.viewer().await;

    let body = read(&viewer, "vendors/1/details").await;

    expect(&body, &json!({"status": "SUCCESS", "vendor_id": 1}));
    let data = &body["data"];
    expect(
        data,
        &json!({
            "total_orders": 5, "total_order_value": money("1503.05"), "avg_order_value": money("501.02"),
            "pending_payment": money("799.6"), "total_paid": money("703.45"), "total_payable": money("799.6"),
            "active_orders": 2, "payment_health": "FAIR",
        }),
    );
    let full = read(&viewer, "vendors/1").await;
    for (name, value) in data["vendor"].as_object().unwrap() {
        assert_eq!(&full["vendor"][name], value, "{name}");
    }
    assert_eq!(data["vendor"]["vendor_name"], "Works");
    assert_eq!(
        data["recent_orders"],
        read(&viewer, "vendors/1/orders").await["vendor_orders"]
    );
    assert_eq!(
        data["recent_payments"],
        read(&viewer, "vendors/1/payments").await["payments"]
    );
    let idle = read(&viewer, "vendors/3/details").await;
    expect(
        &idle["data"],
        &json!({"total_orders": 0, "total_order_value": 0, "avg_order_value": 0, "pending_payment": 0,
                "recent_orders": [], "recent_payments": [], "payment_health": "EXCELLENT"}),
    );
}

#[tokio::test]
async fn details_show_ten_orders_and_ten_payments() {
    let app = TestApp::start().await;
    set(
        &app,
        r#"
        INSERT INTO "Finances".vendor (name) VALUES ('Works');
        INSERT INTO "Finances".vendor_order (vendor_id, po_number, created_at)
        SELECT CASE WHEN n % 2 = 0 THEN 1 END, n, now() - n * interval '1 hour' FROM generate_series(1, 30) AS n;
        INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id)
        SELECT id, 'Beam', 1, 1, 1, 1 FROM "Finances".vendor_order WHERE vendor_id IS NULL AND id % 3 = 0;
        INSERT INTO "Finances".vendor_payment (vendor_id, vendor_order_id, amount, payment_date, status)
        SELECT CASE WHEN n % 3 = 0 THEN 1 END, 2, n, {0} - n, 'pending' FROM generate_series(1, 14) AS n;
        "#,
    )
    .await;

    let body = read(&app.viewer().await, "vendors/1/details").await;

    let field = |list: &str, name: &str| -> Vec<String> {
        let rows = body["data"][list].as_array().unwrap();
        rows.iter().map(|row| row[name].to_string()).collect()
    };
    assert_eq!(
        field("recent_orders", "id"),
        ["2", "3", "4", "6", "8", "9", "10", "12", "14", "15"]
    );
    assert_eq!(
        field("recent_payments", "amount"),
        ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]
    );
}

#[tokio::test]
async fn payment_health_is_the_first_word_that_fits() {
    for (rows, health) in [
        ("", "GOOD"),
        (
            "INSERT INTO payment VALUES (1, NULL, 899.94, {0}, 'cleared')",
            "GOOD",
        ),
        (
            "INSERT INTO payment VALUES (1, NULL, 899.95, {0}, 'cleared')",
            "EXCELLENT",
        ),
        (
            "INSERT INTO payment VALUES (1, NULL, 5000, {0}, 'completed')",
            "EXCELLENT",
        ),
        ("UPDATE ordered SET due_date = {0}", "GOOD"),
        ("UPDATE ordered SET due_date = {-1}", "FAIR"),
        (
            "UPDATE ordered SET due_date = {-1}; INSERT INTO payment VALUES (1, NULL, 5000, {0}, 'completed')",
            "FAIR",
        ),
        (
            "UPDATE ordered SET due_date = {-1}; INSERT INTO payment VALUES (1, 1, 1000, {0}, 'completed')",
            "EXCELLENT",
        ),
        ("UPDATE ordered SET due_date = {-30}", "FAIR"),
        ("UPDATE ordered SET due_date = {-31}", "POOR"),
        (
            "UPDATE ordered SET due_date = {-31}, work_status = 'cancelled'",
            "EXCELLENT",
        ),
        ("UPDATE ordered SET due_date = {-31}, vendor_id = NULL", "POOR"),
        (
            "INSERT INTO payment VALUES (1, NULL, 5, {-90}, 'bounced')",
            "POOR",
        ),
        (
            "INSERT INTO payment VALUES (NULL, 1, 5, {-90}, 'bounced')",
            "POOR",
        ),
        (
            "INSERT INTO payment VALUES (1, NULL, 5, {-91}, 'bounced')",
            "GOOD",
        ),
        ("INSERT INTO payment VALUES (1, NULL, 5, {-1}, 'failed')", "GOOD"),
        ("INSERT INTO payment VALUES (2, 1, 5, {-1}, 'bounced')", "GOOD"),
    ] {
        let app = TestApp::start().await;
        let rows = rows
            .replace(
                "payment VALUES",
                r#""Finances".vendor_payment (vendor_id, vendor_order_id, amount, payment_date, status) VALUES"#,
            )
            .replace("UPDATE ordered", r#"UPDATE "Finances".vendor_order"#);
        let order = r#"
            INSERT INTO "Finances".vendor (name) VALUES ('Works'), ('Other');
            INSERT INTO "Finances".vendor_order (vendor_id, po_number, po_value, stated_value, value_basis)
            VALUES (1, 'A', 1000, NULL, 'lines');
            INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id)
            VALUES (1, 'Beam', 1, 1000, 1000, 1);
        "#;
        set(&app, &format!("{order}{rows}")).await;

        let body = read(&app.viewer().await, "vendors/1/details").await;

        assert_eq!(body["data"]["payment_health"], health, "{rows}");
    }
}

#[tokio::test]
async fn a_projects_vendor_orders_are_summed_up() {
    let app = scene().await;
    let viewer = app.viewer().await;

    let body = read(&viewer, "projects/1/vendor-summary").await;

    assert_eq!(
        body,
        json!({
            "status": "SUCCESS",
            "data": {
                "project_id": 1, "total_vendors": 2, "total_vendor_orders": 4, "total_order_value": 1900,
                "total_payable": money("1256.55"), "total_paid": money("643.45"), "paid_on_cancelled": 10,
                "unassigned_value": money("76.55"), "pending_orders": 1, "ongoing_orders": 1, "in_progress_orders": 1,
                "completed_orders": 1, "cancelled_orders": 1,
            },
        })
    );
    expect(
        &read(&viewer, "projects/2/vendor-summary").await["data"],
        &json!({"total_vendors": 1, "total_vendor_orders": 1, "total_order_value": 0, "total_paid": 0,
                "cancelled_orders": 1, "pending_orders": 0}),
    );
    viewer
        .get("/api/projects/3/vendor-summary")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_a_bundle_states_beyond_its_lines_is_no_vendors() {
    let app = TestApp::start().await;
    set(
        &app,
        r#"
        INSERT INTO "Finances".project (name) VALUES ('Site A');
        INSERT INTO "Finances".vendor (name) VALUES ('Works');
        INSERT INTO "Finances".vendor_order (vendor_id, project_id, po_number, po_value, stated_value, value_basis)
        VALUES (NULL, 1, 'A', 500, 500, 'stated'), (NULL, 1, 'B', 70.10, 70.10, 'stated');
        INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id)
        VALUES (1, 'Beam', 1, 120.25, 120.25, 1), (1, 'Wall', 1, 30, 30, NULL);
        "#,
    )
    .await;
    let viewer = app.viewer().await;

    let summary = read(&viewer, "projects/1/vendor-summary").await;

    expect(
        &summary["data"],
        &json!({"total_vendors": 1, "total_order_value": money("570.1"), "unassigned_value": money("449.85")}),
    );
    assert_eq!(
        read(&viewer, "vendors/1").await["data"]["total_order_value"],
        money("120.25")
    );
}

#[tokio::test]
async fn the_kept_totals_follow_vendors() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (name, status) in [
        ("A", "active"),
        ("B", "inactive"),
        ("C", "active"),
        ("D", "suspended"),
    ] {
        admin
            .post("/api/vendors")
            .json(&json!({"name": name, "status": status}))
            .send()
            .await
            .expect(200);
    }
    admin
        .put("/api/vendors/3")
        .json(&json!({"status": "suspended"}))
        .send()
        .await
        .expect(200);
    admin.delete("/api/vendors/2").send().await.expect(200);

    let count = |query: &'static str| {
        let admin = admin.clone();
        async move { read(&admin, &format!("vendors?{query}")).await["total_count"].clone() }
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count("status=active").await, 1);
    assert_eq!(count("status=inactive").await, 0);
    assert_eq!(count("status=suspended&limit=1").await, 2);
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn figures_follow_payments_that_are_recorded_moved_and_deleted() {
    let app = scene().await;
    let admin = app.admin().await;
    let today = app.clock().today();
    let month = format!("{}-{:02}", today.year(), today.month());
    let made = admin
        .post("/api/payments?kind=vendor")
        .json(
            &json!({"vendor_order_id": 1, "amount": "96.55", "payment_date": today.to_string(),
                      "payment_mode": "neft"}),
        )
        .send()
        .await
        .expect(200);
    let paid = || async { read(&admin, "vendors/1").await["data"]["total_paid"].clone() };
    assert_eq!(paid().await, money("703.45"));
    let path = format!("/api/payments/{}", made["payment_id"]);

    admin
        .put(format!("{path}/status?kind=vendor"))
        .json(&json!({"status": "cleared"}))
        .send()
        .await
        .expect(200);

    assert_eq!(paid().await, 800);
    let stats = read(&admin, "vendors/1/payment-stats").await;
    let last = stats["data"]["by_month"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["month"], month);
    // 15 + 5 + 20 + 40 days of four payments.
    assert_eq!(stats["data"]["average_payment_days"], 20);
    let summary = read(&admin, "vendors/1/payment-summary").await;
    assert_eq!(summary["data"]["last_payment"]["id"], made["payment_id"]);
    assert_eq!(summary["data"]["upcoming_due"][1]["amount"], money("483.45"));
    app.expect_kept_totals_as_recounted().await;
    admin
        .put(format!("{path}/status?kind=vendor"))
        .json(&json!({"status": "bounced"}))
        .send()
        .await
        .expect(200);
    assert_eq!(paid().await, money("703.45"));
    admin
        .delete(format!("{path}?kind=vendor"))
        .send()
        .await
        .expect(200);
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn an_order_comes_to_a_vendor_with_a_line_and_goes_with_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for name in ["Works", "Other"] {
        let new = json!({"name": name});
        admin.post("/api/vendors").json(&new).send().await.expect(200);
    }
    let send = |call: crate::support::callers::Call, body: Value| async move {
        call.json(&body).send().await.expect(200)
    };
    let owned = || async {
        let mut owned = Vec::new();
        for vendor in [1, 2] {
            let body = read(&admin, &format!("vendors/{vendor}/orders")).await;
            let figures = read(&admin, &format!("vendors/{vendor}")).await["data"].clone();
            assert_eq!(figures["total_order_value"], body["total_value"]);
            assert_eq!(figures["total_orders"], body["total_count"]);
            owned.push(parts(&body));
        }
        app.expect_kept_totals_as_recounted().await;
        owned
    };
    let one = |value: &str| vec![(1_i64, value.to_owned())];

    let bundle = send(
        admin.post("/api/vendor-orders"),
        json!({"po_number": "B", "amount": 500}),
    )
    .await;
    assert_eq!(bundle["vendor_order_id"], 1);
    assert_eq!(owned().await, [vec![], vec![]]);
    let line = json!({"item_name": "Beam", "quantity": 10, "unit_price": "12.345", "vendor_id": 1});
    send(admin.post("/api/vendor-orders/1/line-items"), line.clone()).await;
    send(admin.post("/api/vendor-orders/1/line-items"), line).await;
    assert_eq!(owned().await, [one("246.9"), vec![]]);
    send(admin.put("/api/vendor-line-items/2"), json!({"vendor_id": 2})).await;
    assert_eq!(owned().await, [one("123.45"), one("123.45")]);
    send(
        admin.put("/api/projects/0/vendor-orders/1"),
        json!({"vendor_id": 1}),
    )
    .await;
    assert_eq!(owned().await, [one("123.45"), one("123.45")]);
    admin.delete("/api/vendor-line-items/2").send().await.expect(200);
    assert_eq!(owned().await, [one("123.45"), vec![]]);
    send(
        admin.put("/api/vendor-orders/1/status"),
        json!({"status": "cancelled"}),
    )
    .await;
    assert_eq!(read(&admin, "vendors/1").await["data"]["total_order_value"], 0);
    app.expect_kept_totals_as_recounted().await;
    admin.delete("/api/vendor-orders/1").send().await.expect(200);
    assert_eq!(owned().await, [vec![], vec![]]);
}

#[tokio::test]
async fn of_an_unknown_vendor_nothing_is_found() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for path in [
        "",
        "/details",
        "/payments",
        "/payments?status=cleared",
        "/orders",
        "/orders?project_id=1",
        "/payment-summary",
        "/payment-stats",
    ] {
        let body = viewer
            .get(format!("/api/vendors/7{path}"))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        assert_eq!(body["message"], "Vendor not found", "{path}");
    }
}
