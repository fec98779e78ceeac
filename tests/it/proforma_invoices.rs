//! Proforma invoices as JSON: made, listed, and checked against their own figures.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use rust_decimal::{Decimal, RoundingStrategy, dec};
use serde_json::{Value, json};

use crate::support::{TestApp, builders::recount, callers::Caller, money, race};

async fn create(caller: &Caller, body: Value) -> Value {
    caller
        .post("/api/proforma-invoice")
        .json(&body)
        .send()
        .await
        .expect(200)
}

async fn verdict(caller: &Caller, po: &Value) -> Value {
    caller
        .get(format!("/api/proforma-invoice/validate/{po}"))
        .send()
        .await
        .expect(200)
}

#[tokio::test]
async fn an_invoice_is_a_po_without_a_number_that_is_worth_its_items() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let vendor: i64 = app
        .value(r#"INSERT INTO "Finances".vendor (name) VALUES ('Example Works') RETURNING id"#)
        .await;
    recount(&app.db).await;

    let reply = editor
        .post("/api/proforma-invoices")
        .json(&json!({
            "vendor_id": vendor, "invoice_number": " PFI-1 ", "invoice_date": "2026-02-10", "vendor_address": "Pune",
            "amount": 50000, "currency": "inr",
            "items": [{"description": "Cabling works", "quantity": 100, "unit_price": 500, "total": 50000}],
        }))
        .send()
        .await;

    let mut body = reply.expect(200);
    let po = body["id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/po/{po}"));
    let data = body.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(data, body, "data repeats the top level");
    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("po_status", json!("pending")),
        ("client_po_id", json!(po)),
        ("client_id", json!(2)),
        ("client_name", json!("Dava India")),
        ("project_id", Value::Null),
        ("vendor_id", json!(vendor)),
        ("vendor_name", json!("Example Works")),
        ("pi_number", json!("PFI-1")),
        ("pi_date", json!("2026-02-10")),
        ("po_number", Value::Null),
        ("amount", json!(50000)),
        ("subtotal", json!(50000)),
        ("total_tax", json!(0)),
        ("line_item_count", json!(1)),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    assert_eq!(body["line_items"][0]["total_price"], json!(50000));
    let shown = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    assert_eq!(
        (&shown["stated_value"], &shown["po_value"], &shown["po_type"]),
        (&json!(50000), &json!(50000), &json!("proforma"))
    );
    assert_eq!(verdict(&editor, &json!(po)).await["status"], "VALID");
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn a_seller_is_found_by_name_or_made() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let body =
        |number: &str, name: &str| json!({"pi_number": number, "amount": "10.50", "vendor_name": name});

    let first = create(&editor, body("P-1", "Example Works")).await;
    let second = create(&editor, body("P-2", "EXAMPLE WORKS")).await;

    assert_eq!(first["vendor_id"], second["vendor_id"]);
    assert_eq!(second["vendor_name"], "Example Works");
    assert_eq!(first["amount"], money("10.5"));
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".vendor"#)
            .await,
        1
    );
}

#[tokio::test]
async fn a_number_is_the_only_one_in_its_project_or_among_those_without() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.execute(
        r#"INSERT INTO "Finances".project (name, client_id) VALUES ('One', 2), ('Two', 2), ('Nobody''s', NULL)"#,
    )
    .await;
    let body = |project: Option<i64>| json!({"invoice_number": "P", "amount": 1, "project_id": project});
    for project in [None, Some(1), Some(2), Some(3)] {
        create(&editor, body(project)).await;
    }
    for project in [None, Some(1), Some(2), Some(3)] {
        let reply = editor
            .post("/api/proforma-invoice")
            .json(&body(project))
            .send()
            .await;
        reply.expect_error(409, "CONFLICT");
    }
    let other = json!({"invoice_number": "P", "amount": 1, "client_id": 1});
    create(&editor, other).await;

    let calls = (0..4)
        .map(|_| {
            editor
                .post("/api/proforma-invoice")
                .json(&json!({"invoice_number": "Q", "amount": 1, "project_id": 1}))
        })
        .collect();
    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 409, 409, 409]);
    let places: Vec<i32> = sqlx::query_scalar(
        r#"SELECT sequence_order FROM "Finances".po_project_mapping WHERE project_id = 1 ORDER BY 1"#,
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(places, [1, 2]);
}

#[tokio::test]
async fn the_list_has_just_what_has_an_invoices_number_page_by_page() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.execute(r#"INSERT INTO "Finances".project (name, client_id) VALUES ('One', 2)"#)
        .await;
    app.client_po().number("No invoice").insert().await;
    for number in 1..=5 {
        let project = (number > 3).then_some(1);
        let client = if number == 1 { 1 } else { 2 };
        create(
            &editor,
            json!({"invoice_number": format!("P-{number}"), "amount": number, "project_id": project, "client_id": client}),
        )
        .await;
    }
    let viewer = app.viewer().await;
    let numbers = |body: &Value| -> Vec<String> {
        let rows = body["proforma_invoices"].as_array().unwrap();
        rows.iter()
            .map(|row| row["pi_number"].as_str().unwrap().to_owned())
            .collect()
    };

    let all = viewer.get("/api/proforma-invoices").send().await.expect(200);
    assert_eq!(numbers(&all), ["P-5", "P-4", "P-3", "P-2", "P-1"]);
    assert_eq!(
        (&all["status"], &all["total_count"], &all["limit"]),
        (&json!("SUCCESS"), &json!(5), &json!(50))
    );
    assert_eq!(all["proforma_invoices"][0]["status"], "pending");
    assert_eq!(all["proforma_invoices"][0]["project_name"], "One");

    let page = viewer
        .get("/api/proforma-invoice?client_id=2&limit=3")
        .send()
        .await
        .expect(200);
    assert_eq!(numbers(&page), ["P-5", "P-4", "P-3"]);
    assert_eq!(page["total_count"], 4);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = viewer
        .get(format!(
            "/api/proforma-invoice?client_id=2&limit=3&cursor={cursor}"
        ))
        .send()
        .await
        .expect(200);
    assert_eq!(numbers(&rest), ["P-2"]);
    assert!(rest["next_cursor"].is_null());
    let skipped = viewer
        .get("/api/proforma-invoice?skip=1&limit=1&project_id=1")
        .send()
        .await
        .expect(200);
    assert_eq!(
        (numbers(&skipped), &skipped["total_count"]),
        (vec!["P-4".to_owned()], &json!(2))
    );
    let nobody = viewer
        .get("/api/proforma-invoice?client_id=99")
        .send()
        .await
        .expect(200);
    assert_eq!(
        (numbers(&nobody), &nobody["total_count"]),
        (Vec::new(), &json!(0))
    );
}

#[tokio::test]
async fn contradictions_are_told_with_both_figures_and_the_po_beside_them() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    // 3 × 33.335 = 100.005, rounded 100.01; 18 % of it 18.00; another line 50 without tax.
    app.execute(
        r#"
        INSERT INTO "Finances".client_po (client_id, pi_number, po_value, total_tax, stated_value, stated_tax, subtotal, cgst, sgst, igst)
        VALUES (2, 'P', 168.01, 18, 169, 18, 150.02, 9, 9.02, NULL);
        INSERT INTO "Finances".client_po_line_item
               (client_po_id, item_name, quantity, unit_price, rate, total_price, gst_amount, gross_amount)
        VALUES (1, 'A', 3, 33.335, 33.335, 100.01, 18, 118.01), (1, 'B', 5, 10, 10.01, 50, NULL, NULL);
        INSERT INTO "Finances".client_po (client_id, pi_number, po_value) VALUES (2, 'Empty', 0);
        "#,
    )
    .await;

    let body = verdict(&editor, &json!(1)).await;

    assert_eq!(
        (&body["status"], &body["line_item_count"]),
        (&json!("INVALID"), &json!(2))
    );
    assert_eq!(
        body["validation_errors"],
        json!([
            "Total tax mismatch: Calculated 18.02 vs Reported 18.00",
            "Grand total mismatch: Calculated 168.02 vs Reported 169.00",
            "Gross total mismatch: Calculated 168.01 vs Reported 169.00",
            "Line 2: Taxable amount mismatch: Calculated 50.05 vs Reported 50.00",
        ])
    );
    let po = editor.get("/api/client-po/1").send().await.expect(200);
    assert_eq!(body["po_data"], po);
    assert_eq!(verdict(&editor, &json!(2)).await["status"], "VALID");
}

fn paisa(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

#[derive(Debug, Clone)]
struct Item {
    quantity: Decimal,
    price: Decimal,
    /// Percent.
    tax: Option<Decimal>,
}

impl Item {
    fn total(&self) -> Decimal {
        paisa(self.quantity * self.price)
    }

    fn gst(&self) -> Decimal {
        self.tax
            .map_or(Decimal::ZERO, |rate| paisa(self.total() * rate / dec!(100)))
    }
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let tax = prop_oneof![
        Just(None),
        Just(Some(dec!(0))),
        Just(Some(dec!(5))),
        Just(Some(dec!(18))),
        Just(Some(dec!(12.5))),
    ];
    let item = (1_i64..10_000_000, 0_i64..1_000_000_000, tax).prop_map(|(quantity, price, tax)| Item {
        quantity: Decimal::new(quantity, 4),
        price: Decimal::new(price, 4),
        tax,
    });
    prop::collection::vec(item, 1..12)
}

/// Amount, value, tax and verdict of random invoices are those of exact decimals; an amount that is off by more than a paisa
/// is refused.
#[tokio::test]
async fn random_invoices_are_worth_what_decimals_say() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let editor = app.editor().await;
    let mut runner = TestRunner::deterministic();
    let strategy = (items(), -3_i64..=3, any::<bool>());
    for number in 0..60 {
        let (items, off, is_stated) = strategy.new_tree(&mut runner).unwrap().current();
        let subtotal: Decimal = items.iter().map(Item::total).sum();
        let tax: Decimal = items.iter().map(Item::gst).sum();
        let amount = subtotal + tax + Decimal::new(off, 2);
        let exact = |value: Decimal| serde_json::from_str::<Value>(&value.normalize().to_string()).unwrap();
        let mut body = json!({
            "invoice_number": format!("P-{number}"),
            "items": items.iter().map(|item| {
                let mut line = json!({
                    "description": "Works", "quantity": exact(item.quantity), "unit_price": exact(item.price),
                    "total": exact(item.total()),
                });
                if let Some(rate) = item.tax {
                    line["tax_rate"] = exact(rate);
                }
                line
            }).collect::<Vec<_>>(),
        });
        if is_stated {
            body["amount"] = exact(amount);
        }

        let reply = editor.post("/api/proforma-invoice").json(&body).send().await;

        if is_stated && amount < Decimal::ZERO {
            assert_eq!(reply.faults(), ["amount: greater_than_equal"], "{body}");
            continue;
        }
        if is_stated && off.abs() > 1 {
            assert_eq!(reply.faults(), ["amount: value_error"], "{body}");
            continue;
        }
        let made = reply.expect(200);
        assert_eq!(made["amount"], exact(subtotal + tax), "{body}");
        assert_eq!(made["subtotal"], exact(subtotal), "{body}");
        assert_eq!(made["total_tax"], exact(tax), "{body}");
        let po = editor
            .get(format!("/api/po/{}", made["id"]))
            .send()
            .await
            .expect(200)["data"]
            .clone();
        let stated = if is_stated { amount } else { subtotal + tax };
        assert_eq!(po["stated_value"], exact(stated), "{body}");
        assert_eq!(po["value_difference"], exact(stated - subtotal - tax), "{body}");
        // The tax is not told apart into CGST, SGST and IGST, so that a taxed invoice contradicts itself in that.
        let verdict = verdict(&editor, &made["id"]).await;
        let expected = if tax > dec!(0.01) {
            vec![format!(
                "Total tax mismatch: Calculated 0.00 vs Reported {tax:.2}"
            )]
        } else {
            Vec::new()
        };
        assert_eq!(verdict["validation_errors"], json!(expected), "{body}");
    }
    assert_eq!(app.totals_that_are_off().await, 0);
}
