//! Parts of a file: the `Range` header of RFC 9110, section 14, of which one range of bytes is served.

use axum::http::{HeaderMap, header};

use crate::error::{Error, Result};

/// A part of a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// How many bytes; at least one.
    pub length: u64,
}

impl ByteRange {
    /// The part that is asked for; `None` for the whole, which also answers what is not understood, several ranges at
    /// once, and a client whose part is of another content (`If-Range`).
    ///
    /// # Errors
    /// `RangeNotSatisfiable` if the file ends before the range begins.
    pub fn of(headers: &HeaderMap, tag: Option<&str>, length: u64) -> Result<Option<Self>> {
        let mut values = headers.get_all(header::RANGE).iter();
        let (Some(range), None) = (values.next(), values.next()) else {
            return Ok(None);
        };
        let condition = headers.get(header::IF_RANGE);
        if condition.is_some_and(|condition| tag.is_none_or(|tag| condition != tag)) {
            return Ok(None);
        }
        let Some(wanted) = range.to_str().ok().and_then(Wanted::parse) else {
            return Ok(None);
        };
        wanted
            .within(length)
            .map(Some)
            .ok_or(Error::RangeNotSatisfiable { length })
    }

    /// `bytes <first>-<last>/<length of the file>`.
    pub fn content_range(self, length: u64) -> String {
        let last = self.start + (self.length - 1);
        format!("bytes {}-{last}/{length}", self.start)
    }
}

/// One range as it is written.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// From a byte up to another, or to the end.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

impl Wanted {
    fn parse(text: &str) -> Option<Self> {
        let (unit, range) = text.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        match range.trim().split_once('-')? {
            ("", last) => number(last).map(Self::Last),
            (first, "") => number(first).map(|first| Self::From(first, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    fn within(self, length: u64) -> Option<ByteRange> {
        let end = length.checked_sub(1)?;
        let (start, last) = match self {
            Self::From(first, last) => (first, last.map_or(end, |last| last.min(end))),
            Self::Last(0) => return None,
            Self::Last(count) => (length.saturating_sub(count), end),
        };
        (start <= end).then(|| ByteRange {
            start,
            length: last - start + 1,
        })
    }
}

/// A number of digits; one that is too long for us lies beyond every file.
fn number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(range: &str, length: u64) -> Result<Option<ByteRange>, String> {
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_str(range).unwrap())]);
        ByteRange::of(&headers, None, length).map_err(|error| error.code().to_owned())
    }

    #[test]
    fn a_range_is_cut_to_the_file() {
        for (range, start, length) in [
            ("bytes=0-0", 0, 1),
            ("bytes=0-9", 0, 10),
            ("bytes=3-5", 3, 3),
            ("bytes=3-", 3, 7),
            ("bytes=3-99999999999999999999999", 3, 7),
            ("bytes=-3", 7, 3),
            ("bytes=-99", 0, 10),
            ("BYTES = 9-9", 9, 1),
        ] {
            let part = ByteRange { start, length };
            assert_eq!(of(range, 10), Ok(Some(part)), "{range}");
        }
        let last = of("bytes=-3", 10).unwrap().unwrap();
        assert_eq!(last.content_range(10), "bytes 7-9/10");
    }

    #[test]
    fn what_is_not_understood_gives_the_whole_and_what_is_outside_is_refused() {
        for range in [
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-3",
            "bytes=+1-2",
            "bytes=0-1,3-4",
            "bytes=1--2",
            "lines=0-1",
            "bytes=0x1-2",
        ] {
            assert_eq!(of(range, 10), Ok(None), "{range}");
        }
        for (range, length) in [
            ("bytes=10-", 10),
            ("bytes=10-11", 10),
            ("bytes=-0", 10),
            ("bytes=0-", 0),
            ("bytes=-1", 0),
            ("bytes=99999999999999999999999-", 10),
        ] {
            assert_eq!(
                of(range, length),
                Err("RANGE_NOT_SATISFIABLE".to_owned()),
                "{range}"
            );
        }
    }

    #[test]
    fn a_part_of_other_content_is_not_continued() {
        let part = |tag: Option<&str>| {
            let headers = HeaderMap::from_iter([
                (header::RANGE, HeaderValue::from_static("bytes=0-1")),
                (header::IF_RANGE, HeaderValue::from_static("\"aa\"")),
            ]);
            ByteRange::of(&headers, tag, 10).unwrap()
        };
        assert!(part(Some("\"aa\"")).is_some());
        assert_eq!(part(Some("\"bb\"")), None);
        assert_eq!(part(None), None);
    }
}
