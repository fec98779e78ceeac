//! Client POs with their lines and payments.

use serde_json::{Value, json};

use crate::support::{TestApp, money};

fn ids(list: &Value) -> Vec<i64> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_i64().unwrap())
        .collect()
}

/// A project with a PO of lines, paid in part; one paid in full; one not paid; and a cancelled one.
async fn mixed(app: &TestApp) -> (i64, [i64; 4]) {
    let project = app.project("Delhi").await;
    let part = app.client_po().project(project).number("E-1").insert().await;
    let full = app
        .client_po()
        .project(project)
        .number("E-2")
        .stated("50.05", "0.05")
        .insert()
        .await;
    let none = app
        .client_po()
        .project(project)
        .number("E-3")
        .stated("7", "0")
        .insert()
        .await;
    let gone = app
        .client_po()
        .project(project)
        .number("E-4")
        .stated("1000", "0")
        .status("cancelled")
        .insert()
        .await;
    let editor = app.editor().await;
    for (name, quantity) in [("Rods", "3"), ("Sheets", "1")] {
        editor
            .post(format!("/api/po/{part}/line-items"))
            .json(&json!({"item_name": name, "quantity": quantity, "unit_price": "33.335", "tax_rate": 18}))
            .send()
            .await
            .expect(200);
    }
    for (po, day, amount, status) in [
        (part, "2026-03-01", "10", "cleared"),
        (part, "2026-03-03", "0.55", "completed"),
        (part, "2026-03-03", "5", "bounced"),
        (full, "2026-03-02", "50.05", "cleared"),
        (gone, "2026-03-02", "40", "cleared"),
    ] {
        editor
            .post(format!("/api/po/{po}/payments"))
            .json(&json!({"payment_date": day, "amount": amount, "payment_mode": "neft", "status": status}))
            .send()
            .await
            .expect(200);
    }
    (project, [part, full, none, gone])
}

#[tokio::test]
async fn each_po_comes_with_its_lines_and_payments() {
    let app = TestApp::start().await;
    let (project, [part, full, none, gone]) = mixed(&app).await;
    let viewer = app.viewer().await;

    let all = viewer.get("/api/po/enriched?sort=id").send().await.expect(200);
    let own = viewer
        .get(format!("/api/projects/{project}/po/enriched?sort=id"))
        .send()
        .await
        .expect(200);

    for body in [&all, &own] {
        assert_eq!(ids(&body["pos"]), [part, full, none, gone]);
        // 3 × 33.335 = 100.005 → 100.01, tax 18.00; 33.335 → 33.34, tax 6.00.
        let first = &body["pos"][0];
        assert_eq!(first["po_value"], money("157.35"));
        assert_eq!(first["total_paid"], money("10.55"));
        assert_eq!(first["line_items"].as_array().unwrap().len(), 2);
        assert_eq!(first["line_items"][0]["item_name"], "Rods");
        assert_eq!(first["payment_count"], 3);
        let payments = first["payment_details"].as_array().unwrap();
        let amounts: Vec<&Value> = payments.iter().map(|payment| &payment["amount"]).collect();
        // The latest day first, of one day the one recorded last.
        assert_eq!(amounts, [&money("5"), &money("0.55"), &money("10")]);
        assert_eq!(payments[0]["po_id"], part);
        assert_eq!(body["pos"][2]["payment_details"], json!([]));

        // 157.35 + 50.05 + 7; the cancelled PO is listed, but in no sum.
        for (field, expected) in [
            ("total_po_count", json!(4)),
            ("total_count", json!(4)),
            ("total_project_value", money("214.4")),
            ("total_paid", money("60.6")),
            ("total_receivable", money("153.8")),
            (
                "summary",
                json!({"paid_count": 1, "partial_count": 1, "pending_count": 1}),
            ),
        ] {
            assert_eq!(body[field], expected, "{field}");
            assert_eq!(body["data"][field], expected, "data.{field}");
        }
        assert_eq!(body["data"]["pos"], body["pos"]);
    }
    assert_eq!(all["total_value"], money("214.4"));
    assert_eq!(all["limit"], 50);
    assert_eq!(own["project_id"], project);
}

#[tokio::test]
async fn filters_of_the_list_hold_for_the_sums_too() {
    let app = TestApp::start().await;
    let (_, [part, full, none, gone]) = mixed(&app).await;
    let viewer = app.viewer().await;

    for (query, expected, value, counts) in [
        ("payment_status=partial", vec![part, gone], "157.35", [0, 1, 0]),
        ("payment_status=paid", vec![full], "50.05", [1, 0, 0]),
        ("q=e-3", vec![none], "7", [0, 0, 1]),
        ("status=cancelled", vec![gone], "0", [0, 0, 0]),
        ("q=DELHI&limit=1", vec![part], "214.4", [1, 1, 1]),
    ] {
        let body = viewer
            .get(format!("/api/po/enriched?sort=id&{query}"))
            .send()
            .await
            .expect(200);

        assert_eq!(ids(&body["pos"]), expected, "{query}");
        assert_eq!(body["total_value"], money(value), "{query}");
        let [paid, partial, pending] = counts;
        assert_eq!(
            body["summary"],
            json!({"paid_count": paid, "partial_count": partial, "pending_count": pending}),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_pos_of_an_unknown_project_are_not_found() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;

    viewer
        .get("/api/projects/9999/po/enriched")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    viewer
        .get("/api/po/enriched?payment_status=never&limit=0")
        .send()
        .await
        .expect_error(422, "VALIDATION_ERROR");
}
