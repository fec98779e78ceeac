//! Chance that can be repeated, and whole numbers in place of decimals.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::support::money;

/// A generator of its own (splitmix64), so that a seed that failed fails anywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to one below `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// The same for sums.
    pub(super) fn whole(&mut self, sides: i128) -> i128 {
        i128::from(self.roll(u64::try_from(sides).expect("a positive number of sides")))
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        let sides = u64::try_from(length).expect("a length");
        usize::try_from(self.roll(sides)).expect("an index")
    }

    /// One of several; none of none.
    pub(super) fn pick<T: Clone>(&mut self, things: &[T]) -> Option<T> {
        if things.is_empty() {
            return None;
        }
        let index = self.index(things.len());
        things.get(index).cloned()
    }

    /// Paise up to a crore of rupees, as often few as many.
    pub(super) fn amount(&mut self) -> i128 {
        let most = [10, 1_000, 100_000, 10_000_000, 1_000_000_000][self.index(5)];
        self.whole(most) + 1
    }

    /// A sum as a number or as text, which are the same.
    pub(super) fn sum(&mut self, paise: i128) -> Value {
        if self.one_in(4) {
            json!(decimal(paise, 2))
        } else {
            rupees(paise)
        }
    }
}

/// `numerator ÷ denominator`, half away from zero.
pub(super) fn rounded(numerator: i128, denominator: i128) -> i128 {
    let sign = if (numerator < 0) == (denominator < 0) {
        1
    } else {
        -1
    };
    let (numerator, denominator) = (numerator.abs(), denominator.abs());
    sign * ((2 * numerator + denominator) / (2 * denominator))
}

/// So many units of the last of `places` decimals, as text without trailing zeros.
pub(super) fn decimal(units: i128, places: u32) -> String {
    let scale = 10_i128.pow(places);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.abs() / scale, units.abs() % scale);
    let width = usize::try_from(places).expect("few places");
    let text = format!("{sign}{whole}.{rest:0width$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Paise as rupees on the wire.
pub(super) fn rupees(paise: i128) -> Value {
    money(&decimal(paise, 2))
}

/// Ten-thousandths on the wire: quantities, prices, rates.
pub(super) fn fine(units: i128) -> Value {
    money(&decimal(units, 4))
}

/// What the wire shows, in paise.
pub(super) fn paise(shown: &Value) -> i128 {
    let text = shown.to_string();
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    assert!(rest.len() <= 2, "{shown} is finer than a paisa");
    let digits = format!("{whole}{rest:0<2}");
    digits.parse().unwrap_or_else(|_| panic!("{shown} is no sum"))
}

/// A day of the calendar.
pub(super) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day")
}
