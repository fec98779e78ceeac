//! What every answer has, whatever the route.

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::TestApp;

const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-site"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

#[tokio::test]
async fn every_answer_has_the_security_headers_a_time_and_an_id() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    for reply in [
        nobody.get("/api/health").send().await,
        nobody.get("/api/nowhere").send().await,
        nobody.get("/api/po").send().await,
        nobody.post("/api/health").send().await,
        nobody
            .call(Method::OPTIONS, "/api/po")
            .header("origin", "https://app.example.com")
            .header("access-control-request-method", "GET")
            .send()
            .await,
    ] {
        for (name, value) in SECURITY_HEADERS {
            assert_eq!(reply.header(name), value, "{name} of a {}", reply.status);
        }
        let (seconds, micros) = reply
            .header("x-process-time")
            .split_once('.')
            .expect("a decimal time");
        assert!(
            seconds.bytes().all(|digit| digit.is_ascii_digit()) && micros.len() == 6,
            "{seconds}.{micros}"
        );
        assert!(!reply.header("x-request-id").is_empty());
        assert_eq!(reply.header("server"), "");
        assert_eq!(reply.header("strict-transport-security"), "");
    }
}

#[tokio::test]
async fn a_request_id_is_echoed_when_it_is_safe_and_replaced_when_not() {
    let app = TestApp::start().await;
    let ask = |id: &'static str| app.nobody().get("/api/nowhere").header("x-request-id", id).send();

    let reply = ask("order-42_a.B").await;
    assert_eq!(reply.header("x-request-id"), "order-42_a.B");
    assert_eq!(reply.json()["request_id"], "order-42_a.B");

    for unsafe_id in ["with space", "semi;colon", "ü", &"x".repeat(65)] {
        let unsafe_id: &'static str = Box::leak(unsafe_id.to_owned().into_boxed_str());
        let reply = ask(unsafe_id).await;
        assert_ne!(reply.headers["x-request-id"].as_bytes(), unsafe_id.as_bytes());
        assert!(uuid::Uuid::parse_str(reply.header("x-request-id")).is_ok());
    }
}

#[tokio::test]
async fn api_v1_and_a_trailing_slash_are_the_same_route() {
    let app = TestApp::start().await;
    for path in ["/api/v1/health", "/api/health/", "/api/v1/health/"] {
        assert_eq!(
            app.nobody().get(path).send().await.expect(200)["status"],
            "UP",
            "{path}"
        );
    }
    let missing = app
        .nobody()
        .get("/api/v1/nowhere")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(missing["path"], "/api/v1/nowhere");
}

#[tokio::test]
async fn a_preflight_of_a_listed_origin_is_allowed_for_an_hour_and_others_are_refused() {
    let app = TestApp::start().await;
    let preflight = |origin: &'static str| {
        app.nobody()
            .call(Method::OPTIONS, "/api/po")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type,x-client-version",
            )
            .send()
    };

    let allowed = preflight("https://app.example.com").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://app.example.com"
    );
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");
    assert_eq!(allowed.header("access-control-max-age"), "3600");
    let methods = allowed.header("access-control-allow-methods").to_owned();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        assert!(methods.contains(method), "{methods}");
    }
    let headers = allowed
        .header("access-control-allow-headers")
        .to_ascii_lowercase();
    for header in [
        "authorization",
        "content-type",
        "accept",
        "x-client-version",
        "x-request-id",
        "if-match",
        "if-none-match",
        "idempotency-key",
    ] {
        assert!(headers.contains(header), "{headers}");
    }

    for origin in [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "null",
    ] {
        let refused = preflight(origin).await;
        refused.expect_error(400, "BAD_REQUEST");
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn answers_to_listed_origins_may_be_read_with_credentials_errors_too() {
    let app = TestApp::start().await;
    for path in ["/api/health", "/api/nowhere"] {
        let listed = app
            .nobody()
            .get(path)
            .header("origin", "https://app.example.com")
            .send()
            .await;
        assert_eq!(
            listed.header("access-control-allow-origin"),
            "https://app.example.com"
        );
        assert_eq!(listed.header("access-control-allow-credentials"), "true");
        assert!(listed.header("vary").to_ascii_lowercase().contains("origin"));
        let exposed = listed
            .header("access-control-expose-headers")
            .to_ascii_lowercase();
        for header in [
            "x-process-time",
            "x-request-id",
            "content-disposition",
            "location",
            "retry-after",
            "etag",
        ] {
            assert!(exposed.contains(header), "{exposed}");
        }
        let foreign = app
            .nobody()
            .get(path)
            .header("origin", "https://evil.example")
            .send()
            .await;
        assert_eq!(foreign.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn only_trusted_hosts_are_served() {
    let app = TestApp::start_with(&[("TRUSTED_HOSTS", "api.example.com,*.internal.example")]).await;
    let ask = |host: &'static str| app.nobody().get("/api/health").header("host", host).send();
    for host in ["api.example.com", "API.example.com:8000", "a.internal.example"] {
        assert_eq!(ask(host).await.status, 200, "{host}");
    }
    for host in ["evil.example", "api.example.com.evil.example", "127.0.0.1"] {
        let body = ask(host).await.expect_error(400, "BAD_REQUEST");
        assert_eq!(body["message"], "Invalid host header");
    }
}

#[tokio::test]
async fn a_thousand_bytes_are_compressed_and_fewer_are_not() {
    let app = TestApp::start().await;
    for coding in ["gzip", "br", "zstd"] {
        let large = app
            .nobody()
            .get("/api/openapi.json")
            .header("accept-encoding", coding)
            .send()
            .await;
        assert_eq!(large.header("content-encoding"), coding);
        assert!(
            large
                .header("vary")
                .to_ascii_lowercase()
                .contains("accept-encoding")
        );
        let small = app
            .nobody()
            .get("/api/health")
            .header("accept-encoding", coding)
            .send()
            .await;
        assert_eq!(small.header("content-encoding"), "");
    }
}

#[tokio::test]
async fn health_is_free_and_others_are_limited_with_headers() {
    let app = TestApp::start_with(&[("RATE_LIMIT_PER_MINUTE", "10")]).await;
    let nobody = app.nobody();

    let first = nobody.get("/api/nowhere").send().await;
    assert_eq!(first.status, 404);
    assert_eq!(first.header("x-ratelimit-limit"), "20");
    assert_eq!(first.header("x-ratelimit-remaining"), "3");
    let mut refused = None;
    for _ in 0..5 {
        let reply = nobody.get("/api/nowhere").send().await;
        if reply.status == 429 {
            refused = Some(reply);
        }
    }
    let refused = refused.expect("a burst of a fifth of twenty is over");
    refused.expect_error(429, "RATE_LIMITED");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");

    for _ in 0..20 {
        assert_eq!(nobody.get("/api/health").send().await.status, 200);
    }
}

#[tokio::test]
async fn a_refused_body_of_ten_megabytes_still_gets_its_answer() {
    let app = TestApp::start().await;
    let body = format!("{{\"name\": \"{}\"}}", "x".repeat(10 * 1024 * 1024));
    let reply = app.nobody().post("/api/auth/login").body(body).send().await;
    let error = reply.expect_error(413, "PAYLOAD_TOO_LARGE");
    assert!(error["message"].as_str().unwrap().contains("2097152"));
}

#[tokio::test]
async fn malformed_http_never_reaches_a_handler() {
    let app = TestApp::start().await;
    let address = app.base_url.trim_start_matches("http://").to_owned();
    for request in [
        "GET /api/health HTTP/1.1\r\n\r\n".to_owned(),
        "GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n".to_owned(),
        format!("GET /api/health HTTP/1.1\r\nHost: {address}/x\r\nConnection: close\r\n\r\n"),
        "GET /api/\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "\r\n\r\nnonsense\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = [0; 12];
        stream
            .read_exact(&mut reply)
            .await
            .unwrap_or_else(|error| panic!("{request:?}: {error}"));
        let reply = String::from_utf8_lossy(&reply);
        assert!(reply.starts_with("HTTP/1.1 400"), "{request:?} got {reply:?}");
    }
    assert_eq!(app.nobody().get("/api/health").send().await.status, 200);
}

#[tokio::test]
async fn head_and_options_work() {
    let app = TestApp::start().await;
    let head = app.nobody().call(Method::HEAD, "/api/health").send().await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    let options = app.nobody().call(Method::OPTIONS, "/api/health").send().await;
    assert_eq!(options.status, 200);
    let wrong = app.nobody().delete("/api/health").send().await;
    wrong.expect_error(405, "METHOD_NOT_ALLOWED");
    assert!(wrong.header("allow").contains("GET"));
}
