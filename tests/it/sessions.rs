//! Refreshing, logging out and changing one's password.

use chrono::TimeDelta;
use nexgen_finance::auth::{self, Role};
use serde_json::json;

use crate::support::{
    TestApp,
    accounts::{PASSWORD, Session, set_cookie},
    callers::{Caller, Reply},
    race,
};

const BAD: &str = "Invalid authentication credentials";

#[track_caller]
fn assert_refused(reply: &Reply) {
    assert_eq!(reply.expect_error(401, "UNAUTHORIZED")["message"], BAD);
}

async fn change_password(caller: &Caller, current: &str, new: &str) -> Reply {
    caller
        .post("/api/auth/change-password")
        .json(&json!({"current_password": current, "new_password": new}))
        .send()
        .await
}

async fn count(app: &TestApp, action: &str) -> i64 {
    sqlx::query_scalar(r#"SELECT count(*) FROM "Finances".audit_entry WHERE action = $1"#)
        .bind(action)
        .fetch_one(&app.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_gives_the_next() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let first = app.login("clerk").await;

    let reply = app.refresh(&first.refresh).await;
    let second = Session::of(&app, &reply);

    assert_ne!(first.refresh, second.refresh);
    assert!(set_cookie(&reply, "access_token").contains(&second.access));
    assert!(set_cookie(&reply, "refresh_token").contains(&second.refresh));
    second.caller.get("/api/auth/me").send().await.expect(200);
    app.refresh(&second.refresh).await.expect(200);
    let kept: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".refresh_token WHERE length(token_hash) = 64"#)
        .await;
    assert_eq!(kept, 3);
}

#[tokio::test]
async fn a_second_use_ends_the_whole_session_and_no_other() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let first = app.login("clerk").await;
    let elsewhere = app.login("clerk").await;
    let second = Session::of(&app, &app.refresh(&first.refresh).await);

    assert_refused(&app.refresh(&first.refresh).await);

    assert_refused(&app.refresh(&second.refresh).await);
    app.refresh(&elsewhere.refresh).await.expect(200);
    assert_eq!(count(&app, "token_reuse").await, 1);
    assert_refused(&app.refresh(&first.refresh).await);
    assert_eq!(count(&app, "token_reuse").await, 1);
}

#[tokio::test]
async fn of_two_refreshes_at_once_exactly_one_wins() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;

    let body = json!({"refresh_token": session.refresh});
    let calls = (0..4).map(|_| app.nobody().post("/api/auth/refresh").json(&body));
    let replies = race(calls.collect()).await;

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 401, 401, 401]);
    assert_eq!(count(&app, "refreshed").await, 1);
}

#[tokio::test]
async fn the_refresh_cookie_works_from_pages_of_ours() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;
    let cookie = format!("access_token=stale; refresh_token={}", session.refresh);
    let call = |origin: &str| {
        app.nobody()
            .post("/api/auth/refresh")
            .header("cookie", &cookie)
            .header("origin", origin)
    };

    let error = call("https://evil.example")
        .send()
        .await
        .expect_error(403, "FORBIDDEN");
    assert_eq!(error["message"], "Cross-site request refused");
    call("https://app.example.com").send().await.expect(200);
}

#[tokio::test]
async fn bad_refresh_tokens_are_refused() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;

    let none = app.nobody().post("/api/auth/refresh").send().await;
    assert_eq!(
        none.expect_error(401, "UNAUTHORIZED")["message"],
        "Not authenticated"
    );
    let wrong_type = app
        .nobody()
        .post("/api/auth/refresh")
        .json(&json!({"refresh_token": 1}))
        .send()
        .await;
    assert_eq!(wrong_type.faults(), ["refresh_token: value_error"]);
    assert_refused(&app.refresh("unknown").await);
    assert_refused(&app.refresh(&session.access).await);
    let as_access = app
        .nobody()
        .with_token(&session.refresh)
        .get("/api/auth/me")
        .send()
        .await;
    assert_refused(&as_access);

    app.clock().advance(TimeDelta::days(7));
    assert_refused(&app.refresh(&session.refresh).await);
}

#[tokio::test]
async fn who_was_deactivated_or_has_another_password_cannot_refresh() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (name, change) in [
        ("deactivated", json!({"is_active": false})),
        ("changed", json!({"password": "battery staple"})),
    ] {
        let id = app.account(name, Role::Viewer).await;
        let session = app.login(name).await;

        admin
            .put(format!("/api/users/{id}"))
            .json(&change)
            .send()
            .await
            .expect(200);

        assert_refused(&app.refresh(&session.refresh).await);
        admin
            .put(format!("/api/users/{id}"))
            .json(&json!({"is_active": true}))
            .send()
            .await
            .expect(200);
        assert_refused(&app.refresh(&session.refresh).await);
        assert_refused(&session.caller.get("/api/auth/me").send().await);
    }
}

#[tokio::test]
async fn a_refresh_that_a_password_change_overtakes_fails() {
    let app = TestApp::start().await;
    let other = app.another().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;
    let mut change = app.db.begin().await.unwrap();
    sqlx::query(r#"UPDATE "Finances"."user" SET token_version = 1"#)
        .execute(&mut *change)
        .await
        .unwrap();

    let token = session.refresh.clone();
    let refresh = tokio::spawn(async move { other.refresh(&token).await });
    app.until_waiting(1, || refresh.is_finished()).await;
    sqlx::query(r#"UPDATE "Finances".refresh_token SET revoked_at = now()"#)
        .execute(&mut *change)
        .await
        .unwrap();
    change.commit().await.unwrap();

    assert_refused(&refresh.await.unwrap());
    let tokens: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".refresh_token"#)
        .await;
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn logout_ends_the_session_at_once_here_and_in_seconds_elsewhere() {
    let app = TestApp::start().await;
    let other = app.another().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;
    let elsewhere = app.login("clerk").await;
    let there = other.nobody().with_token(&session.access);
    there.get("/api/auth/me").send().await.expect(200);

    let reply = session.caller.post("/api/auth/logout").send().await;

    assert_eq!(
        reply.expect(200),
        json!({"status": "SUCCESS", "message": "Logged out"})
    );
    assert!(set_cookie(&reply, "access_token").starts_with("access_token=; "));
    assert!(set_cookie(&reply, "access_token").contains("Path=/; Max-Age=0"));
    assert!(set_cookie(&reply, "refresh_token").contains("Path=/api/auth; Max-Age=0"));
    assert_refused(&session.caller.get("/api/auth/me").send().await);
    // The session of the token ends although its refresh token was not sent along.
    assert_refused(&app.refresh(&session.refresh).await);
    other.clock().advance(TimeDelta::seconds(5));
    assert_refused(&there.get("/api/auth/me").send().await);
    elsewhere.caller.get("/api/auth/me").send().await.expect(200);
    app.refresh(&elsewhere.refresh).await.expect(200);
    assert_eq!(count(&app, "logout").await, 1);
}

#[tokio::test]
async fn logout_ends_the_session_of_a_refresh_token_sent_along_if_it_is_ones_own() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    app.account("ravi", Role::Viewer).await;
    let caller = app.viewer().await;
    let (clerk, other_clerk, ravi) = (
        app.login("clerk").await,
        app.login("clerk").await,
        app.login("ravi").await,
    );

    for body in [
        json!({"refresh_token": other_clerk.refresh}),
        json!({"refresh_token": ravi.refresh}),
    ] {
        let clerk = Session::of(&app, &app.try_login("clerk", PASSWORD).await);
        clerk
            .caller
            .post("/api/auth/logout")
            .json(&body)
            .send()
            .await
            .expect(200);
    }
    caller.post("/api/auth/logout").send().await.expect(200);

    assert_refused(&app.refresh(&other_clerk.refresh).await);
    app.refresh(&clerk.refresh).await.expect(200);
    app.refresh(&ravi.refresh).await.expect(200);
    app.nobody()
        .post("/api/auth/logout")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_and_the_old_password() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let (session, elsewhere) = (app.login("clerk").await, app.login("clerk").await);

    let reply = change_password(&session.caller, PASSWORD, "battery staple").await;

    assert_eq!(
        reply.expect(200),
        json!({"status": "SUCCESS", "message": "Password changed"})
    );
    for session in [&session, &elsewhere] {
        assert_refused(&session.caller.get("/api/auth/me").send().await);
        assert_refused(&app.refresh(&session.refresh).await);
    }
    app.try_login("clerk", PASSWORD)
        .await
        .expect_error(401, "UNAUTHORIZED");
    app.try_login("clerk", "battery staple").await.expect(200);
    let hash: String = app.value(r#"SELECT password_hash FROM "Finances"."user""#).await;
    assert!(hash.starts_with("$2b$12$"), "{hash}");
    assert_eq!(count(&app, "password_changed").await, 1);
}

#[tokio::test]
async fn a_password_is_not_changed_without_the_current_one_or_to_a_bad_one() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;

    let wrong = change_password(&session.caller, "wrong", "battery staple").await;
    assert_eq!(wrong.faults(), ["current_password: value_error"]);
    let short = change_password(&session.caller, PASSWORD, "12345").await;
    assert_eq!(
        short.expect_error(400, "BAD_REQUEST")["message"],
        "Password must be at least 6 characters long"
    );
    let empty = session.caller.post("/api/auth/change-password").send().await;
    assert_eq!(
        empty.faults(),
        ["current_password: missing", "new_password: missing"]
    );
    session.caller.get("/api/auth/me").send().await.expect(200);

    // A stolen token is no way to guess the password: guesses here and at login are counted together.
    for _ in 0..4 {
        change_password(&session.caller, "wrong", "battery staple").await;
        app.try_login("clerk", "wrong").await;
    }
    assert_eq!(
        change_password(&session.caller, "wrong", "battery staple")
            .await
            .status,
        422
    );
    change_password(&session.caller, PASSWORD, "battery staple")
        .await
        .expect_error(429, "RATE_LIMITED");
}

#[tokio::test]
async fn the_sweeper_removes_what_has_ended_and_no_more() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let session = app.login("clerk").await;
    session.caller.post("/api/auth/logout").send().await.expect(200);
    app.login("clerk").await;
    app.try_login("clerk", "wrong").await;
    let rows = async || {
        auth::sweep(&app.db, app.clock()).await.unwrap();
        (
            app.value::<i64>(r#"SELECT count(*) FROM "Finances".refresh_token"#)
                .await,
            app.value::<i64>(r#"SELECT count(*) FROM "Finances".revoked_token"#)
                .await,
            app.value::<i64>(r#"SELECT count(*) FROM "Finances".login_failure"#)
                .await,
        )
    };

    assert_eq!(rows().await, (2, 1, 1));
    // The token is still taken for half a minute, so it has to stay revoked.
    app.clock().advance(TimeDelta::seconds(1800 + 20));
    assert_eq!(rows().await, (2, 1, 0));
    assert_refused(&session.caller.get("/api/auth/me").send().await);
    app.clock().advance(TimeDelta::seconds(60));
    assert_eq!(rows().await, (2, 0, 0));
    app.clock().advance(TimeDelta::days(7));
    assert_eq!(rows().await, (0, 0, 0));
}
