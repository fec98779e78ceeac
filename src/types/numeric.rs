//! Decimals between the database and an answer: an answer has thousands of them, so all that fit into 64 bits are read
//! and written by whole numbers. All others take the long way, with the same result.

use rust_decimal::Decimal;
use sqlx::{
    Decode,
    error::BoxDynError,
    postgres::{PgValueFormat, PgValueRef, Postgres},
};

/// The longest decimal: sign, zero, point and 28 digits.
pub(super) const LONGEST: usize = 31;
/// A group of `NUMERIC` holds four digits. 13 digits before the point and 2 behind it stand in five of them at most.
const GROUPS: usize = 5;
const NEGATIVE: u16 = 0x4000;

/// Reads a `NUMERIC`.
///
/// # Errors
/// If it is not a number, or more of one than a decimal holds.
pub(super) fn decode(value: PgValueRef<'_>) -> Result<Decimal, BoxDynError> {
    if value.format() == PgValueFormat::Binary
        && let Some(decimal) = quick(value.as_bytes()?)
    {
        return Ok(decimal);
    }
    <Decimal as Decode<Postgres>>::decode(value)
}

/// Reads one of a few groups: their count, the power of 10 000 of the first, the sign, the places behind the point, and the groups.
fn quick(bytes: &[u8]) -> Option<Decimal> {
    let (head, groups) = bytes.split_first_chunk::<8>()?;
    let [c0, c1, w0, w1, s0, s1, p0, p1] = *head;
    let count = usize::from(u16::from_be_bytes([c0, c1]));
    if count > GROUPS || groups.len() != 2 * count {
        return None;
    }
    let is_negative = match u16::from_be_bytes([s0, s1]) {
        0 => false,
        NEGATIVE => true,
        _ => return None,
    };
    let scale = i32::from(i16::from_be_bytes([p0, p1]));
    let mut number = 0_i64;
    for group in groups.as_chunks::<2>().0 {
        number = number
            .checked_mul(10_000)?
            .checked_add(i64::from(u16::from_be_bytes(*group)))?;
    }
    if number == 0 {
        return Some(Decimal::ZERO);
    }
    let last_power = i32::from(i16::from_be_bytes([w0, w1])) - i32::try_from(count).ok()? + 1;
    // How many places the groups lack to end where the number does; fewer than none where the last group is filled up.
    let lacking = scale + 4 * last_power;
    let power = 10_i64.checked_pow(lacking.unsigned_abs())?;
    let number = if lacking >= 0 {
        number.checked_mul(power)?
    } else if number % power == 0 {
        number / power
    } else {
        return None;
    };
    let number = if is_negative { -number } else { number };
    Decimal::try_new(number, u32::try_from(scale).ok()?).ok()
}

/// All digits of a decimal but trailing zeros, if they are few; as text at the end of the buffer.
pub(super) fn digits(value: Decimal, buffer: &mut [u8; LONGEST]) -> Option<&str> {
    let mut number = u64::try_from(value.mantissa().unsigned_abs()).ok()?;
    let mut scale = value.scale();
    while scale > 0 && number.is_multiple_of(10) {
        number /= 10;
        scale -= 1;
    }
    let is_negative = value.is_sign_negative() && number != 0;
    let mut start = LONGEST;
    let mut places = buffer.iter_mut().enumerate().rev();
    let mut put = |byte| {
        if let Some((place, slot)) = places.next() {
            *slot = byte;
            start = place;
        }
    };
    let mut written = 0;
    loop {
        // The remainder is a digit.
        put(b'0' + u8::try_from(number % 10).ok()?);
        number /= 10;
        written += 1;
        if written == scale {
            put(b'.');
        }
        if number == 0 && written > scale {
            break;
        }
    }
    if is_negative {
        put(b'-');
    }
    std::str::from_utf8(buffer.get(start..)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    /// As PostgreSQL's `numeric_send` writes it, groups without zeros at either end.
    fn sent(value: Decimal) -> Vec<u8> {
        let scale = value.scale();
        let fill = (4 - scale % 4) % 4;
        let mut number = value.mantissa().unsigned_abs() * 10_u128.pow(fill);
        let mut power = -i32::try_from((scale + fill) / 4).unwrap();
        let mut groups = Vec::new();
        while number > 0 {
            groups.insert(0, u16::try_from(number % 10_000).unwrap());
            number /= 10_000;
            power += 1;
        }
        while groups.last() == Some(&0) {
            groups.pop();
        }
        let weight = if groups.is_empty() { 0 } else { power - 1 };
        let sign = if value.is_sign_negative() && !groups.is_empty() {
            NEGATIVE
        } else {
            0
        };
        let head = [u16::try_from(groups.len()).unwrap()];
        let mut bytes: Vec<u8> = head.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.extend(i16::try_from(weight).unwrap().to_be_bytes());
        bytes.extend(sign.to_be_bytes());
        bytes.extend(u16::try_from(scale).unwrap().to_be_bytes());
        bytes.extend(groups.iter().flat_map(|group| group.to_be_bytes()));
        bytes
    }

    fn written(value: Decimal) -> Option<String> {
        digits(value, &mut [0; LONGEST]).map(str::to_owned)
    }

    #[test]
    fn numbers_are_read_with_their_scale() {
        for value in [
            dec!(0.00),
            dec!(1000.00),
            dec!(-0.01),
            dec!(9999999999999.99),
            dec!(50000000),
            dec!(0.0001),
            dec!(28.6139391),
        ] {
            let read = quick(&sent(value)).unwrap();
            assert_eq!(read, value);
            if !value.is_zero() {
                assert_eq!(read.scale(), value.scale(), "{value}");
            }
        }
        // NaN, what is cut off, and more digits than 64 bits hold.
        assert_eq!(quick(&[0, 0, 0, 0, 0xC0, 0, 0, 0]), None);
        assert_eq!(quick(&sent(dec!(12345.67))[..10]), None);
        assert_eq!(quick(&sent(dec!(1234567890123456789.01))), None);
    }

    #[test]
    fn numbers_are_written_without_trailing_zeros() {
        for (value, text) in [
            (dec!(0.00), "0"),
            (dec!(-0.00), "0"),
            (dec!(1000.00), "1000"),
            (dec!(-0.50), "-0.5"),
            (dec!(0.0001), "0.0001"),
            (dec!(9999999999999.99), "9999999999999.99"),
            (
                dec!(0.0000000000000000000000000001),
                "0.0000000000000000000000000001",
            ),
        ] {
            assert_eq!(written(value).as_deref(), Some(text));
        }
        assert_eq!(written(Decimal::MAX), None);
    }

    proptest! {
        #[test]
        fn the_quick_way_gives_what_the_long_one_does(number: i64, scale in 0_u32..=20) {
            let value = Decimal::new(number, scale);
            if let Some(read) = quick(&sent(value)) {
                prop_assert_eq!(read, value);
            }
            prop_assert_eq!(written(value), Some(value.normalize().to_string()));
        }

        #[test]
        fn amounts_always_take_the_quick_way(paise in -999_999_999_999_999_i64..=999_999_999_999_999) {
            prop_assert_eq!(quick(&sent(Decimal::new(paise, 2))), Some(Decimal::new(paise, 2)));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            quick(&bytes);
        }
    }
}
