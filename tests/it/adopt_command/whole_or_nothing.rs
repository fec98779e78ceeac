//! A run that ends early leaves nothing, and the next one does it all.

use std::process::Stdio;

use super::{Desk, connect, contents, has_schema, legacy, run_sql, schema, url};
use crate::adoption::SHAPE_C;
use crate::support::cluster::{self, TestDatabase};

/// Starts the command and kills it while its session runs a statement that begins like this.
async fn kill_at(desk: &Desk, target: &TestDatabase, arguments: &[&str], statement: &str) {
    let mut process = desk
        .command(target, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut db = connect(target).await;
    loop {
        let is_there: bool = sqlx::query_scalar(
            "SELECT EXISTS (
                 SELECT FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
                    AND starts_with(query, $1))",
        )
        .bind(statement)
        .fetch_one(&mut db)
        .await
        .unwrap();
        if is_there {
            break;
        }
        assert_eq!(process.try_wait().unwrap(), None, "it ended before {statement}");
    }
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Kills the command while it loads, and while it adopts; then runs it to its end.
async fn killed_and_again(from: &str, source: &TestDatabase) {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    for statement in ["COPY ", BASELINE] {
        kill_at(&desk, &target, &["--from", from], statement).await;
        assert!(!has_schema(&target).await, "{statement}");
    }

    desk.adopt(&target, &["--from", from]).await.report();

    let expected = cluster::empty_database().await;
    desk.adopt(&expected, &["--from", &url(source)]).await.report();
    assert_eq!(contents(&target).await, contents(&expected).await);
    assert_eq!(schema(&target).await, schema(&expected).await);
}

/// How the adoption's own statements begin.
const BASELINE: &str = "-- The baseline";

/// Enough rows that loading them takes a while.
const MANY: &str = r#"
    INSERT INTO "Finances".client_po (id, client_id, po_number, po_value, total_tax, created_at)
    SELECT 1000 + number, 1, 'MANY-' || number, number, 0, '2026-01-01'
      FROM generate_series(1, 15000) AS number;
"#;

#[tokio::test]
async fn a_killed_copy_leaves_nothing_and_can_be_repeated() {
    let source = legacy(&[SHAPE_C, MANY]).await;
    killed_and_again(&url(&source), &source).await;
}

#[tokio::test]
async fn a_killed_load_of_a_dump_leaves_nothing_and_can_be_repeated() {
    let source = legacy(&[SHAPE_C, MANY]).await;
    let desk = Desk::new();
    let dump = desk.dump(&source, "dump.sql", &[]);
    killed_and_again(&dump, &source).await;
}

#[tokio::test]
async fn an_adoption_in_place_that_is_killed_leaves_the_old_database() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C, MANY]).await;
    let before = (contents(&source).await, schema(&source).await);
    kill_at(&desk, &source, &[], BASELINE).await;

    // The session of the killed process ends when its statement does; the locks tell.
    run_sql(
        &source,
        r#"BEGIN; LOCK TABLE "Finances".client IN ACCESS EXCLUSIVE MODE; COMMIT"#,
    )
    .await;
    assert_eq!((contents(&source).await, schema(&source).await), before);
    desk.adopt(&source, &[]).await.report();
}
