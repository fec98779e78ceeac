//! Reading of printed text: amounts, dates, label words and GSTINs. Pure functions over single values.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

/// An amount has at most this many digits; more is a misread, not money.
const MAX_DIGITS: usize = 15;

/// One line of printable text: every kind of white space and control character becomes a space, runs become one.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let words =
        text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}' | '\u{feff}'));
    for word in words.filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Rounds to paisa, half away from zero.
pub(crate) fn round_money(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Rounds to 4 places, half away from zero: quantities, rates and percentages.
pub(crate) fn round_fine(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)
}

/// The exact number a printed amount stands for, unrounded; `None` if the text is not a number.
///
/// Grouping commas (Indian or western, and no others), currency signs, `INR`, `Rs.` and a closing `/-` are dropped; `(x)` and `x-` are
/// negative. No exponent, no more than 15 digits.
pub(crate) fn amount(text: &str) -> Option<Decimal> {
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '₹' | '$' | '£' | '€'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let outer = strip_currency(&compact);
    let (body, in_brackets) = match outer.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (strip_currency(inner), true),
        None => (outer, false),
    };
    let (body, is_signed) = match body.strip_suffix('-').or_else(|| body.strip_prefix('-')) {
        Some(rest) => (strip_currency(rest), true),
        None => (body, false),
    };
    let body = without_grouping(body)?;
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let points = body.bytes().filter(|byte| *byte == b'.').count();
    if digits == 0 || points > 1 || digits.saturating_add(points) != body.len() {
        return None;
    }
    let significant = body
        .trim_start_matches(['0', '.'])
        .bytes()
        .filter(u8::is_ascii_digit)
        .count();
    if significant > MAX_DIGITS || digits > 2 * MAX_DIGITS || (in_brackets && is_signed) {
        return None;
    }
    let value: Decimal = format!("0{}", body.trim_end_matches('.')).parse().ok()?;
    Some(if in_brackets || is_signed { -value } else { value })
}

/// The digits of a number without its commas; `None` if these group neither by thousands nor as lakhs and crores do, because
/// then they may be anything: `1.234,56`, `1,00`.
fn without_grouping(number: &str) -> Option<String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',').rev();
    let last = groups.next().unwrap_or_default();
    let others: Vec<usize> = groups.map(str::len).collect();
    let is_grouped = others.split_last().is_none_or(|(first, middle)| {
        let by = |size: usize| (1..=size).contains(first) && middle.iter().all(|len| *len == size);
        last.len() == 3 && (by(3) || by(2))
    });
    (is_grouped && !fraction.contains(',')).then(|| number.replace(',', ""))
}

fn strip_currency(text: &str) -> &str {
    let text = text.strip_suffix("/-").unwrap_or(text);
    let text = text.strip_suffix("INR").unwrap_or(text);
    ["INR", "RS.", "RS"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text)
}

/// The value as money below the largest that is stored (13 digits before the point), rounded; `None` above.
pub(crate) fn money(value: Decimal) -> Option<Decimal> {
    Some(round_money(value)).filter(|value| value.abs() < Decimal::from(10_i64.pow(13)))
}

/// The value as a quantity or rate below the largest that is stored (11 digits before the point), rounded; `None` above.
pub(crate) fn fine(value: Decimal) -> Option<Decimal> {
    Some(round_fine(value)).filter(|value| value.abs() < Decimal::from(10_i64.pow(11)))
}

/// True if a number taken from a numeric cell has too many digits to be an amount.
pub(crate) fn has_too_many_digits(value: Decimal) -> bool {
    round_fine(value).normalize().mantissa().unsigned_abs() >= 10_u128.pow(15)
}

/// The date a text stands for, day before month; `None` unless it is a real day of the years 2000 to 2099.
///
/// `DD-MM-YYYY`, also with `/` or `.` and a year of two digits; `YYYY-MM-DD`; `D Mon YYYY`, `D-Mon-YYYY` and
/// `Mon D, YYYY` with English months; the day of the week, ordinal endings and a time of day are ignored.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let upper = clean(text).to_ascii_uppercase();
    let day_part = without_time(&upper);
    let has_separator = day_part.contains(['-', '/', '.']);
    let parts: Vec<&str> = day_part
        .split(['-', '/', '.', ',', ' '])
        .filter(|part| !part.is_empty())
        .skip_while(|part| is_weekday(part))
        .collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let is_year = first.len() == 4 && first.bytes().all(|byte| byte.is_ascii_digit());
    let (year, month, day) = if is_year {
        (year(first)?, number(second, 2)?, number(third, 2)?)
    } else if let Some(month) = month(second) {
        (year(third)?, month, day(first)?)
    } else if let Some(month) = month(first) {
        (year(third)?, month, day(second)?)
    } else if has_separator {
        (year(third)?, number(second, 2)?, number(first, 2)?)
    } else {
        return None;
    };
    in_range(NaiveDate::from_ymd_opt(year, month, day)?)
}

/// The date itself if it lies in the years 2000 to 2099.
pub(crate) fn in_range(date: NaiveDate) -> Option<NaiveDate> {
    use chrono::Datelike;

    (2000..=2099).contains(&date.year()).then_some(date)
}

fn is_weekday(text: &str) -> bool {
    const DAYS: [&str; 7] = [
        "MONDAY",
        "TUESDAY",
        "WEDNESDAY",
        "THURSDAY",
        "FRIDAY",
        "SATURDAY",
        "SUNDAY",
    ];
    text.len() >= 3 && DAYS.iter().any(|day| day.starts_with(text))
}

fn without_time(upper: &str) -> &str {
    let Some(colon) = upper.find(':') else {
        return upper;
    };
    let before = upper.get(..colon).unwrap_or_default();
    // The hour ends at the colon; the date ends before the space or the T that precedes it.
    let hour_start = before.trim_end_matches(|c: char| c.is_ascii_digit());
    hour_start.strip_suffix('T').unwrap_or(hour_start).trim_end()
}

fn number(text: &str, max_len: usize) -> Option<u32> {
    (text.len() <= max_len && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn day(text: &str) -> Option<u32> {
    let bare = ["ST", "ND", "RD", "TH"]
        .iter()
        .find_map(|ending| text.strip_suffix(ending))
        .unwrap_or(text);
    number(bare, 2)
}

fn year(text: &str) -> Option<i32> {
    let value = i32::try_from(number(text, 4)?).ok()?;
    match text.len() {
        2 => Some(2000 + value),
        4 => Some(value),
        _ => None,
    }
}

fn month(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "JANUARY",
        "FEBRUARY",
        "MARCH",
        "APRIL",
        "MAY",
        "JUNE",
        "JULY",
        "AUGUST",
        "SEPTEMBER",
        "OCTOBER",
        "NOVEMBER",
        "DECEMBER",
    ];
    let is_short = text.len() == 3 || text == "SEPT";
    let position = MONTHS
        .iter()
        .position(|name| *name == text || (is_short && name.starts_with(text)))?;
    u32::try_from(position).ok()?.checked_add(1)
}

/// The words of a label, upper-case: punctuation separates, single letters join (`P.O. No.` is `PO`, `NO`), `#` and `%`
/// are words of their own.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut letters = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() {
            current.extend(c.to_uppercase());
            continue;
        }
        if c == '\'' || c == '’' {
            continue;
        }
        let word = std::mem::take(&mut current);
        let is_letter = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        if is_letter {
            letters.push_str(&word);
        }
        // A run of single letters ends at a longer word, or at anything but a full stop or a slash.
        if !letters.is_empty() && (!is_letter && !word.is_empty() || !matches!(c, '.' | '/' | ' ')) {
            words.push(std::mem::take(&mut letters));
        }
        if !is_letter && !word.is_empty() {
            words.push(word);
        }
        if matches!(c, '#' | '%') {
            words.push(c.to_string());
        }
    }
    if !letters.is_empty() {
        words.push(letters);
    }
    words
}

/// True if `text` has the form of a GSTIN.
pub(crate) fn is_gstin(text: &str) -> bool {
    text.len() == 15
        && text.bytes().enumerate().all(|(position, byte)| match position {
            0 | 1 | 7..=10 => byte.is_ascii_digit(),
            2..=6 | 11 => byte.is_ascii_uppercase(),
            12 => byte.is_ascii_uppercase() || (b'1'..=b'9').contains(&byte),
            13 => byte == b'Z',
            _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn amounts_in_every_printed_form_are_exact() {
        for (text, value) in [
            ("2,82,359.12", dec!(282359.12)),
            ("282,359.12", dec!(282359.12)),
            ("₹ 1,000", dec!(1000)),
            ("INR 5.50", dec!(5.50)),
            ("5.50 INR", dec!(5.50)),
            ("Rs. 500/-", dec!(500)),
            ("rs 500", dec!(500)),
            ("(500)", dec!(-500)),
            ("(Rs. 500.25)", dec!(-500.25)),
            ("500-", dec!(-500)),
            ("-500", dec!(-500)),
            (".5", dec!(0.5)),
            ("5.", dec!(5)),
            ("123456789012345", dec!(123456789012345)),
            ("0.10", dec!(0.1)),
            ("1,23,45,678.90", dec!(12345678.90)),
            ("1,234,567", dec!(1234567)),
            ("12,345", dec!(12345)),
            ("(1,000)", dec!(-1000)),
            ("Rs.1,000/-", dec!(1000)),
        ] {
            assert_eq!(amount(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_never_zero() {
        for text in [
            "",
            "-",
            "1e5",
            "12O0",
            "1.2.3",
            "18%",
            "NaN",
            "inf",
            "abc",
            "()",
            ".",
            "1234567890123456",
            "१२",
            "₹",
            "5 nos",
            "((5))",
            "(-5)",
            "--5",
            "0x10",
            "Rs",
            "1.234,56",
            "1,00",
            "1,2345",
            "1234,567",
            "1,,000",
            ",500",
            "1,000,",
            "12,34,567,890",
            "1,00,0000",
        ] {
            assert_eq!(amount(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read_day_first_and_only_if_they_exist() {
        let expected = NaiveDate::from_ymd_opt(2026, 2, 3);
        for text in [
            "03-02-2026",
            "3/2/2026",
            "03.02.26",
            "2026-02-03",
            "2026-02-03T10:30:00",
            "2026-02-03 00:00:00",
            "03/02/2026 10:30 AM",
            "3 Feb 2026",
            "3-Feb-2026",
            "3-FEB-26",
            "3rd February 2026",
            "Feb 3, 2026",
            "february 3rd 2026",
            "Tue, 3 Feb 2026",
            "Tuesday 03-02-2026",
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
        assert_eq!(date("29-02-2024"), NaiveDate::from_ymd_opt(2024, 2, 29));
        // As long as a year, and none.
        assert_eq!(date("10th December 2012"), NaiveDate::from_ymd_opt(2012, 12, 10));
        for text in [
            "31-02-2026",
            "29-02-2026",
            "1999-12-31",
            "01-01-2100",
            "13/13/2026",
            "2026",
            "10 02 2026",
            "",
            "a-b-c",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn label_words_are_whole_words() {
        assert_eq!(words("P.O. No.:"), ["PO", "NO"]);
        assert_eq!(words("S.No"), ["S", "NO"]);
        assert_eq!(words("GSTIN/UIN -"), ["GSTIN", "UIN"]);
        assert_eq!(words("Tax Rate (%)"), ["TAX", "RATE", "%"]);
        assert_eq!(words("PO#"), ["PO", "#"]);
        assert_eq!(words("Buyer's Order No"), ["BUYERS", "ORDER", "NO"]);
        assert_eq!(words("G.S.T. Amount"), ["GST", "AMOUNT"]);
        assert!(words(" : - ").is_empty());
    }

    #[test]
    fn a_gstin_has_its_fifteen_places() {
        assert!(is_gstin("27AAAAA0000A1Z5"));
        for text in [
            "27AAAAA0000A1Z",
            "27AAAAA0000A0Z5",
            "27AAAAA0000A1Y5",
            "27aaaaa0000A1Z5",
            "XXAAAAA0000A1Z5",
        ] {
            assert!(!is_gstin(text), "{text}");
        }
    }

    #[test]
    fn clean_joins_every_kind_of_space() {
        assert_eq!(clean("  a\u{a0}\t b\r\nc\0 "), "a b c");
    }
}
