//! The middleware stack, in one place; a request passes it from top to bottom.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{Extensions, HeaderMap, Response, StatusCode, Version, header},
    middleware::{from_fn, from_fn_with_state as with_state},
};
use tower::ServiceBuilder;
use tower_http::compression::{
    CompressionLayer,
    predicate::{NotForContentType, Predicate, SizeAbove},
};

use crate::{
    app::AppState,
    auth,
    http::{
        access_log, body_limit, conditional, context, cors, drain, error_body, panic, rate_limit, retry,
        security_headers, timeout, trusted_hosts,
    },
};

/// Bodies below this many bytes are sent as they are.
const COMPRESSION_FLOOR: u64 = 1000;

/// Puts the stack around the routes.
///
/// Each group is one layer of the router: the router boxes every layer of its own, and each box is copied by all those
/// around it, for every request.
pub fn wrap(routes: Router<AppState>, state: AppState) -> Router {
    // What comes before routing, since it may change the path, stands outside of the router …
    let outer = ServiceBuilder::new()
        .layer(with_state(state.clone(), context::establish))
        .layer(from_fn(access_log::record))
        .layer(with_state(state.clone(), security_headers::add))
        .layer(with_state(state.clone(), error_body::write))
        .layer(with_state(state.clone(), cors::refuse_foreign))
        .layer(cors::layer(&state.config.server.cors_origins))
        .layer(panic::layer())
        .layer(with_state(state.clone(), trusted_hosts::check))
        .map_response(keep_status)
        .layer(compression())
        .map_response(note_status)
        .layer(with_state(state.clone(), error_body::write));
    // … and what needs to know which route matched, inside.
    let inner = ServiceBuilder::new()
        .layer(from_fn(access_log::note_route))
        .layer(from_fn(drain::rest))
        .layer(with_state(state.clone(), body_limit::enforce))
        .layer(DefaultBodyLimit::disable())
        .layer(with_state(state.clone(), timeout::enforce))
        .layer(with_state(state.clone(), rate_limit::by_address))
        .layer(with_state(state.clone(), auth::layer::authenticate))
        .layer(with_state(state.clone(), rate_limit::by_user))
        .layer(from_fn(retry::once))
        .layer(from_fn(conditional::answer_not_modified));
    let service = routes.layer(inner).with_state(state);
    Router::new().fallback_service(service).layer(outer)
}

/// The status that the handler gave.
#[derive(Debug, Clone, Copy)]
struct Given(StatusCode);

fn note_status<B>(mut response: Response<B>) -> Response<B> {
    let given = Given(response.status());
    response.extensions_mut().insert(given);
    response
}

/// The compression makes 406 of an answer to a client that accepts no coding at all, also when what it asked for is done. Such a
/// wish may be disregarded (RFC 9110 section 12.5.3); what was done may not be told otherwise.
fn keep_status<B>(mut response: Response<B>) -> Response<B> {
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
