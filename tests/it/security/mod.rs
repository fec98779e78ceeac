//! What an attacker would try, against the running server. `PRODUCTION_CHECKLIST.md` tells which risk each test answers, and
//! `docs/security.md` how much was tried.
#![expect(
    clippy::print_stdout,
    reason = "the numbers that docs/security.md repeats, for who runs these with --nocapture"
)]

mod cors_hosts;
mod csrf;
mod enumeration;
mod idor;
mod injection;
mod jwt;
mod matrix;
mod secrets;
pub(crate) mod sql_text;
mod traversal;
mod upload_types;

use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::support::TestApp;

/// Every row, with its table's name.
async fn rows(app: &TestApp) -> Vec<(String, Value)> {
    let mut rows = Vec::new();
    for table in app.tables().await {
        let query = format!(r#"SELECT to_jsonb(entry) FROM "Finances"."{table}" AS entry ORDER BY 1"#);
        let found: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_all(&app.db)
            .await
            .unwrap();
        rows.extend(found.into_iter().map(|row| (table.clone(), row)));
    }
    rows
}
