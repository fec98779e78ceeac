//! The target of a load: what it holds already, and whether that may make room.

use anyhow::bail;
use sqlx::{AssertSqlSafe, PgConnection};

use super::report::{LEFT_OUT, Report};
use crate::postgres::sql::qualified;

/// How many tables a refusal names.
const NAMED: usize = 5;

/// What a load meets.
#[derive(Debug)]
pub(super) enum Target {
    /// Nothing that would be lost. These tables of the schema, all without rows, and views have made room.
    Empty { removed: Vec<String> },
    /// What was adopted before, from this source.
    Adopted { from: String, fingerprint: String },
}

/// Looks at the schema and makes room in it, inside the load's transaction.
///
/// # Errors
/// If it holds rows: they would be lost.
pub(super) async fn make_room(transaction: &mut PgConnection) -> anyhow::Result<Target> {
    let names: Vec<String> = sqlx::query_scalar(
        r#"
        SELECT relname::text
          FROM pg_catalog.pg_class
         WHERE relnamespace = to_regnamespace('"Finances"') AND relkind IN ('r', 'p')
         ORDER BY relname
        "#,
    )
    .fetch_all(&mut *transaction)
    .await?;
    if names.is_empty() {
        return Ok(Target::Empty { removed: names });
    }
    let listed: Vec<String> = names.iter().map(|name| qualified(name)).collect();
    let listed = listed.join(", ");
    // Nobody writes between the look and the removal.
    execute(
        transaction,
        format!("LOCK TABLE {listed} IN ACCESS EXCLUSIVE MODE"),
    )
    .await?;
    let mut held = Vec::new();
    for name in &names {
        // What the migrations write by themselves is written again.
        let own = match name.as_str() {
            "_nexgen_migration" => "WHERE false",
            "client" => "WHERE (id, name) NOT IN ((1, 'Bajaj'), (2, 'Dava India'))",
            _ => "",
        };
        let sql = format!("SELECT count(*) FROM {} {own}", qualified(name));
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut *transaction)
            .await?;
        if rows > 0 {
            held.push(format!("{name} {rows}"));
        }
    }
    if held.is_empty() {
        // Views go with the tables that they read.
        let views: Vec<String> = sqlx::query_scalar(
            r#"
            SELECT relname::text
              FROM pg_catalog.pg_class
             WHERE relnamespace = to_regnamespace('"Finances"') AND relkind IN ('v', 'm')
            "#,
        )
        .fetch_all(&mut *transaction)
        .await?;
        execute(transaction, format!("DROP TABLE {listed} CASCADE")).await?;
        return Ok(Target::Empty {
            removed: names.into_iter().chain(views).collect(),
        });
    }
    if let Some((from, fingerprint)) = adopted_from(transaction, &names).await? {
        return Ok(Target::Adopted { from, fingerprint });
    }
    let more = held.len().saturating_sub(NAMED);
    held.truncate(NAMED);
    if more > 0 {
        held.push(format!("{more} tables more"));
    }
    bail!(
        "the configured database holds rows that would be lost ({}); adopt into an empty database, or in place, without \
         --from, if these are the rows to be adopted; nothing was written",
        held.join(", ")
    );
}

/// The source that an earlier run has noted.
async fn adopted_from(
    transaction: &mut PgConnection,
    names: &[String],
) -> anyhow::Result<Option<(String, String)>> {
    if !names.iter().any(|name| name == "adoption_report") {
        return Ok(None);
    }
    let noted = sqlx::query_as(
        r#"
        SELECT kept ->> 'source', kept ->> 'fingerprint'
          FROM "Finances".adoption_report
         WHERE rule = 'adopted_from'
         ORDER BY id DESC
         LIMIT 1
        "#,
    )
    .fetch_optional(transaction)
    .await?;
    Ok(noted)
}

/// Refuses the load if tables have made room that are none of ours: the migrations have not made them again.
///
/// # Errors
/// If there is such a table.
pub(super) async fn ensure_remade(transaction: &mut PgConnection, removed: &[String]) -> anyhow::Result<()> {
    let strangers: Vec<String> = sqlx::query_scalar(
        r#"
        SELECT name
          FROM unnest($1::text[]) AS name
         WHERE to_regclass(format('"Finances".%I', name)) IS NULL
         ORDER BY name
        "#,
    )
    .bind(removed)
    .fetch_all(transaction)
    .await?;
    if !strangers.is_empty() {
        bail!(
            "the schema holds tables or views of another program ({}); adopt into an empty database; nothing was written",
            strangers.join(", ")
        );
    }
    Ok(())
}

/// Keeps the statements of a dump that were left out with the other findings.
///
/// # Errors
/// Without the database.
pub(super) async fn note_left_out(transaction: &mut PgConnection, report: &Report) -> anyhow::Result<()> {
    let left_out = report.findings.iter().filter(|finding| finding.rule == LEFT_OUT);
    let (tables, kept): (Vec<&str>, Vec<&serde_json::Value>) = left_out
        .map(|finding| (finding.table.as_str(), &finding.kept))
        .unzip();
    sqlx::query(
        r#"
        INSERT INTO "Finances".adoption_report (run_id, table_name, rule, kept)
        SELECT $1, finding.tab, $2, finding.kept
          FROM unnest($3::text[], $4::jsonb[]) AS finding (tab, kept)
        "#,
    )
    .bind(report.run_id)
    .bind(LEFT_OUT)
    .bind(tables)
    .bind(kept)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Notes where the rows came from, so that a second run knows.
///
/// # Errors
/// Without the database.
pub(super) async fn note_source(
    transaction: &mut PgConnection,
    run_id: uuid::Uuid,
    source: &str,
    fingerprint: &str,
) -> anyhow::Result<()> {
    sqlx::query(
        r#"
        INSERT INTO "Finances".adoption_report (run_id, table_name, rule, kept)
        VALUES ($1, '*', 'adopted_from', jsonb_build_object('source', $2::text, 'fingerprint', $3::text))
        "#,
    )
    .bind(run_id)
    .bind(source)
    .bind(fingerprint)
    .execute(transaction)
    .await?;
    Ok(())
}

async fn execute(db: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await?;
    Ok(())
}
