//! Figures of items: what the cells say, and what follows from them where they are silent.
//!
//! A cell that is there but is no number is never taken for zero and never overwritten by a derived figure where a route
//! insists on it; it is a finding.

use rust_decimal::{Decimal, dec};

use super::discounts::{self, Discount};
use super::grid::Reading;
use super::items::{Item, RateReading};
use super::model::{Finding, FindingKind, ParsedLine};
use super::remarks::Remarks;
use super::share_tax::implied_rate;
use super::tax_rates::{self, DocumentRates, RateMeaning, amount_before_tax};
use super::text::{self, round_money};

/// Figures of a line agree if they differ by at most this much.
const TOLERANCE: Decimal = dec!(1.00);
const HUNDRED: Decimal = dec!(100);

/// The lines of a document with what was noticed on the way.
#[derive(Debug, Default)]
pub(super) struct Completed {
    pub(super) lines: Vec<ParsedLine>,
    pub(super) warnings: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

/// Makes lines of items. `assumed_quantity` is the quantity of a line that names none and has no rate to tell it.
pub(super) fn complete(mut items: Vec<Item>, assumed_quantity: Option<Decimal>) -> Completed {
    let mut out = Completed::default();
    let mut remarks = Remarks::default();
    if tax_rates::amounts_are_rates(&items) {
        for (index, item) in items.iter_mut().enumerate() {
            // A rate that said what it is has been taken as one already.
            let Some(rate) = item.tax_amount.number() else {
                continue;
            };
            item.tax_rate = RateReading {
                value: Some(rate),
                is_percent: false,
            };
            item.tax_amount = Reading::Absent;
            remarks.note(index, "what is titled as the tax is read as its rate");
        }
    }
    let meaning = DocumentRates::of(&items);
    for (index, item) in items.into_iter().enumerate() {
        let mut line = LineReading {
            index,
            remarks: &mut remarks,
            findings: &mut out.findings,
        };
        out.lines.push(line.complete(item, meaning, assumed_quantity));
    }
    out.warnings = remarks.into_warnings();
    out
}

/// True if two figures of a line may be the same.
pub(super) fn agree(one: Decimal, other: Decimal) -> bool {
    one.saturating_sub(other).abs() <= TOLERANCE
}

/// Where the line being read stands in the document, and where remarks on it go.
struct LineReading<'a> {
    index: usize,
    remarks: &'a mut Remarks,
    findings: &'a mut Vec<Finding>,
}

impl LineReading<'_> {
    fn warn(&mut self, remark: impl Into<String>) {
        self.remarks.note(self.index, remark);
    }

    /// Two printed figures of the line that cannot both be right, the one of `field` among them.
    fn contradiction(&mut self, field: &str, message: &str) {
        let finding = Finding::on_line(self.index, field, FindingKind::Mismatch, message);
        self.findings.push(finding);
    }

    /// A figure that must not be negative; what cannot be read is a finding about `field`.
    fn figure(
        &mut self,
        reading: Reading,
        field: &str,
        name: &str,
        round: fn(Decimal) -> Option<Decimal>,
    ) -> Figure {
        let number = match reading {
            Reading::Absent => return Figure::Absent,
            Reading::Number(number) => {
                round(number).filter(|number| !number.is_sign_negative() || number.is_zero())
            }
            Reading::Unreadable => None,
        };
        if number.is_none() {
            let message = format!("Missing or invalid {name}");
            self.findings.push(Finding::on_line(
                self.index,
                field,
                FindingKind::Invalid,
                &message,
            ));
        }
        number.map_or(Figure::Broken, Figure::Known)
    }

    fn complete(
        &mut self,
        item: Item,
        meaning: DocumentRates,
        assumed_quantity: Option<Decimal>,
    ) -> ParsedLine {
        let quantity = self.figure(item.quantity, "quantity", "quantity", text::fine);
        let rate = self.figure(item.rate, "rate", "rate", text::fine);
        let total = self.figure(item.total, "amount", "amount", text::money);
        let tax = self.figure(item.tax_amount, "gst_amount", "tax amount", text::money);
        let gross = self.figure(item.total_with_gst, "gross_amount", "gross amount", text::money);
        let printed = Printed {
            quantity,
            rate,
            total,
            discounts: &item.discounts,
        };
        let (quantity, rate, total) = self.derive(&printed, assumed_quantity);
        let (tax_rate, tax_in_rate_column) = self.tax_rate(&item, meaning);
        let tax = tax.known().or(tax_in_rate_column);
        let mut gross = gross.known();
        let total = self.check_product(
            quantity.zip(rate),
            total,
            &item.discounts,
            (tax, tax_rate),
            &mut gross,
        );

        let from_gross = gross.zip(total).map(|(gross, total)| gross.saturating_sub(total));
        if from_gross.is_some_and(|tax| tax.is_sign_negative()) {
            self.contradiction("gross_amount", "the gross amount is below the amount before tax");
        }
        let from_rate = total.zip(tax_rate).and_then(|(total, rate)| tax_of(total, rate));
        let gst_amount = tax
            .or_else(|| from_gross.filter(|tax| !tax.is_sign_negative()))
            .or(from_rate);
        if let (Some(tax), Some(difference)) = (gst_amount, from_gross)
            && !agree(tax, difference)
        {
            self.contradiction(
                "gst_amount",
                &format!(
                    "amount and tax do not add up to the gross amount: the tax is {tax}, not {difference}"
                ),
            );
        }
        if let (Some(tax), Some(expected), Some(rate)) = (gst_amount, from_rate, tax_rate)
            && !agree(tax, expected)
        {
            self.warn(format!(
                "the tax of {tax} is not {} % of the amount",
                rate.normalize()
            ));
        }
        if let Some(printed) = &item.odd_tax_rate {
            self.odd_tax_rate(printed, gst_amount);
        }
        if item.lacks_gross && gross.is_none() && total.is_some() {
            self.warn("no gross amount is printed, only a dash; amount + tax is taken");
        }
        let tax_rate = tax_rate.or_else(|| implied_rate(total?, gst_amount?));
        ParsedLine {
            sr: item.serial,
            boq_name: item.description,
            hsn_code: self.short(item.hsn, "HSN code"),
            quantity,
            unit: self.short(item.unit, "unit"),
            rate,
            taxable_amount: total,
            tax_rate,
            gst_amount,
            gross_amount: gross
                .or_else(|| text::money(total?.saturating_add(gst_amount.unwrap_or_default()))),
            row_index: u32::try_from(self.index).unwrap_or(u32::MAX).saturating_add(1),
        }
    }

    /// The one of quantity, rate and amount that is not printed follows from the other two. What is printed but broken
    /// is replaced only if it is the rate, which no sum depends on.
    fn derive(
        &mut self,
        printed: &Printed,
        assumed_quantity: Option<Decimal>,
    ) -> (Option<Decimal>, Option<Decimal>, Option<Decimal>) {
        let (quantity, rate, total) = (printed.quantity, printed.rate, printed.total);
        let (mut q, mut r, mut t) = (quantity.known(), rate.known(), total.known());
        let is_reduced = discounts::any(printed.discounts);
        if total.is_absent() {
            let product = q.zip(r).and_then(|(q, r)| text::money(q.checked_mul(r)?));
            t = product.and_then(|product| discounts::take_off(printed.discounts, product));
            if product.is_some() && t.is_none() {
                let message = "no amount is printed, and the discount leaves it in doubt";
                let finding = Finding::on_line(self.index, "amount", FindingKind::Invalid, message);
                self.findings.push(finding);
            }
            let formula = if is_reduced {
                "quantity × rate less the discount"
            } else {
                "quantity × rate"
            };
            self.warn_derived(t, "amount", formula);
        } else if quantity.is_absent() && !is_reduced {
            q = t.zip(r).and_then(|(t, r)| text::fine(t.checked_div(r)?));
            self.warn_derived(q, "quantity", "amount ÷ rate");
        }
        if let (None, Some(assumed), true) = (q, assumed_quantity, quantity.is_absent()) {
            q = Some(assumed);
            self.warn(format!("no quantity is printed, {assumed} is assumed"));
        }
        if r.is_none() {
            r = t.zip(q).and_then(|(t, q)| text::fine(t.checked_div(q)?));
            self.warn_derived(r, "rate", "amount ÷ quantity");
        }
        (q, r, t)
    }

    fn warn_derived(&mut self, value: Option<Decimal>, name: &str, formula: &str) {
        if value.is_some() {
            self.warn(format!("no {name} is printed, {formula} is taken"));
        }
    }

    /// The amount before tax: as printed, unless another figure of the line proves that it is the one before a discount
    /// or the one with tax. A product that it contradicts is told.
    fn check_product(
        &mut self,
        factors: Option<(Decimal, Decimal)>,
        total: Option<Decimal>,
        discounts: &[Discount],
        (tax, tax_rate): (Option<Decimal>, Option<Decimal>),
        gross: &mut Option<Decimal>,
    ) -> Option<Decimal> {
        let product = factors
            .and_then(|(quantity, rate)| quantity.checked_mul(rate))
            .map(round_money);
        let (Some(product), Some(total)) = (product, total) else {
            return total;
        };
        let with_tax = |amount: Decimal| {
            let tax = tax.or_else(|| tax_of(amount, tax_rate?))?;
            (tax > TOLERANCE).then(|| amount.saturating_add(tax))
        };
        if agree(product, total) {
            if !discounts::any(discounts) || discounts::explain(discounts, product, total) {
                return Some(total);
            }
            let proves = |rest: &Decimal| {
                with_tax(*rest)
                    .zip(*gross)
                    .is_some_and(|(sum, gross)| agree(sum, gross))
            };
            if let Some(rest) = discounts::rests(discounts, total).into_iter().find(proves) {
                self.warn("the printed amount is that before the discount, which is taken off");
                return Some(rest);
            }
            self.warn("a discount is printed, but the amount is quantity × rate; it is not taken off");
        } else if gross.is_none()
            && let Some(taxable) = discounts::rests(discounts, product)
                .into_iter()
                .find(|rest| with_tax(*rest).is_some_and(|sum| agree(sum, total)))
        {
            self.warn(format!(
                "the amount of {total} includes the tax, {taxable} is the one before it"
            ));
            *gross = Some(total);
            return Some(taxable);
        } else if !discounts::explain(discounts, product, total) {
            let discount = if discounts::any(discounts) {
                " before the discount"
            } else {
                ""
            };
            self.warn(format!(
                "quantity × rate is {product}{discount}, but the amount says {total}; the amount is kept"
            ));
        }
        Some(total)
    }

    /// Tells of a tax rate that is none: a finding if the tax cannot be known otherwise and a figure was meant.
    fn odd_tax_rate(&mut self, printed: &str, tax: Option<Decimal>) {
        let is_figure = printed.contains(|c: char| c.is_ascii_digit()) || !printed.starts_with('"');
        let message = format!("the tax rate {printed} is not a number");
        if tax.is_none() && is_figure {
            let finding = Finding::on_line(self.index, "tax_rate", FindingKind::Invalid, &message);
            self.findings.push(finding);
        } else {
            self.warn(message);
        }
    }

    /// The rate in percent, and the tax where the column of rates holds amounts.
    fn tax_rate(&mut self, item: &Item, meaning: DocumentRates) -> (Option<Decimal>, Option<Decimal>) {
        let Some(value) = item.tax_rate.value else {
            return (None, None);
        };
        let own = meaning.of_line(item, value);
        if !meaning.is_proven && !item.tax_rate.is_percent {
            if let Some(remark) = tax_rates::oddity(own, value, amount_before_tax(item)) {
                self.warn(remark);
            }
            if own == RateMeaning::Fraction && meaning.meaning != own {
                self.warn(format!(
                    "the tax rate {} is read as a fraction",
                    value.normalize()
                ));
            }
        }
        let percent = match own {
            RateMeaning::Amount => {
                let tax = text::money(value).filter(|tax| !tax.is_sign_negative());
                if tax.is_none() {
                    self.warn(format!("{value} is no tax amount"));
                }
                return (None, tax);
            }
            RateMeaning::Percent => value,
            RateMeaning::Fraction => value.saturating_mul(HUNDRED),
        };
        let rate = text::fine(percent).filter(|rate| (Decimal::ZERO..=HUNDRED).contains(rate));
        if rate.is_none() {
            self.warn(format!("{value} is no tax rate"));
        }
        (rate, None)
    }

    /// A code or unit, which is stored in at most 50 characters.
    fn short(&mut self, text: Option<String>, name: &str) -> Option<String> {
        const MAX: usize = 50;
        let text = text?;
        if text.chars().count() <= MAX {
            return Some(text);
        }
        self.warn(format!("the {name} is cut to {MAX} characters"));
        Some(text.chars().take(MAX).collect())
    }
}

/// What a rate in percent makes of an amount.
fn tax_of(amount: Decimal, rate: Decimal) -> Option<Decimal> {
    text::money(amount.checked_mul(rate)? / HUNDRED)
}

/// The printed figures of which one may follow from the others.
struct Printed<'a> {
    quantity: Figure,
    rate: Figure,
    total: Figure,
    discounts: &'a [Discount],
}

#[derive(Clone, Copy)]
enum Figure {
    Absent,
    Known(Decimal),
    /// Printed, but no such figure.
    Broken,
}

impl Figure {
    fn known(self) -> Option<Decimal> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Broken => None,
        }
    }

    fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }
}

#[cfg(test)]
mod tests;
