//! What each shape's rows become, figure by figure.

use tokio::sync::OnceCell;

use super::{Legacy, RESTORED, SHAPE_A, SHAPE_B, SHAPE_C, SHAPE_D};
use crate::support::cluster::TestDatabase;

static ADOPTED_B: OnceCell<TestDatabase> = OnceCell::const_new();
static ADOPTED_C: OnceCell<TestDatabase> = OnceCell::const_new();

async fn adopted(scripts: &[&str]) -> Legacy {
    let mut legacy = Legacy::load(scripts).await;
    legacy.adopt().await;
    legacy
}

#[tokio::test]
async fn client_orders_have_a_stated_value_and_count_their_lines_where_these_give_it() {
    let mut legacy = Legacy::copy(&ADOPTED_C, &[SHAPE_C]).await;

    let orders = legacy
        .rows("SELECT id, po_value, total_tax, stated_value, stated_tax, value_basis, receivable_amount FROM client_po ORDER BY id")
        .await;

    assert_eq!(
        orders,
        [
            "(133,300000.00,0.00,300000.00,0.00,lines,300000.00)",
            // The tax of 236 = 2 × (100 + 18) was stored as 0, which the lines deny: the order stays as stated.
            "(134,236.00,0.00,236.00,0.00,stated,236.00)",
            "(135,118000.00,18000.00,118000.00,18000.00,lines,118000.00)",
            "(136,150000.00,,150000.00,,stated,150000.00)",
        ]
    );
    assert_eq!(
        legacy.findings("po_total_mismatch").await,
        [
            r#"client_po 134: {"po_value": 236.00, "lines_net": 200.00, "lines_tax": 36.00, "total_tax": 0.00}"#
        ]
    );
    assert_eq!(
        legacy.findings("placeholder_number").await,
        [r#"client_po 135: {"po_number": "PENDING-1770000000000"}"#]
    );
}

#[tokio::test]
async fn a_tax_that_was_never_stored_is_the_tax_of_the_lines() {
    let mut legacy = Legacy::copy(&ADOPTED_B, &[SHAPE_B]).await;

    let orders = legacy
        .rows("SELECT id, po_number, project_id, po_value, total_tax, value_basis, status, po_type FROM client_po ORDER BY id")
        .await;

    assert_eq!(
        orders,
        [
            "(1,PO-1001,1,90000.00,0.00,lines,pending,standard)",
            "(2,,1,30000.00,,stated,draft,standard)",
        ]
    );
    let filled = legacy.findings("null_filled").await;
    assert!(
        filled.contains(&String::from(
            r#"client_po: {"from": "gst_amount of the lines", "rows": 1, "column": "total_tax"}"#
        )),
        "{filled:?}"
    );
}

#[tokio::test]
async fn the_tax_rate_of_a_line_is_the_usual_one_that_gives_its_tax() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "INSERT INTO client_po_line_item (id, client_po_id, item_name, total_price, gst_amount) VALUES
                (101, 133, 'eighteen', 100, 18), (102, 133, 'twenty-eight', 100, 28), (103, 133, 'twelve', 50, 6),
                (104, 133, 'five', 19.99, 1), (105, 133, 'none', 100, 0), (106, 133, 'odd', 300, 10),
                (107, 133, 'unknown', 100, NULL), (108, 133, 'free of charge', 0, 0), (109, 133, 'ambiguous', 0.05, 0.01)",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT item_name, tax_rate FROM client_po_line_item WHERE id > 100 ORDER BY id")
            .await,
        [
            "(eighteen,18.0000)",
            "(twenty-eight,28.0000)",
            "(twelve,12.0000)",
            "(five,5.0000)",
            "(none,0.0000)",
            "(odd,3.3333)",
            "(unknown,)",
            "(\"free of charge\",)",
            "(ambiguous,18.0000)",
        ]
    );
}

#[tokio::test]
async fn an_order_without_project_gets_the_one_it_was_mapped_to_first_and_each_order_has_its_mapping() {
    let mut legacy = Legacy::copy(&ADOPTED_C, &[SHAPE_C]).await;

    assert_eq!(
        legacy
            .rows("SELECT id, project_id FROM client_po ORDER BY id")
            .await,
        ["(133,3)", "(134,3)", "(135,9)", "(136,4)"]
    );
    assert_eq!(
        legacy
            .rows("SELECT id, client_po_id, project_id, is_primary FROM po_project_mapping ORDER BY id")
            .await,
        [
            "(20,133,3,t)",
            "(21,135,9,t)",
            "(22,135,4,f)", // another project's than the order's: kept, reported, never counted
            "(23,134,3,f)",
            "(24,136,4,t)",
        ]
    );
    assert_eq!(
        legacy.findings("foreign_mapping").await,
        [r#"po_project_mapping 22: {"project_id": 4, "client_po_id": 135, "home_project_id": 9}"#]
    );
}

#[tokio::test]
async fn primary_mappings_that_an_old_program_chose_are_kept() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "ALTER TABLE po_project_mapping ADD COLUMN is_primary boolean;
             INSERT INTO po_project_mapping (id, client_po_id, project_id, is_primary) VALUES (30, 134, 3, true)",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT client_po_id, project_id FROM po_project_mapping WHERE is_primary ORDER BY id")
            .await,
        ["(135,9)", "(134,3)", "(136,4)"]
    );
}

#[tokio::test]
async fn proforma_lines_that_hold_the_tax_as_rate_are_reported_and_stay_as_they_are() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run(
            "INSERT INTO client_po_line_item (id, client_po_id, item_name, quantity, unit_price, rate, total_price, gst_amount, gross_amount)
             VALUES (50, 136, 'Racks', 10, 1800, 1800, 10000, 0, 11800), (51, 136, 'Shelves', 2, 50, 50, 100, 0, 100)",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("line_rate_is_tax").await,
        [concat!(
            r#"client_po_line_item 50: {"rate": 1800.0000, "quantity": 10.0000, "gst_amount": 0.00, "#,
            r#""unit_price": 1800.0000, "total_price": 10000.00, "gross_amount": 11800.00}"#
        )]
    );
    assert_eq!(
        legacy
            .value(
                "SELECT row(unit_price, rate, total_price, gst_amount) FROM client_po_line_item WHERE id = 50"
            )
            .await,
        "(1800.0000,1800.0000,10000.00,0.00)"
    );
}

#[tokio::test]
async fn shape_a_keeps_uuids_of_bills_and_figures_of_vendor_orders() {
    let mut legacy = adopted(&[SHAPE_A]).await;

    assert_eq!(
        legacy
            .rows("SELECT id, legacy_id, project_id, client_id, billed_total, status FROM billing_po ORDER BY id")
            .await,
        [
            "(00000000-0000-4000-8000-000000000001,,1,1,118000.00,FINAL)",
            "(00000000-0000-4000-8000-000000000002,,2,2,40000.00,APPROVED)",
        ]
    );
    assert_eq!(
        legacy
            .rows("SELECT id, po_value, stated_value, value_basis, final_po_value, billing_status, client_po_id FROM vendor_order ORDER BY id")
            .await,
        [
            "(1,50000.00,50000.00,lines,51000.00,not_initiated,1)",
            "(2,8000.00,8000.00,stated,,not_initiated,)",
        ]
    );
    assert_eq!(
        legacy
            .rows("SELECT id, vendor_id, project_id FROM vendor_payment ORDER BY id")
            .await,
        ["(1,2,1)", "(2,1,)"]
    );
}

#[tokio::test]
async fn shape_d_keeps_bundles_lines_links_and_quotations() {
    let mut legacy = adopted(&[SHAPE_D]).await;

    assert_eq!(
        legacy
            .rows("SELECT id, vendor_id, po_value, value_basis, category, status, work_status, payment_status FROM vendor_order ORDER BY id")
            .await,
        [
            "(1,1,51000.01,lines,Civil,pending,in_progress,partial)",
            "(2,,4000.00,lines,,approved,pending,paid)",
        ]
    );
    assert_eq!(
        legacy
            .rows("SELECT id, link_type, payment_id, vendor_payment_id, amount_allocated FROM payment_vendor_link ORDER BY id")
            .await,
        ["(1,incoming,1,,25000.00)", "(2,outgoing,,2,1000.00)"]
    );
    assert_eq!(
        legacy
            .rows("SELECT quantity, price, tax, gst_amount, total FROM quotation_line_item")
            .await,
        ["(2.0000,99.9950,18.00,36.00,235.99)"]
    );
    assert_eq!(
        legacy.rows("SELECT status, bundle_by_store FROM client_po JOIN client ON client.id = client_id ORDER BY client_po.id").await,
        ["(completed,f)", "(cancelled,t)"]
    );
    assert_eq!(
        legacy
            .rows("SELECT id, uploaded_by, uploaded_by_name FROM project_document ORDER BY id")
            .await,
        ["(1,,Ravi)", "(2,1,)"]
    );
}

#[tokio::test]
async fn ids_go_on_above_those_in_use_though_the_sequences_stayed_behind() {
    let mut legacy = Legacy::copy(&ADOPTED_B, &[SHAPE_B]).await;

    assert_eq!(
        legacy
            .insert("INSERT INTO vendor_order (po_number) VALUES ('VO-3')")
            .await,
        3
    );
    assert_eq!(legacy.insert("INSERT INTO client (name) VALUES ('New')").await, 3);
}

#[tokio::test]
async fn a_backup_without_keys_and_sequences_gets_them_and_goes_on_above_its_ids() {
    let mut legacy = adopted(&[SHAPE_C, RESTORED]).await;

    for (table, next) in [
        ("client", 3),
        ("project", 10),
        ("client_po_line_item", 12),
        ("po_project_mapping", 25),
        ("vendor_order", 12),
        ("project_document", 12),
        ("\"user\"", 2),
    ] {
        assert_eq!(
            legacy
                .value(&format!(
                    "SELECT nextval(pg_get_serial_sequence('\"Finances\".{table}', 'id'))"
                ))
                .await,
            next.to_string(),
            "{table}"
        );
    }
    assert_eq!(
        legacy.value("SELECT count(*) FROM pg_constraint WHERE connamespace = '\"Finances\"'::regnamespace AND contype = 'f'").await,
        "36"
    );
}

#[tokio::test]
async fn a_table_without_key_whose_ids_repeat_stops_the_adoption_by_name() {
    let mut legacy = Legacy::load(&[SHAPE_C, RESTORED]).await;
    legacy
        .run("INSERT INTO vendor (id, name) VALUES (5, 'Copied twice')")
        .await;

    let refusal = legacy.refusal().await;

    assert!(
        refusal.contains(r#"table "Finances".vendor has duplicate ids"#),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_table_of_bills_without_key_whose_ids_repeat_stops_the_adoption_by_name() {
    let mut legacy = Legacy::load(&[SHAPE_C, RESTORED]).await;
    legacy
        .run("INSERT INTO billing_po (id, client_id, po_number) VALUES (3, 1, 'Copied twice')")
        .await;

    let refusal = legacy.refusal().await;

    assert!(
        refusal.contains(r#"table "Finances".billing_po has duplicate ids"#),
        "{refusal}"
    );
}
