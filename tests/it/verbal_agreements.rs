//! Verbal agreements: made, numbered, listed, counted once.

use serde_json::{Value, json};

use crate::support::{TestApp, money};

async fn agree(app: &TestApp, project: i64, number: &str, day: &str, value: &str) -> i64 {
    let body = app
        .editor()
        .await
        .post(format!("/api/projects/{project}/verbal-agreement?client_id=1"))
        .json(&json!({"pi_number": number, "pi_date": day, "value": value}))
        .send()
        .await
        .expect(200);
    body["agreement_id"].as_i64().unwrap()
}

async fn summary(app: &TestApp, project: i64) -> Value {
    let path = format!("/api/projects/{project}/financial-summary");
    app.viewer().await.get(path).send().await.expect(200)["financial_summary"].clone()
}

#[tokio::test]
async fn an_agreement_is_a_po_without_a_number() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;

    let reply = editor
        .post(format!("/api/projects/{project}/verbal-agreement?client_id=2"))
        .json(
            &json!({"pi_number": " PI-7 ", "pi_date": "2026-02-10", "value": 150_000.5, "notes": "By phone"}),
        )
        .send()
        .await;

    let body = reply.expect(200);
    assert!(
        reply.header("etag").starts_with("\"1-"),
        "{}",
        reply.header("etag")
    );
    let id = body["agreement_id"].as_i64().unwrap();
    assert_eq!(body["message"], "Verbal agreement created");
    assert_eq!(body["data"], body["agreement"]);
    for (field, expected) in [
        ("id", json!(id)),
        ("agreement_id", json!(id)),
        ("client_po_id", json!(id)),
        ("client_id", json!(2)),
        ("client_name", json!("Dava India")),
        ("project_id", json!(project)),
        ("pi_number", json!("PI-7")),
        ("pi_date", json!("2026-02-10")),
        ("agreement_date", json!("2026-02-10")),
        ("po_number", Value::Null),
        ("po_date", Value::Null),
        ("value", money("150000.5")),
        ("po_value", money("150000.5")),
        ("stated_value", money("150000.5")),
        ("value_basis", json!("stated")),
        ("status", json!("pending")),
        ("has_po", json!(false)),
        ("notes", json!("By phone")),
        ("version", json!(1)),
    ] {
        assert_eq!(body["agreement"][field], expected, "{field}");
    }
    let po = app
        .viewer()
        .await
        .get(format!("/api/po/{id}"))
        .send()
        .await
        .expect(200);
    assert_eq!(po["data"]["po_type"], "verbal_agreement");
    assert_eq!(po["data"]["is_open_agreement"], true);
    assert_eq!(po["data"]["is_primary"], true);
    assert_eq!(po["data"]["sequence_order"], 1);
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn an_agreement_that_gets_its_number_counts_once_and_keeps_what_it_has() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let id = agree(&app, project, "PI-7", "2026-02-10", "150000").await;
    editor
        .post(format!("/api/po/{id}/line-items"))
        .json(&json!({"item_name": "Works", "quantity": 1, "amount": 150_000}))
        .send()
        .await
        .expect(200);
    editor
        .post(format!("/api/po/{id}/payments"))
        .json(&json!({"payment_date": "2026-02-11", "amount": 1000.25, "payment_mode": "upi", "status": "cleared"}))
        .send()
        .await
        .expect(200);
    let before = summary(&app, project).await;

    let body = editor
        .put(format!("/api/verbal-agreement/{id}/add-po"))
        .json(&json!({"po_number": "4500000007", "po_date": "2026-03-01"}))
        .send()
        .await
        .expect(200);

    assert_eq!(body["message"], "PO number added to verbal agreement");
    assert_eq!(body["po_number"], "4500000007");
    assert_eq!(body["po_date"], "2026-03-01");
    assert_eq!(body["pi_number"], "PI-7");
    assert_eq!(body["data"]["has_po"], true);
    assert_eq!(body["data"]["agreement_date"], "2026-02-10");
    let after = summary(&app, project).await;
    for (field, was, is) in [
        ("total_project_value", "150000", "150000"),
        ("total_agreement_value", "150000", "0"),
        ("total_po_value", "0", "150000"),
        ("total_collected", "1000.25", "1000.25"),
        ("outstanding_amount", "148999.75", "148999.75"),
    ] {
        assert_eq!(before[field], money(was), "{field} before");
        assert_eq!(after[field], money(is), "{field} after");
    }
    assert_eq!(
        (&before["verbal_agreements"], &after["verbal_agreements"]),
        (&json!(1), &json!(0))
    );
    let po = app
        .viewer()
        .await
        .get(format!("/api/po/{id}"))
        .send()
        .await
        .expect(200);
    assert_eq!(po["data"]["line_items"].as_array().unwrap().len(), 1);
    assert_eq!(po["data"]["payment_count"], 1);
    assert_eq!(po["data"]["po_type"], "verbal_agreement");
    app.expect_kept_totals_as_recounted().await;
}

#[tokio::test]
async fn the_same_number_again_changes_only_the_date_and_another_is_refused() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    app.client_po().number("4500000001").insert().await;
    let id = agree(&app, project, "PI-7", "2026-02-10", "1").await;
    let editor = app.editor().await;
    let add = async |number: &str, day: &str| {
        editor
            .put(format!("/api/verbal-agreement/{id}/add-po"))
            .json(&json!({"po_number": number, "po_date": day}))
            .send()
            .await
    };

    // A PO has it.
    add("4500000001", "2026-03-01")
        .await
        .expect_error(409, "CONFLICT");
    assert_eq!(add("N-1", "2026-03-01").await.expect(200)["data"]["version"], 2);
    assert_eq!(add("N-1", "2026-03-01").await.expect(200)["data"]["version"], 2);
    let moved = add("N-1", "2026-03-02").await.expect(200);
    assert_eq!(moved["data"]["version"], 3);
    assert_eq!(moved["po_date"], "2026-03-02");
    let refused = add("N-2", "2026-03-02").await.expect_error(409, "CONFLICT");
    assert_eq!(refused["errors"][0]["field"], "po_number");
    assert_eq!(add("N-1", "2026-03-02").await.expect(200)["po_number"], "N-1");
}

#[tokio::test]
async fn a_proforma_number_is_the_only_one_of_its_project() {
    let app = TestApp::start().await;
    let (one, other) = (app.project("One").await, app.project("Other").await);
    agree(&app, one, "PI-7", "2026-02-10", "1").await;
    agree(&app, other, "PI-7", "2026-02-10", "1").await;
    let editor = app.editor().await;

    let attempts = (0..6).map(|_| {
        editor
            .post(format!("/api/projects/{other}/verbal-agreement?client_id=1"))
            .json(&json!({"pi_number": "PI-8", "pi_date": "2026-02-10"}))
            .send()
    });
    let replies = futures_util::future::join_all(attempts).await;

    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    let again = editor
        .post(format!("/api/projects/{one}/verbal-agreement?client_id=1"))
        .json(&json!({"pi_number": "PI-7", "pi_date": "2026-02-10"}))
        .send()
        .await;
    assert_eq!(
        again.expect_error(409, "CONFLICT")["errors"][0]["field"],
        "pi_number"
    );
}

#[tokio::test]
async fn agreements_of_a_project_are_listed_and_summed() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let early = agree(&app, project, "PI-1", "2026-02-01", "100.10").await;
    let late = agree(&app, project, "PI-2", "2026-02-20", "200.20").await;
    let numbered = agree(&app, project, "PI-3", "2026-02-20", "400").await;
    let gone = agree(&app, project, "PI-4", "2026-02-03", "800").await;
    let elsewhere = app.project("Agra").await;
    agree(&app, elsewhere, "PI-1", "2026-02-01", "5").await;
    app.client_po().project(project).insert().await;
    let editor = app.editor().await;
    editor
        .put(format!("/api/verbal-agreement/{numbered}/add-po"))
        .json(&json!({"po_number": "N-1", "po_date": "2026-03-01"}))
        .send()
        .await
        .expect(200);
    editor
        .put(format!("/api/po/{gone}"))
        .json(&json!({"status": "cancelled"}))
        .send()
        .await
        .expect(200);
    let viewer = app.viewer().await;

    for (query, expected, matching) in [
        ("", vec![numbered, late, gone, early], 4),
        ("?open_only=true", vec![late, gone, early], 3),
        ("?limit=1&skip=1", vec![late], 4),
        ("?sort=po_value&limit=2", vec![early, late], 4),
    ] {
        let body = viewer
            .get(format!("/api/projects/{project}/verbal-agreements{query}"))
            .send()
            .await
            .expect(200);
        let ids: Vec<i64> = body["data"]["agreements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|agreement| agreement["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
        assert_eq!(body["agreements"], body["data"]["agreements"]);
        for (field, expected) in [
            ("total_agreement_count", json!(4)),
            ("total_agreement_value", money("300.3")),
            ("open_count", json!(2)),
            ("open_value", money("300.3")),
            ("total_count", json!(matching)),
        ] {
            assert_eq!(body[field], expected, "{query}: {field}");
            assert_eq!(body["data"][field], expected, "{query}: data.{field}");
        }
    }
}

#[tokio::test]
async fn every_fault_of_an_agreement_is_named() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let id = agree(&app, project, "PI-7", "2026-02-10", "1").await;
    let po = app.client_po().project(project).insert().await;
    let path = format!("/api/projects/{project}/verbal-agreement");

    let fields = |error: &Value| -> Vec<String> {
        let errors = error["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|fault| fault["field"].as_str().unwrap().to_owned())
            .collect()
    };
    let empty = editor.post(&path).json(&json!({"value": -1})).send().await;
    assert_eq!(
        fields(&empty.expect_error(422, "VALIDATION_ERROR")),
        ["pi_number", "pi_date", "value"]
    );
    let good = json!({"pi_number": "PI-9", "pi_date": "2026-02-10"});
    app.execute(r#"UPDATE "Finances".project SET client_id = NULL"#)
        .await;
    let without_client = editor.post(&path).json(&good).send().await;
    assert_eq!(
        fields(&without_client.expect_error(422, "VALIDATION_ERROR")),
        ["client_id"]
    );
    let unknown = editor
        .post(format!("{path}?client_id=99"))
        .json(&good)
        .send()
        .await;
    assert_eq!(
        fields(&unknown.expect_error(422, "VALIDATION_ERROR")),
        ["client_id"]
    );
    let number = json!({"po_number": " ", "po_date": "2026-13-01"});
    let blank = editor
        .put(format!("/api/verbal-agreement/{id}/add-po"))
        .json(&number)
        .send()
        .await;
    assert_eq!(
        fields(&blank.expect_error(422, "VALIDATION_ERROR")),
        ["po_number", "po_date"]
    );

    // A PO that is no agreement, and one that is not there.
    for id in [po, 999_999] {
        let number = json!({"po_number": "N-1", "po_date": "2026-03-01"});
        let reply = editor
            .put(format!("/api/verbal-agreement/{id}/add-po"))
            .json(&number)
            .send()
            .await;
        reply.expect_error(404, "NOT_FOUND");
    }
    editor
        .post("/api/projects/999999/verbal-agreement?client_id=1")
        .json(&good)
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    editor
        .get("/api/projects/999999/verbal-agreements")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn of_two_agreements_that_want_one_number_one_gets_it_and_a_stale_version_gets_none() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let ids = [
        agree(&app, project, "PI-1", "2026-02-10", "1").await,
        agree(&app, project, "PI-2", "2026-02-10", "1").await,
    ];
    let number = json!({"po_number": "N-1", "po_date": "2026-03-01"});

    let stale = editor
        .put(format!("/api/verbal-agreement/{}/add-po", ids[0]))
        .header("if-match", "\"2\"")
        .json(&number)
        .send()
        .await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    let attempts = ids.map(|id| {
        editor
            .put(format!("/api/verbal-agreement/{id}/add-po"))
            .json(&number)
            .send()
    });
    let replies = futures_util::future::join_all(attempts).await;

    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}
