//! Lines of POs in whole numbers.

use super::{
    model::Refusals,
    numbers::{Dice, rounded},
};

/// Quantity, price and rate are ten-thousandths, total and tax paise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) quantity: i128,
    pub(super) price: i128,
    pub(super) total: i128,
    pub(super) rate: Option<i128>,
    pub(super) tax: Option<i128>,
    pub(super) version: i64,
}

/// What a request says of a line's money.
#[derive(Debug, Clone, Default)]
pub(super) struct LineWish {
    pub(super) quantity: Option<i128>,
    pub(super) price: Option<i128>,
    /// In place of a price.
    pub(super) amount: Option<i128>,
    pub(super) rate: Option<i128>,
    pub(super) tax: Option<i128>,
}

fn total_of(quantity: i128, price: i128) -> i128 {
    rounded(quantity * price, 1_000_000)
}

fn price_of(amount: i128, quantity: i128) -> i128 {
    rounded(amount * 1_000_000, quantity)
}

fn tax_of(total: i128, rate: i128) -> i128 {
    rounded(total * rate, 1_000_000)
}

/// The rate behind a tax: a usual one that gives it, else their quotient; none of nothing.
fn rate_of(total: i128, tax: i128) -> Option<i128> {
    if tax == 0 {
        return Some(0);
    }
    let usual = [18, 28, 12, 5].into_iter().map(|percent| percent * 10_000);
    if let Some(rate) = usual.into_iter().find(|rate| tax_of(total, *rate) == tax) {
        return Some(rate);
    }
    (total != 0).then(|| rounded(tax * 1_000_000, total))
}

impl Line {
    pub(super) fn new(wish: &LineWish) -> Result<Self, Refusals> {
        let quantity = wish.quantity.expect("a new line has a quantity");
        let (price, total) = match (wish.price, wish.amount) {
            (Some(price), _) => (price, total_of(quantity, price)),
            (None, Some(amount)) => (price_of(amount, quantity), amount),
            (None, None) => panic!("a new line has a price or an amount"),
        };
        let tax = wish.tax.or_else(|| wish.rate.map(|rate| tax_of(total, rate)));
        let line = Self {
            quantity,
            price,
            total,
            rate: wish.rate.or_else(|| rate_of(total, tax?)),
            tax,
            version: 1,
        };
        line.checked()
    }

    fn checked(self) -> Result<Self, Refusals> {
        // The column holds three digits before the point.
        if self.rate.is_some_and(|rate| rate >= 10_000_000) {
            return Err(vec![422]);
        }
        Ok(self)
    }

    pub(super) fn gross(&self) -> i128 {
        self.total + self.tax.unwrap_or(0)
    }

    /// The line as a request wants it: figures follow only from what is different.
    pub(super) fn changed(&self, wish: &LineWish) -> Result<Self, Refusals> {
        // A tax may have been given that is more than the amount; its rate cannot be sent back.
        if wish.rate.is_some_and(|rate| rate > 1_000_000) {
            return Err(vec![422]);
        }
        let mut line = self.clone();
        line.quantity = wish.quantity.unwrap_or(self.quantity);
        let is_other_price = match (wish.price, wish.amount) {
            (Some(price), _) => price != self.price,
            (None, Some(amount)) => amount != self.total,
            (None, None) => false,
        };
        let is_repriced = is_other_price || line.quantity != self.quantity;
        if is_repriced {
            (line.price, line.total) = match (wish.price, wish.amount) {
                (None, Some(amount)) => (price_of(amount, line.quantity), amount),
                (price, _) => {
                    let price = price.unwrap_or(self.price);
                    (price, total_of(line.quantity, price))
                }
            };
        }
        let is_retaxed = wish.rate.is_some_and(|rate| Some(rate) != self.rate)
            || wish.tax.is_some_and(|tax| Some(tax) != self.tax);
        if is_repriced || is_retaxed {
            let rate = wish.rate.or(self.rate);
            (line.rate, line.tax) = match wish.tax {
                Some(tax) => (
                    wish.rate.or_else(|| rate_of(line.total, tax)).or(self.rate),
                    Some(tax),
                ),
                None => match rate {
                    Some(rate) => (Some(rate), Some(tax_of(line.total, rate))),
                    None => (self.tax.and_then(|tax| rate_of(line.total, tax)), self.tax),
                },
            };
        }
        if line == *self {
            return Ok(line);
        }
        line.version += 1;
        line.checked()
    }
}

impl LineWish {
    /// A new line of any kind.
    pub(super) fn any(dice: &mut Dice) -> Self {
        let quantity = Some(quantity(dice));
        let mut wish = Self {
            quantity,
            ..Self::default()
        };
        if dice.one_in(6) {
            // So little that several rates give its tax.
            wish.amount = Some(dice.whole(30) + 1);
            wish.tax = Some(dice.whole(4));
            return wish;
        }
        if dice.one_in(3) {
            wish.amount = Some(dice.amount());
        } else {
            wish.price = Some(price(dice));
        }
        if dice.one_in(10) {
            // Beside a price an amount is not listened to.
            wish.amount = Some(dice.amount());
        }
        wish.any_tax(dice);
        wish
    }

    fn any_tax(&mut self, dice: &mut Dice) {
        match dice.roll(6) {
            0 | 1 => {}
            2 => self.rate = Some([0, 50_000, 120_000, 180_000, 280_000][dice.index(5)]),
            3 => self.rate = Some(dice.whole(1_000_001)),
            4 => self.tax = Some(dice.amount() / 5),
            _ => {
                self.rate = Some(180_000);
                self.tax = Some(dice.amount() / 5);
            }
        }
    }

    /// A change of any kind of a line; often of nothing, as dialogs send all back.
    pub(super) fn change(dice: &mut Dice, line: &Line) -> Self {
        let mut wish = Self::default();
        match dice.roll(8) {
            0 => wish.quantity = Some(quantity(dice)),
            1 => wish.price = Some(price(dice)),
            2 => wish.amount = Some(dice.amount()),
            3 => {
                wish.quantity = Some(quantity(dice));
                wish.price = Some(price(dice));
            }
            4 => {
                wish.quantity = Some(line.quantity);
                wish.price = Some(line.price);
                wish.rate = line.rate;
                wish.tax = line.tax;
            }
            5 => {
                // All fields as they were shown, but one.
                wish.quantity = Some(quantity(dice));
                wish.price = Some(line.price);
                wish.rate = line.rate;
            }
            6 => wish.amount = Some(line.total),
            _ => {}
        }
        if dice.one_in(3) {
            wish.any_tax(dice);
        }
        wish
    }
}

pub(super) fn quantity(dice: &mut Dice) -> i128 {
    match dice.roll(3) {
        0 => (dice.whole(50) + 1) * 10_000,
        1 => dice.whole(500_000) + 1,
        _ => dice.whole(100) + 1,
    }
}

pub(super) fn price(dice: &mut Dice) -> i128 {
    match dice.roll(4) {
        0 => 0,
        1 => dice.whole(1_000) + 1,
        2 => dice.whole(50_000_000) + 1,
        _ => (dice.whole(10_000) + 1) * 10_000,
    }
}
