//! Writes the body of every error in its one shape, whoever refused the request.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use serde_json::{Map, Value, json};

use crate::{
    app::AppState,
    error::{Error, ErrorAnswer},
    http::RequestContext,
};

/// Fills in the bodies of error answers, which only here meet the request's path and id.
pub async fn write<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let context = request.extensions().get::<RequestContext>().cloned();
    let is_head = request.method() == Method::HEAD;
    let mut response = next(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let answer = match response.extensions_mut().remove::<ErrorAnswer>() {
        Some(answer) => answer,
        // A library's own refusal, which has no body or one in plain text.
        None if !has_json(&response) => general(status),
        None => return response,
    };
    let mut body = Map::new();
    body.insert("status".to_owned(), json!("ERROR"));
    body.insert("error_code".to_owned(), json!(answer.code));
    let detail = answer
        .detail
        .filter(|_| !state.config.environment.is_production());
    body.insert(
        "message".to_owned(),
        detail.map_or_else(|| json!(answer.message), Value::String),
    );
    if let Some(context) = context {
        body.insert("path".to_owned(), json!(context.path));
        body.insert("request_id".to_owned(), json!(context.request_id));
    }
    if !answer.faults.is_empty() || status == StatusCode::UNPROCESSABLE_ENTITY {
        body.insert("errors".to_owned(), json!(answer.faults));
    }
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        body.insert("debug".to_owned(), json!(state.config.debug_mode));
    }
    body.extend(answer.extra);

    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    headers.remove(header::CONTENT_ENCODING);
    *response.body_mut() = if is_head { Body::empty() } else { Body::from(bytes) };
    response
}

fn has_json(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

/// What stands for a refusal that came without words.
fn general(status: StatusCode) -> ErrorAnswer {
    let error = match status {
        StatusCode::NOT_FOUND => Error::NoRoute,
        StatusCode::METHOD_NOT_ALLOWED => Error::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge("The request body is too large".into()),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::UnsupportedMediaType("Unsupported media type".into()),
        StatusCode::UNPROCESSABLE_ENTITY => Error::invalid(Vec::new()),
        status if status.is_client_error() => Error::BadRequest("The request could not be understood".into()),
        _ => Error::internal(anyhow::anyhow!("a library answered {status}")),
    };
    error.into_answer()
}
