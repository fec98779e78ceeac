//! Cuts the lines below the titles into items: which line starts one, which continues one, where they end.

use std::collections::HashMap;

use super::above::{self, Height, Spaced};
use super::columns::Columns;
use super::figures::Figures;
use super::notes::{self, is_note};
use super::owned::{self, Owner};
use super::rows::{Row, amount_of, quantity_in};
use super::taxes;
use super::titles;
use super::totals;
use crate::documents::model::ParseFailure;
use crate::documents::remarks::listed;

const MAX_ITEMS: usize = 5_000;
/// So many lines are kept of one item.
const MAX_LINES: usize = 500;
/// Where lines stand in no columns, their numbers go up by one of these; more only if the line has both a quantity and an
/// amount.
const STEPS: [u32; 3] = [1, 5, 10];

/// The lines of one item.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// The number it begins with; `None` if the paper numbers none.
    pub(super) number: Option<String>,
    /// What its first line says in its columns; `None` if it stands in none.
    pub(super) figures: Option<Figures>,
    /// The lines of its description that stand above the line with its figures.
    pub(super) above: Vec<&'a Row>,
    /// Whether the first of these begins with the number.
    pub(super) is_numbered_above: bool,
    /// The line with its figures, and those below.
    pub(super) rows: Vec<&'a Row>,
    pub(super) columns: Columns,
    /// Whether its own sum stands below it.
    pub(super) has_sum: bool,
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
    let mut cutter = Cutter::new(rows);
    let mut index = 0;
    while let Some(row) = rows.get(index) {
        let rest = rows.get(index.saturating_add(1)..).unwrap_or_default();
        if let Some(count) = row.title_lines() {
            let lines = rows.get(index..index.saturating_add(count)).unwrap_or_default();
            cutter.open(lines);
            index = index.saturating_add(count.saturating_sub(1));
        } else if cutter.ends_at(row, rest) {
            break;
        } else {
            cutter.take(row)?;
        }
        index = index.saturating_add(1);
    }
    let mut blocks = cutter.finish();
    blocks.tail = rows.get(index..).unwrap_or_default().iter().collect();
    Ok(Some(blocks))
}

/// How a line starts an item.
#[derive(Default)]
struct Start {
    number: Option<String>,
    figures: Option<Figures>,
    is_numbered_above: bool,
}

/// A page, and where the titles end that were printed last: their page and height.
type Section = (usize, (usize, i64));

#[derive(Debug)]
struct Cutter<'a> {
    blocks: Blocks<'a>,
    all: &'a [Row],
    columns: Columns,
    /// The columns of titles that were printed before, by their text.
    known: HashMap<String, Columns>,
    /// Where the titles end that were printed last: the page and the height.
    below: (usize, i64),
    /// The first lines of items by their number.
    seen: HashMap<String, Vec<String>>,
    /// Every plain line number so far, in order.
    numbers: Vec<u32>,
    /// The highest line number since the titles were printed last.
    last: Option<u32>,
    /// Lines since then that belong to no item yet.
    loose: Vec<&'a Row>,
    /// The last line with a number and a text, but no figures, if its number is the next.
    begun: Option<&'a Row>,
    /// The rows of the table on one page, below the titles that stand on a page at a height.
    spaced: Option<(Section, Spaced)>,
    has_item: bool,
    /// Whether the lines belong to an item that was printed before.
    is_reprint: bool,
    /// Whether a sum of more than the last item stands below it.
    is_below_sum: bool,
    reprinted: Vec<String>,
    repeated: Vec<String>,
    without_figures: Vec<String>,
}

impl<'a> Cutter<'a> {
    fn new(all: &'a [Row]) -> Self {
        Self {
            blocks: Blocks::default(),
            all,
            columns: Columns::default(),
            known: HashMap::new(),
            below: (0, 0),
            seen: HashMap::new(),
            numbers: Vec::new(),
            last: None,
            loose: Vec::new(),
            begun: None,
            spaced: None,
            has_item: false,
            is_reprint: false,
            is_below_sum: false,
            reprinted: Vec::new(),
            repeated: Vec::new(),
            without_figures: Vec::new(),
        }
    }

    fn open(&mut self, lines: &[Row]) {
        let places: Vec<String> = lines
            .iter()
            .flat_map(|line| line.words.iter().map(|word| format!("{}@{}", word.text, word.x)))
            .collect();
        let all = self.all;
        self.columns = self
            .known
            .entry(places.join(" "))
            .or_insert_with(|| Columns::of(titles::read(lines), all))
            .clone();
        if let Some(line) = lines.last() {
            self.below = (line.page, line.y);
        }
        self.last = None;
        if self.begun.is_none() {
            self.loose.clear();
        }
        self.has_item = false;
        self.is_reprint = false;
    }

    fn take(&mut self, row: &'a Row) -> Result<(), ParseFailure> {
        if self.blocks.items.len() == MAX_ITEMS {
            return Err(ParseFailure::unreadable(format!(
                "the document has more than {MAX_ITEMS} items"
            )));
        }
        let figures = self.columns.read(row);
        if let Some(start) = self.start_at(row, figures) {
            self.start(start, row);
        } else if self.is_reprint {
            // Nothing of its own.
        } else if self.is_sum_between(row) {
            // Taxes below the sum of several items are not those of the last of them.
            self.take_sum(row);
        } else if self.has_item {
            self.append(row);
        } else {
            self.take_loose(row);
        }
        Ok(())
    }

    /// How the line starts an item, if it does.
    fn start_at(&mut self, row: &'a Row, figures: Option<Figures>) -> Option<Start> {
        let Some(figures) = figures.filter(|figures| !figures.is_split) else {
            let number = row
                .item_number()
                .filter(|number| self.may_start_with(*number, row))?;
            self.last = Some(number);
            self.numbers.push(number);
            return Some(Start {
                number: Some(number.to_string()),
                ..Start::default()
            });
        };
        if is_note(row) || totals::is_label_of_total(row) && !figures.is_whole() {
            return None;
        }
        let Some(label) = figures.number.clone() else {
            return figures.is_whole().then_some(Start {
                figures: Some(figures),
                ..Start::default()
            });
        };
        let number = label.parse().ok().filter(|number: &u32| *number > 0);
        if !figures.has_figures() {
            // Perhaps a heading, perhaps an item that says nothing of its price.
            if let Some(number) = number
                && !self.is_reprint
                && row.words.len() > 1
            {
                self.begun = self.is_step(number).then_some(row);
                self.without_figures.push(label);
            }
            return None;
        }
        self.last = number.or(self.last);
        self.numbers.extend(number);
        Some(Start {
            number: Some(number.map_or(label, |number| number.to_string())),
            figures: Some(figures),
            ..Start::default()
        })
    }

    /// True if a line that stands in no columns, but where their figures are as well, can start an item of this number.
    fn may_start_with(&self, number: u32, row: &Row) -> bool {
        self.columns.may_begin_with(row)
            && !self.columns.are_left_of_figures(row)
            && self.is_next(number, row)
    }

    /// True if this number follows the last, or is the first.
    fn is_step(&self, number: u32) -> bool {
        let before = self.last.or_else(|| self.numbers.last().copied());
        before.is_none_or(|before| STEPS.contains(&number.saturating_sub(before)))
    }

    /// True if a line of this number that stands in no columns can start an item here.
    fn is_next(&self, number: u32, row: &Row) -> bool {
        let before = self.last.or_else(|| self.numbers.last().copied());
        let Some(step) = before.map(|before| number.saturating_sub(before)) else {
            return true;
        };
        let has_both =
            quantity_in(&row.words, 1).is_some() && row.words.iter().any(|word| amount_of(word).is_some());
        match self.last {
            // Below titles that are printed anew, a number that was seen before is a reprint.
            None => step > 0 || self.numbers.contains(&number),
            Some(_) => STEPS.contains(&step) || has_both,
        }
    }

    fn start(&mut self, start: Start, row: &'a Row) {
        let mut start = start;
        let is_bare = start.number.is_none()
            && start
                .figures
                .as_ref()
                .is_some_and(|figures| figures.description.is_empty());
        let begun = self
            .begun
            .take()
            .filter(|_| is_bare)
            .map(|begun| self.lines_from(begun));
        let above = match begun {
            Some(begun) if !begun.is_empty() => {
                self.without_figures.pop();
                begun
            }
            _ => self.lines_above(row),
        };
        // The number may stand in front of the description, which begins above the figures.
        let number = above
            .first()
            .and_then(|first| self.columns.number_before_text(first));
        if start.number.is_none()
            && let Some(number) = number.filter(|number| self.is_step(*number))
        {
            self.last = Some(number);
            self.numbers.push(number);
            start.number = Some(number.to_string());
            start.is_numbered_above = true;
        }
        self.loose.clear();
        self.has_item = true;
        self.is_reprint = false;
        self.is_below_sum = false;
        if let Some(number) = &start.number {
            let seen = self.seen.entry(number.clone()).or_default();
            // The same line under the same number is the same item, printed again.
            if seen.contains(&row.text) {
                self.is_reprint = true;
                self.reprinted.push(number.clone());
                return;
            }
            if !seen.is_empty() {
                self.repeated.push(number.clone());
            }
            seen.push(row.text.clone());
        }
        self.blocks.items.push(Block {
            number: start.number,
            figures: start.figures,
            above,
            is_numbered_above: start.is_numbered_above,
            rows: vec![row],
            columns: self.columns.clone(),
            has_sum: false,
        });
    }

    /// Takes back the lines from this one on, which begins the item whose figures stand alone further down.
    fn lines_from(&mut self, begun: &Row) -> Vec<&'a Row> {
        let rows = match self.blocks.items.last_mut() {
            Some(item) if self.loose.is_empty() => &mut item.rows,
            _ => &mut self.loose,
        };
        let at = rows.iter().position(|row| std::ptr::eq(*row, begun));
        rows.split_off(at.unwrap_or(rows.len()))
    }

    /// Takes back the lines that were read as belonging to what is above, but stand at the line with the figures of the
    /// next item: where cells are aligned at their middle or foot, a description begins above the figures.
    fn lines_above(&mut self, row: &'a Row) -> Vec<&'a Row> {
        if self.is_reprint {
            return Vec::new();
        }
        let is_loose = !self.has_item && !self.loose.is_empty();
        let candidates: Vec<&Row> = if is_loose {
            self.loose.clone()
        } else {
            self.blocks
                .items
                .last()
                .map(|item| item.rows.clone())
                .unwrap_or_default()
        };
        // Lines of this page, below the titles, after the line with figures.
        let skipped = usize::from(!is_loose);
        let near: Vec<&Row> = candidates
            .iter()
            .skip(skipped)
            .copied()
            .filter(|other| self.is_on_page_of(row, other))
            .collect();
        if near.is_empty() {
            return Vec::new();
        }
        let before = candidates
            .iter()
            .take(skipped)
            .copied()
            .find(|other| self.is_on_page_of(row, other));
        let split = above::ruled_split(&near, row, before, || self.is_bounded(row))
            .or_else(|| self.spaced(row).split(&near, row))
            .unwrap_or_else(|| {
                let (page, height) = self.below;
                let top = before.map(|other| other.y);
                above::split_by_gaps(&near, row, top.or((page == row.page).then_some(height)))
            });
        let moved = near.get(split..).map(<[&Row]>::to_vec).unwrap_or_default();
        if let Some(item) = self.blocks.items.last_mut().filter(|_| !is_loose) {
            item.rows.truncate(item.rows.len().saturating_sub(moved.len()));
        }
        moved
    }

    /// True if a line stands on the page of another, below the titles that were printed last.
    fn is_on_page_of(&self, row: &Row, other: &Row) -> bool {
        let (page, height) = self.below;
        other.page == row.page && (page != row.page || other.y < height)
    }

    /// What a line says in its columns, if that is what an item costs; words that reach under a title of figures are not.
    fn own_figures(&self, row: &Row) -> Option<Figures> {
        let figures = self.columns.read(row).filter(|figures| !figures.is_split)?;
        let is_priced = figures.amount.number().or(figures.gross.number()).is_some();
        let is_own = is_priced && !is_note(row) && (figures.is_whole() || !totals::is_label_of_total(row));
        is_own.then_some(figures)
    }

    /// True if a line is drawn between the figures and the next ones.
    fn is_bounded(&self, row: &Row) -> bool {
        let mut below = self
            .all
            .iter()
            .skip_while(|other| !std::ptr::eq(*other, row))
            .skip(1)
            .take_while(|other| other.page == row.page && !other.is_anchor());
        let next = below.find(|other| other.band != row.band || self.own_figures(other).is_some());
        next.is_some_and(|next| next.band != row.band)
    }

    /// The rows of the table on the page of a line, by the spaces between them.
    fn spaced(&mut self, row: &Row) -> &Spaced {
        let section = (row.page, self.below);
        if self.spaced.as_ref().is_none_or(|(known, _)| *known != section) {
            let lines = self
                .all
                .iter()
                .filter(|other| self.is_on_page_of(row, other))
                .take_while(|other| !other.is_anchor());
            let heights: Vec<Height> = lines
                .map(|line| {
                    let figures = self.own_figures(line);
                    Height {
                        y: line.y,
                        has_figures: figures.is_some(),
                        has_text: figures.is_none_or(|figures| !figures.description.is_empty()),
                    }
                })
                .collect();
            self.spaced = Some((section, Spaced::of(&heights)));
        }
        &self.spaced.get_or_insert_default().1
    }

    /// True for the sum of a section, where items stand in columns.
    fn is_sum_between(&self, row: &Row) -> bool {
        let last = self.blocks.items.last();
        last.is_some_and(|item| item.figures.is_some()) && !self.is_of_item(row) && totals::is_total(row)
    }

    fn take_sum(&mut self, row: &Row) {
        if let Some(item) = self.blocks.items.last_mut() {
            let is_own = owned::is_sum_of(item, row);
            item.has_sum |= is_own;
            // Taxes below the sum of several items are not those of the last of them.
            self.is_below_sum |= !is_own;
        }
    }

    /// True for a note on the item above, its tax among them.
    fn is_of_item(&self, row: &Row) -> bool {
        is_note(row) || taxes::is_tax(row) && !self.is_below_sum
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
        // What stands in columns and starts no item is text. Where items are numbered, one without a number must have all
        // that makes an item.
        let is_text = self.columns.are_left_of_figures(row)
            || self.columns.read(row).is_some_and(|figures| !figures.is_split);
        let has_figures = if is_text {
            false
        } else if self.numbers.is_empty() {
            has_figures(row, &self.columns)
        } else {
            let has_quantity =
                quantity_in(&row.words, 0).is_some() || !self.columns.quantities_in(&row.words).is_empty();
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
        let is_priced = |figures: &Figures| figures.has_amount() && !figures.is_split;
        if !has_figures && self.columns.read(row).as_ref().is_some_and(is_priced) {
            self.blocks.warnings.push(format!(
                "\"{}\" has an amount, but is no line of the order",
                row.text
            ));
        }
        self.loose.push(row);
        if has_figures {
            self.blocks.items.push(Block {
                number: None,
                figures: None,
                above: Vec::new(),
                is_numbered_above: false,
                rows: std::mem::take(&mut self.loose),
                columns: self.columns.clone(),
                has_sum: false,
            });
            self.has_item = true;
        } else if self.blocks.items.is_empty() {
            self.loose.truncate(MAX_LINES);
        }
    }

    /// True if the items end above this line.
    fn ends_at(&self, row: &Row, rest: &[Row]) -> bool {
        let is_closing = is_closing(row);
        // What is charged besides belongs to the totals below.
        let is_charge = || {
            let mut below = rest.iter().skip_while(|below| totals::is_charge(below));
            totals::is_charge(row) && below.next().is_some_and(totals::is_total)
        };
        // What begins as terms do may be a note on an item, if another item follows.
        let is_of_terms = notes::is_of_terms(row);
        let owner = if self.is_reprint {
            None
        } else {
            owned::owner(&self.blocks.items, row, rest)
        };
        let is_of_document = owner == Some(Owner::Document);
        if owner == Some(Owner::Item) {
            return false;
        }
        if !is_closing && !is_of_terms && !is_of_document && !totals::is_total(row) && !is_charge() {
            return false;
        }
        let figures = self.columns.read(row);
        if figures.is_some_and(|figures| figures.is_whole() && !figures.price.is_absent()) {
            return false;
        }
        // Without columns, the figures of an item may stand in lines like those of a total.
        let is_end = is_closing || totals::is_end(row) && !is_of_terms;
        let is_own = !is_end
            && !self.is_reprint
            && self
                .blocks
                .items
                .last()
                .is_some_and(|item| item.figures.is_none() && !has_amount(item));
        !is_own && !self.goes_on(rest, is_end, is_of_terms)
    }

    /// True if there is another item in the rest: under titles that are printed again, or, unless the line before was the
    /// end of everything, one of the next number. Terms are numbered, too: among them, one that stands in columns.
    fn goes_on(&self, rest: &[Row], is_end: bool, is_of_terms: bool) -> bool {
        let last_item = self.blocks.items.last();
        let is_in_columns = last_item.is_some_and(|item| item.figures.is_some());
        let last = self.numbers.last().copied().unwrap_or(0);
        let mut has_titles = false;
        let mut is_past_end = is_end;
        let mut is_in_terms = is_in_columns && is_of_terms;
        for row in rest {
            if row.is_anchor() {
                has_titles = true;
            } else if is_closing(row) {
                return false;
            }
            if !is_past_end && self.is_item(row) {
                return true;
            }
            // Behind the sum of everything there are items only under titles.
            is_past_end |= totals::is_end(row);
            is_in_terms |= is_in_columns && notes::is_of_terms(row);
            let Some(number) = row.item_number().filter(|number| *number > last) else {
                continue;
            };
            let is_next = !is_past_end && !is_in_terms && STEPS.contains(&number.saturating_sub(last));
            if has_titles || is_next {
                return true;
            }
        }
        has_titles && self.numbers.is_empty()
    }

    /// True if a line has a quantity and an amount in their columns.
    fn is_item(&self, row: &Row) -> bool {
        let is_whole = |figures: &Figures| figures.is_whole() && !figures.price.is_absent();
        !totals::is_total(row) && !is_note(row) && self.columns.read(row).as_ref().is_some_and(is_whole)
    }

    fn finish(self) -> Blocks<'a> {
        let mut blocks = self.blocks;
        let mut warn = |numbers: &[String], text: &str| {
            if !numbers.is_empty() {
                blocks
                    .warnings
                    .push(format!("Printed line numbers {}: {text}", listed(numbers)));
            }
        };
        warn(&self.reprinted, "the same line is printed again and taken once");
        warn(
            &self.repeated,
            "the number is printed again for something else, which is taken as a line of its own",
        );
        warn(
            &self.without_figures,
            "there are no figures, so that the line is taken as text",
        );
        blocks
    }
}

fn is_closing(row: &Row) -> bool {
    row.starts_with_any(&["THIS PURCHASE ORDER"])
}

fn has_amount(item: &Block<'_>) -> bool {
    item.rows
        .iter()
        .any(|row| row.words.iter().any(|word| amount_of(word).is_some()))
}

fn has_figures(row: &Row, columns: &Columns) -> bool {
    quantity_in(&row.words, 0).is_some()
        || !columns.quantities_in(&row.words).is_empty()
        || row.words.iter().any(|word| amount_of(word).is_some())
}
