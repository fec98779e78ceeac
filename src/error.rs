//! The one error type of the crate and its one way onto the wire.
//!
//! Everything below the handlers speaks of what happened (`Invalid`, `Conflict`, `NotFound`); only this file knows
//! status codes and the shape of an error body. The body is written by [`crate::http::error_body`], which knows the
//! request's path and id.

pub mod constraints;

use std::{borrow::Cow, fmt, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::unit_of_work::StoredAnswer;

/// The result of everything that can fail for a client to see.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How long a client should wait before it tries again after a passing fault.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(5);

/// One thing that is wrong with a request: where, what, and a stable word for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// The field as it is named in the request, dotted: `items[0].quantity`; `body` for a text that is no JSON.
    #[schema(example = "po_value")]
    pub field: String,
    /// What is wrong, fit for a user.
    #[schema(example = "must be at least 0")]
    pub message: String,
    /// A stable word for the kind of fault: `missing`, `greater_than_equal`, `foreign_key` …
    #[serde(rename = "type")]
    #[schema(example = "greater_than_equal")]
    pub kind: Cow<'static, str>,
}

impl Fault {
    /// A fault of a field.
    pub fn new(
        field: impl Into<String>,
        kind: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            message: message.into().into_owned(),
            kind: kind.into(),
        }
    }
}

/// What a refused request is told: one sentence, the faults, and what a route adds to the body.
#[derive(Debug, Clone, Default)]
pub struct Refusal {
    /// One sentence fit for a user.
    pub message: Cow<'static, str>,
    /// Each fault, if there are any to name.
    pub faults: Vec<Fault>,
    /// Further keys at the top level of the body.
    pub extra: Map<String, Value>,
}

/// Why a request was not done.
#[derive(Debug)]
pub enum Error {
    /// The request makes no sense whatever the data: a bad header, a rule that older clients know as 400.
    BadRequest(Cow<'static, str>),
    /// Values that are missing, malformed, out of range or that refer to nothing.
    Invalid(Box<Refusal>),
    /// Nobody is known to be calling; the text is what the client is told.
    Unauthenticated(&'static str),
    /// The caller is known and may not.
    Forbidden(Cow<'static, str>),
    /// There is no such thing, or none that the caller may see: the thing's name, "Project".
    NotFound(&'static str),
    /// A thing is there without the part of it that was asked for; the text says which.
    Missing(&'static str),
    /// The path is no route at all.
    NoRoute,
    /// The path is a route, but not for this method.
    MethodNotAllowed,
    /// The state of the data does not allow it: taken, still referenced, already done.
    Conflict(Box<Refusal>),
    /// A request with the same idempotency key is still being done.
    RunningUnderKey,
    /// The row has changed since the client read it.
    Stale,
    /// A body or file above its limit; the text names the limit.
    TooLarge(Cow<'static, str>),
    /// A body or file of a type that the route does not take.
    UnsupportedMediaType(Cow<'static, str>),
    /// None of the bytes that were asked for exist.
    RangeNotSatisfiable {
        /// How many bytes there are.
        length: u64,
    },
    /// Too many requests, and when to come back.
    RateLimited(Cow<'static, str>, Duration),
    /// A passing fault of ours: database away, pool exhausted, shutting down.
    Unavailable(anyhow::Error),
    /// The server cannot take work: its database is away (`disconnected`) or it is stopping (`connected`).
    NotReady {
        /// `connected` or `disconnected`.
        database: &'static str,
    },
    /// Two transactions stood in each other's way; worth one more try.
    Contended(sqlx::Error),
    /// A fault of ours, which the client is told nothing about but the request id.
    Internal(anyhow::Error),
    /// Not a fault: the request was done before under the same idempotency key, and this is its answer.
    Replayed(Box<StoredAnswer>),
}

impl Error {
    /// Faults of shape: the message is the general one.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self::Invalid(Box::new(Refusal {
            message: "Request validation failed".into(),
            faults,
            extra: Map::new(),
        }))
    }

    /// The storage of files fails: its disk is full, its server is away.
    pub fn storage(error: std::io::Error) -> Self {
        Self::Unavailable(anyhow::Error::new(error).context("the storage of files fails"))
    }

    /// One rule that one field breaks: the rule's text is the message too.
    pub fn invalid_field(
        field: impl Into<String>,
        kind: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let message = message.into();
        Self::Invalid(Box::new(Refusal {
            message: message.clone(),
            faults: vec![Fault::new(field, kind, message)],
            extra: Map::new(),
        }))
    }

    /// A field names a row that does not exist: "Unknown project".
    pub fn unknown_reference(field: &'static str, thing: &str) -> Self {
        Self::invalid_field(field, "foreign_key", format!("Unknown {thing}"))
    }

    /// A conflict with one sentence.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict(Box::new(Refusal {
            message: message.into(),
            ..Refusal::default()
        }))
    }

    /// A conflict over one field, such as a name that is taken.
    pub fn conflict_field(
        field: impl Into<String>,
        kind: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let message = message.into();
        Self::Conflict(Box::new(Refusal {
            message: message.clone(),
            faults: vec![Fault::new(field, kind, message)],
            extra: Map::new(),
        }))
    }

    /// A fault of ours.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::Internal(cause.into())
    }

    /// Adds a key to the top level of the body of a refusal; of other errors nothing changes.
    #[must_use]
    pub fn with_extra(mut self, key: &str, value: Value) -> Self {
        if let Self::Invalid(refusal) | Self::Conflict(refusal) = &mut self {
            refusal.extra.insert(key.to_owned(), value);
        }
        self
    }

    /// Everything that the client is told, in one line.
    pub fn summary(&self) -> String {
        match self {
            Self::Invalid(refusal) | Self::Conflict(refusal) if !refusal.faults.is_empty() => {
                let faults: Vec<&str> = refusal
                    .faults
                    .iter()
                    .map(|fault| fault.message.as_str())
                    .collect();
                faults.join("; ")
            }
            _ => self.message().into_owned(),
        }
    }

    /// The stable code of the error contract.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "BAD_REQUEST",
            Self::Invalid(_) => "VALIDATION_ERROR",
            Self::Unauthenticated(_) => "UNAUTHORIZED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::NotFound(_) | Self::Missing(_) | Self::NoRoute => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::Conflict(_) | Self::RunningUnderKey => "CONFLICT",
            Self::Stale => "PRECONDITION_FAILED",
            Self::TooLarge(_) => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType(_) => "UNSUPPORTED_MEDIA_TYPE",
            Self::RangeNotSatisfiable { .. } => "RANGE_NOT_SATISFIABLE",
            Self::RateLimited(..) => "RATE_LIMITED",
            Self::Unavailable(_) | Self::NotReady { .. } | Self::Contended(_) => "SERVICE_UNAVAILABLE",
            Self::Internal(_) | Self::Replayed(_) => "INTERNAL_ERROR",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) | Self::Missing(_) | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) | Self::RunningUnderKey => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::RateLimited(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::NotReady { .. } | Self::Contended(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) | Self::Replayed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn message(&self) -> Cow<'static, str> {
        match self {
            Self::BadRequest(text)
            | Self::Forbidden(text)
            | Self::TooLarge(text)
            | Self::UnsupportedMediaType(text)
            | Self::RateLimited(text, _) => text.clone(),
            Self::Invalid(refusal) | Self::Conflict(refusal) => refusal.message.clone(),
            Self::Unauthenticated(text) | Self::Missing(text) => (*text).into(),
            Self::RangeNotSatisfiable { length } => {
                format!("The range lies outside of the file's {length} bytes").into()
            }
            Self::NotFound(thing) => format!("{thing} not found").into(),
            Self::NoRoute => "Not Found".into(),
            Self::MethodNotAllowed => "Method Not Allowed".into(),
            Self::RunningUnderKey => "A request with this Idempotency-Key is still running".into(),
            Self::Stale => "The resource has changed since it was read".into(),
            Self::Unavailable(_) | Self::NotReady { .. } | Self::Contended(_) => {
                "The service is temporarily unavailable".into()
            }
            Self::Internal(_) | Self::Replayed(_) => "An internal server error occurred".into(),
        }
    }

    /// What developers are told of a fault of ours: the kind of error, without texts that may hold SQL or paths.
    fn detail(&self) -> Option<String> {
        let Self::Internal(error) = self else { return None };
        Some(match error.downcast_ref::<sqlx::Error>() {
            Some(sqlx::Error::Database(error)) => {
                format!(
                    "DatabaseError: SQLSTATE {}",
                    error.code().unwrap_or("?????".into())
                )
            }
            Some(_) => "DatabaseError".to_owned(),
            None => format!("InternalError: {error}"),
        })
    }

    /// The whole chain of causes of a fault of ours, for the log.
    fn cause(&self) -> Option<String> {
        match self {
            Self::Unavailable(error) | Self::Internal(error) => Some(format!("{error:#}")),
            Self::Contended(error) => Some(format!("{error:#}")),
            Self::NotReady { database } => Some(format!("not ready: the database is {database}")),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause() {
            Some(cause) => write!(formatter, "{}: {cause}", self.code()),
            None => write!(formatter, "{}: {}", self.code(), self.message()),
        }
    }
}

impl std::error::Error for Error {}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let code = database.code().map(Cow::into_owned);
                constraints::explain(database.as_ref())
                    .unwrap_or_else(|| from_sqlstate(code.as_deref(), error))
            }
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            // The connection ended in the middle of a message.
            | sqlx::Error::Protocol(_) => Self::Unavailable(error.into()),
            _ => Self::Internal(error.into()),
        }
    }
}

/// Maps what PostgreSQL refuses without naming a constraint.
fn from_sqlstate(code: Option<&str>, error: sqlx::Error) -> Error {
    match code {
        // Serialization failure, deadlock, lock timeout.
        Some("40001" | "40P01" | "55P03") => Error::Contended(error),
        // Numeric value out of range, text too long for its column.
        Some("22003") => Error::invalid_field("body", "less_than_equal", "A number is too large"),
        Some("22001") => Error::invalid_field("body", "string_too_long", "A text is too long"),
        // A NUL byte or another character that the encoding lacks.
        Some("22021" | "22P05") => Error::invalid_field(
            "body",
            "value_error",
            "A text has a character that cannot be stored",
        ),
        // Class 08 connection, 53 resources, 57 operator intervention (shutdown, statement timeout), 58 system.
        Some(code)
            if ["08", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class)) =>
        {
            Error::Unavailable(error.into())
        }
        // In a database that has just been taken away from us.
        Some("3D000") => Error::Unavailable(error.into()),
        _ => Error::Internal(error.into()),
    }
}

/// What the layer that writes error bodies has to know; stands in the extensions of a response without a body.
#[derive(Debug, Clone)]
pub struct ErrorAnswer {
    /// The stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: Cow<'static, str>,
    /// The faults.
    pub faults: Vec<Fault>,
    /// Further keys of the body.
    pub extra: Map<String, Value>,
    /// What a server that is not in production may say about a fault of ours: its kind, never its text of SQL or paths.
    pub detail: Option<String>,
}

/// The chain of causes behind a 5xx; stands in the response's extensions until the request log has written it.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

/// Marks an answer whose request may be tried once more, since nothing of it has left the process.
#[derive(Debug, Clone, Copy)]
pub struct WorthRetrying;

impl Error {
    /// What the body says.
    pub(crate) fn into_answer(self) -> ErrorAnswer {
        let (code, message, detail) = (self.code(), self.message(), self.detail());
        let (faults, extra) = match self {
            Self::Invalid(refusal) | Self::Conflict(refusal) => (refusal.faults, refusal.extra),
            Self::NotReady { database } => (
                Vec::new(),
                Map::from_iter([("database".to_owned(), database.into())]),
            ),
            _ => (Vec::new(), Map::new()),
        };
        ErrorAnswer {
            code,
            message,
            faults,
            extra,
            detail,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        match &self {
            Self::Replayed(stored) => return stored.as_ref().clone().into_response(),
            Self::Unauthenticated(_) => {
                set(
                    &mut response,
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer"),
                );
            }
            Self::RangeNotSatisfiable { length } => {
                // Digits are always a header.
                if let Ok(value) = HeaderValue::try_from(format!("bytes */{length}")) {
                    set(&mut response, header::CONTENT_RANGE, value);
                }
            }
            Self::RunningUnderKey => retry_after(&mut response, Duration::from_secs(1)),
            Self::RateLimited(_, wait) => retry_after(&mut response, *wait),
            Self::Unavailable(_) | Self::NotReady { .. } => retry_after(&mut response, UNAVAILABLE_RETRY),
            Self::Contended(_) => {
                retry_after(&mut response, UNAVAILABLE_RETRY);
                response.extensions_mut().insert(WorthRetrying);
            }
            _ => {}
        }
        if let Some(cause) = self.cause() {
            response.extensions_mut().insert(Cause(cause));
        }
        response.extensions_mut().insert(self.into_answer());
        response
    }
}

fn retry_after(response: &mut Response, wait: Duration) {
    // Whole seconds, rounded up: a client that comes back a moment early would only be refused again.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    set(response, header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
}

fn set(response: &mut Response, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}
