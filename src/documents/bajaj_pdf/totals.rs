//! The figures of the whole document, and how they fit its lines.

use rust_decimal::{Decimal, dec};

use super::header;
use super::rows::{Row, amount_of, is_currency};
use crate::documents::labels::Words;
use crate::documents::model::{Finding, FindingKind, ParsedOrder};
use crate::documents::pdf::Word;
use crate::documents::{share_tax, summary};

const TOLERANCE: Decimal = dec!(1.00);

/// Reads the printed figures and holds them against the lines.
pub(super) fn read(all: &[Row], tail: &[&Row], order: &mut ParsedOrder) {
    let printed = Printed::of(tail);
    let last_total = || {
        let labels: [&[&str]; 2] = [&["GRAND", "TOTAL"], &["TOTAL", "AMOUNT"]];
        all.iter()
            .rev()
            .find_map(|row| header::figure_behind(row, &labels))
    };
    let value = header::stated_value(all)
        .or_else(last_total)
        .or(printed.total)
        .filter(|value| !value.is_sign_negative());
    order.printed.subtotal = printed.subtotal;
    order.printed.total_amount = value;
    order.findings.extend(unreadable(tail));
    take_tax(&printed, value, order);
    share_tax::share_tax(order);
    summary::complete(order);
    order.findings.extend(summary::excess(order));
}

/// A finding for each total that is printed and no amount: it is not replaced in silence.
fn unreadable(tail: &[&Row]) -> Vec<Finding> {
    let finding = |row: &&Row| {
        let words = label(row);
        let is_total = starts(&words, ENDS) || starts(&words, SUMS);
        let last = row.words.iter().rev().find(|word| !is_currency(word))?;
        let is_figure = last
            .text
            .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '(' | '₹'))
            && last.text.contains(|c: char| c.is_ascii_digit())
            && !last.text.ends_with('%');
        let is_sound = amount_of(last).is_some_and(|amount| !amount.is_sign_negative());
        (is_total && is_figure && !is_sound).then(|| {
            Finding::new(
                "po_details.po_value",
                FindingKind::Invalid,
                format!("The printed total \"{}\" is no amount", row.text),
            )
        })
    };
    tail.iter().filter_map(finding).collect()
}

/// The tax counts where it is the gap between the lines and the document's value, or where no value is printed.
fn take_tax(printed: &Printed, value: Option<Decimal>, order: &mut ParsedOrder) {
    let sums = summary::LineSums::of(&order.lines);
    let tax = printed.tax();
    let near = |one: Decimal, other: Decimal| one.saturating_sub(other).abs() <= TOLERANCE;
    let has_own_tax = order.lines.iter().any(|line| line.gst_amount.is_some());
    let is_gap = |tax: Decimal| match value {
        Some(value) => near(value.saturating_sub(sums.taxable), tax) && !near(value, sums.taxable),
        None => !has_own_tax,
    };
    if tax.is_some_and(is_gap) {
        order.printed.cgst = printed.cgst;
        order.printed.sgst = printed.sgst;
        order.printed.igst = printed.igst;
        order.printed.total_tax = tax;
        return;
    }
    let Some(value) = value else { return };
    if near(sums.gross, value) || near(sums.taxable, value) {
        if let Some(tax) = tax.filter(|tax| !tax.is_zero() && !has_own_tax) {
            order.warnings.push(format!(
                "The printed tax of {tax:.2} is not part of the document's value"
            ));
        }
    } else if !order.lines.is_empty() {
        order.warnings.push(format!(
            "Total mismatch: lines {:.2}, document {value:.2}",
            sums.gross
        ));
    }
}

/// The words of a line, without the one that says that they are an estimate.
fn label(row: &Row) -> Words {
    let words = Words::of(&row.text);
    if words.start_with(&["EST"]) || words.start_with(&["ESTIMATED"]) {
        let behind = row.text.split_once(' ').map_or("", |(_, behind)| behind);
        Words::of(behind)
    } else {
        words
    }
}

fn starts(words: &Words, labels: &[&[&str]]) -> bool {
    labels.iter().any(|label| words.start_with(label))
}

/// Labels of what all items cost.
const ENDS: &[&[&str]] = &[&["GRAND", "TOTAL"], &["TOTAL", "AMOUNT"]];
/// Labels that are no labels without a figure behind them.
const SUMS: &[&[&str]] = &[
    &["TOTAL"],
    &["NET", "TOTAL"],
    &["NET", "AMOUNT"],
    &["NET", "PAYABLE"],
];
const TAXES: &[&[&str]] = &[&["CGST"], &["SGST"], &["IGST"], &["UTGST"], &["GST"]];
const PARTS: &[&[&str]] = &[
    &["SUBTOTAL"],
    &["SUB", "TOTAL"],
    &["TAX", "AMOUNT"],
    &["TOTAL", "TAX"],
    &["TOTAL", "GST"],
];

/// True for a line that begins as the sum of everything, with or without a figure.
pub(super) fn is_end(row: &Row) -> bool {
    starts(&label(row), ENDS)
}

/// True for a line that begins as a sum or a tax does, whatever stands behind.
pub(super) fn is_label_of_total(row: &Row) -> bool {
    let label = label(row);
    [ENDS, PARTS, SUMS, TAXES]
        .iter()
        .any(|labels| starts(&label, labels))
}

/// True for a line of a sum or a tax: the label, perhaps a rate, and the figure.
pub(super) fn is_total(row: &Row) -> bool {
    const MAX_WORDS: usize = 6;
    let label = label(row);
    let is_figure = |word: Option<&Word>| word.is_some_and(|word| amount_of(word).is_some());
    let words = row.words.as_slice();
    let is_short = words.len() <= MAX_WORDS;
    let ends_in_figure = || is_figure(words.iter().rev().find(|word| !is_currency(word)));
    starts(&label, ENDS)
        || starts(&label, PARTS)
        || starts(&label, SUMS) && is_short && ends_in_figure()
        // A tax with its currency is that of the item above.
        || starts(&label, TAXES) && is_short && is_figure(words.last())
}

/// The figures behind the items, each where it is printed first.
#[derive(Debug, Default)]
struct Printed {
    subtotal: Option<Decimal>,
    cgst: Option<Decimal>,
    sgst: Option<Decimal>,
    igst: Option<Decimal>,
    tax: Option<Decimal>,
    total: Option<Decimal>,
}

impl Printed {
    fn of(tail: &[&Row]) -> Self {
        let mut printed = Self::default();
        for row in tail {
            let Some(value) = row.words.iter().rev().find_map(amount_of) else {
                continue;
            };
            if value.is_sign_negative() {
                continue;
            }
            let words = label(row);
            let starts = |labels: &[&[&str]]| starts(&words, labels);
            let place = if starts(&[&["CGST"]]) {
                &mut printed.cgst
            } else if starts(&[&["SGST"], &["UTGST"]]) {
                &mut printed.sgst
            } else if starts(&[&["IGST"]]) {
                &mut printed.igst
            } else if starts(&[&["TAX"], &["TOTAL", "TAX"], &["GST"], &["TOTAL", "GST"]])
                && !starts(&[&["TAX", "INVOICE"]])
            {
                &mut printed.tax
            } else if starts(&[&["SUBTOTAL"], &["SUB", "TOTAL"]]) {
                &mut printed.subtotal
            } else if starts(&[&["TOTAL"], &["GRAND", "TOTAL"], &["NET"]]) {
                &mut printed.total
            } else {
                continue;
            };
            place.get_or_insert(value);
        }
        printed
    }

    fn tax(&self) -> Option<Decimal> {
        let parts = [self.cgst, self.sgst, self.igst];
        let sum = || parts.iter().flatten().copied().sum();
        if parts.iter().any(Option::is_some) {
            Some(sum())
        } else {
            self.tax
        }
    }
}
