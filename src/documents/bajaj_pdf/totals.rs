//! The figures of the whole document, and how they fit its lines.

use rust_decimal::{Decimal, dec};

use super::header;
use super::rows::{Row, amount_of};
use crate::documents::labels::Words;
use crate::documents::model::ParsedOrder;
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
    take_tax(&printed, value, order);
    share_tax::share_tax(order);
    summary::complete(order);
    order.findings.extend(summary::excess(order));
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
            let words = Words::of(&row.text);
            let starts = |starts: &[&[&str]]| starts.iter().any(|start| words.start_with(start));
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
            } else if starts(&[&["TOTAL"], &["NET", "TOTAL"]]) {
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
