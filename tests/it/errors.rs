//! Wrong requests of every kind that a client can send: each is refused with the reason in the one shape of errors, and
//! none of them is a fault of the server.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nexgen_finance::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    app::SECRET_KEY,
    callers::{Call, Caller, Reply, fault_list, sign},
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

#[tokio::test]
async fn bodies_that_are_no_json_object_are_named_as_such() {
    let scene = Scene::set().await;
    let deep = |open: &str, close: &str, levels| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    let mut bodies: Vec<(&str, Vec<u8>)> = [
        ("no JSON", "name=Store"),
        ("a bare word", "Store"),
        ("cut off in an object", r#"{"name": "Store""#),
        ("cut off in a text", r#"{"name": "Sto"#),
        ("cut off in an escape", r#"{"name": "Sto\u00"#),
        ("more behind the end", r#"{"name": "Store"} {}"#),
        ("a comma too many", r#"{"name": "Store",}"#),
        ("single quotes", "{'name': 'Store'}"),
        ("a comment", r#"{"name": "Store" /* new */}"#),
        ("a byte order mark", "\u{feff}{\"name\": \"Store\"}"),
        ("a raw control character", "{\"name\": \"Sto\nre\"}"),
        ("half a surrogate pair", r#"{"name": "\ud800"}"#),
        ("NaN", r#"{"name": "Store", "latitude": NaN}"#),
        ("Infinity", r#"{"name": "Store", "latitude": -Infinity}"#),
        (
            "a number with a leading zero",
            r#"{"name": "Store", "latitude": 012}"#,
        ),
        ("a hexadecimal number", r#"{"name": "Store", "latitude": 0x1F}"#),
        (
            "a number without digits behind the point",
            r#"{"name": "Store", "latitude": 1.}"#,
        ),
        ("a name given twice", r#"{"name": "Store", "name": "Shop"}"#),
        (
            "a name given twice, once escaped",
            r#"{"name": "Store", "\u006eame": "Shop"}"#,
        ),
        (
            "a name given twice deep inside",
            r#"{"name": "Store", "x": [{"a": 1, "b": {}, "a": 2}]}"#,
        ),
        ("a list", "[]"),
        ("a text", r#""Store""#),
        ("a number", "5"),
        ("null", "null"),
        ("true", "true"),
        ("a NUL byte alone", "\0"),
        ("a NUL byte behind it", "{\"name\": \"Store\"}\0"),
    ]
    .map(|(what, text)| (what, text.as_bytes().to_vec()))
    .into();
    bodies.push(("bytes that are no text", b"{\"name\": \"St\xff\xfere\"}".to_vec()));
    bodies.push(("half a character", b"{\"name\": \"St\xc3\"}".to_vec()));
    bodies.push(("lists in lists", deep("[", "]", 100_000).into()));
    bodies.push(("objects in objects", deep("{\"a\":", "}", 100_000).into()));
    bodies.push((
        "lists in a field",
        format!("{{\"name\": {}}}", deep("[", "]", 100_000)).into(),
    ));
    bodies.push(("lists without end", vec![b'['; 2_000_000]));

    let wrongs = bodies.into_iter().map(|(what, body)| {
        let call = scene.editor.post("/api/projects").raw("application/json", body);
        wrong(what, call, 422, &["body: json_invalid"])
    });
    refuse_all(wrongs.collect()).await;
    let projects: i64 = scene
        .app
        .value(r#"SELECT count(*) FROM "Finances".project"#)
        .await;
    assert_eq!(projects, 0);
}

/// JSON in a text in JSON …, each level as deep as the parser lets one be; the names are a parser's private marks.
fn marked(mark: &str, levels: usize) -> String {
    let lists = 120;
    let mut text = "1".to_owned();
    for _ in 0..levels {
        let inner = Value::String(text).to_string();
        text = format!(
            "{}{{\"{mark}\": {inner}}}{}",
            "[".repeat(lists),
            "]".repeat(lists)
        );
    }
    format!("{{\"name\": {text}}}")
}

#[tokio::test]
async fn a_parsers_private_marks_do_not_reach_into_it() {
    let scene = Scene::set().await;
    let send = |body: String| scene.editor.post("/api/projects").body(body);

    let is_no_text = &["name: string_type"];
    let wrongs = vec![
        wrong(
            "a raw value in a raw value …",
            send(marked("$serde_json::private::RawValue", 17)),
            422,
            is_no_text,
        ),
        wrong(
            "a raw value that is not JSON",
            send(r#"{"name": {"$serde_json::private::RawValue": "[["}}"#.to_owned()),
            422,
            is_no_text,
        ),
        wrong(
            "a number made of text",
            send(r#"{"name": {"$serde_json::private::Number": "Store"}}"#.to_owned()),
            422,
            is_no_text,
        ),
    ];

    refuse_all(wrongs).await;
}

#[tokio::test]
async fn every_wrong_field_of_a_project_is_named() {
    let scene = Scene::set().await;
    let long = |length| "x".repeat(length);
    let table: Vec<(&str, Value, &[&str])> = vec![
        ("nothing", json!({}), &["name: missing"]),
        ("null", json!({"name": null}), &["name: missing"]),
        ("blank", json!({"name": "  "}), &["name: string_too_short"]),
        ("a number as text", json!({"name": 5}), &["name: string_type"]),
        (
            "a list as text",
            json!({"name": ["Store"]}),
            &["name: string_type"],
        ),
        (
            "an object as text",
            json!({"name": {"a": 1}}),
            &["name: string_type"],
        ),
        ("too long", json!({"name": long(256)}), &["name: string_too_long"]),
        (
            "far too long",
            json!({"name": long(1_000_000)}),
            &["name: string_too_long"],
        ),
        ("NUL in text", json!({"name": "Sto\0re"}), &["name: value_error"]),
        (
            "a word as id",
            json!({"name": "S", "client_id": "abc"}),
            &["client_id: int_parsing"],
        ),
        (
            "half an id",
            json!({"name": "S", "client_id": 1.5}),
            &["client_id: int_parsing"],
        ),
        (
            "id 0",
            json!({"name": "S", "client_id": 0}),
            &["client_id: int_parsing"],
        ),
        (
            "a negative id",
            json!({"name": "S", "client_id": -1}),
            &["client_id: int_parsing"],
        ),
        (
            "true as id",
            json!({"name": "S", "client_id": true}),
            &["client_id: int_parsing"],
        ),
        (
            "an unknown client",
            json!({"name": "S", "client_id": 999_999}),
            &["client_id: foreign_key"],
        ),
        (
            "an unknown word",
            json!({"name": "S", "status": "sleeping"}),
            &["status: enum"],
        ),
        (
            "a number as word",
            json!({"name": "S", "status": 1}),
            &["status: enum"],
        ),
        (
            "north of north",
            json!({"name": "S", "latitude": 90.1}),
            &["latitude: less_than_equal"],
        ),
        (
            "east of east",
            json!({"name": "S", "longitude": -181}),
            &["longitude: greater_than_equal"],
        ),
        (
            "three faults",
            json!({"name": "", "latitude": "north", "city": long(101)}),
            &[
                "city: string_too_long",
                "latitude: decimal_parsing",
                "name: string_too_short",
            ],
        ),
    ];
    let mut wrongs: Vec<Wrong> = table
        .into_iter()
        .map(|(what, body, faults)| wrong(what, scene.editor.post("/api/projects").json(&body), 422, faults))
        .collect();
    for number in ["1e400", "-1e400", "1e999999999999", "123456789012345678901"] {
        let body = format!(r#"{{"name": "S", "client_id": {number}}}"#);
        let call = scene.editor.post("/api/projects").body(body);
        wrongs.push(wrong(number, call, 422, &["client_id: int_parsing"]));
    }
    wrongs.push(wrong(
        "no body",
        scene.editor.post("/api/projects"),
        422,
        &["name: missing"],
    ));
    refuse_all(wrongs).await;
}

#[tokio::test]
async fn amounts_that_do_not_fit_are_refused_before_the_database() {
    let scene = Scene::set().await;
    let path = format!("/api/po/{}/line-items", scene.po);
    let mut wrongs = Vec::new();
    for (price, kind) in [
        ("12345678901234567890", "less_than_equal"),
        ("123456789012345678901234567890", "less_than_equal"),
        ("1e400", "less_than_equal"),
        ("1E+99999999999999999999", "less_than_equal"),
        ("-0.01", "greater_than_equal"),
        (r#""NaN""#, "decimal_parsing"),
        (r#""Infinity""#, "decimal_parsing"),
        (r#""1,000.00""#, "decimal_parsing"),
        (r#""₹ 5""#, "decimal_parsing"),
        (r#""٥""#, "decimal_parsing"),
        (r#""1_000""#, "decimal_parsing"),
        (r#""5\u0000""#, "decimal_parsing"),
        ("true", "decimal_parsing"),
        ("[5]", "decimal_parsing"),
        ("{}", "decimal_parsing"),
    ] {
        let body = format!(r#"{{"item_name": "Rods", "quantity": 1, "unit_price": {price}}}"#);
        wrongs.push(wrong(
            price,
            scene.editor.post(&path).body(body),
            422,
            &[&format!("unit_price: {kind}")],
        ));
    }
    for (quantity, kind) in [
        ("0", "greater_than"),
        ("0.00001", "greater_than"),
        ("100000000000", "less_than_equal"),
    ] {
        let body = format!(r#"{{"item_name": "Rods", "quantity": {quantity}, "unit_price": 1}}"#);
        wrongs.push(wrong(
            quantity,
            scene.editor.post(&path).body(body),
            422,
            &[&format!("quantity: {kind}")],
        ));
    }
    let product = r#"{"item_name": "Rods", "quantity": 99999999999, "unit_price": 99999999999}"#;
    wrongs.push(wrong(
        "a product",
        scene.editor.post(&path).body(product),
        422,
        &["quantity: less_than_equal"],
    ));
    refuse_all(wrongs).await;
}

#[tokio::test]
async fn paths_that_name_nothing_are_refused() {
    let scene = Scene::set().await;
    let mut wrongs = Vec::new();
    for id in [
        "abc",
        "-1",
        "0",
        "1.5",
        "+1",
        "1e3",
        "99999999999999999999",
        "9223372036854775808",
        "%00",
        "1%00",
        "%zz",
        "%2e%2e%2f",
        "%20",
        "١",
        "1%27%20OR%201=1",
        "0x1",
        "true",
        "%F0%9F%A6%80",
    ] {
        for (path, field) in [
            (format!("/api/po/{id}"), "po_id"),
            (format!("/api/projects/{id}/financial-summary"), "project_id"),
        ] {
            wrongs.push(wrong(
                &path,
                scene.editor.get(&path),
                422,
                &[&format!("{field}: int_parsing")],
            ));
        }
    }
    wrongs.push(wrong(
        "no UTF-8",
        scene.editor.get("/api/po/%ff"),
        422,
        &["path: value_error"],
    ));
    wrongs.push(wrong(
        "no UTF-8",
        scene.editor.get("/api/po/1%c3"),
        422,
        &["path: value_error"],
    ));
    for path in [
        "/api/po/9223372036854775807",
        "/api/projects/999999",
        "/api/po/999999/line-items",
    ] {
        wrongs.push(wrong(path, scene.editor.get(path), 404, &[]));
    }
    for path in [
        "/api/nowhere",
        "/api",
        "/api//po",
        "/api/po/1/nothing",
        "/api/PO",
        "/nowhere",
        "/api/po;v=1",
        "/api/v2/po",
        "/api/%70o",
        "/%00",
        "/api/../etc/passwd%00",
    ] {
        wrongs.push(wrong(path, scene.editor.get(path), 404, &[]));
        wrongs.push(wrong(path, scene.app.nobody().get(path), 404, &[]));
    }
    for (method, path) in [
        ("DELETE", "/api/po"),
        ("PUT", "/api/health"),
        ("PATCH", "/api/auth/login"),
        ("GET", "/api/auth/signup"),
        ("TRACE", "/api/po"),
        ("BREW", "/api/po/1"),
        ("get", "/api/po"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        wrongs.push(wrong(path, scene.editor.call(method, path), 405, &[]));
    }
    refuse_all(wrongs).await;
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let scene = Scene::set().await;
    let cursor = |text: &str| format!("/api/projects?cursor={}", URL_SAFE_NO_PAD.encode(text));
    let mut wrongs = Vec::new();
    for (query, fault) in [
        ("skip=-1", "skip: greater_than_equal"),
        ("skip=abc", "skip: int_parsing"),
        ("skip=1.5", "skip: int_parsing"),
        ("skip=99999999999999999999", "skip: int_parsing"),
        ("offset=-5", "offset: greater_than_equal"),
        ("limit=0", "limit: greater_than_equal"),
        ("limit=-1", "limit: greater_than_equal"),
        ("limit=1001", "limit: less_than_equal"),
        ("limit=%00", "limit: int_parsing"),
        ("limit=%FF", "limit: int_parsing"),
        ("limit=1;drop", "limit: int_parsing"),
        ("page=0", "page: greater_than_equal"),
        ("page_size=5000", "page_size: less_than_equal"),
        ("sort=password_hash", "sort: enum"),
        ("sort=id;drop%20table", "sort: enum"),
        ("sort=--id", "sort: enum"),
        ("sort=%00", "sort: enum"),
        ("status=sleeping", "status: enum"),
        ("status=%FF", "status: enum"),
        ("status=%zz", "status: enum"),
        ("client_id=abc", "client_id: int_parsing"),
        ("client_id=-1", "client_id: int_parsing"),
        ("cursor=abc", "cursor: value_error"),
        ("cursor=!!!", "cursor: value_error"),
        ("cursor=%00", "cursor: value_error"),
        ("cursor=%FF", "cursor: value_error"),
    ] {
        wrongs.push(wrong(
            query,
            scene.editor.get(format!("/api/projects?{query}")),
            422,
            &[fault],
        ));
    }
    for forged in [
        "{}",
        "[]",
        "null",
        r#"{"s":"","k":[]}"#,
        r#"{"s":"","k":["1"],"x":1}"#,
        r#"{"s":5,"k":["1"]}"#,
    ] {
        wrongs.push(wrong(
            forged,
            scene.editor.get(cursor(forged)),
            422,
            &["cursor: value_error"],
        ));
    }
    refuse_all(wrongs).await;
}

#[tokio::test]
async fn cursors_that_were_changed_or_belong_elsewhere_are_refused() {
    let scene = Scene::set().await;
    for name in ["Store A", "Store B"] {
        scene.app.project(name).await;
    }
    let first = async |query: &str| {
        let page = scene
            .editor
            .get(format!("/api/projects?limit=1&{query}"))
            .send()
            .await
            .expect(200);
        page["next_cursor"].as_str().expect("a second page").to_owned()
    };
    let changed = |cursor: &str, key: Value| {
        let mut parts: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
        assert!(parts["k"].is_array(), "{parts}");
        parts["k"] = key;
        URL_SAFE_NO_PAD.encode(parts.to_string())
    };
    let by_id = first("").await;
    let by_name = first("sort=name").await;
    let by_time = first("sort=-updated_at").await;
    let mut wrongs = Vec::new();
    for (sort, cursor) in [
        ("", changed(&by_id, json!(["abc"]))),
        ("", changed(&by_id, json!(["1", "2"]))),
        ("", changed(&by_id, json!([]))),
        ("", changed(&by_id, json!(["99999999999999999999"]))),
        ("", changed(&by_id, json!(["1; DROP TABLE x"]))),
        ("", by_name.clone()),
        ("sort=-name", by_name.clone()),
        ("sort=name&status=active", by_name.clone()),
        ("sort=name", by_id),
        ("sort=name", changed(&by_name, json!(["Store A", "x"]))),
        ("sort=name", changed(&by_name, json!(["Store \0", "1"]))),
        ("sort=-updated_at", changed(&by_time, json!(["yesterday", "1"]))),
        (
            "sort=-updated_at",
            changed(&by_time, json!(["2026-13-45 00:00:00+00", "1"])),
        ),
        ("sort=-updated_at", changed(&by_time, json!(["infinity", "1"]))),
        (
            "sort=-updated_at",
            changed(&by_time, json!(["9999999-01-01", "1"])),
        ),
    ] {
        let path = format!("/api/projects?limit=1&{sort}&cursor={cursor}");
        wrongs.push(wrong(
            &path,
            scene.editor.get(&path),
            422,
            &["cursor: value_error"],
        ));
    }
    refuse_all(wrongs).await;
    let next = scene
        .editor
        .get(format!("/api/projects?sort=name&limit=1&cursor={by_name}"))
        .send()
        .await
        .expect(200);
    assert_eq!(next["projects"][0]["name"], "Store B");
}

#[tokio::test]
async fn tokens_that_are_no_good_are_refused_everywhere() {
    let scene = Scene::set().await;
    let (now, id) = (
        scene.app.clock().now().timestamp(),
        scene.editor.user_id.to_string(),
    );
    let claims = |sub: &str, exp: i64, kind: &str| json!({"sub": sub, "exp": exp, "iat": now, "type": kind, "role": "admin"});
    let good = claims(&id, now + 600, "access");
    let unsigned = |head: &Value, claims: &Value| {
        [head, claims]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
            .join(".")
    };
    let other = |algorithm, key: &str| {
        let header = jsonwebtoken::Header::new(algorithm);
        jsonwebtoken::encode(
            &header,
            &good,
            &jsonwebtoken::EncodingKey::from_secret(key.as_bytes()),
        )
        .unwrap()
    };
    let signed = sign(&good);
    let (start, signature) = signed.rsplit_once('.').unwrap();
    let foreign = other(jsonwebtoken::Algorithm::HS256, "another key of thirty-two bytes!");
    let tokens = [
        ("expired", sign(&claims(&id, now - 31, "access"))),
        ("long expired", sign(&claims(&id, 0, "access"))),
        ("of another key", foreign.clone()),
        (
            "of another algorithm",
            other(jsonwebtoken::Algorithm::HS512, SECRET_KEY),
        ),
        (
            "alg none",
            format!("{}.", unsigned(&json!({"alg": "none", "typ": "JWT"}), &good)),
        ),
        (
            "alg None",
            format!("{}.", unsigned(&json!({"alg": "None"}), &good)),
        ),
        (
            "alg none with a signature",
            format!("{}.{signature}", unsigned(&json!({"alg": "none"}), &good)),
        ),
        (
            "alg RS256",
            format!("{}.{signature}", unsigned(&json!({"alg": "RS256"}), &good)),
        ),
        ("no alg", format!("{}.{signature}", unsigned(&json!({}), &good))),
        ("no signature", start.to_owned()),
        ("an empty signature", format!("{start}.")),
        (
            "another's signature",
            format!("{start}.{}", foreign.rsplit_once('.').unwrap().1),
        ),
        (
            "changed claims",
            format!(
                "{}.{signature}",
                unsigned(&json!({"alg": "HS256"}), &claims("1", now + 600, "access"))
            ),
        ),
        ("garbage", "garbage".to_owned()),
        ("dots", "...".to_owned()),
        ("long garbage", "x".repeat(8000)),
        ("empty", String::new()),
        ("of another type", sign(&claims(&id, now + 600, "refresh"))),
        (
            "of an unknown user",
            sign(&claims("2147483647", now + 600, "access")),
        ),
        ("of no user", sign(&claims("1 OR 1=1", now + 600, "access"))),
        ("of user 0", sign(&claims("0", now + 600, "access"))),
        ("without an end", sign(&json!({"sub": id, "iat": now}))),
        ("an end as text", sign(&json!({"sub": id, "exp": "tomorrow"}))),
        ("without a subject", sign(&json!({"exp": now + 600}))),
        ("a list", sign(&json!([]))),
    ];
    let nobody = scene.app.nobody();
    let mut wrongs = Vec::new();
    for (what, token) in &tokens {
        let bearer = format!("Bearer {token}");
        wrongs.push(wrong(
            *what,
            nobody.get("/api/po").header("authorization", &bearer),
            401,
            &[],
        ));
        let call = nobody
            .post("/api/projects")
            .header("authorization", &bearer)
            .json(&json!({"name": "Store"}));
        wrongs.push(wrong(*what, call, 401, &[]));
        if !token.is_empty() {
            let cookie = format!("access_token={token}");
            wrongs.push(wrong(
                *what,
                nobody.get("/api/auth/me").header("cookie", &cookie),
                401,
                &[],
            ));
        }
    }
    for header in [
        "Basic YTpi",
        "Bearer",
        "Token x",
        "",
        "Bearer a b",
        &format!("Digest {signed}"),
        &signed,
    ] {
        wrongs.push(wrong(
            header,
            nobody.get("/api/po").header("authorization", header),
            401,
            &[],
        ));
    }
    let both = nobody
        .get("/api/po")
        .header("authorization", "Bearer x")
        .header("cookie", &format!("access_token={signed}"));
    wrongs.push(wrong("a good cookie beside a bad header", both, 401, &[]));
    let twice = scene
        .editor
        .get("/api/po")
        .header("authorization", &format!("Bearer {signed}"));
    wrongs.push(wrong("two headers", twice, 401, &[]));
    wrongs.push(wrong("no token", nobody.get("/api/po"), 401, &[]));
    refuse_all(wrongs).await;
    // The one that all of them were made from.
    nobody.with_token(signed).get("/api/po").send().await.expect(200);
}

#[tokio::test]
async fn headers_types_and_sizes_that_are_wrong_are_refused() {
    let scene = Scene::set().await;
    let (editor, nobody) = (&scene.editor, scene.app.nobody());
    let viewer = scene.app.user(Role::Viewer).await;
    let body = json!({"name": "Store"}).to_string();
    let mut wrongs = Vec::new();
    for kind in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "",
        "application/jsonp",
        "text/json",
    ] {
        wrongs.push(wrong(
            kind,
            editor.post("/api/projects").raw(kind, body.clone()),
            415,
            &[],
        ));
    }
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(10 << 20));
    wrongs.push(wrong(
        "10 MB",
        editor.post("/api/projects").body(large.clone()),
        413,
        &[],
    ));
    wrongs.push(wrong(
        "10 MB as a form",
        editor
            .post("/api/projects")
            .raw("multipart/form-data; boundary=x", large),
        415,
        &[],
    ));
    for key in [" ", "with blank", "with\ttab", "ü", &"k".repeat(256), ""] {
        let call = editor
            .post("/api/projects")
            .header("idempotency-key", key)
            .body(body.clone());
        wrongs.push(wrong(key, call, 422, &["Idempotency-Key: value_error"]));
    }
    let cookie = format!("access_token={}", editor.token.as_deref().unwrap());
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("referer", "https://evil.example/a"),
        ("accept", "a/b"),
    ] {
        let call = nobody
            .post("/api/projects")
            .header("cookie", &cookie)
            .header(name, value)
            .body(body.clone());
        wrongs.push(wrong(value, call, 403, &[]));
    }
    wrongs.push(wrong(
        "a viewer writes",
        viewer.post("/api/projects").body(body.clone()),
        403,
        &[],
    ));
    for host in ["", "a/b", "a b", "user@host", "a:b:80", "a:80x"] {
        wrongs.push(wrong(host, editor.get("/api/po").header("host", host), 400, &[]));
    }
    for (method, origin) in [("GET", "https://evil.example"), ("DELETE", "null")] {
        let call = nobody.call(Method::OPTIONS, "/api/po").header("origin", origin);
        wrongs.push(wrong(
            origin,
            call.header("access-control-request-method", method),
            400,
            &[],
        ));
    }
    refuse_all(wrongs).await;
    let projects: i64 = scene
        .app
        .value(r#"SELECT count(*) FROM "Finances".project"#)
        .await;
    assert_eq!(projects, 0);
}

#[tokio::test]
async fn odd_headers_that_mean_nothing_do_no_harm() {
    let scene = Scene::set().await;
    let po = format!("/api/po/{}", scene.po);
    for (name, value) in [
        ("if-none-match", "garbage"),
        ("if-none-match", "\"unclosed"),
        ("if-none-match", "W/,,,\"\""),
        ("if-none-match", "ü"),
        ("x-request-id", "a b\u{e9}"),
        ("x-client-version", &"9".repeat(20_000)),
        ("x-forwarded-for", "not an address"),
        ("traceparent", "00-zz-zz-zz"),
        ("accept-encoding", "zip;q=banana"),
        ("accept", "nothing/nothing"),
        ("cookie", "=;;;=access_token"),
        ("range", "bytes=0-5"),
    ] {
        let reply = scene.editor.get(&po).header(name, value).send().await;
        assert_eq!(reply.status, 200, "{name}: {value}: {}", reply.text());
    }
}
