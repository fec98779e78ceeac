//! Reads what a refused request still sends, so that the client gets to see the answer.
//!
//! A server that closes a connection with unread bytes in it resets it, and the client's system then throws away the
//! answer that it had received. So what a handler left of a body is read and dropped, within bounds.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    response::Response,
};
use http_body_util::BodyExt;

use super::timeout::TimedOut;

/// How much is read and dropped at most: a file of the default size limit and some more.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a client may send nothing. One that waits for the answer before it sends its body gets it then.
const SILENCE: Duration = Duration::from_secs(1);

/// A body of which somebody else keeps hold too; empty once it was read to its end.
#[derive(Clone)]
struct Shared(Arc<Mutex<Option<Body>>>);

impl Shared {
    fn take(&self) -> Option<Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(inner) = body.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(inner).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            *body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.as_ref()
            .map_or_else(|| http_body::SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

/// Lets the request through and then reads the rest of its body.
pub async fn rest<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    if request.body().is_end_stream() {
        return next(request).await;
    }
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(Some(body))));
    let response = next(Request::from_parts(parts, Body::new(shared.clone()))).await;
    // Neither for a client that announced more than is ever read, nor for one that had its time already.
    if response.extensions().get::<TimedOut>().is_none()
        && let Some(rest) = shared.take()
        && usize::try_from(rest.size_hint().lower()).is_ok_and(|left| left <= MOST_BYTES)
    {
        // Out of patience, the connection is closed after all.
        tokio::time::timeout(PATIENCE, read(rest)).await.ok();
    }
    response
}

async fn read(mut body: Body) {
    let mut dropped = 0_usize;
    while dropped < MOST_BYTES {
        let Ok(frame) = tokio::time::timeout(SILENCE, body.frame()).await else {
            break;
        };
        match frame {
            Some(Ok(frame)) => dropped += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => break,
        }
    }
}
