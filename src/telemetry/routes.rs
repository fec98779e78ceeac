//! `/metrics`, for callers on this machine, with the token of the settings, or with an admin's.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::{
    app::AppState,
    auth::{Admin, RequiredRole},
    error::Result,
    http::RequestContext,
    telemetry::metrics,
};

/// The type of Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All figures, for those who may see them.
///
/// # Errors
/// `Forbidden` for other users, `Unauthenticated` for anybody else.
pub async fn guarded(State(state): State<AppState>, request: Request) -> Result<Response> {
    if is_local(&request) || has_token(&state, &request) {
        return Ok(render(&state));
    }
    let (parts, _) = request.into_parts();
    Admin::check(&parts).map(|_| render(&state))
}

/// The listener of `METRICS_PORT`, which serves nothing else; who can reach the port may see the figures.
pub fn own_listener(state: AppState) -> Router {
    Router::new()
        .route(
            "/metrics",
            get(async |State(state): State<AppState>| render(&state)),
        )
        .with_state(state)
}

fn render(state: &AppState) -> Response {
    let idle = u32::try_from(state.db.num_idle()).unwrap_or(u32::MAX);
    metrics::record_pool(state.db.size(), idle, state.db.most());
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], state.metrics.render()).into_response()
}

/// From this machine, and not passed on by a proxy on it.
fn is_local(request: &Request) -> bool {
    let is_loopback = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .is_some_and(|info| info.0.ip().to_canonical().is_loopback());
    is_loopback
        && request
            .extensions()
            .get::<RequestContext>()
            .is_some_and(|context| !context.is_forwarded)
}

fn has_token(state: &AppState, request: &Request) -> bool {
    let Some(token) = &state.config.telemetry.metrics_token else {
        return false;
    };
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    // Hashes of equal length, so that the time of the comparison tells nothing of the token.
    given.is_some_and(|(_, given)| Sha256::digest(given.trim()) == Sha256::digest(token.expose_secret()))
}
