//! Bills: how they are made, changed, approved and deleted.

use serde_json::{Value, json};

use crate::{
    billing_lines::add_line,
    support::{
        TestApp,
        callers::{Call, Caller, Reply, fault_list},
        money,
    },
};

/// Makes a bill of the project; it as it is shown.
pub(crate) async fn billed(caller: &Caller, project: i64, body: &Value) -> Value {
    let reply = caller
        .post(format!("/api/projects/{project}/billing-po"))
        .json(body)
        .send()
        .await;
    reply.expect(200)["billing_po"].clone()
}

pub(crate) fn id(bill: &Value) -> &str {
    bill["id"].as_str().unwrap()
}

pub(crate) fn put(caller: &Caller, bill: &Value, body: &Value) -> Call {
    caller.put(format!("/api/billing-po/{}", id(bill))).json(body)
}

pub(crate) fn approve(caller: &Caller, bill: &Value) -> Call {
    caller.post(format!("/api/billing-po/{}/approve", id(bill)))
}

pub(crate) async fn shown(caller: &Caller, bill: &Value) -> Value {
    let reply = caller.get(format!("/api/billing-po/{}", id(bill))).send().await;
    reply.expect(200)["billing_po"].clone()
}

#[track_caller]
pub(crate) fn expect_conflict(reply: &Reply, word: &str) -> Value {
    let body = reply.expect_error(409, "CONFLICT");
    assert!(body["message"].as_str().unwrap().contains(word), "{body}");
    body
}

/// A project with one PO over 59 000, of which 9 000 are tax.
pub(crate) async fn project_with_po(app: &TestApp) -> (i64, i64) {
    let project = app.project("Store").await;
    let po = app
        .client_po()
        .project(project)
        .number("PO-1")
        .stated("59000", "9000")
        .insert()
        .await;
    (project, po)
}

pub(crate) async fn trail(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar(r#"SELECT concat_ws(' ', action, entity) FROM "Finances".audit_entry ORDER BY id"#)
        .fetch_all(&app.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_bill_is_final_and_for_the_primary_po_unless_it_says_otherwise() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let (project, po) = project_with_po(&app).await;
    app.client_po().project(project).number("PO-2").insert().await;

    let reply = editor
        .post(format!("/api/projects/{project}/billing-po"))
        .json(&json!({"billed_value": "50000.005", "billed_gst": 9000.1, "description": " First part ", "more": []}))
        .send()
        .await;

    let body = reply.expect(200);
    assert_eq!(body["message"], "Billing PO created");
    let bill = &body["billing_po"];
    assert_eq!(reply.header("location"), format!("/api/billing-po/{}", id(bill)));
    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    for (field, value) in [
        ("billing_po_id", bill["id"].clone()),
        ("client_po_id", json!(po)),
        ("project_id", json!(project)),
        ("po_number", json!("PO-1")),
        ("billed_value", money("50000.01")),
        ("billed_gst", money("9000.1")),
        ("billed_total", money("59000.11")),
        ("amount", money("50000.01")),
        ("billing_notes", json!("First part")),
        ("description", json!("First part")),
        ("approval_notes", Value::Null),
        ("approved_by", Value::Null),
        ("approved_at", Value::Null),
        ("status", json!("FINAL")),
        ("revises_id", Value::Null),
        ("superseded_by_id", Value::Null),
        ("counted", json!(true)),
        ("version", json!(1)),
        ("line_item_count", json!(0)),
        ("line_total", money("0")),
        ("difference", money("50000.01")),
    ] {
        assert_eq!(bill[field], value, "{field}");
    }
    let mut data = body["data"].clone();
    assert_eq!(
        data.as_object_mut().unwrap().remove("billing_po"),
        Some(bill.clone())
    );
    assert_eq!(&data, bill);
    assert_eq!(bill.as_object().unwrap().len(), 24);

    let one = viewer.get(format!("/api/billing-po/{}", id(bill))).send().await;
    let shown = one.expect(200);
    assert_eq!((&shown["billing_po"], &shown["line_items"]), (bill, &json!([])));
    assert_eq!(shown["data"]["billing_po"], *bill);
    assert_eq!(shown["data"]["line_items"], json!([]));
    assert_eq!(shown["data"]["id"], bill["id"]);
    let not_modified = viewer
        .get(format!("/api/billing-po/{}", id(bill)))
        .header("if-none-match", one.header("etag"))
        .send()
        .await;
    assert_eq!(not_modified.status, 304);
    let stored: String = app
        .value(
            r#"SELECT concat_ws(' ', client_id, client_po_id, billed_value, billed_gst, billed_total) FROM "Finances".billing_po"#,
        )
        .await;
    assert_eq!(stored, format!("1 {po} 50000.01 9000.10 59000.11"));
    assert_eq!(trail(&app).await, ["created billing_po"]);
}

#[tokio::test]
async fn of_two_names_of_a_figure_the_first_counts() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, po) = project_with_po(&app).await;

    let bill = billed(
        &editor,
        project,
        &json!({"amount": 5, "description": "a", "client_po_id": po.to_string()}),
    )
    .await;
    assert_eq!(
        (&bill["billed_value"], &bill["billing_notes"]),
        (&money("5"), &json!("a"))
    );
    let body = json!({"amount": 5, "billed_value": 6, "description": "a", "billing_notes": "b", "billed_gst": "", "po_number": " ", "revises_id": ""});
    let bill = billed(&editor, project, &body).await;
    assert_eq!(
        (&bill["billed_value"], &bill["billing_notes"]),
        (&money("6"), &json!("b"))
    );
    assert_eq!(
        (&bill["billed_gst"], &bill["po_number"]),
        (&money("0"), &json!("PO-1"))
    );
    let body = json!({"billed_value": 0, "po_number": "RA-7", "status": "APPROVED", "approved_by": 1});
    let own = billed(&editor, project, &body).await;
    assert_eq!(own["status"], "FINAL");
    assert_eq!(own["po_number"], "RA-7");
}

#[tokio::test]
async fn a_bill_of_an_agreement_without_a_number_is_called_after_the_project() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    app.client_po().project(project).open_agreement().insert().await;

    let bill = billed(&editor, project, &json!({"billed_value": 10})).await;

    assert_eq!(bill["po_number"], format!("BILLING-{project}"));
}

#[tokio::test]
async fn the_po_is_the_primary_one_else_the_only_one_else_it_has_to_be_named() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    let path = format!("/api/projects/{project}/billing-po");
    let body = json!({"billed_value": 10});
    let refused = async || editor.post(&path).json(&body).send().await.faults();

    assert_eq!(refused().await, ["client_po_id: missing"]);
    app.client_po()
        .project(project)
        .status("cancelled")
        .insert()
        .await;
    assert_eq!(refused().await, ["client_po_id: missing"]);
    // The cancelled one stays the primary one, and this one is the only one that counts.
    let first = app.client_po().project(project).insert().await;
    assert_eq!(billed(&editor, project, &body).await["client_po_id"], first);
    let second = app.client_po().project(project).insert().await;
    assert_eq!(refused().await, ["client_po_id: missing"]);
    editor
        .put(format!("/api/projects/{project}/po/{second}/set-primary"))
        .send()
        .await
        .expect(200);
    assert_eq!(billed(&editor, project, &body).await["client_po_id"], second);
}

#[tokio::test]
async fn a_po_that_does_not_count_in_the_project_cannot_be_billed_there() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, po) = project_with_po(&app).await;
    let other = app.project("Other").await;
    let elsewhere = app.client_po().project(other).insert().await;
    let nowhere = app.client_po().insert().await;
    let gone = app
        .client_po()
        .project(project)
        .status("cancelled")
        .insert()
        .await;

    for (client_po_id, kind) in [
        (elsewhere, "value_error"),
        (nowhere, "value_error"),
        (gone, "value_error"),
        (999, "foreign_key"),
        (0, "int_parsing"),
    ] {
        let reply = editor
            .post(format!("/api/projects/{project}/billing-po"))
            .json(&json!({"billed_value": 10, "client_po_id": client_po_id}))
            .send()
            .await;
        assert_eq!(
            reply.faults(),
            [format!("client_po_id: {kind}")],
            "{client_po_id}"
        );
    }
    let bills: i64 = app.value(r#"SELECT count(*) FROM "Finances".billing_po"#).await;
    assert_eq!((bills, trail(&app).await), (0, vec![]));
    billed(&editor, project, &json!({"billed_value": 10, "client_po_id": po})).await;
}

#[tokio::test]
async fn every_unknown_reference_is_named_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;

    let reply = editor
        .post(format!("/api/projects/{project}/billing-po"))
        .json(&json!({"billed_value": 10, "client_po_id": 999, "revises_id": "0f9b6a71-d4c8-4253-8a90-bf1c6de84372"}))
        .send()
        .await;

    assert_eq!(
        reply.faults(),
        ["client_po_id: foreign_key", "revises_id: foreign_key"]
    );
}

#[tokio::test]
async fn value_and_gst_together_have_to_fit() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let most = "9999999999999.99";
    let post = async |value: &str, gst: &str| {
        let body = json!({"billed_value": value, "billed_gst": gst});
        let path = format!("/api/projects/{project}/billing-po");
        editor.post(path).json(&body).send().await
    };

    assert_eq!(
        post(most, "0").await.expect(200)["data"]["billed_total"],
        money(most)
    );
    assert_eq!(post(most, "0.01").await.faults(), ["billed_gst: less_than_equal"]);
    assert_eq!(post("0.01", most).await.faults(), ["billed_gst: less_than_equal"]);
    assert_eq!(
        post("10000000000000", "-1").await.faults(),
        ["billed_gst: greater_than_equal", "billed_value: less_than_equal"]
    );
    let bill = billed(&editor, project, &json!({"billed_value": 1, "billed_gst": 1})).await;
    for (body, fault) in [
        (json!({"billed_value": most}), "billed_value: less_than_equal"),
        (json!({"billed_gst": most}), "billed_gst: less_than_equal"),
        (
            json!({"billed_gst": most, "billed_value": most}),
            "billed_gst: less_than_equal",
        ),
    ] {
        assert_eq!(
            put(&editor, &bill, &body).send().await.faults(),
            [fault],
            "{body}"
        );
    }
    assert_eq!(shown(&editor, &bill).await, bill);
}

#[tokio::test]
async fn a_change_is_only_what_it_names() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let made = billed(
        &editor,
        project,
        &json!({"billed_value": 100, "billed_gst": 18, "billing_notes": "a"}),
    )
    .await;

    let reply = put(&editor, &made, &json!({"amount": "200.50"})).send().await;
    let body = reply.expect(200);
    assert_eq!(body["message"], "Billing PO updated");
    assert_eq!(reply.header("etag").split('-').next(), Some("\"2"));
    let bill = &body["billing_po"];
    assert_eq!(
        (&bill["billed_value"], &bill["billed_gst"]),
        (&money("200.5"), &money("18"))
    );
    assert_eq!(
        (&bill["billed_total"], &bill["version"]),
        (&money("218.5"), &json!(2))
    );
    assert_eq!(bill["billing_notes"], "a");
    assert_eq!(body["data"]["billing_po"], *bill);

    let path = format!("/api/projects/{project}/billing-po/{}", id(&made));
    let body = json!({"billed_gst": 36, "description": "", "po_number": " RA-1 ", "status": "final"});
    let bill = &editor.put(&path).json(&body).send().await.expect(200)["billing_po"];
    assert_eq!(
        (&bill["billed_gst"], &bill["billed_total"]),
        (&money("36"), &money("236.5"))
    );
    assert_eq!(
        (&bill["billing_notes"], &bill["po_number"]),
        (&Value::Null, &json!("RA-1"))
    );
    assert_eq!(
        trail(&app).await,
        ["created billing_po", "updated billing_po", "updated billing_po"]
    );
    let recorded: Value = app
        .value(r#"SELECT jsonb_build_array(before, after) FROM "Finances".audit_entry ORDER BY id LIMIT 1 OFFSET 1"#)
        .await;
    assert_eq!(
        recorded,
        json!([
            {"billed_value": 100, "amount": 100, "billed_total": 118, "difference": 100},
            {"billed_value": money("200.5"), "amount": money("200.5"), "billed_total": money("218.5"), "difference": money("200.5")},
        ])
    );
}

#[tokio::test]
async fn a_change_of_nothing_writes_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(
        &editor,
        project,
        &json!({"billed_value": 100, "billed_gst": 18, "billing_notes": "a"}),
    )
    .await;

    for body in [
        json!({}),
        json!({"billed_value": null, "billing_notes": null, "revises_id": null, "status": "PAID", "other": 1}),
        json!({"status": "APPROVED"}),
        json!({"client_po_id": 77, "approved_by": "me", "billed_total": 5}),
    ] {
        let answer = put(&editor, &bill, &body).send().await.expect(200);
        assert_eq!(answer["message"], "No updates provided", "{body}");
        assert_eq!(answer["billing_po"], bill, "{body}");
    }
    for body in [
        json!({"billed_value": "100.00"}),
        json!({"status": "Final", "billing_notes": " a ", "po_number": "PO-1", "billed_gst": 18}),
    ] {
        let answer = put(&editor, &bill, &body).send().await.expect(200);
        assert_eq!(answer["message"], "Billing PO updated", "{body}");
        assert_eq!(answer["billing_po"], bill, "{body}");
    }
    put(&editor, &bill, &json!({"po_number": ""}))
        .send()
        .await
        .faults();
    assert_eq!(shown(&editor, &bill).await, bill);
    assert_eq!(trail(&app).await, ["created billing_po"]);
}

#[tokio::test]
async fn a_draft_becomes_final_and_nothing_goes_back() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let draft = billed(
        &admin,
        project,
        &json!({"billed_value": 100, "status": " draft "}),
    )
    .await;
    assert_eq!(
        (&draft["status"], &draft["counted"]),
        (&json!("DRAFT"), &json!(false))
    );

    expect_conflict(&approve(&admin, &draft).send().await, "final");
    put(&admin, &draft, &json!({"status": "DRAFT"}))
        .send()
        .await
        .expect(200);
    let last = &put(&admin, &draft, &json!({"status": "FINAL"}))
        .send()
        .await
        .expect(200)["data"];
    assert_eq!(
        (&last["status"], &last["counted"]),
        (&json!("FINAL"), &json!(true))
    );
    let error = expect_conflict(
        &put(&admin, &draft, &json!({"status": "DRAFT"})).send().await,
        "cannot become",
    );
    assert_eq!(fault_list(&error), ["status: value_error"]);
    approve(&admin, &draft).send().await.expect(200);
    for body in [
        json!({"status": "DRAFT"}),
        json!({"status": "FINAL"}),
        json!({"billed_value": 100}),
        json!({"billing_notes": "b"}),
        json!({"po_number": "B"}),
        json!({"revises_id": ""}),
    ] {
        expect_conflict(&put(&admin, &draft, &body).send().await, "approved");
    }
    put(&admin, &draft, &json!({})).send().await.expect(200);
    expect_conflict(
        &admin
            .delete(format!("/api/billing-po/{}", id(&draft)))
            .send()
            .await,
        "approved",
    );
    assert_eq!(
        trail(&app).await,
        [
            "created billing_po",
            "status_changed billing_po",
            "approved billing_po"
        ]
    );
}

#[tokio::test]
async fn an_approval_names_who_when_and_why() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let (project, po) = project_with_po(&app).await;
    let bill = billed(
        &editor,
        project,
        &json!({"billed_value": 50000, "billed_gst": 9000, "billing_notes": "a"}),
    )
    .await;

    let reply = approve(&admin, &bill)
        .json(&json!({"notes": " As agreed ", "approved_by": "somebody else"}))
        .send()
        .await;

    let body = reply.expect(200);
    assert_eq!(body["message"], "Billing PO approved");
    assert_eq!(reply.header("etag").split('-').next(), Some("\"2"));
    let name: String = sqlx::query_scalar(r#"SELECT username FROM "Finances"."user" WHERE id = $1"#)
        .bind(admin.user_id)
        .fetch_one(&app.db)
        .await
        .unwrap();
    for (field, value) in [
        ("billing_po_id", bill["id"].clone()),
        ("client_po_id", json!(po)),
        ("project_id", json!(project)),
        ("po_number", json!("PO-1")),
        ("billed_value", money("50000")),
        ("billed_gst", money("9000")),
        ("billed_total", money("59000")),
        ("billing_notes", json!("a")),
        ("approval_notes", json!("As agreed")),
        ("approved_by", json!(name)),
        ("status", json!("APPROVED")),
        ("counted", json!(true)),
        ("version", json!(2)),
    ] {
        assert_eq!(body["data"][field], value, "{field}");
        assert_eq!(body["billing_po"][field], value, "{field}");
    }
    assert!(
        body["data"]["approved_at"].as_str().unwrap().ends_with('Z'),
        "{body}"
    );
    assert_eq!(shown(&editor, &bill).await, body["billing_po"]);
    expect_conflict(&approve(&admin, &bill).send().await, "already approved");
    let recorded: String = app
        .value(
            r#"SELECT concat_ws(' ', action, actor_id, before ->> 'status', after ->> 'status', note)
                 FROM "Finances".audit_entry WHERE action = 'approved'"#,
        )
        .await;
    assert_eq!(
        recorded,
        format!("approved {} FINAL APPROVED As agreed", admin.user_id)
    );
}

#[tokio::test]
async fn a_bill_over_nothing_cannot_be_approved() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&admin, project, &json!({"billed_value": 0, "billed_gst": 5})).await;

    let error = expect_conflict(&approve(&admin, &bill).send().await, "nothing");
    assert_eq!(fault_list(&error), ["billed_value: greater_than"]);
    put(&admin, &bill, &json!({"billed_value": 0.01}))
        .send()
        .await
        .expect(200);
    approve(&admin, &bill).json(&json!({})).send().await.expect(200);
}

#[tokio::test]
async fn bills_and_lines_are_found_by_their_earlier_numbers() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    app.execute(
        r#"
        INSERT INTO "Finances".billing_po (legacy_id, client_po_id, project_id, po_number, billed_value, billed_total)
        VALUES (17, 1, 1, 'B-17', 10, 10);
        INSERT INTO "Finances".billing_po_line_item (legacy_id, billing_po_id, description, qty, rate, total)
        SELECT 5, id, 'a', 1, 10, 10 FROM "Finances".billing_po;
        "#,
    )
    .await;

    let found = admin.get("/api/billing-po/17").send().await.expect(200);
    assert_eq!(found["billing_po"]["po_number"], "B-17");
    let bill = &found["billing_po"];
    let upper = format!("/api/billing-po/{}", id(bill).to_uppercase());
    assert_eq!(admin.get(upper).send().await.expect(200), found);
    let bare = format!("/api/billing-po/{}", id(bill).replace('-', ""));
    assert_eq!(admin.get(bare).send().await.expect(200), found);
    admin
        .put("/api/billing-po/17")
        .json(&json!({"billed_gst": 1}))
        .send()
        .await
        .expect(200);
    admin
        .put(format!("/api/projects/{project}/billing-po/17"))
        .json(&json!({"billed_gst": 2}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        admin
            .get("/api/billing-po/17/line-items")
            .send()
            .await
            .expect(200)["line_item_count"],
        1
    );
    admin
        .post("/api/billing-po/17/line-items")
        .json(&json!({"description": "b", "qty": 1, "rate": 1}))
        .send()
        .await
        .expect(200);
    let gone = admin
        .delete("/api/billing-po/17/line-items/5")
        .send()
        .await
        .expect(200);
    assert_eq!(gone["data"]["billing_po_id"], bill["id"]);
    let revision = billed(
        &admin,
        project,
        &json!({"billed_value": 1, "revises_id": bill["id"], "status": "DRAFT"}),
    )
    .await;
    admin
        .delete(format!("/api/billing-po/{}", id(&revision)))
        .send()
        .await
        .expect(200);
    admin.post("/api/billing-po/17/approve").send().await.expect(200);
    for path in [
        "/api/billing-po/18",
        "/api/billing-po/0",
        "/api/billing-po/99999999999999999999999999",
    ] {
        admin.get(path).send().await.expect_error(404, "NOT_FOUND");
    }
    for path in [
        "/api/billing-po/1.5",
        "/api/billing-po/B-17",
        "/api/billing-po/-17",
    ] {
        assert_eq!(
            admin.get(path).send().await.faults(),
            ["billing_po_id: uuid_parsing"],
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_was_adopted_is_shown_as_it_is_until_it_is_stated_anew() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    app.execute(
        r#"
        INSERT INTO "Finances".billing_po (legacy_id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status)
        VALUES (1, 1, 1, 'B-1', 100, 18, 120, 'FINAL'),
               (2, 1, 1, 'B-2', 100, 18, 118, 'CANCELLED'),
               (3, NULL, NULL, 'B-3', 100, 18, 118, 'FINAL');
        "#,
    )
    .await;
    let bill = admin.get("/api/billing-po/1").send().await.expect(200)["billing_po"].clone();
    assert_eq!(bill["billed_total"], money("120"));
    let noted = put(&admin, &bill, &json!({"billing_notes": "a"}))
        .send()
        .await
        .expect(200);
    assert_eq!(noted["billing_po"]["billed_total"], money("120"));
    let stated = put(&admin, &bill, &json!({"billed_value": 100}))
        .send()
        .await
        .expect(200);
    assert_eq!(stated["billing_po"]["billed_total"], money("118"));

    let cancelled = admin.get("/api/billing-po/2").send().await.expect(200)["billing_po"].clone();
    assert_eq!(
        (&cancelled["status"], &cancelled["counted"]),
        (&json!("CANCELLED"), &json!(false))
    );
    for call in [
        put(&admin, &cancelled, &json!({"status": "FINAL"})),
        put(&admin, &cancelled, &json!({"billed_value": 1})),
        add_line(
            &admin,
            &cancelled,
            &json!({"description": "b", "qty": 1, "rate": 1}),
        ),
    ] {
        expect_conflict(&call.send().await, "cancelled");
    }
    expect_conflict(&approve(&admin, &cancelled).send().await, "final");
    admin.delete("/api/billing-po/2").send().await.expect(200);

    let homeless = admin.get("/api/billing-po/3").send().await.expect(200)["billing_po"].clone();
    assert_eq!(
        (&homeless["project_id"], &homeless["client_po_id"]),
        (&Value::Null, &Value::Null)
    );
    admin
        .put(format!("/api/projects/{project}/billing-po/3"))
        .json(&json!({"billed_value": 1}))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    put(&admin, &homeless, &json!({"billed_value": 1}))
        .send()
        .await
        .expect(200);
    let reply = admin
        .post(format!("/api/projects/{project}/billing-po"))
        .json(&json!({"billed_value": 1, "revises_id": homeless["id"]}))
        .send()
        .await;
    assert_eq!(reply.faults(), ["revises_id: value_error"]);
}

#[tokio::test]
async fn a_bill_of_another_project_is_not_found_under_this_one() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let other = app.project("Other").await;
    let bill = billed(&editor, project, &json!({"billed_value": 1})).await;

    for project in [other, 77] {
        let error = editor
            .put(format!("/api/projects/{project}/billing-po/{}", id(&bill)))
            .json(&json!({"billed_value": 2}))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        assert_eq!(error["message"], "Billing PO not found");
    }
    assert_eq!(shown(&editor, &bill).await, bill);
}

#[tokio::test]
async fn a_projects_bills_come_in_the_order_and_pages_that_are_asked_for() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let (project, _) = project_with_po(&app).await;
    let other = app.project("Other").await;
    app.client_po().project(other).insert().await;
    billed(&editor, other, &json!({"billed_value": 99})).await;
    let first = billed(&editor, project, &json!({"billed_value": 3, "po_number": "b"})).await;
    let draft = billed(
        &editor,
        project,
        &json!({"billed_value": 1, "po_number": "c", "status": "DRAFT"}),
    )
    .await;
    let newest = billed(
        &editor,
        project,
        &json!({"billed_value": 2, "po_number": "a", "revises_id": first["id"]}),
    )
    .await;
    let path = format!("/api/projects/{project}/billing-po");
    let numbers = |list: &Value| -> String {
        let bills = list["billing_pos"].as_array().unwrap();
        bills
            .iter()
            .map(|bill| bill["po_number"].as_str().unwrap())
            .collect()
    };

    let list = viewer.get(&path).send().await.expect(200);
    assert_eq!(list["project_id"], project);
    assert_eq!(
        list["billing_pos"],
        json!([newest, draft, shown(&viewer, &first).await])
    );
    assert_eq!(list["data"]["billing_pos"], list["billing_pos"]);
    assert_eq!(
        (&list["total_count"], &list["data"]["total_count"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(
        (&list["limit"], &list["skip"], &list["next_cursor"]),
        (&json!(1000), &json!(0), &Value::Null)
    );
    for (query, expected, total) in [
        ("status=final", "ab", 2),
        ("status=DRAFT", "c", 1),
        ("status=approved", "", 0),
        ("counted=true", "a", 1),
        ("counted=false", "cb", 2),
        ("counted=false&status=final", "b", 1),
        ("sort=po_number", "abc", 3),
        ("sort=-billed_total", "bac", 3),
        ("sort=status,po_number", "cab", 3),
        ("sort=created_at", "bca", 3),
        ("skip=1&limit=1", "c", 3),
        ("page=3&page_size=1", "b", 3),
    ] {
        let list = viewer.get(format!("{path}?{query}")).send().await.expect(200);
        assert_eq!(numbers(&list), expected, "{query}");
        assert_eq!(list["total_count"], total, "{query}");
    }
    for sort in ["", "id", "-id", "billed_total", "-status,created_at"] {
        let (mut seen, mut cursor) = (String::new(), String::new());
        for _ in 0..3 {
            let list = viewer
                .get(format!("{path}?limit=1&sort={sort}&cursor={cursor}"))
                .send()
                .await
                .expect(200);
            seen.push_str(&numbers(&list));
            cursor = list["next_cursor"].as_str().unwrap_or_default().to_owned();
        }
        let whole = viewer.get(format!("{path}?sort={sort}")).send().await.expect(200);
        assert_eq!(seen, numbers(&whole), "{sort}");
    }
    viewer
        .get("/api/projects/77/billing-po")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_changed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&admin, project, &json!({"billed_value": 1})).await;
    let line = add_line(&admin, &bill, &json!({"description": "a", "qty": 1, "rate": 1}))
        .send()
        .await
        .expect(200)["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let calls = |version: &str| {
        [
            put(&admin, &bill, &json!({"billed_value": 2})),
            put(&admin, &bill, &json!({})),
            admin
                .put(format!("/api/projects/{project}/billing-po/{}", id(&bill)))
                .json(&json!({"billed_value": 2})),
            admin.delete(format!("/api/billing-po/{}/line-items/{line}", id(&bill))),
            approve(&admin, &bill),
            admin.delete(format!("/api/billing-po/{}", id(&bill))),
        ]
        .map(|call| call.header("if-match", version))
    };

    for call in calls("\"1-0123456789abcdef\"") {
        call.send().await.expect_error(412, "PRECONDITION_FAILED");
    }
    assert_eq!(shown(&admin, &bill).await["billed_value"], money("1"));
    let reply = admin.get(format!("/api/billing-po/{}", id(&bill))).send().await;
    assert_eq!(reply.header("etag").split('-').next(), Some("\"2"));
    put(&admin, &bill, &json!({"billed_value": 2}))
        .header("if-match", reply.header("etag"))
        .send()
        .await
        .expect(200);
    approve(&admin, &bill)
        .header("if-match", "\"3\"")
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn viewers_write_nothing_and_editors_neither_approve_nor_delete_bills() {
    let app = TestApp::start().await;
    let (viewer, editor, admin) = (app.viewer().await, app.editor().await, app.admin().await);
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&editor, project, &json!({"billed_value": 1})).await;
    let line = add_line(&editor, &bill, &json!({"description": "a", "qty": 1, "rate": 1}))
        .send()
        .await
        .expect(200)["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let bill_path = format!("/api/billing-po/{}", id(&bill));
    let line_path = format!("{bill_path}/line-items/{line}");
    let before = shown(&viewer, &bill).await;
    let writes = |caller: &Caller| {
        [
            caller
                .post(format!("/api/projects/{project}/billing-po"))
                .json(&json!({"billed_value": 1})),
            put(caller, &bill, &json!({"billed_value": 2})),
            caller
                .put(format!("/api/projects/{project}/billing-po/{}", id(&bill)))
                .json(&json!({"billed_value": 2})),
            add_line(caller, &bill, &json!({"description": "b", "qty": 1, "rate": 1})),
            caller.delete(&line_path),
        ]
    };

    for call in writes(&viewer) {
        call.send().await.expect_error(403, "FORBIDDEN");
    }
    for caller in [&viewer, &editor] {
        approve(caller, &bill).send().await.expect_error(403, "FORBIDDEN");
        caller
            .delete(&bill_path)
            .send()
            .await
            .expect_error(403, "FORBIDDEN");
    }
    assert_eq!(shown(&viewer, &bill).await, before);
    for call in writes(&editor) {
        call.send().await.expect(200);
    }
    admin.delete(&bill_path).send().await.expect(200);
}
