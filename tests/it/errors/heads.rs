//! Tokens, types, sizes and other headers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nexgen_finance::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, refuse_all, wrong};
use crate::support::{app::SECRET_KEY, callers::sign};

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
