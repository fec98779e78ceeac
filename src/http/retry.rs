//! One more try for a request whose transaction the database ended to resolve a conflict with another.
//!
//! Nothing of such a request has left the process, so it can be run again as it came. Uploads are not: their body is gone.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::debug;

use crate::{
    error::WorthRetrying,
    http::{body_limit, extract},
};

/// Runs a write again, once, if the database refused it for a deadlock, a serialisation failure or a lock's time.
pub async fn once(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        || body_limit::is_multipart(request.headers())
    {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => return extract::unreadable(&error).into_response(),
    };
    let response = next
        .clone()
        .run(Request::from_parts(parts.clone(), Body::from(body.clone())))
        .await;
    if response.extensions().get::<WorthRetrying>().is_none() {
        return response;
    }
    debug!("the request is tried once more");
    next.run(Request::from_parts(parts, Body::from(body))).await
}
