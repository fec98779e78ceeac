//! One line and one measurement for each request, and how long it took as a header.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    response::Response,
};
use tracing::{Instrument, Level, Span};

use crate::{
    auth::Caller,
    error::Cause,
    health,
    http::RequestContext,
    telemetry::{metrics, traces},
};

const PROCESS_TIME: HeaderName = HeaderName::from_static("x-process-time");

/// The template of the route that answered, left in the response by [`note_route`].
#[derive(Debug, Clone)]
pub struct Route(pub Arc<str>);

/// Copies the matched route, and who called it, to where the log can see it.
pub async fn note_route<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| Route(path.as_str().into()));
    let mut response = next(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// Opens the request's span, times it, logs it and counts it.
pub async fn record<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let started = Instant::now();
    let context = request.extensions().get::<RequestContext>().cloned();
    let (request_id, path, remote_addr) = match &context {
        Some(context) => (&*context.request_id, &*context.path, Some(context.remote_addr)),
        None => ("", "", None),
    };
    let method = request.method().clone();
    let client_version = request
        .headers()
        .get("x-client-version")
        .and_then(|value| value.to_str().ok())
        .map(|version| version.chars().take(32).collect::<String>());
    let open = || {
        tracing::info_span!(
            "request",
            request_id,
            method = %method,
            path,
            remote_addr = remote_addr.map(tracing::field::display),
            client_version,
            user_id = tracing::field::Empty,
            trace_id = tracing::field::Empty,
        )
    };
    // Nothing is logged within a probe, and of one that is answered nothing either.
    let is_traced = !health::is_plain_probe(&request)
        || request.headers().contains_key(traces::TRACEPARENT)
        || tracing::enabled!(target: "access", Level::DEBUG);
    let mut span = if is_traced { open() } else { Span::none() };
    if let Some(trace_id) = is_traced
        .then(|| traces::adopt_parent(&span, request.headers()))
        .flatten()
    {
        span.record("trace_id", trace_id);
    }
    let in_flight = metrics::InFlight::start();

    let mut response = next(request).instrument(span.clone()).await;

    drop(in_flight);
    let elapsed = started.elapsed();
    let status = response.status();
    if !is_traced && !status.is_success() {
        span = open();
    }
    if let Some(caller) = response.extensions().get::<Caller>() {
        span.record("user_id", caller.id.0);
    }
    let route = response.extensions_mut().remove::<Route>().map(|route| route.0);
    metrics::record_request(&method, route.as_ref(), status.as_u16(), elapsed);

    let route = route.as_deref().unwrap_or(metrics::UNMATCHED);
    let cause = response.extensions_mut().remove::<Cause>().map(|cause| cause.0);
    let (code, duration_ms) = (
        status.as_u16(),
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    );
    let message = Message {
        method: &method,
        path,
        code,
        elapsed,
    };
    span.in_scope(|| {
        if status.is_server_error() {
            tracing::error!(target: "access", status = code, duration_ms, route, error = cause, "{message}");
        } else if status.is_client_error() {
            tracing::warn!(target: "access", status = code, duration_ms, route, "{message}");
        } else if is_quiet(route, status) {
            tracing::debug!(target: "access", status = code, duration_ms, route, "{message}");
        } else {
            tracing::info!(target: "access", status = code, duration_ms, route, "{message}");
        }
    });

    let seconds = format!("{}.{:06}", elapsed.as_secs(), elapsed.subsec_micros());
    if let Ok(seconds) = HeaderValue::try_from(seconds) {
        response.headers_mut().insert(PROCESS_TIME, seconds);
    }
    response
}

/// What a line says; written only where the line is.
struct Message<'a> {
    method: &'a Method,
    path: &'a str,
    code: u16,
    elapsed: Duration,
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            code,
            elapsed,
        } = self;
        let (seconds, millis) = (elapsed.as_secs(), elapsed.subsec_millis());
        write!(
            f,
            "{method} {path} - Status: {code} - Time: {seconds}.{millis:03}s"
        )
    }
}

/// Probes that found all well are no news.
fn is_quiet(route: &str, status: StatusCode) -> bool {
    status.is_success() && (route.starts_with("/api/health") || route == "/metrics")
}
