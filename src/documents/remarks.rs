//! Remarks on lines, gathered so that one that holds for many lines is said once.

use std::collections::HashMap;

/// So many lines are named by number.
const MAX_NAMED: usize = 8;

/// The numbers of lines or rows as a sentence has them: the first few, and how many more there are.
pub(super) fn listed(numbers: &[impl ToString]) -> String {
    let named: Vec<String> = numbers.iter().take(MAX_NAMED).map(ToString::to_string).collect();
    match numbers.len().saturating_sub(MAX_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Remarks in the order in which they first came.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    all: Vec<(String, Vec<usize>)>,
    places: HashMap<String, usize>,
}

impl Remarks {
    /// Notes a remark on the line at `index`, from 0.
    pub(super) fn note(&mut self, index: usize, remark: impl Into<String>) {
        let remark = remark.into();
        let place = *self.places.entry(remark.clone()).or_insert_with(|| {
            self.all.push((remark, Vec::new()));
            self.all.len().saturating_sub(1)
        });
        if let Some((_, lines)) = self.all.get_mut(place) {
            lines.push(index.saturating_add(1));
        }
    }

    /// The remarks as sentences that name their lines, counted from 1.
    pub(super) fn into_warnings(self) -> Vec<String> {
        let sentence = |(remark, lines): (String, Vec<usize>)| {
            let word = if lines.len() == 1 { "Line" } else { "Lines" };
            format!("{word} {}: {remark}", listed(&lines))
        };
        self.all.into_iter().map(sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_on_many_lines_is_said_once() {
        let mut remarks = Remarks::default();
        (0..10).for_each(|index| remarks.note(index, "no rate"));
        remarks.note(3, "odd");
        remarks.note(0, "torn");
        remarks.note(1, "torn");

        assert_eq!(
            remarks.into_warnings(),
            [
                "Lines 1, 2, 3, 4, 5, 6, 7, 8 and 2 more: no rate",
                "Line 4: odd",
                "Lines 1, 2: torn"
            ]
        );
    }
}
