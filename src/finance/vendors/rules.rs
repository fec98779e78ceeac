//! What a vendor's figures say (vendor routes, section 6).

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::types::{Money, Percent, decimal};

/// From how much of the orders' value on nobody has to hurry to pay the rest.
const NEARLY_ALL: Decimal = Decimal::from_parts(90, 0, 0, false, 0);

/// What was paid of what was ordered, in percent, rounded to 2 decimals; at most 100, and 0 without orders.
pub(super) fn completion(paid: Money, ordered: Money) -> Percent {
    let quotient = paid.0.saturating_mul(Decimal::ONE_HUNDRED).checked_div(ordered.0);
    let percent = quotient.map_or(Decimal::ZERO, |value| decimal::round(value, 2));
    Percent(percent.min(Decimal::ONE_HUNDRED))
}

/// `sum` ÷ `count`, rounded to the paisa; 0 of nothing.
pub(super) fn average(sum: Money, count: i64) -> Money {
    Money::round_paisa(sum.0.checked_div(count.into()).unwrap_or_default())
}

/// How well a vendor is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum PaymentHealth {
    /// Nothing is left to pay, or hardly anything.
    Excellent,
    /// None of the others.
    Good,
    /// An order is overdue.
    Fair,
    /// An order is overdue by more than 30 days, or a payment bounced in the last 90.
    Poor,
}

/// What is wrong with how a vendor is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Troubles {
    /// An order was due before today and is not paid in full.
    pub(super) is_overdue: bool,
    /// One was so more than 30 days ago.
    pub(super) is_long_overdue: bool,
    /// A payment of the last 90 days bounced.
    pub(super) has_bounced: bool,
}

impl PaymentHealth {
    /// The first word that fits; `payable` is what is left to pay.
    pub(super) fn of(troubles: Troubles, payable: Money, completion: Percent) -> Self {
        if troubles.is_long_overdue || troubles.has_bounced {
            Self::Poor
        } else if troubles.is_overdue {
            Self::Fair
        } else if payable <= Money::ZERO || completion.0 >= NEARLY_ALL {
            Self::Excellent
        } else {
            Self::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn completion_is_rounded_and_never_above_all() {
        for (paid, ordered, percent) in [
            (dec!(2050000), dec!(2500000), dec!(82)),
            (dec!(1), dec!(3), dec!(33.33)),
            (dec!(2), dec!(3), dec!(66.67)),
            (dec!(0.125), dec!(100), dec!(0.13)),
            (dec!(101), dec!(100), dec!(100)),
            (dec!(100), dec!(0), dec!(0)),
            (dec!(0), dec!(5), dec!(0)),
        ] {
            assert_eq!(
                completion(Money(paid), Money(ordered)).0,
                percent,
                "{paid} of {ordered}"
            );
        }
    }

    #[test]
    fn an_average_is_rounded_to_the_paisa_half_away_from_zero() {
        for (sum, count, average_amount) in [
            (dec!(100), 3, dec!(33.33)),
            (dec!(0.01), 2, dec!(0.01)),
            (dec!(-0.01), 2, dec!(-0.01)),
            (dec!(5), 0, dec!(0)),
        ] {
            assert_eq!(average(Money(sum), count).0, average_amount, "{sum} / {count}");
        }
    }

    #[test]
    fn the_first_word_that_fits_is_taken() {
        let none = Troubles {
            is_overdue: false,
            is_long_overdue: false,
            has_bounced: false,
        };
        let overdue = Troubles {
            is_overdue: true,
            ..none
        };
        let long_overdue = Troubles {
            is_long_overdue: true,
            ..overdue
        };
        let bounced = Troubles {
            has_bounced: true,
            ..none
        };
        for (troubles, payable, completion, health) in [
            (none, dec!(10), dec!(89.99), PaymentHealth::Good),
            (none, dec!(10), dec!(90), PaymentHealth::Excellent),
            (none, dec!(0), dec!(0), PaymentHealth::Excellent),
            (overdue, dec!(0), dec!(100), PaymentHealth::Fair),
            (long_overdue, dec!(10), dec!(95), PaymentHealth::Poor),
            (bounced, dec!(0), dec!(100), PaymentHealth::Poor),
        ] {
            assert_eq!(
                PaymentHealth::of(troubles, Money(payable), Percent(completion)),
                health,
                "{troubles:?}, {payable}, {completion}"
            );
        }
    }
}
