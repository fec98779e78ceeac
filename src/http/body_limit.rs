//! The limit of a request body, counted while it arrives: 2 MB of JSON, a file and 1 MB around it, more for many files
//! (uploads contract, section 1.1).

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;

use super::multipart;
use crate::{app::AppState, error::Error};

/// The largest body of a JSON route: 2 MB.
pub const JSON_LIMIT: u64 = 2 * 1024 * 1024;
/// What the parts around a file may add to it.
pub const MULTIPART_OVERHEAD: u64 = 1024 * 1024;

/// How the paths of routes end that take many files.
const BULK: &str = "/bulk";

/// Refuses a body that says it is too long, and cuts off one that turns out to be.
pub async fn enforce(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let uploads = &state.config.uploads;
    let (limit, refusal) = if !is_multipart(request.headers()) {
        (JSON_LIMIT, too_large(JSON_LIMIT))
    } else if request.uri().path().ends_with(BULK) {
        (uploads.max_bulk_size, too_large(uploads.max_bulk_size))
    } else {
        // The limit that a client has to know is that of the file.
        let file = uploads.max_file_size;
        (file + MULTIPART_OVERHEAD, multipart::too_large(file))
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if announced
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > limit)
    {
        return refusal.into_response();
    }
    let bound = usize::try_from(limit).unwrap_or(usize::MAX);
    next.run(request.map(|body| Body::new(Limited::new(body, bound))))
        .await
}

/// Whether the body is a form with files.
pub fn is_multipart(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| {
            kind.trim_start()
                .to_ascii_lowercase()
                .starts_with("multipart/form-data")
        })
}

/// The refusal, which names the limit.
pub fn too_large(limit: u64) -> Error {
    Error::TooLarge(format!("The request body is larger than {limit} bytes").into())
}
