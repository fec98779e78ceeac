//! Cuts the lines below the titles into items: which line starts one, which continues one, where they end.

use super::columns::Columns;
use super::rows::{Row, amount_of, quantity_in};
use crate::documents::labels::Words;
use crate::documents::model::ParseFailure;

const MAX_ITEMS: usize = 5_000;
/// So many lines are kept of one item.
const MAX_LINES: usize = 500;
/// Line numbers go up by one of these; more only if the line has both a quantity and an amount.
const STEPS: [u32; 3] = [1, 5, 10];

/// The lines of one item.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// The number it begins with; `None` if the paper numbers none.
    pub(super) number: Option<u32>,
    pub(super) rows: Vec<&'a Row>,
    pub(super) columns: Columns,
}

/// What stands below the first titles.
#[derive(Debug, Default)]
pub(super) struct Blocks<'a> {
    pub(super) items: Vec<Block<'a>>,
    /// The lines behind the items: totals, taxes, terms.
    pub(super) tail: Vec<&'a Row>,
    pub(super) warnings: Vec<String>,
}

/// Cuts the lines from the first titles on; `None` if there are no titles.
///
/// # Errors
/// If there are more items than any order has.
pub(super) fn cut(rows: &[Row]) -> Result<Option<Blocks<'_>>, ParseFailure> {
    let Some(first) = rows.iter().position(Row::is_anchor) else {
        return Ok(None);
    };
    let rows = rows.get(first..).unwrap_or_default();
    let mut cutter = Cutter::default();
    let mut index = 0;
    while let Some(row) = rows.get(index) {
        let rest = rows.get(index.saturating_add(1)..).unwrap_or_default();
        if row.is_anchor() {
            cutter.open(row);
        } else if cutter.ends_at(row, rest) {
            break;
        } else {
            cutter.take(row)?;
        }
        index = index.saturating_add(1);
    }
    let mut blocks = cutter.blocks;
    blocks.tail = rows.get(index..).unwrap_or_default().iter().collect();
    Ok(Some(blocks))
}

#[derive(Debug, Default)]
struct Cutter<'a> {
    blocks: Blocks<'a>,
    columns: Columns,
    /// Every line number so far, in order.
    seen: Vec<u32>,
    /// The highest line number since the titles were printed last.
    last: Option<u32>,
    /// Lines since then that belong to no item yet.
    loose: Vec<&'a Row>,
    has_item: bool,
    /// Whether the lines belong to an item that was printed before.
    is_reprint: bool,
}

impl<'a> Cutter<'a> {
    fn open(&mut self, titles: &Row) {
        self.columns = Columns::of(titles);
        self.last = None;
        self.loose.clear();
        self.has_item = false;
        self.is_reprint = false;
    }

    fn take(&mut self, row: &'a Row) -> Result<(), ParseFailure> {
        if self.blocks.items.len() == MAX_ITEMS {
            return Err(ParseFailure::unreadable(format!(
                "the document has more than {MAX_ITEMS} items"
            )));
        }
        if let Some(number) = row.item_number().filter(|number| self.is_next(*number, row)) {
            self.start(number, row);
        } else if self.is_reprint || (self.loose.is_empty() && !self.has_item && is_only_titles(row)) {
            // Nothing of its own.
        } else if self.has_item {
            self.append(row);
        } else {
            self.take_loose(row);
        }
        Ok(())
    }

    /// True if a line of this number can start an item here.
    fn is_next(&self, number: u32, row: &Row) -> bool {
        let before = self.last.or_else(|| self.seen.last().copied());
        let Some(step) = before.map(|before| number.saturating_sub(before)) else {
            return true;
        };
        let has_both =
            quantity_in(&row.words, 1).is_some() && row.words.iter().any(|word| amount_of(word).is_some());
        match self.last {
            // Below titles that are printed anew, a number that was seen before is a reprint.
            None => step > 0 || self.seen.contains(&number),
            Some(_) => STEPS.contains(&step) || step > 0 && has_both,
        }
    }

    fn start(&mut self, number: u32, row: &'a Row) {
        self.last = Some(number);
        self.loose.clear();
        self.has_item = true;
        self.is_reprint = self.seen.contains(&number);
        if self.is_reprint {
            let first = self.blocks.items.iter().find(|item| item.number == Some(number));
            let differs = first
                .and_then(|item| item.rows.first())
                .is_some_and(|first| first.text != row.text);
            if differs {
                self.blocks.warnings.push(format!(
                    "Line number {number} is printed twice with different text; the first is kept"
                ));
            }
            return;
        }
        self.seen.push(number);
        self.blocks.items.push(Block {
            number: Some(number),
            rows: vec![row],
            columns: self.columns.clone(),
        });
    }

    fn append(&mut self, row: &'a Row) {
        if let Some(item) = self.blocks.items.last_mut()
            && item.rows.len() < MAX_LINES
        {
            item.rows.push(row);
        }
    }

    /// A line below titles and above any line number: the item before goes on, or one without number begins.
    fn take_loose(&mut self, row: &'a Row) {
        // Where items are numbered, one without a number must have all that makes an item.
        let has_figures = if self.seen.is_empty() {
            has_figures(row, &self.columns)
        } else {
            let has_quantity =
                quantity_in(&row.words, 0).is_some() || self.columns.quantity_in(&row.words).is_some();
            has_quantity && row.words.iter().any(|word| amount_of(word).is_some())
        };
        let continues = self
            .blocks
            .items
            .last()
            .is_some_and(|item| !has_figures || !has_amount(item));
        if continues && self.loose.is_empty() {
            self.append(row);
            return;
        }
        self.loose.push(row);
        if has_figures {
            self.blocks.items.push(Block {
                number: None,
                rows: std::mem::take(&mut self.loose),
                columns: self.columns.clone(),
            });
            self.has_item = true;
        } else if self.blocks.items.is_empty() {
            self.loose.truncate(MAX_LINES);
        }
    }

    /// True if the items end above this line.
    fn ends_at(&self, row: &Row, rest: &[Row]) -> bool {
        let is_closing = is_closing(row);
        let is_total = row.starts_with_any(&["TOTAL AMOUNT", "GRAND TOTAL"]);
        let is_partial =
            row.starts_with_any(&["SUBTOTAL", "SUB TOTAL", "SUB-TOTAL", "TAX AMOUNT", "TOTAL TAX"])
                || is_plain_total(row);
        if !(is_closing || is_total || is_partial) {
            return false;
        }
        // An item whose amounts have not come yet has them here.
        let is_own =
            !is_closing && !self.is_reprint && self.blocks.items.last().is_some_and(|item| !has_amount(item));
        if is_own {
            return false;
        }
        !self.goes_on(rest, is_closing || is_total)
    }

    /// True if there is another item in the rest: under titles that are printed again, or, unless the line before was the
    /// end of everything, one of the next number.
    fn goes_on(&self, rest: &[Row], is_end: bool) -> bool {
        let last = self.seen.last().copied().unwrap_or(0);
        let mut has_titles = false;
        for row in rest {
            if row.is_anchor() {
                has_titles = true;
            } else if is_closing(row) {
                return false;
            }
            let Some(number) = row.item_number().filter(|number| *number > last) else {
                continue;
            };
            if has_titles || !is_end && STEPS.contains(&number.saturating_sub(last)) {
                return true;
            }
        }
        has_titles && self.seen.is_empty()
    }
}

fn is_closing(row: &Row) -> bool {
    row.starts_with_any(&["THIS PURCHASE ORDER"])
}

/// A sum or a tax at the foot of a plain table: the label, perhaps a rate, and the figure.
fn is_plain_total(row: &Row) -> bool {
    const MAX_WORDS: usize = 6;
    let first = Words::of(&row.text);
    let is_label = first.start_with(&["TOTAL"])
        || first.start_with(&["NET", "TOTAL"])
        || ["CGST", "SGST", "IGST", "UTGST", "GST"]
            .iter()
            .any(|tax| first.start_with(&[tax]));
    is_label && row.words.len() <= MAX_WORDS && row.words.last().is_some_and(|word| amount_of(word).is_some())
}

fn has_amount(item: &Block<'_>) -> bool {
    item.rows
        .iter()
        .any(|row| row.words.iter().any(|word| amount_of(word).is_some()))
}

fn has_figures(row: &Row, columns: &Columns) -> bool {
    quantity_in(&row.words, 0).is_some()
        || columns.quantity_in(&row.words).is_some()
        || row.words.iter().any(|word| amount_of(word).is_some())
}

/// The second line of titles that need two.
fn is_only_titles(row: &Row) -> bool {
    const TITLES: &[&str] = &[
        "AMOUNT",
        "BY",
        "CODE",
        "DATE",
        "DELIVERY",
        "DESCRIPTION",
        "EACH",
        "GST",
        "HSN",
        "INR",
        "LINE",
        "NEED",
        "NEEDED",
        "NO",
        "OF",
        "PART",
        "PER",
        "PRICE",
        "QTY",
        "QUANTITY",
        "RATE",
        "REQUIRED",
        "RETURN",
        "RS",
        "SUBTOTAL",
        "TAX",
        "TOTAL",
        "TYPE",
        "UNIT",
        "UOM",
        "VALUE",
        "#",
        "%",
    ];
    Words::of(&row.text).are_among(TITLES)
}
