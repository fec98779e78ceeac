//! What a vendor order earns and costs, to the paisa, and the payments behind it. Every figure is computed by hand.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::Caller,
    money,
    vendor_rows::{Order, advance, client_line, order_line, vendor},
};

/// Basis, what is billable, the profit and the margin of an order.
async fn profit(caller: &Caller, order: i64) -> [Value; 4] {
    let path = format!("/api/vendor-orders/{order}/profit-analysis");
    let body = caller.get(path).send().await.expect(200);
    let fields = ["billable_basis", "billable_amount", "profit", "profit_margin"];
    for field in fields.iter().chain(&[
        "po_value",
        "po_amount",
        "billable_is_estimate",
        "linked_client_pos",
        "profit_analysis",
    ]) {
        assert_eq!(body["data"][field], body[field], "{field}");
    }
    assert_eq!(body["billable_is_estimate"], body["billable_basis"] == "pro_rata");
    fields.map(|field| body[field].clone())
}

fn expected(basis: &str, billable: &str, profit: &str, margin: &str) -> [Value; 4] {
    [json!(basis), money(billable), money(profit), money(margin)]
}

async fn link(caller: &Caller, order: i64, body: Value) {
    caller
        .post(format!("/api/vendor-orders/{order}/link-payment"))
        .json(&body)
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn an_order_that_was_given_up_or_is_for_nothing_earns_nothing() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let cancelled = app
        .client_po()
        .stated("1000", "0")
        .status("cancelled")
        .insert()
        .await;
    let line = client_line(&app, po, "1000").await;
    for order in [
        Order::over("500"),
        Order::over("500").client_po(cancelled),
        Order::over("500").client_po(po).status("rejected"),
        Order::over("500").client_po(po).work_status("cancelled"),
    ] {
        let is_for_po = order.client_po == Some(po);
        let order = order.insert(&app).await;
        if is_for_po {
            order_line(&app, order, "500", None, Some(line)).await;
        }

        assert_eq!(profit(&viewer, order).await, expected("none", "0", "0", "0"));
    }
}

#[tokio::test]
async fn the_client_lines_that_its_lines_name_are_billable_whole_or_shared() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let po = app.client_po().stated("5000", "0").insert().await;
    let (shared, whole) = (
        client_line(&app, po, "1000").await,
        client_line(&app, po, "100").await,
    );
    let (half, free) = (
        client_line(&app, po, "0.01").await,
        client_line(&app, po, "50").await,
    );
    client_line(&app, po, "3900").await;
    let one = Order::over("0").client_po(po).insert(&app).await;
    let two = Order::over("0").client_po(po).insert(&app).await;
    let gone = Order::over("0")
        .client_po(po)
        .status("cancelled")
        .insert(&app)
        .await;
    order_line(&app, one, "60", None, Some(shared)).await;
    order_line(&app, one, "40", None, Some(shared)).await;
    order_line(&app, one, "0", None, Some(whole)).await;
    order_line(&app, one, "7", None, None).await;
    order_line(&app, two, "200", None, Some(shared)).await;
    // One that was given up shares nothing.
    order_line(&app, gone, "700", None, Some(shared)).await;
    order_line(&app, gone, "700", None, Some(whole)).await;

    // 1000 × 100 ÷ 300 + 100; less 107; 326.33 ÷ 433.33
    assert_eq!(
        profit(&viewer, one).await,
        expected("lines", "433.33", "326.33", "75.31")
    );
    // 1000 × 200 ÷ 300; less 200; 466.67 ÷ 666.67
    assert_eq!(
        profit(&viewer, two).await,
        expected("lines", "666.67", "466.67", "70")
    );

    // Half a paisa is rounded up, for each order for itself.
    for order in [one, two] {
        order_line(&app, order, "5", None, Some(half)).await;
    }
    assert_eq!(profit(&viewer, one).await[1], money("433.34"));
    assert_eq!(profit(&viewer, two).await[1], money("666.68"));
    // Lines that cost nothing have no share in what others name too.
    for order in [one, two] {
        order_line(&app, order, "0", None, Some(free)).await;
    }
    assert_eq!(profit(&viewer, one).await[1], money("433.34"));
    assert_eq!(profit(&viewer, two).await[1], money("666.68"));
}

#[tokio::test]
async fn without_lines_an_order_has_its_share_of_the_net_value_of_its_po() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let po = app.client_po().stated("1000", "152.54").insert().await;
    let one = Order::over("300").client_po(po).insert(&app).await;
    // The only one yet has all of 847.46; 547.46 ÷ 847.46
    assert_eq!(
        profit(&viewer, one).await,
        expected("pro_rata", "847.46", "547.46", "64.6")
    );
    let two = Order::over("400").client_po(po).insert(&app).await;
    Order::over("999")
        .client_po(po)
        .status("rejected")
        .insert(&app)
        .await;
    // 847.46 × 3 ÷ 7 = 363.1971…; 63.20 ÷ 363.20
    assert_eq!(
        profit(&viewer, one).await,
        expected("pro_rata", "363.2", "63.2", "17.4")
    );
    // 847.46 × 4 ÷ 7 = 484.2628…; 84.26 ÷ 484.26
    assert_eq!(
        profit(&viewer, two).await,
        expected("pro_rata", "484.26", "84.26", "17.4")
    );
    // Of orders over nothing none has a share.
    let other = app.client_po().stated("1000", "0").insert().await;
    let free = Order::over("0").client_po(other).insert(&app).await;
    assert_eq!(profit(&viewer, free).await, expected("pro_rata", "0", "0", "0"));
}

/// 9999999999999.91 × 50000 ÷ 100000.01 is 4999999500000.0049999995: a division that keeps 16 digits would round it up.
#[tokio::test]
async fn no_digit_is_lost_where_a_half_is_decided() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let po = app.client_po().stated("9999999999999.91", "0").insert().await;
    let one = Order::over("50000").client_po(po).insert(&app).await;
    let two = Order::over("50000.01").client_po(po).insert(&app).await;

    assert_eq!(profit(&viewer, one).await[1], money("4999999500000"));
    assert_eq!(profit(&viewer, two).await[1], money("5000000499999.91"));

    let line = client_line(&app, po, "9999999999999.91").await;
    order_line(&app, one, "50000", None, Some(line)).await;
    order_line(&app, two, "50000.01", None, Some(line)).await;
    assert_eq!(
        profit(&viewer, one).await[..2],
        [json!("lines"), money("4999999500000")]
    );
    assert_eq!(profit(&viewer, two).await[1], money("5000000499999.91"));
}

#[tokio::test]
async fn without_a_po_an_order_earns_what_the_client_paid_for_it() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let (first, second) = (
        app.client_po().stated("1000", "0").insert().await,
        app.client_po().stated("1000", "0").insert().await,
    );
    let steel = vendor(&app, "Example Steel").await;
    let order = Order::over("500").of(steel).insert(&app).await;
    let incoming = |payment: i64| json!({"link_type": "incoming", "payment_id": payment});
    let promised = app.payment(second, "credit", "50", "processing").await;
    link(&editor, order, incoming(promised)).await;
    assert_eq!(
        profit(&viewer, order).await,
        expected("linked_payments", "0", "-500", "0")
    );

    for (po, amount) in [(first, "400"), (second, "200")] {
        let payment = app.payment(po, "credit", amount, "cleared").await;
        link(&editor, order, incoming(payment)).await;
    }
    let bounced = app.payment(first, "credit", "70", "cleared").await;
    link(&editor, order, incoming(bounced)).await;
    editor
        .put(format!("/api/payments/{bounced}"))
        .json(&json!({"status": "bounced"}))
        .send()
        .await
        .expect(200);
    app.vendor_payment(order, "100.10", "cleared").await;
    let advance = advance(&app, steel, "300", "cleared").await;
    link(
        &editor,
        order,
        json!({"link_type": "outgoing", "vendor_payment_id": advance, "amount": 30}),
    )
    .await;
    let back = app.payment(first, "debit", "20", "completed").await;
    link(
        &editor,
        order,
        json!({"link_type": "outgoing", "payment_id": back}),
    )
    .await;

    assert_eq!(
        profit(&viewer, order).await,
        expected("linked_payments", "600", "100", "16.67")
    );
    let path = format!("/api/vendor-orders/{order}/profit-analysis");
    let body = viewer.get(&path).send().await.expect(200);
    assert_eq!(body["linked_client_pos"], json!([first, second]));
    let analysis = json!({
        "total_incoming": money("600"), "total_outgoing": money("150.1"), "profit": money("100"),
        "net_cash": money("449.9"), "link_count": 6, "profit_margin": money("16.67"),
    });
    assert_eq!(body["profit_analysis"], analysis);
    for (name, value) in analysis.as_object().unwrap() {
        assert_eq!(body["data"][name], *value, "{name}");
    }

    // With a PO it is that one's, and the PO is the first of the list if it is the oldest.
    app.execute(
        r#"UPDATE "Finances".vendor_order SET client_po_id = (SELECT max(id) FROM "Finances".client_po)"#,
    )
    .await;
    let body = viewer.get(&path).send().await.expect(200);
    assert_eq!(body["billable_basis"], "pro_rata");
    assert_eq!(body["linked_client_pos"], json!([first, second]));
}

#[tokio::test]
async fn a_summary_shows_what_was_paid_and_every_payment_that_went_out() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let steel = vendor(&app, "Example Steel").await;
    let po = app.client_po().stated("60000", "0").insert().await;
    let order = Order::over("50000").of(steel).client_po(po).insert(&app).await;
    let own = app.vendor_payment(order, "25000", "cleared").await;
    let lost = app.vendor_payment(order, "8", "bounced").await;
    let advance = advance(&app, steel, "900", "pending").await;
    link(
        &editor,
        order,
        json!({"link_type": "outgoing", "vendor_payment_id": advance, "amount": 600}),
    )
    .await;
    let payment = app.payment(po, "credit", "60000", "cleared").await;
    link(
        &editor,
        order,
        json!({"link_type": "incoming", "payment_id": payment}),
    )
    .await;
    let back = app.payment(po, "debit", "100", "cleared").await;
    link(
        &editor,
        order,
        json!({"link_type": "outgoing", "payment_id": back, "amount": 40}),
    )
    .await;
    let path = format!("/api/vendor-orders/{order}/payment-summary");

    let reply = viewer.get(&path).send().await;

    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    let body = reply.expect(200);
    let rows = body["payments"].as_array().unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            json!([
                row["source"],
                row["id"],
                row["amount"],
                row["status"],
                row["payment_date"]
            ])
        })
        .collect();
    assert_eq!(
        found,
        [
            json!(["advance", advance, money("600"), "pending", "2026-02-12"]),
            json!(["order", lost, money("8"), "bounced", "2026-02-11"]),
            json!(["order", own, money("25000"), "cleared", "2026-02-11"]),
            json!(["client", back, money("40"), "cleared", "2026-02-10"]),
        ]
    );
    assert_eq!(
        rows.iter()
            .map(|row| row["link_id"].is_null())
            .collect::<Vec<_>>(),
        [false, true, true, false]
    );
    assert_eq!(rows[0]["date"], rows[0]["payment_date"]);
    let summary = json!({
        "total_incoming": money("60000"), "total_outgoing": money("25040"), "profit": money("10000"),
        "net_cash": money("34960"), "link_count": 3,
    });
    for (name, value) in [
        ("vendor_order_id", json!(order)),
        ("po_amount", money("50000")),
        ("paid_amount", money("25000")),
        ("pending_amount", money("25000")),
        ("payment_status", json!("partial")),
        ("payment_count", json!(4)),
        ("summary", summary.clone()),
    ] {
        assert_eq!(body[name], value, "{name}");
        assert_eq!(body["data"][name], value, "data.{name}");
    }
    for (name, value) in [
        ("po_value", money("50000")),
        ("total_paid", money("25000")),
        ("overpaid_amount", money("0")),
        ("payments", body["payments"].clone()),
    ] {
        assert_eq!(body["data"][name], value, "data.{name}");
    }
    for (name, value) in summary.as_object().unwrap() {
        assert_eq!(body["data"][name], *value, "data.{name}");
    }

    app.vendor_payment(order, "25000.01", "reconciled").await;
    let data = &viewer.get(&path).send().await.expect(200)["data"];
    assert_eq!(
        (
            &data["payment_status"],
            &data["pending_amount"],
            &data["overpaid_amount"]
        ),
        (&json!("paid"), &money("0"), &money("0.01"))
    );
}
