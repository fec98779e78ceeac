//! Wherever the rows come from, what comes out is the same as in place.

use super::{Desk, contents, has_schema, legacy, run_sql, schema, url, value};
use crate::adoption::{RESTORED, SHAPE_A, SHAPE_B, SHAPE_C, SHAPE_D};
use crate::support::cluster;

/// Adopts a shape from its database, from dumps of it, and in place, and compares.
async fn same_from_everywhere(scripts: &[&str]) {
    let desk = Desk::new();
    let source = legacy(scripts).await;
    let before = (contents(&source).await, schema(&source).await);
    let dump = desk.dump(&source, "copy.sql", &[]);
    let inserts = desk.dump(
        &source,
        "inserts.sql",
        &[
            "--inserts",
            "--no-owner",
            "--rows-per-insert=2",
            "--schema=\"Finances\"",
        ],
    );
    let mut adopted = Vec::new();
    for from in [url(&source).as_str(), &dump, &inserts] {
        let target = cluster::empty_database().await;
        let report = desk.adopt(&target, &["--from", from]).await.report();
        assert_eq!(report["dry_run"], false);
        adopted.push((from.to_owned(), target, report));
    }
    assert_eq!((contents(&source).await, schema(&source).await), before);

    let in_place = desk.adopt(&source, &[]).await.report();

    let expected = (contents(&source).await, schema(&source).await);
    for (from, target, report) in adopted {
        assert_eq!(contents(&target).await, expected.0, "{from}");
        assert_eq!(schema(&target).await, expected.1, "{from}");
        for part in [
            "counts",
            "sums",
            "constraints_not_created",
            "findings_by_rule",
            "database_shape",
        ] {
            assert_eq!(report[part], in_place[part], "{part} from {from}");
        }
    }
}

#[tokio::test]
async fn shape_a_comes_out_the_same_from_everywhere() {
    same_from_everywhere(&[SHAPE_A]).await;
}

#[tokio::test]
async fn shape_b_comes_out_the_same_from_everywhere() {
    same_from_everywhere(&[SHAPE_B]).await;
}

#[tokio::test]
async fn shape_c_comes_out_the_same_from_everywhere() {
    same_from_everywhere(&[SHAPE_C]).await;
}

#[tokio::test]
async fn shape_c_without_keys_and_sequences_comes_out_the_same_from_everywhere() {
    same_from_everywhere(&[SHAPE_C, RESTORED]).await;
}

#[tokio::test]
async fn shape_d_comes_out_the_same_from_everywhere() {
    same_from_everywhere(&[SHAPE_D]).await;
}

#[tokio::test]
async fn a_second_run_finds_its_work_done_and_another_source_is_refused() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C]).await;
    let dump = desk.dump(&source, "backup.sql", &[]);
    for from in [url(&source), dump] {
        let target = cluster::empty_database().await;
        let first = desk.adopt(&target, &["--from", &from]).await.report();
        let before = (contents(&target).await, schema(&target).await);

        let second = desk.adopt(&target, &["--from", &from]).await;

        assert!(second.stderr.contains("Nothing to do"), "{}", second.stderr);
        let second = second.report();
        assert_eq!(second["run_id"], first["run_id"]);
        assert_eq!(second["actions"], serde_json::json!([]));
        assert_eq!((contents(&target).await, schema(&target).await), before);

        let other = desk.file("other.sql", "CREATE TABLE client (id bigint, name text);");
        let refused = desk.adopt(&target, &["--from", &other]).await;
        assert!(
            refused.refusal().contains("was adopted from"),
            "{}",
            refused.stderr
        );
        assert_eq!((contents(&target).await, schema(&target).await), before);
    }
}

#[tokio::test]
async fn a_source_that_has_changed_is_told_apart() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_B]).await;
    let target = cluster::empty_database().await;
    desk.adopt(&target, &["--from", &url(&source)]).await.report();
    run_sql(
        &source,
        r#"UPDATE "Finances".client SET name = 'Another' WHERE id = (SELECT max(id) FROM "Finances".client)"#,
    )
    .await;

    let refused = desk.adopt(&target, &["--from", &url(&source)]).await;

    assert!(
        refused.refusal().contains("has changed since"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn rows_of_the_target_are_never_lost() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_A]).await;
    let target = legacy(&[SHAPE_B]).await;
    let before = contents(&target).await;

    let refused = desk.adopt(&target, &["--from", &url(&source)]).await;

    let refusal = refused.refusal();
    assert!(
        refusal.contains("would be lost") && refusal.contains("client"),
        "{refusal}"
    );
    assert_eq!(contents(&target).await, before);
}

#[tokio::test]
async fn a_target_that_was_only_prepared_makes_room() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C]).await;
    let target = cluster::empty_database().await;
    // Without a source, an empty database gets the schema, as the first start of a server gives it.
    desk.adopt(&target, &[]).await.report();

    let report = desk.adopt(&target, &["--from", &url(&source)]).await.report();

    assert_eq!(report["dry_run"], false);
    desk.adopt(&source, &[]).await.report();
    assert_eq!(contents(&target).await, contents(&source).await);
    assert_eq!(schema(&target).await, schema(&source).await);
}

#[tokio::test]
async fn a_table_of_another_program_does_not_make_room() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C]).await;
    let target = legacy(&[r#"CREATE SCHEMA "Finances"; CREATE TABLE "Finances".atm (id int)"#]).await;

    let refused = desk.adopt(&target, &["--from", &url(&source)]).await;

    assert!(
        refused.refusal().contains("another program (atm)"),
        "{}",
        refused.stderr
    );
    assert_eq!(
        value(&target, r#"SELECT to_regclass('"Finances".atm') IS NOT NULL"#).await,
        "true"
    );
    assert_eq!(
        value(&target, r#"SELECT to_regclass('"Finances".client')"#).await,
        "null"
    );
}

#[tokio::test]
async fn what_cannot_be_a_source_is_refused_with_the_reason() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;
    let empty = cluster::empty_database().await;
    let adopted = cluster::empty_database().await;
    desk.adopt(&adopted, &[]).await.report();
    let nowhere = desk.path("nowhere.sql").to_str().unwrap().to_owned();
    for (from, says) in [
        (url(&empty), "no schema \"Finances\""),
        (url(&adopted), "adopted already"),
        (url(&target), "no schema"),
        (
            "postgres://nobody@127.0.0.1:1/none".to_owned(),
            "connecting to the database",
        ),
        ("postgres://a b/".to_owned(), "cannot be read"),
        (nowhere, "No such file"),
        (desk.file("nothing.sql", "SELECT 1;"), "holds no table"),
        (desk.file("archive.dump", "PGDMP\x01"), "pg_restore"),
    ] {
        let refused = desk.adopt(&target, &["--from", &from]).await;

        assert!(refused.refusal().contains(says), "{from}: {}", refused.stderr);
        assert!(!has_schema(&target).await);
    }
}

#[tokio::test]
async fn old_timestamps_are_read_in_the_zone_of_the_server_that_wrote_them() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C]).await;
    let name = source.options.get_database().unwrap();
    run_sql(
        &source,
        &format!("ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'"),
    )
    .await;
    let target = cluster::empty_database().await;
    let mut command = desk.command(&target, &["--from", &url(&source)]);
    command.env_remove("LEGACY_TIMEZONE");

    let output = tokio::task::spawn_blocking(move || command.output().unwrap());

    let report = super::Ran::new(&output.await.unwrap()).report();
    assert_eq!(report["timezone"], "Asia/Tokyo");
    assert_eq!(
        value(
            &target,
            r#"SELECT created_at AT TIME ZONE 'UTC' FROM "Finances".project WHERE id = 3"#
        )
        .await,
        "2026-02-11 01:00:00"
    );
}
