//! Lines of client POs, and the PO's value that follows from them.

use serde_json::json;

use crate::support::{TestApp, money, race};

#[tokio::test]
async fn the_first_line_replaces_a_stated_value() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("50000", "0").insert().await;
    let editor = app.editor().await;

    let added = editor
        .post(format!("/api/po/{po}/line-items"))
        .json(&json!({"item_name": "Steel rods", "quantity": 10, "unit_price": 2000, "unit": "nos", "hsn_code": "7214"}))
        .send()
        .await
        .expect(200);

    assert_eq!(added["message"], "Line item added successfully");
    assert_eq!(added["po_value"], money("20000"));
    assert_eq!(added["line_item"], added["data"]);
    let line = &added["line_item"];
    assert_eq!(line["id"], line["line_item_id"]);
    assert_eq!(
        (&line["description"], &line["boq_name"]),
        (&"Steel rods".into(), &"Steel rods".into())
    );
    assert_eq!(
        (&line["unit_price"], &line["rate"]),
        (&money("2000"), &money("2000"))
    );
    assert_eq!(
        (&line["total_price"], &line["amount"], &line["taxable_amount"]),
        (&money("20000"), &money("20000"), &money("20000"))
    );
    assert!(line["tax_rate"].is_null() && line["gst_amount"].is_null() && line["gross_amount"].is_null());
    let shown = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    assert_eq!(shown["po_value"], money("20000"));
    assert_eq!(shown["value_basis"], "lines");
    assert_eq!(shown["stated_value"], money("50000"));
    assert_eq!(shown["value_difference"], money("30000"));
    assert_eq!(shown["version"], 2);
    assert_eq!(shown["line_items"][0], *line);
}

#[tokio::test]
async fn lines_and_their_sums_are_exact() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("0", "0").insert().await;
    let editor = app.editor().await;
    for body in [
        // 100.005 away from zero
        r#"{"item_name": "a", "quantity": 3, "unit_price": 33.335}"#,
        // 0.1 + 0.2 as no float can
        r#"{"description": "b", "quantity": "0.1", "unit_price": "3"}"#,
        // 2 × 99.995 = 199.99, 18 % = 35.9982
        r#"{"item_name": "c", "quantity": 2, "unit_price": 99.995, "tax_rate": 18}"#,
        // the amount stands, the price follows
        r#"{"item_name": "d", "quantity": 30000, "amount": 1000, "gst_amount": 180}"#,
    ] {
        editor
            .post(format!("/api/po/{po}/line-items"))
            .body(body)
            .send()
            .await
            .expect(200);
    }

    let list = app
        .viewer()
        .await
        .get(format!("/api/po/{po}/line-items"))
        .send()
        .await
        .expect(200);

    let lines = &list["line_items"];
    assert_eq!(list["data"]["line_items"], *lines);
    assert_eq!(lines[0]["total_price"], money("100.01"));
    assert_eq!(lines[1]["total_price"], money("0.3"));
    assert_eq!(lines[2]["total_price"], money("199.99"));
    assert_eq!(
        (&lines[2]["gst_amount"], &lines[2]["gross_amount"]),
        (&money("36"), &money("235.99"))
    );
    assert_eq!(
        (&lines[3]["unit_price"], &lines[3]["tax_rate"]),
        (&money("0.0333"), &money("18"))
    );
    // 3 + 0.1 + 2 + 30000; 100.01 + 0.30 + 199.99 + 1000; 36 + 180; 100.01 + 0.30 + 235.99 + 1180
    assert_eq!(list["total_quantity"], money("30005.1"));
    assert_eq!(list["total_value"], money("1300.3"));
    assert_eq!(list["total_gst"], money("216"));
    assert_eq!(list["total_gross"], money("1516.3"));
    assert_eq!(list["average_unit_price"], money("0.04"));
    assert_eq!(
        (&list["line_item_count"], &list["total_count"]),
        (&4.into(), &4.into())
    );
    let po = app
        .viewer()
        .await
        .get(format!("/api/po/{po}"))
        .send()
        .await
        .expect(200)["data"]
        .clone();
    assert_eq!(
        (&po["po_value"], &po["total_tax"], &po["net_value"]),
        (&money("1516.3"), &money("216"), &money("1300.3"))
    );
}

#[tokio::test]
async fn fifty_lines_at_once_all_count() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("0", "0").insert().await;
    let editor = app.editor().await;
    let calls = (1..=50)
        .map(|number| {
            editor
                .post(format!("/api/po/{po}/line-items"))
                .json(&json!({"item_name": format!("line {number}"), "quantity": number, "unit_price": 1, "tax_rate": 18}))
        })
        .collect();

    let replies = race(calls).await;

    assert!(
        replies.iter().all(|reply| reply.status == 200),
        "{}",
        replies[49].text()
    );
    let shown = app
        .viewer()
        .await
        .get(format!("/api/po/{po}"))
        .send()
        .await
        .expect(200)["data"]
        .clone();
    // 1 + … + 50 = 1275; 18 % of each is exact to the paisa: 229.50
    assert_eq!(shown["po_value"], money("1504.5"));
    assert_eq!(shown["line_item_count"], 50);
    assert_eq!(shown["version"], 51);
}

#[tokio::test]
async fn every_fault_of_a_line_is_named_at_once() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let editor = app.editor().await;
    for (body, faults) in [
        (
            "{}",
            vec!["item_name: missing", "quantity: missing", "unit_price: missing"],
        ),
        (
            r#"{"item_name": " ", "quantity": 0, "unit_price": -1}"#,
            vec![
                "item_name: missing",
                "quantity: greater_than",
                "unit_price: greater_than_equal",
            ],
        ),
        (
            r#"{"item_name": 5, "quantity": "many", "unit_price": null, "amount": "1,000", "tax_rate": 101, "gst_amount": -1}"#,
            vec![
                "amount: decimal_parsing",
                "gst_amount: greater_than_equal",
                "item_name: value_error",
                "quantity: decimal_parsing",
                "tax_rate: less_than_equal",
            ],
        ),
        (
            r#"{"item_name": "a", "quantity": 1, "unit_price": " ", "amount": ""}"#,
            vec!["unit_price: missing"],
        ),
        (
            r#"{"item_name": "a", "quantity": 99999999999, "unit_price": 99999999999}"#,
            vec!["quantity: less_than_equal"],
        ),
        (
            r#"{"item_name": "a", "quantity": 12345678901234567890, "unit_price": 1}"#,
            vec!["quantity: less_than_equal"],
        ),
        (
            r#"{"item_name": "a", "quantity": NaN, "unit_price": 1}"#,
            vec!["body: json_invalid"],
        ),
        (r"[1]", vec!["body: json_invalid"]),
        (
            r#"{"item_name": "a\u0000", "quantity": 1, "unit_price": 1}"#,
            vec!["item_name: value_error"],
        ),
    ] {
        let reply = editor
            .post(format!("/api/po/{po}/line-items"))
            .body(body)
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po_line_item"#)
            .await,
        0
    );
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".audit_entry"#)
            .await,
        0
    );
}

#[tokio::test]
async fn a_value_beyond_its_column_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("0", "0").insert().await;
    let editor = app.editor().await;
    let line = json!({"item_name": "a", "quantity": 1000, "amount": 9_999_999_999_999_i64});
    editor
        .post(format!("/api/po/{po}/line-items"))
        .json(&line)
        .send()
        .await
        .expect(200);

    let reply = editor
        .post(format!("/api/po/{po}/line-items"))
        .json(&line)
        .send()
        .await;

    assert_eq!(reply.faults(), ["quantity: less_than_equal"]);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po_line_item"#)
            .await,
        1
    );
}

#[tokio::test]
async fn a_cancelled_or_unknown_po_takes_no_line() {
    let app = TestApp::start().await;
    let po = app.client_po().status("cancelled").insert().await;
    let editor = app.editor().await;
    let line = json!({"item_name": "a", "quantity": 1, "unit_price": 1});

    editor
        .post(format!("/api/po/{po}/line-items"))
        .json(&line)
        .send()
        .await
        .expect_error(409, "CONFLICT");
    editor
        .post("/api/po/999/line-items")
        .json(&line)
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_line_under_an_idempotency_key_is_added_once_also_by_another_server() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("0", "0").insert().await;
    let editor = app.editor().await;
    let add = |price: i64| {
        editor
            .post(format!("/api/po/{po}/line-items"))
            .header("idempotency-key", "add-1")
            .json(&json!({"item_name": "a", "quantity": 1, "unit_price": price}))
    };

    let first = add(5).send().await;
    let again = add(5).send().await;
    let elsewhere = app.another().await;
    let from_there = elsewhere
        .caller_of(&editor)
        .post(format!("/api/po/{po}/line-items"))
        .header("idempotency-key", "add-1")
        .json(&json!({"item_name": "a", "quantity": 1, "unit_price": 5}))
        .send()
        .await;
    let other = add(6).send().await;

    first.expect(200);
    assert_eq!(first.header("idempotency-replayed"), "");
    for repeat in [&again, &from_there] {
        assert_eq!(repeat.header("idempotency-replayed"), "true");
        assert_eq!(repeat.bytes, first.bytes);
    }
    assert_eq!(other.faults(), ["Idempotency-Key: value_error"]);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po_line_item"#)
            .await,
        1
    );
}

#[tokio::test]
async fn a_line_is_in_the_audit_trail_with_who_and_which_request() {
    let app = TestApp::start().await;
    let po = app.client_po().stated("10", "0").insert().await;
    let editor = app.editor().await;
    let reply = editor
        .post(format!("/api/po/{po}/line-items"))
        .header("x-request-id", "audit-me")
        .json(&json!({"item_name": "a", "quantity": 2, "unit_price": 3}))
        .send()
        .await;
    reply.expect(200);

    let entries: Vec<(String, String, Option<i32>, String)> = sqlx::query_as(
        r#"SELECT action, entity, actor_id, request_id FROM "Finances".audit_entry ORDER BY id"#,
    )
    .fetch_all(&app.db)
    .await
    .unwrap();

    let by = |action: &str, entity: &str| {
        (
            action.to_owned(),
            entity.to_owned(),
            Some(editor.user_id),
            "audit-me".to_owned(),
        )
    };
    assert_eq!(
        entries,
        [by("created", "client_po_line_item"), by("updated", "client_po")]
    );
}
