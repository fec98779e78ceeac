//! The clients.

use serde_json::json;

use crate::support::{TestApp, callers::fault_list, money, race};

#[tokio::test]
async fn the_two_clients_with_parsers_are_always_there() {
    let app = TestApp::start().await;

    let body = app.viewer().await.get("/api/clients").send().await.expect(200);

    let data = &body["data"];
    assert_eq!(data["clients"][0]["id"], 1);
    assert_eq!(data["clients"][0]["name"], "Bajaj");
    assert_eq!(data["clients"][1]["name"], "Dava India");
    assert_eq!(data["clients"][1]["supports_upload"], true);
    assert_eq!((&data["count"], &data["total_count"]), (&2.into(), &2.into()));
    assert_eq!((&data["skip"], &data["limit"]), (&0.into(), &1000.into()));
}

#[tokio::test]
async fn a_client_of_another_name_under_a_known_id_has_no_parser() {
    let app = TestApp::start().await;
    app.execute(r#"UPDATE "Finances".client SET name = 'Somebody Else' WHERE id = 2"#)
        .await;

    let body = app.viewer().await.get("/api/clients").send().await.expect(200);

    assert_eq!(body["data"]["clients"][1]["supports_upload"], false);
}

#[tokio::test]
async fn pages_follow_each_other_by_skip_page_and_cursor() {
    let app = TestApp::start().await;
    app.execute(
        r#"INSERT INTO "Finances".client (name) SELECT 'Client ' || n FROM generate_series(1, 5) AS n"#,
    )
    .await;
    let viewer = app.viewer().await;
    let names = |query: String| {
        let call = viewer.get(format!("/api/clients?{query}"));
        async move {
            let data = call.send().await.expect(200)["data"].clone();
            let names: Vec<String> = data["clients"]
                .as_array()
                .unwrap()
                .iter()
                .map(|client| client["name"].as_str().unwrap().to_owned())
                .collect();
            (names, data)
        }
    };

    let (first, data) = names("limit=3&sort=-name".to_owned()).await;
    assert_eq!(first, ["Dava India", "Client 5", "Client 4"]);
    assert_eq!(data["total_count"], 7);
    let cursor = data["next_cursor"].as_str().unwrap().to_owned();

    let (second, _) = names(format!("limit=3&sort=-name&cursor={cursor}")).await;
    assert_eq!(second, ["Client 3", "Client 2", "Client 1"]);
    assert_eq!(names("page=2&page_size=3&sort=-name".to_owned()).await.0, second);
    assert_eq!(names("skip=3&limit=3&sort=-name".to_owned()).await.0, second);
    assert_eq!(names("offset=3&limit=3&sort=-name".to_owned()).await.0, second);

    let (last, data) = names("skip=6&limit=3&sort=-name".to_owned()).await;
    assert_eq!(last, ["Bajaj"]);
    assert!(data["next_cursor"].is_null());

    let other_sort = viewer
        .get(format!("/api/clients?limit=3&sort=name&cursor={cursor}"))
        .send()
        .await;
    assert_eq!(other_sort.faults(), ["cursor: value_error"]);
}

#[tokio::test]
async fn every_bad_word_of_a_page_is_named() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for (query, faults) in [
        (
            "skip=-1&limit=0",
            vec!["limit: greater_than_equal", "skip: greater_than_equal"],
        ),
        ("limit=1001", vec!["limit: less_than_equal"]),
        ("page=0", vec!["page: greater_than_equal"]),
        (
            "skip=x&page_size=1.5",
            vec!["page_size: int_parsing", "skip: int_parsing"],
        ),
        ("skip=99999999999999999999", vec!["skip: int_parsing"]),
        ("sort=password", vec!["sort: enum"]),
        ("cursor=%00", vec!["cursor: value_error"]),
    ] {
        let reply = viewer.get(format!("/api/clients?{query}")).send().await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
    let beyond = viewer
        .get("/api/clients?skip=9223372036854775807")
        .send()
        .await
        .expect(200);
    assert_eq!(beyond["data"]["count"], 0);
}

#[tokio::test]
async fn a_client_is_added_changed_and_deleted() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let new = json!({"name": " Example Retail ", "contact_person": "A. B.", "email": "a@example.com", "phone": "12",
                     "address": "Ring Road", "gstin": "27aaaaa0000a1z5", "other": 1});

    let made = editor
        .post("/api/clients")
        .json(&new)
        .header("idempotency-key", "k")
        .send()
        .await;
    let again = editor
        .post("/api/clients")
        .json(&new)
        .header("idempotency-key", "k")
        .send()
        .await;

    let body = made.expect(201);
    let id = body["client"]["id"].as_i64().unwrap();
    assert_eq!(
        (again.expect(201), again.header("idempotency-replayed")),
        (body.clone(), "true")
    );
    let path = format!("/api/clients/{id}");
    assert_eq!(made.header("location"), path);
    assert_eq!(body["client"], body["data"]["client"]);
    let client = &body["client"];
    assert_eq!(
        (&client["name"], &client["gstin"]),
        (&json!("Example Retail"), &json!("27AAAAA0000A1Z5"))
    );
    assert_eq!(
        (&client["bundle_by_store"], &client["supports_upload"]),
        (&json!(true), &json!(false))
    );
    let shown = app.viewer().await.get(&path).send().await;
    assert_eq!(shown.expect(200)["client"], *client);
    assert_eq!(shown.header("etag").split('-').next(), Some("\"1"));

    let unchanged = editor
        .put(&path)
        .json(&json!({"email": null, "phone": "12 "}))
        .send()
        .await;
    assert_eq!(unchanged.expect(200)["client"], *client);
    let change = json!({"name": "example retail", "email": "", "gstin": " ", "bundle_by_store": false});
    let changed = editor
        .put(&path)
        .json(&change)
        .header("if-match", "\"1\"")
        .send()
        .await;
    let client = &changed.expect(200)["client"];
    assert_eq!(
        (&client["name"], &client["version"]),
        (&json!("example retail"), &json!(2))
    );
    assert!(client["email"].is_null() && client["gstin"].is_null());
    assert_eq!(
        (&client["phone"], &client["bundle_by_store"]),
        (&json!("12"), &json!(false))
    );

    let stale = admin.delete(&path).header("if-match", "\"1\"").send().await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    admin.delete(&path).send().await.expect(200);
    admin.delete(&path).send().await.expect_error(404, "NOT_FOUND");
    let actions = app
        .value::<String>(
            r#"SELECT string_agg(action, ' ' ORDER BY id) FROM "Finances".audit_entry WHERE entity = 'client'"#,
        )
        .await;
    assert_eq!(actions, "created updated deleted");
}

#[tokio::test]
async fn the_figures_of_a_client_are_over_its_live_pos() {
    let app = TestApp::start().await;
    app.project("Delhi").await;
    let po = app.client_po().stated("1000", "0").insert().await;
    app.client_po().stated("500.50", "0").insert().await;
    let cancelled = app
        .client_po()
        .stated("9", "0")
        .status("cancelled")
        .insert()
        .await;
    app.client_po().client(2).stated("7", "0").insert().await;
    app.payment(po, "credit", "600", "cleared").await;
    app.payment(po, "debit", "100", "cleared").await;
    app.payment(cancelled, "credit", "5", "cleared").await;

    let body = app.viewer().await.get("/api/clients/1").send().await.expect(200);

    let client = &body["data"]["client"];
    assert_eq!(
        (&client["project_count"], &client["po_count"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(client["total_po_value"], money("1500.5"));
    assert_eq!(client["total_paid"], money("500"));
    assert_eq!(client["outstanding_amount"], money("1000.5"));
}

#[tokio::test]
async fn what_a_client_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    for (body, faults) in [
        (json!({}), vec!["name: missing"]),
        (
            json!({"name": " ", "gstin": "27AAAAA0000A1Z"}),
            vec!["gstin: value_error", "name: string_too_short"],
        ),
        (
            json!({"name": "n".repeat(256), "gstin": 5}),
            vec!["gstin: value_error", "name: string_too_long"],
        ),
        (
            json!({"name": "N", "bundle_by_store": "maybe"}),
            vec!["bundle_by_store: value_error"],
        ),
    ] {
        assert_eq!(
            editor.post("/api/clients").json(&body).send().await.faults(),
            faults,
            "{body}"
        );
    }
    let put = |body| editor.put("/api/clients/2").json(&body).send();
    assert_eq!(
        put(json!({"name": " "})).await.faults(),
        ["name: string_too_short"]
    );
    assert_eq!(
        put(json!({"gstin": "27AAAAA-000A1Z5"})).await.faults(),
        ["gstin: value_error"]
    );
    for taken in [
        put(json!({"name": "BAJAJ"})).await,
        editor
            .post("/api/clients")
            .json(&json!({"name": " bajaj"}))
            .send()
            .await,
    ] {
        assert_eq!(taken.expect_error(409, "CONFLICT")["errors"][0]["field"], "name");
    }
    let new = json!({"name": "New"});
    viewer
        .post("/api/clients")
        .json(&new)
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    viewer
        .put("/api/clients/1")
        .json(&new)
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    editor
        .delete("/api/clients/1")
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    editor
        .put("/api/clients/99")
        .json(&new)
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    viewer
        .get("/api/clients/99")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(
        viewer.get("/api/clients/x").send().await.faults(),
        ["client_id: int_parsing"]
    );
}

#[tokio::test]
async fn a_client_that_something_refers_to_stays() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let project = app.project("Delhi").await;
    let po = app.client_po().project(project).insert().await;
    app.payment(po, "credit", "5", "pending").await;
    app.payment(po, "credit", "6", "pending").await;
    app.execute(
        r#"INSERT INTO "Finances".upload_session (id, session_id, expires_at, metadata)
           VALUES ('a', 'sess_a', now(), '{"client_id": 1}')"#,
    )
    .await;

    let body = admin
        .delete("/api/clients/1")
        .send()
        .await
        .expect_error(409, "CONFLICT");

    assert_eq!(
        body["message"],
        "Client 'Bajaj' is still needed by: 1 project, 1 PO, 2 payments, 1 upload session, the parser of its files"
    );
    assert_eq!(
        fault_list(&body),
        [
            "client: still_referenced",
            "client_payment: still_referenced",
            "client_po: still_referenced",
            "project: still_referenced",
            "upload_session: still_referenced",
        ]
    );
    let second = admin.delete("/api/clients/2").send().await;
    assert_eq!(
        fault_list(&second.expect_error(409, "CONFLICT")),
        ["client: still_referenced"]
    );
}

#[tokio::test]
async fn of_many_at_once_one_client_gets_the_name() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let calls = ["Only One", "ONLY ONE", "only one"]
        .map(|name| editor.post("/api/clients").json(&json!({"name": name})))
        .into();

    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert_eq!(statuses, [201, 409, 409]);
}
