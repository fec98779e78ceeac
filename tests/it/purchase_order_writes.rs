//! Client POs: make them.

use serde_json::{Value, json};

use crate::support::{TestApp, callers::Reply, money, race};

/// The kept totals are what counting anew would make of the rows.
pub(crate) async fn expect_true_totals(app: &TestApp) {
    const TOTALS: &str = r#"
        SELECT COALESCE(string_agg(concat_ws(' ', list, scope, scope_id, status, entries, amount, paid), '; '), '')
          FROM (
               SELECT list, scope, scope_id, status, sum(entries) AS entries, sum(amount)::numeric(20, 2) AS amount,
                      sum(paid)::numeric(20, 2) AS paid
                 FROM "Finances".kept_total
                GROUP BY list, scope, scope_id, status
               HAVING sum(entries) <> 0
                ORDER BY list, scope, scope_id, status
               ) AS total"#;
    let kept: String = app.value(TOTALS).await;
    app.execute(r#"SELECT "Finances".recount_kept_totals()"#).await;
    assert_eq!(kept, app.value::<String>(TOTALS).await);
}

fn conflict_field(reply: &Reply) -> Value {
    reply.expect_error(409, "CONFLICT")["errors"][0]["field"].clone()
}

#[tokio::test]
async fn a_po_is_made_with_all_it_was_given() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let parent = app.client_po().insert().await;
    let editor = app.editor().await;

    let reply = editor
        .post("/api/po")
        .json(&json!({
            "client_name": " dava INDIA ", "project_id": project.to_string(), "po_number": " PO-1 ", "po_date": "2026-02-10",
            "po_value": "1180.005", "stated_tax": 180, "po_type": "Additional", "parent_po_id": parent, "status": "ACTIVE",
            "store_id": "ST-104", "pi_number": "PI-1", "pi_date": "2026-02-09", "description": "as agreed",
            "vendor_name": 5, "po_currency": "inr",
        }))
        .send()
        .await;

    let body = reply.expect(200);
    let id = body["po_id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/po/{id}"));
    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    assert_eq!(body["message"], "PO created");
    assert_eq!((&body["id"], &body["client_po_id"]), (&id.into(), &id.into()));
    assert_eq!(
        (&body["po_number"], &body["po_type"]),
        (&"PO-1".into(), &"additional".into())
    );
    assert_eq!(body["data"]["po"], body["po"]);
    assert_eq!(body["data"]["id"], id);
    for (field, value) in [
        ("client_id", json!(2)),
        ("project_id", json!(project)),
        ("po_date", json!("2026-02-10")),
        ("po_value", money("1180.01")),
        ("net_value", money("1000.01")),
        ("total_tax", money("180")),
        ("stated_value", money("1180.01")),
        ("stated_tax", money("180")),
        ("value_basis", json!("stated")),
        ("parent_po_id", json!(parent)),
        ("status", json!("active")),
        ("store_id", json!("ST-104")),
        ("pi_number", json!("PI-1")),
        ("pi_date", json!("2026-02-09")),
        ("notes", json!("as agreed")),
        ("is_primary", json!(true)),
        ("sequence_order", json!(1)),
        ("version", json!(1)),
    ] {
        assert_eq!(body["po"][field], value, "{field}");
    }
    let list = editor.get("/api/po?client_id=2").send().await.expect(200);
    assert_eq!(list["data"]["total_value"], money("1180.01"));
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn a_po_needs_little_and_is_dated_today() {
    let app = TestApp::start().await;
    let today = app.clock().today().to_string();

    let body = app
        .editor()
        .await
        .post("/api/client-po")
        .json(&json!({"client_id": "1", "po_number": "", "project_id": ""}))
        .send()
        .await
        .expect(200);

    assert_eq!(body["po"]["po_date"], today);
    assert_eq!(body["po"]["po_value"], money("0"));
    assert!(body["po_number"].is_null() && body["po"]["project_id"].is_null());
    assert_eq!(
        (&body["po"]["status"], &body["po"]["po_type"]),
        (&"pending".into(), &"standard".into())
    );
}

#[tokio::test]
async fn a_po_of_a_project_is_for_its_client_or_the_one_named() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let ownerless: i64 = app
        .value(r#"INSERT INTO "Finances".project (name) VALUES ('Nobody') RETURNING id"#)
        .await;
    app.execute(r#"SELECT "Finances".recount_kept_totals()"#).await;
    let editor = app.editor().await;
    let make = |path: String, number: &str| {
        editor
            .post(path)
            .json(&json!({"po_number": number, "po_date": "2026-02-10", "po_value": 100}))
    };

    let first = make(format!("/api/projects/{project}/po"), "A")
        .send()
        .await
        .expect(200);
    let second = make(format!("/api/projects/{project}/po?client_id=2"), "B")
        .send()
        .await
        .expect(200);

    assert_eq!(
        (
            &first["po"]["client_id"],
            &first["po"]["sequence_order"],
            &first["po"]["is_primary"]
        ),
        (&1.into(), &1.into(), &true.into())
    );
    assert_eq!(
        (
            &second["po"]["client_id"],
            &second["po"]["sequence_order"],
            &second["po"]["is_primary"]
        ),
        (&2.into(), &2.into(), &false.into())
    );
    let reply = make(format!("/api/projects/{ownerless}/po"), "C").send().await;
    assert_eq!(reply.faults(), ["client_id: missing"]);
    let reply = make(format!("/api/projects/{project}/po?client_id=99"), "C")
        .send()
        .await;
    assert_eq!(reply.faults(), ["client_id: foreign_key"]);
    make("/api/projects/999/po".to_owned(), "C")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    let reply = editor
        .post(format!("/api/projects/{project}/po"))
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(reply.faults(), ["po_date: missing"]);
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn every_fault_of_a_po_is_named_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for (body, faults) in [
        (json!({}), vec!["client_id: missing"]),
        (json!({"client_name": "Nobody"}), vec!["client_name: foreign_key"]),
        (json!({"client_id": 99}), vec!["client_id: foreign_key"]),
        (
            json!({"client_id": 1, "project_id": 99}),
            vec!["project_id: foreign_key"],
        ),
        (
            json!({"client_id": 1, "parent_po_id": 99}),
            vec!["parent_po_id: foreign_key"],
        ),
        (
            json!({
                "client_id": 0, "project_id": "x", "po_number": "n".repeat(101), "po_date": "10.02.2026", "po_value": -1,
                "po_type": "verbal_agreement", "parent_po_id": -1, "status": "open", "store_id": 5,
                "pi_number": "a\0", "pi_date": "2026-02-30", "notes": "n".repeat(5001), "po_currency": "USD",
            }),
            vec![
                "client_id: int_parsing",
                "notes: string_too_long",
                "parent_po_id: int_parsing",
                "pi_date: date_parsing",
                "pi_number: value_error",
                "po_currency: enum",
                "po_date: date_parsing",
                "po_number: string_too_long",
                "po_type: enum",
                "po_value: greater_than_equal",
                "project_id: int_parsing",
                "status: enum",
                "store_id: value_error",
            ],
        ),
        (
            json!({"client_id": 1, "po_value": 100, "total_tax": 100.01}),
            vec!["total_tax: less_than_equal"],
        ),
        (
            json!({"client_id": 1, "stated_tax": 1}),
            vec!["stated_tax: less_than_equal"],
        ),
        (
            json!({"client_id": 1, "po_value": 10_000_000_000_000_i64}),
            vec!["po_value: less_than_equal"],
        ),
    ] {
        let reply = editor.post("/api/po").json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    for table in [
        r#"SELECT count(*) FROM "Finances".client_po"#,
        r#"SELECT count(*) FROM "Finances".audit_entry"#,
    ] {
        assert_eq!(app.value::<i64>(table).await, 0);
    }
}

#[tokio::test]
async fn numbers_are_taken_once() {
    let app = TestApp::start().await;
    let (delhi, pune) = (app.project("Delhi").await, app.project("Pune").await);
    app.client_po().number("PO-1").insert().await;
    let editor = app.editor().await;
    let make = |body: Value| editor.post("/api/po").json(&body);
    let invoice = |project: i64| json!({"client_id": 1, "project_id": project, "pi_number": "PI-1"});

    let taken = make(json!({"client_id": 2, "po_number": "PO-1"})).send().await;
    assert_eq!(conflict_field(&taken), "po_number");
    make(invoice(delhi)).send().await.expect(200);
    make(invoice(pune)).send().await.expect(200);
    make(json!({"client_id": 1, "pi_number": "PI-1"}))
        .send()
        .await
        .expect(200);
    make(json!({"client_id": 2, "pi_number": "PI-1"}))
        .send()
        .await
        .expect(200);
    for again in [
        invoice(delhi),
        json!({"client_id": 2, "project_id": delhi, "pi_number": "PI-1"}),
        json!({"client_id": 1, "pi_number": "PI-1"}),
    ] {
        assert_eq!(
            conflict_field(&make(again.clone()).send().await),
            "pi_number",
            "{again}"
        );
    }
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_invoice_and_each_a_place() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let path = format!("/api/projects/{project}/po");
    let invoices = (0..6)
        .map(|turn| {
            editor
                .post(format!("{path}?client_id={}", turn % 2 + 1))
                .json(&json!({"po_date": "2026-02-10", "pi_number": "PI-1"}))
        })
        .collect();
    let places = (0..6)
        .map(|_| {
            editor
                .post(&path)
                .json(&json!({"po_date": "2026-02-10", "po_value": 10}))
        })
        .collect();

    let invoices: Vec<u16> = race(invoices).await.iter().map(|reply| reply.status).collect();
    let places: Vec<u16> = race(places).await.iter().map(|reply| reply.status).collect();

    assert_eq!(invoices, [200, 409, 409, 409, 409, 409]);
    assert_eq!(places, [200; 6]);
    let order: String = app
        .value(
            r#"SELECT string_agg(sequence_order || CASE WHEN is_primary THEN '!' ELSE '' END, ' ' ORDER BY sequence_order)
                 FROM "Finances".po_project_mapping"#,
        )
        .await;
    assert_eq!(order, "1! 2 3 4 5 6 7");
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn a_po_under_an_idempotency_key_is_made_once_and_only_by_editors() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let (editor, viewer) = (app.editor().await, app.viewer().await);
    let body = json!({"client_id": 1, "po_date": "2026-02-10"});
    for path in [
        "/api/po".to_owned(),
        "/api/client-po".to_owned(),
        format!("/api/projects/{project}/po"),
    ] {
        let make = || editor.post(&path).header("idempotency-key", "make-1").json(&body);

        let first = make().send().await;
        let again = make().send().await;

        first.expect(200);
        assert_eq!(again.bytes, first.bytes, "{path}");
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("location"), first.header("location"));
        viewer
            .post(&path)
            .json(&body)
            .send()
            .await
            .expect_error(403, "FORBIDDEN");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po"#)
            .await,
        3
    );
}

#[tokio::test]
async fn a_date_is_a_day_or_the_midnight_at_which_it_begins() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    for (date, stored) in [
        ("2026-02-10", true),
        ("2026-02-10T00:00", true),
        ("2026-02-10T00:00:00", true),
        ("2026-02-10T00:00:00.000Z", true),
        ("2026-02-10T00:00:00+05:30", true),
        // Of the next day in Kolkata.
        ("2026-02-10T23:30:00Z", false),
        ("2026-02-10T00:00:01", false),
        ("2026-02-10Tgarbage", false),
        ("2026-02-10T", false),
        ("2026-02-10T99:99:99Z", false),
        ("2026-02-10 00:00:00", false),
    ] {
        let body = json!({"client_id": 1, "po_date": date});
        let reply = editor.post("/api/po").json(&body).send().await;
        if stored {
            assert_eq!(reply.expect(200)["po"]["po_date"], "2026-02-10", "{date}");
        } else {
            assert_eq!(reply.faults(), ["po_date: date_parsing"], "{date}");
        }
    }
}

#[tokio::test]
async fn every_unknown_row_that_a_new_po_names_is_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({"client_id": 99999, "project_id": 99998, "parent_po_id": 99997});

    let reply = app.editor().await.post("/api/po").json(&body).send().await;

    assert_eq!(
        reply.faults(),
        [
            "client_id: foreign_key",
            "parent_po_id: foreign_key",
            "project_id: foreign_key"
        ]
    );
}

#[tokio::test]
async fn a_po_that_would_outgrow_its_books_blames_the_line() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = app.client_po().insert().await;
    let path = format!("/api/po/{po}/line-items");
    let line = json!({"item_name": "x", "quantity": "99999999999", "unit_price": 100});
    editor.post(&path).json(&line).send().await.expect(200);

    let again = editor.post(&path).json(&line).send().await;
    let several = editor
        .post(format!("{path}/bulk"))
        .json(&json!({"items": [line, line]}))
        .send()
        .await;

    assert_eq!(again.faults(), ["quantity: less_than_equal"]);
    assert_eq!(several.faults(), ["items: less_than_equal"]);
    let body = editor.get(&path).send().await.expect(200);
    assert_eq!(body["total_count"], 1);
}
