//! Idempotency keys: a POST that is sent again does nothing, and is answered as before.

use axum::{Router, routing::post};
use nexgen_finance::{
    app::AppState,
    audit::Change,
    auth::Editor,
    error::Result,
    unit_of_work::{self, Answer, StoredAnswer, UnitOfWork, Write},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{io::AsyncWriteExt, sync::Notify};

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply},
    race,
    waiting::{until, until_blocked, until_no_key_is_held},
    wire::SideServer,
};

const REPLAYED: &str = "idempotency-replayed";

fn create(caller: &Caller, key: &str, name: &str) -> Call {
    caller
        .post("/api/projects")
        .header("idempotency-key", key)
        .json(&json!({"name": name}))
}

async fn projects(app: &TestApp) -> i64 {
    app.value(r#"SELECT count(*) FROM "Finances".project"#).await
}

async fn kept_keys(app: &TestApp) -> i64 {
    app.value(r#"SELECT count(*) FROM "Finances".idempotency_key"#)
        .await
}

/// Checks that an answer is the repeat of another.
#[track_caller]
fn assert_replay(reply: &Reply, first: &Reply) {
    assert_eq!(reply.status, first.status, "{}", reply.text());
    assert_eq!(reply.bytes, first.bytes);
    for header in ["content-type", "location", "etag", "content-length"] {
        assert_eq!(reply.header(header), first.header(header), "{header}");
    }
    assert_eq!(reply.header(REPLAYED), "true");
    assert_ne!(reply.header("x-request-id"), first.header("x-request-id"));
}

#[tokio::test]
async fn a_repeat_is_answered_byte_for_byte_and_does_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let first = create(&editor, "order-1", "Store A").send().await;
    let repeats = [
        create(&editor, "order-1", "Store A").send().await,
        // The same route under its other names, and from another server.
        editor
            .post("/api/v1/projects")
            .header("idempotency-key", "order-1")
            .json(&json!({"name": "Store A"}))
            .send()
            .await,
        editor
            .post("/api/projects/")
            .header("idempotency-key", "order-1")
            .json(&json!({"name": "Store A"}))
            .send()
            .await,
        create(&app.another().await.caller_of(&editor), "order-1", "Store A")
            .send()
            .await,
    ];

    first.expect(200);
    assert_eq!(first.header(REPLAYED), "");
    assert!(first.header("location").starts_with("/api/projects/"));
    assert!(!first.header("etag").is_empty());
    for repeat in &repeats {
        assert_replay(repeat, &first);
    }
    assert_eq!(projects(&app).await, 1);
    let entries: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE entity = 'project'"#)
        .await;
    assert_eq!(entries, 1);
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_even_when_the_data_has_changed() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let first = create(&editor, "k", "Store A").send().await;
    app.execute(r#"UPDATE "Finances".project SET name = 'Renamed', version = version + 1"#)
        .await;

    assert_replay(&create(&editor, "k", "Store A").send().await, &first);
}

#[tokio::test]
async fn a_key_belongs_to_its_body_and_query() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    create(&editor, "k", "Store A").send().await.expect(200);
    let send = |path: &str, body: &str| editor.post(path).header("idempotency-key", "k").body(body);
    for (path, body) in [
        ("/api/projects", r#"{"name":"Store B"}"#),
        ("/api/projects", r#"{"name": "Store A"}"#),
        ("/api/projects", r#"{"name":"Store A","x":1}"#),
        ("/api/projects?dry_run=true", r#"{"name":"Store A"}"#),
    ] {
        let reply = send(path, body).send().await;
        assert_eq!(reply.faults(), ["Idempotency-Key: value_error"], "{path} {body}");
        assert_eq!(reply.header(REPLAYED), "");
    }
    assert_eq!(projects(&app).await, 1);
}

#[tokio::test]
async fn keys_of_other_users_and_routes_are_other_keys() {
    let app = TestApp::start().await;
    let (one, other) = (app.editor().await, app.editor().await);
    let pos = [app.client_po().insert().await, app.client_po().insert().await];
    let line = json!({"item_name": "Rods", "quantity": 1, "unit_price": 10});

    create(&one, "k", "Store A").send().await.expect(200);
    create(&other, "k", "Store B").send().await.expect(200);
    for po in pos {
        let call = one
            .post(format!("/api/po/{po}/line-items"))
            .header("idempotency-key", "k")
            .json(&line);
        let reply = call.send().await;
        reply.expect(200);
        assert_eq!(reply.header(REPLAYED), "");
    }

    assert_eq!(kept_keys(&app).await, 4);
    let lines: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".client_po_line_item"#)
        .await;
    assert_eq!(lines, 2);
}

#[tokio::test]
async fn while_the_first_one_runs_a_second_one_is_told_to_wait() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = app.client_po().insert().await;
    let line = json!({"item_name": "Rods", "quantity": 1, "unit_price": 10});
    let send = || {
        editor
            .post(format!("/api/po/{po}/line-items"))
            .header("idempotency-key", "k")
            .json(&line)
            .send()
    };
    let mut elsewhere = app.db.begin().await.unwrap();
    sqlx::query(r#"SELECT FROM "Finances".client_po WHERE id = $1 FOR UPDATE"#)
        .bind(po)
        .execute(&mut *elsewhere)
        .await
        .unwrap();

    let first = tokio::spawn(send());
    until_blocked(&app).await;
    let second = send().await;
    elsewhere.rollback().await.unwrap();
    let first = first.await.unwrap();
    let third = send().await;

    second.expect_error(409, "CONFLICT");
    assert_eq!(second.header("retry-after"), "1");
    first.expect(200);
    assert_replay(&third, &first);
}

#[tokio::test]
async fn of_twenty_at_once_one_does_it_and_nobody_gets_another_answer() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let replies = race((0..20).map(|_| create(&editor, "k", "Store A")).collect()).await;

    let done: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert!(!done.is_empty());
    assert_eq!(
        done.iter()
            .filter(|reply| reply.header(REPLAYED).is_empty())
            .count(),
        1
    );
    assert!(done.iter().all(|reply| reply.bytes == done[0].bytes));
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.expect_error(409, "CONFLICT");
        assert_eq!(reply.header("retry-after"), "1");
    }
    assert_eq!(projects(&app).await, 1);
    let after = create(&editor, "k", "Store A").send().await;
    assert_eq!((after.status, after.header(REPLAYED)), (200, "true"));
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_by_the_databases_clock() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    create(&editor, "k", "Store A").send().await.expect(200);
    let age = |sql: &'static str| app.execute(sql);

    age(r#"UPDATE "Finances".idempotency_key SET created_at = now() - interval '23 hours 59 minutes'"#).await;
    unit_of_work::sweep(&app.db).await.unwrap();
    let late = create(&editor, "k", "Store A").send().await;
    age(r#"UPDATE "Finances".idempotency_key SET created_at = now() - interval '24 hours'"#).await;
    let next_day = create(&editor, "k", "Store B").send().await;
    let repeated = create(&editor, "k", "Store B").send().await;

    assert_eq!(late.header(REPLAYED), "true");
    next_day.expect(200);
    assert_eq!(next_day.header(REPLAYED), "");
    assert_replay(&repeated, &next_day);
    age(r#"UPDATE "Finances".idempotency_key SET created_at = now() - interval '24 hours'"#).await;
    unit_of_work::sweep(&app.db).await.unwrap();
    assert_eq!(kept_keys(&app).await, 0);
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    app.project("Taken").await;
    let post = |caller: &Caller, path: &str, body: Value| {
        caller
            .post(path)
            .header("idempotency-key", "k")
            .json(&body)
            .send()
    };

    post(&editor, "/api/projects", json!({"name": ""}))
        .await
        .expect_error(422, "VALIDATION_ERROR");
    post(
        &editor,
        "/api/projects",
        json!({"name": "Store", "client_id": 99}),
    )
    .await
    .expect_error(422, "VALIDATION_ERROR");
    post(&editor, "/api/projects", json!({"name": "taken"}))
        .await
        .expect_error(409, "CONFLICT");
    post(&viewer, "/api/projects", json!({"name": "Store"}))
        .await
        .expect_error(403, "FORBIDDEN");
    let line = json!({"item_name": "Rods", "quantity": 1, "unit_price": 10});
    post(&editor, "/api/po/999/line-items", line)
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(kept_keys(&app).await, 0);

    let done = post(&editor, "/api/projects", json!({"name": "Store"})).await;
    done.expect(200);
    assert_eq!(done.header(REPLAYED), "");
}

#[tokio::test]
async fn who_tries_again_at_once_is_not_taken_for_a_second_one() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.project("Taken").await;
    create(&editor, "done", "Store").send().await.expect(200);
    for _ in 0..30 {
        create(&editor, "refused", "Taken")
            .send()
            .await
            .expect_error(409, "CONFLICT");
        let again = create(&editor, "refused", "Taken")
            .send()
            .await
            .expect_error(409, "CONFLICT");
        assert!(again["errors"].is_array(), "{again}");
        assert_eq!(
            create(&editor, "done", "Store").send().await.header(REPLAYED),
            "true"
        );
    }
}

/// Inserts a project as a handler does.
async fn insert(uow: &mut UnitOfWork, name: &str) -> Result<i64> {
    let id: i64 =
        sqlx::query_scalar(r#"INSERT INTO "Finances".project (name, client_id) VALUES ($1, 1) RETURNING id"#)
            .bind(name)
            .fetch_one(uow.conn())
            .await?;
    uow.record(Change::created("project", id, &json!({"name": name})));
    Ok(id)
}

/// How a handler ends that has begun to write.
type Failure = fn(UnitOfWork) -> Result<StoredAnswer>;

/// A route that fails the first time in its own way, after it has written.
fn fails_once(how: Failure) -> Router<AppState> {
    let calls = Arc::new(AtomicUsize::new(0));
    let handler = async move |write: Write<Editor>| {
        let mut uow = write.begin().await?;
        let id = insert(&mut uow, "Store").await?;
        if calls.fetch_add(1, Ordering::Relaxed) == 0 {
            return how(uow);
        }
        uow.commit(Answer::ok(json!({"id": id}))).await
    };
    Router::new().route("/api/fails-once", post(handler))
}

#[tokio::test]
async fn a_fault_of_the_server_leaves_the_key_free_and_nothing_written() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let ways: [(&str, Failure); 2] = [
        ("panics", |_| panic!("on purpose")),
        ("errs", |_| {
            Err(anyhow::anyhow!("on purpose")).map_err(nexgen_finance::error::Error::internal)
        }),
    ];
    for (way, how) in ways {
        let server = SideServer::start(&app, fails_once(how)).await;
        let send = || {
            server
                .caller(&editor)
                .post("/api/fails-once")
                .header("idempotency-key", way)
                .send()
        };
        let before = projects(&app).await;

        send().await.expect_error(500, "INTERNAL_ERROR");
        until_no_key_is_held(&app).await;
        assert_eq!(
            (projects(&app).await, kept_keys(&app).await),
            (before, before),
            "{way}"
        );
        let second = send().await;

        second.expect(200);
        assert_eq!(second.header(REPLAYED), "");
        assert_replay(&send().await, &second);
        app.execute(r#"UPDATE "Finances".project SET name = name || id"#)
            .await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_the_key_free_and_nothing_written() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let reached = Arc::new(Notify::new());
    let here = Arc::clone(&reached);
    let handler = async move |write: Write<Editor>| -> Result<StoredAnswer> {
        let mut uow = write.begin().await?;
        insert(&mut uow, "Store").await?;
        here.notify_one();
        std::future::pending().await
    };
    let server = SideServer::start(&app, Router::new().route("/api/endless", post(handler))).await;
    let request = format!(
        "POST /api/endless HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\nContent-Length: 0\r\n\r\n",
        editor.token.as_deref().unwrap()
    );

    let mut stream = server.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    reached.notified().await;
    let held = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    until(&app, held).await;
    drop(stream);

    until_no_key_is_held(&app).await;
    assert_eq!((projects(&app).await, kept_keys(&app).await), (0, 0));
}

#[tokio::test]
async fn authentication_and_other_methods_take_no_key() {
    let app = TestApp::start().await;
    let account = |name: &str| json!({"username": name, "email": format!("{name}@example.com"), "password": "correct horse"});
    let sign_up = |name: &str| {
        app.nobody()
            .post("/api/auth/signup")
            .header("idempotency-key", "k")
            .json(&account(name))
            .send()
    };

    let first = sign_up("clerk").await;
    let again = sign_up("clerk").await;
    let other = sign_up("ravi").await;

    first.expect(200);
    again.expect_error(409, "CONFLICT");
    other.expect(200);
    assert_eq!(kept_keys(&app).await, 0);
    let read = app
        .viewer()
        .await
        .get("/api/projects")
        .header("idempotency-key", "with blank")
        .send()
        .await;
    assert_eq!(read.status, 200);
}

/// A route that reads its whole body, whatever its type, before it opens its transaction, as an upload does.
fn upload_route() -> Router<AppState> {
    let handler = async |write: Write<Editor>, body: axum::body::Bytes| -> Result<StoredAnswer> {
        let mut uow = write.begin().await?;
        let id = insert(&mut uow, &format!("Store of {}", body.len())).await?;
        uow.commit(Answer::ok(json!({"id": id}))).await
    };
    Router::new().route("/api/upload", post(handler))
}

#[tokio::test]
async fn while_an_upload_still_sends_its_key_is_taken_and_free_when_it_breaks_off() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let server = SideServer::start(&app, upload_route()).await;
    let form = "multipart/form-data; boundary=x";
    let send = || {
        server
            .caller(&editor)
            .post("/api/upload")
            .header("idempotency-key", "k")
            .raw(form, "abc")
            .send()
    };
    let head = format!(
        "POST /api/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\nContent-Type: {form}\r\nContent-Length: 1000\r\n\r\nabc",
        editor.token.as_deref().unwrap()
    );
    let is_running = r#"SELECT EXISTS (SELECT FROM "Finances".idempotency_key WHERE state = 'running')"#;
    let is_free = r#"SELECT NOT EXISTS (SELECT FROM "Finances".idempotency_key)"#;

    let mut first = server.connect().await;
    first.write_all(head.as_bytes()).await.unwrap();
    until(&app, is_running).await;
    let second = send().await;
    drop(first);
    until(&app, is_free).await;
    let third = send().await;
    let fourth = send().await;

    second.expect_error(409, "CONFLICT");
    assert_eq!(second.header("retry-after"), "1");
    third.expect(200);
    assert_replay(&fourth, &third);
    assert_eq!(projects(&app).await, 1);
}

#[tokio::test]
async fn the_key_of_an_upload_whose_server_was_killed_is_free_once_its_lease_is_over() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let server = SideServer::start(&app, upload_route()).await;
    let send = || {
        let call = server
            .caller(&editor)
            .post("/api/upload")
            .header("idempotency-key", "k");
        call.raw("multipart/form-data; boundary=x", "abc").send()
    };
    app.execute(
        r#"
        INSERT INTO "Finances".idempotency_key (user_id, method, path, key, state, created_at, lease_until)
        SELECT id, 'POST', '/api/upload', 'k', 'running', now(), now() + interval '1 hour' FROM "Finances"."user"
        "#,
    )
    .await;

    let during = send().await;
    app.execute(r#"UPDATE "Finances".idempotency_key SET lease_until = now() - interval '1 millisecond'"#)
        .await;
    let afterwards = send().await;

    during.expect_error(409, "CONFLICT");
    afterwards.expect(200);
    assert_replay(&send().await, &afterwards);
}
