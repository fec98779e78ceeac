//! How the figures of a line follow from each other (purchase-order formulas, section 2.2). Amounts are rupees, rates of
//! tax percent.

use rust_decimal::Decimal;

use crate::types::{Money, Percent, Problem, Quantity, Rate, decimal};

/// Rates of GST that are tried first where only an amount of tax is known.
const USUAL_RATES: [u32; 4] = [18, 28, 12, 5];
/// `NUMERIC(15,4)` has 11 digits before the point, `NUMERIC(7,4)` 3.
const PRICE_LIMIT: u64 = 100_000_000_000;
const RATE_LIMIT: u32 = 1000;

/// What a request or a document says of a line's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// How much of it.
    pub quantity: Quantity,
    /// The price of one unit, or the amount before tax.
    pub price: Price,
    /// Tax in percent.
    pub tax_rate: Option<Percent>,
    /// The amount of tax, kept as it is beside a rate too.
    pub gst_amount: Option<Money>,
}

/// What a line's total follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// The price of one unit.
    Unit(Rate),
    /// The amount before tax.
    Amount(Money),
}

/// The figures of a line, all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// How much of it.
    pub quantity: Quantity,
    /// The price of one unit before tax.
    pub unit_price: Rate,
    /// The amount before tax.
    pub total_price: Money,
    /// Tax in percent; `None` if no tax is known.
    pub tax_rate: Option<Percent>,
    /// The amount of tax.
    pub gst_amount: Option<Money>,
    /// The amount with tax; `None` if no tax is known.
    pub gross_amount: Option<Money>,
}

impl Given {
    /// Derives the other figures.
    ///
    /// # Errors
    /// The field and what is wrong with it, where a figure would be too large for its column.
    pub fn figures(self) -> Result<Figures, (&'static str, Problem)> {
        let too_large = |field, text| Err((field, Problem::new("less_than_equal", text)));
        let (unit_price, total_price) = match self.price {
            Price::Unit(rate) => (rate, Money::of_line(self.quantity, rate)),
            Price::Amount(amount) => {
                // The quantity is above zero, so that this is never none.
                let each = amount.0.checked_div(self.quantity.0).unwrap_or_default();
                (Rate(decimal::round(each, 4)), amount)
            }
        };
        if unit_price.0 >= Decimal::from(PRICE_LIMIT) {
            return too_large("amount", "is too large for this quantity");
        }
        if !total_price.is_storable() {
            return too_large("quantity", "quantity × unit price is too large");
        }
        let gst_amount = self
            .gst_amount
            .or_else(|| self.tax_rate.map(|rate| tax(total_price, rate)));
        let tax_rate = self
            .tax_rate
            .or_else(|| gst_amount.and_then(|gst| tax_rate_of(total_price, gst)));
        if tax_rate.is_some_and(|rate| rate.0 >= Decimal::from(RATE_LIMIT)) {
            return too_large("gst_amount", "is too large for this amount");
        }
        let gross_amount = gst_amount.map(|gst| total_price + gst);
        if gross_amount.is_some_and(|gross| !gross.is_storable()) {
            return too_large("gst_amount", "the amount with tax is too large");
        }
        Ok(Figures {
            quantity: self.quantity,
            unit_price,
            total_price,
            tax_rate,
            gst_amount,
            gross_amount,
        })
    }
}

/// The tax on an amount, rounded to the paisa.
pub fn tax(amount: Money, rate: Percent) -> Money {
    Money::round_paisa(amount.0.saturating_mul(rate.0) / Decimal::ONE_HUNDRED)
}

/// The rate behind an amount of tax: a usual one that gives it, else the quotient to 4 places; `None` of nothing.
pub fn tax_rate_of(amount: Money, gst: Money) -> Option<Percent> {
    if gst == Money::ZERO {
        return Some(Percent::ZERO);
    }
    let usual = USUAL_RATES.map(|rate| Percent(Decimal::from(rate)));
    if let Some(rate) = usual.into_iter().find(|rate| tax(amount, *rate) == gst) {
        return Some(rate);
    }
    let quotient = gst.0.saturating_mul(Decimal::ONE_HUNDRED).checked_div(amount.0)?;
    Some(Percent(decimal::round(quotient, 4)))
}

/// The price of one unit of a line that was stored without one.
pub fn unit_price_of(total_price: Money, quantity: Decimal) -> Option<Rate> {
    let each = total_price.0.checked_div(quantity)?;
    Some(Rate(decimal::round(each, 4)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    fn given(quantity: Decimal, price: Price) -> Given {
        Given {
            quantity: Quantity(quantity),
            price,
            tax_rate: None,
            gst_amount: None,
        }
    }

    #[test]
    fn a_total_is_rounded_half_away_from_zero() {
        let figures = given(dec!(3), Price::Unit(Rate(dec!(33.335)))).figures().unwrap();
        assert_eq!(figures.total_price, Money(dec!(100.01)));
        assert_eq!(
            (figures.tax_rate, figures.gst_amount, figures.gross_amount),
            (None, None, None)
        );
    }

    #[test]
    fn a_given_amount_is_kept_and_the_price_follows() {
        let figures = given(dec!(30000), Price::Amount(Money(dec!(1000))))
            .figures()
            .unwrap();
        assert_eq!(figures.unit_price, Rate(dec!(0.0333)));
        assert_eq!(figures.total_price, Money(dec!(1000)));
    }

    #[test]
    fn a_rate_gives_the_tax_and_a_tax_gives_the_rate() {
        let line = given(dec!(100), Price::Unit(Rate(dec!(50))));
        let by_rate = Given {
            tax_rate: Some(Percent(dec!(18))),
            ..line
        }
        .figures()
        .unwrap();
        assert_eq!(by_rate.gst_amount, Some(Money(dec!(900))));
        assert_eq!(by_rate.gross_amount, Some(Money(dec!(5900))));

        for (gst, rate) in [
            (dec!(900), dec!(18)),
            (dec!(1400), dec!(28)),
            (dec!(600), dec!(12)),
            (dec!(250), dec!(5)),
            (dec!(0), dec!(0)),
            (dec!(150), dec!(3)),
            (dec!(333.33), dec!(6.6666)),
        ] {
            let by_tax = Given {
                gst_amount: Some(Money(gst)),
                ..line
            }
            .figures()
            .unwrap();
            assert_eq!(by_tax.tax_rate, Some(Percent(rate)), "{gst}");
        }
        // 0.01 of 0.05 is what 18 % gives, though 20 % would be the quotient.
        assert_eq!(
            tax_rate_of(Money(dec!(0.05)), Money(dec!(0.01))),
            Some(Percent(dec!(18)))
        );
        assert_eq!(tax_rate_of(Money::ZERO, Money(dec!(1))), None);
    }

    #[test]
    fn a_given_tax_stands_beside_a_rate() {
        let line = Given {
            tax_rate: Some(Percent(dec!(18))),
            gst_amount: Some(Money(dec!(17.99))),
            ..given(dec!(1), Price::Unit(Rate(dec!(100))))
        };
        let figures = line.figures().unwrap();
        assert_eq!(figures.gst_amount, Some(Money(dec!(17.99))));
        assert_eq!(figures.tax_rate, Some(Percent(dec!(18))));
    }

    #[test]
    fn figures_that_do_not_fit_are_refused() {
        let field = |line: Given| line.figures().unwrap_err().0;
        let most = Quantity(dec!(99999999999));
        assert_eq!(field(given(most.0, Price::Unit(Rate(dec!(1000))))), "quantity");
        assert_eq!(
            field(given(dec!(0.0001), Price::Amount(Money(dec!(9999999999999.99))))),
            "amount"
        );
        let taxed = Given {
            gst_amount: Some(Money(dec!(1000))),
            ..given(dec!(1), Price::Unit(Rate(dec!(1))))
        };
        assert_eq!(field(taxed), "gst_amount");
    }

    proptest! {
        #[test]
        fn gross_is_always_total_and_tax(quantity in 1_i64..10_000_000, price in 0_i64..10_000_000, rate in 0_i64..1_000_000) {
            let line = Given {
                tax_rate: Some(Percent(Decimal::new(rate, 4))),
                ..given(Decimal::new(quantity, 4), Price::Unit(Rate(Decimal::new(price, 4))))
            };
            let figures = line.figures().unwrap();
            let exact = Decimal::new(quantity, 4) * Decimal::new(price, 4);
            prop_assert!((figures.total_price.0 - exact).abs() <= dec!(0.005));
            prop_assert_eq!(figures.gross_amount, figures.gst_amount.map(|gst| gst + figures.total_price));
            prop_assert!(figures.total_price.0.scale() <= 2);
        }

        #[test]
        fn a_rate_found_from_a_tax_gives_it_back(total in 1_i64..1_000_000_000, rate in prop::sample::select(vec![18_u32, 28, 12, 5])) {
            let total = Money(Decimal::new(total, 2));
            let gst = tax(total, Percent(Decimal::from(rate)));
            if let Some(found) = tax_rate_of(total, gst) && gst != Money::ZERO {
                prop_assert_eq!(tax(total, found), gst);
            }
        }
    }
}
