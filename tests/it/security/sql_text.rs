//! Text that means something to SQL, to patterns and to JSON paths, in every text field of every body and in every text of
//! every query that the document names: it is kept as it is or refused with its field's name, and never a fault of ours.
//!
//! The tables of what routes refuse (`support::faults`) have the rows and the valid bodies that this starts from; each of
//! them has a test that calls [`try_all`].

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use super::rows;
use crate::support::{
    TestApp,
    callers::{Caller, Reply, fault_list},
    faults::{Body, Route, Scene, Suite},
    operations::{Operation, document, operations, resolve},
};

/// What breaks out of quotes, comments, patterns, placeholders, arrays and templates where somebody glues text together.
const HOSTILE: [&str; 14] = [
    "'",
    "''; --",
    "\"; --",
    "\"\"",
    "%",
    "_",
    "\\",
    "\\' OR 1=1",
    "' OR 'a'='a",
    "$1 ${x} {0}",
    "/* */ ;",
    "{a,NULL}",
    "E'\\x00'::int",
    "$$x$$ \u{2019}",
];
/// What a route does not read, although it documents it: a word for another route's sake, or one that something else in the
/// request makes unimportant.
const UNREAD: [(&str, &str); 8] = [
    // Words for a bill's state that are none of ours are passed over; who approves is who calls.
    ("POST /api/projects/{project_id}/billing-po", "status"),
    (
        "PUT /api/projects/{project_id}/billing-po/{billing_po_id}",
        "status",
    ),
    ("PUT /api/billing-po/{billing_po_id}", "status"),
    ("POST /api/billing-po/{billing_po_id}/approve", "approved_by"),
    // `query` is what this searches for.
    ("GET /api/vendor-orders/search", "search"),
    // Unimportant beside a user's own token.
    (
        "GET /api/uploads/session/{session_id}/files/{file_id}/download",
        "token",
    ),
    ("GET /api/documents/download/{doc_id}", "token"),
    ("GET /uploads/{path}", "token"),
];
/// Begins each text that is sent, before its number. No token, hash or id has a tilde: two letters and a digit alone turn up in
/// a signed link by chance.
const MARK: &str = "zq~";

/// The texts that were sent, by their numbers.
#[derive(Default)]
struct Sent {
    texts: BTreeMap<usize, String>,
    kept: BTreeSet<usize>,
    fields: usize,
    queries: usize,
    calls: usize,
    problems: BTreeSet<String>,
}

impl Sent {
    fn text(&mut self, hostile: &str) -> String {
        let number = self.texts.len() + 1;
        let text = format!("{MARK}{number}x{hostile}");
        self.texts.insert(number, text.clone());
        text
    }

    /// Notes an answer that is not as it should be.
    fn expect(&mut self, is_fine: bool, what: &str, reply: &Reply) {
        if !is_fine {
            let text: String = reply.text().chars().take(400).collect();
            self.problems.insert(format!("{what}: {} {text}", reply.status));
        }
    }

    /// Each of our texts that stands in a value stands there whole.
    fn look(&mut self, value: &Value, place: &str) {
        match value {
            Value::String(text) => {
                for (start, _) in text.match_indices(MARK) {
                    let rest = &text[start + MARK.len()..];
                    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                    let Some(sent) = rest[..digits].parse().ok().and_then(|n| self.texts.get(&n)) else {
                        continue;
                    };
                    let kept = [sent.clone(), as_file_name(sent)];
                    if !kept.iter().any(|kept| text[start..].starts_with(kept.as_str())) {
                        self.problems.insert(format!("{place}: {text:?} is not {sent:?}"));
                    }
                    self.kept.insert(rest[..digits].parse().unwrap());
                }
            }
            Value::Array(entries) => entries.iter().for_each(|entry| self.look(entry, place)),
            Value::Object(fields) => fields.values().for_each(|field| self.look(field, place)),
            _ => {}
        }
    }
}

/// The text as the name of a file, which loses the letters that mean something to file systems.
fn as_file_name(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        let letter = if "<>:\"/\\|?*".contains(letter) {
            '_'
        } else {
            letter
        };
        if letter != '_' || !name.ends_with('_') {
            name.push(letter);
        }
    }
    name.trim_matches(['.', ' ']).to_owned()
}

/// A place of a body where text may stand: the way to it.
type Way = Vec<String>;

/// The places of a schema that take any text; of lists the first entry.
fn text_places(document: &Value, schema: &Value, way: &Way, depth: usize, found: &mut BTreeSet<Way>) {
    let schema = resolve(document, schema);
    if depth > 6 {
        return;
    }
    for choices in ["allOf", "oneOf", "anyOf"] {
        for choice in schema[choices].as_array().into_iter().flatten() {
            text_places(document, choice, way, depth + 1, found);
        }
    }
    let is_text =
        |kind: &Value| kind == "string" || kind.as_array().is_some_and(|all| all.contains(&json!("string")));
    if is_text(&schema["type"]) && schema.get("enum").is_none() && schema.get("format").is_none() {
        found.insert(way.clone());
    }
    let longer = |step: &str| way.iter().cloned().chain([step.to_owned()]).collect::<Way>();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        text_places(document, field, &longer(name), depth + 1, found);
    }
    if schema["items"].is_object() {
        text_places(document, &schema["items"], &longer("0"), depth + 1, found);
    }
}

/// Puts a text into a body; what is on the way there is made.
fn put(body: &mut Value, way: &[String], text: Value) {
    let Some((step, rest)) = way.split_first() else {
        *body = text;
        return;
    };
    if step == "0" {
        if !body.is_array() {
            *body = json!([{}]);
        }
        let entries = body.as_array_mut().unwrap();
        if entries.is_empty() {
            entries.push(json!({}));
        }
        put(&mut entries[0], rest, text);
    } else {
        if !body.is_object() {
            *body = json!({});
        }
        put(&mut body[step.as_str()], rest, text);
    }
}

/// The way as the fields of faults are written.
fn written(way: &Way) -> String {
    way.join(".").replace(".0", "[0]")
}

fn operation_of<'a>(all: &'a [Operation], route: &Route) -> &'a Operation {
    all.iter()
        .find(|operation| operation.name() == route.name)
        .unwrap_or_else(|| panic!("{} is not in the document", route.name))
}

/// The parameters of its query that take any text.
fn text_parameters(document: &Value, operation: &Operation) -> Vec<String> {
    let parameters = operation.body["parameters"].as_array();
    parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .filter(|parameter| {
            let mut found = BTreeSet::new();
            text_places(document, &parameter["schema"], &Way::new(), 0, &mut found);
            !found.is_empty()
        })
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

fn is_unread(route: &Route, name: &str) -> bool {
    UNREAD.contains(&(route.name, name))
}

/// Tries it on every route of a table.
pub(crate) async fn try_all(suite: &Suite) {
    let document = document();
    let all = operations(&document);
    let scene = (suite.scene)().await;
    let admin = scene.app.admin().await;
    let mut sent = Sent::default();
    let (reads, writes): (Vec<&Route>, Vec<&Route>) =
        suite.routes.iter().partition(|route| !route.is_write());
    for route in &reads {
        query(
            &scene,
            &admin,
            route,
            (&document, operation_of(&all, route)),
            &mut sent,
        )
        .await;
    }
    for route in writes.iter().filter(|route| route.method() != "DELETE") {
        let operation = operation_of(&all, route);
        query(&scene, &admin, route, (&document, operation), &mut sent).await;
        if let Body::Json(valid, _) = route.body {
            let schema = operation
                .body
                .pointer("/requestBody/content/application~1json/schema")
                .unwrap_or_else(|| panic!("{} documents no body", route.name));
            let mut places = BTreeSet::new();
            text_places(&document, schema, &Way::new(), 0, &mut places);
            sent.fields += places.len();
            for (name, preparation) in suite.prepared {
                if *name == route.name {
                    scene.app.execute(preparation).await;
                }
            }
            body(&scene, &admin, route, (valid, &places), &mut sent).await;
        }
    }
    // What was stored comes out again, whoever asks and however.
    for route in &reads {
        let reply = scene.call(&admin, route, route.path(), route.query).send().await;
        sent.expect(reply.status < 500, route.name, &reply);
        if let Ok(answer) = serde_json::from_slice(&reply.bytes) {
            sent.look(&answer, route.name);
        }
    }
    for (table, row) in rows(&scene.app).await {
        sent.look(&row, &table);
    }
    println!(
        "{} routes: {} text fields of bodies, {} of queries, {} strings: {} calls, {} texts sent, {} of them found stored, whole",
        suite.routes.len(),
        sent.fields,
        sent.queries,
        HOSTILE.len() + 1,
        sent.calls,
        sent.texts.len(),
        sent.kept.len()
    );
    let problems: Vec<String> = sent.problems.into_iter().collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Every text of a route's query.
async fn query(
    scene: &Scene,
    admin: &Caller,
    route: &Route,
    (document, operation): (&Value, &Operation),
    sent: &mut Sent,
) {
    let names = text_parameters(document, operation);
    sent.queries += names.len();
    for name in &names {
        for hostile in HOSTILE.into_iter().chain(["\0"]) {
            let words = form_urlencoded::Serializer::new(String::new())
                .append_pair(name, hostile)
                .finish();
            let call = scene.call(admin, route, route.path(), &format!("{words}&{}", route.query));
            let reply = call.send().await;
            sent.calls += 1;
            let what = format!("{}?{name}={hostile:?}", route.name);
            sent.expect(reply.status < 500, &what, &reply);
            if is_unread(route, name) {
                continue;
            }
            sent.expect(hostile != "\0" || reply.status == 422, &what, &reply);
            if is_pattern(hostile) && reply.status == 200 {
                sent.expect(finds_itself_only(hostile, &reply), &what, &reply);
            }
        }
    }
}

fn is_pattern(hostile: &str) -> bool {
    matches!(hostile, "%" | "_" | "\\")
}

/// Whether a list that was asked for a letter of patterns has nothing in it that does not hold that letter.
fn finds_itself_only(letter: &str, reply: &Reply) -> bool {
    let Ok(answer) = serde_json::from_slice::<Value>(&reply.bytes) else {
        return true;
    };
    let written = if letter == "\\" { "\\\\" } else { letter };
    let values = answer.as_object().into_iter().flatten();
    let entries = values.filter_map(|(_, value)| value.as_array()).flatten();
    entries
        .filter(|entry| entry.is_object())
        .all(|entry| texts(entry).iter().any(|text| text.contains(written)))
}

/// Every text of a value, as JSON writes it.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(_) => vec![value.to_string()],
        Value::Array(entries) => entries.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Every text of a route's body: all fields at once with each string, then each field by itself with what cannot be stored.
async fn body(
    scene: &Scene,
    admin: &Caller,
    route: &Route,
    (valid, places): (&str, &BTreeSet<Way>),
    sent: &mut Sent,
) {
    for hostile in HOSTILE {
        let mut places: Vec<Way> = places.iter().cloned().collect();
        // A field that does not take it says so, and is left as it was.
        for _ in 0..4 {
            let mut body: Value = serde_json::from_str(&scene.fill(valid)).unwrap();
            for way in &places {
                put(&mut body, way, sent.text(hostile).into());
            }
            let reply = scene
                .bare(admin, route, route.path(), route.query)
                .json(&body)
                .send()
                .await;
            sent.calls += 1;
            sent.expect(reply.status < 500, &format!("{} {body}", route.name), &reply);
            if let Ok(answer) = serde_json::from_slice(&reply.bytes) {
                sent.look(&answer, route.name);
            }
            if reply.status != 422 {
                break;
            }
            let faults = fault_list(&reply.json());
            places.retain(|way| {
                let start = format!("{}: ", written(way));
                !faults.iter().any(|fault| fault.starts_with(&start))
            });
        }
    }
    for way in places {
        let mut body: Value = serde_json::from_str(&scene.fill(valid)).unwrap();
        put(&mut body, way, "a\0b".into());
        let reply = scene
            .bare(admin, route, route.path(), route.query)
            .json(&body)
            .send()
            .await;
        sent.calls += 1;
        let what = format!("{} {}", route.name, written(way));
        let is_refused =
            reply.status == 422 || (is_unread(route, &way.join(".")) && [200, 409].contains(&reply.status));
        sent.expect(is_refused, &what, &reply);
    }
}

/// The routes of accounts, which no table has: names, addresses and passwords, where they are asked for without a token too.
#[tokio::test]
async fn names_and_passwords_are_text() {
    let app = TestApp::start().await;
    let admin = app.login_as_admin("asha").await;
    let texts = HOSTILE
        .into_iter()
        .chain(["\0", "asha' --", "asha\"; --", "%sha", "as_a"]);
    let mut calls = 0;
    for hostile in texts {
        let everywhere = json!({"username": hostile, "email": hostile, "password": hostile, "role": hostile,
            "current_password": hostile, "new_password": hostile, "refresh_token": hostile});
        for (method, path) in [
            ("POST", "/api/auth/login"),
            ("POST", "/api/auth/signup"),
            ("POST", "/api/auth/refresh"),
            ("POST", "/api/users"),
            ("PUT", "/api/users/1"),
        ] {
            // A login compares a password, which takes its time: only what could end a quote.
            if path.ends_with("/login") && !hostile.contains(['\'', '\0']) {
                continue;
            }
            let reply = admin
                .call(Method::from_bytes(method.as_bytes()).unwrap(), path)
                .json(&everywhere)
                .send()
                .await;
            assert!(
                [400, 401, 403, 422, 429].contains(&reply.status),
                "{path} {hostile:?}: {}",
                reply.text()
            );
            calls += 1;
        }
        let words = form_urlencoded::Serializer::new(String::new())
            .append_pair("search", hostile)
            .finish();
        let found = admin.get(format!("/api/users?{words}")).send().await;
        if hostile == "\0" {
            found.expect_error(422, "VALIDATION_ERROR");
        } else {
            assert_eq!(found.expect(200)["total_count"], 0, "{hostile:?}");
        }
        calls += 1;
    }
    println!("accounts: {calls} calls");
    let users: i64 = app.value(r#"SELECT count(*) FROM "Finances"."user""#).await;
    assert_eq!(users, 1);
}
