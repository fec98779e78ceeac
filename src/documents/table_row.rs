//! One row of an item table: what stands in its cells, and whether it is an item, a total or neither.

use rust_decimal::{Decimal, dec};

use super::discounts::{Discount, DiscountKind};
use super::grid::{Grid, Reading, Value};
use super::items::{Item, RateReading, Style};
use super::labels::Words;
use super::table::Columns;
use super::total_labels::{self, Figure, may_be_total, says_only_total, starts_as_total};
use super::{tax_rates, text};

/// Quantity times rate and the amount agree if they differ by at most this much.
const TOLERANCE: Decimal = dec!(1.00);

/// One row of the table.
pub(super) struct Row<'a> {
    pub(super) grid: &'a Grid,
    pub(super) number: usize,
    pub(super) columns: &'a Columns,
}

impl Row<'_> {
    fn value(&self, column: Option<usize>) -> &Value {
        self.grid.value(self.number, column.unwrap_or(0))
    }

    /// The value of a cell that is not a copy of another: what a merged range says in each of its rows is said once.
    fn own(&self, column: Option<usize>) -> &Value {
        let cell = self.grid.cell(self.number, column.unwrap_or(0));
        if cell.is_copy { &Value::Empty } else { &cell.value }
    }

    fn text(&self, column: Option<usize>) -> Option<String> {
        let text = self.value(column).text();
        (!text.chars().all(|c| matches!(c, '-' | '–' | '—'))).then(|| text.to_string())
    }

    pub(super) fn has_serial(&self) -> bool {
        match self.own(self.columns.serial) {
            Value::Number(number) => !number.is_sign_negative(),
            Value::Text(text) => {
                let bare = text.trim_end_matches(['.', ')']);
                bare.split('.')
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            }
            _ => false,
        }
    }

    fn has_description(&self) -> bool {
        matches!(self.value(self.columns.description), Value::Text(_))
    }

    fn has_number(&self, column: Option<usize>) -> bool {
        self.own(column).reading().number().is_some()
    }

    pub(super) fn repeats_titles(&self, header_row: usize) -> bool {
        let titles = |column: Option<usize>| self.grid.value(header_row, column.unwrap_or(0));
        let same = |column: Option<usize>| column.is_some() && self.own(column) == titles(column);
        let figures = [self.columns.quantity, self.columns.rate, self.columns.total];
        same(self.columns.description) && figures.into_iter().any(same)
    }

    /// True for a prepared row of a form that was left blank.
    pub(super) fn is_only_numbered(&self) -> bool {
        self.has_serial() && self.grid.filled(self.number).count() == 1
    }

    /// True for a row that is an item of its own and not a part of the one above: one with a figure where items have
    /// theirs, printed so that it can be read or not.
    pub(super) fn starts_item(&self, style: Style) -> bool {
        let has_serial = self.has_serial();
        let is_garbled = self.has_description() && self.amounts().any(looks_like_figure);
        match style {
            _ if self.has_figure() || is_garbled => true,
            Style::Proforma => has_serial,
            // A serial number with a garbled or crossed-out figure, or with a unit, is an item without an amount, not a
            // remark.
            Style::Bajaj => has_serial && (self.figures().any(|value| !value.is_empty()) || self.has_unit()),
        }
    }

    /// The cells of the figures that make an item.
    fn figures(&self) -> impl Iterator<Item = &Value> {
        let columns = self.columns;
        let factors = [columns.quantity, columns.rate];
        factors
            .into_iter()
            .map(|column| self.own(column))
            .chain(self.amounts())
    }

    /// The cells of sums of money.
    fn amounts(&self) -> impl Iterator<Item = &Value> {
        let columns = self.columns;
        let sums = [columns.total, columns.total_with_gst].into_iter();
        let taxes = columns.tax_amount.iter().map(|column| Some(*column));
        sums.chain(taxes).map(|column| self.own(column))
    }

    fn has_figure(&self) -> bool {
        self.figures().any(|value| value.reading().number().is_some())
    }

    fn has_unit(&self) -> bool {
        matches!(self.own(self.columns.unit), Value::Text(_))
    }

    /// True for a row that tells itself to be an item whatever stands above it: a description, and an amount that is the
    /// product of quantity and rate.
    pub(super) fn is_whole_item(&self) -> bool {
        let number = |column| self.own(column).reading().number();
        let columns = self.columns;
        let product = number(columns.quantity)
            .zip(number(columns.rate))
            .and_then(|(quantity, rate)| quantity.checked_mul(rate));
        let agrees = product
            .zip(number(columns.total))
            .is_some_and(|(product, total)| {
                !total.is_zero() && product.saturating_sub(total).abs() <= TOLERANCE
            });
        agrees && self.is_described()
    }

    /// True if the description holds words.
    pub(super) fn is_described(&self) -> bool {
        matches!(self.value(self.columns.description), Value::Text(text) if text.contains(char::is_alphabetic))
    }

    /// True if there is an amount with or before tax.
    pub(super) fn has_amount(&self) -> bool {
        self.has_number(self.columns.total) || self.has_number(self.columns.total_with_gst)
    }

    /// The serial number, as far as it is one whole number.
    pub(super) fn serial(&self) -> Option<u64> {
        let text = self.own(self.columns.serial).text();
        text.trim_end_matches(['.', ')']).parse().ok()
    }

    /// The words of each text of the row, as far as they could be a total's label.
    fn labels(&self) -> impl Iterator<Item = Words> {
        let texts = self
            .grid
            .filled(self.number)
            .filter_map(|(_, value)| match value {
                Value::Text(text) => Some(text),
                _ => None,
            });
        texts.map(|text| Words::of(text))
    }

    /// True for a row of totals: a text that begins as totals do, and a number; or such a text that says nothing else.
    /// Goods whose name begins so have a quantity, a rate and their product.
    pub(super) fn is_total(&self) -> bool {
        let mut values = self.grid.filled(self.number).map(|(_, value)| value);
        let has_number = values.any(|value| value.reading().number().is_some() || looks_like_figure(value));
        let has_factor = self.has_number(self.columns.quantity) || self.has_number(self.columns.rate);
        let is_whole_item = self.is_whole_item();
        self.labels().any(|words| {
            let is_bare = says_only_total(&words);
            starts_as_total(&words) && (is_bare || has_number && !is_whole_item)
                || may_be_total(&words) && has_number && !has_factor
        })
    }

    /// True for the first row of what closes a document, such as its sum in words or its terms: no figures, and a text that
    /// begins so.
    pub(super) fn is_closing(&self) -> bool {
        !self.has_figure() && self.labels().any(|words| total_labels::is_closing(&words))
    }

    /// True for the sum of a page, repeated on the next one.
    pub(super) fn is_forward(&self) -> bool {
        let has_factor = self.has_number(self.columns.quantity) || self.has_number(self.columns.rate);
        !has_factor && self.labels().any(|words| total_labels::is_forward(&words))
    }

    /// The words of a label that takes something off the sum.
    pub(super) fn is_deduction(&self) -> bool {
        self.labels().any(|words| total_labels::is_deduction(&words))
    }

    /// The figures that the row's labels name.
    pub(super) fn total_figures(&self) -> impl Iterator<Item = Figure> {
        self.labels().filter_map(|words| Figure::of(&words))
    }

    /// The numbers of a row that says nothing in words and names no rate: the sums of the columns above, or an item that
    /// lacks its description. Empty for any other row.
    pub(super) fn bare_sums(&self) -> Vec<Decimal> {
        let is_bare = self
            .grid
            .filled(self.number)
            .all(|(_, value)| value.reading().number().is_some());
        if !is_bare || self.has_serial() || self.has_number(self.columns.rate) {
            return Vec::new();
        }
        self.amounts()
            .filter_map(|value| value.reading().number())
            .collect()
    }

    pub(super) fn quantity(&self) -> Option<Decimal> {
        self.own(self.columns.quantity).reading().number()
    }

    /// The numbers of the row.
    pub(super) fn numbers(&self) -> Vec<Decimal> {
        let values = self.grid.filled(self.number);
        values.filter_map(|(_, value)| value.reading().number()).collect()
    }

    pub(super) fn item(&self) -> Item {
        let columns = self.columns;
        let tax = self.tax();
        Item {
            serial: self.text(columns.serial),
            description: self.value(columns.description).text().to_string(),
            hsn: self.text(columns.hsn),
            unit: self.text(columns.unit),
            quantity: self.value(columns.quantity).reading(),
            rate: self.value(columns.rate).reading(),
            // An amount that spans several items is not the amount of each.
            total: self.own(columns.total).reading(),
            discounts: self.discounts(),
            tax_rate: tax.rate(),
            odd_tax_rate: tax.odd_rate,
            tax_amount: tax.amount,
            total_with_gst: self.own(columns.total_with_gst).reading(),
            lacks_gross: matches!(self.own(columns.total_with_gst), value @ Value::Text(_) if value.reading() == Reading::Absent),
        }
    }

    /// What stands in the columns of tax rates and of taxes. A rate is one wherever it stands, if it says so.
    fn tax(&self) -> Tax {
        let mut tax = Tax::default();
        for column in &self.columns.tax_rate {
            tax.take_rate(self.value(Some(*column)));
        }
        for column in &self.columns.tax_amount {
            let value = self.own(Some(*column));
            let says_rate = matches!(value, Value::Text(text) if tax_rates::read(text).is_some_and(|(_, says_so)| says_so));
            if !says_rate {
                tax.take_amount(value.reading());
            } else if self.columns.tax_rate.is_empty() {
                tax.take_rate(value);
            }
        }
        tax
    }

    fn discounts(&self) -> Vec<Discount> {
        let read = |(column, kind): &(usize, DiscountKind)| {
            let value = self.own(Some(*column));
            let (number, kind) = match value {
                Value::Text(text) if text.ends_with('%') => {
                    (text::amount(text.trim_end_matches('%')), DiscountKind::Percent)
                }
                value => match value.reading() {
                    Reading::Absent => return None,
                    reading => (reading.number(), *kind),
                },
            };
            // Some print it as what it is, some as what it does.
            let value = number.map(|number| number.abs());
            Some(Discount { kind, value })
        };
        self.columns.discounts.iter().filter_map(read).collect()
    }

    /// What the row adds to the description of the item above it: the description cell, else the first text.
    pub(super) fn continuation(&self) -> String {
        if let Value::Text(text) = self.own(self.columns.description) {
            return text.to_string();
        }
        let mut texts = self
            .grid
            .filled(self.number)
            .filter_map(|(_, value)| match value {
                Value::Text(text) if value.reading() == Reading::Unreadable => Some(text.to_string()),
                _ => None,
            });
        texts.next().unwrap_or_default()
    }
}

/// What a row says of its tax.
#[derive(Default)]
struct Tax {
    /// The rates of the columns, each with whether a percent sign says so.
    rates: Vec<(Decimal, bool)>,
    odd_rate: Option<String>,
    /// The sum of the columns.
    amount: Reading,
}

impl Tax {
    fn take_rate(&mut self, value: &Value) {
        let rate = match value {
            value if value.reading() == Reading::Absent => return,
            Value::Text(text) => tax_rates::read(text),
            other => other.reading().number().map(|number| (number, false)),
        };
        if rate.is_none() {
            let printed = value.text();
            self.odd_rate = Some(if printed.is_empty() {
                "an error".to_owned()
            } else {
                format!("\"{printed}\"")
            });
        }
        self.rates.extend(rate);
    }

    /// The sum of the rates. A part of the rate is not the rate, so one that is none leaves nothing of the others.
    fn rate(&self) -> RateReading {
        if self.rates.is_empty() || self.odd_rate.is_some() {
            return RateReading::default();
        }
        let is_fraction =
            |(rate, says_so): &&(Decimal, bool)| !says_so && !rate.is_zero() && *rate < Decimal::ONE;
        let fractions = self.rates.iter().filter(is_fraction).count();
        // Beside a percentage, a fraction is one, too, in a cell with a percent format.
        let is_mixed = fractions > 0 && fractions < self.rates.len();
        let percents = self.rates.iter().map(|rate| {
            let scale = if is_mixed && is_fraction(&rate) {
                dec!(100)
            } else {
                Decimal::ONE
            };
            rate.0.saturating_mul(scale)
        });
        RateReading {
            value: Some(percents.sum()),
            is_percent: is_mixed || self.rates.iter().all(|(_, says_so)| *says_so),
        }
    }

    fn take_amount(&mut self, reading: Reading) {
        self.amount = match (self.amount, reading) {
            (Reading::Unreadable, _) | (_, Reading::Unreadable) => Reading::Unreadable,
            (sum, Reading::Absent) => sum,
            (Reading::Absent, number) => number,
            (Reading::Number(sum), Reading::Number(number)) => Reading::Number(sum.saturating_add(number)),
        };
    }
}

/// True for what was printed as a figure, though it may not be one: an error, or a text of digits with few letters.
pub(super) fn looks_like_figure(value: &Value) -> bool {
    match value {
        Value::Text(text) => {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            let letters = text.chars().filter(|c| c.is_alphabetic()).count();
            digits > 0 && letters <= digits.saturating_mul(2)
        }
        Value::Number(_) | Value::Error => true,
        Value::Empty | Value::Date(_) => false,
    }
}
