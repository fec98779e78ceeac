//! Finds out who calls: from the `Authorization` header, else from the cookie, as it stands in the database.
//!
//! The layer only says who it is; whether somebody has to be known, and with which role, says each handler by its
//! extractor. A token that is there but no good is refused here, on every route that is not public.

use axum::{
    extract::Request,
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{Caller, cookies, origin};
use crate::{
    app::AppState,
    error::{Error, Result},
};

/// Takes also what is not a token of a user, and decides by itself.
const METRICS: &str = "/metrics";

/// Where the token came from.
#[derive(Debug, Clone, Copy)]
enum Credential<'a> {
    Bearer(&'a str),
    Cookie(&'a str),
    /// An `Authorization` header that holds no token; a cookie beside it is not looked at.
    Unreadable,
}

/// Puts the caller into the extensions of the request, for handlers, and of the response, for the log.
pub async fn authenticate<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match find_caller(state, &parts).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let Some(caller) = caller else {
        return next(Request::from_parts(parts, body)).await;
    };
    parts.extensions.insert(caller.clone());
    let mut response = next(Request::from_parts(parts, body)).await;
    response.extensions_mut().insert(caller);
    response
}

async fn find_caller(state: &AppState, request: &Parts) -> Result<Option<Caller>> {
    let path = request.uri.path();
    if is_public(path) {
        return Ok(None);
    }
    let Some(credential) = Credential::find(&request.headers) else {
        return Ok(None);
    };
    if path == METRICS {
        return Ok(verify(state, credential).await.unwrap_or_default());
    }
    let caller = verify(state, credential).await?;
    match (&caller, credential) {
        (Some(_), Credential::Cookie(_)) if !origin::is_safe(&request.method) => {
            origin::ensure_own(&request.uri, &request.headers, &state.config.server.cors_origins)?;
            Ok(caller)
        }
        (Some(_), _) => Ok(caller),
        // A signed link speaks for itself; the browser adds its old cookie to it unasked.
        (None, Credential::Cookie(_)) if has_signed_link(request) => Ok(None),
        (None, _) => Err(Error::Unauthenticated("Invalid authentication credentials")),
    }
}

/// The caller whose token it is; `None` if it is no good.
async fn verify(state: &AppState, credential: Credential<'_>) -> Result<Option<Caller>> {
    let (Credential::Bearer(token) | Credential::Cookie(token)) = credential else {
        return Ok(None);
    };
    let Some(token) = state.auth.read(token) else {
        return Ok(None);
    };
    let standing = state
        .auth
        .standings
        .find(&state.db, token.user, &token.id)
        .await?;
    let standing = standing.filter(|standing| {
        standing.is_active && !standing.is_revoked && standing.token_version == token.version
    });
    Ok(standing.map(|standing| Caller {
        id: token.user,
        username: standing.username.clone(),
        role: standing.role,
        token_id: token.id.clone(),
        token_expires_at: token.expires_at,
        session: token.session,
    }))
}

impl<'a> Credential<'a> {
    fn find(headers: &'a HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return cookies::read(headers, cookies::ACCESS).map(Self::Cookie);
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.trim().split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .filter(|_| values.next().is_none());
        Some(token.map_or(Self::Unreadable, |(_, token)| Self::Bearer(token.trim())))
    }
}

/// Whether a route asks nobody who they are; tokens sent to it, good or bad, do not matter.
fn is_public(path: &str) -> bool {
    matches!(
        path,
        "/" | "/api/health"
            | "/api/auth/signup"
            | "/api/auth/login"
            | "/api/auth/refresh"
            | "/api/docs"
            | "/api/redoc"
            | "/api/openapi.json"
    ) || ["/api/health/", "/api/docs/", "/api/redoc/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

fn has_signed_link(request: &Parts) -> bool {
    let query = request.uri.query().unwrap_or_default();
    origin::is_safe(&request.method)
        && form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "token")
}
