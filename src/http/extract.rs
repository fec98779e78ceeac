//! Extractors for JSON bodies, paths and queries, which answer every fault at once and in our error shape.

use std::{borrow::Cow, error::Error as _};

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, header, request::Parts},
};
use http_body_util::LengthLimitError;
use serde_json::{Map, Value};

use crate::{
    error::{Error, Fault, Result},
    http::{body_limit, json},
    types::{Fields, FromFields},
    unit_of_work::Fingerprint,
};

/// A JSON body, read field by field.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The query.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// Reads all fields and gives either the value or all faults.
///
/// # Errors
/// `Invalid` with every fault.
pub fn parse<T: FromFields>(mut fields: Fields<'_>) -> Result<T> {
    let value = T::from_fields(&mut fields);
    let faults = fields.into_faults();
    match value {
        Some(value) if faults.is_empty() => Ok(value),
        _ => Err(Error::invalid(faults)),
    }
}

/// A body that could not be received: too long, or cut off.
pub(crate) fn unreadable(error: &axum::Error) -> Error {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<LengthLimitError>() {
            return body_limit::too_large(body_limit::JSON_LIMIT);
        }
        source = cause.source();
    }
    Error::BadRequest("The request body could not be read".into())
}

/// JSON is named by its type, by one that ends in `+json`, or, since some clients forget it, by none at all.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let kind = kind.to_str().unwrap_or_default();
    let essence = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse_object(body: &Bytes) -> Result<Map<String, Value>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    let invalid = |text: Cow<'static, str>| Error::invalid(vec![Fault::new("body", "json_invalid", text)]);
    match json::read(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(invalid("must be a JSON object".into())),
        Err(fault) => Err(invalid(fault.into())),
    }
}

impl<S: Send + Sync, T: FromFields> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        // Before the body is read: what says that it is a form may be as long as a file.
        if !is_json(&parts.headers) {
            return Err(Error::UnsupportedMediaType(
                "Content-Type must be application/json".into(),
            ));
        }
        let body = to_bytes(body, usize::MAX)
            .await
            .map_err(|error| unreadable(&error))?;
        if let Some(fingerprint) = parts.extensions.get::<Fingerprint>() {
            fingerprint.set_body(&body);
        }
        let object = parse_object(&body)?;
        parse(Fields::new(&object)).map(Self)
    }
}

impl<S: Send + Sync, T: FromFields> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let parameters = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| {
                Error::invalid(vec![Fault::new("path", "value_error", "is not valid UTF-8 text")])
            })?;
        let pairs = parameters
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        parse(Fields::from_text(pairs)).map(Self)
    }
}

impl<S: Send + Sync, T: FromFields> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        parse(Fields::from_text(pairs)).map(Self)
    }
}

/// Makes the type of a path's parameters: a struct of ids that are read by their names.
macro_rules! path_parameters {
    ($(#[doc = $doc:literal] $name:ident { $(#[doc = $field_doc:literal] $field:ident: $id:ty),+ $(,)? })+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, utoipa::IntoParams)]
        #[into_params(parameter_in = Path)]
        // Some ids stand in paths only, so that their schemas are nowhere to be referred to.
        pub(crate) struct $name { $(#[doc = $field_doc] #[param(inline)] pub(crate) $field: $id),+ }

        impl $crate::types::FromFields for $name {
            fn from_fields(fields: &mut $crate::types::Fields<'_>) -> Option<Self> {
                $(let $field = fields.required(stringify!($field));)+
                Some(Self { $($field: $field?),+ })
            }
        }
    )+};
}

pub(crate) use path_parameters;
