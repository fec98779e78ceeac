//! Forms with files that are no forms, or break off.

use crate::support::{
    TestApp,
    wire::{exchange, read_reply},
};
use tokio::io::AsyncWriteExt;

use super::{Scene, Wrong, refuse_all, wrong};

const FORM: &str = "multipart/form-data; boundary=XX";
const PATH: &str = "/api/po/upload";

/// A part of a form: its headers after the name, and its content.
fn part(headers: &str, content: &str) -> String {
    format!("--XX\r\n{headers}\r\n\r\n{content}\r\n")
}

fn file(content: &str) -> String {
    part(
        "Content-Disposition: form-data; name=\"file\"; filename=\"order.csv\"\r\nContent-Type: text/csv",
        content,
    )
}

fn text(name: &str, content: &str) -> String {
    part(
        &format!("Content-Disposition: form-data; name=\"{name}\""),
        content,
    )
}

async fn stored_files(app: &TestApp) -> (i64, Vec<std::path::PathBuf>) {
    let rows = app.value(r#"SELECT count(*) FROM "Finances".upload_file"#).await;
    let mut folders = vec![app.upload_folder().to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    (rows, files)
}

#[tokio::test]
async fn forms_that_are_malformed_are_refused_and_leave_no_file() {
    let scene = Scene::set().await;
    let end = "--XX--\r\n";
    let send = |kind: &str, body: Vec<u8>| scene.editor.post(PATH).raw(kind, body);
    let mut wrongs: Vec<Wrong> = Vec::new();
    for (what, kind, body, status) in [
        ("no form", "application/json", "{}".to_owned(), 415),
        ("no boundary", "multipart/form-data", file("a,b") + end, 400),
        (
            "an empty boundary",
            "multipart/form-data; boundary=",
            file("a,b") + end,
            400,
        ),
        (
            "another boundary",
            "multipart/form-data; boundary=YY",
            file("a,b") + end,
            400,
        ),
        ("no text at all", FORM, String::new(), 400),
        ("no end", FORM, file("a,b"), 400),
        ("half a boundary", FORM, file("a,b") + "--X", 400),
        ("no part but the end, cut", FORM, "--XX".to_owned(), 400),
        (
            "headers without end",
            FORM,
            "--XX\r\nContent-Disposition: form-data; name=\"file\"".to_owned(),
            400,
        ),
        (
            "a header that is none",
            FORM,
            part("no header at all", "x") + end,
            400,
        ),
        (
            "a very long header",
            FORM,
            part(&format!("X: {}", "y".repeat(3_000_000)), "x") + end,
            400,
        ),
    ] {
        wrongs.push(wrong(what, send(kind, body.into_bytes()), status, &[]));
    }
    let plain = send("application/x-www-form-urlencoded", b"file=x".to_vec());
    wrongs.push(wrong("a form without files", plain, 422, &["file: missing"]));
    for (what, body, faults) in [
        ("nothing in it", end.to_owned(), &["file: missing"][..]),
        (
            "no name",
            part("Content-Disposition: form-data", "x") + end,
            &["file: missing"],
        ),
        (
            "no disposition",
            part("Content-Type: text/csv", "x") + end,
            &["file: missing"],
        ),
        ("the file as text", text("file", "a,b") + end, &["file: missing"]),
        (
            "the file under another name",
            file("a,b").replace("name=\"file\"", "name=\"files\"") + end,
            &["file: missing"],
        ),
        (
            "two files",
            file("a,b") + &file("c,d") + end,
            &["file: value_error"],
        ),
        (
            "a bad client",
            text("client_id", "abc") + &file("a,b") + end,
            &["client_id: int_parsing"],
        ),
        (
            "two hundred parts",
            text("x", "y").repeat(300) + end,
            &["body: value_error"],
        ),
    ] {
        wrongs.push(wrong(what, send(FORM, body.into_bytes()), 422, faults));
    }
    let mut broken = text("client_id", "1").into_bytes();
    broken.extend_from_slice(b"--XX\r\nContent-Disposition: form-data; name=\"remarks\"\r\n\r\n\xff\xfe\r\n");
    broken.extend_from_slice(end.as_bytes());
    wrongs.push(wrong(
        "bytes that are no text",
        send(FORM, broken),
        422,
        &["remarks: value_error"],
    ));
    let long = text("remarks", &"x".repeat(70_000)) + end;
    wrongs.push(wrong(
        "a text that is too long",
        send(FORM, long.into_bytes()),
        413,
        &[],
    ));

    refuse_all(wrongs).await;

    assert_eq!(stored_files(&scene.app).await, (0, Vec::new()));
}

#[tokio::test]
async fn a_form_that_breaks_off_leaves_no_file() {
    let scene = Scene::set().await;
    let head = |headers: &str| {
        let token = scene.editor.token.as_deref().unwrap();
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: {FORM}\r\n{headers}\r\n"
        )
    };
    let started = file(&"a,b\n".repeat(50_000));
    for request in [
        format!("{}{started}", head("Content-Length: 1000000\r\n")),
        format!(
            "{}{:x}\r\n{started}\r\n",
            head("Transfer-Encoding: chunked\r\n"),
            started.len()
        ),
    ] {
        let mut stream = crate::support::wire::connect(&scene.app).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();

        read_reply(&mut stream).await.expect_error(400, "BAD_REQUEST");
    }
    let endless = format!("{}zz\r\n", head("Transfer-Encoding: chunked\r\n"));
    exchange(&scene.app, endless)
        .await
        .expect_error(400, "BAD_REQUEST");

    assert_eq!(stored_files(&scene.app).await, (0, Vec::new()));
}

#[tokio::test]
async fn a_chunked_form_beyond_the_limit_is_413() {
    let app = TestApp::start_with(&[("MAX_FILE_SIZE_MB", "1"), ("MAX_BULK_MB", "1")]).await;
    let editor = app.editor().await;
    let body = format!("{}--XX--\r\n", file(&"x".repeat(3 << 20)));
    for path in [PATH, "/api/bajaj-po/bulk"] {
        let chunks: Vec<Result<Vec<u8>, std::io::Error>> = body
            .as_bytes()
            .chunks(100_000)
            .map(|chunk| Ok(chunk.to_vec()))
            .collect();
        let streamed = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
        let reply = editor.post(path).raw(FORM, streamed).send().await;
        reply.expect_error(413, "PAYLOAD_TOO_LARGE");
    }
}

#[tokio::test]
async fn a_file_is_named_in_each_of_the_ways_that_clients_have() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let session = editor
        .post("/api/uploads/session")
        .json(&serde_json::json!({}))
        .send()
        .await;
    let session = session.expect(200)["session_id"].as_str().unwrap().to_owned();
    for (parameters, name) in [
        ("filename*=utf-8''%C3%A9%20a.csv", "é a.csv"),
        ("filename*=UTF-8'en'b.csv", "b.csv"),
        ("filename*=ISO-8859-1''%E9.csv", "é.csv"),
        (
            "filename=\"=?utf-8?B?w6kuY3N2?=\"; filename*=utf-8''%C3%A9.csv",
            "é.csv",
        ),
        ("filename=\"a.csv\"; filename*=koi8''%C3.csv", "a.csv"),
        ("filename=\"six%22 pipes.csv\"", "six_ pipes.csv"),
        ("filename=\"50%25 off.csv\"", "50%25 off.csv"),
    ] {
        let headers = format!("Content-Disposition: form-data; name=\"file\"; {parameters}");
        let body = part(&headers, "a,b") + "--XX--\r\n";
        let path = format!("/api/uploads/session/{session}/files");
        let stored = editor.post(path).raw(FORM, body).send().await.expect(200);
        assert_eq!(stored["original_filename"], name, "{parameters}");
    }
}
