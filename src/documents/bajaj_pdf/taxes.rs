//! Lines that state a tax, and whose it is: that of the item above, or that of the whole document.

use rust_decimal::{Decimal, dec};

use super::header::bare;
use super::notes::TAXES;
use super::rows::{Row, amount_of};
use crate::documents::labels::Words;

/// Figures agree if they differ by at most this much.
const TOLERANCE: Decimal = dec!(1.00);
const HUNDRED: Decimal = dec!(100);
/// No tax is more of an amount than this, in percent.
const HIGHEST_RATE: Decimal = dec!(40);
/// The rates of GST, in percent.
const USUAL_RATES: [Decimal; 6] = [dec!(18), dec!(28), dec!(12), dec!(5), dec!(3), dec!(40)];
/// The taxes that may stand side by side.
const NAMES: [&str; 5] = ["CGST", "SGST", "IGST", "UTGST", "CESS"];

/// One tax as it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tax {
    /// Its name, where it is one of several; nothing for what is called tax without saying which.
    name: Option<&'static str>,
    rate: Option<Decimal>,
    amount: Decimal,
}

/// What a line says of taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TaxLine(Vec<Tax>);

impl TaxLine {
    /// The taxes in a line; `None` if it states no amount of one.
    pub(super) fn of(row: &Row) -> Option<Self> {
        if !row.starts_with_any(TAXES) && !is_of_tax_alone(row) {
            return None;
        }
        let mut all: Vec<Tax> = Vec::new();
        let mut is_named = false;
        let mut name = None;
        let mut rate = None;
        let mut amount = None;
        let mut close =
            |name: Option<&'static str>, rate: &mut Option<Decimal>, amount: &mut Option<Decimal>| {
                let rate = rate.take();
                all.extend(amount.take().map(|amount| Tax { name, rate, amount }));
            };
        for (at, word) in row.words.iter().enumerate() {
            let bare = bare(&word.text);
            let own = NAMES.into_iter().find(|name| {
                bare.strip_prefix(name)
                    .is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
            });
            // "CGST 45.00 SGST 45.00 Total 90.00" has two taxes and their sum.
            if own.is_some() || is_named && bare == "TOTAL" {
                close(name, &mut rate, &mut amount);
                is_named |= own.is_some();
                name = own;
            }
            rate = rate.or_else(|| rate_at(row, at));
            amount = amount_of(word)
                .filter(|amount| !amount.is_sign_negative())
                .or(amount);
        }
        close(name, &mut rate, &mut amount);
        (!all.is_empty()).then_some(Self(all))
    }
}

/// The rate that ends at a word: `9%`, `@9.00%`, or a `%` behind its number.
fn rate_at(row: &Row, at: usize) -> Option<Decimal> {
    let text = row.words.get(at)?.text.strip_suffix('%')?;
    let before = || Some(row.words.get(at.checked_sub(1)?)?.text.as_str());
    let text = if text.is_empty() { before()? } else { text };
    let digits = text.rfind(|c: char| !c.is_ascii_digit() && c != '.');
    let number = text.get(digits.map_or(0, |at| at.saturating_add(1))..)?;
    number.parse().ok()
}

/// True for a line of nothing but a tax, its rate and its figures, under a name that goods have as well.
fn is_of_tax_alone(row: &Row) -> bool {
    const BESIDES: &[&str] = &[
        "AMOUNT", "AMT", "AT", "OF", "ON", "RATE", "TAXABLE", "VALUE", "INR", "RS", "%",
    ];
    let words = Words::of(&row.text);
    let is_tax = [
        &["GST"] as &[&str],
        &["CESS"],
        &["TOTAL", "TAX"],
        &["TOTAL", "GST"],
    ]
    .iter()
    .any(|label| words.start_with(label));
    let is_known = |word: &str| {
        BESIDES.contains(&word)
            || NAMES.contains(&word)
            || matches!(word, "GST" | "TAX" | "TOTAL")
            || word.starts_with(|c: char| c.is_ascii_digit())
    };
    is_tax && words.iter().all(is_known)
}

pub(super) fn is_tax(row: &Row) -> bool {
    TaxLine::of(row).is_some()
}

/// The sum of some lines. What is the sum of those before it is counted once.
pub(super) fn sum<'a>(lines: impl IntoIterator<Item = &'a TaxLine>) -> Decimal {
    let mut sum = Decimal::ZERO;
    for tax in lines.into_iter().flat_map(|line| &line.0) {
        let is_repeated = tax.name.is_none() && !sum.is_zero() && tax.amount == sum;
        if !is_repeated {
            sum = sum.saturating_add(tax.amount);
        }
    }
    sum
}

/// An item as far as its tax tells whose another is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taxed {
    pub(super) amount: Decimal,
    pub(super) tax: Option<Decimal>,
}

/// True if the lines of tax below the last of some items are its own, false if they are the document's; `None` if nothing
/// tells.
///
/// `behind` are the lines below these. What tells is what adds up: the rate of the line and the amount that it gives the
/// tax of, the document's own sums, and else whether the items above have taxes of their own.
pub(super) fn is_own(lines: &[TaxLine], amount: Decimal, others: &[Taxed], behind: &[Row]) -> Option<bool> {
    let tax = sum(lines);
    if others.is_empty() {
        // The document's own tax, printed further down, says the same again.
        let further: Vec<TaxLine> = behind.iter().filter_map(TaxLine::of).collect();
        return (!further.is_empty() && agree(sum(&further), tax)).then_some(true);
    }
    let all = others
        .iter()
        .fold(amount, |sum, other| sum.saturating_add(other.amount));
    if let Some(rate) = rate_of(lines) {
        let distance = |amount: Decimal| share(amount, rate).saturating_sub(tax).abs();
        let (own, whole) = (distance(amount), distance(all));
        if own.min(whole) <= TOLERANCE && own != whole {
            return Some(own < whole);
        }
    }
    let taxes: Vec<Decimal> = others
        .iter()
        .filter_map(|other| other.tax)
        .filter(|tax| !tax.is_zero())
        .collect();
    let gives = |rate: &Decimal| agree(share(amount, *rate), tax);
    let is_usual = USUAL_RATES.iter().any(gives);
    if taxes.is_empty() {
        let is_of_all = USUAL_RATES.iter().any(|rate| agree(share(all, *rate), tax));
        return Some(is_usual && !is_of_all);
    }
    let others_tax: Decimal = taxes.iter().sum();
    let has = |sum: Decimal| {
        let mut amounts = behind
            .iter()
            .flat_map(|row| row.words.iter().filter_map(amount_of));
        amounts.any(|amount| agree(amount, sum))
    };
    let with_own = all.saturating_add(others_tax).saturating_add(tax);
    if has(with_own) {
        return Some(true);
    }
    if agree(tax, others_tax) && has(all.saturating_add(tax)) {
        return Some(false);
    }
    let is_that_of_another = || {
        others.iter().any(|other| {
            let rate = other
                .tax
                .and_then(|tax| tax.saturating_mul(HUNDRED).checked_div(other.amount));
            rate.is_some_and(|rate| gives(&rate))
        })
    };
    if is_usual || is_that_of_another() {
        return Some(true);
    }
    let are_all_taxed = others
        .iter()
        .all(|other| other.amount.is_zero() || other.tax.is_some());
    Some(are_all_taxed && !agree(tax, others_tax) && tax <= share(amount, HIGHEST_RATE))
}

/// How many of the lines of tax below an item may be its own: those further down may be the sum of all.
pub(super) fn count_before_sum(lines: &[TaxLine], others: &[Taxed]) -> usize {
    let others_tax: Decimal = others.iter().filter_map(|other| other.tax).sum();
    let is_sum_behind = |count: &usize| {
        let (own, behind) = lines.split_at(*count);
        !others_tax.is_zero() && agree(sum(own).saturating_add(others_tax), sum(behind))
    };
    (1..lines.len()).rev().find(is_sum_behind).unwrap_or(lines.len())
}

/// The rate of some lines, the halves added; `None` if one has none, or the same tax is printed at several rates.
fn rate_of(lines: &[TaxLine]) -> Option<Decimal> {
    let mut names = Vec::new();
    let mut rate = Decimal::ZERO;
    for tax in lines.iter().flat_map(|line| &line.0) {
        match (tax.name, tax.rate) {
            (name, Some(_)) if names.contains(&name) => return None,
            (name, Some(own)) => {
                names.push(name);
                rate = rate.saturating_add(own);
            }
            (None, None) if !names.is_empty() => {}
            (_, None) => return None,
        }
    }
    (!names.is_empty()).then_some(rate)
}

fn share(amount: Decimal, rate: Decimal) -> Decimal {
    amount.saturating_mul(rate) / HUNDRED
}

fn agree(one: Decimal, other: Decimal) -> bool {
    one.saturating_sub(other).abs() <= TOLERANCE
}
