//! Bills that take the place of others.

use serde_json::{Value, json};

use crate::{
    billing::{approve, billed, expect_conflict, id, project_with_po, put, shown},
    billing_lines::add_line,
    support::{TestApp, callers::fault_list},
};

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
