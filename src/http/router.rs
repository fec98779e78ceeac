//! Every route, on one page.

use axum::{Router, routing::get};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::AppState,
    audit, auth,
    error::Error,
    finance, health,
    http::{
        access::routes,
        docs, layers,
        openapi::{self, Document},
    },
    telemetry,
    unit_of_work::Answer,
    uploads,
};

/// The service's name in every answer that has one.
pub const SERVICE: &str = "Nexgen ERP - Finance API";
/// The version in every answer that has one.
pub const VERSION: &str = "1.0.0";

/// The routes below `/api` and their document.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(health::router())
        .merge(auth::routes::router())
        .merge(finance::router())
        .merge(uploads::router())
        .merge(audit::router())
}

fn documented() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(root))
        .merge(uploads::old_links())
        .nest("/api", api())
        .split_for_parts();
    openapi::complete(&mut document);
    (router, document)
}

/// The OpenAPI document of the whole API.
pub fn document() -> utoipa::openapi::OpenApi {
    documented().1
}

/// All routes behind the whole stack of middleware.
pub fn service(state: AppState) -> Router {
    let (mut router, document) = documented();
    if state.config.telemetry.metrics_port.is_none() {
        router = router.route("/metrics", get(telemetry::routes::guarded));
    }
    if state.config.server.docs_enabled {
        router = router.merge(docs::router(&document));
    }
    let router = router
        .fallback(async || Error::NoRoute)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed);
    layers::wrap(router, state)
}

/// What answers here.
#[derive(Debug, Serialize, ToSchema)]
struct Greeting {
    /// `SUCCESS`.
    status: &'static str,
    service: &'static str,
    version: &'static str,
}

/// What answers here, and in which version.
#[utoipa::path(get, path = "/", tag = "health", security(()), responses((status = 200, body = Greeting)))]
async fn root() -> Answer<Greeting> {
    Answer::ok(Greeting {
        status: "SUCCESS",
        service: SERVICE,
        version: VERSION,
    })
}
