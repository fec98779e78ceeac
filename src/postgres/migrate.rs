//! Brings the schema up to date: on an empty database, on one of ours, and on one that the predecessor made.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{
    ConnectOptions, Connection, PgConnection,
    migrate::{Migrate, Migrator},
    postgres::PgConnectOptions,
};

use super::{
    obstacles::{self, REFUSAL},
    sql::set,
};
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
/// What the baseline is not told: it knows no column of another type than its own family.
const READ_TEXT_COLUMNS: &str = include_str!("text_columns.sql");
/// Values at which the adoption stops, whatever type their columns have.
const REFUSE_IMPOSSIBLE_VALUES: &str = include_str!("impossible_values.sql");
/// Before rows are written, and after it.
const REST_OLD_TRIGGERS: &str = include_str!("old_triggers.sql");
const WAKE_OLD_TRIGGERS: &str = include_str!("old_triggers_again.sql");
/// What the baseline leaves missing although every row has it, and later migrations and every answer need. It runs at once after
/// the baseline, and again in its place among the migrations, where it finds nothing left.
const FILL_MISSING_VALUES: &str = include_str!("../../migrations/20260121000000_no_missing_values.sql");
const FILL_VERSION: i64 = 20_260_121_000_000;
/// Keeps what was found in text columns with the baseline's own findings, and for whoever runs the adoption.
const NOTE_TEXT_COLUMNS: &str = r#"
    INSERT INTO pg_temp.adopt_action (table_name, action, detail, row_count)
    SELECT table_name, 'type', detail, NULLIF(row_count, 0) FROM pg_temp.text_action ORDER BY position;
    INSERT INTO pg_temp.adopt_finding (table_name, row_id, rule, kept)
    SELECT table_name, row_id, rule, kept FROM pg_temp.text_finding ORDER BY position;
    INSERT INTO "Finances".adoption_report (run_id, table_name, row_id, rule, kept)
    SELECT COALESCE(
               (SELECT run_id FROM "Finances".adoption_report WHERE found_at = now() ORDER BY id DESC LIMIT 1),
               run.id
           ), table_name, row_id, rule, kept
      FROM pg_temp.text_finding
     CROSS JOIN (SELECT gen_random_uuid() AS id OFFSET 0) AS run
     ORDER BY position;
    DROP TABLE pg_temp.text_action, pg_temp.text_finding"#;
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
        if let Err(error) = run(&mut db, &migrator).await {
            return Err(stopped(why(&mut db, error).await));
        }
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
    // A policy that would hide rows from the adoption is an error.
    set(&mut db, "row_security", "off").await?;
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
    let baseline = baseline_of(&migrator);
    let had_texts = read_text_columns(transaction).await? > 0;
    for version in [baseline.filter(|baseline| Some(*baseline) <= last), last]
        .into_iter()
        .flatten()
    {
        migrator
            .run_to(version, &mut *transaction)
            .await
            .map_err(|error| stopped(error.into()))?;
        sqlx::raw_sql(BASELINE_SETTINGS_BACK)
            .execute(&mut *transaction)
            .await?;
        fill_missing_values(transaction).await?;
    }
    if had_texts {
        sqlx::raw_sql(NOTE_TEXT_COLUMNS)
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
        run(db, &migrator).await.map_err(stopped)?;
    }
    Ok(())
}

async fn run(db: &mut PgConnection, migrator: &Migrator) -> anyhow::Result<()> {
    if has_baseline(db, migrator).await? {
        // One that an earlier version adopted, and whose next migration may need it.
        let mut transaction = db.begin().await?;
        fill_missing_values(&mut transaction).await?;
        transaction.commit().await?;
    } else {
        // The version table comes with the baseline or not at all, and the schema too. Only where it is missing: making
        // it asks for a right over the database, even if it is there, that the owner of the schema need not have.
        let schema_exists = schema_exists(db).await?;
        let mut transaction = db.begin().await?;
        if !schema_exists {
            transaction.create_schema_if_not_exists(SCHEMA).await?;
        }
        if let Some(baseline) = baseline_of(migrator) {
            let texts = read_text_columns(&mut transaction).await?;
            migrator.run_to(baseline, &mut *transaction).await?;
            fill_missing_values(&mut transaction).await?;
            if texts > 0 {
                tracing::warn!(columns = texts, "dates and figures that were text were read");
                sqlx::raw_sql(NOTE_TEXT_COLUMNS)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
    }
    migrator.run(db).await?;
    Ok(())
}

/// Fills what is missing in rows that were adopted, unless the migration has done it.
async fn fill_missing_values(transaction: &mut PgConnection) -> anyhow::Result<()> {
    if has_baseline(transaction, &without_schema()).await? && !is_applied(transaction, FILL_VERSION).await? {
        for step in [REST_OLD_TRIGGERS, FILL_MISSING_VALUES, WAKE_OLD_TRIGGERS] {
            sqlx::raw_sql(step).execute(&mut *transaction).await?;
        }
    }
    Ok(())
}

async fn has_baseline(db: &mut PgConnection, migrator: &Migrator) -> anyhow::Result<bool> {
    match baseline_of(migrator) {
        Some(baseline) => is_applied(db, baseline).await,
        None => Ok(false),
    }
}

async fn is_applied(db: &mut PgConnection, version: i64) -> anyhow::Result<bool> {
    if !exists(db, VERSION_TABLE).await? {
        return Ok(false);
    }
    let applied = db.list_applied_migrations(VERSION_TABLE).await?;
    Ok(applied.iter().any(|migration| migration.version == version))
}

/// Gives the columns of an old database that hold dates and figures as text their types, inside the transaction of the
/// baseline, which has yet to run; how many there are. A second call finds those of the first.
///
/// # Errors
/// If a value may be several days, or a figure or date is none.
pub(crate) async fn read_text_columns(transaction: &mut PgConnection) -> anyhow::Result<i64> {
    let migrator = without_schema();
    if has_baseline(transaction, &migrator).await? {
        return Ok(0);
    }
    for step in [READ_TEXT_COLUMNS, REFUSE_IMPOSSIBLE_VALUES, REST_OLD_TRIGGERS] {
        sqlx::raw_sql(step)
            .execute(&mut *transaction)
            .await
            .map_err(|error| stopped(error.into()))?;
    }
    let columns = sqlx::query_scalar("SELECT count(*) FROM pg_temp.text_action")
        .fetch_one(transaction)
        .await?;
    Ok(columns)
}

/// Why an adoption that is rolled back ended, with what was in its way; the error of another migration stays as it is.
///
/// The transaction that the error ended is rolled back by then, or was begun to be.
pub(crate) async fn why(db: &mut PgConnection, error: anyhow::Error) -> anyhow::Error {
    match has_baseline(db, &without_schema()).await {
        Ok(false) => obstacles::explain(db, error).await,
        Ok(true) | Err(_) => error,
    }
}

/// Why migrating ended. A refusal of the adoption is told in its own words: the driver would add the line of PostgreSQL's
/// source at which it was raised, which helps nobody.
fn stopped(error: anyhow::Error) -> anyhow::Error {
    if error.to_string().starts_with(REFUSAL) {
        return error;
    }
    let refusal = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<sqlx::Error>()?.as_database_error())
        .map(|database| database.message().to_owned())
        .find(|message| message.starts_with(REFUSAL));
    match refusal {
        Some(refusal) => anyhow::anyhow!(refusal),
        None => error.context("migrating the database"),
    }
}

fn baseline_of(migrator: &Migrator) -> Option<i64> {
    migrator.iter().map(|migration| migration.version).min()
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
