//! Brings the schema up to date: on an empty database, on one of ours, and on one that the predecessor made.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{
    Connection, PgConnection,
    migrate::{Migrate, Migrator},
    postgres::PgConnectOptions,
};

use crate::config::DatabaseConfig;

/// The version table lives in the schema that it describes.
const VERSION_TABLE: &str = r#""Finances"._nexgen_migration"#;
const SCHEMA: &str = r#""Finances""#;
/// Any number that only this program uses; servers that start together take turns under it.
const LOCK: i64 = 0x6e65_7867_656e;
const LOCK_PATIENCE: Duration = Duration::from_secs(15 * 60);
const LOCK_POLL: Duration = Duration::from_millis(100);

/// The migrations of this build.
pub fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.dangerous_set_table_name(VERSION_TABLE);
    migrator.create_schema(SCHEMA);
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
    let mut db = PgConnection::connect_with(options)
        .await
        .context("connecting for migrations")?;
    set(&mut db, "lock_timeout", "60s").await?;
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

    let migrator = migrator();
    let before = pending(&mut db, &migrator).await?;
    if before > 0 {
        tracing::info!(migrations = before, "bringing the database schema up to date");
        migrator.run(&mut db).await.context("migrating the database")?;
    }
    // Closing the session gives the lock back.
    db.close().await.context("ending the migration session")?;
    Ok(before)
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
    let table_exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(VERSION_TABLE)
        .fetch_one(&mut *db)
        .await?;
    let applied = if table_exists {
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

async fn set(db: &mut PgConnection, name: &str, value: &str) -> anyhow::Result<()> {
    sqlx::query("SELECT set_config($1, $2, false)")
        .bind(name)
        .bind(value)
        .execute(db)
        .await?;
    Ok(())
}
