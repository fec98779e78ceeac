//! Origins that resemble a listed one, and hosts that resemble a trusted one, in every way that a request can name them.

use reqwest::Method;

use crate::support::{TestApp, callers::Reply, wire::exchange};

const LISTED: &str = "https://app.example.com";
const ALIKE: [&str; 22] = [
    "null",
    "",
    "*",
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:443",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "https://APP.example.com",
    "HTTPS://app.example.com",
    "https://app.example.com.",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "https://evilapp.example.com",
    "https://sub.app.example.com",
    "https://example.com",
    "https://app.example.com@evil.example",
    "https://app.example.com%2eevil.example",
    "https://app.example.com, https://evil.example",
    "https://app.example.com https://evil.example",
    "file://",
    "app.example.com",
];

fn says_nothing_of_origins(what: &str, reply: &Reply) {
    let told = reply
        .headers
        .keys()
        .any(|name| name.as_str().starts_with("access-control-"));
    assert!(!told, "{what}: {:?}", reply.headers);
}

#[tokio::test]
async fn no_origin_that_resembles_a_listed_one_may_read_or_write() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let mut calls = 0;
    for origin in ALIKE {
        for path in ["/api/po", "/api/auth/login", "/api/nowhere", "/"] {
            for method in ["GET", "POST", "PUT", "DELETE", "TRACE"] {
                let preflight = app
                    .nobody()
                    .call(Method::OPTIONS, path)
                    .header("origin", origin)
                    .header("access-control-request-method", method)
                    .header("access-control-request-headers", "authorization");
                let reply = preflight.send().await;
                reply.expect_error(400, "BAD_REQUEST");
                says_nothing_of_origins(origin, &reply);
                calls += 1;
            }
            for caller in [&viewer, &app.nobody()] {
                let reply = caller.get(path).header("origin", origin).send().await;
                says_nothing_of_origins(origin, &reply);
                assert!(reply.header("vary").to_ascii_lowercase().contains("origin"));
                calls += 1;
            }
        }
    }
    // What the list does name is let in, so that the refusals above are about the origin.
    let reply = viewer.get("/api/po").header("origin", LISTED).send().await;
    assert_eq!(reply.header("access-control-allow-origin"), LISTED);
    println!("{} origins like a listed one: {calls} calls", ALIKE.len());
}

fn request(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
}

#[tokio::test]
async fn only_a_trusted_host_is_served_however_it_is_named() {
    let app = TestApp::start_with(&[("TRUSTED_HOSTS", "api.example.com,*.internal.example")]).await;
    let good = [
        ("/api/health", "Host: api.example.com\r\n"),
        ("/api/health", "Host: api.example.com:8000\r\n"),
        ("/api/health", "Host: API.EXAMPLE.COM\r\n"),
        ("/api/health", "Host: api.example.com.\r\n"),
        ("/api/health", "Host: a.internal.example\r\n"),
        ("/api/health", "hOsT:    api.example.com\r\n"),
        (
            "/api/health",
            "Host: api.example.com\r\nX-Forwarded-Host: evil.example\r\n",
        ),
        ("http://api.example.com/api/health", "Host: api.example.com\r\n"),
        ("http://api.example.com:81/api/health", "Host: evil.example\r\n"),
    ];
    let bad = [
        ("/api/health", ""),
        ("/api/health", "Host:\r\n"),
        ("/api/health", "Host: evil.example\r\n"),
        ("/api/health", "Host: api.example.com.evil.example\r\n"),
        ("/api/health", "Host: evil-api.example.com\r\n"),
        ("/api/health", "Host: internal.example\r\n"),
        ("/api/health", "Host: evilinternal.example\r\n"),
        ("/api/health", "Host: 127.0.0.1\r\n"),
        ("/api/health", "Host: localhost\r\n"),
        ("/api/health", "Host: [::1]\r\n"),
        ("/api/health", "Host: api.example.com@evil.example\r\n"),
        ("/api/health", "Host: evil.example#api.example.com\r\n"),
        ("/api/health", "Host: evil.example/api.example.com\r\n"),
        ("/api/health", "Host: evil.example\\.internal.example\r\n"),
        ("/api/health", "Host: evil.example?.internal.example\r\n"),
        ("/api/health", "Host: api.example.com:80x\r\n"),
        ("/api/health", "Host: api.example.com:80:80\r\n"),
        ("/api/health", "Host: api.example.com, evil.example\r\n"),
        ("/api/health", "Host: api.example.com evil.example\r\n"),
        ("/api/health", "Host: .internal.example\r\n"),
        ("/api/health", "Host: api.example.com\r\nHost: evil.example\r\n"),
        (
            "/api/health",
            "Host: api.example.com\r\nHost: api.example.com\r\n",
        ),
        (
            "/api/health",
            "Host: evil.example\r\nX-Forwarded-Host: api.example.com\r\n",
        ),
        (
            "/api/health",
            "Host: evil.example\r\nForwarded: host=api.example.com\r\nX-Host: api.example.com\r\n",
        ),
        ("http://evil.example/api/health", "Host: api.example.com\r\n"),
        (
            "http://api.example.com@evil.example/api/health",
            "Host: api.example.com\r\n",
        ),
    ];
    for (target, headers) in good {
        let reply = exchange(&app, request(target, headers)).await;
        assert_eq!(reply.status, 200, "{target} {headers}");
    }
    for (target, headers) in bad {
        let reply = exchange(&app, request(target, headers)).await;
        assert_eq!(reply.status, 400, "{target} {headers}");
        assert!(!reply.text().contains("evil.example"), "{}", reply.text());
    }
    println!("hosts: {} good spellings, {} bad ones", good.len(), bad.len());
}

/// Links are built for the host that was checked, never for one that the request only mentions.
#[tokio::test]
async fn links_name_the_host_that_was_checked() {
    let app = TestApp::start_with(&[("TRUSTED_HOSTS", "api.example.com")]).await;
    let editor = app.editor().await;
    let host = |call: crate::support::callers::Call| call.header("host", "api.example.com");
    let session = host(editor.post("/api/uploads/session"))
        .body("{}")
        .send()
        .await
        .expect(200)["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let files = format!("/api/uploads/session/{session}/files");
    host(editor.post(&files).file("a.txt", b"a text".to_vec(), &[]))
        .send()
        .await
        .expect(200);
    let token = editor.token.as_deref().unwrap();
    for (target, headers, start) in [
        (
            files.clone(),
            "Host: api.example.com\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n",
            "http://api.example.com/",
        ),
        (
            format!("http://api.example.com{files}"),
            "Host: evil.example\r\n",
            "http://api.example.com/",
        ),
        (
            format!("http://api.example.com:8000{files}"),
            "Host: evil.example\r\nForwarded: host=evil.example\r\n",
            "http://api.example.com:8000/",
        ),
        (
            format!("http://someone@api.example.com{files}"),
            "Host: evil.example\r\n",
            "http://api.example.com/",
        ),
    ] {
        let headers = format!("{headers}Authorization: Bearer {token}\r\n");
        let reply = exchange(&app, request(&target, &headers)).await;
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        assert!(
            !reply.text().contains("evil.example"),
            "{target}: {}",
            reply.text()
        );
        assert!(
            reply.text().contains(&format!("\"access_url\":\"{start}")),
            "{target}: {}",
            reply.text()
        );
    }
}
