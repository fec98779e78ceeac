//! Tables with several columns of amounts or prices, as for supply and installation: which of them says what a line is
//! worth, and what one unit costs.
//!
//! The titles do not tell, so the figures must, and in every row: a later column is the amount where it is the sum of the
//! amounts before it, or where it is quantity times rate and the first is not. In doubt the first is kept, with a warning.

use rust_decimal::Decimal;

use super::grid::{Grid, Value};
use super::labels::Words;
use super::lines::agree;
use super::table::{Columns, Table};

/// With one of these in a title, an amount is of more or other work than the line's.
const OTHER_WORK: &[&str] = &[
    "PREVIOUS",
    "PREV",
    "EARLIER",
    "LAST",
    "BILLED",
    "BALANCE",
    "CUMULATIVE",
    "UPTO",
    "TILL",
    "PO",
    "ORDER",
    "ORDERED",
];

/// Settles the columns of amounts and prices of a table.
pub(super) fn settle(grid: &Grid, table: &mut Table) {
    let columns = &table.columns;
    let Some(total) = columns.total else { return };
    if columns.amounts.len() < 2 && columns.prices.len() < 2 {
        return;
    }
    let figures = Figures {
        grid,
        columns,
        rows: (table.first_row..=grid.rows())
            .filter(|row| is_item(grid, *row, columns))
            .collect(),
    };
    let others = || columns.amounts.iter().copied().filter(|column| *column > total);
    let names = |column: usize| titles(grid, table, column);
    let is_of_line = |column: usize| !Words::of(&names(column)).has_any(OTHER_WORK);
    let is_amount = |other: &usize| {
        let parts = figures.parts(total, *other);
        let is_sum = parts.iter().copied().all(is_of_line) && figures.is_sum(*other, &parts);
        is_sum && figures.differing(total, *other).is_some() || figures.is_product(total, *other)
    };
    let chosen = others().rfind(is_amount);
    let doubt = others().find_map(|other| Some((other, figures.differing(total, other)?)));
    if let (None, Some((other, row))) = (chosen, doubt) {
        let printed = |column: usize| figures.number(row, column).unwrap_or_default().normalize();
        table.warnings.push(format!(
            "Row {row}: \"{}\" is {} and \"{}\" is {}; \"{}\" is taken as the amount",
            names(total),
            printed(total),
            names(other),
            printed(other),
            names(total)
        ));
    }
    let total = chosen.unwrap_or(total);
    let prices = figures.prices(total);
    table.columns.total = Some(total);
    if let Some(([first, parts @ ..], columns)) = prices.as_deref().map(|prices| (prices, &mut table.columns))
    {
        columns.others.extend(columns.rate.filter(|rate| rate != first));
        columns.others.retain(|column| column != first);
        columns.rate = Some(*first);
        columns.rate_parts = parts.to_vec();
    }
}

/// True for a row with a quantity of something described, or with a number where no quantities are printed.
fn is_item(grid: &Grid, row: usize, columns: &Columns) -> bool {
    let description = grid.value(row, columns.description.unwrap_or(0));
    let is_described = matches!(description, Value::Text(text) if text.contains(char::is_alphabetic));
    let counted = columns.quantity.or(columns.serial);
    is_described && counted.is_some_and(|column| number(grid, row, column).is_some())
}

/// The title of a column, of all rows of titles.
fn titles(grid: &Grid, table: &Table, column: usize) -> String {
    let texts = (table.header_row..table.first_row).map(|row| grid.cell(row, column));
    let own = texts.filter(|cell| !cell.is_copy && !cell.value.is_empty());
    own.map(|cell| cell.value.text().to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn number(grid: &Grid, row: usize, column: usize) -> Option<Decimal> {
    let cell = grid.cell(row, column);
    (!cell.is_copy).then(|| cell.value.reading().number())?
}

/// The figures of the items below a table's titles.
struct Figures<'a> {
    grid: &'a Grid,
    columns: &'a Columns,
    rows: Vec<usize>,
}

impl Figures<'_> {
    fn number(&self, row: usize, column: usize) -> Option<Decimal> {
        number(self.grid, row, column)
    }

    /// The first row in which two columns hold different figures.
    fn differing(&self, one: usize, other: usize) -> Option<usize> {
        let differ = |row: &&usize| {
            self.number(**row, other)
                .is_some_and(|other| !agree(self.number(**row, one).unwrap_or_default(), other))
        };
        self.rows.iter().find(differ).copied()
    }

    /// The columns from `first` up to another that hold amounts, or numbers of which nothing else is known.
    fn parts(&self, first: usize, end: usize) -> Vec<usize> {
        let is_part = |column: &usize| {
            self.columns.amounts.contains(column)
                || !self.columns.is_known(*column)
                    && self.rows.iter().any(|row| self.number(*row, *column).is_some())
        };
        (first..end).filter(is_part).collect()
    }

    /// True if a column holds in each row the sum of several others.
    fn is_sum(&self, column: usize, parts: &[usize]) -> bool {
        let sum = |row: usize| {
            let numbers = parts.iter().filter_map(|part| self.number(row, *part));
            numbers.fold(Decimal::ZERO, Decimal::saturating_add)
        };
        parts.len() > 1
            && self
                .rows
                .iter()
                .all(|row| agree(self.number(*row, column).unwrap_or_default(), sum(*row)))
    }

    /// True if a column holds quantity times rate in each row, and the one taken for it in none.
    fn is_product(&self, taken: usize, column: usize) -> bool {
        let Some(rate) = self.columns.rate else {
            return false;
        };
        let mut rows = self.rows.iter().peekable();
        rows.peek().is_some()
            && rows.all(|row| {
                self.product(*row, &[rate]).is_some_and(|product| {
                    let is_product = |column| {
                        self.number(*row, column)
                            .is_some_and(|amount| agree(amount, product))
                    };
                    is_product(column) && !is_product(taken)
                })
            })
    }

    /// Quantity times the sum of prices; `None` if none is printed.
    fn product(&self, row: usize, prices: &[usize]) -> Option<Decimal> {
        let printed: Vec<Decimal> = prices
            .iter()
            .filter_map(|price| self.number(row, *price))
            .collect();
        let sum =
            (!printed.is_empty()).then(|| printed.into_iter().fold(Decimal::ZERO, Decimal::saturating_add));
        self.number(row, self.columns.quantity?)?.checked_mul(sum?)
    }

    /// The prices that together give the amount in each row where the first does in none: another one, or all.
    fn prices(&self, total: usize) -> Option<Vec<usize>> {
        let own = self.columns.rate?;
        let fits = |row: &usize, prices: &[usize]| {
            self.product(*row, prices)
                .zip(self.number(*row, total))
                .is_some_and(|(product, total)| agree(product, total))
        };
        let all = &self.columns.prices;
        if all.len() < 2 || self.rows.is_empty() {
            return None;
        }
        let singles = all.iter().map(|price| vec![*price]);
        let mut sets = std::iter::once(vec![own])
            .chain(std::iter::once(all.clone()))
            .chain(singles);
        sets.find(|prices| self.rows.iter().all(|row| fits(row, prices)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::table;

    /// The columns of the amount, of the rate and of what adds to it, and the warnings.
    fn settled(titles: &[&str], rows: &[&[&str]]) -> (Option<usize>, Option<usize>, Vec<usize>, Vec<String>) {
        let titles: Vec<&str> = ["Sr", "Description", "Qty"]
            .iter()
            .chain(titles)
            .copied()
            .collect();
        let items = rows
            .iter()
            .map(|row| ["1", "Wall"].iter().chain(*row).copied().collect());
        let all: Vec<Vec<&str>> = std::iter::once(titles).chain(items).collect();
        let slices: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
        let table = table::find_proforma(&Grid::of(&slices)).unwrap();
        let columns = table.columns;
        (columns.total, columns.rate, columns.rate_parts, table.warnings)
    }

    #[test]
    fn supply_and_installation_add_up_to_the_amount() {
        let titles = [
            "Supply Rate",
            "Inst. Rate",
            "Supply Amount",
            "Inst. Amount",
            "Total Amount",
        ];

        assert_eq!(
            settled(
                &titles,
                &[
                    &["10", "40", "10", "400", "100", "500"],
                    &["2", "200", "", "400", "", "400"]
                ]
            ),
            (Some(8), Some(4), vec![5], vec![])
        );
        assert_eq!(
            settled(
                &["Material Amount", "Labour Amount", "Total"],
                &[&["10", "400", "100", "500"]]
            )
            .0,
            Some(6)
        );
        // What the title calls by another name is a part all the same.
        assert_eq!(
            settled(
                &["Rate", "Amount", "Freight", "Total"],
                &[&["10", "50", "500", "100", "600"]]
            ),
            (Some(7), Some(4), vec![], vec![])
        );
    }

    #[test]
    fn the_amount_of_an_order_before_is_not_that_of_the_line() {
        let titles = ["Rate", "PO Value", "Balance Value", "Amount"];

        assert_eq!(
            settled(&titles, &[&["10", "50", "5000", "4500", "500"]]).0,
            Some(7)
        );
        let titles = ["Rate", "Amount", "Previous Amount", "Total Amount"];
        assert_eq!(
            settled(&titles, &[&["10", "50", "500", "900", "1400"]]),
            (
                Some(5),
                Some(4),
                vec![],
                vec![
                    "Row 2: \"Amount\" is 500 and \"Previous Amount\" is 900; \"Amount\" is taken as the amount"
                        .to_owned()
                ]
            )
        );
    }

    #[test]
    fn in_doubt_the_first_amount_is_kept_and_the_other_told() {
        let titles = ["Rate", "Amount", "Total Amount"];

        assert_eq!(
            settled(
                &titles,
                &[&["10", "50", "500", "500"], &["2", "50", "100", "150"]]
            )
            .3,
            ["Row 3: \"Amount\" is 100 and \"Total Amount\" is 150; \"Amount\" is taken as the amount"]
        );
        assert_eq!(
            settled(&titles, &[&["10", "50", "500", "500"]]).3,
            Vec::<String>::new()
        );
    }
}
