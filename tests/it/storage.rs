//! Where files lie: on the disk and in a bucket, held against their rows, removed with them, and away for a while.

use std::path::PathBuf;

use nexgen_finance::uploads::{self, FileFault, Scrubber};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::Value;

use crate::support::{
    TestApp,
    callers::{Call, Caller},
    files::{PDF_HEAD, noise},
    logs::Logs,
    workbooks::ProformaWorkbook,
};

/// So many bytes that pass for a PDF.
fn pdf(length: usize) -> Vec<u8> {
    noise(PDF_HEAD, length)
}

fn store(caller: &Caller, po: i64, name: &str, bytes: Vec<u8>) -> Call {
    caller
        .post(format!("/api/client-po/{po}/files"))
        .file(name, bytes, &[])
}

async fn stored(app: &TestApp, caller: &Caller, name: &str, bytes: Vec<u8>) -> Value {
    let po = app.client_po().insert().await;
    store(caller, po, name, bytes).send().await.expect(200)["file"].clone()
}

fn path(app: &TestApp, document: &Value, field: &str) -> PathBuf {
    app.upload_folder().join(document[field].as_str().unwrap())
}

/// What a look at everything finds: faults as `table: what`, and files that no row names.
async fn verified(app: &TestApp) -> (Vec<String>, Vec<String>) {
    let report = uploads::verify(&app.db, &app.state.storage, |_| {})
        .await
        .unwrap();
    let text = |fault: FileFault| format!("{}: {}", fault.table, fault.what);
    (report.faults.into_iter().map(text).collect(), report.unknown)
}

async fn round_trip(app: TestApp) {
    let (editor, admin) = (app.editor().await, app.admin().await);
    // More than two parts of a remote upload.
    let bytes = pdf(12_000_000);
    let document = stored(&app, &editor, "large.pdf", bytes.clone()).await;
    let invoice = ProformaWorkbook::sample().xlsx();
    let form = Form::new().part("file", Part::bytes(invoice).file_name("po.xlsx"));
    editor.post("/api/po/upload").form(form).send().await.expect(200);

    let url = format!("/api/documents/download/{}?format=original", document["id"]);
    let whole = editor.get(&url).send().await;
    assert!(whole.status == 200 && whole.bytes == bytes);
    let part = editor
        .get(&url)
        .header("Range", "bytes=5242870-5242889")
        .send()
        .await;
    assert_eq!(part.status, 206);
    assert_eq!(part.bytes, bytes[5_242_870..5_242_890]);
    assert_eq!(verified(&app).await, (vec![], vec![]));

    admin
        .delete(format!("/api/documents/{}", document["id"]))
        .send()
        .await
        .expect(200);
    assert_eq!(verified(&app).await, (vec![], vec![]));
    for field in ["stored_filename", "compressed_filename"] {
        assert!(!path(&app, &document, field).exists(), "{field}");
    }
    let notes = r#"SELECT count(*) FROM "Finances".stored_file_removal"#;
    assert_eq!(app.value::<i64>(notes).await, 0);
}

#[tokio::test]
async fn files_go_to_the_disk_and_come_back() {
    round_trip(TestApp::start().await).await;
}

#[tokio::test]
async fn files_go_to_a_bucket_and_come_back() {
    let app = TestApp::start_on_bucket().await;
    let objects = app.upload_folder().to_owned();
    assert!(objects.ends_with("nexgen-files/live/erp"), "{objects:?}");
    round_trip(app).await;
}

#[tokio::test]
async fn without_its_bucket_the_server_takes_no_files_and_loses_none() {
    let app = TestApp::start_on_bucket().await;
    let editor = app.editor().await;
    let kept = stored(&app, &editor, "kept.pdf", pdf(100)).await;
    let po = app.client_po().insert().await;
    let url = format!("/api/documents/download/{}", kept["id"]);

    app.stop_bucket().await;
    for call in [
        store(&editor, po, "b.pdf", pdf(100)),
        editor.call(Method::GET, &url),
    ] {
        let refused = call.send().await;
        refused.expect_error(503, "SERVICE_UNAVAILABLE");
        refused.header("retry-after");
    }
    editor.get("/api/po").send().await.expect(200);
    let rows = r#"SELECT count(*) FROM "Finances".project_document"#;
    assert_eq!(app.value::<i64>(rows).await, 1);

    app.start_bucket().await;
    assert_eq!(editor.get(&url).send().await.status, 200);
    store(&editor, po, "b.pdf", pdf(100)).send().await.expect(200);
    assert_eq!(verified(&app).await, (vec![], vec![]));
}

#[tokio::test]
async fn every_file_that_is_not_what_its_row_says_is_found() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let form = Form::new().part(
        "file",
        Part::bytes(ProformaWorkbook::sample().xlsx()).file_name("po.xlsx"),
    );
    editor.post("/api/po/upload").form(form).send().await.expect(200);
    assert_eq!(verified(&app).await, (vec![], vec![]));
    let lost = stored(&app, &editor, "lost.pdf", pdf(100)).await;
    let cut = stored(&app, &editor, "cut.pdf", pdf(200)).await;
    let changed = stored(&app, &editor, "changed.pdf", pdf(300)).await;
    std::fs::remove_file(path(&app, &lost, "stored_filename")).unwrap();
    std::fs::write(path(&app, &cut, "stored_filename"), pdf(199)).unwrap();
    let mut bytes = pdf(300);
    bytes[299] ^= 1;
    std::fs::write(path(&app, &changed, "stored_filename"), bytes).unwrap();
    std::fs::write(path(&app, &changed, "compressed_filename"), "").unwrap();
    let (session, name): (String, String) =
        sqlx::query_as(r#"SELECT session_id, storage_filename FROM "Finances".upload_file"#)
            .fetch_one(&app.db)
            .await
            .unwrap();
    let packed = app.upload_folder().join("sessions").join(session).join(name);
    let mut bytes = std::fs::read(&packed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&packed, bytes).unwrap();
    std::fs::write(app.upload_folder().join("foreign.pdf"), "nobody's").unwrap();

    let (faults, unknown) = verified(&app).await;

    let length = std::fs::metadata(app.upload_folder().join("foreign.pdf"))
        .unwrap()
        .len();
    assert_eq!(length, 8, "what is not ours is left alone");
    assert_eq!(unknown, ["foreign.pdf"]);
    assert_eq!(faults.len(), 5, "{faults:?}");
    assert_eq!(faults[0], "upload_file: its bytes are not those that were stored");
    assert_eq!(faults[1], "project_document: is missing");
    assert_eq!(faults[2], "project_document: has 199 bytes instead of 200");
    assert_eq!(
        faults[3],
        "project_document: its bytes are not those that were stored"
    );
    assert!(
        faults[4].starts_with("project_document: has 0 bytes instead of "),
        "{faults:?}"
    );

    let logs = Logs::start("INFO");
    let mut scrubber = Scrubber::default();
    // Both tables and their ends.
    for _ in 0..4 {
        scrubber.go_on(&app.db, &app.state.storage).await.unwrap();
    }
    assert_eq!(logs.end().error_lines().len(), 5);
}

#[tokio::test]
async fn files_that_a_crash_left_after_their_rows_were_gone_are_removed_by_the_sweeper() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let document = stored(&app, &editor, "a.pdf", pdf(100)).await;
    let kept = stored(&app, &editor, "b.pdf", pdf(100)).await;
    // As it is between the commit of a deletion and what follows it.
    sqlx::query(
        r#"
        WITH gone AS (
            DELETE FROM "Finances".project_document WHERE id = $1 RETURNING stored_filename, compressed_filename
        )
        INSERT INTO "Finances".stored_file_removal (file_name)
        SELECT stored_filename FROM gone UNION ALL SELECT compressed_filename FROM gone
        "#,
    )
    .bind(document["id"].as_i64().unwrap())
    .execute(&app.db)
    .await
    .unwrap();

    uploads::sweep(&app.state).await.unwrap();

    for field in ["stored_filename", "compressed_filename"] {
        assert!(!path(&app, &document, field).exists(), "{field}");
        assert!(path(&app, &kept, field).exists(), "{field}");
    }
    let notes = r#"SELECT count(*) FROM "Finances".stored_file_removal"#;
    assert_eq!(app.value::<i64>(notes).await, 0);
}
