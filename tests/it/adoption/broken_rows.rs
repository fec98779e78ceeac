//! Rows that break a rule of today stay as they are; the rule waits, and both are reported.

use tokio::sync::OnceCell;

use super::{Legacy, SHAPE_C, SHAPE_D};
use crate::support::cluster::TestDatabase;

/// Rows for shape C, each of which breaks a rule.
pub(super) const ROWS: &str = r#"
SET search_path = "Finances";
DROP INDEX client_po_po_number_key;
ALTER TABLE site DROP CONSTRAINT site_store_id_key;
INSERT INTO client (id, name) VALUES (7, 'BAJAJ');
INSERT INTO project (id, client_id, name, latitude, longitude) VALUES (20, 99, 'Nowhere', 91, 0);
INSERT INTO site (id, store_id, site_name) VALUES (60, 'ST-104', 'Twice'), (61, 'FY26', 'Guessed'), (62, 'A12', 'Guessed');
INSERT INTO client_po (id, client_id, project_id, po_number, po_value, vendor_gstin, parent_po_id) VALUES
    (201, 1, 3, '4100000002', 10, '27AAPFU0939F1ZV', NULL), (202, NULL, 88, NULL, -5, 'GST', 203), (203, 1, 3, 'loop', 0, NULL, 202),
    (204, 1, 3, 'itself', 0, NULL, 204);
INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, total_price) VALUES
    (301, 9999, 'of an order that is gone', 1, 10), (302, NULL, 'of no order', 1, 10), (303, 203, 'negative', -1, -10);
INSERT INTO client_payment (id, client_id, client_po_id, amount, payment_date, tds_amount) VALUES
    (401, 1, 9998, 500, '2026-01-01', 0), (402, 1, 133, -50, NULL, 0), (403, 1, 133, 10, '2026-01-01', 20);
INSERT INTO vendor_order (id, vendor_id, project_id, po_number, po_value) VALUES (501, 77, 66, 'gone', 1);
INSERT INTO payment_vendor_link (id, vendor_order_id, vendor_payment_id, amount_allocated) VALUES (601, 55, 44, 1);
INSERT INTO upload_file (id, session_id, original_filename, storage_filename, storage_path, file_size)
VALUES ('f9', 'gone', 'a', 'b', 'c', 1);
"#;

static ADOPTED: OnceCell<TestDatabase> = OnceCell::const_new();

async fn adopted() -> Legacy {
    Legacy::copy(&ADOPTED, &[SHAPE_C, ROWS]).await
}

#[tokio::test]
async fn rows_whose_parent_is_gone_stay_and_are_reported() {
    let mut legacy = adopted().await;

    let mut orphans = legacy.findings("orphan_fk").await;
    orphans.sort();
    assert_eq!(
        orphans,
        [
            r#"client_po 202: {"value": 88, "column": "project_id", "parent": "project"}"#,
            r#"client_po_line_item 301: {"value": 9999, "column": "client_po_id", "parent": "client_po"}"#,
            r#"payment_vendor_link 601: {"value": 44, "column": "vendor_payment_id", "parent": "vendor_payment"}"#,
            r#"payment_vendor_link 601: {"value": 55, "column": "vendor_order_id", "parent": "vendor_order"}"#,
            r#"project 20: {"value": 99, "column": "client_id", "parent": "client"}"#,
            r#"upload_file f9: {"value": "gone", "column": "session_id", "parent": "upload_session"}"#,
            r#"vendor_order 501: {"value": 66, "column": "project_id", "parent": "project"}"#,
            r#"vendor_order 501: {"value": 77, "column": "vendor_id", "parent": "vendor"}"#,
        ]
    );
    assert_eq!(
        legacy.findings("payment_orphan").await,
        [r#"client_payment 401: {"value": 9998, "column": "client_po_id", "parent": "client_po"}"#]
    );
    assert_eq!(
        legacy
            .value("SELECT client_po_id FROM client_payment WHERE id = 401")
            .await,
        "9998"
    );
}

#[tokio::test]
async fn only_the_rules_that_rows_break_are_left_out() {
    let mut legacy = adopted().await;

    let left_out: Vec<_> = legacy.left_out().await.into_iter().collect();

    assert_eq!(
        left_out,
        [
            "client_name_lower_key",
            "client_payment_amount_positive",
            "client_payment_client_po_id_fkey",
            "client_po_line_item_client_po_id_fkey",
            "client_po_line_item_client_po_id_not_null",
            "client_po_line_item_quantity_not_negative",
            "client_po_po_number_key",
            "client_po_po_value_not_negative",
            "client_po_project_id_fkey",
            "payment_vendor_link_vendor_order_id_fkey",
            "payment_vendor_link_vendor_payment_id_fkey",
            "project_client_id_fkey",
            "project_latitude_range",
            "site_store_id_key",
            "upload_file_session_id_fkey",
            "vendor_order_project_id_fkey",
            "vendor_order_vendor_id_fkey",
        ]
    );
}

#[tokio::test]
async fn a_rule_that_was_left_out_comes_with_its_statement_once_the_rows_are_repaired() {
    let mut legacy = adopted().await;
    legacy
        .run(
            "DELETE FROM client WHERE id = 7;
             DELETE FROM client_payment WHERE id IN (401, 402);
             DELETE FROM client_po_line_item WHERE id IN (301, 302, 303);
             DELETE FROM client_po WHERE id IN (201, 202);
             DELETE FROM payment_vendor_link WHERE id = 601;
             DELETE FROM project WHERE id = 20;
             DELETE FROM site WHERE id = 60;
             DELETE FROM upload_file WHERE id = 'f9';
             DELETE FROM vendor_order WHERE id = 501",
        )
        .await;
    let statements: Vec<String> = sqlx::query_scalar(
        "SELECT kept ->> 'statement' FROM adoption_report WHERE rule = 'constraint_not_created' ORDER BY id",
    )
    .fetch_all(&mut legacy.db)
    .await
    .unwrap();

    for statement in &statements {
        legacy.run(statement).await;
    }

    let mut anew = Legacy::load(&[]).await;
    anew.adopt().await;
    let adopted = legacy.catalogue().await;
    let missing: Vec<_> = anew.catalogue().await.difference(&adopted).cloned().collect();
    assert_eq!(missing, [""; 0]);
}

#[tokio::test]
async fn doubles_of_a_key_stay_and_are_reported() {
    let mut legacy = adopted().await;

    assert_eq!(
        legacy.findings("duplicate_key").await,
        [
            r#"client 1: {"key": "bajaj"}"#,
            r#"client 7: {"key": "bajaj"}"#,
            r#"site 48: {"store_id": "ST-104"}"#,
            r#"site 60: {"store_id": "ST-104"}"#,
            r#"client_po 133: {"po_number": "4100000002"}"#,
            r#"client_po 201: {"po_number": "4100000002"}"#,
        ]
    );
}

#[tokio::test]
async fn figures_out_of_range_stay_with_their_sign_and_are_reported() {
    let mut legacy = adopted().await;

    assert_eq!(
        legacy.findings("check_broken").await,
        [
            r#"project 20: {"latitude": 91.0000000}"#,
            r#"client_po 202: {"po_value": -5.00}"#,
            r#"client_po_line_item 303: {"quantity": -1.0000}"#,
            r#"client_payment 402: {"amount": -50.00}"#,
        ]
    );
    assert_eq!(
        legacy.findings("tds_over_amount").await,
        [
            r#"client_payment 402: {"amount": -50.00, "tds_amount": 0.00}"#,
            r#"client_payment 403: {"amount": 10.00, "tds_amount": 20.00}"#,
        ]
    );
}

#[tokio::test]
async fn what_is_missing_without_a_fill_stays_missing_and_is_reported() {
    let mut legacy = adopted().await;

    let mut missing = legacy.findings("null_kept").await;
    missing.sort();
    assert_eq!(
        missing,
        [
            r#"client_payment 402: {"payment_date": null}"#,
            r#"client_po 202: {"client_id": null}"#,
            r#"client_po_line_item 302: {"client_po_id": null}"#,
        ]
    );
}

#[tokio::test]
async fn guesses_loops_and_malformed_numbers_are_reported() {
    let mut legacy = adopted().await;

    assert_eq!(
        legacy.findings("store_id_suspect").await,
        [
            r#"site 61: {"store_id": "FY26"}"#,
            r#"site 62: {"store_id": "A12"}"#
        ]
    );
    assert_eq!(
        legacy.findings("parent_cycle").await,
        [
            r#"client_po 202: {"parent_po_id": 203}"#,
            r#"client_po 203: {"parent_po_id": 202}"#,
            r#"client_po 204: {"parent_po_id": 204}"#,
        ]
    );
    assert_eq!(
        legacy.findings("invalid_gstin").await,
        [r#"client_po 202: {"vendor_gstin": "GST"}"#]
    );
}

#[tokio::test]
async fn a_row_that_breaks_a_rule_can_still_be_edited() {
    let mut legacy = adopted().await;

    legacy
        .run(
            "UPDATE client_payment SET notes = 'seen' WHERE id IN (401, 402);
             UPDATE client_po SET notes = 'seen' WHERE id = 202;
             UPDATE client_po_line_item SET unit = 'nos' WHERE id IN (301, 302, 303)",
        )
        .await;
}

#[tokio::test]
async fn text_longer_than_its_column_keeps_the_column_wide_and_is_reported() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    legacy
        .run(
            "UPDATE project SET name = repeat('n', 300) WHERE id = 1;
             ALTER TABLE project_document ALTER COLUMN document_name TYPE varchar, ALTER COLUMN document_path TYPE varchar;
             UPDATE project_document SET original_filename = NULL, document_name = repeat('d', 300), document_path = repeat('p', 600)
              WHERE id = 1",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("too_long").await,
        [
            r#"project 1: {"limit": 255, "column": "name", "length": 300}"#,
            r#"project_document 1: {"limit": 255, "column": "document_name", "length": 300}"#,
            r#"project_document 1: {"limit": 500, "column": "document_path", "length": 600}"#,
        ]
    );
    assert_eq!(
        legacy
            .value("SELECT length(name) FROM project WHERE id = 1")
            .await,
        "300"
    );
    assert_eq!(
        legacy
            .value("SELECT length(original_filename) FROM project_document WHERE id = 1")
            .await,
        "255"
    );
}
