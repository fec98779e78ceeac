//! Vendor orders: what they are worth, how they stand, and which are listed.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Caller, Reply},
    money, race,
};

async fn vendor(app: &TestApp, name: &str, status: &str) -> i64 {
    let id = sqlx::query_scalar(r#"INSERT INTO "Finances".vendor (name, status, email) VALUES ($1, $2, 'v@example.com') RETURNING id"#)
        .bind(name)
        .bind(status)
        .fetch_one(&app.db)
        .await
        .unwrap();
    crate::support::builders::recount(&app.db).await;
    id
}

async fn place(caller: &Caller, project: i64, body: Value) -> Reply {
    caller
        .post(format!("/api/projects/{project}/vendor-orders"))
        .json(&body)
        .send()
        .await
}

/// An order that is placed in a project.
async fn placed(caller: &Caller, project: i64, body: Value) -> Value {
    let answer = place(caller, project, body).await.expect(200);
    assert_eq!(answer["message"], "Vendor order created");
    assert_eq!(answer["data"]["vendor_order"], answer["vendor_order"]);
    assert_eq!(answer["data"]["id"], answer["vendor_order_id"]);
    answer["vendor_order"].clone()
}

fn id(row: &Value) -> i64 {
    row["id"].as_i64().unwrap_or_else(|| panic!("no id in {row}"))
}

async fn change(caller: &Caller, order: &Value, body: Value) -> Reply {
    let project = order["project_id"].as_i64().unwrap_or(0);
    caller
        .put(format!("/api/projects/{project}/vendor-orders/{}", id(order)))
        .json(&body)
        .send()
        .await
}

async fn changed(caller: &Caller, order: &Value, body: Value) -> Value {
    let answer = change(caller, order, body).await.expect(200);
    assert_eq!(answer["data"]["vendor_order"], answer["vendor_order"]);
    answer["vendor_order"].clone()
}

async fn add_line(caller: &Caller, order: &Value, body: Value) -> Value {
    caller
        .post(format!("/api/vendor-orders/{}/line-items", id(order)))
        .json(&body)
        .send()
        .await
        .expect(200)
}

async fn shown(caller: &Caller, order: &Value) -> Value {
    let answer = caller
        .get(format!("/api/vendor-orders/{}", id(order)))
        .send()
        .await
        .expect(200);
    assert_eq!(answer["data"]["vendor_order"], answer["vendor_order"]);
    answer["vendor_order"].clone()
}

fn expect(row: &Value, fields: &[(&str, Value)]) {
    for (field, value) in fields {
        assert_eq!(row[*field], *value, "{field} of {row}");
    }
}

/// The codes and faults of a refusal.
fn faults(reply: &Reply) -> Vec<String> {
    let body: Value = serde_json::from_str(&reply.text()).unwrap();
    let faults = body["errors"].as_array().cloned().unwrap_or_default();
    faults
        .iter()
        .map(|fault| {
            format!(
                "{}: {}",
                fault["field"].as_str().unwrap(),
                fault["type"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test]
async fn an_order_is_answered_under_every_name() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let project = app.project("Site A").await;
    let vendor = vendor(&app, "ABC", "active").await;
    let po = app.client_po().project(project).insert().await;
    let body = json!({
        "vendor_id": vendor.to_string(), "order_number": " VO-1 ", "order_date": "2026-02-17", "po_value": "50000.005",
        "expected_delivery": "2026-03-01", "description": "Frame", "category": " Civil ", "billing_notes": "",
        "client_po_id": po, "work_status": "Ongoing", "payment_status": "unpaid", "currency": "inr", "project_id": 999,
    });

    let reply = place(&editor, project, body).await;

    let order = reply.expect(200)["vendor_order"].clone();
    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    expect(
        &order,
        &[
            ("vendor_order_id", order["id"].clone()),
            ("vendor_id", json!(vendor)),
            ("vendor_name", json!("ABC")),
            ("vendor", json!({"id": vendor, "name": "ABC"})),
            ("project_id", json!(project)),
            ("project_name", json!("Site A")),
            ("client_po_id", json!(po)),
            ("po_number", json!("VO-1")),
            ("order_number", json!("VO-1")),
            ("po_date", json!("2026-02-17")),
            ("order_date", json!("2026-02-17")),
            ("due_date", json!("2026-03-01")),
            ("po_value", money("50000.01")),
            ("amount", money("50000.01")),
            ("order_value", money("50000.01")),
            ("stated_value", money("50000.01")),
            ("value_basis", json!("stated")),
            ("value_difference", Value::Null),
            ("line_items_total", money("0")),
            ("description", json!("Frame")),
            ("category", json!("Civil")),
            ("status", json!("in_progress")),
            ("work_status", json!("in_progress")),
            ("payment_status", json!("pending")),
            ("payment_status_source", json!("manual")),
            ("is_overdue", json!(true)),
            ("total_paid", money("0")),
            ("paid_amount", money("0")),
            ("pending_amount", money("50000.01")),
            ("overpaid_amount", money("0")),
            ("linked_payments_count", json!(0)),
            ("line_item_count", json!(0)),
            ("final_po_value", Value::Null),
            ("billing_status", json!("not_initiated")),
            ("billing_notes", Value::Null),
            ("version", json!(1)),
        ],
    );
    let found = viewer
        .get(format!("/api/vendor-orders/{}", id(&order)))
        .send()
        .await
        .expect(200);
    expect(
        &found["data"],
        &[
            ("email", json!("v@example.com")),
            ("contact_person", Value::Null),
            ("phone", Value::Null),
            ("line_items", json!([])),
            ("line_item_count", json!(0)),
            ("po_number", json!("VO-1")),
        ],
    );
    assert_eq!(found["vendor_order"], found["data"]["vendor_order"]);
}

#[tokio::test]
async fn an_order_needs_nothing_and_is_numbered_and_dated_by_itself() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;

    let order = placed(&editor, project, json!({})).await;

    let number = format!("VO-{:06}", id(&order));
    expect(
        &order,
        &[
            ("po_number", json!(number)),
            ("po_date", json!(app.state.clock.today().to_string())),
            ("vendor_id", Value::Null),
            ("vendor", Value::Null),
            ("po_value", money("0")),
            ("stated_value", Value::Null),
            ("status", json!("pending")),
        ],
    );
}

#[tokio::test]
async fn a_stated_value_is_the_first_that_is_above_nothing_and_two_must_agree() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;

    for (body, value) in [
        (json!({"po_value": 0, "amount": 70.5}), "70.5"),
        (json!({"amount": "12"}), "12"),
        (json!({"order_value": 3}), "3"),
        (json!({"po_value": 5, "amount": 5.00}), "5"),
        (json!({"po_value": 5, "amount": 0}), "5"),
    ] {
        let order = placed(&editor, project, body).await;
        assert_eq!(order["po_value"], money(value));
    }
    let reply = place(&editor, project, json!({"po_value": 5, "amount": 6})).await;
    assert_eq!(
        (reply.status, faults(&reply)),
        (422, vec!["amount: value_error".to_owned()])
    );
}

#[tokio::test]
async fn lines_make_the_value_and_without_them_it_is_the_stated_one_again() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let vendor = vendor(&app, "ABC", "active").await;
    let order = placed(&editor, project, json!({"vendor_id": vendor, "po_value": 50000})).await;

    let added = add_line(
        &editor,
        &order,
        json!({"description": "Beam", "quantity": "25", "unit_price": 2000, "total": 1}),
    )
    .await;

    expect(
        &added["line_item"],
        &[
            ("item_name", json!("Beam")),
            ("item_description", json!("Beam")),
            ("description", json!("Beam")),
            ("quantity", money("25")),
            ("unit_price", money("2000")),
            ("total_price", money("50000")),
            ("amount", money("50000")),
            ("total_amount", money("50000")),
            ("status", json!("pending")),
            ("delivery_progress", json!(0)),
            ("vendor_id", Value::Null),
            ("order_date", json!(app.state.clock.today().to_string())),
            ("version", json!(1)),
        ],
    );
    assert_eq!(added["data"]["line_item"], added["line_item"]);
    assert_eq!(added["data"]["item_name"], "Beam");
    expect(
        &added["vendor_order"],
        &[
            ("po_value", money("50000")),
            ("value_basis", json!("lines")),
            ("value_difference", money("0")),
        ],
    );
    // 3 × 333.335 = 1000.005, which rounds up.
    let second = add_line(
        &editor,
        &order,
        json!({"item_name": "Bolt", "quantity": 3, "unit_price": "333.335"}),
    )
    .await;
    assert_eq!(second["line_item"]["total_price"], money("1000.01"));
    expect(
        &second["data"]["vendor_order"],
        &[
            ("po_value", money("51000.01")),
            ("value_difference", money("-1000.01")),
            ("line_items_total", money("51000.01")),
            ("line_item_count", json!(2)),
        ],
    );
    // A value that is sent shows beside what the lines come to.
    let stated = changed(&editor, &order, json!({"po_value": 52000})).await;
    expect(
        &stated,
        &[
            ("po_value", money("51000.01")),
            ("stated_value", money("52000")),
            ("value_difference", money("999.99")),
        ],
    );
    // The value that it has is a wish for nothing.
    let same = changed(&editor, &order, json!({"amount": "51000.01"})).await;
    assert_eq!(
        (&same["stated_value"], &same["version"]),
        (&money("52000"), &stated["version"])
    );

    let line = id(&second["line_item"]);
    let grid = editor
        .put(format!("/api/vendor-orders/line-items/{line}"))
        .json(&json!({"quantity": 2, "status": "Delivered", "delivery_progress": "40", "vendor_id": vendor}))
        .send()
        .await
        .expect(200);
    expect(
        &grid["line_item"],
        &[
            ("total_price", money("666.67")),
            ("status", json!("delivered")),
            ("delivery_progress", json!(40)),
            ("vendor_name", json!("ABC")),
            ("version", json!(2)),
        ],
    );
    assert_eq!(grid["vendor_order"]["po_value"], money("50666.67"));

    let listed = editor
        .get(format!("/api/vendor-orders/{}/line-items?limit=1", id(&order)))
        .send()
        .await
        .expect(200);
    expect(
        &listed,
        &[
            ("line_item_count", json!(1)),
            ("total_count", json!(2)),
            ("total_value", money("50666.67")),
            ("po_value", money("50666.67")),
        ],
    );
    assert_eq!(listed["data"]["line_items"], listed["line_items"]);

    let gone = editor
        .delete(format!("/api/vendor-line-items/{line}"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        gone["data"],
        json!({"line_item_id": line, "vendor_order_id": id(&order), "po_value": 50000})
    );
    let last = editor
        .delete(format!(
            "/api/vendor-orders/line-items/{}",
            id(&added["line_item"])
        ))
        .send()
        .await
        .expect(200);
    assert_eq!(last["po_value"], money("52000"));
    expect(
        &shown(&editor, &order).await,
        &[
            ("value_basis", json!("stated")),
            ("value_difference", Value::Null),
        ],
    );
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn an_adopted_order_keeps_its_figure_until_a_user_says_otherwise() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let order = json!({"id": app.vendor_order(project, "900", "pending").await, "project_id": project});
    sqlx::query(
        r#"INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price)
           VALUES ($1, 'Old', 1, 700, 700)"#,
    )
    .bind(id(&order))
    .execute(&app.db)
    .await
    .unwrap();
    crate::support::builders::recount(&app.db).await;
    expect(
        &shown(&editor, &order).await,
        &[
            ("po_value", money("900")),
            ("value_basis", json!("stated")),
            ("value_difference", money("200")),
        ],
    );

    let lines = changed(&editor, &order, json!({"value_basis": "LINES"})).await;

    expect(
        &lines,
        &[("po_value", money("700")), ("value_basis", json!("lines"))],
    );
    let back = change(&editor, &order, json!({"value_basis": "stated"})).await;
    assert_eq!(
        (back.status, faults(&back)),
        (409, vec!["value_basis: value_error".to_owned()])
    );
    let empty = placed(&editor, project, json!({})).await;
    let none = change(&editor, &empty, json!({"value_basis": "lines"})).await;
    assert_eq!(
        (none.status, faults(&none)),
        (409, vec!["value_basis: value_error".to_owned()])
    );
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn how_far_an_order_is_paid_is_a_users_word_until_there_is_a_payment() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let order = placed(
        &editor,
        project,
        json!({"po_value": 1000, "payment_status": "partially_paid"}),
    )
    .await;
    assert_eq!(order["payment_status"], "partial");
    let paid = changed(&editor, &order, json!({"payment_status": "paid"})).await;
    assert_eq!(
        (
            &paid["payment_status"],
            &paid["payment_status_source"],
            &paid["total_paid"]
        ),
        (&json!("paid"), &json!("manual"), &money("0"))
    );
    app.vendor_payment(id(&order), "400", "pending").await;

    let with_payment = shown(&editor, &order).await;

    expect(
        &with_payment,
        &[
            ("payment_status", json!("pending")),
            ("payment_status_source", json!("payments")),
        ],
    );
    let refused = change(&editor, &order, json!({"payment_status": "paid"})).await;
    assert_eq!(
        (refused.status, faults(&refused)),
        (409, vec!["payment_status: value_error".to_owned()])
    );
    // What it has already, a dialog may send back.
    let same = changed(
        &editor,
        &order,
        json!({"payment_status": "unpaid", "description": "x"}),
    )
    .await;
    assert_eq!(same["description"], "x");
    app.vendor_payment(id(&order), "1000", "cleared").await;
    expect(
        &shown(&editor, &order).await,
        &[
            ("payment_status", json!("paid")),
            ("total_paid", money("1000")),
            ("pending_amount", money("0")),
        ],
    );
    app.vendor_payment(id(&order), "0.01", "completed").await;
    expect(
        &shown(&editor, &order).await,
        &[("overpaid_amount", money("0.01")), ("pending_amount", money("0"))],
    );
}

#[tokio::test]
async fn states_move_as_they_may_and_an_order_that_is_paid_is_not_given_up() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let project = app.project("Site A").await;
    let order = placed(&editor, project, json!({"po_value": 1000})).await;
    let status = |caller: &Caller, body: Value| {
        let call = caller
            .put(format!("/api/vendor-orders/{}/status", id(&order)))
            .json(&body);
        async move { call.send().await }
    };

    let done = status(&editor, json!({"status": "completed"})).await.expect(200);
    assert_eq!(done["message"], "Status updated");
    assert_eq!(
        (
            &done["data"]["status"],
            &done["data"]["work_status"],
            &done["data"]["id"]
        ),
        (&json!("completed"), &json!("completed"), &order["id"])
    );
    assert_eq!(
        status(&editor, json!({"work_status": "pending"})).await.status,
        409
    );
    assert_eq!(status(&editor, json!({"status": "approved"})).await.status, 403);
    let approved = status(&admin, json!({"status": "approved"})).await.expect(200);
    assert_eq!(approved["data"]["work_status"], "completed");

    let payment = app.vendor_payment(id(&order), "0.01", "cleared").await;
    let kept = status(&editor, json!({"status": "cancelled"})).await;
    assert_eq!(kept.status, 409);
    assert!(kept.text().contains("0.01"), "{}", kept.text());
    sqlx::query(r#"UPDATE "Finances".vendor_payment SET status = 'bounced' WHERE id = $1"#)
        .bind(payment)
        .execute(&app.db)
        .await
        .unwrap();
    crate::support::builders::recount(&app.db).await;
    let rejected = status(&editor, json!({"status": "rejected"})).await.expect(200);
    assert_eq!(rejected["data"]["work_status"], "cancelled");
    assert_eq!(
        status(&editor, json!({"work_status": "pending"})).await.status,
        403
    );
    assert_eq!(
        status(&admin, json!({"work_status": "in_progress"})).await.status,
        409
    );
    let line = editor
        .post(format!("/api/vendor-orders/{}/line-items", id(&order)))
        .json(&json!({"item_name": "a", "quantity": 1, "unit_price": 1}))
        .send()
        .await;
    assert_eq!(line.status, 409);
    let again = status(&admin, json!({"status": "pending"})).await.expect(200);
    assert_eq!(
        (&again["data"]["status"], &again["data"]["work_status"]),
        (&json!("pending"), &json!("pending"))
    );
    // Words that it has are no wish, and need no right.
    let version = again["data"]["version"].clone();
    let same = status(&editor, json!({"status": "Pending", "work_status": "pending"}))
        .await
        .expect(200);
    assert_eq!(same["data"]["version"], version);
    app.expect_kept_totals_as_recounted().await;
}

/// The last id that an order got, of one that was refused too.
async fn last_id(app: &TestApp) -> i64 {
    app.value(r#"SELECT last_value FROM "Finances".vendor_order_id_seq"#)
        .await
}

#[tokio::test]
async fn a_number_is_given_once_to_the_live_orders_of_a_project_and_vendor() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let (project, other) = (app.project("Site A").await, app.project("Site B").await);
    let vendor = vendor(&app, "ABC", "active").await;
    let body = json!({"vendor_id": vendor, "po_number": "VO-7"});
    let first = placed(&editor, project, body.clone()).await;

    let taken = place(
        &editor,
        project,
        json!({"vendor_id": vendor, "po_number": "vo-7"}),
    )
    .await;

    assert_eq!(
        (taken.status, faults(&taken)),
        (409, vec!["po_number: value_error".to_owned()])
    );
    placed(&editor, other, body.clone()).await;
    placed(&editor, project, json!({"po_number": "VO-7"})).await;
    let second = placed(
        &editor,
        project,
        json!({"vendor_id": vendor, "po_number": "VO-8"}),
    )
    .await;
    assert_eq!(
        change(&editor, &second, json!({"po_number": "VO-7"}))
            .await
            .status,
        409
    );
    changed(&editor, &first, json!({"status": "cancelled"})).await;
    changed(&editor, &second, json!({"po_number": "VO-7"})).await;
    // One that is taken up again needs its number back.
    assert_eq!(
        change(&admin, &first, json!({"work_status": "pending"}))
            .await
            .status,
        409
    );

    placed(&editor, project, json!({"vendor_id": vendor, "po_number": "É-1"})).await;
    let same = place(&editor, project, json!({"vendor_id": vendor, "po_number": "é-1"})).await;
    assert_eq!(same.status, 409);
    // A number that nobody asked for steps aside.
    let next = format!("VO-{:06}", 2 + last_id(&app).await);
    let named = placed(&editor, project, json!({"po_number": next})).await;
    let unnamed = placed(&editor, project, json!({})).await;
    assert_eq!(named["po_number"], next);
    assert_eq!(unnamed["po_number"], format!("{next}-2"));

    let calls = (0..10)
        .map(|_| {
            editor
                .post(format!("/api/projects/{project}/vendor-orders"))
                .json(&json!({"vendor_id": vendor, "po_number": "VO-9"}))
        })
        .collect();
    let replies = race(calls).await;
    let made = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!((made, refused), (1, 9));
}

#[tokio::test]
async fn several_orders_are_placed_together_or_not_at_all() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, other) = (app.project("Site A").await, app.project("Site B").await);
    let (good, bad) = (
        vendor(&app, "ABC", "active").await,
        vendor(&app, "Banned", "blacklisted").await,
    );
    let po = app.client_po().project(other).insert().await;
    let bulk = |orders: Value| {
        let call = editor
            .post(format!("/api/projects/{project}/vendor-orders/bulk"))
            .json(&json!({"orders": orders}));
        async move { call.send().await }
    };

    let placed = bulk(json!([
        {"vendor_id": good, "amount": "10.10", "category": "Civil"},
        {"po_number": "B-2", "po_value": 20.2, "work_status": "in_progress"},
    ]))
    .await
    .expect(200);

    assert_eq!(placed["message"], "Created 2 vendor orders");
    assert_eq!(
        (&placed["count"], &placed["data"]["count"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(placed["data"]["vendor_orders"], placed["vendor_orders"]);
    let orders = placed["vendor_orders"].as_array().unwrap();
    assert_eq!(
        (
            &orders[0]["po_value"],
            &orders[0]["category"],
            &orders[1]["po_number"]
        ),
        (&money("10.1"), &json!("Civil"), &json!("B-2"))
    );
    for (orders, status, expected) in [
        (
            json!([{"vendor_id": good}, {"vendor_id": 999_999}, {"client_po_id": 999_999, "vendor_id": 999_998}, {"client_po_id": po}]),
            422,
            vec![
                "orders[1].vendor_id: foreign_key",
                "orders[2].vendor_id: foreign_key",
                "orders[2].client_po_id: foreign_key",
                "orders[3].client_po_id: value_error",
            ],
        ),
        (
            json!([{"po_value": -1}, {"po_date": "x", "status": "zzz"}, 5]),
            422,
            vec![
                "orders[0].po_value: greater_than_equal",
                "orders[1].po_date: date_parsing",
                "orders[1].status: enum",
                "orders[2]: value_error",
            ],
        ),
        (
            json!([{"vendor_id": 999_999}, {}, {"po_value": -1, "vendor_id": 999_999}, 5, {"status": "rejected",
                    "work_status": "completed", "client_po_id": 999_999}]),
            422,
            vec![
                "orders[2].po_value: greater_than_equal",
                "orders[3]: value_error",
                "orders[4].work_status: value_error",
                "orders[0].vendor_id: foreign_key",
                "orders[4].client_po_id: foreign_key",
            ],
        ),
        (
            json!([{}, {"vendor_id": bad}, {"vendor_id": bad}]),
            409,
            vec![
                "orders[1].vendor_id: value_error",
                "orders[2].vendor_id: value_error",
            ],
        ),
        (
            json!([{"po_number": "N-1"}, {"po_number": "n-1"}, {"po_number": "b-2"}]),
            409,
            vec![
                "orders[1].po_number: value_error",
                "orders[2].po_number: value_error",
            ],
        ),
        (json!([{"status": "approved"}]), 403, vec![]),
        (json!([]), 422, vec!["orders: value_error"]),
    ] {
        let reply = bulk(orders.clone()).await;
        assert_eq!(
            (reply.status, faults(&reply)),
            (status, expected.into_iter().map(str::to_owned).collect()),
            "{orders}"
        );
    }
    let rows: i64 = app.value(r#"SELECT count(*) FROM "Finances".vendor_order"#).await;
    assert_eq!(rows, 2);
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn an_order_of_the_collection_is_of_the_project_of_its_po() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let (po, homeless) = (
        app.client_po().project(project).insert().await,
        app.client_po().insert().await,
    );
    let post = |body: Value| {
        let call = editor.post("/api/vendor-orders").json(&body);
        async move { call.send().await }
    };

    let reply = post(json!({"client_po_id": po, "po_value": 1})).await;

    let order = reply.expect(200)["vendor_order"].clone();
    assert_eq!(order["project_id"], project);
    assert_eq!(
        reply.header("location"),
        format!("/api/vendor-orders/{}", id(&order))
    );
    let named = post(json!({"project_id": project, "client_po_id": homeless}))
        .await
        .expect(200);
    assert_eq!(named["data"]["project_id"], project);
    let of_none = post(json!({"client_po_id": homeless})).await.expect(200)["vendor_order"].clone();
    assert_eq!(of_none["project_id"], Value::Null);
    // The project 0 stands for none.
    let renamed = changed(&editor, &of_none, json!({"description": "loose"})).await;
    assert_eq!(renamed["description"], "loose");
    assert_eq!(
        change(&editor, &json!({"id": order["id"]}), json!({}))
            .await
            .status,
        404
    );
    let unknown = post(json!({"project_id": 999, "client_po_id": 999, "vendor_id": 999})).await;
    assert_eq!(
        (unknown.status, faults(&unknown)),
        (
            422,
            ["project_id", "vendor_id", "client_po_id"]
                .map(|field| format!("{field}: foreign_key"))
                .to_vec()
        )
    );
}

#[tokio::test]
async fn a_change_that_cannot_be_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, other) = (app.project("Site A").await, app.project("Site B").await);
    let (vendor_a, banned) = (
        vendor(&app, "ABC", "active").await,
        vendor(&app, "Banned", "blacklisted").await,
    );
    let vendor_b = vendor(&app, "DEF", "active").await;
    let po = app.client_po().project(other).insert().await;
    let order = placed(&editor, project, json!({"vendor_id": vendor_a, "po_value": 100})).await;

    for (body, status, expected) in [
        (json!({"vendor_id": banned}), 409, "vendor_id: value_error"),
        (json!({"vendor_id": 999_999}), 422, "vendor_id: foreign_key"),
        (json!({"client_po_id": po}), 422, "client_po_id: value_error"),
        (json!({"po_number": ""}), 422, "po_number: string_too_short"),
        (json!({"po_value": "much"}), 422, "po_value: decimal_parsing"),
        (
            json!({"amount": 10_000_000_000_000_i64}),
            422,
            "amount: less_than_equal",
        ),
        (json!({"currency": "USD"}), 422, "currency: enum"),
        (
            json!({"status": "rejected", "work_status": "in_progress"}),
            422,
            "work_status: value_error",
        ),
    ] {
        let reply = change(&editor, &order, body.clone()).await;
        assert_eq!(
            (reply.status, faults(&reply)),
            (status, vec![expected.to_owned()]),
            "{body}"
        );
    }
    let open = app.vendor_payment(id(&order), "10", "pending").await;
    changed(&editor, &order, json!({"vendor_id": vendor_b})).await;
    sqlx::query(r#"UPDATE "Finances".vendor_payment SET status = 'cleared' WHERE id = $1"#)
        .bind(open)
        .execute(&app.db)
        .await
        .unwrap();
    crate::support::builders::recount(&app.db).await;
    let paid = change(&editor, &order, json!({"vendor_id": vendor_a})).await;
    assert_eq!(
        (paid.status, faults(&paid)),
        (409, vec!["vendor_id: value_error".to_owned()])
    );
    let stale = editor
        .put(format!("/api/projects/{project}/vendor-orders/{}", id(&order)))
        .header("if-match", "\"1\"")
        .json(&json!({"description": "late"}))
        .send()
        .await;
    assert_eq!(stale.status, 412);
    let cleared = changed(
        &editor,
        &order,
        json!({"due_date": "2026-05-05", "category": "Civil"}),
    )
    .await;
    assert_eq!(cleared["due_date"], "2026-05-05");
    let cleared = changed(
        &editor,
        &order,
        json!({"due_date": "", "category": "", "po_date": ""}),
    )
    .await;
    expect(
        &cleared,
        &[
            ("due_date", Value::Null),
            ("category", Value::Null),
            ("po_date", Value::Null),
        ],
    );
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn an_order_goes_only_without_payments_and_links() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let project = app.project("Site A").await;
    let order = placed(&editor, project, json!({"po_value": 100})).await;
    add_line(
        &editor,
        &order,
        json!({"item_name": "a", "quantity": 1, "unit_price": 1}),
    )
    .await;
    let payment = app.vendor_payment(id(&order), "10", "bounced").await;
    let path = format!("/api/projects/{project}/vendor-orders/{}", id(&order));
    assert_eq!(editor.delete(&path).send().await.status, 403);

    let refused = admin.delete(&path).send().await;

    assert_eq!(
        (refused.status, faults(&refused)),
        (409, vec!["vendor_payment: still_referenced".to_owned()])
    );
    assert!(refused.text().contains("1 payment"), "{}", refused.text());
    sqlx::query(r#"DELETE FROM "Finances".vendor_payment WHERE id = $1"#)
        .bind(payment)
        .execute(&app.db)
        .await
        .unwrap();
    crate::support::builders::recount(&app.db).await;
    let wrong = admin
        .delete(format!("/api/projects/0/vendor-orders/{}", id(&order)))
        .send()
        .await;
    assert_eq!(wrong.status, 404);
    let gone = admin.delete(&path).send().await.expect(200);
    assert_eq!(
        gone["data"],
        json!({"success": true, "message": "Vendor order deleted", "vendor_order_id": id(&order)})
    );
    assert_eq!(admin.delete(&path).send().await.status, 404);
    assert_eq!(
        admin
            .delete(format!("/api/vendor-orders/{}", id(&order)))
            .send()
            .await
            .status,
        404
    );
    app.expect_kept_totals_as_recounted().await;
}

/// Three orders of two categories in two projects: 100 and 200 of `Civil`, one of them cancelled, and 50.05 of none.
async fn some_orders(app: &TestApp, editor: &Caller) -> (i64, i64, i64) {
    let (project, other) = (app.project("Site A").await, app.project("100% Site_B").await);
    let vendor = vendor(app, "ABC", "active").await;
    let body = json!({"po_value": 100, "category": "Civil", "vendor_id": vendor, "po_number": "X_1"});
    placed(editor, project, body).await;
    let body =
        json!({"po_value": 200, "category": "Civil", "status": "cancelled", "description": "50% done"});
    placed(editor, project, body).await;
    placed(
        editor,
        other,
        json!({"po_value": "50.05", "payment_status": "paid"}),
    )
    .await;
    (project, other, vendor)
}

#[tokio::test]
async fn lists_show_categories_and_sums_over_live_orders() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, other, vendor) = some_orders(&app, &editor).await;
    let list = |path: String| {
        let call = editor.get(path);
        async move { call.send().await.expect(200) }
    };

    let all = list("/api/vendor-orders".to_owned()).await;

    expect(
        &all,
        &[
            ("vendor_order_count", json!(3)),
            ("total_count", json!(3)),
            ("total", json!(3)),
            ("total_value", money("150.05")),
            ("limit", json!(1000)),
        ],
    );
    for name in ["vendor_orders", "orders", "data"] {
        assert_eq!(all["data"][name], all["vendor_orders"], "{name}");
    }
    assert_eq!(all["data"]["categories"], all["categories"]);
    let categories: Vec<(&Value, &Value, &Value, usize)> = all["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|category| {
            let orders = category["orders"].as_array().unwrap().len();
            (
                &category["category"],
                &category["order_count"],
                &category["total_value"],
                orders,
            )
        })
        .collect();
    assert_eq!(
        categories,
        [
            (&json!("Civil"), &json!(2), &money("100"), 2),
            (&json!("Uncategorized"), &json!(1), &money("50.05"), 1)
        ]
    );
    // The page's categories, with the totals of all pages.
    let page = list("/api/vendor-orders?limit=1&skip=1".to_owned()).await;
    assert_eq!(page["vendor_order_count"], 1);
    assert_eq!(page["categories"].as_array().unwrap().len(), 1);
    assert_eq!(page["categories"][0]["order_count"], 2);

    let of_project = list(format!("/api/projects/{project}/vendor-orders")).await;
    assert_eq!(
        (&of_project["project_id"], &of_project["total_count"]),
        (&json!(project), &json!(2))
    );
    for (query, count, value) in [
        ("status=cancelled".to_owned(), 1, "0"),
        ("status=Pending".to_owned(), 2, "150.05"),
        ("work_status=cancelled".to_owned(), 1, "0"),
        ("payment_status=paid".to_owned(), 1, "50.05"),
        ("payment_status=unpaid".to_owned(), 2, "100"),
        (format!("vendor_id={vendor}"), 1, "100"),
        (format!("vendor_id={vendor}&project_id={other}"), 0, "0"),
        ("category=cIVIL".to_owned(), 2, "100"),
        ("category=Uncategorized".to_owned(), 1, "50.05"),
        ("category=civil&status=pending".to_owned(), 1, "100"),
        (format!("project_id={other}"), 1, "50.05"),
        ("search=x_1".to_owned(), 1, "100"),
        ("search=50%25".to_owned(), 1, "0"),
        ("search=site_b".to_owned(), 1, "50.05"),
        ("search=abc".to_owned(), 1, "100"),
        ("search=civil&category=civil".to_owned(), 2, "100"),
    ] {
        let found = list(format!("/api/vendor-orders?{query}")).await;
        assert_eq!(
            (&found["total_count"], &found["total_value"]),
            (&json!(count), &money(value)),
            "{query}"
        );
        let counted: i64 = found["categories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|category| category["order_count"].as_i64().unwrap())
            .sum();
        assert_eq!(counted, count, "{query}");
    }
    let found = list("/api/vendor-orders/search?query=%25".to_owned()).await;
    assert_eq!(
        (&found["query"], &found["total_count"], &found["limit"]),
        (&json!("%"), &json!(2), &json!(50))
    );
    let found = list("/api/vendor-orders/search?q=X_".to_owned()).await;
    assert_eq!(found["total_count"], 1);
    for (query, field) in [
        ("client_po_id=999999", "client_po_id"),
        ("vendor_id=999999", "vendor_id"),
        ("project_id=999999", "project_id"),
    ] {
        let unknown = editor.get(format!("/api/vendor-orders?{query}")).send().await;
        assert_eq!(
            (unknown.status, faults(&unknown)),
            (422, vec![format!("{field}: foreign_key")])
        );
    }
    let missing = editor.get("/api/vendor-orders/search").send().await;
    assert_eq!(
        (missing.status, faults(&missing)),
        (422, vec!["query: missing".to_owned()])
    );
    assert_eq!(
        editor
            .get("/api/projects/999999/vendor-orders")
            .send()
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn lines_are_listed_by_the_category_of_their_orders() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _, vendor) = some_orders(&app, &editor).await;
    let orders = editor.get("/api/vendor-orders?sort=id").send().await.expect(200);
    let [civil, cancelled, loose] = [0, 1, 2].map(|index| orders["vendor_orders"][index].clone());
    add_line(
        &editor,
        &civil,
        json!({"item_name": "a", "quantity": 2, "unit_price": "10.25"}),
    )
    .await;
    add_line(
        &editor,
        &loose,
        json!({"item_name": "b", "quantity": 1, "unit_price": 7, "vendor_id": vendor}),
    )
    .await;
    sqlx::query(
        r#"INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price)
           VALUES ($1, 'c', 1, 5, 5)"#,
    )
    .bind(id(&cancelled))
    .execute(&app.db)
    .await
    .unwrap();
    crate::support::builders::recount(&app.db).await;
    let list = |path: &str| {
        let call = editor.get(path);
        async move { call.send().await.expect(200) }
    };

    let lines = list("/api/vendor-orders/by-category/CIVIL/line-items").await;

    expect(
        &lines,
        &[
            ("category", json!("CIVIL")),
            ("line_item_count", json!(2)),
            ("total_count", json!(2)),
            ("total_value", money("20.5")),
        ],
    );
    assert_eq!(lines["data"]["line_items"], lines["line_items"]);
    expect(
        &lines["line_items"][0],
        &[
            ("item_name", json!("a")),
            ("total_price", money("20.5")),
            // The line names nobody; the order does.
            ("vendor_id", Value::Null),
            ("vendor_name", json!("ABC")),
            ("po_number", json!("X_1")),
            ("project_id", json!(project)),
            ("project_name", json!("Site A")),
            ("category", json!("Civil")),
            ("work_status", json!("pending")),
        ],
    );
    for category in ["Uncategorized", "general", "GENERAL"] {
        let found = list(&format!("/api/vendor-orders/by-category/{category}/line-items")).await;
        assert_eq!(
            (&found["total_count"], &found["total_value"]),
            (&json!(1), &money("7")),
            "{category}"
        );
    }
    let none = list("/api/vendor-orders/by-category/No%20such%2Fthing/line-items").await;
    assert_eq!(
        (&none["category"], &none["total_count"]),
        (&json!("No such/thing"), &json!(0))
    );
    let page = list(&format!(
        "/api/vendor-orders/by-category/civil/line-items?project_id={project}&limit=1"
    ))
    .await;
    assert_eq!(
        (&page["line_item_count"], &page["total_count"]),
        (&json!(1), &json!(2))
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = list(&format!(
        "/api/vendor-orders/by-category/civil/line-items?project_id={project}&limit=1&cursor={cursor}"
    ))
    .await;
    assert_eq!(next["line_items"][0]["item_name"], "c");
}

#[tokio::test]
async fn a_line_that_cannot_be_is_refused_and_leaves_the_order_alone() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let banned = vendor(&app, "Banned", "blacklisted").await;
    let order = placed(&editor, project, json!({"po_value": 100})).await;
    let path = format!("/api/vendor-orders/{}/line-items", id(&order));

    for (body, status, expected) in [
        (
            json!({}),
            422,
            vec!["item_name: missing", "quantity: missing", "unit_price: missing"],
        ),
        (
            json!({"item_name": "", "quantity": 0, "unit_price": -1, "status": "zzz", "delivery_progress": 101, "order_date": "x"}),
            422,
            vec![
                "item_name: string_too_short",
                "quantity: greater_than",
                "unit_price: greater_than_equal",
                "status: enum",
                "delivery_progress: less_than_equal",
                "order_date: date_parsing",
            ],
        ),
        (
            json!({"item_name": "a", "quantity": 99_999_999_999_i64, "unit_price": 101}),
            422,
            vec!["quantity: less_than_equal"],
        ),
        (
            json!({"item_name": "a", "quantity": 1, "unit_price": 1, "vendor_id": 999_999, "client_line_item_id": 999_999}),
            422,
            vec!["client_line_item_id: foreign_key", "vendor_id: foreign_key"],
        ),
        (
            json!({"item_name": "a", "quantity": 1, "unit_price": 1, "vendor_id": banned}),
            409,
            vec!["vendor_id: value_error"],
        ),
    ] {
        let reply = editor.post(&path).json(&body).send().await;
        assert_eq!(
            (reply.status, faults(&reply)),
            (status, expected.into_iter().map(str::to_owned).collect()),
            "{body}"
        );
    }
    let big = json!({"item_name": "a", "quantity": 99_999_999_999_i64, "unit_price": 99});
    editor.post(&path).json(&big).send().await.expect(200);
    let too_much = editor.post(&path).json(&big).send().await;
    assert_eq!(
        (too_much.status, faults(&too_much)),
        (422, vec!["quantity: less_than_equal".to_owned()])
    );
    assert_eq!(shown(&editor, &order).await["line_item_count"], 1);
    for path in [
        "/api/vendor-line-items/999999",
        "/api/vendor-orders/line-items/999999",
    ] {
        assert_eq!(editor.put(path).json(&json!({})).send().await.status, 404);
        assert_eq!(editor.delete(path).send().await.status, 404);
    }
    assert_eq!(
        editor
            .post("/api/vendor-orders/999999/line-items")
            .json(&json!({"item_name": "a", "quantity": 1, "unit_price": 1}))
            .send()
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn many_lines_at_once_all_count() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let order = placed(&editor, project, json!({"po_value": 1})).await;

    let calls = (0..30)
        .map(|_| {
            editor
                .post(format!("/api/vendor-orders/{}/line-items", id(&order)))
                .json(&json!({"item_name": "a", "quantity": 3, "unit_price": "333.335"}))
        })
        .collect();
    for reply in race(calls).await {
        reply.expect(200);
    }

    // 30 × 1000.01
    expect(
        &shown(&editor, &order).await,
        &[
            ("po_value", money("30000.3")),
            ("line_item_count", json!(30)),
            ("version", json!(31)),
        ],
    );
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn an_order_that_is_placed_twice_under_one_key_is_placed_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let call = || {
        editor
            .post(format!("/api/projects/{project}/vendor-orders"))
            .header("idempotency-key", "one")
            .json(&json!({"po_value": 5}))
    };

    let first = call().send().await;
    let second = call().send().await;

    assert_eq!(first.expect(200), second.expect(200));
    assert_eq!(second.header("idempotency-replayed"), "true");
    let entries: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE entity = 'vendor_order' AND action = 'created'"#)
        .await;
    assert_eq!(entries, 1);
}
