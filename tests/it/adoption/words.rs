//! Status words: case, synonyms, what is missing and what nobody knows.

use super::{Legacy, SHAPE_D};

/// A column, the word in it, and what it becomes.
const WORDS: &[(&str, &str, &str, &str)] = &[
    ("project", "status", "Active", "active"),
    ("project", "status", "On_Hold", "on-hold"),
    ("client_po", "status", "FULFILLED", "completed"),
    ("client_po", "status", " Draft ", "draft"),
    ("client_po", "po_type", "Verbal_Agreement", "verbal_agreement"),
    ("client_payment", "status", "Bounced", "bounced"),
    ("client_payment", "payment_mode", "Bank Transfer", "bank_transfer"),
    ("client_payment", "payment_mode", "Demand-Draft", "demand_draft"),
    ("client_payment", "payment_mode", "IMAP", "imps"),
    ("client_payment", "payment_stage", "Advance", "advance"),
    ("client_payment", "transaction_type", "DEBIT", "debit"),
    ("vendor", "status", "INACTIVE", "inactive"),
    ("vendor_order", "status", "Ongoing", "in_progress"),
    ("vendor_order", "work_status", "in-progress", "in_progress"),
    ("vendor_order", "payment_status", "Unpaid", "pending"),
    ("vendor_order", "payment_status", "PARTIALLY_PAID", "partial"),
    ("vendor_order", "payment_status", "completed", "paid"),
    ("vendor_order_line_item", "status", "Shipped", "shipped"),
    ("vendor_order_line_item", "status", "IN-PROGRESS", "in_progress"),
    ("vendor_payment", "status", "FAILED", "failed"),
    ("billing_po", "status", "pending", "DRAFT"),
    ("billing_po", "status", "Approved", "APPROVED"),
    ("quotation", "status", "Saved", "saved"),
];

/// A row with the word in it; the other columns hold what they must.
fn insert(table: &str, column: &str, place: usize, word: &str) -> String {
    let (columns, values) = match table {
        "project" | "vendor" => ("name, ", "'n', "),
        "client_payment" => ("client_id, amount, ", "1, 1, "),
        "vendor_order_line_item" => (
            "vendor_order_id, item_name, quantity, unit_price, total_price, ",
            "1, 'n', 0, 0, 0, ",
        ),
        "vendor_payment" => ("amount, payment_date, ", "1, '2026-03-01', "),
        "vendor_order" | "billing_po" => ("po_number, ", "'n', "),
        "quotation" => (
            "store_id, store_location, full_address, company_name, total_area, ",
            "'s', 'l', 'a', 'c', '1', ",
        ),
        _ => ("", ""),
    };
    let id = if table == "billing_po" {
        format!("'00000000-0000-4000-9000-{place:012}'")
    } else {
        format!("{}", 1000 + place)
    };
    format!("INSERT INTO {table} ({columns}id, {column}) VALUES ({values}{id}, {word});")
}

fn key(table: &str, place: usize) -> String {
    if table == "billing_po" {
        format!("id = '00000000-0000-4000-9000-{place:012}'")
    } else {
        format!("id = {}", 1000 + place)
    }
}

#[tokio::test]
async fn words_of_any_case_and_their_synonyms_become_the_words_of_today() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    for (place, (table, column, old, _)) in WORDS.iter().enumerate() {
        legacy
            .run(&insert(table, column, place, &format!("'{old}'")))
            .await;
    }

    legacy.adopt().await;

    for (place, (table, column, old, new)) in WORDS.iter().enumerate() {
        let found = legacy
            .value(&format!(
                "SELECT {column} FROM {table} WHERE {}",
                key(table, place)
            ))
            .await;
        assert_eq!(&found, new, "{table}.{column} {old}");
    }
    assert_eq!(legacy.findings("unknown_status").await, [""; 0]);
    assert_eq!(legacy.left_out().await.len(), 0);
}

#[tokio::test]
async fn a_word_that_is_missing_becomes_the_first_one_but_a_bill_is_not_made_final() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    let columns = [
        ("project", "status", "active"),
        ("client_po", "status", "pending"),
        ("client_po", "po_type", "standard"),
        ("client_payment", "status", "pending"),
        ("client_payment", "payment_mode", "neft"),
        ("client_payment", "payment_stage", "other"),
        ("client_payment", "transaction_type", "credit"),
        ("vendor", "status", "active"),
        ("vendor_order", "status", "pending"),
        ("vendor_order", "work_status", "pending"),
        ("vendor_order", "payment_status", "pending"),
        ("vendor_order_line_item", "status", "pending"),
        ("vendor_payment", "status", "pending"),
        ("vendor_payment", "payment_mode", "bank_transfer"),
        ("billing_po", "status", "DRAFT"),
    ];
    for (place, (table, column, _)) in columns.iter().enumerate() {
        legacy.run(&insert(table, column, place, "NULL")).await;
    }

    legacy.adopt().await;

    for (place, (table, column, expected)) in columns.iter().enumerate() {
        let found = legacy
            .value(&format!(
                "SELECT {column} FROM {table} WHERE {}",
                key(table, place)
            ))
            .await;
        assert_eq!(&found, expected, "{table}.{column}");
    }
    let filled = legacy.findings("null_filled").await;
    let expected =
        r#"billing_po 00000000-0000-4000-9000-000000000014: {"value": "DRAFT", "column": "status"}"#;
    assert!(filled.contains(&String::from(expected)), "{filled:?}");
}

#[tokio::test]
async fn a_word_that_nobody_knows_is_kept_and_reported_and_only_its_own_rule_waits() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    legacy
        .run(
            "UPDATE client_payment SET status = 'Verified';
             UPDATE vendor_order SET work_status = 'handed over to site' WHERE id = 1",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("unknown_status").await,
        [
            r#"client_payment 1: {"status": "Verified"}"#,
            r#"vendor_order 1: {"work_status": "handed over to site"}"#,
        ]
    );
    assert_eq!(
        legacy.left_out().await.into_iter().collect::<Vec<_>>(),
        ["client_payment_status_known", "vendor_order_work_status_known"]
    );
    assert_eq!(
        legacy.value("SELECT status FROM client_payment").await,
        "Verified"
    );
}

#[tokio::test]
async fn keys_that_may_be_absent_are_never_empty_text() {
    let mut legacy = Legacy::load(&[SHAPE_D]).await;
    legacy
        .run(
            "UPDATE client_po SET po_number = ' ', pi_number = '', store_id = '', vendor_gstin = '' WHERE id = 2;
             UPDATE client_payment SET reference_number = '', received_by_account = ' '",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .value(
                "SELECT num_nulls(po_number, pi_number, store_id, vendor_gstin) FROM client_po WHERE id = 2"
            )
            .await,
        "4"
    );
    assert_eq!(
        legacy
            .value("SELECT num_nulls(reference_number, received_by_account) FROM client_payment")
            .await,
        "2"
    );
}
