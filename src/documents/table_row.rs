//! One row of an item table: what stands in its cells, and whether it is an item, a total or neither.

use rust_decimal::{Decimal, dec};

use super::discounts::{Discount, DiscountKind};
use super::grid::{Grid, Reading, Value};
use super::items::{Item, RateReading, Style};
use super::labels::Words;
use super::table::Columns;
use super::total_labels::{self, Figure, may_be_total, says_only_total, starts_as_total};
use super::{charges, quantities, tax_rates, text};

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

    fn has_factor(&self) -> bool {
        self.quantity().is_some() || self.has_number(self.columns.rate)
    }

    /// True for a figure that stands for nothing but a formula without a value.
    fn lacks_amount(&self) -> bool {
        let amounts = [self.columns.total, self.columns.total_with_gst];
        self.grid
            .uncomputed(self.number)
            .any(|column| amounts.contains(&Some(column)))
    }

    /// The rate, with the prices that add to it.
    fn rate(&self, value: impl Fn(Option<usize>) -> Reading) -> Reading {
        let parts = self.columns.rate_parts.iter().map(|column| Some(*column));
        parts.fold(value(self.columns.rate), |sum, part| add(sum, value(part)))
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
        let is_garbled = self.has_description()
            && (self.amounts().any(looks_like_figure) || has_serial && self.lacks_amount());
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
        let product = self
            .quantity()
            .zip(self.rate(|column| self.own(column).reading()).number())
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

    /// The serial number as printed, as far as there is one.
    pub(super) fn serial_text(&self) -> Option<String> {
        self.has_serial().then(|| {
            let text = self.own(self.columns.serial).text();
            text.trim_end_matches(['.', ')']).to_owned()
        })
    }

    /// True for a row below the titles that numbers the columns: 1, 2, 3 and so on, some perhaps with their formula, as in
    /// "6 = 3 x 5".
    pub(super) fn numbers_columns(&self) -> bool {
        let cells = || self.grid.filled(self.number);
        let numbers = |(at, (_, value)): (usize, (usize, &Value))| {
            let text = value.text();
            let bare = text.trim_matches(['(', ')', ' ']);
            let end = bare.find(|c: char| !c.is_ascii_digit()).unwrap_or(bare.len());
            let (number, rest) = bare.split_at_checked(end).unwrap_or_default();
            let is_formula = rest.trim_matches([')', ' ']).is_empty()
                || rest.trim_start_matches([')', ' ']).starts_with('=')
                    && !rest.contains(|c: char| c.is_alphabetic() && c != 'x' && c != 'X');
            is_formula && number.parse() == Ok(at.saturating_add(1))
        };
        cells().count() >= 3 && !self.is_described() && cells().enumerate().all(numbers)
    }

    /// True for a number and a text without any figure or unit.
    pub(super) fn is_bare_number(&self) -> bool {
        let has_figures = self.has_unit() || self.lacks_amount() || !self.figures().all(Value::is_empty);
        self.has_serial() && self.is_described() && !has_figures
    }

    /// True for a numbered row without figures whose parts follow: rows with amounts and without a number of their own, or
    /// with one that goes on from its.
    pub(super) fn is_heading(&self) -> bool {
        if !self.is_bare_number() {
            return false;
        }
        let mut below = self.number.saturating_add(1)..=self.grid.rows();
        // The text of the heading may go on in rows of its own.
        let next = below.find_map(|number| {
            let next = Row { number, ..*self };
            (next.has_serial() || next.has_figure()).then_some(next)
        });
        let Some(next) = next else {
            return false;
        };
        let is_part = next.serial_text().is_none_or(|serial| {
            let own = self.serial_text().unwrap_or_default();
            serial
                .strip_prefix(&own)
                .is_some_and(|rest| rest.starts_with('.'))
        });
        is_part && next.is_described() && next.has_amount() && !next.is_total()
    }

    /// True for an amount that only a label tells of: neither a number, nor a quantity, nor a rate.
    pub(super) fn is_lone_amount(&self) -> bool {
        let factors = [self.columns.quantity, self.columns.rate];
        !self.has_serial()
            && self.is_described()
            && self.has_amount()
            && factors.into_iter().all(|column| self.own(column).is_empty())
    }

    /// True for freight and the like between the items, which has an amount only.
    pub(super) fn is_charge(&self) -> bool {
        let text = self.value(self.columns.description).text();
        self.is_lone_amount() && charges::names_charge(&Words::of(&text))
    }

    /// What the figures of the row are called that are formulas without a value and follow from no others.
    pub(super) fn uncomputed_figures(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns;
        self.grid.uncomputed(self.number).filter_map(|column| {
            let is_discount = columns.discounts.iter().any(|(discount, _)| *discount == column);
            match column {
                _ if columns.tax_rate.contains(&column) => Some("tax rate"),
                _ if columns.tax_amount.contains(&column) => Some("tax"),
                _ if columns.total_with_gst == Some(column) => Some("amount with tax"),
                _ => is_discount.then_some("discount"),
            }
        })
    }

    /// A warning where the quantity names another unit than the column of units does.
    pub(super) fn odd_unit(&self) -> Option<String> {
        let quantity = self.value(self.columns.quantity);
        let (_, Some(own)) = quantities::read(quantity) else {
            return None;
        };
        let unit = self.text(self.columns.unit).filter(|unit| !unit.is_empty())?;
        (!quantities::are_alike(own, &unit)).then(|| {
            format!(
                "Row {}: the quantity is printed as \"{}\", but the unit as \"{unit}\"",
                self.number,
                quantity.text()
            )
        })
    }

    /// True for a row of totals: a text that begins as totals do, and a number; or such a text that says nothing else.
    /// Goods whose name begins so have a quantity, a rate and their product.
    pub(super) fn is_total(&self) -> bool {
        let mut values = self.grid.filled(self.number).map(|(_, value)| value);
        let has_number = values.any(|value| value.reading().number().is_some() || looks_like_figure(value))
            || self.grid.uncomputed(self.number).next().is_some();
        let has_factor = self.has_factor();
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
        let has_factor = self.has_factor();
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
        quantities::read(self.own(self.columns.quantity)).0.number()
    }

    /// The numbers of the row.
    pub(super) fn numbers(&self) -> Vec<Decimal> {
        let values = self.grid.filled(self.number);
        values.filter_map(|(_, value)| value.reading().number()).collect()
    }

    pub(super) fn item(&self) -> Item {
        let columns = self.columns;
        let tax = self.tax();
        let (quantity, unit) = quantities::read(self.value(columns.quantity));
        Item {
            serial: self.text(columns.serial),
            description: self.value(columns.description).text().to_string(),
            hsn: self.text(columns.hsn),
            unit: self
                .text(columns.unit)
                .filter(|unit| !unit.is_empty())
                .or_else(|| unit.map(str::to_owned)),
            quantity,
            rate: self.rate(|column| self.value(column).reading()),
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
        self.amount = add(self.amount, reading);
    }
}

/// The sum of two cells, of which one may be empty.
fn add(one: Reading, other: Reading) -> Reading {
    match (one, other) {
        (Reading::Unreadable, _) | (_, Reading::Unreadable) => Reading::Unreadable,
        (sum, Reading::Absent) => sum,
        (Reading::Absent, number) => number,
        (Reading::Number(sum), Reading::Number(number)) => Reading::Number(sum.saturating_add(number)),
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
