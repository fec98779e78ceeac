//! What items cost (purchase-order routes, section 10). Amounts are rupees, taxes percent.

use rust_decimal::Decimal;

use crate::types::{Money, Percent, Problem, Quantity, Rate};

/// What an item costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// Quantity × price, rounded to the paisa.
    pub base: Money,
    /// The tax on it, rounded to the paisa.
    pub gst_amount: Money,
    /// Both together.
    pub total: Money,
}

impl Amounts {
    /// What so many at this price and tax cost.
    ///
    /// # Errors
    /// The field and what is wrong with it, where an amount would be too large for its column.
    pub(super) fn of(quantity: Quantity, price: Rate, tax: Percent) -> Result<Self, (&'static str, Problem)> {
        let base = Money::of_line(quantity, price);
        if !base.is_storable() {
            return Err(("quantity", too_large("quantity × price is too large")));
        }
        let gst_amount = Money::round_paisa(base.0 * tax.0 / Decimal::ONE_HUNDRED);
        let total = base + gst_amount;
        if !total.is_storable() {
            return Err(("tax", too_large("the amount with tax is too large")));
        }
        Ok(Self {
            base,
            gst_amount,
            total,
        })
    }
}

/// What all items of a quotation cost together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Σ `base`.
    pub subtotal: Money,
    /// Σ `gst_amount`.
    pub total_gst: Money,
    /// Both together.
    pub total_amount: Money,
}

impl Totals {
    /// The sums over items.
    ///
    /// # Errors
    /// What is wrong with the list of items, where a sum would be too large for its column.
    pub(super) fn of(items: impl IntoIterator<Item = Amounts>) -> Result<Self, Problem> {
        let totals = items.into_iter().fold(Self::default(), |sums, item| Self {
            subtotal: sums.subtotal + item.base,
            total_gst: sums.total_gst + item.gst_amount,
            total_amount: sums.total_amount + item.total,
        });
        if totals.total_amount.is_storable() {
            Ok(totals)
        } else {
            Err(too_large("the items together cost too much"))
        }
    }
}

fn too_large(text: &'static str) -> Problem {
    Problem::new("less_than_equal", text)
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    fn amounts(quantity: Decimal, price: Decimal, tax: Decimal) -> Result<Amounts, &'static str> {
        Amounts::of(Quantity(quantity), Rate(price), Percent(tax)).map_err(|(field, _)| field)
    }

    #[test]
    fn each_step_is_rounded_half_away_from_zero() {
        for (quantity, price, tax, base, gst, total) in [
            (
                dec!(2),
                dec!(99.995),
                dec!(18),
                dec!(199.99),
                dec!(36.00),
                dec!(235.99),
            ),
            (
                dec!(3),
                dec!(33.335),
                dec!(0),
                dec!(100.01),
                dec!(0),
                dec!(100.01),
            ),
            (dec!(0.0001), dec!(0.01), dec!(100), dec!(0), dec!(0), dec!(0)),
            (dec!(1), dec!(0.25), dec!(18), dec!(0.25), dec!(0.05), dec!(0.30)),
        ] {
            let expected = Amounts {
                base: Money(base),
                gst_amount: Money(gst),
                total: Money(total),
            };
            assert_eq!(
                amounts(quantity, price, tax),
                Ok(expected),
                "{quantity} × {price}"
            );
        }
    }

    #[test]
    fn what_no_column_holds_is_refused() {
        assert_eq!(amounts(dec!(1000), dec!(10000000000), dec!(0)), Err("quantity"));
        assert_eq!(
            amounts(dec!(99999999999), dec!(99999999999.9999), dec!(18)),
            Err("quantity")
        );
        assert_eq!(amounts(dec!(100), dec!(90000000000), dec!(18)), Err("tax"));
        let nearly_all = amounts(dec!(100), dec!(90000000000), dec!(0)).unwrap();
        assert!(Totals::of([nearly_all]).is_ok());
        assert_eq!(Totals::of([nearly_all; 2]).unwrap_err().kind, "less_than_equal");
    }
}
