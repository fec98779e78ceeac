//! Rows below the items that change the total without being items: freight, cess, a discount.
//!
//! Such a row becomes a line, or a part of the tax, only where the printed total proves it: what the lines and the tax lack
//! of that total is the sum of these rows. Otherwise it is named in a warning with its amount.

use rust_decimal::{Decimal, dec};

use super::grid::{Grid, Value};
use super::items::TotalRows;
use super::labels::Words;
use super::lines::agree;
use super::model::{ParsedLine, ParsedOrder};
use super::share_tax::implied_rate;
use super::summary::LineSums;
use super::text::{self, round_money};
use super::total_labels::{self, Figure};

const MAX_LABEL: usize = 200;
const MAX_WORDS: usize = 6;
const CHARGES: &[&str] = &[
    "TRANSPORT",
    "TRANSPORTATION",
    "FREIGHT",
    "CARTAGE",
    "LOADING",
    "UNLOADING",
    "PACKING",
    "FORWARDING",
    "HANDLING",
    "COURIER",
    "INSURANCE",
    "CHARGE",
    "CHARGES",
];
const TAXES: &[&str] = &["CESS", "TCS", "SURCHARGE"];

/// True for the label of a charge that comes as one sum.
pub(super) fn names_charge(words: &Words) -> bool {
    words.len() <= MAX_WORDS && words.has_any(CHARGES)
}

/// What a row does to the total.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Charge,
    Tax,
    /// No line may be below zero, so it is only told.
    Deduction,
}

struct Charge {
    row: usize,
    label: String,
    /// What is added to the total.
    amount: Decimal,
    kind: Kind,
}

impl Charge {
    fn at(grid: &Grid, row: usize) -> Option<Self> {
        let label = grid.filled(row).find_map(|(_, value)| match value {
            Value::Text(text) if value.reading().number().is_none() => Some(text.to_string()),
            _ => None,
        })?;
        let words = Words::of(&label);
        let number = grid
            .filled(row)
            .filter_map(|(_, value)| value.reading().number())
            .last()?;
        let kind = if total_labels::is_deduction(&words) || number.is_sign_negative() {
            Kind::Deduction
        } else if words.has_any(TAXES) {
            Kind::Tax
        } else {
            Kind::Charge
        };
        let amount = text::money(number)?.abs();
        Some(Self {
            row,
            label: label.chars().take(MAX_LABEL).collect(),
            amount: if kind == Kind::Deduction { -amount } else { amount },
            kind,
        })
    }

    /// The charge as a line, with its part of the tax where the lines have theirs.
    fn line(&self, position: usize, tax: Option<Decimal>) -> ParsedLine {
        ParsedLine {
            boq_name: self.label.clone(),
            quantity: Some(Decimal::ONE),
            rate: Some(self.amount),
            taxable_amount: Some(self.amount),
            tax_rate: tax.and_then(|tax| implied_rate(self.amount, tax)),
            gst_amount: tax,
            gross_amount: Some(self.amount.saturating_add(tax.unwrap_or_default())),
            row_index: u32::try_from(position).unwrap_or(u32::MAX),
            ..ParsedLine::default()
        }
    }
}

/// Takes what stands between the items and the total of an order into its lines and its tax, before the tax is shared.
pub(super) fn settle(grid: &Grid, totals: &TotalRows, loose: &[usize], order: &mut ParsedOrder) {
    let end = total_row(grid, totals.end_row, order.printed.total_amount);
    let charges: Vec<Charge> = loose.iter().filter_map(|row| Charge::at(grid, *row)).collect();
    let (within, beyond): (Vec<&Charge>, Vec<&Charge>) = charges
        .iter()
        .partition(|charge| end.is_some_and(|end| charge.row < end));
    let is_taken = take(&within, order);
    let is_left = |charge: &&&Charge| !is_taken || charge.kind == Kind::Deduction;
    let left = within.iter().filter(is_left).chain(&beyond);
    for charge in left {
        let what = match charge.kind {
            Kind::Deduction => "is not taken off the lines",
            _ => "stands below the table; it is not read as a line",
        };
        let amount = charge.amount.abs();
        order.warnings.push(format!(
            "Row {}: \"{}\" of {amount:.2} {what}",
            charge.row, charge.label
        ));
    }
}

/// The row of the document's total.
fn total_row(grid: &Grid, first_row: usize, total: Option<Decimal>) -> Option<usize> {
    let total = total?;
    let names_total = |row: usize| {
        grid.filled(row).any(|(_, value)| {
            let figure = Figure::of(&Words::of(value.text().split(':').next().unwrap_or_default()));
            matches!(figure, Some(Figure::GrandTotal | Figure::PlainTotal))
        })
    };
    let states = |row: usize| {
        grid.filled(row).any(|(_, value)| {
            let text = value.text();
            let inline = text.split_once(':').and_then(|(_, rest)| text::amount(rest));
            value.reading().number().or(inline).and_then(text::money) == Some(total)
        })
    };
    (first_row..=grid.rows()).rfind(|row| names_total(*row) && states(*row))
}

/// Takes the charges into the order if they are what its total has more than lines and tax. True if so.
fn take(charges: &[&Charge], order: &mut ParsedOrder) -> bool {
    let Some(total) = order.printed.total_amount.filter(|_| !charges.is_empty()) else {
        return false;
    };
    let sums = LineSums::of(&order.lines);
    let taxes: Vec<Decimal> = order.lines.iter().filter_map(|line| line.gst_amount).collect();
    let own_tax: Decimal = taxes.iter().copied().fold(Decimal::ZERO, Decimal::saturating_add);
    let tax = order.printed.total_tax.unwrap_or(own_tax);
    let gap = total.saturating_sub(sums.taxable).saturating_sub(tax);
    let sum = |kind: Kind| {
        let amounts = charges
            .iter()
            .filter(|charge| charge.kind == kind)
            .map(|charge| charge.amount);
        amounts.fold(Decimal::ZERO, Decimal::saturating_add)
    };
    let (added, more_tax) = (sum(Kind::Charge), sum(Kind::Tax));
    let all = added
        .saturating_add(more_tax)
        .saturating_add(sum(Kind::Deduction));
    let has_own_tax = !taxes.is_empty();
    let rest = tax.saturating_sub(own_tax);
    let is_wrong_tax = has_own_tax && (more_tax > Decimal::ZERO || rest < dec!(-1.00));
    if agree(gap, Decimal::ZERO) || !agree(gap, all) || is_wrong_tax {
        return false;
    }
    let mut left = rest.max(Decimal::ZERO);
    let mut lines = charges
        .iter()
        .filter(|charge| charge.kind == Kind::Charge)
        .peekable();
    while let Some(charge) = lines.next() {
        let part = rest
            .saturating_mul(charge.amount)
            .checked_div(added)
            .map(round_money);
        let part = part.filter(|_| lines.peek().is_some()).unwrap_or(left).min(left);
        left = left.saturating_sub(part);
        let position = order.lines.len().saturating_add(1);
        order
            .lines
            .push(charge.line(position, has_own_tax.then_some(part)));
        order.warnings.push(format!(
            "Row {}: \"{}\" of {:.2} below the table is read as line {position}, as the total counts it",
            charge.row, charge.label, charge.amount
        ));
    }
    if more_tax > Decimal::ZERO {
        order.printed.total_tax = Some(tax.saturating_add(more_tax));
        for charge in charges.iter().filter(|charge| charge.kind == Kind::Tax) {
            order.warnings.push(format!(
                "Row {}: \"{}\" of {:.2} is added to the tax, as the total counts it",
                charge.row, charge.label, charge.amount
            ));
        }
    }
    true
}
