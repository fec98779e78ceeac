//! `/uploads/…`: links of the predecessor, which led into the folder of stored files and were open to everybody.
//!
//! What a row names is still found there, by who may read or holds a link to it; everything else is not.

use axum::{
    extract::State,
    http::{HeaderMap, Method},
    response::Response,
};
use utoipa_axum::router::OpenApiRouter;

use super::{
    download::{self, Reader},
    files,
    model::SessionId,
};
use crate::{
    app::AppState,
    error::Result,
    http::{access::routes, extract::Path, openapi::ReadErrors},
    types::{Fields, FromFields, Text},
    uploads::{
        documents,
        download::{Asker, FileBytes},
    },
};

/// The route; it does not lie below `/api`.
pub(in crate::uploads) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(fetch))
}

/// What stands behind `/uploads/`.
struct StoredPath {
    path: Text<1000>,
}

impl FromFields for StoredPath {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            path: fields.required("path")?,
        })
    }
}

/// Fetch a stored file by the name that it is stored under.
///
/// `{session_id}/{storage_filename}` is a file of a session as it was received, `{compressed_filename}` the archive of a
/// document, `{stored_filename}` the document itself. Needs a token, or the `token` of a link to that file.
#[utoipa::path(get, path = "/uploads/{*path}", tag = "upload sessions",
    params(
        ("path" = String, Path, description = "The name, for a file of a session after the session's id"),
        ("token" = Option<String>, Query, description = "That of a signed link, instead of a user's"),
    ),
    security(("bearer" = []), ("link" = [])),
    responses(
        (status = 200, description = "The file", body = FileBytes, content_type = "*/*"),
        ReadErrors,
    ))]
async fn fetch(
    asker: Asker,
    State(state): State<AppState>,
    stored: Result<Path<StoredPath>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    let Ok(Path(StoredPath { path })) = stored else {
        return Err(asker.unknown());
    };
    let names: Vec<&str> = path.split('/').collect();
    match names[..] {
        [name] => documents::send_by_name(&state, asker, name, &method, &headers).await,
        [session, name] | ["sessions", session, name] if !name.contains('\0') => {
            let session = SessionId::of(session);
            let Ok(session) = session.known() else {
                return Err(asker.unknown());
            };
            let file = files::id_of_stored(&state.db, session, name).await?;
            let file = file.ok_or_else(|| asker.unknown())?;
            let reader = Reader::of(&state, asker, session, &file)?;
            let file = files::find(&state.db, session, &file, state.clock.now()).await?;
            download::send(&state, &reader, file, &method, &headers).await
        }
        _ => Err(asker.unknown()),
    }
}
