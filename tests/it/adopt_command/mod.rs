//! The command `adopt`: the real program as an operator runs it, on databases and dumps of the predecessor.

mod dumps;
mod in_place;
mod money;
mod repairs;
mod sources;
mod whole_or_nothing;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, raw_sql};
use tempfile::TempDir;

use crate::support::app::SECRET_KEY;
use crate::support::cluster::{self, TestDatabase, search};

/// A database of the predecessor's, as the scripts make it.
async fn legacy(scripts: &[&str]) -> TestDatabase {
    let database = cluster::empty_database().await;
    for script in scripts {
        run_sql(&database, script).await;
    }
    database
}

async fn connect(database: &TestDatabase) -> PgConnection {
    database.options.connect().await.unwrap()
}

async fn run_sql(database: &TestDatabase, sql: &str) {
    let mut db = connect(database).await;
    if let Err(error) = raw_sql(AssertSqlSafe(sql)).execute(&mut db).await {
        panic!("{error}: {sql}");
    }
}

/// The one value of a query as text; "null" for none.
async fn value(database: &TestDatabase, query: &str) -> String {
    let sql = format!("SELECT ({query})::text");
    let mut db = connect(database).await;
    let value: Option<String> = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(&mut db)
        .await
        .unwrap_or_else(|error| panic!("{error}: {query}"));
    value.unwrap_or_else(|| "null".to_owned())
}

/// As everybody understands it: without the settings that only the program's own driver has.
fn url(database: &TestDatabase) -> String {
    let url = database.options.to_url_lossy().to_string();
    let Some((place, settings)) = url.split_once('?') else {
        return url;
    };
    let common = settings
        .split('&')
        .filter(|setting| !setting.starts_with("statement-cache"));
    format!("{place}?{}", common.collect::<Vec<_>>().join("&"))
}

/// A folder for dumps, reports and stored files.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file with this in it.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What `pg_dump` makes of a database.
    fn dump(&self, database: &TestDatabase, name: &str, arguments: &[&str]) -> String {
        let found = search().find(Path::new("/nonexistent")).ok();
        let beside = found.map(|programs| programs.folder().join("pg_dump"));
        let program = beside.filter(|program| program.exists());
        let path = self.path(name);
        let output = Command::new(program.unwrap_or_else(|| "pg_dump".into()))
            .arg(format!("--dbname={}", url(database)))
            .arg(format!("--file={}", path.display()))
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, target: &TestDatabase, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nexgen-finance"));
        command
            .current_dir(self.0.path())
            .env_clear()
            .env("DATABASE_URL", url(target))
            .env("LEGACY_TIMEZONE", "Asia/Kolkata")
            .env("APP_ENVIRONMENT", "test")
            .env("SECRET_KEY", SECRET_KEY)
            .arg("adopt")
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    async fn adopt(&self, target: &TestDatabase, arguments: &[&str]) -> Ran {
        let mut command = self.command(target, arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        Ran::new(&output.await.unwrap())
    }
}

/// How a run of the command ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The report of a run that went well.
    fn report(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// What a run that failed says.
    fn refusal(&self) -> &str {
        assert_eq!(self.code, Some(1), "{} {}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        self.stderr
            .lines()
            .last()
            .and_then(|line| line.strip_prefix("error: "))
            .unwrap_or_else(|| panic!("{}", self.stderr))
    }
}

/// The rows of every table that the predecessor has, without what differs from one adoption to another: drawn ids and
/// the time at which a row was made.
async fn contents(database: &TestDatabase) -> BTreeMap<String, String> {
    let mut db = connect(database).await;
    let tables: Vec<String> = sqlx::query_scalar(
        r#"
        SELECT relname::text FROM pg_class
         WHERE relnamespace = '"Finances"'::regnamespace AND relkind = 'r'
           AND relname <> ALL (ARRAY['_nexgen_migration', 'adoption_report', 'audit_entry'])
        "#,
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let mut contents = BTreeMap::new();
    for table in tables {
        let left_out = match table.as_str() {
            "billing_po" | "billing_po_line_item" => "ARRAY['id', 'billing_po_id']",
            "client" | "po_project_mapping" => "ARRAY['created_at']",
            // Of a payment without any date, the time of the adoption.
            "client_payment" => "ARRAY['created_at', 'updated_at']",
            _ => "ARRAY[]",
        };
        let sql = format!(
            r#"
            SELECT coalesce(string_agg(kept, E'\n' ORDER BY kept), '')
              FROM (SELECT jsonb_strip_nulls(to_jsonb(entry) - {left_out}::text[])::text AS kept
                      FROM "Finances"."{table}" AS entry) AS listed
            "#
        );
        let rows: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut db)
            .await
            .unwrap();
        contents.insert(table, rows);
    }
    contents
}

/// Columns and constraints of the schema, and where its sequences stand, a line each.
async fn schema(database: &TestDatabase) -> Vec<String> {
    let mut db = connect(database).await;
    raw_sql("SET search_path = ''").execute(&mut db).await.unwrap();
    let mut lines: Vec<String> = sqlx::query_scalar(
        r#"
        SELECT format('%s.%s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull)
          FROM pg_class
          JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
         WHERE relnamespace = '"Finances"'::regnamespace AND relkind = 'r'
        UNION ALL
        SELECT format('%s %s', conname, pg_get_constraintdef(pg_constraint.oid))
          FROM pg_constraint
         WHERE connamespace = '"Finances"'::regnamespace AND contype <> 'n'
        ORDER BY 1
        "#,
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let sequences: Vec<String> = sqlx::query_scalar(
        r#"
        SELECT oid::regclass::text FROM pg_class
         WHERE relnamespace = '"Finances"'::regnamespace AND relkind = 'S' AND relname NOT LIKE 'a%'
         ORDER BY relname
        "#,
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    for sequence in sequences {
        let next: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT last_value + is_called::int FROM {sequence}"
        )))
        .fetch_one(&mut db)
        .await
        .unwrap();
        lines.push(format!("{sequence} {next}"));
    }
    lines
}

/// Whether the schema is there.
async fn has_schema(database: &TestDatabase) -> bool {
    value(database, r#"SELECT to_regnamespace('"Finances"') IS NOT NULL"#).await == "true"
}
