//! What one line of a table says in its columns.

use rust_decimal::{Decimal, dec};

use super::kinds::Kind;
use super::rows::{is_currency_name, quantity_and_unit};
use super::with_tax::WITH_TAX;
use crate::documents::grid::Reading;
use crate::documents::items::{Item, RateReading};
use crate::documents::text::{self, round_money};

/// A product proves its figures if it is no further from the amount than rounding explains.
const ROUNDING: Decimal = dec!(0.02);
const ROUNDING_OF_RATE: Decimal = dec!(0.0005);

/// A figure as printed; empty where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Figure(String);

impl Figure {
    pub(super) fn is_absent(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn number(&self) -> Option<Decimal> {
        number(&self.0)
    }

    pub(super) fn reading(&self) -> Reading {
        match self.number() {
            Some(number) => Reading::Number(number),
            None if self.is_absent() => Reading::Absent,
            None => Reading::Unreadable,
        }
    }

    /// Adds what is printed further in the same cell.
    fn add(&mut self, part: &str) {
        if is_currency_name(part) && !self.is_absent() {
            return;
        }
        if !self.is_absent() {
            self.0.push(' ');
        }
        self.0.push_str(part);
    }

    /// Takes what stands in the column one line further down. False if both are figures, so that one of them is of
    /// nothing known.
    pub(super) fn continue_with(&mut self, below: &Self) -> bool {
        if below.is_absent() || is_currency_name(&below.0) {
            return true;
        }
        // "12,34," and "567.50" below are one figure, broken.
        let is_broken = self.number().is_none() || self.0.ends_with(['.', ',']);
        if self.is_absent() || is_currency_name(&self.0) {
            self.0.clone_from(&below.0);
            true
        } else if is_broken {
            self.0.push_str(&below.0);
            true
        } else {
            false
        }
    }
}

/// The cells of a line, by what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// The number of the line, as printed.
    pub(super) number: Option<String>,
    /// Every text that is nothing else.
    pub(super) description: String,
    pub(super) quantity: Figure,
    pub(super) unit: Option<String>,
    pub(super) price: Figure,
    pub(super) amount: Figure,
    /// The sum of those of central and state tax.
    pub(super) tax_rate: RateReading,
    /// The sum of the parts.
    pub(super) tax: Reading,
    pub(super) gross: Figure,
    pub(super) discount: Figure,
    /// What stands in columns of figures that are none of these.
    pub(super) besides: Vec<Decimal>,
    pub(super) hsn: Option<String>,
    /// False if another reading is as good.
    pub(super) is_sure: bool,
    /// True if words were torn from one another to find columns, and nothing proves that these are right.
    pub(super) is_split: bool,
}

impl Figures {
    /// The cells of a line, from left to right, each with the kind of its column.
    pub(super) fn of<'a>(cells: impl Iterator<Item = (Kind, &'a str)>) -> Self {
        let mut figures = Self::default();
        for (kind, text) in cells {
            figures.take(kind, text);
        }
        figures
    }

    fn take(&mut self, kind: Kind, text: &str) {
        match kind {
            Kind::Number if self.number.is_none() && self.description.is_empty() && is_label(text) => {
                self.number = Some(text.trim_end_matches(['.', ')']).to_owned());
            }
            Kind::Quantity => match quantity(text) {
                Some((value, unit)) if self.quantity.is_absent() => {
                    self.quantity.add(&value.to_string());
                    self.unit = unit.or(self.unit.take());
                }
                None if is_unit(text) && !self.quantity.is_absent() => self.unit = Some(text.to_owned()),
                // Broken off from its quantity.
                None if is_unit_in_parentheses(text) => {
                    self.unit = Some(text.trim_matches(['(', ')']).to_owned());
                }
                _ => self.quantity.add(text),
            },
            Kind::Unit if is_text_of_unit(text) => self.add_to_unit(text),
            Kind::Unit if !text.starts_with(char::is_alphanumeric) => {
                let bare = text.trim_matches(['(', ')', '-', '/', '.']);
                self.unit = Some(bare.to_owned()).filter(|unit| !unit.is_empty());
            }
            Kind::Price => self.price.add(text),
            Kind::Amount => self.amount.add(text),
            Kind::Gross => self.gross.add(text),
            Kind::Discount => self.discount.add(text),
            Kind::TaxRate => self.take_tax_rate(text),
            Kind::Tax => self.take_tax(text),
            Kind::Hsn if is_hsn(text) && self.hsn.is_none() => self.hsn = Some(text.to_owned()),
            Kind::Date if is_of_date(text) => {}
            Kind::Besides if number(text).is_some() || is_nothing(text) || is_currency_name(text) => {
                self.besides.extend(number(text));
            }
            Kind::Number
            | Kind::Description
            | Kind::Unit
            | Kind::Hsn
            | Kind::Date
            | Kind::Besides
            | Kind::Other => {
                if !self.description.is_empty() {
                    self.description.push(' ');
                }
                self.description.push_str(text);
            }
        }
    }

    /// The item of which its columns say this.
    pub(super) fn into_item(self, serial: Option<String>, description: String) -> Item {
        Item {
            serial,
            description,
            hsn: self.hsn,
            unit: self.unit,
            quantity: self.quantity.reading(),
            rate: self.price.reading(),
            total: self.amount.reading(),
            tax_rate: self.tax_rate,
            tax_amount: self.tax,
            total_with_gst: self.gross.reading(),
            ..Item::default()
        }
    }

    /// Takes a unit, or more of one.
    pub(super) fn add_to_unit(&mut self, text: &str) {
        let unit = match self.unit.take() {
            Some(unit) => format!("{unit} {text}"),
            None => text.to_owned(),
        };
        self.unit = Some(unit);
    }

    /// A rate in percent; several are added, as those of central and state tax.
    fn take_tax_rate(&mut self, text: &str) {
        self.tax_rate.is_percent |= text.ends_with('%');
        match number(text.trim_end_matches('%')) {
            Some(rate) => {
                let before = self.tax_rate.value.unwrap_or_default();
                self.tax_rate.value = Some(before.saturating_add(rate));
            }
            None if is_nothing(text) => {}
            None => self.tax = Reading::Unreadable,
        }
    }

    fn take_tax(&mut self, text: &str) {
        if text.ends_with('%') {
            self.take_tax_rate(text);
            return;
        }
        self.tax = match (number(text), self.tax) {
            (Some(_), Reading::Unreadable) => Reading::Unreadable,
            (Some(tax), before) => Reading::Number(before.number().unwrap_or_default().saturating_add(tax)),
            (None, before) if is_nothing(text) || is_currency_name(text) => before,
            (None, _) => Reading::Unreadable,
        };
    }

    /// True if the amount is quantity × price and what stands beside: no tax is in it then.
    pub(super) fn is_sum_with_besides(&self) -> bool {
        let (Some(quantity), Some(price), Some(amount)) =
            (self.quantity.number(), self.price.number(), self.amount.number())
        else {
            return false;
        };
        let gap = quantity
            .checked_mul(price)
            .map(|product| amount.saturating_sub(round_money(product)));
        gap.is_some_and(|gap| {
            self.besides
                .iter()
                .any(|figure| figure.saturating_sub(gap).abs() <= ROUNDING)
        })
    }

    /// How many of its figures follow from others: the amount from the price, the tax from its rate, the gross amount from
    /// the tax.
    pub(super) fn proofs(&self) -> u8 {
        let amount = self.amount.number();
        let near = |one: Decimal, other: Decimal| one.saturating_sub(other).abs() <= ROUNDING;
        let is_sum = amount.zip(self.tax.number()).zip(self.gross.number());
        let is_sum = is_sum.is_some_and(|((amount, tax), gross)| near(amount.saturating_add(tax), gross));
        let is_rate = amount
            .zip(self.tax_rate.value)
            .zip(self.tax.number())
            .is_some_and(|((amount, rate), tax)| {
                near(
                    round_money(amount.saturating_mul(rate) / Decimal::ONE_HUNDRED),
                    tax,
                )
            });
        [self.are_proven(), is_sum, is_rate]
            .into_iter()
            .map(u8::from)
            .sum()
    }

    /// True if quantity × price is the amount, or the amount before a usual tax or the discount.
    pub(super) fn are_proven(&self) -> bool {
        let printed = if self.amount.is_absent() {
            &self.gross
        } else {
            &self.amount
        };
        let (Some(quantity), Some(price), Some(amount)) =
            (self.quantity.number(), self.price.number(), printed.number())
        else {
            return false;
        };
        let Some(product) = quantity.checked_mul(price) else {
            return false;
        };
        let discount = self.discount.number().unwrap_or_default();
        let is_near = |expected: Decimal| {
            let slack = ROUNDING.max(amount.abs().saturating_mul(ROUNDING_OF_RATE));
            round_money(expected).saturating_sub(amount).abs() <= slack
        };
        is_near(product)
            || is_near(product.saturating_sub(discount))
            || WITH_TAX
                .iter()
                .any(|factor| is_near(product.saturating_mul(*factor)))
    }

    /// True if both say the same about what is ordered and what it costs.
    pub(super) fn are_the_same_as(&self, other: &Self) -> bool {
        (&self.quantity, &self.price, &self.amount, &self.gross, self.tax)
            == (
                &other.quantity,
                &other.price,
                &other.amount,
                &other.gross,
                other.tax,
            )
    }

    pub(super) fn has_amount(&self) -> bool {
        !self.amount.is_absent() || !self.gross.is_absent()
    }

    /// True if there is any figure of an item.
    pub(super) fn has_figures(&self) -> bool {
        self.has_amount() || !self.quantity.is_absent() || !self.price.is_absent()
    }

    /// True if a line without a number has what makes an item: an amount, and a quantity, a unit or a price.
    pub(super) fn is_whole(&self) -> bool {
        let amount = self.amount.number().or(self.gross.number());
        // Without a text, a price and an amount may be the rest of those above.
        let is_priced = self.price.number().is_some() || self.unit.is_some();
        let is_counted = self.quantity.number().is_some() || is_priced && !self.description.is_empty();
        !self.is_split && is_counted && amount.is_some()
    }

    /// True if there is nothing to complete: a quantity, a price and an amount.
    pub(super) fn are_whole(&self) -> bool {
        let amount = self.amount.number().or(self.gross.number());
        [self.quantity.number(), self.price.number(), amount]
            .iter()
            .all(Option::is_some)
    }

    /// True if the line has figures in the columns of figures, and in these nothing else.
    pub(super) fn is_of_figures(&self) -> bool {
        let figures = [
            &self.quantity,
            &self.price,
            &self.amount,
            &self.gross,
            &self.discount,
        ];
        let is_figure = |figure: &&&Figure| {
            figure.0.contains(|c: char| c.is_ascii_digit()) || is_currency_name(&figure.0)
        };
        let mut present = figures.iter().filter(|figure| !figure.is_absent()).peekable();
        !self.is_split && present.peek().is_some() && present.all(|figure| is_figure(&figure))
    }
}

/// The number that a cell is, with or without its currency. Two numbers side by side are none.
pub(super) fn number(cell: &str) -> Option<Decimal> {
    let has_digit = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
    let numbers = cell.split_whitespace().filter(has_digit).count();
    text::amount(cell).filter(|_| numbers == 1)
}

/// The quantity that a cell is, with the unit behind it if there is one: `10`, `10 NOS`, `10 (EA)`.
pub(super) fn quantity(cell: &str) -> Option<(Decimal, Option<String>)> {
    if let Some((value, unit)) = quantity_and_unit(cell) {
        return Some((value, Some(unit)));
    }
    if let Some(value) = number(cell).filter(|_| cell.starts_with(|c: char| c.is_ascii_digit() || c == '-')) {
        return Some((value, None));
    }
    let (value, unit) = cell.split_once(' ')?;
    let value = number(value)?;
    is_unit(unit).then(|| (value, Some(unit.to_owned())))
}

/// True for a word such as `NOS`, `Sq.ft` or `R/M`.
pub(super) fn is_unit(cell: &str) -> bool {
    const MAX_UNIT: usize = 12;
    cell.starts_with(char::is_alphabetic)
        && cell.chars().count() <= MAX_UNIT
        && cell.split_whitespace().count() <= 2
        && !is_currency_name(cell)
}

/// True for words that are a unit because they stand where units do: `Running meters`.
fn is_text_of_unit(cell: &str) -> bool {
    const MAX_UNIT: usize = 24;
    cell.starts_with(char::is_alphabetic)
        && cell.chars().count() <= MAX_UNIT
        && cell.split_whitespace().count() <= 3
        && !is_currency_name(cell)
}

/// True for a date, or for a part of one that is broken into several lines.
fn is_of_date(cell: &str) -> bool {
    let is_month = |word: &str| text::date(&format!("1 {word} 2000")).is_some();
    cell.contains(|c: char| c.is_ascii_digit())
        || cell
            .split_whitespace()
            .all(|word| is_month(word.trim_matches(['-', ',', '.', '/'])))
}

/// True for a unit as it is printed behind a quantity: `(EA)`.
pub(super) fn is_unit_in_parentheses(cell: &str) -> bool {
    cell.strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .is_some_and(is_unit)
}

/// True for what a line may be numbered with: `3`, `00010`, `1.2`, `B`, `a)`.
pub(super) fn is_label(cell: &str) -> bool {
    const MAX_DIGITS: usize = 6;
    const MAX_LETTERS: usize = 4;
    let bare = cell.strip_suffix(['.', ')']).unwrap_or(cell);
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    let others = bare
        .chars()
        .filter(|c| !c.is_alphanumeric())
        .all(|c| matches!(c, '.' | '-'));
    others
        && digits.saturating_add(letters) > 0
        && digits <= MAX_DIGITS
        && letters <= if digits > 0 { 2 } else { MAX_LETTERS }
        && bare.starts_with(char::is_alphanumeric)
}

/// True for a code of goods or services: 4 to 8 digits, in groups perhaps.
pub(super) fn is_hsn(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    (4..=8).contains(&digits)
        && cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b' '))
        && !cell.contains(". ")
        && cell.split('.').all(|part| !part.is_empty())
}

fn is_nothing(cell: &str) -> bool {
    matches!(
        cell.to_ascii_uppercase().as_str(),
        "-" | "--" | "–" | "NIL" | "NA" | "N/A" | ""
    )
}
