//! Where clients reach this server, for links that have to be absolute.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts, uri::Authority},
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
        // A request of HTTP/2 names its host in the target.
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| parts.uri.authority().map(Authority::as_str))
            .ok_or_else(|| Error::BadRequest("The request names no host".into()))?;
        Ok(Self(format!("{scheme}://{host}")))
    }
}
