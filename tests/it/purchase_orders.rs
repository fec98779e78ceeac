//! Client POs: list, one, details; and how their figures follow from lines and payments.

use crate::support::{TestApp, money};

#[tokio::test]
async fn only_money_that_arrived_counts_as_paid() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("1000.00", "0").insert().await;
    app.payment(po, "credit", "600", "cleared").await;
    app.payment(po, "credit", "300", "pending").await;
    app.payment(po, "credit", "200", "bounced").await;
    app.payment(po, "debit", "100", "cleared").await;
    let viewer = app.viewer().await;

    let details = viewer
        .get(format!("/api/po/{po}/details"))
        .send()
        .await
        .expect(200);

    let shown = &details["data"];
    assert_eq!(shown["total_paid"], money("500"));
    assert_eq!(shown["receivable_amount"], money("500"));
    assert_eq!(shown["outstanding_amount"], money("500"));
    assert_eq!(shown["payment_status"], "partial");
    assert_eq!(shown["payment_count"], 4);
    let list = viewer.get("/api/po").send().await.expect(200);
    assert_eq!(list["data"]["pos"][0]["total_paid"], money("500"));
    assert_eq!(list["data"]["pos"][0]["po_ids"], serde_json::json!([po]));
    assert_eq!(list["data"]["total_paid"], money("500"));
    assert_eq!(list["data"]["total_receivable"], money("500"));
}

#[tokio::test]
async fn a_po_of_nothing_without_payments_is_pending_and_an_overpaid_one_is_paid() {
    let app = TestApp::start().await;
    let nothing = app.client_po().stated("0", "0").insert().await;
    let overpaid = app.client_po().stated("100.50", "0").insert().await;
    app.payment(overpaid, "credit", "100.75", "reconciled").await;
    let viewer = app.viewer().await;

    let nothing = viewer.get(format!("/api/po/{nothing}")).send().await.expect(200);
    let overpaid = viewer.get(format!("/api/po/{overpaid}")).send().await.expect(200);

    assert_eq!(nothing["data"]["payment_status"], "pending");
    assert_eq!(overpaid["data"]["payment_status"], "paid");
    assert_eq!(overpaid["data"]["outstanding_amount"], money("-0.25"));
}

#[tokio::test]
async fn withheld_tax_is_part_of_what_was_paid() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("1000", "0").insert().await;
    let payment = app.payment(po, "credit", "500", "completed").await;
    app.execute(r#"UPDATE "Finances".client_payment SET is_tds_deducted = TRUE, tds_amount = 50.25"#)
        .await;
    assert!(payment > 0);

    let body = app
        .viewer()
        .await
        .get(format!("/api/po/{po}"))
        .send()
        .await
        .expect(200);

    assert_eq!(body["data"]["total_paid"], money("500"));
    assert_eq!(body["data"]["total_tds"], money("50.25"));
    assert_eq!(body["data"]["net_received"], money("449.75"));
}

#[tokio::test]
async fn a_po_shows_its_project_its_place_in_it_and_its_taxes() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let first = app
        .client_po()
        .project(project)
        .number("PO-1")
        .stated("118", "18")
        .store("ST-1")
        .insert()
        .await;
    let second = app.client_po().project(project).number("PO-2").insert().await;
    let viewer = app.viewer().await;

    let reply = viewer.get(format!("/api/po/{first}")).send().await;

    let body = reply.expect(200);
    assert_eq!(
        (&body["po_id"], &body["po_number"]),
        (&first.into(), &"PO-1".into())
    );
    let po = &body["data"];
    assert_eq!(
        (&po["id"], &po["po_id"], &po["client_po_id"]),
        (&first.into(), &first.into(), &first.into())
    );
    assert_eq!(po["project_name"], "Delhi");
    assert_eq!(
        (&po["is_primary"], &po["sequence_order"]),
        (&true.into(), &1.into())
    );
    assert_eq!(
        (&po["po_value"], &po["net_value"], &po["total_tax"]),
        (&money("118"), &money("100"), &money("18"))
    );
    assert_eq!(po["value_basis"], "stated");
    assert!(po["value_difference"].is_null());
    assert_eq!(po["line_items"], serde_json::json!([]));
    assert!(po["subtotal"].is_null());
    let second = viewer.get(format!("/api/po/{second}")).send().await.expect(200);
    assert_eq!(
        (&second["data"]["is_primary"], &second["data"]["sequence_order"]),
        (&false.into(), &2.into())
    );

    let again = viewer
        .get(format!("/api/po/{first}"))
        .header("if-none-match", reply.header("etag"))
        .send()
        .await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    app.payment(first, "credit", "1", "cleared").await;
    let changed = viewer
        .get(format!("/api/po/{first}"))
        .header("if-none-match", reply.header("etag"))
        .send()
        .await;
    assert_eq!(changed.status, 200);
}

#[tokio::test]
async fn the_list_is_by_store_then_newest_and_its_sums_leave_cancelled_pos_out() {
    let app = TestApp::start().await;
    let plain = app.client_po().stated("1", "0").insert().await;
    let low = app.client_po().store("A-1").stated("10", "0").insert().await;
    let high = app.client_po().store("Z-9").stated("100", "0").insert().await;
    let gone = app
        .client_po()
        .store("Z-9")
        .stated("1000", "0")
        .status("cancelled")
        .insert()
        .await;
    app.payment(gone, "credit", "7", "cleared").await;
    app.payment(high, "credit", "40", "cleared").await;

    let body = app.viewer().await.get("/api/po").send().await.expect(200);

    let ids: Vec<i64> = body["data"]["pos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|po| po["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [gone, high, low, plain]);
    assert_eq!(body["data"]["total_count"], 4);
    assert_eq!(body["data"]["total_value"], money("111"));
    assert_eq!(body["data"]["total_paid"], money("40"));
    assert_eq!(body["data"]["total_receivable"], money("71"));
}

#[tokio::test]
async fn each_filter_narrows_the_list_and_its_sums() {
    let app = TestApp::start().await;
    let project = app.project("Delhi 100%").await;
    let one = app
        .client_po()
        .project(project)
        .number("PO_1")
        .store("ST-1")
        .date("2026-02-10")
        .status("active")
        .insert()
        .await;
    let two = app
        .client_po()
        .client(2)
        .number("PO21")
        .store("ST-2")
        .date("2026-03-01")
        .stated("50", "0")
        .insert()
        .await;
    app.payment(one, "credit", "1000", "cleared").await;
    let viewer = app.viewer().await;
    for (query, ids) in [
        ("client_id=1", vec![one]),
        ("client_id=99", vec![]),
        ("project_id=1", vec![one]),
        ("status=ACTIVE", vec![one]),
        ("payment_status=paid", vec![one]),
        ("payment_status=pending", vec![two]),
        ("store_id=ST-2", vec![two]),
        ("q=po_", vec![one]),
        ("q=po", vec![two, one]),
        ("q=delhi%20100%25", vec![one]),
        ("q=%25", vec![one]),
        ("date_from=2026-02-11", vec![two]),
        ("date_to=2026-02-10", vec![one]),
        (
            "date_from=2026-02-10&date_to=2026-03-01&sort=po_date",
            vec![one, two],
        ),
        ("sort=-po_value", vec![one, two]),
        ("skip=1&limit=1", vec![one]),
    ] {
        let body = viewer.get(format!("/api/po?{query}")).send().await.expect(200);
        let found: Vec<i64> = body["data"]["pos"]
            .as_array()
            .unwrap()
            .iter()
            .map(|po| po["id"].as_i64().unwrap())
            .collect();
        assert_eq!(found, ids, "{query}");
        if !query.starts_with("skip") {
            assert_eq!(body["data"]["total_count"], ids.len(), "{query}");
        }
    }
    for (query, fault) in [
        ("client_id=x", "client_id: int_parsing"),
        ("status=gone", "status: enum"),
        ("date_from=2026-02-30", "date_from: date_parsing"),
        (
            "date_from=2026-03-01&date_to=2026-02-01",
            "date_to: greater_than_equal",
        ),
        ("q=a%00b", "q: value_error"),
    ] {
        assert_eq!(
            viewer.get(format!("/api/po?{query}")).send().await.faults(),
            [fault],
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_cursor_walks_the_default_order_across_stores_and_nulls() {
    let app = TestApp::start().await;
    for store in ["B", "A", "B"] {
        app.client_po().store(store).insert().await;
    }
    for _ in 0..3 {
        app.client_po().insert().await;
    }
    let viewer = app.viewer().await;
    let whole = viewer.get("/api/po").send().await.expect(200);
    let expected: Vec<i64> = whole["data"]["pos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|po| po["id"].as_i64().unwrap())
        .collect();

    let mut walked = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let body = viewer.get(format!("/api/po?{query}")).send().await.expect(200);
        walked.extend(
            body["data"]["pos"]
                .as_array()
                .unwrap()
                .iter()
                .map(|po| po["id"].as_i64().unwrap()),
        );
        assert_eq!(body["data"]["total_count"], 6);
        let Some(cursor) = body["data"]["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=2&cursor={cursor}");
    }

    assert_eq!(walked, expected);
}

#[tokio::test]
async fn unknown_pos_are_not_found() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for path in ["/api/po/5", "/api/po/5/details", "/api/po/5/line-items"] {
        let body = viewer.get(path).send().await.expect_error(404, "NOT_FOUND");
        assert_eq!(body["message"], "PO not found");
    }
    assert_eq!(
        viewer.get("/api/po/abc/details").send().await.faults(),
        ["po_id: int_parsing"]
    );
}

#[tokio::test]
async fn an_adopted_row_without_a_time_is_shown_without_one() {
    let app = TestApp::start().await;
    let project = app.project("Old").await;
    let po = app.client_po().project(project).insert().await;
    app.client_po().project(project).open_agreement().insert().await;
    app.execute(
        r#"
        ALTER TABLE "Finances".client_po ALTER created_at DROP NOT NULL, ALTER updated_at DROP NOT NULL;
        ALTER TABLE "Finances".project ALTER created_at DROP NOT NULL, ALTER updated_at DROP NOT NULL;
        UPDATE "Finances".client_po SET created_at = NULL, updated_at = NULL;
        UPDATE "Finances".project SET created_at = NULL, updated_at = NULL;
        "#,
    )
    .await;
    let viewer = app.viewer().await;

    for path in [
        "/api/po".to_owned(),
        format!("/api/po/{po}/details"),
        "/api/projects".to_owned(),
        format!("/api/projects/{project}"),
        format!("/api/projects/{project}/financial-summary"),
    ] {
        viewer.get(&path).send().await.expect(200);
    }
    let shown = viewer.get(format!("/api/po/{po}")).send().await.expect(200);
    assert!(shown["data"]["created_at"].is_null());
}
