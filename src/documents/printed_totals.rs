//! The totals that are printed below an item table and between its items.

use std::collections::HashSet;

use rust_decimal::{Decimal, dec};

use super::grid::{Grid, Value};
use super::items::TotalRows;
use super::labels::Words;
use super::model::{Finding, FindingKind, ParsedLine, Totals};
use super::summary::LineSums;
use super::table::Columns;
use super::table_row::looks_like_figure;
use super::text;
use super::total_labels::{self, Figure, says_only_total};

/// A total and the lines that it is of agree if they differ by at most this much.
const TOLERANCE: Decimal = dec!(1.00);
const HUNDRED: Decimal = dec!(100);
/// No tax has a higher rate in percent.
const HIGHEST_RATE: Decimal = dec!(28);

/// What is printed, and what of it cannot be read.
#[derive(Debug, Default)]
pub(super) struct PrintedTotals {
    pub(super) totals: Totals,
    pub(super) findings: Vec<Finding>,
    pub(super) warnings: Vec<String>,
}

/// Reads the totals of a document whose lines are known: the rows between the items, and all from the one at which the
/// table ends to the end of the sheet.
///
/// A total that is only of a section of the items is not the document's.
pub(super) fn read(grid: &Grid, rows: &TotalRows, columns: &Columns, lines: &[ParsedLine]) -> PrintedTotals {
    let last_section = rows
        .passed
        .last()
        .and_then(|total| lines.get(total.items_above..));
    let mut reader = Reader {
        columns,
        whole: LineSums::of(lines),
        section: last_section.map(LineSums::of),
        is_passed: true,
        summary: Summary::default(),
        has_line_tax: lines.iter().any(|line| line.gst_amount.is_some()),
        findings: Vec::new(),
        warnings: Vec::new(),
    };
    let mut items_above = None;
    for total in &rows.passed {
        if items_above.is_some_and(|above| above != total.items_above) {
            reader.summary.end_section();
        }
        items_above = Some(total.items_above);
        reader.take_row(grid, total.row);
    }
    if items_above.is_some() {
        reader.summary.end_section();
    }
    reader.is_passed = false;
    for row in rows.end_row..=grid.rows() {
        reader.take_row(grid, row);
    }
    PrintedTotals {
        totals: reader.summary.totals(),
        findings: reader.findings,
        warnings: reader.warnings,
    }
}

/// The label of a total in a row.
struct TotalLabel<'a> {
    column: usize,
    figure: Option<Figure>,
    /// The text up to a colon.
    head: &'a str,
    words: Words,
    /// What follows the colon.
    rest: &'a str,
}

impl<'a> TotalLabel<'a> {
    fn of(column: usize, text: &'a str) -> Option<Self> {
        // In "Add: GST 18%" the colon ends no label.
        let text = text.split_once(':').map_or(text, |(head, rest)| {
            let is_sign = Words::of(head).are_among(&["ADD", "PLUS"]);
            if is_sign { rest.trim_start() } else { text }
        });
        let (head, rest) = text.split_once(':').unwrap_or((text, ""));
        // "118 + GST" is a value that lacks its tax.
        if head.contains('+') && head.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let words = Words::of(head);
        let figure = Figure::of(&words);
        let is_known = figure.is_some() || total_labels::starts_as_total(&words);
        is_known.then_some(Self {
            column,
            figure,
            head,
            words,
            rest,
        })
    }

    /// True if a number is the rate that the label names, in percent or as a fraction.
    fn names_rate(&self, value: Decimal) -> bool {
        let numbers = self.head.split(|c: char| !c.is_ascii_digit() && c != '.');
        let mut rates = numbers.filter_map(|number| number.trim_matches('.').parse::<Decimal>().ok());
        rates.any(|rate| rate == value || rate == value.saturating_mul(HUNDRED))
    }
}

struct Reader<'a> {
    columns: &'a Columns,
    whole: LineSums,
    /// The lines below the last total between the items, if there is one.
    section: Option<LineSums>,
    /// The row stands between the items.
    is_passed: bool,
    summary: Summary,
    /// The lines know their taxes without the totals.
    has_line_tax: bool,
    findings: Vec<Finding>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn take_row(&mut self, grid: &Grid, row: usize) {
        let texts = grid.filled(row).filter_map(|(column, value)| match value {
            Value::Text(text) => TotalLabel::of(column, text),
            _ => None,
        });
        // A row may hold two totals side by side; each has the numbers up to the next label.
        let labels: Vec<_> = texts.collect();
        for (position, label) in labels.iter().enumerate() {
            let Some(figure) = label.figure else { continue };
            let next = labels.get(position.saturating_add(1));
            let end = next.map_or(usize::MAX, |next| next.column);
            let start = if position == 0 { 0 } else { label.column };
            let cells: Vec<_> = grid
                .filled(row)
                .filter(|(at, _)| (start..end).contains(at) && *at != label.column)
                .collect();
            if let Some(printed) = unreadable(label, figure, &cells) {
                let message = format!("\"{}\" in row {row} {printed}", label.head.trim());
                self.findings
                    .push(Finding::new(figure.field(), FindingKind::Invalid, message));
                continue;
            }
            let inline = text::amount(label.rest).map(|number| (label.column, number));
            let is_printed =
                |(at, value): &&(usize, &Value)| value.reading().number().is_some() && *at > label.column;
            let printed_at = cells.iter().rfind(is_printed).map_or(label.column, |(at, _)| *at);
            let lacks_value = grid.uncomputed(row).any(|at| (printed_at..end).contains(&at));
            if lacks_value && inline.is_none() && names_value(label, figure) {
                self.warn_uncomputed(figure, label, row);
                continue;
            }
            let mut numbers: Vec<(usize, Decimal)> = cells
                .iter()
                .filter_map(|(at, value)| Some((*at, value.reading().number()?)))
                .chain(inline)
                .filter(|(_, number)| !number.is_sign_negative() || number.is_zero())
                .filter_map(|(at, number)| Some((at, text::money(number)?)))
                .collect();
            if figure.is_tax() {
                self.drop_rates(label, &mut numbers);
            }
            self.take(figure, label, &numbers);
        }
    }

    /// Tells of a formula without a value. A tax that is known from nowhere else is missing; a sum follows from the lines.
    fn warn_uncomputed(&mut self, figure: Figure, label: &TotalLabel, row: usize) {
        let message = format!(
            "\"{}\" in row {row} is a formula without a stored value; open the file in Excel and save it",
            label.head.trim()
        );
        if figure.is_tax() && !self.has_line_tax {
            let finding = Finding::new(figure.field(), FindingKind::Invalid, message);
            self.findings.push(finding);
        } else {
            self.warnings.push(message);
        }
    }

    /// A percentage is not a value: what a tax row holds beside its amount.
    fn drop_rates(&self, label: &TotalLabel, numbers: &mut Vec<(usize, Decimal)>) {
        let all: Vec<Decimal> = numbers.iter().map(|(_, number)| *number).collect();
        numbers.retain(|(_, value)| !self.is_rate(label, *value, &all));
    }

    fn is_rate(&self, label: &TotalLabel, value: Decimal, all: &[Decimal]) -> bool {
        if value.is_zero() || value > HIGHEST_RATE {
            return false;
        }
        let share = |rate: Decimal| self.whole.taxable.saturating_mul(rate);
        let gives = |share: Decimal, amount: Decimal| agree(share, amount);
        let has_larger = all.iter().any(|other| *other > value);
        if has_larger {
            let gives_other = all
                .iter()
                .any(|other| *other != value && gives(share(value) / HUNDRED, *other));
            return value <= Decimal::ONE || label.names_rate(value) || gives_other;
        }
        // Alone in its row it is the rate if that gives another amount than the number itself.
        let percent = if value < Decimal::ONE {
            share(value)
        } else {
            share(value) / HUNDRED
        };
        let is_named = if value < Decimal::ONE {
            label.names_rate(value) || is_usual_rate(value)
        } else {
            label.names_rate(value) && !self.is_passed && self.section.is_none()
        };
        is_named && !gives(percent, value)
    }

    fn take(&mut self, figure: Figure, label: &TotalLabel, numbers: &[(usize, Decimal)]) {
        let Some((column, value)) = numbers.last().copied() else {
            return;
        };
        if figure.may_be_of_section() && self.is_of_section(value) {
            return;
        }
        let at = |column: Option<usize>| {
            let mut numbers = numbers.iter();
            numbers
                .find(|(at, _)| Some(*at) == column)
                .map(|(_, value)| *value)
        };
        let summary = &mut self.summary;
        match figure {
            Figure::Cgst | Figure::Sgst | Figure::Igst => {
                if !summary.taxes.insert(text::clean(label.head).to_uppercase()) {
                    return;
                }
                let place = match figure {
                    Figure::Cgst => &mut summary.cgst,
                    Figure::Sgst => &mut summary.sgst,
                    _ => &mut summary.igst,
                };
                *place = Some(place.unwrap_or_default().saturating_add(value));
            }
            Figure::Tax => first(&mut summary.tax, value),
            Figure::Subtotal => first(&mut summary.subtotal, at(self.columns.total).unwrap_or(value)),
            Figure::GrandTotal => first(&mut summary.grand_total, value),
            Figure::PlainTotal => {
                // The last of a row of column sums may be that of the tax.
                let is_tax =
                    self.columns.tax_amount.contains(&column) || self.columns.tax_rate.contains(&column);
                let value = at(self.columns.total).filter(|_| is_tax).unwrap_or(value);
                let is_gross_column = Some(column) == self.columns.total_with_gst;
                if is_gross_column && let Some(subtotal) = at(self.columns.total) {
                    // A row of column sums says which is which by its columns.
                    first(&mut summary.subtotal, subtotal);
                    summary.take_late(value, label);
                } else if summary.subtotal.is_none()
                    && !summary.has_tax()
                    && !is_gross(value, self.whole)
                    && (!is_gross_column || agree(value, self.whole.taxable))
                {
                    summary.subtotal = Some(value);
                    if total_labels::names_document(&label.words)
                        && !self.is_passed
                        && agree(value, self.whole.gross)
                    {
                        summary.only_total = Some(value);
                    }
                } else if is_gross_column || summary.subtotal.is_none_or(|subtotal| value >= subtotal) {
                    summary.take_late(value, label);
                }
            }
        }
    }

    /// True for a sum that is not that of all lines and stands between them, or is that of the last section.
    fn is_of_section(&self, value: Decimal) -> bool {
        let is_sum = |sums: LineSums| agree(sums.taxable, value) || agree(sums.gross, value);
        !is_sum(self.whole) && (self.is_passed || self.section.is_some_and(is_sum))
    }
}

/// True if a label must have a value. A longer text that begins with "Total" may be anything.
fn names_value(label: &TotalLabel, figure: Figure) -> bool {
    figure != Figure::PlainTotal || says_only_total(&label.words) || label.words.has_any(&["NET", "GROSS"])
}

/// What is wrong with the value beside a label; `None` if there is none, or one that can be read.
fn unreadable(label: &TotalLabel, figure: Figure, cells: &[(usize, &Value)]) -> Option<String> {
    if !names_value(label, figure) {
        return None;
    }
    let inline = Some(Value::Text(label.rest.trim().into())).filter(|_| !label.rest.trim().is_empty());
    let right = cells
        .iter()
        .filter(|(at, _)| *at > label.column)
        .map(|(_, value)| *value);
    let values: Vec<&Value> = inline
        .iter()
        .chain(right)
        .filter(|value| !is_no_value(value))
        .collect();
    let printed = |value: &Value| match value {
        Value::Error => "is an error".to_owned(),
        value => format!("is \"{}\", which is no amount", value.text()),
    };
    if let Some(value) = values.iter().rfind(|value| looks_like_figure(value)) {
        let number = value.reading().number().and_then(text::money);
        let is_amount = number.is_some_and(|number| !number.is_sign_negative() || number.is_zero());
        return (!is_amount).then(|| printed(value));
    }
    // "As per annexure" is no grand total; of a tax it may say that there is none.
    let is_total = matches!(figure, Figure::GrandTotal | Figure::PlainTotal);
    let has_number = cells.iter().any(|(_, value)| value.reading().number().is_some());
    let words = values
        .last()
        .filter(|_| is_total && inline.is_none() && !has_number)?;
    Some(printed(words))
}

/// True for a percentage, for what says that there is none, and for a sum in words.
fn is_no_value(value: &Value) -> bool {
    const IN_WORDS: &[&str] = &["RUPEES", "LAKH", "LAKHS", "THOUSAND", "HUNDRED", "CRORE"];
    const BESIDES: &[&str] = &["RS", "INR", "NIL", "NA", "NONE", "LS", "IN"];
    let Value::Text(text) = value else {
        return false;
    };
    let words = Words::of(text);
    text.ends_with('%') || words.len() == 0 || words.are_among(BESIDES) || words.has_any(IN_WORDS)
}

fn is_usual_rate(fraction: Decimal) -> bool {
    const PERCENTS: [Decimal; 9] = [
        dec!(18),
        dec!(9),
        dec!(28),
        dec!(14),
        dec!(12),
        dec!(6),
        dec!(5),
        dec!(2.5),
        dec!(3),
    ];
    PERCENTS.contains(&fraction.saturating_mul(HUNDRED))
}

#[derive(Debug, Default)]
struct Summary {
    cgst: Option<Decimal>,
    sgst: Option<Decimal>,
    igst: Option<Decimal>,
    tax: Option<Decimal>,
    /// What the sections above have of `tax`.
    section_tax: Option<Decimal>,
    subtotal: Option<Decimal>,
    grand_total: Option<Decimal>,
    /// A plain total that stands where a grand total does; an explicit one wins.
    late_total: Option<Decimal>,
    /// A sum of the lines whose label fits the whole document; without a tax it is the document's total, too.
    only_total: Option<Decimal>,
    /// The labels of partial taxes that are counted, because a breakdown by rate repeats none.
    taxes: HashSet<String>,
}

impl Summary {
    fn has_tax(&self) -> bool {
        [self.cgst, self.sgst, self.igst, self.tax]
            .iter()
            .any(Option::is_some)
    }

    /// The first plain total, unless another one stands below the taxes.
    fn take_late(&mut self, value: Decimal, label: &TotalLabel) {
        let is_first_below_tax = self.has_tax() && total_labels::is_sum_of_all(&label.words);
        if self.late_total.is_none() || is_first_below_tax {
            self.late_total = Some(value);
        }
    }

    /// Taxes below each section add up.
    fn end_section(&mut self) {
        self.taxes.clear();
        self.section_tax = sum([self.section_tax, self.tax.take()]);
    }

    fn totals(self) -> Totals {
        let has_tax = self.has_tax() || self.section_tax.is_some();
        let only_total = self.only_total.filter(|_| !has_tax);
        // Below the last section the whole tax may be repeated.
        let tax = match (self.section_tax, self.tax) {
            (Some(sections), Some(tax)) if sections == tax => Some(tax),
            (sections, tax) => sum([sections, tax]),
        };
        Totals {
            subtotal: self.subtotal,
            cgst: self.cgst,
            sgst: self.sgst,
            igst: self.igst,
            total_tax: sum([self.cgst, self.sgst, self.igst]).or(tax),
            total_amount: self.grand_total.or(self.late_total).or(only_total),
        }
    }
}

/// The sum of what is known; `None` if nothing is.
fn sum<const N: usize>(parts: [Option<Decimal>; N]) -> Option<Decimal> {
    let add = |sum: Option<Decimal>, part: Decimal| Some(sum.unwrap_or_default().saturating_add(part));
    parts.into_iter().flatten().fold(None, add)
}

fn first(place: &mut Option<Decimal>, value: Decimal) {
    place.get_or_insert(value);
}

fn agree(one: Decimal, other: Decimal) -> bool {
    one.saturating_sub(other).abs() <= TOLERANCE
}

/// True if a value is the sum of the lines with tax and not that before tax.
fn is_gross(value: Decimal, sums: LineSums) -> bool {
    agree(value, sums.gross) && !agree(value, sums.taxable)
}

#[cfg(test)]
mod tests;
