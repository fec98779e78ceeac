//! The columns of a table: which cell of a line stands below which title.
//!
//! Titles and the cells below them share an edge or their middle, but nobody says which. A cell that reaches under one
//! title alone is of that column. One that stands between two titles is of either; then the kind of what is printed there
//! tells, and quantity × price = amount, and what other lines of the table have shown.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::figures::{self, Figures};
use super::rows::{Row, amount_of, is_currency};
use super::titles::{Kind, Title, Titles};
use crate::documents::pdf::Word;
use crate::documents::text;

/// So many cells of a line may stand between titles; more are no table.
const MAX_BETWEEN: usize = 8;

/// A cell of a line, in hundredths of a point from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) x: i64,
    pub(super) end: i64,
    pub(super) text: String,
}

/// Where cells between two kinds of titles were seen to belong, figures and words apart: above zero to the right.
type Habits = HashMap<(Kind, Kind, bool), i64>;

/// Titles with their places, and what was learnt of the cells below.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    titles: Vec<Title>,
    gap: i64,
    habits: std::rc::Rc<Habits>,
}

/// The cells of a line, each with its column.
#[derive(Debug, Clone)]
struct Choice {
    /// Indices of titles, one a cell.
    columns: Vec<usize>,
    figures: Figures,
    /// How many of the figures follow from others.
    proofs: u8,
    is_crowded: bool,
    votes: i64,
    distance: i64,
}

impl Columns {
    /// The columns below titles, with what lines below them say of cells that stand between titles.
    pub(super) fn of(titles: Titles, lines: &[Row]) -> Self {
        let mut columns = Self {
            titles: titles.all,
            gap: titles.gap,
            habits: std::rc::Rc::default(),
        };
        if columns.are_of_a_table() {
            columns.habits = std::rc::Rc::new(columns.learn(lines));
        }
        columns
    }

    fn has(&self, kind: Kind) -> bool {
        self.titles.iter().any(|title| title.kind == kind)
    }

    /// True if there is a column for what an item costs, beside one for what it is.
    pub(super) fn are_of_a_table(&self) -> bool {
        self.has(Kind::Description)
            && (self.has(Kind::Amount) || self.has(Kind::Gross))
            && (self.has(Kind::Quantity) || self.has(Kind::Price))
    }

    fn learn(&self, lines: &[Row]) -> Habits {
        let mut habits = Habits::new();
        for row in lines {
            let Some((cells, options, _)) = self.cells_of(row) else {
                continue;
            };
            let mut choices = self.choices(&cells, &options);
            choices.retain(|choice| choice.figures.are_proven());
            let most = choices.iter().map(|choice| choice.proofs).max();
            choices.retain(|choice| Some(choice.proofs) == most);
            let [choice] = choices.as_slice() else {
                continue;
            };
            for ((cell, options), column) in cells.iter().zip(&options).zip(&choice.columns) {
                if let (Some(key), [left, _]) = (self.habit(cell, options), options.as_slice()) {
                    let vote = habits.entry(key).or_default();
                    *vote = vote.saturating_add(if column == left { -1 } else { 1 });
                }
            }
        }
        habits
    }

    fn habit(&self, cell: &Cell, options: &[usize]) -> Option<(Kind, Kind, bool)> {
        let kind = |at: &usize| self.titles.get(*at).map(|title| title.kind);
        let (left, right) = (options.first().and_then(kind)?, options.get(1).and_then(kind)?);
        Some((left, right, figures::number(&cell.text).is_some()))
    }

    /// What a line says in its columns; `None` if it does not stand in them.
    pub(super) fn read(&self, row: &Row) -> Option<Figures> {
        if !self.are_of_a_table() {
            return None;
        }
        let (cells, options, is_split) = self.cells_of(row)?;
        let mut choices = self.choices(&cells, &options);
        let rank = |choice: &Choice| (choice.proofs, choice.votes, choice.distance.saturating_neg());
        choices.sort_by_key(|choice| std::cmp::Reverse(rank(choice)));
        let mut choices = choices.into_iter();
        let best = choices.next()?;
        let rival = choices.find(|other| !other.figures.are_the_same_as(&best.figures));
        let is_sure = best.figures.are_proven() || rival.is_none_or(|rival| rival.votes < best.votes);
        Some(Figures {
            is_sure,
            is_split,
            ..best.figures
        })
    }

    /// The cells of a line with the columns that each may be of, and whether words had to be torn from one another.
    fn cells_of(&self, row: &Row) -> Option<(Vec<Cell>, Vec<Vec<usize>>, bool)> {
        let mut cells = Vec::new();
        let mut is_split = false;
        let groups: Vec<&[Word]> = row
            .words
            .chunk_by(|one, next| next.x.saturating_sub(one.end) <= self.gap)
            .collect();
        let is_one = groups.len() == 1;
        for words in groups {
            let cell = cell_of(words)?;
            if self.below(&cell).len() < 2 {
                cells.push(cell);
            } else if is_one {
                return None;
            } else {
                is_split |= !self.is_label_and_text(&cell);
                cells.extend(words.chunks(1).filter_map(cell_of));
            }
        }
        let options: Vec<Vec<usize>> = cells.iter().map(|cell| self.options(cell)).collect();
        let between = options.iter().filter(|options| options.len() > 1).count();
        (between <= MAX_BETWEEN).then_some((cells, options, is_split))
    }

    /// True for a number that stands so close to the description that they look like one cell.
    fn is_label_and_text(&self, cell: &Cell) -> bool {
        let kinds: Vec<Kind> = self
            .below(cell)
            .into_iter()
            .filter_map(|at| self.titles.get(at).map(|title| title.kind))
            .collect();
        kinds == [Kind::Number, Kind::Description]
    }

    /// The titles that a cell reaches under.
    fn below(&self, cell: &Cell) -> Vec<usize> {
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
        if fitting.is_empty() {
            all.collect()
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
            Kind::Price | Kind::Amount | Kind::Gross | Kind::Tax | Kind::Discount => {
                is_number || is_currency_alone(&cell.text)
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

    /// All ways in which the cells may stand below the titles, in their order.
    fn choices(&self, cells: &[Cell], options: &[Vec<usize>]) -> Vec<Choice> {
        let mut all: Vec<Vec<usize>> = vec![Vec::new()];
        for options in options {
            let mut longer = Vec::new();
            for before in &all {
                let last = before.last().copied();
                let in_order = options
                    .iter()
                    .filter(|option| last.is_none_or(|last| last <= **option));
                longer.extend(in_order.map(|option| [before.as_slice(), &[*option]].concat()));
            }
            all = longer;
        }
        let mut choices: Vec<Choice> = all
            .into_iter()
            .map(|columns| self.choice(cells, options, columns))
            .collect();
        // One figure a column, where that is possible.
        if choices.iter().any(|choice| !choice.is_crowded) {
            choices.retain(|choice| !choice.is_crowded);
        }
        choices
    }

    /// True if two figures stand in one column.
    fn is_crowded(&self, cells: &[Cell], columns: &[usize]) -> bool {
        let is_of_figures = |column: &usize| {
            self.titles
                .get(*column)
                .is_some_and(|title| title.kind.is_of_figures())
        };
        let placed = cells.iter().zip(columns).filter(|(cell, column)| {
            is_of_figures(column) && figures::number(cell.text.trim_end_matches('%')).is_some()
        });
        let taken: Vec<usize> = placed.map(|(_, column)| *column).collect();
        taken.windows(2).any(|pair| pair.first() == pair.get(1))
    }

    fn choice(&self, cells: &[Cell], all_options: &[Vec<usize>], columns: Vec<usize>) -> Choice {
        let (mut votes, mut distance) = (0_i64, 0_i64);
        for ((cell, options), column) in cells.iter().zip(all_options).zip(&columns) {
            let Some(title) = self.titles.get(*column) else {
                continue;
            };
            let gap = title
                .x
                .saturating_sub(cell.end)
                .max(cell.x.saturating_sub(title.end))
                .max(0);
            distance = distance.saturating_add(gap);
            if let ([left, _], Some(key)) = (options.as_slice(), self.habit(cell, options)) {
                let vote = self.habits.get(&key).copied().unwrap_or_default().signum();
                votes = votes.saturating_add(if column == left {
                    vote.saturating_neg()
                } else {
                    vote
                });
            }
        }
        let placed = cells
            .iter()
            .zip(&columns)
            .filter_map(|(cell, column)| Some((self.titles.get(*column)?.kind, cell.text.as_str())));
        let figures = Figures::of(placed);
        Choice {
            proofs: figures.proofs(),
            is_crowded: self.is_crowded(cells, &columns),
            columns,
            figures,
            votes,
            distance,
        }
    }

    /// True if units stand in a column, and not in parentheses behind the quantity.
    pub(super) fn have_units(&self) -> bool {
        self.has(Kind::Unit)
    }

    /// The column whose title is nearest to a word.
    pub(super) fn at(&self, word: &Word) -> Kind {
        let distance = |title: &&Title| {
            let gap = title
                .x
                .saturating_sub(word.end)
                .max(word.x.saturating_sub(title.end))
                .max(0);
            // Of titles that are equally near, that whose middle is nearest.
            let middles = title
                .x
                .saturating_add(title.end)
                .abs_diff(word.x.saturating_add(word.end));
            (gap, middles)
        };
        self.titles
            .iter()
            .min_by_key(distance)
            .map_or(Kind::Other, |title| title.kind)
    }

    /// The number under Qty: its place among the words, and the number.
    pub(super) fn quantity_in(&self, words: &[Word]) -> Option<(usize, Decimal)> {
        let mut numbers = words.iter().enumerate().filter_map(|(index, word)| {
            let is_number = word.text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let value = text::amount(&word.text).filter(|_| is_number)?;
            (index > 0 && self.at(word) == Kind::Quantity).then_some((index, value))
        });
        numbers.next()
    }

    /// The word under Unit: its place among the words behind the quantity, and the word.
    pub(super) fn unit_in(&self, words: &[Word], quantity: usize) -> Option<(usize, String)> {
        let is_unit =
            |word: &Word| figures::is_unit(&word.text) && !is_currency(word) && amount_of(word).is_none();
        let mut units = words
            .iter()
            .enumerate()
            .filter(|(index, word)| *index > quantity && is_unit(word) && self.at(word) == Kind::Unit);
        units.next().map(|(index, word)| (index, word.text.clone()))
    }
}

fn is_currency_alone(cell: &str) -> bool {
    matches!(cell.to_ascii_uppercase().as_str(), "INR" | "RS" | "RS." | "₹")
}

fn cell_of(words: &[Word]) -> Option<Cell> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    Some(Cell {
        x: words.first()?.x,
        end: words.last()?.end,
        text: texts.join(" "),
    })
}
