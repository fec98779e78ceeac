//! The titles above the items: in how many lines they stand, where, and what each says stands below it.

use super::kinds::{Kind, kind_of, settle};
use super::rows::Row;
use crate::documents::labels::Words;
use crate::documents::pdf::Word;
use crate::documents::text;

/// Titles take at most so many lines.
const MAX_LINES: usize = 4;
/// Lines of titles are at most this far apart, in hundredths of a point.
const MAX_LEADING: i64 = 2_000;
/// The lines of titles in the middle of their cells are at most this far apart.
const HALF_LEADING: i64 = 900;
/// Titles beyond so many are no titles.
const MAX_TITLES: usize = 60;
/// A space between the words of a title, where none can be measured.
const SPACE: i64 = 300;

/// A title with its place, in hundredths of a point from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) x: i64,
    pub(super) end: i64,
    pub(super) kind: Kind,
}

/// The titles of one table, from left to right.
#[derive(Debug, Clone, Default)]
pub(super) struct Titles {
    pub(super) all: Vec<Title>,
    /// A gap wider than this separates cells.
    pub(super) gap: i64,
}

/// How many of these lines, from the first on, are the titles above items; `None` if the first begins no titles.
pub(super) fn count_lines(rows: &[Row]) -> Option<usize> {
    let first = rows.first()?;
    let next = rows.get(1).filter(|next| is_below(first, next, MAX_LEADING));
    let is_whole = is_anchor(&first.text);
    let begins = is_whole
        || is_only_titles(first)
            && next.is_some_and(|next| {
                is_below(first, next, HALF_LEADING) && is_anchor(&next.text)
                    || is_only_titles(next) && (2..=MAX_LINES).any(|count| is_anchor_in_lines(rows, count))
            });
    if !begins {
        return None;
    }
    let mut count = 1_usize;
    let mut is_found = is_whole;
    while count < MAX_LINES
        && let (Some(above), Some(below)) = (rows.get(count.saturating_sub(1)), rows.get(count))
        && is_below(above, below, MAX_LEADING)
    {
        let is_the_titles = !is_found && is_anchor(&below.text);
        if !is_the_titles && !is_only_titles(below) {
            break;
        }
        is_found |= is_the_titles;
        count = count.saturating_add(1);
    }
    Some(count)
}

fn is_below(above: &Row, below: &Row, most: i64) -> bool {
    above.page == below.page && above.y.saturating_sub(below.y) <= most
}

/// True if these first lines say the titles only together.
fn is_anchor_in_lines(rows: &[Row], count: usize) -> bool {
    let Some(lines) = rows.get(..count) else {
        return false;
    };
    let gap = lines.iter().map(gap_of).max().unwrap_or(SPACE);
    let joined: Vec<String> = cells(lines, gap).into_iter().map(|cell| cell.text()).collect();
    lines.iter().all(is_only_titles) && is_anchor(&joined.join(" "))
}

/// True for the text of titles above items, however it is spaced: `Line # Part # / Description`.
fn is_anchor(text: &str) -> bool {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let compact = compact.to_uppercase();
    compact.match_indices("LINE").any(|(at, name)| {
        let behind = compact.get(at.saturating_add(name.len())..).unwrap_or_default();
        without_number_sign(behind)
            .strip_prefix("PART")
            .is_some_and(|behind| without_number_sign(behind).starts_with("/DESCRIPTION"))
    })
}

fn without_number_sign(text: &str) -> &str {
    ["NUMBER", "NO.", "NO", "#"]
        .iter()
        .find_map(|sign| text.strip_prefix(sign))
        .unwrap_or(text)
}

/// True for a line of nothing but titles.
fn is_only_titles(row: &Row) -> bool {
    const TITLES: &[&str] = &[
        "AMOUNT",
        "AMT",
        "BY",
        "CGST",
        "CODE",
        "DATE",
        "DELIVERY",
        "DESCRIPTION",
        "DISC",
        "DISCOUNT",
        "EACH",
        "EXCL",
        "GROSS",
        "GST",
        "HSN",
        "IGST",
        "INCL",
        "INR",
        "LINE",
        "NEED",
        "NEEDED",
        "NET",
        "NO",
        "NUMBER",
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
        "SAC",
        "SGST",
        "SUB",
        "SUBTOTAL",
        "TAX",
        "TAXABLE",
        "TOTAL",
        "TYPE",
        "UNIT",
        "UOM",
        "VALUE",
        "WITH",
        "#",
        "%",
    ];
    Words::of(&row.text).are_among(TITLES)
}

/// One cell of the titles, in several lines perhaps.
#[derive(Debug)]
struct Cell {
    x: i64,
    end: i64,
    words: Vec<Word>,
}

impl Cell {
    fn of(word: &Word) -> Self {
        Self {
            x: word.x,
            end: word.end,
            words: vec![word.clone()],
        }
    }

    fn text(&self) -> String {
        let texts: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        texts.join(" ")
    }

    fn add(&mut self, other: Self) {
        self.x = self.x.min(other.x);
        self.end = self.end.max(other.end);
        self.words.extend(other.words);
    }
}

/// The cells of some lines: words with no wider gap between, and what stands below them.
fn cells(rows: &[Row], gap: i64) -> Vec<Cell> {
    let mut all: Vec<Cell> = Vec::new();
    for row in rows {
        let mut line: Vec<Cell> = Vec::new();
        for word in row.words.iter().take(MAX_TITLES).flat_map(torn) {
            match line.last_mut() {
                Some(last) if word.x.saturating_sub(last.end) <= gap => last.add(Cell::of(&word)),
                _ => line.push(Cell::of(&word)),
            }
        }
        for cell in line {
            match all
                .iter_mut()
                .find(|above| above.x < cell.end && cell.x < above.end)
            {
                Some(above) => above.add(cell),
                None => all.push(cell),
            }
        }
    }
    all.sort_by_key(|cell| cell.x);
    all
}

/// The words that a word is made of where a title reaches up to the next: `DescriptionQty`.
fn torn(word: &Word) -> Vec<Word> {
    const NAME: &str = "DESCRIPTION";
    let upper = word.text.to_ascii_uppercase();
    let at = upper.find(NAME).map(|at| at.saturating_add(NAME.len()));
    let (Some(at), true) = (at, upper.len() == word.text.len()) else {
        return vec![word.clone()];
    };
    let (name, next) = word.text.split_at(at);
    if !next.starts_with(char::is_alphabetic) {
        return vec![word.clone()];
    }
    let characters = |text: &str| i64::try_from(text.chars().count()).unwrap_or(1);
    let width = word.end.saturating_sub(word.x).saturating_mul(characters(name));
    let middle = word.x.saturating_add(width / characters(&word.text).max(1));
    let part = |text: &str, x: i64, end: i64| Word {
        text: text.to_owned(),
        x,
        end,
    };
    vec![part(name, word.x, middle), part(next, middle, word.end)]
}

/// A gap that is wider than the space between the words of one title.
fn gap_of(row: &Row) -> i64 {
    let part = row
        .words
        .iter()
        .position(|word| word.text.to_uppercase().starts_with("PART"));
    let spaces = part.into_iter().flat_map(|part| {
        let pairs = row.words.windows(2).skip(part);
        pairs.map_while(|pair| {
            let [one, next] = pair else { return None };
            let is_inside = matches!(next.text.as_str(), "#" | "/" | "No" | "No.")
                || next.text.to_uppercase().contains("DESCRIPTION");
            is_inside.then(|| next.x.saturating_sub(one.end))
        })
    });
    let space = spaces
        .max()
        .filter(|space| (50..=1_200).contains(space))
        .unwrap_or(SPACE);
    space.saturating_mul(17) / 10
}

/// Reads the titles in these lines.
pub(super) fn read(lines: &[Row]) -> Titles {
    let gap = lines
        .iter()
        .find(|row| is_anchor(&row.text))
        .or(lines.first())
        .map_or(SPACE, gap_of);
    let mut all: Vec<(Title, Vec<String>)> = Vec::new();
    for cell in cells(lines, gap) {
        let mut parts: Vec<(Cell, Vec<String>)> = Vec::new();
        for word in &cell.words {
            let names = text::words(&word.text);
            match parts.last_mut() {
                Some((part, before)) if goes_on(before, &names, word) => {
                    part.add(Cell::of(word));
                    before.extend(names);
                }
                _ => parts.push((Cell::of(word), names)),
            }
        }
        all.extend(parts.into_iter().map(|(part, names)| {
            let (x, end) = (part.x, part.end);
            (
                Title {
                    x,
                    end,
                    kind: kind_of(&names),
                },
                names,
            )
        }));
    }
    all.truncate(MAX_TITLES);
    settle(&mut all);
    Titles {
        all: all.into_iter().map(|(title, _)| title).collect(),
        gap,
    }
}

/// True if a word with no gap before it belongs to the title before.
fn goes_on(before: &[String], names: &[String], word: &Word) -> bool {
    let (Some(last), Some(next)) = (before.last(), names.first()) else {
        return true;
    };
    let (kind, own) = (kind_of(before), kind_of(names));
    let is_pair = match (last.as_str(), next.as_str()) {
        (
            _,
            "%" | "INR" | "RS" | "#" | "NO" | "NUMBER" | "CODE" | "SAC" | "PER" | "OF" | "INCL" | "EXCL"
            | "WITH" | "INCLUDING" | "EXCLUDING",
        )
        | ("PER" | "OF" | "WITH" | "INCL" | "EXCL" | "NEED" | "NEEDED" | "REQUIRED" | "DELIVERY", _)
        | (
            "SUB" | "LINE" | "NET" | "GRAND" | "TAXABLE" | "TOTAL" | "GROSS" | "TAX" | "GST" | "CGST"
            | "SGST" | "IGST" | "DISC" | "DISCOUNT" | "BASIC",
            "TOTAL" | "AMOUNT" | "AMT" | "VALUE" | "TAX" | "GST" | "RATE" | "PRICE",
        ) => true,
        // "Qty (Unit)" and "Price" are two.
        ("UNIT", "PRICE" | "RATE" | "COST" | "VALUE") => kind != Kind::Quantity,
        _ => before.iter().any(|name| name == "PART") && !before.iter().any(|name| name == "DESCRIPTION"),
    };
    let is_named_anew = next == "PART" && kind == Kind::Number;
    !is_named_anew
        && (is_pair
            || word.text.starts_with('(')
            || kind == own
            || kind == Kind::Other
            || own == Kind::Other && kind != Kind::Number && kind != Kind::Description)
}
