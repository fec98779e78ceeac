//! What of an old database stood in the way of its adoption, in our words: PostgreSQL says it in its own, and of some objects not
//! which they are.

use sqlx::{PgConnection, postgres::PgDatabaseError};

/// How every refusal of the adoption begins.
pub(crate) const REFUSAL: &str = "adoption stopped: ";
/// What a table of the schema is preceded by in a statement.
const SCHEMA: &str = r#""Finances"."#;
/// How many objects are named.
const NAMED: usize = 10;

/// Why the adoption ended, for an error of the database that rolled it back: with the objects of the table at which it ended that
/// keep a column from changing, or a row from being written. What none of them explains stays as it is.
pub(crate) async fn explain(db: &mut PgConnection, error: anyhow::Error) -> anyhow::Error {
    let Some(refused) = database_error(&error) else {
        return error;
    };
    if error.to_string().starts_with(REFUSAL) || refused.message().starts_with(REFUSAL) {
        return error;
    }
    let Some(table) = table_of(refused) else {
        return error;
    };
    let rule = refused.constraint().map(|name| format!("constraint {name}"));
    let objects = match rule {
        Some(rule) => vec![rule],
        // The database is as it was: the objects are there.
        None => objects_of(db, &table).await.unwrap_or_default(),
    };
    if objects.is_empty() {
        return error;
    }
    let more = objects.len().saturating_sub(NAMED);
    let mut named: Vec<&str> = objects.iter().take(NAMED).map(String::as_str).collect();
    let rest = format!("{more} more");
    if more > 0 {
        named.push(&rest);
    }
    let told = format!(
        "{REFUSAL}{} cannot be changed past what another program has put there: {}; drop what is named, start again, and \
         make it anew afterwards",
        format_args!("{SCHEMA}{table}"),
        named.join(", ")
    );
    anyhow::anyhow!(told)
}

fn database_error(error: &anyhow::Error) -> Option<&PgDatabaseError> {
    error.chain().find_map(|cause| {
        cause
            .downcast_ref::<sqlx::Error>()?
            .as_database_error()?
            .try_downcast_ref()
    })
}

/// The table of the schema that an error is about: as the database names it, else the one of the statement that failed.
fn table_of(error: &PgDatabaseError) -> Option<String> {
    if let Some(table) = error.table() {
        return (error.schema() == Some("Finances")).then(|| table.to_owned());
    }
    named_in(error.r#where().unwrap_or_default()).or_else(|| named_in(error.message()))
}

/// The first table of the schema that a text names.
fn named_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(SCHEMA)?;
    let rest = rest.strip_prefix('"').unwrap_or(rest);
    let name: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

/// What a table has that keeps its columns from changing or its rows from being written.
async fn objects_of(db: &mut PgConnection, table: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        r#"
        WITH target AS (
            SELECT oid, relkind, relrowsecurity
              FROM pg_catalog.pg_class
             WHERE relnamespace = to_regnamespace('"Finances"')
               AND relname = $1
        )
        SELECT name
          FROM (
               SELECT 1 AS place, format('trigger %s', tgname) AS name
                 FROM target
                 JOIN pg_catalog.pg_trigger ON tgrelid = target.oid AND NOT tgisinternal
                UNION ALL
               SELECT 2, format('policy %s', polname)
                 FROM target
                 JOIN pg_catalog.pg_policy ON polrelid = target.oid
                UNION ALL
               SELECT 3, format('generated column %s', attname)
                 FROM target
                 JOIN pg_catalog.pg_attribute ON attrelid = target.oid AND attgenerated <> '' AND NOT attisdropped
                UNION ALL
               SELECT 4, format('index %s', entry.relname)
                 FROM target
                 JOIN pg_catalog.pg_index AS index
                   ON index.indrelid = target.oid
                  AND (index.indexprs IS NOT NULL OR index.indpred IS NOT NULL)
                 JOIN pg_catalog.pg_class AS entry ON entry.oid = index.indexrelid
                UNION ALL
               SELECT 5, format('rule %s', rulename)
                 FROM target
                 JOIN pg_catalog.pg_rewrite ON ev_class = target.oid AND rulename <> '_RETURN'
                UNION ALL
               SELECT 6, format('foreign key %s of %s', conname, conrelid::regclass)
                 FROM target
                 JOIN pg_catalog.pg_constraint ON contype = 'f' AND confrelid = target.oid AND conrelid <> target.oid
                UNION ALL
               SELECT 7, format('constraint %s', conname)
                 FROM target
                 JOIN pg_catalog.pg_constraint ON contype = 'x' AND conrelid = target.oid
                UNION ALL
               SELECT 8, format('part %s', inhrelid::regclass)
                 FROM target
                 JOIN pg_catalog.pg_inherits ON inhparent = target.oid
                UNION ALL
               SELECT 9, 'its division into parts (make it one table)'
                 FROM target
                WHERE relkind = 'p'
               ) AS found
         ORDER BY place, name
        "#,
    )
    .bind(table)
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_failed_statement_is_found() {
        for (text, table) in [
            (
                r#"SQL statement "ALTER TABLE "Finances".client_payment ALTER COLUMN a TYPE date""#,
                Some("client_payment"),
            ),
            (
                r#"SQL statement "UPDATE "Finances"."user" SET a = 1""#,
                Some("user"),
            ),
            ("PL/pgSQL function f() line 3", None),
            (r#""Finances"."#, None),
        ] {
            assert_eq!(named_in(text).as_deref(), table, "{text}");
        }
    }
}
