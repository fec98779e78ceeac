//! Deletion of POs and projects: what goes, what stays, what stands in the way.

use serde_json::{Value, json};

use crate::support::{TestApp, builders::recount, callers::fault_list, race};

impl TestApp {
    /// Runs one statement with an id.
    async fn with_id(&self, sql: &'static str, id: i64) {
        sqlx::query(sql)
            .bind(id)
            .execute(&self.db)
            .await
            .expect("set the scene");
    }

    /// A count of a query with an id.
    async fn count(&self, sql: &'static str, id: i64) -> i64 {
        sqlx::query_scalar(sql)
            .bind(id)
            .fetch_one(&self.db)
            .await
            .expect("ask the database")
    }

    /// A link of a payment by a client to a vendor order.
    async fn link(&self, order: i64, payment: i64, amount: &str) {
        sqlx::query(
            r#"INSERT INTO "Finances".payment_vendor_link (vendor_order_id, payment_id, link_type, amount_allocated)
               VALUES ($1, $2, 'incoming', $3::numeric)"#,
        )
        .bind(order)
        .bind(payment)
        .bind(amount)
        .execute(&self.db)
        .await
        .expect("insert a link");
    }

    /// A bill of a PO with one line.
    async fn bill(&self, po: i64, project: Option<i64>, status: &str) {
        sqlx::query(
            r#"WITH bill AS (
                   INSERT INTO "Finances".billing_po (client_po_id, project_id, po_number, status)
                   VALUES ($1, $2, 'B', $3) RETURNING id
               )
               INSERT INTO "Finances".billing_po_line_item (billing_po_id, description, qty, rate, total)
               SELECT id, 'Work', 1, 10, 10 FROM bill"#,
        )
        .bind(po)
        .bind(project)
        .bind(status)
        .execute(&self.db)
        .await
        .expect("insert a bill");
    }

    /// A document with a file of this name.
    async fn document(&self, project: Option<i64>, po: Option<i64>, file: &str) {
        std::fs::write(self.upload_folder().join(file), "content").expect("write a file");
        sqlx::query(
            r#"INSERT INTO "Finances".project_document (project_id, client_po_id, original_filename, stored_filename)
               VALUES ($1, $2, 'a.pdf', $3)"#,
        )
        .bind(project)
        .bind(po)
        .bind(file)
        .execute(&self.db)
        .await
        .expect("insert a document");
        recount(&self.db).await;
    }

    fn has_file(&self, name: &str) -> bool {
        self.upload_folder().join(name).exists()
    }

    async fn line(&self, po: i64) -> i64 {
        let line = sqlx::query_scalar(
            r#"INSERT INTO "Finances".client_po_line_item (client_po_id, item_name, quantity, unit_price, total_price)
               VALUES ($1, 'Desk', 1, 10, 10) RETURNING id"#,
        )
        .bind(po)
        .fetch_one(&self.db)
        .await
        .expect("insert a line");
        recount(&self.db).await;
        line
    }

    /// Whether the kept totals are those of the rows.
    async fn assert_totals_are_right(&self) {
        let kept = self.kept().await;
        recount(&self.db).await;
        assert_eq!(kept, self.kept().await);
    }

    async fn kept(&self) -> Value {
        self.value(
            r#"SELECT COALESCE(jsonb_agg(to_jsonb(total) ORDER BY list, scope, scope_id, status), '[]')
                 FROM (SELECT list, scope, scope_id, status, sum(entries) AS entries, trim_scale(sum(amount)) AS amount,
                              trim_scale(sum(paid)) AS paid, sum(lines) AS lines, sum(paid_entries) AS paid_entries,
                              sum(partial_entries) AS partial_entries
                         FROM "Finances".kept_total
                        GROUP BY list, scope, scope_id, status
                       HAVING (sum(entries), sum(amount), sum(paid), sum(lines)) <> (0, 0, 0, 0)) AS total"#,
        )
        .await
    }
}

/// `message` of each fault of an error body.
fn messages(body: &Value) -> Vec<&str> {
    let faults = body["errors"].as_array().unwrap();
    faults
        .iter()
        .map(|fault| fault["message"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_deleted_po_takes_its_own_along_and_lets_go_of_what_others_built_on_it() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let po = app.client_po().project(project).insert().await;
    let second = app.client_po().project(project).insert().await;
    let third = app.client_po().project(project).insert().await;
    app.payment(po, "credit", "300", "pending").await;
    app.payment(po, "credit", "200", "bounced").await;
    app.bill(po, Some(project), "DRAFT").await;
    app.bill(po, Some(project), "CANCELLED").await;
    app.document(Some(project), Some(po), "project.pdf").await;
    app.document(None, Some(po), "own.pdf").await;
    let line = app.line(po).await;
    app.line(po).await;
    let order = app.vendor_order(project, "500", "approved").await;
    app.vendor_payment(order, "50", "cleared").await;
    sqlx::query(
        r#"INSERT INTO "Finances".vendor_order_line_item
                  (vendor_order_id, item_name, quantity, unit_price, total_price, client_line_item_id)
           VALUES ($1, 'Desk', 1, 5, 5, $2)"#,
    )
    .bind(order)
    .bind(line)
    .execute(&app.db)
    .await
    .unwrap();
    sqlx::query(r#"UPDATE "Finances".vendor_order SET client_po_id = $1"#)
        .bind(po)
        .execute(&app.db)
        .await
        .unwrap();
    app.with_id(
        r#"UPDATE "Finances".client_po SET parent_po_id = $1 WHERE id <> $1"#,
        po,
    )
    .await;
    // The third comes before the second in its project.
    app.with_id(
        r#"UPDATE "Finances".po_project_mapping SET sequence_order = NULL WHERE client_po_id = $1"#,
        second,
    )
    .await;
    recount(&app.db).await;

    let reply = app.admin().await.delete(format!("/api/po/{po}")).send().await;

    let body = reply.expect(200);
    let deleted = json!({"payments": 2, "line_items": 2, "billing_pos": 2, "mappings": 1, "documents": 1,
                         "vendor_orders_unlinked": 1});
    assert_eq!(
        body,
        json!({"status": "SUCCESS", "message": "PO and associated data deleted", "success": true, "client_po_id": po,
               "data": {"success": true, "message": "PO and associated data deleted", "client_po_id": po,
                        "deleted": deleted}})
    );
    for (sql, rows) in [
        (
            r#"SELECT count(*) FROM "Finances".client_po WHERE id <> $1 AND parent_po_id IS NULL AND version = 2"#,
            2,
        ),
        (r#"SELECT count(*) FROM "Finances".client_po WHERE id = $1"#, 0),
        (
            r#"SELECT count(*) FROM "Finances".client_payment WHERE $1 > 0"#,
            0,
        ),
        (r#"SELECT count(*) FROM "Finances".billing_po WHERE $1 > 0"#, 0),
        (
            r#"SELECT count(*) FROM "Finances".billing_po_line_item WHERE $1 > 0"#,
            0,
        ),
        (
            r#"SELECT count(*) FROM "Finances".client_po_line_item WHERE $1 > 0"#,
            0,
        ),
        (
            r#"SELECT count(*) FROM "Finances".vendor_order WHERE client_po_id IS NULL AND version = 2 AND $1 > 0"#,
            1,
        ),
        (
            r#"SELECT count(*) FROM "Finances".vendor_payment WHERE $1 > 0"#,
            1,
        ),
        (
            r#"SELECT count(*) FROM "Finances".vendor_order_line_item
                WHERE client_line_item_id IS NULL AND version = 2 AND $1 > 0"#,
            1,
        ),
        (
            r#"SELECT count(*) FROM "Finances".project_document WHERE client_po_id IS NULL AND $1 > 0"#,
            1,
        ),
        (
            r#"SELECT count(*) FROM "Finances".audit_entry
                WHERE action = 'deleted' AND entity = 'client_po' AND entity_id = $1::text
                  AND jsonb_array_length(before -> 'line_items') = 2"#,
            1,
        ),
    ] {
        assert_eq!(app.count(sql, po).await, rows, "{sql}");
    }
    let primary = app
        .value::<i64>(r#"SELECT client_po_id FROM "Finances".po_project_mapping WHERE is_primary"#)
        .await;
    assert_eq!(primary, third);
    assert!(app.has_file("project.pdf"));
    assert!(!app.has_file("own.pdf"));
    app.assert_totals_are_right().await;
}

#[tokio::test]
async fn money_links_and_bills_stand_in_the_way_of_a_po_until_it_is_forced() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let po = app.client_po().project(project).insert().await;
    let order = app.vendor_order(project, "500", "approved").await;
    for status in ["cleared", "completed"] {
        app.payment(po, "credit", "100", status).await;
    }
    let open = app.payment(po, "credit", "100", "pending").await;
    app.link(order, open, "40").await;
    app.bill(po, Some(project), "APPROVED").await;
    app.bill(po, Some(project), "FINAL").await;
    app.bill(po, Some(project), "DRAFT").await;
    let admin = app.admin().await;

    let refused = admin.delete(format!("/api/po/{po}")).send().await;

    let body = refused.expect_error(409, "CONFLICT");
    assert_eq!(
        body["message"],
        format!(
            "PO {po} is still needed by: 2 received payments, 1 payment linked to vendor order {order}, \
             1 approved billing PO, 1 final billing PO"
        )
    );
    assert_eq!(
        fault_list(&body),
        [
            "billing_po: still_referenced",
            "billing_po: still_referenced",
            "client_payment: still_referenced",
            "payment_vendor_link: still_referenced",
        ]
    );
    assert_eq!(
        app.count(
            r#"SELECT count(*) FROM "Finances".client_payment WHERE client_po_id = $1"#,
            po
        )
        .await,
        3
    );

    let forced = admin.delete(format!("/api/po/{po}?force=true")).send().await;

    let deleted = &forced.expect(200)["data"]["deleted"];
    assert_eq!(
        (&deleted["payments"], &deleted["billing_pos"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(
        app.count(
            r#"SELECT count(*) FROM "Finances".payment_vendor_link WHERE $1 > 0"#,
            po
        )
        .await,
        0
    );
    assert_eq!(
        app.count(
            r#"SELECT count(*) FROM "Finances".vendor_order WHERE id = $1"#,
            order
        )
        .await,
        1
    );
    app.assert_totals_are_right().await;
}

#[tokio::test]
async fn only_an_admin_deletes_and_only_what_is_there_and_as_it_was_read() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let po = app.client_po().project(project).insert().await;
    let (admin, editor) = (app.admin().await, app.editor().await);
    for path in [
        format!("/api/po/{po}?force=true"),
        format!("/api/projects/{project}"),
        "/api/projects?name=Delhi".to_owned(),
    ] {
        editor.delete(&path).send().await.expect_error(403, "FORBIDDEN");
        let stale = admin.delete(&path).header("if-match", "\"7-00\"").send().await;
        stale.expect_error(412, "PRECONDITION_FAILED");
    }
    for (path, faults) in [
        ("/api/po/abc", vec!["po_id: int_parsing"]),
        ("/api/po/1?force=maybe", vec!["force: value_error"]),
        ("/api/projects/0", vec!["project_id: int_parsing"]),
        ("/api/projects/1?force=2", vec!["force: value_error"]),
        ("/api/projects", vec!["name: missing"]),
        ("/api/projects?name=%20", vec!["name: string_too_short"]),
    ] {
        assert_eq!(admin.delete(path).send().await.faults(), faults, "{path}");
    }
    for path in ["/api/po/999", "/api/projects/999", "/api/projects?name=delhi"] {
        admin.delete(path).send().await.expect_error(404, "NOT_FOUND");
    }
    let current = admin
        .delete(format!("/api/po/{po}"))
        .header("if-match", "\"1-00\"")
        .send()
        .await;
    current.expect(200);
}

#[tokio::test]
async fn a_row_that_names_a_file_elsewhere_removes_nothing_there() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let outside = app.upload_folder().join("sessions/kept.pdf");
    std::fs::create_dir_all(outside.parent().unwrap()).unwrap();
    std::fs::write(&outside, "content").unwrap();
    app.document(None, Some(po), "shared.pdf").await;
    app.with_id(
        r#"INSERT INTO "Finances".project_document (client_po_id, original_filename, stored_filename)
           VALUES ($1, 'a.pdf', 'sessions/kept.pdf'), ($1, 'a.pdf', '../x'), ($1, 'a.pdf', 'missing.pdf')"#,
        po,
    )
    .await;
    let other = app.client_po().insert().await;
    app.document(None, Some(other), "shared.pdf").await;

    let reply = app.admin().await.delete(format!("/api/po/{po}")).send().await;

    assert_eq!(reply.expect(200)["data"]["deleted"]["documents"], 4);
    assert!(outside.exists());
    assert!(app.has_file("shared.pdf"), "another row names it still");
}

#[tokio::test]
async fn of_a_new_line_and_a_deletion_at_once_neither_is_half_done() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    app.payment(po, "credit", "10", "pending").await;
    let admin = app.admin().await;
    let line = json!({"item_name": "Desk", "quantity": 1, "unit_price": 10});

    let calls = (0..6)
        .map(|n| {
            if n % 2 == 0 {
                admin.delete(format!("/api/po/{po}"))
            } else {
                admin.post(format!("/api/po/{po}/line-items")).json(&line)
            }
        })
        .collect();
    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert!(
        statuses.iter().all(|status| [200, 404].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".client_po"#)
            .await,
        0
    );
    app.assert_totals_are_right().await;
}

/// Inserts an advance of the project: a vendor payment without an order.
async fn advance(app: &TestApp, project: i64, status: &str) -> i64 {
    sqlx::query_scalar(
        r#"INSERT INTO "Finances".vendor_payment (project_id, vendor_id, amount, status, payment_date)
           SELECT $1, max(id), 70, $2, DATE '2026-02-11' FROM "Finances".vendor RETURNING id"#,
    )
    .bind(project)
    .bind(status)
    .fetch_one(&app.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_deleted_project_takes_everything_under_it_along_and_nothing_else() {
    let app = TestApp::start().await;
    let (project, other) = (app.project("Delhi").await, app.project("Agra").await);
    let first = app.client_po().project(project).insert().await;
    app.client_po().project(project).open_agreement().insert().await;
    let kept = app.client_po().project(other).insert().await;
    app.payment(first, "credit", "100", "pending").await;
    app.payment(kept, "credit", "100", "cleared").await;
    app.line(first).await;
    app.line(kept).await;
    app.bill(first, Some(project), "DRAFT").await;
    app.bill(kept, Some(other), "FINAL").await;
    app.document(Some(project), None, "project.pdf").await;
    app.document(Some(project), Some(first), "po.pdf").await;
    app.document(Some(other), Some(kept), "other.pdf").await;
    let order = app.vendor_order(project, "500", "approved").await;
    app.vendor_payment(order, "50", "pending").await;
    let other_order = app.vendor_order(other, "500", "approved").await;
    let other_payment = app.vendor_payment(other_order, "50", "cleared").await;
    // Old data: booked under a project that its order is not of.
    sqlx::query(r#"UPDATE "Finances".vendor_payment SET project_id = $1 WHERE id = $2"#)
        .bind(project)
        .bind(other_payment)
        .execute(&app.db)
        .await
        .unwrap();
    advance(&app, project, "pending").await;
    // Old data: a PO of another project that is mapped to this one too.
    app.with_id(
        r#"INSERT INTO "Finances".po_project_mapping (client_po_id, project_id)
           SELECT $1, id FROM "Finances".project WHERE name = 'Delhi'"#,
        kept,
    )
    .await;
    recount(&app.db).await;

    let reply = app
        .admin()
        .await
        .delete(format!("/api/projects/{project}"))
        .header("if-match", "\"1\"")
        .send()
        .await;

    let message = "Project 'Delhi' and all associated data deleted successfully";
    let content = json!({"success": true, "message": message, "project_id": project, "pos_deleted": 2});
    let mut expected = content.clone();
    expected["status"] = json!("SUCCESS");
    expected["data"] = content;
    assert_eq!(reply.expect(200), expected);
    for (table, rows) in [
        ("project", 1),
        ("client_po", 1),
        ("client_po_line_item", 1),
        ("client_payment", 1),
        ("po_project_mapping", 1),
        ("billing_po", 1),
        ("project_document", 1),
        ("vendor_order", 1),
        ("vendor_payment", 1),
    ] {
        let sql = format!(r#"SELECT count(*) FROM "Finances".{table}"#);
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&app.db)
            .await
            .unwrap();
        assert_eq!(count, rows, "{table}");
    }
    let booked = app
        .value::<i64>(r#"SELECT project_id FROM "Finances".vendor_payment"#)
        .await;
    assert_eq!(booked, other);
    assert!(!app.has_file("project.pdf") && !app.has_file("po.pdf") && app.has_file("other.pdf"));
    app.assert_totals_are_right().await;
}

#[tokio::test]
async fn all_that_stands_in_the_way_of_a_project_is_named_until_it_is_forced() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    let po = app.client_po().project(project).insert().await;
    let paid = app.payment(po, "credit", "100", "reconciled").await;
    app.bill(po, Some(project), "APPROVED").await;
    let order = app.vendor_order(project, "500", "approved").await;
    app.vendor_payment(order, "50", "completed").await;
    app.link(order, paid, "40").await;
    // Rows that name each other go at once.
    let child = app.client_po().project(project).insert().await;
    sqlx::query(r#"UPDATE "Finances".client_po SET parent_po_id = $1 WHERE id = $2"#)
        .bind(po)
        .bind(child)
        .execute(&app.db)
        .await
        .unwrap();
    app.with_id(
        r#"INSERT INTO "Finances".billing_po (client_po_id, po_number, status, revises_id)
           SELECT $1, 'R', 'DRAFT', id FROM "Finances".billing_po"#,
        po,
    )
    .await;
    // A share of an advance of no project makes an order paid, too.
    let shared = app.vendor_order(project, "500", "approved").await;
    let unbooked = advance(&app, project, "cleared").await;
    sqlx::query(r#"UPDATE "Finances".vendor_payment SET project_id = NULL WHERE id = $1"#)
        .bind(unbooked)
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query(
        r#"INSERT INTO "Finances".payment_vendor_link (vendor_order_id, vendor_payment_id, link_type, amount_allocated)
           VALUES ($1, $2, 'outgoing', 30)"#,
    )
    .bind(shared)
    .bind(unbooked)
    .execute(&app.db)
    .await
    .unwrap();
    advance(&app, project, "cleared").await;
    recount(&app.db).await;
    let admin = app.admin().await;

    let refused = admin.delete("/api/projects?name=%20Delhi%20").send().await;

    let body = refused.expect_error(409, "CONFLICT");
    assert_eq!(
        messages(&body),
        [
            "1 received payment".to_owned(),
            format!("1 payment linked to vendor order {order}"),
            "1 approved billing PO".to_owned(),
            "2 paid vendor orders".to_owned(),
            "1 client-funded vendor order".to_owned(),
            "1 paid advance".to_owned(),
        ]
    );
    let message = body["message"].as_str().unwrap();
    assert!(
        message.starts_with("Project 'Delhi' is still needed by: 1 received payment, "),
        "{message}"
    );
    assert!(
        fault_list(&body)
            .iter()
            .all(|fault| fault.ends_with(": still_referenced"))
    );

    let forced = admin.delete("/api/projects?name=Delhi&force=true").send().await;

    assert_eq!(forced.expect(200)["pos_deleted"], 2);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".project"#)
            .await,
        0
    );
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".payment_vendor_link"#)
            .await,
        0
    );
    let left = app
        .value::<i64>(r#"SELECT id FROM "Finances".vendor_payment"#)
        .await;
    assert_eq!(left, unbooked, "the advance of no project stays");
    app.assert_totals_are_right().await;
}

#[tokio::test]
async fn a_name_that_several_projects_bear_deletes_none_of_them() {
    let app = TestApp::start().await;
    let (first, second) = (app.project("Delhi").await, app.project(" Delhi ").await);
    app.project("DELHI").await;

    let reply = app.admin().await.delete("/api/projects?name=Delhi").send().await;

    let body = reply.expect_error(409, "CONFLICT");
    let message = body["message"].as_str().unwrap();
    assert!(message.contains(&format!("{first}, {second};")), "{message}");
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".project"#)
            .await,
        3
    );
}

#[tokio::test]
async fn every_po_of_a_project_goes_with_its_payments_and_is_recorded() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let project = app.project("Delhi").await;
    for _ in 0..30 {
        let po = app.client_po().project(project).insert().await;
        app.payment(po, "credit", "10", "pending").await;
    }

    let reply = admin.delete(format!("/api/projects/{project}")).send().await;

    assert_eq!(reply.expect(200)["pos_deleted"], 30);
    assert_eq!(
        app.value::<i64>(
            r#"SELECT count(*) FROM "Finances".audit_entry WHERE action = 'deleted' AND entity IN ('client_po', 'client_payment')"#
        )
        .await,
        60
    );
    app.assert_totals_are_right().await;
}

#[tokio::test]
async fn of_a_change_and_a_deletion_of_a_project_at_once_neither_is_half_done() {
    let app = TestApp::start().await;
    let project = app.project("Delhi").await;
    app.client_po().project(project).insert().await;
    let admin = app.admin().await;

    let calls = (0..4)
        .map(|n| match n % 2 {
            0 => admin.delete(format!("/api/projects/{project}")),
            _ => admin
                .put(format!("/api/projects/{project}"))
                .json(&json!({"city": format!("City {n}")})),
        })
        .collect();
    let statuses: Vec<u16> = race(calls).await.iter().map(|reply| reply.status).collect();

    assert!(
        statuses.iter().all(|status| [200, 404].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".project"#)
            .await,
        0
    );
    app.assert_totals_are_right().await;
}
