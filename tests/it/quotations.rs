//! Quotations.

use serde_json::{Value, json};

use crate::support::{TestApp, builders::recount, callers::Caller, money};

/// A quotation of this store over these items.
fn quotation(store: &str, items: &Value) -> Value {
    json!({
        "header": {
            "storeId": store, "storeLocation": "Delhi", "fullAddress": "12 Ring Road", "companyName": "Example Retail Ltd",
            "totalArea": "1200 sq ft",
        },
        "lineItems": items,
    })
}

/// Makes one with a single item of this price without tax; its id.
async fn make(editor: &Caller, store: &str, price: &str) -> i64 {
    let body = quotation(store, &json!([{"name": "Work", "price": price, "tax": 0}]));
    let made = editor
        .post("/api/quotations")
        .json(&body)
        .send()
        .await
        .expect(200);
    made["id"].as_i64().unwrap()
}

/// The ids in a list's answer.
fn ids(list: &Value) -> Vec<i64> {
    let quotations = list["quotations"].as_array().unwrap();
    assert_eq!(list["data"]["quotations"], list["quotations"]);
    assert_eq!(list["count"], quotations.len());
    quotations
        .iter()
        .map(|quotation| quotation["id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_quotation_costs_what_its_items_add_up_to() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let body = json!({
        "header": {
            "storeId": " ST-104 ", "storeLocation": "Delhi", "fullAddress": "12 Ring Road", "companyName": "Example Retail Ltd",
            "totalArea": 1200.50, "totalAmount": 5, "subtotal": "wrong", "totalGST": -1, "other": {},
        },
        "lineItems": [
            {"name": "Partition", "hsn_sac_code": "9954", "type_of_boq": "Non Movable", "quantity": 2, "units": "sq ft",
             "price": "99.995", "tax": 18, "gst_amount": 7, "total": "x"},
            {"name": "Chair", "type_of_boq": "On loan", "quantity": "3", "price": 33.335, "tax": "12.5"},
            {"name": "Survey", "hsn_sac_code": " ", "price": null},
        ],
    });

    let reply = editor.post("/api/quotations").json(&body).send().await;

    let made = reply.expect(200);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(made["message"], "Quotation saved successfully");
    assert_eq!(
        (&made["quotation_id"], &made["data"]["id"]),
        (&id.into(), &id.into())
    );
    assert_eq!(reply.header("location"), format!("/api/quotations/{id}"));
    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    let header = &made["data"]["header"];
    for (field, value) in [
        ("id", json!(id)),
        ("quotation_id", json!(id)),
        ("store_id", json!("ST-104")),
        ("store_location", json!("Delhi")),
        ("full_address", json!("12 Ring Road")),
        ("company_name", json!("Example Retail Ltd")),
        ("total_area", json!("1200.5")),
        // 199.99 + 100.01 + 0
        ("subtotal", money("300")),
        // 36.00 + 12.50 + 0
        ("total_gst", money("48.5")),
        ("total_amount", money("348.5")),
        ("status", json!("saved")),
        ("version", json!(1)),
    ] {
        assert_eq!(header[field], value, "{field}");
    }
    let items = made["data"]["line_items"].as_array().unwrap();
    let figures: Vec<[&Value; 5]> = items
        .iter()
        .map(|item| ["quantity", "price", "tax", "gst_amount", "total"].map(|field| &item[field]))
        .collect();
    assert_eq!(
        figures,
        [
            [
                &money("2"),
                &money("99.995"),
                &money("18"),
                &money("36"),
                &money("235.99")
            ],
            [
                &money("3"),
                &money("33.335"),
                &money("12.5"),
                &money("12.5"),
                &money("112.51")
            ],
            [&money("1"), &money("0"), &money("18"), &money("0"), &money("0")],
        ]
    );
    assert_eq!(
        (
            &items[0]["hsn_sac_code"],
            &items[0]["type_of_boq"],
            &items[0]["units"]
        ),
        (&json!("9954"), &json!("Non Movable"), &json!("sq ft"))
    );
    assert_eq!(items[1]["type_of_boq"], "On loan");
    assert!(items[2]["hsn_sac_code"].is_null() && items[2]["units"].is_null());
    assert!(items.iter().all(|item| item["quotation_id"] == id));

    let shown = viewer.get(format!("/api/quotations/{id}")).send().await;
    assert_eq!(
        shown.expect(200),
        json!({"status": "SUCCESS", "data": made["data"]})
    );
    let stored: String = app
        .value(
            r#"SELECT concat_ws(' ', subtotal, total_gst, total_amount,
                      (SELECT string_agg(total::text, ',' ORDER BY id) FROM "Finances".quotation_line_item))
                 FROM "Finances".quotation"#,
        )
        .await;
    assert_eq!(stored, "300.00 48.50 348.50 235.99,112.51,0.00");
    assert_eq!(app.totals_that_are_off().await, 0);
    let not_modified = viewer
        .get(format!("/api/quotations/{id}"))
        .header("if-none-match", shown.header("etag"))
        .send()
        .await;
    assert_eq!(not_modified.status, 304);
}

#[tokio::test]
async fn a_tax_is_kept_and_counted_with_two_decimals() {
    let app = TestApp::start().await;
    let body = quotation("S", &json!([{"name": "Work", "price": 100000, "tax": 12.345}]));

    let made = app
        .editor()
        .await
        .post("/api/quotations")
        .json(&body)
        .send()
        .await
        .expect(200);

    let item = &made["data"]["line_items"][0];
    assert_eq!(
        (&item["tax"], &item["gst_amount"]),
        (&money("12.35"), &money("12350"))
    );
}

#[tokio::test]
async fn every_fault_of_a_quotation_is_named_with_its_place() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let item = |field: &str, value: Value| {
        let mut item = json!({"name": "Work", "price": 1});
        item[field] = value;
        quotation("S", &json!([item]))
    };
    let many: Vec<Value> = vec![json!({"name": "Work"}); 1001];
    for (body, faults) in [
        (json!({}), vec!["header: missing", "lineItems: missing"]),
        (
            json!({"header": [], "lineItems": {}}),
            vec!["header: value_error", "lineItems: value_error"],
        ),
        (quotation("S", &json!([])), vec!["lineItems: value_error"]),
        (quotation("S", &many.into()), vec!["lineItems: value_error"]),
        (
            json!({
                "header": {"storeId": " ", "storeLocation": "n".repeat(1001), "fullAddress": 5, "totalArea": true},
                "lineItems": [
                    {"name": "Good"},
                    7,
                    {"name": "", "quantity": 0, "price": -1, "tax": 100.01, "units": "n".repeat(21)},
                    {"quantity": "many", "hsn_sac_code": "n".repeat(51), "type_of_boq": 5},
                ],
            }),
            vec![
                "header.companyName: missing",
                "header.fullAddress: value_error",
                "header.storeId: string_too_short",
                "header.storeLocation: string_too_long",
                "header.totalArea: value_error",
                "lineItems[1]: value_error",
                "lineItems[2].name: string_too_short",
                "lineItems[2].price: greater_than_equal",
                "lineItems[2].quantity: greater_than",
                "lineItems[2].tax: less_than_equal",
                "lineItems[2].units: string_too_long",
                "lineItems[3].hsn_sac_code: string_too_long",
                "lineItems[3].name: missing",
                "lineItems[3].quantity: decimal_parsing",
                "lineItems[3].type_of_boq: value_error",
            ],
        ),
        (
            item("name", json!("n".repeat(2001))),
            vec!["lineItems[0].name: string_too_long"],
        ),
        (
            item("name", json!("a\0b")),
            vec!["lineItems[0].name: value_error"],
        ),
        (
            item("quantity", json!(0.00004)),
            vec!["lineItems[0].quantity: greater_than"],
        ),
        (
            item("tax", json!(-0.01)),
            vec!["lineItems[0].tax: greater_than_equal"],
        ),
        (
            item("price", json!(1e11)),
            vec!["lineItems[0].price: less_than_equal"],
        ),
        (
            quotation("s".repeat(51).as_str(), &json!([{"name": "Work"}])),
            vec!["header.storeId: string_too_long"],
        ),
    ] {
        let reply = editor.post("/api/quotations").json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".quotation"#)
            .await,
        0
    );
}

#[tokio::test]
async fn what_is_too_large_for_the_books_is_refused_where_it_arises() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for (items, faults) in [
        (
            json!([{"name": "A", "quantity": 99999999999_i64, "price": 99999999999_i64}]),
            vec!["lineItems[0].quantity: less_than_equal"],
        ),
        (
            json!([{"name": "A"}, {"name": "B", "quantity": 100, "price": 90000000000_i64}]),
            vec!["lineItems[1].tax: less_than_equal"],
        ),
        (
            json!([
                {"name": "A", "quantity": 100, "price": 50000000000_i64, "tax": 0},
                {"name": "B", "quantity": 100, "price": 50000000000_i64, "tax": 0},
            ]),
            vec!["lineItems: less_than_equal"],
        ),
    ] {
        let reply = editor
            .post("/api/quotations")
            .json(&quotation("S", &items))
            .send()
            .await;
        assert_eq!(reply.faults(), faults);
    }
    let largest = json!([{"name": "A", "quantity": 100, "price": 99999999999_i64, "tax": 0},
                         {"name": "B", "price": "99.99", "tax": 0}]);
    let made = editor
        .post("/api/quotations")
        .json(&quotation("S", &largest))
        .send()
        .await
        .expect(200);
    assert_eq!(made["data"]["header"]["total_amount"], money("9999999999999.99"));
}

#[tokio::test]
async fn a_thousand_items_are_kept_in_their_order() {
    let app = TestApp::start().await;
    let items: Vec<Value> = (0..1000)
        .map(|number| json!({"name": format!("Item {number}"), "price": "0.01", "tax": 0}))
        .collect();
    let editor = app.editor().await;

    let made = editor
        .post("/api/quotations")
        .json(&quotation("S", &items.into()))
        .send()
        .await
        .expect(200);

    assert_eq!(made["data"]["header"]["total_amount"], money("10"));
    let shown = editor
        .get(format!("/api/quotations/{}", made["id"]))
        .send()
        .await
        .expect(200);
    let names: Vec<&str> = shown["data"]["line_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (0..1000).map(|number| format!("Item {number}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_repeated_key_makes_one_quotation() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let send = |price: i64| {
        editor
            .post("/api/quotations")
            .json(&quotation("S", &json!([{"name": "Work", "price": price}])))
            .header("idempotency-key", "one")
            .send()
    };

    let (first, second) = (send(5).await, send(5).await);

    assert_eq!(first.expect(200), second.expect(200));
    assert_eq!(second.header("idempotency-replayed"), "true");
    send(6).await.expect_error(422, "VALIDATION_ERROR");
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".quotation"#)
            .await,
        1
    );
}

#[tokio::test]
async fn the_quotations_of_a_store_are_listed_newest_first() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let first = make(&editor, "ST-1", "10").await;
    let second = make(&editor, "ST-1", "30").await;
    let third = make(&editor, "ST-1", "20").await;
    make(&editor, "ST-10", "5").await;
    let viewer = app.viewer().await;
    let list = |query: String| {
        let call = viewer.get(format!("/api/quotations?{query}"));
        async move { call.send().await.expect(200) }
    };

    let all = list("store_id=%20ST-1%20".to_owned()).await;

    assert_eq!(ids(&all), [third, second, first]);
    assert_eq!((&all["total_count"], &all["limit"]), (&3.into(), &1000.into()));
    let page = list("store_id=ST-1&limit=2&sort=-total_amount".to_owned()).await;
    assert_eq!(ids(&page), [second, third]);
    assert_eq!(page["total_count"], 3);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = list(format!(
        "store_id=ST-1&limit=2&sort=-total_amount&cursor={cursor}"
    ))
    .await;
    assert_eq!(ids(&rest), [first]);
    assert!(rest["next_cursor"].is_null());
    let skipped = list("store_id=ST-1&skip=1&limit=1".to_owned()).await;
    assert_eq!((ids(&skipped), &skipped["skip"]), (vec![second], &1.into()));
    let unknown = list("store_id=ST-2".to_owned()).await;
    assert_eq!((ids(&unknown), &unknown["total_count"]), (vec![], &0.into()));
    for (query, faults) in [
        ("", vec!["store_id: missing"]),
        ("store_id=%20", vec!["store_id: string_too_short"]),
        (
            "limit=0&sort=status",
            vec!["limit: greater_than_equal", "sort: enum", "store_id: missing"],
        ),
    ] {
        let reply = viewer.get(format!("/api/quotations?{query}")).send().await;
        assert_eq!(reply.faults(), faults, "{query}");
    }
    let long = format!("/api/quotations?store_id={}", "s".repeat(51));
    assert_eq!(
        viewer.get(long).send().await.faults(),
        ["store_id: string_too_long"]
    );
}

#[tokio::test]
async fn all_quotations_are_listed_and_searched() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let first = make(&editor, "ST-1", "10").await;
    let second = make(&editor, "50%_A", "20").await;
    app.execute(
        r#"INSERT INTO "Finances".quotation
                  (store_id, store_location, full_address, company_name, total_area, created_at)
           VALUES ('X', 'Mumbai', 'Delhi Road', 'Other Works', '5', '2020-01-01')"#,
    )
    .await;
    recount(&app.db).await;
    let third: i32 = app
        .value(r#"SELECT id FROM "Finances".quotation WHERE store_id = 'X'"#)
        .await;
    let third = i64::from(third);
    let viewer = app.viewer().await;

    for (query, expected) in [
        ("", vec![second, first, third]),
        ("?status=SAVED", vec![second, first, third]),
        ("?q=st-", vec![first]),
        ("?q=%25_", vec![second]),
        ("?q=delhi", vec![second, first]),
        ("?q=WORKS&status=saved", vec![third]),
        ("?q=nothing", vec![]),
        ("?sort=store_id", vec![second, first, third]),
        ("?sort=total_amount", vec![third, first, second]),
        ("?sort=-id&limit=1", vec![third]),
        ("?skip=2", vec![third]),
    ] {
        let list = viewer
            .get(format!("/api/quotations/all{query}"))
            .send()
            .await
            .expect(200);
        let paged = query.contains("limit") || query.contains("skip");
        let total = if paged { 3 } else { expected.len() };
        assert_eq!(
            (ids(&list), &list["total_count"]),
            (expected, &json!(total)),
            "{query}"
        );
        if query.is_empty() {
            let row = &list["quotations"][0];
            assert_eq!(
                (&row["full_address"], &row["total_amount"]),
                (&json!("12 Ring Road"), &money("20"))
            );
        }
    }
    let wrong = viewer.get("/api/quotations/all?status=sent&skip=-1").send().await;
    assert_eq!(wrong.faults(), ["skip: greater_than_equal", "status: enum"]);
}

#[tokio::test]
async fn only_an_admin_deletes_a_quotation_and_its_items_go_with_it() {
    let app = TestApp::start().await;
    let (viewer, editor, admin) = (app.viewer().await, app.editor().await, app.admin().await);
    let (doomed, kept) = (
        make(&editor, "ST-1", "10").await,
        make(&editor, "ST-1", "20").await,
    );
    let path = format!("/api/quotations/{doomed}");

    editor.delete(&path).send().await.expect_error(403, "FORBIDDEN");
    let stale = admin.delete(&path).header("if-match", "\"2-00\"").send().await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    let tag = viewer.get(&path).send().await.header("etag").to_owned();
    let deleted = admin
        .delete(&path)
        .header("if-match", &tag)
        .send()
        .await
        .expect(200);

    assert_eq!(
        deleted,
        json!({"status": "SUCCESS", "message": "Quotation deleted", "success": true, "quotation_id": doomed,
               "data": {"success": true, "quotation_id": doomed}})
    );
    // Ids beyond those of the table too are only unknown.
    for path in [
        &*path,
        "/api/quotations/2147483648",
        "/api/quotations/9223372036854775807",
    ] {
        admin.delete(path).send().await.expect_error(404, "NOT_FOUND");
        viewer.get(path).send().await.expect_error(404, "NOT_FOUND");
    }
    let left: String = app
        .value(r#"SELECT string_agg(quotation_id::text, ',') FROM "Finances".quotation_line_item"#)
        .await;
    assert_eq!(left, kept.to_string());
    let list = viewer.get("/api/quotations/all").send().await.expect(200);
    assert_eq!((ids(&list), &list["total_count"]), (vec![kept], &1.into()));
    assert_eq!(app.totals_that_are_off().await, 0);
    let audit: String = app
        .value(
            r#"SELECT string_agg(concat_ws(' ', action, COALESCE(before, after) #>> '{line_items,0,total}'), ', ' ORDER BY id)
                 FROM "Finances".audit_entry WHERE entity = 'quotation'"#,
        )
        .await;
    assert_eq!(audit, "created 10, created 20, deleted 10");
}

#[tokio::test]
async fn nobody_reads_and_no_viewer_makes_a_quotation() {
    let app = TestApp::start().await;
    let body = quotation("S", &json!([{"name": "Work"}]));
    let viewer = app.viewer().await;
    for path in [
        "/api/quotations?store_id=S",
        "/api/quotations/all",
        "/api/quotations/1",
    ] {
        app.nobody()
            .get(path)
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
    let refused = viewer.post("/api/quotations").json(&body).send().await;
    refused.expect_error(403, "FORBIDDEN");
    viewer
        .get("/api/quotations/1")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(
        viewer.get("/api/quotations/x").send().await.faults(),
        ["quotation_id: int_parsing"]
    );
}

#[tokio::test]
async fn an_adopted_quotation_is_shown_with_what_it_lacks() {
    let app = TestApp::start().await;
    app.execute(
        r#"ALTER TABLE "Finances".quotation DROP CONSTRAINT quotation_status_known;
           INSERT INTO "Finances".quotation (id, store_id, store_location, full_address, company_name, total_area, status)
           VALUES (7, 'X', 'Mumbai', 'Road', 'Works', '5', 'Sent'), (8, 'X', 'Mumbai', 'Road', 'Works', '5', 'saved');
           INSERT INTO "Finances".quotation_line_item (quotation_id, name, quantity, price, tax, gst_amount, total, created_at)
           VALUES (7, 'Old', NULL, NULL, NULL, NULL, 5.5, NULL), (7, 'Zero', 0, 0, 0, 0, 0, now())"#,
    )
    .await;
    let viewer = app.viewer().await;

    let shown = viewer.get("/api/quotations/7").send().await.expect(200);

    assert_eq!(shown["data"]["header"]["status"], "Sent");
    let items = &shown["data"]["line_items"];
    assert!(items[0]["quantity"].is_null() && items[0]["tax"].is_null() && items[0]["created_at"].is_null());
    assert_eq!(items[0]["total"], money("5.5"));
    assert_eq!(
        (&items[1]["quantity"], &items[1]["tax"]),
        (&money("0"), &money("0"))
    );
    let empty = viewer.get("/api/quotations/8").send().await.expect(200);
    assert_eq!(empty["data"]["line_items"], json!([]));
}
