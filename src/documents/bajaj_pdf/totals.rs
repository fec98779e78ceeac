//! The figures of the whole document, and how they fit its lines.

use rust_decimal::{Decimal, dec};

use super::header;
use super::notes;
use super::rows::{Row, amount_of, is_currency};
use super::taxes;
use crate::documents::grid::{Grid, Value};
use crate::documents::items::TotalRows;
use crate::documents::labels::Words;
use crate::documents::model::{Finding, FindingKind, ParsedOrder, Totals};
use crate::documents::pdf::Word;
use crate::documents::total_labels::Figure;
use crate::documents::{printed_totals, share_tax, summary, table, text};

const TOLERANCE: Decimal = dec!(1.00);
/// A gap this wide, in hundredths of a point, separates a label from what stands left of it.
const CELL_GAP: i64 = 900;

/// The lines of one label are at most this far apart, in hundredths of a point.
const MAX_LEADING: i64 = 1_500;

/// Reads the printed figures and holds them against the lines.
pub(super) fn read(all: &[Row], tail: &[&Row], order: &mut ParsedOrder) {
    let block = block(tail);
    let printed = Printed::of(up_to_sum(block, order), order);
    let above = || {
        let rows = all.iter().take_while(|row| !row.is_anchor());
        rows.filter_map(|row| header::figure_behind(row, ENDS)).last()
    };
    let stated = header::stated_value(all);
    let net = stated.filter(|net| printed.has_on_top(*net));
    if let (Some(net), Some(total)) = (net, printed.total) {
        order.warnings.push(format!(
            "The amount of {net:.2} above the items is that before tax; the document's value is {total:.2}"
        ));
    }
    let value = stated
        .filter(|_| net.is_none())
        .or(printed.total)
        .or_else(above)
        .or(printed.plain_total)
        .filter(|value| !value.is_sign_negative());
    let sums = summary::LineSums::of(&order.lines);
    // What is called a total is one before tax only if it is not the document's.
    let is_subtotal = printed.has_subtotal || printed.totals.subtotal != value;
    order.printed.subtotal = printed.totals.subtotal.filter(|_| is_subtotal);
    order.printed.total_amount = value;
    order.findings.extend(unreadable(block, value));
    take_tax(&printed.totals, value, sums, order);
    share_tax::share_tax(order);
    summary::complete(order);
    order.findings.extend(summary::excess(order));
    order.warnings.extend(summary::contradictions(order));
    let gross = summary::LineSums::of(&order.lines).gross;
    if value.is_none() {
        order.warnings.extend(unnamed(above_terms(tail), gross));
    }
    if let Some(value) = value.filter(|value| !near(gross, *value))
        && !order.lines.is_empty()
    {
        order
            .warnings
            .push(format!("Total mismatch: lines {gross:.2}, document {value:.2}"));
    }
}

fn near(one: Decimal, other: Decimal) -> bool {
    one.saturating_sub(other).abs() <= TOLERANCE
}

/// The lines of totals: those above the terms, which may name sums of their own, unless all totals stand below.
fn block<'a, 'b>(tail: &'b [&'a Row]) -> &'b [&'a Row] {
    let above = above_terms(tail);
    let has_total = above.iter().any(|row| is_total(row));
    if has_total { above } else { tail }
}

/// The lines up to the total that the sum before tax and the taxes above it give: what stands below says the same again, by
/// rates or codes of goods.
fn up_to_sum<'a, 'b>(block: &'b [&'a Row], order: &ParsedOrder) -> &'b [&'a Row] {
    let last_amount = |row: &Row| row.words.iter().rev().find_map(amount_of);
    let ends = block.iter().enumerate().filter(|(_, row)| is_end(row));
    for (at, row) in ends {
        let (own, below) = block.split_at(at.saturating_add(1));
        let Some(total) = last_amount(row).filter(|_| below.iter().any(|row| taxes::is_tax(row))) else {
            continue;
        };
        let printed = Printed::of(own, order);
        let net = printed
            .totals
            .subtotal
            .unwrap_or_else(|| summary::LineSums::of(&order.lines).taxable);
        let is_sum = printed
            .totals
            .total_tax
            .is_some_and(|tax| !tax.is_zero() && near(net.saturating_add(tax), total));
        let is_last = !below
            .iter()
            .any(|row| is_end(row) && last_amount(row).is_some_and(|other| !near(other, total)));
        if is_sum && is_last {
            return own;
        }
    }
    block
}

fn above_terms<'a, 'b>(tail: &'b [&'a Row]) -> &'b [&'a Row] {
    let end = tail.iter().position(|row| is_of_terms(row));
    tail.get(..end.unwrap_or(tail.len())).unwrap_or_default()
}

/// True for the first line of what is agreed besides: no total stands in it.
fn is_of_terms(row: &Row) -> bool {
    notes::is_of_terms(row)
        && !figures_of(row)
            .iter()
            .any(|value| matches!(value, Value::Number(_)))
}

/// A finding for each total that is printed and no amount: it is not replaced in silence.
fn unreadable(tail: &[&Row], value: Option<Decimal>) -> Vec<Finding> {
    const MIN_DIGITS: usize = 3;
    let finding = |row: &&Row| {
        let words = label(row);
        let is_total = [ENDS, SUMS, &[&["GRAND"]]]
            .iter()
            .any(|labels| starts(&words, labels));
        let last = row.words.iter().rev().find(|word| !is_currency(word))?;
        let begins_as_figure = last
            .text
            .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '(' | '₹'));
        // A label that is printed over its figure leaves neither.
        let digits = last.text.chars().filter(char::is_ascii_digit).count();
        let is_garbled = digits >= MIN_DIGITS && last.text.contains('.');
        let is_alone = is_garbled && !row.words.iter().any(|word| amount_of(word).is_some());
        let is_figure = (begins_as_figure || is_alone)
            && last.text.contains(|c: char| c.is_ascii_digit())
            && !last.text.ends_with('%');
        let is_sound = amount_of(last).is_some_and(|amount| !amount.is_sign_negative());
        // A whole number of rupees counts where it is the value.
        let is_taken = value.is_some() && text::amount(&last.text) == value;
        (is_total && is_figure && !is_sound && !is_taken).then(|| {
            Finding::new(
                "po_details.po_value",
                FindingKind::Invalid,
                format!("The printed total \"{}\" is no amount", row.text),
            )
        })
    };
    tail.iter().filter_map(finding).collect()
}

/// A warning of a sum behind the items that may be the document's, but is not called so.
fn unnamed(rows: &[&Row], gross: Decimal) -> Option<String> {
    let is_larger = |row: &&&Row| {
        let amount = row.words.iter().rev().find_map(amount_of);
        amount.is_some_and(|amount| amount > gross && !near(amount, gross)) && !figures_of(row).is_empty()
    };
    let row = rows.iter().find(is_larger)?;
    Some(format!(
        "The sum in \"{}\" is larger than the lines, but is not called the total",
        row.text
    ))
}

/// The printed tax counts, unless the document's value is what the lines are worth without it.
fn take_tax(totals: &Totals, value: Option<Decimal>, sums: summary::LineSums, order: &mut ParsedOrder) {
    let has_own_tax = order.lines.iter().any(|line| line.gst_amount.is_some());
    let is_apart = !has_own_tax && value.is_some_and(|value| near(value, sums.taxable));
    let tax = totals
        .total_tax
        .filter(|tax| is_apart && !near(*tax, Decimal::ZERO));
    if let Some(tax) = tax {
        order.warnings.push(format!(
            "The printed tax of {tax:.2} is not part of the document's value"
        ));
    } else {
        order.printed.cgst = totals.cgst;
        order.printed.sgst = totals.sgst;
        order.printed.igst = totals.igst;
        order.printed.total_tax = totals.total_tax;
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

/// True for what is charged or taken off besides the items: the label and the figure.
pub(super) fn is_charge(row: &Row) -> bool {
    const CHARGES: &[&[&str]] = &[
        &["FREIGHT"],
        &["TRANSPORT"],
        &["TRANSPORTATION"],
        &["PACKING"],
        &["INSURANCE"],
        &["DISCOUNT"],
        &["LESS"],
        &["HANDLING"],
        &["LOADING"],
        &["UNLOADING"],
        &["OTHER", "CHARGES"],
        &["DELIVERY", "CHARGES"],
        &["ROUND", "OFF"],
        &["ROUNDING"],
    ];
    const MAX_WORDS: usize = 8;
    let last = row.words.iter().rev().find(|word| !is_currency(word));
    starts(&label(row), CHARGES)
        && row.words.len() <= MAX_WORDS
        && last.is_some_and(|word| amount_of(word).is_some())
}

/// The figures behind the items, each where it is printed first.
#[derive(Debug, Default)]
struct Printed {
    totals: Totals,
    /// Whether a figure is called the sum before tax.
    has_subtotal: bool,
    /// What is called the document's.
    total: Option<Decimal>,
    /// What is called a total without a word on its tax.
    plain_total: Option<Decimal>,
}

impl Printed {
    /// True if the total is this net sum and the tax.
    fn has_on_top(&self, net: Decimal) -> bool {
        let tax = self.totals.total_tax.filter(|tax| !near(*tax, Decimal::ZERO));
        tax.zip(self.total)
            .is_some_and(|(tax, total)| near(net.saturating_add(tax), total))
    }

    /// The figures in these lines, read as those below the table of a sheet are.
    fn of(rows: &[&Row], order: &ParsedOrder) -> Self {
        let mut grid = Grid::new("", false);
        for (row, values) in (0_u32..).zip(with_whole_labels(rows)) {
            for (column, value) in (0_u32..).zip(values) {
                // A sheet has a width that a line may pass; what is behind it is no total.
                if grid.fill((row, column), value).is_err() {
                    break;
                }
            }
        }
        let below = TotalRows {
            passed: Vec::new(),
            end_row: 1,
        };
        let totals = printed_totals::read(&grid, &below, &table::Columns::default(), &order.lines).totals;
        let labels = || {
            (1..=grid.rows()).filter_map(|row| {
                let mut texts = grid.filled(row).filter_map(|(_, value)| match value {
                    Value::Text(text) => Figure::of(&Words::of(text.split(':').next().unwrap_or_default())),
                    _ => None,
                });
                texts.next()
            })
        };
        let is_grand = labels().any(|figure| figure == Figure::GrandTotal);
        let called = || {
            rows.iter()
                .rev()
                .find_map(|row| header::figure_behind(row, &[&["TOTAL", "AMOUNT"]]).filter(|_| is_end(row)))
        };
        let plain = rows.iter().find_map(|row| {
            let is_plain = starts(&label(row), &[&["TOTAL"], &["NET"]]) && is_total(row);
            let value = row.words.iter().rev().find_map(amount_of);
            value.filter(|_| is_plain && totals.total_tax.is_none())
        });
        Self {
            has_subtotal: labels().any(|figure| figure == Figure::Subtotal),
            total: totals
                .total_amount
                .filter(|_| is_grand)
                .or_else(called)
                .or(totals.total_amount),
            plain_total: plain,
            totals,
        }
    }
}

/// The labels and the amounts of each line; a label that is broken into several lines is whole at its amount.
fn with_whole_labels(rows: &[&Row]) -> Vec<Vec<Value>> {
    let mut all: Vec<Vec<Value>> = rows.iter().map(|row| figures_of(row)).collect();
    let figure = |text: &str| Figure::of(&Words::of(text));
    // The label of a line that is nothing else.
    let alone = |at: usize| match all.get(at)?.as_slice() {
        [Value::Text(text)] => Some(text.to_string()),
        _ => None,
    };
    let is_near = |at: usize| match (rows.get(at.wrapping_sub(1)), rows.get(at)) {
        (Some(above), Some(below)) => {
            above.page == below.page && above.y.saturating_sub(below.y) <= MAX_LEADING
        }
        _ => false,
    };
    let mut wholes = Vec::new();
    for (at, values) in all.iter().enumerate() {
        let (own, has_amount) = match values.as_slice() {
            [Value::Number(_)] => (None, true),
            [Value::Text(text), Value::Number(_)] => (Some(text.to_string()), true),
            _ => (None, false),
        };
        if !has_amount {
            continue;
        }
        let is_open = own.as_deref().and_then(figure).is_none();
        let above = at.checked_sub(1).filter(|_| is_near(at)).and_then(alone);
        let above = above.filter(|above| is_open || figure(above).is_none());
        let next = at.saturating_add(1);
        let is_above_alone = above.is_some() && own.is_some();
        let below = alone(next).filter(|_| is_open && !is_above_alone && is_near(next));
        let joined: Vec<String> = [above, own, below].into_iter().flatten().collect();
        let joined = joined.join(" ");
        if figure(&joined).is_some() {
            wholes.push((at, joined));
        }
    }
    for (at, label) in wholes {
        if let Some(values) = all.get_mut(at) {
            values.retain(|value| matches!(value, Value::Number(_)));
            values.insert(0, Value::Text(label.into()));
        }
    }
    all
}

/// The labels and the amounts of a line, each by itself; nothing for a sentence that goes on behind its amount.
fn figures_of(row: &Row) -> Vec<Value> {
    const MAX_BEHIND: usize = 2;
    let is_name = |word: &&Word| word.text.starts_with(char::is_alphabetic) && !is_currency(word);
    let behind = row
        .words
        .iter()
        .rev()
        .take_while(|word| amount_of(word).is_none());
    if behind.filter(is_name).count() > MAX_BEHIND {
        return Vec::new();
    }
    let mut all: Vec<Value> = Vec::new();
    let mut label: Vec<&str> = Vec::new();
    let mut end = None;
    let close = |label: &mut Vec<&str>, all: &mut Vec<Value>| {
        if !label.is_empty() {
            all.push(Value::Text(label.join(" ").into()));
            label.clear();
        }
    };
    for word in &row.words {
        if end.is_some_and(|end: i64| word.x.saturating_sub(end) >= CELL_GAP) {
            close(&mut label, &mut all);
        }
        end = Some(word.end);
        let is_estimate =
            label.is_empty() && matches!(header::bare(&word.text).as_str(), "EST" | "ESTIMATED");
        if let Some(amount) = amount_of(word) {
            close(&mut label, &mut all);
            all.push(Value::Number(amount));
        } else if !is_currency(word) && !is_estimate {
            label.push(&word.text);
        }
    }
    close(&mut label, &mut all);
    all
}
