//! An adopted database is the same as one that was made anew, and stays as it is when it is adopted again.

use std::collections::BTreeSet;

use tokio::sync::OnceCell;

use super::{Legacy, RESTORED, SHAPE_A, SHAPE_B, SHAPE_C, SHAPE_D};
use crate::support::cluster::TestDatabase;

/// Columns and indexes of the predecessor that nobody reads any more; adoption drops nothing.
const KEPT: &[&str] = &[
    "column billing_po.amount ",
    "column billing_po_line_item.amount ",
    "column billing_po_line_item.item_description ",
    "column billing_po_line_item.legacy_billing_po_id ",
    "column billing_po_line_item.quantity ",
    "column billing_po_line_item.unit_price ",
    "column upload_stats.last_updated ",
    "column upload_stats.total_files ",
    "column upload_stats.total_sessions ",
    "column vendor_order.amount ",
    "column vendor_order_line_item.amount ",
    "column vendor_order_line_item.item_description ",
    "sequence billing_po_id_seq ",
    "sequence billing_po_line_item_id_seq ",
    "sequence upload_stats_id_seq ",
];

/// An index of the predecessor; ours are named after their table.
fn is_old_index(line: &str) -> bool {
    line.starts_with("index CREATE INDEX idx_")
}

static ANEW: OnceCell<TestDatabase> = OnceCell::const_new();

async fn made_anew() -> Legacy {
    Legacy::copy(&ANEW, &[]).await
}

async fn assert_same_as_made_anew(scripts: &[&str]) {
    let anew = made_anew().await.catalogue().await;
    let mut legacy = Legacy::load(scripts).await;
    legacy.adopt().await;

    let adopted = legacy.catalogue().await;

    let missing: Vec<_> = anew.difference(&adopted).collect();
    let surplus: Vec<_> = adopted
        .difference(&anew)
        .filter(|line| !is_old_index(line) && !KEPT.iter().any(|kept| line.starts_with(kept)))
        .collect();
    assert_eq!(legacy.left_out().await, BTreeSet::new());
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing: {missing:#?}\nsurplus: {surplus:#?}"
    );
}

#[tokio::test]
async fn shape_a_becomes_the_schema_that_an_empty_database_gets() {
    assert_same_as_made_anew(&[SHAPE_A]).await;
}

#[tokio::test]
async fn shape_b_becomes_the_schema_that_an_empty_database_gets() {
    // A row of statistics without a session would keep its column nullable; here each has one.
    assert_same_as_made_anew(&[SHAPE_B]).await;
}

#[tokio::test]
async fn shape_c_becomes_the_schema_that_an_empty_database_gets() {
    assert_same_as_made_anew(&[SHAPE_C]).await;
}

#[tokio::test]
async fn shape_d_becomes_the_schema_that_an_empty_database_gets() {
    assert_same_as_made_anew(&[SHAPE_D]).await;
}

#[tokio::test]
async fn backups_without_keys_and_sequences_become_the_schema_that_an_empty_database_gets() {
    assert_same_as_made_anew(&[SHAPE_A, RESTORED]).await;
    assert_same_as_made_anew(&[SHAPE_B, RESTORED]).await;
    assert_same_as_made_anew(&[SHAPE_C, RESTORED]).await;
    assert_same_as_made_anew(&[SHAPE_D, RESTORED]).await;
}

#[tokio::test]
async fn a_second_adoption_changes_nothing() {
    for scripts in [
        vec![],
        vec![SHAPE_A],
        vec![SHAPE_B],
        vec![SHAPE_C],
        vec![SHAPE_C, RESTORED],
        vec![SHAPE_D],
    ] {
        let mut legacy = Legacy::load(&scripts).await;
        legacy.adopt().await;
        let (catalogue, contents) = (legacy.catalogue().await, legacy.contents().await);

        legacy.adopt_again().await;

        assert_eq!(legacy.catalogue().await, catalogue);
        assert_eq!(legacy.contents().await, contents);
    }
}

#[tokio::test]
async fn a_second_adoption_of_rows_that_break_rules_changes_and_reports_nothing_anew() {
    let mut legacy = Legacy::load(&[SHAPE_C, super::broken_rows::ROWS]).await;
    legacy.adopt().await;
    let (catalogue, contents) = (legacy.catalogue().await, legacy.contents().await);

    legacy.adopt_again().await;

    assert_eq!(legacy.catalogue().await, catalogue);
    assert_eq!(legacy.contents().await, contents);
}

#[tokio::test]
async fn a_database_that_is_up_to_date_is_left_alone() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy.adopt().await;

    assert_eq!(legacy.try_adopt().await.unwrap(), 0);
}

#[tokio::test]
async fn no_index_is_the_beginning_of_another() {
    let mut empty = made_anew().await;

    // `(a)` beside `(a, b)` or `(a DESC, b)` only costs writes.
    let doubles = empty
        .rows(
            r#"
            WITH entry AS (
                SELECT indrelid, indexrelid, indisunique, pg_get_expr(indpred, indrelid) AS condition,
                       (SELECT relam FROM pg_class WHERE oid = indexrelid) AS method,
                       (SELECT array_agg(pg_get_indexdef(indexrelid, place, false) ORDER BY place)
                          FROM generate_series(1, indnkeyatts) AS place) AS keys
                  FROM pg_index
                  JOIN pg_class ON pg_class.oid = indrelid
                 WHERE relnamespace = '"Finances"'::regnamespace
            )
            SELECT short.indexrelid::regclass AS useless, long.indexrelid::regclass AS because_of
              FROM entry AS short
              JOIN entry AS long ON long.indrelid = short.indrelid AND long.indexrelid <> short.indexrelid
             WHERE NOT short.indisunique
               AND short.condition IS NULL
               AND long.condition IS NULL
               AND short.method = long.method
               AND short.keys = long.keys[:cardinality(short.keys)]
            "#,
        )
        .await;

    assert_eq!(doubles, [""; 0]);
}

#[tokio::test]
async fn every_foreign_key_has_an_index_that_begins_with_it() {
    let mut empty = made_anew().await;

    let bare = empty
        .rows(
            r#"
            SELECT conname
              FROM pg_constraint
             WHERE connamespace = '"Finances"'::regnamespace
               AND contype = 'f'
               AND NOT EXISTS (
                       SELECT 1
                         FROM pg_index
                        WHERE indrelid = conrelid AND indpred IS NULL AND indkey[0] = conkey[1])
            "#,
        )
        .await;

    assert_eq!(bare, [""; 0]);
}
