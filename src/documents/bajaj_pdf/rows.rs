//! The lines of all pages as one list, and what is told of a line by itself.

use std::collections::HashSet;

use rust_decimal::Decimal;

use crate::documents::pdf::{Line, Page, Word};
use crate::documents::text;

/// A gap this wide, in hundredths of a point, separates the cells of a table.
const CELL_GAP: i64 = 900;
/// Lines at the foot of a page in which repeated ones are looked for.
const FOOT: usize = 8;

/// A line and the page it stands on.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) page: usize,
    pub(super) text: String,
    pub(super) words: Vec<Word>,
}

impl Row {
    fn new(page: usize, line: Line) -> Self {
        Self {
            page,
            text: line.text,
            words: line.words,
        }
    }

    /// True for the line of titles above items, however it is spaced.
    pub(super) fn is_anchor(&self) -> bool {
        let compact: String = self.text.chars().filter(|c| !c.is_whitespace()).collect();
        compact.to_uppercase().contains("LINE#PART#/DESCRIPTION")
    }

    /// True if the line begins with one of these texts, which are upper-case.
    pub(super) fn starts_with_any(&self, starts: &[&str]) -> bool {
        let upper = self.text.to_uppercase();
        starts.iter().any(|start| {
            upper
                .strip_prefix(start)
                .is_some_and(|rest| start.ends_with('.') || !rest.starts_with(|c: char| c.is_alphanumeric()))
        })
    }

    /// The cells of the line: words with wide gaps between.
    pub(super) fn cells(&self) -> Vec<Word> {
        let mut cells: Vec<Word> = Vec::new();
        for word in &self.words {
            let joined = cells
                .last_mut()
                .filter(|cell| word.x.saturating_sub(cell.end) < CELL_GAP);
            if let Some(cell) = joined {
                cell.text.push(' ');
                cell.text.push_str(&word.text);
                cell.end = word.end;
            } else {
                cells.push(word.clone());
            }
        }
        cells
    }

    /// The number that a new item begins with, if the line looks like its first: a number, and a quantity or an amount.
    pub(super) fn item_number(&self) -> Option<u32> {
        let (first, rest) = self.words.split_first()?;
        let number = line_number(&first.text)?;
        let has_figure = quantity_in(rest, 0).is_some() || rest.iter().any(|word| amount_of(word).is_some());
        has_figure.then_some(number)
    }
}

/// `3`, `3.` or `3)`.
fn line_number(text: &str) -> Option<u32> {
    let digits = text.strip_suffix(['.', ')']).unwrap_or(text);
    let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|number| *number > 0)
}

/// The amount that a word is: a number with exactly 2 decimals, with or without its currency.
pub(super) fn amount_of(word: &Word) -> Option<Decimal> {
    let (_, decimals) = word.text.rsplit_once('.')?;
    let digits = decimals.bytes().take_while(u8::is_ascii_digit).count();
    let rest = decimals.get(digits..)?;
    let is_amount =
        digits == 2 && matches!(rest.to_ascii_uppercase().as_str(), "" | "INR" | ")" | "-" | "/-");
    is_amount.then(|| text::amount(&word.text)).flatten()
}

/// True for a word that only names the currency of the number beside it.
pub(super) fn is_currency(word: &Word) -> bool {
    matches!(
        word.text.to_ascii_uppercase().trim_matches(['(', ')', ':', ',']),
        "INR" | "RS" | "RS." | "₹"
    )
}

/// A quantity with its unit in parentheses: which words it takes, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quantity {
    pub(super) first: usize,
    pub(super) behind: usize,
    pub(super) value: Decimal,
    pub(super) unit: String,
}

/// The last quantity among the words from `start` on: `10 (EA)` or `10(EA)`.
pub(super) fn quantity_in(words: &[Word], start: usize) -> Option<Quantity> {
    let at = |first: usize| {
        let text = words.get(first)?.text.as_str();
        let next = words.get(first.saturating_add(1)).map(|word| word.text.as_str());
        let (number, unit, behind) = match text.split_once('(') {
            Some((number, unit)) => (number, unit, first.saturating_add(1)),
            None => (text, next?.strip_prefix('(')?, first.saturating_add(2)),
        };
        let unit = unit.strip_suffix(')')?;
        let is_unit = (1..=8).contains(&unit.len())
            && unit.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && unit.bytes().any(|byte| byte.is_ascii_alphabetic());
        Some(Quantity {
            first,
            behind,
            value: text::amount(number).filter(|_| is_unit)?,
            unit: unit.to_owned(),
        })
    };
    (start..words.len()).rev().find_map(at)
}

/// All lines in the order of reading.
pub(super) fn all(pages: &[Page]) -> Vec<Row> {
    let numbered = pages.iter().enumerate();
    numbered
        .flat_map(|(page, lines)| lines.lines.iter().map(move |line| Row::new(page, line.clone())))
        .collect()
}

/// The lines without those that stand at the head or foot of every page.
pub(super) fn without_page_furniture(rows: &[Row]) -> Vec<Row> {
    let pages: Vec<&[Row]> = rows.chunk_by(|one, next| one.page == next.page).collect();
    let mut zones: Vec<HashSet<String>> = Vec::new();
    for page in &pages {
        let is_of_table = |row: &Row| row.is_anchor() || row.item_number().is_some();
        let head = page.iter().take_while(|row| !is_of_table(row));
        let foot =
            page.iter().rev().take(FOOT).take_while(|row| {
                !is_of_table(row) && !row.words.iter().any(|word| amount_of(word).is_some())
            });
        zones.push(head.chain(foot).map(furniture_text).collect());
    }
    let is_everywhere = |row: &Row| {
        let text = furniture_text(row);
        zones.iter().all(|zone| zone.contains(&text))
    };
    if pages.len() < 2 {
        return rows.to_vec();
    }
    rows.iter()
        .filter(|row| row.is_anchor() || row.item_number().is_some() || !is_everywhere(row))
        .cloned()
        .collect()
}

/// The text of a line by which it is known again: `Page 2 of 3` is the same on every page.
fn furniture_text(row: &Row) -> String {
    let upper = row.text.to_uppercase();
    if !upper.starts_with("PAGE ") {
        return row.text.clone();
    }
    upper
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect::<String>()
        .replace("00", "0")
}

#[cfg(test)]
pub(super) mod tests {
    use rust_decimal::dec;

    use super::*;

    /// A row of cells, each given by its place in points; a character is 5 points wide.
    pub(in crate::documents::bajaj_pdf) fn row(cells: &[(i64, &str)]) -> Row {
        let mut words = Vec::new();
        for (x, text) in cells {
            let mut at = x * 100;
            for word in text.split_whitespace() {
                let end = at + 500 * i64::try_from(word.chars().count()).unwrap();
                words.push(Word {
                    text: word.to_owned(),
                    x: at,
                    end,
                });
                at = end + 300;
            }
        }
        Row::new(0, Line::of(words))
    }

    #[test]
    fn anchors_are_found_however_they_are_spaced() {
        assert!(row(&[(0, "Line # Part # / Description Qty (Unit)")]).is_anchor());
        assert!(row(&[(0, "LINE#"), (50, "Part #/description")]).is_anchor());
        assert!(!row(&[(0, "Line Part Description")]).is_anchor());
    }

    #[test]
    fn amounts_have_exactly_two_decimals() {
        for (text, amount) in [
            ("5,000.00", Some(dec!(5000))),
            ("2,82,359.12INR", Some(dec!(282359.12))),
            ("₹10.50", Some(dec!(10.5))),
            ("(500.00)", Some(dec!(-500))),
            ("500.00/-", Some(dec!(500))),
            ("500", None),
            ("12.5", None),
            ("12.500", None),
            ("18.00%", None),
            ("20.02.26", None),
        ] {
            assert_eq!(amount_of(&row(&[(0, text)]).words[0]), amount, "{text}");
        }
    }

    #[test]
    fn a_quantity_is_a_number_with_a_unit_in_parentheses() {
        let read = |text: &str| quantity_in(&row(&[(0, text)]).words, 0).map(|q| (q.value, q.unit));
        assert_eq!(read("1 Chair 10 (EA) 5.00"), Some((dec!(10), "EA".into())));
        assert_eq!(read("Ply 20 (MM) 125.0(FT2)"), Some((dec!(125), "FT2".into())));
        for none in [
            "Chair (EA)",
            "10 (2)",
            "10 EA",
            "10 (LONG UNIT)",
            "10 (NINELETTERS)",
            "x10 (EA)",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
