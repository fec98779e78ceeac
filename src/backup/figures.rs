//! What the tables hold: rows, and the sum of each column of money.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::Context;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::manifest::TableFigures;
use crate::postgres::sql::{identifier, qualified};

/// The table of migrations differs between two versions of the program by its nature.
pub(super) const MIGRATIONS: &str = "_nexgen_migration";

/// The figures of all tables of the schema, as the connection's transaction sees them. Runtime SQL: which tables and columns
/// there are is asked of the database, since the schema may be older than this program.
///
/// # Errors
/// If the database cannot be read.
pub(super) async fn read(db: &mut PgConnection) -> anyhow::Result<BTreeMap<String, TableFigures>> {
    // Money is NUMERIC(15,2), or NUMERIC without bounds where sums are kept.
    let tables: Vec<(String, Vec<String>)> = sqlx::query_as(
        r#"
        SELECT "table".relname::text,
               ARRAY(
                   SELECT "column".attname::text
                     FROM pg_catalog.pg_attribute AS "column"
                    WHERE "column".attrelid = "table".oid
                      AND "column".attnum > 0
                      AND NOT "column".attisdropped
                      AND pg_catalog.format_type("column".atttypid, "column".atttypmod) IN ('numeric', 'numeric(15,2)')
                    ORDER BY "column".attname
               )
          FROM pg_catalog.pg_class AS "table"
          JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = "table".relnamespace
         WHERE namespace.nspname = 'Finances'
           AND "table".relkind IN ('r', 'p')
           AND NOT "table".relispartition
         ORDER BY "table".relname
        "#,
    )
    .fetch_all(&mut *db)
    .await
    .context("listing the tables")?;
    let mut figures = BTreeMap::new();
    for (table, columns) in tables {
        let found = of_table(db, &table, columns)
            .await
            .with_context(|| format!("counting the rows of {table}"))?;
        figures.insert(table, found);
    }
    Ok(figures)
}

async fn of_table(db: &mut PgConnection, table: &str, columns: Vec<String>) -> anyhow::Result<TableFigures> {
    let mut sums = String::new();
    for column in &columns {
        write!(sums, ", COALESCE(SUM({}), 0)::text", identifier(column))?;
    }
    let sql = format!("SELECT COUNT(*){sums} FROM {}", qualified(table));
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(db).await?;
    let mut figures = TableFigures {
        rows: row.try_get(0)?,
        sums: BTreeMap::new(),
    };
    for (place, column) in columns.into_iter().enumerate() {
        figures.sums.insert(column, row.try_get(place + 1)?);
    }
    Ok(figures)
}

/// What is otherwise than expected, in lines; tables and columns that only `found` has do not count, nor the table of
/// migrations.
pub(super) fn differences(
    expected: &BTreeMap<String, TableFigures>,
    found: &BTreeMap<String, TableFigures>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (table, expected) in expected.iter().filter(|(table, _)| *table != MIGRATIONS) {
        let Some(found) = found.get(table) else {
            lines.push(format!("{table}: is missing"));
            continue;
        };
        if expected.rows != found.rows {
            lines.push(format!(
                "{table}: {} rows instead of {}",
                found.rows, expected.rows
            ));
        }
        for (column, sum) in &expected.sums {
            match found.sums.get(column) {
                None => lines.push(format!("{table}.{column}: is missing")),
                Some(found) if found != sum => {
                    lines.push(format!("{table}.{column}: a sum of {found} instead of {sum}"));
                }
                Some(_) => {}
            }
        }
    }
    lines
}
