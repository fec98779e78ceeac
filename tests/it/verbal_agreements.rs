//! Verbal agreements.

use serde_json::{Value, json};

use crate::{
    purchase_order_writes::expect_true_totals,
    support::{TestApp, callers::Caller, money, race},
};

/// Makes an agreement in a project; the agreement.
async fn agree(editor: &Caller, project: i64, number: &str, date: &str, value: &str) -> Value {
    let body = json!({"pi_number": number, "pi_date": date, "value": value});
    editor
        .post(format!("/api/projects/{project}/verbal-agreement"))
        .json(&body)
        .send()
        .await
        .expect(200)["agreement"]
        .clone()
}

fn add_po(agreement: &Value) -> String {
    format!("/api/verbal-agreement/{}/add-po", agreement["id"])
}

#[tokio::test]
async fn an_agreement_is_an_open_po_of_its_project() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;

    let reply = editor
        .post(format!("/api/projects/{project}/verbal-agreement"))
        .json(&json!({"pi_number": " PI-7 ", "pi_date": "2026-02-10", "value": "150000.005", "notes": "by phone", "x": 1}))
        .send()
        .await;

    let body = reply.expect(200);
    let id = body["agreement_id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/po/{id}"));
    assert_eq!(reply.header("etag").split('-').next(), Some("\"1"));
    assert_eq!(
        (&body["message"], &body["pi_number"], &body["pi_date"]),
        (
            &json!("Verbal agreement created"),
            &json!("PI-7"),
            &json!("2026-02-10")
        )
    );
    assert_eq!(body["agreement"], body["data"]);
    let mut agreement = body["agreement"].clone();
    assert!(
        agreement
            .as_object_mut()
            .unwrap()
            .remove("created_at")
            .unwrap()
            .is_string()
    );
    assert_eq!(
        agreement,
        json!({
            "id": id, "agreement_id": id, "client_po_id": id, "client_id": 1, "client_name": "Bajaj", "project_id": project,
            "pi_number": "PI-7", "pi_date": "2026-02-10", "agreement_date": "2026-02-10", "po_number": null, "po_date": null,
            "value": money("150000.01"), "po_value": money("150000.01"), "stated_value": money("150000.01"),
            "value_basis": "stated", "status": "pending", "has_po": false, "notes": "by phone", "version": 1,
        })
    );
    let po = editor
        .get(format!("/api/po/{id}/details"))
        .send()
        .await
        .expect(200);
    assert_eq!(po["data"]["is_open_agreement"], true);
    assert_eq!(
        (&po["data"]["is_primary"], &po["data"]["sequence_order"]),
        (&true.into(), &1.into())
    );
    let other = editor
        .post(format!("/api/projects/{project}/verbal-agreement?client_id=2"))
        .json(&json!({"pi_number": "PI-8", "pi_date": "2026-02-11"}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&other["data"]["client_id"], &other["data"]["value"]),
        (&2.into(), &money("0"))
    );
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn every_fault_of_an_agreement_is_named_at_once() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    app.execute(r#"INSERT INTO "Finances".project (id, name) VALUES (77, 'Nobody')"#)
        .await;
    let editor = app.editor().await;
    let path = format!("/api/projects/{project}/verbal-agreement");
    let good = json!({"pi_number": "PI-7", "pi_date": "2026-02-10"});
    for (path, body, faults) in [
        (
            path.clone(),
            json!({}),
            vec!["pi_date: missing", "pi_number: missing"],
        ),
        (
            path.clone(),
            json!({"pi_number": " ", "pi_date": "10.02.2026", "value": -1, "notes": "n".repeat(5001)}),
            vec![
                "notes: string_too_long",
                "pi_date: date_parsing",
                "pi_number: string_too_short",
                "value: greater_than_equal",
            ],
        ),
        (
            path.clone(),
            json!({"pi_number": "n".repeat(101), "pi_date": "2026-02-10", "value": 1e13}),
            vec!["pi_number: string_too_long", "value: less_than_equal"],
        ),
        (
            format!("{path}?client_id=99"),
            good.clone(),
            vec!["client_id: foreign_key"],
        ),
        (
            format!("{path}?client_id=x"),
            good.clone(),
            vec!["client_id: int_parsing"],
        ),
        (
            "/api/projects/77/verbal-agreement".to_owned(),
            good.clone(),
            vec!["client_id: missing"],
        ),
    ] {
        let reply = editor.post(&path).json(&body).send().await;
        assert_eq!(reply.faults(), faults, "{path} {body}");
    }
    let unknown = editor
        .post("/api/projects/999/verbal-agreement")
        .json(&good)
        .send()
        .await;
    unknown.expect_error(404, "NOT_FOUND");
    let viewer = app.viewer().await;
    viewer
        .post(&path)
        .json(&good)
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    app.nobody()
        .get(format!("{path}s"))
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po"#)
            .await,
        0
    );
}

#[tokio::test]
async fn a_proforma_number_stands_once_in_a_project() {
    let app = TestApp::start().await;
    let (delhi, mumbai) = (app.project("Delhi").await, app.project("Mumbai").await);
    let editor = app.editor().await;
    let call = |project: i64, client: i64| {
        editor
            .post(format!(
                "/api/projects/{project}/verbal-agreement?client_id={client}"
            ))
            .json(&json!({"pi_number": "PI-7", "pi_date": "2026-02-10", "value": 5}))
    };

    // Whoever's they are: the project's lock lets one of them in.
    let replies = race(vec![call(delhi, 1), call(delhi, 1), call(delhi, 2)]).await;

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 409, 409]);
    let taken = replies[2].expect_error(409, "CONFLICT");
    assert_eq!(taken["errors"][0]["field"], "pi_number");
    call(mumbai, 1).send().await.expect(200);
    let number: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".client_po WHERE pi_number = 'PI-7'"#)
        .await;
    assert_eq!(number, 2);
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn a_repeated_key_makes_one_agreement() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let send = || {
        editor
            .post(format!("/api/projects/{project}/verbal-agreement"))
            .json(&json!({"pi_number": "PI-7", "pi_date": "2026-02-10"}))
            .header("idempotency-key", "one")
            .send()
    };

    let (first, second) = (send().await, send().await);

    assert_eq!(first.expect(200), second.expect(200));
    assert_eq!(second.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn an_agreement_counts_once_before_and_after_it_has_its_number() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let agreement = agree(&editor, project, "PI-7", "2026-02-10", "150000").await;
    let id = agreement["id"].as_i64().unwrap();
    let payment = app.payment(id, "credit", "50000", "cleared").await;
    let summary = || {
        let call = editor.get(format!("/api/projects/{project}/financial-summary"));
        async move {
            let body = call.send().await.expect(200);
            let figures = &body["financial_summary"];
            let values = [
                "total_project_value",
                "total_agreement_value",
                "total_po_value",
                "total_collected",
                "outstanding_amount",
                "revenue",
            ]
            .map(|field| figures[field].clone());
            let counts = [
                &figures["verbal_agreements"],
                &body["purchase_orders"]["count"],
                &body["verbal_agreements"]["count"],
            ]
            .map(|count| count.as_i64().unwrap());
            (values, counts)
        }
    };
    let values = |texts: [&str; 6]| texts.map(money);

    let before = summary().await;
    let body = editor
        .put(add_po(&agreement))
        .json(&json!({"po_number": " 4500000001 ", "po_date": "2026-02-20"}))
        .header("if-match", "\"1\"")
        .send()
        .await
        .expect(200);
    let after = summary().await;

    assert_eq!(
        before,
        (
            values(["150000", "150000", "0", "50000", "100000", "150000"]),
            [1, 0, 1]
        )
    );
    assert_eq!(
        after,
        (
            values(["150000", "0", "150000", "50000", "100000", "150000"]),
            [0, 1, 0]
        )
    );
    assert_eq!(body["message"], "PO number added to verbal agreement");
    assert_eq!(
        (
            &body["agreement_id"],
            &body["pi_number"],
            &body["po_number"],
            &body["po_date"]
        ),
        (
            &json!(id),
            &json!("PI-7"),
            &json!("4500000001"),
            &json!("2026-02-20")
        )
    );
    assert_eq!(body["agreement"], body["data"]);
    let mut expected = agreement.clone();
    for (field, value) in [
        ("po_number", json!("4500000001")),
        ("po_date", json!("2026-02-20")),
        ("has_po", json!(true)),
        ("version", json!(2)),
    ] {
        expected[field] = value;
    }
    assert_eq!(body["agreement"], expected);
    let po: String = app
        .value(r#"SELECT concat_ws(' ', po_type, po_number, po_value, pi_number) FROM "Finances".client_po"#)
        .await;
    assert_eq!(po, "verbal_agreement 4500000001 150000.00 PI-7");
    let paid: i64 = app
        .value(r#"SELECT client_po_id FROM "Finances".client_payment"#)
        .await;
    assert_eq!((paid, payment > 0), (id, true));
    let audit: String = app
        .value(
            r#"SELECT string_agg(concat_ws(' ', action, before ->> 'po_number', after ->> 'po_number'), ', ' ORDER BY id)
                 FROM "Finances".audit_entry WHERE entity = 'client_po'"#,
        )
        .await;
    assert_eq!(audit, "created, updated 4500000001");
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn lines_of_an_agreement_outlive_its_number() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let agreement = agree(&editor, project, "PI-7", "2026-02-10", "150000").await;
    editor
        .post(format!("/api/po/{}/line-items", agreement["id"]))
        .json(&json!({"item_name": "Steel", "quantity": 2, "unit_price": "99.995", "tax_rate": 18}))
        .send()
        .await
        .expect(200);

    let body = editor
        .put(add_po(&agreement))
        .json(&json!({"po_number": "P-1", "po_date": "2026-02-20"}))
        .send()
        .await
        .expect(200);

    assert_eq!(
        (
            &body["data"]["value"],
            &body["data"]["value_basis"],
            &body["data"]["stated_value"]
        ),
        (&money("235.99"), &json!("lines"), &money("150000"))
    );
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po_line_item"#)
            .await,
        1
    );
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn a_number_once_given_stays_and_only_its_date_may_change() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let agreement = agree(&editor, project, "PI-7", "2026-02-10", "5").await;
    app.client_po().number("TAKEN").insert().await;
    let put = |number: &str, date: &str, tag: Option<&str>| {
        let call = editor
            .put(add_po(&agreement))
            .json(&json!({"po_number": number, "po_date": date}));
        match tag {
            Some(tag) => call.header("if-match", tag),
            None => call,
        }
        .send()
    };
    let conflict = |body: Value| body["errors"][0]["field"].clone();

    let taken = put("TAKEN", "2026-02-20", None).await;
    let stale = put("P-1", "2026-02-20", Some("\"2-ab\"")).await;
    let given = put("P-1", "2026-02-20", Some("\"1-ab\"")).await.expect(200);
    let again = put("P-1", "2026-02-20", None).await;
    let other = put("P-2", "2026-02-20", None).await;
    let dated = put("P-1", "2026-02-21", None).await.expect(200);

    assert_eq!(conflict(taken.expect_error(409, "CONFLICT")), "po_number");
    stale.expect_error(412, "PRECONDITION_FAILED");
    assert_eq!(again.expect(200)["data"], given["data"]);
    assert_eq!(again.header("etag").split('-').next(), Some("\"2"));
    assert_eq!(conflict(other.expect_error(409, "CONFLICT")), "po_number");
    assert_eq!(
        (&dated["po_number"], &dated["po_date"], &dated["data"]["version"]),
        (&json!("P-1"), &json!("2026-02-21"), &json!(3))
    );
    let entries: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE entity = 'client_po'"#)
        .await;
    assert_eq!(entries, 3);
}

#[tokio::test]
async fn of_two_agreements_at_once_one_gets_the_number() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let first = agree(&editor, project, "PI-1", "2026-02-10", "5").await;
    let second = agree(&editor, project, "PI-2", "2026-02-10", "6").await;
    let call = |agreement: &Value| {
        editor
            .put(add_po(agreement))
            .json(&json!({"po_number": "P-1", "po_date": "2026-02-20"}))
    };

    let replies = race(vec![call(&first), call(&second)]).await;

    replies[0].expect(200);
    let lost = replies[1].expect_error(409, "CONFLICT");
    assert_eq!(lost["errors"][0]["field"], "po_number");
    let holders: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".client_po WHERE po_number = 'P-1'"#)
        .await;
    assert_eq!(holders, 1);
    expect_true_totals(&app).await;
}

#[tokio::test]
async fn of_two_numbers_at_once_an_agreement_gets_one() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let editor = app.editor().await;
    let agreement = agree(&editor, project, "PI-1", "2026-02-10", "5").await;
    let call = |number: &str| {
        editor
            .put(add_po(&agreement))
            .json(&json!({"po_number": number, "po_date": "2026-02-20"}))
    };

    let replies = race(vec![call("P-1"), call("P-2")]).await;

    let given = replies[0].expect(200);
    replies[1].expect_error(409, "CONFLICT");
    let stored: String = app.value(r#"SELECT po_number FROM "Finances".client_po"#).await;
    assert_eq!(given["po_number"], stored);
}

#[tokio::test]
async fn what_is_no_agreement_gets_no_number_here() {
    let app = TestApp::start().await;
    let po = app.client_po().number("P-9").insert().await;
    let editor = app.editor().await;
    let good = json!({"po_number": "P-1", "po_date": "2026-02-20"});
    for id in [po, 999] {
        let reply = editor
            .put(format!("/api/verbal-agreement/{id}/add-po"))
            .json(&good)
            .header("if-match", "\"9\"")
            .send()
            .await;
        let error = reply.expect_error(404, "NOT_FOUND");
        assert_eq!(error["message"], "Verbal agreement not found");
    }
    for (body, faults) in [
        (json!({}), ["po_date: missing", "po_number: missing"]),
        (
            json!({"po_number": "n".repeat(101), "po_date": "2026-13-01"}),
            ["po_date: date_parsing", "po_number: string_too_long"],
        ),
    ] {
        let reply = editor
            .put(format!("/api/verbal-agreement/{po}/add-po"))
            .json(&body)
            .send()
            .await;
        assert_eq!(reply.faults(), faults, "{body}");
    }
    let viewer = app.viewer().await;
    let refused = viewer
        .put(format!("/api/verbal-agreement/{po}/add-po"))
        .json(&good)
        .send()
        .await;
    refused.expect_error(403, "FORBIDDEN");
}

#[tokio::test]
async fn the_agreements_of_a_project_are_listed_with_what_is_open() {
    let app = TestApp::start().await;
    let (project, other) = (app.project("Delhi").await, app.project("Mumbai").await);
    let editor = app.editor().await;
    let oldest = agree(&editor, project, "PI-1", "2026-02-01", "100").await;
    let newest = agree(&editor, project, "PI-2", "2026-02-20", "200.50").await;
    let cancelled = agree(&editor, project, "PI-3", "2026-02-10", "400").await;
    let numbered = agree(&editor, project, "PI-4", "2026-02-10", "800").await;
    agree(&editor, other, "PI-5", "2026-02-10", "1600").await;
    app.client_po()
        .project(project)
        .stated("3200", "0")
        .insert()
        .await;
    editor
        .put(format!("/api/po/{}", cancelled["id"]))
        .json(&json!({"status": "cancelled"}))
        .send()
        .await
        .expect(200);
    editor
        .put(add_po(&numbered))
        .json(&json!({"po_number": "P-1", "po_date": "2026-02-20"}))
        .send()
        .await
        .expect(200);
    let viewer = app.viewer().await;
    let list = |query: String| {
        let call = viewer.get(format!("/api/projects/{project}/verbal-agreements?{query}"));
        async move { call.send().await.expect(200) }
    };
    let numbers = |body: &Value| -> Vec<i64> {
        assert_eq!(body["agreements"], body["data"]["agreements"]);
        let agreements = body["agreements"].as_array().unwrap();
        agreements
            .iter()
            .map(|agreement| agreement["id"].as_i64().unwrap())
            .collect()
    };
    let id = |agreement: &Value| agreement["id"].as_i64().unwrap();

    let all = list(String::new()).await;

    assert_eq!(
        numbers(&all),
        [id(&newest), id(&numbered), id(&cancelled), id(&oldest)]
    );
    for place in [&all, &all["data"]] {
        assert_eq!(place["total_agreement_count"], 4);
        assert_eq!(place["total_agreement_value"], money("300.5"));
        assert_eq!(
            (&place["open_count"], &place["open_value"]),
            (&2.into(), &money("300.5"))
        );
        assert_eq!(
            (&place["total_count"], &place["limit"]),
            (&4.into(), &1000.into())
        );
        assert_eq!(place["project_id"], project);
    }
    let open = list("open_only=true&sort=po_value&limit=2".to_owned()).await;
    assert_eq!(numbers(&open), [id(&oldest), id(&newest)]);
    assert_eq!(
        (
            &open["total_count"],
            &open["total_agreement_count"],
            &open["open_count"]
        ),
        (&3.into(), &4.into(), &2.into())
    );
    for sort in [
        "id",
        "po_number",
        "po_date",
        "pi_date",
        "po_value",
        "status",
        "store_id",
        "created_at",
    ] {
        let sorted = list(format!("sort=-{sort}&limit=1")).await;
        assert_eq!(sorted["total_count"], 4, "{sort}");
        assert!(sorted["next_cursor"].is_string(), "{sort}");
    }
    let first = list("limit=2".to_owned()).await;
    assert_eq!(numbers(&first), [id(&newest), id(&numbered)]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = list(format!("limit=2&cursor={cursor}")).await;
    assert_eq!(numbers(&rest), [id(&cancelled), id(&oldest)]);
    assert_eq!(rest["total_agreement_value"], money("300.5"));
    let wrong = viewer
        .get(format!(
            "/api/projects/{project}/verbal-agreements?open_only=maybe&limit=1001&sort=client_name"
        ))
        .send()
        .await;
    assert_eq!(
        wrong.faults(),
        ["limit: less_than_equal", "open_only: value_error", "sort: enum"]
    );
    viewer
        .get("/api/projects/999/verbal-agreements")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    let empty = app.project("Empty").await;
    let none = viewer
        .get(format!("/api/projects/{empty}/verbal-agreements"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&none["agreements"], &none["open_value"], &none["total_count"]),
        (&json!([]), &money("0"), &0.into())
    );
}
