//! Line ends, escapes and JSON in whatever a client can name: none of it makes a header or a line of the log of its own.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::Reply,
    files::{PDF_HEAD, open_session},
    logs::Logs,
    operations::{document, operations},
    wire::exchange,
};

/// Line ends in the spellings that something between a client and a log may undo, and what should not come of them.
const BREAKS: [&str; 6] = [
    "a%0d%0aX-Injected:%20yes",
    "a%0aX-Injected:%20yes%0a%0abody",
    "a%E5%98%8D%E5%98%8AX-Injected:yes",
    "a%250d%250aX-Injected:%20yes",
    "a%1b[2J%1b]0;owned%07%0d%0a%7b%22levelname%22:%22ERROR%22%7d",
    "a%e2%80%a8%7b%22levelname%22:%22ERROR%22%7d",
];

#[track_caller]
fn assert_no_header_of_its_own(what: &str, reply: &Reply) {
    assert!(
        !reply.headers.contains_key("x-injected"),
        "{what}: {:?}",
        reply.headers
    );
    for (name, value) in &reply.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(
            !value.contains(['\r', '\n']) && !value.contains("X-Injected: yes"),
            "{what}: {name}: {value}"
        );
    }
}

/// Every operation with line ends in its path, query, headers and body, while everything is logged.
#[tokio::test]
async fn nothing_that_a_client_names_breaks_a_header_or_a_line_of_the_log() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let admin = app.admin().await;
    let forged = "x\r\n{\"levelname\":\"ERROR\",\"message\":\"forged\"}\u{1b}[31m\u{2028}";
    let logs = Logs::start("DEBUG");
    let mut calls = 0;
    for operation in operations(&document()) {
        for broken in BREAKS {
            let path = operation
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { broken } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let names = operation.body["parameters"].as_array().into_iter().flatten();
            let query: String = names
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| format!("{}={broken}&", parameter["name"].as_str().unwrap()))
                .collect();
            let call = admin
                .call(
                    Method::from_bytes(operation.method.as_bytes()).unwrap(),
                    format!("{path}?{query}{broken}={broken}"),
                )
                .header("user-agent", "a\t{\"levelname\":\"ERROR\"}")
                .header("x-client-version", "1\t{\"levelname\":\"ERROR\"}")
                .header("x-forwarded-for", "1.1.1.1\t{}")
                .header("traceparent", "00-\t-0-0");
            let body =
                json!({"username": forged, "password": forged, "name": forged, "refresh_token": forged});
            let is_logout = operation.path == "/api/auth/logout";
            let reply = if operation.method == "GET" || is_logout {
                call.send().await
            } else {
                call.json(&body).send().await
            };
            assert_no_header_of_its_own(&operation.name(), &reply);
            assert!(reply.status < 500, "{}: {}", operation.name(), reply.text());
            calls += 1;
        }
    }
    let logged = logs.end();
    // Each line is an object of ours, or this fails to read.
    let lines = logged.lines();
    let access = lines.iter().filter(|line| line["name"] == "access").count();
    assert_eq!(access, calls);
    for line in &lines {
        assert!(line["asctime"].is_string(), "{line}");
        assert_ne!(line["levelname"], "ERROR", "{line}");
    }
    assert!(!logged.console.contains(['\u{1b}', '\r', '\u{2028}', '\u{7}']));
    assert_eq!(logged.errors, "");
    println!(
        "line ends in paths, queries, headers and bodies: {calls} calls, {} lines of the log",
        lines.len()
    );
}

/// What no decent client sends: line ends inside of headers, bare and folded.
#[tokio::test]
async fn a_header_ends_where_its_line_does() {
    let app = TestApp::start().await;
    for headers in [
        "X-Request-ID: a\nX-Injected: yes\r\n",
        "X-Request-ID: a\rX-Injected: yes\r\n",
        "X-Request-ID: a\r\n X-Injected: yes\r\n",
        "X-Request-ID: a\0b\r\n",
        "Origin: https://app.example.com\r\n X-Injected: yes\r\n",
        "X-Request-ID: a%0d%0aX-Injected: yes\r\n",
        "X-Request-ID: \u{560d}\u{560a}X-Injected: yes\r\n",
    ] {
        let request = format!("GET /api/nowhere HTTP/1.1\r\nHost: a\r\n{headers}Connection: close\r\n\r\n");
        let reply = exchange(&app, request).await;
        assert!(
            [400, 404].contains(&reply.status),
            "{headers:?}: {}",
            reply.status
        );
        assert_no_header_of_its_own(headers, &reply);
        // The server of HTTP refuses some itself, with an empty answer; ours has an id of its own making.
        if reply.status == 404 {
            let id = reply.header("x-request-id");
            assert!(id == "a" || uuid::Uuid::parse_str(id).is_ok(), "{id}");
        }
    }
}

/// Names of files go into `Content-Disposition` and into archives.
#[tokio::test]
async fn a_name_of_a_file_breaks_out_of_no_header() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let session = open_session(&editor, &json!({})).await;
    let names = [
        ("filename=\"a\\r\\nX-Injected: yes.pdf\"", true),
        ("filename=\"a%0d%0aX-Injected: yes.pdf\"", true),
        ("filename=\"a\nX-Injected: yes.pdf\"", false),
        ("filename=\"a\r\nX-Injected: yes\r\nX: b.pdf\"", false),
        ("filename=\"a\\\"; filename=evil.exe; x=\\\".pdf\"", true),
        (
            "filename=\"a.pdf\"; filename*=UTF-8''b%0D%0AX-Injected%3A%20yes.pdf",
            true,
        ),
        ("filename=\"\u{560d}\u{560a}X-Injected: yes.pdf\"", true),
        ("filename=\"<script>alert(1)</script>.pdf\"", true),
        ("filename=\"a\u{1b}[31m.pdf\"", false),
        ("filename=\"a\u{202e}fdp.pdf\"", true),
        ("filename=\"=cmd|'!A1'.pdf\"", true),
    ];
    let mut stored = 0;
    for (disposition, must_be_stored) in names {
        let mut body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; {disposition}\r\nContent-Type: text/html\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(PDF_HEAD);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let reply = editor
            .post(format!("/api/uploads/session/{session}/files"))
            .raw("multipart/form-data; boundary=x", body)
            .send()
            .await;
        assert_no_header_of_its_own(disposition, &reply);
        if reply.status != 200 {
            assert!(!must_be_stored, "{disposition}: {}", reply.text());
            assert!(
                [400, 415, 422].contains(&reply.status),
                "{disposition}: {}",
                reply.text()
            );
            continue;
        }
        stored += 1;
        let file: Value = reply.json();
        let name = file["original_filename"].as_str().unwrap();
        assert!(
            !name
                .chars()
                .any(|letter| letter.is_control() || "<>:\"/\\|?*".contains(letter)),
            "{name:?}"
        );
        let path = format!(
            "/api/uploads/session/{session}/files/{}/download",
            file["id"].as_str().unwrap()
        );
        let download = editor.get(path).send().await;
        assert_eq!(download.status, 200);
        assert_no_header_of_its_own(disposition, &download);
        let header = download.header("content-disposition");
        assert!(header.starts_with("attachment; filename*=UTF-8''"), "{header}");
        assert_eq!(header.matches("filename=\"").count(), 1, "{header}");
        assert!(
            header.ends_with('"') && header.matches('"').count() == 2,
            "{header}"
        );
        assert_eq!(download.header("content-type"), "application/pdf");
    }
    assert!(stored >= 8, "{stored}");
    let archive = editor
        .get(format!("/api/uploads/session/{session}/download-all"))
        .send()
        .await;
    assert_eq!(archive.status, 200);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive.bytes)).unwrap();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap();
        assert!(entry.enclosed_name().is_some(), "{name}");
        assert!(!name.contains(['\r', '\n', '/', '\\']), "{name}");
    }
    println!(
        "{} hostile names of files, {stored} stored under a harmless one",
        names.len()
    );
}
