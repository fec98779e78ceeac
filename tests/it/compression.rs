//! Answers made smaller, and answers not sent at all because the client has them.

use std::io::Read;

use axum::{
    Router,
    extract::{Path, Query},
    http::header,
    routing::get,
};
use nexgen_finance::app::AppState;
use serde_json::json;

use crate::support::{TestApp, callers::Reply, wire::SideServer};

/// Routes that answer so many bytes of such a type.
fn bytes_route() -> Router<AppState> {
    let handler = async |Path(length): Path<usize>, Query(query): Query<Vec<(String, String)>>| {
        let kind = query
            .into_iter()
            .next()
            .map_or("application/json".to_owned(), |(_, kind)| kind);
        (
            [
                (header::CONTENT_TYPE, kind),
                (header::ETAG, "\"1-00\"".to_owned()),
            ],
            "5".repeat(length),
        )
    };
    Router::new().route("/api/bytes/{length}", get(handler))
}

fn varies(reply: &Reply) -> bool {
    let vary: Vec<&str> = reply
        .headers
        .get_all("vary")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    vary.join(",").to_ascii_lowercase().contains("accept-encoding")
}

#[tokio::test]
async fn a_thousand_bytes_are_compressed_and_999_are_not() {
    let app = TestApp::start().await;
    let server = SideServer::start(&app, bytes_route()).await;
    let ask = |length: usize, coding: &str| {
        server
            .caller(&app.nobody())
            .get(format!("/api/bytes/{length}"))
            .header("accept-encoding", coding)
            .send()
    };
    for coding in ["gzip", "br", "zstd"] {
        let large = ask(1000, coding).await;
        assert_eq!(large.header("content-encoding"), coding);
        assert!(large.bytes.len() < 200, "{} bytes of {coding}", large.bytes.len());
        assert!(varies(&large), "{coding}");
        assert_eq!(large.header("etag"), "\"1-00\"");

        let small = ask(999, coding).await;
        assert_eq!(small.header("content-encoding"), "");
        assert_eq!(small.header("content-length"), "999");
        assert_eq!(small.bytes, "5".repeat(999).as_bytes());
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(&ask(5000, "gzip").await.bytes[..])
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "5".repeat(5000));
    for coding in ["identity", "", "gzip;q=0", "deflate", "*;q=0", "nonsense"] {
        let plain = ask(5000, coding).await;
        assert_eq!(
            (plain.header("content-encoding"), plain.bytes.len()),
            ("", 5000),
            "{coding}"
        );
    }
    assert_ne!(
        ask(5000, "deflate, gzip;q=0.5, br")
            .await
            .header("content-encoding"),
        ""
    );
}

#[tokio::test]
async fn what_is_compressed_already_or_streams_is_left_as_it_is() {
    let app = TestApp::start().await;
    let server = SideServer::start(&app, bytes_route()).await;
    for kind in [
        "image/png",
        "image/jpeg",
        "application/zip",
        "application/gzip",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "text/event-stream",
    ] {
        let caller = server.caller(&app.nobody());
        let reply = caller
            .get(format!("/api/bytes/5000?kind={kind}"))
            .header("accept-encoding", "gzip, br, zstd")
            .send()
            .await;
        assert_eq!(
            (reply.header("content-encoding"), reply.bytes.len()),
            ("", 5000),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn errors_are_compressed_too() {
    let app = TestApp::start().await;
    let path = format!("/api/{}", "x".repeat(1200));
    let reply = app
        .nobody()
        .get(&path)
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!((reply.status, reply.header("content-encoding")), (404, "gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&reply.bytes[..])
        .read_to_string(&mut text)
        .unwrap();
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["path"], path);
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let project = app.project("Store").await;
    let path = format!("/api/projects/{project}");
    let ask = |tags: &str| {
        viewer
            .get(&path)
            .header("if-none-match", tags)
            .header("origin", "https://app.example.com")
            .send()
    };
    let first = viewer.get(&path).send().await;
    let tag = first.header("etag").to_owned();
    let (version, hash) = tag.trim_matches('"').split_once('-').unwrap();
    assert_eq!((version, hash.len()), ("1", 16), "{tag}");

    for tags in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
        tag.replace(hash, &format!("{hash}-gzip")),
    ] {
        let reply = ask(&tags).await;
        assert_eq!((reply.status, reply.bytes.len()), (304, 0), "{tags}");
        assert_eq!(reply.header("etag"), tag);
        assert_eq!(reply.header("cache-control"), "private, no-cache");
        assert_eq!(
            reply.header("access-control-allow-origin"),
            "https://app.example.com"
        );
        assert!(varies(&reply));
        reply.expect_common_headers();
    }
    for tags in [
        "\"1\"",
        "\"2-0000000000000000\"",
        "1",
        "",
        "garbage",
        &format!("\"{hash}\""),
    ] {
        assert_eq!(ask(tags).await.status, 200, "{tags}");
    }
    app.execute(r#"UPDATE "Finances".project SET name = 'Other', version = version + 1"#)
        .await;
    let changed = ask(&tag).await;
    assert_eq!(changed.status, 200);
    assert!(changed.header("etag").starts_with("\"2-"));
}

#[tokio::test]
async fn only_reads_that_succeed_are_conditional() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let created = editor
        .post("/api/projects")
        .header("if-none-match", "*")
        .json(&json!({"name": "Store"}))
        .send()
        .await;
    assert_eq!(created.status, 200);
    let missing = editor
        .get("/api/projects/999")
        .header("if-none-match", "*")
        .send()
        .await;
    missing.expect_error(404, "NOT_FOUND");
    let path = created.header("location").to_owned();
    let head = editor
        .call(reqwest::Method::HEAD, &path)
        .header("if-none-match", "*")
        .send()
        .await;
    assert_eq!(head.status, 304);
}

#[tokio::test]
async fn what_was_done_for_a_client_that_accepts_no_coding_is_told_as_it_is() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for refusal in ["identity;q=0", "*;q=0"] {
        let made = editor
            .post("/api/uploads/session")
            .json(&json!({}))
            .header("accept-encoding", refusal)
            .send()
            .await;
        assert_eq!(made.status, 200, "{refusal}");
        let missing = editor
            .get("/api/po/99")
            .header("accept-encoding", refusal)
            .send()
            .await;
        missing.expect_error(404, "NOT_FOUND");
    }
}
