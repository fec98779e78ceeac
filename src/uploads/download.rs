//! What every download of a stored file has in common: who may fetch it, the headers of its answer, and its parts.

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use utoipa::ToSchema;

use crate::{
    auth::{Caller, RequiredRole, Role, Viewer},
    error::{Error, Result},
    http::{access::Access, attachment, conditional, range::ByteRange, signed_links},
    uploads::{outgoing::Outgoing, storage::StoredFile},
};

const ANY_BYTES: &str = "application/octet-stream";
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The bytes of a file, for the OpenAPI document.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "files are streamed; this only documents them")]
pub(super) struct FileBytes(Vec<u8>);

/// Somebody who asks for a file.
#[derive(Debug)]
pub(super) enum Asker {
    /// A user who may read.
    User(Caller),
    /// Nobody who is known, with the token of a link, which is still to be checked; without one that opens the file, the
    /// error is the answer.
    Link(String),
}

impl Asker {
    /// Reads who asks: a user's token wins over that of a link.
    ///
    /// # Errors
    /// `Unauthenticated` if there is neither.
    pub(super) fn of(parts: &Parts) -> Result<Self> {
        let unknown = match Viewer::check(parts) {
            Ok(Some(caller)) => return Ok(Self::User(caller)),
            Ok(None) => Error::Unauthenticated("Not authenticated"),
            Err(error) => error,
        };
        link_token(parts).map(Self::Link).ok_or(unknown)
    }

    /// What is said of a file that there is not: who holds no link to it does not learn what is there.
    pub(super) const fn unknown(&self) -> Error {
        match self {
            Self::User(_) => Error::NotFound("File"),
            Self::Link(_) => signed_links::NOT_VALID,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        Self::of(parts)
    }
}

impl Access for Asker {
    const CALLER: Option<Role> = Viewer::ROLE;
}

fn link_token(parts: &Parts) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token.into_owned())
}

/// The hash of a file, unless older data has something else there.
pub(super) fn known_hash(hash: Option<&str>) -> Option<&str> {
    let is_hash =
        |hash: &&str| hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hash.filter(is_hash)
}

/// Whether a file is as long as its row says. Of one that is not no part is sent, only the whole, which breaks off where its hash
/// does not fit: the end that a range is measured from is not that of the file that was received.
pub(super) fn has_length(file: &StoredFile, length: Option<i64>) -> bool {
    length.is_none_or(|length| u64::try_from(length) == Ok(file.length()))
}

/// The headers of an answer.
pub(super) struct Head(HeaderMap);

impl Head {
    /// Those of a file of this MIME type, to be saved under this name.
    pub(super) fn new(mime: Option<&str>, name: &str) -> Self {
        let kind = mime.and_then(|kind| HeaderValue::from_str(kind).ok());
        let mut head = Self(HeaderMap::new());
        head.set(
            header::CONTENT_TYPE,
            kind.unwrap_or(HeaderValue::from_static(ANY_BYTES)),
        );
        head.set(header::CONTENT_DISPOSITION, attachment::disposition(name));
        head.set(header::CACHE_CONTROL, REVALIDATE);
        head
    }

    /// Names the content, as `"hash"` or a weak tag.
    ///
    /// # Errors
    /// `Internal` if it is no tag.
    pub(super) fn tag(&mut self, tag: String) -> Result<()> {
        self.set(header::ETAG, HeaderValue::try_from(tag).map_err(Error::internal)?);
        Ok(())
    }

    pub(super) fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.insert(name, value);
    }

    pub(super) fn tag_text(&self) -> Option<&str> {
        self.0.get(header::ETAG).and_then(|tag| tag.to_str().ok())
    }

    /// Whether the client has what would be sent.
    pub(super) fn is_known(&self, request: &HeaderMap) -> bool {
        self.tag_text()
            .is_some_and(|tag| conditional::is_known(request, tag))
    }

    /// The part of a plain file that is asked for.
    ///
    /// # Errors
    /// `RangeNotSatisfiable` if the file ends before it.
    pub(super) fn range(
        &self,
        method: &Method,
        request: &HeaderMap,
        file: &StoredFile,
    ) -> Result<Option<ByteRange>> {
        if method == Method::GET {
            ByteRange::of(request, self.tag_text(), file.length())
        } else {
            Ok(None)
        }
    }

    /// What goes out of a file that is stored as it was received: all of it, or a part.
    ///
    /// # Errors
    /// `Internal` if the part cannot be reached.
    pub(super) fn plain(
        &mut self,
        file: StoredFile,
        range: Option<ByteRange>,
        hash: Option<&str>,
    ) -> Result<(StatusCode, Outgoing)> {
        let length = file.length();
        self.set(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let Some(range) = range else {
            self.set(header::CONTENT_LENGTH, length.into());
            return Ok((StatusCode::OK, Outgoing::whole(file, length, hash)));
        };
        let place = HeaderValue::try_from(range.content_range(length));
        self.set(header::CONTENT_RANGE, place.map_err(Error::internal)?);
        self.set(header::CONTENT_LENGTH, range.length.into());
        let part = Outgoing::part(file, range).map_err(Error::internal)?;
        Ok((StatusCode::PARTIAL_CONTENT, part))
    }

    /// The answer.
    pub(super) fn answer(mut self, status: StatusCode, body: Body) -> Response {
        if status == StatusCode::NOT_MODIFIED {
            self.0.remove(header::CONTENT_TYPE);
        }
        (status, self.0, body).into_response()
    }
}
