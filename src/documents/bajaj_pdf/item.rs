//! The fields of one item, from its lines.

use rust_decimal::Decimal;

use super::blocks::Block;
use super::figures::Figures;
use super::kinds::Kind;
use super::notes::{NOTES, TAXES, is_address, is_forward, is_note, is_only_number};
use super::rows::{Row, amount_of, is_currency, is_garbled, quantity_in};
use super::taxes::{self, TaxLine};
use super::with_tax;
use crate::documents::grid::Reading;
use crate::documents::items::{Item, RateReading};
use crate::documents::pdf::Word;
use crate::documents::remarks::Remarks;
use crate::documents::text::{self, round_money};

const MAX_DESCRIPTION: usize = 2_000;
const UNKNOWN: &str = "UNKNOWN ITEM";
/// Behind it, the item is described again.
const STATUS_END: &str = "LOCATION ON DETAIL";
/// What one item says.
#[derive(Debug, Default)]
struct Reader {
    quantity: Option<Decimal>,
    unit: Option<String>,
    amounts: Vec<Decimal>,
    /// What stands in its column.
    tax: Option<Decimal>,
    /// The lines of tax below.
    tax_lines: Vec<TaxLine>,
    description: Vec<String>,
    /// Between "Unconfirmed" and "Location on Detail".
    in_status: bool,
    /// How many lines to come end such a span.
    status_ends: usize,
    /// What the columns say, where the item stands in columns.
    figures: Option<Figures>,
    /// Whether another number may be the quantity as well.
    is_unsure: bool,
    /// Lines with figures that are neither the item's nor a note.
    strays: Vec<String>,
}

/// Reads the item at `index`.
pub(super) fn read(block: &Block<'_>, index: usize, remarks: &mut Remarks) -> Item {
    let ends_status = |row: &&&Row| row.text.to_uppercase().contains(STATUS_END);
    let mut reader = Reader {
        status_ends: block.rows.iter().filter(ends_status).count(),
        ..Reader::default()
    };
    for (line, row) in block.above.iter().enumerate() {
        let numbered = row
            .text
            .split_once(' ')
            .filter(|_| line == 0 && block.is_numbered_above);
        reader.describe_with(numbered.map_or(&*row.text, |(_, text)| text));
    }
    for (line, row) in block.rows.iter().enumerate() {
        match (&block.figures, line) {
            (Some(figures), 0) => reader.take_table(figures),
            (None, 0) => reader.take_first(row, block),
            (Some(_), _) => reader.take_below(row, block),
            (None, _) => reader.take_more(row, &row.text),
        }
    }
    if reader.is_unsure || block.figures.as_ref().is_some_and(|figures| !figures.is_sure) {
        remarks.note(
            index,
            "its figures stand between the titles; those of the nearest titles are taken",
        );
    }
    for stray in &reader.strays {
        remarks.note(
            index,
            format!("the figures in \"{stray}\" below it are of no line"),
        );
    }
    let mut description = reader.description.join(" ");
    if description.is_empty() {
        description.push_str(UNKNOWN);
        remarks.note(index, "no description is printed");
    } else if description.chars().count() > MAX_DESCRIPTION {
        description = description.chars().take(MAX_DESCRIPTION).collect();
        remarks.note(
            index,
            format!("the description is cut to {MAX_DESCRIPTION} characters"),
        );
    }
    if let Some(figures) = reader.figures.take() {
        let is_without_tax = figures.is_sum_with_besides();
        let mut item = figures.into_item(block.number.clone(), description);
        item.tax_amount = match (item.tax_amount, reader.tax()) {
            (Reading::Absent, Some(tax)) => Reading::Number(tax),
            (own, _) => own,
        };
        let has_tax_columns = item.tax_amount != Reading::Absent
            || item.tax_rate.value.is_some()
            || item.total_with_gst != Reading::Absent;
        if !has_tax_columns && !is_without_tax {
            with_tax::split_amount(&mut item, index, remarks);
        }
        return item;
    }
    let tax = reader.tax();
    let (rate, amount) = match reader.amounts.as_slice() {
        [] => (Reading::Absent, Reading::Absent),
        [amount] => (Reading::Absent, Reading::Number(*amount)),
        [rate, amount, ..] => (Reading::Number(*rate), Reading::Number(*amount)),
    };
    let mut item = Item {
        serial: block.number.clone(),
        description,
        hsn: None,
        unit: reader.unit,
        quantity: reader.quantity.map_or(Reading::Absent, Reading::Number),
        rate,
        total: amount,
        tax_rate: RateReading::default(),
        tax_amount: tax.map_or(Reading::Absent, Reading::Number),
        total_with_gst: Reading::Absent,
        ..Item::default()
    };
    with_tax::split_amount(&mut item, index, remarks);
    item
}

impl Reader {
    /// The line with the item's number and figures.
    fn take_first(&mut self, row: &Row, block: &Block<'_>) {
        let words = row.words.as_slice();
        let mut used = vec![false; words.len()];
        let mut mark = |index: usize| {
            if let Some(place) = used.get_mut(index) {
                *place = true;
            }
        };
        if block.number.is_some() {
            mark(0);
        }
        let mut behind = 0;
        let in_parentheses = quantity_in(words, usize::from(block.number.is_some()));
        let in_column = self.quantity_in_column(words, block);
        // Where units have a column of their own, a description may end like a quantity.
        let in_parentheses = in_parentheses.filter(|quantity| {
            let word = words.get(quantity.first);
            !block.columns.have_units()
                || in_column.is_none()
                || word.is_some_and(|word| block.columns.at(word) == Kind::Quantity)
        });
        if let Some(quantity) = in_parentheses {
            (quantity.first..quantity.behind).for_each(&mut mark);
            behind = quantity.behind;
            self.quantity = Some(quantity.value);
            self.unit = Some(quantity.unit);
        } else if let Some((index, value)) = in_column {
            mark(index);
            behind = index.saturating_add(1);
            self.quantity = Some(value);
            if let Some((index, unit)) = block.columns.unit_in(words, index) {
                mark(index);
                self.unit = Some(unit);
            }
        }
        // Figures stand right of the quantity; left of it, a number belongs to the description.
        for (index, word) in words.iter().enumerate().skip(behind) {
            let is_percent = word.text.ends_with('%') && behind > 0;
            let beside = [index.checked_sub(1), index.checked_add(1)];
            let is_of_amount = is_currency(word)
                && beside
                    .into_iter()
                    .flatten()
                    .any(|at| words.get(at).is_some_and(|word| amount_of(word).is_some()));
            if is_percent || is_of_amount {
                mark(index);
            } else if let Some(amount) = amount_of(word) {
                mark(index);
                if behind > 0 && block.columns.at(word) == Kind::Tax {
                    self.tax = Some(self.tax.unwrap_or_default().saturating_add(amount));
                } else {
                    self.amounts.push(amount);
                }
            }
        }
        for (index, word) in words.iter().enumerate() {
            let is_of_date = index == behind && behind > 0 || block.columns.at(word) == Kind::Date;
            if is_of_date {
                date_at(words, index).for_each(&mut mark);
            }
        }
        let text: Vec<&str> = words
            .iter()
            .zip(&used)
            .filter(|(_, used)| !**used)
            .map(|(word, _)| word.text.as_str())
            .collect();
        self.describe(&text.join(" "));
    }

    /// The number under Qty. Of several, that which gives the amount, and else the last, which is nearest to the figures.
    fn quantity_in_column(&mut self, words: &[Word], block: &Block<'_>) -> Option<(usize, Decimal)> {
        let numbers = block.columns.quantities_in(words);
        let amounts: Vec<Decimal> = words.iter().filter_map(amount_of).collect();
        let gives_amount = |(_, quantity): &&(usize, Decimal)| {
            amounts.windows(2).any(|pair| match pair {
                [price, amount] => quantity
                    .checked_mul(*price)
                    .is_some_and(|product| round_money(product) == *amount),
                _ => false,
            })
        };
        let proven = numbers.iter().find(gives_amount);
        self.is_unsure = numbers.len() > 1 && proven.is_none();
        proven.or(numbers.last()).copied()
    }

    /// The line with the item's number and figures, each in its column.
    fn take_table(&mut self, figures: &Figures) {
        self.describe(&figures.description);
        self.quantity = figures.quantity.number();
        self.amounts.extend(figures.amount.number());
        self.figures = Some(figures.clone());
    }

    /// A line below the one with the figures, which may complete them.
    fn take_below(&mut self, row: &Row, block: &Block<'_>) {
        let is_note = self.in_status
            || is_note(row)
            || taxes::is_tax(row)
            || row.text.to_uppercase().contains("UNCONFIRMED");
        let is_priced = self.figures.as_ref().is_some_and(Figures::are_whole);
        let is_text = block.columns.are_left_of_figures(row) && !row.words.iter().any(is_currency);
        if is_priced && is_text && !is_note {
            // An amount there is part of a text.
            self.describe_with(&row.text);
            return;
        }
        let below = block
            .columns
            .read(row)
            .filter(|below| !is_note && !below.is_split);
        let (Some(below), Some(own)) = (below, self.figures.as_mut()) else {
            self.take_more(row, &row.text);
            return;
        };
        if !below.is_of_figures() {
            if below.has_figures() {
                self.take_more(row, &row.text);
                return;
            }
            // What stands below a date or a code is more of that, and no part of the description.
            if let Some(more) = &below.unit {
                own.add_to_unit(more);
            }
            let text: Vec<&str> = below
                .number
                .iter()
                .map(String::as_str)
                .chain([&*below.description])
                .collect();
            self.take_more(row, text.join(" ").trim());
            return;
        }
        let pairs = [
            (&mut own.quantity, &below.quantity),
            (&mut own.price, &below.price),
            (&mut own.amount, &below.amount),
            (&mut own.gross, &below.gross),
            (&mut own.discount, &below.discount),
        ];
        let mut is_whole = true;
        for (own, below) in pairs {
            is_whole &= own.continue_with(below);
        }
        own.unit = own.unit.take().or_else(|| below.unit.clone());
        if !is_whole {
            self.strays.push(row.text.clone());
        }
        self.describe(&below.description);
    }

    /// A line below the one with the figures; `text` is what of it may describe the item.
    fn take_more(&mut self, row: &Row, text: &str) {
        let upper = row.text.to_uppercase();
        if self.in_status || upper.contains("UNCONFIRMED") {
            self.take_status(row, &upper);
            return;
        }
        if row.starts_with_any(NOTES) || is_forward(row) {
            return;
        }
        let amounts: Vec<Decimal> = row.words.iter().filter_map(amount_of).collect();
        if row.starts_with_any(TAXES) || taxes::is_tax(row) {
            self.take_tax(row);
            return;
        }
        if self.quantity.is_none()
            && let Some(quantity) = quantity_in(&row.words, 0)
        {
            self.quantity = Some(quantity.value);
            self.unit = Some(quantity.unit);
        }
        let names_currency = row
            .words
            .iter()
            .any(|word| is_currency(word) || word.text.contains("INR") || word.text.contains('₹'));
        let is_only_figures = row
            .words
            .iter()
            .all(|word| amount_of(word).is_some() || is_currency(word));
        let is_sum = row.starts_with_any(&["SUBTOTAL", "SUB TOTAL", "AMOUNT", "TOTAL AMOUNT", "UNIT PRICE"]);
        let has_figures = !amounts.is_empty() && (names_currency || is_only_figures || is_sum);
        // The first line has the figures, unless it is broken in two.
        let is_wanted = match self.amounts.len() {
            0 => true,
            1 => is_only_figures,
            _ => false,
        };
        if has_figures && is_wanted {
            self.amounts.extend(amounts);
        }
        if row.words.iter().any(is_garbled) {
            self.strays.push(row.text.clone());
        }
        if !has_figures {
            self.describe_with(text);
        }
    }

    /// The tax of this line alone. One that is more than the line's amount is of something else.
    fn take_tax(&mut self, row: &Row) {
        let Some(line) = TaxLine::of(row) else {
            return;
        };
        self.tax_lines.push(line);
        let sum = self.tax().unwrap_or_default();
        if !self.amounts.iter().any(|amount| sum <= *amount) {
            self.tax_lines.pop();
            self.strays.push(row.text.clone());
        }
    }

    fn tax(&self) -> Option<Decimal> {
        let below = (!self.tax_lines.is_empty()).then(|| taxes::sum(&self.tax_lines));
        match (self.tax, below) {
            (Some(own), Some(below)) => Some(own.saturating_add(below)),
            (own, below) => own.or(below),
        }
    }

    /// What stands between these two is about the delivery.
    fn take_status(&mut self, row: &Row, upper: &str) {
        let start = if self.in_status {
            0
        } else {
            upper.find("UNCONFIRMED").unwrap_or(0)
        };
        let end = upper.find(STATUS_END).filter(|end| *end >= start);
        // The places are those of the upper-case text; where it has another length, the whole line goes.
        if upper.len() == row.text.len() {
            let before = row.text.get(..start).unwrap_or_default();
            // How many are unconfirmed says nothing about what they are, nor does a line of another note.
            let says_what = before
                .split_whitespace()
                .any(|word| word.starts_with(char::is_alphabetic));
            if says_what && !row.starts_with_any(NOTES) {
                self.describe(before);
            }
            if let Some(end) = end {
                let after = row
                    .text
                    .get(end.saturating_add(STATUS_END.len())..)
                    .unwrap_or_default();
                self.describe(after);
            }
        }
        self.status_ends = self.status_ends.saturating_sub(usize::from(end.is_some()));
        // Without an end below, the line alone is about the delivery.
        self.in_status = end.is_none() && self.status_ends > 0;
    }

    /// A line of a description, unless it is one of those that stand among these and say nothing of the item.
    fn describe_with(&mut self, line: &str) {
        if !is_only_number(line) && !is_address(line) {
            self.describe(line);
        }
    }

    fn describe(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.description.push(text.to_owned());
        }
    }
}

/// The words of a date that begins at this place: when the item is needed.
fn date_at(words: &[Word], start: usize) -> std::ops::Range<usize> {
    for length in (1..=4).rev() {
        let end = start.saturating_add(length);
        let Some(part) = words.get(start..end) else {
            continue;
        };
        let texts: Vec<&str> = part.iter().map(|word| word.text.as_str()).collect();
        if text::date(&texts.join(" ")).is_some() {
            return start..end;
        }
    }
    start..start
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::super::columns::Columns;
    use super::super::rows::tests::row;
    use super::super::titles;
    use super::*;

    fn read_rows(rows: &[Row]) -> (Item, Vec<String>) {
        let titles = row(&[
            (0, "Line # Part # / Description"),
            (200, "Qty (Unit)"),
            (300, "Price"),
            (400, "Amount"),
        ]);
        let block = Block {
            number: Some("1".into()),
            figures: None,
            above: Vec::new(),
            is_numbered_above: false,
            rows: rows.iter().collect(),
            columns: Columns::of(titles::read(&[titles]), &[]),
            has_sum: false,
        };
        let mut remarks = Remarks::default();
        let item = read(&block, 0, &mut remarks);
        (item, remarks.into_warnings())
    }

    #[test]
    fn notes_on_an_item_are_no_part_of_its_description() {
        let lines = [
            "1 Oak table 10 (EA) 20 Feb 2026 500.00 INR 5,000.00 INR",
            "oiled, 2.50 m long",
            "STATUS",
            "10 (EA) Unconfirmed",
            "Ship by 22 Feb 2026",
            "See Location on Detail with glass",
            "TAX",
            "OTHER INFORMATION",
            "Req. Line No.: 1",
            "PR No. 1000012345",
            "Storage Location: 12",
            "Classification Domain: unspsc",
            "Incoterms",
            "MAHARASHTRA MUMBAI",
            "123456789",
            "Discount INR 0.00",
            "STATUS 3 Unconfirmed",
            "Location on Detail",
            "PDF generated by Example",
            "Statusful taxi",
        ];
        let rows: Vec<Row> = lines.iter().map(|line| row(&[(0, line)])).collect();
        let (item, warnings) = read_rows(&rows);

        assert_eq!(
            item.description,
            "Oak table oiled, 2.50 m long with glass Statusful taxi"
        );
        assert_eq!(item.quantity, Reading::Number(dec!(10)));
        assert_eq!(item.unit.as_deref(), Some("EA"));
        assert_eq!(
            (item.rate, item.total),
            (Reading::Number(dec!(500)), Reading::Number(dec!(5000)))
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn an_amount_that_includes_a_usual_tax_is_split() {
        for (amount, tax) in [
            ("5,900.00", true),
            ("6,400.00", true),
            ("5,600.00", true),
            ("5,250.00", true),
            ("5,000.50", false),
            ("5,500.00", false),
        ] {
            let (item, warnings) = read_rows(&[row(&[(0, &format!("1 Chair 10 (EA) 500.00 {amount}"))])]);
            assert_eq!(item.total_with_gst != Reading::Absent, tax, "{amount}");
            assert_eq!(warnings == ["Line 1: amount includes tax"], tax, "{amount}");
            if tax {
                assert_eq!(item.total, Reading::Number(dec!(5000)));
            }
        }
    }

    #[test]
    fn one_amount_is_that_of_the_line_and_none_is_none() {
        let (item, _) = read_rows(&[row(&[(0, "1 Chair 10 (EA) 5,000.00 INR")])]);
        assert_eq!(
            (item.rate, item.total),
            (Reading::Absent, Reading::Number(dec!(5000)))
        );
        let (item, warnings) = read_rows(&[row(&[(0, "1 10 (EA)")])]);
        assert_eq!(item.total, Reading::Absent);
        assert_eq!(item.description, UNKNOWN);
        assert_eq!(warnings, ["Line 1: no description is printed"]);
    }

    #[test]
    fn a_tax_that_stands_under_its_item_is_its_own() {
        let rows = [
            row(&[(0, "1 Chair 10 (EA) 500.00 5,000.00")]),
            row(&[(0, "Tax: CGST 9% 450.00 INR")]),
            row(&[(0, "Tax: SGST 9% 450.00 INR")]),
        ];
        assert_eq!(read_rows(&rows).0.tax_amount, Reading::Number(dec!(900)));
    }
}
