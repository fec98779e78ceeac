//! What a project earned, owes and is owed.

use crate::support::{TestApp, money};

#[tokio::test]
async fn a_project_with_everything_adds_up_to_the_paisa() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    // 400 000 + 72 000 tax and 200 000 + 28 000 tax; an agreement over 150 000; a cancelled PO
    let first = app
        .client_po()
        .project(project)
        .number("PO-1")
        .stated("472000.00", "72000")
        .status("active")
        .insert()
        .await;
    let second = app
        .client_po()
        .project(project)
        .number("PO-2")
        .stated("228000.50", "28000.50")
        .insert()
        .await;
    let agreement = app
        .client_po()
        .project(project)
        .open_agreement()
        .stated("150000", "0")
        .insert()
        .await;
    let gone = app
        .client_po()
        .project(project)
        .number("PO-3")
        .stated("99", "0")
        .status("cancelled")
        .insert()
        .await;
    app.payment(first, "credit", "100000", "cleared").await;
    app.payment(first, "credit", "11", "pending").await;
    app.payment(second, "credit", "0.75", "reconciled").await;
    app.payment(second, "debit", "0.25", "completed").await;
    app.payment(agreement, "credit", "5", "bounced").await;
    app.payment(gone, "credit", "9", "cleared").await;
    let order = app.vendor_order(project, "500000", "approved").await;
    app.vendor_payment(order, "50000", "cleared").await;
    app.vendor_payment(order, "7", "pending").await;
    let rejected = app.vendor_order(project, "1", "rejected").await;
    app.vendor_payment(rejected, "3", "completed").await;
    app.execute(
        r#"
        INSERT INTO "Finances".billing_po (id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status)
        VALUES ('11111111-1111-4111-8111-111111111111', 1, 1, 'B-1', 100, 18, 118, 'FINAL'),
               ('22222222-2222-4222-8222-222222222222', 1, 1, 'B-2', 1000, 180, 1180, 'DRAFT');
        INSERT INTO "Finances".billing_po (id, client_po_id, project_id, po_number, billed_value, billed_gst, billed_total, status, revises_id)
        VALUES ('33333333-3333-4333-8333-333333333333', 1, 1, 'B-3', 200, 36, 236, 'APPROVED', '11111111-1111-4111-8111-111111111111');
        "#,
    )
    .await;

    let body = app
        .viewer()
        .await
        .get(format!("/api/projects/{project}/financial-summary"))
        .send()
        .await
        .expect(200);

    let expected = [
        ("total_po_value", "700000.5"),
        ("total_agreement_value", "150000"),
        ("total_project_value", "850000.5"),
        ("documents", "0"),
        ("verbal_agreements", "1"),
        ("total_collected", "100000.5"),
        ("total_tds", "0"),
        ("outstanding_amount", "750000"),
        ("kept_on_cancelled", "9"),
        // 400 000 + 200 000 + 150 000
        ("revenue", "750000"),
        ("total_billing_value", "236"),
        ("final_revenue", "200"),
        ("total_vendor_order_value", "500000"),
        ("total_vendor_paid", "50000"),
        ("paid_on_cancelled", "3"),
        ("net_profit", "250000"),
        ("profit_margin_percentage", "33.33"),
        ("active_orders", "1"),
        ("vendor_count", "1"),
        ("client_count", "1"),
        ("cleared_payments", "3"),
        ("pending_payments", "1"),
        ("bounced_payments", "1"),
    ];
    for (field, value) in expected {
        assert_eq!(body["financial_summary"][field], money(value), "{field}");
        assert_eq!(body["data"][field], money(value), "data.{field}");
    }
    assert_eq!(body["data"]["total_payments"], money("100000.5"));
    assert_eq!(body["data"]["remaining_payable"], money("450000"));
    assert_eq!(body["data"]["profit_loss"], money("250000"));
    assert_eq!(body["purchase_orders"]["count"], 2);
    assert_eq!(body["purchase_orders"]["total_value"], money("700000.5"));
    assert_eq!(body["purchase_orders"]["orders"][0]["po_number"], "PO-1");
    assert_eq!(body["verbal_agreements"]["count"], 1);
    assert_eq!(
        body["verbal_agreements"]["agreements"][0]["value"],
        money("150000")
    );
    assert_eq!(body["verbal_agreements"]["agreements"][0]["has_po"], false);
}

#[tokio::test]
async fn an_empty_project_has_zeros_and_no_division() {
    let app = TestApp::start().await;
    let project = app.project("Empty").await;

    let body = app
        .viewer()
        .await
        .get(format!("/api/projects/{project}/financial-summary"))
        .send()
        .await
        .expect(200);

    assert_eq!(body["financial_summary"]["profit_margin_percentage"], money("0"));
    assert_eq!(body["data"]["net_profit"], money("0"));
    assert_eq!(body["purchase_orders"]["orders"], serde_json::json!([]));
}

#[tokio::test]
async fn a_loss_has_a_negative_margin() {
    let app = TestApp::start().await;
    let project = app.project("Loss").await;
    app.client_po().project(project).stated("300", "0").insert().await;
    app.vendor_order(project, "400", "pending").await;

    let body = app
        .viewer()
        .await
        .get(format!("/api/projects/{project}/financial-summary"))
        .send()
        .await
        .expect(200);

    assert_eq!(body["data"]["profit_loss"], money("-100"));
    assert_eq!(body["data"]["profit_margin_percentage"], money("-33.33"));
}

#[tokio::test]
async fn the_summary_of_an_unknown_project_is_not_found() {
    let app = TestApp::start().await;
    app.viewer()
        .await
        .get("/api/projects/77/financial-summary")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}
