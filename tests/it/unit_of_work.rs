//! Writes are whole or absent, are recorded, and are tried once more where two of them stood in each other's way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::{Path, State},
    routing::post,
};
use nexgen_finance::{
    app::AppState,
    audit::Change,
    auth::Editor,
    error::Result,
    unit_of_work::{Answer, StoredAnswer, Write},
};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::{TestApp, logs::Logs, race, waiting::until, wire::SideServer};

const RENAME: &str =
    r#"UPDATE "Finances".project SET name = name || $2, version = version + 1 WHERE id = $1"#;

async fn versions(app: &TestApp) -> Vec<i32> {
    sqlx::query_scalar(r#"SELECT version FROM "Finances".project ORDER BY id"#)
        .fetch_all(&app.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn each_write_is_recorded_with_who_what_and_in_which_request() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = app.client_po().stated("1000", "0").insert().await;

    let project = editor
        .post("/api/projects")
        .header("x-request-id", "first")
        .json(&json!({"name": "Store"}))
        .send()
        .await
        .expect(200);
    let line = json!({"item_name": "Rods", "quantity": 2, "unit_price": 10.50});
    editor
        .post(format!("/api/po/{po}/line-items"))
        .header("x-request-id", "second")
        .json(&line)
        .send()
        .await
        .expect(200);
    editor
        .post("/api/projects")
        .header("x-request-id", "third")
        .json(&json!({"name": "store"}))
        .send()
        .await
        .expect_error(409, "CONFLICT");

    let entries: Vec<Value> = sqlx::query_scalar(
        r#"
        SELECT jsonb_build_object('actor', actor_id, 'request', request_id, 'what', action || ' ' || entity, 'id', entity_id,
                                  'before', before, 'after', after, 'is_now', at > now() - interval '1 minute')
          FROM "Finances".audit_entry
         ORDER BY id
        "#,
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let told: Vec<String> = entries
        .iter()
        .map(|entry| {
            format!(
                "{} {}",
                entry["request"].as_str().unwrap(),
                entry["what"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "first created project",
            "second created client_po_line_item",
            "second updated client_po"
        ]
    );
    assert!(
        entries
            .iter()
            .all(|entry| entry["actor"] == editor.user_id && entry["is_now"] == true),
        "{entries:?}"
    );
    assert_eq!(entries[0]["id"], project["id"].to_string());
    assert_eq!(entries[0]["after"]["name"], "Store");
    assert_eq!(entries[2]["before"]["po_value"].to_string(), "1000");
    assert_eq!(entries[2]["after"]["po_value"].to_string(), "21");
}

#[tokio::test]
async fn the_trail_cannot_be_changed_or_cut() {
    let app = TestApp::start().await;
    app.editor()
        .await
        .post("/api/projects")
        .json(&json!({"name": "Store"}))
        .send()
        .await
        .expect(200);

    for statement in [
        r#"UPDATE "Finances".audit_entry SET actor_name = 'nobody'"#,
        r#"DELETE FROM "Finances".audit_entry"#,
        r#"DELETE FROM "Finances".audit_entry WHERE false"#,
        r#"TRUNCATE "Finances".audit_entry"#,
    ] {
        let error = sqlx::query(statement)
            .execute(&app.db)
            .await
            .expect_err(statement);
        assert!(error.to_string().contains("append-only"), "{statement}: {error}");
    }

    let entries: i64 = app.value(r#"SELECT count(*) FROM "Finances".audit_entry"#).await;
    assert_eq!(entries, 1);
}

#[tokio::test]
async fn a_change_without_a_record_is_not_committed() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.project("Store").await;
    let handler = async |write: Write<Editor>| {
        let mut uow = write.begin().await?;
        sqlx::query(RENAME)
            .bind(1_i64)
            .bind("!")
            .execute(uow.conn())
            .await?;
        uow.commit(Answer::ok(json!({}))).await
    };
    let server = SideServer::start(&app, Router::new().route("/api/silent", post(handler))).await;

    server
        .caller(&editor)
        .post("/api/silent")
        .send()
        .await
        .expect_error(500, "INTERNAL_ERROR");

    assert_eq!(versions(&app).await, [1]);
}

/// Renames two projects in the order of the path; the first two calls wait for each other in between.
fn rename_two(calls: Arc<AtomicUsize>) -> Router<AppState> {
    let barrier = Arc::new(Barrier::new(2));
    let handler =
        async move |write: Write<Editor>, Path((first, second)): Path<(i64, i64)>| -> Result<StoredAnswer> {
            let mut uow = write.begin().await?;
            sqlx::query(RENAME)
                .bind(first)
                .bind("+")
                .execute(uow.conn())
                .await?;
            if calls.fetch_add(1, Ordering::Relaxed) < 2 {
                barrier.wait().await;
            }
            sqlx::query(RENAME)
                .bind(second)
                .bind("-")
                .execute(uow.conn())
                .await?;
            uow.record(Change::created("project", first, &json!({})));
            uow.commit(Answer::ok(json!({"first": first}))).await
        };
    Router::new().route("/api/rename/{first}/{second}", post(handler))
}

#[tokio::test]
async fn of_two_in_a_deadlock_one_is_tried_again_and_both_are_done() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (one, two) = (app.project("A").await, app.project("B").await);
    let calls = Arc::new(AtomicUsize::new(0));
    let server = SideServer::start(&app, rename_two(Arc::clone(&calls))).await;
    let caller = server.caller(&editor);

    let replies = race(vec![
        caller
            .post(format!("/api/rename/{one}/{two}"))
            .header("idempotency-key", "a")
            .json(&json!({})),
        caller
            .post(format!("/api/rename/{two}/{one}"))
            .header("idempotency-key", "b")
            .json(&json!({})),
    ])
    .await;

    for reply in &replies {
        reply.expect(200);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(versions(&app).await, [3, 3]);
    let entries: i64 = app.value(r#"SELECT count(*) FROM "Finances".audit_entry"#).await;
    assert_eq!(entries, 2);
}

#[tokio::test]
async fn a_serialization_failure_is_tried_again_with_the_same_body() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.project("A").await;
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let handler = async move |State(state): State<AppState>,
                              write: Write<Editor>,
                              body: String|
                -> Result<StoredAnswer> {
        let mut uow = write.begin().await?;
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                .execute(uow.conn())
                .await?;
            sqlx::query(r#"SELECT FROM "Finances".project"#)
                .execute(uow.conn())
                .await?;
            sqlx::query(RENAME)
                .bind(1_i64)
                .bind("?")
                .execute(&state.db)
                .await?;
        }
        sqlx::query(RENAME)
            .bind(1_i64)
            .bind(&body)
            .execute(uow.conn())
            .await?;
        uow.record(Change::created("project", 1, &json!({})));
        uow.commit(Answer::ok(json!({"body": body}))).await
    };
    let server = SideServer::start(&app, Router::new().route("/api/serial", post(handler))).await;

    let reply = server
        .caller(&editor)
        .post("/api/serial")
        .raw("text/plain", "!")
        .send()
        .await;

    assert_eq!(reply.expect(200)["body"], "!");
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let name: String = app.value(r#"SELECT name FROM "Finances".project"#).await;
    assert_eq!(name, "A?!");
}

#[tokio::test]
async fn a_lock_that_is_not_to_be_had_is_503_after_two_tries() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("A").await;
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let handler = async move |write: Write<Editor>| -> Result<StoredAnswer> {
        count.fetch_add(1, Ordering::Relaxed);
        let mut uow = write.begin().await?;
        sqlx::query("SET LOCAL lock_timeout = '20ms'")
            .execute(uow.conn())
            .await?;
        sqlx::query(RENAME)
            .bind(1_i64)
            .bind("!")
            .execute(uow.conn())
            .await?;
        uow.record(Change::created("project", 1, &json!({})));
        uow.commit(Answer::ok(json!({}))).await
    };
    let server = SideServer::start(&app, Router::new().route("/api/held", post(handler))).await;
    let send = || {
        server
            .caller(&editor)
            .post("/api/held")
            .header("idempotency-key", "k")
            .send()
    };
    let mut elsewhere = app.db.begin().await.unwrap();
    sqlx::query(RENAME)
        .bind(project)
        .bind("?")
        .execute(&mut *elsewhere)
        .await
        .unwrap();
    let logs = Logs::start("INFO");

    let refused = send().await;
    elsewhere.rollback().await.unwrap();
    let logged = logs.end();
    let done = send().await;

    refused.expect_error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), "5");
    assert!(!refused.text().contains("timeout"), "{}", refused.text());
    let line = logged.access(refused.header("x-request-id"));
    assert!(line["error"].as_str().unwrap().contains("lock timeout"), "{line}");
    done.expect(200);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(versions(&app).await, [2]);
}

#[tokio::test]
async fn a_request_over_its_time_is_503_and_rolled_back() {
    let app = TestApp::start_with(&[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let editor = app.editor().await;
    app.project("A").await;
    let handler = async |write: Write<Editor>| -> Result<StoredAnswer> {
        let mut uow = write.begin().await?;
        sqlx::query(RENAME)
            .bind(1_i64)
            .bind("!")
            .execute(uow.conn())
            .await?;
        std::future::pending().await
    };
    let server = SideServer::start(&app, Router::new().route("/api/slow", post(handler))).await;

    let reply = server
        .caller(&editor)
        .post("/api/slow")
        .header("origin", "https://app.example.com")
        .send()
        .await;

    reply.expect_error(503, "SERVICE_UNAVAILABLE");
    reply.expect_common_headers();
    assert_eq!(reply.header("retry-after"), "5");
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "https://app.example.com"
    );
    until(
        &app,
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%')",
    )
    .await;
    assert_eq!(versions(&app).await, [1]);
}
