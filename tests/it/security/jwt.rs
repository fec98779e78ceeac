//! Tokens that somebody made or kept: none opens anything, in the header or as a cookie.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use nexgen_finance::auth::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, accounts::PASSWORD, app::SECRET_KEY, callers::sign};

/// Signs a text with HMAC-SHA256, as HS256 does, whatever the header says.
fn hs256(key: &[u8], signed: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(signed.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

/// A token of these two texts, signed as HS256 does.
fn made(key: &[u8], header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let signature = hs256(key, &signed);
    format!("{signed}.{signature}")
}

/// A token by a library, with another algorithm.
fn with(algorithm: jsonwebtoken::Algorithm, claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET_KEY.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm), claims, &key).unwrap()
}

#[tokio::test]
async fn no_made_up_token_opens_anything() {
    let app = TestApp::start().await;
    let id = app.account("asha", Role::Admin).await;
    let now = app.clock().now().timestamp();
    let good = json!({"sub": id.to_string(), "username": "asha", "email": "asha@example.com", "iat": now,
        "exp": now + 1800, "roles": ["admin"], "role": "admin", "jti": "0123456789abcdef0123456789abcdef",
        "type": "access", "ver": 0});
    let claims = good.to_string();
    let key = SECRET_KEY.as_bytes();
    let plain = r#"{"alg":"HS256","typ":"JWT"}"#;
    let real = made(key, plain, &claims);
    let (signed, signature) = real.rsplit_once('.').unwrap();
    let changed = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        sign(&claims)
    };
    let mut tokens: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| tokens.push((what.to_owned(), token));

    // No algorithm, and words for it.
    for none in ["none", "None", "NONE", "nOnE", "", "null", "HS0"] {
        let header = BASE64.encode(json!({"alg": none, "typ": "JWT"}).to_string());
        let claims = BASE64.encode(&claims);
        add("no algorithm", format!("{header}.{claims}."));
        add("no algorithm, two parts", format!("{header}.{claims}"));
        add(
            "no algorithm, signed all the same",
            made(key, &json!({"alg": none}).to_string(), &good.to_string()),
        );
    }
    for header in [
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":256}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":"HS256 "}"#,
        "[]",
        "\"HS256\"",
        "",
    ] {
        add(
            "a header that names no algorithm of ours",
            made(key, header, &claims),
        );
    }
    // Others than that of the settings, with the right key or as if a public key were the secret.
    add("HS384", with(jsonwebtoken::Algorithm::HS384, &good));
    add("HS512", with(jsonwebtoken::Algorithm::HS512, &good));
    for algorithm in [
        "RS256", "RS512", "ES256", "PS256", "EdDSA", "HS384", "HS512", "A128KW",
    ] {
        let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
        add(
            "another algorithm in the header, signed with HS256",
            made(key, &header, &claims),
        );
    }
    // Headers that bring a key along, or name one.
    let own = b"a key that the attacker has chosen";
    let jwk = json!({"kty": "oct", "k": BASE64.encode(own), "alg": "HS256"});
    for header in [
        json!({"alg": "HS256", "jwk": jwk}),
        json!({"alg": "HS256", "jku": "https://evil.example/keys.json", "kid": "1"}),
        json!({"alg": "HS256", "x5u": "https://evil.example/cert.pem"}),
        json!({"alg": "HS256", "x5c": ["MIIB"]}),
        json!({"alg": "HS256", "kid": "../../../../dev/null"}),
        json!({"alg": "HS256", "kid": "' UNION SELECT 'a key that the attacker has chosen' --"}),
    ] {
        add("the attacker's key", made(own, &header.to_string(), &claims));
    }
    for weak in [
        "",
        "secret",
        "change-me-in-production",
        "\0",
        "null",
        "undefined",
        "HS256",
    ] {
        // No HMAC is made of no key by the library, but it is by hand.
        add(
            "a key that somebody guesses",
            made(weak.as_bytes(), plain, &claims),
        );
    }
    add("half of the key", made(&key[..20], plain, &claims));
    add("the key and more", made(&[key, b"0"].concat(), plain, &claims));
    add("the key for links", {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(b"download-url-v1");
        made(&mac.finalize().into_bytes(), plain, &claims)
    });
    // The real one, spelled or cut otherwise.
    for (what, token) in [
        ("no signature", signed.to_owned()),
        ("an empty signature", format!("{signed}.")),
        ("more behind it", format!("{real}A")),
        ("a part more", format!("{real}.{signature}")),
        ("a part in front", format!(".{real}")),
        ("padding", format!("{real}=")),
        ("a signature cut short", real[..real.len() - 4].to_owned()),
        ("upper case", real.to_uppercase()),
        ("twice", format!("{real} {real}")),
        ("a blank inside", real.replacen('.', " .", 1)),
        ("five parts, as if it were encrypted", format!("{real}.a.b")),
        ("quoted", format!("\"{real}\"x")),
    ] {
        add(what, token);
    }
    for place in [0, 10, 40, signed.len() / 2, signed.len() + 5] {
        let mut bytes = real.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        add("one letter changed", String::from_utf8(bytes).unwrap());
    }
    // Signed here, but no access token of anybody.
    for (field, value) in [
        ("exp", json!(now - 31)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("exp", json!(null)),
        ("type", json!("refresh")),
        ("type", json!("ACCESS")),
        ("type", json!("")),
        ("type", json!(["access"])),
        ("ver", json!(1)),
        ("ver", json!(-1)),
        ("ver", json!(4294967296_i64)),
        ("ver", json!("0")),
        ("sub", json!(id)),
        ("sub", json!("")),
        ("sub", json!("asha")),
        ("sub", json!("0")),
        ("sub", json!("-1")),
        ("sub", json!(format!(" {id}"))),
        ("sub", json!(format!("+{id}"))),
        ("sub", json!(format!("{id}.0"))),
        ("sub", json!(format!("{id} OR 1=1"))),
        ("sub", json!("99999999999999999999")),
        ("sub", json!("2147483647")),
        ("sub", json!([id.to_string()])),
        ("sub", json!({"$ne": null})),
        ("sid", json!("not a uuid")),
    ] {
        add(&format!("{field}: {value}"), changed(field, value));
    }
    for claims in ["null", "[]", "{}", "5", "\"\"", "{", ""] {
        add("claims that are none", made(key, plain, claims));
    }
    add("claims that hold no text", {
        let signed = format!("{}.{}", BASE64.encode(plain), BASE64.encode(b"\xff\xfe"));
        let signature = hs256(key, &signed);
        format!("{signed}.{signature}")
    });
    // What is no token at all.
    for text in ["garbage", "..", "...", "a.b.c", "e30.e30.e30", "null", "true"] {
        add("no token", text.to_owned());
    }
    add("very long", format!("{real}{}", "A".repeat(12_000)));
    add("of many parts", "a.".repeat(2_000));

    let nobody = app.nobody();
    for (what, token) in &tokens {
        let bearer = format!("Bearer {token}");
        let reply = nobody
            .get("/api/auth/me")
            .header("authorization", &bearer)
            .send()
            .await;
        let error = reply.expect_error(401, "UNAUTHORIZED");
        assert_eq!(
            error["message"], "Invalid authentication credentials",
            "{what}: {token}"
        );
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}");
        let cookie = format!("access_token={token}");
        let reply = nobody.get("/api/auth/me").header("cookie", &cookie).send().await;
        // In a cookie quotes are not part of the value.
        reply.expect_error(401, "UNAUTHORIZED");
    }
    // Letters that no token has.
    for bytes in [&b"Bearer \xc3\xa4.b.c"[..], b"Bearer \xff\xfe", b"Bearer a\tb"] {
        let mut request =
            b"GET /api/auth/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ".to_vec();
        request.extend_from_slice(bytes);
        request.extend_from_slice(b"\r\n\r\n");
        let reply = crate::support::wire::exchange(&app, request).await;
        assert_eq!(reply.status, 401);
    }
    println!(
        "{} made-up tokens, in the header and as a cookie, and 3 of other letters",
        tokens.len()
    );
    // The one that they were made from is good, and so are claims and headers that do not count.
    nobody
        .with_token(&real)
        .get("/api/auth/me")
        .send()
        .await
        .expect(200);
    for header in [
        json!({"alg": "HS256", "kid": "1"}),
        json!({"alg": "HS256", "typ": "at+jwt"}),
    ] {
        let token = made(key, &header.to_string(), &claims);
        nobody
            .with_token(token)
            .get("/api/auth/me")
            .send()
            .await
            .expect(200);
    }
}

/// A token is worth what its user is now, not what they were when it was signed.
#[tokio::test]
async fn what_happened_since_a_token_was_signed_counts() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut tried = 0;
    for (name, status) in [
        ("deleted", 401),
        ("deactivated", 401),
        ("demoted", 403),
        ("another_password_by_an_admin", 401),
        ("another_password", 401),
        ("logged_out", 401),
        ("expired", 401),
        ("refresh_token_used", 401),
    ] {
        let id = app.account(name, Role::Admin).await;
        let session = app.login(name).await;
        let caller = &session.caller;
        caller.get("/api/users").send().await.expect(200);
        let change = |body: Value| admin.put(format!("/api/users/{id}")).json(&body).send();
        let mut used = caller.clone();
        match name {
            "deleted" => {
                sqlx::query(r#"DELETE FROM "Finances".refresh_token WHERE user_id = $1"#)
                    .bind(id)
                    .execute(&app.db)
                    .await
                    .unwrap();
                sqlx::query(r#"DELETE FROM "Finances"."user" WHERE id = $1"#)
                    .bind(id)
                    .execute(&app.db)
                    .await
                    .unwrap();
                app.clock().advance(TimeDelta::seconds(5));
            }
            "deactivated" => drop(admin.delete(format!("/api/users/{id}")).send().await.expect(200)),
            "demoted" => drop(change(json!({"role": "viewer"})).await.expect(200)),
            "another_password_by_an_admin" => {
                drop(change(json!({"password": "battery staple"})).await.expect(200));
            }
            "another_password" => {
                let body = json!({"current_password": PASSWORD, "new_password": "battery staple"});
                let reply = caller.post("/api/auth/change-password").json(&body).send().await;
                reply.expect(200);
            }
            "logged_out" => drop(caller.post("/api/auth/logout").send().await.expect(200)),
            "expired" => app.clock().advance(TimeDelta::seconds(1831)),
            // A refresh token is no access token, and the other way round.
            _ => {
                app.refresh(&session.access)
                    .await
                    .expect_error(401, "UNAUTHORIZED");
                used = caller.with_token(&session.refresh);
            }
        }
        // The admin's own token may be over by the clock.
        let reply = used.get("/api/users").send().await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text());
        if status == 401 && !["expired", "refresh_token_used"].contains(&name) {
            let reply = app.refresh(&session.refresh).await;
            assert_eq!(reply.status, 401, "{name}: {}", reply.text());
        }
        tried += 1;
    }
    println!("{tried} tokens of users that something happened to");
}
