//! A quantity that is printed together with its unit, as in "10 Nos" or "125 (FT2)".

use rust_decimal::Decimal;

use super::grid::{Reading, Value};
use super::text;

/// A unit has at most so many letters and digits in a word, and so many words.
const MAX_LETTERS: usize = 8;
const MAX_WORDS: usize = 2;
/// What follows a number without being its unit.
const NO_UNITS: &[&str] = &[
    "LAKH", "LAKHS", "LAC", "LACS", "CRORE", "CRORES", "CR", "DR", "THOUSAND", "HUNDRED", "MILLION", "X",
    "TO", "OF", "OR", "AND", "BY", "INR", "RS", "PERCENT",
];

/// The quantity that a cell states, and the unit if it names one.
pub(super) fn read(value: &Value) -> (Reading, Option<&str>) {
    let reading = value.reading();
    match value {
        Value::Text(text) if reading == Reading::Unreadable => match split(text) {
            Some((number, unit)) => (Reading::Number(number), Some(unit)),
            None => (reading, None),
        },
        _ => (reading, None),
    }
}

/// The number and the unit of a text that holds both and nothing else.
fn split(text: &str) -> Option<(Decimal, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | '.'))?;
    let (number, rest) = text.split_at_checked(end)?;
    let number = text::amount(number)?;
    let is_apart = rest.starts_with([' ', '(']);
    let rest = rest.trim();
    let unit = match rest.strip_prefix('(') {
        Some(inner) => inner.strip_suffix(')')?,
        None => rest,
    };
    let unit = unit.trim_matches(['.', ' ']);
    let words: Vec<&str> = unit.split([' ', '.']).filter(|word| !word.is_empty()).collect();
    let is_word = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.len() <= MAX_LETTERS
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !NO_UNITS.contains(&word.to_ascii_uppercase().as_str())
    };
    // Right behind a digit, a letter may be a digit that was mistyped: "1O", "1e5".
    let is_mistyped = !is_apart
        && (unit.len() < 2
            || unit.chars().all(|c| {
                c.is_ascii_digit() || matches!(c.to_ascii_uppercase(), 'O' | 'I' | 'L' | 'S' | 'E')
            }));
    (!words.is_empty() && words.len() <= MAX_WORDS && words.iter().all(is_word) && !is_mistyped)
        .then_some((number, unit))
}

/// True if two units may be the same, written in two ways: "Nos." and "NO".
pub(super) fn are_alike(one: &str, other: &str) -> bool {
    let bare = |unit: &str| {
        let letters = unit.chars().filter(|c| c.is_alphanumeric());
        let upper: String = letters.flat_map(char::to_uppercase).collect();
        upper.trim_end_matches('S').to_owned()
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn a_quantity_may_be_printed_with_its_unit() {
        for (text, quantity) in [
            ("10 Nos", Some((dec!(10), "Nos"))),
            ("10Nos.", Some((dec!(10), "Nos"))),
            ("1,250.50 SQM", Some((dec!(1250.50), "SQM"))),
            ("125 (FT2)", Some((dec!(125), "FT2"))),
            ("3 Sq. Mtr", Some((dec!(3), "Sq. Mtr"))),
            ("10", None),
            ("1O", None),
            ("1OO", None),
            ("1e5", None),
            ("10 x 12", None),
            ("2 Lakh", None),
            ("5 to 6", None),
            ("10-12 Nos", None),
            ("5 00 Nos", None),
            ("10 Nos of the larger kind", None),
            ("18%", None),
            ("as required", None),
        ] {
            assert_eq!(split(text), quantity, "{text}");
        }
        assert!(are_alike("Nos.", "NO") && !are_alike("Nos", "SQM"));
    }
}
