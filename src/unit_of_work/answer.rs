//! Successful answers: a body with its status, `Location` and `ETag`; and the same as bytes, as it is kept for a repeat.

use std::fmt::Write as _;

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    http::{json_writer, signed_links::SignedLink},
};

/// Says that an answer comes from an earlier request with the same key.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Room for the body of most answers, in bytes; pages of lists need more.
const USUAL_LENGTH: usize = 4096;

/// Room for the headers of most answers, with those that the middleware adds.
const USUAL_HEADERS: usize = 24;

/// A body and what goes with it.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    status: StatusCode,
    body: T,
    location: Option<String>,
    version: Option<i32>,
    cookies: Vec<String>,
    links: Vec<SignedLink>,
}

impl<T> Answer<T> {
    /// 200 with this body.
    pub fn ok(body: T) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            location: None,
            version: None,
            cookies: Vec::new(),
            links: Vec::new(),
        }
    }

    /// 201 with this body and the new resource's path.
    pub fn created(body: T, location: impl Into<String>) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(body).at(location)
        }
    }

    /// Names the path of the resource that was made.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Says of a signed link in the answer how it is signed again for a repeat.
    #[must_use]
    pub(crate) fn link(mut self, link: SignedLink) -> Self {
        self.links.push(link);
        self
    }

    /// Gives the answer an `ETag` of the row's version and the body's hash.
    #[must_use]
    pub fn version(mut self, version: i32) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets a cookie, written as a whole `Set-Cookie` value. It goes to this client now and is never kept for a repeat.
    #[must_use]
    pub fn cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookies.push(cookie.into());
        self
    }
}

impl<T: Serialize> Answer<T> {
    /// The answer as bytes.
    ///
    /// # Errors
    /// `Internal` if the body cannot be written as JSON.
    pub(crate) fn into_stored(self) -> Result<StoredAnswer> {
        let mut body = String::with_capacity(USUAL_LENGTH);
        json_writer::write(&mut body, &self.body).map_err(Error::internal)?;
        let mut headers = vec![(header::CONTENT_TYPE, "application/json".to_owned())];
        if let Some(location) = self.location {
            headers.push((header::LOCATION, location));
        }
        if let Some(version) = self.version {
            headers.push((header::ETAG, entity_tag(version, body.as_bytes())));
        }
        Ok(StoredAnswer {
            status: self.status,
            headers,
            body: body.into(),
            cookies: self.cookies,
            links: self.links,
            is_replay: false,
        })
    }
}

/// `"<version>-<first 16 hex digits of the body's SHA-256>"`.
fn entity_tag(version: i32, body: &[u8]) -> String {
    let mut tag = format!("\"{version}-");
    for byte in Sha256::digest(body).iter().take(8) {
        // Writing to a string cannot fail.
        write!(tag, "{byte:02x}").ok();
    }
    tag.push('"');
    tag
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        self.into_stored().into_response()
    }
}

/// An answer as it goes out and as it is kept under an idempotency key.
#[derive(Debug, Clone)]
pub struct StoredAnswer {
    /// The status of the first answer.
    pub(crate) status: StatusCode,
    /// Those headers of the first answer that a repeat has too.
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// The body, byte for byte.
    pub(crate) body: Bytes,
    /// Cookies of the first answer, which hold secrets and are not kept.
    pub(crate) cookies: Vec<String>,
    /// The signed links in body and headers, which a repeat gets afresh.
    pub(crate) links: Vec<SignedLink>,
    /// Whether it is a repeat.
    pub(crate) is_replay: bool,
}

impl IntoResponse for StoredAnswer {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::with_capacity(USUAL_HEADERS);
        for (name, value) in self.headers {
            // What was written as a header once is a header again.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.append(name, value);
            }
        }
        for cookie in self.cookies {
            if let Ok(mut value) = HeaderValue::try_from(cookie) {
                value.set_sensitive(true);
                headers.append(header::SET_COOKIE, value);
            }
        }
        if self.is_replay {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        let mut response = Response::new(self.body.into());
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}
