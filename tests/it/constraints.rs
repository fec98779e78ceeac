//! The table of constraints against the schema.

use nexgen_finance::error::constraints::is_known;

use crate::support::TestApp;

#[tokio::test]
async fn every_constraint_and_unique_index_of_the_schema_has_a_meaning() {
    let app = TestApp::start().await;
    let names: Vec<String> = sqlx::query_scalar(
        r"
        SELECT rule.conname::text
          FROM pg_constraint AS rule
          JOIN pg_namespace AS schema ON schema.oid = rule.connamespace
         WHERE schema.nspname = 'Finances'
           AND rule.contype IN ('c', 'f', 'p', 'u', 'x')
           AND rule.conrelid::regclass::text NOT LIKE '%_nexgen_migration%'
        UNION
        SELECT class.relname::text
          FROM pg_index AS index
          JOIN pg_class AS class ON class.oid = index.indexrelid
          JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
         WHERE schema.nspname = 'Finances'
           AND index.indisunique
           AND index.indrelid::regclass::text NOT LIKE '%_nexgen_migration%'
        ",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();

    let unknown: Vec<&String> = names.iter().filter(|name| !is_known(name)).collect();

    assert!(
        names.len() > 100,
        "the schema has its constraints: {}",
        names.len()
    );
    assert!(unknown.is_empty(), "{unknown:?}");
}
