//! Conditional reads: a GET whose `If-None-Match` names the current `ETag` is answered 304 without a body.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};

/// Answers 304 where the client already has what it asks for.
pub async fn answer_not_modified<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let known: Option<String> = is_read.then(|| known_tags(request.headers())).flatten();
    let mut response = next(request).await;
    let Some(known) = known else { return response };
    let current = response
        .headers()
        .get(header::ETAG)
        .and_then(|tag| tag.to_str().ok());
    if response.status() == StatusCode::OK && current.is_some_and(|current| matches(&known, current)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
        // As the answer with a body has it from the compression.
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// Whether the client already has what this tag stands for.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    known_tags(headers).is_some_and(|known| matches(&known, tag))
}

fn known_tags(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let tags: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    (!tags.is_empty()).then(|| tags.join(","))
}

/// Weak comparison: `W/` and the suffix that a compressing proxy adds do not matter. What stands without quotes is no tag
/// (RFC 9110 section 8.8.3) and matches nothing.
fn matches(known: &str, current: &str) -> bool {
    let current = opaque(current);
    let mut tags = known.split(',').map(str::trim);
    current.is_some() && tags.any(|tag| tag == "*" || opaque(tag) == current)
}

/// What stands between the quotes of a tag, without a compressing proxy's suffix.
fn opaque(tag: &str) -> Option<&str> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let mut suffixes = ["-gzip", "-br", "-zstd"].iter();
    Some(
        suffixes
            .find_map(|suffix| tag.strip_suffix(suffix))
            .unwrap_or(tag),
    )
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn tags_compare_weakly() {
        let current = "\"3-00aa\"";
        assert!(matches("\"3-00aa\"", current));
        assert!(matches("W/\"1-ff\", W/\"3-00aa-gzip\"", current));
        assert!(matches("*", current));
        assert!(!matches("\"3\"", current));
    }

    #[test]
    fn what_has_no_quotes_is_no_tag() {
        let current = "\"3-00aa\"";
        assert!(!matches("3-00aa", current));
        assert!(!matches("\"3-00aa", current));
        assert!(!matches("\"", current) && !matches("", "\"\""));
        assert!(matches("3-00aa, \"3-00aa\"", current));
    }
}
