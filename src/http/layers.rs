//! The middleware stack, in one place; a request passes it from top to bottom.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Extensions, HeaderMap, StatusCode, Version, header},
    middleware::{Next, from_fn_with_state as with_state},
    response::Response,
};
use tower::ServiceBuilder;
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    cors::CorsLayer,
};

use crate::{
    app::AppState,
    auth, health,
    http::{
        access_log, body_limit, conditional, context, cors, drain, error_body, panic, rate_limit, retry,
        security_headers, timeout, trusted_hosts,
    },
};

/// Bodies below this many bytes are sent as they are.
const COMPRESSION_FLOOR: u64 = 1000;

/// Puts the stack around the routes.
///
/// The steps of each of the two functions below are nested calls and no layers of their own: a layer is boxed for every request and
/// copied by all those around it.
pub fn wrap(routes: Router<AppState>, state: AppState) -> Router {
    let outer = ServiceBuilder::new()
        .layer(with_state(
            (
                state.clone(),
                Arc::new(cors::layer(&state.config.server.cors_origins)),
            ),
            before_routing,
        ))
        .layer(panic::layer())
        .map_response(keep_status)
        .layer(compression())
        .map_response(note_status);
    let inner = ServiceBuilder::new()
        .layer(with_state(state.clone(), once_routed))
        .layer(DefaultBodyLimit::disable());
    let service = routes.layer(inner).with_state(state);
    Router::new().fallback_service(service).layer(outer)
}

/// What comes before routing, since it may change the path, and around everything.
async fn before_routing(
    State((state, cors)): State<(AppState, Arc<CorsLayer>)>,
    request: Request,
    next: Next,
) -> Response {
    let state = &state;
    // Load balancers ask this all the time, and nothing else around the routes would change the answer.
    if health::is_plain_probe(&request) {
        return around_all(state, request, |request| {
            trusted_hosts::check(state, request, |_| health::answer_probe(state))
        })
        .await;
    }
    around_all(state, request, |request| cors::apply(&cors, state, request, next)).await
}

/// What every answer gets.
async fn around_all<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    context::establish(state, request, |request| {
        access_log::record(request, |request| {
            security_headers::add(state, request, |request| error_body::write(state, request, next))
        })
    })
    .await
}

/// What may know which route matched.
async fn once_routed(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let state = &state;
    // Again here, so that the bodies of errors are compressed too.
    error_body::write(state, request, |request| {
        trusted_hosts::check(state, request, |request| {
            access_log::note_route(request, |request| {
                drain::rest(request, |request| {
                    body_limit::enforce(state, request, |request| {
                        timeout::enforce(state, request, |request| {
                            rate_limit::by_address(state, request, |request| {
                                auth::layer::authenticate(state, request, |request| {
                                    rate_limit::by_user(state, request, |request| {
                                        conditional::answer_not_modified(request, |request| {
                                            retry::once(request, next)
                                        })
                                    })
                                })
                            })
                        })
                    })
                })
            })
        })
    })
    .await
}

/// The status that the handler gave.
#[derive(Debug, Clone, Copy)]
struct Given(StatusCode);

fn note_status<B>(mut response: axum::http::Response<B>) -> axum::http::Response<B> {
    let given = Given(response.status());
    response.extensions_mut().insert(given);
    response
}

/// The compression makes 406 of an answer to a client that accepts no coding at all, also when what it asked for is done. Such a
/// wish may be disregarded (RFC 9110 section 12.5.3); what was done may not be told otherwise.
fn keep_status<B>(mut response: axum::http::Response<B>) -> axum::http::Response<B> {
    if let Some(Given(status)) = response.extensions_mut().remove() {
        *response.status_mut() = status;
    }
    response
}

/// gzip, br or zstd for what shrinks by it.
fn compression() -> CompressionLayer<impl Predicate> {
    let spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    CompressionLayer::new().compress_when(
        SizeAbove::new(COMPRESSION_FLOOR)
            .and(NotForContentType::IMAGES)
            .and(NotForContentType::SSE)
            .and(NotForContentType::const_new("application/zip"))
            .and(NotForContentType::const_new("application/gzip"))
            .and(NotForContentType::const_new(spreadsheet))
            // A file goes out as it is, with its length and its ranges.
            .and(|_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
                !headers.contains_key(header::CONTENT_DISPOSITION)
            }),
    )
}
