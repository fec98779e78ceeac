//! The file of a document on its way to whoever may read it, or holds a link to it.
//!
//! Documents have their file stored as it was received; older ones have an archive of it beside that, or instead.

use std::{ffi::OsStr, path::Path as FilePath};

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    model::{Document, DownloadFormat, DownloadQuery},
    routes::DocumentPath,
    store,
};
use crate::{
    app::AppState,
    auth::Role,
    documents,
    error::{Error, Result},
    http::{
        access::Access,
        extract::{Path, Query},
        openapi::{ErrorBody, ReadErrors},
        range::ByteRange,
        signed_links,
    },
    types::ids::DocumentId,
    uploads::{
        download::{Asker, FileBytes, Head, has_length, known_hash},
        outgoing::Outgoing,
        quota,
        storage::{Address, StoredFile},
    },
};

const ARCHIVE: &str = "application/zip";

/// Somebody who may fetch the document that the path names.
pub(super) struct Reader {
    /// Whose downloads are counted: the user's, or those through links to this document.
    subject: String,
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let token = match Asker::of(parts)? {
            Asker::User(caller) => {
                return Ok(Self {
                    subject: caller.id.to_string(),
                });
            }
            Asker::Link(token) => token,
        };
        // No link was ever made for what is no id.
        let Ok(Path(DocumentPath { doc_id })) = Path::from_request_parts(parts, state).await else {
            return Err(signed_links::NOT_VALID);
        };
        Self::of_link(state, doc_id, &token)
    }
}

impl Access for Reader {
    const CALLER: Option<Role> = Asker::CALLER;
}

impl Reader {
    fn of_link(state: &AppState, id: DocumentId, token: &str) -> Result<Self> {
        signed_links::ensure_opens_document(state, id, token)?;
        Ok(Self {
            subject: format!("document:{id}"),
        })
    }
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
            (FileBytes = "*/*"),
        )),
        (status = 206, description = "The part of the file that was asked for", body = FileBytes,
            content_type = "*/*"),
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
    send(&state, &reader, &document, format, (&method, &headers)).await
}

/// The answer that sends a document.
async fn send(
    state: &AppState,
    reader: &Reader,
    document: &Document,
    format: DownloadFormat,
    (method, headers): (&Method, &HeaderMap),
) -> Result<Response> {
    let stored = Stored::open(state, document, format).await?;
    let head = head_of(document, format)?;
    if head.is_known(headers) {
        return Ok(head.answer(StatusCode::NOT_MODIFIED, Body::empty()));
    }
    let range = match (&stored, format) {
        (Stored::Original(file), DownloadFormat::Original) if has_length(file, document.original_size) => {
            head.range(method, headers, file)?
        }
        _ => None,
    };
    if *method == Method::GET {
        let limit = state.config.uploads.downloads_per_hour;
        quota::count_downloads(&state.db, &reader.subject, 1, state.clock.now(), limit).await?;
    }
    stored.send(document, head, format, range).await
}

/// The answer that sends what is stored of a document under this name.
///
/// # Errors
/// `NotFound` if no document names it, `Unauthenticated` if a link does not open that document.
pub(in crate::uploads) async fn send_by_name(
    state: &AppState,
    asker: Asker,
    name: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response> {
    let document = store::find_stored(&state.db, name)
        .await?
        .ok_or_else(|| asker.unknown())?;
    let reader = match asker {
        Asker::User(caller) => Reader {
            subject: caller.id.to_string(),
        },
        Asker::Link(token) => Reader::of_link(state, document.id, &token)?,
    };
    let format = if document.stored_filename.as_deref() == Some(name) {
        DownloadFormat::Original
    } else {
        DownloadFormat::Zip
    };
    send(state, &reader, &document, format, (method, headers)).await
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
        let hash = known_hash(document.file_hash.as_deref());
        let mut status = StatusCode::OK;
        let outgoing = match (self, format) {
            (Self::Original(file), DownloadFormat::Original) => {
                let (part_or_whole, outgoing) = head.plain(file, range, hash)?;
                status = part_or_whole;
                outgoing
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

/// The headers of the answer.
fn head_of(document: &Document, format: DownloadFormat) -> Result<Head> {
    let name = name_of(document);
    let mut head = match format {
        DownloadFormat::Original => Head::new(document.mime_type.as_deref(), &name),
        DownloadFormat::Zip => Head::new(Some(ARCHIVE), &archive_name(&name)),
    };
    if let Some(hash) = known_hash(document.file_hash.as_deref()) {
        head.tag(match format {
            DownloadFormat::Original => format!("\"{hash}\""),
            // Archives of the same file may differ by a byte.
            DownloadFormat::Zip => format!("W/\"{hash}-zip\""),
        })?;
    }
    Ok(head)
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
