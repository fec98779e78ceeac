//! The routes below `/payments`: both ledgers, the state machine, batches and the history.

use serde_json::{Value, json};

use crate::support::{TestApp, callers::fault_list, money, race};

fn ids(list: &Value) -> Vec<i64> {
    let rows = list["payments"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// A vendor and a live order of it over this value.
async fn order(app: &TestApp, value: &str) -> (i64, i64) {
    let project = app.project(&format!("P {}", uuid::Uuid::new_v4().simple())).await;
    let order = app.vendor_order(project, value, "approved").await;
    let vendor = sqlx::query_scalar(r#"SELECT vendor_id FROM "Finances".vendor_order WHERE id = $1"#)
        .bind(order)
        .fetch_one(&app.db)
        .await
        .unwrap();
    (vendor, order)
}

#[tokio::test]
async fn a_client_payment_is_recorded_shown_changed_and_deleted() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let (editor, admin) = (app.editor().await, app.admin().await);

    let reply = editor
        .post("/api/payments")
        .json(&json!({"client_po_id": po.to_string(), "payment_date": "2026-03-01", "amount": 400, "payment_mode": "neft"}))
        .send()
        .await;
    let body = reply.expect(200);
    let id = body["payment_id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/payments/{id}"));
    assert_eq!(body["data"]["status"], "pending");

    let path = format!("/api/payments/{id}");
    let shown = editor.get(&path).send().await;
    let body = shown.expect(200);
    assert_eq!(shown.header("etag").split('-').next(), Some("\"1"));
    assert_eq!(
        (&body["payment_id"], &body["amount"], &body["payment_status"]),
        (&json!(id), &money("400"), &json!("pending"))
    );
    assert_eq!(body["payment"], body["data"]);

    let changed = editor
        .put(&path)
        .header("if-match", "\"1\"")
        .json(
            &json!({"amount": 500, "status": "Cleared", "notes": "by hand", "payment_mode": "", "po_id": po}),
        )
        .send()
        .await
        .expect(200);
    assert_eq!(changed["message"], "Payment updated");
    assert_eq!(changed["payment"], changed["data"]);
    assert_eq!(
        (
            &changed["data"]["amount"],
            &changed["data"]["status"],
            &changed["data"]["version"]
        ),
        (&money("500"), &json!("cleared"), &json!(2))
    );
    assert_eq!(changed["data"]["payment_mode"], "neft");
    editor
        .put(&path)
        .header("if-match", "\"1\"")
        .json(&json!({"notes": null}))
        .send()
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let same = editor
        .put(&path)
        .json(&json!({"unknown": 1}))
        .send()
        .await
        .expect(200);
    assert_eq!(same["data"]["version"], 2);
    let cleared = editor
        .put(&path)
        .json(&json!({"notes": null}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&cleared["data"]["notes"], &cleared["data"]["version"]),
        (&Value::Null, &json!(3))
    );
    assert_eq!(app.totals_that_are_off().await, 0);

    editor.delete(&path).send().await.expect_error(403, "FORBIDDEN");
    admin
        .delete(&path)
        .header("if-match", "\"2\"")
        .send()
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let deleted = admin.delete(&path).send().await.expect(200);
    assert_eq!(
        (&deleted["success"], &deleted["data"]["payment_id"]),
        (&json!(true), &json!(id))
    );
    for reply in [
        editor.get(&path).send().await,
        editor.put(&path).json(&json!({"amount": 1})).send().await,
        admin.delete(&path).send().await,
        editor.get(format!("{path}/status")).send().await,
        editor
            .put(format!("{path}/status"))
            .json(&json!({"status": "pending"}))
            .send()
            .await,
        editor.put(format!("{path}/reconcile")).send().await,
    ] {
        reply.expect_error(404, "NOT_FOUND");
    }
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn the_history_tells_each_status_with_who_and_why() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("1000", "0").insert().await;
    app.payment(po, "credit", "500", "cleared").await;
    let editor = app.editor().await;
    let id = editor
        .post(format!("/api/po/{po}/payments"))
        .json(&json!({"payment_date": "2026-03-01", "amount": 300, "payment_mode": "upi"}))
        .send()
        .await
        .expect(200)["id"]
        .as_i64()
        .unwrap();
    let paid =
        async || editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"]["total_paid"].clone();
    assert_eq!(paid().await, money("500"));

    editor
        .put(format!("/api/payments/{id}/status"))
        .json(&json!({"status": "completed", "notes": "arrived"}))
        .send()
        .await
        .expect(200);
    assert_eq!(paid().await, money("800"));
    let done = editor
        .put(format!("/api/payments/{id}/reconcile"))
        .json(&json!({"reference_number": "BANK-7", "notes": "statement of March"}))
        .send()
        .await
        .expect(200);
    assert_eq!(done["message"], "Payment reconciled");
    assert_eq!(done["data"]["reference_number"], "BANK-7");
    assert!(done["data"]["reconciled_at"].is_string());
    assert_eq!(paid().await, money("800"));
    // Once more changes nothing.
    let again = editor
        .put(format!("/api/payments/{id}/reconcile"))
        .json(&json!({"reference_number": "BANK-8"}))
        .send()
        .await
        .expect(200);
    assert_eq!(again["data"], done["data"]);

    let history = app
        .viewer()
        .await
        .get(format!("/api/payments/{id}/status"))
        .send()
        .await
        .expect(200);
    assert_eq!(history["current_status"], "reconciled");
    assert_eq!(history["data"]["status_history"], history["status_history"]);
    let told: Vec<_> = history["status_history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            assert!(
                entry["timestamp"].is_string() && entry["changed_by"].is_string(),
                "{entry}"
            );
            (
                entry["old_status"].clone(),
                entry["status"].clone(),
                entry["notes"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Value::Null, json!("pending"), Value::Null),
            (json!("pending"), json!("completed"), json!("arrived")),
            (
                json!("completed"),
                json!("reconciled"),
                json!("statement of March")
            ),
        ]
    );
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn a_payment_of_another_program_begins_with_the_status_it_was_found_in() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let id = app.payment(po, "credit", "10", "pending").await;
    let editor = app.editor().await;
    let path = format!("/api/payments/{id}/status");
    let entries = async || {
        let body = editor.get(&path).send().await.expect(200);
        body["status_history"].as_array().unwrap().clone()
    };

    let found = entries().await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["status"], &found[0]["changed_by"]),
        (&json!("pending"), &Value::Null)
    );
    editor
        .put(&path)
        .json(&json!({"status": "failed"}))
        .send()
        .await
        .expect(200);

    let words: Vec<Value> = entries()
        .await
        .iter()
        .map(|entry| entry["status"].clone())
        .collect();
    assert_eq!(words, ["pending", "failed"]);
}

#[tokio::test]
async fn what_a_payment_must_not_become_is_refused() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let (viewer, editor, admin) = (app.viewer().await, app.editor().await, app.admin().await);
    for (from, to, by_editor, by_admin) in [
        ("pending", "reconciled", 409, 409),
        ("cleared", "pending", 409, 200),
        ("bounced", "cleared", 409, 200),
        ("bounced", "pending", 200, 200),
        ("reconciled", "cleared", 409, 200),
        ("reconciled", "bounced", 200, 200),
        ("cancelled", "cancelled", 200, 200),
    ] {
        for (caller, status) in [(&editor, by_editor), (&admin, by_admin)] {
            let id = app.payment(po, "credit", "10", from).await;
            let reply = caller
                .put(format!("/api/payments/{id}"))
                .json(&json!({"status": to}))
                .send()
                .await;
            assert_eq!(reply.status, status, "{from} to {to}: {}", reply.text());
        }
    }
    let id = app.payment(po, "credit", "10", "pending").await;
    editor
        .put(format!("/api/payments/{id}/reconcile"))
        .send()
        .await
        .expect_error(409, "CONFLICT");
    let reply = editor
        .put(format!("/api/payments/{id}/status"))
        .json(&json!({"notes": "n".repeat(1001)}))
        .send()
        .await;
    assert_eq!(reply.faults(), ["notes: string_too_long", "status: missing"]);
    for path in ["", "/status", "/reconcile"] {
        viewer
            .put(format!("/api/payments/{id}{path}"))
            .json(&json!({"status": "failed"}))
            .send()
            .await
            .expect_error(403, "FORBIDDEN");
    }
    for path in ["/status", "/reconcile"] {
        editor
            .put(format!("/api/payments/{id}{path}"))
            .header("if-match", "\"7\"")
            .json(&json!({"status": "failed"}))
            .send()
            .await
            .expect_error(412, "PRECONDITION_FAILED");
    }
}

#[tokio::test]
async fn a_paid_amount_is_an_admins_and_a_reconciled_one_is_nobodys() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let paid = format!(
        "/api/payments/{}",
        app.payment(po, "credit", "10", "cleared").await
    );

    for change in [json!({"amount": 11}), json!({"payment_date": "2026-01-01"})] {
        editor
            .put(&paid)
            .json(&change)
            .send()
            .await
            .expect_error(403, "FORBIDDEN");
        admin.put(&paid).json(&change).send().await.expect(200);
    }
    // What stays as it is needs no right.
    editor
        .put(&paid)
        .json(&json!({"amount": "11.00", "notes": "seen"}))
        .send()
        .await
        .expect(200);
    editor.put(format!("{paid}/reconcile")).send().await.expect(200);
    admin
        .put(&paid)
        .json(&json!({"amount": 12}))
        .send()
        .await
        .expect_error(409, "CONFLICT");
    admin
        .put(&paid)
        .json(&json!({"status": "bounced", "reference_number": "R"}))
        .send()
        .await
        .expect_error(409, "CONFLICT");
    admin.delete(&paid).send().await.expect_error(409, "CONFLICT");
    let bounced = editor
        .put(&paid)
        .json(&json!({"status": "bounced", "notes": "returned"}))
        .send()
        .await
        .expect(200);
    assert_eq!(bounced["data"]["reconciled_at"], Value::Null);
    admin.delete(&paid).send().await.expect(200);
}

#[tokio::test]
async fn what_is_linked_of_a_payment_holds_it() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let id = app.payment(po, "credit", "100", "pending").await;
    let (_, order) = order(&app, "1000").await;
    sqlx::query(
        r#"
        INSERT INTO "Finances".payment_vendor_link (vendor_order_id, payment_id, link_type, amount_allocated)
        VALUES ($1, $2, 'incoming', 60)
        "#,
    )
    .bind(order)
    .bind(id)
    .execute(&app.db)
    .await
    .unwrap();
    let (editor, admin) = (app.editor().await, app.admin().await);
    let path = format!("/api/payments/{id}");

    let less = editor.put(&path).json(&json!({"amount": 59.99})).send().await;
    let less = less.expect_error(409, "CONFLICT");
    assert_eq!(fault_list(&less), ["amount: payment_overlinked"]);
    editor
        .put(&path)
        .json(&json!({"transaction_type": "debit"}))
        .send()
        .await
        .expect_error(409, "CONFLICT");
    let held = admin.delete(&path).send().await.expect_error(409, "CONFLICT");
    assert!(held["message"].as_str().unwrap().contains("VO-1"), "{held}");
    editor
        .put(&path)
        .json(&json!({"amount": 60}))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn bad_changes_are_named_field_by_field() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let id = app.payment(po, "credit", "100", "pending").await;
    let other = app.client_po().insert().await;
    let editor = app.editor().await;
    for (body, faults) in [
        (
            json!({"amount": 0, "status": "lost", "payment_date": "soon", "notes": 5}),
            vec![
                "amount: greater_than",
                "notes: value_error",
                "payment_date: date_parsing",
                "status: enum",
            ],
        ),
        (json!({"client_po_id": other}), vec!["po_id: value_error"]),
        (
            json!({"is_tds_deducted": true, "tds_amount": 101}),
            vec!["tds_amount: less_than_equal"],
        ),
    ] {
        let reply = editor.put(format!("/api/payments/{id}")).json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    let day = json!("2026-03-01");
    for (body, faults) in [
        (
            json!({"payment_date": day, "amount": 1, "payment_mode": "upi"}),
            vec!["po_id: missing"],
        ),
        (
            json!({"po_id": 999, "payment_date": day, "amount": 1, "payment_mode": "upi"}),
            vec!["po_id: foreign_key"],
        ),
        (
            json!({"vendor_id": 999, "payment_date": day, "amount": 1}),
            vec!["vendor_id: foreign_key"],
        ),
        (
            json!({"vendor_order_id": 999, "payment_date": day, "amount": 1}),
            vec!["vendor_order_id: foreign_key"],
        ),
        (
            json!({"vendor_id": 999, "payment_date": "2099-01-01", "amount": 1}),
            vec!["payment_date: less_than_equal"],
        ),
    ] {
        let reply = editor.post("/api/payments").json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    for (query, faults) in [
        ("kind=other", vec!["kind: enum"]),
        ("kind=client", vec!["vendor_id: value_error"]),
        ("kind=vendor", vec!["amount: missing", "payment_date: missing"]),
    ] {
        let reply = editor
            .post(format!("/api/payments?{query}"))
            .json(&json!({"vendor_id": 1}))
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
}

#[tokio::test]
async fn lists_filter_count_and_page() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let here = app.client_po().project(project).insert().await;
    let there = app.client_po().insert().await;
    let mut all = Vec::new();
    for (po, kind, amount, status) in [
        (here, "credit", "10", "pending"),
        (here, "credit", "20", "cleared"),
        (there, "debit", "30", "cleared"),
        (there, "credit", "40", "processing"),
        (there, "credit", "50", "reconciled"),
    ] {
        all.push(app.payment(po, kind, amount, status).await);
    }
    app.execute(
        r#"
        UPDATE "Finances".client_payment
           SET payment_date = DATE '2026-03-05', reference_number = 'R-2', batch_reference = 'B', payment_mode = 'upi'
         WHERE amount = 20;
        UPDATE "Finances".client_payment SET payment_date = NULL WHERE amount = 50;
        "#,
    )
    .await;
    let viewer = app.viewer().await;
    let [one, two, three, four, five] = all.try_into().unwrap();
    let by_po = (format!("po_id={here}"), format!("project_id={project}"));

    for (query, expected) in [
        ("", vec![two, four, three, one, five]),
        ("status=Cleared", vec![two, three]),
        ("status=pending, processing", vec![four, one]),
        (by_po.0.as_str(), vec![two, one]),
        (by_po.1.as_str(), vec![two, one]),
        ("client_id=1&sort=amount", vec![one, two, three, four, five]),
        ("transaction_type=DEBIT", vec![three]),
        ("min_amount=20&max_amount=40", vec![two, four, three]),
        (
            "payment_date_from=2026-03-01&payment_date_to=2026-03-31",
            vec![two],
        ),
        ("reference_number=R-2", vec![two]),
        ("batch_reference=B", vec![two]),
        ("payment_mode=UPI", vec![two]),
        ("kind=vendor", vec![]),
        ("kind=vendor&transaction_type=credit", vec![]),
        ("limit=2&skip=1", vec![four, three]),
    ] {
        let list = viewer
            .get(format!("/api/payments?{query}"))
            .send()
            .await
            .expect(200);
        assert_eq!(ids(&list), expected, "{query}");
        let total = if query.starts_with("limit") {
            5
        } else {
            expected.len()
        };
        assert_eq!(list["total_count"], total, "{query}");
        assert_eq!(list["payment_count"], expected.len(), "{query}");
        assert_eq!(list["data"]["data"], list["payments"], "{query}");
        assert_eq!(list["data"]["payments"], list["payments"], "{query}");
    }
    for (route, expected) in [
        ("pending?limit=50", vec![four, one]),
        ("reconciliation?client_id=1", vec![two, three]),
        ("reports/by-date?from=2026-03-05&to=2026-03-05", vec![two]),
    ] {
        let list = viewer
            .get(format!("/api/payments/{route}"))
            .send()
            .await
            .expect(200);
        assert_eq!(ids(&list), expected, "{route}");
        assert_eq!(list["total_count"], expected.len(), "{route}");
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = viewer
            .get(format!("/api/payments?limit=2&cursor={cursor}"))
            .send()
            .await
            .expect(200);
        seen.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, [two, four, three, one, five]);
}

#[tokio::test]
async fn bad_filters_are_named() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for (path, faults) in [
        ("?kind=both&status=lost", vec!["kind: enum", "status: enum"]),
        ("?kind=client&vendor_id=1", vec!["vendor_id: value_error"]),
        (
            "?payment_date_from=2026-02-02&payment_date_to=2026-02-01&min_amount=2&max_amount=1&limit=1001",
            vec![
                "limit: less_than_equal",
                "max_amount: greater_than_equal",
                "payment_date_to: greater_than_equal",
            ],
        ),
        (
            "?client_id=99&project_id=99&po_id=99",
            vec![
                "client_id: foreign_key",
                "po_id: foreign_key",
                "project_id: foreign_key",
            ],
        ),
        ("?vendor_id=99", vec!["vendor_id: foreign_key"]),
        ("/reports/by-date", vec!["from: missing", "to: missing"]),
        (
            "/reports/by-date?from=2026-02-02&to=2026-02-01",
            vec!["to: greater_than_equal"],
        ),
    ] {
        let reply = viewer.get(format!("/api/payments{path}")).send().await;
        assert_eq!(reply.faults(), faults, "{path}");
    }
}

#[tokio::test]
async fn a_batch_moves_all_or_none() {
    let app = TestApp::start().await;
    let first = app.client_po().insert().await;
    let second = app.client_po().insert().await;
    let a = app.payment(second, "credit", "100.50", "pending").await;
    let b = app.payment(first, "credit", "200", "pending").await;
    let cleared = app.payment(first, "credit", "1", "cleared").await;
    let editor = app.editor().await;
    let process = |ids: Value| {
        editor
            .post("/api/payments/bulk-process")
            .json(&json!({"payment_ids": ids, "batch_reference": "B-1", "processing_date": "2026-03-02", "notes": "run"}))
    };

    assert_eq!(
        process(json!([a, 999, b, 998])).send().await.faults(),
        ["payment_ids[1]: foreign_key", "payment_ids[3]: foreign_key"]
    );
    let refused = process(json!([a, cleared, b]))
        .send()
        .await
        .expect_error(409, "CONFLICT");
    assert_eq!(fault_list(&refused), ["payment_ids[1]: value_error"]);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_payment WHERE version > 1"#)
            .await,
        0
    );

    let done = process(json!([a, b])).send().await.expect(200);
    assert_eq!(done["message"], "Batch processing initiated");
    assert_eq!(done["batch_id"], "B-1");
    for place in [&done["data"], &done["data"]["data"]] {
        assert_eq!(place["total_amount"], money("300.5"));
        assert_eq!(
            (
                &place["payment_count"],
                &place["queue_position"],
                &place["processing_date"]
            ),
            (&json!(2), &json!(1), &json!("2026-03-02"))
        );
    }
    assert_eq!(done["data"]["payment_ids"], json!([a, b]));
    let listed = editor
        .get("/api/payments?batch_reference=B-1&status=processing")
        .send()
        .await
        .expect(200);
    assert_eq!(ids(&listed), [b, a]);

    let done = editor
        .post("/api/payments/bulk-complete")
        .json(&json!({"payment_ids": [b, a]}))
        .send()
        .await
        .expect(200);
    assert_eq!(done["message"], "Batch completed");
    assert!(
        done["batch_id"].as_str().unwrap().starts_with("BATCH-20"),
        "{done}"
    );
    assert_eq!(done["data"]["processing_date"], json!(app.clock().today()));
    let history = editor
        .get(format!("/api/payments/{a}/status"))
        .send()
        .await
        .expect(200);
    assert_eq!(history["status_history"][1]["notes"], "run");
    assert_eq!(history["status_history"][2]["status"], "completed");
    assert_eq!(app.totals_that_are_off().await, 0);

    for (body, faults) in [
        (
            json!({}),
            vec![
                "batch_reference: missing",
                "payment_ids: missing",
                "processing_date: missing",
            ],
        ),
        (
            json!({"payment_ids": [], "batch_reference": "b", "processing_date": "2026-03-02"}),
            vec!["payment_ids: value_error"],
        ),
        (
            json!({"payment_ids": [1, "1", -1, {}], "batch_reference": "b".repeat(101), "processing_date": "2026-03-02"}),
            vec![
                "batch_reference: string_too_long",
                "payment_ids[1]: value_error",
                "payment_ids[2]: int_parsing",
                "payment_ids[3]: int_parsing",
            ],
        ),
        (
            json!({"payment_ids": (1..=501).collect::<Vec<_>>(), "batch_reference": "b", "processing_date": "2026-03-02"}),
            vec!["payment_ids: value_error"],
        ),
    ] {
        let reply = editor.post("/api/payments/bulk-process").json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    let viewer = app.viewer().await;
    for route in ["bulk-process", "bulk-complete"] {
        viewer
            .post(format!("/api/payments/{route}"))
            .json(&json!({"payment_ids": [a]}))
            .send()
            .await
            .expect_error(403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn of_two_batches_at_once_one_gets_the_payments() {
    let app = TestApp::start().await;
    let first = app.client_po().insert().await;
    let second = app.client_po().insert().await;
    let a = app.payment(first, "credit", "1", "pending").await;
    let b = app.payment(second, "credit", "2", "pending").await;
    let editor = app.editor().await;

    let replies = race(
        [json!([a, b]), json!([b, a])]
            .into_iter()
            .map(|ids| {
                editor.post("/api/payments/bulk-process").json(
                    &json!({"payment_ids": ids, "batch_reference": "B", "processing_date": "2026-03-02"}),
                )
            })
            .collect(),
    )
    .await;

    assert_eq!([replies[0].status, replies[1].status], [200, 409]);
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn a_vendor_payment_goes_to_the_vendor_of_its_order() {
    let app = TestApp::start().await;
    let (vendor, order) = order(&app, "1000").await;
    let (editor, admin) = (app.editor().await, app.admin().await);

    let reply = editor
        .post("/api/payments")
        .json(&json!({"vendor_order_id": order, "payment_amount": "400.00", "date": "2026-03-01", "status": "COMPLETED",
            "reference": "UTR-1"}))
        .send()
        .await;
    let body = reply.expect(200);
    let id = body["payment_id"].as_i64().unwrap();
    assert_eq!(
        reply.header("location"),
        format!("/api/payments/{id}?kind=vendor")
    );
    let data = &body["data"];
    assert_eq!(data["kind"], "vendor");
    assert_eq!(
        (
            &data["vendor_id"],
            &data["vendor_order_id"],
            &data["payment_mode"]
        ),
        (&json!(vendor), &json!(order), &json!("bank_transfer"))
    );
    assert_eq!(
        data["vendor_details"],
        json!({"id": vendor, "name": "Example Works Pvt Ltd", "email": null})
    );
    for field in [
        "po_id",
        "client_id",
        "client_name",
        "po_number",
        "payment_stage",
        "transaction_type",
    ] {
        assert_eq!(data[field], Value::Null, "{field}");
    }
    // The same id in the clients' ledger is another payment, or none.
    editor
        .get(format!("/api/payments/{id}"))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    let path = format!("/api/payments/{id}?kind=vendor");
    assert_eq!(editor.get(&path).send().await.expect(200)["data"], *data);
    let twice = editor
        .post("/api/payments?kind=vendor")
        .json(&json!({"vendor_id": vendor, "amount": 400, "payment_date": "2026-03-02", "reference_number": "UTR-1"}))
        .send()
        .await;
    twice.expect_error(409, "CONFLICT");
    for filter in [
        format!("vendor_id={vendor}"),
        "kind=vendor&status=completed".to_owned(),
    ] {
        let list = editor
            .get(format!("/api/payments?{filter}"))
            .send()
            .await
            .expect(200);
        assert_eq!(
            (ids(&list), &list["total_count"]),
            (vec![id], &json!(1)),
            "{filter}"
        );
    }
    editor
        .put(&path)
        .json(&json!({"amount": 5}))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    editor
        .put(&path)
        .json(&json!({"vendor_id": vendor + 1}))
        .send()
        .await
        .expect_error(409, "CONFLICT");
    let changed = editor
        .put(&path)
        .json(&json!({"notes": "n", "reference_number": null}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (
            &changed["data"]["notes"],
            &changed["data"]["reference_number"],
            &changed["data"]["version"]
        ),
        (&json!("n"), &json!("UTR-1"), &json!(2))
    );
    editor
        .put(format!("/api/payments/{id}/reconcile?kind=vendor"))
        .send()
        .await
        .expect(200);
    let history = editor
        .get(format!("/api/payments/{id}/status?kind=vendor"))
        .send()
        .await
        .expect(200);
    assert_eq!(history["status_history"].as_array().unwrap().len(), 2);
    admin.delete(&path).send().await.expect_error(409, "CONFLICT");
    editor
        .put(format!("/api/payments/{id}/status?kind=vendor"))
        .json(&json!({"status": "cancelled"}))
        .send()
        .await
        .expect(200);
    admin.delete(&path).send().await.expect(200);
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn an_advance_takes_an_order_of_its_vendor_once() {
    let app = TestApp::start().await;
    let (vendor, own) = order(&app, "1000").await;
    let (other, foreign) = order(&app, "1000").await;
    let dead = app
        .vendor_order(app.project("Gone").await, "5", "cancelled")
        .await;
    let editor = app.editor().await;
    let advance = json!({"vendor_id": vendor, "amount": 100, "payment_date": "2026-03-01"});
    let id = editor
        .post("/api/payments")
        .json(&advance)
        .send()
        .await
        .expect(200)["id"]
        .clone();
    let path = format!("/api/payments/{id}?kind=vendor");

    for (body, status) in [
        (json!({"vendor_order_id": foreign}), 422),
        (json!({"vendor_order_id": 999}), 422),
        (json!({"vendor_order_id": dead}), 409),
        (json!({"vendor_order_id": own}), 200),
        (json!({"vendor_order_id": own}), 200),
        (json!({"vendor_order_id": foreign}), 409),
    ] {
        let reply = editor.put(&path).json(&body).send().await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
    for (body, status) in [
        (
            json!({"vendor_id": other, "vendor_order_id": own, "amount": 1, "payment_date": "2026-03-01"}),
            422,
        ),
        (
            json!({"vendor_order_id": dead, "amount": 1, "payment_date": "2026-03-01"}),
            409,
        ),
    ] {
        let reply = editor.post("/api/payments").json(&body).send().await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
    }
    editor
        .put(format!("/api/vendors/{vendor}"))
        .json(&json!({"status": "blacklisted"}))
        .send()
        .await
        .expect(200);
    editor
        .post("/api/payments")
        .json(&advance)
        .send()
        .await
        .expect_error(409, "CONFLICT");
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn a_reference_is_paid_once_even_at_once() {
    let app = TestApp::start().await;
    let (vendor, _) = order(&app, "1000").await;
    let editor = app.editor().await;
    let calls = (0..5)
        .map(|_| {
            editor.post("/api/payments").json(
                &json!({"vendor_id": vendor, "amount": 7, "payment_date": "2026-03-01", "reference_number": "U"}),
            )
        })
        .collect();

    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert_eq!(statuses, [200, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_batch_of_vendor_payments_moves_too() {
    let app = TestApp::start().await;
    let (_, order) = order(&app, "1000").await;
    let a = app.vendor_payment(order, "10", "pending").await;
    let b = app.vendor_payment(order, "20", "processing").await;
    app.execute(r#"SELECT "Finances".recount_kept_totals()"#).await;

    let done = app
        .editor()
        .await
        .post("/api/payments/bulk-complete?kind=vendor")
        .json(&json!({"payment_ids": [b, a], "batch_reference": "V"}))
        .send()
        .await
        .expect(200);

    assert_eq!(done["data"]["total_amount"], money("30"));
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn an_advance_may_be_for_a_project_and_two_ids_of_one_po_must_agree() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Delhi").await;
    let (one, other) = (app.client_po().insert().await, app.client_po().insert().await);
    app.execute(r#"INSERT INTO "Finances".vendor (id, name) VALUES (7, 'Example Works')"#)
        .await;
    let record = async |body: Value| editor.post("/api/payments").json(&body).send().await;

    let advance =
        record(json!({"vendor_id": 7, "amount": 5, "payment_date": "2026-01-01", "project_id": project}));
    assert_eq!(advance.await.expect(200)["data"]["project_id"], project);
    let listed = editor
        .get(format!("/api/payments?kind=vendor&project_id={project}"))
        .send()
        .await;
    assert_eq!(listed.expect(200)["total_count"], 1);
    let unknown =
        record(json!({"vendor_id": 7, "amount": 5, "payment_date": "2026-01-02", "project_id": 99999}));
    assert_eq!(unknown.await.faults(), ["project_id: foreign_key"]);

    for (second, is_fine) in [
        (json!(one), true),
        (json!(one.to_string()), true),
        (json!(other), false),
        (json!("junk"), false),
    ] {
        let body = json!({"po_id": one, "client_po_id": second, "amount": 5, "payment_date": "2026-01-01",
                          "payment_mode": "upi"});
        let reply = record(body).await;
        if is_fine {
            reply.expect(200);
        } else {
            assert_eq!(reply.faults(), ["client_po_id: value_error"]);
        }
    }
}

#[tokio::test]
async fn what_is_pending_or_to_be_reconciled_can_be_narrowed_but_not_widened() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    for status in ["pending", "processing", "cleared", "completed", "bounced"] {
        app.payment(po, "credit", "10", status).await;
    }
    let viewer = app.viewer().await;

    for (path, expected) in [
        ("pending", 2),
        ("pending?status=processing,bounced", 1),
        ("pending?status=bounced", 0),
        ("reconciliation", 2),
        ("reconciliation?status=cleared", 1),
        ("reconciliation?status=pending", 0),
    ] {
        let body = viewer
            .get(format!("/api/payments/{path}"))
            .send()
            .await
            .expect(200);
        assert_eq!(body["total_count"], expected, "{path}");
        assert_eq!(body["payments"].as_array().unwrap().len(), expected, "{path}");
    }
}
