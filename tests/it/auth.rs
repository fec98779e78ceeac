//! Signing up, logging in, tokens and cookies.

use serde_json::{Value, json};

use crate::support::TestApp;

/// A body for signup.
fn account(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com"), "password": "correct horse"})
}

#[tokio::test]
async fn the_first_to_sign_up_is_admin_and_later_ones_are_not() {
    let app = TestApp::start().await;

    let first = app
        .nobody()
        .post("/api/auth/signup")
        .json(&account("Asha"))
        .send()
        .await
        .expect(200);
    let second = app
        .nobody()
        .post("/api/auth/signup")
        .json(&account("Ravi"))
        .send()
        .await
        .expect(200);

    assert_eq!(first["user"]["role"], "admin");
    assert_eq!(second["user"]["role"], "viewer");
    assert_eq!(first["token_type"], "bearer");
    assert_eq!(first["status"], "SUCCESS");
    assert_eq!(first["expires_in"], 1800);
    let me = app
        .nobody()
        .with_token(first["access_token"].as_str().unwrap())
        .get("/api/auth/me")
        .send()
        .await
        .expect(200);
    assert_eq!(me["username"], "Asha");
    assert_eq!(me["status"], "SUCCESS");
    let login = app
        .nobody()
        .post("/api/auth/login")
        .json(&json!({"username": "asha", "password": "correct horse"}))
        .send()
        .await
        .expect(200);
    assert_eq!(login["user"]["id"], first["user"]["user_id"]);
    assert!(login["user"].get("status").is_none());
}
