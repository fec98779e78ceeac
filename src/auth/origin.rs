//! Whether a request that a cookie vouches for was sent by a page of ours: browsers send cookies with requests of any
//! page, but say which page it was.

use axum::http::{HeaderMap, Method, Uri, header};

use crate::error::{Error, Result};

/// Whether a method changes nothing.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses a request of another site's page.
///
/// # Errors
/// `Forbidden` unless `Origin`, or without it `Referer`, names the request's own host or one of `listed`.
pub(super) fn ensure_own(uri: &Uri, headers: &HeaderMap, listed: &[String]) -> Result<()> {
    let header = headers
        .get(header::ORIGIN)
        .or_else(|| headers.get(header::REFERER));
    let origin = header
        .and_then(|value| value.to_str().ok())
        .and_then(Origin::parse);
    let is_own = origin.is_some_and(|origin| {
        host(uri, headers).is_some_and(|host| origin.is_at(host))
            || listed
                .iter()
                .any(|listed| listed.eq_ignore_ascii_case(origin.text))
    });
    if is_own {
        Ok(())
    } else {
        Err(Error::Forbidden("Cross-site request refused".into()))
    }
}

fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(header::HOST)?.to_str().ok(),
    }
}

/// `scheme://host:port`, cut off a URL.
#[derive(Debug, PartialEq, Eq)]
struct Origin<'a> {
    text: &'a str,
    scheme: &'a str,
    authority: &'a str,
}

impl<'a> Origin<'a> {
    fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest
            .split(['/', '?', '#'])
            .next()
            .filter(|authority| !authority.is_empty())?;
        let text = url.get(..scheme.len() + "://".len() + authority.len())?;
        Some(Self {
            text,
            scheme,
            authority,
        })
    }

    /// Whether the page lies on the host that the request went to. A proxy may have taken TLS off, so that the scheme
    /// says nothing but which port need not be written.
    fn is_at(&self, host: &str) -> bool {
        let default_port = if self.scheme.eq_ignore_ascii_case("https") {
            ":443"
        } else {
            ":80"
        };
        let bare = |authority: &'a str| authority.strip_suffix(default_port).unwrap_or(authority);
        let host = host.strip_suffix(default_port).unwrap_or(host);
        bare(self.authority).eq_ignore_ascii_case(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(name: header::HeaderName, value: &str) -> bool {
        let request = axum::http::Request::builder()
            .uri("/api/po")
            .header(header::HOST, "api.example.com")
            .header(name, value)
            .body(());
        let (parts, ()) = request.unwrap().into_parts();
        ensure_own(
            &parts.uri,
            &parts.headers,
            &["https://app.example.com:8443".to_owned()],
        )
        .is_ok()
    }

    #[test]
    fn only_pages_of_the_host_or_of_the_list_are_ours() {
        for (origin, is_ours) in [
            ("https://api.example.com", true),
            ("https://api.example.com:443", true),
            ("https://API.example.com", true),
            ("https://app.example.com:8443", true),
            ("https://app.example.com", false),
            ("http://app.example.com:8443", false),
            ("https://api.example.com:444", false),
            ("https://api.example.com.evil.example", false),
            ("https://api.example.com@evil.example", false),
            ("https://evil.example/https://api.example.com", false),
            ("null", false),
            ("https://", false),
            ("", false),
        ] {
            assert_eq!(is_own(header::ORIGIN, origin), is_ours, "{origin}");
        }
        assert!(is_own(
            header::REFERER,
            "https://app.example.com:8443/quotations?id=1"
        ));
        assert!(!is_own(
            header::REFERER,
            "https://evil.example/?https://api.example.com/"
        ));
    }
}
