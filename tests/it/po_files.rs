//! Files of client POs, and the documents of projects and POs.

use std::collections::BTreeSet;

use nexgen_finance::{postgres::embedded::EmbeddedPostgres, uploads};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use crate::support::{
    TestApp,
    callers::{Call, Caller},
    files::{assert_mirrored, unsigned},
    race,
    server::Home,
    waiting::{until_blocked, until_so},
};

const PDF: &[u8] = b"%PDF-1.7\na drawing of this test\n%%EOF\n";
/// What the server calls the database that it runs for itself.
const DATABASE: &str = "Nexgen_erp";
const TYPE_REFUSED: &str = "UNSUPPORTED_MEDIA_TYPE";

fn send(caller: &Caller, po: i64, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Call {
    caller
        .post(format!("/api/client-po/{po}/files"))
        .file(name, bytes, fields)
}

/// The names of the files that lie in the root of the storage, and how many wait in `temp/`.
fn stored(app: &TestApp) -> (BTreeSet<String>, usize) {
    let root = app.upload_folder();
    let names = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    let files = names
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().into_string().unwrap());
    (
        files.collect(),
        std::fs::read_dir(root.join("temp")).unwrap().count(),
    )
}

/// Checks that no document, no trace of one and no file is there, and that nothing was counted.
async fn assert_nothing_is_kept(app: &TestApp) {
    for table in [
        r#"SELECT count(*) FROM "Finances".project_document"#,
        r#"SELECT count(*) FROM "Finances".audit_entry"#,
        r#"SELECT count(*) FROM "Finances".quota_counter"#,
    ] {
        assert_eq!(app.value::<i64>(table).await, 0, "{table}");
    }
    assert_nothing_waits(app).await;
    assert_eq!(stored(app).0, BTreeSet::new());
}

/// Checks that no file is left in `temp/`; in a bucket it is removed by a task of its own, which may come after the answer.
async fn assert_nothing_waits(app: &TestApp) {
    until_so("nothing waits in temp/", || stored(app).1 == 0).await;
}

#[tokio::test]
async fn a_file_becomes_a_document_of_its_po_and_project_that_every_list_shows() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Store").await;
    let po = app.client_po().project(project).number("PO-1").insert().await;

    let reply = send(
        &editor,
        po,
        "C:\\plans\\Grundriß.PDF",
        PDF,
        &[("document_type", " DRAWING ")],
    )
    .send()
    .await;

    let body = reply.expect(200);
    let file = &body["file"];
    let id = file["id"].as_i64().unwrap();
    assert_eq!(reply.header("location"), format!("/api/documents/{id}"));
    assert_eq!(body["message"], "File uploaded");
    assert_mirrored(&body);
    let hash = hex::encode(Sha256::digest(PDF));
    let name = file["stored_filename"].as_str().unwrap();
    assert!(name.len() == 36 && name.ends_with(".pdf"), "{name}");
    let archive = file["compressed_filename"].as_str().unwrap();
    assert!(archive.len() == 36 && archive.ends_with(".zip"), "{archive}");
    let archive_size = std::fs::metadata(app.upload_folder().join(archive))
        .unwrap()
        .len();
    for (field, value) in [
        ("document_id", json!(id)),
        ("project_id", json!(project)),
        ("client_po_id", json!(po)),
        ("po_number", json!("PO-1")),
        ("original_filename", json!("Grundriß.PDF")),
        ("document_name", json!("Grundriß.PDF")),
        ("compressed_filename", json!(archive)),
        ("mime_type", json!("application/pdf")),
        ("original_size", json!(PDF.len())),
        ("file_size", json!(PDF.len())),
        ("compressed_size", json!(archive_size)),
        ("description", Value::Null),
        ("uploaded_by", json!(editor.user_id)),
        ("document_path", json!(format!("/uploads/{archive}"))),
        ("document_type", json!("DRAWING")),
        ("document_number", Value::Null),
        ("document_date", Value::Null),
        ("file_hash", json!(hash)),
    ] {
        assert_eq!(file[field], value, "{field}");
    }
    assert_eq!(std::fs::read(app.upload_folder().join(name)).unwrap(), PDF);
    assert_nothing_waits(&app).await;

    let viewer = app.viewer().await;
    let same = |listed: &Value| {
        let mut listed = listed.clone();
        let link = listed["download_url"].take();
        let link = link.as_str().unwrap();
        assert!(
            link.starts_with(&format!("/api/documents/download/{id}?token=")),
            "{link}"
        );
        let mut answered = file.clone();
        answered["download_url"].take();
        assert_eq!(listed, answered);
    };
    let files = viewer
        .get(format!("/api/client-po/{po}/files"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&files["status"], &files["total_count"]),
        (&json!("SUCCESS"), &json!(1))
    );
    assert!(files.get("data").is_none());
    same(&files["files"][0]);
    for path in [
        format!("/api/documents/po/{po}"),
        format!("/api/documents/project/{project}"),
        format!("/api/projects/{project}/documents"),
    ] {
        let body = viewer.get(&path).send().await.expect(200);
        assert_eq!(
            (&body["status"], &body["total_count"]),
            (&json!("SUCCESS"), &json!(1)),
            "{path}"
        );
        assert_eq!(body["data"], json!({"documents": body["documents"]}), "{path}");
        same(&body["documents"][0]);
    }
    let trail: Value = app
        .value(r#"SELECT jsonb_agg(jsonb_build_array(action, entity, entity_id, after)) FROM "Finances".audit_entry"#)
        .await;
    let after =
        json!({"client_po_id": po, "project_id": project, "document_type": "DRAWING", "file_hash": hash});
    assert_eq!(
        trail,
        json!([["created", "project_document", id.to_string(), after]])
    );
}

#[tokio::test]
async fn each_list_shows_its_own_documents_the_newest_first_and_page_by_page() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let (project, empty) = (app.project("Store").await, app.project("Empty").await);
    let (po, other, lone) = (
        app.client_po().project(project).insert().await,
        app.client_po().project(project).insert().await,
        app.client_po().insert().await,
    );
    for (po, name) in [(po, "b.pdf"), (other, "c.pdf"), (po, "a.pdf"), (lone, "d.pdf")] {
        send(&editor, po, name, PDF, &[]).send().await.expect(200);
    }
    let names = async |path: String, key: &str| {
        let body = editor.get(path).send().await.expect(200);
        let names: Vec<String> = body[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|document| document["original_filename"].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), body)
    };
    for (path, key, expected) in [
        (format!("/api/client-po/{po}/files"), "files", "a.pdf b.pdf"),
        (format!("/api/documents/po/{other}"), "documents", "c.pdf"),
        (
            format!("/api/documents/project/{project}"),
            "documents",
            "a.pdf c.pdf b.pdf",
        ),
        (
            format!("/api/projects/{project}/documents?sort=original_filename"),
            "documents",
            "a.pdf b.pdf c.pdf",
        ),
        (
            format!("/api/projects/{project}/documents?limit=1&skip=1"),
            "documents",
            "c.pdf",
        ),
        (format!("/api/projects/{empty}/documents"), "documents", ""),
        (format!("/api/client-po/{lone}/files"), "files", "d.pdf"),
    ] {
        assert_eq!(names(path.clone(), key).await.0, expected, "{path}");
    }
    let (first, body) = names(format!("/api/documents/project/{project}?limit=2"), "documents").await;
    assert_eq!((first.as_str(), &body["total_count"]), ("a.pdf c.pdf", &json!(3)));
    let cursor = body["next_cursor"].as_str().unwrap();
    let (rest, _) = names(
        format!("/api/documents/project/{project}?limit=2&cursor={cursor}"),
        "documents",
    )
    .await;
    assert_eq!(rest, "b.pdf");
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_and_leaves_nothing() {
    let app = TestApp::start_with(&[("MAX_FILE_SIZE_MB", "1")]).await;
    let editor = app.editor().await;
    let po = app.client_po().insert().await;
    let mut bytes = PDF.to_vec();
    bytes.resize(1024 * 1024 + 1, b' ');

    let reply = send(&editor, po, "a.pdf", &bytes, &[]).send().await;

    let body = reply.expect_error(413, "PAYLOAD_TOO_LARGE");
    assert!(body["message"].as_str().unwrap().contains("1048576"), "{body}");
    assert_nothing_is_kept(&app).await;
    bytes.truncate(1024 * 1024);
    let stored = send(&editor, po, "a.pdf", &bytes, &[]).send().await.expect(200);
    assert_eq!(stored["file"]["file_size"], 1024 * 1024);
}

#[tokio::test]
async fn what_may_not_be_stored_is_refused_and_leaves_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = app.client_po().insert().await;
    for (name, bytes, status, code) in [
        ("page.html", b"<html>".as_slice(), 415, TYPE_REFUSED),
        ("run.exe", b"MZ", 415, TYPE_REFUSED),
        ("files.zip", b"PK\x03\x04", 415, TYPE_REFUSED),
        ("no extension", PDF, 415, TYPE_REFUSED),
        ("picture.png", PDF, 415, TYPE_REFUSED),
        ("paper.pdf", b"\x89PNG\r\n\x1a\n", 415, TYPE_REFUSED),
        ("list.csv", b"a,b\0", 415, TYPE_REFUSED),
        ("empty.pdf", b"", 422, "VALIDATION_ERROR"),
        ("...", PDF, 422, "VALIDATION_ERROR"),
    ] {
        let reply = send(&editor, po, name, bytes, &[]).send().await;
        reply.expect_error(status, code);
    }
    let too_long = "x".repeat(51);
    let reply = send(&editor, po, "a.pdf", PDF, &[("document_type", &too_long)])
        .send()
        .await;
    assert_eq!(reply.faults(), ["document_type: string_too_long"]);
    let no_file = Form::new()
        .text("document_type", "INVOICE")
        .text("file", "a text");
    let path = format!("/api/client-po/{po}/files");
    let reply = editor.post(&path).form(no_file).send().await;
    assert_eq!(reply.faults(), ["file: missing"]);
    let twice = || Part::bytes(PDF).file_name("a.pdf");
    let reply = editor
        .post(&path)
        .form(Form::new().part("file", twice()).part("file", twice()))
        .send()
        .await;
    assert_eq!(reply.faults(), ["file: value_error"]);
    for id in ["abc", "0", "-1", "9223372036854775808"] {
        let form = Form::new().part("file", twice());
        let reply = editor
            .post(format!("/api/client-po/{id}/files"))
            .form(form)
            .send()
            .await;
        assert_eq!(reply.faults(), ["client_po_id: int_parsing"], "{id}");
    }
    editor
        .post(&path)
        .json(&json!({}))
        .send()
        .await
        .expect_error(415, TYPE_REFUSED);
    assert_nothing_is_kept(&app).await;
}

#[tokio::test]
async fn of_an_unknown_po_or_project_nothing_is_stored_or_listed() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let reply = send(&editor, 999_999_999, "a.pdf", PDF, &[]).send().await;

    let body = reply.expect_error(404, "NOT_FOUND");
    assert_eq!(body["message"], "PO not found");
    assert_nothing_is_kept(&app).await;
    for (path, message) in [
        ("/api/client-po/999999999/files", "PO not found"),
        ("/api/documents/po/999999999", "PO not found"),
        ("/api/documents/project/999999999", "Project not found"),
        ("/api/projects/999999999/documents", "Project not found"),
    ] {
        let body = editor.get(path).send().await.expect_error(404, "NOT_FOUND");
        assert_eq!(body["message"], message, "{path}");
    }
}

#[tokio::test]
async fn only_editors_store_files_and_only_users_see_them() {
    let app = TestApp::start().await;
    let project = app.project("Store").await;
    let po = app.client_po().project(project).insert().await;

    send(&app.nobody(), po, "a.pdf", PDF, &[])
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    send(&app.viewer().await, po, "a.pdf", PDF, &[])
        .send()
        .await
        .expect_error(403, "FORBIDDEN");

    assert_nothing_is_kept(&app).await;
    for path in [
        format!("/api/client-po/{po}/files"),
        format!("/api/documents/po/{po}"),
        format!("/api/documents/project/{project}"),
        format!("/api/projects/{project}/documents"),
    ] {
        app.nobody()
            .get(path)
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
    send(&app.admin().await, po, "a.pdf", PDF, &[])
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn deleting_a_po_removes_its_own_files_and_leaves_those_of_its_project() {
    let app = TestApp::start().await;
    let (editor, admin) = (app.editor().await, app.admin().await);
    let project = app.project("Store").await;
    let lone = app.client_po().insert().await;
    let placed = app.client_po().project(project).insert().await;
    send(&editor, lone, "lone.pdf", PDF, &[]).send().await.expect(200);
    let kept = send(&editor, placed, "placed.pdf", PDF, &[])
        .send()
        .await
        .expect(200)["file"]
        .clone();

    for (po, documents) in [(lone, 1), (placed, 0)] {
        let body = admin.delete(format!("/api/po/{po}")).send().await.expect(200);
        assert_eq!(body["data"]["deleted"]["documents"], documents, "PO {po}");
    }

    let names =
        ["stored_filename", "compressed_filename"].map(|field| kept[field].as_str().unwrap().to_owned());
    assert_eq!(stored(&app), (BTreeSet::from(names), 0));
    let listed = admin
        .get(format!("/api/projects/{project}/documents"))
        .send()
        .await
        .expect(200);
    assert_eq!(listed["total_count"], 1);
    assert_eq!(listed["documents"][0]["id"], kept["id"]);
    assert!(listed["documents"][0]["client_po_id"].is_null());

    admin
        .delete(format!("/api/projects/{project}"))
        .send()
        .await
        .expect(200);
    assert_eq!(stored(&app), (BTreeSet::new(), 0));
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".project_document"#)
            .await,
        0
    );
}

#[tokio::test]
async fn a_po_that_is_deleted_while_its_file_arrives_keeps_no_file() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = app.client_po().insert().await;
    let mut deletion = app.db.begin().await.unwrap();
    sqlx::query(r#"DELETE FROM "Finances".client_po WHERE id = $1"#)
        .bind(po)
        .execute(&mut *deletion)
        .await
        .unwrap();
    let upload = tokio::spawn(send(&editor, po, "a.pdf", PDF, &[]).send());
    until_blocked(&app).await;

    deletion.commit().await.unwrap();

    upload.await.unwrap().expect_error(404, "NOT_FOUND");
    assert_nothing_is_kept(&app).await;
}

#[tokio::test]
async fn a_file_that_comes_again_under_its_key_is_stored_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let po = app.client_po().insert().await;
    let call = |bytes: &[u8]| {
        send(&editor, po, "a.pdf", bytes, &[("document_type", "DRAWING")]).header("idempotency-key", "k")
    };

    let first = call(PDF).send().await;
    let again = call(PDF).send().await;
    let other = call(b"%PDF-1.7 another").send().await;

    first.expect(200);
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (200, "true")
    );
    assert_eq!(unsigned(&again), unsigned(&first));
    assert_eq!(other.faults(), ["Idempotency-Key: value_error"]);
    assert_eq!(stored(&app).0.len(), 2, "a document and its archive");
    assert_nothing_waits(&app).await;
    assert_eq!(
        app.value::<i32>(r#"SELECT used FROM "Finances".quota_counter"#)
            .await,
        1
    );
    let many = race((0..4).map(|_| call(PDF)).collect()).await;
    assert!(many.iter().all(|reply| unsigned(reply) == unsigned(&first)));
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances".project_document"#)
            .await,
        1
    );
}

#[tokio::test]
async fn the_hour_has_room_for_so_many_files_of_a_user() {
    let app = TestApp::start_with(&[("UPLOADS_PER_HOUR", "1")]).await;
    let editor = app.editor().await;
    let po = app.client_po().insert().await;
    send(&editor, 999_999_999, "a.pdf", PDF, &[])
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    send(&editor, po, "a.pdf", PDF, &[]).send().await.expect(200);

    let refused = send(&editor, po, "b.pdf", PDF, &[]).send().await;

    refused.expect_error(429, "RATE_LIMITED");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(stored(&app).0.len(), 2, "a document and its archive");
    assert_nothing_waits(&app).await;
    send(&app.editor().await, po, "b.pdf", PDF, &[])
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_file_whose_publishing_was_cut_off_is_published_by_the_sweeper() {
    let app = TestApp::start().await;
    let po = app.client_po().insert().await;
    let body = send(&app.editor().await, po, "a.pdf", PDF, &[])
        .send()
        .await
        .expect(200);
    let name = body["file"]["stored_filename"].as_str().unwrap();
    let root = app.upload_folder();
    std::fs::rename(root.join(name), root.join("temp").join(name)).unwrap();

    uploads::sweep(&app.state).await.unwrap();

    assert_eq!(std::fs::read(root.join(name)).unwrap(), PDF);
    assert_nothing_waits(&app).await;
}

#[tokio::test]
async fn a_kill_between_storing_and_commit_leaves_no_document() {
    let home = Home::new();
    let settings = [("SECRET_KEY", "a key for two runs of one server: 0f9b6a71d4c8e253")];
    let server = home.start(&settings).await;
    let account = json!({"username": "admin", "email": "admin@example.com", "password": "of this test"});
    let reply = server
        .nobody()
        .post("/api/auth/signup")
        .json(&account)
        .send()
        .await;
    let token = reply.expect(200)["access_token"].as_str().unwrap().to_owned();
    let admin = server.nobody().with_token(token.clone());
    let new = json!({"client_id": 1, "po_number": "PO-1", "po_value": 100});
    let po = admin.post("/api/po").json(&new).send().await.expect(200)["client_po_id"]
        .as_i64()
        .unwrap();
    // The file is stored and its row waits for the PO, which somebody else holds.
    let mut other = database_of(&home).connect().await.unwrap();
    let mut holder = other.begin().await.unwrap();
    sqlx::query(r#"SELECT FROM "Finances".client_po FOR UPDATE"#)
        .execute(&mut *holder)
        .await
        .unwrap();
    let upload = tokio::spawn(send(&admin, po, "a.pdf", PDF, &[]).try_send());
    let mut watcher = database_of(&home).connect().await.unwrap();
    until_a_session_waits(&mut watcher).await;

    server.kill();

    assert!(upload.await.unwrap().is_none(), "nothing was acknowledged");
    // PostgreSQL may have ended with its server by now, and the transaction with it.
    holder.rollback().await.ok();
    drop((other, watcher));
    let server = home.start(&settings).await;
    let admin = server.nobody().with_token(token);
    let path = format!("/api/client-po/{po}/files");
    assert_eq!(admin.get(&path).send().await.expect(200)["files"], json!([]));
    let mut database = database_of(&home).connect().await.unwrap();
    let traces: i64 = sqlx::query_scalar(
        r#"
        SELECT (SELECT count(*) FROM "Finances".project_document)
             + (SELECT count(*) FROM "Finances".audit_entry WHERE entity = 'project_document')
             + (SELECT count(*) FROM "Finances".quota_counter)
        "#,
    )
    .fetch_one(&mut database)
    .await
    .unwrap();
    assert_eq!(traces, 0);
    database.close().await.unwrap();
    let published = std::fs::read_dir(home.path().join("uploads"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_file())
        .count();
    assert_eq!(published, 0);
    send(&admin, po, "a.pdf", PDF, &[]).send().await.expect(200);
    assert_eq!(admin.get(&path).send().await.expect(200)["total_count"], 1);
}

/// How to connect to the database that the server runs for itself.
fn database_of(home: &Home) -> PgConnectOptions {
    EmbeddedPostgres::beside(&home.path().join("data"), DATABASE).unwrap()
}

/// Waits until a session of the database waits for a lock; the test fails after half a minute.
async fn until_a_session_waits(database: &mut PgConnection) {
    let started = std::time::Instant::now();
    let question = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(question)
        .fetch_one(&mut *database)
        .await
        .unwrap()
    {
        assert!(started.elapsed().as_secs() < 30, "no session waits");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
