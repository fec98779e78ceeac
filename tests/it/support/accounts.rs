//! Users with a password, and what they get when they log in.

use nexgen_finance::auth::Role;
use serde_json::{Value, json};

use super::{
    TestApp,
    callers::{Caller, Reply},
};

/// The password of every account here.
pub(crate) const PASSWORD: &str = "correct horse";
/// Its hash, cheap to compare with, made by libxcrypt.
pub(crate) const HASH: &str = "$2y$04$Zp9vTqL0yD1kN3xBsRw8OuCrmXtLX.RzE1hBe1JzTKEq2LufBIFaa";

impl TestApp {
    /// A user of this name who can log in; their id.
    pub(crate) async fn account(&self, name: &str, role: Role) -> i32 {
        sqlx::query_scalar(
            r#"INSERT INTO "Finances"."user" (username, email, password_hash, role) VALUES ($1, $2, $3, $4) RETURNING id"#,
        )
        .bind(name)
        .bind(format!("{name}@example.com"))
        .bind(HASH)
        .bind(role.as_str())
        .fetch_one(&self.db)
        .await
        .expect("insert a user")
    }

    /// A login with this password.
    pub(crate) async fn try_login(&self, name: &str, password: &str) -> Reply {
        self.nobody()
            .post("/api/auth/login")
            .json(&json!({"username": name, "password": password}))
            .send()
            .await
    }

    /// A login that works.
    pub(crate) async fn login(&self, name: &str) -> Session {
        Session::of(self, &self.try_login(name, PASSWORD).await)
    }

    /// An admin of this name, logged in.
    pub(crate) async fn login_as_admin(&self, name: &str) -> Caller {
        self.account(name, Role::Admin).await;
        self.login(name).await.caller
    }

    /// Returns once so many requests wait for a lock of the database, or once `done` says that they will not.
    pub(crate) async fn until_waiting(&self, requests: i64, done: impl Fn() -> bool) {
        loop {
            let waiting: i64 = self
                .value(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
                )
                .await;
            if waiting >= requests || done() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A refresh with a token in the body.
    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.nobody()
            .post("/api/auth/refresh")
            .json(&json!({"refresh_token": token}))
            .send()
            .await
    }
}

/// What a login gave.
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) user_id: i32,
}

impl Session {
    #[track_caller]
    pub(crate) fn of(app: &TestApp, reply: &Reply) -> Self {
        let body = reply.expect(200);
        let text = |field: &str| body[field].as_str().expect("a token").to_owned();
        Self {
            caller: app.nobody().with_token(text("access_token")),
            access: text("access_token"),
            refresh: text("refresh_token"),
            user_id: body["user"]["id"]
                .as_i64()
                .and_then(|id| id.try_into().ok())
                .expect("an id"),
        }
    }
}

/// Each `Set-Cookie` of an answer, by the cookie's name.
pub(crate) fn set_cookie(reply: &Reply, name: &str) -> String {
    reply
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().expect("a header of text"))
        .find(|value| value.split_once('=').is_some_and(|(given, _)| given == name))
        .unwrap_or_default()
        .to_owned()
}

/// A body for signup.
pub(crate) fn signup(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD})
}
