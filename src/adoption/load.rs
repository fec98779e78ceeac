//! Puts tables and rows of a source into the target's open transaction.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use anyhow::{Context, bail};
use sqlx::{AssertSqlSafe, PgConnection, postgres::PgDatabaseError};

use super::{
    Progress,
    dump::{self, Ending, Event, Position, Reading, Rows},
    fields::Fields,
    report::{LEFT_OUT, Report},
    tables::{Column, Table},
};
use crate::postgres::sql::{identifier, literal, qualified};

/// How much of a database's complaint about a row is told.
const COMPLAINT: usize = 300;

/// Makes a table.
///
/// # Errors
/// If the database refuses it.
pub(super) async fn create(db: &mut PgConnection, table: &Table) -> anyhow::Result<()> {
    execute(db, table.sql()).await
}

/// Gives an id its sequence, at the position that the source says.
///
/// # Errors
/// If the database refuses it.
pub(super) async fn sequence(
    db: &mut PgConnection,
    table: &str,
    column: &str,
    (last, is_called): Position,
) -> anyhow::Result<()> {
    if last < 1 {
        return Ok(()); // Below its own beginning: the adoption puts it behind the highest id.
    }
    let name = qualified(&format!("{table}_{column}_seq"));
    let text = literal(&name);
    let (table, column) = (qualified(table), identifier(column));
    for sql in [
        format!("CREATE SEQUENCE {name} OWNED BY {table}.{column}"),
        format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT nextval({text}::regclass)"),
        format!("SELECT setval({text}::regclass, {last}, {is_called})"),
    ] {
        execute(db, sql).await?;
    }
    Ok(())
}

/// Fills the target from a dump; the rows of each table as they were read.
///
/// # Errors
/// If the dump cannot be read or a row cannot be placed: with the line.
pub(super) async fn from_dump(
    db: &mut PgConnection,
    mut reading: Reading,
    report: &mut Report,
    progress: &dyn Progress,
) -> anyhow::Result<(BTreeMap<&'static str, i64>, Ending)> {
    let mut loader = Loader {
        db,
        tables: BTreeMap::new(),
        fields: Fields::default(),
        widened: Vec::new(),
        counts: BTreeMap::new(),
    };
    progress.size(reading.size);
    let mut refusal = None;
    while let Some(event) = reading.events.recv().await {
        if let Event::LeftOut {
            line,
            table,
            statement,
        } = event
        {
            report.found(
                table,
                None,
                LEFT_OUT,
                serde_json::json!({"line": line, "statement": statement}),
            );
            continue;
        }
        if let Err(error) = loader.apply(event).await {
            refusal = Some(error);
            break;
        }
        progress.at(reading.done.load(Ordering::Relaxed));
    }
    drop(reading.events);
    let ending = reading.task.await.context("reading the dump")?;
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let ending = match ending {
        Err(dump::Fault::GivenUp) => bail!("the reading of the dump was given up"),
        ending => ending?,
    };
    let Loader {
        tables,
        counts,
        widened,
        ..
    } = loader;
    for (table, column) in widened {
        let detail = format!("{column}: figures have more decimals than its type in the dump");
        report.did(table, "column widened", detail, None);
    }
    for ((table, column), position) in &ending.sequences {
        let is_there = tables
            .get(table)
            .is_some_and(|columns| columns.iter().any(|known| known == column));
        if is_there {
            sequence(db, table, column, *position).await?;
        }
    }
    Ok((counts, ending))
}

struct Loader<'c> {
    db: &'c mut PgConnection,
    /// The columns of the tables that were made.
    tables: BTreeMap<&'static str, Vec<String>>,
    /// What those of them keep.
    fields: Fields,
    /// Those that were given more decimals than the dump says.
    widened: Vec<(&'static str, String)>,
    counts: BTreeMap<&'static str, i64>,
}

impl Loader<'_> {
    async fn apply(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Table(mut table, line) => {
                // Values may be no JSON; as text they are read by the adoption, which keeps and tells those.
                for column in &mut table.columns {
                    as_text(column);
                    self.fields.note(table.name, column, line)?;
                }
                create(self.db, &table)
                    .await
                    .with_context(|| format!("line {line} of the dump: the table {}", table.name))?;
                let names = table.columns.into_iter().map(|column| column.name);
                self.tables.insert(table.name, names.collect());
                self.counts.insert(table.name, 0);
            }
            Event::Column(table, mut column, line) => {
                as_text(&mut column);
                self.fields.note(table, &column, line)?;
                let sql = format!("ALTER TABLE {} ADD COLUMN {}", qualified(table), column.sql());
                self.alter(sql, line).await?;
                self.tables.entry(table).or_default().push(column.name);
            }
            Event::Default(table, column, default, line) => {
                self.fields
                    .ensure_default_is_clear(table, &column, &default, line)?;
                let sql = Column::default_of(&default).map(|default| {
                    format!(
                        "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {default}",
                        qualified(table),
                        identifier(&column)
                    )
                });
                if let Some(sql) = sql {
                    self.alter(sql, line).await?;
                }
            }
            Event::NotNull(table, column, line) => {
                let sql = format!(
                    "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
                    qualified(table),
                    identifier(&column)
                );
                self.alter(sql, line).await?;
            }
            Event::Rows(rows) => self.copy(rows).await?,
            Event::LeftOut { .. } => {}
        }
        Ok(())
    }

    async fn alter(&mut self, sql: String, line: u64) -> anyhow::Result<()> {
        execute(self.db, sql)
            .await
            .with_context(|| format!("line {line} of the dump"))
    }

    async fn copy(&mut self, rows: Rows) -> anyhow::Result<()> {
        for column in self.fields.check(&rows)? {
            // The type that the dump says would round; the adoption itself does, and tells each row.
            let sql = format!(
                "ALTER TABLE {} ALTER COLUMN {} TYPE numeric",
                qualified(rows.table),
                identifier(column)
            );
            execute(self.db, sql).await?;
            self.fields.widen(rows.table, column);
            self.widened.push((rows.table, column.clone()));
        }
        let encoding = rows
            .encoding
            .as_ref()
            .map(|encoding| format!(" WITH (ENCODING {})", literal(encoding)));
        let sql = copy_statement(rows.table, &rows.columns) + &encoding.unwrap_or_default();
        let written = write(self.db, &sql, &rows.data).await;
        let written = written.map_err(|error| placed(&error, &rows))?;
        let expected = u64::try_from(rows.lines.len())?;
        if written != expected {
            bail!(
                "line {} of the dump: {written} of {expected} rows of {} were taken",
                rows.lines.first().copied().unwrap_or(0),
                rows.table
            );
        }
        *self.counts.entry(rows.table).or_default() += i64::try_from(written)?;
        Ok(())
    }
}

fn as_text(column: &mut Column) {
    if column.kind.is_json() {
        column.kind = super::tables::Kind::text();
    }
}

async fn write(db: &mut PgConnection, sql: &str, data: &[u8]) -> sqlx::Result<u64> {
    let mut copy = db.copy_in_raw(sql).await?;
    copy.send(data).await?;
    copy.finish().await
}

/// The statement that takes rows in.
pub(super) fn copy_statement(table: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| identifier(column)).collect();
    format!("COPY {} ({}) FROM STDIN", qualified(table), columns.join(", "))
}

/// A refused row, with its line in the dump. The database counts the rows of the batch.
fn placed(error: &sqlx::Error, rows: &Rows) -> anyhow::Error {
    let database = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let Some(database) = database else {
        return anyhow::anyhow!("writing rows of {}: {error}", rows.table);
    };
    let place = database.r#where().and_then(|text| {
        let (_, number) = text.split_once(", line ")?;
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        let number: usize = digits.parse().ok()?;
        rows.lines.get(number.checked_sub(1)?).copied()
    });
    let line = place.or_else(|| rows.lines.first().copied()).unwrap_or(0);
    let column = database.r#where().and_then(|text| {
        let (_, column) = text.split_once(", column ")?;
        column.split([':', ' ', '\n']).next()
    });
    let message: String = database.message().chars().take(COMPLAINT).collect();
    anyhow::anyhow!(
        "line {line} of the dump: a row of {}{} cannot be placed: {message}; nothing was written",
        rows.table,
        column
            .map(|column| format!(", column {column},"))
            .unwrap_or_default()
    )
}

async fn execute(db: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await?;
    Ok(())
}
