//! Many requests at once on the same rows: nothing is lost, nothing is half done, and nobody hears of a fault of the server.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply},
    money, race,
};

/// An id in an answer.
fn id(answer: &Value, field: &str) -> i64 {
    answer[field]
        .as_i64()
        .unwrap_or_else(|| panic!("no {field} in {answer}"))
}

async fn new_project(caller: &Caller, name: &str) -> i64 {
    let body = json!({"name": name, "client_id": 1});
    id(
        &caller.post("/api/projects").json(&body).send().await.expect(200),
        "project_id",
    )
}

async fn new_po(caller: &Caller, project: Option<i64>) -> i64 {
    let body = json!({"client_id": 1, "project_id": project, "po_value": 1000, "store_id": "ST-1"});
    id(
        &caller.post("/api/po").json(&body).send().await.expect(200),
        "po_id",
    )
}

fn payment(caller: &Caller, po: i64, amount: &str, status: &str) -> Call {
    caller.post(format!("/api/po/{po}/payments")).json(&json!({
        "amount": amount, "payment_date": "2026-02-10", "payment_mode": "neft", "status": status,
    }))
}

async fn paid(caller: &Caller, po: i64, amount: &str, status: &str) -> i64 {
    id(
        &payment(caller, po, amount, status).send().await.expect(200),
        "payment_id",
    )
}

fn line(price: &str) -> Value {
    json!({"item_name": "a", "quantity": 1, "unit_price": price})
}

async fn shown(caller: &Caller, path: &str) -> Value {
    caller.get(path).send().await.expect(200)
}

/// Sends all at once; each answers with one of these statuses.
async fn all_at_once(calls: Vec<Call>, statuses: &[u16]) -> Vec<Reply> {
    let replies = race(calls).await;
    for reply in &replies {
        assert!(
            statuses.contains(&reply.status),
            "{}: {}",
            reply.status,
            reply.text()
        );
    }
    replies
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

/// No row is left of something that is gone, every project with POs has one primary PO, and the totals are as they must be.
async fn expect_whole(app: &TestApp) {
    let broken: i64 = app
        .value(
            r#"
            SELECT (SELECT count(*)
                      FROM "Finances".client_po AS po
                      LEFT JOIN "Finances".po_project_mapping AS mapping ON mapping.client_po_id = po.id
                     WHERE po.project_id IS DISTINCT FROM mapping.project_id)
                 + (SELECT count(*)
                      FROM (SELECT FROM "Finances".po_project_mapping
                             GROUP BY project_id HAVING count(*) FILTER (WHERE is_primary) <> 1) AS headless)
                 + (SELECT count(*)
                      FROM "Finances".client_payment AS payment
                      LEFT JOIN "Finances".client_po AS po ON po.id = payment.client_po_id
                     WHERE po.id IS NULL)
                 + (SELECT count(*)
                      FROM "Finances".client_po AS po
                     WHERE po.po_value <> COALESCE(
                           (SELECT sum(COALESCE(line.gross_amount, line.total_price))
                              FROM "Finances".client_po_line_item AS line WHERE line.client_po_id = po.id),
                           po.stated_value))
            "#,
        )
        .await;
    assert_eq!(broken, 0);
    // One that is ended for it is tried again, but nobody has to wait for that.
    let deadlocks: i64 = app
        .value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        .await;
    assert_eq!(deadlocks, 0);
    assert_eq!(app.totals_that_are_off().await, 0);
}

#[tokio::test]
async fn fifty_payments_at_once_all_count() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = new_po(&editor, None).await;

    // Every fifth is only promised.
    let calls = (0..50).map(|n| {
        let status = if n % 5 == 0 { "pending" } else { "cleared" };
        payment(&editor, po, &format!("{n}.03"), status)
    });
    // An amount of 0.03 up to 49.03.
    all_at_once(calls.collect(), &[200]).await;

    let list = shown(&editor, &format!("/api/po/{po}/payments")).await;
    // Σ 0..49 = 1225, less 0 + 5 + … + 45 = 225; 40 × 0.03
    assert_eq!(list["summary"]["total_paid"], money("1001.2"));
    assert_eq!(list["summary"]["payment_status"], "paid");
    assert_eq!(list["total_count"], 50);
    assert_eq!(list["summary"]["pending_count"], 10);
    assert!(
        list["payments"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["version"] == 1)
    );
    let all = shown(&editor, "/api/po").await;
    assert_eq!(all["data"]["total_receivable"], money("-1.2"));
    assert_eq!(
        shown(&editor, "/api/payments?status=cleared").await["total_count"],
        40
    );
    let row = shown(&editor, &format!("/api/po/{po}")).await;
    // Payments are not part of the PO's row.
    assert_eq!(row["data"]["version"], 1);
    expect_whole(&app).await;
}

#[tokio::test]
async fn lines_added_changed_and_removed_at_once_are_all_in_the_value() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = new_po(&editor, None).await;
    let items = json!({"items": vec![line("100"); 10]});
    let added = editor
        .post(format!("/api/po/{po}/line-items/bulk"))
        .json(&items)
        .send()
        .await;
    let added = added.expect(200);
    let lines: Vec<i64> = added["line_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| id(line, "id"))
        .collect();

    let mut calls: Vec<Call> = (1..=20)
        .map(|n| {
            editor
                .post(format!("/api/po/{po}/line-items"))
                .json(&line(&format!("{n}.01")))
        })
        .collect();
    calls.extend((0..3).map(|_| {
        editor
            .post(format!("/api/po/{po}/line-items/bulk"))
            .json(&json!({"items": [line("0.5"), line("0.25")]}))
    }));
    calls.extend(lines[..5].iter().map(|line| {
        editor
            .put(format!("/api/line-items/{line}"))
            .json(&json!({"quantity": 2, "tax_rate": 18}))
    }));
    calls.extend(
        lines[5..9]
            .iter()
            .map(|line| editor.delete(format!("/api/line-items/{line}"))),
    );
    let writes = calls.len();
    all_at_once(calls, &[200]).await;

    let row = &shown(&editor, &format!("/api/po/{po}")).await["data"];
    // Σ 1..20 + 20 × 0.01 + 3 × 0.75 + 5 × 236 + 100
    assert_eq!(row["po_value"], money("1492.45"));
    assert_eq!(row["total_tax"], money("180"));
    assert_eq!(row["line_item_count"], 20 + 6 + 5 + 1);
    assert_eq!(row["version"], 2 + writes);
    let list = shown(&editor, &format!("/api/po/{po}/line-items")).await;
    assert_eq!(list["total_gross"], row["po_value"]);
    expect_whole(&app).await;
}

#[tokio::test]
async fn a_po_that_two_projects_want_ends_in_one_of_them() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let home = new_project(&editor, "Home").await;
    let targets = [
        new_project(&editor, "North").await,
        new_project(&editor, "South").await,
    ];
    let po = new_po(&editor, Some(home)).await;
    let sibling = new_po(&editor, Some(home)).await;

    let calls = targets.map(|project| editor.post(format!("/api/projects/{project}/po/{po}/attach")));
    all_at_once(calls.into(), &[200]).await;
    expect_whole(&app).await;

    // Many times, by both routes.
    let calls = (0..12).map(|n| {
        let project = targets[n % 2];
        if n % 3 == 0 {
            editor
                .put(format!("/api/po/{po}"))
                .json(&json!({"project_id": project}))
        } else {
            editor.post(format!("/api/projects/{project}/po/{po}/attach"))
        }
    });
    all_at_once(calls.collect(), &[200, 409]).await;

    let mapped: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".po_project_mapping"#)
        .await;
    assert_eq!(mapped, 2);
    let mut holders = 0;
    for project in targets {
        let list = shown(&editor, &format!("/api/projects/{project}/po")).await;
        holders += list["total_count"].as_i64().unwrap();
    }
    assert_eq!(holders, 1);
    let home = shown(&editor, &format!("/api/projects/{home}/po")).await;
    assert_eq!(id(&home["pos"][0], "id"), sibling);
    assert_eq!(home["pos"][0]["is_primary"], true);
    expect_whole(&app).await;
}

#[tokio::test]
async fn a_proforma_number_stays_the_only_one_of_its_project_while_pos_move() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for n in 0..4 {
        let (from, to) = (
            new_project(&editor, &format!("North {n}")).await,
            new_project(&editor, &format!("South {n}")).await,
        );
        let moving = new_po(&editor, Some(from)).await;
        let body = json!({"client_id": 1, "project_id": to, "pi_number": "PI-1"});
        editor.post("/api/po").json(&body).send().await.expect(200);
        // So that the number that the PO has before is not the one to be looked for.
        let rename = |number: &str| {
            editor
                .put(format!("/api/po/{moving}"))
                .json(&json!({"pi_number": number}))
        };
        rename("PI-0").send().await.expect(200);

        let mut calls = vec![
            rename("PI-1"),
            editor.post(format!("/api/projects/{to}/po/{moving}/attach")),
        ];
        if n % 2 == 1 {
            calls.reverse();
        }
        let replies = all_at_once(calls, &[200, 409]).await;

        assert_eq!([replies[0].status, replies[1].status], [200, 409]);
    }
    expect_whole(&app).await;
}

#[tokio::test]
async fn of_many_primary_pos_at_once_one_is_left() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = new_project(&editor, "Delhi").await;
    let mut pos = Vec::new();
    for _ in 0..6 {
        pos.push(new_po(&editor, Some(project)).await);
    }

    let calls = pos
        .iter()
        .chain(&pos)
        .map(|po| editor.put(format!("/api/projects/{project}/po/{po}/set-primary")));
    all_at_once(calls.collect(), &[200]).await;

    let list = shown(&editor, &format!("/api/projects/{project}/po")).await;
    let primary = list["pos"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|po| po["is_primary"] == true)
        .count();
    assert_eq!(primary, 1);
    expect_whole(&app).await;
}

#[tokio::test]
async fn new_pos_of_a_project_at_once_each_get_a_place() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = new_project(&editor, "Delhi").await;

    let body = json!({"po_date": "2026-02-10", "po_value": 10, "store_id": "ST-1"});
    let calls = (0..12).map(|_| editor.post(format!("/api/projects/{project}/po")).json(&body));
    all_at_once(calls.collect(), &[200]).await;

    let list = shown(&editor, &format!("/api/projects/{project}/po")).await;
    let places: Vec<i64> = list["pos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|po| id(po, "sequence_order"))
        .collect();
    assert_eq!(places, (1..=12).collect::<Vec<i64>>());
    assert_eq!(list["total_project_value"], money("120"));
    expect_whole(&app).await;
}

#[tokio::test]
async fn a_po_deleted_while_others_write_to_it_leaves_nothing() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let project = new_project(&editor, "Delhi").await;
    let other = new_project(&editor, "Pune").await;
    for _ in 0..4 {
        let po = new_po(&editor, Some(project)).await;
        new_po(&editor, Some(project)).await;
        let mut calls = Vec::new();
        for n in 0..4 {
            calls.push(payment(&editor, po, "10", "cleared"));
            calls.push(editor.post(format!("/api/po/{po}/line-items")).json(&line("5")));
            if n == 1 {
                calls.push(admin.delete(format!("/api/po/{po}?force=true")));
            }
            calls.push(editor.post(format!("/api/projects/{other}/po/{po}/attach")));
            calls.push(
                editor
                    .put(format!("/api/po/{po}"))
                    .json(&json!({"po_value": 70 + n})),
            );
            calls.push(editor.put(format!("/api/projects/{project}/po/{po}/set-primary")));
        }
        all_at_once(calls, &[200, 404, 409]).await;

        editor
            .get(format!("/api/po/{po}"))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        expect_whole(&app).await;
    }
}

#[tokio::test]
async fn money_that_arrives_while_its_po_is_deleted_is_kept_or_refused() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    for _ in 0..6 {
        let po = new_po(&editor, None).await;

        let calls = vec![
            payment(&editor, po, "10", "cleared"),
            admin.delete(format!("/api/po/{po}")),
            payment(&editor, po, "20", "cleared"),
        ];
        let replies = all_at_once(calls, &[200, 404, 409]).await;

        let left = editor.get(format!("/api/po/{po}")).send().await;
        if count(&replies, 409) == 1 {
            // A payment was first, so that the PO stands with both.
            assert_eq!(count(&replies, 200), 2);
            assert_eq!(left.expect(200)["data"]["total_paid"], money("30"));
        } else {
            assert_eq!((count(&replies, 200), count(&replies, 404)), (1, 2));
            left.expect_error(404, "NOT_FOUND");
        }
        expect_whole(&app).await;
    }
}

#[tokio::test]
async fn a_project_deleted_while_pos_come_to_it_takes_them_along_or_never_gets_them() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    for n in 0..4 {
        let project = new_project(&editor, &format!("Delhi {n}")).await;
        let other = new_project(&editor, &format!("Pune {n}")).await;
        let inside = new_po(&editor, Some(project)).await;
        let outside = new_po(&editor, None).await;
        let elsewhere = new_po(&editor, Some(other)).await;
        let body = json!({"po_date": "2026-02-10", "po_value": 10});
        let mut calls = vec![
            editor.post(format!("/api/projects/{project}/po")).json(&body),
            editor.post(format!("/api/projects/{project}/po/{outside}/attach")),
            payment(&editor, inside, "10", "pending"),
            admin.delete(format!("/api/projects/{project}?force=true")),
            editor
                .put(format!("/api/po/{elsewhere}"))
                .json(&json!({"project_id": project})),
            editor.post(format!("/api/projects/{other}/po/{inside}/attach")),
            editor.put(format!("/api/projects/{project}/po/{inside}/set-primary")),
            editor
                .post("/api/po")
                .json(&json!({"client_id": 1, "project_id": project, "po_value": 5})),
            payment(&editor, inside, "20", "cleared"),
        ];
        if n % 2 == 1 {
            calls.reverse();
        }
        all_at_once(calls, &[200, 404, 409, 422]).await;

        editor
            .get(format!("/api/projects/{project}"))
            .send()
            .await
            .expect_error(404, "NOT_FOUND");
        expect_whole(&app).await;
    }
}

#[tokio::test]
async fn a_client_deleted_while_others_name_it_is_gone_or_kept() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    for n in 0..4 {
        let body = json!({"name": format!("Client {n}")});
        let added = editor.post("/api/clients").json(&body).send().await.expect(201);
        let client = id(&added["client"], "id");
        let mut calls = vec![
            editor.post("/api/po").json(&json!({"client_id": client})),
            admin.delete(format!("/api/clients/{client}")),
            editor
                .post("/api/projects")
                .json(&json!({"name": format!("P {n}"), "client_id": client})),
            editor
                .put(format!("/api/clients/{client}"))
                .json(&json!({"bundle_by_store": false})),
        ];
        if n % 2 == 1 {
            calls.reverse();
        }
        let replies = all_at_once(calls, &[200, 404, 409, 422]).await;

        let left = editor.get(format!("/api/clients/{client}")).send().await;
        if count(&replies, 409) == 1 {
            assert!(left.status == 200 && count(&replies, 200) >= 2);
        } else {
            assert_eq!(left.status, 404);
            assert_eq!(count(&replies, 422), 2);
        }
        expect_whole(&app).await;
    }
}

#[tokio::test]
async fn of_several_moves_of_a_payment_at_once_one_wins() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = new_po(&editor, None).await;
    for _ in 0..3 {
        let payment = paid(&editor, po, "10", "pending").await;
        let path = format!("/api/payments/{payment}/status");

        // None of these words leads to another of them.
        let calls = ["bounced", "failed", "cancelled"]
            .into_iter()
            .map(|word| editor.put(&path).json(&json!({"status": word})));
        let replies = all_at_once(calls.collect(), &[200, 409]).await;
        assert_eq!(count(&replies, 200), 1);
        let won = replies[0].json();
        let history = shown(&editor, &path).await;
        assert_eq!(history["current_status"], won["payment"]["status"]);
        assert_eq!(history["status_history"].as_array().unwrap().len(), 2);

        // The same word several times is one move.
        let calls = (0..6).map(|_| editor.put(&path).json(&json!({"status": "pending"})));
        all_at_once(calls.collect(), &[200]).await;
        let calls = (0..6).map(|_| editor.put(&path).json(&json!({"status": "cleared"})));
        all_at_once(calls.collect(), &[200]).await;
        let calls = (0..6).map(|_| editor.put(format!("/api/payments/{payment}/reconcile")));
        all_at_once(calls.collect(), &[200]).await;
        let row = shown(&editor, &format!("/api/payments/{payment}")).await;
        assert_eq!(row["payment"]["version"], 5);
        let history = shown(&editor, &path).await;
        assert_eq!(history["status_history"].as_array().unwrap().len(), 5);
    }
    let row = shown(&editor, &format!("/api/po/{po}")).await;
    assert_eq!(row["data"]["total_paid"], money("30"));
    expect_whole(&app).await;
}

#[tokio::test]
async fn of_changes_to_the_same_version_at_once_one_wins() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = new_po(&editor, None).await;
    let payment = paid(&editor, po, "10", "pending").await;
    let change = |n: i32| {
        [
            editor
                .put(format!("/api/po/{po}"))
                .header("if-match", "\"1\"")
                .json(&json!({"po_value": 2000 + n})),
            editor
                .put(format!("/api/payments/{payment}"))
                .header("if-match", "\"1\"")
                .json(&json!({"amount": 20 + n})),
        ]
    };

    let replies = all_at_once((0..6).flat_map(change).collect(), &[200, 412]).await;

    assert_eq!((count(&replies, 200), count(&replies, 412)), (2, 10));
    expect_whole(&app).await;
}

#[tokio::test]
async fn overlapping_batches_at_once_are_done_whole_or_not() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let pos = [new_po(&editor, None).await, new_po(&editor, None).await];
    for round in 0..4 {
        let mut payments = Vec::new();
        for n in 0..6 {
            payments.push(paid(&editor, pos[n % 2], "10", "pending").await);
        }
        let batches: Vec<Vec<i64>> = vec![
            vec![payments[0], payments[1], payments[2]],
            vec![payments[4], payments[3], payments[2]],
            vec![payments[5], payments[0], payments[4]],
            vec![payments[1], payments[3], payments[5]],
            vec![payments[5]],
        ];
        let name = |batch: usize| format!("B-{round}-{batch}");

        let calls = batches.iter().enumerate().map(|(batch, ids)| {
            editor
                .post("/api/payments/bulk-complete")
                .json(&json!({"payment_ids": ids, "batch_reference": name(batch)}))
        });
        let replies = all_at_once(calls.collect(), &[200, 409]).await;

        let done: Vec<String> = replies
            .iter()
            .filter(|reply| reply.status == 200)
            .map(|reply| reply.json()["batch_id"].as_str().unwrap().to_owned())
            .collect();
        assert!(!done.is_empty());
        for (batch, ids) in batches.iter().enumerate() {
            let name = name(batch);
            let list = shown(&editor, &format!("/api/payments?batch_reference={name}")).await;
            let expected = if done.contains(&name) { ids.len() } else { 0 };
            assert_eq!(list["total_count"], expected, "{name}");
        }
    }
    expect_whole(&app).await;
}

#[tokio::test]
async fn a_storm_of_writes_of_every_kind_leaves_true_books() {
    let app = TestApp::start_with(&[("DB_POOL_SIZE", "8"), ("DB_MAX_OVERFLOW", "8")]).await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let mut projects = Vec::new();
    for name in ["North", "South", "West"] {
        projects.push(new_project(&editor, name).await);
    }
    let mut pos = Vec::new();
    let mut payments = Vec::new();
    for n in 0..6 {
        let po = new_po(&editor, Some(projects[n % 3])).await;
        payments.push(paid(&editor, po, "10", "pending").await);
        payments.push(paid(&editor, po, "20", "pending").await);
        pos.push(po);
    }
    let mut calls = Vec::new();
    for n in 0..12 {
        let (po, project) = (pos[n % 6], projects[(n + n / 3) % 3]);
        let status = ["active", "cancelled"][n % 2];
        let (one, two) = (payments[n], payments[(n * 5 + 3) % 12]);
        calls.push(editor.post(format!("/api/projects/{project}/po/{po}/attach")));
        calls.push(editor.put(format!("/api/projects/{project}/po/{po}/set-primary")));
        calls.push(editor.post(format!("/api/po/{po}/line-items")).json(&line("7")));
        calls.push(payment(&editor, po, "3", "cleared"));
        calls.push(
            editor
                .put(format!("/api/po/{po}"))
                .json(&json!({"po_value": 100 + n, "store_id": format!("ST-{}", n % 2), "status": status})),
        );
        calls.push(
            editor
                .post("/api/payments/bulk-complete")
                .json(&json!({"payment_ids": if one == two { vec![one] } else { vec![two, one] }})),
        );
        calls.push(
            editor
                .put(format!("/api/payments/{one}/status"))
                .json(&json!({"status": "cancelled"})),
        );
        calls.push(
            editor
                .post(format!("/api/projects/{project}/po"))
                .json(&json!({"po_date": "2026-02-10", "po_value": 10, "store_id": "ST-1"})),
        );
        if n % 4 == 3 {
            calls.push(admin.delete(format!("/api/po/{po}?force=true")));
        }
        if n == 7 {
            calls.push(admin.delete(format!("/api/projects/{project}?force=true")));
        }
    }

    all_at_once(calls, &[200, 404, 409, 422]).await;

    expect_whole(&app).await;
}

#[tokio::test]
async fn a_project_goes_while_its_vendors_are_being_paid_without_anybody_being_stuck() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let project = app.project("Store").await;
    let order = app.vendor_order(project, "1000", "pending").await;
    let vendor: i64 = app
        .value(r#"SELECT vendor_id FROM "Finances".vendor_order"#)
        .await;
    let advance = id(
        &editor
            .post("/api/vendor-payments")
            .json(&json!({"vendor_id": vendor, "amount": 7, "payment_date": "2026-02-10"}))
            .send()
            .await
            .expect(200),
        "payment_id",
    );
    let body = json!({"amount": 1, "payment_date": "2026-02-10", "vendor_order_id": order});
    let mut calls = Vec::new();
    for _ in 0..4 {
        calls.push(admin.delete(format!("/api/projects/{project}")));
        calls.push(
            editor
                .post(format!("/api/vendor-orders/{order}/payments"))
                .json(&body),
        );
        calls.push(editor.post("/api/vendor-payments").json(&body));
        calls.push(editor.post("/api/payments?kind=vendor").json(&body));
        calls.push(
            editor
                .post(format!("/api/projects/{project}/vendor-payments"))
                .json(&body),
        );
    }
    calls.push(
        editor
            .put(format!("/api/vendor-payments/{advance}"))
            .json(&json!({"vendor_order_id": order})),
    );

    all_at_once(calls, &[200, 404, 409, 422]).await;

    expect_whole(&app).await;
    app.expect_kept_totals_as_recounted().await;
}
