//! Puts the glyphs of a page into words and lines, as a person reads them.

use super::glyphs::{Glyph, Glyphs};
use super::rules::{self, Edge};
use super::{Line, Word};
use crate::documents::text;

/// Glyphs whose baselines differ by at most this much stand on one line: 2 points.
const SAME_LINE: i64 = 200;
/// A gap wider than a fifth of the font's size separates words.
const GAPS_PER_EM: i64 = 5;
/// The same character drawn again within a tenth of the size is bold print.
const OVERPRINTS_PER_EM: i64 = 10;

/// A line that is drawn over this part of the text's width, in percent, is one across the page.
const ACROSS: i64 = 50;

/// The lines of a page from top to bottom.
pub(super) fn lines(page: &Glyphs) -> Vec<Line> {
    let turned = direction_of_most(&page.glyphs);
    let mut glyphs = upright(&page.glyphs, turned);
    // Stable: what is drawn later at one place stays later.
    glyphs.sort_by_key(|glyph| std::cmp::Reverse(glyph.y));
    let mut lines = Vec::new();
    let mut rest = glyphs.as_mut_slice();
    while let Some(first) = rest.first() {
        let baseline = first.y;
        let length = rest
            .iter()
            .take_while(|glyph| baseline.saturating_sub(glyph.y) <= SAME_LINE)
            .count();
        let (line, below) = std::mem::take(&mut rest).split_at_mut(length);
        line.sort_by_key(|glyph| glyph.x);
        lines.extend(read_line(line, &page.text, baseline));
        rest = below;
    }
    let words = || lines.iter().flat_map(|line| &line.words);
    let left = words().map(|word| word.x).min().unwrap_or_default();
    let right = words().map(|word| word.end).max().unwrap_or_default();
    let width = right.saturating_sub(left).saturating_mul(ACROSS) / 100;
    let edges = page.edges.iter().map(|edge| Edge {
        from: turn(edge.from, turned),
        to: turn(edge.to, turned),
    });
    let across = rules::across(edges, width.max(1));
    for line in &mut lines {
        line.band = across.partition_point(|height| *height > line.y);
    }
    lines
}

/// In which of the four directions a glyph is written. What stands askew, such as a stamp across the page, is no line of
/// text.
fn direction(glyph: &Glyph) -> Option<usize> {
    let (dx, dy) = (glyph.dx, glyph.dy);
    if dy.saturating_abs().saturating_mul(10) <= dx.saturating_abs() {
        Some(if dx < 0 { 2 } else { 0 })
    } else if dx.saturating_abs().saturating_mul(10) <= dy.saturating_abs() {
        Some(if dy < 0 { 3 } else { 1 })
    } else {
        None
    }
}

fn direction_of_most(glyphs: &[Glyph]) -> Option<usize> {
    let mut counts = [0_usize; 4];
    for glyph in glyphs {
        if let Some(count) = direction(glyph).and_then(|direction| counts.get_mut(direction)) {
            *count = count.saturating_add(1);
        }
    }
    counts
        .iter()
        .enumerate()
        .rev()
        .max_by_key(|(_, count)| **count)
        .map(|(direction, _)| direction)
}

/// A place, or a way, on a page that is turned so that this direction is from left to right.
fn turn((x, y): (i64, i64), direction: Option<usize>) -> (i64, i64) {
    match direction {
        Some(1) => (y, x.saturating_neg()),
        Some(2) => (x.saturating_neg(), y.saturating_neg()),
        Some(3) => (y.saturating_neg(), x),
        _ => (x, y),
    }
}

/// The glyphs that are written in a direction, turned so that it is from left to right.
fn upright(glyphs: &[Glyph], most: Option<usize>) -> Vec<Glyph> {
    let turned = |glyph: &Glyph| {
        let (x, y) = turn((glyph.x, glyph.y), most);
        let (dx, dy) = turn((glyph.dx, glyph.dy), most);
        Glyph {
            x,
            y,
            dx,
            dy,
            ..*glyph
        }
    };
    glyphs
        .iter()
        .filter(|glyph| direction(glyph) == most)
        .map(turned)
        .collect()
}

/// The words of one line; `None` if there is nothing but white space.
fn read_line(glyphs: &[Glyph], all: &str, baseline: i64) -> Option<Line> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_open = false;
    let mut last: Option<(&str, i64)> = None;
    for glyph in glyphs {
        let character = all.get(glyph.start..glyph.end).unwrap_or_default();
        if last.is_some_and(|(text, x)| {
            text == character
                && glyph.x.saturating_sub(x).saturating_mul(OVERPRINTS_PER_EM) < glyph.em
                && glyph.em > 0
        }) {
            continue;
        }
        last = Some((character, glyph.x));
        let end = glyph.x.saturating_add(glyph.dx);
        if text::clean(character).is_empty() {
            is_open = false;
            continue;
        }
        let continued = words.last_mut().filter(|word| {
            is_open && glyph.x.saturating_sub(word.end).saturating_mul(GAPS_PER_EM) <= glyph.em
        });
        if let Some(word) = continued {
            word.text.push_str(character);
            word.end = word.end.max(end);
        } else {
            words.push(Word {
                text: character.to_owned(),
                x: glyph.x,
                end,
            });
        }
        is_open = true;
    }
    for word in &mut words {
        // Two letters joined in print are two letters.
        word.text = without_ligatures(&text::clean(&word.text));
    }
    words.retain(|word| !word.text.is_empty());
    (!words.is_empty()).then(|| Line::of(words, baseline))
}

fn without_ligatures(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    for character in word.chars() {
        match character {
            'ﬀ' => out.push_str("ff"),
            'ﬁ' => out.push_str("fi"),
            'ﬂ' => out.push_str("fl"),
            'ﬃ' => out.push_str("ffi"),
            'ﬄ' => out.push_str("ffl"),
            // Kinds of hyphens and the soft one, which would keep words from being found.
            '\u{2010}' | '\u{2011}' | '\u{ad}' => out.push('-'),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Glyphs of 10 points, 5 wide, each given by its character and place in points.
    fn page(placed: &[(&str, i64, i64)]) -> Glyphs {
        let mut page = Glyphs::default();
        for (character, x, y) in placed {
            let start = page.text.len();
            page.text.push_str(character);
            page.glyphs.push(Glyph {
                start,
                end: page.text.len(),
                x: x * 100,
                y: y * 100,
                dx: 500,
                dy: 0,
                em: 1_000,
            });
        }
        page
    }

    fn texts(page: &Glyphs) -> Vec<String> {
        lines(page).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn glyphs_are_read_by_line_and_place_and_not_as_drawn() {
        let drawn = [("d", 5, 80), ("b", 105, 100), ("c", 0, 80), ("a", 100, 101)];
        assert_eq!(texts(&page(&drawn)), ["ab", "cd"]);
    }

    #[test]
    fn a_gap_of_more_than_a_fifth_of_the_size_separates_words() {
        let drawn = [("a", 0, 9), ("b", 7, 9), ("c", 15, 9), ("d", 20, 9)];
        let read = lines(&page(&drawn));
        assert_eq!(read[0].text, "ab cd");
        assert_eq!((read[0].words[1].x, read[0].words[1].end), (1_500, 2_500));
    }

    #[test]
    fn bold_print_made_of_two_is_read_once() {
        let mut page = page(&[("a", 0, 9), ("a", 0, 9), ("b", 5, 9), ("b", 5, 9)]);
        page.glyphs[1].x = 30;
        page.glyphs[3].x = 530;
        assert_eq!(texts(&page), ["ab"]);
    }

    #[test]
    fn lines_of_text_know_how_many_are_drawn_across_the_page_above_them() {
        let mut page = page(&[("a", 0, 90), ("b", 40, 90), ("c", 0, 70), ("d", 0, 50)]);
        let edge = |y: i64, to: i64| Edge {
            from: (0, y * 100),
            to: (to * 100, y * 100),
        };
        page.edges = vec![edge(80, 40), edge(60, 10), edge(40, 45)];

        let bands: Vec<usize> = lines(&page).iter().map(|line| line.band).collect();

        assert_eq!(bands, [0, 1, 1]);
    }

    #[test]
    fn a_page_that_is_turned_is_read_and_a_stamp_across_it_is_not() {
        let mut page = page(&[("a", 9, 0), ("b", 9, 5), ("x", 50, 50)]);
        for glyph in &mut page.glyphs {
            (glyph.dx, glyph.dy) = (0, 500);
        }
        page.glyphs[2].dx = 300;
        assert_eq!(texts(&page), ["ab"]);
    }
}
