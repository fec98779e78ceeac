//! Users as admins manage them.

use nexgen_finance::auth::{self, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    accounts::{PASSWORD, signup},
    callers::Caller,
    race,
};

fn new_user(name: &str, role: &str) -> Value {
    let mut body = signup(name);
    body["role"] = json!(role);
    body
}

async fn list(caller: &Caller, query: &str) -> (Vec<String>, Value) {
    let body = caller.get(format!("/api/users?{query}")).send().await.expect(200);
    let names = body["users"].as_array().unwrap().iter();
    let names = names
        .map(|user| user["username"].as_str().unwrap().to_owned())
        .collect();
    (names, body)
}

#[tokio::test]
async fn only_admins_manage_users_and_everybody_sees_themselves() {
    let app = TestApp::start().await;
    let target = app.account("target", Role::Viewer).await;
    let admin = app.admin().await;
    for caller in [app.nobody(), app.viewer().await, app.editor().await] {
        let (status, code) = if caller.token.is_some() {
            (403, "FORBIDDEN")
        } else {
            (401, "UNAUTHORIZED")
        };
        for (method, path) in [
            (Method::GET, "/api/users".to_owned()),
            (Method::POST, "/api/users".to_owned()),
            (Method::GET, format!("/api/users/{target}")),
            (Method::GET, "/api/users/999999".to_owned()),
            (Method::PUT, format!("/api/users/{target}")),
            (Method::DELETE, format!("/api/users/{target}")),
        ] {
            let reply = caller.call(method.clone(), &path).send().await;
            reply.expect_error(status, code);
        }
        if caller.token.is_some() {
            let body = caller
                .get(format!("/api/users/{}", caller.user_id))
                .send()
                .await
                .expect(200);
            assert_eq!(body["id"], caller.user_id);
            assert_eq!(body["status"], "SUCCESS");
            let own = caller
                .put(format!("/api/users/{}", caller.user_id))
                .json(&json!({"role": "admin"}));
            own.send().await.expect_error(403, "FORBIDDEN");
        }
    }
    let body = admin.get(format!("/api/users/{target}")).send().await.expect(200);
    assert_eq!(body["username"], "target");
    admin
        .get("/api/users/999999")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
    assert_eq!(
        admin.get("/api/users/x").send().await.faults(),
        ["id: int_parsing"]
    );
}

#[tokio::test]
async fn an_admin_makes_users_who_can_log_in() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let call = || {
        admin
            .post("/api/users")
            .header("idempotency-key", "k1")
            .json(&new_user("ravi", "Editor"))
    };
    let reply = call().send().await;

    let body = reply.expect(201);
    assert_eq!(reply.header("location"), format!("/api/users/{}", body["id"]));
    assert_eq!(
        (&body["role"], &body["is_active"], &body["status"]),
        (&json!("editor"), &json!(true), &json!("SUCCESS"))
    );
    let repeat = call().send().await;
    assert_eq!(repeat.header("idempotency-replayed"), "true");
    assert_eq!(repeat.expect(201), body);
    assert_eq!(app.login("ravi").await.user_id, body["id"]);
    let trail: (i32, Value) = sqlx::query_as(
        r#"SELECT actor_id, after FROM "Finances".audit_entry WHERE action = 'created' AND entity = 'user'"#,
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(trail.0, admin.user_id);
    assert_eq!(
        trail.1,
        json!({"username": "ravi", "email": "ravi@example.com", "role": "editor", "is_active": true})
    );
}

#[tokio::test]
async fn a_new_user_has_to_be_right() {
    let app = TestApp::start().await;
    app.account("clerk", Role::Viewer).await;
    let admin = app.admin().await;
    let post = |body: Value| admin.post("/api/users").json(&body).send();

    assert_eq!(
        post(json!({})).await.faults(),
        [
            "email: missing",
            "password: missing",
            "role: missing",
            "username: missing"
        ]
    );
    assert_eq!(post(new_user("ravi", "owner")).await.faults(), ["role: enum"]);
    assert_eq!(
        post(new_user("ab", "owner")).await.faults(),
        ["role: enum", "username: string_too_short"]
    );
    let short = post(new_user("ab", "viewer"))
        .await
        .expect_error(400, "BAD_REQUEST");
    assert_eq!(short["message"], "Username must be at least 3 characters long");
    let taken = post(new_user("CLERK", "viewer"))
        .await
        .expect_error(409, "CONFLICT");
    assert_eq!(taken["message"], "Username or email already exists");
}

#[tokio::test]
async fn users_are_listed_in_pages_by_role_and_by_text() {
    let app = TestApp::start().await;
    let admin = app.login_as_admin("zara").await;
    for (name, role) in [
        ("anil", Role::Viewer),
        ("Bina", Role::Editor),
        ("c_d", Role::Viewer),
        ("cxd", Role::Viewer),
    ] {
        app.account(name, role).await;
    }

    let (names, body) = list(&admin, "").await;
    assert_eq!(names, ["zara", "anil", "Bina", "c_d", "cxd"]);
    assert_eq!(
        (
            &body["status"],
            &body["total_count"],
            &body["skip"],
            &body["limit"]
        ),
        (&json!("SUCCESS"), &json!(5), &json!(0), &json!(50))
    );
    assert!(body["users"][0].get("status").is_none());
    for (query, expected, total) in [
        ("skip=1&limit=2", vec!["anil", "Bina"], 5),
        ("offset=4", vec!["cxd"], 5),
        ("page=2&page_size=3", vec!["c_d", "cxd"], 5),
        ("page=2&page_size=3&skip=0&limit=1", vec!["zara"], 5),
        ("skip=99", vec![], 5),
        ("sort=-username&limit=2", vec!["zara", "cxd"], 5),
        (
            "sort=created_at,-id&search=c",
            vec!["zara", "anil", "Bina", "c_d", "cxd"],
            5,
        ),
        ("role=viewer", vec!["anil", "c_d", "cxd"], 3),
        ("role=VIEWER&limit=1", vec!["anil"], 3),
        ("search=bin", vec!["Bina"], 1),
        ("search=C_D", vec!["c_d"], 1),
        ("search=%25", vec![], 0),
        ("search=anil%40example", vec!["anil"], 1),
        ("search=&role=", vec!["zara", "anil", "Bina", "c_d", "cxd"], 5),
    ] {
        let (names, body) = list(&admin, query).await;
        assert_eq!(names, expected, "{query}");
        assert_eq!(body["total_count"], total, "{query}");
    }
    let (mut names, mut body) = list(&admin, "sort=-username&limit=2").await;
    while let Some(cursor) = body["next_cursor"].as_str() {
        let (more, next) = list(&admin, &format!("sort=-username&limit=2&cursor={cursor}")).await;
        names.extend(more);
        body = next;
    }
    let collated: Vec<String> =
        sqlx::query_scalar(r#"SELECT username FROM "Finances"."user" ORDER BY username DESC"#)
            .fetch_all(&app.db)
            .await
            .unwrap();
    assert_eq!(names, collated);
    for (query, fault) in [
        ("limit=0", "limit: greater_than_equal"),
        ("limit=1001", "limit: less_than_equal"),
        ("limit=many", "limit: int_parsing"),
        ("skip=-1", "skip: greater_than_equal"),
        ("page=0", "page: greater_than_equal"),
        ("role=owner", "role: enum"),
        ("sort=email", "sort: enum"),
        ("cursor=x", "cursor: value_error"),
    ] {
        let reply = admin.get(format!("/api/users?{query}")).send().await;
        assert_eq!(reply.faults(), [fault], "{query}");
    }
}

#[tokio::test]
async fn an_admin_changes_what_is_given_and_nothing_else() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let id = app.account("ravi", Role::Viewer).await;
    app.account("clerk", Role::Viewer).await;
    let path = format!("/api/users/{id}");
    let put = |body: Value| admin.put(&path).json(&body).send();
    let before = admin.get(&path).send().await.expect(200);

    assert_eq!(put(json!({})).await.expect(200), before);
    assert_eq!(
        put(json!({"role": "viewer", "email": null, "is_active": true}))
            .await
            .expect(200),
        before
    );
    let after = put(json!({"email": "Ravi@example.org", "role": "editor"}))
        .await
        .expect(200);
    assert_eq!(
        (&after["email"], &after["role"]),
        (&json!("Ravi@example.org"), &json!("editor"))
    );
    assert_eq!(
        (&after["username"], &after["is_active"]),
        (&before["username"], &before["is_active"])
    );
    assert_ne!(after["updated_at"], before["updated_at"]);
    put(json!({"email": "ravi@EXAMPLE.org"})).await.expect(200);

    let taken = put(json!({"email": "CLERK@example.com"}))
        .await
        .expect_error(409, "CONFLICT");
    assert_eq!(taken["message"], "Email already registered");
    for (body, message) in [
        (json!({"email": "x"}), "Invalid email address"),
        (json!({"email": ""}), "Invalid email address"),
        (
            json!({"password": "12345"}),
            "Password must be at least 6 characters long",
        ),
    ] {
        assert_eq!(
            put(body).await.expect_error(400, "BAD_REQUEST")["message"],
            message
        );
    }
    let faulty = put(json!({"email": "x", "role": "owner", "is_active": "perhaps"})).await;
    assert_eq!(
        faulty.faults(),
        ["email: value_error", "is_active: value_error", "role: enum"]
    );
    admin
        .put("/api/users/999999")
        .json(&json!({}))
        .send()
        .await
        .expect_error(404, "NOT_FOUND");

    put(json!({"password": "battery staple"})).await.expect(200);
    app.try_login("ravi", "battery staple").await.expect(200);
    let actions: Vec<String> = sqlx::query_scalar(
        r#"SELECT action FROM "Finances".audit_entry WHERE entity_id = $1 AND actor_id = $2 ORDER BY id"#,
    )
    .bind(id.to_string())
    .bind(admin.user_id)
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(
        actions,
        ["updated", "role_changed", "updated", "password_changed"]
    );
}

#[tokio::test]
async fn a_deactivated_user_is_out_and_stays_listed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let id = app.account("ravi", Role::Editor).await;
    let session = app.login("ravi").await;

    for _ in 0..2 {
        let body = admin.delete(format!("/api/users/{id}")).send().await.expect(200);
        assert_eq!(
            body,
            json!({"status": "SUCCESS", "message": "User deactivated", "user_id": id})
        );
    }

    session
        .caller
        .get("/api/auth/me")
        .send()
        .await
        .expect_error(401, "UNAUTHORIZED");
    app.refresh(&session.refresh)
        .await
        .expect_error(401, "UNAUTHORIZED");
    app.try_login("ravi", PASSWORD)
        .await
        .expect_error(401, "UNAUTHORIZED");
    let user = admin.get(format!("/api/users/{id}")).send().await.expect(200);
    assert_eq!(user["is_active"], false);
    let entries: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE action = 'status_changed'"#)
        .await;
    assert_eq!(entries, 1);
    admin
        .delete("/api/users/999999")
        .send()
        .await
        .expect_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_last_active_admin_stays() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/users/{}", admin.user_id);

    for call in [
        admin.put(&path).json(&json!({"role": "editor"})),
        admin.put(&path).json(&json!({"is_active": false})),
        admin.delete(&path),
    ] {
        let error = call.send().await.expect_error(409, "CONFLICT");
        assert_eq!(error["message"], "At least one active admin is required");
    }
    admin
        .put(&path)
        .json(&json!({"email": "new@example.com"}))
        .send()
        .await
        .expect(200);
    app.admin().await;
    admin
        .put(&path)
        .json(&json!({"role": "editor"}))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn two_admins_who_demote_each_other_at_once_do_not_both_succeed() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let (first, second) = (app.admin().await, app.admin().await);

        let replies = race(vec![
            first
                .put(format!("/api/users/{}", second.user_id))
                .json(&json!({"role": "viewer"})),
            second.delete(format!("/api/users/{}", first.user_id)),
        ])
        .await;

        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert!(
            statuses == [200, 409] || statuses == [200, 403] || statuses == [200, 401],
            "{statuses:?}"
        );
        let active: i64 = app
            .value(r#"SELECT count(*) FROM "Finances"."user" WHERE role = 'admin' AND is_active"#)
            .await;
        assert_eq!(active, 1);
        app.execute(r#"DELETE FROM "Finances"."user""#).await;
    }
}

#[tokio::test]
async fn the_command_makes_an_admin_or_promotes_a_user() {
    let app = TestApp::start().await;
    let password = || "battery staple".to_owned().into();

    let made = auth::create_admin(&app.db, " boss ", "boss@example.com", &password())
        .await
        .unwrap();
    let id = app.account("ravi", Role::Viewer).await;
    let session = app.login("ravi").await;
    app.execute(r#"UPDATE "Finances"."user" SET is_active = false WHERE username = 'ravi'"#)
        .await;
    let promoted = auth::create_admin(&app.db, "RAVI", "other@example.com", &password())
        .await
        .unwrap();

    assert_eq!(promoted.0, id);
    for (name, id, email) in [
        ("boss", made.0, "boss@example.com"),
        ("ravi", id, "ravi@example.com"),
    ] {
        let user = app.try_login(name, "battery staple").await.expect(200)["user"].clone();
        assert_eq!(
            (&user["role"], &user["id"], &user["email"]),
            (&json!("admin"), &json!(id), &json!(email))
        );
    }
    app.refresh(&session.refresh)
        .await
        .expect_error(401, "UNAUTHORIZED");
    for (username, email, password) in [
        ("ab", "ab@example.com", "battery staple"),
        ("a b c", "ab@example.com", "battery staple"),
        ("other", "no address", "battery staple"),
        ("other", "BOSS@example.com", "battery staple"),
        ("other", "other@example.com", "12345"),
        ("ravi", "ravi@example.com", "12345"),
    ] {
        let made = auth::create_admin(&app.db, username, email, &password.to_owned().into()).await;
        assert!(made.is_err(), "{username} {email} {password}");
    }
    let actors: i64 = app
        .value(r#"SELECT count(*) FROM "Finances".audit_entry WHERE actor_name = 'create-admin'"#)
        .await;
    assert_eq!(actors, 4);
}
