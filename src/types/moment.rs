//! Moments in answers, which have thousands of them: the same text as everywhere, `2026-03-01T18:30:00.250Z`, made by whole numbers.

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Serialize, Serializer};

/// `2026-03-01T18:30:00.123456Z`.
const LENGTH: usize = 27;

/// Writes a moment.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn write<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    match text(at, &mut [0; LENGTH]) {
        Some(text) => serializer.serialize_str(text),
        None => at.serialize(serializer),
    }
}

/// Writes one that may be missing.
///
/// # Errors
/// Those of the serializer.
#[expect(clippy::ref_option, reason = "serde passes the field")]
pub(crate) fn write_optional<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => write(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// A moment of a year of four digits, to the microsecond that the database keeps; none, thousandths or millionths of a second,
/// as many as it takes.
fn text<'a>(at: &DateTime<Utc>, buffer: &'a mut [u8; LENGTH]) -> Option<&'a str> {
    let at = at.naive_utc();
    let year = u32::try_from(at.year())
        .ok()
        .filter(|year| (1000..10_000).contains(year))?;
    let micros = at.nanosecond() / 1000;
    if !at.nanosecond().is_multiple_of(1000) || micros >= 1_000_000 {
        return None;
    }
    let length = if micros == 0 {
        20
    } else if micros.is_multiple_of(1000) {
        24
    } else {
        LENGTH
    };
    let fraction = if length == 24 { micros / 1000 } else { micros };
    let mut places = buffer.get_mut(..length)?.iter_mut();
    for (number, digits, sign) in [
        (year, 4, b'-'),
        (at.month(), 2, b'-'),
        (at.day(), 2, b'T'),
        (at.hour(), 2, b':'),
        (at.minute(), 2, b':'),
        (at.second(), 2, if micros == 0 { b'Z' } else { b'.' }),
        (fraction, length.saturating_sub(21), b'Z'),
    ] {
        let mut power = 10_u32.pow(u32::try_from(digits).ok()?);
        while power > 1 {
            power /= 10;
            // The remainder is a digit.
            *places.next()? = b'0' + u8::try_from(number / power % 10).ok()?;
        }
        // Behind the last part there is no place.
        match places.next() {
            Some(place) => *place = sign,
            None => break,
        }
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn written(at: DateTime<Utc>) -> String {
        let mut json = Vec::new();
        write(&at, &mut serde_json::Serializer::new(&mut json)).unwrap();
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn moments_are_written_as_chrono_writes_them() {
        for (text, expected) in [
            ("2026-03-01T18:30:00Z", "\"2026-03-01T18:30:00Z\""),
            ("2026-03-01T18:30:00.25Z", "\"2026-03-01T18:30:00.250Z\""),
            ("2026-12-31T23:59:59.000001Z", "\"2026-12-31T23:59:59.000001Z\""),
            ("0999-12-31T00:00:00Z", "\"0999-12-31T00:00:00Z\""),
            (
                "2026-03-01T18:30:00.000000001Z",
                "\"2026-03-01T18:30:00.000000001Z\"",
            ),
        ] {
            let at: DateTime<Utc> = text.parse().unwrap();
            assert_eq!(written(at), expected);
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_written_as_chrono_writes_it(second in -70_000_000_000_i64..300_000_000_000, nanos in 0_u32..1_000_000_000, scale in 0_u32..=9) {
            let power = 10_u32.pow(scale);
            let at = Utc.timestamp_opt(second, nanos / power * power).unwrap();
            prop_assert_eq!(written(at), serde_json::to_string(&at).unwrap());
        }
    }
}
