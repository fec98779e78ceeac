//! Another database as the source: read in one snapshot, in a transaction that can write nothing.

use std::{collections::BTreeMap, str::FromStr};

use anyhow::{Context, bail};
use futures_util::TryStreamExt;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgDatabaseError},
};

use super::{
    Progress,
    dump::Position,
    figures::{self, Figures},
    load,
    report::Report,
    tables::{self, Column, Fallback, Kind, TABLES, Table},
};
use crate::postgres::sql::{identifier, qualified};

/// How many bytes of rows are sent at once.
const PIECE: usize = 256 * 1024;

/// A database that is read and never written to.
pub(super) struct Source {
    db: PgConnection,
    tables: Vec<Table>,
    sequences: BTreeMap<(&'static str, String), Position>,
    counts: BTreeMap<&'static str, i64>,
    /// A hash of everything that is read, by which the same source is known again.
    pub(super) fingerprint: String,
    /// The database's name and its server's number, where it tells that.
    pub(super) identity: String,
    /// The zone in which its server fills in timestamps.
    pub(super) timezone: String,
}

impl Source {
    /// Opens the snapshot and reads what is there.
    ///
    /// # Errors
    /// If the database cannot be reached, holds none of the predecessor's tables, or is this program's own.
    pub(super) async fn open(url: &SecretString) -> anyhow::Result<Self> {
        // The URL stays out of every message: it holds a password.
        let options = PgConnectOptions::from_str(url.expose_secret())
            .map_err(|_| anyhow::anyhow!("the URL after --from cannot be read"))?
            .application_name("nexgen-finance adopt")
            .disable_statement_logging();
        let mut db = PgConnection::connect_with(&options)
            .await
            .context("connecting to the database to adopt from")?;
        // Row security that would hide rows becomes an error; nothing is looked up by a search path.
        sqlx::raw_sql(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
             SET LOCAL statement_timeout = 0;
             SET LOCAL idle_in_transaction_session_timeout = 0;
             SET LOCAL lock_timeout = '60s';
             SET LOCAL row_security = off;
             SET LOCAL search_path = ''",
        )
        .execute(&mut db)
        .await
        .context("opening a snapshot of the database to adopt from")?;
        let is_ours: bool =
            sqlx::query_scalar(r#"SELECT to_regclass('"Finances"._nexgen_migration') IS NOT NULL"#)
                .fetch_one(&mut db)
                .await?;
        if is_ours {
            bail!("the database after --from was adopted already; move it with backup and restore instead");
        }
        let tables = tables_of(&mut db).await?;
        if tables.is_empty() {
            bail!(r#"the database after --from has no schema "Finances" with tables of the predecessor"#);
        }
        let identity = identity(&mut db).await?;
        let timezone = timezone_of(&mut db).await?;
        let sequences = sequences_of(&mut db).await?;
        let mut source = Self {
            db,
            tables,
            sequences,
            counts: BTreeMap::new(),
            fingerprint: String::new(),
            identity,
            timezone,
        };
        source.take_fingerprint().await?;
        Ok(source)
    }

    /// Rows and sums as the snapshot has them.
    ///
    /// # Errors
    /// Without the database.
    pub(super) async fn figures(&mut self) -> anyhow::Result<Figures> {
        figures::take(&mut self.db).await
    }

    /// Copies every table into the target's open transaction.
    ///
    /// # Errors
    /// If either database fails, or a row is lost on the way.
    pub(super) async fn copy_into(
        &mut self,
        target: &mut PgConnection,
        report: &mut Report,
        progress: &dyn Progress,
    ) -> anyhow::Result<()> {
        progress.size(u64::try_from(self.counts.values().sum::<i64>()).unwrap_or(0));
        let mut done = 0_u64;
        for table in &self.tables {
            load::create(target, table).await?;
            let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            let mut rows = self
                .db
                .copy_out_raw(&format!("COPY ({}) TO STDOUT", selected(table)))
                .await
                .with_context(|| format!("reading {}", table.name))?;
            let mut copy = target
                .copy_in_raw(&load::copy_statement(table.name, &names))
                .await?;
            let mut ready = Vec::with_capacity(PIECE);
            while let Some(row) = rows.try_next().await? {
                done += 1;
                ready.extend_from_slice(&row);
                if ready.len() >= PIECE {
                    copy.send(ready.as_slice()).await?;
                    ready.clear();
                    progress.at(done);
                }
            }
            copy.send(ready.as_slice()).await?;
            drop(rows);
            let written = copy.finish().await?;
            let expected = self.counts.get(table.name).copied().unwrap_or(0);
            if i64::try_from(written)? != expected {
                bail!("{written} of {expected} rows of {} arrived", table.name);
            }
            report.did(table.name, "loaded", "from another database", Some(expected));
        }
        for ((table, column), position) in &self.sequences {
            load::sequence(target, table, column, *position).await?;
        }
        Ok(())
    }

    /// Ends the snapshot.
    ///
    /// # Errors
    /// Without the database.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.db).await?;
        Ok(self.db.close().await?)
    }

    /// Counts and hashes, whatever order the rows come in.
    async fn take_fingerprint(&mut self) -> anyhow::Result<()> {
        let mut hash = Sha256::new();
        hash.update(&self.identity);
        for table in &self.tables {
            let sql = format!(
                "SELECT count(*), coalesce(sum(pg_catalog.hashtextextended(entry::text, 0)::numeric), 0)::text
                   FROM ({}) AS entry",
                selected(table)
            );
            let (count, sum): (i64, String) = sqlx::query_as(AssertSqlSafe(sql))
                .fetch_one(&mut self.db)
                .await
                .map_err(|error| explained(error, table.name))?;
            self.counts.insert(table.name, count);
            hash.update(format!("{} {count} {sum}\n", table.sql()));
        }
        self.fingerprint = hex::encode(hash.finalize());
        Ok(())
    }
}

fn explained(error: sqlx::Error, table: &str) -> anyhow::Error {
    let is_refused = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|error| error.code() == "42501");
    let what = if is_refused {
        format!("the role in the URL may not read all of {table}")
    } else {
        format!("reading {table}")
    };
    anyhow::Error::new(error).context(what)
}

/// The query for a table's rows.
fn selected(table: &Table) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| identifier(&column.name))
        .collect();
    format!("SELECT {} FROM {}", columns.join(", "), qualified(table.name))
}

/// Which database it is.
pub(super) async fn identity(db: &mut PgConnection) -> anyhow::Result<String> {
    let may_ask: bool = sqlx::query_scalar(
        "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')",
    )
    .fetch_one(&mut *db)
    .await?;
    let name: String = sqlx::query_scalar("SELECT pg_catalog.current_database()::text")
        .fetch_one(&mut *db)
        .await?;
    if !may_ask {
        return Ok(name);
    }
    let server: i64 = sqlx::query_scalar("SELECT system_identifier FROM pg_catalog.pg_control_system()")
        .fetch_one(db)
        .await?;
    Ok(format!("{name} of server {server}"))
}

/// What the adoption itself looks at in a database that it adopts in place: the database's setting, else the server's,
/// else the zone of its log. The session's own says nothing, since drivers set it.
async fn timezone_of(db: &mut PgConnection) -> anyhow::Result<String> {
    let of_database: Option<String> = sqlx::query_scalar(
        "
        SELECT substr(setting, strpos(setting, '=') + 1)
          FROM pg_catalog.pg_db_role_setting AS stored
          JOIN pg_catalog.pg_database AS database ON database.oid = stored.setdatabase
         CROSS JOIN unnest(stored.setconfig) AS setting
         WHERE database.datname = current_database()
           AND stored.setrole = 0
           AND lower(split_part(setting, '=', 1)) = 'timezone'
        ",
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(zone) = of_database {
        return Ok(zone);
    }
    let may_ask: bool = sqlx::query_scalar(
        "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')",
    )
    .fetch_one(&mut *db)
    .await?;
    if may_ask {
        let of_server: Option<String> = sqlx::query_scalar(
            "
            SELECT setting
              FROM pg_catalog.pg_show_all_file_settings()
             WHERE lower(name) = 'timezone' AND applied
             ORDER BY seqno DESC
             LIMIT 1
            ",
        )
        .fetch_optional(&mut *db)
        .await?;
        if let Some(zone) = of_server {
            return Ok(zone);
        }
    }
    let of_log = sqlx::query_scalar("SELECT current_setting('log_timezone')")
        .fetch_one(db)
        .await?;
    Ok(of_log)
}

async fn tables_of(db: &mut PgConnection) -> anyhow::Result<Vec<Table>> {
    let rows: Vec<(String, String, String, bool, Option<String>)> = sqlx::query_as(
        r#"
        SELECT relation.relname::text,
               attribute.attname::text,
               format_type(attribute.atttypid, attribute.atttypmod),
               attribute.attnotnull,
               CASE
                   WHEN attribute.attidentity <> '' THEN 'nextval('
                   WHEN attribute.attgenerated = '' THEN pg_get_expr(fallback.adbin, fallback.adrelid)
               END
          FROM pg_catalog.pg_class AS relation
          JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid
          LEFT JOIN pg_catalog.pg_attrdef AS fallback
            ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
         WHERE relation.relnamespace = to_regnamespace('"Finances"')
           AND relation.relkind IN ('r', 'p')
           AND attribute.attnum > 0
           AND NOT attribute.attisdropped
         ORDER BY attribute.attnum
        "#,
    )
    .fetch_all(db)
    .await?;
    let mut found: BTreeMap<&'static str, Vec<Column>> = BTreeMap::new();
    for (table, name, kind, not_null, default) in rows {
        if let Some(table) = tables::known(&table) {
            found.entry(table).or_default().push(Column {
                name,
                kind: Kind::from_catalog(&kind).unwrap_or_else(Kind::text),
                not_null,
                default: default.as_deref().and_then(fallback),
            });
        }
    }
    Ok(TABLES
        .into_iter()
        .filter_map(|name| {
            let columns = found.remove(name)?;
            Some(Table { name, columns })
        })
        .collect())
}

/// A default that is taken over; any other one is left out.
fn fallback(expression: &str) -> Option<Fallback> {
    super::dump::default_of(expression)
}

/// Where the sequences of ids stand.
async fn sequences_of(db: &mut PgConnection) -> anyhow::Result<BTreeMap<(&'static str, String), Position>> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        r#"
        SELECT DISTINCT ON (relation.relname, attribute.attname)
               relation.relname::text,
               attribute.attname::text,
               format('%I.%I', namespace.nspname, sequence.relname)
          FROM pg_catalog.pg_class AS relation
          JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attnum > 0
          LEFT JOIN pg_catalog.pg_attrdef AS fallback
            ON fallback.adrelid = attribute.attrelid AND fallback.adnum = attribute.attnum
          JOIN pg_catalog.pg_depend AS dependency
            ON (dependency.classid = 'pg_catalog.pg_attrdef'::regclass
                AND dependency.objid = fallback.oid
                AND dependency.refclassid = 'pg_catalog.pg_class'::regclass)
            OR (dependency.classid = 'pg_catalog.pg_class'::regclass
                AND dependency.refobjid = relation.oid
                AND dependency.refobjsubid = attribute.attnum
                AND dependency.deptype IN ('a', 'i'))
          JOIN pg_catalog.pg_class AS sequence
            ON sequence.relkind = 'S'
           AND sequence.oid = CASE dependency.classid
                   WHEN 'pg_catalog.pg_attrdef'::regclass THEN dependency.refobjid ELSE dependency.objid END
          JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = sequence.relnamespace
         WHERE relation.relnamespace = to_regnamespace('"Finances"')
           AND relation.relkind IN ('r', 'p')
         ORDER BY relation.relname, attribute.attname, fallback.oid NULLS LAST
        "#,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut positions = BTreeMap::new();
    for (table, column, sequence) in rows {
        let Some(table) = tables::known(&table) else {
            continue;
        };
        let sql = format!("SELECT last_value, is_called FROM {sequence}");
        let position = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *db).await?;
        positions.insert((table, column), position);
    }
    Ok(positions)
}
