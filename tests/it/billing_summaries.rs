//! What a project was ordered for, what was billed of it and what it cost: the same sums in three answers.

use nexgen_finance::http::router;
use serde_json::{Value, json};

use crate::support::{TestApp, callers::Caller, money};

async fn shown(caller: &Caller, project: i64, what: &str) -> Value {
    let path = format!("/api/projects/{project}/{what}");
    caller.get(path).send().await.expect(200)
}

async fn billed(caller: &Caller, project: i64, body: Value) -> String {
    let reply = caller
        .post(format!("/api/projects/{project}/billing-po"))
        .json(&body)
        .send()
        .await;
    reply.expect(200)["data"]["id"].as_str().unwrap().to_owned()
}

/// The figures of `/pl-analysis` by their names; both levels have to hold them.
#[track_caller]
fn expect_figures(answer: &Value, expected: &[(&str, &str)]) {
    for (field, value) in expected {
        assert_eq!(answer["data"][field], money(value), "data.{field}");
        assert_eq!(answer["data"]["data"][field], money(value), "data.data.{field}");
    }
}

/// A project with what counts, and beside each thing that counts one that does not.
async fn whole_project(app: &TestApp) -> i64 {
    let project = app.project("Delhi").await;
    // 400 000 + 72 000.36 tax, 200 000.01 + 28 000 tax, an agreement over 150 000 without tax, a cancelled PO
    let first = app
        .client_po()
        .project(project)
        .number("PO-1")
        .stated("472000.36", "72000.36")
        .insert()
        .await;
    app.client_po()
        .project(project)
        .number("PO-2")
        .stated("228000.01", "28000")
        .status("draft")
        .insert()
        .await;
    app.client_po()
        .project(project)
        .open_agreement()
        .stated("150000", "0")
        .insert()
        .await;
    app.client_po()
        .project(project)
        .stated("99", "9")
        .status("cancelled")
        .insert()
        .await;
    let other = app.project("Other").await;
    app.client_po().project(other).stated("7777", "0").insert().await;
    app.payment(first, "credit", "100000", "cleared").await;

    let order = app.vendor_order(project, "500000.49", "approved").await;
    app.vendor_payment(order, "50000", "cleared").await;
    app.vendor_payment(order, "0.25", "reconciled").await;
    app.vendor_payment(order, "7", "pending").await;
    app.vendor_order(project, "1000", "completed").await;
    let rejected = app.vendor_order(project, "1", "rejected").await;
    app.vendor_payment(rejected, "3.03", "completed").await;
    app.vendor_order(other, "8888", "approved").await;
    app.execute(
        r#"
        INSERT INTO "Finances".vendor_order (project_id, po_number, po_value, status, work_status)
        VALUES (1, 'VO-9', 4444, 'approved', 'cancelled');
        WITH advance AS (
            INSERT INTO "Finances".vendor_payment (amount, status, payment_date) VALUES (900, 'cleared', DATE '2026-02-11')
            RETURNING id
        )
        INSERT INTO "Finances".payment_vendor_link (vendor_order_id, vendor_payment_id, link_type, amount_allocated)
        SELECT 1, id, 'outgoing', 0.5 FROM advance;
        "#,
    )
    .await;
    project
}

#[tokio::test]
async fn the_billing_summary_adds_up_to_the_paisa() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let project = whole_project(&app).await;
    let approved = billed(
        &admin,
        project,
        json!({"billed_value": 300000, "billed_gst": "54000.07"}),
    )
    .await;
    admin
        .post(format!("/api/billing-po/{approved}/approve"))
        .send()
        .await
        .expect(200);
    let superseded = billed(&admin, project, json!({"billed_value": 1, "billed_gst": 1})).await;
    let last = billed(
        &admin,
        project,
        json!({"billed_value": "600000.02", "billed_gst": 108000, "revises_id": superseded}),
    )
    .await;
    billed(&admin, project, json!({"billed_value": 5, "status": "DRAFT"})).await;

    let answer = shown(&viewer, project, "billing-summary").await;

    assert_eq!(
        (&answer["status"], &answer["project_id"]),
        (&json!("SUCCESS"), &json!(project))
    );
    let data = &answer["data"];
    assert_eq!(data["project_id"], project);
    for (group, field, value) in [
        ("original_po", "value", "750000.01"),
        ("original_po", "tax", "100000.36"),
        ("original_po", "total", "850000.37"),
        ("original_po", "count", "3"),
        // 300 000 + 600 000.02, and so on
        ("billing_po", "value", "900000.02"),
        ("billing_po", "gst", "162000.07"),
        ("billing_po", "total", "1062000.09"),
        ("billing_po", "count", "2"),
        ("billing_po", "final_count", "1"),
        ("billing_po", "approved_count", "1"),
        ("billing_po", "draft_count", "1"),
        ("vendor_costs", "total", "501000.49"),
        // 50 000 + 0.25 + 0.50 of the advance
        ("vendor_costs", "paid", "50000.75"),
        ("vendor_costs", "paid_on_cancelled", "3.03"),
        ("vendor_costs", "order_count", "2"),
        ("financial_summary", "delta_value", "211999.72"),
        // 24.94113…
        ("financial_summary", "delta_percent", "24.94"),
        ("financial_summary", "final_revenue", "900000.02"),
        ("financial_summary", "final_revenue_with_gst", "1062000.09"),
        ("financial_summary", "original_budget", "850000.37"),
        ("financial_summary", "revenue", "750000.01"),
        ("financial_summary", "vendor_costs", "501000.49"),
        ("financial_summary", "profit", "248999.52"),
        // 33.19993…
        ("financial_summary", "profit_margin_percent", "33.2"),
    ] {
        assert_eq!(data[group][field], money(value), "{group}.{field}");
    }
    let ids: Vec<&str> = data["billing_pos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bill| bill["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [&last, &approved]);
    assert_eq!(data["billing_pos"][0]["counted"], true);
    let one = viewer
        .get(format!("/api/billing-po/{last}"))
        .send()
        .await
        .expect(200);
    assert_eq!(data["billing_pos"][0], one["billing_po"]);

    // The other summaries say the same of the same.
    let summary = &shown(&viewer, project, "financial-summary").await["data"];
    for (field, value) in [
        ("total_billing_value", "1062000.09"),
        ("final_revenue", "900000.02"),
        ("revenue", "750000.01"),
        ("net_profit", "248999.52"),
        ("profit_margin_percentage", "33.2"),
        ("total_vendor_paid", "50000.75"),
        ("paid_on_cancelled", "3.03"),
    ] {
        assert_eq!(summary[field], money(value), "{field}");
    }
}

#[tokio::test]
async fn profit_and_loss_stands_at_both_levels_and_in_the_analysis() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let project = whole_project(&app).await;
    billed(
        &editor,
        project,
        json!({"billed_value": "900000.02", "billed_gst": "162000.07"}),
    )
    .await;

    let answer = shown(&viewer, project, "pl-analysis").await;

    assert_eq!(
        (&answer["status"], &answer["project_id"]),
        (&json!("SUCCESS"), &json!(project))
    );
    assert_eq!(answer["data"]["project_id"], project);
    let expected = [
        ("total_po_value", "850000.37"),
        ("total_billed", "1062000.09"),
        ("total_vendor_costs", "501000.49"),
        ("revenue", "750000.01"),
        ("net_profit", "248999.52"),
        ("profit_margin_percentage", "33.2"),
        ("variance", "211999.72"),
        ("variance_percentage", "24.94"),
        ("original_budget", "850000.37"),
        ("final_revenue", "900000.02"),
        ("final_revenue_with_gst", "1062000.09"),
    ];
    expect_figures(&answer, &expected);
    assert_eq!(answer["data"]["data"].as_object().unwrap().len(), expected.len());
    let analysis = json!({
        "baseline": {"po_value": money("850000.37")},
        "billing": {"billed_value": money("1062000.09")},
        "variance": {"delta": money("211999.72"), "delta_percent": money("24.94"), "direction": "up"},
        "costs": {"vendor_costs": money("501000.49")},
        "profit_loss": {"amount": money("248999.52"), "margin_percent": money("33.2"), "status": "profit"},
        "totals": {"revenue": money("750000.01"), "costs": money("501000.49"), "profit": money("248999.52")},
    });
    assert_eq!(answer["data"]["analysis"], analysis);
    let older = shown(&viewer, project, "billing-pl-analysis").await;
    assert_eq!(
        older,
        json!({"status": "SUCCESS", "project_id": project, "analysis": analysis,
               "data": {"project_id": project, "analysis": analysis}})
    );
}

#[tokio::test]
async fn each_sign_of_profit_and_variance_has_its_word() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for (number, (ordered, tax, billed_total, cost, figures, words)) in [
        // margin, variance in percent
        (
            "1000",
            "0",
            "1000",
            "1000",
            ["0", "0", "0", "0"],
            ["flat", "break_even"],
        ),
        (
            "1000",
            "0",
            "1000.01",
            "999.99",
            ["0.01", "0", "0.01", "0"],
            ["up", "profit"],
        ),
        (
            "1000",
            "0",
            "999.99",
            "1000.01",
            ["-0.01", "0", "-0.01", "0"],
            ["down", "loss"],
        ),
        // Half away from zero: 0.005 % of 1000 is 0.05
        (
            "1000",
            "0",
            "1000.05",
            "999.95",
            ["0.05", "0.01", "0.05", "0.01"],
            ["up", "profit"],
        ),
        (
            "1000",
            "0",
            "999.95",
            "1000.05",
            ["-0.05", "-0.01", "-0.05", "-0.01"],
            ["down", "loss"],
        ),
        // GST is nobody's profit: 1180 ordered, 1180 billed, 1000 earned.
        (
            "1180",
            "180",
            "1180",
            "1000",
            ["0", "0", "0", "0"],
            ["flat", "break_even"],
        ),
        (
            "300",
            "0",
            "0",
            "400",
            ["-100", "-33.33", "-300", "-100"],
            ["down", "loss"],
        ),
        // Nothing ordered: there is nothing to divide by.
        ("0", "0", "0", "400", ["-400", "0", "0", "0"], ["flat", "loss"]),
        ("0", "0", "50", "0", ["0", "0", "50", "0"], ["up", "break_even"]),
        // All of it tax.
        (
            "180",
            "180",
            "0",
            "0",
            ["0", "0", "-180", "-100"],
            ["down", "break_even"],
        ),
        (
            "180",
            "180",
            "0",
            "1",
            ["-1", "0", "-180", "-100"],
            ["down", "loss"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let project = app.project(&format!("P{number}")).await;
        app.client_po()
            .project(project)
            .stated(ordered, tax)
            .insert()
            .await;
        app.vendor_order(project, cost, "pending").await;
        billed(&editor, project, json!({"billed_value": billed_total})).await;

        let answer = shown(&editor, project, "pl-analysis").await;

        let [profit, margin, variance, percent] = figures;
        expect_figures(
            &answer,
            &[
                ("net_profit", profit),
                ("profit_margin_percentage", margin),
                ("variance", variance),
                ("variance_percentage", percent),
            ],
        );
        let analysis = &answer["data"]["analysis"];
        assert_eq!(
            [
                &analysis["variance"]["direction"],
                &analysis["profit_loss"]["status"]
            ],
            words,
            "{ordered} {billed_total} {cost}"
        );
    }
}

#[tokio::test]
async fn a_project_without_anything_has_zeros() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let project = app.project("Empty").await;

    let analysis = json!({
        "baseline": {"po_value": 0}, "billing": {"billed_value": 0},
        "variance": {"delta": 0, "delta_percent": 0, "direction": "flat"},
        "costs": {"vendor_costs": 0},
        "profit_loss": {"amount": 0, "margin_percent": 0, "status": "break_even"},
        "totals": {"revenue": 0, "costs": 0, "profit": 0},
    });
    assert_eq!(
        shown(&viewer, project, "pl-analysis").await["data"]["analysis"],
        analysis
    );
    assert_eq!(
        shown(&viewer, project, "billing-pl-analysis").await["analysis"],
        analysis
    );
    assert_eq!(
        shown(&viewer, project, "billing-summary").await["data"],
        json!({
            "project_id": project,
            "original_po": {"value": 0, "tax": 0, "total": 0, "count": 0},
            "billing_po": {"value": 0, "gst": 0, "total": 0, "count": 0, "final_count": 0, "approved_count": 0, "draft_count": 0},
            "vendor_costs": {"total": 0, "paid": 0, "paid_on_cancelled": 0, "order_count": 0},
            "financial_summary": {"delta_value": 0, "delta_percent": 0, "final_revenue": 0, "final_revenue_with_gst": 0,
                                  "original_budget": 0, "revenue": 0, "vendor_costs": 0, "profit": 0, "profit_margin_percent": 0},
            "billing_pos": [],
        })
    );
}

#[tokio::test]
async fn the_largest_sums_are_exact() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Large").await;
    let most = "9999999999999.99";
    for _ in 0..3 {
        app.client_po()
            .project(project)
            .stated(most, "0.01")
            .insert()
            .await;
        app.vendor_order(project, most, "approved").await;
        billed(
            &editor,
            project,
            json!({"billed_value": "9999999999999.98", "billed_gst": 0.01}),
        )
        .await;
    }
    app.vendor_order(project, most, "approved").await;

    let answer = shown(&editor, project, "pl-analysis").await;

    expect_figures(
        &answer,
        &[
            ("total_po_value", "29999999999999.97"),
            ("revenue", "29999999999999.94"),
            ("total_billed", "29999999999999.97"),
            ("final_revenue", "29999999999999.94"),
            ("total_vendor_costs", "39999999999999.96"),
            ("net_profit", "-10000000000000.02"),
            ("profit_margin_percentage", "-33.33"),
            ("variance", "0"),
        ],
    );
    shown(&editor, project, "billing-summary").await;
}

#[tokio::test]
async fn of_a_project_that_does_not_exist_there_are_no_figures() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for what in ["billing-summary", "billing-pl-analysis", "pl-analysis"] {
        let error = viewer
            .get(format!("/api/projects/77/{what}"))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        assert_eq!(error["message"], "Project not found", "{what}");
    }
}

#[tokio::test]
async fn the_older_analysis_names_the_one_that_takes_its_place() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let project = app.project("Store").await;

    let reply = viewer
        .get(format!("/api/projects/{project}/billing-pl-analysis"))
        .send()
        .await;

    reply.expect(200);
    assert_eq!(reply.header("deprecation"), "true");
    assert_eq!(
        reply.header("link"),
        format!("</api/projects/{project}/pl-analysis>; rel=\"successor-version\"")
    );
    let document = serde_json::to_value(router::document()).unwrap();
    let operation = &document["paths"]["/api/projects/{project_id}/billing-pl-analysis"]["get"];
    assert_eq!(operation["deprecated"], true);
    for header in ["Deprecation", "Link"] {
        assert!(
            operation["responses"]["200"]["headers"][header].is_object(),
            "{header}"
        );
    }
    let successor = &document["paths"]["/api/projects/{project_id}/pl-analysis"]["get"];
    assert!(successor.is_object() && successor["deprecated"] != true);
    let reply = viewer
        .get(format!("/api/projects/{project}/pl-analysis"))
        .send()
        .await;
    assert_eq!((reply.header("deprecation"), reply.header("link")), ("", ""));
}

/// Steps 8 and 9 of the worked check of the vendor contract.
#[tokio::test]
async fn a_bill_approved_and_one_revised_move_what_was_billed_and_never_the_profit() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let project = app.project("Site A").await;
    app.client_po()
        .project(project)
        .number("PO-106")
        .stated("60000", "0")
        .insert()
        .await;
    app.vendor_order(project, "50000", "pending").await;
    let figures = async |final_revenue: &'static str, total_billed: &'static str| {
        expect_figures(
            &shown(&admin, project, "pl-analysis").await,
            &[
                ("final_revenue", final_revenue),
                ("total_billed", total_billed),
                ("revenue", "60000"),
                ("total_vendor_costs", "50000"),
                ("net_profit", "10000"),
                ("profit_margin_percentage", "16.67"),
            ],
        );
        let summary = shown(&admin, project, "billing-summary").await;
        assert_eq!(summary["data"]["billing_po"]["value"], money(final_revenue));
        assert_eq!(summary["data"]["billing_po"]["total"], money(total_billed));
        assert_eq!(summary["data"]["financial_summary"]["profit"], money("10000"));
    };

    let first = billed(
        &admin,
        project,
        json!({"billed_value": 50000, "billed_gst": 9000}),
    )
    .await;
    figures("50000", "59000").await;
    admin
        .post(format!("/api/billing-po/{first}/approve"))
        .send()
        .await
        .expect(200);
    figures("50000", "59000").await;
    admin
        .put(format!("/api/billing-po/{first}"))
        .json(&json!({"billed_value": 60000}))
        .send()
        .await
        .expect_error(409, "CONFLICT");
    billed(
        &admin,
        project,
        json!({"billed_value": 10000, "billed_gst": 1800}),
    )
    .await;
    figures("60000", "70800").await;
    let draft = billed(
        &admin,
        project,
        json!({"billed_value": 55000, "billed_gst": 9900, "status": "DRAFT", "revises_id": first}),
    )
    .await;
    figures("60000", "70800").await;
    admin
        .put(format!("/api/billing-po/{draft}"))
        .json(&json!({"status": "FINAL"}))
        .send()
        .await
        .expect(200);
    figures("65000", "76700").await;
    let first = admin
        .get(format!("/api/billing-po/{first}"))
        .send()
        .await
        .expect(200);
    assert_eq!(first["billing_po"]["counted"], false);
}
