//! Those who call the server, and what they get.

use chrono::{DateTime, TimeDelta, Utc};
use nexgen_finance::auth::Role;
use reqwest::{
    Method, RequestBuilder,
    header::HeaderMap,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use super::app::SECRET_KEY;

/// An access token as the server issues it.
pub(crate) fn token(id: i32, name: &str, role: Role, now: DateTime<Utc>) -> String {
    sign(&json!({
        "sub": id.to_string(),
        "username": name,
        "email": format!("{name}@example.com"),
        "iat": now.timestamp(),
        "exp": (now + TimeDelta::minutes(30)).timestamp(),
        "roles": [role.as_str()],
        "role": role.as_str(),
        "jti": uuid::Uuid::new_v4().simple().to_string(),
        "type": "access",
        "ver": 0,
    }))
}

/// Signs any claims with the server's key.
pub(crate) fn sign(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET_KEY.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).expect("sign a token")
}

/// Somebody who calls, with a token or without.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base_url: String,
    pub(crate) token: Option<String>,
    pub(crate) user_id: i32,
}

impl Caller {
    pub(crate) fn new(http: reqwest::Client, base_url: &str, token: Option<String>, user_id: i32) -> Self {
        Self {
            http,
            base_url: base_url.to_owned(),
            token,
            user_id,
        }
    }

    /// The same caller with another token.
    pub(crate) fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    /// The same editor with a token that is issued at this time.
    pub(crate) fn logged_in_at(&self, now: DateTime<Utc>) -> Self {
        self.with_token(token(self.user_id, "editor", Role::Editor, now))
    }

    pub(crate) fn get(&self, path: impl AsRef<str>) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: impl AsRef<str>) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: impl AsRef<str>) -> Call {
        self.call(Method::PUT, path)
    }

    pub(crate) fn delete(&self, path: impl AsRef<str>) -> Call {
        self.call(Method::DELETE, path)
    }

    pub(crate) fn call(&self, method: Method, path: impl AsRef<str>) -> Call {
        let request = self
            .http
            .request(method, format!("{}{}", self.base_url, path.as_ref()));
        Call(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }
}

/// A request that is being put together.
pub(crate) struct Call(RequestBuilder);

impl Call {
    /// A JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// A body as it is, said to be JSON.
    pub(crate) fn body(self, text: impl Into<String>) -> Self {
        Self(
            self.0
                .header("content-type", "application/json")
                .body(text.into()),
        )
    }

    /// Any body of any type.
    pub(crate) fn raw(self, kind: &str, bytes: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", kind).body(bytes))
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// A form with one file, and text beside it.
    pub(crate) fn file(self, name: &str, bytes: impl Into<Vec<u8>>, fields: &[(&str, &str)]) -> Self {
        let mut form = Form::new().part("file", Part::bytes(bytes.into()).file_name(name.to_owned()));
        for (field, value) in fields {
            form = form.text((*field).to_owned(), (*value).to_owned());
        }
        self.form(form)
    }

    /// A form with files.
    pub(crate) fn form(self, form: Form) -> Self {
        Self(self.0.multipart(form))
    }

    /// The answer; nothing if the server is gone before it is complete.
    pub(crate) async fn try_send(self) -> Option<Reply> {
        let response = self.0.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.ok()?.to_vec();
        Some(Reply {
            status,
            headers,
            bytes,
        })
    }

    pub(crate) async fn send(self) -> Reply {
        let response = self.0.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("the whole answer").to_vec();
        Reply {
            status,
            headers,
            bytes,
        }
    }
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    /// The body, which must be JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a header of text"))
    }

    /// The body of a success with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// Checks that it is an error of the one shape, and gives the body.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let body = self.json();
        assert_eq!(body["status"], "ERROR", "{body}");
        assert_eq!(body["error_code"], code, "{body}");
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{body}"
        );
        assert!(
            body["path"].as_str().is_some_and(|path| path.starts_with('/')),
            "{body}"
        );
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        body
    }

    /// Checks that it is a 422, and gives `field: type` of each fault, sorted.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<String> {
        let body = self.expect_error(422, "VALIDATION_ERROR");
        fault_list(&body)
    }
}

/// `field: type` of each fault of an error body, sorted.
pub(crate) fn fault_list(body: &Value) -> Vec<String> {
    let mut faults: Vec<String> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|fault| {
            format!(
                "{}: {}",
                fault["field"].as_str().unwrap_or("?"),
                fault["type"].as_str().unwrap_or("?")
            )
        })
        .collect();
    faults.sort();
    faults
}

/// Sends several requests at once and gives their answers by status.
pub(crate) async fn race(calls: Vec<Call>) -> Vec<Reply> {
    let running: Vec<_> = calls.into_iter().map(|call| tokio::spawn(call.send())).collect();
    let mut replies = Vec::new();
    for call in running {
        replies.push(call.await.expect("a racer ends"));
    }
    replies.sort_by_key(|reply| reply.status);
    replies
}

/// The headers that every answer has, but those of documentation pages.
pub(crate) const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-site"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

impl Reply {
    /// Checks what every answer has, whatever its status: security headers, its id and how long it took.
    #[track_caller]
    pub(crate) fn expect_common_headers(&self) {
        for (name, value) in SECURITY_HEADERS {
            assert_eq!(self.header(name), value, "{name} of a {}", self.status);
        }
        let time = self.header("x-process-time");
        let (seconds, micros) = time.split_once('.').unwrap_or_default();
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        assert!(
            !seconds.is_empty() && is_digits(seconds) && micros.len() == 6 && is_digits(micros),
            "{time:?}"
        );
        assert!(!self.header("x-request-id").is_empty());
        assert_eq!(self.header("server"), "");
    }
}
