//! Which web pages of other origins may call us: those of `CORS_ORIGINS`, with credentials.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower::{Layer, ServiceExt};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{app::AppState, error::Error};

const PREFLIGHT_CACHE: Duration = Duration::from_hours(1);

/// The headers for listed origins.
pub fn layer(origins: &[String]) -> CorsLayer {
    let header = HeaderName::from_static;
    let origins = origins
        .iter()
        .filter_map(|origin| HeaderValue::try_from(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            header("x-client-version"),
            header("x-request-id"),
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header("idempotency-key"),
        ])
        .expose_headers([
            header("x-process-time"),
            header("x-request-id"),
            header::CONTENT_DISPOSITION,
            header::CONTENT_LENGTH,
            header::LOCATION,
            header::RETRY_AFTER,
            header::ETAG,
        ])
        .max_age(PREFLIGHT_CACHE)
}

/// Puts the layer around a request of a web page. It refuses the preflight of an origin that is not listed, which would be a 200
/// without permissions, and leaves answers to all but listed origins without any CORS header.
pub async fn apply(layer: &CorsLayer, state: &AppState, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !headers.contains_key(header::ORIGIN) && request.method() != Method::OPTIONS {
        let mut response = next.run(request).await;
        note_origin(&mut response);
        return response;
    }
    let is_preflight =
        request.method() == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight && !is_listed(headers.get(header::ORIGIN), &state.config.server.cors_origins) {
        return Error::BadRequest("Disallowed CORS origin".into()).into_response();
    }
    let answered: Result<Response, Infallible> = layer.layer(next).oneshot(request).await;
    let mut response = match answered {
        Ok(response) => response,
        Err(never) => match never {},
    };
    // The layer writes what does not depend on the origin into every answer; a page that may not call us is told nothing.
    let headers = response.headers_mut();
    if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    }
    response
}

/// Says, as the layer does, that a page of another origin would get another answer.
pub fn note_origin(response: &mut Response) {
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("origin"));
}

/// Whether an `Origin` is one of the list, exactly.
pub fn is_listed(origin: Option<&HeaderValue>, origins: &[String]) -> bool {
    origin.is_some_and(|origin| {
        origins
            .iter()
            .any(|listed| origin.as_bytes() == listed.as_bytes())
    })
}
