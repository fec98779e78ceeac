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

/// Unit price and total of a line, as far as they are known.
type Priced = (Option<Rate>, Option<Money>);

fn too_large(field: &'static str, text: &'static str) -> (&'static str, Problem) {
    (field, Problem::new("less_than_equal", text))
}

impl Given {
    /// Derives the other figures.
    ///
    /// # Errors
    /// The field and what is wrong with it, where a figure would be too large for its column.
    pub fn figures(self) -> Result<Figures, (&'static str, Problem)> {
        let (unit_price, total_price) = match self.price {
            Price::Unit(rate) => (rate, Money::of_line(self.quantity, rate)),
            Price::Amount(amount) => {
                // The quantity is above zero, so that this is never none.
                let each = amount.0.checked_div(self.quantity.0).unwrap_or_default();
                (Rate(decimal::round(each, 4)), amount)
            }
        };
        if unit_price.0 >= Decimal::from(PRICE_LIMIT) {
            return Err(too_large("amount", "is too large for this quantity"));
        }
        if !total_price.is_storable() {
            return Err(too_large("quantity", "quantity × unit price is too large"));
        }
        let gst_amount = self
            .gst_amount
            .or_else(|| self.tax_rate.map(|rate| tax(total_price, rate)));
        let tax_rate = self
            .tax_rate
            .or_else(|| gst_amount.and_then(|gst| tax_rate_of(total_price, gst)));
        let gross_amount = gross(total_price, tax_rate, gst_amount)?;
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

/// The figures of a stored line; adopted rows may lack some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// How much of it; adopted rows may hold 0 too.
    pub quantity: Option<Decimal>,
    /// The price of one unit before tax.
    pub unit_price: Option<Rate>,
    /// The same, if the line has one.
    pub rate: Option<Rate>,
    /// The amount before tax.
    pub total_price: Option<Money>,
    /// Tax in percent.
    pub tax_rate: Option<Percent>,
    /// The amount of tax.
    pub gst_amount: Option<Money>,
    /// The amount with tax.
    pub gross_amount: Option<Money>,
}

/// What a request says of the money of a stored line; what it does not name stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// How much of it.
    pub quantity: Option<Quantity>,
    /// The price of one unit, or the amount before tax.
    pub price: Option<Price>,
    /// Tax in percent.
    pub tax_rate: Option<Percent>,
    /// The amount of tax, kept as it is beside a rate too.
    pub gst_amount: Option<Money>,
}

impl Stored {
    /// The price of one unit, derived where the line was stored without.
    pub fn shown_unit_price(self) -> Option<Rate> {
        let derived = || {
            let quantity = self.quantity.filter(|quantity| !quantity.is_zero())?;
            unit_price_of(self.total_price?, quantity)
        };
        self.unit_price.or_else(derived)
    }

    /// The figures after a change. One that names what is so already changes nothing: a printed total and a printed tax
    /// outlive a dialog that sends all fields back.
    ///
    /// # Errors
    /// The field and what is wrong with it, where a figure would be too large for its column, or where the line lacks what
    /// the new figure follows from.
    pub fn changed(self, change: Changed) -> Result<Self, (&'static str, Problem)> {
        let (unit_price, total_price) = self.priced(change)?;
        let is_repriced = change.quantity.is_some_and(|new| Some(new.0) != self.quantity)
            || unit_price != self.unit_price
            || total_price != self.total_price;
        let is_retaxed = change.tax_rate.is_some_and(|new| Some(new) != self.tax_rate)
            || change.gst_amount.is_some_and(|new| Some(new) != self.gst_amount);
        if !is_repriced && !is_retaxed {
            return Ok(self);
        }
        let total = total_price.ok_or(("amount", Problem::new("missing", "The line has no amount yet")))?;
        let known_rate = change.tax_rate.or(self.tax_rate);
        let (tax_rate, gst_amount) = match (change.gst_amount, known_rate) {
            // The given tax stands; a rate that was not given with it follows from it.
            (Some(gst), _) => (
                change
                    .tax_rate
                    .or_else(|| tax_rate_of(total, gst))
                    .or(self.tax_rate),
                Some(gst),
            ),
            (None, Some(rate)) => (Some(rate), Some(tax(total, rate))),
            // A tax without a rate is one of nothing; its rate follows from the amount that there is now.
            (None, None) => (
                self.gst_amount.and_then(|gst| tax_rate_of(total, gst)),
                self.gst_amount,
            ),
        };
        Ok(Self {
            quantity: change.quantity.map(|quantity| quantity.0).or(self.quantity),
            unit_price,
            rate: if unit_price == self.unit_price {
                self.rate
            } else {
                self.rate.and(unit_price)
            },
            total_price: Some(total),
            tax_rate,
            gst_amount,
            gross_amount: gross(total, tax_rate, gst_amount)?,
        })
    }

    /// Unit price and total after a change.
    fn priced(self, change: Changed) -> Result<Priced, (&'static str, Problem)> {
        let same = (self.unit_price, self.total_price);
        let is_more_or_less = change.quantity.is_some_and(|new| Some(new.0) != self.quantity);
        let is_other_price = match change.price {
            None => false,
            Some(Price::Unit(price)) => Some(price) != self.shown_unit_price(),
            Some(Price::Amount(amount)) => Some(amount) != self.total_price,
        };
        if !is_more_or_less && !is_other_price {
            return Ok(same);
        }
        let quantity = change
            .quantity
            .or(self
                .quantity
                .filter(|stored| *stored > Decimal::ZERO)
                .map(Quantity))
            .ok_or((
                "quantity",
                Problem::new("missing", "The line has no quantity yet"),
            ))?;
        let price = change.price.or(self.shown_unit_price().map(Price::Unit)).ok_or((
            "unit_price",
            Problem::new("missing", "The line has no unit price yet"),
        ))?;
        let given = Given {
            quantity,
            price,
            tax_rate: None,
            gst_amount: None,
        };
        let figures = given.figures()?;
        Ok((Some(figures.unit_price), Some(figures.total_price)))
    }
}

/// The amount with tax; `None` if no tax is known.
fn gross(
    total_price: Money,
    tax_rate: Option<Percent>,
    gst_amount: Option<Money>,
) -> Result<Option<Money>, (&'static str, Problem)> {
    if tax_rate.is_some_and(|rate| rate.0 >= Decimal::from(RATE_LIMIT)) {
        return Err(too_large("gst_amount", "is too large for this amount"));
    }
    let gross_amount = gst_amount.map(|gst| total_price + gst);
    if gross_amount.is_some_and(|gross| !gross.is_storable()) {
        return Err(too_large("gst_amount", "the amount with tax is too large"));
    }
    Ok(gross_amount)
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

    fn stored(quantity: Decimal, price: Decimal, tax_rate: Option<Decimal>) -> Stored {
        let figures = Given {
            tax_rate: tax_rate.map(Percent),
            ..given(quantity, Price::Unit(Rate(price)))
        }
        .figures()
        .unwrap();
        Stored {
            quantity: Some(quantity),
            unit_price: Some(figures.unit_price),
            rate: Some(figures.unit_price),
            total_price: Some(figures.total_price),
            tax_rate: figures.tax_rate,
            gst_amount: figures.gst_amount,
            gross_amount: figures.gross_amount,
        }
    }

    #[test]
    fn a_changed_price_makes_total_and_tax_anew() {
        let line = Stored {
            gst_amount: Some(Money(dec!(0.01))),
            ..stored(dec!(1), dec!(0.05), Some(dec!(18)))
        };

        let changed = line
            .changed(Changed {
                price: Some(Price::Unit(Rate(dec!(100)))),
                ..Changed::default()
            })
            .unwrap();

        assert_eq!(changed.total_price, Some(Money(dec!(100))));
        assert_eq!(changed.gst_amount, Some(Money(dec!(18))));
        assert_eq!(changed.gross_amount, Some(Money(dec!(118))));
        assert_eq!(changed.rate, Some(Rate(dec!(100))));
    }

    #[test]
    fn printed_figures_outlive_what_does_not_change_them() {
        let line = Stored {
            quantity: Some(dec!(30000)),
            unit_price: Some(Rate(dec!(0.0333))),
            rate: None,
            total_price: Some(Money(dec!(1000))),
            tax_rate: Some(Percent(dec!(18))),
            gst_amount: Some(Money(dec!(179.99))),
            gross_amount: Some(Money(dec!(1179.99))),
        };
        for change in [
            Changed::default(),
            Changed {
                quantity: Some(Quantity(dec!(30000.0000))),
                price: Some(Price::Unit(Rate(dec!(0.0333)))),
                tax_rate: Some(Percent(dec!(18.0))),
                gst_amount: Some(Money(dec!(179.99))),
            },
            Changed {
                price: Some(Price::Amount(Money(dec!(1000.00)))),
                ..Changed::default()
            },
        ] {
            assert_eq!(line.changed(change), Ok(line), "{change:?}");
        }

        let doubled = line
            .changed(Changed {
                quantity: Some(Quantity(dec!(60000))),
                ..Changed::default()
            })
            .unwrap();
        assert_eq!(doubled.total_price, Some(Money(dec!(1998))));
        assert_eq!(doubled.gst_amount, Some(Money(dec!(359.64))));
        assert_eq!(doubled.rate, None);
    }

    #[test]
    fn an_amount_gives_the_price_and_keeps_the_quantity() {
        let changed = stored(dec!(3), dec!(10), Some(dec!(18)))
            .changed(Changed {
                price: Some(Price::Amount(Money(dec!(100)))),
                ..Changed::default()
            })
            .unwrap();
        assert_eq!(changed.quantity, Some(dec!(3)));
        assert_eq!(changed.unit_price, Some(Rate(dec!(33.3333))));
        assert_eq!(changed.total_price, Some(Money(dec!(100))));
        assert_eq!(changed.gst_amount, Some(Money(dec!(18))));
    }

    #[test]
    fn a_given_tax_stands_and_gives_the_rate() {
        let line = stored(dec!(10), dec!(100), Some(dec!(18)));
        let with = |tax_rate, gst: Decimal| {
            let change = Changed {
                tax_rate,
                gst_amount: Some(Money(gst)),
                ..Changed::default()
            };
            let changed = line.changed(change).unwrap();
            (changed.tax_rate, changed.gst_amount, changed.total_price)
        };
        let total = Some(Money(dec!(1000)));
        assert_eq!(
            with(None, dec!(50)),
            (Some(Percent(dec!(5))), Some(Money(dec!(50))), total)
        );
        assert_eq!(
            with(Some(Percent(dec!(12))), dec!(119)),
            (Some(Percent(dec!(12))), Some(Money(dec!(119))), total)
        );
        let free = stored(dec!(10), dec!(0), Some(dec!(18)));
        let change = Changed {
            gst_amount: Some(Money(dec!(5))),
            ..Changed::default()
        };
        assert_eq!(free.changed(change).unwrap().tax_rate, Some(Percent(dec!(18))));
    }

    #[test]
    fn a_line_that_lacks_what_a_figure_follows_from_asks_for_it() {
        let bare = Stored {
            quantity: None,
            unit_price: None,
            rate: None,
            total_price: Some(Money(dec!(500))),
            tax_rate: None,
            gst_amount: None,
            gross_amount: None,
        };
        let refused = |line: Stored, change| line.changed(change).unwrap_err().0;
        let price = Changed {
            price: Some(Price::Unit(Rate(dec!(5)))),
            ..Changed::default()
        };
        let quantity = Changed {
            quantity: Some(Quantity(dec!(5))),
            ..Changed::default()
        };
        let rate = Changed {
            tax_rate: Some(Percent(dec!(18))),
            ..Changed::default()
        };
        assert_eq!(refused(bare, price), "quantity");
        assert_eq!(refused(bare, quantity), "unit_price");
        assert_eq!(bare.changed(rate).unwrap().gross_amount, Some(Money(dec!(590))));
        let empty = Stored {
            total_price: None,
            ..bare
        };
        assert_eq!(refused(empty, rate), "amount");
        assert_eq!(
            refused(
                stored(dec!(99999999999), dec!(1), None),
                Changed {
                    price: Some(Price::Unit(Rate(dec!(1000)))),
                    ..Changed::default()
                }
            ),
            "quantity"
        );
    }

    proptest! {
        #[test]
        fn a_changed_line_is_what_a_new_one_would_be(
            before in (1_i64..10_000_000, 0_i64..10_000_000),
            after in (1_i64..10_000_000, 0_i64..10_000_000),
            rate in 0_i64..1_000_000,
        ) {
            let rate = Decimal::new(rate, 4);
            let line = stored(Decimal::new(before.0, 4), Decimal::new(before.1, 4), Some(rate));
            let change = Changed {
                quantity: Some(Quantity(Decimal::new(after.0, 4))),
                price: Some(Price::Unit(Rate(Decimal::new(after.1, 4)))),
                ..Changed::default()
            };
            let changed = line.changed(change).unwrap();
            prop_assert_eq!(changed, stored(Decimal::new(after.0, 4), Decimal::new(after.1, 4), Some(rate)));
            // And once more changes nothing.
            prop_assert_eq!(changed.changed(change), Ok(changed));
        }

        #[test]
        fn what_is_sent_back_changes_nothing(
            quantity in 1_i64..10_000_000,
            total in 0_i64..1_000_000_000,
            gst in 0_i64..1_000_000_000,
            has_price: bool,
        ) {
            let (quantity, total, gst) = (Decimal::new(quantity, 4), Money(Decimal::new(total, 2)), Money(Decimal::new(gst, 2)));
            let line = Stored {
                quantity: Some(quantity),
                unit_price: unit_price_of(total, quantity).filter(|_| has_price),
                rate: None,
                total_price: Some(total),
                tax_rate: tax_rate_of(total, gst),
                gst_amount: Some(gst),
                gross_amount: Some(total + gst),
            };
            let back = Changed {
                quantity: Some(Quantity(quantity)),
                price: line.shown_unit_price().map(Price::Unit),
                tax_rate: line.tax_rate,
                gst_amount: Some(gst),
            };
            prop_assert_eq!(line.changed(back), Ok(line));
        }

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
