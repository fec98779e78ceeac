//! The adoption happens once, as a whole, whoever else is at work, with no more rights than it needs.

use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection, raw_sql};

use super::{Legacy, SHAPE_A, SHAPE_C, connect};

/// The process of the adoption once it waits for a table that somebody holds.
async fn waiting_process(legacy: &Legacy) -> i32 {
    let mut db = connect(&legacy.database.options).await;
    loop {
        let waiting: Option<i32> = sqlx::query_scalar(
            "SELECT pid FROM pg_locks
              WHERE NOT granted AND locktype = 'relation'
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_optional(&mut db)
        .await
        .unwrap();
        if let Some(process) = waiting {
            return process;
        }
    }
}

#[tokio::test]
async fn a_crash_in_the_middle_leaves_everything_as_before() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    let before = (legacy.catalogue().await, legacy.contents().await);
    // The statistics come last of the old tables: by then the others have been rewritten.
    legacy
        .run("BEGIN; LOCK TABLE upload_stats IN ACCESS SHARE MODE")
        .await;
    let killer = async {
        let process = waiting_process(&legacy).await;
        let mut db = connect(&legacy.database.options).await;
        sqlx::query("SELECT pg_terminate_backend($1)")
            .bind(process)
            .execute(&mut db)
            .await
            .unwrap();
    };

    let (outcome, ()) = tokio::join!(legacy.try_adopt(), killer);

    outcome.unwrap_err();
    assert_eq!((legacy.catalogue().await, legacy.contents().await), before);
    assert_eq!(
        legacy.value("SELECT to_regclass('_nexgen_migration')").await,
        "null"
    );
    legacy.run("ROLLBACK").await;
    legacy.adopt().await;
}

#[tokio::test]
async fn a_failure_late_on_an_empty_database_leaves_it_empty() {
    let mut empty = Legacy::load(&[]).await;
    // The audit trail's trigger is among the last things that are made.
    empty
        .run(
            "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END';
             CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION public.refuse()",
        )
        .await;

    let refusal = empty.refusal().await;

    assert!(refusal.contains("refused"), "{refusal}");
    assert_eq!(
        empty.value("SELECT to_regnamespace('\"Finances\"')").await,
        "null"
    );
    empty.run("DROP EVENT TRIGGER refuse").await;
    empty.adopt().await;
}

#[tokio::test]
async fn a_table_in_use_ends_the_adoption_in_a_lock_timeout_with_nothing_half_done() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    let before = (legacy.catalogue().await, legacy.contents().await);
    legacy
        .run("BEGIN; UPDATE vendor_order SET description = 'at work'")
        .await;
    let options = legacy
        .database
        .options
        .clone()
        .options([("lock_timeout", "100ms")]);

    let refusal = format!("{:#}", legacy.adopt_over(options).await.unwrap_err());

    assert!(refusal.contains("lock timeout"), "{refusal}");
    legacy.run("ROLLBACK").await;
    assert_eq!(legacy.catalogue().await, before.0);
    assert_eq!(legacy.contents().await, before.1);
    legacy.adopt().await;
}

#[tokio::test]
async fn ten_servers_at_once_adopt_a_database_once() {
    for scripts in [vec![], vec![SHAPE_C]] {
        let mut legacy = Legacy::load(&scripts).await;

        let outcomes = join_all((0..10).map(|_| legacy.try_adopt())).await;

        let migrated: Vec<usize> = outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|error| panic!("{error:#}")))
            .filter(|migrations| *migrations > 0)
            .collect();
        assert_eq!(migrated.len(), 1, "{migrated:?}");
        assert_eq!(
            legacy.value("SELECT count(*) FROM _nexgen_migration").await,
            migrated[0].to_string()
        );
    }
}

#[tokio::test]
async fn the_owner_of_the_schema_adopts_it_without_any_other_right() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await.with(&[]);
    // Roles belong to the whole server: this one is made once and left.
    legacy
        .run(
            r#"
            DO $$
            DECLARE
                owned record;
            BEGIN
                PERFORM pg_advisory_xact_lock(20260101);
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nexgen_test_owner') THEN
                    CREATE ROLE nexgen_test_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
                END IF;
            END
            $$;
            DO $$
            DECLARE
                owned record;
            BEGIN
                EXECUTE format('REVOKE CREATE ON DATABASE %I FROM PUBLIC', current_database());
                ALTER SCHEMA "Finances" OWNER TO nexgen_test_owner;
                FOR owned IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = '"Finances"'::regnamespace AND relkind = 'r' LOOP
                    EXECUTE format('ALTER TABLE %s OWNER TO nexgen_test_owner', owned.name);
                END LOOP;
                ALTER FUNCTION "Finances".update_upload_stats() OWNER TO nexgen_test_owner;
                ALTER FUNCTION "Finances".initialize_upload_stats() OWNER TO nexgen_test_owner;
                CREATE FUNCTION public.update_upload_stats() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            END
            $$;
            "#,
        )
        .await;
    let options = legacy
        .database
        .options
        .clone()
        .options([("role", "nexgen_test_owner")]);

    legacy
        .adopt_over(options)
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));

    assert_eq!(
        legacy
            .value(r"SELECT count(DISTINCT tableowner) FROM pg_tables WHERE schemaname = 'Finances'")
            .await,
        "1"
    );
    // The server's TimeZone is not for everybody to read; the log's zone is, and is set with it.
    assert_eq!(
        legacy
            .value("SELECT kept ->> 'timezone' FROM adoption_report WHERE rule = 'legacy_timezone'")
            .await,
        legacy.value("SELECT current_setting('log_timezone')").await
    );
    // A function of somebody else stays, though nobody uses it.
    assert_eq!(
        legacy
            .value("SELECT to_regprocedure('public.update_upload_stats()') IS NOT NULL")
            .await,
        "true"
    );
    assert_eq!(
        legacy
            .value("SELECT to_regprocedure('update_upload_stats()') IS NULL")
            .await,
        "true"
    );
}

#[tokio::test]
async fn an_adoption_in_a_transaction_that_is_rolled_back_leaves_no_trace() {
    let legacy = Legacy::load(&[SHAPE_C]).await;
    let before = (legacy.catalogue().await, legacy.contents().await);
    let baseline = nexgen_finance::postgres::migrate::migrator()
        .iter()
        .next()
        .unwrap()
        .sql
        .clone();
    let mut db = connect(&legacy.database.options).await;
    let mut transaction = db.begin().await.unwrap();

    raw_sql(AssertSqlSafe(baseline.as_str().to_owned()))
        .execute(&mut *transaction)
        .await
        .unwrap();
    let reported: i64 = sqlx::query_scalar(r#"SELECT count(*) FROM "Finances".adoption_report"#)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();

    assert!(reported > 0);
    assert_eq!((legacy.catalogue().await, legacy.contents().await), before);
}
