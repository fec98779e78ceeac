//! Wrong requests of every kind that a client can send: each is refused with the reason in the one shape of errors, and
//! none of them is a fault of the server.

mod bodies;
mod forms;
mod heads;
mod targets;

use crate::support::{
    TestApp,
    callers::{Call, Caller, Reply, fault_list},
    logs::Logs,
};

/// A wrong request, and what it is answered.
struct Wrong {
    what: String,
    call: Call,
    status: u16,
    /// `field: type` of each fault; empty where there are none.
    faults: Vec<String>,
}

fn wrong(what: impl Into<String>, call: Call, status: u16, faults: &[&str]) -> Wrong {
    Wrong {
        what: what.into(),
        call,
        status,
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
    }
}

/// Where a valid PO for lines is, and who sends.
struct Scene {
    app: TestApp,
    editor: Caller,
    po: i64,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let editor = app.editor().await;
        let po = app.client_po().insert().await;
        Self { app, editor, po }
    }
}

fn code_of(status: u16) -> &'static str {
    match status {
        400 => "BAD_REQUEST",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        405 => "METHOD_NOT_ALLOWED",
        409 => "CONFLICT",
        413 => "PAYLOAD_TOO_LARGE",
        415 => "UNSUPPORTED_MEDIA_TYPE",
        422 => "VALIDATION_ERROR",
        _ => panic!("{status} is no status of this table"),
    }
}

/// What no answer may contain: names of our language, its libraries, our files, and the database's own words.
const INTERNALS: [&str; 22] = [
    "::",
    "nexgen_finance",
    "src/",
    ".rs",
    "serde",
    "sqlx",
    "axum",
    "hyper",
    "tokio",
    "anyhow",
    "Option<",
    "panick",
    "SELECT",
    "INSERT",
    "UPDATE ",
    "Finances",
    "SQLSTATE",
    "relation",
    "syntax",
    "pg_",
    "/root",
    "/tmp",
];

/// Checks an answer of the table.
fn check(what: &str, reply: &Reply, status: u16, faults: &[String]) {
    assert_eq!(reply.status, status, "{what}: {}", reply.text());
    let body = reply.expect_error(status, code_of(status));
    reply.expect_common_headers();
    assert_eq!(reply.header("content-type"), "application/json", "{what}");
    let text = reply.text();
    for word in INTERNALS {
        assert!(!text.contains(word), "{what} tells of {word}: {text}");
    }
    let mut expected = faults.to_vec();
    expected.sort();
    assert_eq!(fault_list(&body), expected, "{what}: {text}");
    assert_eq!(
        body.get("errors").is_some(),
        status == 422 || !faults.is_empty(),
        "{what}: {text}"
    );
    for fault in body["errors"].as_array().into_iter().flatten() {
        assert!(
            fault["message"].as_str().is_some_and(|text| !text.is_empty()),
            "{what}: {text}"
        );
    }
    match status {
        401 => assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}"),
        405 => assert_ne!(reply.header("allow"), "", "{what}"),
        _ => {}
    }
}

/// Sends all of them; none may leave an error in the log.
async fn refuse_all(wrongs: Vec<Wrong>) {
    let logs = Logs::start("DEBUG");
    for (number, wrong) in wrongs.into_iter().enumerate() {
        let id = format!("wrong-{number}");
        let reply = wrong.call.header("x-request-id", &id).send().await;
        check(&wrong.what, &reply, wrong.status, &wrong.faults);
        assert_eq!(reply.header("x-request-id"), id);
    }
    let logged = logs.end();
    assert_eq!(logged.errors, "");
    assert!(
        logged.lines().iter().all(|line| line.get("error").is_none()),
        "{}",
        logged.console
    );
}
