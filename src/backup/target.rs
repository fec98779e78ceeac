//! The database that a backup is restored into: nobody works on it, and it holds nothing, or already what is to come.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::bail;
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

use super::{
    check::first,
    figures::{self, MIGRATIONS},
    manifest::{Manifest, SearchIndexes, TableFigures},
    snapshot::postgres_major,
};
use crate::postgres::sql::{identifier, qualified};

/// The names by which sessions are known: those of servers, and those of restores.
const SERVER: &str = "nexgen-finance";
pub(super) const RESTORE: &str = "nexgen-finance restore";
/// How long the sessions of a server that has ended are seen.
const LEAVING: Duration = Duration::from_secs(2);
/// How long a restore that has lost its command is waited for.
const FINISHING: Duration = Duration::from_secs(30);
/// How many tables are named that are in the way.
const TOLD: usize = 10;
/// Where the extension of the search may be made; another schema is somebody else's.
const EXTENSION_SCHEMAS: [&str; 2] = ["Finances", "public"];

/// The database.
pub(super) struct Target {
    db: PgConnection,
    pub(super) major: u32,
}

impl Target {
    /// Connects to it.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub(super) async fn reach(options: &PgConnectOptions) -> anyhow::Result<Self> {
        let options = options.clone().application_name(RESTORE);
        let mut db = PgConnection::connect_with(&options).await?;
        sqlx::query("SELECT set_config('statement_timeout', '0', false)")
            .execute(&mut db)
            .await?;
        let major = postgres_major(&mut db).await?;
        Ok(Self { db, major })
    }

    /// Makes sure that nobody else works on it: no server, and no `pg_restore` that has outlived its command and may still
    /// come to its end.
    ///
    /// # Errors
    /// If somebody does.
    pub(super) async fn refuse_company(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let restores: Option<bool> = sqlx::query_scalar(
                r"
                SELECT bool_and(application_name = $2)
                  FROM pg_catalog.pg_stat_activity
                 WHERE datname = current_database()
                   AND pid <> pg_backend_pid()
                   AND application_name IN ($1, $2)
                ",
            )
            .bind(SERVER)
            .bind(RESTORE)
            .fetch_one(&mut self.db)
            .await?;
            match restores {
                None => return Ok(()),
                Some(true) if started.elapsed() > FINISHING => bail!(
                    "another restore into this database is still running; when it has ended, run this one again"
                ),
                Some(false) if started.elapsed() > LEAVING => {
                    bail!("a server works on this database; stop it first");
                }
                Some(_) => tokio::time::sleep(LEAVING / 10).await,
            }
        }
    }

    /// Whether the database holds what is to be restored already, as it does when an earlier run was cut off after that.
    ///
    /// # Errors
    /// If it holds anything else.
    pub(super) async fn is_restored(&mut self, manifest: &Manifest) -> anyhow::Result<bool> {
        let found = self.figures().await?;
        if found.is_empty() {
            return Ok(false);
        }
        if figures::differences(&manifest.tables, &found).is_empty() {
            return Ok(true);
        }
        bail!(
            "the database is not empty: it has a schema \"Finances\" with {}; restore into a new database",
            told(&found)
        );
    }

    /// Makes what the dump of one schema does not hold: the schema, and the extension that its search uses; whether the
    /// indexes of the search can be restored. It may be done again.
    ///
    /// # Errors
    /// If the schema cannot be made.
    pub(super) async fn prepare(&mut self, search: Option<&SearchIndexes>) -> anyhow::Result<bool> {
        let mut is_ready = true;
        make_schema(&mut self.db, "Finances").await?;
        if let Some(search) = search {
            is_ready = EXTENSION_SCHEMAS.contains(&search.extension_schema.as_str())
                && make_extension(&mut self.db, &search.extension_schema).await?;
        }
        Ok(is_ready)
    }

    /// What the tables hold.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) async fn figures(&mut self) -> anyhow::Result<BTreeMap<String, TableFigures>> {
        figures::read(&mut self.db).await
    }

    /// Compares what is there with the manifest.
    ///
    /// # Errors
    /// With every difference.
    pub(super) async fn compare(&mut self, manifest: &Manifest) -> anyhow::Result<()> {
        let differences = figures::differences(&manifest.tables, &self.figures().await?);
        if !differences.is_empty() {
            bail!(
                "what was restored is not what the manifest says:\n  {}",
                first(&differences).join("\n  ")
            );
        }
        Ok(())
    }

    /// Lets the planner know the tables, whose statistics no dump holds.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(super) async fn analyze(&mut self) -> anyhow::Result<()> {
        for table in self.figures().await?.into_keys() {
            let sql = format!("ANALYZE {}", qualified(&table));
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.db).await?;
        }
        Ok(())
    }

    /// Ends the session.
    ///
    /// # Errors
    /// If it has ended already.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        Ok(self.db.close().await?)
    }
}

/// What a database holds that is not to be overwritten.
fn told(found: &BTreeMap<String, TableFigures>) -> String {
    let filled: Vec<String> = found
        .iter()
        .filter(|(table, figures)| figures.rows > 0 && *table != MIGRATIONS)
        .map(|(table, figures)| format!("{} rows in {table}", figures.rows))
        .collect();
    match filled.len() {
        0 => format!("{} tables", found.len()),
        1..=TOLD => filled.join(", "),
        count => {
            let first: Vec<_> = filled.into_iter().take(TOLD).collect();
            format!("{} and {} tables more", first.join(", "), count - TOLD)
        }
    }
}

/// Only where it is missing: making it asks for a right over the database, even if it is there.
async fn make_schema(db: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    let is_there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)")
            .bind(name)
            .fetch_one(&mut *db)
            .await?;
    if !is_there {
        let sql = format!("CREATE SCHEMA IF NOT EXISTS {}", identifier(name));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await?;
    }
    Ok(())
}

/// Whether the extension `pg_trgm` is in a schema now.
async fn make_extension(db: &mut PgConnection, schema: &str) -> anyhow::Result<bool> {
    let sql = format!(
        "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA {}",
        identifier(schema)
    );
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db).await {
        // Not installed here, or not allowed: the search does without.
        tracing::debug!(%error, "the extension of the search cannot be made");
        return Ok(false);
    }
    let is_there: bool = sqlx::query_scalar(
        r"
        SELECT EXISTS (
            SELECT
              FROM pg_catalog.pg_extension AS extension
              JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = extension.extnamespace
             WHERE extension.extname = 'pg_trgm'
               AND namespace.nspname = $1
        )
        ",
    )
    .bind(schema)
    .fetch_one(db)
    .await?;
    Ok(is_there)
}
