//! Documents by themselves: uploaded to a project or PO, noted without a file, listed.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    TestApp,
    callers::{Call, Caller},
    files::unsigned,
};

const PDF: &[u8] = b"%PDF-1.7\na drawing of this test\n%%EOF\n";
const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn upload(caller: &Caller, name: &str, fields: &[(&str, &str)]) -> Call {
    caller.post("/api/documents/upload").file(name, PDF, fields)
}

fn without_link(body: &Value) -> Value {
    let mut body = body.clone();
    body["download_url"].take();
    body.as_object_mut().unwrap().remove("data");
    body
}

async fn documents(app: &TestApp) -> i64 {
    app.value(r#"SELECT count(*) FROM "Finances".project_document"#)
        .await
}

#[tokio::test]
async fn a_file_becomes_a_document_that_its_link_opens() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;

    let reply = upload(
        &editor,
        "Grundriß.pdf",
        &[
            ("project_id", &project.to_string()),
            ("description", " the drawing "),
            ("document_type", "DRAWING"),
        ],
    )
    .send()
    .await;

    let mut body = reply.expect(200);
    let id = body["id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/documents/{id}"));
    let data = body.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(data, body, "data repeats the top level");
    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("document_id", json!(id)),
        ("project_id", json!(project)),
        ("client_po_id", Value::Null),
        ("original_filename", json!("Grundriß.pdf")),
        ("description", json!("the drawing")),
        ("document_type", json!("DRAWING")),
        ("uploaded_by", json!(editor.user_id)),
        ("file_hash", json!(hex::encode(Sha256::digest(PDF)))),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    let link = body["download_url"].as_str().unwrap();
    let (base, path) = link.split_at(link.find("/api/").unwrap());
    assert!(base.starts_with("http://127.0.0.1:"), "{link}");
    let file = app.nobody().get(format!("{path}&format=original")).send().await;
    assert_eq!((file.status, file.bytes.as_slice()), (200, PDF));
    let shown = editor
        .get(format!("/api/documents/{id}"))
        .send()
        .await
        .expect(200);
    assert_eq!(without_link(&shown), without_link(&body));
    let trail: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE entity = 'project_document'"#)
        .await;
    assert_eq!(trail, 1);
}

#[tokio::test]
async fn links_start_with_the_public_address_where_one_is_set() {
    let app = TestApp::start_with(&[
        ("PUBLIC_BASE_URL", "https://finance.example.com"),
        ("TRUSTED_HOSTS", "127.0.0.1"),
    ])
    .await;
    let editor = app.editor().await;
    let project = app.project("Store").await.to_string();

    let body = upload(&editor, "a.pdf", &[("project_id", &project)])
        .send()
        .await
        .expect(200);

    let link = body["download_url"].as_str().unwrap();
    assert!(
        link.starts_with("https://finance.example.com/api/documents/download/1?token="),
        "{link}"
    );
}

#[tokio::test]
async fn a_po_is_found_by_its_number_or_that_of_its_invoice() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    let other = app.project("Other").await;
    app.execute(
        r#"
        INSERT INTO "Finances".client_po (client_id, project_id, po_number, pi_number, po_value)
        VALUES (1, 1, 'PO-1', 'PI-1', 0), (1, 2, NULL, 'PI-1', 0), (1, NULL, NULL, 'PI-2', 0), (1, NULL, 'PI-2x', 'PO-1', 0);
        "#,
    )
    .await;
    let other_id = other.to_string();
    for (fields, po, project_id, number) in [
        (vec![("po_number", "PO-1")], 1, json!(project), json!("PO-1")),
        (vec![("po_number", "PI-2")], 3, Value::Null, Value::Null),
        (
            vec![("po_number", "PI-1"), ("project_id", other_id.as_str())],
            2,
            json!(other),
            Value::Null,
        ),
        (
            vec![("client_po_id", "1"), ("po_number", "PI-1")],
            1,
            json!(project),
            json!("PO-1"),
        ),
        (
            vec![("client_po_id", "3"), ("project_id", "1")],
            3,
            json!(1),
            Value::Null,
        ),
    ] {
        let body = upload(&editor, "a.pdf", &fields).send().await.expect(200);
        assert_eq!(
            (&body["client_po_id"], &body["project_id"], &body["po_number"]),
            (&json!(po), &project_id, &number),
            "{fields:?}"
        );
    }
    let before = documents(&app).await;
    for (fields, fault) in [
        (vec![("po_number", "PI-1")], "po_number: value_error"),
        (vec![("po_number", "PI-9")], "po_number: foreign_key"),
        (
            vec![("po_number", "PO-1"), ("project_id", other_id.as_str())],
            "project_id: value_error",
        ),
        (
            vec![("client_po_id", "1"), ("project_id", "2")],
            "project_id: value_error",
        ),
        (
            vec![("client_po_id", "1"), ("po_number", "PI-2")],
            "po_number: value_error",
        ),
        (
            vec![("client_po_id", "1"), ("po_number", "PO-9")],
            "po_number: foreign_key",
        ),
        (vec![("client_po_id", "77")], "client_po_id: foreign_key"),
        (
            vec![("client_po_id", "77"), ("po_number", "PO-9")],
            "client_po_id: foreign_key",
        ),
        (vec![("project_id", "77")], "project_id: foreign_key"),
        (vec![], "project_id: missing"),
        (
            vec![("project_id", "1"), ("description", &*"x".repeat(1001))],
            "description: string_too_long",
        ),
        (
            vec![("project_id", "1"), ("document_type", &*"x".repeat(51))],
            "document_type: string_too_long",
        ),
    ] {
        let reply = upload(&editor, "a.pdf", &fields).send().await;
        assert_eq!(reply.faults(), [fault], "{fields:?}");
    }
    assert_eq!(documents(&app).await, before);
    let counted: i64 = app
        .value(r#"SELECT sum(used)::bigint FROM "Finances".quota_counter"#)
        .await;
    assert_eq!(counted, before);
}

#[tokio::test]
async fn a_document_whose_file_is_elsewhere_is_noted_and_nothing_is_read_from_there() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    let po = app.client_po().project(project).number("PO-1").insert().await;
    let secret = app.upload_folder().join("secret.pdf");
    std::fs::write(&secret, PDF).unwrap();

    let reply = editor
        .post("/api/documents")
        .json(&json!({
            "po_id": po, "project_id": null, "document_type": "INVOICE", "document_number": "INV-1",
            "document_date": "2026-02-10", "file_path": secret.to_str().unwrap(), "file_size": 102_400,
            "file_hash": HASH.to_uppercase(),
        }))
        .send()
        .await;

    let mut body = reply.expect(200);
    let id = body["id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/documents/{id}"));
    let data = body.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(data, body, "data repeats the top level");
    for (field, value) in [
        ("client_po_id", json!(po)),
        ("project_id", json!(project)),
        ("po_number", json!("PO-1")),
        ("document_type", json!("INVOICE")),
        ("document_number", json!("INV-1")),
        ("document_date", json!("2026-02-10")),
        ("document_path", json!(secret.to_str().unwrap())),
        ("original_filename", json!("secret.pdf")),
        ("file_size", json!(102_400)),
        ("file_hash", json!(HASH)),
        ("stored_filename", Value::Null),
        ("compressed_filename", Value::Null),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    for format in ["zip", "original"] {
        let file = editor
            .get(format!("/api/documents/download/{id}?format={format}"))
            .send()
            .await;
        let error = file.expect_error(404, "NOT_FOUND");
        assert_eq!(error["message"], "No stored file");
    }
    let deleted = editor.delete(format!("/api/documents/{id}")).send().await;
    deleted.expect(200);
    assert!(secret.exists());
}

#[tokio::test]
async fn the_list_of_all_documents_is_filtered_and_paged() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    let po = app.client_po().project(project).insert().await;
    let elsewhere = app.project("Other").await;
    for (number, place) in (1..).zip([
        json!({"po_id": po}),
        json!({"client_po_id": po}),
        json!({"project_id": project}),
        json!({"project_id": elsewhere}),
    ]) {
        let mut body = place;
        body["document_type"] = json!(if number == 2 { "INVOICE" } else { "DRAWING" });
        body["document_number"] = json!(format!("D-{number}"));
        body["file_hash"] = json!(HASH);
        editor.post("/api/documents").json(&body).send().await.expect(200);
    }
    let viewer = app.viewer().await;
    for (query, found, total) in [
        (String::new(), vec![4, 3, 2, 1], 4),
        ("?skip=1&limit=2".to_owned(), vec![3, 2], 4),
        (format!("?project_id={project}"), vec![3, 2, 1], 3),
        (format!("?client_po_id={po}"), vec![2, 1], 2),
        ("?document_type=INVOICE".to_owned(), vec![2], 1),
        (format!("?document_type=DRAWING&client_po_id={po}"), vec![1], 1),
        ("?project_id=99".to_owned(), vec![], 0),
        ("?sort=id&limit=1".to_owned(), vec![1], 4),
    ] {
        let body = viewer
            .get(format!("/api/documents{query}"))
            .send()
            .await
            .expect(200);
        let ids: Vec<i64> = body["documents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|document| document["id"].as_i64().unwrap())
            .collect();
        assert_eq!((ids, &body["total_count"]), (found, &json!(total)), "{query}");
    }
}

#[tokio::test]
async fn an_upload_under_a_key_is_stored_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    app.project("Store").await;
    let send = || upload(&editor, "a.pdf", &[("project_id", "1")]).header("idempotency-key", "k");

    let first = send().send().await;
    let again = send().send().await;

    first.expect(200);
    assert_eq!((again.status, unsigned(&again)), (200, unsigned(&first)));
    assert_eq!(documents(&app).await, 1);
}

#[tokio::test]
async fn the_counts_behind_the_lists_follow_documents_and_invoices() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let project = app.project("Store").await.to_string();
    let other = app.project("Other").await;
    let po = app.client_po().insert().await;
    for (place, id, kind) in [
        ("project_id", project.as_str(), "DRAWING"),
        ("project_id", project.as_str(), "INVOICE"),
        ("client_po_id", &po.to_string(), "INVOICE"),
    ] {
        upload(&admin, "a.pdf", &[(place, id), ("document_type", kind)])
            .send()
            .await
            .expect(200);
    }
    admin
        .post("/api/documents")
        .json(&json!({"po_id": po, "document_type": "NOTE", "file_hash": HASH}))
        .send()
        .await
        .expect(200);
    admin
        .post("/api/proforma-invoice")
        .json(&json!({"project_id": other, "client_id": 1, "invoice_number": "PFI-1", "amount": 10}))
        .send()
        .await
        .expect(200);
    let counts = || async {
        let mut counts = Vec::new();
        for query in [
            "documents".to_owned(),
            "documents?document_type=INVOICE".to_owned(),
            format!("documents?project_id={project}"),
            format!("documents?project_id={other}&document_type=NOTE"),
            format!("documents?client_po_id={po}"),
            "proforma-invoices".to_owned(),
            "proforma-invoices?client_id=1".to_owned(),
            format!("proforma-invoices?project_id={other}"),
            format!("proforma-invoices?client_id=2&project_id={other}"),
        ] {
            let list = admin.get(format!("/api/{query}")).send().await.expect(200);
            counts.push(list["total_count"].as_i64().unwrap());
        }
        counts
    };

    assert_eq!(counts().await, [4, 2, 2, 0, 2, 1, 1, 1, 0]);
    app.expect_kept_totals_as_recounted().await;

    // A PO that is put into another project takes its documents along.
    admin
        .post(format!("/api/projects/{other}/po/{po}/attach"))
        .send()
        .await
        .expect(200);
    admin.delete("/api/documents/1").send().await.expect(200);
    assert_eq!(counts().await, [3, 2, 1, 1, 2, 1, 1, 1, 0]);
    app.expect_kept_totals_as_recounted().await;

    admin
        .delete(format!("/api/projects/{project}"))
        .send()
        .await
        .expect(200);
    let invoice = admin.get("/api/proforma-invoices").send().await.expect(200);
    admin
        .delete(format!("/api/po/{}", invoice["proforma_invoices"][0]["id"]))
        .send()
        .await
        .expect(200);
    assert_eq!(counts().await, [2, 1, 0, 1, 2, 0, 0, 0, 0]);
    app.expect_kept_totals_as_recounted().await;
}
