//! Bajaj's orders, listed and made by themselves.

use serde_json::{Value, json};

use crate::support::{TestApp, builders::recount, money, race};

#[tokio::test]
async fn an_order_is_a_po_of_bajaj_with_its_items_and_notes() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    let vendor: i64 = app
        .value(r#"INSERT INTO "Finances".vendor (name) VALUES ('Example Works') RETURNING id"#)
        .await;
    recount(&app.db).await;

    let reply = editor
        .post("/api/bajaj-po")
        .json(&json!({
            "po_number": "4500000001", "po_date": "2026-02-10", "vendor_id": vendor, "po_value": 177000, "currency": "INR",
            "items": [{"description": "Cabling works", "quantity": 100, "unit_price": 1500, "tax_rate": 18}],
            "delivery_date": "end of March", "payment_terms": "30 days", "project_id": project, "client_id": 2,
        }))
        .send()
        .await;

    let mut body = reply.expect(200);
    let po = body["id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/po/{po}"));
    assert!(!reply.header("etag").is_empty());
    let data = body.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(data, body, "data repeats the top level");
    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("po_status", json!("pending")),
        ("po_number", json!("4500000001")),
        ("po_date", json!("2026-02-10")),
        ("client_id", json!(1)),
        ("project_id", json!(project)),
        ("is_primary", json!(true)),
        ("vendor_name", json!("Example Works")),
        ("po_value", json!(177_000)),
        ("net_value", json!(150_000)),
        ("total_tax", json!(27_000)),
        ("stated_value", json!(177_000)),
        ("value_difference", json!(0)),
        (
            "notes",
            json!("Delivery date: end of March; Payment terms: 30 days"),
        ),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    assert_eq!(body["line_items"][0]["gst_amount"], json!(27_000));
    let mut shown = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    assert_eq!(shown["status"], "pending");
    shown["status"] = json!("SUCCESS");
    shown["po_status"] = json!("pending");
    assert_eq!(body, shown);
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn an_order_needs_no_more_than_its_number_which_is_its_own() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let bare = json!({"po_number": "B-1"});
    let made = editor.post("/api/bajaj-po").json(&bare).send().await.expect(200);
    let stated = json!({"po_number": "B-2", "po_value": "150000.50", "delivery_date": "2026-03-31"});
    let stated = editor
        .post("/api/bajaj-po")
        .json(&stated)
        .send()
        .await
        .expect(200);
    let lines =
        json!({"po_number": "B-3", "items": [{"description": "x", "quantity": 3, "unit_price": 33.335}]});
    let lines = editor.post("/api/bajaj-po").json(&lines).send().await.expect(200);

    assert_eq!((&made["po_value"], &made["notes"]), (&json!(0), &Value::Null));
    assert!(made["po_date"].is_string());
    assert_eq!(stated["po_value"], money("150000.5"));
    assert_eq!(stated["notes"], "Delivery date: 2026-03-31");
    // 3 × 33.335 = 100.005
    assert_eq!(lines["po_value"], money("100.01"));
    assert!(lines["stated_value"].is_null());
    let taken = editor.post("/api/bajaj-po").json(&bare).send().await;
    taken.expect_error(409, "CONFLICT");
    let calls = (0..4)
        .map(|_| editor.post("/api/bajaj-po").json(&json!({"po_number": "B-9"})))
        .collect();
    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 409, 409, 409]);
    app.execute(r#"INSERT INTO "Finances".project (name, client_id) VALUES ('Of Dava', 2)"#)
        .await;
    let foreign = editor
        .post("/api/bajaj-po")
        .json(&json!({"po_number": "B-10", "project_id": 1}))
        .send()
        .await;
    assert_eq!(foreign.faults(), ["project_id: value_error"]);
}

#[tokio::test]
async fn the_list_is_that_of_the_pos_of_bajaj() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let first = app.client_po().number("B-1").store("A").insert().await;
    let second = app.client_po().number("B-2").status("active").insert().await;
    app.client_po().client(2).number("D-1").insert().await;

    let body = viewer.get("/api/bajaj-po?client_id=2").send().await.expect(200);
    let same = viewer.get("/api/po?client_id=1").send().await.expect(200);

    assert_eq!(
        (&body["status"], &body["total_count"], &body["limit"]),
        (&json!("SUCCESS"), &json!(2), &json!(50))
    );
    assert_eq!(body["pos"], same["data"]["pos"]);
    assert_eq!(body["bajaj_pos"], body["pos"]);
    assert_eq!(body["pos"][0]["id"], first);
    let page = viewer
        .get("/api/bajaj-po?skip=1&limit=1")
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&page["pos"][0]["id"], &page["total_count"]),
        (&json!(second), &json!(2))
    );
    let active = viewer.get("/api/bajaj-po?status=active").send().await.expect(200);
    assert_eq!(active["total_count"], 1);
}
