//! The lines that are drawn on a page: those across a table separate its rows, whatever stands where in these.

use super::fixed::{Fixed, Matrix};

/// Edges that are kept of a page; a drawing has more, a table has not.
const MAX_EDGES: usize = 20_000;
/// What is no more than this askew, in hundredths of a point, is straight.
const STRAIGHT: i64 = 50;
/// Pieces that are no further apart than this are one line.
const JOINED: i64 = 200;

type Point = (i64, i64);

/// A straight stroke, in hundredths of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: Point,
    pub(super) to: Point,
}

/// A path in the making.
#[derive(Debug, Default)]
pub(super) struct Path {
    start: Option<Point>,
    at: Option<Point>,
    edges: Vec<Edge>,
}

impl Path {
    /// Begins a stroke.
    pub(super) fn move_to(&mut self, place: (Fixed, Fixed), matrix: Matrix) {
        self.start = Some(placed(place, matrix));
        self.at = self.start;
    }

    /// Goes straight on.
    pub(super) fn line_to(&mut self, place: (Fixed, Fixed), matrix: Matrix) {
        let to = placed(place, matrix);
        self.add(to);
        self.at = Some(to);
    }

    /// Goes on along a curve, which is no edge.
    pub(super) fn curve_to(&mut self, place: (Fixed, Fixed), matrix: Matrix) {
        self.at = Some(placed(place, matrix));
    }

    /// Goes back to where it began.
    pub(super) fn close(&mut self) {
        if let Some(start) = self.start {
            self.add(start);
            self.at = self.start;
        }
    }

    /// A rectangle by its corner, width and height.
    pub(super) fn rectangle(&mut self, [x, y, width, height]: [Fixed; 4], matrix: Matrix) {
        self.move_to((x, y), matrix);
        for corner in [
            (x.plus(width), y),
            (x.plus(width), y.plus(height)),
            (x, y.plus(height)),
        ] {
            self.line_to(corner, matrix);
        }
        self.close();
    }

    fn add(&mut self, to: Point) {
        if let Some(from) = self.at.filter(|_| self.edges.len() < MAX_EDGES) {
            self.edges.push(Edge { from, to });
        }
    }

    /// Draws the path, which is used up.
    pub(super) fn draw(&mut self, drawn: &mut Vec<Edge>) {
        let room = MAX_EDGES.saturating_sub(drawn.len());
        drawn.extend(self.edges.drain(..).take(room));
        self.drop();
    }

    /// Ends the path without drawing it.
    pub(super) fn drop(&mut self) {
        *self = Self {
            edges: std::mem::take(&mut self.edges),
            ..Self::default()
        };
        self.edges.clear();
    }
}

fn placed((x, y): (Fixed, Fixed), matrix: Matrix) -> Point {
    let [_, _, place] = Matrix::moved(x, y).then(matrix).rows();
    (place.0.hundredths(), place.1.hundredths())
}

/// The heights, from the highest, at which a line is drawn over at least `width`, in one piece or in several.
pub(super) fn across(edges: impl Iterator<Item = Edge>, width: i64) -> Vec<i64> {
    let mut pieces: Vec<(i64, i64, i64)> = edges
        .filter(|edge| edge.from.1.saturating_sub(edge.to.1).saturating_abs() <= STRAIGHT)
        .map(|edge| {
            (
                edge.from.1,
                edge.from.0.min(edge.to.0),
                edge.from.0.max(edge.to.0),
            )
        })
        .collect();
    pieces.sort_unstable_by_key(|(y, x, _)| (std::cmp::Reverse(*y), *x));
    let mut heights = Vec::new();
    for line in pieces.chunk_by_mut(|one, next| one.0.saturating_sub(next.0) <= STRAIGHT) {
        let height = line.first().map(|(y, _, _)| *y);
        line.sort_unstable_by_key(|(_, x, _)| *x);
        let (mut start, mut end, mut widest) = (i64::MIN, i64::MIN, 0);
        for (_, x, to) in &*line {
            if *x > end.saturating_add(JOINED) {
                start = *x;
            }
            end = end.max(*to);
            widest = end.saturating_sub(start).max(widest);
        }
        heights.extend(height.filter(|_| widest >= width));
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: i64, y: i64) -> (Fixed, Fixed) {
        (Fixed::of(x), Fixed::of(y))
    }

    #[test]
    fn a_line_is_across_if_its_pieces_together_are() {
        let edge = |y: i64, x: i64, to: i64| Edge {
            from: (to, y),
            to: (x, y),
        };
        let edges = [
            edge(500, 0, 900),
            edge(300, 0, 450),
            edge(310, 500, 900),
            edge(200, 0, 300),
            edge(200, 600, 900),
            Edge {
                from: (0, 0),
                to: (900, 900),
            },
        ];
        assert_eq!(across(edges.into_iter(), 800), [500, 310]);
    }

    #[test]
    fn what_is_drawn_is_kept_where_the_matrix_puts_it_and_a_clip_is_not() {
        let mut drawn = Vec::new();
        let mut path = Path::default();
        let matrix = Matrix::moved(Fixed::of(10), Fixed::of(20));
        path.rectangle([Fixed::ZERO, Fixed::ZERO, Fixed::of(5), Fixed::of(2)], matrix);
        path.drop();
        path.move_to(point(0, 0), matrix);
        path.line_to(point(7, 0), matrix);

        path.draw(&mut drawn);
        path.line_to(point(9, 9), matrix);
        path.draw(&mut drawn);

        let expected = Edge {
            from: (1_000, 2_000),
            to: (1_700, 2_000),
        };
        assert_eq!(drawn, [expected]);
    }
}
