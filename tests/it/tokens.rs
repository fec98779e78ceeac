//! Access tokens, in the header and as a cookie.

use chrono::TimeDelta;
use nexgen_finance::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    accounts::{PASSWORD, set_cookie},
    callers::{sign, token},
};

const BAD: &str = "Invalid authentication credentials";

/// The claims of an access token for a user.
fn claims(app: &TestApp, id: i32) -> Value {
    let now = app.clock().now().timestamp();
    json!({"sub": id.to_string(), "username": "clerk", "email": "clerk@example.com", "iat": now, "exp": now + 1800,
           "roles": ["viewer"], "role": "viewer", "jti": uuid::Uuid::new_v4().simple().to_string(), "type": "access",
           "ver": 0})
}

/// Header and claims with any signature.
fn assemble(header: &Value, claims: &Value, signature: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
    let part = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[tokio::test]
async fn without_a_token_routes_say_so_and_unknown_paths_do_not_exist() {
    let app = TestApp::start().await;

    let reply = app.nobody().get("/api/auth/me").send().await;

    assert_eq!(
        reply.expect_error(401, "UNAUTHORIZED")["message"],
        "Not authenticated"
    );
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    app.nobody()
        .get("/api/nowhere")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn bad_tokens_are_refused() {
    let app = TestApp::start().await;
    let id = app.account("clerk", Role::Viewer).await;
    let gone = app.account("gone", Role::Viewer).await;
    let inactive = app.account("inactive", Role::Viewer).await;
    app.execute(r#"DELETE FROM "Finances"."user" WHERE username = 'gone'"#)
        .await;
    app.execute(r#"UPDATE "Finances"."user" SET is_active = false WHERE username = 'inactive'"#)
        .await;
    let good = claims(&app, id);
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        sign(&claims)
    };
    let without = |field: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(field);
        sign(&claims)
    };
    let now = app.clock().now().timestamp();
    let forged = jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &good,
        &jsonwebtoken::EncodingKey::from_secret(b"another key of thirty-two bytes!"),
    );
    let other_algorithm = jsonwebtoken::encode(
        &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS512),
        &good,
        &jsonwebtoken::EncodingKey::from_secret(crate::support::app::SECRET_KEY.as_bytes()),
    );
    let (signed, signature) = sign(&good)
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();

    for (what, token) in [
        ("over", with("exp", json!(now - 32))),
        ("without an end", without("exp")),
        ("of another key", forged.unwrap()),
        ("of another algorithm", other_algorithm.unwrap()),
        (
            "of no algorithm",
            assemble(&json!({"alg": "none", "typ": "JWT"}), &good, ""),
        ),
        (
            "of no algorithm, signed",
            assemble(&json!({"alg": "none", "typ": "JWT"}), &good, &signature),
        ),
        ("without a signature", format!("{signed}.")),
        ("of another type", with("type", json!("refresh"))),
        ("of another version", with("ver", json!(1))),
        ("without a user", without("sub")),
        ("of a user by number", with("sub", json!(id))),
        ("of no user", with("sub", json!("clerk"))),
        ("of a removed user", with("sub", json!(gone.to_string()))),
        ("of an inactive user", with("sub", json!(inactive.to_string()))),
        ("nonsense", "nonsense".to_owned()),
        ("empty", String::new()),
    ] {
        let reply = app.nobody().with_token(token).get("/api/auth/me").send().await;
        assert_eq!(reply.expect_error(401, "UNAUTHORIZED")["message"], BAD, "{what}");
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}");
    }
    let good = sign(&good);
    for header in [
        "Basic YTpi".to_owned(),
        "Bearer".to_owned(),
        good.clone(),
        format!("Token {good}"),
    ] {
        let reply = app
            .nobody()
            .get("/api/nowhere")
            .header("authorization", &header)
            .send()
            .await;
        assert_eq!(
            reply.expect_error(401, "UNAUTHORIZED")["message"],
            BAD,
            "{header}"
        );
    }
    let header = format!("bEARER {good}");
    app.nobody()
        .get("/api/auth/me")
        .header("authorization", &header)
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_token_lives_half_an_hour_and_half_a_minute() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;

    app.clock().advance(TimeDelta::seconds(1800 + 28));
    session.caller.get("/api/auth/me").send().await.expect(200);
    app.clock().advance(TimeDelta::seconds(4));
    session
        .caller
        .get("/api/auth/me")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn the_algorithm_of_the_settings_counts() {
    let app = TestApp::start_with(&[("ALGORITHM", "HS384")]).await;
    let id = app.account("clerk", Role::Viewer).await;

    app.login("clerk")
        .await
        .caller
        .get("/api/auth/me")
        .send()
        .await
        .expect(200);
    let other = token(id, "clerk", Role::Viewer, app.clock().now());
    app.nobody()
        .with_token(other)
        .get("/api/auth/me")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn tokens_of_before_are_good_until_the_password_changes_or_they_are_logged_out() {
    let app = TestApp::start().await;
    let id = app.account("clerk", Role::Editor).await;
    let now = app.clock().now().timestamp();
    let old = |end: i64| {
        let claims = json!({"sub": id.to_string(), "username": "clerk", "email": "clerk@example.com", "iat": now,
                            "exp": now + end});
        app.nobody().with_token(sign(&claims))
    };
    let (first, second) = (old(1000), old(2000));

    assert_eq!(
        first.get("/api/auth/me").send().await.expect(200)["role"],
        "editor"
    );
    first.post("/api/auth/logout").send().await.expect(200);
    first
        .get("/api/auth/me")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    second.get("/api/auth/me").send().await.expect(200);

    second
        .post("/api/auth/change-password")
        .json(&json!({"current_password": PASSWORD, "new_password": "battery staple"}))
        .send()
        .await
        .expect(200);
    second
        .get("/api/auth/me")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn the_role_is_the_databases_not_the_tokens() {
    let app = TestApp::start().await;
    let id = app.account("clerk", Role::Viewer).await;
    let claimed = token(id, "clerk", Role::Admin, app.clock().now());

    let reply = app.nobody().with_token(claimed).get("/api/users").send().await;

    let error = reply.expect_error(403, "FORBIDDEN");
    assert_eq!(error["message"], "This action requires 'admin' role");
}

#[tokio::test]
async fn other_servers_see_changes_of_a_user_within_five_seconds() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let admin = app.admin().await;
    for (name, change, status) in [
        ("demoted", json!({"role": "viewer"}), 403),
        ("deactivated", json!({"is_active": false}), 401),
        ("changed", json!({"password": "battery staple"}), 401),
    ] {
        let id = app.account(name, Role::Admin).await;
        let here = app.login(name).await.caller;
        let there = other.nobody().with_token(here.token.clone().unwrap());
        there.get("/api/users").send().await.expect(200);

        admin
            .put(format!("/api/users/{id}"))
            .json(&change)
            .send()
            .await
            .expect(200);

        assert_eq!(here.get("/api/users").send().await.status, status, "{name}");
        other.clock().advance(TimeDelta::seconds(5));
        assert_eq!(there.get("/api/users").send().await.status, status, "{name}");
    }
}

#[tokio::test]
async fn what_is_known_of_a_user_is_asked_once_in_four_seconds() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    viewer
        .get("/api/nowhere")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");

    app.execute(r#"UPDATE "Finances"."user" SET is_active = false"#)
        .await;

    app.clock().advance(TimeDelta::seconds(3));
    viewer
        .get("/api/nowhere")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    app.clock().advance(TimeDelta::seconds(1));
    viewer
        .get("/api/nowhere")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn public_routes_do_not_look_at_tokens() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let body = json!({"username": "clerk", "password": PASSWORD});

    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/api/health"),
        (Method::GET, "/api/health/ready"),
        (Method::GET, "/api/docs"),
        (Method::GET, "/api/openapi.json"),
        (Method::GET, "/metrics"),
        (Method::POST, "/api/auth/login"),
        (Method::POST, "/api/v1/auth/login/"),
    ] {
        let call = app
            .nobody()
            .with_token("stale")
            .call(method, path)
            .header("cookie", "access_token=stale");
        let call = if path.contains("login") {
            call.json(&body)
        } else {
            call
        };
        assert_eq!(call.send().await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_cookie_is_a_token_unless_there_is_a_header() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;
    let cookie = format!("theme=dark; access_token={}", session.access);
    let get = |path: &str| app.nobody().get(path).header("cookie", &cookie);

    get("/api/auth/me").send().await.expect(200);
    let reply = get("/api/auth/me")
        .header("authorization", "Bearer stale")
        .send()
        .await;
    assert_eq!(reply.expect_error(401, "UNAUTHORIZED")["message"], BAD);

    let stale = |path: &str| app.nobody().get(path).header("cookie", "access_token=stale");
    assert_eq!(
        stale("/api/auth/me")
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED")["message"],
        BAD
    );
    // Beside a signed link an old cookie does not matter; the route decides what the link is worth.
    let reply = stale("/api/auth/me?token=1.x").send().await;
    assert_eq!(
        reply.expect_error(401, "UNAUTHORIZED")["message"],
        "Not authenticated"
    );
}

#[tokio::test]
async fn a_write_by_cookie_has_to_come_from_a_page_of_ours() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Admin).await;
    let session = app.login("clerk").await;
    let host = app.base_url.trim_start_matches("http://").to_owned();
    let call = |method: Method, headers: &[(&str, &str)]| {
        let call = app
            .nobody()
            .call(method, "/api/users")
            .header("cookie", &format!("access_token={}", session.access));
        headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value))
    };
    let (own, own_page) = (
        format!("http://{host}"),
        format!("https://{host}/quotations?id=1"),
    );

    for headers in [
        vec![],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null"), ("referer", own_page.as_str())],
        vec![("referer", "https://evil.example/https://app.example.com")],
    ] {
        let error = call(Method::POST, &headers)
            .send()
            .await
            .expect_error(403, "FORBIDDEN");
        assert_eq!(error["message"], "Cross-site request refused", "{headers:?}");
    }
    for headers in [
        vec![("origin", own.as_str())],
        vec![("origin", "https://app.example.com")],
        vec![("referer", own_page.as_str())],
    ] {
        assert_eq!(
            call(Method::POST, &headers).send().await.status,
            422,
            "{headers:?}"
        );
    }
    call(Method::GET, &[("origin", "https://evil.example")])
        .send()
        .await
        .expect(200);
    let by_header = session
        .caller
        .post("/api/users")
        .header("origin", "https://evil.example")
        .send()
        .await;
    assert_eq!(by_header.status, 422);
}

#[tokio::test]
async fn cookies_are_closed_to_scripts_and_as_wide_as_the_settings_say() {
    for (settings, access_end, refresh_end) in [
        (
            vec![],
            "; HttpOnly; SameSite=Lax; Path=/; Max-Age=1800",
            "; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=604800",
        ),
        (
            vec![
                ("COOKIE_SECURE", "true"),
                ("COOKIE_SAMESITE", "None"),
                ("ACCESS_TOKEN_EXPIRE_MINUTES", "480"),
            ],
            "; HttpOnly; SameSite=None; Path=/; Max-Age=28800; Secure",
            "; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=604800; Secure",
        ),
    ] {
        let app = TestApp::start_with(&settings).await;
        app.account("clerk", Role::Viewer).await;

        let reply = app.try_login("clerk", PASSWORD).await;

        let body = reply.expect(200);
        let access = body["access_token"].as_str().unwrap();
        assert_eq!(
            set_cookie(&reply, "access_token"),
            format!("access_token={access}{access_end}")
        );
        let refresh = body["refresh_token"].as_str().unwrap();
        assert_eq!(
            set_cookie(&reply, "refresh_token"),
            format!("refresh_token={refresh}{refresh_end}")
        );
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}
