//! Brings the schema up to date: on an empty database, on one of ours, and on one that the predecessor made.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{
    ConnectOptions, Connection, PgConnection,
    migrate::{Migrate, Migrator},
    postgres::PgConnectOptions,
};

use super::sql::set;
use crate::config::DatabaseConfig;

/// The version table lives in the schema that it describes.
const VERSION_TABLE: &str = r#""Finances"._nexgen_migration"#;
const SCHEMA: &str = r#""Finances""#;
/// Any number that only this program uses; servers that start together take turns under it.
const LOCK: i64 = 0x6e65_7867_656e;
/// How long a statement may wait for a table that somebody uses.
const LOCK_TIMEOUT: &str = "60s";
/// Takes back what the baseline sets for the rest of its transaction.
const BASELINE_SETTINGS_BACK: &str = "
    SET LOCAL work_mem TO DEFAULT;
    SET LOCAL maintenance_work_mem TO DEFAULT;
    SET LOCAL enable_nestloop TO DEFAULT";
const LOCK_PATIENCE: Duration = Duration::from_mins(15);
const LOCK_POLL: Duration = Duration::from_millis(100);

/// The migrations of this build, for a database that may be empty.
pub fn migrator() -> Migrator {
    let mut migrator = without_schema();
    migrator.create_schema(SCHEMA);
    migrator
}

fn without_schema() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.dangerous_set_table_name(VERSION_TABLE);
    // A newer server may have migrated already; its columns do not stand in an older one's way.
    migrator.set_ignore_missing(true);
    migrator.set_locking(false);
    migrator
}

/// Runs what has not run yet, under a lock that other servers respect; returns how many migrations ran.
///
/// # Errors
/// If the database cannot be reached, the lock is not to be had in a quarter of an hour, or a migration fails; a failed
/// one leaves the database as it was before it.
pub async fn migrate(options: &PgConnectOptions, config: &DatabaseConfig) -> anyhow::Result<usize> {
    let mut db = session(options, config).await?;
    let migrator = without_schema();
    let before = pending(&mut db, &migrator).await?;
    if before > 0 {
        tracing::info!(migrations = before, "bringing the database schema up to date");
        run(&mut db, &migrator).await.context("migrating the database")?;
    }
    // Closing the session gives the lock back.
    db.close().await.context("ending the migration session")?;
    Ok(before)
}

/// A session with the settings of the adoption, which holds the lock that other servers respect until it ends.
///
/// # Errors
/// If the database cannot be reached or the lock is not to be had in a quarter of an hour.
pub(crate) async fn session(
    options: &PgConnectOptions,
    config: &DatabaseConfig,
) -> anyhow::Result<PgConnection> {
    // A migration may be long and slow, and its text says nothing that the log needs.
    let mut db = PgConnection::connect_with(&options.clone().disable_statement_logging())
        .await
        .context("connecting for migrations")?;
    limit_lock_wait(&mut db).await?;
    set(&mut db, "statement_timeout", "0").await?;
    set(
        &mut db,
        "nexgen.legacy_timezone",
        config.legacy_timezone.as_deref().unwrap_or_default(),
    )
    .await?;
    set(
        &mut db,
        "nexgen.legacy_user_role",
        config.legacy_user_role.as_str(),
    )
    .await?;
    take_lock(&mut db).await?;
    Ok(db)
}

/// Runs what has not run yet inside a transaction of the caller's; returns how many migrations ran. One that no
/// transaction can hold ends the row: it and what follows it are left to [`finish`].
///
/// # Errors
/// If a migration fails.
pub(crate) async fn run_within(transaction: &mut PgConnection) -> anyhow::Result<usize> {
    let migrator = without_schema();
    let before = pending(transaction, &migrator).await?;
    if before == 0 {
        return Ok(0);
    }
    if !schema_exists(transaction).await? {
        transaction.create_schema_if_not_exists(SCHEMA).await?;
    }
    let last = migrator
        .iter()
        .take_while(|migration| !migration.no_tx)
        .map(|migration| migration.version)
        .last();
    // What the baseline sets for its transaction is for none of those that follow.
    let baseline = migrator.iter().map(|migration| migration.version).min();
    for version in [baseline.filter(|baseline| Some(*baseline) <= last), last]
        .into_iter()
        .flatten()
    {
        migrator
            .run_to(version, &mut *transaction)
            .await
            .context("migrating the database")?;
        sqlx::raw_sql(BASELINE_SETTINGS_BACK)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(before - pending(transaction, &migrator).await?)
}

/// Runs what [`run_within`] had to leave.
///
/// # Errors
/// If a migration fails.
pub(crate) async fn finish(db: &mut PgConnection) -> anyhow::Result<()> {
    let migrator = without_schema();
    if pending(db, &migrator).await? > 0 {
        run(db, &migrator).await.context("migrating the database")?;
    }
    Ok(())
}

async fn run(db: &mut PgConnection, migrator: &Migrator) -> anyhow::Result<()> {
    if !exists(db, VERSION_TABLE).await? {
        // The version table comes with the baseline or not at all, and the schema too. Only where it is missing: making
        // it asks for a right over the database, even if it is there, that the owner of the schema need not have.
        let schema_exists = schema_exists(db).await?;
        let mut transaction = db.begin().await?;
        if !schema_exists {
            transaction.create_schema_if_not_exists(SCHEMA).await?;
        }
        if let Some(baseline) = migrator.iter().map(|migration| migration.version).min() {
            migrator.run_to(baseline, &mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    migrator.run(db).await?;
    Ok(())
}

/// How many migrations of this build the database lacks.
///
/// # Errors
/// If the database cannot be reached.
pub async fn behind(options: &PgConnectOptions) -> anyhow::Result<usize> {
    let mut db = PgConnection::connect_with(options)
        .await
        .context("connecting to the database")?;
    pending(&mut db, &migrator()).await
}

async fn pending(db: &mut PgConnection, migrator: &Migrator) -> anyhow::Result<usize> {
    let applied = if exists(db, VERSION_TABLE).await? {
        db.list_applied_migrations(VERSION_TABLE).await?
    } else {
        Vec::new()
    };
    let is_pending = |version| !applied.iter().any(|migration| migration.version == version);
    Ok(migrator
        .iter()
        .filter(|migration| is_pending(migration.version))
        .count())
}

/// Whether the schema is there.
pub(crate) async fn schema_exists(db: &mut PgConnection) -> anyhow::Result<bool> {
    let exists = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(SCHEMA)
        .fetch_one(db)
        .await?;
    Ok(exists)
}

async fn exists(db: &mut PgConnection, table: &str) -> anyhow::Result<bool> {
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(db)
        .await?;
    Ok(exists)
}

async fn take_lock(db: &mut PgConnection) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let is_ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *db)
            .await?;
        if is_ours {
            return Ok(());
        }
        if started.elapsed() > LOCK_PATIENCE {
            bail!(
                "another server has been migrating the database for {} minutes",
                LOCK_PATIENCE.as_secs() / 60
            );
        }
        tokio::time::sleep(LOCK_POLL).await;
    }
}

/// A table in use by others must not hold the start up for ever; a limit that the connection brings along stands.
async fn limit_lock_wait(db: &mut PgConnection) -> anyhow::Result<()> {
    sqlx::query("SELECT set_config('lock_timeout', $1, false) WHERE current_setting('lock_timeout') = '0'")
        .bind(LOCK_TIMEOUT)
        .execute(db)
        .await?;
    Ok(())
}
