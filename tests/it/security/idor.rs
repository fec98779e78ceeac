//! Ids of other people's rows, and links to other files: each opens what it was made for, for whom it was made.
//!
//! All users of a server belong to one company and read the same books; what is somebody's own is their uploads, their
//! account, their sessions and their idempotency keys.

use chrono::TimeDelta;
use nexgen_finance::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::rows;
use crate::support::{
    TestApp,
    callers::Caller,
    files::{PDF_HEAD, open_session, to_session},
    operations::{document, operations},
    vendor_rows::{Order, vendor},
};

/// Rows of one owner, and what the parameters of paths call them.
async fn family(app: &TestApp, name: &str, editor: &Caller) -> Vec<(&'static str, String)> {
    let project = app.project(name).await;
    let po = app.client_po().project(project).number(name).insert().await;
    let order = Order::over("100")
        .of(vendor(app, name).await)
        .project(project)
        .insert(app)
        .await;
    let payment = app.vendor_payment(order, "10", "cleared").await;
    let bill = editor
        .post(format!("/api/projects/{project}/billing-po"))
        .json(&json!({"client_po_id": po, "billed_value": 10}))
        .send()
        .await
        .expect(200);
    let bill = bill["billing_po"]["id"].to_string().replace('"', "");
    let line = editor
        .post(format!("/api/billing-po/{bill}/line-items"))
        .json(&json!({"description": "Works", "qty": 1, "rate": 10}))
        .send()
        .await
        .expect(200);
    let line = line["line_item"]["id"].to_string().replace('"', "");
    let session = open_session(editor, &json!({})).await;
    let file = to_session(editor, &session, "a.pdf", PDF_HEAD, &[])
        .send()
        .await
        .expect(200);
    vec![
        ("project_id", project.to_string()),
        ("client_po_id", po.to_string()),
        ("vendor_order_id", order.to_string()),
        ("payment_id", payment.to_string()),
        ("billing_po_id", bill),
        ("line_item_id", line),
        ("session_id", session),
        ("file_id", file["id"].as_str().unwrap().to_owned()),
    ]
}

/// Every operation that names two rows, the one below the other, with each of the two from another family.
#[tokio::test]
async fn a_row_is_found_below_its_own_parent_only() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let families = [
        family(&app, "One", &admin).await,
        family(&app, "Two", &admin).await,
    ];
    let id = |family: usize, name: &str| {
        let of_family = families[family].iter().find(|(known, _)| *known == name);
        of_family.unwrap_or_else(|| panic!("no row for {name}")).1.clone()
    };
    let before = rows(&app).await;
    let (mut seen, mut calls) = (Vec::new(), 0);
    for operation in operations(&document()) {
        let names: Vec<&str> = operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        // What attaches a PO to a project names one that is not below it yet.
        let [parent, child] = names[..] else { continue };
        if operation.path.ends_with("/attach") {
            continue;
        }
        for (of_parent, of_child) in [(0, 1), (1, 0)] {
            let path = operation
                .path
                .replace(&format!("{{{parent}}}"), &id(of_parent, parent))
                .replace(&format!("{{{child}}}"), &id(of_child, child));
            let call = admin.call(Method::from_bytes(operation.method.as_bytes()).unwrap(), &path);
            let call = if operation.body.get("requestBody").is_some() {
                call.json(
                    &json!({"notes": "not mine", "po_value": 1, "billed_value": 1, "status": "approved"}),
                )
            } else {
                call
            };
            let reply = call.send().await;
            assert_eq!(reply.status, 404, "{} {path}: {}", operation.method, reply.text());
            calls += 1;
        }
        seen.push(operation.name());
    }
    assert_eq!(rows(&app).await, before);
    println!(
        "{} operations with two ids × 2 foreign pairs: {calls} calls",
        seen.len()
    );
    assert!(seen.len() >= 8, "{seen:?}");
}

/// The path and the token of a link.
struct Link {
    path: String,
    token: String,
}

fn link(app: &TestApp, text: &Value) -> Link {
    let text = text.as_str().unwrap();
    let path = text.strip_prefix(&app.base_url).unwrap_or(text);
    let (path, token) = path.split_once("?token=").unwrap();
    Link {
        path: path.to_owned(),
        token: token.to_owned(),
    }
}

/// Two session files and two documents, with every link that there is to them: by id and by the older paths.
async fn links(app: &TestApp, editor: &Caller) -> Vec<Vec<Link>> {
    let mut links = Vec::new();
    let session = open_session(editor, &json!({})).await;
    for name in ["a.pdf", "b.pdf"] {
        let file = to_session(editor, &session, name, PDF_HEAD, &[])
            .send()
            .await
            .expect(200);
        links.push(vec![
            link(app, &file["access_url"]),
            link(app, &file["direct_url"]),
        ]);
    }
    let po = app.client_po().insert().await;
    for name in ["c.pdf", "d.pdf"] {
        let reply = editor
            .post(format!("/api/client-po/{po}/files"))
            .file(name, PDF_HEAD, &[])
            .send()
            .await;
        let document = reply.expect(200)["file"].clone();
        let by_id = link(app, &document["download_url"]);
        let by_name = Link {
            path: format!("/uploads/{}", document["stored_filename"].as_str().unwrap()),
            token: by_id.token.clone(),
        };
        links.push(vec![by_id, by_name]);
    }
    links
}

#[tokio::test]
async fn a_signed_link_opens_its_file_and_no_other_and_cannot_be_changed() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let files = links(&app, &editor).await;
    let nobody = app.nobody();
    let mut calls = 0;
    // Every token on every path: just those of the file open it.
    for (owner, tokens) in files.iter().enumerate() {
        for (file, paths) in files.iter().enumerate() {
            for (token, path) in tokens
                .iter()
                .flat_map(|one| paths.iter().map(move |other| (one, other)))
            {
                let reply = nobody
                    .get(format!("{}?token={}", path.path, token.token))
                    .send()
                    .await;
                let expected = if owner == file { 200 } else { 401 };
                assert_eq!(reply.status, expected, "{} with the token of {owner}", path.path);
                calls += 1;
            }
        }
    }
    // Of each link every letter changed, and its end moved.
    for link in files.iter().flatten() {
        let (end, signature) = link.token.split_once('.').unwrap();
        let end: i64 = end.parse().unwrap();
        let mut forged: Vec<String> = (0..link.token.len())
            .map(|place| {
                let mut bytes = link.token.clone().into_bytes();
                bytes[place] = match bytes[place] {
                    b'A' => b'Q',
                    b'.' => b'-',
                    b'0'..=b'8' => bytes[place] + 1,
                    _ => b'A',
                };
                String::from_utf8(bytes).unwrap()
            })
            .collect();
        for moved in [end + 1, end - 1, end + 86_400, i64::MAX, 0, -1] {
            forged.push(format!("{moved}.{signature}"));
        }
        for text in [
            format!("{}", end + 1),
            format!("{end}."),
            format!(".{signature}"),
            format!("{end}.{signature}.{signature}"),
            format!("%20{}", link.token),
            format!("{}%00", link.token),
            editor.token.clone().unwrap(),
            "*".to_owned(),
        ] {
            forged.push(text);
        }
        for token in forged {
            let reply = nobody.get(format!("{}?token={token}", link.path)).send().await;
            assert_eq!(reply.status, 401, "{}?token={token}", link.path);
            calls += 1;
        }
        // It is no token of a user, and reads only.
        let good = format!("{}?token={}", link.path, link.token);
        for method in [Method::DELETE, Method::POST, Method::PUT] {
            let reply = nobody.call(method, &good).send().await;
            assert!([401, 405].contains(&reply.status), "{good}: {}", reply.status);
        }
        let reply = nobody.with_token(&link.token).get(&link.path).send().await;
        reply.expect_error(401, "UNAUTHORIZED");
        let cookie = format!("access_token={}", link.token);
        let reply = nobody.get(&link.path).header("cookie", &cookie).send().await;
        reply.expect_error(401, "UNAUTHORIZED");
        calls += 5;
    }
    // It opens no other operation, with or without ids.
    let token = &files[0][0].token;
    for operation in operations(&document()) {
        if operation.role().is_none() {
            continue;
        }
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let reply = nobody
            .call(method, format!("{}?token={token}", operation.url()))
            .send()
            .await;
        assert_eq!(reply.status, 401, "{}", operation.name());
        calls += 1;
    }
    app.clock().advance(TimeDelta::seconds(3601));
    for link in files.iter().flatten() {
        let reply = nobody
            .get(format!("{}?token={}", link.path, link.token))
            .send()
            .await;
        assert_eq!(reply.status, 401, "{}", link.path);
        calls += 1;
    }
    println!(
        "{} files, {} links to them: {calls} calls",
        files.len(),
        files.iter().flatten().count()
    );
}

/// What an editor uploaded, another editor may read, but not remove.
#[tokio::test]
async fn nobody_removes_what_another_editor_has_uploaded() {
    let app = TestApp::start().await;
    let (owner, other) = (app.editor().await, app.editor().await);
    let session = open_session(&owner, &json!({})).await;
    let file = to_session(&owner, &session, "a.pdf", PDF_HEAD, &[])
        .send()
        .await
        .expect(200);
    let po = app.client_po().insert().await;
    let reply = owner
        .post(format!("/api/client-po/{po}/files"))
        .file("b.pdf", PDF_HEAD, &[])
        .send()
        .await;
    let document_id = reply.expect(200)["file"]["id"].clone();
    let before = rows(&app).await;
    for path in [
        format!(
            "/api/uploads/session/{session}/files/{}",
            file["id"].as_str().unwrap()
        ),
        format!(
            "/api/uploads/session/{session}/files/{}?user_id={}",
            file["id"].as_str().unwrap(),
            owner.user_id
        ),
        format!("/api/uploads/session/{session}"),
        format!("/api/documents/{document_id}"),
    ] {
        other.delete(&path).send().await.expect_error(403, "FORBIDDEN");
        app.viewer()
            .await
            .delete(&path)
            .send()
            .await
            .expect_error(403, "FORBIDDEN");
    }
    // The users who asked are new rows; everything else is as it was.
    let after = rows(&app).await;
    assert!(before.iter().all(|row| after.contains(row)));
}

/// An account, its sessions and its keys are its owner's.
#[tokio::test]
async fn an_account_is_open_to_its_owner_and_admins() {
    let app = TestApp::start().await;
    app.account("asha", Role::Editor).await;
    app.account("ravi", Role::Editor).await;
    let (asha, ravi) = (app.login("asha").await, app.login("ravi").await);
    let own = format!("/api/users/{}", asha.user_id);
    asha.caller.get(&own).send().await.expect(200);
    ravi.caller.get(&own).send().await.expect_error(403, "FORBIDDEN");
    for (method, body) in [
        (Method::PUT, json!({"role": "admin"})),
        (Method::PUT, json!({"password": "battery staple"})),
        (Method::DELETE, json!({})),
    ] {
        // Not even of oneself.
        for caller in [&ravi.caller, &asha.caller] {
            let reply = caller.call(method.clone(), &own).json(&body).send().await;
            reply.expect_error(403, "FORBIDDEN");
        }
    }
    // Fields that nobody asked for give no role, neither at signup nor with a change of the password.
    let signup = json!({"username": "mallory", "email": "mallory@example.com", "password": "correct horse",
        "role": "admin", "roles": ["admin"], "is_active": true, "id": 1, "user_id": 1, "token_version": 99});
    let made = app
        .nobody()
        .post("/api/auth/signup")
        .json(&signup)
        .send()
        .await
        .expect(200);
    assert_eq!(made["user"]["role"], "viewer");
    // Somebody else's refresh token does not end with one's own session.
    let body = json!({"refresh_token": asha.refresh});
    ravi.caller.post("/api/auth/logout").json(&body).send().await;
    app.refresh(&asha.refresh).await.expect(200);
}
