//! `If-Match`: a change is made only to the version of a row that the client has seen.

use axum::http::{HeaderMap, header};

use crate::error::{Error, Result};

/// The versions that a request allows; all of them without the header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct IfMatch(Option<Vec<i32>>);

impl IfMatch {
    /// Reads the header: tags of which only the number before the first `-` counts, or `*`.
    ///
    /// # Errors
    /// `BadRequest` if one of its tags starts with no number.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self> {
        let mut versions = Vec::new();
        let mut is_given = false;
        for value in headers.get_all(header::IF_MATCH) {
            is_given = true;
            let text = value.to_str().map_err(|_| unreadable())?;
            for tag in text.split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self(None));
                }
                versions.push(version_of(tag).ok_or_else(unreadable)?);
            }
        }
        Ok(Self(is_given.then_some(versions)))
    }

    /// Whether a row of this version may be changed.
    pub(super) fn allows(&self, version: i32) -> bool {
        self.0.as_ref().is_none_or(|versions| versions.contains(&version))
    }
}

fn version_of(tag: &str) -> Option<i32> {
    let bare = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    bare.split('-')
        .next()?
        .parse()
        .ok()
        .filter(|version| *version > 0)
}

fn unreadable() -> Error {
    Error::BadRequest("If-Match must be the ETag of an earlier answer, or *".into())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(text: &'static str) -> Result<IfMatch> {
        IfMatch::of(&HeaderMap::from_iter([(
            header::IF_MATCH,
            HeaderValue::from_static(text),
        )]))
    }

    #[test]
    fn only_the_number_of_a_tag_counts() {
        for text in [
            "\"3-00aa\"",
            "W/\"3-00aa-gzip\"",
            "\"3\"",
            "3",
            "\"1-ff\", \"3-00\"",
        ] {
            let tags = read(text).unwrap();
            assert!(tags.allows(3) && !tags.allows(4), "{text}");
        }
        assert!(read("*").unwrap().allows(7));
        assert!(IfMatch::of(&HeaderMap::new()).unwrap().allows(7));
        for text in ["", "abc", "\"x-3\"", "\"0\"", "\"99999999999\"", "\"3\", "] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
