//! Lines of client POs after they were made: several at once, changed, removed, and all those of a project.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{TestApp, callers::Caller, money, race};

/// A PO as it is shown.
async fn shown(caller: &Caller, po: i64) -> Value {
    caller.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone()
}

/// Adds a line; its id.
async fn add(caller: &Caller, po: i64, line: Value) -> i64 {
    let added = caller
        .post(format!("/api/po/{po}/line-items"))
        .json(&line)
        .send()
        .await
        .expect(200);
    added["line_item"]["id"].as_i64().unwrap()
}

#[tokio::test]
async fn several_lines_are_added_in_their_order() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("50000", "0").insert().await;
    let editor = app.editor().await;

    let added = editor
        .post(format!("/api/po/{po}/line-items/bulk"))
        .json(&json!({"items": [
            {"item_name": "b", "quantity": 10, "unit_price": 2000},
            {"description": "a", "quantity": "2", "unit_price": "99.995", "tax_rate": 18},
        ]}))
        .send()
        .await
        .expect(200);

    assert_eq!(added["message"], "Added 2 items successfully");
    assert_eq!(
        (
            &added["created_count"],
            &added["failed_count"],
            &added["failed_items"]
        ),
        (&json!(2), &json!(0), &json!([]))
    );
    // 20000 + 199.99 + 36.00
    assert_eq!(added["po_value"], money("20235.99"));
    assert_eq!(added["line_items"][0]["item_name"], "b");
    assert_eq!(added["line_items"][1]["item_name"], "a");
    assert_eq!(added["data"]["line_items"], added["line_items"]);
    assert_eq!(added["data"]["failed_items"], json!([]));
    let po = shown(&editor, po).await;
    assert_eq!(
        (
            &po["po_value"],
            &po["total_tax"],
            &po["value_basis"],
            &po["version"]
        ),
        (&money("20235.99"), &money("36"), &json!("lines"), &json!(2))
    );
    assert_eq!(po["line_items"], added["line_items"]);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".audit_entry"#)
            .await,
        3
    );
}

#[tokio::test]
async fn one_bad_line_of_several_keeps_all_out() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let editor = app.editor().await;
    let good = json!({"item_name": "a", "quantity": 1, "unit_price": 1});
    let many = vec![good.clone(); 101];
    for (items, faults) in [
        (Value::Null, vec!["items: missing"]),
        (json!({}), vec!["items: value_error"]),
        (json!([]), vec!["items: value_error"]),
        (json!(many), vec!["items: value_error"]),
        (
            json!([good, {"quantity": 0, "unit_price": -1}, 7, {"item_name": "b", "quantity": 99999999999_i64, "unit_price": 1000}]),
            vec![
                "items[1].item_name: missing",
                "items[1].quantity: greater_than",
                "items[1].unit_price: greater_than_equal",
                "items[2]: value_error",
                "items[3].quantity: less_than_equal",
            ],
        ),
    ] {
        let reply = editor
            .post(format!("/api/po/{po}/line-items/bulk"))
            .json(&json!({"items": items}))
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{items}");
    }
    let reply = editor
        .post(format!("/api/po/{po}/line-items/bulk"))
        .json(&json!({"items": [{"quantity": 0, "unit_price": -1}]}))
        .send()
        .await
        .json();
    let messages: Vec<&str> = reply["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "Item name or description is required",
            "Quantity must be > 0",
            "Unit price cannot be negative"
        ]
    );
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po_line_item"#)
            .await,
        0
    );
}

#[tokio::test]
async fn several_lines_are_refused_to_whom_and_where_one_is() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let cancelled = app.client_po().status("cancelled").insert().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let body = json!({"items": [{"item_name": "a", "quantity": 1, "unit_price": 1}]});
    let bulk = |caller: &Caller, po: i64| caller.post(format!("/api/po/{po}/line-items/bulk")).json(&body);

    bulk(&viewer, po).send().await.expect_error(403, "FORBIDDEN");
    bulk(&editor, cancelled)
        .send()
        .await
        .expect_error(409, "CONFLICT");
    bulk(&editor, 999).send().await.expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn several_lines_under_one_key_are_added_once() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let editor = app.editor().await;
    let bulk = || {
        editor
            .post(format!("/api/po/{po}/line-items/bulk"))
            .header("idempotency-key", "bulk-1")
            .json(&json!({"items": [{"item_name": "a", "quantity": 1, "unit_price": 1}]}))
    };

    let first = bulk().send().await;
    let again = bulk().send().await;

    first.expect(200);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(shown(&editor, po).await["line_item_count"], 1);
}

#[tokio::test]
async fn a_doubled_quantity_doubles_the_value_and_the_last_line_gives_the_stated_one_back() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("0", "0").insert().await;
    let editor = app.editor().await;
    let line = add(
        &editor,
        po,
        json!({"item_name": "a", "quantity": 1, "unit_price": 100, "gst_amount": 18}),
    )
    .await;
    let value = |po: &Value| (po["po_value"].clone(), po["total_tax"].clone());
    assert_eq!(value(&shown(&editor, po).await), (money("118"), money("18")));

    let doubled = editor
        .put(format!("/api/line-items/{line}"))
        .json(&json!({"quantity": 2}))
        .send()
        .await;

    let body = doubled.expect(200);
    assert_eq!(doubled.header("etag").split('-').next(), Some("\"2"));
    assert_eq!(body["message"], "Line item updated successfully");
    assert_eq!(body["line_item"], body["data"]);
    assert_eq!(body["po_value"], money("236"));
    assert_eq!(
        (
            &body["data"]["total_price"],
            &body["data"]["gst_amount"],
            &body["data"]["gross_amount"]
        ),
        (&money("200"), &money("36"), &money("236"))
    );
    let after = shown(&editor, po).await;
    assert_eq!(value(&after), (money("236"), money("36")));
    assert_eq!(after["line_items"][0], body["data"]);

    let deleted = editor
        .delete(format!("/api/line-items/{line}"))
        .send()
        .await
        .expect(200);

    assert_eq!(
        deleted,
        json!({
            "status": "SUCCESS", "message": "Line item deleted successfully", "success": true, "line_item_id": line,
            "data": {"success": true, "message": "Line item deleted successfully", "line_item_id": line}, "po_value": 0,
        })
    );
    let after = shown(&editor, po).await;
    assert_eq!(value(&after), (money("0"), money("0")));
    assert_eq!(after["value_basis"], "stated");
    editor
        .delete(format!("/api/line-items/{line}"))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_removed_line_takes_its_tax_with_it() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("236", "36").insert().await;
    let editor = app.editor().await;
    let line = json!({"item_name": "a", "quantity": 1, "amount": 100, "gst_amount": 18});
    let first = add(&editor, po, line.clone()).await;
    add(&editor, po, line).await;

    editor
        .delete(format!("/api/line-items/{first}"))
        .send()
        .await
        .expect(200);

    let after = shown(&editor, po).await;
    assert_eq!(
        (&after["po_value"], &after["total_tax"], &after["net_value"]),
        (&money("118"), &money("18"), &money("100"))
    );
    assert_eq!(after["stated_value"], money("236"));
}

#[tokio::test]
async fn printed_figures_stay_until_what_they_follow_from_changes() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let editor = app.editor().await;
    let line = add(
        &editor,
        po,
        json!({"item_name": "a", "quantity": 30000, "amount": 1000, "gst_amount": 180, "unit": "nos", "hsn_code": "7214"}),
    )
    .await;
    let put = async |body: Value| {
        editor
            .put(format!("/api/line-items/{line}"))
            .json(&body)
            .send()
            .await
            .expect(200)["data"]
            .clone()
    };
    let figures = |line: &Value| {
        (
            line["total_price"].clone(),
            line["gst_amount"].clone(),
            line["unit_price"].clone(),
        )
    };
    let printed = (money("1000"), money("180"), money("0.0333"));

    let renamed = put(json!({"description": "b", "unit": "", "hsn_code": null})).await;
    assert_eq!(
        (&renamed["item_name"], &renamed["unit"], &renamed["hsn_code"]),
        (&json!("b"), &Value::Null, &json!("7214"))
    );
    assert_eq!(figures(&renamed), printed);

    // A dialog sends everything back.
    let same = put(json!({"item_name": "b", "quantity": 30000, "unit_price": 0.0333, "tax_rate": 18, "gst_amount": 180.00})).await;
    assert_eq!(same, renamed);
    assert_eq!(put(json!({"extra": 1})).await, renamed);

    let taxed = put(json!({"tax_rate": 5})).await;
    assert_eq!(figures(&taxed), (money("1000"), money("50"), money("0.0333")));
    let by_amount = put(json!({"amount": "3000"})).await;
    assert_eq!(figures(&by_amount), (money("3000"), money("150"), money("0.1")));
    let priced = put(json!({"unit_price": 1, "amount": 7})).await;
    assert_eq!(figures(&priced), (money("30000"), money("1500"), money("1")));
    assert_eq!(priced["rate"], money("1"));
    assert_eq!(priced["version"], 5);
    assert_eq!(shown(&editor, po).await["po_value"], money("31500"));
}

#[tokio::test]
async fn every_fault_of_a_change_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let editor = app.editor().await;
    let line = add(
        &editor,
        po,
        json!({"item_name": "a", "quantity": 99999999999_i64, "unit_price": 1}),
    )
    .await;
    let before = shown(&editor, po).await;
    let long = "x".repeat(51);
    for (body, faults) in [
        (json!({"item_name": " "}), vec!["item_name: string_too_short"]),
        (json!({"description": ""}), vec!["description: string_too_short"]),
        (
            json!({"item_name": 5, "quantity": 0, "unit_price": -1, "amount": -1, "unit": long, "hsn_code": 7, "tax_rate": 101, "gst_amount": "x"}),
            vec![
                "amount: greater_than_equal",
                "gst_amount: decimal_parsing",
                "hsn_code: value_error",
                "item_name: value_error",
                "quantity: greater_than",
                "tax_rate: less_than_equal",
                "unit: string_too_long",
                "unit_price: greater_than_equal",
            ],
        ),
        (json!({"unit_price": 1000}), vec!["quantity: less_than_equal"]),
        (
            json!({"quantity": 0.0001, "amount": 99_999_999}),
            vec!["amount: less_than_equal"],
        ),
    ] {
        let reply = editor
            .put(format!("/api/line-items/{line}"))
            .json(&body)
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    assert_eq!(shown(&editor, po).await, before);
}

#[tokio::test]
async fn a_line_is_changed_and_removed_by_editors_who_know_its_version() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let reply = editor
        .post(format!("/api/po/{po}/line-items"))
        .json(&json!({"item_name": "a", "quantity": 1, "unit_price": 1}))
        .send()
        .await;
    let line = reply.expect(200)["data"]["id"].as_i64().unwrap();
    let tag = reply.header("etag").to_owned();
    assert!(tag.starts_with("\"1-"), "{tag}");
    let path = format!("/api/line-items/{line}");
    let change = json!({"quantity": 2});

    viewer
        .put(&path)
        .json(&change)
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    viewer.delete(&path).send().await.expect_error(403, "FORBIDDEN");
    let first = editor
        .put(&path)
        .header("if-match", &tag)
        .json(&change)
        .send()
        .await;
    first.expect(200);
    editor
        .put(&path)
        .header("if-match", &tag)
        .json(&json!({"quantity": 3}))
        .send()
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    editor
        .delete(&path)
        .header("if-match", &tag)
        .send()
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    editor
        .delete(&path)
        .header("if-match", first.header("etag"))
        .send()
        .await
        .expect(200);
    editor
        .put(&path)
        .json(&change)
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn changes_at_once_all_count_and_of_two_with_one_version_one_does() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("0", "0").insert().await;
    let editor = app.editor().await;
    let mut lines = Vec::new();
    for _ in 0..10 {
        lines.push(
            add(
                &editor,
                po,
                json!({"item_name": "a", "quantity": 1, "unit_price": 10}),
            )
            .await,
        );
    }

    let mut calls = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let path = format!("/api/line-items/{line}");
        calls.push(if index % 2 == 0 {
            editor.put(path).json(&json!({"quantity": 3}))
        } else {
            editor.delete(path)
        });
    }
    calls.push(
        editor
            .post(format!("/api/po/{po}/line-items"))
            .json(&json!({"item_name": "b", "quantity": 1, "unit_price": 7})),
    );
    let replies = race(calls).await;

    assert!(replies.iter().all(|reply| reply.status == 200));
    // 5 × 30 + 7
    assert_eq!(shown(&editor, po).await["po_value"], money("157"));
    assert_eq!(
        app.value::<i64>(
            r#"SELECT sum(lines)::bigint FROM "Finances".kept_total WHERE list = 'client_po' AND scope = 'all'"#
        )
        .await,
        6
    );

    let path = format!("/api/line-items/{}", lines[0]);
    let calls = (4..8)
        .map(|quantity| {
            editor
                .put(&path)
                .header("if-match", "\"2\"")
                .json(&json!({"quantity": quantity}))
        })
        .collect();
    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 412, 412, 412]);
}

#[tokio::test]
async fn a_vendor_order_line_lets_go_of_a_removed_line() {
    let app = TestApp::start().await;
    let project = app.project("P").await;
    let po = app.client_po().project(project).insert().await;
    let editor = app.editor().await;
    let line = add(
        &editor,
        po,
        json!({"item_name": "a", "quantity": 1, "unit_price": 1}),
    )
    .await;
    app.vendor_order(project, "10", "pending").await;
    app.execute(
        r#"
        INSERT INTO "Finances".vendor_order_line_item
               (vendor_order_id, item_name, quantity, unit_price, total_price, client_line_item_id)
        SELECT vendor_order.id, 'a', 1, 1, 1, line.id
          FROM "Finances".vendor_order, "Finances".client_po_line_item AS line
        "#,
    )
    .await;

    editor
        .delete(format!("/api/line-items/{line}"))
        .send()
        .await
        .expect(200);

    assert!(
        app.value::<bool>(
            r#"SELECT client_line_item_id IS NULL AND version = 2 FROM "Finances".vendor_order_line_item"#
        )
        .await
    );
    assert_eq!(freed_vendor_lines(&app).await, 1);
}

#[tokio::test]
async fn a_revision_by_file_frees_vendor_order_lines_as_a_removal_does() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let upload = async |fields: &[(&str, &str)]| {
        let file = Part::bytes(include_bytes!("data/sample-proforma.xlsx").to_vec()).file_name("po.xlsx");
        let mut form = Form::new().part("file", file).text("client_id", "2");
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        editor.post("/api/po/upload").form(form).send().await.expect(200)
    };
    let first = upload(&[]).await;
    let project = first["project_id"].as_i64().unwrap();
    app.vendor_order(project, "10", "pending").await;
    app.execute(
        r#"
        INSERT INTO "Finances".vendor_order_line_item
               (vendor_order_id, item_name, quantity, unit_price, total_price, client_line_item_id)
        SELECT vendor_order.id, line.item_name, 1, 1, 1, line.id
          FROM "Finances".vendor_order, "Finances".client_po_line_item AS line
        "#,
    )
    .await;

    upload(&[("revision", "true")]).await;

    assert_eq!(freed_vendor_lines(&app).await, 3);
}

/// Vendor order lines that let go of a line, with their entries in the audit trail.
async fn freed_vendor_lines(app: &TestApp) -> i64 {
    app.value(
        r#"
        SELECT count(*)
          FROM "Finances".vendor_order_line_item AS line
          JOIN "Finances".audit_entry AS entry
            ON entry.entity = 'vendor_order_line_item' AND entry.entity_id = line.id::text
         WHERE line.client_line_item_id IS NULL
           AND line.version = 2
           AND entry.before ? 'client_line_item_id'
        "#,
    )
    .await
}

#[tokio::test]
async fn a_project_shows_the_lines_of_all_its_pos() {
    let app = TestApp::start().await;
    let project = app.project("P").await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let first = app.client_po().project(project).number("PO-1").insert().await;
    let agreement = app.client_po().project(project).open_agreement().insert().await;
    let given_up = app.client_po().project(project).number("PO-3").insert().await;
    let elsewhere = app.client_po().number("PO-4").insert().await;
    for (po, quantity, price) in [
        (agreement, "3", "33.335"),
        (first, "2", "10"),
        (given_up, "1000", "1"),
        (elsewhere, "1", "1"),
        (first, "0.5", "20"),
    ] {
        add(
            &editor,
            po,
            json!({"item_name": "a", "quantity": quantity, "unit_price": price}),
        )
        .await;
    }
    sqlx::query(r#"UPDATE "Finances".client_po SET status = 'cancelled' WHERE id = $1"#)
        .bind(given_up)
        .execute(&app.db)
        .await
        .unwrap();
    let path = format!("/api/projects/{project}/line-items");

    let list = viewer.get(&path).send().await.expect(200);

    assert_eq!(list["project_id"], project);
    let rows: Vec<(&Value, &Value, &Value)> = list["line_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["client_po_id"], &line["po_number"], &line["total_price"]))
        .collect();
    assert_eq!(
        rows,
        [
            (&json!(first), &json!("PO-1"), &money("20")),
            (&json!(first), &json!("PO-1"), &money("10")),
            (&json!(agreement), &Value::Null, &money("100.01")),
            (&json!(given_up), &json!("PO-3"), &money("1000")),
        ]
    );
    // 2 + 0.5 + 3; 20 + 10 + 100.01; 130.01 ÷ 5.5; the cancelled PO is in the counts only.
    for place in [&list, &list["data"]] {
        assert_eq!(
            (
                &place["line_item_count"],
                &place["total_count"],
                &place["total_value"]
            ),
            (&json!(4), &json!(4), &money("130.01"))
        );
    }
    assert_eq!(
        (&list["total_quantity"], &list["average_unit_price"]),
        (&money("5.5"), &money("23.64"))
    );

    let page = viewer.get(format!("{path}?limit=3")).send().await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = viewer
        .get(format!("{path}?limit=3&cursor={cursor}"))
        .send()
        .await
        .expect(200);
    assert_eq!(rest["line_items"], json!([list["line_items"][3]]));
    let sorted = viewer
        .get(format!("{path}?sort=-total_price&limit=1"))
        .send()
        .await
        .expect(200);
    assert_eq!(sorted["line_items"][0], list["line_items"][3]);
    viewer
        .get("/api/projects/999/line-items")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(
        viewer
            .get(format!("{path}?sort=rate&limit=0"))
            .send()
            .await
            .faults(),
        ["limit: greater_than_equal", "sort: enum"]
    );
}
