//! The limit of a request body, counted while it arrives: 2 MB of JSON, more for files.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use http_body_util::Limited;

use crate::{app::AppState, error::Error};

/// The largest body of a JSON route: 2 MB.
pub const JSON_LIMIT: u64 = 2 * 1024 * 1024;

/// Refuses a body that says it is too long, and cuts off one that turns out to be. A form may be as long as any form; the
/// route that reads it knows how long its own may be.
pub async fn enforce<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let uploads = &state.config.uploads;
    let limit = if is_multipart(request.headers()) {
        uploads.max_bulk_size.max(uploads.max_form_size())
    } else {
        JSON_LIMIT
    };
    if is_announced_beyond(&request, limit) {
        return too_large(limit).into_response();
    }
    next(cut_off_at(request, limit)).await
}

/// Whether the head of a request says that its body is longer than this.
pub fn is_announced_beyond(request: &Request, limit: u64) -> bool {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    announced
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > limit)
}

/// The same request, whose body fails where it gets longer than this.
pub fn cut_off_at(request: Request, limit: u64) -> Request {
    let bound = usize::try_from(limit).unwrap_or(usize::MAX);
    request.map(|body| Body::new(Limited::new(body, bound)))
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
