//! Adoption in place, its report, and runs that are undone.

use serde_json::json;

use super::{Desk, contents, has_schema, legacy, schema, url};
use crate::adoption::{SHAPE_A, SHAPE_C};
use crate::support::cluster;

#[tokio::test]
async fn a_dry_run_reports_everything_and_leaves_nothing() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C]).await;
    let before = (contents(&source).await, schema(&source).await);

    let dry = desk.adopt(&source, &["--dry-run"]).await;

    assert!(dry.stderr.contains("Dry run"), "{}", dry.stderr);
    let dry = dry.report();
    assert_eq!(dry["dry_run"], true);
    assert_eq!((contents(&source).await, schema(&source).await), before);
    // No file of the rows is stored here.
    assert_eq!(dry["findings_by_rule"]["file_missing"], 3);
    let missing = dry["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == "file_missing");
    assert_eq!(
        missing,
        Some(
            &json!({"table": "upload_file", "row_id": "f1", "rule": "file_missing", "kept": {"file": "f1.xlsx"}})
        )
    );

    let real = desk.adopt(&source, &[]).await.report();

    for part in [
        "counts",
        "sums",
        "actions",
        "constraints_not_created",
        "timezone",
        "database_shape",
    ] {
        assert_eq!(real[part], dry[part], "{part}");
    }
    assert_eq!(real["timezone"], "Asia/Kolkata");
    assert_eq!(real["database_shape"]["billing_po.id"], "bigint");
    assert_eq!(real["database_shape"]["vendor_order.amount"], json!(null));
}

#[tokio::test]
async fn a_dry_run_from_a_source_leaves_the_target_empty() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_A]).await;
    let dump = desk.dump(&source, "dump.sql", &[]);
    for from in [url(&source), dump] {
        let target = cluster::empty_database().await;

        let report = desk
            .adopt(&target, &["--from", &from, "--dry-run"])
            .await
            .report();

        assert_eq!(report["dry_run"], true);
        assert_eq!(report["counts"].as_array().unwrap().len(), 21);
        assert!(!has_schema(&target).await);
    }
}

#[tokio::test]
async fn a_second_adoption_in_place_changes_nothing_and_says_so() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C]).await;
    let first = desk.adopt(&source, &[]).await.report();
    let before = (contents(&source).await, schema(&source).await);

    let second = desk.adopt(&source, &[]).await;

    assert!(second.stderr.contains("Nothing to do"), "{}", second.stderr);
    let second = second.report();
    assert_eq!(second["run_id"], first["run_id"]);
    assert_eq!(second["actions"], json!([]));
    assert_eq!(second["findings"], first["findings"]);
    assert_eq!((contents(&source).await, schema(&source).await), before);
}

#[tokio::test]
async fn the_report_goes_into_a_file_and_the_summary_to_a_person() {
    let desk = Desk::new();
    let source = legacy(&[SHAPE_C]).await;
    let file = desk.path("report.json");

    let ran = desk.adopt(&source, &["--report", file.to_str().unwrap()]).await;

    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(report["dry_run"], false);
    for says in ["Adopted in place.", "Findings: ", "LEGACY_TIMEZONE"] {
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn wrong_arguments_end_with_2() {
    let desk = Desk::new();
    let target = cluster::empty_database().await;

    let ran = desk.adopt(&target, &["--form", "dump.sql"]).await;

    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[tokio::test]
async fn a_figure_that_changes_without_a_word_undoes_everything() {
    let desk = Desk::new();
    // Triggers rest meanwhile; this takes a paisa away as the adoption writes to another table.
    let source = legacy(&[
        SHAPE_C,
        r#"
        CREATE FUNCTION public.skim() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE "Finances".client_payment SET amount = amount - 0.01 WHERE id = 17 AND amount = 50000;
        END
        $$;
        CREATE RULE skim AS ON UPDATE TO "Finances".project DO ALSO SELECT public.skim();
        "#,
    ])
    .await;
    let before = (contents(&source).await, schema(&source).await);

    let refused = desk.adopt(&source, &[]).await;

    let refusal = refused.refusal();
    assert!(
        refusal.contains("client_payment.amount: 1 changed (rows 17)"),
        "{refusal}"
    );
    assert_eq!((contents(&source).await, schema(&source).await), before);
}
