//! Many files at once: each is done by itself.

use std::io::Write;

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply, fault_list},
    money, race,
    workbooks::{BajajWorkbook, ProformaWorkbook},
};

type File = (&'static str, Vec<u8>);

fn send(caller: &Caller, path: &str, files: &[File]) -> Call {
    caller.post(path).form(form(files))
}

fn form(files: &[File]) -> Form {
    files.iter().fold(Form::new(), |form, (name, bytes)| {
        form.part("files", Part::bytes(bytes.clone()).file_name(*name))
    })
}

fn invoice(number: &str) -> Vec<u8> {
    ProformaWorkbook::sample()
        .field("PO Number", number)
        .field("PI Number", format!("PI-{number}").as_str())
        .xlsx()
}

fn order(number: &str) -> Vec<u8> {
    BajajWorkbook::sample().po_number(number).xlsx()
}

/// A workbook with an entry that is a thousandth of what it unpacks to.
fn bomb() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, size) in [("[Content_Types].xml", 10), ("xl/workbook.xml", 8 * 1024 * 1024)] {
        archive.start_file(name, options).unwrap();
        archive.write_all(&vec![b' '; size]).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// POs, projects, files, documents.
async fn rows(app: &TestApp) -> [i64; 4] {
    [
        app.value(r#"SELECT count(*) FROM "Finances".client_po"#).await,
        app.value(r#"SELECT count(*) FROM "Finances".project"#).await,
        app.value(r#"SELECT count(*) FROM "Finances".upload_file"#).await,
        app.value(r#"SELECT count(*) FROM "Finances".project_document"#)
            .await,
    ]
}

/// The code of each file that failed.
fn codes(errors: &Value) -> Vec<(&str, &str)> {
    let errors = errors.as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            (
                error["filename"].as_str().unwrap(),
                error["error_code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn each_invoice_becomes_a_po_with_its_document() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let body = send(
        &editor,
        "/api/proforma-invoice/bulk?client_id=2",
        &[
            ("a.xlsx", invoice("4500000001")),
            ("b.xlsx", invoice("4500000002")),
        ],
    )
    .send()
    .await
    .expect(200);

    for (field, value) in [
        ("status", json!("SUCCESS")),
        ("total_files", json!(2)),
        ("successful", json!(2)),
        ("failed", json!(0)),
        ("errors", json!([])),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    let first = &body["uploaded_pis"][0];
    for (field, value) in [
        ("filename", json!("a.xlsx")),
        ("pi_number", json!("PI-4500000001")),
        ("po_number", json!("4500000001")),
        ("po_value", money("242755.5")),
        ("store_id", json!("ST-104")),
        ("line_item_count", json!(3)),
        ("warnings", json!([])),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    let (po, document) = (&first["client_po_id"], &first["document_id"]);
    let document = editor
        .get(format!("/api/documents/{document}"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&document["client_po_id"], &document["description"]),
        (po, &json!("Proforma Invoice bulk upload"))
    );
    assert_eq!(body["uploaded_pis"][1]["filename"], "b.xlsx");
    assert_eq!(rows(&app).await, [2, 1, 2, 2]);
    let temporary = std::fs::read_dir(app.upload_folder().join("temp"))
        .unwrap()
        .count();
    assert_eq!(temporary, 0);
}

#[tokio::test]
async fn bad_files_among_good_ones_spoil_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let incomplete = BajajWorkbook::sample().po_number("").xlsx();

    let body = send(
        &editor,
        "/api/bajaj-po/bulk",
        &[
            ("good.xlsx", order("4500000001")),
            ("bomb.xlsx", bomb()),
            ("empty.xlsx", Vec::new()),
            ("png.xlsx", b"\x89PNG\r\n\x1a\n".to_vec()),
            ("list.csv", b"a,b\n".to_vec()),
            ("../..", order("4500000009")),
            ("incomplete.xlsx", incomplete),
            ("twice.xlsx", order("4500000001")),
            ("better.xlsx", order("4500000002")),
        ],
    )
    .send()
    .await
    .expect(200);

    assert_eq!(body["status"], "PARTIAL_SUCCESS");
    assert_eq!(
        (&body["total_files"], &body["successful"], &body["failed"]),
        (&json!(9), &json!(2), &json!(7))
    );
    assert_eq!(
        codes(&body["errors"]),
        [
            ("bomb.xlsx", "VALIDATION_ERROR"),
            ("empty.xlsx", "VALIDATION_ERROR"),
            ("png.xlsx", "UNSUPPORTED_MEDIA_TYPE"),
            ("list.csv", "UNSUPPORTED_MEDIA_TYPE"),
            ("../..", "VALIDATION_ERROR"),
            ("incomplete.xlsx", "VALIDATION_ERROR"),
            ("twice.xlsx", "CONFLICT"),
        ]
    );
    let errors = &body["errors"];
    assert_eq!(errors[0]["errors"][0]["type"], "unsafe_archive");
    assert_eq!(errors[1]["error"], "The file is empty");
    assert_eq!(errors[5]["errors"][0]["field"], "po_details.po_number");
    assert!(
        errors[5]["error"]
            .as_str()
            .unwrap()
            .starts_with("Missing: PO number")
    );
    assert!(errors[5]["file_id"].is_string());
    let [first, second] = &body["uploaded_pos"].as_array().unwrap()[..] else {
        panic!("{body}")
    };
    assert_eq!(errors[6]["existing_client_po_id"], first["client_po_id"]);
    assert_eq!(
        (&first["po_number"], &second["po_number"]),
        (&json!("4500000001"), &json!("4500000002"))
    );
    assert_eq!(first["po_value"], money("5900"));
    // What could be an order one day is kept: the incomplete one, and the one that exists.
    assert_eq!(rows(&app).await[0], 2);
    assert_eq!(rows(&app).await[2..], [4, 2]);
    let counted: i64 = app
        .value(r#"SELECT sum(used)::bigint FROM "Finances".quota_counter"#)
        .await;
    assert_eq!(counted, 4);
}

#[tokio::test]
async fn if_no_file_is_saved_the_answer_is_an_error_with_each_of_them() {
    let app = TestApp::start().await;
    let editor = app.editor().await;

    let reply = send(
        &editor,
        "/api/proforma-invoice/bulk",
        &[("a.csv", b"a,b\n".to_vec()), ("b.xlsx", order(""))],
    )
    .send()
    .await;

    let body = reply.expect_error(422, "VALIDATION_ERROR");
    assert_eq!(
        fault_list(&body),
        ["files[0]: value_error", "files[1]: value_error"]
    );
    assert_eq!(
        (&body["total_files"], &body["successful"], &body["failed"]),
        (&json!(2), &json!(0), &json!(2))
    );
    assert_eq!(
        codes(&body["file_errors"])[0],
        ("a.csv", "UNSUPPORTED_MEDIA_TYPE")
    );
    assert_eq!(body["file_errors"][1]["filename"], "b.xlsx");
    assert_eq!(rows(&app).await[0], 0);
}

#[tokio::test]
async fn no_file_and_too_many_files_are_refused_as_a_whole() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let many = |count| vec![("a.csv", b"a,b\n".to_vec()); count];

    let none = editor
        .post("/api/bajaj-po/bulk")
        .form(Form::new().text("client_id", "1"))
        .send()
        .await;
    let odd = editor
        .post("/api/bajaj-po/bulk")
        .form(Form::new().part("photo", Part::bytes(order("1")).file_name("po.xlsx")))
        .send()
        .await;
    let most = send(&editor, "/api/bajaj-po/bulk", &many(50)).send().await;
    let more = send(&editor, "/api/bajaj-po/bulk", &many(51)).send().await;

    assert_eq!(none.faults(), ["files: missing"]);
    assert_eq!(odd.faults(), ["files: missing"]);
    assert_eq!(most.expect_error(422, "VALIDATION_ERROR")["failed"], 50);
    assert_eq!(more.faults(), ["files: value_error"]);
    assert_eq!(rows(&app).await, [0; 4]);
}

#[tokio::test]
async fn a_file_above_the_limit_fails_alone_and_a_body_above_its_limit_as_a_whole() {
    let app = TestApp::start_with(&[("MAX_FILE_SIZE_MB", "1"), ("MAX_BULK_MB", "3")]).await;
    let editor = app.editor().await;
    let large = |megabytes: usize| vec![b' '; megabytes * 1024 * 1024 + 1];

    let body = send(
        &editor,
        "/api/bajaj-po/bulk",
        &[
            ("large.xlsx", large(1)),
            ("good.xlsx", order("4500000001")),
            ("last.xlsx", large(1)),
        ],
    )
    .send()
    .await
    .expect(200);
    let reply = send(
        &editor,
        "/api/bajaj-po/bulk",
        &[("a.xlsx", order("4500000002")), ("b.xlsx", large(4))],
    )
    .send()
    .await;

    assert_eq!(
        codes(&body["errors"]),
        [
            ("large.xlsx", "PAYLOAD_TOO_LARGE"),
            ("last.xlsx", "PAYLOAD_TOO_LARGE"),
        ]
    );
    assert!(body["errors"][0]["error"].as_str().unwrap().contains("1048576"));
    assert_eq!(body["uploaded_pos"][0]["po_number"], "4500000001");
    reply.expect_error(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(rows(&app).await, [1, 1, 1, 1]);
}

#[tokio::test]
async fn when_the_quota_ends_in_the_middle_the_rest_is_told_so() {
    let app = TestApp::start_with(&[("UPLOADS_PER_HOUR", "2")]).await;
    let editor = app.editor().await;
    let files = [
        ("a.xlsx", order("4500000001")),
        ("bad.csv", b"a,b\n".to_vec()),
        ("b.xlsx", order("4500000002")),
        ("c.xlsx", order("4500000003")),
        ("d.csv", b"a,b\n".to_vec()),
        ("e.xlsx", order("4500000005")),
    ];

    let body = send(&editor, "/api/bajaj-po/bulk", &files)
        .send()
        .await
        .expect(200);
    let all = send(&editor, "/api/bajaj-po/bulk", &files[3..4]).send().await;

    assert_eq!(
        codes(&body["errors"]),
        [
            ("bad.csv", "UNSUPPORTED_MEDIA_TYPE"),
            ("c.xlsx", "RATE_LIMITED"),
            ("d.csv", "RATE_LIMITED"),
            ("e.xlsx", "RATE_LIMITED"),
        ]
    );
    assert_eq!(body["successful"], 2);
    // With nothing left at the start, the whole request is told when to come again.
    all.expect_error(429, "RATE_LIMITED");
    let wait: u32 = all.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(rows(&app).await[0], 2);
    let counted: i64 = app
        .value(r#"SELECT sum(used)::bigint FROM "Finances".quota_counter"#)
        .await;
    assert_eq!(counted, 2);
}

#[tokio::test]
async fn client_and_project_are_checked_before_any_file() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let project = app.project("Of Bajaj").await.to_string();
    let files = [("a.xlsx", order("4500000001"))];
    for (field, value, fault) in [
        ("client_id", "99", "client_id: foreign_key"),
        ("client_id", "one", "client_id: int_parsing"),
        ("project_id", "99", "project_id: foreign_key"),
    ] {
        let form = form(&files).text(field, value);
        let reply = editor.post("/api/bajaj-po/bulk").form(form).send().await;
        assert_eq!(reply.faults(), [fault]);
    }
    let other = form(&files)
        .text("client_id", "2")
        .text("project_id", project.clone());
    let reply = editor.post("/api/bajaj-po/bulk").form(other).send().await;
    assert_eq!(reply.faults(), ["project_id: value_error"]);
    assert_eq!(rows(&app).await, [0, 1, 0, 0]);

    let own = form(&files)
        .text("client_id", "1")
        .text("project_id", project.clone());
    let body = editor
        .post("/api/bajaj-po/bulk")
        .form(own)
        .send()
        .await
        .expect(200);
    let po = &body["uploaded_pos"][0]["client_po_id"];
    let po = editor.get(format!("/api/po/{po}")).send().await.expect(200)["data"].clone();
    assert_eq!(po["project_id"].to_string(), project);
}

fn replayed(reply: &Reply) -> bool {
    reply.header("idempotency-replayed") == "true"
}

#[tokio::test]
async fn under_a_key_a_repeat_makes_nothing_twice_also_after_a_cut() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let files = [
        ("a.xlsx", order("4500000001")),
        ("bad.csv", b"a,b\n".to_vec()),
        ("b.xlsx", order("4500000002")),
    ];
    let call = || send(&editor, "/api/bajaj-po/bulk", &files).header("idempotency-key", "k");

    let first = call().send().await;
    let again = call().send().await;

    first.expect(200);
    assert!(!replayed(&first) && replayed(&again));
    assert_eq!(again.bytes, first.bytes);

    // As after a crash between the last but one file and the answer: the second file and the answer are not there.
    let gone = first.json()["uploaded_pos"][1]["client_po_id"].clone();
    app.execute(
        r#"
        DELETE FROM "Finances".idempotency_key WHERE path IN ('/api/bajaj-po/bulk', '/api/bajaj-po/bulk#file-2');
        DELETE FROM "Finances".project_document WHERE po_number = '4500000002';
        DELETE FROM "Finances".client_po WHERE po_number = '4500000002';
        "#,
    )
    .await;
    let after_cut = call().send().await;

    let (before, body) = (first.json(), after_cut.expect(200));
    assert!(!replayed(&after_cut));
    assert_eq!(body["uploaded_pos"][0], before["uploaded_pos"][0]);
    assert_ne!(body["uploaded_pos"][1]["client_po_id"], gone);
    assert_eq!(body["uploaded_pos"][1]["po_number"], "4500000002");
    assert_eq!(body["errors"], before["errors"]);
    assert_eq!(rows(&app).await[0], 2);

    let other = send(&editor, "/api/bajaj-po/bulk", &[("c.xlsx", order("4500000003"))])
        .header("idempotency-key", "k")
        .send()
        .await;
    assert_eq!(other.faults(), ["Idempotency-Key: value_error"]);
    app.execute(r#"DELETE FROM "Finances".idempotency_key WHERE path = '/api/bajaj-po/bulk'"#)
        .await;
    let other = send(&editor, "/api/bajaj-po/bulk", &[("c.xlsx", order("4500000003"))])
        .header("idempotency-key", "k")
        .send()
        .await;
    assert_eq!(other.faults(), ["Idempotency-Key: value_error"]);
    assert_eq!(rows(&app).await[0], 2);
}

#[tokio::test]
async fn without_a_key_a_repeat_names_what_the_first_has_made() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let files = [("a.xlsx", order("4500000001")), ("b.xlsx", order("4500000002"))];
    let first = send(&editor, "/api/bajaj-po/bulk", &files)
        .send()
        .await
        .expect(200);

    let reply = send(&editor, "/api/bajaj-po/bulk", &files).send().await;

    let body = reply.expect_error(422, "VALIDATION_ERROR");
    for (error, made) in [(0, 0), (1, 1)] {
        assert_eq!(body["file_errors"][error]["error_code"], "CONFLICT");
        assert_eq!(
            body["file_errors"][error]["existing_client_po_id"],
            first["uploaded_pos"][made]["client_po_id"]
        );
    }
    assert_eq!(rows(&app).await[0], 2);
}

#[tokio::test]
async fn of_the_same_files_sent_at_once_each_becomes_one_po() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let files: Vec<File> = (0..5)
        .map(|number| ("po.xlsx", order(&format!("450000010{number}"))))
        .collect();

    let replies = race(
        (0..3)
            .map(|_| send(&editor, "/api/bajaj-po/bulk", &files))
            .collect(),
    )
    .await;

    let saved: u64 = replies
        .iter()
        .map(|reply| reply.json()["successful"].as_u64().unwrap())
        .sum();
    assert_eq!(saved, 5);
    assert_eq!(rows(&app).await[0], 5);
    assert_eq!(app.totals_that_are_off().await, 0);
}
