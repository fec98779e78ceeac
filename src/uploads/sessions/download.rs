//! A file of a session on its way to whoever may read it, or holds a link to it.

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::Response,
};

use super::{file_routes::FilePath, files, model::FileRow, store};
use crate::{
    app::AppState,
    auth::Role,
    documents,
    error::{Error, Result},
    http::{
        access::Access,
        extract::Path,
        openapi::{ErrorBody, ReadErrors},
        signed_links,
    },
    uploads::{
        download::{Asker, FileBytes, Head, has_length, known_hash},
        outgoing::Outgoing,
        quota,
        storage::{Address, StoredFile},
    },
};

/// Somebody who may fetch the file that the path names.
pub(super) struct Reader {
    /// Whose downloads are counted: the user's, or those through links to the session's files.
    subject: String,
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let asker = Asker::of(parts)?;
        // No link was ever made for what is no id.
        let named = Path::<FilePath>::from_request_parts(parts, state).await;
        let named = named.ok().and_then(|Path(path)| {
            let session = path.session_id.known().ok()?.to_owned();
            Some((session, path.file_id.known().ok()?.to_owned()))
        });
        match (asker, named) {
            (Asker::User(caller), _) => Ok(Self {
                subject: caller.id.to_string(),
            }),
            (Asker::Link(token), Some((session, file))) => Self::of_link(state, &session, &file, &token),
            (Asker::Link(_), None) => Err(signed_links::NOT_VALID),
        }
    }
}

impl Access for Reader {
    const CALLER: Option<Role> = Asker::CALLER;
}

impl Reader {
    /// Somebody who asks for a file that is known already.
    ///
    /// # Errors
    /// `Unauthenticated` if the link does not open it.
    pub(super) fn of(state: &AppState, asker: Asker, session: &str, file: &str) -> Result<Self> {
        match asker {
            Asker::User(caller) => Ok(Self {
                subject: caller.id.to_string(),
            }),
            Asker::Link(token) => Self::of_link(state, session, file, &token),
        }
    }

    fn of_link(state: &AppState, session: &str, file: &str, token: &str) -> Result<Self> {
        signed_links::ensure_opens_file(state, session, file, token)?;
        Ok(Self {
            subject: session.to_owned(),
        })
    }
}

/// Fetch a file of an upload session.
///
/// The file as it was received, of which a range may be asked for unless it is stored compressed. Needs a token, or the
/// `token` of an `access_url`. 404 also if its content is lost. 429 when an hour's downloads are used up.
#[utoipa::path(get, path = "/uploads/session/{session_id}/files/{file_id}/download", tag = "upload sessions",
    params(FilePath, ("token" = Option<String>, Query, description = "That of a signed link, instead of a user's")),
    security(("bearer" = []), ("link" = [])),
    responses(
        (status = 200, description = "The file", body = FileBytes, content_type = "*/*"),
        (status = 206, description = "The part of the file that was asked for", body = FileBytes,
            content_type = "*/*"),
        (status = 416, description = "The file ends before the range begins", body = ErrorBody),
        ReadErrors,
    ))]
pub(super) async fn download_session_file(
    reader: Reader,
    State(state): State<AppState>,
    Path(FilePath { session_id, file_id }): Path<FilePath>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    let file = files::find(
        &state.db,
        session_id.known()?,
        file_id.known()?,
        state.clock.now(),
    )
    .await?;
    send(&state, &reader, file, &method, &headers).await
}

/// The answer that sends a file.
///
/// # Errors
/// `Missing` if its content is lost, `RateLimited` if the reader has fetched enough for an hour.
pub(super) async fn send(
    state: &AppState,
    reader: &Reader,
    file: FileRow,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response> {
    let stored = open(state, &file).await?;
    let hash = known_hash(file.file_hash.as_deref());
    let mut head = Head::new(file.original_mime_type.as_deref(), &name_of(&file));
    if let Some(hash) = hash {
        head.tag(format!("\"{hash}\""))?;
    }
    if head.is_known(headers) {
        return Ok(head.answer(StatusCode::NOT_MODIFIED, Body::empty()));
    }
    let range = if file.is_compressed || !has_length(&stored, Some(file.file_size)) {
        None
    } else {
        head.range(method, headers, &stored)?
    };
    if method == Method::GET {
        let (now, uploads) = (state.clock.now(), &state.config.uploads);
        quota::count_downloads(&state.db, &reader.subject, 1, now, uploads.downloads_per_hour).await?;
        store::count_downloads(&state.db, &file.session_id, 1, now).await?;
    }
    let (status, outgoing) = if file.is_compressed {
        let length = u64::try_from(file.file_size).map_err(Error::internal)?;
        head.set(header::CONTENT_LENGTH, length.into());
        (StatusCode::OK, Outgoing::inflated(stored, length, hash))
    } else {
        head.plain(stored, range, hash)?
    };
    Ok(head.answer(status, outgoing.into_body(file.id)))
}

/// The stored bytes of a file.
///
/// # Errors
/// `Missing` if they are lost, which is logged.
pub(super) async fn open(state: &AppState, file: &FileRow) -> Result<StoredFile> {
    let address = Address::in_session(file.session_id.as_str(), file.storage_filename.as_str());
    if let Some(stored) = state.storage.find(&address).await.map_err(Error::storage)? {
        return Ok(stored);
    }
    // It may have been deleted between the two looks.
    files::find(&state.db, &file.session_id, &file.id, state.clock.now()).await?;
    tracing::error!(file.id = file.id, "the stored file of a session is missing");
    Err(Error::Missing("File content is missing"))
}

/// The name that the file came with; in older data it may hold anything.
pub(super) fn name_of(file: &FileRow) -> String {
    documents::safe_filename(&file.original_filename).unwrap_or_else(|| format!("file-{}", file.id))
}
