//! The rows and the rupees of the predecessor's tables, before and after, and whether what differs was told.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    report::{Count, Sum},
    tables::{MONEY, TABLES, TAKEN_FROM},
};
use crate::postgres::sql::{identifier, qualified};

/// How many ids a complaint names.
const NAMED: usize = 10;

/// What the tables hold at one moment.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Figures {
    /// Rows by table; a table that is missing has none.
    pub(super) counts: BTreeMap<&'static str, i64>,
    /// Sums by table and column, exact; `None` where no row has a figure. A column that is missing has no entry.
    pub(super) sums: BTreeMap<(&'static str, &'static str), Option<String>>,
}

/// The columns of the predecessor's tables, by table.
type Columns = BTreeMap<&'static str, Vec<(String, bool)>>;

/// Counts and adds up.
///
/// # Errors
/// Without the database.
pub(super) async fn take(db: &mut PgConnection) -> anyhow::Result<Figures> {
    let columns = columns(db).await?;
    let mut figures = Figures::default();
    for table in TABLES {
        if !columns.contains_key(table) {
            continue;
        }
        let money = money_of(&columns, table);
        let sums: Vec<String> = money
            .iter()
            .map(|column| {
                let sum = format!("sum({})", exactly(column));
                format!("round({sum}, greatest(2, scale({sum})))::text")
            })
            .collect();
        let sql = format!(
            "SELECT count(*), ARRAY[{}]::text[] FROM {}",
            sums.join(", "),
            qualified(table)
        );
        let (count, sums): (i64, Vec<Option<String>>) =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *db).await?;
        figures.counts.insert(table, count);
        for (column, sum) in money.into_iter().zip(sums) {
            figures.sums.insert((table, column), sum);
        }
    }
    Ok(figures)
}

/// A figure of a column with all digits that it prints: of a `real`, a cast alone keeps six.
fn exactly(column: &str) -> String {
    let column = identifier(column);
    format!(
        "CASE pg_typeof({column}) WHEN 'real'::regtype THEN {column}::text::numeric ELSE {column}::numeric END"
    )
}

async fn columns(db: &mut PgConnection) -> anyhow::Result<Columns> {
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        r#"
        SELECT relation.relname::text,
               attribute.attname::text,
               attribute.atttypid = ANY ('{numeric,int2,int4,int8,float4,float8}'::regtype[])
          FROM pg_catalog.pg_class AS relation
          JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid
         WHERE relation.relnamespace = to_regnamespace('"Finances"')
           AND relation.relkind IN ('r', 'p')
           AND attribute.attnum > 0
           AND NOT attribute.attisdropped
        "#,
    )
    .fetch_all(db)
    .await?;
    let mut columns = Columns::new();
    for (table, column, is_number) in rows {
        if let Some(table) = super::tables::known(&table) {
            columns.entry(table).or_default().push((column, is_number));
        }
    }
    Ok(columns)
}

/// Those columns of a table that hold money, in this shape.
fn money_of(columns: &Columns, table: &str) -> Vec<&'static str> {
    let has = |column: &str| {
        columns.get(table).is_some_and(|columns| {
            columns
                .iter()
                .any(|(name, is_number)| name == column && *is_number)
        })
    };
    MONEY
        .into_iter()
        .filter(|(name, _)| *name == table)
        .flat_map(|(_, columns)| columns.iter().copied())
        .filter(|column| has(column))
        .collect()
}

/// The money of each row as it was, kept in the session until the transaction ends.
#[derive(Debug, Default)]
pub(super) struct Kept {
    money: BTreeMap<&'static str, Vec<&'static str>>,
}

/// Keeps the money of each row.
///
/// # Errors
/// Without the database.
pub(super) async fn keep(transaction: &mut PgConnection) -> anyhow::Result<Kept> {
    let columns = columns(transaction).await?;
    let mut kept = Kept::default();
    for table in TABLES {
        let has_id = columns
            .get(table)
            .is_some_and(|columns| columns.iter().any(|(name, _)| name == "id"));
        let money = money_of(&columns, table);
        if !has_id || money.is_empty() {
            continue;
        }
        let listed: Vec<String> = money
            .iter()
            .map(|column| format!("{} AS {column}", exactly(column)))
            .collect();
        let sql = format!(
            "CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT id::text AS id, {} FROM {}",
            kept_table(table),
            listed.join(", "),
            qualified(table)
        );
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("ANALYZE {}", kept_table(table))))
            .execute(&mut *transaction)
            .await?;
        kept.money.insert(table, money);
    }
    Ok(kept)
}

fn kept_table(table: &str) -> String {
    format!("pg_temp.{}", identifier(&format!("kept_money_{table}")))
}

/// Holds each row's money against what was kept, and the counts against what the adoption says that it added. A row may
/// differ where a figure was rounded to the paisa, or filled where none was, and as often as that was told. Returns what
/// is not explained, a sentence each.
///
/// # Errors
/// Without the database.
pub(super) async fn unexplained(
    transaction: &mut PgConnection,
    kept: &Kept,
    before: &Figures,
    after: &Figures,
    told: &Told,
) -> anyhow::Result<Vec<String>> {
    let mut complaints = Vec::new();
    let columns = columns(transaction).await?;
    for (table, money) in &kept.money {
        for column in money {
            complaints.extend(compare(transaction, &columns, table, column, None, told).await?);
        }
        for (owner, column, source) in TAKEN_FROM {
            if owner == *table && !money.contains(&column) && money.contains(&source) {
                complaints.extend(compare(transaction, &columns, table, column, Some(source), told).await?);
            }
        }
    }
    for (table, count) in &after.counts {
        let expected = before.counts.get(table).copied().unwrap_or(0) + told.added(table);
        if *count != expected {
            complaints.push(format!("{table} has {count} rows and should have {expected}"));
        }
    }
    Ok(complaints)
}

/// Those of the two clients that every database has afterwards which are there.
///
/// # Errors
/// Without the database.
pub(super) async fn clients(transaction: &mut PgConnection) -> anyhow::Result<Vec<i64>> {
    let is_there: bool = sqlx::query_scalar(r#"SELECT to_regclass('"Finances".client') IS NOT NULL"#)
        .fetch_one(&mut *transaction)
        .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    let ids = sqlx::query_scalar(r#"SELECT id::bigint FROM "Finances".client WHERE id IN (1, 2)"#)
        .fetch_all(transaction)
        .await?;
    Ok(ids)
}

/// How the rows of one column differ.
#[derive(Debug, sqlx::FromRow)]
struct Difference {
    rounded: i64,
    filled: i64,
    lost: i64,
    changed: i64,
    ids: Vec<String>,
}

async fn compare(
    transaction: &mut PgConnection,
    columns: &Columns,
    table: &'static str,
    column: &'static str,
    source: Option<&'static str>,
    told: &Told,
) -> anyhow::Result<Option<String>> {
    let has = |name: &str| {
        columns
            .get(table)
            .is_some_and(|columns| columns.iter().any(|(known, _)| known == name))
    };
    if !has(column) {
        return Ok(Some(format!("{table}.{column} is gone")));
    }
    // Bills that were numbered have another id by now.
    let id = if has("legacy_id") {
        "coalesce(entry.legacy_id::text, entry.id::text)"
    } else {
        "entry.id::text"
    };
    let was = source.unwrap_or(column);
    let sql = format!(
        r#"
        WITH compared AS (
            SELECT old.id AS id, old.{was} AS was, entry.{column}::numeric AS "is", entry.id IS NULL AS is_lost
              FROM {kept} AS old
              LEFT JOIN {table} AS entry ON {id} = old.id
        ), judged AS (
            SELECT id,
                   CASE
                       WHEN is_lost THEN 'lost'
                       WHEN "is" IS NOT DISTINCT FROM was THEN 'same'
                       WHEN was IS NULL OR (was = 0 AND $1 IS NULL) THEN 'filled'
                       WHEN "is" = round(was, 2) THEN 'rounded'
                       ELSE 'changed'
                   END AS verdict
              FROM compared
        )
        SELECT count(*) FILTER (WHERE verdict = 'rounded') AS rounded,
               count(*) FILTER (WHERE verdict = 'filled') AS filled,
               count(*) FILTER (WHERE verdict = 'lost') AS lost,
               count(*) FILTER (WHERE verdict = 'changed') AS changed,
               coalesce((array_agg(id ORDER BY id) FILTER (WHERE verdict <> 'same'))[1:{NAMED}], '{{}}') AS ids
          FROM judged
        "#,
        kept = kept_table(table),
        table = qualified(table),
    );
    let Difference {
        rounded,
        filled,
        lost,
        changed,
        ids,
    } = sqlx::query_as(AssertSqlSafe(sql))
        .bind(source)
        .fetch_one(transaction)
        .await?;
    let (told_rounded, told_filled) = if source.is_some() {
        // The new column's own rows are not told one by one; they must be the old one's.
        (i64::MAX, i64::MAX)
    } else {
        (told.rounded(table, column), told.filled(table, column))
    };
    let parts: Vec<String> = [
        (lost, 0, "lost"),
        (changed, 0, "changed"),
        (rounded, told_rounded, "rounded"),
        (filled, told_filled, "filled"),
    ]
    .into_iter()
    .filter(|(found, told, _)| found > told)
    .map(|(found, told, how)| match told {
        0 => format!("{found} {how}"),
        told => format!("{found} {how} and only {told} of them told"),
    })
    .collect();
    Ok((!parts.is_empty())
        .then(|| format!("{table}.{column}: {} (rows {})", parts.join(", "), ids.join(", "))))
}

/// What the adoption says of rows that it rounded, filled or added.
#[derive(Debug, Default)]
pub(super) struct Told {
    rounded: BTreeMap<(String, String), i64>,
    filled: BTreeMap<(String, String), i64>,
    seeded: i64,
}

impl Told {
    /// Reads it from the findings of the adoption that ran in this transaction.
    ///
    /// # Errors
    /// Without the database.
    pub(super) async fn read(transaction: &mut PgConnection, clients_before: &[i64]) -> anyhow::Result<Self> {
        let mut told = Self::take(transaction, "pg_temp.adopt_finding WHERE true").await?;
        // The two clients of the seed are there afterwards, whoever brought them.
        told.seeded = sqlx::query_scalar(
            r#"SELECT count(*) FROM "Finances".client WHERE id IN (1, 2) AND NOT id = ANY ($1)"#,
        )
        .bind(clients_before)
        .fetch_one(transaction)
        .await?;
        Ok(told)
    }

    /// Reads what this transaction has filled in a database that was adopted before.
    ///
    /// # Errors
    /// Without the database.
    pub(super) async fn of_this_run(transaction: &mut PgConnection) -> anyhow::Result<Self> {
        Self::take(
            transaction,
            r#""Finances".adoption_report WHERE found_at = now()"#,
        )
        .await
    }

    async fn take(transaction: &mut PgConnection, findings: &'static str) -> anyhow::Result<Self> {
        let sql = format!(
            r"
            SELECT table_name,
                   coalesce(
                       kept ->> 'column',
                       -- One that lists the figure itself instead of the column's name.
                       (SELECT min(name) FROM jsonb_object_keys(kept) AS name)
                   ),
                   rule = 'money_rounded',
                   sum(coalesce((kept ->> 'rows')::bigint, 1))::bigint
              FROM {findings}
               AND rule IN ('money_rounded', 'null_filled', 'money_missing')
             GROUP BY 1, 2, 3
            "
        );
        let rows: Vec<(String, String, bool, i64)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(transaction).await?;
        let mut told = Self::default();
        for (table, column, is_rounded, count) in rows {
            let kind = if is_rounded {
                &mut told.rounded
            } else {
                &mut told.filled
            };
            *kind.entry((table, column)).or_default() += count;
        }
        Ok(told)
    }

    fn rounded(&self, table: &str, column: &str) -> i64 {
        Self::count(&self.rounded, table, column)
    }

    fn filled(&self, table: &str, column: &str) -> i64 {
        Self::count(&self.filled, table, column)
    }

    /// How many rows the adoption adds to a table.
    fn added(&self, table: &str) -> i64 {
        match table {
            "client" => self.seeded,
            "po_project_mapping" => self.filled(table, "project_id"),
            _ => 0,
        }
    }

    fn count(told: &BTreeMap<(String, String), i64>, table: &str, column: &str) -> i64 {
        told.get(&(table.to_owned(), column.to_owned()))
            .copied()
            .unwrap_or(0)
    }
}

impl Figures {
    /// The counts of every table that is there before or after.
    pub(super) fn counts(before: &Self, after: &Self) -> Vec<Count> {
        TABLES
            .into_iter()
            .filter(|table| before.counts.contains_key(table) || after.counts.contains_key(table))
            .map(|table| Count {
                table,
                before: before.counts.get(table).copied().unwrap_or(0),
                after: after.counts.get(table).copied().unwrap_or(0),
            })
            .collect()
    }

    /// The sums of every column that is there before or after.
    pub(super) fn sums(before: &Self, after: &Self) -> Vec<Sum> {
        MONEY
            .into_iter()
            .flat_map(|(table, columns)| columns.iter().map(move |column| (table, *column)))
            .filter(|key| before.sums.contains_key(key) || after.sums.contains_key(key))
            .map(|(table, column)| Sum {
                table,
                column,
                before: before.sums.get(&(table, column)).cloned().flatten(),
                after: after.sums.get(&(table, column)).cloned().flatten(),
            })
            .collect()
    }
}
