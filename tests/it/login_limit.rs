//! How often a login may fail.

use nexgen_finance::auth::{self, Role};
use serde_json::json;

use crate::support::{TestApp, accounts::PASSWORD, callers::Call, race};

/// A login from an address, as a proxy reports it.
fn login_from(app: &TestApp, address: &str, name: &str, password: &str) -> Call {
    app.nobody()
        .post("/api/auth/login")
        .header("x-forwarded-for", address)
        .json(&json!({"username": name, "password": password}))
}

#[tokio::test]
async fn ten_failures_lock_a_name_for_a_quarter_of_an_hour_on_all_servers() {
    let app = TestApp::start().await;
    let other = app.another().await;
    app.account("clerk", Role::Viewer).await;
    app.account("ravi", Role::Viewer).await;

    for _ in 0..10 {
        app.try_login("clerk", "wrong")
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
    let hashed = app.state.auth.passwords.runs();
    for (server, name) in [(&app, "clerk"), (&app, "CLERK"), (&other, "clerk")] {
        let refused = server.try_login(name, PASSWORD).await;
        assert_eq!(
            refused.expect_error(429, "RATE_LIMITED")["message"],
            "Too many login attempts"
        );
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((880..=900).contains(&wait), "{wait}");
    }
    assert_eq!(app.state.auth.passwords.runs(), hashed);
    app.try_login("ravi", PASSWORD).await.expect(200);

    // Refused attempts do not make the wait longer.
    app.clock().advance(chrono::TimeDelta::minutes(15));
    app.try_login("clerk", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn thirty_logins_at_once_get_ten_guesses() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;

    let calls = (0..30).map(|_| {
        app.nobody()
            .post("/api/auth/login")
            .json(&json!({"username": "clerk", "password": "wrong"}))
    });
    let replies = race(calls.collect()).await;

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [vec![401; 10], vec![429; 20]].concat());
    assert_eq!(app.state.auth.passwords.runs(), 10);
}

#[tokio::test]
async fn thirty_failures_lock_an_address() {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1/32")]).await;
    app.account("clerk", Role::Viewer).await;
    for number in 0..6 {
        app.account(&format!("user{number}"), Role::Viewer).await;
    }
    for number in 0..30 {
        let address = ["2001:db8::1", "2001:db8::2"][number % 2];
        let name = format!("user{}", number / 5);
        let reply = login_from(&app, address, &name, "wrong").send().await;
        reply.expect_error(401, "UNAUTHORIZED");
    }

    // An IPv6 client is its whole network.
    login_from(&app, "2001:db8::3", "clerk", PASSWORD)
        .send()
        .await
        .expect_error(429, "RATE_LIMITED");
    login_from(&app, "2001:db8:0:1::3", "clerk", PASSWORD)
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_success_forgets_slips_of_the_same_user_at_the_same_place_only() {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1/32")]).await;
    app.account("clerk", Role::Viewer).await;
    app.account("eve", Role::Viewer).await;
    for _ in 0..9 {
        login_from(&app, "10.0.0.1", "clerk", "slip").send().await;
    }
    login_from(&app, "10.0.0.1", "clerk", PASSWORD)
        .send()
        .await
        .expect(200);
    for _ in 0..9 {
        login_from(&app, "10.6.6.6", "clerk", "guess").send().await;
    }

    login_from(&app, "10.6.6.6", "eve", PASSWORD)
        .send()
        .await
        .expect(200);
    login_from(&app, "10.0.0.1", "clerk", PASSWORD)
        .send()
        .await
        .expect(200);
    login_from(&app, "10.6.6.6", "clerk", "guess")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    login_from(&app, "10.6.6.6", "clerk", "guess")
        .send()
        .await
        .expect_error(429, "RATE_LIMITED");
}

#[tokio::test]
async fn who_is_locked_out_by_others_gets_in_from_a_known_browser_or_by_command() {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1/32")]).await;
    app.account("clerk", Role::Admin).await;
    app.account("eve", Role::Viewer).await;
    let known = app.login("clerk").await.refresh;
    let foreign = app.login("eve").await.refresh;
    for _ in 0..10 {
        login_from(&app, "10.6.6.6", "clerk", "guess").send().await;
    }
    let with_cookie = |token: &str| {
        login_from(&app, "10.0.0.1", "clerk", PASSWORD).header("cookie", &format!("refresh_token={token}"))
    };

    login_from(&app, "10.0.0.1", "clerk", PASSWORD)
        .send()
        .await
        .expect_error(429, "RATE_LIMITED");
    with_cookie(&foreign)
        .send()
        .await
        .expect_error(429, "RATE_LIMITED");
    with_cookie(&known).send().await.expect(200);

    auth::create_admin(
        &app.db,
        "clerk",
        "clerk@example.com",
        &"battery staple".to_owned().into(),
    )
    .await
    .unwrap();
    login_from(&app, "10.0.0.1", "clerk", "battery staple")
        .send()
        .await
        .expect(200);
}
