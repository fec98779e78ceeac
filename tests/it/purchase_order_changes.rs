//! Client POs: change them, move them into another project, choose a project's primary one.

use serde_json::{Value, json};

use super::purchase_order_writes::expect_true_totals;
use crate::support::{TestApp, builders::recount, callers::Caller, money, race};

/// The PO as it is shown.
async fn po(caller: &Caller, id: i64) -> Value {
    caller.get(format!("/api/po/{id}")).send().await.expect(200)["data"].clone()
}

async fn put(caller: &Caller, id: i64, body: Value) -> Value {
    caller
        .put(format!("/api/po/{id}"))
        .json(&body)
        .send()
        .await
        .expect(200)
}

#[tokio::test]
async fn fields_are_set_kept_and_cleared() {
    let app = TestApp::start().await;
    let parent = app.client_po().insert().await;
    let id = app
        .client_po()
        .number("PO-1")
        .store("ST-1")
        .date("2026-01-01")
        .insert()
        .await;
    let editor = app.editor().await;

    let reply = editor
        .put(format!("/api/po/{id}"))
        .json(&json!({
            "po_number": "PO-2", "po_date": "2026-02-10", "pi_number": "PI-1", "pi_date": "2026-02-09", "notes": "n",
            "status": "Completed", "store_id": null, "parent_po_id": parent.to_string(), "payment_status": "paid",
        }))
        .send()
        .await;

    let body = reply.expect(200);
    assert_eq!(body["message"], "PO updated");
    assert_eq!(body["po"], body["data"]);
    assert_eq!(reply.header("etag").split('-').next(), Some("\"2"));
    for (field, value) in [
        ("po_number", json!("PO-2")),
        ("po_date", json!("2026-02-10")),
        ("pi_number", json!("PI-1")),
        ("pi_date", json!("2026-02-09")),
        ("notes", json!("n")),
        ("status", json!("completed")),
        ("store_id", json!("ST-1")),
        ("parent_po_id", json!(parent)),
        ("po_value", money("1000")),
        ("payment_status", json!("pending")),
        ("version", json!(2)),
        ("line_items", json!([])),
    ] {
        assert_eq!(body["po"][field], value, "{field}");
    }
    let cleared = put(
        &editor,
        id,
        json!({"po_number": "", "po_date": "", "pi_number": "", "pi_date": "", "notes": " ", "store_id": ""}),
    )
    .await;
    for field in [
        "po_number",
        "po_date",
        "pi_number",
        "pi_date",
        "notes",
        "store_id",
    ] {
        assert!(cleared["po"][field].is_null(), "{field}");
    }
    assert_eq!(cleared["po"]["status"], "completed");
    let entries: String = app
        .value(r#"SELECT string_agg(action, ' ' ORDER BY id) FROM "Finances".audit_entry"#)
        .await;
    assert_eq!(entries, "updated status_changed updated");
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_trace() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let id = app
        .client_po()
        .project(project)
        .number("PO-1")
        .stated("118", "18")
        .insert()
        .await;
    let editor = app.editor().await;
    for body in [
        json!({}),
        json!({"payment_status": "paid", "unknown": 1}),
        json!({"po_number": "PO-1", "po_value": "118.00", "total_tax": 18, "status": "PENDING", "project_id": project}),
        json!({"po_value": "", "status": null, "value_basis": "stated", "parent_po_id": null}),
    ] {
        let shown = put(&editor, id, body.clone()).await;
        assert_eq!(shown["po"]["version"], 1, "{body}");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".audit_entry"#)
            .await,
        0
    );
}

#[tokio::test]
async fn a_new_value_leaves_what_was_paid() {
    let app = TestApp::start().await;
    let id = app.client_po().insert().await;
    app.payment(id, "credit", "400", "cleared").await;

    let changed = put(
        &app.editor().await,
        id,
        json!({"po_value": 1500, "stated_tax": 228.81}),
    )
    .await;

    assert_eq!(changed["po"]["po_value"], money("1500"));
    assert_eq!(changed["po"]["net_value"], money("1271.19"));
    assert_eq!(changed["po"]["receivable_amount"], money("1100"));
    assert_eq!(changed["po"]["payment_status"], "partial");
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn with_lines_a_stated_value_only_shows_the_gap() {
    let app = TestApp::start().await;
    let id = app.client_po().stated("500", "50").insert().await;
    let editor = app.editor().await;
    editor
        .post(format!("/api/po/{id}/line-items"))
        .json(&json!({"item_name": "a", "quantity": 2, "unit_price": 50, "tax_rate": 18}))
        .send()
        .await
        .expect(200);

    // the present figures, which a dialog sends back, are no statement
    let same = put(
        &editor,
        id,
        json!({"po_value": 118, "total_tax": 18, "notes": "n"}),
    )
    .await;
    let gap = put(&editor, id, json!({"po_value": 130})).await;

    assert_eq!(
        (&same["po"]["stated_value"], &same["po"]["stated_tax"]),
        (&money("500"), &money("50"))
    );
    assert_eq!(
        (
            &gap["po"]["po_value"],
            &gap["po"]["total_tax"],
            &gap["po"]["value_difference"]
        ),
        (&money("118"), &money("18"), &money("12"))
    );
    let reply = editor
        .put(format!("/api/po/{id}"))
        .json(&json!({"value_basis": "stated"}))
        .send()
        .await;
    reply.expect_error(409, "CONFLICT");
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn the_lines_of_an_adopted_po_count_when_somebody_says_so() {
    let app = TestApp::start().await;
    let adopted = app.client_po().stated("500", "50").insert().await;
    let bare = app.client_po().insert().await;
    app.execute(
        r#"INSERT INTO "Finances".client_po_line_item (client_po_id, item_name, quantity, total_price, gst_amount, gross_amount)
           SELECT min(id), 'a', 1, 100, 18, 118 FROM "Finances".client_po"#,
    )
    .await;
    recount(&app.db).await;
    let editor = app.editor().await;

    let stated = put(&editor, adopted, json!({"po_value": 600})).await;
    let counted = put(&editor, adopted, json!({"value_basis": "lines"})).await;

    assert_eq!(
        (
            &stated["po"]["po_value"],
            &stated["po"]["total_tax"],
            &stated["po"]["value_basis"]
        ),
        (&money("600"), &money("50"), &"stated".into())
    );
    assert_eq!(
        (
            &counted["po"]["po_value"],
            &counted["po"]["total_tax"],
            &counted["po"]["value_basis"]
        ),
        (&money("118"), &money("18"), &"lines".into())
    );
    let reply = editor
        .put(format!("/api/po/{bare}"))
        .json(&json!({"value_basis": "lines"}))
        .send()
        .await;
    reply.expect_error(409, "CONFLICT");
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn every_bad_change_is_refused_and_stores_nothing() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let other = app.client_po().number("TAKEN").insert().await;
    let id = app
        .client_po()
        .project(project)
        .stated("118", "18")
        .insert()
        .await;
    let child = app.client_po().insert().await;
    let agreement = app.client_po().open_agreement().insert().await;
    sqlx::query(r#"UPDATE "Finances".client_po SET parent_po_id = $1 WHERE id = $2"#)
        .bind(id)
        .bind(child)
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query(r#"UPDATE "Finances".client_po SET project_id = $1, pi_number = 'PI-1' WHERE id = $2"#)
        .bind(project)
        .bind(other)
        .execute(&app.db)
        .await
        .unwrap();
    let editor = app.editor().await;
    for (body, faults) in [
        (json!({"status": "open"}), vec!["status: enum"]),
        (
            json!({"po_value": -1, "total_tax": "x", "po_date": "soon", "notes": "n".repeat(5001), "value_basis": "guess"}),
            vec![
                "notes: string_too_long",
                "po_date: date_parsing",
                "po_value: greater_than_equal",
                "total_tax: decimal_parsing",
                "value_basis: enum",
            ],
        ),
        (json!({"total_tax": 118.01}), vec!["total_tax: less_than_equal"]),
        (json!({"stated_tax": 119}), vec!["stated_tax: less_than_equal"]),
        (json!({"po_value": 17.99}), vec!["po_value: greater_than_equal"]),
        (json!({"parent_po_id": 999}), vec!["parent_po_id: foreign_key"]),
        (json!({"parent_po_id": id}), vec!["parent_po_id: value_error"]),
        (json!({"parent_po_id": child}), vec!["parent_po_id: value_error"]),
        (json!({"project_id": 999}), vec!["project_id: foreign_key"]),
    ] {
        let reply = editor.put(format!("/api/po/{id}")).json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    for (target, body) in [
        (id, json!({"po_number": "TAKEN"})),
        (id, json!({"pi_number": "PI-1"})),
        (agreement, json!({"po_number": "PO-9"})),
    ] {
        let reply = editor.put(format!("/api/po/{target}")).json(&body).send().await;
        reply.expect_error(409, "CONFLICT");
    }
    editor
        .put("/api/po/999")
        .json(&json!({}))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    app.viewer()
        .await
        .put(format!("/api/po/{id}"))
        .json(&json!({"notes": "n"}))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    let stale = editor
        .put(format!("/api/po/{id}"))
        .header("if-match", "\"2-0123456789abcdef\"")
        .json(&json!({"notes": "n"}))
        .send()
        .await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    assert_eq!(po(&editor, id).await["version"], 1);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".audit_entry"#)
            .await,
        0
    );
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_stale_and_no_circle_closes() {
    let app = TestApp::start().await;
    let (first, second) = (app.client_po().insert().await, app.client_po().insert().await);
    let editor = app.editor().await;
    let change = |notes: &str| {
        editor
            .put(format!("/api/po/{first}"))
            .header("if-match", "\"1\"")
            .json(&json!({"notes": notes}))
    };
    let adopt = |child: i64, parent: i64| {
        editor
            .put(format!("/api/po/{child}"))
            .json(&json!({"parent_po_id": parent}))
    };

    let changes: Vec<u16> = race(vec![change("a"), change("b")])
        .await
        .iter()
        .map(|reply| reply.status)
        .collect();
    let adoptions = race(vec![adopt(first, second), adopt(second, first)]).await;

    assert_eq!(changes, [200, 412]);
    assert_eq!(adoptions[0].status, 200);
    assert_eq!(adoptions[1].faults(), ["parent_po_id: value_error"]);
}

/// A project with a PO that is billed, has an order with two payments, and a document.
async fn full_po(app: &TestApp, project: i64) -> i64 {
    let po = app
        .client_po()
        .project(project)
        .stated("1180", "180")
        .insert()
        .await;
    app.payment(po, "credit", "300", "cleared").await;
    let order = app.vendor_order(project, "400", "approved").await;
    let paid = app.vendor_payment(order, "100", "cleared").await;
    app.vendor_payment(order, "50", "pending").await;
    for sql in [
        r#"UPDATE "Finances".vendor_order SET client_po_id = $1 WHERE id = $2"#,
        r#"UPDATE "Finances".vendor_payment SET project_id = (SELECT project_id FROM "Finances".client_po WHERE id = $1)
            WHERE vendor_order_id = $2"#,
    ] {
        sqlx::query(sql)
            .bind(po)
            .bind(order)
            .execute(&app.db)
            .await
            .unwrap();
    }
    assert!(paid > 0);
    for sql in [
        r#"INSERT INTO "Finances".billing_po (client_po_id, project_id, po_number, billed_value, billed_gst, billed_total)
           VALUES ($1, $2, 'B-1', 500, 90, 590)"#,
        r#"INSERT INTO "Finances".project_document (client_po_id, project_id, original_filename) VALUES ($1, $2, 'a.pdf')"#,
    ] {
        sqlx::query(sql)
            .bind(po)
            .bind(project)
            .execute(&app.db)
            .await
            .unwrap();
    }
    recount(&app.db).await;
    po
}

/// What of a project's summary moves with `full_po`, and by how much.
const MOVING: [(&str, &str, i64); 7] = [
    ("financial_summary", "total_project_value", 1180),
    ("financial_summary", "revenue", 1000),
    ("financial_summary", "total_collected", 300),
    ("financial_summary", "total_billing_value", 590),
    ("financial_summary", "total_vendor_order_value", 400),
    ("financial_summary", "total_vendor_paid", 100),
    ("financial_summary", "documents", 1),
];

#[tokio::test]
async fn a_po_moves_with_all_that_hangs_on_it() {
    let app = TestApp::start().await;
    let (delhi, pune) = (app.project("Delhi").await, app.project("Pune").await);
    let id = full_po(&app, delhi).await;
    let stays = app.client_po().project(delhi).insert().await;
    let there = app.client_po().project(pune).insert().await;
    let editor = app.editor().await;
    let summary = |project: i64| {
        let call = editor.get(format!("/api/projects/{project}/financial-summary"));
        async move { call.send().await.expect(200) }
    };
    let before = [summary(delhi).await, summary(pune).await];

    let reply = editor
        .post(format!("/api/projects/{pune}/po/{id}/attach?sequence_order=7"))
        .header("if-match", "\"1\"")
        .send()
        .await;

    let body = reply.expect(200);
    assert_eq!(body["message"], "PO attached to project");
    assert_eq!(reply.header("etag").split('-').next(), Some("\"2"));
    for place in [&body, &body["data"]] {
        assert_eq!(place["status"], "SUCCESS");
        assert_eq!(
            (
                &place["project_id"],
                &place["client_po_id"],
                &place["sequence_order"],
                &place["previous_project_id"]
            ),
            (&pune.into(), &id.into(), &7.into(), &delhi.into())
        );
    }
    let shown = po(&editor, id).await;
    assert_eq!(
        (
            &shown["project_id"],
            &shown["sequence_order"],
            &shown["is_primary"],
            &shown["version"]
        ),
        (&pune.into(), &7.into(), &false.into(), &2.into())
    );
    assert_eq!(po(&editor, stays).await["is_primary"], true);
    assert_eq!(po(&editor, there).await["is_primary"], true);
    for table in [
        "vendor_order",
        "vendor_payment",
        "billing_po",
        "project_document",
        "po_project_mapping",
    ] {
        let sql = format!(r#"SELECT count(*) FROM "Finances".{table} WHERE project_id = $1"#);
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(delhi)
            .fetch_one(&app.db)
            .await
            .unwrap();
        assert_eq!(left, i64::from(table == "po_project_mapping"), "{table}");
    }
    let after = [summary(delhi).await, summary(pune).await];
    for (section, figure, amount) in MOVING {
        let read = |summary: &Value| summary[section][figure].as_i64().unwrap();
        assert_eq!(read(&before[0]) - read(&after[0]), amount, "{figure}");
        assert_eq!(read(&after[1]) - read(&before[1]), amount, "{figure}");
    }
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn a_change_of_project_moves_the_po_alike() {
    let app = TestApp::start().await;
    let (delhi, pune) = (app.project("Delhi").await, app.project("Pune").await);
    let id = full_po(&app, delhi).await;
    let editor = app.editor().await;

    let changed = put(&editor, id, json!({"project_id": pune, "status": "active"})).await;

    let shown = &changed["po"];
    assert_eq!(
        (
            &shown["project_id"],
            &shown["sequence_order"],
            &shown["is_primary"],
            &shown["version"]
        ),
        (&pune.into(), &1.into(), &true.into(), &2.into())
    );
    let moved: String = app
        .value(
            r#"SELECT string_agg(entity || ' ' || action, ', ' ORDER BY entity, action) FROM "Finances".audit_entry"#,
        )
        .await;
    assert_eq!(
        moved,
        "billing_po updated, client_po attached, client_po status_changed, project_document updated, \
         vendor_order updated, vendor_payment updated, vendor_payment updated"
    );
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn a_po_is_attached_only_where_it_may_be() {
    let app = TestApp::start().await;
    let (delhi, pune) = (app.project("Delhi").await, app.project("Pune").await);
    let id = app.client_po().project(delhi).insert().await;
    let twin = app.client_po().project(pune).insert().await;
    let editor = app.editor().await;
    let attach = |project: i64, po: i64, query: &str| {
        editor.post(format!("/api/projects/{project}/po/{po}/attach{query}"))
    };

    attach(delhi, id, "").send().await.expect_error(409, "CONFLICT");
    attach(999, id, "").send().await.expect_error(404, "NOT_FOUND");
    attach(pune, 999, "").send().await.expect_error(404, "NOT_FOUND");
    for (query, fault) in [
        ("?sequence_order=0", "sequence_order: greater_than_equal"),
        ("?sequence_order=100001", "sequence_order: less_than_equal"),
        ("?sequence_order=x", "sequence_order: int_parsing"),
    ] {
        assert_eq!(attach(pune, id, query).send().await.faults(), [fault]);
    }
    attach(pune, id, "")
        .header("if-match", "\"9\"")
        .send()
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    app.viewer()
        .await
        .post(format!("/api/projects/{pune}/po/{id}/attach"))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    for po in [id, twin] {
        sqlx::query(r#"UPDATE "Finances".client_po SET pi_number = 'PI-1' WHERE id = $1"#)
            .bind(po)
            .execute(&app.db)
            .await
            .unwrap();
    }
    attach(pune, id, "").send().await.expect_error(409, "CONFLICT");
    assert_eq!(po(&editor, id).await["project_id"], delhi);
    app.execute(r#"UPDATE "Finances".client_po SET pi_number = NULL"#)
        .await;
    let first = attach(pune, id, "")
        .header("idempotency-key", "move")
        .send()
        .await;
    let again = attach(pune, id, "")
        .header("idempotency-key", "move")
        .send()
        .await;
    assert_eq!(first.expect(200)["sequence_order"], 2);
    assert_eq!(again.bytes, first.bytes);
}

#[tokio::test]
async fn a_po_that_is_moved_to_and_fro_at_once_stays_whole() {
    let app = TestApp::start().await;
    let projects = [
        app.project("A").await,
        app.project("B").await,
        app.project("C").await,
    ];
    let pos = [full_po(&app, projects[0]).await, full_po(&app, projects[1]).await];
    let editor = app.editor().await;
    let mut calls = Vec::new();
    for turn in 0..4 {
        for po in pos {
            calls.push(editor.post(format!("/api/projects/{}/po/{po}/attach", projects[turn % 3])));
            calls.push(
                editor
                    .put(format!("/api/po/{po}"))
                    .json(&json!({"project_id": projects[(turn + 1) % 3]})),
            );
        }
    }

    let replies = race(calls).await;

    for reply in &replies {
        assert!([200, 409, 503].contains(&reply.status), "{}", reply.text());
    }
    let scattered: i64 = app
        .value(
            r#"SELECT count(*)
                 FROM "Finances".client_po AS po
                 JOIN "Finances".po_project_mapping AS mapping ON mapping.client_po_id = po.id
                 JOIN "Finances".vendor_order ON vendor_order.client_po_id = po.id
                 JOIN "Finances".vendor_payment AS payment ON payment.vendor_order_id = vendor_order.id
                 JOIN "Finances".billing_po AS bill ON bill.client_po_id = po.id
                WHERE mapping.project_id <> po.project_id
                   OR vendor_order.project_id <> po.project_id
                   OR payment.project_id <> po.project_id
                   OR bill.project_id <> po.project_id"#,
        )
        .await;
    assert_eq!(scattered, 0);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".po_project_mapping"#)
            .await,
        2
    );
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn a_project_has_one_primary_po() {
    let app = TestApp::start().await;
    let (delhi, pune) = (app.project("Delhi").await, app.project("Pune").await);
    let first = app.client_po().project(delhi).insert().await;
    let second = app.client_po().project(delhi).insert().await;
    let elsewhere = app.client_po().project(pune).insert().await;
    let editor = app.editor().await;
    let set = |project: i64, po: i64| editor.put(format!("/api/projects/{project}/po/{po}/set-primary"));

    let body = set(delhi, second).send().await.expect(200);

    assert_eq!(body["message"], "Primary PO set");
    for place in [&body, &body["data"]] {
        assert_eq!(
            (&place["project_id"], &place["primary_po_id"]),
            (&delhi.into(), &second.into())
        );
    }
    assert_eq!(po(&editor, first).await["is_primary"], false);
    assert_eq!(po(&editor, second).await["is_primary"], true);
    set(delhi, second).send().await.expect(200);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".audit_entry"#)
            .await,
        2
    );
    set(delhi, elsewhere).send().await.expect_error(404, "NOT_FOUND");
    set(999, first).send().await.expect_error(404, "NOT_FOUND");
    set(delhi, 999).send().await.expect_error(404, "NOT_FOUND");
    set(delhi, first)
        .header("if-match", "\"9\"")
        .send()
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    app.viewer()
        .await
        .put(format!("/api/projects/{delhi}/po/{first}/set-primary"))
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    let racers = [first, second, first, second, first, second]
        .map(|po| set(delhi, po))
        .into();
    let statuses: Vec<u16> = race(racers).await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200; 6]);
    let primaries: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".po_project_mapping WHERE is_primary"#)
        .await;
    assert_eq!(primaries, 2);
}
