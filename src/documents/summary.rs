//! The totals of a document: what completes the printed ones from the lines, and whether both agree.

use rust_decimal::{Decimal, dec};

use super::model::{Finding, FindingKind, OrderHeader, ParsedLine, ParsedOrder, Totals};
use super::text;

const TOLERANCE: Decimal = dec!(1.00);

/// The sums of the lines, to tell what a plain total is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LineSums {
    pub(super) taxable: Decimal,
    pub(super) gross: Decimal,
}

impl LineSums {
    pub(super) fn of(lines: &[ParsedLine]) -> Self {
        let taxable = lines.iter().filter_map(|line| line.taxable_amount);
        let gross = lines.iter().filter_map(|line| line.gross_amount);
        Self {
            taxable: taxable.sum(),
            gross: gross.sum(),
        }
    }
}

/// A finding if the lines add up to more than is stored of one document (13 digits before the point).
pub(super) fn excess(order: &ParsedOrder) -> Option<Finding> {
    let message = "The lines add up to more than one document can hold";
    let is_too_much = text::money(LineSums::of(&order.lines).gross).is_none();
    is_too_much.then(|| Finding::new("line_items", FindingKind::Invalid, message))
}

/// Fills `order.totals`: the printed figures, and where the paper is silent what follows from the lines.
pub(super) fn complete(order: &mut ParsedOrder) {
    let sums = LineSums::of(&order.lines);
    let taxes: Vec<Decimal> = order.lines.iter().filter_map(|line| line.gst_amount).collect();
    let line_tax = (!taxes.is_empty()).then(|| taxes.into_iter().sum::<Decimal>());
    let has_lines = !order.lines.is_empty();
    let mut totals = order.printed.clone();
    totals.subtotal = totals.subtotal.or_else(|| has_lines.then_some(sums.taxable));
    totals.total_amount = totals.total_amount.or_else(|| has_lines.then_some(sums.gross));
    let is_printed = totals.total_tax.is_some();
    let has_parts = [totals.cgst, totals.sgst, totals.igst]
        .iter()
        .any(Option::is_some);
    totals.total_tax = totals.total_tax.or(line_tax);
    // A tax that is printed as one figure is split only where both parties' states are known.
    if !has_parts && (!is_printed || states(&order.header).is_some()) {
        split_tax(&mut totals, &order.header);
    }
    order.totals = totals;
}

/// Where the printed totals and the lines contradict each other, though the document's value may still agree: one sentence
/// each.
pub(super) fn contradictions(order: &ParsedOrder) -> Vec<String> {
    let sums = LineSums::of(&order.lines);
    let differ = |one: Decimal, other: Decimal| one.saturating_sub(other).abs() > TOLERANCE;
    let mut found = Vec::new();
    if let Some(subtotal) = order.printed.subtotal
        && differ(subtotal, sums.taxable)
        && differ(subtotal, sums.gross)
    {
        found.push(format!(
            "Subtotal mismatch: lines {:.2}, document {subtotal:.2}",
            sums.taxable
        ));
    }
    let taxes: Decimal = order.lines.iter().filter_map(|line| line.gst_amount).sum();
    if let Some(tax) = order.printed.total_tax
        && differ(tax, taxes)
    {
        found.push(format!("Tax mismatch: lines {taxes:.2}, document {tax:.2}"));
    }
    found
}

/// Tax within one state is half central and half state tax, with the odd paisa in the central half.
fn split_tax(totals: &mut Totals, header: &OrderHeader) {
    let Some(tax) = totals.total_tax.filter(|tax| !tax.is_zero()) else {
        return;
    };
    if states(header).is_some_and(|(vendor, client)| vendor == client) {
        let sgst = (tax / dec!(2)).trunc_with_scale(2);
        totals.sgst = Some(sgst);
        totals.cgst = Some(tax.saturating_sub(sgst));
    } else {
        totals.igst = Some(tax);
    }
}

/// The codes of the states of vendor and client, where both have a GSTIN.
fn states(header: &OrderHeader) -> Option<(&str, &str)> {
    Some((
        state_of(header.vendor_gstin.as_deref()?)?,
        state_of(header.bill_to_gstin.as_deref()?)?,
    ))
}

fn state_of(gstin: &str) -> Option<&str> {
    gstin.get(..2).filter(|_| text::is_gstin(gstin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_add_up_to_more_than_is_stored_are_a_finding() {
        let line = ParsedLine {
            gross_amount: Some(dec!(9_000_000_000_000)),
            ..ParsedLine::default()
        };
        let mut order = ParsedOrder {
            lines: vec![line.clone()],
            ..ParsedOrder::default()
        };

        assert_eq!(excess(&order), None);
        order.lines.push(line);
        assert_eq!(excess(&order).unwrap().field, "line_items");
    }

    fn completed(vendor: &str, client: &str, tax: Decimal) -> Totals {
        let line = ParsedLine {
            taxable_amount: Some(dec!(100)),
            gst_amount: Some(tax),
            gross_amount: Some(dec!(100) + tax),
            ..ParsedLine::default()
        };
        let mut order = ParsedOrder {
            lines: vec![line],
            ..ParsedOrder::default()
        };
        order.header.vendor_gstin = Some(vendor.to_owned());
        order.header.bill_to_gstin = Some(client.to_owned());
        complete(&mut order);
        order.totals
    }

    #[test]
    fn a_silent_paper_is_completed_and_tax_split_by_state() {
        let same = completed("27AAAAA0000A1Z5", "27BBBBB0000B1Z4", dec!(18.01));
        let other = completed("27AAAAA0000A1Z5", "29BBBBB0000B1Z4", dec!(18.01));

        assert_eq!(
            (same.cgst, same.sgst, same.igst),
            (Some(dec!(9.01)), Some(dec!(9.00)), None)
        );
        assert_eq!(
            (other.cgst, other.sgst, other.igst),
            (None, None, Some(dec!(18.01)))
        );
        assert_eq!(
            (same.subtotal, same.total_tax, same.total_amount),
            (Some(dec!(100)), Some(dec!(18.01)), Some(dec!(118.01)))
        );
    }
}
