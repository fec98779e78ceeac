//! Bills: how they are made, changed, revised, approved and deleted, and what their lines add up to.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply, fault_list},
    money,
};

/// Makes a bill of the project; it as it is shown.
async fn billed(caller: &Caller, project: i64, body: &Value) -> Value {
    let reply = caller
        .post(format!("/api/projects/{project}/billing-po"))
        .json(body)
        .send()
        .await;
    reply.expect(200)["billing_po"].clone()
}

fn id(bill: &Value) -> &str {
    bill["id"].as_str().unwrap()
}

fn put(caller: &Caller, bill: &Value, body: &Value) -> Call {
    caller.put(format!("/api/billing-po/{}", id(bill))).json(body)
}

fn approve(caller: &Caller, bill: &Value) -> Call {
    caller.post(format!("/api/billing-po/{}/approve", id(bill)))
}

fn add_line(caller: &Caller, bill: &Value, body: &Value) -> Call {
    caller
        .post(format!("/api/billing-po/{}/line-items", id(bill)))
        .json(body)
}

async fn shown(caller: &Caller, bill: &Value) -> Value {
    let reply = caller.get(format!("/api/billing-po/{}", id(bill))).send().await;
    reply.expect(200)["billing_po"].clone()
}

#[track_caller]
fn expect_conflict(reply: &Reply, word: &str) -> Value {
    let body = reply.expect_error(409, "CONFLICT");
    assert!(body["message"].as_str().unwrap().contains(word), "{body}");
    body
}

/// A project with one PO over 59 000, of which 9 000 are tax.
async fn project_with_po(app: &TestApp) -> (i64, i64) {
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

async fn trail(app: &TestApp) -> Vec<String> {
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
    let own = billed(&editor, project, &json!({"billed_value": 0, "po_number": "RA-7"})).await;
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
async fn a_revision_takes_the_place_of_its_bill_once_it_is_final() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let first = billed(&admin, project, &json!({"billed_value": 100})).await;
    let line = add_line(
        &admin,
        &first,
        &json!({"description": "a", "qty": 1, "rate": 100}),
    )
    .send()
    .await
    .expect(200);

    let body = json!({"billed_value": 120, "revises_id": first["id"], "status": "DRAFT"});
    let draft = billed(&admin, project, &body).await;
    assert_eq!(draft["revises_id"], first["id"]);
    let before = shown(&admin, &first).await;
    assert_eq!(
        (&before["counted"], &before["superseded_by_id"]),
        (&json!(true), &Value::Null)
    );

    put(&admin, &draft, &json!({"status": "FINAL"}))
        .send()
        .await
        .expect(200);

    let after = shown(&admin, &first).await;
    assert_eq!(after["counted"], false);
    assert_eq!(after["superseded_by_id"], draft["id"]);
    assert_eq!(after["status"], "FINAL");
    let line = format!(
        "/api/billing-po/{}/line-items/{}",
        id(&first),
        line["data"]["id"].as_str().unwrap()
    );
    for call in [
        put(&admin, &first, &json!({"billed_value": 1})),
        put(&admin, &first, &json!({"billing_notes": "b"})),
        approve(&admin, &first),
        add_line(&admin, &first, &json!({"description": "b", "qty": 1, "rate": 1})),
        admin.delete(&line),
    ] {
        expect_conflict(&call.send().await, "superseded");
    }
    assert_eq!(shown(&admin, &first).await, after);
    assert_eq!(
        put(&admin, &first, &json!({})).send().await.expect(200)["message"],
        "No updates provided"
    );
}

#[tokio::test]
async fn a_revision_of_an_approved_bill_supersedes_it_at_once_and_may_be_revised_itself() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let first = billed(&admin, project, &json!({"billed_value": 100})).await;
    approve(&admin, &first).send().await.expect(200);

    let second = billed(
        &admin,
        project,
        &json!({"billed_value": 110, "revises_id": first["id"]}),
    )
    .await;
    assert_eq!(shown(&admin, &first).await["superseded_by_id"], second["id"]);
    expect_conflict(&approve(&admin, &first).send().await, "already approved");
    approve(&admin, &second).send().await.expect(200);
    let third = billed(
        &admin,
        project,
        &json!({"billed_value": 120, "revises_id": second["id"]}),
    )
    .await;

    let states = async || {
        let mut states = Vec::new();
        for bill in [&first, &second, &third] {
            let bill = shown(&admin, bill).await;
            states.push((
                bill["status"].as_str().unwrap().to_owned(),
                bill["counted"].as_bool().unwrap(),
            ));
        }
        states
    };
    let state = |word: &str, counted| (word.to_owned(), counted);
    assert_eq!(
        states().await,
        [
            state("APPROVED", false),
            state("APPROVED", false),
            state("FINAL", true)
        ]
    );
    // A superseded bill stays superseded, whatever becomes of the bill that took its place.
    admin
        .delete(format!("/api/billing-po/{}", id(&third)))
        .send()
        .await
        .expect(200);
    assert_eq!(shown(&admin, &first).await["counted"], false);
    assert_eq!(shown(&admin, &second).await["counted"], true);
}

#[tokio::test]
async fn only_a_bill_of_the_same_po_can_be_revised() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, po) = project_with_po(&app).await;
    let second_po = app.client_po().project(project).insert().await;
    let other = app.project("Other").await;
    app.client_po().project(other).insert().await;
    let of_po = billed(
        &editor,
        project,
        &json!({"billed_value": 1, "client_po_id": second_po}),
    )
    .await;
    let of_project = billed(&editor, other, &json!({"billed_value": 1})).await;
    let draft = billed(
        &editor,
        project,
        &json!({"billed_value": 1, "status": "DRAFT", "client_po_id": po}),
    )
    .await;

    for (revised, kind) in [
        (of_po["id"].clone(), "value_error"),
        (of_project["id"].clone(), "value_error"),
        (json!("0f9b6a71-d4c8-4253-8a90-bf1c6de84372"), "foreign_key"),
        (json!("abc"), "uuid_parsing"),
        (json!(5), "uuid_parsing"),
    ] {
        let reply = editor
            .post(format!("/api/projects/{project}/billing-po"))
            .json(&json!({"billed_value": 1, "revises_id": revised, "client_po_id": po}))
            .send()
            .await;
        assert_eq!(reply.faults(), [format!("revises_id: {kind}")], "{revised}");
        let reply = put(&editor, &draft, &json!({"revises_id": revised})).send().await;
        assert_eq!(reply.faults(), [format!("revises_id: {kind}")], "{revised}");
    }
    let itself = put(&editor, &draft, &json!({"revises_id": draft["id"]}))
        .send()
        .await;
    assert_eq!(itself.faults(), ["revises_id: value_error"]);
    assert_eq!(shown(&editor, &draft).await, draft);
}

#[tokio::test]
async fn a_bill_is_revised_by_one_other_at_most_and_never_in_a_circle() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let first = billed(&admin, project, &json!({"billed_value": 1})).await;
    let draft = billed(
        &admin,
        project,
        &json!({"billed_value": 2, "status": "DRAFT", "revises_id": first["id"]}),
    )
    .await;
    let post = async |revised: &Value| {
        let body = json!({"billed_value": 3, "revises_id": revised["id"]});
        let path = format!("/api/projects/{project}/billing-po");
        admin.post(path).json(&body).send().await
    };

    // Named by a draft already.
    let error = expect_conflict(&post(&first).await, "already revised");
    assert_eq!(fault_list(&error), ["revises_id: value_error"]);
    // A draft does not count, so that nothing could take its place.
    expect_conflict(&post(&draft).await, "final or approved");
    // A bill that counts is no revision any more that it was not before.
    let error = expect_conflict(
        &put(&admin, &first, &json!({"revises_id": draft["id"]}))
            .send()
            .await,
        "draft",
    );
    assert_eq!(fault_list(&error), ["revises_id: value_error"]);
    put(&admin, &draft, &json!({"status": "FINAL"}))
        .send()
        .await
        .expect(200);
    expect_conflict(&post(&first).await, "already revised");
    let last = billed(&admin, project, &json!({"billed_value": 4, "status": "DRAFT"})).await;
    expect_conflict(
        &put(&admin, &last, &json!({"revises_id": first["id"]}))
            .send()
            .await,
        "already revised",
    );
    expect_conflict(
        &put(&admin, &first, &json!({"revises_id": last["id"]}))
            .send()
            .await,
        "superseded",
    );
    // The same bill once more says nothing new.
    assert_eq!(
        put(&admin, &draft, &json!({"revises_id": first["id"]}))
            .send()
            .await
            .expect(200)["billing_po"]["version"],
        2
    );
    let named: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".billing_po WHERE revises_id IS NOT NULL"#)
        .await;
    assert_eq!(named, 1);
}

#[tokio::test]
async fn a_draft_may_be_made_a_revision_be_made_another_ones_and_none_again() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let first = billed(&editor, project, &json!({"billed_value": 1})).await;
    let second = billed(&editor, project, &json!({"billed_value": 2})).await;
    let draft = billed(&editor, project, &json!({"billed_value": 3, "status": "DRAFT"})).await;
    let revise =
        async |body: Value| put(&editor, &draft, &body).send().await.expect(200)["billing_po"].clone();

    assert_eq!(
        revise(json!({"revises_id": first["id"]})).await["revises_id"],
        first["id"]
    );
    assert_eq!(
        revise(json!({"revises_id": null})).await["revises_id"],
        first["id"]
    );
    assert_eq!(revise(json!({"revises_id": ""})).await["revises_id"], Value::Null);
    let last = revise(json!({"revises_id": second["id"], "status": "FINAL", "billed_value": 5})).await;
    assert_eq!(
        (&last["revises_id"], &last["status"]),
        (&second["id"], &json!("FINAL"))
    );
    assert_eq!(shown(&editor, &first).await["counted"], true);
    assert_eq!(shown(&editor, &second).await["superseded_by_id"], draft["id"]);
    expect_conflict(
        &put(&editor, &draft, &json!({"revises_id": ""})).send().await,
        "draft",
    );
}

#[tokio::test]
async fn a_deleted_revision_lets_its_bill_count_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let first = billed(&admin, project, &json!({"billed_value": 1})).await;
    for status in ["DRAFT", "FINAL"] {
        let revision = billed(
            &admin,
            project,
            &json!({"billed_value": 2, "status": status, "revises_id": first["id"]}),
        )
        .await;
        add_line(
            &admin,
            &revision,
            &json!({"description": "a", "qty": 2, "rate": 3}),
        )
        .send()
        .await
        .expect(200);
        let path = |bill: &Value| format!("/api/billing-po/{}", id(bill));
        let error = expect_conflict(&admin.delete(path(&first)).send().await, "revised by");
        assert_eq!(fault_list(&error), ["billing_po: still_referenced"]);

        let gone = admin.delete(path(&revision)).send().await.expect(200);

        assert_eq!(
            gone,
            json!({"status": "SUCCESS", "message": "Billing PO deleted", "data": {"billing_po_id": revision["id"]}})
        );
        admin
            .get(path(&revision))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        assert_eq!(shown(&admin, &first).await, first);
    }
    let lines: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".billing_po_line_item"#)
        .await;
    assert_eq!(lines, 0);
    let kept: String = app
        .value(
            r#"SELECT concat_ws(' ', before ->> 'billed_value', before -> 'line_items' -> 0 ->> 'total', after)
                 FROM "Finances".audit_entry WHERE action = 'deleted' ORDER BY id LIMIT 1"#,
        )
        .await;
    assert_eq!(kept, "2 6");
    // It may be revised again.
    billed(
        &admin,
        project,
        &json!({"billed_value": 2, "revises_id": first["id"]}),
    )
    .await;
}

#[tokio::test]
async fn lines_explain_a_bill_and_never_change_what_it_is_worth() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let (project, _) = project_with_po(&app).await;
    let bill = billed(
        &editor,
        project,
        &json!({"billed_value": 1000, "billed_gst": 180}),
    )
    .await;

    let body = json!({"item_description": " Cabling works ", "quantity": "3", "unit_price": 333.335, "amount": 7, "total": "x"});
    let added = add_line(&editor, &bill, &body).send().await.expect(200);
    assert_eq!(added["message"], "Line item added");
    let line = &added["line_item"];
    for (field, value) in [
        ("billing_po_id", bill["id"].clone()),
        ("description", json!("Cabling works")),
        ("item_description", json!("Cabling works")),
        ("qty", money("3")),
        ("quantity", money("3")),
        ("rate", money("333.335")),
        ("unit_price", money("333.335")),
        // 1000.005
        ("total", money("1000.01")),
        ("amount", money("1000.01")),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    let mut data = added["data"].clone();
    assert_eq!(
        data.as_object_mut().unwrap().remove("line_item"),
        Some(line.clone())
    );
    assert_eq!(&data, line);
    // 0.5 × 0.01 = 0.005
    let body = json!({"description": "b", "item_description": "c", "qty": 0.5, "quantity": 9, "rate": 0.01, "unit_price": 9});
    let second = add_line(&editor, &bill, &body).send().await.expect(200)["data"].clone();
    assert_eq!(
        (&second["total"], &second["description"]),
        (&money("0.01"), &json!("b"))
    );

    let now = shown(&viewer, &bill).await;
    assert_eq!(
        (&now["billed_value"], &now["billed_total"]),
        (&money("1000"), &money("1180"))
    );
    assert_eq!(
        (&now["line_total"], &now["difference"]),
        (&money("1000.02"), &money("-0.02"))
    );
    assert_eq!((&now["line_item_count"], &now["version"]), (&json!(2), &json!(3)));
    let one = viewer
        .get(format!("/api/billing-po/{}", id(&bill)))
        .send()
        .await
        .expect(200);
    assert_eq!(one["line_items"][0], *line);
    assert_eq!(one["data"]["line_items"], one["line_items"]);
    assert_eq!(one["line_items"].as_array().unwrap().len(), 2);

    let list = viewer
        .get(format!("/api/billing-po/{}/line-items", id(&bill)))
        .send()
        .await
        .expect(200);
    assert_eq!(list["line_items"], one["line_items"]);
    for place in [&list, &list["data"]] {
        assert_eq!(
            (&place["billing_po_id"], &place["total_value"]),
            (&bill["id"], &money("1000.02"))
        );
        assert_eq!(
            (&place["line_item_count"], &place["total_count"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(place["limit"], 1000);
    }
    assert_eq!(list["data"]["data"], list["line_items"]);

    let path = format!(
        "/api/billing-po/{}/line-items/{}",
        id(&bill),
        line["id"].as_str().unwrap()
    );
    assert_eq!(
        editor.delete(&path).send().await.expect(200),
        json!({"status": "SUCCESS", "message": "Line item deleted",
               "data": {"billing_po_id": bill["id"], "line_item_id": line["id"]}})
    );
    editor.delete(&path).send().await.expect_error(404, "NOT_FOUND");
    let now = shown(&viewer, &bill).await;
    assert_eq!(
        (&now["line_total"], &now["difference"]),
        (&money("0.01"), &money("999.99"))
    );
    assert_eq!((&now["line_item_count"], &now["version"]), (&json!(1), &json!(4)));
    assert_eq!(
        trail(&app).await,
        [
            "created billing_po",
            "created billing_po_line_item",
            "updated billing_po",
            "created billing_po_line_item",
            "updated billing_po",
            "deleted billing_po_line_item",
            "updated billing_po",
        ]
    );
}

#[tokio::test]
async fn lines_come_in_the_order_and_pages_that_are_asked_for() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&editor, project, &json!({"billed_value": 10})).await;
    for (name, qty) in [("c", 2), ("a", 3), ("b", 1)] {
        add_line(
            &editor,
            &bill,
            &json!({"description": name, "qty": qty, "rate": 1}),
        )
        .send()
        .await
        .expect(200);
    }
    let path = format!("/api/billing-po/{}/line-items", id(&bill));
    let names = |list: &Value| -> String {
        let lines = list["line_items"].as_array().unwrap();
        lines
            .iter()
            .map(|line| line["description"].as_str().unwrap())
            .collect()
    };
    for (query, expected) in [
        ("", "cab"),
        ("?sort=description", "abc"),
        ("?sort=-quantity", "acb"),
        ("?sort=total", "bca"),
        ("?sort=-created_at", "bac"),
        ("?skip=1&limit=1", "a"),
        ("?page=2&page_size=2", "b"),
    ] {
        let list = editor.get(format!("{path}{query}")).send().await.expect(200);
        assert_eq!(names(&list), expected, "{query}");
        assert_eq!(
            (&list["total_count"], &list["total_value"]),
            (&json!(3), &money("6")),
            "{query}"
        );
    }
    for sort in ["", "id", "-id", "-total", "description,-created_at"] {
        let (mut seen, mut cursor) = (String::new(), String::new());
        for _ in 0..3 {
            let list = editor
                .get(format!("{path}?limit=1&sort={sort}&cursor={cursor}"))
                .send()
                .await
                .expect(200);
            seen.push_str(&names(&list));
            cursor = list["next_cursor"].as_str().unwrap_or_default().to_owned();
        }
        let whole = editor.get(format!("{path}?sort={sort}")).send().await.expect(200);
        assert_eq!(seen, names(&whole), "{sort}");
    }
}

#[tokio::test]
async fn a_line_goes_only_by_way_of_its_own_bill() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&admin, project, &json!({"billed_value": 10})).await;
    let other = billed(&admin, project, &json!({"billed_value": 10})).await;
    let line = add_line(&admin, &bill, &json!({"description": "a", "qty": 1, "rate": 0}))
        .send()
        .await
        .expect(200)["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();

    let error = admin
        .delete(format!("/api/billing-po/{}/line-items/{line}", id(&other)))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(error["message"], "Line item not found");
    approve(&admin, &bill).send().await.expect(200);
    for call in [
        admin.delete(format!("/api/billing-po/{}/line-items/{line}", id(&bill))),
        add_line(&admin, &bill, &json!({"description": "b", "qty": 1, "rate": 1})),
    ] {
        expect_conflict(&call.send().await, "approved");
    }
    assert_eq!(shown(&admin, &bill).await["line_item_count"], 1);
}

#[tokio::test]
async fn a_line_that_no_column_holds_is_refused() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&editor, project, &json!({"billed_value": 10})).await;

    let large = json!({"description": "a", "qty": "99999999999.9999", "rate": "99999999999.9999"});
    let reply = add_line(&editor, &bill, &large).send().await;
    assert_eq!(reply.faults(), ["qty: less_than_equal"]);
    // Two of the largest that fit make a sum that no column has to hold.
    let most = json!({"description": "a", "qty": 1000, "rate": "9999999999.9999"});
    for _ in 0..2 {
        add_line(&editor, &bill, &most).send().await.expect(200);
    }
    let now = shown(&editor, &bill).await;
    assert_eq!(now["line_total"], money("19999999999999.8"));
    assert_eq!(now["difference"], money("-19999999999989.8"));
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
    let last = billed(
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
        json!([last, draft, shown(&viewer, &first).await])
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

#[tokio::test]
async fn a_po_takes_its_bills_along_to_another_project_and_into_the_grave() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, po) = project_with_po(&app).await;
    let other = app.project("Other").await;
    let first = billed(&admin, project, &json!({"billed_value": 1})).await;
    let second = billed(
        &admin,
        project,
        &json!({"billed_value": 2, "revises_id": first["id"]}),
    )
    .await;

    admin
        .post(format!("/api/projects/{other}/po/{po}/attach"))
        .send()
        .await
        .expect(200);

    for bill in [&first, &second] {
        assert_eq!(shown(&admin, bill).await["project_id"], other);
    }
    let body = json!({"billed_value": 3, "revises_id": second["id"]});
    billed(&admin, other, &body).await;
    let refused = admin.delete(format!("/api/po/{po}")).send().await;
    assert_eq!(
        fault_list(&refused.expect_error(409, "CONFLICT")),
        ["billing_po: still_referenced"]
    );
    // All of them at once, though each names the one before.
    admin
        .delete(format!("/api/po/{po}?force=true"))
        .send()
        .await
        .expect(200);
    let bills: i64 = app.value(r#"SELECT count(*) FROM "Finances".billing_po"#).await;
    assert_eq!(bills, 0);
}
