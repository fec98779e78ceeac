//! What follows from the sums of a project (vendor contract, section 4.4). Amounts are rupees.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::types::{Money, Percent, decimal};

/// Part ÷ whole in percent, rounded half away from zero to 2 places; 0 of nothing.
pub(super) fn percent(part: Money, whole: Money) -> Percent {
    let quotient = part.0.saturating_mul(Decimal::ONE_HUNDRED).checked_div(whole.0);
    quotient.map_or(Percent::ZERO, |value| Percent(decimal::round(value, 2)))
}

/// Whether more was billed than ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    /// More.
    Up,
    /// Less.
    Down,
    /// As much.
    Flat,
}

/// What a project came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It earned more than it cost.
    Profit,
    /// It cost more than it earned.
    Loss,
    /// Neither.
    BreakEven,
}

/// The sums of a project that its profit follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    /// Σ value of the POs that are not cancelled, tax included.
    pub(super) original_total: Money,
    /// The tax in it.
    pub(super) original_tax: Money,
    /// Σ value of the bills that count, net of GST.
    pub(super) billed_value: Money,
    /// Σ GST on them.
    pub(super) billed_gst: Money,
    /// Σ value with GST.
    pub(super) billed_total: Money,
    /// Σ value of the live vendor orders.
    pub(super) vendor_total: Money,
}

impl Sums {
    /// What the client ordered, without GST.
    pub(super) fn revenue(&self) -> Money {
        self.original_total - self.original_tax
    }

    /// Revenue less cost.
    pub(super) fn profit(&self) -> Money {
        self.revenue() - self.vendor_total
    }

    /// The profit in percent of the revenue; 0 without revenue.
    pub(super) fn margin(&self) -> Percent {
        percent(self.profit(), self.revenue())
    }

    /// What was billed beyond what was ordered, tax included in both.
    pub(super) fn delta(&self) -> Money {
        self.billed_total - self.original_total
    }

    /// The same in percent of what was ordered; 0 if that is nothing.
    pub(super) fn delta_percent(&self) -> Percent {
        percent(self.delta(), self.original_total)
    }

    /// The sign of [`delta`](Self::delta).
    pub(super) fn direction(&self) -> Direction {
        match self.delta().cmp(&Money::ZERO) {
            Ordering::Greater => Direction::Up,
            Ordering::Less => Direction::Down,
            Ordering::Equal => Direction::Flat,
        }
    }

    /// The sign of [`profit`](Self::profit).
    pub(super) fn outcome(&self) -> Outcome {
        match self.profit().cmp(&Money::ZERO) {
            Ordering::Greater => Outcome::Profit,
            Ordering::Less => Outcome::Loss,
            Ordering::Equal => Outcome::BreakEven,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn a_margin_is_rounded_half_away_from_zero_and_zero_of_nothing() {
        for (part, whole, expected) in [
            (dec!(200000), dec!(700000), dec!(28.57)),
            (dec!(-1), dec!(800), dec!(-0.13)),
            (dec!(1), dec!(800), dec!(0.13)),
            // 0.005 % and 12.345 %, and the same of a loss
            (dec!(0.05), dec!(1000), dec!(0.01)),
            (dec!(-0.05), dec!(1000), dec!(-0.01)),
            (dec!(12345), dec!(100000), dec!(12.35)),
            (dec!(12344.99), dec!(100000), dec!(12.34)),
            (dec!(1), dec!(3), dec!(33.33)),
            (dec!(2), dec!(3), dec!(66.67)),
            (dec!(-5), dec!(0), dec!(0)),
            (dec!(0), dec!(0), dec!(0)),
            (dec!(-9999999999999.99), dec!(0.01), dec!(-99999999999999900)),
        ] {
            assert_eq!(
                percent(Money(part), Money(whole)),
                Percent(expected),
                "{part} of {whole}"
            );
        }
    }

    fn sums(original: Decimal, billed: Decimal, vendor: Decimal) -> Sums {
        Sums {
            original_total: Money(original),
            billed_total: Money(billed),
            vendor_total: Money(vendor),
            ..Sums::default()
        }
    }

    #[test]
    fn each_sign_has_its_words() {
        for (original, billed, vendor, direction, outcome) in [
            (
                dec!(100),
                dec!(100.01),
                dec!(99.99),
                Direction::Up,
                Outcome::Profit,
            ),
            (
                dec!(100),
                dec!(99.99),
                dec!(100.01),
                Direction::Down,
                Outcome::Loss,
            ),
            (
                dec!(100),
                dec!(100.00),
                dec!(100),
                Direction::Flat,
                Outcome::BreakEven,
            ),
            (dec!(0), dec!(0), dec!(0), Direction::Flat, Outcome::BreakEven),
            (dec!(0), dec!(1), dec!(1), Direction::Up, Outcome::Loss),
        ] {
            let sums = sums(original, billed, vendor);
            assert_eq!(
                (sums.direction(), sums.outcome()),
                (direction, outcome),
                "{sums:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_percentage_is_the_nearest_hundredth(part in -1_000_000_000_000_i64..1_000_000_000_000, whole in 1_i64..1_000_000_000_000) {
            let (part, whole) = (Decimal::new(part, 2), Decimal::new(whole, 2));
            let Percent(shown) = percent(Money(part), Money(whole));
            prop_assert!(shown.scale() <= 2);
            // |shown − exact| ≤ 0.005, without dividing
            let off = (shown * whole - part * Decimal::ONE_HUNDRED).abs();
            prop_assert!(off * dec!(200) <= whole, "{shown}");
        }
    }
}
