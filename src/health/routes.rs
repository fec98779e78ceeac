//! The probes' handlers.

use std::sync::{Arc, LazyLock};

use axum::{
    body::HttpBody as _,
    extract::{Request, State},
    http::{Method, header},
    response::{IntoResponse as _, Response},
};
use utoipa_axum::router::OpenApiRouter;

use super::model::{DetailedHealth, Health, Live, Ready, timestamp};
use crate::{
    app::AppState,
    error::{Error, Result},
    http::{access::routes, access_log::Route, cors, openapi::CommonErrors},
    unit_of_work::Answer,
};

/// The probes; none needs a token.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(detailed))
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(database))
}

/// Whether the service works.
///
/// Always 200, so that a frontend can tell a degraded service from none.
#[utoipa::path(get, path = "/health", tag = "health", security(()), responses((status = 200, body = Health), CommonErrors))]
async fn health(State(state): State<AppState>) -> Answer<Health> {
    answer(&state).await
}

async fn answer(state: &AppState) -> Answer<Health> {
    let is_up = state.health.tables(&state.db).await.is_some();
    Answer::ok(Health::new(is_up, state.clock.now()))
}

/// Where [`health`] is.
const PROBE: &str = "/api/health";

/// Whether a request asks for `health` as load balancers do, so that it needs neither routing nor what goes with a web page or
/// a body.
pub fn is_plain_probe(request: &Request) -> bool {
    request.method() == Method::GET
        && request.uri().path() == PROBE
        && !request.headers().contains_key(header::ORIGIN)
        && request.body().is_end_stream()
}

/// The answer to such a request, as the whole stack would give it.
pub async fn answer_probe(state: &AppState) -> Response {
    static ROUTE: LazyLock<Arc<str>> = LazyLock::new(|| PROBE.into());
    let mut response = answer(state).await.into_response();
    response.extensions_mut().insert(Route(Arc::clone(&ROUTE)));
    cors::note_origin(&mut response);
    response
}

/// Which parts of the service work.
#[utoipa::path(get, path = "/health/detailed", tag = "health", security(()),
    responses((status = 200, body = DetailedHealth), CommonErrors))]
async fn detailed(State(state): State<AppState>) -> Answer<DetailedHealth> {
    let tables = state.health.tables(&state.db).await;
    Answer::ok(DetailedHealth::new(
        tables,
        state.config.environment.as_str(),
        state.clock.now(),
    ))
}

/// Whether the process answers; never asks the database.
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = 200, body = Live), CommonErrors))]
async fn live(State(state): State<AppState>) -> Answer<Live> {
    Answer::ok(Live {
        status: "UP",
        timestamp: timestamp(state.clock.now()),
    })
}

/// Whether the server should get requests: 503 without the database and while it stops.
#[utoipa::path(get, path = "/health/ready", tag = "health", security(()), responses((status = 200, body = Ready), CommonErrors))]
async fn ready(State(state): State<AppState>) -> Result<Answer<Ready>> {
    readiness(&state).await
}

/// Another name of `/health/ready`.
#[utoipa::path(get, path = "/health/db", tag = "health", security(()), responses((status = 200, body = Ready), CommonErrors))]
async fn database(State(state): State<AppState>) -> Result<Answer<Ready>> {
    readiness(&state).await
}

async fn readiness(state: &AppState) -> Result<Answer<Ready>> {
    let is_connected = state.health.tables(&state.db).await.is_some();
    let database = if is_connected { "connected" } else { "disconnected" };
    if !is_connected || state.health.is_stopping() {
        return Err(Error::NotReady { database });
    }
    Ok(Answer::ok(Ready {
        status: "UP",
        database,
        timestamp: timestamp(state.clock.now()),
    }))
}
