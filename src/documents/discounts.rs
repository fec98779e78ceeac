//! What a column of discounts takes off quantity times rate.

use rust_decimal::{Decimal, dec};

use super::lines::agree;
use super::text::round_money;

const HUNDRED: Decimal = dec!(100);

/// What the numbers of a column of discounts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiscountKind {
    Percent,
    Amount,
    /// The title does not tell.
    Open,
}

/// What one item says of its discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Discount {
    pub(super) kind: DiscountKind,
    /// At least 0; `None` if it cannot be read.
    pub(super) value: Option<Decimal>,
}

impl Discount {
    /// The amounts that it may take off a product, the likeliest first.
    fn of(self, product: Decimal) -> Vec<Decimal> {
        let Some(value) = self.value else {
            return Vec::new();
        };
        let percent = || product.saturating_mul(value) / HUNDRED;
        let fraction = || (value < Decimal::ONE).then(|| product.saturating_mul(value));
        match self.kind {
            DiscountKind::Amount => vec![value],
            DiscountKind::Percent => std::iter::once(percent()).chain(fraction()).collect(),
            DiscountKind::Open => [value, percent()].into_iter().chain(fraction()).collect(),
        }
    }

    fn is_none(self) -> bool {
        self.value == Some(Decimal::ZERO)
    }
}

/// True if there is a discount that is not zero.
pub(super) fn any(discounts: &[Discount]) -> bool {
    discounts.iter().any(|discount| !discount.is_none())
}

/// All that may be left of a product, in paisa; the product itself where there is no discount.
pub(super) fn rests(discounts: &[Discount], product: Decimal) -> Vec<Decimal> {
    if !any(discounts) {
        return vec![round_money(product)];
    }
    let candidates = discounts.iter().flat_map(|discount| discount.of(product));
    candidates
        .map(|discount| round_money(product.saturating_sub(discount)))
        .collect()
}

/// True if one of the discounts is the difference between a product and an amount.
pub(super) fn explain(discounts: &[Discount], product: Decimal, amount: Decimal) -> bool {
    rests(discounts, product)
        .into_iter()
        .any(|rest| agree(rest, amount))
}

/// What is left of a product, in paisa, where there is no doubt about the discount.
pub(super) fn take_off(discounts: &[Discount], product: Decimal) -> Option<Decimal> {
    let mut rests = discounts
        .iter()
        .filter(|discount| !discount.is_none())
        .map(|discount| {
            let amounts = discount.of(product);
            let [amount] = amounts.as_slice() else { return None };
            let rest = round_money(product.saturating_sub(*amount));
            (!rest.is_sign_negative()).then_some(rest)
        });
    let first = rests.next().unwrap_or(Some(round_money(product)))?;
    // A percentage beside its amount is the same discount twice.
    rests
        .all(|rest| rest.is_some_and(|rest| agree(rest, first)))
        .then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discount(kind: DiscountKind, value: Decimal) -> Discount {
        Discount {
            kind,
            value: Some(value),
        }
    }

    #[test]
    fn a_discount_is_taken_off_where_it_leaves_no_doubt() {
        let percent = discount(DiscountKind::Percent, dec!(10));
        let amount = discount(DiscountKind::Amount, dec!(100));
        let open = discount(DiscountKind::Open, dec!(10));
        let small = discount(DiscountKind::Percent, dec!(0.1));
        let none = discount(DiscountKind::Open, dec!(0));
        let unread = Discount {
            kind: DiscountKind::Amount,
            value: None,
        };

        assert_eq!(take_off(&[percent], dec!(1000)), Some(dec!(900)));
        assert_eq!(take_off(&[amount], dec!(1000)), Some(dec!(900)));
        assert_eq!(take_off(&[percent, amount], dec!(1000)), Some(dec!(900)));
        assert_eq!(take_off(&[none], dec!(1000)), Some(dec!(1000)));
        assert_eq!(take_off(&[], dec!(1000)), Some(dec!(1000)));
        for doubtful in [open, small, unread, discount(DiscountKind::Amount, dec!(2000))] {
            assert_eq!(take_off(&[doubtful], dec!(1000)), None, "{doubtful:?}");
        }
        assert_eq!(
            take_off(&[percent, discount(DiscountKind::Amount, dec!(50))], dec!(1000)),
            None
        );
    }

    #[test]
    fn a_difference_is_explained_by_any_meaning_of_the_discount() {
        let open = [discount(DiscountKind::Open, dec!(10))];

        assert!(explain(&open, dec!(1000), dec!(990)));
        assert!(explain(&open, dec!(1000), dec!(900)));
        assert!(explain(
            &[discount(DiscountKind::Percent, dec!(0.1))],
            dec!(1000),
            dec!(900)
        ));
        assert!(!explain(&open, dec!(1000), dec!(800)));
        assert!(!any(&[discount(DiscountKind::Open, dec!(0))]) && any(&open));
    }
}
