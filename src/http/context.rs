//! Who asks, under which id and for which route: made once, before anything else looks at the request.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, uri::PathAndQuery},
    response::Response,
};
use ipnet::IpNet;
use uuid::Uuid;

use crate::app::AppState;

/// The request's id, accepted from the client or made here, and sent back.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const ID_LENGTH: usize = 64;

/// What every layer and handler may want to know of a request's head. Several of them keep it until the answer: a copy costs little.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The id in the response header, the logs and every error body.
    pub request_id: Arc<str>,
    /// The path as the client sent it, without the query.
    pub path: Arc<str>,
    /// The path that is routed: without `/v1` and without a trailing slash.
    pub route_path: Arc<str>,
    /// The client's address, behind trusted proxies the one they report.
    pub remote_addr: IpAddr,
    /// Whether the client (behind trusted proxies: according to them) uses HTTPS.
    pub is_https: bool,
    /// Whether a proxy has passed the request on, trusted or not.
    pub is_forwarded: bool,
}

/// Makes the context, gives the path its one spelling, and sends the id back.
pub async fn establish<F: Future<Output = Response>>(
    state: &AppState,
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    let proxies = &state.config.server.trusted_proxies;
    let path: Arc<str> = request.uri().path().into();
    let context = RequestContext {
        request_id: request_id(request.headers()),
        route_path: canonical(&path).map_or_else(|| Arc::clone(&path), Arc::from),
        path,
        remote_addr: client_address(peer.to_canonical(), request.headers(), proxies),
        is_https: is_trusted(peer.to_canonical(), proxies)
            && request
                .headers()
                .get(FORWARDED_PROTO)
                .is_some_and(|proto| proto == "https"),
        is_forwarded: request.headers().contains_key(FORWARDED_FOR)
            || request.headers().contains_key("forwarded"),
    };
    if context.route_path != context.path {
        *request.uri_mut() = with_path(request.uri(), &context.route_path);
    }
    let id = HeaderValue::from_str(&context.request_id);
    request.extensions_mut().insert(context);

    let mut response = next(request).await;
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The client's id if it is one that can stand in logs and headers, else a new one.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| {
            (1..=ID_LENGTH).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        })
        .map_or_else(
            || {
                Arc::from(
                    &*Uuid::new_v4()
                        .hyphenated()
                        .encode_lower(&mut Uuid::encode_buffer()),
                )
            },
            Arc::from,
        )
}

/// `/api/v1/x/` and `/api/x` are one route. None if this is how it is spelled already.
fn canonical(path: &str) -> Option<String> {
    let rest = path
        .strip_prefix("/api/v1")
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let trimmed = rest.unwrap_or(path).trim_end_matches('/');
    match (rest, trimmed) {
        (Some(_), trimmed) => Some(format!("/api{trimmed}")),
        (None, "") => (path != "/").then(|| "/".to_owned()),
        (None, trimmed) => (trimmed.len() < path.len()).then(|| trimmed.to_owned()),
    }
}

fn with_path(uri: &Uri, path: &str) -> Uri {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    let Ok(path_and_query) = PathAndQuery::try_from(text) else {
        return uri.clone();
    };
    parts.path_and_query = Some(path_and_query);
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

/// The right-most address that no trusted proxy has; the rest of the header is what anybody may have written.
fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    if !is_trusted(peer, proxies) {
        return peer;
    }
    let mut client = peer;
    let hops = headers.get_all(FORWARDED_FOR);
    let hops: Vec<&str> = hops
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .collect();
    for hop in hops.iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
        if !is_trusted(client, proxies) {
            break;
        }
    }
    client
}

fn is_trusted(address: IpAddr, proxies: &[IpNet]) -> bool {
    proxies.iter().any(|proxy| proxy.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versioned_and_slashed_paths_are_the_plain_route() {
        for (given, routed) in [
            ("/api/v1/po", "/api/po"),
            ("/api/po/", "/api/po"),
            ("/api/v1/", "/api"),
            ("/api/v10/po", "/api/v10/po"),
            ("/api/v1", "/api"),
            ("//", "/"),
        ] {
            let found = canonical(given);
            assert_eq!(found.as_deref().unwrap_or(given), routed);
        }
        for path in ["/", "/api/po", "/api"] {
            assert_eq!(canonical(path), None);
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert(
            FORWARDED_FOR,
            HeaderValue::from_static("6.6.6.6, 203.0.113.9, 10.0.0.7"),
        );
        let from = |peer: &str| client_address(peer.parse().unwrap(), &headers, &proxies).to_string();
        assert_eq!(from("10.1.2.3"), "203.0.113.9");
        assert_eq!(from("203.0.113.50"), "203.0.113.50");
    }

    #[test]
    fn odd_request_ids_are_replaced() {
        let id = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_static(text));
            request_id(&headers).to_string()
        };
        assert_eq!(id("abc.DEF_1-2"), "abc.DEF_1-2");
        assert_ne!(id("a b"), "a b");
        assert_ne!(id(""), "");
    }
}
