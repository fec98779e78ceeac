//! A line cut into cells: words with no wide gap between them, torn from one another where they reach under several
//! titles.

use super::columns::Columns;
use super::figures;
use super::kinds::Kind;
use super::rows::{Row, is_currency, is_currency_name, quantity_and_unit, quantity_in};
use crate::documents::pdf::Word;
use crate::documents::text;

/// So many cells of a line may stand between titles; more are no table.
const MAX_BETWEEN: usize = 8;

/// So many figures may stand so close behind a text that they look like more of it.
const MAX_BEHIND: usize = 6;

/// A cell of a line, in hundredths of a point from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) x: i64,
    pub(super) end: i64,
    pub(super) text: String,
    /// The titles that it may stand below, from left to right.
    pub(super) options: Vec<usize>,
    /// True if it is torn from a text that reaches under several titles.
    pub(super) is_torn: bool,
    /// True if no more than a space separates it from the cell before.
    pub(super) is_joined: bool,
}

impl Cell {
    /// The cell that some words are; `None` without words.
    pub(super) fn of(words: &[Word]) -> Option<Self> {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        Some(Self {
            x: words.first()?.x,
            end: words.last()?.end,
            text: texts.join(" "),
            options: Vec::new(),
            is_torn: false,
            is_joined: false,
        })
    }

    pub(super) fn number(&self) -> Option<rust_decimal::Decimal> {
        figures::number(&self.text)
    }
}

impl Columns {
    /// The cells of a line with the columns that each may be of; `None` if it does not stand in columns.
    pub(super) fn cells_of(&self, row: &Row) -> Option<Vec<Cell>> {
        let groups: Vec<&[Word]> = row
            .words
            .chunk_by(|one, next| next.x.saturating_sub(one.end) <= self.gap)
            .collect();
        let space = widest_space(&row.words, self.gap.saturating_mul(10) / 17);
        let mut all = Vec::new();
        for (place, group) in groups.iter().enumerate() {
            let cell = Cell::of(group)?;
            let below = self.below(&cell);
            if below.len() > 1 && groups.len() == 1 {
                return None;
            }
            let (label, rest) = self.without_label(group, &below, place == 0);
            all.extend(label);
            let description = self.place_of(Kind::Description);
            let has_text = all
                .iter()
                .any(|cell: &Cell| cell.options.iter().any(|at| Some(*at) == description));
            all.extend(self.torn(rest, space, has_text));
        }
        let between = all.iter().filter(|cell| cell.options.len() > 1).count();
        (between <= MAX_BETWEEN).then_some(all)
    }

    /// Tears the number of the line from the description that begins so close behind it that both look like one cell.
    fn without_label<'a>(
        &self,
        words: &'a [Word],
        below: &[usize],
        is_first: bool,
    ) -> (Option<Cell>, &'a [Word]) {
        let whole = (None, words);
        let kind = |at: usize| self.titles.get(at).map(|title| title.kind);
        let number = self.place_of(Kind::Number);
        let Some((number, (label, rest))) = number.zip(words.split_at_checked(1)) else {
            return whole;
        };
        let is_number = |label: &Cell| {
            figures::is_label(&label.text) && label.text.starts_with(|c: char| c.is_ascii_digit())
        };
        let Some(label) = Cell::of(label).filter(is_number) else {
            return whole;
        };
        let is_followed = kind(number.saturating_add(1)) == Some(Kind::Description) && !rest.is_empty();
        let is_here = below.contains(&number) || below.is_empty() && self.is_left_of(&label, number);
        if !is_first || !is_followed || !is_here {
            return whole;
        }
        let options = vec![number];
        (Some(Cell { options, ..label }), rest)
    }

    fn is_left_of(&self, cell: &Cell, title: usize) -> bool {
        self.titles.get(title).is_some_and(|title| cell.end <= title.x)
    }

    fn place_of(&self, kind: Kind) -> Option<usize> {
        self.titles.iter().position(|title| title.kind == kind)
    }

    /// The cells that some words are, with no wide gap between these. Where the description stands before them, all may be
    /// figures.
    fn torn(&self, words: &[Word], space: i64, has_text: bool) -> Vec<Cell> {
        let Some(whole) = Cell::of(words) else {
            return Vec::new();
        };
        let below = self.below(&whole);
        let description = self.place_of(Kind::Description).filter(|at| below.contains(at));
        let is_text = |at: &usize| {
            self.titles
                .get(*at)
                .is_some_and(|title| matches!(title.kind, Kind::Number | Kind::Description))
        };
        let parts = parts(words);
        let is_one = match below.as_slice() {
            [] => true,
            [title] => parts.len() == 1 || !self.is_of_more_than(*title, &whole, &parts),
            titles => titles.iter().all(is_text),
        };
        if is_one {
            let options = match description {
                Some(at) if below.len() > 1 => vec![at],
                _ => self.options(&whole),
            };
            return vec![Cell { options, ..whole }];
        }
        let text_length = description.map_or(0, |at| {
            let length = text_length(&parts, |part| {
                Cell::of(part).is_some_and(|part| self.may_be_right_of(&part, at))
            });
            length.max(usize::from(!has_text))
        });
        let (text, behind) = parts.split_at(text_length.min(parts.len()));
        let text_words: usize = text.iter().map(|part| part.len()).sum();
        let mut all: Vec<Cell> = Vec::new();
        if let Some(text) = words.get(..text_words).and_then(Cell::of) {
            let options = description.into_iter().collect();
            all.push(Cell { options, ..text });
        }
        for part in behind.iter().filter_map(|part| Cell::of(part)) {
            let mut options = self.below(&part);
            if options.len() < 2 {
                options = self.options(&part);
            }
            let is_right = description.filter(|at| options.first().is_none_or(|first| at < first));
            if let Some(at) = is_right {
                options.insert(0, at);
            }
            let is_words = |text: &str| text.chars().all(|c| !c.is_ascii_digit());
            let before = all
                .last_mut()
                .filter(|before| before.is_torn && is_words(&before.text) && is_words(&part.text));
            if let Some(before) = before {
                before.text.push(' ');
                before.text.push_str(&part.text);
                before.end = part.end;
                continue;
            }
            let is_joined = all
                .last()
                .is_some_and(|last| part.x.saturating_sub(last.end) <= space);
            all.push(Cell {
                options,
                is_torn: true,
                is_joined,
                ..part
            });
        }
        all
    }

    /// True if these words, which reach under one title alone, are what stands below it and more: a quantity so close
    /// before its unit that both look like one cell.
    fn is_of_more_than(&self, title: usize, whole: &Cell, parts: &[&[Word]]) -> bool {
        let fits = |part: &&[Word]| Cell::of(part).is_some_and(|part| self.fits(title, &part));
        let kind = self.titles.get(title).map(|title| title.kind);
        let is_known =
            kind.is_some_and(|kind| kind.is_of_figures() || matches!(kind, Kind::Unit | Kind::Date));
        is_known
            && !self.fits(title, whole)
            && (parts.first().is_some_and(fits) || parts.last().is_some_and(fits))
    }

    /// True if a cell holds what stands in a column right of this one.
    fn may_be_right_of(&self, cell: &Cell, title: usize) -> bool {
        let reaches = self.titles.get(title).is_none_or(|title| cell.end > title.end);
        let below = self.below(cell);
        let options = if below.is_empty() {
            self.options(cell)
        } else {
            below
        };
        reaches
            && options
                .iter()
                .any(|at| *at > title && (self.fits(*at, cell) || self.is_unit_below(*at, cell)))
    }

    /// True for a unit that stands behind a quantity.
    fn is_unit_below(&self, title: usize, cell: &Cell) -> bool {
        let kind = self.titles.get(title).map(|title| title.kind);
        kind == Some(Kind::Quantity)
            && (figures::is_unit(&cell.text) || figures::is_unit_in_parentheses(&cell.text))
    }

    /// True for a line that ends where the description does and has no quantity with a unit: no figures of an item stand
    /// in it.
    pub(super) fn are_left_of_figures(&self, row: &Row) -> bool {
        let description = self.place_of(Kind::Description);
        let next = description.and_then(|at| self.titles.get(at.saturating_add(1)));
        let end = row.words.last().map(|word| word.end);
        self.are_of_a_table()
            && next.zip(end).is_some_and(|(next, end)| end <= next.x)
            && quantity_in(&row.words, 0).is_none()
    }

    /// The number of the item that a text begins with, where numbers stand in front of the descriptions, in their column.
    pub(super) fn number_before_text(&self, row: &Row) -> Option<u32> {
        let whole = Cell::of(&row.words)?;
        let (label, _) = self.without_label(&row.words, &self.below(&whole), true);
        label?.text.trim_end_matches(['.', ')']).parse().ok()
    }

    /// The titles that a cell reaches under.
    pub(super) fn below(&self, cell: &Cell) -> Vec<usize> {
        let titles = self.titles.iter().enumerate();
        titles
            .filter(|(_, title)| title.x < cell.end && cell.x < title.end)
            .map(|(at, _)| at)
            .collect()
    }

    fn options(&self, cell: &Cell) -> Vec<usize> {
        let below = self.below(cell);
        if !below.is_empty() {
            return below.into_iter().take(1).collect();
        }
        let right = self.titles.iter().position(|title| title.x >= cell.end);
        let left = match right {
            Some(right) => right.checked_sub(1),
            None => self.titles.len().checked_sub(1),
        };
        let all = left.into_iter().chain(right);
        let fitting: Vec<usize> = all.clone().filter(|at| self.fits(*at, cell)).collect();
        // What looks like a date, a unit or a code is that, and not more of a text.
        let is = |at: &usize, kinds: &[Kind]| {
            let title = self.titles.get(*at);
            title.is_some_and(|title| kinds.contains(&title.kind))
        };
        if fitting.is_empty() {
            all.collect()
        } else if fitting
            .iter()
            .any(|at| is(at, &[Kind::Date, Kind::Unit, Kind::Hsn]))
        {
            let texts = [Kind::Description, Kind::Other];
            fitting.into_iter().filter(|at| !is(at, &texts)).collect()
        } else {
            fitting
        }
    }

    /// True if a cell holds what is printed below a title.
    fn fits(&self, at: usize, cell: &Cell) -> bool {
        let Some(kind) = self.titles.get(at).map(|title| title.kind) else {
            return false;
        };
        let is_number = figures::number(&cell.text).is_some();
        match kind {
            Kind::Price | Kind::Amount | Kind::Gross | Kind::Tax | Kind::Discount | Kind::Besides => {
                is_number || is_currency_name(&cell.text)
            }
            Kind::TaxRate => is_number || cell.text.ends_with('%'),
            Kind::Quantity => figures::quantity(&cell.text).is_some(),
            Kind::Unit => figures::is_unit(&cell.text),
            Kind::Number => figures::is_label(&cell.text),
            Kind::Hsn => figures::is_hsn(&cell.text),
            Kind::Date => text::date(&cell.text).is_some(),
            Kind::Description | Kind::Other => !is_number,
        }
    }
}

/// The parts of some words that are one figure each: a word, a quantity with its unit, an amount with its currency, a date.
fn parts(words: &[Word]) -> Vec<&[Word]> {
    let mut all = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let (part, behind) = rest.split_at(part_length(rest).clamp(1, rest.len()));
        all.push(part);
        rest = behind;
    }
    all
}

fn part_length(words: &[Word]) -> usize {
    let joined = |count: usize| {
        let texts: Vec<&str> = words
            .get(..count)?
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        Some(texts.join(" "))
    };
    let is_date = |count: &usize| joined(*count).is_some_and(|text| text::date(&text).is_some());
    if let Some(count) = (2..=4).rev().find(is_date) {
        return count;
    }
    let is_number = |at: usize| {
        words
            .get(at)
            .is_some_and(|word| figures::number(&word.text).is_some())
    };
    let names_currency = |at: usize| words.get(at).is_some_and(is_currency);
    let is_quantity = joined(2).is_some_and(|text| quantity_and_unit(&text).is_some());
    let is_amount = names_currency(0) && is_number(1) || is_number(0) && names_currency(1) && !is_number(2);
    // "INR 5.00 INR 10.00" has the currency before each, "5.00 INR 10.00 INR" behind each.
    let is_amount_before =
        is_number(0) && names_currency(1) && (names_currency(3) || words.len() == 3) && is_number(2);
    if is_quantity || is_amount || is_amount_before {
        2
    } else {
        1
    }
}

/// How many of these parts are text, where what stands behind it may be figures of other columns: all up to the last that
/// `may_be_behind` refuses.
fn text_length(parts: &[&[Word]], may_be_behind: impl Fn(&[Word]) -> bool) -> usize {
    let behind = parts
        .iter()
        .rev()
        .take(MAX_BEHIND)
        .take_while(|part| may_be_behind(part))
        .count();
    parts.len().saturating_sub(behind)
}

/// The widest gap, in hundredths of a point, that is but the space between two words: `space` is that of the titles, which
/// may be printed a little smaller than the line.
fn widest_space(words: &[Word], space: i64) -> i64 {
    let gaps = words.windows(2).filter_map(|pair| match pair {
        [one, next] => Some(next.x.saturating_sub(one.end)),
        _ => None,
    });
    let own = gaps.filter(|gap| *gap > 0).min().unwrap_or(space);
    let most = space.saturating_mul(13) / 10;
    own.clamp(space, most).saturating_mul(115) / 100
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::row;
    use super::*;

    #[test]
    fn figures_of_several_words_stay_whole() {
        for (line, expected) in [
            (
                "10 (EA) 10 Mar 2026 1,500.25 INR 15,002.50 INR",
                &["10 (EA)", "10 Mar 2026", "1,500.25 INR", "15,002.50 INR"] as &[&str],
            ),
            ("INR 5.00 INR 10.00", &["INR 5.00", "INR 10.00"]),
            ("rev 3 120.5 NOS", &["rev", "3", "120.5", "NOS"]),
        ] {
            let row = row(&[(0, line)]);
            let read: Vec<String> = parts(&row.words)
                .into_iter()
                .filter_map(|part| Cell::of(part).map(|cell| cell.text))
                .collect();
            assert_eq!(read, expected);
        }
    }
}
