//! What bills are made up of.

use serde_json::{Value, json};

use crate::{
    billing::{approve, billed, expect_conflict, id, project_with_po, shown, trail},
    support::{
        TestApp,
        callers::{Call, Caller},
        money,
    },
};

pub(crate) fn add_line(caller: &Caller, bill: &Value, body: &Value) -> Call {
    caller
        .post(format!("/api/billing-po/{}/line-items", id(bill)))
        .json(body)
}

#[tokio::test]
async fn lines_explain_a_bill_and_never_change_what_it_is_worth() {
    let app = TestApp::start().await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let (project, _) = project_with_po(&app).await;
    let bill = billed(
        &editor,
        project,
        &json!({"billed_value": 1000, "billed_gst": 180}),
    )
    .await;

    let body = json!({"item_description": " Cabling works ", "quantity": "3", "unit_price": 333.335, "amount": 7, "total": "x"});
    let added = add_line(&editor, &bill, &body).send().await.expect(200);
    assert_eq!(added["message"], "Line item added");
    let line = &added["line_item"];
    for (field, value) in [
        ("billing_po_id", bill["id"].clone()),
        ("description", json!("Cabling works")),
        ("item_description", json!("Cabling works")),
        ("qty", money("3")),
        ("quantity", money("3")),
        ("rate", money("333.335")),
        ("unit_price", money("333.335")),
        // 1000.005
        ("total", money("1000.01")),
        ("amount", money("1000.01")),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    let mut data = added["data"].clone();
    assert_eq!(
        data.as_object_mut().unwrap().remove("line_item"),
        Some(line.clone())
    );
    assert_eq!(&data, line);
    // 0.5 × 0.01 = 0.005
    let body = json!({"description": "b", "item_description": "c", "qty": 0.5, "quantity": 9, "rate": 0.01, "unit_price": 9});
    let second = add_line(&editor, &bill, &body).send().await.expect(200)["data"].clone();
    assert_eq!(
        (&second["total"], &second["description"]),
        (&money("0.01"), &json!("b"))
    );

    let now = shown(&viewer, &bill).await;
    assert_eq!(
        (&now["billed_value"], &now["billed_total"]),
        (&money("1000"), &money("1180"))
    );
    assert_eq!(
        (&now["line_total"], &now["difference"]),
        (&money("1000.02"), &money("-0.02"))
    );
    assert_eq!((&now["line_item_count"], &now["version"]), (&json!(2), &json!(3)));
    let one = viewer
        .get(format!("/api/billing-po/{}", id(&bill)))
        .send()
        .await
        .expect(200);
    assert_eq!(one["line_items"][0], *line);
    assert_eq!(one["data"]["line_items"], one["line_items"]);
    assert_eq!(one["line_items"].as_array().unwrap().len(), 2);

    let list = viewer
        .get(format!("/api/billing-po/{}/line-items", id(&bill)))
        .send()
        .await
        .expect(200);
    assert_eq!(list["line_items"], one["line_items"]);
    for place in [&list, &list["data"]] {
        assert_eq!(
            (&place["billing_po_id"], &place["total_value"]),
            (&bill["id"], &money("1000.02"))
        );
        assert_eq!(
            (&place["line_item_count"], &place["total_count"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(place["limit"], 1000);
    }
    assert_eq!(list["data"]["data"], list["line_items"]);

    let path = format!(
        "/api/billing-po/{}/line-items/{}",
        id(&bill),
        line["id"].as_str().unwrap()
    );
    assert_eq!(
        editor.delete(&path).send().await.expect(200),
        json!({"status": "SUCCESS", "message": "Line item deleted",
               "data": {"billing_po_id": bill["id"], "line_item_id": line["id"]}})
    );
    editor.delete(&path).send().await.expect_error(404, "NOT_FOUND");
    let now = shown(&viewer, &bill).await;
    assert_eq!(
        (&now["line_total"], &now["difference"]),
        (&money("0.01"), &money("999.99"))
    );
    assert_eq!((&now["line_item_count"], &now["version"]), (&json!(1), &json!(4)));
    assert_eq!(
        trail(&app).await,
        [
            "created billing_po",
            "created billing_po_line_item",
            "updated billing_po",
            "created billing_po_line_item",
            "updated billing_po",
            "deleted billing_po_line_item",
            "updated billing_po",
        ]
    );
}

#[tokio::test]
async fn lines_come_in_the_order_and_pages_that_are_asked_for() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&editor, project, &json!({"billed_value": 10})).await;
    for (name, qty) in [("c", 2), ("a", 3), ("b", 1)] {
        add_line(
            &editor,
            &bill,
            &json!({"description": name, "qty": qty, "rate": 1}),
        )
        .send()
        .await
        .expect(200);
    }
    let path = format!("/api/billing-po/{}/line-items", id(&bill));
    let names = |list: &Value| -> String {
        let lines = list["line_items"].as_array().unwrap();
        lines
            .iter()
            .map(|line| line["description"].as_str().unwrap())
            .collect()
    };
    for (query, expected) in [
        ("", "cab"),
        ("?sort=description", "abc"),
        ("?sort=-quantity", "acb"),
        ("?sort=total", "bca"),
        ("?sort=-created_at", "bac"),
        ("?skip=1&limit=1", "a"),
        ("?page=2&page_size=2", "b"),
    ] {
        let list = editor.get(format!("{path}{query}")).send().await.expect(200);
        assert_eq!(names(&list), expected, "{query}");
        assert_eq!(
            (&list["total_count"], &list["total_value"]),
            (&json!(3), &money("6")),
            "{query}"
        );
    }
    for sort in ["", "id", "-id", "-total", "description,-created_at"] {
        let (mut seen, mut cursor) = (String::new(), String::new());
        for _ in 0..3 {
            let list = editor
                .get(format!("{path}?limit=1&sort={sort}&cursor={cursor}"))
                .send()
                .await
                .expect(200);
            seen.push_str(&names(&list));
            cursor = list["next_cursor"].as_str().unwrap_or_default().to_owned();
        }
        let whole = editor.get(format!("{path}?sort={sort}")).send().await.expect(200);
        assert_eq!(seen, names(&whole), "{sort}");
    }
}

#[tokio::test]
async fn a_line_goes_only_by_way_of_its_own_bill() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&admin, project, &json!({"billed_value": 10})).await;
    let other = billed(&admin, project, &json!({"billed_value": 10})).await;
    let line = add_line(&admin, &bill, &json!({"description": "a", "qty": 1, "rate": 0}))
        .send()
        .await
        .expect(200)["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();

    let error = admin
        .delete(format!("/api/billing-po/{}/line-items/{line}", id(&other)))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(error["message"], "Line item not found");
    approve(&admin, &bill).send().await.expect(200);
    for call in [
        admin.delete(format!("/api/billing-po/{}/line-items/{line}", id(&bill))),
        add_line(&admin, &bill, &json!({"description": "b", "qty": 1, "rate": 1})),
    ] {
        expect_conflict(&call.send().await, "approved");
    }
    assert_eq!(shown(&admin, &bill).await["line_item_count"], 1);
}

#[tokio::test]
async fn a_line_that_no_column_holds_is_refused() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&editor, project, &json!({"billed_value": 10})).await;

    let large = json!({"description": "a", "qty": "99999999999.9999", "rate": "99999999999.9999"});
    let reply = add_line(&editor, &bill, &large).send().await;
    assert_eq!(reply.faults(), ["qty: less_than_equal"]);
    // Two of the largest that fit make a sum that no column has to hold.
    let most = json!({"description": "a", "qty": 1000, "rate": "9999999999.9999"});
    for _ in 0..2 {
        add_line(&editor, &bill, &most).send().await.expect(200);
    }
    let now = shown(&editor, &bill).await;
    assert_eq!(now["line_total"], money("19999999999999.8"));
    assert_eq!(now["difference"], money("-19999999999989.8"));
}
