//! Ways out of a folder, in every place that a path, an id or a name of a file may stand in.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::Method;
use serde_json::json;

use crate::support::{
    TestApp,
    files::{PDF_HEAD, open_session, to_session},
    operations::{document, operations},
    wire::exchange,
};

/// What is outside, and may never be in an answer.
const CANARY: &str = "the-content-of-a-file-outside";

/// The ways to a file, in the spellings that something on the way may undo.
fn ways_to(file: &Path) -> Vec<String> {
    let plain = file.to_str().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let mut ways = Vec::new();
    for step in [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "%252e%252e%252f",
        "..%5c",
        "..\\",
        "..%c0%af",
        "%c0%ae%c0%ae/",
        "....//",
        "..;/",
        ".%00./",
        "%uff0e%uff0e/",
    ] {
        for depth in [1, 3, 8] {
            ways.push(format!("{}{name}", step.repeat(depth)));
            ways.push(format!("{}{}", step.repeat(depth), plain.trim_start_matches('/')));
        }
    }
    for whole in [
        plain.to_owned(),
        plain.replace('/', "%2f"),
        format!("/{plain}"),
        format!("file://{plain}"),
        format!("{name}%00.pdf"),
        format!("temp/{name}"),
        format!("C:%5c{name}"),
        "etc/passwd".to_owned(),
        "%2fetc%2fpasswd".to_owned(),
        "/proc/self/environ".to_owned(),
    ] {
        ways.push(whole);
    }
    ways
}

#[tokio::test]
async fn no_path_leads_to_a_file_outside() {
    let app = TestApp::start_with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let admin = app.admin().await;
    // Beside the folder of files, and in it, where no row names it.
    let root = app.upload_folder();
    let outside = root
        .parent()
        .unwrap()
        .join(format!("{}-canary.txt", uuid::Uuid::new_v4().simple()));
    let inside = root.join("canary.txt");
    for file in [&outside, &inside] {
        fs::write(file, CANARY).unwrap();
    }
    let ways: BTreeSet<String> = ways_to(&outside).into_iter().chain(ways_to(&inside)).collect();
    let all = operations(&document());
    let with_parameters: Vec<_> = all
        .iter()
        .filter(|operation| operation.method == "GET" && operation.path.contains('{'))
        .collect();
    let folders = ["/uploads", "/api/docs", "/api/redoc", "/api/health", "/api", ""];
    let mut calls = 0;
    for way in &ways {
        // As it stands: a decent client would take the dots out of the path first.
        let token = admin.token.as_deref().unwrap();
        for folder in folders {
            let request = format!(
                "GET {folder}/{} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
                way.trim_start_matches('/')
            );
            let reply = exchange(&app, request).await;
            assert!(
                !reply.text().contains(CANARY) && !reply.text().contains("root:"),
                "{folder}/{way}"
            );
            assert!(
                [400, 404, 422].contains(&reply.status),
                "{folder}/{way}: {} {}",
                reply.status,
                reply.text()
            );
            calls += 1;
        }
    }
    // In the place of every id; the dots are percent-encoded, so that clients leave them alone.
    for operation in &with_parameters {
        for way in ways
            .iter()
            .filter(|way| way.contains('%') && !way.contains(['/', '\\']))
        {
            let parts = operation.path.split('/');
            let path: Vec<&str> = parts
                .map(|part| if part.starts_with('{') { way.as_str() } else { part })
                .collect();
            let reply = admin
                .call(Method::GET, format!("{}?token=1.x", path.join("/")))
                .send()
                .await;
            assert!(
                !reply.text().contains(CANARY) && !reply.text().contains("root:"),
                "{}: {way}",
                operation.name()
            );
            assert!(
                reply.status < 500
                    && (reply.status != 200
                        || operation.path.contains("{po_number}")
                        || operation.path.contains("{cat}")),
                "{} {way}: {} {}",
                operation.name(),
                reply.status,
                reply.text()
            );
            calls += 1;
        }
    }
    fs::remove_file(outside).unwrap();
    println!(
        "{} ways out of a folder, below {} folders and in the ids of {} operations: {calls} calls",
        ways.len(),
        folders.len(),
        with_parameters.len()
    );
}

/// What lies below a folder.
fn files_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.insert(path.to_str().unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn no_name_of_a_file_leads_out_of_the_storage() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let session = open_session(&editor, &json!({})).await;
    let root = app.upload_folder();
    let names = [
        "../../evil.pdf",
        "..\\..\\evil.pdf",
        "/etc/cron.d/evil.pdf",
        "C:\\Windows\\evil.pdf",
        "....//....//evil.pdf",
        "..%2f..%2fevil.pdf",
        "sub/dir/evil.pdf",
        "./evil.pdf",
        "~/evil.pdf",
        "evil.pdf/.",
        "evil.pdf/../x.pdf",
        ".htaccess.pdf",
        "CON.pdf",
        "a\u{0}.pdf",
        "\u{ff0e}\u{ff0e}\u{ff0f}evil.pdf",
    ];
    let mut stored = 0;
    for name in names {
        let reply = to_session(&editor, &session, name, PDF_HEAD, &[]).send().await;
        if reply.status != 200 {
            assert!(
                [400, 415, 422].contains(&reply.status),
                "{name}: {}",
                reply.text()
            );
            continue;
        }
        stored += 1;
        let file = reply.json();
        let kept = file["original_filename"].as_str().unwrap();
        assert!(
            !kept.contains(['/', '\\', '\0']) && !kept.starts_with('.'),
            "{name}: {kept}"
        );
        let storage = file["storage_filename"].as_str().unwrap();
        assert!(
            storage
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte)),
            "{storage}"
        );
    }
    let mut found = BTreeSet::new();
    files_below(root, &mut found);
    let folder = root.join("sessions").join(&session);
    assert!(
        found
            .iter()
            .all(|path| Path::new(path).parent() == Some(folder.as_path())),
        "{found:?}"
    );
    assert_eq!(found.len(), stored);
    for outside in ["../evil.pdf", "../../evil.pdf", "../../../evil.pdf"] {
        assert!(!root.join(outside).exists(), "{outside}");
        assert!(!folder.join(outside).exists(), "{outside}");
    }
    assert!(!Path::new("/etc/cron.d/evil.pdf").exists());
    println!(
        "{} names of files that lead elsewhere, {stored} stored under names of ours",
        names.len()
    );
}
