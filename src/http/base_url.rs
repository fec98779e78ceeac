//! Where clients reach this server, for links that have to be absolute.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::RequestContext;
use crate::{app::AppState, error::Error};

/// `PUBLIC_BASE_URL`, else scheme and host of the request; without a slash at its end. The host was looked at by the layer of
/// trusted hosts.
#[derive(Debug, Clone)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The whole link of a path of this server.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromRequestParts<AppState> for BaseUrl {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        if let Some(public) = &state.config.server.public_base_url {
            return Ok(Self(public.clone()));
        }
        let context = parts.extensions.get::<RequestContext>();
        let scheme = if context.is_some_and(|context| context.is_https) {
            "https"
        } else {
            "http"
        };
        // A target that names its host (HTTP/2, absolute form) wins over the header, for the check of the host as well.
        let host = match parts.uri.authority() {
            Some(authority) => authority.as_str().rsplit('@').next(),
            None => parts
                .headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok()),
        };
        let host = host.ok_or_else(|| Error::BadRequest("The request names no host".into()))?;
        Ok(Self(format!("{scheme}://{host}")))
    }
}
