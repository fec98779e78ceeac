//! What stands in a column of tax rates: percents, fractions, or the taxes themselves.

use rust_decimal::{Decimal, dec};

use super::items::Item;
use super::lines::agree;
use super::text::{self, round_money};

const HUNDRED: Decimal = dec!(100);
/// Without a gross amount to compare with, a tax rate is at most this many percent.
const HIGHEST_RATE: Decimal = dec!(28);
/// What rounding explains between a tax and its rate, quantities with few decimals included.
const ROUNDING: Decimal = dec!(0.05);
/// The rates in percent of GST and of its halves.
const USUAL: [Decimal; 15] = [
    dec!(18),
    dec!(28),
    dec!(12),
    dec!(5),
    dec!(0),
    dec!(9),
    dec!(14),
    dec!(6),
    dec!(2.5),
    dec!(40),
    dec!(20),
    dec!(3),
    dec!(1.5),
    dec!(1),
    dec!(0.25),
];

/// A tax rate printed as text, and whether a percent sign says what it is: `@18%`, `GST 18 %`, `IGST 18`. The rates of
/// central and state tax add up: `CGST 9% + SGST 9%`. `None` if it says anything else.
pub(super) fn read(text: &str) -> Option<(Decimal, bool)> {
    let is_percent = text.contains('%');
    let bare = text.strip_suffix('%').unwrap_or(text);
    if let Some(number) = text::amount(bare) {
        return Some((number, is_percent));
    }
    let words = Spelled::of(text)?;
    let is_sum = words.sums == words.numbers.len().saturating_sub(1)
        || words.parts == words.numbers.len() && words.parts == 2;
    match words.numbers.as_slice() {
        [number] if words.sums == 0 && words.parts < 2 => Some((*number, is_percent)),
        [_, _] if is_sum && !words.is_integrated => Some((words.numbers.iter().sum(), is_percent)),
        _ => None,
    }
}

/// A rate with the words and signs around it.
#[derive(Default)]
struct Spelled {
    numbers: Vec<Decimal>,
    /// How many signs or words add.
    sums: usize,
    /// How many words name central or state tax.
    parts: usize,
    is_integrated: bool,
}

impl Spelled {
    fn of(text: &str) -> Option<Self> {
        let upper = text.to_uppercase();
        let mut spelled = Self::default();
        let mut rest = upper.as_str();
        let mut follows_word = false;
        while let Some(c) = rest.chars().next() {
            let same = |rest: &str| {
                rest.find(|other: char| {
                    let is_number = |c: char| c.is_ascii_digit() || c == '.';
                    if c.is_alphabetic() {
                        !other.is_alphabetic()
                    } else {
                        !is_number(other)
                    }
                })
            };
            let end = if c.is_alphabetic() || c.is_ascii_digit() {
                same(rest).unwrap_or(rest.len())
            } else {
                c.len_utf8()
            };
            let (token, tail) = rest.split_at_checked(end)?;
            match token {
                // ".18" is no 18.
                "." if tail.starts_with(|next: char| next.is_ascii_digit()) => return None,
                " " | "@" | "%" | "(" | ")" | ":" | "/" | "." | "," | "GST" | "TAX" | "RATE" | "AT"
                | "OUTPUT" | "PERCENT" | "SLAB" => {}
                // A dash after a word is no minus.
                "-" if follows_word => {}
                "+" | "&" | "AND" | "PLUS" => spelled.sums = spelled.sums.saturating_add(1),
                "CGST" | "SGST" | "UTGST" => spelled.parts = spelled.parts.saturating_add(1),
                "IGST" => spelled.is_integrated = true,
                number if c.is_ascii_digit() => {
                    spelled.numbers.push(number.trim_end_matches('.').parse().ok()?);
                }
                _ => return None,
            }
            follows_word = c.is_alphabetic() || follows_word && token == " ";
            rest = tail;
        }
        Some(spelled)
    }
}

/// True for a rate of GST or of one of its halves, in percent.
pub(super) fn is_usual(percent: Decimal) -> bool {
    USUAL.contains(&percent)
}

/// True if a tax is what a usual rate makes of an amount.
fn is_usual_tax(amount: Decimal, tax: Decimal) -> bool {
    let gives = |rate: &Decimal| !rate.is_zero() && is_near(amount.saturating_mul(*rate) / HUNDRED, tax);
    tax.is_zero() || USUAL.iter().any(gives)
}

fn is_near(one: Decimal, other: Decimal) -> bool {
    one.saturating_sub(other).abs() <= ROUNDING
}

/// What the numbers in the column titled as a tax rate are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RateMeaning {
    /// 18
    Percent,
    /// 0.18
    Fraction,
    /// The tax itself.
    Amount,
}

/// What they are in a whole document, and whether anything but their size says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DocumentRates {
    pub(super) meaning: RateMeaning,
    pub(super) is_proven: bool,
}

impl DocumentRates {
    /// The meaning that fits the most lines, of equals the one that fits best. Where no line has a gross amount to compare
    /// with, or none fits, the size of the numbers tells.
    pub(super) fn of(items: &[Item]) -> Self {
        let mut best = (RateMeaning::Percent, 0_u32, Decimal::ZERO);
        for meaning in RateMeaning::ALL {
            let errors = items.iter().filter_map(|item| {
                let value = item.tax_rate.value.filter(|_| !item.tax_rate.is_percent)?;
                let (total, gross) = amount_before_tax(item).zip(item.total_with_gst.number())?;
                meaning
                    .error(value, total, gross)
                    .filter(|error| *error <= Decimal::ONE)
            });
            let (count, sum) = errors.fold((0_u32, Decimal::ZERO), |(count, sum), error| {
                (count.saturating_add(1), sum.saturating_add(error))
            });
            if count > best.1 || count == best.1 && sum < best.2 {
                best = (meaning, count, sum);
            }
        }
        if best.1 > 0 {
            return Self {
                meaning: best.0,
                is_proven: true,
            };
        }
        Self {
            meaning: RateMeaning::by_size(items),
            is_proven: false,
        }
    }

    /// The meaning in one line: that of the document, unless only another one gives the line's gross amount, or it is a
    /// fraction among percents, as cells with a percent format hold it.
    pub(super) fn of_line(self, item: &Item, value: Decimal) -> RateMeaning {
        if item.tax_rate.is_percent {
            return RateMeaning::Percent;
        }
        let gross = amount_before_tax(item).zip(item.total_with_gst.number());
        if let Some((total, gross)) = gross {
            let error = |meaning: RateMeaning| meaning.error(value, total, gross);
            let fits = |limit: Decimal| {
                let own_first = std::iter::once(self.meaning).chain(RateMeaning::ALL);
                own_first
                    .into_iter()
                    .find(|meaning| error(*meaning).is_some_and(|error| error <= limit))
            };
            if let Some(meaning) = fits(ROUNDING).or_else(|| fits(Decimal::ONE)) {
                return meaning;
            }
        }
        let is_fraction = value < Decimal::ONE && !value.is_zero() && is_usual(value.saturating_mul(HUNDRED));
        match self.meaning {
            RateMeaning::Percent if is_fraction => RateMeaning::Fraction,
            RateMeaning::Fraction if value >= Decimal::ONE => RateMeaning::Percent,
            own => own,
        }
    }
}

impl RateMeaning {
    const ALL: [Self; 3] = [Self::Percent, Self::Fraction, Self::Amount];

    fn by_size(items: &[Item]) -> Self {
        let rates = || {
            items
                .iter()
                .filter_map(|item| item.tax_rate.value.filter(|_| !item.tax_rate.is_percent))
        };
        if rates().any(|value| value > HIGHEST_RATE) {
            Self::Amount
        } else if rates().all(|value| value < Decimal::ONE) && rates().any(|value| !value.is_zero()) {
            Self::Fraction
        } else {
            Self::Percent
        }
    }

    /// How far the tax that a value means is from the one between an amount and its gross amount.
    fn error(self, value: Decimal, total: Decimal, gross: Decimal) -> Option<Decimal> {
        let expected = match self {
            Self::Percent if value <= HUNDRED => total.saturating_mul(value) / HUNDRED,
            Self::Fraction if value < Decimal::ONE => total.saturating_mul(value),
            Self::Amount => value,
            Self::Percent | Self::Fraction => return None,
        };
        Some(expected.saturating_sub(gross.saturating_sub(total)).abs())
    }
}

/// The amount of an item as printed, else as its quantity and rate make it.
pub(super) fn amount_before_tax(item: &Item) -> Option<Decimal> {
    item.total
        .number()
        .or_else(|| item.quantity.number()?.checked_mul(item.rate.number()?))
        .map(round_money)
}

/// True if a column titled as the tax holds its rates: every number is a usual rate, and none is the tax that a usual
/// rate gives or that the gross amount shows.
pub(super) fn amounts_are_rates(items: &[Item]) -> bool {
    let taxes = || {
        items
            .iter()
            .filter_map(|item| Some((item, item.tax_amount.number()?)))
    };
    let is_fraction = |value: Decimal| value < Decimal::ONE && is_usual(value.saturating_mul(HUNDRED));
    let is_tax = |item: &Item, value: Decimal| {
        let Some(total) = amount_before_tax(item) else {
            return true;
        };
        let percent = if is_fraction(value) {
            value.saturating_mul(HUNDRED)
        } else {
            value
        };
        match item.total_with_gst.number() {
            Some(gross) => !agree(
                total.saturating_mul(percent) / HUNDRED,
                gross.saturating_sub(total),
            ),
            None => is_usual_tax(total, value),
        }
    };
    let is_rate = |item: &Item, value: Decimal| {
        (is_usual(value) || is_fraction(value))
            && item.tax_rate.value.is_none()
            && (value.is_zero() || !is_tax(item, value))
    };
    taxes().any(|(_, value)| !value.is_zero()) && taxes().all(|(item, value)| is_rate(item, value))
}

/// What is odd about a number whose meaning only its size told; `None` if it is a usual rate or tax.
pub(super) fn oddity(meaning: RateMeaning, value: Decimal, total: Option<Decimal>) -> Option<String> {
    let value = value.normalize();
    match meaning {
        RateMeaning::Percent if !is_usual(value) => Some(format!("{value} is no usual tax rate")),
        RateMeaning::Amount if total.is_some_and(|total| !is_usual_tax(total, value)) => Some(format!(
            "{value} in the column of tax rates is read as the tax itself"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_however_it_is_written() {
        for (text, rate) in [
            ("18%", Some((dec!(18), true))),
            ("@18%", Some((dec!(18), true))),
            ("18 %", Some((dec!(18), true))),
            ("GST 18%", Some((dec!(18), true))),
            ("GST @ 18.00 %", Some((dec!(18), true))),
            ("IGST@18%", Some((dec!(18), true))),
            ("IGST - 18%", Some((dec!(18), true))),
            ("18 % IGST", Some((dec!(18), true))),
            ("18% (IGST)", Some((dec!(18), true))),
            ("IGST 18", Some((dec!(18), false))),
            ("gst18", Some((dec!(18), false))),
            ("0.18", Some((dec!(0.18), false))),
            ("900.00", Some((dec!(900), false))),
            ("9%+9%", Some((dec!(18), true))),
            ("CGST 9% + SGST 9%", Some((dec!(18), true))),
            ("CGST 9%, SGST 9%", Some((dec!(18), true))),
            ("CGST 2.5% & SGST 2.5%", Some((dec!(5), true))),
            ("18% (9%+9%)", None),
            ("IGST 18% / CGST 9% + SGST 9%", None),
            ("CGST 9% / IGST 18%", None),
            ("CGST/SGST 9%", None),
            ("18%+", None),
            ("GST .18", None),
            ("5-18%", None),
            ("IGST 18% or 12%", None),
            ("18% extra", None),
            ("1.8.0%", None),
            ("as applicable", None),
            ("", None),
        ] {
            assert_eq!(read(text), rate, "{text}");
        }
    }
}
