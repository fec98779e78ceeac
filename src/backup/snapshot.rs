//! The moment that a backup holds.

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{
    figures,
    manifest::{Migrated, SearchIndexes, TableFigures},
    outside,
};
use crate::{
    postgres::sql::set,
    uploads::{BACKUP_LOCK, NamedFile, named_files},
};

/// The name by which the sessions of a backup are known.
pub(super) const BACKUP: &str = "nexgen-finance backup";
/// How long another backup is waited for. Servers hold the lock only for the time of a look.
const LOCK_PATIENCE: &str = "5s";
/// How long a table is waited for that a migration is changing.
const TABLE_PATIENCE: &str = "60s";

/// A session with the lock that keeps files from being removed, and a transaction whose snapshot others may take over.
pub(super) struct Snapshot {
    db: PgConnection,
    id: String,
}

/// What stood in the database at that moment.
pub(super) struct Seen {
    pub(super) taken_at: DateTime<Utc>,
    pub(super) postgres_version: String,
    pub(super) migrations: Vec<Migrated>,
    pub(super) search: Option<SearchIndexes>,
    pub(super) needs: Vec<String>,
    pub(super) tables: std::collections::BTreeMap<String, TableFigures>,
    pub(super) files: Vec<NamedFile>,
}

impl Snapshot {
    /// Takes the lock first and the snapshot after it, so that whoever removes files of rows that the snapshot still shows
    /// finds the lock taken.
    ///
    /// # Errors
    /// If the database cannot be reached, has no schema of ours, or another backup runs.
    pub(super) async fn take(options: &PgConnectOptions) -> anyhow::Result<Self> {
        let options = options.clone().application_name(BACKUP);
        let mut db = PgConnection::connect_with(&options)
            .await
            .context("connecting for the backup")?;
        // The session waits while files are read, for as long as that takes.
        set(&mut db, "statement_timeout", "0").await?;
        set(&mut db, "idle_in_transaction_session_timeout", "0").await?;
        set(&mut db, "lock_timeout", LOCK_PATIENCE).await?;
        let locked = sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(BACKUP_LOCK)
            .execute(&mut db)
            .await;
        match locked {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => {
                bail!("another backup of this database is running");
            }
            locked => locked.context("taking the lock of backups")?,
        };
        set(&mut db, "lock_timeout", TABLE_PATIENCE).await?;
        sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .execute(&mut db)
            .await?;
        let has_schema: bool =
            sqlx::query_scalar(r#"SELECT to_regclass('"Finances".upload_file') IS NOT NULL"#)
                .fetch_one(&mut db)
                .await?;
        if !has_schema {
            bail!("the database has no tables of nexgen-finance: there is nothing to save");
        }
        let id = sqlx::query_scalar("SELECT pg_export_snapshot()")
            .fetch_one(&mut db)
            .await
            .context("exporting the snapshot")?;
        Ok(Self { db, id })
    }

    /// The snapshot's name for other sessions, until [`close`](Self::close).
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The server's major version.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) async fn postgres_major(&mut self) -> anyhow::Result<u32> {
        postgres_major(&mut self.db).await
    }

    /// Reads what the manifest says of the database.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) async fn read(&mut self) -> anyhow::Result<Seen> {
        let db = &mut self.db;
        // The time of the transaction, which the snapshot is of.
        let taken_at = sqlx::query_scalar("SELECT now()").fetch_one(&mut *db).await?;
        let postgres_version = sqlx::query_scalar("SHOW server_version")
            .fetch_one(&mut *db)
            .await?;
        Ok(Seen {
            taken_at,
            postgres_version,
            migrations: migrations(db).await?,
            search: search_indexes(db).await?,
            needs: outside::read(db).await?,
            tables: figures::read(db).await?,
            files: named_files(db).await.context("listing the stored files")?,
        })
    }

    /// Ends the transaction, which keeps the database from clearing up, and keeps the lock.
    ///
    /// # Errors
    /// If the session has ended meanwhile.
    pub(super) async fn close(&mut self) -> anyhow::Result<()> {
        sqlx::query("COMMIT")
            .execute(&mut self.db)
            .await
            .context("ending the snapshot")?;
        Ok(())
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// If it was lost on the way, so that files may have been removed that the backup is to hold.
    pub(super) async fn release(mut self) -> anyhow::Result<()> {
        let was_held: bool = sqlx::query_scalar("SELECT pg_advisory_unlock($1)")
            .bind(BACKUP_LOCK)
            .fetch_one(&mut self.db)
            .await
            .context("the session that kept files from being removed has ended")?;
        if !was_held {
            bail!(
                "the lock that keeps files from being removed was lost; is DATABASE_URL a pooler? MIGRATE_DATABASE_URL names the direct way"
            );
        }
        self.db.close().await?;
        Ok(())
    }
}

/// A server's major version.
pub(super) async fn postgres_major(db: &mut PgConnection) -> anyhow::Result<u32> {
    let number: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::integer")
        .fetch_one(db)
        .await?;
    Ok(u32::try_from(number)? / 10_000)
}

async fn migrations(db: &mut PgConnection) -> anyhow::Result<Vec<Migrated>> {
    let is_there: bool =
        sqlx::query_scalar(r#"SELECT to_regclass('"Finances"._nexgen_migration') IS NOT NULL"#)
            .fetch_one(&mut *db)
            .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, String)> =
        sqlx::query_as(r#"SELECT version, description FROM "Finances"._nexgen_migration ORDER BY version"#)
            .fetch_all(db)
            .await?;
    let migrated = rows
        .into_iter()
        .map(|(version, description)| Migrated { version, description });
    Ok(migrated.collect())
}

/// The indexes whose operators belong to `pg_trgm`, which a dump of one schema does not hold.
async fn search_indexes(db: &mut PgConnection) -> anyhow::Result<Option<SearchIndexes>> {
    let found: Option<(String, Vec<String>)> = sqlx::query_as(
        r"
        SELECT namespace.nspname::text,
               ARRAY(
                   SELECT DISTINCT indexed.relname::text
                     FROM pg_catalog.pg_depend AS needed
                     JOIN pg_catalog.pg_depend AS operators
                       ON operators.classid = 'pg_catalog.pg_opclass'::regclass
                      AND operators.objid = needed.refobjid
                      AND operators.refclassid = 'pg_catalog.pg_extension'::regclass
                      AND operators.refobjid = extension.oid
                     JOIN pg_catalog.pg_class AS indexed ON indexed.oid = needed.objid
                     JOIN pg_catalog.pg_namespace AS home ON home.oid = indexed.relnamespace
                    WHERE needed.classid = 'pg_catalog.pg_class'::regclass
                      AND needed.refclassid = 'pg_catalog.pg_opclass'::regclass
                      AND indexed.relkind IN ('i', 'I')
                      AND home.nspname = 'Finances'
               )
          FROM pg_catalog.pg_extension AS extension
          JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = extension.extnamespace
         WHERE extension.extname = 'pg_trgm'
        ",
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|(extension_schema, indexes)| SearchIndexes {
        extension_schema,
        indexes,
    }))
}
