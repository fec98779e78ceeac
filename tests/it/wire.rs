//! What is wrong with a request before anybody looks at its meaning: bytes, lengths, bodies that end too early.

use std::time::Duration;

use nexgen_finance::app::serve_connections;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{
    TestApp,
    callers::Caller,
    logs::Logs,
    wire::{connect, exchange, read_reply},
};

/// A head that asks for the connection to be closed afterwards.
fn head(caller: &Caller, line: &str, headers: &str) -> Vec<u8> {
    let token = caller.token.as_deref().unwrap_or_default();
    format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{headers}\r\n")
        .into_bytes()
}

#[tokio::test]
async fn raw_bytes_in_a_path_or_query_are_refused_in_the_one_shape() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for (target, status, code) in [
        (&b"/api/po/\xf0\x9f\xa6\x80"[..], 422, "VALIDATION_ERROR"),
        (b"/api/projects?status=\xf0\x9f\xa6\x80", 422, "VALIDATION_ERROR"),
        (b"/api/projects?limit=%", 422, "VALIDATION_ERROR"),
        (b"/api/projects?limit=%f", 422, "VALIDATION_ERROR"),
        (b"/api/po/1|2", 422, "VALIDATION_ERROR"),
        (b"/api/po/{id}", 422, "VALIDATION_ERROR"),
        (b"/api/po/%", 422, "VALIDATION_ERROR"),
        (b"/api/po/*", 422, "VALIDATION_ERROR"),
        (b"/api/../../etc/passwd", 404, "NOT_FOUND"),
        (b"/api/po/../users", 404, "NOT_FOUND"),
        (b"//api/po", 404, "NOT_FOUND"),
    ] {
        let line = [b"GET ", target].concat();
        let request = [&line, &head(&viewer, "", "")[..]].concat();

        let reply = exchange(&app, request).await;

        reply.expect_error(status, code);
        reply.expect_common_headers();
    }
}

#[tokio::test]
async fn what_is_no_http_is_answered_400_and_closed() {
    let app = TestApp::start().await;
    let long = |length| "x".repeat(length);
    for (request, status) in [
        (
            "GET /api/health HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n".to_owned(),
            400,
        ),
        ("\r\n\r\nnonsense\r\n\r\n".to_owned(), 400),
        ("GET /api/\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        ("GET /api/po?q=\"a\" HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        ("GET /api/po\x7f HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        (
            "GET /api/po HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET /api/po HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n".to_owned(),
            400,
        ),
        ("GET /api/po HTTP/9.9\r\nHost: a\r\n\r\n".to_owned(), 400),
        (
            "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n".to_owned(),
            400,
        ),
        (
            "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_owned(),
            400,
        ),
        (
            "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"
                .to_owned(),
            400,
        ),
        (
            "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
                .to_owned(),
            400,
        ),
        (
            "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n{}".to_owned(),
            400,
        ),
        (
            format!(
                "GET /api/po HTTP/1.1\r\nHost: a\r\n{}\r\n",
                "X-A: b\r\n".repeat(200)
            ),
            431,
        ),
        (
            format!(
                "GET /api/po HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
                long(1_000_000)
            ),
            431,
        ),
        (
            format!("GET /api/po?q={} HTTP/1.1\r\nHost: a\r\n\r\n", long(100_000)),
            414,
        ),
    ] {
        let reply = exchange(&app, &request).await;
        let start: String = request.chars().take(80).collect();
        assert_eq!(reply.status, status, "{start:?}");
    }
    assert_eq!(app.nobody().get("/api/health").send().await.status, 200);
}

#[tokio::test]
async fn a_probe_in_http_1_0_need_not_name_a_host_where_all_are_trusted() {
    let probe = "GET /api/health HTTP/1.0\r\n\r\n";
    for (trusted, status) in [("*", 200), ("a.example.com,*", 200), ("*.example.com", 400)] {
        let app = TestApp::start_with(&[("TRUSTED_HOSTS", trusted)]).await;
        assert_eq!(exchange(&app, probe).await.status, status, "{trusted}");
    }
}

#[tokio::test]
async fn long_headers_that_still_fit_are_answered_as_ever() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let headers = format!(
        "X-Client-Version: {}\r\nCookie: a={}\r\n",
        "1".repeat(50_000),
        "b".repeat(50_000)
    );
    let reply = exchange(&app, head(&viewer, "GET /api/projects", &headers)).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_400_and_does_nothing() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let logs = Logs::start("DEBUG");
    for (headers, body) in [
        (
            "Content-Type: application/json\r\nContent-Length: 100\r\n",
            "{\"name\": \"Store\"}",
        ),
        (
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
            "11\r\n{\"name\": \"Store\"}\r\n",
        ),
        (
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
            "40\r\n{\"name\": \"Store\"}",
        ),
        (
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
            "zz\r\n{}\r\n0\r\n\r\n",
        ),
    ] {
        let mut stream = connect(&app).await;
        let request = [&head(&editor, "POST /api/projects", headers)[..], body.as_bytes()].concat();
        stream.write_all(&request).await.unwrap();
        stream.shutdown().await.unwrap();

        let reply = read_reply(&mut stream).await;

        let error = reply.expect_error(400, "BAD_REQUEST");
        assert_eq!(error["message"], "The request body could not be read");
    }
    assert_eq!(logs.end().errors, "");
    let projects: i64 = app.value(r#"SELECT count(*) FROM "Finances".project"#).await;
    assert_eq!(projects, 0);
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_413_though_no_length_was_said() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let headers = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let mut request = head(&editor, "POST /api/projects", headers);
    request.extend_from_slice(b"F\r\n{\"name\": \"Store\r\n");
    for _ in 0..40 {
        request.extend_from_slice(b"10000\r\n");
        request.extend_from_slice("x".repeat(0x10000).as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"2\r\n\"}\r\n0\r\n\r\n");

    let reply = exchange(&app, request).await;

    let error = reply.expect_error(413, "PAYLOAD_TOO_LARGE");
    assert!(error["message"].as_str().unwrap().contains("2097152"), "{error}");
    reply.expect_common_headers();
}

#[tokio::test]
async fn a_body_announced_beyond_all_measure_is_refused_without_waiting_for_it() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let headers = "Content-Type: application/json\r\nContent-Length: 99999999999\r\n";
    let request = head(&editor, "POST /api/projects", headers);

    let reply = tokio::time::timeout(Duration::from_secs(8), exchange(&app, request))
        .await
        .expect("an answer before the server gives the client up");

    reply.expect_error(413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_503_when_the_time_of_a_request_is_over() {
    let app = TestApp::start_with(&[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let editor = app.editor().await;
    let headers = "Content-Type: application/json\r\nContent-Length: 100\r\n";
    let mut stream = connect(&app).await;
    stream
        .write_all(&head(&editor, "POST /api/projects", headers))
        .await
        .expect("send the head");

    let reply = tokio::time::timeout(Duration::from_secs(8), read_reply(&mut stream))
        .await
        .expect("an answer soon after a second");

    reply.expect_error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(reply.header("retry-after"), "5");
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_a_body_that_does_not_come() {
    let app = TestApp::start().await;
    for (request, status) in [
        ("POST /api/projects", 401),
        ("POST /api/nowhere", 404),
        ("POST /api/po/aggregated/by-store", 405),
        ("POST /api/po/upload", 401),
    ] {
        let mut stream = connect(&app).await;
        let head = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("send the head");
        let reply = tokio::time::timeout(Duration::from_secs(8), read_reply(&mut stream))
            .await
            .unwrap_or_else(|_| panic!("{request} waits for its body"));
        assert_eq!(reply.status, status, "{request}");
    }
}

#[tokio::test]
async fn a_connection_on_which_no_whole_head_arrives_is_closed() {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind a port");
    let address = listener.local_addr().expect("the address");
    let patience = Duration::from_millis(300);
    let routes = app.state.clone().into_service();
    let server = tokio::spawn(serve_connections(
        listener,
        routes,
        patience,
        std::future::pending(),
    ));
    let whole = "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (sent, answers) in [("", false), (&whole[..whole.len() - 2], false), (whole, true)] {
        let mut stream = TcpStream::connect(address).await.expect("connect");
        stream.write_all(sent.as_bytes()).await.expect("send");
        let mut received = Vec::new();

        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut received)).await;

        closed.expect("the server closes").expect("in good order");
        assert_eq!(received.starts_with(b"HTTP/1.1 200"), answers, "{sent:?}");
    }
    server.abort();
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_read() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let body = |length: usize| {
        let frame = r#"{"name": "Store", "x": ""}"#;
        frame.replace("\"\"", &format!("\"{}\"", "x".repeat(length - frame.len())))
    };
    let limit = 2 * 1024 * 1024;
    editor
        .post("/api/projects")
        .body(body(limit))
        .send()
        .await
        .expect(200);
    editor
        .post("/api/projects")
        .body(body(limit + 1))
        .send()
        .await
        .expect_error(413, "PAYLOAD_TOO_LARGE");
}
