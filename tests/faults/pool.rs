//! All connections to the database are taken: who comes then is told so in bounded time, and nothing of it is done.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{ConnectOptions, Connection};

use crate::support::{TestApp, callers::Caller, race, waiting::until_so};

const POOL: usize = 2;
const REFUSED: usize = 20;
/// `DB_POOL_TIMEOUT`, and as much again for a busy machine.
const BOUND: Duration = Duration::from_secs(8);

fn create(caller: &Caller, name: &str) -> crate::support::callers::Call {
    caller
        .post("/api/projects")
        .header("idempotency-key", name)
        .json(&json!({"name": name}))
}

#[tokio::test]
async fn who_finds_the_pool_exhausted_is_told_to_come_back_and_nothing_was_done() {
    let size = POOL.to_string();
    let app = TestApp::start_with(&[
        ("DB_POOL_SIZE", &size),
        ("DB_MAX_OVERFLOW", "0"),
        ("DB_POOL_TIMEOUT", "2"),
    ])
    .await;
    let editor = app.editor().await;
    editor.get("/api/projects").send().await.expect(200);
    let mut other = app.db.connect_options().connect().await.expect("connect");
    let mut holder = other.begin().await.expect("begin");
    sqlx::query(r#"LOCK TABLE "Finances".project"#)
        .execute(&mut *holder)
        .await
        .expect("lock");
    let held: Vec<_> = (0..POOL)
        .map(|number| tokio::spawn(create(&editor, &format!("held-{number}")).send()))
        .collect();
    until_so("all connections are taken", || {
        app.db.num_idle() == 0 && app.db.size() == 2
    })
    .await;

    let started = Instant::now();
    let names: Vec<String> = (0..REFUSED).map(|number| format!("refused-{number}")).collect();
    let refused = race(names.iter().map(|name| create(&editor, name)).collect()).await;
    let took = started.elapsed();
    let live = app.nobody().get("/api/health/live").send().await;
    let health = app.nobody().get("/api/health").send().await;

    for reply in &refused {
        reply.expect_error(503, "SERVICE_UNAVAILABLE");
        assert_eq!(reply.header("retry-after"), "5");
    }
    assert!(took < BOUND, "{took:?}");
    live.expect(200);
    assert_eq!(health.expect(200)["database"], "DOWN");

    holder.rollback().await.expect("let go");
    for reply in held {
        reply.await.unwrap().expect(200);
    }
    let projects = r#"SELECT count(*) FROM "Finances".project"#;
    assert_eq!(
        app.value::<i64>(projects).await,
        2,
        "nothing was done of what was refused"
    );
    for reply in race(names.iter().map(|name| create(&editor, name)).collect()).await {
        reply.expect(200);
        assert_eq!(reply.header("idempotency-replayed"), "");
    }
    assert_eq!(app.value::<i64>(projects).await, 22);
    println!(
        "pool: {REFUSED} writes refused with 503 within {} ms, 0 of them done; afterwards all done",
        took.as_millis()
    );
}
