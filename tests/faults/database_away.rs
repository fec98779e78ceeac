//! The database goes away and comes back while the server runs.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use nexgen_finance::postgres::embedded::EmbeddedPostgres;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use sqlx::ConnectOptions;

use crate::support::{TestApp, callers::Caller, callers::Reply, cluster, logs::Logs, race};

/// A server on a cluster of its own, which the test may kill.
async fn start() -> (EmbeddedPostgres, TestApp) {
    let postgres = EmbeddedPostgres::start(cluster::settings(Path::new("/tmp")))
        .await
        .expect("start PostgreSQL");
    let settings = [("DB_POOL_TIMEOUT", "3"), ("RATE_LIMIT_ENABLED", "false")];
    let app = TestApp::start_on(postgres.connect_options("postgres"), &settings).await;
    (postgres, app)
}

/// Kills the database's first process, whose children end with it.
async fn kill_database(postgres: &EmbeddedPostgres) {
    let exited = postgres.exited();
    kill(Pid::from_raw(postgres.pid().expect("it runs")), Signal::SIGKILL).unwrap();
    exited.await;
}

/// Counts rows on a connection of the test's own: the server's are busy, or broken.
async fn count(postgres: &EmbeddedPostgres, sql: &'static str) -> i64 {
    let mut connection = postgres
        .connect_options("postgres")
        .connect()
        .await
        .expect("connect");
    sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .expect("count")
}

/// Asks until the answer is as it should be; the test fails after half a minute.
async fn ask_until(caller: &Caller, path: &str, is_so: impl Fn(&Reply) -> bool) -> Reply {
    let start = Instant::now();
    loop {
        let reply = caller.get(path).send().await;
        if is_so(&reply) {
            return reply;
        }
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{path} still answers {}",
            reply.text()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn database_is(state: &'static str) -> impl Fn(&Reply) -> bool {
    move |reply| reply.json()["database"] == state
}

#[track_caller]
fn assert_unavailable(reply: &Reply) -> Value {
    let error = reply.expect_error(503, "SERVICE_UNAVAILABLE");
    reply.expect_common_headers();
    assert_eq!(reply.header("retry-after"), "5");
    assert_eq!(error["message"], "The service is temporarily unavailable");
    error
}

#[tokio::test]
async fn probes_tell_it_and_the_server_recovers_by_itself() {
    let (mut postgres, app) = start().await;
    let (editor, stranger, nobody) = (app.editor().await, app.viewer().await, app.nobody());
    editor.get("/api/projects").send().await.expect(200);
    ask_until(&nobody, "/api/health", database_is("UP"))
        .await
        .expect(200);
    nobody.get("/api/health/ready").send().await.expect(200);
    let logs = Logs::start("INFO");

    kill_database(&postgres).await;

    let health = ask_until(&nobody, "/api/health", database_is("DOWN"))
        .await
        .expect(200);
    for body in [&health, &health["data"]] {
        assert_eq!(
            (&body["status"], &body["database"]),
            (&json!("DEGRADED"), &json!("DOWN"))
        );
    }
    let details = nobody.get("/api/health/detailed").send().await.expect(200);
    for body in [&details, &details["data"]] {
        assert_eq!(
            (&body["status"], &body["components"]["database"]),
            (&json!("DEGRADED"), &json!("DOWN"))
        );
        assert_eq!(body.get("database_tables"), None);
    }
    for probe in ["/api/health/ready", "/api/health/db"] {
        assert_eq!(
            assert_unavailable(&nobody.get(probe).send().await)["database"],
            "disconnected"
        );
    }
    nobody.get("/api/health/live").send().await.expect(200);
    nobody.get("/api/openapi.json").send().await.expect(200);
    let mut refused = Vec::new();
    let calls = vec![
        editor.get("/api/projects"),
        editor.get("/api/po/1/details"),
        editor
            .post("/api/projects")
            .header("idempotency-key", "k")
            .json(&json!({"name": "Store"})),
        // Whose token this server has not seen yet.
        stranger.get("/api/projects"),
        nobody
            .post("/api/auth/login")
            .json(&json!({"username": "clerk", "password": "correct horse"})),
    ];
    for reply in race(calls).await {
        let error = assert_unavailable(&reply);
        assert_eq!(error.get("database"), None);
        refused.push(reply.header("x-request-id").to_owned());
    }
    // What is wrong with a request is told without the database.
    nobody
        .post("/api/auth/login")
        .body("{")
        .send()
        .await
        .expect_error(422, "VALIDATION_ERROR");
    nobody
        .get("/api/nowhere")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");

    postgres.restart().await.expect("start PostgreSQL again");

    ask_until(&nobody, "/api/health/ready", |reply| reply.status == 200).await;
    ask_until(&nobody, "/api/health", database_is("UP"))
        .await
        .expect(200);
    for caller in [&editor, &stranger] {
        caller.get("/api/projects").send().await.expect(200);
    }
    let created = editor
        .post("/api/projects")
        .header("idempotency-key", "k")
        .json(&json!({"name": "Store"}))
        .send()
        .await;
    created.expect(200);
    let logged = logs.end();
    assert!(!logged.console.contains("panick"), "{}", logged.console);
    let errors = logged.error_lines();
    for id in &refused {
        let line = errors
            .iter()
            .find(|line| line["request_id"] == **id)
            .expect("the refusal's line");
        assert!(
            line["error"].as_str().is_some_and(|cause| !cause.is_empty()),
            "{line}"
        );
    }
    app.db.close().await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_sent_again_under_its_key_until_it_is_done_is_done_once() {
    let (mut postgres, app) = start().await;
    let editor = app.editor().await;
    let logs = Logs::start("ERROR");
    let is_back = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..6 {
        let (editor, is_back) = (editor.clone(), Arc::clone(&is_back));
        writers.push(tokio::spawn(async move {
            let mut number = 0;
            let mut refusals = 0;
            // Some before, some during, and some after.
            let mut left = 5;
            while left > 0 {
                let name = format!("store-{writer}-{number}");
                let call = editor
                    .post("/api/projects")
                    .header("idempotency-key", &name)
                    .json(&json!({"name": name}));
                let reply = call.send().await;
                match reply.status {
                    200 => number += 1,
                    // The first one's end is not known to the database yet.
                    409 => assert_eq!(reply.header("retry-after"), "1", "{}", reply.text()),
                    _ => {
                        assert_unavailable(&reply);
                        refusals += 1;
                    }
                }
                if is_back.load(Ordering::Relaxed) && reply.status == 200 {
                    left -= 1;
                }
            }
            (number, refusals)
        }));
    }
    let projects = r#"SELECT count(*) FROM "Finances".project"#;
    while count(&postgres, projects).await < 20 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    kill_database(&postgres).await;
    ask_until(&editor, "/api/projects?limit=1", |reply| reply.status == 503).await;
    postgres.restart().await.expect("start PostgreSQL again");
    ask_until(&editor, "/api/projects?limit=1", |reply| reply.status == 200).await;
    is_back.store(true, Ordering::Relaxed);
    let (mut done, mut refused) = (0, 0);
    for writer in writers {
        let (number, refusals) = writer.await.unwrap();
        done += number;
        refused += refusals;
    }

    assert_eq!(count(&postgres, projects).await, done);
    let entries = r#"SELECT count(*) FROM "Finances".audit_entry WHERE entity = 'project'"#;
    assert_eq!(count(&postgres, entries).await, done);
    assert!(refused > 0);
    assert!(!logs.end().console.contains("panick"));
    app.db.close().await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_that_hangs_is_down_after_two_seconds() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    ask_until(&nobody, "/api/health", database_is("UP")).await;
    let mut elsewhere = app.db.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE pg_catalog.pg_class IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *elsewhere)
        .await
        .unwrap();

    let health = ask_until(&nobody, "/api/health", database_is("DOWN"))
        .await
        .expect(200);
    let ready = nobody.get("/api/health/ready").send().await;
    nobody.get("/api/health/live").send().await.expect(200);
    elsewhere.rollback().await.unwrap();

    assert_eq!(health["status"], "DEGRADED");
    assert_eq!(assert_unavailable(&ready)["database"], "disconnected");
    ask_until(&nobody, "/api/health/ready", |reply| reply.status == 200).await;
}
