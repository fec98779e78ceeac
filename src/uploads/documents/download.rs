//! The file of a document on its way to whoever may read it, or holds a link to it.
//!
//! Documents have their file stored as it was received; older ones have an archive of it beside that, or instead.

use std::{ffi::OsStr, path::Path as FilePath};

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    model::{Document, DownloadFormat, DownloadQuery, FileBytes},
    routes::DocumentPath,
    store,
};
use crate::{
    app::AppState,
    auth::{RequiredRole, Viewer},
    documents,
    error::{Error, Result},
    http::{
        attachment, conditional,
        extract::{Path, Query},
        openapi::{ErrorBody, ReadErrors},
        range::ByteRange,
    },
    uploads::{
        links,
        outgoing::Outgoing,
        quota,
        storage::{Address, StoredFile},
    },
};

const ARCHIVE: &str = "application/zip";
const ANY_BYTES: &str = "application/octet-stream";
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Somebody who may fetch the document that the path names.
pub(super) struct Reader {
    /// Whose downloads are counted: the user's, or those through links to this document.
    subject: String,
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let unknown = match Viewer::check(parts) {
            Ok(Some(caller)) => {
                return Ok(Self {
                    subject: caller.id.to_string(),
                });
            }
            Ok(None) => Error::Unauthenticated("Not authenticated"),
            Err(error) => error,
        };
        let Some(token) = link_token(parts) else {
            return Err(unknown);
        };
        // No link was ever made for what is no id.
        let Ok(Path(DocumentPath { doc_id })) = Path::from_request_parts(parts, state).await else {
            return Err(unknown);
        };
        links::ensure_opens_document(state, doc_id, &token)?;
        Ok(Self {
            subject: format!("document:{doc_id}"),
        })
    }
}

fn link_token(parts: &Parts) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token.into_owned())
}

/// Fetch the file of a document.
///
/// An archive with the file in it, or with `format=original` the file itself, of which a range may be asked for unless only
/// an archive of it is stored. Needs a token, or the `token` of a `download_url`. 404 also if nothing is stored. 429 when an
/// hour's downloads are used up.
#[utoipa::path(get, path = "/documents/download/{doc_id}", tag = "documents", params(DocumentPath, DownloadQuery),
    security(("bearer" = []), ("link" = [])),
    responses(
        (status = 200, description = "The archive, or the file", content(
            (FileBytes = "application/zip"),
            (FileBytes = "application/octet-stream"),
        )),
        (status = 206, description = "The part of the file that was asked for", body = FileBytes,
            content_type = "application/octet-stream"),
        (status = 416, description = "The file ends before the range begins", body = ErrorBody),
        ReadErrors,
    ))]
pub(super) async fn download_document(
    reader: Reader,
    State(state): State<AppState>,
    Path(DocumentPath { doc_id }): Path<DocumentPath>,
    Query(DownloadQuery { format }): Query<DownloadQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    let document = store::find(&state.db, doc_id)
        .await?
        .ok_or(Error::NotFound("Document"))?;
    let stored = Stored::open(&state, &document, format).await?;
    let head = Head::of(&document, format)?;
    if head.is_known(&headers) {
        return Ok(head.answer(StatusCode::NOT_MODIFIED, Body::empty()));
    }
    let is_fetch = method == Method::GET;
    let range = match (&stored, format) {
        (Stored::Original(file), DownloadFormat::Original) if is_fetch => {
            ByteRange::of(&headers, head.tag_text(), file.length())?
        }
        _ => None,
    };
    if is_fetch {
        let limit = state.config.uploads.downloads_per_hour;
        quota::count_download(&state.db, &reader.subject, state.clock.now(), limit).await?;
    }
    stored.send(&document, head, format, range).await
}

/// What is stored of a document.
enum Stored {
    /// The file as it was received.
    Original(StoredFile),
    /// An archive with the file in it.
    Archive(StoredFile),
}

impl Stored {
    /// Opens what comes closest to what is asked for.
    ///
    /// # Errors
    /// `Missing` if nothing is stored.
    async fn open(state: &AppState, document: &Document, format: DownloadFormat) -> Result<Self> {
        let original = (
            &document.stored_filename,
            Self::Original as fn(StoredFile) -> Self,
        );
        let archive = (
            &document.compressed_filename,
            Self::Archive as fn(StoredFile) -> Self,
        );
        let places = match format {
            DownloadFormat::Original => [original, archive],
            DownloadFormat::Zip => [archive, original],
        };
        let mut is_named = false;
        for (name, stored) in places {
            let Some(name) = name else { continue };
            is_named = true;
            let address = Address::of_document(name);
            let file = state.storage.find(&address).await.map_err(Error::storage)?;
            if let Some(file) = file {
                return Ok(stored(file));
            }
        }
        if !is_named {
            return Err(Error::Missing("No stored file"));
        }
        if store::find(&state.db, document.id).await?.is_none() {
            // It was deleted between the two looks.
            return Err(Error::NotFound("Document"));
        }
        tracing::error!(
            document.id = document.id.0,
            "the stored file of a document is missing"
        );
        Err(Error::Missing("File content is missing"))
    }

    /// The answer that sends it.
    async fn send(
        self,
        document: &Document,
        mut head: Head,
        format: DownloadFormat,
        range: Option<ByteRange>,
    ) -> Result<Response> {
        let hash = known_hash(document);
        let mut status = StatusCode::OK;
        let outgoing = match (self, format) {
            (Self::Original(file), DownloadFormat::Original) => {
                let length = file.length();
                head.set(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
                if let Some(range) = range {
                    status = StatusCode::PARTIAL_CONTENT;
                    let place = HeaderValue::try_from(range.content_range(length));
                    head.set(header::CONTENT_RANGE, place.map_err(Error::internal)?);
                    head.set(header::CONTENT_LENGTH, range.length.into());
                    Outgoing::part(file, range).map_err(Error::internal)?
                } else {
                    head.set(header::CONTENT_LENGTH, length.into());
                    Outgoing::whole(file, length, hash)
                }
            }
            (Self::Archive(file), DownloadFormat::Zip) => {
                let length = file.length();
                head.set(header::CONTENT_LENGTH, length.into());
                let archive_hash = document.compressed_hash.as_deref();
                Outgoing::whole(file, length, archive_hash)
            }
            (Self::Original(file), DownloadFormat::Zip) => {
                let length = file.length();
                Outgoing::packed(file, length, &name_of(document), document.created_at, hash)
                    .map_err(Error::internal)?
            }
            (Self::Archive(file), DownloadFormat::Original) => {
                let hash = hash.map(str::to_owned);
                let opening = tokio::task::spawn_blocking(move || Outgoing::unpacked(file, hash.as_deref()));
                let opened = opening.await.map_err(Error::internal)?;
                let (outgoing, length) = opened.map_err(Error::internal)?;
                head.set(header::CONTENT_LENGTH, length.into());
                outgoing
            }
        };
        Ok(head.answer(status, outgoing.into_body(document.id.to_string())))
    }
}

/// The headers of an answer.
struct Head(HeaderMap);

impl Head {
    fn of(document: &Document, format: DownloadFormat) -> Result<Self> {
        let name = name_of(document);
        let (kind, name) = match format {
            DownloadFormat::Original => (document.mime_type.as_deref(), name),
            DownloadFormat::Zip => (Some(ARCHIVE), archive_name(&name)),
        };
        let kind = kind.and_then(|kind| HeaderValue::from_str(kind).ok());
        let mut head = Self(HeaderMap::new());
        head.set(
            header::CONTENT_TYPE,
            kind.unwrap_or(HeaderValue::from_static(ANY_BYTES)),
        );
        head.set(header::CONTENT_DISPOSITION, attachment::disposition(&name));
        head.set(header::CACHE_CONTROL, REVALIDATE);
        if let Some(hash) = known_hash(document) {
            let tag = match format {
                DownloadFormat::Original => format!("\"{hash}\""),
                // Archives of the same file may differ by a byte.
                DownloadFormat::Zip => format!("W/\"{hash}-zip\""),
            };
            head.set(header::ETAG, HeaderValue::try_from(tag).map_err(Error::internal)?);
        }
        Ok(head)
    }

    fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.insert(name, value);
    }

    fn tag_text(&self) -> Option<&str> {
        self.0.get(header::ETAG).and_then(|tag| tag.to_str().ok())
    }

    /// Whether the client has what would be sent.
    fn is_known(&self, request: &HeaderMap) -> bool {
        self.tag_text()
            .is_some_and(|tag| conditional::is_known(request, tag))
    }

    fn answer(mut self, status: StatusCode, body: Body) -> Response {
        if status == StatusCode::NOT_MODIFIED {
            self.0.remove(header::CONTENT_TYPE);
        }
        (status, self.0, body).into_response()
    }
}

/// The hash of the file, unless older data has something else there.
fn known_hash(document: &Document) -> Option<&str> {
    let is_hash =
        |hash: &&str| hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    document.file_hash.as_deref().filter(is_hash)
}

/// The name that the file came with; in older data it may hold anything.
fn name_of(document: &Document) -> String {
    documents::safe_filename(&document.original_filename)
        .unwrap_or_else(|| format!("document-{}", document.id))
}

fn archive_name(name: &str) -> String {
    let stem = FilePath::new(name).file_stem().and_then(OsStr::to_str);
    format!("{}.zip", stem.unwrap_or(name))
}
