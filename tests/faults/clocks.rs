//! Servers whose clocks differ: tokens of one are read by the other.

use chrono::TimeDelta;
use nexgen_finance::auth::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, accounts::PASSWORD, callers::sign};

/// A login on a server whose clock is off by so many seconds: the token's status on a server whose clock is right.
async fn status_across(ahead: i64) -> u16 {
    let right = TestApp::start().await;
    let wrong = right.another().await;
    wrong.clock().advance(TimeDelta::seconds(ahead));
    right.account("clerk", Role::Viewer).await;
    let body = json!({"username": "clerk", "password": PASSWORD});
    let session = wrong
        .nobody()
        .post("/api/auth/login")
        .json(&body)
        .send()
        .await
        .expect(200);
    let token = session["access_token"].as_str().unwrap().to_owned();
    let reader = right.nobody().with_token(token);
    reader.get("/api/auth/me").send().await.status
}

#[tokio::test]
async fn a_token_is_good_on_a_server_that_is_behind_or_ahead_of_the_one_that_issued_it() {
    // The token lives 1 800 s and is taken 30 s longer.
    for (ahead, status) in [
        (-20, 200),
        (20, 200),
        (-600, 200),
        (600, 200),
        (-1825, 200),
        (-1835, 401),
    ] {
        assert_eq!(
            status_across(ahead).await,
            status,
            "a clock that is {ahead} s ahead"
        );
    }
}

#[tokio::test]
async fn half_a_minute_is_forgiven_at_both_ends_of_a_token() {
    let app = TestApp::start().await;
    let id = app.account("clerk", Role::Viewer).await;
    let now = app.clock().now().timestamp();
    let claims = |field: &str, value: i64| {
        let mut claims = json!({"sub": id.to_string(), "username": "clerk", "email": "clerk@example.com",
                                "iat": now, "exp": now + 1800});
        claims[field] = Value::from(value);
        sign(&claims)
    };
    for (field, offset, status) in [
        ("exp", -25, 200),
        ("exp", -35, 401),
        ("exp", -86_400, 401),
        ("exp", 25, 200),
        ("nbf", 25, 200),
        ("nbf", 45, 401),
        ("nbf", 86_400, 401),
        ("nbf", -86_400, 200),
        // When it was issued is for people to read; a server that is ahead must not lock out its users elsewhere.
        ("iat", 25, 200),
        ("iat", 86_400, 200),
        ("iat", -86_400, 200),
    ] {
        let reader = app.nobody().with_token(claims(field, now + offset));
        let reply = reader.get("/api/auth/me").send().await;
        assert_eq!(reply.status, status, "{field} {offset} s from now");
    }
}
