//! Refuses requests for hosts that are not ours, so that nobody can make us build links to theirs.

use axum::{
    extract::Request,
    http::{Version, header},
    response::{IntoResponse, Response},
};

use crate::{app::AppState, error::Error};

/// Checks the host against `TRUSTED_HOSTS`.
pub async fn check<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let allowed = &state.config.server.trusted_hosts;
    let is_fine = if names_none(&request) {
        // HTTP/1.0 does not ask for a host, and some probes of load balancers speak no more than that.
        request.version() < Version::HTTP_11 && allowed.iter().any(|pattern| pattern == "*")
    } else {
        host(&request).is_some_and(|host| is_allowed(host, allowed))
    };
    if is_fine {
        next(request).await
    } else {
        Error::BadRequest("Invalid host header".into()).into_response()
    }
}

fn names_none(request: &Request) -> bool {
    request.uri().host().is_none() && !request.headers().contains_key(header::HOST)
}

/// The one host that the request names: from its URI in HTTP/2 and absolute form, else from the header.
pub fn host(request: &Request) -> Option<&str> {
    if let Some(host) = request.uri().host() {
        return Some(host);
    }
    let mut values = request.headers().get_all(header::HOST).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    without_port(value.to_str().ok()?)
}

/// Cuts the port off; `None` if what stands before it is no host name or address.
fn without_port(authority: &str) -> Option<&str> {
    let (host, port) = match authority.find(']') {
        Some(end) => authority.split_at_checked(end + 1)?,
        None => authority.split_at_checked(authority.find(':').unwrap_or(authority.len()))?,
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_host)).then_some(host)
}

fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let host = host.trim_end_matches('.');
    allowed.iter().any(|pattern| match pattern.strip_prefix('*') {
        Some("") => true,
        Some(suffix) => {
            let cut = host.len().checked_sub(suffix.len());
            cut.filter(|cut| *cut > 0)
                .and_then(|cut| host.get(cut..))
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        }
        None => host.eq_ignore_ascii_case(pattern),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_match_with_wildcards_and_without_ports() {
        let allowed = ["api.example.com".to_owned(), "*.example.org".to_owned()];
        for (host, fits) in [
            ("api.example.com", true),
            ("API.example.com.", true),
            ("evil.example.com", false),
            ("a.example.org", true),
            ("a.b.example.org", true),
            ("example.org", false),
            ("evilexample.org", false),
        ] {
            assert_eq!(is_allowed(host, &allowed), fits, "{host}");
        }
        assert_eq!(without_port("api.example.com:8000"), Some("api.example.com"));
        assert_eq!(without_port("[::1]:8000"), Some("[::1]"));
        assert_eq!(without_port("a/b"), None);
        assert_eq!(without_port("a:80/b"), None);
        assert_eq!(without_port("a:b:80"), None);
        assert_eq!(without_port(""), None);
    }
}
