//! The totals below an item table, and what completes them from the lines.

use std::collections::HashSet;

use rust_decimal::{Decimal, dec};

use super::grid::{Grid, Value};
use super::items;
use super::labels::Words;
use super::model::{Finding, FindingKind, OrderHeader, ParsedOrder, Totals};
use super::table::Columns;
use super::text;

const TOLERANCE: Decimal = dec!(1.00);
/// A longer text is a sentence, not the label of a total.
const MAX_WORDS: usize = 8;
const INCLUDING: &[&str] = &["INCL", "INCLUDING", "INCLUSIVE", "INC", "WITH", "AFTER"];

/// What a row of totals states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Cgst,
    Sgst,
    Igst,
    /// All tax in one figure.
    Tax,
    Subtotal,
    GrandTotal,
    /// "Total" alone: before tax as a rule, unless what stands around it says otherwise.
    PlainTotal,
}

impl Figure {
    fn of(words: &Words) -> Option<Self> {
        if words.len() > MAX_WORDS {
            return None;
        }
        let (cgst, sgst, igst) = (
            words.has("CGST"),
            words.has_any(&["SGST", "UTGST"]),
            words.has("IGST"),
        );
        let is_total = words.start_with(&["TOTAL"]) || words.start_with(&["NET", "TOTAL"]);
        let is_grand = words.start_with(&["GRAND", "TOTAL"])
            || words.start_with(&["PI", "TOTAL"])
            || words.start_with(&["NET", "PAYABLE"])
            || words.start_with(&["AMOUNT", "DUE"])
            || is_total && (words.has_any(INCLUDING) || words.has("PAYABLE"));
        match [cgst, sgst, igst].into_iter().filter(|has| *has).count() {
            0 => {}
            1 if cgst => return Some(Self::Cgst),
            1 if sgst => return Some(Self::Sgst),
            1 => return Some(Self::Igst),
            _ => return Some(Self::Tax),
        }
        if words.has_any(&["QTY", "QUANTITY", "WEIGHT", "DISCOUNT", "ADVANCE"]) {
            None
        } else if is_grand {
            Some(Self::GrandTotal)
        } else if words.start_with(&["SUB", "TOTAL"])
            || words.start_with(&["SUBTOTAL"])
            || words.start_with(&["TAXABLE"])
            || is_total && words.has_any(&["TAXABLE", "BEFORE", "EXCLUDING", "EXCL", "WITHOUT"])
        {
            Some(Self::Subtotal)
        } else if items::is_tax_label(words) {
            Some(Self::Tax)
        } else {
            is_total.then_some(Self::PlainTotal)
        }
    }
}

/// The sums of the lines, to tell what a plain total is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LineSums {
    pub(super) taxable: Decimal,
    pub(super) gross: Decimal,
}

impl LineSums {
    pub(super) fn of(order: &ParsedOrder) -> Self {
        let taxable = order.lines.iter().filter_map(|line| line.taxable_amount);
        let gross = order.lines.iter().filter_map(|line| line.gross_amount);
        Self {
            taxable: taxable.sum(),
            gross: gross.sum(),
        }
    }
}

/// Reads the totals from `first_row`, the row at which the table ends, to the end of the sheet.
pub(super) fn read(grid: &Grid, first_row: usize, columns: &Columns, sums: LineSums) -> Totals {
    let mut summary = Summary::default();
    for row in first_row..=grid.rows() {
        let labels = grid.filled(row).filter_map(|(column, value)| match value {
            Value::Text(text) => {
                let (head, rest) = text.split_once(':').unwrap_or((text, ""));
                let label = text::clean(head).to_uppercase();
                let words = Words::of(head);
                let figure = Figure::of(&words);
                (figure.is_some() || items::starts_as_total(&words)).then_some((column, figure, label, rest))
            }
            _ => None,
        });
        // A row may hold two totals side by side; each has the numbers up to the next label.
        let labels: Vec<_> = labels.collect();
        for (position, (column, figure, label, rest)) in labels.iter().enumerate() {
            let end = labels
                .get(position.saturating_add(1))
                .map_or(usize::MAX, |(next, ..)| *next);
            let start = if position == 0 { 0 } else { *column };
            let numbers: Vec<(usize, Decimal)> = grid
                .filled(row)
                .filter(|(at, _)| (start..end).contains(at))
                .filter_map(|(at, value)| Some((at, text::money(value.reading().number()?)?)))
                .chain(
                    text::amount(rest)
                        .and_then(text::money)
                        .map(|number| (*column, number)),
                )
                .filter(|(_, number)| !number.is_sign_negative())
                .collect();
            if let Some(figure) = figure {
                summary.take(*figure, label, &numbers, columns, sums);
            }
        }
    }
    summary.totals()
}

#[derive(Debug, Default)]
struct Summary {
    cgst: Option<Decimal>,
    sgst: Option<Decimal>,
    igst: Option<Decimal>,
    tax: Option<Decimal>,
    subtotal: Option<Decimal>,
    grand_total: Option<Decimal>,
    /// A plain total that stands where a grand total does; an explicit one wins.
    late_total: Option<Decimal>,
    /// The labels of partial taxes that are counted, because a breakdown by rate repeats none.
    taxes: HashSet<String>,
}

impl Summary {
    fn take(
        &mut self,
        figure: Figure,
        label: &str,
        numbers: &[(usize, Decimal)],
        columns: &Columns,
        sums: LineSums,
    ) {
        let Some((column, value)) = numbers.last().copied() else {
            return;
        };
        let at = |column: Option<usize>| {
            numbers
                .iter()
                .find(|(at, _)| Some(*at) == column)
                .map(|(_, value)| *value)
        };
        match figure {
            Figure::Cgst | Figure::Sgst | Figure::Igst => {
                if !self.taxes.insert(label.to_owned()) {
                    return;
                }
                let place = match figure {
                    Figure::Cgst => &mut self.cgst,
                    Figure::Sgst => &mut self.sgst,
                    _ => &mut self.igst,
                };
                *place = Some(place.unwrap_or_default().saturating_add(value));
            }
            Figure::Tax => first(&mut self.tax, value),
            Figure::Subtotal => first(&mut self.subtotal, at(columns.total).unwrap_or(value)),
            Figure::GrandTotal => first(&mut self.grand_total, value),
            Figure::PlainTotal => {
                // A row of column sums says which is which by its columns.
                if Some(column) == columns.total_with_gst {
                    if let Some(subtotal) = at(columns.total) {
                        first(&mut self.subtotal, subtotal);
                    }
                    first(&mut self.late_total, value);
                } else if self.subtotal.is_none() && !self.has_tax() && !is_gross(value, sums) {
                    self.subtotal = Some(value);
                } else if self.subtotal.is_none_or(|subtotal| value >= subtotal) {
                    first(&mut self.late_total, value);
                }
            }
        }
    }

    fn has_tax(&self) -> bool {
        [self.cgst, self.sgst, self.igst, self.tax]
            .iter()
            .any(Option::is_some)
    }

    fn totals(self) -> Totals {
        let parts = [self.cgst, self.sgst, self.igst];
        let has_parts = parts.iter().any(Option::is_some);
        let sum = || {
            parts
                .into_iter()
                .flatten()
                .fold(Decimal::ZERO, Decimal::saturating_add)
        };
        Totals {
            subtotal: self.subtotal,
            cgst: self.cgst,
            sgst: self.sgst,
            igst: self.igst,
            total_tax: if has_parts { Some(sum()) } else { self.tax },
            total_amount: self.grand_total.or(self.late_total),
        }
    }
}

fn first(place: &mut Option<Decimal>, value: Decimal) {
    place.get_or_insert(value);
}

/// True if a value is the sum of the lines with tax and not that before tax.
fn is_gross(value: Decimal, sums: LineSums) -> bool {
    let agrees = |sum: Decimal| value.saturating_sub(sum).abs() <= TOLERANCE;
    agrees(sums.gross) && !agrees(sums.taxable)
}

/// A finding if the lines add up to more than is stored of one document (13 digits before the point).
pub(super) fn excess(order: &ParsedOrder) -> Option<Finding> {
    let message = "The lines add up to more than one document can hold";
    let is_too_much = text::money(LineSums::of(order).gross).is_none();
    is_too_much.then(|| Finding::new("line_items", FindingKind::Invalid, message))
}

/// Fills `order.totals`: the printed figures, and where the paper is silent what follows from the lines.
pub(super) fn complete(order: &mut ParsedOrder) {
    let sums = LineSums::of(order);
    let taxes: Vec<Decimal> = order.lines.iter().filter_map(|line| line.gst_amount).collect();
    let line_tax = (!taxes.is_empty()).then(|| taxes.into_iter().sum::<Decimal>());
    let has_lines = !order.lines.is_empty();
    let mut totals = order.printed.clone();
    totals.subtotal = totals.subtotal.or_else(|| has_lines.then_some(sums.taxable));
    totals.total_amount = totals.total_amount.or_else(|| has_lines.then_some(sums.gross));
    if totals.total_tax.is_none() {
        totals.total_tax = line_tax;
        split_tax(&mut totals, &order.header);
    }
    order.totals = totals;
}

/// Tax within one state is half central and half state tax, with the odd paisa in the central half.
fn split_tax(totals: &mut Totals, header: &OrderHeader) {
    let Some(tax) = totals.total_tax.filter(|tax| !tax.is_zero()) else {
        return;
    };
    let state = |gstin: &Option<String>| {
        gstin
            .as_deref()
            .filter(|text| text::is_gstin(text))
            .and_then(|text| text.get(..2))
            .map(str::to_owned)
    };
    let (vendor, client) = (state(&header.vendor_gstin), state(&header.bill_to_gstin));
    if vendor.is_some() && vendor == client {
        let sgst = (tax / dec!(2)).trunc_with_scale(2);
        totals.sgst = Some(sgst);
        totals.cgst = Some(tax.saturating_sub(sgst));
    } else {
        totals.igst = Some(tax);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::model::ParsedLine;

    fn totals(rows: &[&[&str]], taxable: Decimal, gross: Decimal) -> Totals {
        // Columns: serial, description, amount, tax, gross.
        let columns = Columns {
            total: Some(3),
            tax_amount: vec![4],
            total_with_gst: Some(5),
            ..Columns::default()
        };
        read(&Grid::of(rows), 1, &columns, LineSums { taxable, gross })
    }

    #[test]
    fn every_total_has_its_label() {
        let found = totals(
            &[
                &["", "Subtotal", "", "", "5000.00"],
                &["", "CGST 9%", "", "", "450.00"],
                &["", "SGST @ 9 %", "9%", "", "450.00"],
                &["", "Round off", "", "", "0.20"],
                &["", "Grand Total (INR)", "", "", "5,900.00"],
                &["", "Amount in words: five thousand nine hundred"],
                &["", "Amount due", "", "", "2000"],
            ],
            dec!(5000),
            dec!(5900),
        );

        assert_eq!(
            found,
            Totals {
                subtotal: Some(dec!(5000)),
                cgst: Some(dec!(450)),
                sgst: Some(dec!(450)),
                igst: None,
                total_tax: Some(dec!(900)),
                total_amount: Some(dec!(5900)),
            }
        );
    }

    #[test]
    fn a_plain_total_is_told_by_what_stands_around_it() {
        let plain = |rows: &[&[&str]]| {
            let found = totals(rows, dec!(5000), dec!(5900));
            (found.subtotal, found.total_tax, found.total_amount)
        };
        let (net, tax, gross) = (Some(dec!(5000)), Some(dec!(900)), Some(dec!(5900)));

        assert_eq!(plain(&[&["", "Total", "5000"]]), (net, None, None));
        assert_eq!(
            plain(&[&["", "Total", "5000", "900", "5900"]]),
            (net, None, gross)
        );
        assert_eq!(plain(&[&["", "Total", "", "5900"]]), (None, None, gross));
        assert_eq!(
            plain(&[
                &["", "Sub Total", "5000"],
                &["", "IGST", "900"],
                &["", "Total", "5900"]
            ]),
            (net, tax, gross)
        );
        assert_eq!(
            plain(&[&["", "GST 18%: 900"], &["", "Total with GST: 5900"]]),
            (None, tax, gross)
        );
        assert_eq!(
            plain(&[&["Total GST", "900"], &["Total before tax", "5000"]]),
            (net, tax, None)
        );
        assert_eq!(
            plain(&[&["Total", "5000", "Total Qty", "7"], &["Total", "450"]]),
            (net, None, None)
        );
    }

    #[test]
    fn taxes_of_several_rates_add_up_and_a_breakdown_repeats_none() {
        let found = totals(
            &[
                &["", "CGST 9%", "450"],
                &["", "CGST 14%", "70"],
                &["", "CGST 9%", "450"],
                &["CGST", "SGST", "Total"],
            ],
            dec!(0),
            dec!(0),
        );

        assert_eq!((found.cgst, found.total_tax), (Some(dec!(520)), Some(dec!(520))));
    }

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
