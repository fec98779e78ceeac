//! The columns of a table: which cell of a line stands below which title.
//!
//! Titles and the cells below them share an edge or their middle, but nobody says which. A cell that reaches under one
//! title alone is of that column. One that stands between two titles is of either; then the kind of what is printed there
//! tells, and quantity × price = amount, and what other lines of the table have shown.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::cells::Cell;
use super::figures::{self, Figures};
use super::kinds::Kind;
use super::rows::{Row, amount_of, is_currency};
use super::titles::{Title, Titles};
use crate::documents::pdf::Word;
use crate::documents::text;

/// Where cells between two kinds of titles were seen to belong, figures and words apart: above zero to the right.
type Habits = HashMap<(Kind, Kind, bool), i64>;

/// Titles with their places, and what was learnt of the cells below.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) titles: Vec<Title>,
    /// A wider gap, in hundredths of a point, separates cells.
    pub(super) gap: i64,
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
    /// How many cells are cut from what is printed no further from them than a space.
    cuts: i64,
    votes: i64,
    distance: i64,
}

impl Choice {
    /// The better of two choices has the higher rank.
    fn rank(&self) -> (u8, i64, i64, i64) {
        let (cuts, distance) = (self.cuts.saturating_neg(), self.distance.saturating_neg());
        (self.proofs, cuts, self.votes, distance)
    }

    /// True if the other is as good but for how far its cells are from the titles.
    fn is_no_better_than(&self, other: &Self) -> bool {
        (self.cuts, self.votes.saturating_neg()) >= (other.cuts, other.votes.saturating_neg())
    }
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
            let Some(cells) = self.cells_of(row) else {
                continue;
            };
            let mut choices = self.choices(&cells);
            choices.retain(|choice| choice.figures.are_proven());
            let most = choices.iter().map(|choice| choice.proofs).max();
            choices.retain(|choice| Some(choice.proofs) == most);
            let [choice] = choices.as_slice() else {
                continue;
            };
            for (cell, column) in cells.iter().zip(&choice.columns) {
                if let (Some(key), [left, _]) = (self.habit(cell), cell.options.as_slice()) {
                    let vote = habits.entry(key).or_default();
                    *vote = vote.saturating_add(if column == left { -1 } else { 1 });
                }
            }
        }
        habits
    }

    fn habit(&self, cell: &Cell) -> Option<(Kind, Kind, bool)> {
        let kind = |at: &usize| self.titles.get(*at).map(|title| title.kind);
        let (left, right) = (
            cell.options.first().and_then(kind)?,
            cell.options.get(1).and_then(kind)?,
        );
        (!cell.is_torn).then_some((left, right, cell.number().is_some()))
    }

    /// What a line says in its columns; `None` if it does not stand in them.
    pub(super) fn read(&self, row: &Row) -> Option<Figures> {
        if !self.are_of_a_table() {
            return None;
        }
        let cells = self.cells_of(row)?;
        let mut choices = self.choices(&cells);
        choices.sort_by_key(|choice| std::cmp::Reverse(choice.rank()));
        let mut choices = choices.into_iter();
        let best = choices.next()?;
        let rival = choices.find(|other| !other.figures.are_the_same_as(&best.figures));
        let is_sure = best.figures.are_proven() || rival.is_none_or(|rival| !best.is_no_better_than(&rival));
        Some(Figures {
            is_sure,
            is_split: best.cuts > 0 && !best.figures.are_proven(),
            ..best.figures
        })
    }

    /// All ways in which the cells may stand below the titles, in their order.
    fn choices(&self, cells: &[Cell]) -> Vec<Choice> {
        let mut all: Vec<Vec<usize>> = vec![Vec::new()];
        for cell in cells {
            let mut longer = Vec::new();
            for before in &all {
                let last = before.last().copied();
                let in_order = cell
                    .options
                    .iter()
                    .filter(|option| last.is_none_or(|last| last <= **option));
                longer.extend(in_order.map(|option| [before.as_slice(), &[*option]].concat()));
            }
            all = longer;
        }
        let mut choices: Vec<Choice> = all
            .into_iter()
            .map(|columns| self.choice(cells, columns))
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

    fn choice(&self, cells: &[Cell], columns: Vec<usize>) -> Choice {
        let (mut votes, mut distance) = (0_i64, 0_i64);
        for (cell, column) in cells.iter().zip(&columns) {
            let Some(title) = self.titles.get(*column) else {
                continue;
            };
            let gap = title
                .x
                .saturating_sub(cell.end)
                .max(cell.x.saturating_sub(title.end))
                .max(0);
            distance = distance.saturating_add(gap);
            if let ([left, _], Some(key)) = (cell.options.as_slice(), self.habit(cell)) {
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
            cuts: self.cuts(cells, &columns),
            columns,
            figures,
            votes,
            distance,
        }
    }

    /// How many cells are of another column than the one before, though no more than a space is between them; a date
    /// below its title, and what stands below two titles of figures, is of two columns, however near.
    fn cuts(&self, cells: &[Cell], columns: &[usize]) -> i64 {
        let placed: Vec<(&Cell, &usize)> = cells.iter().zip(columns).collect();
        let is_cut = |pair: &&[(&Cell, &usize)]| {
            let [(before, left), (cell, right)] = pair else {
                return false;
            };
            let is_text = self
                .titles
                .get(**left)
                .is_some_and(|title| title.kind == Kind::Description);
            let is_date = text::date(&cell.text).is_some();
            let is_apart =
                (is_date || !is_text && self.below(before) == [**left]) && self.below(cell) == [**right];
            cell.is_joined && left != right && !is_apart
        };
        i64::try_from(placed.windows(2).filter(is_cut).count()).unwrap_or(i64::MAX)
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

    /// True if a line may begin with the number of an item: where it begins, no figures stand.
    pub(super) fn may_begin_with(&self, row: &Row) -> bool {
        let kind = row.words.first().map(|word| self.at(word));
        kind.is_none_or(|kind| !kind.is_of_figures())
    }

    /// The numbers under Qty: the place of each among the words, and the number.
    pub(super) fn quantities_in(&self, words: &[Word]) -> Vec<(usize, Decimal)> {
        let numbers = words.iter().enumerate().filter_map(|(index, word)| {
            let is_number = word.text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let value = text::amount(&word.text).filter(|_| is_number)?;
            (index > 0 && self.at(word) == Kind::Quantity).then_some((index, value))
        });
        numbers.collect()
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

#[cfg(test)]
mod tests {
    use super::super::rows::tests::row;
    use super::super::titles;
    use super::*;

    /// What a line says below titles of which the first two look like one.
    fn read(cells: &[(i64, &str)]) -> Option<Figures> {
        let titles = row(&[
            (0, "Line # Part # / Description"),
            (250, "Qty"),
            (280, "Unit"),
            (320, "Unit Price"),
            (400, "Amount"),
        ]);
        Columns::of(titles::read(&[titles]), &[]).read(&row(cells))
    }

    #[test]
    fn a_number_at_the_end_of_a_description_is_no_quantity() {
        for (text, quantity, unit, price, amount) in [
            (
                "Cable tray size 300 as per drawing rev 3",
                "120.5",
                "M",
                "2.00",
                "241.00",
            ),
            ("Glass door clear height 4", "7.5", "NOS", "10.00", "75.00"),
            ("Bracket type 36", "120.5", "EA", "1.00", "120.50"),
            // Nothing proves the figures here.
            ("Panel as per drawing rev 120.5", "3", "EA", "10.00", "25.00"),
        ] {
            // The quantity stands at the left, the middle or the right of its column.
            for at in [235, 245, 252] {
                let line = [
                    (0, &*format!("10 {text}")),
                    (at, quantity),
                    (280, unit),
                    (320, price),
                    (400, amount),
                ];
                let figures = read(&line).unwrap();
                assert_eq!(figures.number.as_deref(), Some("10"), "{line:?}");
                assert_eq!(figures.description, text, "{line:?}");
                assert_eq!(figures.quantity.number(), quantity.parse().ok(), "{line:?}");
                assert_eq!(figures.unit.as_deref(), Some(unit), "{line:?}");
                assert!(figures.is_sure && !figures.is_split, "{line:?}");
            }
        }
    }

    #[test]
    fn a_quantity_that_stands_close_behind_the_description_is_told_by_its_amount() {
        let text = "Oak table with drawers as per drawing rev 3";
        // The text ends at 245, a space before the quantity.
        let line = |amount| {
            let cells = [
                (11, text),
                (262, "12"),
                (280, "EA"),
                (320, "10.00"),
                (400, amount),
            ];
            let mut line = row(&cells);
            for (word, (x, end)) in line
                .words
                .iter_mut()
                .skip(9)
                .zip([(23_600, 24_100), (24_400, 25_400)])
            {
                (word.x, word.end) = (x, end);
            }
            line
        };
        let titles = row(&[
            (0, "Line # Part # / Description"),
            (235, "Quantity"),
            (280, "Unit"),
            (320, "Rate"),
            (400, "Amount"),
        ]);
        let columns = Columns::of(titles::read(&[titles]), &[]);

        let figures = columns.read(&line("120.00")).unwrap();

        assert_eq!(figures.quantity.number(), Some(rust_decimal::dec!(12)));
        assert_eq!(figures.description, text);
    }

    #[test]
    fn two_numbers_in_one_column_are_no_number() {
        let figures = read(&[
            (0, "10 Panel"),
            (245, "3"),
            (255, "120.5"),
            (320, "1.00"),
            (400, "3.00"),
        ])
        .unwrap();
        assert_eq!(figures.quantity.number(), None);
        assert!(!figures.quantity.is_absent());
    }

    #[test]
    fn a_quantity_and_a_date_that_stand_close_are_told_apart() {
        let titles = row(&[
            (0, "Line # Part # / Description"),
            (200, "Qty (Unit)"),
            (252, "Need By"),
            (320, "Unit Price"),
            (400, "Subtotal"),
        ]);
        let columns = Columns::of(titles::read(&[titles]), &[]);

        let line = row(&[
            (212, "10 (EA) 10 Mar 2026"),
            (320, "5.00 INR"),
            (400, "50.00 INR"),
        ]);
        let figures = columns.read(&line).unwrap();

        assert_eq!(figures.quantity.number(), Some(rust_decimal::dec!(10)));
        assert_eq!(
            (figures.unit.as_deref(), figures.description.as_str()),
            (Some("EA"), "")
        );
        assert_eq!(figures.number, None);
        assert!(figures.is_whole());
    }
}
