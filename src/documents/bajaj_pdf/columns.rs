//! The columns of a plain table, told by where their titles stand.

use rust_decimal::Decimal;

use super::rows::{Row, amount_of, is_currency};
use crate::documents::pdf::Word;
use crate::documents::text;

/// What stands below a title, as far as that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Quantity,
    Unit,
    /// Tax, in percent or rupees: neither price nor amount.
    Tax,
    /// When the item is needed.
    Date,
    Other,
}

/// Titles with their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns(Vec<(i64, i64, Column)>);

/// Titles beyond so many are no titles.
const MAX_TITLES: usize = 60;

impl Columns {
    pub(super) fn of(titles: &Row) -> Self {
        let mut columns: Vec<(i64, i64, Column)> = Vec::new();
        for (index, word) in titles.words.iter().enumerate().take(MAX_TITLES) {
            let name = bare(&word.text);
            let next = titles
                .words
                .get(index.saturating_add(1))
                .map(|word| bare(&word.text));
            let is_price = matches!(next.as_deref(), Some("PRICE" | "RATE" | "COST"));
            let is_in_parentheses = word.text.starts_with('(');
            let column = match name.as_str() {
                "QTY" | "QUANTITY" | "QUAN" => Column::Quantity,
                "UNIT" | "UNITS" | "UOM" if !is_price && !is_in_parentheses => Column::Unit,
                "TAX" | "GST" | "CGST" | "SGST" | "IGST" => Column::Tax,
                "NEED" | "NEEDED" | "BY" | "DATE" | "DELIVERY" => Column::Date,
                _ => Column::Other,
            };
            columns.push((word.x, word.end, column));
        }
        Self(columns)
    }

    /// True if units stand in a column, and not in parentheses behind the quantity.
    pub(super) fn have_units(&self) -> bool {
        self.0.iter().any(|(.., column)| *column == Column::Unit)
    }

    /// The column whose title is nearest to a word.
    pub(super) fn at(&self, word: &Word) -> Column {
        let distance = |(start, end, _): &&(i64, i64, Column)| {
            let gap = start
                .saturating_sub(word.end)
                .max(word.x.saturating_sub(*end))
                .max(0);
            // Of titles that are equally near, that whose middle is nearest.
            let middles = start
                .saturating_add(*end)
                .abs_diff(word.x.saturating_add(word.end));
            (gap, middles)
        };
        self.0
            .iter()
            .min_by_key(distance)
            .map_or(Column::Other, |(.., column)| *column)
    }

    /// The number under Qty: its place among the words, and the number.
    pub(super) fn quantity_in(&self, words: &[Word]) -> Option<(usize, Decimal)> {
        let mut numbers = words.iter().enumerate().filter_map(|(index, word)| {
            let is_number = word.text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let value = text::amount(&word.text).filter(|_| is_number)?;
            (index > 0 && self.at(word) == Column::Quantity).then_some((index, value))
        });
        numbers.next()
    }

    /// The word under Unit: its place among the words behind the quantity, and the word.
    pub(super) fn unit_in(&self, words: &[Word], quantity: usize) -> Option<(usize, String)> {
        const MAX_UNIT: usize = 12;
        let is_unit = |word: &Word| {
            word.text.starts_with(char::is_alphabetic)
                && word.text.chars().count() <= MAX_UNIT
                && !is_currency(word)
                && amount_of(word).is_none()
        };
        let mut units = words
            .iter()
            .enumerate()
            .filter(|(index, word)| *index > quantity && is_unit(word) && self.at(word) == Column::Unit);
        units.next().map(|(index, word)| (index, word.text.clone()))
    }
}

fn bare(title: &str) -> String {
    title.trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase()
}
