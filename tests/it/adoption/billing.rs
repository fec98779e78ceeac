//! Bills: numbers become uuids, two families of names become one, old unique keys go.

use super::{Legacy, RESTORED, SHAPE_A, SHAPE_B, SHAPE_C};

#[tokio::test]
async fn bills_numbered_by_bigint_keep_the_number_and_their_lines() {
    for scripts in [vec![SHAPE_B], vec![SHAPE_B, RESTORED]] {
        let mut legacy = Legacy::load(&scripts).await;

        legacy.adopt().await;

        assert_eq!(
            legacy
                .rows("SELECT legacy_id, po_number, client_id, billed_value, billed_gst, billed_total, status FROM billing_po ORDER BY legacy_id")
                .await,
            [
                "(1,PO-1001,1,80000.00,0.00,80000.00,FINAL)",
                "(2,PO-1003,1,12000.00,0.00,12000.00,DRAFT)",
            ]
        );
        assert_eq!(
            legacy
                .rows(
                    "SELECT line.legacy_id, bill.legacy_id AS bill, description, qty, rate, total
                       FROM billing_po_line_item AS line
                       JOIN billing_po AS bill ON bill.id = line.billing_po_id
                      ORDER BY line.legacy_id",
                )
                .await,
            [
                "(1,1,\"Painting, part one\",20.0000,4000.0000,80000.00)",
                "(2,2,\"Painting, part two\",3.0000,4000.0000,12000.00)",
            ]
        );
        assert_eq!(
            legacy.value("SELECT count(DISTINCT id) FROM billing_po").await,
            "2"
        );
        let draft = legacy.findings("billing_draft").await;
        assert_eq!(draft.len(), 1);
        assert!(draft[0].contains(r#""status": "PENDING""#), "{draft:?}");
    }
}

#[tokio::test]
async fn the_live_shape_fills_value_project_and_lines_from_where_they_are() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .rows("SELECT legacy_id, project_id, client_id, billed_value, billed_gst, billed_total, status FROM billing_po ORDER BY legacy_id")
            .await,
        [
            "(1,3,1,90000.00,16200.00,106200.00,FINAL)",
            "(2,3,1,200.00,36.00,236.00,DRAFT)",
            "(3,9,2,5000.00,0.00,5000.00,APPROVED)",
        ]
    );
    assert_eq!(
        legacy
            .rows(
                "SELECT legacy_id, description, qty, rate, total FROM billing_po_line_item ORDER BY legacy_id"
            )
            .await,
        [
            "(1,Steel,9.0000,10000.0000,90000.00)",
            "(2,Switches,2.0000,100.0000,200.00)",
        ]
    );
}

#[tokio::test]
async fn of_two_families_of_line_columns_the_new_one_wins_and_both_are_reported() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run("UPDATE billing_po_line_item SET qty = 8, rate = 10000, total = 80000, description = 'Steel' WHERE id = 1")
        .await;

    legacy.adopt().await;

    let conflicts = legacy.findings("line_value_conflict").await;
    assert_eq!(conflicts.len(), 3, "{conflicts:?}");
    assert!(
        conflicts[1].ends_with(r#": {"qty": 8.0000, "quantity": 9}"#),
        "{conflicts:?}"
    );
    assert!(
        conflicts[2].ends_with(r#": {"total": 80000.00, "amount": 90000}"#),
        "{conflicts:?}"
    );
    assert_eq!(
        legacy
            .value("SELECT row(qty, total) FROM billing_po_line_item WHERE legacy_id = 1")
            .await,
        "(8.0000,80000.00)"
    );
}

#[tokio::test]
async fn a_total_that_is_not_value_plus_tax_is_reported_and_kept() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;
    legacy
        .run("UPDATE billing_po SET billed_total = 119000 WHERE po_number = 'PO-1001'")
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy.findings("billing_total_mismatch").await,
        [concat!(
            "billing_po 00000000-0000-4000-8000-000000000001: ",
            r#"{"billed_gst": 18000.00, "billed_total": 119000.00, "billed_value": 100000.00}"#
        )]
    );
    assert_eq!(
        legacy
            .value("SELECT billed_total FROM billing_po WHERE po_number = 'PO-1001'")
            .await,
        "119000.00"
    );
}

#[tokio::test]
async fn old_unique_keys_stand_neither_in_the_way_of_the_adoption_nor_of_further_bills() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;
    // Two bills of one project differ in the spelling of FINAL, and a third gets its project from its order.
    legacy
        .run(
            "INSERT INTO billing_po (client_po_id, project_id, po_number, status) VALUES
                 (1, 1, 'second', 'final'), (1, NULL, 'third', 'FINAL')",
        )
        .await;

    legacy.adopt().await;

    assert_eq!(
        legacy
            .value("SELECT count(*) FROM billing_po WHERE project_id = 1 AND status = 'FINAL'")
            .await,
        "3"
    );
    legacy
        .run("INSERT INTO billing_po (project_id, client_po_id, po_number) VALUES (1, 1, 'second'), (1, 1, 'second')")
        .await;
}

#[tokio::test]
async fn lines_of_bills_that_are_gone_stay_and_are_reported() {
    let mut legacy = Legacy::load(&[SHAPE_C]).await;
    legacy
        .run("UPDATE billing_po_line_item SET billing_po_id = 77 WHERE id = 2")
        .await;

    legacy.adopt().await;

    let orphans = legacy.findings("orphan_fk").await;
    assert_eq!(orphans.len(), 1);
    assert!(
        orphans[0].ends_with(r#": {"value": 77, "column": "billing_po_id", "parent": "billing_po"}"#),
        "{orphans:?}"
    );
    assert_eq!(
        legacy
            .value("SELECT count(*) FROM billing_po_line_item WHERE billing_po_id IS NULL")
            .await,
        "1"
    );
    assert!(
        legacy
            .left_out()
            .await
            .contains("billing_po_line_item_billing_po_id_not_null")
    );
}

#[tokio::test]
async fn a_bill_can_be_revised_once_unless_the_revision_is_cancelled() {
    let mut legacy = Legacy::load(&[SHAPE_A]).await;
    legacy.adopt().await;
    let revise = "INSERT INTO billing_po (project_id, po_number, status, revises_id)
                  VALUES (1, 'r', 'FINAL', '00000000-0000-4000-8000-000000000001')";
    legacy.run(revise).await;

    let second = sqlx::query(revise).execute(&mut legacy.db).await.unwrap_err();

    let second = second.into_database_error().unwrap();
    assert_eq!(second.constraint(), Some("billing_po_one_revision_key"));
    legacy
        .run("UPDATE billing_po SET status = 'CANCELLED' WHERE po_number = 'r'")
        .await;
    legacy.run(revise).await;
}
