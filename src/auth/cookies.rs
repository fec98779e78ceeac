//! The two cookies that carry tokens for browsers, whose pages then need not handle them.

use axum::http::{HeaderMap, header};

use crate::config::{AuthConfig, SameSite};

/// The cookie of the access token, sent everywhere.
pub(super) const ACCESS: &str = "access_token";
/// The cookie of the refresh token, sent to the routes of authentication only.
pub(super) const REFRESH: &str = "refresh_token";

/// How cookies are written.
#[derive(Debug)]
pub(super) struct Cookies {
    same_site: SameSite,
    is_secure: bool,
}

impl Cookies {
    pub(super) fn new(config: &AuthConfig) -> Self {
        Self {
            same_site: config.cookie_same_site,
            is_secure: config.cookie_secure,
        }
    }

    /// The cookie of an access token that lives so many seconds.
    pub(super) fn access(&self, token: &str, seconds: i64) -> String {
        self.write(ACCESS, token, self.same_site, "/", seconds)
    }

    /// The cookie of a refresh token that lives so many seconds.
    pub(super) fn refresh(&self, token: &str, seconds: i64) -> String {
        self.write(REFRESH, token, SameSite::Strict, "/api/auth", seconds)
    }

    /// Both cookies, to be dropped by the browser.
    pub(super) fn cleared(&self) -> [String; 2] {
        [self.access("", 0), self.refresh("", 0)]
    }

    fn write(&self, name: &str, value: &str, same_site: SameSite, path: &str, seconds: i64) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let same_site = same_site.as_str();
        format!("{name}={value}; HttpOnly; SameSite={same_site}; Path={path}; Max-Age={seconds}{secure}")
    }
}

/// The value of a cookie; of several with the name the first, which is the one with the longest path. Empty is none.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value.trim_matches('"'))
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_first_cookie_of_a_name_is_read() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("x_access_token=0; access_token=1;access_token=2"),
        );
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("refresh_token=\"3\"; empty="),
        );

        assert_eq!(read(&headers, "access_token"), Some("1"));
        assert_eq!(read(&headers, "refresh_token"), Some("3"));
        assert_eq!(read(&headers, "empty"), None);
        assert_eq!(read(&headers, "token"), None);
    }
}
