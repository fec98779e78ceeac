//! The other views of client POs: by store, of a project, as an overview, and what they earned.

use serde_json::{Value, json};

use crate::support::{TestApp, money};

/// Client 1 shows every PO alone, client 2 bundles by store, as the two known clients are seeded.
async fn stores(app: &TestApp) -> [i64; 6] {
    let old = app
        .client_po()
        .client(2)
        .number("D-1")
        .store("ST-1")
        .stated("300.00", "50")
        .status("active")
        .insert()
        .await;
    let new = app
        .client_po()
        .client(2)
        .store("ST-1")
        .stated("700.50", "0.50")
        .insert()
        .await;
    let gone = app
        .client_po()
        .client(2)
        .number("D-3")
        .store("ST-1")
        .stated("9", "0")
        .status("cancelled")
        .insert()
        .await;
    let alone = app
        .client_po()
        .client(2)
        .number("D-4")
        .stated("40", "0")
        .insert()
        .await;
    let same_store = app
        .client_po()
        .client(1)
        .number("B-1")
        .store("ST-1")
        .stated("10", "0")
        .insert()
        .await;
    let twice = app
        .client_po()
        .client(1)
        .number("B-2")
        .store("ST-1")
        .stated("20", "0")
        .insert()
        .await;
    // The newest of ST-1 is the second.
    app.execute(
        r#"
        UPDATE "Finances".client_po SET created_at = TIMESTAMPTZ '2026-01-01 00:00:00Z' + id * INTERVAL '1 day';
        UPDATE "Finances".client_po SET created_at = TIMESTAMPTZ '2026-03-01 00:00:00Z' WHERE po_value = 700.50;
        UPDATE "Finances".client_po SET pi_number = 'PI-OLD' WHERE po_number = 'D-1';
        "#,
    )
    .await;
    [old, new, gone, alone, same_store, twice]
}

#[tokio::test]
async fn pos_of_one_store_are_one_bundle_only_for_clients_that_bundle() {
    let app = TestApp::start().await;
    let [old, new, gone, alone, same_store, twice] = stores(&app).await;
    app.payment(old, "credit", "100.25", "cleared").await;
    app.payment(new, "credit", "5", "pending").await;
    app.payment(gone, "credit", "3", "cleared").await;
    let viewer = app.viewer().await;

    let body = viewer.get("/api/po/aggregated/by-store").send().await.expect(200);

    let data = &body["data"];
    let ids: Vec<&Value> = data["bundles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bundle| &bundle["po_ids"])
        .collect();
    assert_eq!(
        json!(ids),
        json!([[twice], [same_store], [new, gone, old], [alone]])
    );
    let bundle = &data["bundles"][2];
    for (field, expected) in [
        ("id", json!(new)),
        ("bundle_id", json!(new)),
        ("client_po_id", json!(new)),
        ("is_bundled", json!(true)),
        ("po_numbers", json!([format!("PO-{new}"), "D-3", "D-1"])),
        ("po_value", money("1000.5")),
        ("total_po_value", money("1000.5")),
        ("net_value", money("950")),
        ("total_paid", money("100.25")),
        ("receivable_amount", money("900.25")),
        ("outstanding_amount", money("900.25")),
        ("total_receivable", money("900.25")),
        ("payment_status", json!("partial")),
        // The members differ.
        ("status", json!("active")),
        ("pi_number", json!("PI-OLD")),
        ("display_identifier", json!("BUNDLED-ST-1")),
        (
            "badge",
            json!({"type": "bundled", "label": "Bundle (3 POs)", "color": "blue", "icon": "package"}),
        ),
        (
            "bundling_note",
            json!(format!("This bundle contains 3 POs: PO-{new}, D-3, D-1")),
        ),
        ("line_items", json!([])),
    ] {
        assert_eq!(bundle[field], expected, "{field}");
    }
    assert_eq!(bundle["po_details"].as_array().unwrap().len(), 3);
    let single = &data["bundles"][3];
    assert_eq!(
        single["badge"],
        json!({"type": "single", "label": "Single PO", "color": "gray", "icon": "file"})
    );
    assert_eq!(single["display_identifier"], "D-4");
    assert_eq!(single["bundling_note"], Value::Null);
    for (field, expected) in [
        ("bundle_count", json!(4)),
        ("bundled_groups", json!(1)),
        ("single_po_groups", json!(3)),
        ("total_po_value", money("1070.5")),
        ("total_paid", money("100.25")),
        ("total_receivable", money("970.25")),
        ("total_count", json!(4)),
        ("summary", json!({"bundled_count": 1, "single_count": 3})),
    ] {
        assert_eq!(data[field], expected, "{field}");
    }
}

#[tokio::test]
async fn bundles_are_paged_filtered_and_hold_lines_on_request() {
    let app = TestApp::start().await;
    let [old, new, gone, alone, ..] = stores(&app).await;
    let editor = app.editor().await;
    editor
        .post(format!("/api/po/{old}/line-items"))
        .json(&json!({"item_name": "Beam", "quantity": 2, "unit_price": 50}))
        .send()
        .await
        .expect(200);
    let ids = |query: &str| {
        let call = editor.get(format!("/api/po/aggregated/by-store?{query}"));
        async move {
            let body = call.send().await.expect(200);
            let ids: Vec<Value> = body["data"]["bundles"]
                .as_array()
                .unwrap()
                .iter()
                .map(|bundle| bundle["po_ids"].clone())
                .collect();
            (json!(ids), body["data"].clone())
        }
    };

    let (bundles, data) = ids("client_id=2&include_lines=true").await;
    assert_eq!(bundles, json!([[new, gone, old], [alone]]));
    assert_eq!(data["bundles"][0]["line_items"][0]["item_name"], "Beam");
    assert_eq!(data["bundles"][0]["line_count"], 1);
    assert_eq!(data["total_line_items"], 1);
    assert_eq!(data["total_po_value"], money("840.5"));

    // Without the cancelled and the active one the store has one PO.
    assert_eq!(ids("client_id=2&status=pending").await.0, json!([[new], [alone]]));
    assert_eq!(ids("client_id=2&status=active").await.1["bundled_groups"], 0);
    assert_eq!(ids("client_id=99").await.0, json!([]));

    let (first, data) = ids("limit=3").await;
    assert_eq!(first.as_array().unwrap().len(), 3);
    assert_eq!(data["bundle_count"], 4);
    let cursor = data["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&format!("limit=3&cursor={cursor}")).await.0, json!([[alone]]));
    assert_eq!(ids("limit=1&skip=2").await.0, json!([[new, gone, old]]));
}

#[tokio::test]
async fn the_pos_of_a_project_come_in_its_order_with_sums_over_the_live_ones() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let project = app.project("Delhi").await;
    let first = app
        .client_po()
        .project(project)
        .number("A")
        .stated("118", "18")
        .insert()
        .await;
    let agreement = app
        .client_po()
        .project(project)
        .open_agreement()
        .stated("50", "0")
        .insert()
        .await;
    let gone = app
        .client_po()
        .project(project)
        .number("C")
        .stated("7", "0")
        .status("cancelled")
        .insert()
        .await;
    app.payment(first, "credit", "18", "completed").await;
    app.payment(gone, "credit", "1", "completed").await;
    app.execute(r#"UPDATE "Finances".po_project_mapping SET sequence_order = NULL WHERE is_primary"#)
        .await;

    let path = format!("/api/projects/{project}/po");
    let body = viewer.get(&path).send().await.expect(200);
    let ids: Vec<i64> = body["pos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|po| po["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [agreement, gone, first]);
    assert_eq!(body["pos"][0]["is_open_agreement"], true);
    assert_eq!(body["pos"][0]["line_items"], json!([]));
    assert_eq!(body["total_po_count"], 3);
    assert_eq!(body["total_project_value"], 168);
    assert_eq!(body["total_paid"], 18);
    assert_eq!(body["total_receivable"], 150);
    assert_eq!(body["data"]["total_project_value"], 168);

    let one = viewer
        .get(format!("{path}?po_type=verbal_agreement"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&one["total_count"], &one["total_project_value"]),
        (&json!(1), &json!(50))
    );
    let none = viewer
        .get(format!("{path}?status=cancelled"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&none["total_count"], &none["total_project_value"]),
        (&json!(1), &json!(0))
    );
    viewer
        .get(format!("{path}?po_type=other"))
        .send()
        .await
        .expect_error(422, "VALIDATION_ERROR");
    viewer
        .get("/api/projects/99/po")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_overview_says_success_above_and_the_pos_own_status_inside() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let project = app.project("Delhi").await;
    let po = app
        .client_po()
        .project(project)
        .number("X")
        .stated("300000", "0")
        .status("active")
        .insert()
        .await;
    app.payment(po, "credit", "100000", "cleared").await;

    let reply = viewer.get(format!("/api/client-po/{po}")).send().await;
    let body = reply.expect(200);

    assert!(reply.header("etag").starts_with("\"1-"));
    assert_eq!(body["status"], "SUCCESS");
    assert_eq!(body["po_status"], "active");
    assert_eq!(body["data"]["status"], "active");
    assert_eq!(body["po"]["po_number"], "X");
    assert_eq!(body["project"], json!({"id": project, "name": "Delhi"}));
    assert_eq!(body["client"], json!({"id": 1, "name": "Bajaj"}));
    assert_eq!(
        body["summary"],
        json!({"subtotal": null, "cgst": null, "sgst": null, "igst": null, "total_tax": 0, "grand_total": 300_000,
               "total_paid": 100_000, "receivable_amount": 200_000, "payment_status": "partial"})
    );
    let mut inner = body["data"].clone();
    let mut outer = body.clone();
    inner.as_object_mut().unwrap().remove("status");
    for key in ["status", "data"] {
        outer.as_object_mut().unwrap().remove(key);
    }
    assert_eq!(inner, outer);
    viewer
        .get("/api/client-po/99")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");

    let old = viewer.get("/api/client-po?limit=5").send().await.expect(200);
    let new = viewer.get("/api/po?limit=5").send().await.expect(200);
    assert_eq!(old["data"]["pos"], new["data"]["pos"]);
}

#[tokio::test]
async fn profit_is_what_pos_in_a_range_earned_less_what_was_ordered_for_them() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let delhi = app.project("Delhi").await;
    // net 700 000: 400 000 in January, 300 000 in March
    let january = app
        .client_po()
        .project(delhi)
        .number("A")
        .date("2026-01-10")
        .stated("472000", "72000")
        .insert()
        .await;
    let march = app
        .client_po()
        .project(delhi)
        .number("B")
        .date("2026-03-10")
        .stated("300000", "0")
        .insert()
        .await;
    app.client_po()
        .project(delhi)
        .open_agreement()
        .date("2026-01-10")
        .stated("5", "0")
        .insert()
        .await;
    app.client_po()
        .project(delhi)
        .number("C")
        .date("2026-01-10")
        .stated("5", "0")
        .status("cancelled")
        .insert()
        .await;
    app.client_po()
        .number("LOOSE")
        .date("2026-01-31")
        .stated("10.01", "0")
        .insert()
        .await;
    app.payment(january, "credit", "100000", "cleared").await;
    for (value, po, date) in [
        ("200000", Some(january), "2026-05-01"),
        ("100000", Some(march), "2026-05-01"),
        ("50000", None, "2026-01-05"),
        ("150000", None, "2026-03-05"),
    ] {
        let order = app.vendor_order(delhi, value, "approved").await;
        sqlx::query(
            r#"UPDATE "Finances".vendor_order SET client_po_id = $1, po_date = $2::date WHERE id = $3"#,
        )
        .bind(po)
        .bind(date)
        .bind(order)
        .execute(&app.db)
        .await
        .unwrap();
    }
    app.vendor_order(delhi, "1", "rejected").await;

    let all = viewer.get("/api/po/analysis/profit").send().await.expect(200);
    assert_eq!(
        all["data"]["projects"],
        json!([
            {"project_id": delhi, "project_name": "Delhi", "po_count": 2, "revenue": 700_000, "cost": 500_000,
             "profit": 200_000, "profit_margin_percentage": money("28.57"), "total_collected": 100_000},
            {"project_id": null, "project_name": null, "po_count": 1, "revenue": money("10.01"), "cost": 0,
             "profit": money("10.01"), "profit_margin_percentage": 100, "total_collected": 0},
        ])
    );
    assert_eq!(all["data"]["total_profit"], money("200010.01"));

    let path = "/api/po/analysis/profit?start_date=2026-01-01&end_date=2026-01-31";
    let january = viewer
        .get(format!("{path}&project_id={delhi}"))
        .send()
        .await
        .expect(200);
    assert_eq!(january["start_date"], "2026-01-01");
    assert_eq!(january["data"]["total_revenue"], 400_000);
    // 200 000 for the PO, 50 000 of the project in January
    assert_eq!(january["data"]["total_cost"], 250_000);
    assert_eq!(january["data"]["profit_margin_percentage"], money("37.5"));
    let nobody = viewer.get(format!("{path}&client_id=2")).send().await.expect(200);
    assert_eq!(nobody["data"]["projects"], json!([]));
    assert_eq!(nobody["data"]["profit_margin_percentage"], 0);
    viewer
        .get("/api/po/analysis/profit?start_date=2026-02-01&end_date=2026-01-31")
        .send()
        .await
        .expect_error(422, "VALIDATION_ERROR");
}
