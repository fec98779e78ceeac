//! Synthetic orders as PDF whose items stand in a ruled table, with cells aligned in every way.

use nexgen_finance::documents::ParsedOrder;
use rust_decimal::Decimal;

use super::pdf::{Lettering, Packing, Pdf, Placed, Rule};

/// How a text stands in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// How the lines of a cell stand in their row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rise {
    Top,
    Middle,
    Bottom,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// The lines of the title.
    pub(crate) title: Vec<&'static str>,
    pub(crate) title_align: Align,
    pub(crate) align: Align,
    /// Room in points beyond the widest text.
    pub(crate) room: u32,
}

impl Column {
    pub(crate) fn new(title: &'static str, align: Align) -> Self {
        Self {
            title: vec![title],
            title_align: align,
            align,
            room: 0,
        }
    }
}

/// The lines of one cell.
pub(crate) type Cell = Vec<String>;

/// A cell of one line; empty for no text.
pub(crate) fn cell(text: &str) -> Cell {
    vec![text.to_owned()]
}

/// An order whose items are the rows of a table.
#[derive(Debug, Clone)]
pub(crate) struct TablePdf {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(crate) rise: Rise,
    /// By how much what stands in one line is higher in its cell than what stands in several.
    pub(crate) lift: u32,
    /// The space between two rows.
    pub(crate) spacing: u32,
    /// Whether lines are drawn between the rows.
    pub(crate) is_ruled: bool,
    /// Lines behind the table.
    pub(crate) totals: Vec<String>,
    /// A line at the foot of each page, of its number and how many there are.
    pub(crate) foot: fn(usize, usize) -> String,
    pub(crate) rows_per_page: usize,
    pub(crate) repeats_titles: bool,
}

const SIZE: u32 = 8;
const LEADING: u32 = 10;
const PADDING: u32 = 6;
const LEFT: u32 = 30;
const TOP: u32 = 800;

/// The width of a text in tenths of a point, in the letters that are half as wide as high.
fn width(text: &str) -> u32 {
    text.chars().map(|c| if c == ' ' { 22 } else { 40 }).sum()
}

impl TablePdf {
    /// A table without figures of tax and with titles above their columns.
    pub(crate) fn new(titles: &[(&'static str, Align)], rows: &[&[&str]]) -> Self {
        let columns = titles.iter().map(|(title, align)| Column::new(title, *align));
        let cells = |row: &&[&str]| {
            row.iter()
                .map(|text| text.split('\n').map(str::to_owned).collect())
                .collect()
        };
        Self {
            columns: columns.collect(),
            rows: rows.iter().map(cells).collect(),
            rise: Rise::Top,
            lift: 0,
            spacing: PADDING,
            is_ruled: false,
            totals: Vec::new(),
            foot: |_, _| String::new(),
            rows_per_page: 40,
            repeats_titles: true,
        }
    }

    /// The titles and rows with their totals, on as many pages as they need.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut pdf = Pdf {
            packing: Packing::Flate,
            lettering: Lettering::Glyphs,
            ..Pdf::default()
        };
        let count = self.rows.len().div_ceil(self.rows_per_page).max(1);
        let mut pages = self.rows.chunks(self.rows_per_page);
        for number in 1..=count {
            let mut page = Vec::new();
            let mut rules = Vec::new();
            let mut y = TOP;
            let mut line = |text: &str, y: &mut u32| {
                page.push(placed(LEFT, *y, text));
                *y -= 2 * LEADING;
            };
            if number == 1 {
                line("Example Retail Ltd", &mut y);
                line("PO Number: 4500000001", &mut y);
                line("PO Date: 03-02-2026", &mut y);
            }
            if number == 1 || self.repeats_titles {
                let titles: Vec<Cell> = self
                    .columns
                    .iter()
                    .map(|column| column.title.iter().map(|line| (*line).to_owned()).collect())
                    .collect();
                self.row(&titles, true, &mut y, &mut page);
                rules.extend(self.rule_above(y));
            }
            for row in pages.next().unwrap_or_default() {
                self.row(row, false, &mut y, &mut page);
                rules.extend(self.rule_above(y));
            }
            if number == count {
                y -= LEADING;
                for total in &self.totals {
                    page.push(placed(LEFT, y, total));
                    y -= LEADING;
                }
            }
            page.push(placed(LEFT, 20, &(self.foot)(number, count)));
            page.retain(|placed| !placed.text.is_empty());
            pdf.pages.push(page);
            pdf.rules.push(rules);
        }
        pdf.to_bytes()
    }

    /// What is drawn between two rows.
    fn rule_above(&self, y: u32) -> Option<Rule> {
        let rule = Rule {
            from: LEFT,
            to: LEFT + 500,
            y: y + LEADING - 2 + self.spacing / 2,
        };
        self.is_ruled.then_some(rule)
    }

    fn row(&self, cells: &[Cell], is_title: bool, y: &mut u32, page: &mut Vec<Placed>) {
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        let height = |lines: usize| u32::try_from(lines).unwrap() * LEADING;
        let mut left = LEFT * 10;
        for (index, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            let right = left + self.width_of(index);
            let free = height(lines) - height(cell.len());
            let above = match self.rise {
                Rise::Top => 0,
                Rise::Middle => free / 2,
                Rise::Bottom => free,
            };
            let align = if is_title {
                column.title_align
            } else {
                column.align
            };
            for (line, text) in cell.iter().enumerate() {
                let slack = right - left - width(text);
                let x = left
                    + match align {
                        Align::Left => 0,
                        Align::Centre => slack / 2,
                        Align::Right => slack,
                    };
                let is_lifted = cell.len() == 1 && !is_title;
                let raised = if is_lifted { self.lift } else { 0 };
                page.push(placed(x / 10, *y - above - height(line) + raised, text));
            }
            left = right + 2 * PADDING * 10;
        }
        *y -= height(lines) + self.spacing;
    }

    /// The room for text in a column, in tenths of a point.
    fn width_of(&self, column: usize) -> u32 {
        let cells = self
            .rows
            .iter()
            .flat_map(|row| row[column].iter().map(|text| width(text)));
        let titles = self.columns[column].title.iter().map(|line| width(line));
        cells.chain(titles).max().unwrap_or(0) + self.columns[column].room * 10
    }
}

fn placed(x: u32, y: u32, text: &str) -> Placed {
    Placed {
        x,
        y,
        size: SIZE,
        text: text.to_owned(),
    }
}

/// A figure with so many decimals and the grouping of India.
pub(crate) fn figure(value: Decimal, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let (mut head, tail) = whole.split_at(whole.len().saturating_sub(3));
    let mut groups = vec![tail];
    while !head.is_empty() {
        let (before, group) = head.split_at(head.len().saturating_sub(2));
        groups.insert(0, group);
        head = before;
    }
    format!("{}{rest}", groups.join(","))
}

/// Number, description, quantity, unit, rate and amount of each line.
pub(crate) fn told(order: &ParsedOrder) -> Vec<String> {
    let number = |value: Option<Decimal>| value.map_or("-".to_owned(), |value| value.normalize().to_string());
    let told = order.lines.iter().map(|line| {
        format!(
            "{} {}: {} {} at {} = {}",
            line.sr.as_deref().unwrap_or("-"),
            line.boq_name,
            number(line.quantity),
            line.unit.as_deref().unwrap_or("-"),
            number(line.rate),
            number(line.taxable_amount),
        )
    });
    told.collect()
}
