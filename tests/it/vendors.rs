//! Vendors: adding, changing, listing and deleting them.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    builders::recount,
    callers::{Caller, fault_list},
    race,
    waiting::until_blocked,
};

/// Adds a vendor and gives its object.
async fn add(editor: &Caller, body: Value) -> Value {
    let reply = editor.post("/api/vendors").json(&body).send().await;
    reply.expect(200)["vendor"].clone()
}

/// The names on a page of the list.
async fn names(caller: &Caller, query: &str) -> Vec<String> {
    let body = caller
        .get(format!("/api/vendors?{query}"))
        .send()
        .await
        .expect(200);
    let vendors = body["vendors"].as_array().unwrap();
    assert_eq!(body["vendor_count"], vendors.len());
    vendors
        .iter()
        .map(|vendor| vendor["name"].as_str().unwrap().to_owned())
        .collect()
}

fn full() -> Value {
    json!({"name": " Example Works ", "contact_person": "A. B.", "email": "a@example.com", "phone": "12",
           "address": "Ring Road", "gstin": "27aaaaa0000a1z5", "vendor_code": "V-1", "city": "Pune",
           "state": "Maharashtra", "country": "India", "pincode": "411001", "payment_terms": "30 days",
           "status": "SUSPENDED", "master_type": "civil", "rate_configuration": [{"item": "Beam", "rate": 85.50}],
           "unknown": 1})
}

#[tokio::test]
async fn a_vendor_is_added_with_all_that_is_said_of_it() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let call = || {
        editor
            .post("/api/vendors")
            .json(&full())
            .header("idempotency-key", "k")
            .send()
    };

    let (made, again) = (call().await, call().await);

    let body = made.expect(200);
    assert_eq!(again.expect(200), body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let vendor = &body["vendor"];
    let id = vendor["id"].as_i64().unwrap();
    assert_eq!(made.header("location"), format!("/api/vendors/{id}"));
    assert!(made.header("etag").starts_with("\"1-"));
    assert_eq!(
        (&body["status"], &body["message"]),
        (&json!("SUCCESS"), &json!("Vendor created"))
    );
    assert_eq!((&body["id"], &body["vendor_id"]), (&json!(id), &json!(id)));
    assert_eq!(body["data"], *vendor);
    let mut expected = json!({
        "id": id, "vendor_id": id, "name": "Example Works", "vendor_name": "Example Works", "contact_person": "A. B.",
        "email": "a@example.com", "phone": "12", "address": "Ring Road", "gstin": "27AAAAA0000A1Z5",
        "gst_number": "27AAAAA0000A1Z5", "vendor_code": "V-1", "city": "Pune", "state": "Maharashtra",
        "country": "India", "pincode": "411001", "payment_terms": "30 days", "status": "suspended",
        "master_type": "civil", "rate_configuration": [{"item": "Beam", "rate": 85.50}], "version": 1,
    });
    for name in ["created_at", "updated_at"] {
        assert!(vendor[name].as_str().unwrap().ends_with('Z'));
        expected[name] = vendor[name].clone();
    }
    assert_eq!(*vendor, expected);
}

#[tokio::test]
async fn a_vendor_needs_only_a_name_under_either_of_its_names() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let plain = add(
        &editor,
        json!({"vendor_name": "A", "email": "", "phone": " ", "gst_number": "", "status": "", "city": null,
               "rate_configuration": ""}),
    )
    .await;
    let aliased = add(
        &editor,
        json!({"name": "B", "vendor_name": "C", "gst_number": "27AAAAA0000A1Z5"}),
    )
    .await;
    // Blank text is the same as nothing, so that the other name speaks.
    let blank = add(
        &editor,
        json!({"name": " ", "vendor_name": "D", "gstin": "", "gst_number": "29AAAAA0000A1Z5"}),
    )
    .await;
    assert_eq!(
        (&blank["name"], &blank["gstin"]),
        (&json!("D"), &json!("29AAAAA0000A1Z5"))
    );
    // In a change it clears.
    let path = format!("/api/vendors/{}", blank["id"]);
    let cleared = json!({"gstin": "", "gst_number": "29AAAAA0000A1Z5"});
    let cleared = editor.put(path).json(&cleared).send().await.expect(200);
    assert!(cleared["vendor"]["gstin"].is_null());

    assert_eq!(
        (&plain["name"], &plain["status"]),
        (&json!("A"), &json!("active"))
    );
    for name in [
        "contact_person",
        "email",
        "phone",
        "address",
        "gstin",
        "gst_number",
        "vendor_code",
        "city",
        "state",
        "country",
        "pincode",
        "payment_terms",
        "master_type",
        "rate_configuration",
    ] {
        assert!(plain[name].is_null(), "{name}");
    }
    assert_eq!(
        (&aliased["name"], &aliased["gstin"]),
        (&json!("B"), &json!("27AAAAA0000A1Z5"))
    );
}

#[tokio::test]
async fn several_vendors_may_have_one_name() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let one = add(&editor, json!({"name": "Same"})).await;
    let two = add(&editor, json!({"name": "same"})).await;

    assert_ne!(one["id"], two["id"]);
}

#[tokio::test]
async fn rates_come_back_as_they_were_given() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let rates = r#"[{"item":"Beam","rate":85.50},{"rate":0.10000000000000000001,"big":12345678901234567890123.10,"tiers":[{"to":10}]}]"#;

    let made = editor
        .post("/api/vendors")
        .body(format!(r#"{{"name": "N", "rate_configuration": {rates}}}"#))
        .send()
        .await;

    let id = made.expect(200)["id"].as_i64().unwrap();
    // As text: numbers of a test that read them as floats would be equal where they are not.
    assert_eq!(
        made.json()["vendor"]["rate_configuration"],
        serde_json::from_str::<Value>(rates).unwrap()
    );
    assert!(made.text().contains("0.10000000000000000001"));
    assert!(made.text().contains("12345678901234567890123.10"));
    assert!(made.text().contains("85.50"));
    let path = format!("/api/vendors/{id}");
    let same = editor
        .put(&path)
        .body(format!(r#"{{"rate_configuration": {rates}}}"#))
        .send()
        .await;
    assert_eq!(same.expect(200)["vendor"]["version"], 1);
    let same = editor
        .put(&path)
        .json(&json!({"rate_configuration": [{"a": 100}]}))
        .send()
        .await;
    assert_eq!(same.expect(200)["vendor"]["version"], 2);
    let same = editor
        .put(&path)
        .body(r#"{"rate_configuration": [{"a": 1e2}]}"#)
        .send()
        .await;
    assert_eq!(same.expect(200)["vendor"]["version"], 2);
    let cleared = editor
        .put(&path)
        .json(&json!({"rate_configuration": []}))
        .send()
        .await;
    assert_eq!(cleared.expect(200)["vendor"]["rate_configuration"], json!([]));
    let cleared = editor
        .put(&path)
        .json(&json!({"rate_configuration": ""}))
        .send()
        .await;
    assert!(cleared.expect(200)["vendor"]["rate_configuration"].is_null());
}

#[tokio::test]
async fn a_change_touches_what_it_names_and_empty_text_clears() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = add(&editor, full()).await;
    let path = format!("/api/vendors/{}", made["id"]);

    for body in [
        json!({}),
        json!({"name": null, "email": null, "rate_configuration": null, "other": 5}),
        json!({"name": "Example Works ", "gst_number": "27aaaaa0000a1z5", "status": "Suspended"}),
        made.clone(),
    ] {
        let same = editor.put(&path).json(&body).send().await;
        assert_eq!(same.expect(200)["vendor"], made, "{body}");
    }
    let change = json!({"vendor_name": "Other Works", "contact_person": "", "email": "", "phone": "", "address": "",
                        "gst_number": "", "vendor_code": "", "city": "", "state": "", "country": "", "pincode": "",
                        "payment_terms": "", "status": "Inactive", "master_type": ""});
    let changed = editor
        .put(&path)
        .json(&change)
        .header("if-match", "\"1-abc\"")
        .send()
        .await;

    let body = changed.expect(200);
    assert_eq!(body["message"], "Vendor updated");
    assert_eq!(body["data"], body["vendor"]);
    assert!(changed.header("etag").starts_with("\"2-"));
    let vendor = &body["vendor"];
    assert_eq!(
        (&vendor["name"], &vendor["status"], &vendor["version"]),
        (&json!("Other Works"), &json!("inactive"), &json!(2))
    );
    for name in [
        "contact_person",
        "email",
        "phone",
        "address",
        "gstin",
        "gst_number",
        "vendor_code",
        "city",
        "state",
        "country",
        "pincode",
        "payment_terms",
        "master_type",
    ] {
        assert!(vendor[name].is_null(), "{name}");
    }
    assert_eq!(vendor["rate_configuration"], made["rate_configuration"]);
    assert_eq!(vendor["created_at"], made["created_at"]);
    assert_ne!(vendor["updated_at"], made["updated_at"]);
    let stale = editor
        .put(&path)
        .json(&json!({"name": "Third"}))
        .header("if-match", "\"1\"")
        .send()
        .await;
    stale.expect_error(412, "PRECONDITION_FAILED");
    let trail = app
        .value::<String>(
            r#"SELECT string_agg(action, ' ' ORDER BY id) FROM "Finances".audit_entry WHERE entity = 'vendor'"#,
        )
        .await;
    assert_eq!(trail, "created updated");
    let was = app
        .value::<String>(
            r#"SELECT before ->> 'gstin' FROM "Finances".audit_entry WHERE entity = 'vendor' AND action = 'updated'"#,
        )
        .await;
    assert_eq!(was, "27AAAAA0000A1Z5");
}

#[tokio::test]
async fn the_list_shows_vendors_by_name_under_every_name_that_clients_read() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for name in ["Charlie", "Alpha", "Bravo"] {
        add(
            &editor,
            json!({"name": name, "rate_configuration": [{"rate": 1.50}]}),
        )
        .await;
    }

    let body = app.viewer().await.get("/api/vendors").send().await.expect(200);

    let names: Vec<&str> = body["vendors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vendor| vendor["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Alpha", "Bravo", "Charlie"]);
    assert_eq!(body["vendors"][0]["rate_configuration"], json!([{"rate": 1.50}]));
    assert_eq!(body["data"]["vendors"], body["vendors"]);
    assert_eq!(body["data"]["data"], body["vendors"]);
    for at in [&body, &body["data"]] {
        assert_eq!(at["status"], "SUCCESS");
        assert_eq!(
            (&at["vendor_count"], &at["total_count"], &at["total"]),
            (&json!(3), &json!(3), &json!(3))
        );
        assert_eq!(
            (&at["limit"], &at["skip"], &at["offset"]),
            (&json!(1000), &json!(0), &json!(0))
        );
    }
}

#[tokio::test]
async fn the_list_can_be_asked_by_status_name_and_gstin() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for (name, status, gstin) in [
        ("Alpha 100% Steel", "active", "27AAAAA0000A1Z5"),
        ("Alpha_Beta", "inactive", "27BBBBB0000B1Z5"),
        ("Gamma steel", "ACTIVE", ""),
        ("Delta", "blacklisted", ""),
    ] {
        add(&editor, json!({"name": name, "status": status, "gstin": gstin})).await;
    }

    for (query, expected) in [
        ("status=ACTIVE", vec!["Alpha 100% Steel", "Gamma steel"]),
        ("status=%20Blacklisted", vec!["Delta"]),
        ("name=STEEL", vec!["Alpha 100% Steel", "Gamma steel"]),
        ("search=alpha", vec!["Alpha 100% Steel", "Alpha_Beta"]),
        ("search=alpha&name=steel", vec!["Alpha 100% Steel"]),
        ("search=alpha&status=inactive", vec!["Alpha_Beta"]),
        ("name=%25", vec!["Alpha 100% Steel"]),
        ("search=_", vec!["Alpha_Beta"]),
        ("search=%5C", vec![]),
        (
            "name=&search=%20&status=&gstin=",
            vec!["Alpha 100% Steel", "Alpha_Beta", "Delta", "Gamma steel"],
        ),
        ("gstin=27bbbbb0000b1z5", vec!["Alpha_Beta"]),
        ("gstin=27bbbbb0000", vec![]),
        ("gstin=27bbbbb0000b1z5&status=active", vec![]),
    ] {
        assert_eq!(names(&editor, query).await, expected, "{query}");
        let body = editor
            .get(format!("/api/vendors?{query}&limit=1"))
            .send()
            .await
            .expect(200);
        assert_eq!(body["total_count"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn pages_of_the_list_follow_each_other() {
    let app = TestApp::start().await;
    app.execute(
        r#"INSERT INTO "Finances".vendor (name, created_at)
           SELECT 'V' || n % 3, now() - n * interval '1 day' FROM generate_series(1, 6) AS n"#,
    )
    .await;
    recount(&app.db).await;
    let viewer = app.viewer().await;

    assert_eq!(names(&viewer, "").await, ["V0", "V0", "V1", "V1", "V2", "V2"]);
    assert_eq!(names(&viewer, "sort=-name&skip=1&limit=2").await, ["V2", "V1"]);
    assert_eq!(
        names(&viewer, "sort=created_at&page=2&page_size=4").await,
        ["V2", "V1"]
    );
    assert_eq!(names(&viewer, "sort=-id&limit=2").await, ["V0", "V2"]);
    let (mut ids, mut query) = (Vec::new(), "limit=4".to_owned());
    loop {
        let body = viewer
            .get(format!("/api/vendors?{query}"))
            .send()
            .await
            .expect(200);
        ids.extend(
            body["vendors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|vendor| vendor["id"].as_i64().unwrap()),
        );
        let Some(cursor) = body["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=4&cursor={cursor}");
    }
    assert_eq!(ids, [3, 6, 1, 4, 2, 5]);
}

#[tokio::test]
async fn what_a_vendor_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = add(&editor, json!({"name": "A"})).await;
    let path = format!("/api/vendors/{}", made["id"]);
    let long = |length: usize| "x".repeat(length);
    for (body, faults) in [
        (json!({"name": " "}), vec!["name: string_too_short"]),
        (
            json!({"name": "", "vendor_name": " "}),
            vec!["name: string_too_short"],
        ),
        (
            json!({"name": long(256), "contact_person": long(256), "phone": long(51), "address": long(5001),
                   "vendor_code": long(101), "city": long(101), "state": long(101), "country": long(101),
                   "pincode": long(101), "payment_terms": long(256), "master_type": long(51)}),
            vec![
                "address: string_too_long",
                "city: string_too_long",
                "contact_person: string_too_long",
                "country: string_too_long",
                "master_type: string_too_long",
                "name: string_too_long",
                "payment_terms: string_too_long",
                "phone: string_too_long",
                "pincode: string_too_long",
                "state: string_too_long",
                "vendor_code: string_too_long",
            ],
        ),
        (
            json!({"name": 5, "email": "nobody", "gstin": "27AAAAA0000A1Z", "status": "gone",
                   "rate_configuration": {"a": 1}}),
            vec![
                "email: value_error",
                "gstin: value_error",
                "name: value_error",
                "rate_configuration: value_error",
                "status: enum",
            ],
        ),
        (
            json!({"name": "a\u{0}b", "rate_configuration": [1]}),
            vec!["name: value_error", "rate_configuration: value_error"],
        ),
        (
            json!({"rate_configuration": vec![json!({}); 501], "name": "B"}),
            vec!["rate_configuration: value_error"],
        ),
    ] {
        let reply = editor.post("/api/vendors").json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
        let reply = editor.put(&path).json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    let nameless = editor
        .post("/api/vendors")
        .json(&json!({"status": 1}))
        .send()
        .await;
    assert_eq!(nameless.faults(), ["name: missing", "status: enum"]);
    for rates in [
        r#"[{"a": 1e400000}]"#,
        r#"[{"a": "\u0000"}]"#,
        r#"[{"$serde_json::private::Number": "1"}]"#,
        r#"[{"a": {"$serde_json::private::RawValue": "x"}}]"#,
    ] {
        let body = format!(r#"{{"name": "B", "rate_configuration": {rates}}}"#);
        let reply = editor.post("/api/vendors").body(body).send().await;
        assert_eq!(reply.faults(), ["rate_configuration: value_error"], "{rates}");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".vendor"#)
            .await,
        1
    );
}

#[tokio::test]
async fn a_gstin_is_one_vendors_whatever_its_case() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.execute(
        r#"INSERT INTO "Finances".vendor (name, gstin)
           VALUES ('Old', '27aaaaa0000a1z5'), ('Twin', '27ccccc0000c1z5'), ('Other twin', '27CCCCC0000C1Z5')"#,
    )
    .await;
    let free = add(&editor, json!({"name": "Free", "gstin": "27BBBBB0000B1Z5"})).await;

    let taken = editor
        .post("/api/vendors")
        .json(&json!({"name": "New", "gst_number": "27Aaaaa0000A1Z5"}))
        .send()
        .await;
    let body = taken.expect_error(409, "CONFLICT");
    assert_eq!(fault_list(&body), ["gstin: value_error"]);
    assert_eq!(body["message"], "Vendor 'Old' (1) has this GSTIN");
    let path = format!("/api/vendors/{}", free["id"]);
    let taken = editor
        .put(&path)
        .json(&json!({"gstin": "27AAAAA0000A1Z5"}))
        .send()
        .await;
    taken.expect_error(409, "CONFLICT");
    // Who has it already keeps it, as older data had it.
    editor
        .put("/api/vendors/2")
        .json(&json!({"name": "Renamed", "gstin": "27CCCCC0000C1Z5"}))
        .send()
        .await
        .expect(200);
    let own = json!({"gstin": "27bbbbb0000b1z5", "phone": "5"});
    assert_eq!(
        editor.put(&path).json(&own).send().await.expect(200)["vendor"]["version"],
        2
    );
}

#[tokio::test]
async fn of_many_at_once_one_vendor_gets_the_gstin() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let made = add(&editor, json!({"name": "Made"})).await;
    let body = json!({"name": "N", "gstin": "27AAAAA0000A1Z5"});
    let calls = vec![
        editor.post("/api/vendors").json(&body),
        editor
            .post("/api/vendors")
            .json(&json!({"name": "M", "gstin": "27aaaaa0000a1z5"})),
        editor.put(format!("/api/vendors/{}", made["id"])).json(&body),
    ];

    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert_eq!(statuses, [200, 409, 409]);
    let count = r#"SELECT count(*) FROM "Finances".vendor WHERE gstin IS NOT NULL"#;
    assert_eq!(app.value::<i64>(count).await, 1);
}

#[tokio::test]
async fn a_vendor_that_nothing_refers_to_can_be_deleted() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let made = add(&editor, full()).await;
    let path = format!("/api/vendors/{}", made["id"]);

    let refused = editor.delete(&path).send().await;
    let stale = admin.delete(&path).header("if-match", "\"2\"").send().await;
    let done = admin.delete(&path).header("if-match", "\"1\"").send().await;
    let again = admin.delete(&path).send().await;

    refused.expect_error(403, "FORBIDDEN");
    stale.expect_error(412, "PRECONDITION_FAILED");
    assert_eq!(
        done.expect(200),
        json!({"status": "SUCCESS", "message": "Vendor deleted", "data": {"vendor_id": made["id"]}})
    );
    assert_eq!(
        again.expect_error(404, "NOT_FOUND")["message"],
        "Vendor not found"
    );
    let trail = app
        .value::<String>(
            r#"SELECT string_agg(action, ' ' ORDER BY id) FROM "Finances".audit_entry WHERE entity = 'vendor'"#,
        )
        .await;
    assert_eq!(trail, "created deleted");
}

#[tokio::test]
async fn a_vendor_that_something_refers_to_stays() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    add(&editor, json!({"name": "Works"})).await;
    app.execute(
        r#"
        INSERT INTO "Finances".vendor_order (vendor_id, po_number) VALUES (1, 'A'), (1, 'B'), (1, 'C'), (NULL, 'D');
        INSERT INTO "Finances".vendor_order_line_item (vendor_order_id, item_name, quantity, unit_price, total_price, vendor_id)
        SELECT id, 'Beam', 1, 1, 1, 1 FROM "Finances".vendor_order WHERE po_number IN ('C', 'D');
        INSERT INTO "Finances".vendor_payment (vendor_id, amount, payment_date, status)
        VALUES (1, 5, DATE '2026-02-10', 'cancelled');
        INSERT INTO "Finances".client_po (client_id, vendor_id, po_number) VALUES (1, 1, 'P');
        "#,
    )
    .await;

    let body = admin
        .delete("/api/vendors/1")
        .send()
        .await
        .expect_error(409, "CONFLICT");

    assert_eq!(
        body["message"],
        "Vendor 'Works' is still needed by: 3 vendor orders, 2 vendor order lines, 1 payment, 1 PO"
    );
    assert_eq!(
        fault_list(&body),
        [
            "client_po: still_referenced",
            "vendor_order: still_referenced",
            "vendor_order_line_item: still_referenced",
            "vendor_payment: still_referenced",
        ]
    );
}

#[tokio::test]
async fn an_order_that_comes_while_its_vendor_goes_keeps_it_or_is_refused() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    add(&editor, json!({"name": "Works"})).await;
    let mut order = app.db.begin().await.unwrap();
    sqlx::query(r#"INSERT INTO "Finances".vendor_order (vendor_id, po_number) VALUES (1, 'A')"#)
        .execute(&mut *order)
        .await
        .unwrap();

    let deletion = tokio::spawn(admin.delete("/api/vendors/1").send());
    until_blocked(&app).await;
    order.commit().await.unwrap();

    deletion.await.unwrap().expect_error(409, "CONFLICT");
}
