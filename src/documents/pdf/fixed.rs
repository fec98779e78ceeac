//! Numbers of a page: lengths, positions and scales in millionths, so that no floating point is involved.

const ONE: i64 = 1_000_000;

/// A number in millionths. Arithmetic ends at the largest value rather than failing: such a place is on no page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fixed(i64);

impl Fixed {
    pub(super) const ZERO: Self = Self(0);
    pub(super) const ONE: Self = Self(ONE);

    pub(super) fn of(whole: i64) -> Self {
        Self(whole.saturating_mul(ONE))
    }

    /// `value` thousandths, the unit of glyph widths.
    pub(super) fn thousandths(self) -> Self {
        Self(self.0 / 1_000)
    }

    /// Reads a number as PDF prints it; digits beyond the sixth place are dropped.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (is_negative, digits) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let mut value = 0_i64;
        let mut has_digit = false;
        // The value of the next digit behind the point; `None` before it.
        let mut place: Option<i64> = None;
        for byte in digits {
            match (byte, place) {
                (b'.', None) => place = Some(ONE / 10),
                (b'0'..=b'9', _) => {
                    has_digit = true;
                    let digit = i64::from(byte.saturating_sub(b'0'));
                    if let Some(unit) = place {
                        value = value.saturating_add(digit.saturating_mul(unit));
                        place = Some(unit / 10);
                    } else {
                        value = value.saturating_mul(10).saturating_add(digit.saturating_mul(ONE));
                    }
                }
                // Some writers print "--5" or "0.-5"; what follows is worthless.
                (b'-', _) if has_digit => break,
                (b'-', _) => {}
                _ => return None,
            }
        }
        has_digit.then_some(Self(if is_negative {
            value.saturating_neg()
        } else {
            value
        }))
    }

    /// The whole number, if it is one.
    pub(super) fn whole(self) -> Option<i64> {
        (self.0 % ONE == 0).then_some(self.0 / ONE)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(super) fn times(self, other: Self) -> Self {
        let product = i128::from(self.0).saturating_mul(i128::from(other.0)) / i128::from(ONE);
        Self(i64::try_from(product).unwrap_or(if product < 0 { i64::MIN } else { i64::MAX }))
    }

    pub(super) fn negative(self) -> Self {
        Self(self.0.saturating_neg())
    }

    pub(super) fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// In hundredths.
    pub(super) fn hundredths(self) -> i64 {
        self.0 / (ONE / 100)
    }
}

/// A transformation of the plane: `[a b c d e f]` as PDF writes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix(pub(super) [Fixed; 6]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([
        Fixed::ONE,
        Fixed::ZERO,
        Fixed::ZERO,
        Fixed::ONE,
        Fixed::ZERO,
        Fixed::ZERO,
    ]);

    pub(super) fn moved(x: Fixed, y: Fixed) -> Self {
        Self([Fixed::ONE, Fixed::ZERO, Fixed::ZERO, Fixed::ONE, x, y])
    }

    /// This transformation, then `next`.
    pub(super) fn then(self, next: Self) -> Self {
        let [own_x, own_y, place] = self.rows();
        let [next_x, next_y, next_place] = next.rows();
        let turned = |(x, y): (Fixed, Fixed)| {
            (
                x.times(next_x.0).plus(y.times(next_y.0)),
                x.times(next_x.1).plus(y.times(next_y.1)),
            )
        };
        let (x, y, moved) = (turned(own_x), turned(own_y), turned(place));
        Self([
            x.0,
            x.1,
            y.0,
            y.1,
            moved.0.plus(next_place.0),
            moved.1.plus(next_place.1),
        ])
    }

    /// Where the unit to the right and the unit upwards lead, and the origin.
    pub(super) fn rows(self) -> [(Fixed, Fixed); 3] {
        let [right_x, right_y, up_x, up_y, x, y] = self.0;
        [(right_x, right_y), (up_x, up_y), (x, y)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_printed() {
        for (text, millionths) in [
            ("12", 12_000_000),
            ("-0.5", -500_000),
            ("+.25", 250_000),
            ("3.", 3_000_000),
            ("0.12345678", 123_456),
            ("--5", -5_000_000),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(Fixed::parse(text.as_bytes()), Some(Fixed(millionths)), "{text}");
        }
        for text in ["", "-", ".", "1e5", "1.2.3", "abc"] {
            assert_eq!(Fixed::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn products_end_at_the_largest_value() {
        let large = Fixed(i64::MAX);

        assert_eq!(large.times(large), large);
        assert_eq!(large.times(large.negative()), Fixed(i64::MIN));
        assert_eq!(Fixed::parse(b"1.5").unwrap().times(Fixed::of(4)), Fixed::of(6));
    }
}
