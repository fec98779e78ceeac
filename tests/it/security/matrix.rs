//! Every operation of the document as every kind of caller: who is let in is what the document says, and nobody else.

use chrono::TimeDelta;
use nexgen_finance::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    callers::{Caller, Reply, token},
    operations::{Operation, UNKNOWN, operations},
};

const NOBODY: &str = "Not authenticated";
const BAD_TOKEN: &str = "Invalid authentication credentials";

/// What a caller brings.
#[derive(Clone, Copy)]
enum Brings {
    Nothing,
    /// This text in place of a token.
    Garbage(&'static str),
    /// The token of a user.
    Token,
    /// The token of an admin that ended a minute ago.
    ExpiredToken,
    /// The token of an admin in a cookie, and no page that it comes from.
    Cookie,
}

/// Somebody who calls every operation.
struct Kind {
    name: &'static str,
    brings: Brings,
    user: i32,
    role: Role,
    /// Theirs, for all operations that leave it as it is.
    token: String,
    /// What they are told where somebody has to be known; nothing if they are.
    refusal: Option<&'static str>,
}

async fn kinds(app: &TestApp) -> Vec<Kind> {
    let (viewer, editor, admin) = (app.viewer().await, app.editor().await, app.admin().await);
    let (inactive, gone) = (app.admin().await, app.admin().await);
    for (statement, id) in [
        (
            r#"UPDATE "Finances"."user" SET is_active = false WHERE id = $1"#,
            inactive.user_id,
        ),
        (r#"DELETE FROM "Finances"."user" WHERE id = $1"#, gone.user_id),
    ] {
        sqlx::query(statement).bind(id).execute(&app.db).await.unwrap();
    }
    let kind = |name, brings, user: &Caller, role, refusal| Kind {
        name,
        brings,
        user: user.user_id,
        role,
        token: token(user.user_id, name, role, app.clock().now()),
        refusal,
    };
    vec![
        kind("no token", Brings::Nothing, &viewer, Role::Viewer, Some(NOBODY)),
        kind(
            "a garbage token",
            Brings::Garbage("garbage"),
            &viewer,
            Role::Viewer,
            Some(BAD_TOKEN),
        ),
        kind(
            "an expired token",
            Brings::ExpiredToken,
            &admin,
            Role::Admin,
            Some(BAD_TOKEN),
        ),
        kind("a viewer", Brings::Token, &viewer, Role::Viewer, None),
        kind("an editor", Brings::Token, &editor, Role::Editor, None),
        kind("an admin", Brings::Token, &admin, Role::Admin, None),
        kind(
            "a deactivated admin",
            Brings::Token,
            &inactive,
            Role::Admin,
            Some(BAD_TOKEN),
        ),
        kind(
            "a removed admin",
            Brings::Token,
            &gone,
            Role::Admin,
            Some(BAD_TOKEN),
        ),
        kind("an admin's cookie", Brings::Cookie, &admin, Role::Admin, None),
    ]
}

impl Kind {
    /// The answer to one call. What is about tokens has one of its own, since it may end it.
    async fn call(&self, app: &TestApp, method: &str, path: &str) -> Reply {
        let now = app.clock().now();
        let fresh = |now| {
            if path.starts_with("/api/auth/") {
                token(self.user, self.name, self.role, now)
            } else {
                self.token.clone()
            }
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let nobody = app.nobody();
        match self.brings {
            Brings::Nothing => nobody.call(method, path),
            Brings::Garbage(text) => nobody.with_token(text).call(method, path),
            Brings::Token => nobody.with_token(fresh(now)).call(method, path),
            Brings::ExpiredToken => {
                let token = token(self.user, self.name, self.role, now - TimeDelta::minutes(31));
                nobody.with_token(token).call(method, path)
            }
            Brings::Cookie => nobody
                .call(method, path)
                .header("cookie", &format!("access_token={}", fresh(now))),
        }
        .send()
        .await
    }

    /// Holds an answer against the rule.
    fn check(&self, operation: &Operation, method: &str, reply: &Reply) {
        let what = format!("{method} {} as {}: {}", operation.path, self.name, reply.text());
        assert!(reply.status < 500, "{what}");
        let told = |status, code, message: &str| {
            assert_eq!(reply.status, status, "{what}");
            if method != "HEAD" {
                assert_eq!(reply.expect_error(status, code)["message"], message, "{what}");
            }
        };
        let Some(needed) = operation.role() else {
            // Its token is in the body or in a cookie of its own, and there is none.
            if operation.path == "/api/auth/refresh" {
                return;
            }
            assert!(![401, 403].contains(&reply.status), "{what}");
            return;
        };
        let is_write = !["GET", "HEAD"].contains(&method);
        if let Some(refusal) = self.refusal {
            told(401, "UNAUTHORIZED", refusal);
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}");
        } else if matches!(self.brings, Brings::Cookie) && is_write {
            told(403, "FORBIDDEN", "Cross-site request refused");
        } else if self.role < needed {
            let message = format!("This action requires '{}' role", needed.as_str());
            told(403, "FORBIDDEN", &message);
        } else {
            assert!(![401, 403].contains(&reply.status), "{what}");
        }
    }
}

async fn served(app: &TestApp) -> Value {
    app.nobody().get("/api/openapi.json").send().await.expect(200)
}

/// A new operation is in here by being in the document; that each is in the document, `openapi.rs` sees to.
#[tokio::test]
async fn every_operation_lets_in_whom_the_document_says_and_nobody_else() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let operations = operations(&served(&app).await);
    let kinds = kinds(&app).await;
    let mut calls = 0;
    for operation in &operations {
        for kind in &kinds {
            let reply = kind.call(&app, &operation.method, &operation.url()).await;
            kind.check(operation, &operation.method, &reply);
            calls += 1;
            if operation.method == "GET" {
                let reply = kind.call(&app, "HEAD", &operation.url()).await;
                kind.check(operation, "HEAD", &reply);
                calls += 1;
            }
        }
    }
    println!(
        "{} operations (HEAD with each GET) × {} callers: {calls} calls",
        operations.len(),
        kinds.len()
    );
    assert!(operations.len() > 100 && kinds.len() == 9);
}

/// Other spellings of a path lead to the same rule or nowhere.
#[tokio::test]
async fn no_spelling_of_a_path_leads_around_its_rule() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let mut calls = 0;
    for operation in operations(&served(&app).await) {
        if operation.role().is_none() {
            continue;
        }
        let url = operation.url();
        let below = url.trim_start_matches("/api");
        for spelling in [
            format!("/api/v1{below}"),
            format!("{url}/"),
            format!("{url}?"),
            format!("{url}//"),
            format!("/{url}"),
            format!("/api/{below}"),
            format!("/api/health/..{below}"),
            format!("/api/health/%2e%2e{below}"),
            format!("/api/docs/..%2f{}", below.trim_start_matches('/')),
            format!("/API{below}"),
            format!("{url};a=b"),
            format!("{url}%00"),
            format!("{url}%20"),
            format!("{url}.json"),
            format!("{url}?token=1.x"),
        ] {
            let reply = app
                .nobody()
                .call(
                    Method::from_bytes(operation.method.as_bytes()).unwrap(),
                    &spelling,
                )
                .header("x-original-url", "/api/health")
                .header("x-rewrite-url", "/api/health")
                .header("x-http-method-override", "GET")
                .send()
                .await;
            // Where the spelling is another route's, that one is public: the root and the probes.
            assert!(
                [400, 401, 404, 405].contains(&reply.status),
                "{} {spelling}: {} {}",
                operation.method,
                reply.status,
                reply.text()
            );
            calls += 1;
        }
    }
    println!("spellings of protected paths without a token: {calls} calls");
}

/// The document itself: each operation has its rule, in the words that clients read and in ours.
#[tokio::test]
async fn every_operation_of_the_document_says_its_rule() {
    let app = TestApp::start().await;
    let document = served(&app).await;
    assert_eq!(document["security"], json!([{"bearer": []}]));
    let mut counts = [0; 4];
    for operation in operations(&document) {
        let name = operation.name();
        let security = operation.body.get("security");
        match operation.role() {
            // A public operation is one that says so; one without a rule is a mistake.
            None => assert_eq!(security, Some(&json!([{}])), "{name} asks nobody who they are"),
            Some(role) if operation.takes_link() => {
                assert_eq!((role, operation.method.as_str()), (Role::Viewer, "GET"), "{name}");
                assert_eq!(security, Some(&json!([{"bearer": []}, {"link": []}])), "{name}");
            }
            Some(_) => assert_eq!(security, None, "{name}"),
        }
        let description = operation.body["description"].as_str().unwrap_or_default();
        let place = match operation.role() {
            None => 0,
            Some(role) => {
                let sentence = format!("Role: {}.", role.as_str());
                assert!(description.ends_with(&sentence), "{name}: {description}");
                1 + Role::ALL.iter().position(|known| *known == role).unwrap()
            }
        };
        counts[place] += 1;
    }
    let [public, viewer, editor, admin] = counts;
    println!("operations: {public} public, {viewer} for viewers, {editor} for editors, {admin} for admins");
    assert!(counts.iter().all(|count| *count > 5), "{counts:?}");
    assert!(document["paths"].get(format!("/api/po/{UNKNOWN}")).is_none());
}
