//! Single statements take turns on a few warm connections: the last used first, and none that something is left of.

use std::time::{Duration, Instant};

use sqlx::{Connection, Executor};

use crate::support::{TestApp, race, waiting::until_so};

const BACKEND: &str = "SELECT pg_backend_pid()";

/// A pool of eight, of which two are kept warm.
async fn app() -> TestApp {
    TestApp::start_with(&[("DB_POOL_SIZE", "4"), ("DB_MAX_OVERFLOW", "4")]).await
}

#[tokio::test]
async fn the_connection_that_was_used_last_is_used_next() {
    let app = app().await;
    let first: i32 = app.value(BACKEND).await;
    for _ in 0..20 {
        assert_eq!(app.value::<i32>(BACKEND).await, first);
    }
}

#[tokio::test]
async fn many_at_once_are_all_answered_by_few() {
    let app = app().await;
    let viewer = app.viewer().await;
    let calls = (0..60)
        .map(|number| viewer.get(format!("/api/vendors?limit=1&_={number}")))
        .collect();
    for reply in race(calls).await {
        reply.expect(200);
    }
    let open: i64 = app
        .value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'nexgen-finance'")
        .await;
    assert!(open <= 8, "{open}");
}

#[tokio::test]
async fn slow_statements_do_not_keep_others_from_running() {
    let app = app().await;
    let slow: Vec<_> = (0..4)
        .map(|_| {
            let db = app.db.clone();
            tokio::spawn(async move { (&db).execute("SELECT pg_sleep(4)").await.map(|_| ()) })
        })
        .collect();
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(4)' AND state = 'active'";
    while app.value::<i64>(sleeping).await < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // They are at it still, on more connections than there are turns.
    assert!(slow.iter().all(|task| !task.is_finished()));
    app.value::<i32>(BACKEND).await;
    assert!(slow.iter().all(|task| !task.is_finished()));
    for task in slow {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_statement_that_is_given_up_or_fails_leaves_nothing_to_the_next() {
    let app = app().await;
    for _ in 0..10 {
        let given_up = tokio::time::timeout(
            Duration::from_millis(20),
            (&app.db).fetch_all("SELECT pg_sleep(0.2), 7 AS number"),
        );
        assert!(given_up.await.is_err());
        let failed = (&app.db).execute("SELECT 1 / 0").await;
        assert!(failed.is_err());
        assert_eq!(app.value::<i32>("SELECT 42").await, 42);
    }
}

#[tokio::test]
async fn a_transaction_gets_a_connection_though_the_rest_is_warm() {
    let app = app().await;
    // As many as there may be, all of them open and given back, some of them warm.
    race(
        (0..16)
            .map(|_| app.nobody().get("/api/health/detailed"))
            .collect(),
    )
    .await;
    for _ in 0..4 {
        app.value::<i32>(BACKEND).await;
    }
    let mut all = Vec::new();
    for _ in 0..8 {
        all.push(app.db.acquire().await.unwrap());
    }
    assert_eq!(app.db.num_idle(), 0);
}

#[tokio::test]
async fn who_waits_for_a_connection_gets_the_one_that_a_statement_gives_back() {
    let app = app().await;
    let mut held = Vec::new();
    for _ in 0..7 {
        held.push(app.db.acquire().await.unwrap());
    }
    let db = app.db.clone();
    let reading = tokio::spawn(async move { (&db).execute("SELECT pg_sleep(1)").await.map(|_| ()) });
    until_so("the last connection is taken", || {
        app.db.size() == 8 && app.db.num_idle() == 0
    })
    .await;
    let waited = tokio::time::timeout(Duration::from_secs(10), app.db.acquire()).await;
    assert!(waited.is_ok_and(|connection| connection.is_ok()));
    reading.await.unwrap().unwrap();
}

#[tokio::test]
async fn after_sessions_were_killed_one_failure_is_the_last() {
    let app = app().await;
    let viewer = app.viewer().await;
    race((0..8).map(|_| viewer.get("/api/vendors?limit=1")).collect()).await;
    let mut other = sqlx::PgConnection::connect_with(&app.db.connect_options())
        .await
        .unwrap();
    other
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
    let mut failures = 0;
    for _ in 0..20 {
        let reply = viewer.get("/api/vendors?limit=1").send().await;
        failures += usize::from(reply.status != 200);
    }
    assert!(failures <= 1, "{failures}");
}

#[tokio::test]
async fn a_pool_with_warm_connections_closes_at_once() {
    let app = app().await;
    app.value::<i32>(BACKEND).await;
    let started = Instant::now();
    app.db.close().await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(app.db.size(), 0);
}
