//! One more try for a request whose transaction the database ended to resolve a conflict with another.
//!
//! Nothing of such a request has left the process, so it can be run again as it came. Uploads are not: their body is gone.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::debug;

use crate::{
    auth::Caller,
    error::WorthRetrying,
    http::{body_limit, extract},
};

/// How long a request steps aside before it is tried again. The other one, which waits for the rows that this one held, has to
/// get them first; else the two stand in each other's way once more.
const ASIDE: Duration = Duration::from_millis(50);

/// Runs a write again, once, if the database refused it for a deadlock, a serialisation failure or a lock's time.
pub async fn once(request: Request, next: Next) -> Response {
    // Who is nobody has to prove otherwise before anything waits for a body; most are about to be refused for it.
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        || body_limit::is_multipart(request.headers())
        || request.extensions().get::<Caller>().is_none()
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
    tokio::time::sleep(ASIDE).await;
    next.run(Request::from_parts(parts, Body::from(body))).await
}
