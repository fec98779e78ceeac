//! The histories of documents, which outlive them.

use serde_json::{Value, json};

use crate::support::{TestApp, callers::Caller};

/// A page of a history as "action entity" of each entry, and the answer.
async fn history(caller: &Caller, path: &str) -> (Vec<String>, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = caller
        .get(format!("/api{path}/history?{query}"))
        .send()
        .await
        .expect(200);
    let entries = body["history"].as_array().unwrap();
    let told = entries
        .iter()
        .map(|entry| {
            let word = |name: &str| entry[name].as_str().unwrap().to_owned();
            format!("{} {}", word("action"), word("entity"))
        })
        .collect();
    assert_eq!(body["history"], body["data"]["history"]);
    (told, body)
}

async fn made(caller: &Caller, path: &str, body: &Value, id: &str) -> String {
    let answer = caller.post(path).json(body).send().await.expect(200);
    let id = answer.pointer(id).unwrap_or_else(|| panic!("{id} of {answer}"));
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

#[tokio::test]
async fn the_history_of_a_po_holds_its_lines_and_documents_and_ends_with_its_deletion() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let project = app.project("Store").await;
    let new = json!({"client_id": 1, "project_id": project, "po_number": "PO-1", "po_value": 100});
    let po = made(&admin, "/api/po", &new, "/po_id").await;
    let other = app.client_po().insert().await;
    let line = json!({"item_name": "Rods", "quantity": 2, "unit_price": 10.50});
    let item = made(&admin, &format!("/api/po/{po}/line-items"), &line, "/data/id").await;
    made(&admin, &format!("/api/po/{other}/line-items"), &line, "/data/id").await;
    admin
        .put(format!("/api/line-items/{item}"))
        .json(&json!({"quantity": 3}))
        .send()
        .await
        .expect(200);
    let ordered = json!({"vendor_id": app_vendor(&app).await, "po_number": "V-1", "po_value": 5, "project_id": project,
                         "client_po_id": po.parse::<i64>().unwrap()});
    made(&admin, "/api/vendor-orders", &ordered, "/vendor_order/id").await;

    let (told, body) = history(&viewer, &format!("/po/{po}")).await;

    assert_eq!(
        told,
        [
            "created client_po",
            "created client_po_line_item",
            "updated client_po",
            "updated client_po_line_item",
            "updated client_po"
        ]
    );
    assert_eq!(body["total_count"], 5);
    let entry = body["history"][1].as_object().unwrap();
    assert!(!entry.contains_key("request_id"), "{entry:?}");
    assert_eq!(entry["entity_id"], item);
    assert_eq!(entry["actor_id"], admin.user_id);
    assert_eq!(body["history"][4]["before"]["po_value"], 21);
    let (page, body) = history(&viewer, &format!("/po/{po}?skip=1&limit=2")).await;
    assert_eq!(page, told[1..3]);
    let cursor = body["next_cursor"].clone();
    assert!(cursor.is_string(), "{body}");
    let (latest, _) = history(&viewer, &format!("/po/{po}?sort=-id&limit=1")).await;
    assert_eq!(latest, ["updated client_po"]);

    admin.delete(format!("/api/po/{po}")).send().await.expect(200);

    let (after, body) = history(&viewer, &format!("/po/{po}")).await;
    assert_eq!(after[..5], told);
    assert_eq!(after.last().unwrap(), "deleted client_po");
    let last = body["history"].as_array().unwrap().last().unwrap();
    assert_eq!(last["before"]["line_items"][0]["item_name"], "Rods");
    viewer
        .get(format!("/api/po/{po}"))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    let (others, _) = history(&viewer, &format!("/po/{other}")).await;
    assert_eq!(others, ["created client_po_line_item", "updated client_po"]);
}

async fn app_vendor(app: &TestApp) -> i64 {
    app.value(r#"INSERT INTO "Finances".vendor (name) VALUES ('Sharma') RETURNING id"#)
        .await
}

#[tokio::test]
async fn the_histories_of_orders_and_payments_share_the_links_between_them() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let project = app.project("Store").await;
    let vendor = app_vendor(&app).await;
    let po = app.client_po().project(project).insert().await;
    let client_line = json!({"item_name": "Rods", "quantity": 2, "unit_price": 10});
    let client_line = made(
        &admin,
        &format!("/api/po/{po}/line-items"),
        &client_line,
        "/data/id",
    )
    .await;
    let new = json!({"vendor_id": vendor, "po_number": "V-1", "po_value": 100, "project_id": project});
    let order = made(&admin, "/api/vendor-orders", &new, "/vendor_order/id").await;
    let line = json!({"item_name": "Beam", "quantity": 10, "unit_price": 10,
                      "client_line_item_id": client_line.parse::<i64>().unwrap()});
    made(
        &admin,
        &format!("/api/vendor-orders/{order}/line-items"),
        &line,
        "/data/id",
    )
    .await;
    let advance =
        json!({"vendor_id": vendor, "amount": 50, "payment_date": "2026-03-01", "status": "completed"});
    let payment = made(&admin, "/api/vendor-payments", &advance, "/payment_id").await;
    let allotted =
        json!({"link_type": "outgoing", "vendor_payment_id": payment.parse::<i64>().unwrap(), "amount": 20});
    made(
        &admin,
        &format!("/api/vendor-orders/{order}/link-payment"),
        &allotted,
        "/link/id",
    )
    .await;

    let (of_order, _) = history(&viewer, &format!("/vendor-orders/{order}")).await;
    let (of_payment, _) = history(&viewer, &format!("/vendor-payments/{payment}")).await;

    assert_eq!(
        of_order,
        [
            "created vendor_order",
            "created vendor_order_line_item",
            "updated vendor_order",
            "linked payment_vendor_link"
        ]
    );
    assert_eq!(
        of_payment,
        ["created vendor_payment", "linked payment_vendor_link"]
    );

    // The order's line lets go of the client's, which is the order's history too.
    admin
        .delete(format!("/api/line-items/{client_line}"))
        .send()
        .await
        .expect(200);
    admin
        .delete(format!(
            "/api/vendor-orders/{order}/payments/{payment}?source=vendor"
        ))
        .send()
        .await
        .expect(200);
    admin
        .delete(format!("/api/vendor-orders/{order}"))
        .send()
        .await
        .expect(200);
    admin
        .delete(format!("/api/vendor-payments/{payment}"))
        .send()
        .await
        .expect(200);

    let (gone_order, _) = history(&viewer, &format!("/vendor-orders/{order}")).await;
    assert_eq!(gone_order[..4], of_order);
    assert_eq!(
        gone_order[4..],
        [
            "updated vendor_order_line_item",
            "unlinked payment_vendor_link",
            "deleted vendor_order"
        ]
    );
    let (gone_payment, _) = history(&viewer, &format!("/vendor-payments/{payment}")).await;
    assert_eq!(
        gone_payment,
        [
            "created vendor_payment",
            "linked payment_vendor_link",
            "unlinked payment_vendor_link",
            "deleted vendor_payment"
        ]
    );
}

#[tokio::test]
async fn the_history_of_a_bill_is_found_by_either_of_its_numbers_also_when_it_is_gone() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let project = app.project("Store").await;
    app.client_po().project(project).insert().await;
    let new = json!({"billed_value": 100, "billed_gst": 18});
    let bill = made(
        &admin,
        &format!("/api/projects/{project}/billing-po"),
        &new,
        "/data/id",
    )
    .await;
    app.execute(r#"UPDATE "Finances".billing_po SET legacy_id = 17"#)
        .await;
    let line = json!({"description": "Cabling", "qty": 2, "rate": 10});
    made(
        &admin,
        &format!("/api/billing-po/{bill}/line-items"),
        &line,
        "/data/id",
    )
    .await;

    let (told, _) = history(&viewer, &format!("/billing-po/{bill}")).await;

    assert_eq!(
        told,
        [
            "created billing_po",
            "created billing_po_line_item",
            "updated billing_po"
        ]
    );
    assert_eq!(history(&viewer, "/billing-po/17").await.0, told);
    admin
        .delete(format!("/api/billing-po/{bill}"))
        .send()
        .await
        .expect(200);
    for key in [bill.as_str(), "17"] {
        let (after, _) = history(&viewer, &format!("/billing-po/{key}")).await;
        assert_eq!(after[..3], told, "{key}");
        assert_eq!(after[3..], ["deleted billing_po"], "{key}");
    }
    for key in ["18", "0f9b6a71-d4c8-4253-8a90-bf1c6de84372"] {
        let reply = viewer.get(format!("/api/billing-po/{key}/history")).send().await;
        reply.expect_error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn what_goes_with_a_project_keeps_its_history() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let project = app.project("Store").await;
    let po = app.client_po().project(project).insert().await;
    let bill = made(
        &admin,
        &format!("/api/projects/{project}/billing-po"),
        &json!({"billed_value": 100, "status": "DRAFT"}),
        "/data/id",
    )
    .await;

    admin
        .delete(format!("/api/projects/{project}?force=true"))
        .send()
        .await
        .expect(200);

    assert_eq!(
        history(&viewer, &format!("/po/{po}")).await.0.last().unwrap(),
        "deleted client_po"
    );
    assert_eq!(
        history(&viewer, &format!("/billing-po/{bill}")).await.0,
        ["created billing_po", "deleted billing_po"]
    );
}

#[tokio::test]
async fn a_document_that_nobody_touched_has_an_empty_history_and_one_that_never_was_has_none() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let project = app.project("Store").await;
    let po = app.client_po().insert().await;
    let order = app.vendor_order(project, "10", "pending").await;
    let payment = app.vendor_payment(order, "1", "pending").await;
    for path in [
        format!("/po/{po}"),
        format!("/vendor-orders/{order}"),
        format!("/vendor-payments/{payment}"),
    ] {
        let (told, body) = history(&viewer, &path).await;
        assert!(told.is_empty(), "{path}: {told:?}");
        assert_eq!(
            (&body["total_count"], &body["status"]),
            (&json!(0), &json!("SUCCESS"))
        );
    }
    for path in ["/po", "/vendor-orders", "/vendor-payments", "/billing-po"] {
        let reply = viewer.get(format!("/api{path}/999999999/history")).send().await;
        let message = reply.expect_error(404, "NOT_FOUND")["message"].clone();
        assert!(message.as_str().unwrap().ends_with(" not found"), "{message}");
        let reply = app.nobody().get(format!("/api{path}/1/history")).send().await;
        reply.expect_error(401, "UNAUTHORIZED");
        let reply = viewer.get(format!("/api{path}/x/history?limit=0")).send().await;
        reply.expect_error(422, "VALIDATION_ERROR");
    }
}
