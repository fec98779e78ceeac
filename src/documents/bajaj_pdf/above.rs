//! Which lines above an item's figures are its own: where cells are aligned at their middle or foot, a description begins
//! above the figures.

/// Before which of some lines the description of the next item begins, where the gaps are those around and between them,
/// the first above the first line; behind the last line where none of them is nearer to what follows than to what is above.
pub(super) fn split_of(gaps: &[i64]) -> usize {
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
