//! The committed data of the checked queries (`.sqlx`) against the schema that the migrations make.
//!
//! The build believes `.sqlx` and asks no database, so a migration alone can make a query wrong that still compiles.

use std::fs;
use std::path::{Path, PathBuf};

use nexgen_finance::postgres::Pool;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use crate::support::TestApp;

/// The files of `.sqlx`, in the order of their names.
fn committed() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

/// What the database says of a query, in the words of `.sqlx`; or why it refuses it.
async fn prepared(db: &Pool, query: &str) -> Result<Value, sqlx::Error> {
    let described = db.describe(AssertSqlSafe(query).into_sql_str()).await?;
    Ok(serde_json::to_value(described).unwrap())
}

/// The parts of a description that must agree. What may be null is not one of them: sqlx takes it from a plan, which
/// differs between versions of PostgreSQL.
fn essence(description: &Value) -> [&Value; 2] {
    [&description["parameters"], &description["columns"]]
}

#[tokio::test]
async fn every_committed_query_fits_the_schema_as_it_was_recorded() {
    let app = TestApp::start().await;
    let files = committed();
    let mut stale = Vec::new();

    for file in &files {
        let recorded: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let query = recorded["query"].as_str().unwrap();
        match prepared(&app.db, query).await {
            Ok(current) if essence(&current) == essence(&recorded["describe"]) => {}
            Ok(current) => stale.push(format!(
                "{query}\n  was recorded as {:?}\n  and is {:?}",
                essence(&recorded["describe"]),
                essence(&current)
            )),
            Err(error) => stale.push(format!("{query}\n  is refused: {error}")),
        }
    }

    assert!(!files.is_empty(), ".sqlx holds the queries");
    assert!(
        stale.is_empty(),
        "{} of {} queries are stale; run .ci/sqlx-prepare:\n{}",
        stale.len(),
        files.len(),
        stale.join("\n")
    );
}
