//! Probes for load balancers and people: cheap, never limited, never asking the database more than once a second.

mod model;
mod routes;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use crate::postgres::Pool;

use tokio::sync::Mutex;

pub use routes::{answer_probe, is_plain_probe, router};

/// How long an answer of the database is good for.
const FRESH: Duration = Duration::from_secs(1);
/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the database, and whether the server is stopping.
#[derive(Debug, Default)]
pub struct HealthState {
    last: Mutex<Option<(Instant, Option<i64>)>>,
    is_stopping: AtomicBool,
}

impl HealthState {
    /// The number of tables in our schema, asked at most once a second; `None` if the database does not answer in time.
    pub async fn tables(&self, db: &Pool) -> Option<i64> {
        let mut last = self.last.lock().await;
        if let Some((at, tables)) = *last
            && at.elapsed() < FRESH
        {
            return tables;
        }
        let tables = tokio::time::timeout(PATIENCE, count_tables(db))
            .await
            .ok()
            .and_then(Result::ok);
        *last = Some((Instant::now(), tables));
        tables
    }

    /// From now on the server is not ready.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server is stopping.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

async fn count_tables(db: &Pool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "tables!"
          FROM pg_catalog.pg_tables
         WHERE schemaname = 'Finances'
        "#
    )
    .fetch_one(db)
    .await
}
