//! The OpenAPI document: made from the handlers, with what they have in common added here.

use serde::Serialize;
use utoipa::{
    IntoResponses, Modify, OpenApi, ToSchema,
    openapi::{
        RefOr, Required, Response, ResponseBuilder,
        content::ContentBuilder,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Ref, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::error::Fault;

/// The head of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Nexgen ERP - Finance API",
        version = "1.0.0",
        description = "Purchase orders, vendors, payments, billing and profit of a contractor. \
                       Amounts are exact decimals in rupees, written as JSON numbers; dates are `YYYY-MM-DD`; \
                       timestamps are RFC 3339 in UTC. Every error has the shape of `ErrorBody`. \
                       `/api/v1/...` answers as `/api/...`."
    ),
    components(schemas(ErrorBody)),
    modifiers(&Security),
    security(("bearer" = []))
)]
pub struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "The access token of login; browsers may send the cookie `access_token` instead.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let link = ApiKeyValue::with_description(
            "token",
            "What a `download_url` ends with: opens that one file for a while.",
        );
        components.add_security_scheme("link", SecurityScheme::ApiKey(ApiKey::Query(link)));
    }
}

/// Adds what all operations have in common and no handler should have to repeat.
pub(crate) fn complete(document: &mut utoipa::openapi::OpenApi) {
    // The router marks a parameter that takes the rest of the path; the standard has no word for it.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    for (path, item) in &mut document.paths.paths {
        if let Some(post) = &mut item.post
            && !path.starts_with("/api/auth/")
        {
            post.parameters
                .get_or_insert_default()
                .push(idempotency_key().into());
        }
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            for response in operation.responses.responses.values_mut() {
                // The standard wants one also where the schema says it all.
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    "Done".clone_into(&mut response.description);
                }
            }
        }
    }
}

fn idempotency_key() -> Parameter {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Names the request, so that sending it again within 24 hours does nothing but answer as before, with \
             `Idempotency-Replayed: true`. 409 while the first one runs, 422 with another body.",
        ))
        .schema(Some(key))
        .build()
}

/// Every error that is not 2xx or 304.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Always `ERROR`.
    #[schema(example = "ERROR")]
    status: String,
    /// A stable code.
    #[schema(example = "VALIDATION_ERROR")]
    error_code: String,
    /// One sentence for a user.
    #[schema(example = "Request validation failed")]
    message: String,
    /// The path asked for, without the query.
    #[schema(example = "/api/po")]
    path: String,
    /// The id to give to support; also in the header `X-Request-ID`.
    request_id: String,
    /// Each fault, where there are faults of fields.
    errors: Option<Vec<Fault>>,
    /// Whether the server runs with `DEBUG_MODE`; only on a 500.
    debug: Option<bool>,
}

fn error(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ErrorBody")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .build()
        .into()
}

/// What any route may answer beside its own.
pub struct CommonErrors;

impl IntoResponses for CommonErrors {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        [
            ("400", "Malformed request, wrong host or origin"),
            ("429", "Too many requests; `Retry-After` says when to come back"),
            ("500", "A fault of the server; the request id names it in the log"),
            (
                "503",
                "Passing: database away, overload, shutting down; `Retry-After` says when to come back",
            ),
        ]
        .map(|(status, text)| (status.to_owned(), error(text)))
        .into()
    }
}

/// What a route that needs a token and reads may answer beside its own.
pub struct ReadErrors;

impl IntoResponses for ReadErrors {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        let mut responses = CommonErrors::responses();
        responses.extend(
            [
                ("401", "No valid token"),
                ("403", "The caller's role does not suffice"),
                ("404", "No such resource"),
                ("422", "Bad path, query or body; every fault is named"),
            ]
            .map(|(status, text)| (status.to_owned(), error(text))),
        );
        responses
    }
}

/// What a route that needs a token and writes may answer beside its own.
pub struct WriteErrors;

impl IntoResponses for WriteErrors {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        let mut responses = ReadErrors::responses();
        responses.extend(
            [
                (
                    "409",
                    "The data's state does not allow it, or a request with this Idempotency-Key is running",
                ),
                ("412", "`If-Match` names another version"),
                ("413", "The body is too large"),
                ("415", "The body's type is not taken"),
            ]
            .map(|(status, text)| (status.to_owned(), error(text))),
        );
        responses
    }
}
