//! Bodies: JSON that is none, fields and amounts that do not fit.

use serde_json::{Value, json};

use super::{Scene, Wrong, refuse_all, wrong};

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

    let is_no_text = &["name: value_error"];
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
        ("a number as text", json!({"name": 5}), &["name: value_error"]),
        (
            "a list as text",
            json!({"name": ["Store"]}),
            &["name: value_error"],
        ),
        (
            "an object as text",
            json!({"name": {"a": 1}}),
            &["name: value_error"],
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
