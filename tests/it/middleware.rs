//! What every answer has, whatever the route.

use axum::{Router, routing::get};
use nexgen_finance::{
    app::AppState,
    error::{Error, Result},
};
use reqwest::Method;

use crate::support::{TestApp, wire::SideServer};

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
        reply.expect_common_headers();
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
        let of_no_page = app.nobody().get(path).send().await;
        for reply in [foreign, of_no_page] {
            let names: Vec<&str> = reply
                .headers
                .keys()
                .map(reqwest::header::HeaderName::as_str)
                .collect();
            assert!(
                !names.iter().any(|name| name.starts_with("access-control-")),
                "{names:?}"
            );
            assert!(reply.header("vary").to_ascii_lowercase().contains("origin"));
        }
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
async fn a_refused_body_of_ten_megabytes_still_gets_its_answer() {
    let app = TestApp::start().await;
    let body = format!("{{\"name\": \"{}\"}}", "x".repeat(10 * 1024 * 1024));
    let reply = app.nobody().post("/api/auth/login").body(body).send().await;
    let error = reply.expect_error(413, "PAYLOAD_TOO_LARGE");
    assert!(error["message"].as_str().unwrap().contains("2097152"));
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

/// A route that panics, and one that fails with what must not be told.
fn failing_routes() -> Router<AppState> {
    let panics = async || -> Result<String> { panic!("the secret text of a panic") };
    let fails = async || -> Result<String> {
        let cause = anyhow::anyhow!("connection string postgres://secret").context("the outer reason");
        Err(Error::internal(cause))
    };
    Router::new()
        .route("/api/panics", get(panics))
        .route("/api/fails", get(fails))
}

#[tokio::test]
async fn a_panic_is_an_answer_like_any_other_and_the_server_goes_on() {
    let app = TestApp::start().await;
    let server = SideServer::start(&app, failing_routes()).await;
    let caller = server.caller(&app.nobody());
    for _ in 0..3 {
        let reply = caller
            .get("/api/panics")
            .header("origin", "https://app.example.com")
            .send()
            .await;
        let error = reply.expect_error(500, "INTERNAL_ERROR");
        assert_eq!(error["debug"], false);
        assert_eq!(error["path"], "/api/panics");
        assert!(!reply.text().contains("secret"), "{}", reply.text());
        reply.expect_common_headers();
        assert_eq!(
            reply.header("access-control-allow-origin"),
            "https://app.example.com"
        );
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("cache-control"), "private, no-cache");
    }
}

/// What production needs to start, for a server of this machine.
const PRODUCTION: [(&str, &str); 5] = [
    ("APP_ENVIRONMENT", "production"),
    ("DATABASE_URL", "postgres://unused@localhost/unused"),
    ("TRUSTED_HOSTS", "127.0.0.1"),
    ("CORS_ORIGINS", "https://app.example.com"),
    ("RATE_LIMIT_ENABLED", "false"),
];

#[tokio::test]
async fn a_fault_of_ours_tells_developers_its_kind_and_production_nothing() {
    let development = TestApp::start().await;
    let production = TestApp::start_with(&PRODUCTION).await;
    for (app, message) in [
        (&development, "InternalError: the outer reason"),
        (&production, "An internal server error occurred"),
    ] {
        let server = SideServer::start(app, failing_routes()).await;
        let reply = server.caller(&app.nobody()).get("/api/fails").send().await;
        assert_eq!(reply.expect_error(500, "INTERNAL_ERROR")["message"], message);
        assert!(!reply.text().contains("secret"), "{}", reply.text());
    }
}

#[tokio::test]
async fn production_has_strict_transport_and_no_documentation() {
    let app = TestApp::start_with(&PRODUCTION).await;
    for path in ["/api/health", "/api/nowhere", "/api/po"] {
        let reply = app.nobody().get(path).send().await;
        reply.expect_common_headers();
        assert_eq!(
            reply.header("strict-transport-security"),
            "max-age=31536000; includeSubDomains"
        );
    }
    for path in ["/api/docs", "/api/redoc", "/api/openapi.json"] {
        app.nobody().get(path).send().await.expect_error(404, "NOT_FOUND");
    }
    let details = app.nobody().get("/api/health/detailed").send().await.expect(200);
    assert_eq!(details["environment"], "production");
}

#[tokio::test]
async fn answers_are_cached_by_nobody_else_and_those_of_authentication_by_nobody() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for (path, policy) in [
        ("/api/auth/me", "no-store"),
        ("/api/v1/auth/me/", "no-store"),
        ("/api/auth/nowhere", "no-store"),
        ("/api/users", "no-store"),
        ("/api/users/1", "no-store"),
        ("/api/projects", "private, no-cache"),
        ("/api/authors", "private, no-cache"),
        ("/api/health", "private, no-cache"),
    ] {
        let reply = viewer.get(path).send().await;
        assert_eq!(reply.header("cache-control"), policy, "{path}");
    }
}
