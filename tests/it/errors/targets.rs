//! Paths, methods, queries and cursors.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, refuse_all, wrong};

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
