//! The lines of all pages as one list, and what is told of a line by itself.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::titles;
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
    /// How high it stands on its page, in hundredths of a point.
    pub(super) y: i64,
    /// How many lines are drawn across its page above it.
    pub(super) band: usize,
    titles: Titled,
}

/// Whether a line is one of titles above items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Titled {
    No,
    /// The first of so many.
    First(usize),
    Further,
}

impl Row {
    fn new(page: usize, line: Line) -> Self {
        let is_glued = line.words.iter().any(|word| parts_of_total(word).is_some());
        let line = if is_glued {
            let words = line
                .words
                .iter()
                .flat_map(|word| parts_of_total(word).unwrap_or_else(|| vec![word.clone()]));
            Line {
                band: line.band,
                ..Line::of(words.collect(), line.y)
            }
        } else {
            line
        };
        Self {
            page,
            text: line.text,
            words: line.words,
            y: line.y,
            band: line.band,
            titles: Titled::No,
        }
    }

    /// True for the first line of the titles above items.
    pub(super) fn is_anchor(&self) -> bool {
        self.title_lines().is_some()
    }

    /// How many lines the titles take that begin here.
    pub(super) fn title_lines(&self) -> Option<usize> {
        match self.titles {
            Titled::First(count) => Some(count),
            Titled::No | Titled::Further => None,
        }
    }

    fn is_of_titles(&self) -> bool {
        self.titles != Titled::No
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

/// The label or the rate, the currency and the amount that are printed as one word where a label reaches up to its figure:
/// `TotalINR`, `Amount134.60`, `18%24.20`.
fn parts_of_total(word: &Word) -> Option<Vec<Word>> {
    const LABELS: [&str; 5] = ["SUBTOTAL", "TOTAL", "AMOUNT", "VALUE", "CHARGES"];
    let text = word.text.as_str();
    let starts = |text: &str, name: &str| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let label = LABELS.into_iter().find(|name| starts(text, name)).map(str::len);
    let label = label.or_else(|| text.find('%').map(|at| at.saturating_add(1)))?;
    let currency = text
        .get(label..)
        .filter(|rest| starts(rest, "INR"))
        .map_or(0, |_| 3);
    let figure = text.get(label.saturating_add(currency)..)?;
    let is_amount = text::amount(figure).is_some() && figure.starts_with(|c: char| c.is_ascii_digit());
    if !(figure.is_empty() && currency > 0 || is_amount) {
        return None;
    }
    let width = word.end.saturating_sub(word.x);
    let count = i64::try_from(text.len()).ok()?.max(1);
    let place = |at: usize| {
        let at = i64::try_from(at).unwrap_or_default();
        word.x.saturating_add(width.saturating_mul(at) / count)
    };
    let mut parts = Vec::new();
    let mut at = 0_usize;
    for length in [label, currency, figure.len()]
        .into_iter()
        .filter(|length| *length > 0)
    {
        let end = at.saturating_add(length);
        parts.push(Word {
            text: text.get(at..end)?.to_owned(),
            x: place(at),
            end: place(end),
        });
        at = end;
    }
    Some(parts)
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

/// True for a label and an amount that are printed over each other, so that neither can be told.
pub(super) fn is_garbled(word: &Word) -> bool {
    const MIN_DIGITS: usize = 3;
    let digits = word.text.chars().filter(char::is_ascii_digit).count();
    let has_letters = word.text.contains(char::is_alphabetic);
    let ends_as_amount = word.text.rsplit_once('.').is_some_and(|(_, decimals)| {
        decimals.len() == 2 && decimals.bytes().all(|byte| byte.is_ascii_digit())
    });
    digits >= MIN_DIGITS && has_letters && ends_as_amount && amount_of(word).is_none()
}

/// True for a word that only names the currency of the number beside it.
pub(super) fn is_currency(word: &Word) -> bool {
    is_currency_name(&word.text)
}

pub(super) fn is_currency_name(text: &str) -> bool {
    matches!(
        text.to_ascii_uppercase().trim_matches(['(', ')', ':', ',']),
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
            && unit
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'))
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

/// The quantity and unit that a text is, and nothing besides: `10 (EA)`.
pub(super) fn quantity_and_unit(text: &str) -> Option<(Decimal, String)> {
    let words: Vec<Word> = text
        .split_whitespace()
        .map(|word| Word {
            text: word.to_owned(),
            ..Word::default()
        })
        .collect();
    let found = quantity_in(&words, 0)?;
    (found.first == 0 && found.behind == words.len()).then_some((found.value, found.unit))
}

/// All lines in the order of reading.
pub(super) fn all(pages: &[Page]) -> Vec<Row> {
    let numbered = pages.iter().enumerate();
    let rows =
        numbered.flat_map(|(page, lines)| lines.lines.iter().map(move |line| Row::new(page, line.clone())));
    with_titles(rows.collect())
}

/// The lines, with those marked that are titles.
fn with_titles(mut rows: Vec<Row>) -> Vec<Row> {
    let mut index = 0;
    while let Some(rest) = rows.get(index..).filter(|rest| !rest.is_empty()) {
        let Some(count) = titles::count_lines(rest) else {
            index = index.saturating_add(1);
            continue;
        };
        for (place, row) in rows.iter_mut().skip(index).take(count).enumerate() {
            row.titles = if place == 0 {
                Titled::First(count)
            } else {
                Titled::Further
            };
        }
        index = index.saturating_add(count.max(1));
    }
    rows
}

/// The lines without those that stand at the head or foot of every page: the same text, or at the same place one that
/// differs in its digits alone, such as the number of the page.
pub(super) fn without_page_furniture(rows: &[Row]) -> Vec<Row> {
    let pages: Vec<&[Row]> = rows.chunk_by(|one, next| one.page == next.page).collect();
    if pages.len() < 2 {
        return rows.iter().filter(|row| !is_page_number(row)).cloned().collect();
    }
    // What stands at the head of one page and at the foot of another is no furniture.
    let mut heads = Vec::new();
    let mut feet = Vec::new();
    for page in &pages {
        let head = page
            .iter()
            .take_while(|row| !is_of_table(row) && count_amounts(row) < 2);
        let foot = page
            .iter()
            .rev()
            .take(FOOT)
            .take_while(|row| !is_of_table(row) && count_amounts(row) == 0);
        heads.push(zone(head));
        feet.push(zone(foot));
    }
    let is_everywhere = |row: &Row| {
        let same = (None, row.text.clone());
        let alike = numberless(row).map(|text| (Some(place_of(row)), text));
        [&heads, &feet].into_iter().any(|zones| {
            zones.iter().all(|zone| zone.contains(&same))
                || alike
                    .as_ref()
                    .is_some_and(|alike| zones.iter().all(|zone| zone.contains(alike)))
        })
    };
    rows.iter()
        .filter(|row| is_of_table(row) || !is_everywhere(row) && !is_page_number(row))
        .cloned()
        .collect()
}

/// True for a line that is the number of its page and nothing else.
fn is_page_number(row: &Row) -> bool {
    let words: Vec<String> = text::words(&row.text);
    let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    match words.as_slice() {
        [page, number] => page == "PAGE" && is_number(number),
        [page, number, of, count] => page == "PAGE" && is_number(number) && of == "OF" && is_number(count),
        _ => false,
    }
}

/// What lines say, each as it is, and at its place without its numbers.
fn zone<'a>(rows: impl Iterator<Item = &'a Row>) -> HashSet<(Option<i64>, String)> {
    let texts = rows.flat_map(|row| {
        let same = Some((None, row.text.clone()));
        // A baseline may differ by a hair.
        let places =
            [-1, 0, 1].map(|by| numberless(row).map(|text| (Some(place_of(row).saturating_add(by)), text)));
        same.into_iter().chain(places.into_iter().flatten())
    });
    texts.collect()
}

fn is_of_table(row: &Row) -> bool {
    row.is_of_titles() || row.item_number().is_some()
}

fn count_amounts(row: &Row) -> usize {
    row.words.iter().filter(|word| amount_of(word).is_some()).count()
}

/// The height of a line in steps of a point; one for all lines that name the number of their page.
fn place_of(row: &Row) -> i64 {
    const MAX_WORDS: usize = 16;
    let is_number = |word: &Word| word.text.starts_with(|c: char| c.is_ascii_digit());
    let names_page = row
        .words
        .windows(2)
        .any(|pair| matches!(pair, [one, next] if one.text.eq_ignore_ascii_case("page") && is_number(next)));
    if names_page && row.words.len() <= MAX_WORDS {
        0
    } else {
        row.y / 100
    }
}

/// The text with every number as one sign; `None` where there is no number, or an amount.
fn numberless(row: &Row) -> Option<String> {
    let mut text = String::with_capacity(row.text.len());
    let mut has_number = false;
    for c in row.text.chars() {
        if !c.is_ascii_digit() {
            text.push(c);
        } else if !text.ends_with('0') {
            text.push('0');
            has_number = true;
        }
    }
    (has_number && count_amounts(row) == 0).then_some(text)
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
        with_titles(vec![Row::new(0, Line::of(words, 0))]).remove(0)
    }

    #[test]
    fn anchors_are_found_however_they_are_spaced() {
        assert!(row(&[(0, "Line # Part # / Description Qty (Unit)")]).is_anchor());
        assert!(row(&[(0, "LINE#"), (50, "Part #/description")]).is_anchor());
        assert!(row(&[(0, "Line No"), (50, "Part No. / Description")]).is_anchor());
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
    fn a_label_that_is_printed_over_its_figure_is_garbled() {
        for (word, expected) in [
            ("Am9o,u0n2t,59,194.20", true),
            ("T,1o7t4a,l362,529.53", true),
            ("5,000.00", false),
            ("5,000.00INR", false),
            ("RAL9010", false),
            ("IP65.2", false),
        ] {
            assert_eq!(is_garbled(&row(&[(0, word)]).words[0]), expected, "{word}");
        }
    }

    #[test]
    fn a_label_that_reaches_up_to_its_figure_is_a_word_of_its_own() {
        for (line, expected) in [
            ("Grand TotalINR 5.00", "Grand Total INR 5.00"),
            ("Total Amount134.60", "Total Amount 134.60"),
            ("ChargesINR12.00", "Charges INR 12.00"),
            ("IGST 18%24.20", "IGST 18% 24.20"),
            ("Totals 18% L2.50 Valued", "Totals 18% L2.50 Valued"),
        ] {
            let row = row(&[(0, line)]);
            assert_eq!(row.text, expected);
            assert!(row.words.windows(2).all(|pair| pair[0].end <= pair[1].x));
        }
    }

    #[test]
    fn what_names_the_page_is_furniture_wherever_it_stands() {
        let at = |page, y, text: &str| {
            let row = row(&[(0, text)]);
            Row { page, y, ..row }
        };
        let rows = [
            at(0, 500, "10 Chair 5.00"),
            at(0, 400, "Confidential - page 1 of 2"),
            at(1, 500, "20 Table 5.00"),
            at(1, 200, "Confidential - page 2 of 2"),
        ];

        let texts: Vec<String> = without_page_furniture(&rows)
            .into_iter()
            .map(|row| row.text)
            .collect();

        assert_eq!(texts, ["10 Chair 5.00", "20 Table 5.00"]);
    }

    #[test]
    fn a_quantity_is_a_number_with_a_unit_in_parentheses() {
        let read = |text: &str| quantity_in(&row(&[(0, text)]).words, 0).map(|q| (q.value, q.unit));
        assert_eq!(read("1 Chair 10 (EA) 5.00"), Some((dec!(10), "EA".into())));
        assert_eq!(read("Ply 20 (MM) 125.0(FT2)"), Some((dec!(125), "FT2".into())));
        assert_eq!(read("Ply 2.5 (Sq.ft)"), Some((dec!(2.5), "Sq.ft".into())));
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
