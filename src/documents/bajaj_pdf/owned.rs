//! Which of the taxes and sums below an item are its own, and which are the document's.

use rust_decimal::Decimal;

use super::blocks::Block;
use super::figures::Figures;
use super::rows::{Row, amount_of};
use super::taxes::{self, TaxLine, Taxed};
use super::totals;
use crate::documents::grid::Reading;

/// What a tax or a sum is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The item above.
    Item,
    Document,
}

/// Whose the tax or the sum in a line is that stands below the last of some items; `None` if it is neither or nothing
/// tells. `rest` are the lines below it.
pub(super) fn owner(items: &[Block<'_>], row: &Row, rest: &[Row]) -> Option<Owner> {
    let (last, others) = items.split_last()?;
    let amount = amount_of_item(last).filter(|_| !has_tax_in_columns(last))?;
    if taxes::is_tax(row) {
        let is_own = is_tax_own(last, amount, others, row, rest)?;
        return Some(if is_own { Owner::Item } else { Owner::Document });
    }
    is_sum_of_item(last, amount, others, row, rest).then_some(Owner::Item)
}

/// True if a line has the sum of this item alone, before or with its tax.
pub(super) fn is_sum_of(item: &Block<'_>, row: &Row) -> bool {
    let sum = row.words.iter().rev().find_map(amount_of);
    let amount = amount_of_item(item);
    let with_tax = amount.map(|amount| amount.saturating_add(taxes::sum(&tax_lines(item))));
    sum.is_some() && (sum == amount || sum == with_tax)
}

fn is_tax_own(
    last: &Block<'_>,
    amount: Decimal,
    others: &[Block<'_>],
    row: &Row,
    rest: &[Row],
) -> Option<bool> {
    let others: Vec<Taxed> = others.iter().map(taxed).collect::<Option<_>>()?;
    let taken = tax_lines(last);
    let place = taken.len();
    let below = rest.iter().map_while(TaxLine::of);
    let mut lines: Vec<TaxLine> = taken.into_iter().chain(TaxLine::of(row)).chain(below).collect();
    let behind = rest.get(lines.len().saturating_sub(place).saturating_sub(1)..);
    let own = taxes::count_before_sum(&lines, &others);
    if place >= own {
        return Some(false);
    }
    lines.truncate(own);
    let behind = behind.unwrap_or_default();
    let end = behind.iter().position(Row::is_anchor).unwrap_or(behind.len());
    taxes::is_own(&lines, amount, &others, behind.get(..end).unwrap_or_default())
}

/// True for the sum of the last item alone before or behind its tax.
fn is_sum_of_item(last: &Block<'_>, amount: Decimal, others: &[Block<'_>], row: &Row, rest: &[Row]) -> bool {
    let Some(sum) = row
        .words
        .iter()
        .rev()
        .find_map(amount_of)
        .filter(|_| totals::is_total(row))
    else {
        return false;
    };
    let is_sum_again =
        |row: &Row| totals::is_total(row) && row.words.iter().rev().find_map(amount_of) == Some(sum);
    let lines = tax_lines(last);
    if !lines.is_empty() {
        // That of the only item may be the document's.
        let is_of_one = !others.is_empty() || rest.iter().any(is_sum_again);
        return is_of_one && sum == amount.saturating_add(taxes::sum(&lines));
    }
    let is_before_tax = || {
        let next = rest.split_first().filter(|(next, _)| taxes::is_tax(next));
        next.is_some_and(|(next, rest)| is_tax_own(last, amount, others, next, rest) == Some(true))
    };
    sum == amount && (others.iter().any(|other| other.has_sum) || is_before_tax())
}

fn taxed(item: &Block<'_>) -> Option<Taxed> {
    let lines = tax_lines(item);
    let in_column = item.figures.as_ref().and_then(|figures| figures.tax.number());
    Some(Taxed {
        amount: amount_of_item(item)?,
        tax: in_column.or_else(|| (!lines.is_empty()).then(|| taxes::sum(&lines))),
    })
}

fn tax_lines(item: &Block<'_>) -> Vec<TaxLine> {
    item.rows
        .iter()
        .skip(1)
        .filter_map(|row| TaxLine::of(row))
        .collect()
}

/// What an item costs before tax, as far as its lines with figures say.
fn amount_of_item(item: &Block<'_>) -> Option<Decimal> {
    if let Some(figures) = &item.figures {
        return figures.amount.number();
    }
    let amounts = |row: &&&Row| row.words.iter().any(|word| amount_of(word).is_some());
    let row = item.rows.iter().find(amounts)?;
    row.words.iter().rev().find_map(amount_of)
}

fn has_tax_in_columns(item: &Block<'_>) -> bool {
    let has_tax = |figures: &Figures| {
        figures.tax != Reading::Absent || figures.tax_rate.value.is_some() || !figures.gross.is_absent()
    };
    item.figures.as_ref().is_some_and(has_tax)
}
