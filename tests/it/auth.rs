//! Signing up and logging in.

use nexgen_finance::auth::Role;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    accounts::{PASSWORD, signup},
    callers::{Call, fault_list},
    race,
};

const TAKEN: &str = "Username or email already exists";

fn post_signup(app: &TestApp, body: &Value) -> Call {
    app.nobody().post("/api/auth/signup").json(body)
}

#[tokio::test]
async fn the_first_to_sign_up_is_admin_and_later_ones_are_not() {
    let app = TestApp::start().await;

    let first = post_signup(&app, &signup("Clerk")).send().await.expect(200);
    let second = post_signup(&app, &signup("ravi")).send().await.expect(200);

    assert_eq!(first["user"]["role"], "admin");
    assert_eq!(second["user"]["role"], "viewer");
    assert_eq!(first["token_type"], "bearer");
    assert_eq!(first["status"], "SUCCESS");
    assert_eq!(first["expires_in"], 1800);
    let ends: chrono::DateTime<chrono::Utc> = first["expires_at"].as_str().unwrap().parse().unwrap();
    assert!((app.clock().now() - ends).num_seconds().abs() <= 1801);
    let token = first["access_token"].as_str().unwrap();
    let me = app
        .nobody()
        .with_token(token)
        .get("/api/auth/me")
        .send()
        .await
        .expect(200);
    let mut user = first["user"].clone();
    user["status"] = json!("SUCCESS");
    assert_eq!(me, user);
    assert_eq!(me["roles"], json!(["admin"]));
    assert_eq!(me["user_id"], me["id"]);
    assert_eq!(me["last_login_at"], Value::Null);
    assert!(!me.to_string().contains("$2b$"));
    let trail: Vec<(String, Option<String>)> = sqlx::query_as(
        r#"SELECT actor_name, after ->> 'role' FROM "Finances".audit_entry WHERE action = 'signup' ORDER BY id"#,
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(
        trail,
        [
            ("Clerk".to_owned(), Some("admin".to_owned())),
            ("ravi".to_owned(), Some("viewer".to_owned()))
        ]
    );
}

#[tokio::test]
async fn signup_refuses_what_will_not_do() {
    let app = TestApp::start().await;
    let with = |field: &str, value: Value| {
        let mut body = signup("clerk");
        body[field] = value;
        body
    };

    for (body, message) in [
        (
            with("username", json!("ab")),
            "Username must be at least 3 characters long",
        ),
        (
            with("username", json!("  ab  ")),
            "Username must be at least 3 characters long",
        ),
        (
            with("username", json!("")),
            "Username must be at least 3 characters long",
        ),
        (
            with("password", json!("12345")),
            "Password must be at least 6 characters long",
        ),
        (with("email", json!("clerk")), "Invalid email address"),
        (with("email", json!("a@b@c")), "Invalid email address"),
        (with("email", json!("@b")), "Invalid email address"),
        (
            json!({"username": "ab", "email": "x", "password": "1"}),
            "Username must be at least 3 characters long",
        ),
    ] {
        let error = post_signup(&app, &body)
            .send()
            .await
            .expect_error(400, "BAD_REQUEST");
        assert_eq!(error["message"], message, "{body}");
    }
    for (body, faults) in [
        (
            json!({}),
            vec!["email: missing", "password: missing", "username: missing"],
        ),
        (with("email", Value::Null), vec!["email: missing"]),
        (with("username", json!(123)), vec!["username: value_error"]),
        (with("username", json!("as ha")), vec!["username: value_error"]),
        (with("username", json!("आशा")), vec!["username: value_error"]),
        (
            with("username", json!("a".repeat(256))),
            vec!["username: string_too_long"],
        ),
        (
            with("email", json!(format!("a@{}", "b".repeat(254)))),
            vec!["email: string_too_long"],
        ),
        (
            with("password", json!("x".repeat(1025))),
            vec!["password: string_too_long"],
        ),
        (with("password", json!("secret\0")), vec!["password: value_error"]),
        (
            json!({"username": "ab", "password": 1}),
            vec![
                "email: missing",
                "password: value_error",
                "username: string_too_short",
            ],
        ),
    ] {
        assert_eq!(post_signup(&app, &body).send().await.faults(), faults, "{body}");
    }
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances"."user""#)
            .await,
        0
    );
    assert_eq!(app.state.auth.passwords.runs(), 0);
}

#[tokio::test]
async fn names_and_addresses_are_taken_without_regard_to_case() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Admin).await;

    for (username, email, message) in [
        ("CLERK", "other@example.com", "Username already exists"),
        ("other", "Clerk@Example.com", "Email already registered"),
        ("Clerk", "CLERK@example.com", TAKEN),
    ] {
        let body = json!({"username": username, "email": email, "password": PASSWORD});
        let error = post_signup(&app, &body)
            .send()
            .await
            .expect_error(409, "CONFLICT");
        assert_eq!(error["message"], message);
    }
}

#[tokio::test]
async fn closed_signup_lets_in_the_first_user_only_even_in_a_race() {
    let app = TestApp::start_with(&[("ALLOW_SIGNUP", "false")]).await;

    let calls = (0..4).map(|number| post_signup(&app, &signup(&format!("user{number}"))));
    let replies = race(calls.collect()).await;

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 403, 403, 403]);
    assert_eq!(replies[0].json()["user"]["role"], "admin");
    let hashed = app.state.auth.passwords.runs();
    let late = post_signup(&app, &signup("late")).send().await;
    assert_eq!(
        late.expect_error(403, "FORBIDDEN")["message"],
        "Signup is disabled"
    );
    assert_eq!(app.state.auth.passwords.runs(), hashed);
}

#[tokio::test]
async fn of_many_first_users_at_once_one_is_admin() {
    let app = TestApp::start().await;
    // Reads the table, but waits before the first row is in it.
    let mut gate = app.db.begin().await.unwrap();
    sqlx::query(r#"LOCK TABLE "Finances"."user" IN EXCLUSIVE MODE"#)
        .execute(&mut *gate)
        .await
        .unwrap();

    let calls = (0..4).map(|number| post_signup(&app, &signup(&format!("user{number}"))));
    let signups = tokio::spawn(race(calls.collect()));
    app.until_waiting(4, || signups.is_finished()).await;
    gate.commit().await.unwrap();
    let replies = signups.await.unwrap();

    assert!(replies.iter().all(|reply| reply.status == 200));
    let admins = replies
        .iter()
        .filter(|reply| reply.json()["user"]["role"] == "admin");
    assert_eq!(admins.count(), 1);
}

#[tokio::test]
async fn of_many_with_one_name_at_once_one_gets_it() {
    let app = TestApp::start().await;

    let calls = ["clerk", "Clerk", "CLERK", "cLeRK"].map(|name| {
        let body =
            json!({"username": name, "email": format!("{name}-{name}@example.com"), "password": PASSWORD});
        post_signup(&app, &body)
    });
    let replies = race(calls.into()).await;

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(
        app.value::<i64>(r#"SELECT count(*) FROM "Finances"."user""#)
            .await,
        1
    );
}

#[tokio::test]
async fn failed_logins_look_alike_and_each_compares_one_hash() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    app.account("gone", Role::Viewer).await;
    app.account("broken", Role::Viewer).await;
    app.execute(r#"UPDATE "Finances"."user" SET is_active = false WHERE username = 'gone'"#)
        .await;
    app.execute(r#"UPDATE "Finances"."user" SET password_hash = 'none' WHERE username = 'broken'"#)
        .await;

    for (name, password) in [
        ("clerk", "wrong password"),
        ("clerk", ""),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        (&*"x".repeat(300), PASSWORD),
        ("gone", PASSWORD),
        ("broken", "none"),
    ] {
        let hashed = app.state.auth.passwords.runs();
        let reply = app.try_login(name, password).await;

        let error = reply.expect_error(401, "UNAUTHORIZED");
        assert_eq!(error["message"], "Invalid username or password", "{name}");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        assert_eq!(app.state.auth.passwords.runs(), hashed + 1, "{name}");
    }
    let trail: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE action = 'login_failed'"#)
        .await;
    assert_eq!(trail, 7);
    let secrets: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry AS entry WHERE entry::text LIKE '%horse%'"#)
        .await;
    assert_eq!(secrets, 0);
}

#[tokio::test]
async fn a_login_takes_a_name_and_a_password() {
    let app = TestApp::start().await;

    for (body, faults) in [
        (json!({}), vec!["password: missing", "username: missing"]),
        (
            json!({"username": 1, "password": null}),
            vec!["password: missing", "username: value_error"],
        ),
        (
            json!({"username": "a\0", "password": "x"}),
            vec!["username: value_error"],
        ),
    ] {
        let reply = app.nobody().post("/api/auth/login").json(&body).send().await;
        assert_eq!(
            fault_list(&reply.expect_error(422, "VALIDATION_ERROR")),
            faults,
            "{body}"
        );
    }
}

#[tokio::test]
async fn adopted_hashes_names_and_long_passwords_log_in() {
    let app = TestApp::start().await;
    app.account("Old Name", Role::Viewer).await;
    app.account("clerk", Role::Viewer).await;
    app.account("cut", Role::Viewer).await;
    // Of 71 times x, made by libxcrypt: what is left of a character that 72 bytes would break.
    app.execute(
        r#"UPDATE "Finances"."user" SET password_hash = '$2y$04$Zp9vTqL0yD1kN3xBsRw8OuSKcgeZmNn5EvJEbpMfnyCyGWlLrD8OO'
            WHERE username = 'cut'"#,
    )
    .await;

    app.try_login("old name", PASSWORD).await.expect(200);
    let user = app.try_login(" CLERK ", PASSWORD).await.expect(200)["user"].clone();
    assert_eq!(user["username"], "clerk");
    assert!(user["last_login_at"].is_string());
    assert_ne!(user["last_login_at"], user["updated_at"]);
    let cut = format!("{}é and more", "x".repeat(71));
    app.try_login("cut", &cut).await.expect(200);
    app.try_login("cut", &"x".repeat(72))
        .await
        .expect_error(401, "UNAUTHORIZED");

    let mut long = signup("long");
    long["password"] = json!("y".repeat(100));
    post_signup(&app, &long).send().await.expect(200);
    app.try_login("long", &"y".repeat(72)).await.expect(200);
    app.try_login("long", &"y".repeat(71))
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_login_that_a_password_change_overtakes_fails() {
    let app = TestApp::start().await;
    let other = app.another().await;
    app.account("clerk", Role::Viewer).await;
    let mut change = app.db.begin().await.unwrap();
    sqlx::query(r#"UPDATE "Finances"."user" SET password_hash = 'another', token_version = 1"#)
        .execute(&mut *change)
        .await
        .unwrap();

    let login = tokio::spawn(async move { other.try_login("clerk", PASSWORD).await });
    app.until_waiting(1, || login.is_finished()).await;
    change.commit().await.unwrap();

    login.await.unwrap().expect_error(401, "UNAUTHORIZED");
}
