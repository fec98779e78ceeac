//! Many requests at once on the same bills: one approval, one revision, and every line counted.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply},
    money, race,
};

async fn billed(caller: &Caller, project: i64, body: &Value) -> String {
    let reply = caller
        .post(format!("/api/projects/{project}/billing-po"))
        .json(body)
        .send()
        .await;
    reply.expect(200)["data"]["id"].as_str().unwrap().to_owned()
}

fn approve(caller: &Caller, bill: &str) -> Call {
    caller.post(format!("/api/billing-po/{bill}/approve"))
}

fn make_final(caller: &Caller, bill: &str) -> Call {
    caller
        .put(format!("/api/billing-po/{bill}"))
        .json(&json!({"status": "FINAL"}))
}

fn revise(caller: &Caller, project: i64, bill: &str, value: usize) -> Call {
    caller
        .post(format!("/api/projects/{project}/billing-po"))
        .json(&json!({"billed_value": value, "revises_id": bill}))
}

async fn shown(caller: &Caller, bill: &str) -> Value {
    let reply = caller.get(format!("/api/billing-po/{bill}")).send().await;
    reply.expect(200)["billing_po"].clone()
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

/// One that is ended for a deadlock is tried again, but nobody should have to wait for that.
async fn expect_no_deadlock(app: &TestApp) {
    let deadlocks: i64 = app
        .value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        .await;
    assert_eq!(deadlocks, 0);
}

async fn project_with_po(app: &TestApp) -> (i64, i64) {
    let project = app.project("Store").await;
    let po = app.client_po().project(project).number("PO-1").insert().await;
    (project, po)
}

#[tokio::test]
async fn of_fifty_approvals_at_once_one_approves() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&admin, project, &json!({"billed_value": 100})).await;

    let replies = race((0..50).map(|_| approve(&admin, &bill)).collect()).await;

    let mut expected = vec![200];
    expected.resize(50, 409);
    assert_eq!(statuses(&replies), expected);
    let bill = shown(&admin, &bill).await;
    assert_eq!(
        (&bill["status"], &bill["version"]),
        (&json!("APPROVED"), &json!(2))
    );
    let approvals: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE action = 'approved'"#)
        .await;
    assert_eq!(approvals, 1);
    expect_no_deadlock(&app).await;
}

#[tokio::test]
async fn of_twenty_revisions_of_one_bill_at_once_one_is_made() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&editor, project, &json!({"billed_value": 100})).await;
    let drafts: Vec<String> = {
        let mut drafts = Vec::new();
        for _ in 0..5 {
            drafts.push(billed(&editor, project, &json!({"billed_value": 1, "status": "DRAFT"})).await);
        }
        drafts
    };

    // By both ways: as new bills, and of drafts that are there.
    let mut calls: Vec<Call> = (0..15).map(|n| revise(&editor, project, &bill, n)).collect();
    calls.extend(drafts.iter().map(|draft| {
        editor
            .put(format!("/api/billing-po/{draft}"))
            .json(&json!({"revises_id": bill, "status": "FINAL"}))
    }));
    let replies = race(calls).await;

    let mut expected = vec![200];
    expected.resize(20, 409);
    assert_eq!(statuses(&replies), expected);
    let revision = &replies[0].json()["billing_po"];
    let counted: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".billing_po_figures WHERE counted"#)
        .await;
    assert_eq!(counted, 1);
    assert_eq!(shown(&editor, &bill).await["superseded_by_id"], revision["id"]);
    expect_no_deadlock(&app).await;
}

#[tokio::test]
async fn an_approval_and_the_revision_that_takes_the_bills_place_leave_one_of_both() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    for n in 0..12 {
        let first = billed(&admin, project, &json!({"billed_value": 100})).await;
        let revision = json!({"billed_value": 200, "revises_id": first, "status": "DRAFT"});
        let revision = billed(&admin, project, &revision).await;

        let mut calls = vec![approve(&admin, &first), make_final(&admin, &revision)];
        if n % 2 == 0 {
            calls.reverse();
        }
        if n % 3 == 0 {
            calls.push(approve(&admin, &revision));
        }
        for reply in race(calls).await {
            assert!([200, 409].contains(&reply.status), "{}", reply.text());
        }

        let (first, revision) = (shown(&admin, &first).await, shown(&admin, &revision).await);
        // Whichever was first, the revision is final and the only one that counts.
        assert_eq!(
            (&first["counted"], &revision["counted"]),
            (&json!(false), &json!(true))
        );
        // Entries are written under the locks: one that was approved was so before it was superseded.
        let order: Vec<String> = sqlx::query_scalar(
            r#"
            SELECT action
              FROM "Finances".audit_entry
             WHERE (entity_id, action) IN (($1, 'approved'), ($2, 'status_changed'))
             ORDER BY id
            "#,
        )
        .bind(first["id"].as_str())
        .bind(revision["id"].as_str())
        .fetch_all(&app.db)
        .await
        .unwrap();
        let expected: &[&str] = match first["status"].as_str() {
            Some("APPROVED") => &["approved", "status_changed"],
            _ => &["status_changed"],
        };
        assert_eq!(order, expected);
    }
    expect_no_deadlock(&app).await;
}

#[tokio::test]
async fn lines_added_while_a_bill_is_approved_are_in_it_or_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let bill = billed(&admin, project, &json!({"billed_value": 100})).await;
    let line = |n: usize| {
        admin
            .post(format!("/api/billing-po/{bill}/line-items"))
            .json(&json!({"description": "a", "qty": 1, "rate": format!("{n}.01")}))
    };
    for n in 1..=10 {
        line(n).send().await.expect(200);
    }

    let mut calls: Vec<Call> = (11..=30).map(line).collect();
    calls.insert(10, approve(&admin, &bill));
    let replies = race(calls).await;

    let added = statuses(&replies).iter().filter(|status| **status == 200).count() - 1;
    let refused = statuses(&replies).iter().filter(|status| **status == 409).count();
    assert_eq!(added + refused, 20);
    let bill = shown(&admin, &bill).await;
    assert_eq!(bill["line_item_count"], 10 + added);
    // The bill, each line and the approval.
    assert_eq!(bill["version"], 1 + 10 + added + 1);
    let sum: String = app
        .value(r#"SELECT trim_scale(sum(total))::text FROM "Finances".billing_po_line_item"#)
        .await;
    assert_eq!(bill["line_total"], money(&sum));
    // Entries are written under the lock, so that they are in the order of the changes.
    let last: String = app
        .value(r#"SELECT action FROM "Finances".audit_entry ORDER BY id DESC LIMIT 1"#)
        .await;
    assert_eq!(last, "approved");
    expect_no_deadlock(&app).await;
}

#[tokio::test]
async fn a_bill_and_its_revision_deleted_at_once_leave_no_orphan() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    for _ in 0..8 {
        let first = billed(&admin, project, &json!({"billed_value": 100})).await;
        let second = billed(
            &admin,
            project,
            &json!({"billed_value": 100, "revises_id": first}),
        )
        .await;
        let delete = |bill: &str| admin.delete(format!("/api/billing-po/{bill}"));
        let replies = race(vec![
            delete(&first),
            delete(&second),
            revise(&admin, project, &second, 7),
            approve(&admin, &second),
        ])
        .await;
        for reply in replies {
            assert!([200, 404, 409, 422].contains(&reply.status), "{}", reply.text());
        }
    }
    let orphans: i64 = app
        .value(
            r#"SELECT count(*) FROM "Finances".billing_po AS bill
                 LEFT JOIN "Finances".billing_po AS revised ON revised.id = bill.revises_id
                WHERE bill.revises_id IS NOT NULL
                  AND (revised.id IS NULL OR revised.status NOT IN ('FINAL', 'APPROVED'))"#,
        )
        .await;
    assert_eq!(orphans, 0);
    expect_no_deadlock(&app).await;
}

#[tokio::test]
async fn a_po_cancelled_moved_or_deleted_meanwhile_is_billed_before_or_not_at_all() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let other = app.project("Other").await;
    for n in 0..9 {
        let project = app.project(&format!("P{n}")).await;
        let po = app.client_po().project(project).insert().await;
        let change = match n % 3 {
            0 => admin
                .put(format!("/api/po/{po}"))
                .json(&json!({"status": "cancelled"})),
            1 => admin.post(format!("/api/projects/{other}/po/{po}/attach")),
            _ => admin.delete(format!("/api/po/{po}")),
        };
        let bill = || {
            admin
                .post(format!("/api/projects/{project}/billing-po"))
                .json(&json!({"billed_value": 100}))
        };
        let replies = race(vec![bill(), bill(), change, bill(), bill()]).await;
        for reply in &replies {
            assert!([200, 409, 422].contains(&reply.status), "{}", reply.text());
        }
    }
    let astray: i64 = app
        .value(
            r#"SELECT count(*) FROM "Finances".billing_po AS bill
                 JOIN "Finances".client_po AS po ON po.id = bill.client_po_id
                WHERE bill.project_id IS DISTINCT FROM po.project_id"#,
        )
        .await;
    assert_eq!(astray, 0);
    expect_no_deadlock(&app).await;
}

#[tokio::test]
async fn a_request_sent_again_under_its_key_is_done_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (project, _) = project_with_po(&app).await;
    let keyed = |call: Call, key: &str| call.header("idempotency-key", key);
    let make = || {
        let call = admin
            .post(format!("/api/projects/{project}/billing-po"))
            .json(&json!({"billed_value": 100}));
        keyed(call, "bill")
    };

    let first = make().send().await;
    let again = make().send().await;
    let body = first.expect(200);
    assert_eq!(again.expect(200), body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    let bill = body["data"]["id"].as_str().unwrap();
    let line = || {
        let call = admin
            .post(format!("/api/billing-po/{bill}/line-items"))
            .json(&json!({"description": "a", "qty": 1, "rate": 100}));
        keyed(call, "line")
    };
    let line_made = line().send().await.expect(200);
    assert_eq!(line().send().await.expect(200), line_made);
    let approved = keyed(approve(&admin, bill), "approve").send().await.expect(200);
    assert_eq!(
        keyed(approve(&admin, bill), "approve").send().await.expect(200),
        approved
    );
    keyed(approve(&admin, bill), "another")
        .send()
        .await
        .expect_error(409, "CONFLICT");

    let rows: String = app
        .value(
            r#"SELECT concat_ws(' ', (SELECT count(*) FROM "Finances".billing_po),
                                     (SELECT count(*) FROM "Finances".billing_po_line_item),
                                     (SELECT count(*) FROM "Finances".audit_entry WHERE action = 'approved'))"#,
        )
        .await;
    assert_eq!(rows, "1 1 1");
    // Many at once: one does it, the others hear its answer or that it is being done.
    let calls = (0..10).map(|_| {
        let call = admin
            .post(format!("/api/projects/{project}/billing-po"))
            .json(&json!({"billed_value": 200}));
        keyed(call, "race")
    });
    for reply in race(calls.collect()).await {
        assert!([200, 409].contains(&reply.status), "{}", reply.text());
    }
    let bills: i64 = app.value(r#"SELECT count(*) FROM "Finances".billing_po"#).await;
    assert_eq!(bills, 2);
}
