//! What a page of another site can make a browser do that is logged in here: send its cookie along, and nothing more.

use nexgen_finance::auth::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::{
    TestApp,
    accounts::set_cookie,
    callers::{Call, Reply, token},
    operations::{document, operations},
};

/// What the headers of a page that is not ours say, the server being at `host`.
fn foreign(host: &str) -> Vec<(&'static str, String)> {
    let (name, port) = host.split_once(':').unwrap();
    vec![
        ("origin", "https://evil.example".to_owned()),
        ("origin", "null".to_owned()),
        ("origin", String::new()),
        // The listed one is https://app.example.com.
        ("origin", "http://app.example.com".to_owned()),
        ("origin", "https://app.example.com:8443".to_owned()),
        ("origin", "https://app.example.com.evil.example".to_owned()),
        ("origin", "https://evil-app.example.com".to_owned()),
        ("origin", "https://app.example.com@evil.example".to_owned()),
        ("origin", format!("http://{host}.evil.example")),
        ("origin", format!("http://{name}:1{port}")),
        ("origin", format!("http://{name}")),
        ("origin", format!("http://evil.example/{host}")),
        (
            "referer",
            "https://evil.example/https://app.example.com/".to_owned(),
        ),
        ("referer", "https://app.example.com.evil.example/".to_owned()),
        ("referer", format!("https://evil.example?http://{host}/")),
        ("sec-fetch-site", "same-origin".to_owned()),
    ]
}

fn assert_refused(what: &str, reply: &Reply) {
    let error = reply.expect_error(403, "FORBIDDEN");
    assert_eq!(error["message"], "Cross-site request refused", "{what}");
}

#[tokio::test]
async fn no_operation_that_writes_is_done_by_a_cookie_from_a_foreign_page() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let admin = app.admin().await;
    let host = app.base_url.trim_start_matches("http://").to_owned();
    let foreign = foreign(&host);
    let (mut writes, mut calls) = (0, 0);
    for operation in operations(&document()) {
        if operation.method == "GET" || operation.role().is_none() {
            continue;
        }
        writes += 1;
        // What is about tokens has one of its own, since it may end it.
        let fresh = || token(admin.user_id, "admin", Role::Admin, app.clock().now());
        let shared = admin.token.clone().unwrap();
        let cookie = || {
            let is_about_tokens = operation.path.starts_with("/api/auth/");
            let token = if is_about_tokens { fresh() } else { shared.clone() };
            format!("theme=dark; access_token={token}")
        };
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let call = || -> Call {
            app.nobody()
                .call(method.clone(), operation.url())
                .header("cookie", &cookie())
        };
        for (name, value) in &foreign {
            let reply = call().header(name, value).send().await;
            assert_refused(&format!("{} {name}: {value}", operation.name()), &reply);
            calls += 1;
        }
        for (name, value) in [
            ("origin", "https://app.example.com".to_owned()),
            ("origin", format!("http://{host}")),
            ("referer", format!("http://{host}/quotations")),
        ] {
            let reply = call().header(name, &value).send().await;
            assert!(
                ![401, 403].contains(&reply.status),
                "{} {name}: {value}: {}",
                operation.name(),
                reply.text()
            );
            calls += 1;
        }
    }
    println!(
        "{writes} writing operations by cookie × {} foreign and 3 own pages: {calls} calls",
        foreign.len()
    );
    assert!(writes > 70);
}

/// What a form of a foreign page can send without asking: three content types, and no header of its own.
#[tokio::test]
async fn what_a_form_can_send_writes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let cookie = format!("access_token={}", admin.token.as_deref().unwrap());
    let body = json!({"name": "Forged"}).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        for origin in ["https://evil.example", "null"] {
            let reply = app
                .nobody()
                .post("/api/projects")
                .header("cookie", &cookie)
                .header("origin", origin)
                .raw(kind, body.clone())
                .send()
                .await;
            assert_refused(kind, &reply);
        }
        // Not even from a page of ours.
        let reply = app
            .nobody()
            .post("/api/projects")
            .header("cookie", &cookie)
            .header("origin", "https://app.example.com")
            .raw(kind, body.clone())
            .send()
            .await;
        reply.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let projects: i64 = app.value(r#"SELECT count(*) FROM "Finances".project"#).await;
    assert_eq!(projects, 0);
}

#[tokio::test]
async fn a_foreign_page_renews_no_session_and_reads_nothing() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Admin).await;
    let login = app.try_login("clerk", crate::support::accounts::PASSWORD).await;
    let value = |name: &str| {
        let cookie = set_cookie(&login, name);
        cookie.split_once(';').unwrap().0.to_owned()
    };
    let cookies = format!("{}; {}", value("access_token"), value("refresh_token"));
    let host = app.base_url.trim_start_matches("http://").to_owned();
    for (name, value) in foreign(&host) {
        let reply = app
            .nobody()
            .post("/api/auth/refresh")
            .header("cookie", &cookies)
            .header(name, &value)
            .body("{}")
            .send()
            .await;
        assert_refused(&value, &reply);
        // A read is answered, but the browser shows it to no page that the answer does not name.
        let reply = app
            .nobody()
            .get("/api/users")
            .header("cookie", &cookies)
            .header(name, &value)
            .send()
            .await;
        assert_eq!(reply.status, 200);
        let told = reply
            .headers
            .keys()
            .any(|key| key.as_str().starts_with("access-control-"));
        assert!(!told, "{name}: {value}");
        assert_eq!(reply.header("cross-origin-resource-policy"), "same-site");
    }
    // None of it has used the refresh token up.
    let reply = app
        .nobody()
        .post("/api/auth/refresh")
        .header("cookie", &cookies)
        .header("origin", &app.base_url)
        .body("{}")
        .send()
        .await;
    reply.expect(200);
}
