//! The longest that a request may take; over it the answer is 503 and its transaction is rolled back.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};

use crate::{app::AppState, error::Error, http::body_limit};

/// Marks the answer to a request that took too long.
#[derive(Debug, Clone, Copy)]
pub struct TimedOut;

/// Ends a request after `REQUEST_TIMEOUT_SECONDS`, an upload after 300 seconds.
pub async fn enforce<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let server = &state.config.server;
    let limit = if body_limit::is_multipart(request.headers()) {
        server.upload_timeout.max(server.request_timeout)
    } else {
        server.request_timeout
    };
    if let Ok(response) = tokio::time::timeout(limit, next(request)).await {
        return response;
    }
    let error = anyhow::anyhow!("the request took longer than {} s", limit.as_secs());
    let mut response = Error::Unavailable(error).into_response();
    response.extensions_mut().insert(TimedOut);
    response
}
