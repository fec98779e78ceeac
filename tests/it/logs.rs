//! What the log tells of requests, and what it never tells.

use axum::{Router, routing::get};
use nexgen_finance::error::{Error, Result};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{TestApp, app::SECRET_KEY, logs::Logs, wire::SideServer};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Whether a text looks like another, in which each digit stands for any digit.
fn is_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(|(c, p)| {
            if p.is_ascii_digit() {
                c.is_ascii_digit()
            } else {
                c == p
            }
        })
}

#[tokio::test]
async fn each_request_has_one_line_with_who_what_and_how_long() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let logs = Logs::start("INFO");

    viewer
        .get("/api/v1/projects/?status=active&limit=3")
        .header("x-request-id", "the-request")
        .header("x-client-version", "1.0.0")
        .header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .send()
        .await
        .expect(200);
    viewer
        .get("/api/projects/999")
        .header("x-request-id", "missing")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    app.nobody()
        .get("/api/nowhere")
        .header("x-request-id", "nobody")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");

    let logged = logs.end();
    let line = logged.access("the-request");
    let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("{name} of {line}"));
    assert_eq!(text("levelname"), "INFO");
    assert!(is_like(text("asctime"), "2026-02-10 10:00:00,123"), "{line}");
    assert!(is_like(text("timestamp"), "2026-02-10T10:00:00.123Z"), "{line}");
    assert!(
        is_like(
            text("message"),
            "GET /api/v1/projects/ - Status: 200 - Time: 0.012s"
        ),
        "{line}"
    );
    assert_eq!(text("method"), "GET");
    assert_eq!(text("path"), "/api/v1/projects/");
    assert_eq!(text("route"), "/api/projects");
    assert_eq!(text("remote_addr"), "127.0.0.1");
    assert_eq!(text("client_version"), "1.0.0");
    assert_eq!(text("trace_id"), TRACE);
    assert_eq!(
        (&line["status"], &line["user_id"]),
        (&json!(200), &json!(viewer.user_id))
    );
    assert!(line["duration_ms"].is_u64(), "{line}");
    assert_eq!(line.get("error"), None);

    let missing = logged.access("missing");
    assert_eq!(
        (&missing["levelname"], &missing["status"]),
        (&json!("WARNING"), &json!(404))
    );
    assert_eq!(missing["route"], "/api/projects/{project_id}");
    let nobody = logged.access("nobody");
    assert_eq!(
        (
            nobody.get("user_id"),
            nobody.get("trace_id"),
            nobody.get("client_version")
        ),
        (None, None, None)
    );
    assert_eq!(nobody["route"], "unmatched");
    assert_eq!(logged.errors, "");
    assert_eq!(logged.app, logged.console);
}

#[tokio::test]
async fn a_fault_of_ours_is_in_the_log_of_errors_with_its_cause() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let fails = async || -> Result<String> {
        Err(Error::internal(
            anyhow::anyhow!("the inner cause").context("the outer one"),
        ))
    };
    let panics = async || -> Result<String> { panic!("the text of the panic") };
    let routes = Router::new()
        .route("/api/fails/{id}", get(fails))
        .route("/api/panics", get(panics));
    let server = SideServer::start(&app, routes).await;
    let caller = server.caller(&viewer);
    let logs = Logs::start("ERROR");

    caller
        .get("/api/fails/7?secret=x")
        .header("x-request-id", "fails")
        .send()
        .await
        .expect_error(500, "INTERNAL_ERROR");
    caller
        .get("/api/panics")
        .header("x-request-id", "panics")
        .send()
        .await
        .expect_error(500, "INTERNAL_ERROR");
    caller
        .get("/api/nowhere")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");

    let logged = logs.end();
    let errors = logged.error_lines();
    assert_eq!(errors.len(), 2, "{}", logged.errors);
    assert_eq!(logged.app, logged.errors);
    let fault = logged.access("fails");
    assert_eq!(fault["levelname"], "ERROR");
    assert_eq!(fault["error"], "the outer one: the inner cause");
    assert_eq!(
        (&fault["path"], &fault["route"]),
        (&json!("/api/fails/7"), &json!("/api/fails/{id}"))
    );
    assert_eq!(fault["user_id"], viewer.user_id);
    assert_eq!(logged.access("panics")["error"], "panic: the text of the panic");
}

#[tokio::test]
async fn probes_that_find_all_well_are_no_news() {
    let app = TestApp::start().await;
    let logs = Logs::start("INFO");
    for path in [
        "/api/health",
        "/api/health/live",
        "/api/health/ready",
        "/api/health/detailed",
        "/metrics",
    ] {
        assert_eq!(app.nobody().get(path).send().await.status, 200, "{path}");
    }
    assert_eq!(logs.end().console, "");

    let logs = Logs::start("DEBUG");
    app.nobody()
        .get("/api/health")
        .header("x-request-id", "probe")
        .send()
        .await
        .expect(200);
    app.state.health.stop();
    app.nobody()
        .get("/api/health/ready")
        .header("x-request-id", "stopping")
        .send()
        .await
        .expect_error(503, "SERVICE_UNAVAILABLE");
    let logged = logs.end();
    assert_eq!(logged.access("probe")["levelname"], "DEBUG");
    assert_eq!(logged.access("stopping")["levelname"], "ERROR");
}

#[tokio::test]
async fn a_request_cannot_write_lines_of_its_own() {
    let app = TestApp::start().await;
    let logs = Logs::start("DEBUG");
    let forged = r#"{"levelname":"ERROR"}"#;
    app.nobody()
        .get(format!("/api/a%0a{forged}\u{2028}b"))
        .header("x-client-version", &format!("1\t{forged}"))
        .send()
        .await;
    let before = app
        .nobody()
        .post("/api/auth/login")
        .json(&json!({"username": format!("x\n{forged}"), "password": "y"}));
    before.send().await.expect_error(401, "UNAUTHORIZED");

    // Each line is an object of ours, or this fails to read.
    let lines = logs.end().lines();

    assert!(
        lines
            .iter()
            .all(|line| line["levelname"] != "ERROR" && line["asctime"].is_string()),
        "{lines:?}"
    );
}

#[tokio::test]
async fn logins_and_the_like_are_told_by_name_and_uploads_by_id() {
    let app = TestApp::start().await;
    let account = json!({"username": "asha", "email": "asha@example.com", "password": "correct horse"});
    let logs = Logs::start("INFO");

    let session = app
        .nobody()
        .post("/api/auth/signup")
        .json(&account)
        .send()
        .await
        .expect(200);
    app.nobody()
        .post("/api/auth/login")
        .json(&account)
        .send()
        .await
        .expect(200);
    let wrong = json!({"username": "asha", "password": "battery staple"});
    app.nobody()
        .post("/api/auth/login")
        .header("x-request-id", "wrong")
        .json(&wrong)
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    let asha = app.nobody().with_token(session["access_token"].as_str().unwrap());
    asha.post("/api/auth/logout").send().await.expect(200);

    let lines: Vec<Value> = logs
        .end()
        .lines()
        .into_iter()
        .filter(|line| line["name"] == "audit")
        .collect();
    let told: Vec<(&str, &str, &str)> = lines
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap();
            (text("levelname"), text("action"), text("actor"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("INFO", "signup", "asha"),
            ("INFO", "login", "asha"),
            ("INFO", "login_failed", "asha"),
            ("INFO", "logout", "asha"),
        ]
    );
    assert_eq!(lines[2]["request_id"], "wrong");
}

#[tokio::test]
async fn nothing_secret_is_ever_logged_at_any_level() {
    let app = TestApp::start_with(&[("METRICS_TOKEN", "metrics-token-4711"), ("LOG_LEVEL", "TRACE")]).await;
    let nobody = app.nobody();
    let account = json!({"username": "asha", "email": "asha@example.com", "password": "correct horse 4711"});
    let logs = Logs::start("TRACE");

    let signed_up = nobody
        .post("/api/auth/signup")
        .json(&account)
        .send()
        .await
        .expect(200);
    let session = nobody
        .post("/api/auth/login")
        .json(&account)
        .send()
        .await
        .expect(200);
    let wrong = json!({"username": "asha", "password": "battery staple 4711"});
    nobody
        .post("/api/auth/login")
        .json(&wrong)
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    nobody
        .post("/api/auth/signup")
        .body("{\"password\": \"unclosed 4711")
        .send()
        .await
        .expect_error(422, "VALIDATION_ERROR");
    let text = |body: &Value, name: &str| body[name].as_str().unwrap().to_owned();
    let (token, refresh) = (text(&session, "access_token"), text(&session, "refresh_token"));
    let asha = nobody.with_token(&token);
    asha.get("/api/auth/me?token=query-secret-4711&q=query-words-4711")
        .send()
        .await
        .expect(200);
    let cookie = format!("access_token={token}; other=cookie-secret-4711");
    nobody
        .get("/api/auth/me")
        .header("cookie", &cookie)
        .send()
        .await
        .expect(200);
    nobody
        .get("/api/auth/me")
        .header("authorization", "Bearer broken-token-4711")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    nobody
        .get("/metrics")
        .header("authorization", "Bearer metrics-token-4711")
        .header("x-forwarded-for", "192.0.2.1")
        .send()
        .await;
    let project = json!({"name": "body-secret-4711"});
    asha.post("/api/projects")
        .header("idempotency-key", "k")
        .json(&project)
        .send()
        .await
        .expect(200);
    asha.post("/api/projects")
        .json(&project)
        .send()
        .await
        .expect_error(409, "CONFLICT");
    let file = Part::bytes(b"file-secret-4711".to_vec()).file_name("order.xlsx");
    let upload = asha
        .post("/api/po/upload")
        .form(Form::new().part("file", file))
        .send()
        .await;
    assert!((400..500).contains(&upload.status), "{}", upload.text());
    let refreshed = nobody
        .post("/api/auth/refresh")
        .json(&json!({"refresh_token": refresh}))
        .send()
        .await
        .expect(200);
    nobody
        .post("/api/auth/refresh")
        .json(&json!({"refresh_token": refresh}))
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    let passwords = json!({"current_password": "correct horse 4711", "new_password": "new horse 4711"});
    let again = nobody
        .post("/api/auth/login")
        .json(&account)
        .send()
        .await
        .expect(200);
    let asha = nobody.with_token(text(&again, "access_token"));
    asha.post("/api/auth/change-password")
        .json(&passwords)
        .send()
        .await
        .expect(200);

    let logged = logs.end();
    let lines = logged.lines();
    assert!(lines.len() > 30, "only {} lines", lines.len());
    let mut secrets = vec![SECRET_KEY.to_owned()];
    for body in [&signed_up, &session, &refreshed, &again] {
        secrets.extend([text(body, "access_token"), text(body, "refresh_token")]);
    }
    for secret in [
        "correct horse",
        "battery staple",
        "unclosed",
        "new horse",
        "query-secret",
        "query-words",
        "cookie-secret",
        "broken-token",
        "metrics-token",
        "body-secret",
        "file-secret",
    ] {
        secrets.push(format!(
            "{secret}{}4711",
            if secret.contains(' ') || secret == "unclosed" {
                " "
            } else {
                "-"
            }
        ));
    }
    for secret in &secrets {
        for (place, text) in [
            ("console", &logged.console),
            ("app.log", &logged.app),
            ("error.log", &logged.errors),
        ] {
            let leak = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(leak, None, "{secret} is in {place}");
        }
    }
}
