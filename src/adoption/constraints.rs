//! The constraints that an adoption could not create because rows are in the way: tried again, and what still is.
//!
//! The adoption has kept the statement of each. A statement of another form than the adoption writes is not executed.

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

use crate::{
    config::DatabaseConfig,
    postgres::{migrate, sql::qualified},
};

/// How many rows are named.
const NAMED: usize = 100;

/// What became of the constraints.
#[derive(Debug, Default)]
pub struct Retried {
    /// Those that are there now.
    pub created: Vec<String>,
    /// Those that still wait.
    pub waiting: Vec<Waiting>,
}

/// A constraint that rows are in the way of.
#[derive(Debug)]
pub struct Waiting {
    /// Its name.
    pub constraint: String,
    /// The table that the rows are in.
    pub table: String,
    /// How many there are; 0 where something else is in the way.
    pub rows: usize,
    /// The first hundred of their ids, or what the database says.
    pub what: String,
}

/// A constraint as the adoption has kept it.
#[derive(Debug, sqlx::FromRow)]
struct Kept {
    table_name: String,
    name: String,
    statement: String,
}

/// Tries to create each constraint that waits, each in a transaction of its own.
///
/// # Errors
/// If the database cannot be reached.
pub(crate) async fn retry(
    options: &PgConnectOptions,
    config: &DatabaseConfig,
    dry_run: bool,
) -> anyhow::Result<Retried> {
    let mut session = migrate::session(options, config).await?;
    let mut retried = Retried::default();
    for kept in waiting(&mut session).await? {
        let mut transaction = session.begin().await?;
        match attempt(&mut transaction, &kept).await? {
            Some(waiting) => {
                transaction.rollback().await?;
                retried.waiting.push(waiting);
            }
            None if dry_run => {
                transaction.rollback().await?;
                retried.created.push(kept.name);
            }
            None => {
                transaction.commit().await?;
                retried.created.push(kept.name);
            }
        }
    }
    session.close().await?;
    Ok(retried)
}

/// The constraints that were not created and are not there yet.
async fn waiting(db: &mut PgConnection) -> anyhow::Result<Vec<Kept>> {
    let is_adopted: bool =
        sqlx::query_scalar(r#"SELECT to_regclass('"Finances".adoption_report') IS NOT NULL"#)
            .fetch_one(&mut *db)
            .await?;
    if !is_adopted {
        anyhow::bail!("the database is not adopted yet: run adopt first");
    }
    let kept = sqlx::query_as(
        r#"
        WITH kept AS (
            SELECT DISTINCT ON (kept ->> 'constraint')
                   id, table_name, kept ->> 'constraint' AS name, kept ->> 'statement' AS statement
              FROM "Finances".adoption_report
             WHERE rule = 'constraint_not_created'
             ORDER BY kept ->> 'constraint', id DESC
        )
        SELECT table_name, name, statement
          FROM kept
         WHERE NOT EXISTS (
                   SELECT 1
                     FROM pg_catalog.pg_constraint AS made
                    WHERE made.connamespace = to_regnamespace('"Finances"') AND made.conname = kept.name)
           AND NOT EXISTS (
                   SELECT 1
                     FROM pg_catalog.pg_class AS made
                    WHERE made.relnamespace = to_regnamespace('"Finances"') AND made.relname = kept.name)
           AND NOT EXISTS (
                   SELECT 1
                     FROM pg_catalog.pg_attribute AS attribute
                    WHERE attribute.attrelid = to_regclass(format('"Finances".%I', kept.table_name))
                      AND attribute.attnotnull
                      AND kept.name = format('%s_%s_not_null', kept.table_name, attribute.attname))
         ORDER BY id
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(kept)
}

/// Creates a constraint; what is in the way if that cannot be.
async fn attempt(transaction: &mut PgConnection, kept: &Kept) -> anyhow::Result<Option<Waiting>> {
    let told = |rows: usize, what: String| Waiting {
        constraint: kept.name.clone(),
        table: kept.table_name.clone(),
        rows,
        what,
    };
    let Some(condition) = in_the_way(&kept.table_name, &kept.statement) else {
        return Ok(Some(told(
            0,
            "its statement is none that an adoption writes".to_owned(),
        )));
    };
    let sql = format!(
        "SELECT child.id::text FROM {} AS child WHERE {condition} ORDER BY child.id",
        qualified(&kept.table_name)
    );
    let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(&mut *transaction)
        .await?;
    if !ids.is_empty() {
        let mut named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
        if ids.len() > NAMED {
            named.push("...");
        }
        return Ok(Some(told(ids.len(), named.join(", "))));
    }
    let made = sqlx::raw_sql(AssertSqlSafe(kept.statement.clone()))
        .execute(&mut *transaction)
        .await;
    if let Err(error) = made {
        let Some(refusal) = error.as_database_error() else {
            return Err(error.into());
        };
        return Ok(Some(told(0, refusal.message().to_owned())));
    }
    sqlx::query(
        r#"
        INSERT INTO "Finances".adoption_report (run_id, table_name, rule, kept)
        VALUES (gen_random_uuid(), $1, 'constraint_created', jsonb_build_object('constraint', $2::text))
        "#,
    )
    .bind(&kept.table_name)
    .bind(&kept.name)
    .execute(transaction)
    .await?;
    Ok(None)
}

/// The condition of the rows that a constraint's statement fails for.
fn in_the_way(table: &str, statement: &str) -> Option<String> {
    if statement.contains(';') {
        return None;
    }
    let table = qualified(table);
    if let Some(rest) = statement.strip_prefix("CREATE UNIQUE INDEX ") {
        let (_, definition) = rest.split_once(" ON ")?;
        let (_, definition) = definition.split_once(" (")?;
        let (key, condition) = match definition.rsplit_once(") WHERE ") {
            Some((key, condition)) => (key, condition),
            None => (definition.strip_suffix(')')?, "true"),
        };
        return Some(format!(
            "{condition} AND ({key}) IN (SELECT {key} FROM {table} WHERE {condition} GROUP BY {key} HAVING count(*) > 1)"
        ));
    }
    let rest = statement.strip_prefix(r#"ALTER TABLE "Finances"."#)?;
    let (_, rest) = rest.split_once(' ')?;
    if let Some(column) = rest.strip_prefix("ALTER COLUMN ") {
        return Some(format!("child.{} IS NULL", column.strip_suffix(" SET NOT NULL")?));
    }
    let (_, rule) = rest.strip_prefix("ADD CONSTRAINT ")?.split_once(' ')?;
    if let Some(columns) = rule.strip_prefix("UNIQUE (") {
        let key = columns.strip_suffix(')')?;
        return Some(format!(
            "({key}) IN (SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1)"
        ));
    }
    if let Some(check) = rule.strip_prefix("CHECK (") {
        return Some(format!("NOT ({})", check.strip_suffix(')')?));
    }
    let (column, rest) = rule.strip_prefix("FOREIGN KEY (")?.split_once(") REFERENCES ")?;
    let (parent, rest) = rest.split_once(" (")?;
    let (parent_column, _) = rest.split_once(") ON DELETE ")?;
    Some(format!(
        "child.{column} IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.{parent_column} = child.{column})"
    ))
}

impl Retried {
    /// What became of the constraints, a line each.
    pub fn summary(&self, dry_run: bool) -> String {
        let created = self.created.iter().map(|name| {
            let how = if dry_run { "could be created" } else { "created" };
            format!("{name}: {how}\n")
        });
        let waiting = self.waiting.iter().map(|waiting| match waiting.rows {
            0 => format!("{}: still waits: {}\n", waiting.constraint, waiting.what),
            rows => format!(
                "{}: still waits for {rows} row(s) of {}: {}\n",
                waiting.constraint, waiting.table, waiting.what
            ),
        });
        let lines: String = created.chain(waiting).collect();
        if lines.is_empty() {
            return "No constraint waits.\n".to_owned();
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_in_the_way_of_each_kind_of_constraint_are_found() {
        for (statement, condition) in [
            (
                r#"ALTER TABLE "Finances".client ALTER COLUMN name SET NOT NULL"#,
                "child.name IS NULL",
            ),
            (
                r#"ALTER TABLE "Finances".client ADD CONSTRAINT c CHECK (a > 0 OR (b))"#,
                "NOT (a > 0 OR (b))",
            ),
            (
                r#"ALTER TABLE "Finances".client ADD CONSTRAINT c UNIQUE (a, b)"#,
                r#"(a, b) IN (SELECT a, b FROM "Finances"."client" GROUP BY a, b HAVING count(*) > 1)"#,
            ),
            (
                r#"CREATE UNIQUE INDEX i ON "Finances".client (lower(name)) WHERE status <> 'x'"#,
                "status <> 'x' AND (lower(name)) IN (SELECT lower(name) FROM \"Finances\".\"client\" \
                 WHERE status <> 'x' GROUP BY lower(name) HAVING count(*) > 1)",
            ),
        ] {
            assert_eq!(
                in_the_way("client", statement).as_deref(),
                Some(condition),
                "{statement}"
            );
        }
        for other in [
            r#"DROP TABLE "Finances".client"#,
            r#"ALTER TABLE "Finances".client ADD CONSTRAINT c CHECK (true); DROP TABLE x"#,
            r#"ALTER TABLE "Finances".client DROP COLUMN name"#,
        ] {
            assert_eq!(in_the_way("client", other), None, "{other}");
        }
    }
}
