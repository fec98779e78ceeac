//! Where the item table is and what its columns hold.

use super::column_titles::{Field, Title};
use super::discounts::DiscountKind;
use super::grid::{Grid, Value};
use super::labels::Words;
use super::part_amounts;

/// An item table begins within so many rows.
pub(super) const MAX_PROFORMA_ROW: usize = 200;
pub(super) const MAX_BAJAJ_ROW: usize = 80;
/// The numbers of the columns, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) serial: Option<usize>,
    pub(super) description: Option<usize>,
    pub(super) hsn: Option<usize>,
    pub(super) quantity: Option<usize>,
    pub(super) unit: Option<usize>,
    pub(super) rate: Option<usize>,
    /// Prices that add to the rate, as that of the installation does.
    pub(super) rate_parts: Vec<usize>,
    /// Amount before tax, after a discount.
    pub(super) total: Option<usize>,
    /// What is taken off quantity times rate, once or as percentage and amount.
    pub(super) discounts: Vec<(usize, DiscountKind)>,
    /// What is titled as a tax rate, though it may hold amounts; several columns add up.
    pub(super) tax_rate: Vec<usize>,
    /// Several columns add up.
    pub(super) tax_amount: Vec<usize>,
    pub(super) total_with_gst: Option<usize>,
    /// Quantities and prices that the lines do not have.
    pub(super) others: Vec<usize>,
    /// Where several columns could be the amount before tax: all of them from `total` on.
    pub(super) amounts: Vec<usize>,
    /// Where several columns could be the rate: all of them.
    pub(super) prices: Vec<usize>,
}

impl Columns {
    /// True if a column is known to hold something else than the amount before tax.
    pub(super) fn is_known(&self, column: usize) -> bool {
        [
            self.serial,
            self.description,
            self.hsn,
            self.quantity,
            self.unit,
            self.rate,
            self.total_with_gst,
        ]
        .contains(&Some(column))
            || self.tax_rate.contains(&column)
            || self.tax_amount.contains(&column)
            || self.others.contains(&column)
            || self.discounts.iter().any(|(discount, _)| *discount == column)
    }

    /// The rate and the amounts before and with tax: the leftmost of each, unless a title or a discount says that another
    /// is what the line is worth.
    fn take_rate_and_total(&mut self, rates: &Candidates, sums: &Candidates) {
        let discount = self.discounts.iter().map(|(column, _)| *column).max();
        let is_beyond = |column: usize| discount.is_some_and(|discount| column > discount);
        let net_rate = rates.preferred().or_else(|| rates.find(is_beyond));
        self.rate = net_rate.filter(|_| discount.is_some()).or(rates.first());
        if self.rate != rates.first() {
            // The discount leads from one price to the other; the amount follows from the second.
            self.discounts.clear();
        }
        let first_tax = self
            .tax_amount
            .iter()
            .min()
            .or(self.tax_rate.iter().min())
            .copied();
        let is_late = |column: usize| first_tax.is_some_and(|tax| column > tax);
        self.total = sums
            .preferred()
            .or_else(|| sums.find(|column| is_beyond(column) && !is_late(column)))
            .or(sums.first());
        // A second total to the right of the taxes includes them.
        let is_second = |column: usize| is_late(column) && self.total.is_some_and(|total| column > total);
        self.total_with_gst = self.total_with_gst.or_else(|| sums.find(is_second));
        // A title or a discount that tells is not outvoted by figures.
        if self.discounts.is_empty() && net_rate.is_none() && sums.preferred().is_none() {
            let from_total = |column: &usize| self.total.is_some_and(|total| *column >= total);
            let before_tax = |column: &usize| !is_late(*column) && Some(*column) != self.total_with_gst;
            self.amounts = sums.columns().filter(from_total).filter(before_tax).collect();
            self.prices = rates.columns().collect();
            for several in [&mut self.amounts, &mut self.prices] {
                several.truncate(if several.len() > 1 { several.len() } else { 0 });
            }
        }
    }

    /// How many columns are known.
    fn count(&self) -> usize {
        let single = [
            self.serial,
            self.description,
            self.hsn,
            self.quantity,
            self.unit,
            self.rate,
            self.total,
            self.total_with_gst,
        ];
        let lists = [self.tax_rate.len(), self.tax_amount.len(), self.discounts.len()];
        let several: usize = lists.iter().sum();
        single.iter().flatten().count().saturating_add(several)
    }
}

/// An item table on a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// The (first) row of titles.
    pub(super) header_row: usize,
    /// The first row below the titles.
    pub(super) first_row: usize,
    pub(super) columns: Columns,
    /// What is in doubt about the columns.
    pub(super) warnings: Vec<String>,
}

/// A title row: the columns with their words, and how many rows it takes.
struct Titles {
    cells: Vec<(usize, Title)>,
    height: usize,
}

/// The item table of a proforma invoice: one with serial numbers, else one that is told by its other titles.
pub(super) fn find_proforma(grid: &Grid) -> Option<Table> {
    find_numbered_proforma(grid).or_else(|| {
        find(grid, MAX_PROFORMA_ROW, |titles| {
            let has = |test: fn(&Title) -> bool| titles.cells.iter().any(|(_, title)| test(title));
            let is_sum = |title: &Title| title.is_price() || title.field(true) == Some(Field::Total);
            has(Title::is_description) && has(Title::is_quantity) && has(is_sum)
        })
    })
}

/// The item table whose first title row names a serial number or an item, a description and a quantity or price.
pub(super) fn find_numbered_proforma(grid: &Grid) -> Option<Table> {
    find(grid, MAX_PROFORMA_ROW, |titles| {
        let has = |test: fn(&Title) -> bool| titles.cells.iter().any(|(_, title)| test(title));
        has(|title| title.is_serial() || title.is_item())
            && has(|title| title.is_description() || title.is_item())
            && has(|title| title.is_quantity() || title.is_price())
    })
}

/// The item table of a Bajaj order: its title row names a description and, in another cell, a quantity, rate or amount.
pub(super) fn find_bajaj(grid: &Grid) -> Option<Table> {
    find(grid, MAX_BAJAJ_ROW, |titles| {
        let is_description = |words: &Words| {
            words.has("DESCRIPTION")
                || ["ITEM", "ITEMS", "PARTICULARS"]
                    .iter()
                    .any(|word| words.are(&[*word]))
        };
        let is_figure = |words: &Words| words.has_any(&["QTY", "QUANTITY", "RATE", "AMOUNT"]);
        titles.cells.iter().any(|(column, title)| {
            let others = || titles.cells.iter().filter(|(other, _)| other != column);
            is_description(&title.words) && others().any(|(_, other)| is_figure(&other.words))
        })
    })
}

fn find(grid: &Grid, last_row: usize, is_header: impl Fn(&Titles) -> bool) -> Option<Table> {
    let table_at = |row: usize| {
        let titles = titles(grid, row);
        let columns = columns(&titles);
        (is_header(&titles) && columns.description.is_some()).then(|| Table {
            header_row: row,
            first_row: row.saturating_add(titles.height),
            columns,
            warnings: Vec::new(),
        })
    };
    let mut table = (1..=last_row.min(grid.rows())).find_map(|row| {
        let table = table_at(row)?;
        let next_row = row.saturating_add(1);
        // A label right above the titles, with its value, looks like their first row. It adds no column. Nor does a row of
        // groups that has all its titles below.
        let is_double = table.first_row > next_row;
        let below = table_at(next_row).filter(|below| {
            let (own, others) = (table.columns.count(), below.columns.count());
            others > own || is_double && others == own
        });
        Some(below.unwrap_or(table))
    })?;
    part_amounts::settle(grid, &mut table);
    Some(table)
}

fn titles(grid: &Grid, row: usize) -> Titles {
    let height = if has_second_title_row(grid, row) { 2 } else { 1 };
    let mut cells = Vec::new();
    let mut group: Option<&str> = None;
    for column in 1..=grid.columns() {
        let top = grid.cell(row, column);
        match &top.value {
            Value::Text(text) => group = Some(text),
            Value::Empty => {}
            _ => group = None,
        }
        let bottom = grid.cell(row.saturating_add(1), column);
        let joins = height == 2 && !bottom.is_copy && !bottom.value.is_empty();
        let text = match (&top.value, joins) {
            (Value::Text(top), true) => format!("{top} {}", bottom.value.text()),
            // A title reaches over the empty cells at its right, merged or not.
            (Value::Empty, true) if is_part_title(&bottom.value) => {
                format!("{} {}", group.unwrap_or_default(), bottom.value.text())
            }
            (_, true) => bottom.value.text().to_string(),
            (Value::Text(text), false) if !top.is_copy => text.to_string(),
            _ => continue,
        };
        cells.push((column, Title::of(&text)));
    }
    Titles { cells, height }
}

/// True if the titles go on in the next row: one reaches down into it, or one spans columns that have titles of their
/// own there.
fn has_second_title_row(grid: &Grid, row: usize) -> bool {
    let next = row.saturating_add(1);
    let is_text =
        |(_, value): (usize, &Value)| matches!(value, Value::Text(_)) && value.reading().number().is_none();
    if grid.is_blank(next) || !grid.filled(next).all(is_text) {
        return false;
    }
    let has_own = |column: usize| {
        let cell = grid.cell(next, column);
        !cell.is_copy && !cell.value.is_empty()
    };
    let has_only_parts = grid.filled(next).all(|(_, value)| is_part_title(value));
    grid.filled(row).any(|(column, value)| {
        let below = grid.cell(next, column);
        let reaches_down = below.is_copy && below.value == *value;
        let has_parts = has_only_parts && matches!(value, Value::Text(_)) && has_own(column);
        let span = (column.saturating_add(1)..=grid.columns())
            .take_while(|column| grid.cell(row, *column).is_copy && grid.value(row, *column) == value);
        reaches_down
            || has_parts
            || span.clone().next().is_some() && has_own(column) && span.into_iter().any(has_own)
    })
}

/// True for the second half of a title, which says nothing without the first: "Rate" and "Amt" below "CGST".
fn is_part_title(value: &Value) -> bool {
    const PARTS: &[&str] = &[
        "RATE",
        "%",
        "PERCENT",
        "PERCENTAGE",
        "AMT",
        "AMOUNT",
        "VALUE",
        "TAX",
        "RS",
        "INR",
        "NO",
        "IN",
        "PRICE",
    ];
    matches!(value, Value::Text(text) if Words::of(text).are_among(PARTS))
}

fn columns(titles: &Titles) -> Columns {
    // "BOQ Qty" names a quantity, so it does not make "Item" a serial number.
    let is_description = |title: &Title| title.field(true) == Some(Field::Description);
    let has_description = titles.cells.iter().any(|(_, title)| is_description(title));
    let has_explicit = titles
        .cells
        .iter()
        .any(|(_, title)| title.says_with_tax() && title.field(true) == Some(Field::TotalWithGst));
    let mut columns = Columns::default();
    let mut partial_rates = Vec::new();
    let mut partial_amounts = Vec::new();
    let mut sums = Candidates::default();
    let mut rates = Candidates::default();
    let mut quantities = Candidates::default();
    for (column, title) in &titles.cells {
        let column = *column;
        match title.field(has_description) {
            // "Gross" beside an amount that says to include the tax is one before a discount.
            Some(Field::TotalWithGst)
                if title.words.has("GROSS") && !title.says_with_tax() && has_explicit => {}
            Some(Field::TotalWithGst) => set(&mut columns.total_with_gst, column),
            Some(Field::Hsn) => set(&mut columns.hsn, column),
            Some(Field::TaxRate(true)) => partial_rates.push(column),
            Some(Field::TaxRate(false)) if columns.tax_rate.is_empty() => columns.tax_rate.push(column),
            Some(Field::TaxAmount(true)) => partial_amounts.push(column),
            Some(Field::TaxAmount(false)) if columns.tax_amount.is_empty() => columns.tax_amount.push(column),
            Some(Field::TaxRate(false) | Field::TaxAmount(false)) | None => {}
            Some(Field::Quantity) => quantities.add(column, !title.is_other_quantity()),
            Some(Field::Rate) => rates.add(column, title.is_net_price()),
            Some(Field::Discount(kind)) => columns.discounts.push((column, kind)),
            Some(Field::Unit) => set(&mut columns.unit, column),
            Some(Field::Total) => sums.add(column, title.is_taxable()),
            Some(Field::Description) => set(&mut columns.description, column),
            Some(Field::Serial) => set(&mut columns.serial, column),
        }
    }
    // Where the whole tax has a column, the parts are only its breakdown.
    if columns.tax_rate.is_empty() {
        columns.tax_rate = partial_rates;
    }
    if columns.tax_amount.is_empty() {
        columns.tax_amount = partial_amounts;
    }
    columns.quantity = quantities.preferred().or(quantities.first());
    columns.take_rate_and_total(&rates, &sums);
    let known = quantities.all.iter().chain(&rates.all);
    let chosen = [columns.quantity, columns.rate];
    let others = known.map(|(column, _)| *column);
    columns.others = others.filter(|column| !chosen.contains(&Some(*column))).collect();
    columns
}

/// The columns that could be one field, from the left.
#[derive(Default)]
struct Candidates {
    /// The flag is true for one whose title says that it is the one.
    all: Vec<(usize, bool)>,
}

impl Candidates {
    fn add(&mut self, column: usize, is_preferred: bool) {
        self.all.push((column, is_preferred));
    }

    fn first(&self) -> Option<usize> {
        self.find(|_| true)
    }

    fn preferred(&self) -> Option<usize> {
        let mut all = self.all.iter();
        all.find(|(_, is_preferred)| *is_preferred)
            .map(|(column, _)| *column)
    }

    fn columns(&self) -> impl Iterator<Item = usize> {
        self.all.iter().map(|(column, _)| *column)
    }

    fn find(&self, test: impl Fn(usize) -> bool) -> Option<usize> {
        self.all
            .iter()
            .map(|(column, _)| *column)
            .find(|column| test(*column))
    }
}

/// The leftmost column wins.
fn set(place: &mut Option<usize>, column: usize) {
    place.get_or_insert(column);
}

#[cfg(test)]
mod tests;
