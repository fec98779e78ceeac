//! The vendors' ledger: payments for orders, advances, their lists and sums.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Caller, fault_list},
    money, race,
    vendor_rows::{self, Order, advance, order_line, vendor},
};

fn ids(list: &Value) -> Vec<i64> {
    let rows = list["payments"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn recorded(caller: &Caller, path: &str, body: Value) -> Value {
    caller.post(path).json(&body).send().await.expect(200)
}

#[tokio::test]
async fn a_payment_for_an_order_is_recorded_shown_changed_and_deleted() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let project = app.project("Site A").await;
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("50000").of(steel).project(project).insert(&app).await;

    let reply = editor
        .post(format!("/api/vendor-orders/{order}/payments"))
        .json(&json!({
            "payment_amount": "20000.005", "date": "2026-02-17", "method": "Bank Transfer", "reference": " T1 ",
            "vendor_order_id": 999_999, "project_id": "x", "notes": "",
        }))
        .send()
        .await;

    let body = reply.expect(200);
    assert_eq!(reply.header("location"), "");
    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    assert_eq!(body["message"], "Vendor payment recorded");
    let id = body["payment_id"].as_i64().unwrap();
    let number: String = app
        .value(r#"SELECT po_number FROM "Finances".vendor_order"#)
        .await;
    let mut payment = body["payment"].clone();
    for field in ["created_at", "updated_at"] {
        assert!(payment[field].as_str().unwrap().ends_with('Z'), "{payment}");
        payment.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(
        payment,
        json!({
            "id": id, "payment_id": id, "vendor_id": steel, "vendor_name": "Example Steel", "vendor_order_id": order,
            "project_id": project, "po_number": number, "order_amount": money("50000"), "payment_date": "2026-02-17",
            "date": "2026-02-17", "amount": money("20000.01"), "payment_amount": money("20000.01"),
            "payment_mode": "bank_transfer", "payment_method": "bank_transfer", "reference_number": "T1",
            "status": "pending", "notes": null, "version": 1,
        })
    );
    let mut data = body["data"].clone();
    assert_eq!(data["payment"], body["payment"]);
    data.as_object_mut().unwrap().remove("payment");
    assert_eq!(data, body["payment"]);

    let path = format!("/api/vendor-payments/{id}");
    let changed = editor
        .put(&path)
        .header("if-match", "\"1-00\"")
        .json(&json!({"status": "COMPLETED", "payment_mode": "imap", "reference_number": "", "unknown": 1}))
        .send()
        .await
        .expect(200);
    assert_eq!(changed["message"], "Vendor payment updated");
    assert_eq!(
        (
            &changed["data"]["status"],
            &changed["data"]["payment_mode"],
            &changed["data"]["reference_number"],
            &changed["data"]["version"]
        ),
        (&json!("completed"), &json!("imps"), &Value::Null, &json!(2))
    );
    let same = editor
        .put(&path)
        .json(&json!({"status": "completed"}))
        .send()
        .await;
    assert_eq!(same.expect(200)["data"]["version"], 2);
    let stale = editor
        .put(&path)
        .header("if-match", "\"1-00\"")
        .json(&json!({"notes": "x"}))
        .send()
        .await;
    stale.expect_error(412, "PRECONDITION_FAILED");

    let found = editor.get(&path).send().await;
    let again = editor
        .get(&path)
        .header("if-none-match", found.header("etag"))
        .send()
        .await;
    assert_eq!(again.status, 304);
    let found = found.expect(200);
    assert!(found.get("message").is_none());
    assert_eq!(
        (&found["payment"]["links"], &found["data"]["allocated_amount"]),
        (&json!([]), &money("0"))
    );
    assert_eq!(found["data"]["payment"]["unallocated_amount"], money("20000.01"));

    editor.delete(&path).send().await.expect_error(403, "FORBIDDEN");
    let stale = admin.delete(&path).header("if-match", "\"1-00\"").send().await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    let gone = admin.delete(&path).header("if-match", "\"2-00\"").send().await;
    assert_eq!(
        gone.expect(200),
        json!({"status": "SUCCESS", "message": "Vendor payment deleted", "data": {"payment_id": id}})
    );
    admin.delete(&path).send().await.expect_error(404, "NOT_FOUND");
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn the_vendor_of_a_payment_follows_from_its_order() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (steel, paint) = (
        vendor(&app, "Example Steel").await,
        vendor(&app, "Example Paint").await,
    );
    let other = vendor(&app, "Example Glass").await;
    let own = Order::over("100").of(steel).insert(&app).await;
    let nobody = Order::over("100").insert(&app).await;
    let single = Order::over("0").insert(&app).await;
    order_line(&app, single, "10", Some(paint), None).await;
    order_line(&app, single, "10", Some(paint), None).await;
    let partly = Order::over("0").insert(&app).await;
    order_line(&app, partly, "10", Some(paint), None).await;
    order_line(&app, partly, "10", None, None).await;
    let several = Order::over("0").insert(&app).await;
    order_line(&app, several, "10", Some(paint), None).await;
    order_line(&app, several, "10", Some(steel), None).await;

    for (order, named, expected) in [
        (own, None, Ok(Some(steel))),
        (own, Some(steel), Ok(Some(steel))),
        (own, Some(paint), Err("vendor_id: value_error")),
        (nobody, None, Ok(None)),
        (nobody, Some(other), Ok(Some(other))),
        (single, None, Ok(Some(paint))),
        (single, Some(other), Err("vendor_id: value_error")),
        // Only what all its lines name goes without saying.
        (partly, None, Ok(None)),
        (partly, Some(paint), Ok(Some(paint))),
        (several, None, Err("vendor_id: missing")),
        (several, Some(steel), Ok(Some(steel))),
        (several, Some(other), Err("vendor_id: value_error")),
        (several, Some(999_999), Err("vendor_id: foreign_key")),
    ] {
        let reply = editor
            .post(format!("/api/vendor-orders/{order}/payments"))
            .json(&json!({"amount": 1, "payment_date": "2026-02-17", "vendor_id": named}))
            .send()
            .await;
        match expected {
            Ok(vendor) => {
                let body = reply.expect(200);
                assert_eq!(body["payment"]["vendor_id"], json!(vendor), "{order} {named:?}");
            }
            Err(fault) => assert_eq!(reply.faults(), [fault], "{order} {named:?}"),
        }
    }

    // Nobody is paid yet: only who the order's lines name can be.
    let unnamed: i64 = sqlx::query_scalar(
        r#"INSERT INTO "Finances".vendor_payment (vendor_order_id, amount, payment_date)
           VALUES ($1, 5, DATE '2026-01-01') RETURNING id"#,
    )
    .bind(several)
    .fetch_one(&app.db)
    .await
    .unwrap();
    let path = format!("/api/vendor-payments/{unnamed}");
    for (body, status) in [
        (json!({"vendor_id": other}), 422),
        (json!({"vendor_id": paint}), 200),
        (json!({"vendor_id": steel}), 409),
        (json!({"vendor_order_id": own}), 409),
        (json!({"vendor_order_id": several.to_string()}), 200),
    ] {
        let reply = editor.put(&path).json(&body).send().await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
}

#[tokio::test]
async fn an_order_that_was_given_up_and_a_blacklisted_vendor_are_not_paid() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Site A").await;
    let steel = vendor(&app, "Example Steel").await;
    let gone = Order::over("100")
        .of(steel)
        .project(project)
        .work_status("cancelled");
    let gone = gone.insert(&app).await;
    let live = Order::over("100").of(steel).project(project).insert(&app).await;
    let money_of = |order| json!({"vendor_order_id": order, "amount": 1, "payment_date": "2026-02-17"});

    for path in [
        format!("/api/vendor-orders/{gone}/payments"),
        format!("/api/projects/{project}/vendor-payments"),
        "/api/vendor-payments".to_owned(),
    ] {
        let reply = editor.post(path).json(&money_of(gone)).send().await;
        reply.expect_error(409, "CONFLICT");
    }
    app.execute(r#"UPDATE "Finances".vendor SET status = 'blacklisted'"#)
        .await;
    for body in [
        money_of(live),
        json!({"vendor_id": steel, "amount": 1, "payment_date": "2026-02-17"}),
    ] {
        let reply = editor.post("/api/vendor-payments").json(&body).send().await;
        reply.expect_error(409, "CONFLICT");
    }
    let payments: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".vendor_payment"#)
        .await;
    assert_eq!(payments, 0);
}

#[tokio::test]
async fn a_payment_of_a_project_is_for_one_of_its_orders() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let (project, other) = (app.project("Site A").await, app.project("Site B").await);
    let steel = vendor(&app, "Example Steel").await;
    let own = Order::over("100").of(steel).project(project).insert(&app).await;
    let foreign = Order::over("100").of(steel).project(other).insert(&app).await;
    let path = format!("/api/projects/{project}/vendor-payments");
    let body = |order| json!({"vendor_order_id": order, "amount": 40, "payment_date": "2026-02-17", "project_id": other});

    let reply = editor.post(&path).json(&body(foreign)).send().await;
    assert_eq!(reply.faults(), ["vendor_order_id: value_error"]);
    let reply = editor
        .post("/api/projects/999999/vendor-payments")
        .json(&body(own))
        .send()
        .await;
    reply.expect_error(404, "NOT_FOUND");
    let first = recorded(&editor, &path, body(own)).await;
    assert_eq!(first["payment"]["project_id"], project);
    // An advance for the project is the project's too.
    let advance = recorded(
        &editor,
        "/api/vendor-payments",
        json!({"vendor_id": steel, "project_id": project, "amount": 2, "payment_date": "2026-02-18", "status": "cleared"}),
    )
    .await;

    let list = viewer.get(&path).send().await.expect(200);
    assert_eq!(
        ids(&list),
        [
            advance["payment_id"].as_i64().unwrap(),
            first["payment_id"].as_i64().unwrap()
        ]
    );
    assert_eq!(list["total_paid"], money("2"));
    assert_eq!(
        viewer
            .get(format!("/api/projects/{other}/vendor-payments"))
            .send()
            .await
            .expect(200)["total_count"],
        0
    );
    viewer
        .get("/api/projects/999999/vendor-payments")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_advance_has_a_place_of_its_own_and_every_unknown_name_is_told_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;

    let reply = editor
        .post("/api/vendor-payments")
        .json(&json!({"vendor_id": steel.to_string(), "amount": 5, "payment_date": "2026-02-17", "status": "Processing"}))
        .send()
        .await;
    let body = reply.expect(200);
    let id = body["payment_id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/vendor-payments/{id}"));
    for (field, expected) in [
        ("vendor_order_id", Value::Null),
        ("project_id", Value::Null),
        ("po_number", Value::Null),
        ("order_amount", Value::Null),
        ("status", json!("processing")),
    ] {
        assert_eq!(body["payment"][field], expected, "{field}");
    }

    // Of an order without a project the payment may say for which it is.
    let project = app.project("Site A").await;
    let order = Order::over("100").of(steel).insert(&app).await;
    let body =
        json!({"vendor_order_id": order, "project_id": project, "amount": 5, "payment_date": "2026-02-17"});
    let body = recorded(&editor, "/api/vendor-payments", body).await;
    assert_eq!(body["payment"]["project_id"], project);

    let unknown = json!({"vendor_id": 999_998, "vendor_order_id": 999_998, "project_id": 999_998, "amount": 5, "payment_date": "2026-02-17"});
    let reply = editor.post("/api/vendor-payments").json(&unknown).send().await;
    assert_eq!(
        reply.faults(),
        [
            "project_id: foreign_key",
            "vendor_id: foreign_key",
            "vendor_order_id: foreign_key"
        ]
    );
    let unknown = json!({"vendor_order_id": 999_998});
    let reply = editor
        .put(format!("/api/vendor-payments/{id}"))
        .json(&unknown)
        .send()
        .await;
    assert_eq!(reply.faults(), ["vendor_order_id: foreign_key"]);
}

#[tokio::test]
async fn the_same_reference_vendor_and_amount_are_a_duplicate_while_the_other_lives() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("1000").of(steel).insert(&app).await;
    let body =
        |amount: &str| json!({"amount": amount, "payment_date": "2026-02-17", "reference_number": "UTR-7"});
    let path = format!("/api/vendor-orders/{order}/payments");
    let first = recorded(&editor, &path, body("10")).await["payment_id"].clone();

    let again = editor.post(&path).json(&body("10.001")).send().await;
    let refused = again.expect_error(409, "CONFLICT");
    assert_eq!(fault_list(&refused), ["reference_number: value_error"]);
    let mut advance = body("10");
    advance["vendor_id"] = steel.into();
    let again = editor.post("/api/vendor-payments").json(&advance).send().await;
    again.expect_error(409, "CONFLICT");

    recorded(&editor, &path, body("11")).await;
    let first = format!("/api/vendor-payments/{first}");
    let bounced = editor
        .put(&first)
        .json(&json!({"status": "bounced"}))
        .send()
        .await;
    bounced.expect(200);
    recorded(&editor, &path, body("10")).await;
    let revived = editor
        .put(&first)
        .json(&json!({"status": "pending"}))
        .send()
        .await;
    revived.expect_error(409, "CONFLICT");
    admin.delete(&first).send().await.expect(200);
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn what_was_paid_is_changed_by_an_admin_only_and_its_status_goes_its_way() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let order = Order::over("1000").insert(&app).await;
    let body = json!({"amount": 10, "payment_date": "2026-02-17", "status": "cleared"});
    let id =
        recorded(&editor, &format!("/api/vendor-orders/{order}/payments"), body).await["payment_id"].clone();
    let path = format!("/api/vendor-payments/{id}");

    for (body, by_editor, by_admin) in [
        (json!({"amount": 11}), 403, 200),
        (json!({"date": "2026-02-18"}), 403, 200),
        (json!({"status": "failed"}), 409, 200),
        (json!({"status": "reconciled"}), 409, 409),
        (json!({"status": "cleared"}), 409, 200),
        (json!({"notes": "paid by hand"}), 200, 200),
    ] {
        let reply = editor.put(&path).json(&body).send().await;
        assert_eq!(reply.status, by_editor, "{body}: {}", reply.text());
        let reply = admin.put(&path).json(&body).send().await;
        assert_eq!(reply.status, by_admin, "{body}: {}", reply.text());
    }
    let statuses: String = app
        .value(
            r#"SELECT string_agg(after ->> 'status', ' ' ORDER BY id) FROM "Finances".audit_entry
                WHERE entity = 'vendor_payment' AND after ->> 'status' IS NOT NULL"#,
        )
        .await;
    assert_eq!(statuses, "cleared failed cleared");
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn every_filter_of_the_ledger_narrows_it_and_the_sum_is_of_what_matches() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, elsewhere) = (app.project("Site A").await, app.project("Site B").await);
    let (steel, paint) = (
        vendor(&app, "Example Steel").await,
        vendor(&app, "Example Paint").await,
    );
    let order = Order::over("1000").of(steel).project(project).insert(&app).await;
    let path = format!("/api/vendor-orders/{order}/payments");
    let mut made = Vec::new();
    for (amount, day, status) in [
        ("10", "2026-01-01", "cleared"),
        ("20", "2026-01-02", "completed"),
        ("40", "2026-01-03", "pending"),
    ] {
        let body = json!({"amount": amount, "payment_date": day, "status": status});
        let answer = recorded(&editor, &path, body).await;
        made.push(answer["payment_id"].as_i64().unwrap());
    }
    for (vendor, amount, day, status) in [
        (steel, "80", "2026-01-03", "bounced"),
        (paint, "160", "2026-01-02", "cleared"),
    ] {
        let body = json!({"vendor_id": vendor, "amount": amount, "payment_date": day, "status": status});
        let answer = recorded(&editor, "/api/vendor-payments", body).await;
        made.push(answer["payment_id"].as_i64().unwrap());
    }
    // One that names no vendor is its order's.
    let unnamed = app.vendor_payment(order, "320", "cleared").await;
    made.push(unnamed);
    let [early, second, open, bounced, other, unnamed] = made[..] else {
        panic!("{made:?}")
    };

    for (query, rows, paid) in [
        (
            String::new(),
            vec![unnamed, bounced, open, other, second, early],
            "510",
        ),
        (
            format!("vendor_id={steel}"),
            vec![unnamed, bounced, open, second, early],
            "350",
        ),
        (
            format!("vendor_id={paint}&status=cleared,pending"),
            vec![other],
            "160",
        ),
        (
            format!("vendor_order_id={order}"),
            vec![unnamed, open, second, early],
            "350",
        ),
        (format!("project_id={project}"), vec![open, second, early], "30"),
        (format!("project_id={elsewhere}"), vec![], "0"),
        (
            format!("project_id={project}&vendor_id={steel}"),
            vec![open, second, early],
            "30",
        ),
        ("status=cleared".to_owned(), vec![unnamed, other, early], "490"),
        ("status=pending,bounced".to_owned(), vec![bounced, open], "0"),
        (
            "payment_date_from=2026-01-02&payment_date_to=2026-01-02".to_owned(),
            vec![other, second],
            "180",
        ),
        (
            "min_amount=20&max_amount=80".to_owned(),
            vec![bounced, open, second],
            "20",
        ),
        ("sort=amount&limit=2".to_owned(), vec![early, second], "510"),
        (
            "sort=-status,payment_date&limit=3".to_owned(),
            vec![open, second, early],
            "510",
        ),
        ("skip=4".to_owned(), vec![second, early], "510"),
    ] {
        let list = editor.get(format!("/api/vendor-payments?{query}")).send().await;
        let list = list.expect(200);
        assert_eq!(ids(&list), rows, "{query}");
        assert_eq!(list["total_paid"], money(paid), "{query}");
        assert_eq!(list["payment_count"], rows.len(), "{query}");
        for name in ["payments", "vendor_payments", "data"] {
            assert_eq!(list["data"][name], list["payments"], "{query}");
        }
        assert_eq!(list["vendor_payments"], list["payments"], "{query}");
        assert_eq!(list["data"]["total_count"], list["total"], "{query}");
    }
    let unknown = editor
        .get("/api/vendor-payments?vendor_id=999999&project_id=999999&vendor_order_id=999999")
        .send()
        .await;
    assert_eq!(
        unknown.faults(),
        [
            "project_id: foreign_key",
            "vendor_id: foreign_key",
            "vendor_order_id: foreign_key"
        ]
    );

    // A cursor goes through all of them, and so does the place of a page.
    for (query, rows) in [
        (String::new(), vec![unnamed, bounced, open, other, second, early]),
        (
            format!("&vendor_id={steel}"),
            vec![unnamed, bounced, open, second, early],
        ),
        (format!("&vendor_id={steel}&status=cleared"), vec![unnamed, early]),
    ] {
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = format!("/api/vendor-payments?limit=2{query}{next}");
            let list = editor.get(page).send().await.expect(200);
            seen.extend(ids(&list));
            let Some(cursor) = list["next_cursor"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(seen, rows, "{query}");
        for skip in 0..rows.len() {
            let page = format!("/api/vendor-payments?limit=2&skip={skip}{query}");
            let list = editor.get(page).send().await.expect(200);
            let expected: Vec<i64> = rows.iter().copied().skip(skip).take(2).collect();
            assert_eq!(ids(&list), expected, "{query} {skip}");
        }
    }
}

#[tokio::test]
async fn an_order_shows_its_payments_with_sums_over_all_of_them() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("50000").of(steel).insert(&app).await;
    let path = format!("/api/vendor-orders/{order}/payments");
    for (amount, day, status) in [
        ("20000", "2026-02-01", "completed"),
        ("5000", "2026-02-02", "cleared"),
        ("10000", "2026-02-03", "processing"),
        ("7", "2026-02-04", "bounced"),
        ("8", "2026-02-05", "failed"),
        ("9", "2026-02-06", "cancelled"),
    ] {
        let body = json!({"amount": amount, "payment_date": day, "status": status});
        recorded(&editor, &path, body).await;
    }
    let advance = advance(&app, steel, "1000", "cleared").await;
    let body = json!({"link_type": "outgoing", "vendor_payment_id": advance, "amount": 600});
    recorded(&editor, &format!("/api/vendor-orders/{order}/link-payment"), body).await;

    let list = viewer.get(format!("{path}?limit=2")).send().await.expect(200);

    assert_eq!(
        list["summary"],
        json!({
            "total_cleared": money("25000"), "total_pending": money("10000"), "total_bounced": money("7"),
            "total_failed": money("8"), "total_cancelled": money("9"), "total_paid": money("25600"), "cleared_count": 2,
            "pending_count": 1, "bounced_count": 1, "failed_count": 1, "cancelled_count": 1,
            "po_value": money("50000"), "pending_amount": money("24400"),
        })
    );
    assert_eq!(
        (&list["payment_count"], &list["total_count"]),
        (&json!(2), &json!(6))
    );
    assert_eq!(list["vendor_order_id"], order);
    assert_eq!(list["payments"][0]["payment_date"], "2026-02-06");
    for name in ["payments", "summary", "vendor_order_id", "payment_count"] {
        assert_eq!(list["data"][name], list[name], "{name}");
    }
    let filtered = viewer
        .get(format!("{path}?status=cleared"))
        .send()
        .await
        .expect(200);
    assert_eq!(filtered["total_count"], 1);
    assert_eq!(filtered["summary"], list["summary"]);
    let unknown = viewer.get("/api/vendor-orders/999999/payments").send().await;
    unknown.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn more_than_an_order_is_worth_may_be_paid_and_a_repeat_pays_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let order = Order::over("100").insert(&app).await;
    let path = format!("/api/vendor-orders/{order}/payments");
    let body = json!({"amount": 150, "payment_date": "2026-02-17", "status": "cleared"});

    let calls = (0..4).map(|_| editor.post(&path).header("idempotency-key", "pay-1").json(&body));
    let replies = race(calls.collect()).await;
    assert!(replies.iter().any(|reply| reply.status == 200));
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 409)));
    let again = editor.post(&path).header("idempotency-key", "pay-1").json(&body);
    assert_eq!(again.send().await.header("idempotency-replayed"), "true");
    let other = editor
        .post(&path)
        .header("idempotency-key", "pay-1")
        .json(&json!({"amount": 1, "payment_date": "2026-02-17"}));
    assert_eq!(other.send().await.faults(), ["Idempotency-Key: value_error"]);

    let list = editor.get(&path).send().await.expect(200);
    assert_eq!(list["total_count"], 1);
    assert_eq!(
        (&list["summary"]["total_paid"], &list["summary"]["pending_amount"]),
        (&money("150"), &money("0"))
    );
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn payments_at_once_for_one_order_all_count() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("1000").of(steel).insert(&app).await;
    let path = format!("/api/vendor-orders/{order}/payments");
    let advance = vendor_rows::advance(&app, steel, "100", "pending").await;

    let mut calls: Vec<_> = (1..=30)
        .map(|n| {
            let status = if n % 3 == 0 { "pending" } else { "cleared" };
            editor
                .post(&path)
                .json(&json!({"amount": n, "payment_date": "2026-02-17", "status": status}))
        })
        .collect();
    // Of all that want the advance for the order, one has to change it.
    calls.extend((0..10).map(|_| {
        editor
            .put(format!("/api/vendor-payments/{advance}"))
            .json(&json!({"vendor_order_id": order, "status": "cleared"}))
    }));
    for reply in race(calls).await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    let list = editor.get(&path).send().await.expect(200);
    // Σ 1..30 − Σ 3, 6 … 30 + 100
    assert_eq!(list["summary"]["total_paid"], money("400"));
    assert_eq!(list["total_count"], 31);
    let version: i32 = app
        .value(r#"SELECT max(version) FROM "Finances".vendor_payment"#)
        .await;
    assert_eq!(version, 2);
    app.expect_kept_totals_as_recounted().await;
}
