//! Waiting for what happens elsewhere: in the database, or on the other side of a connection.

use std::time::{Duration, Instant};

use super::TestApp;

/// Waits until a query of one truth value says so; the test fails after half a minute.
pub(crate) async fn until(app: &TestApp, what: &'static str) {
    let start = Instant::now();
    while !app.value::<bool>(what).await {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it never came to this: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until something outside of the database is so; the test fails after half a minute.
pub(crate) async fn until_so(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it never came to this: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a request of this test waits for a lock.
pub(crate) async fn until_blocked(app: &TestApp) {
    until(
        app,
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
    )
    .await;
}

/// Waits until no session of this test's database holds an idempotency key.
pub(crate) async fn until_no_key_is_held(app: &TestApp) {
    until(
        app,
        r"
        SELECT NOT EXISTS (
            SELECT FROM pg_locks
             WHERE locktype = 'advisory'
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        )
        ",
    )
    .await;
}
