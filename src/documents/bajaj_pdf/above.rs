//! Which lines above an item's figures are its own: where cells are aligned at their middle or foot, a description begins
//! above the figures.
//!
//! Lines that are drawn between the rows of a table tell ([`ruled_split`]); without them the spaces between rows that are
//! wider than those within ([`Spaced`]); and where these do not tell for a whole page, the gaps around one description
//! ([`split_by_gaps`]).

use super::rows::Row;

/// So many lines are looked at for the spaces between them; a page has fewer.
const MAX_LINES: usize = 500;

/// Before which of the lines above an item's figures the row of these begins, where lines are drawn between the rows.
/// `before` is the line with the figures of the item above, on the same page; without one, `is_bounded` says whether a line
/// is drawn between these figures and the next.
pub(super) fn ruled_split(
    near: &[&Row],
    row: &Row,
    before: Option<&Row>,
    is_bounded: impl FnOnce() -> bool,
) -> Option<usize> {
    let split = near
        .iter()
        .position(|other| other.band == row.band)
        .unwrap_or(near.len());
    let is_ruled = match before {
        Some(before) => before.band != row.band,
        None => split > 0 || is_bounded(),
    };
    is_ruled.then_some(split)
}

/// A line of a table for who looks at the spaces between lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Height {
    /// In hundredths of a point.
    pub(super) y: i64,
    /// Whether figures of an item stand on it.
    pub(super) has_figures: bool,
    /// Whether something of a description does.
    pub(super) has_text: bool,
}

/// The rows of a table on one page, by the spaces between their descriptions.
#[derive(Debug, Default)]
pub(super) struct Spaced {
    /// From the first line of a description to its last.
    rows: Vec<(i64, i64)>,
    /// So far above or below may the figures stand.
    reach: i64,
}

impl Spaced {
    /// The rows that some lines are, from the highest; none if there is no space that separates descriptions so that each
    /// has figures, and these once. The first may have none: it may be the rest of one on the page before.
    pub(super) fn of(lines: &[Height]) -> Self {
        if lines.len() > MAX_LINES {
            return Self::default();
        }
        let last = lines.iter().rposition(|line| line.has_figures);
        let texts: Vec<i64> = lines
            .iter()
            .filter(|line| line.has_text)
            .map(|line| line.y)
            .collect();
        let gaps = texts.windows(2).filter_map(|pair| match pair {
            [one, next] => Some(one.saturating_sub(*next)),
            _ => None,
        });
        let mut gaps: Vec<i64> = gaps.collect();
        gaps.sort_unstable();
        let (Some(last), Some(smallest)) = (last.and_then(|last| lines.get(last)), gaps.first()) else {
            return Self::default();
        };
        let reach = smallest / 2;
        // Every description has one line, or all gaps up to a wider one are within them.
        let jumps = gaps.windows(2).filter_map(|pair| match pair {
            [one, next] if *next >= one.saturating_mul(115) / 100 => Some(one.saturating_add(*next) / 2),
            _ => None,
        });
        let figures = || lines.iter().filter(|line| line.has_figures).map(|line| line.y);
        for widest in jumps.chain([0]) {
            let mut rows: Vec<(i64, i64)> = texts
                .chunk_by(|one, next| one.saturating_sub(*next) <= widest)
                .filter_map(|row| Some((*row.first()?, *row.last()?)))
                .collect();
            // What stands below the last figures and their description is no row.
            rows.retain(|(top, _)| last.y <= top.saturating_add(reach));
            let spaced = Self { rows, reach };
            let counts = spaced
                .rows
                .iter()
                .map(|row| figures().filter(|y| spaced.is_in(*y, *row)).count());
            let is_one_each = counts
                .enumerate()
                .all(|(place, count)| count == 1 || place == 0 && count == 0);
            if is_one_each && figures().all(|y| spaced.row_of(y).is_some()) {
                return spaced;
            }
        }
        Self::default()
    }

    fn is_in(&self, y: i64, (top, foot): (i64, i64)) -> bool {
        y <= top.saturating_add(self.reach) && y >= foot.saturating_sub(self.reach)
    }

    /// Where the row begins that the figures at a height belong to.
    fn row_of(&self, y: i64) -> Option<i64> {
        let mut rows = self.rows.iter().filter(|row| self.is_in(y, **row));
        rows.next().map(|(top, _)| *top).filter(|_| rows.next().is_none())
    }

    /// Before which of the lines above figures their row begins, if that is known.
    pub(super) fn split(&self, near: &[&Row], row: &Row) -> Option<usize> {
        let top = self.row_of(row.y)?;
        let split = near.iter().position(|other| other.y <= top);
        Some(split.unwrap_or(near.len()))
    }
}

/// Before which of the lines above figures their description begins, as the gaps around these have it. `top` is the height
/// of what stands above them on the same page.
pub(super) fn split_by_gaps(near: &[&Row], row: &Row, top: Option<i64>) -> usize {
    let Some(first) = near.first() else { return 0 };
    let mut heights: Vec<i64> = near.iter().map(|other| other.y).collect();
    heights.push(row.y);
    let mut gaps: Vec<i64> = heights
        .windows(2)
        .filter_map(|pair| Some(pair.first()?.saturating_sub(*pair.get(1)?)))
        .collect();
    // What stood above on the page before is no nearer and no further.
    let above = top.map(|top| top.saturating_sub(first.y));
    gaps.insert(0, above.or(gaps.iter().min().copied()).unwrap_or_default());
    split_of(&gaps)
}

/// Before which of some lines the description of the next item begins, where the gaps are those around and between them,
/// the first above the first line; behind the last line where none of them is nearer to what follows than to what is above.
fn split_of(gaps: &[i64]) -> usize {
    let end = gaps.len().saturating_sub(1);
    let (Some(last), Some(smallest)) = (gaps.last(), gaps.iter().min()) else {
        return end;
    };
    let percent = |value: i64, percent: i64| value.saturating_mul(percent) / 100;
    let widest = gaps.iter().max().copied().unwrap_or_default();
    // What is aligned at the middle is half a line off, or a whole one.
    let is_near = *last <= percent(*smallest, 105)
        || *last >= percent(*smallest, 190) && *last <= percent(*smallest, 210);
    if !is_near || widest < percent(*last, 115) {
        return end;
    }
    gaps.iter()
        .rposition(|gap| *gap >= percent(widest, 97))
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines at heights: with figures and text, with figures only, with text only.
    fn heights(lines: &[(char, i64)]) -> Vec<Height> {
        let line = |(kind, y): &(char, i64)| Height {
            y: *y,
            has_figures: *kind != 't',
            has_text: *kind != 'f',
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn a_wider_space_is_between_the_rows_if_each_has_its_figures() {
        let middle = [
            ('t', 1_000),
            ('f', 950),
            ('t', 900),
            ('t', 700),
            ('f', 650),
            ('t', 600),
        ];
        assert_eq!(Spaced::of(&heights(&middle)).rows, [(1_000, 900), (700, 600)]);
        let foot = [
            ('t', 1_000),
            ('t', 900),
            ('b', 800),
            ('t', 600),
            ('f', 530),
            ('t', 500),
        ];
        assert_eq!(Spaced::of(&heights(&foot)).rows, [(1_000, 800), (600, 500)]);
        // The rest of a row of the page before, and a note below everything.
        let rest = [
            ('t', 1_000),
            ('t', 800),
            ('f', 750),
            ('t', 700),
            ('t', 400),
            ('t', 100),
        ];
        assert_eq!(Spaced::of(&heights(&rest)).rows, [(1_000, 1_000), (800, 700)]);
        let single = [('b', 1_000), ('b', 800), ('b', 600)];
        assert_eq!(Spaced::of(&heights(&single)).rows.len(), 3);
    }

    #[test]
    fn spaces_that_do_not_tell_rows_from_lines_tell_nothing() {
        for lines in [
            &[('b', 1_000), ('t', 900), ('b', 800), ('t', 700)][..],
            &[('b', 1_000), ('t', 900), ('t', 700), ('b', 500)],
            &[('b', 1_000)],
            &[],
        ] {
            assert!(Spaced::of(&heights(lines)).rows.is_empty(), "{lines:?}");
        }
    }

    #[test]
    fn what_has_more_lines_than_a_page_is_not_looked_at() {
        let lines = |count: usize| -> Vec<(char, i64)> {
            let from_the_top = (0..i64::try_from(count).unwrap()).rev();
            from_the_top.map(|place| ('b', 1_000 * place)).collect()
        };
        let rows = |count| Spaced::of(&heights(&lines(count))).rows.len();
        assert_eq!([rows(MAX_LINES), rows(MAX_LINES + 1)], [MAX_LINES, 0]);
    }

    #[test]
    fn lines_belong_to_the_figures_that_they_stand_nearest_to() {
        // Evenly spaced, or with the wider gap above the next item: cells are aligned at their top.
        assert_eq!(split_of(&[1_200, 1_200, 1_200]), 2);
        assert_eq!(split_of(&[1_100, 1_100, 1_700]), 2);
        assert_eq!(split_of(&[1_100, 2_200, 1_700]), 2);
        // Two lines, the figures at their middle.
        assert_eq!(split_of(&[1_700, 550]), 0);
        assert_eq!(split_of(&[550, 1_700, 550]), 1);
        assert_eq!(split_of(&[560, 1_700, 1_110]), 1);
        // Three lines, the figures at their foot.
        assert_eq!(split_of(&[1_700, 1_100, 1_100]), 0);
        assert_eq!(split_of(&[550, 550]), 1);
    }
}
