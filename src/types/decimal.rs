//! Exact decimals: money in rupees, quantities, rates and percentages. No float ever stands between JSON and database.

use std::{fmt::Write as _, iter::Sum, ops};

use arrayvec::ArrayString;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeStruct as _},
};
use serde_json::Value;
use sqlx::{
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef, Postgres},
};

use super::numeric::{self, LONGEST};
use crate::types::{Input, Problem};

/// The name under which `serde_json` takes and gives a number by its digits, as an object of this one name.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";
/// Digits of a fraction that are looked at; the rest cannot change a rounding to 4 places, which looks at the fifth.
const FRACTION_DIGITS: usize = 12;
/// `NUMERIC(15,2)` has 13 digits before the point.
const MONEY_LIMIT: Decimal = Decimal::from_parts(1_316_134_912, 2_328, 0, false, 0);
/// `NUMERIC(15,4)` has 11 digits before the point.
const QUANTITY_LIMIT: Decimal = Decimal::from_parts(1_215_752_192, 23, 0, false, 0);

/// Rounds half away from zero to `places` decimals.
pub fn round(value: Decimal, places: u32) -> Decimal {
    value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

/// Reads a plain or scientific decimal number exactly; fractions beyond the twelfth digit are cut.
///
/// # Errors
/// `decimal_parsing` if it is no number, `less_than_equal` if it has more than 20 digits before the point.
pub fn parse(text: &str) -> Result<Decimal, Problem> {
    let not_a_number = || Problem::new("decimal_parsing", "must be a number");
    let too_large = || Problem::new("less_than_equal", "is too large");
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0_i32),
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(not_a_number());
            }
            // An exponent beyond all bounds is as good as the bound: it ends in "too large" or in zero.
            let bounded = digits.parse::<i32>().unwrap_or(i32::MAX).min(10_000);
            (
                mantissa,
                if exponent.starts_with('-') {
                    -bounded
                } else {
                    bounded
                },
            )
        }
    };
    let (negative, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || text.len() > 400 {
        return Err(not_a_number());
    }

    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len())
        .map_err(|_| too_large())?
        .saturating_add(exponent);
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Decimal::ZERO);
    }
    let leading_zeros = i32::try_from(digits.len() - significant.len()).map_err(|_| too_large())?;
    let whole_digits = point.saturating_sub(leading_zeros);
    if whole_digits > 20 {
        return Err(too_large());
    }
    let Ok(kept) = usize::try_from(whole_digits.saturating_add(i32::try_from(FRACTION_DIGITS).unwrap_or(0)))
    else {
        return Ok(Decimal::ZERO);
    };
    let kept: String = significant.chars().take(kept).collect();
    if kept.is_empty() {
        return Ok(Decimal::ZERO);
    }
    let scale = i32::try_from(kept.len()).map_err(|_| too_large())? - whole_digits;
    let mut value = Decimal::from_str_exact(&kept).map_err(|_| too_large())?;
    if let Ok(scale) = u32::try_from(scale) {
        value.set_scale(scale).map_err(|_| not_a_number())?;
    } else {
        let zeros = u32::try_from(-scale).map_err(|_| too_large())?;
        for _ in 0..zeros {
            value = value.checked_mul(Decimal::TEN).ok_or_else(too_large)?;
        }
    }
    value.set_sign_negative(negative);
    Ok(value)
}

/// The decimal in a JSON number or numeric string.
fn read(value: &Value) -> Result<Decimal, Problem> {
    match value {
        Value::Number(number) => parse(number.as_str()),
        Value::String(text) => parse(text.trim()),
        _ => Err(Problem::new("decimal_parsing", "must be a number")),
    }
}

fn at_least_zero(value: Decimal) -> Result<Decimal, Problem> {
    if value < Decimal::ZERO {
        return Err(Problem::new("greater_than_equal", "must be at least 0"));
    }
    Ok(value)
}

fn below(value: Decimal, limit: Decimal, what: &'static str) -> Result<Decimal, Problem> {
    if value >= limit {
        return Err(Problem::new("less_than_equal", what));
    }
    Ok(value)
}

/// Writes a number with all its digits but trailing zeros, from the stack: an answer has thousands of them.
fn write_number<S: Serializer>(value: Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    let mut number = serializer.serialize_struct(NUMBER, 1)?;
    if let Some(digits) = numeric::digits(value, &mut [0; LONGEST]) {
        number.serialize_field(NUMBER, digits)?;
    } else {
        let mut text = ArrayString::<LONGEST>::new();
        write!(text, "{}", value.normalize()).map_err(S::Error::custom)?;
        number.serialize_field(NUMBER, text.as_str())?;
    }
    number.end()
}

/// Makes a decimal type that is answered as a JSON number without trailing zeros.
macro_rules! decimal {
    ($(#[doc = $doc:literal])+ $name:ident, example $example:literal) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub Decimal);

        impl sqlx::Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <Decimal as sqlx::Type<Postgres>>::type_info()
            }

            fn compatible(kind: &PgTypeInfo) -> bool {
                <Decimal as sqlx::Type<Postgres>>::compatible(kind)
            }
        }

        impl PgHasArrayType for $name {
            fn array_type_info() -> PgTypeInfo {
                Decimal::array_type_info()
            }
        }

        impl sqlx::Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                self.0.encode_by_ref(buffer)
            }
        }

        impl sqlx::Decode<'_, Postgres> for $name {
            fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
                numeric::decode(value).map(Self)
            }
        }

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(Decimal::ZERO);
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                write_number(self.0, serializer)
            }
        }

        impl From<Decimal> for $name {
            fn from(value: Decimal) -> Self {
                Self(value)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::Number)
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

decimal! {
    /// An amount in rupees with at most 2 decimals, `NUMERIC(15,2)`; rounded half away from zero.
    Money, example 5900
}
decimal! {
    /// A quantity above zero with at most 4 decimals, `NUMERIC(15,4)`.
    Quantity, example 12
}
decimal! {
    /// A price or rate of one unit in rupees with at most 4 decimals, `NUMERIC(15,4)`.
    Rate, example 50
}
decimal! {
    /// Hundredths: a tax rate or a margin, with at most 4 decimals.
    Percent, example 18
}

decimal! {
    /// A number of days with at most 1 decimal.
    Days, example 15
}

decimal! {
    /// A latitude in degrees north with at most 7 decimals.
    Latitude, example 28.613_939_1
}
decimal! {
    /// A longitude in degrees east with at most 7 decimals.
    Longitude, example 77.209_021_2
}

impl Money {
    /// Rounds half away from zero to the paisa.
    #[must_use]
    pub fn round_paisa(value: Decimal) -> Self {
        Self(round(value, 2))
    }

    /// `quantity` × `rate`, rounded to the paisa.
    #[must_use]
    pub fn of_line(quantity: Quantity, rate: Rate) -> Self {
        Self::round_paisa(quantity.0.saturating_mul(rate.0))
    }

    /// Whether the amount fits into `NUMERIC(15,2)`.
    pub fn is_storable(self) -> bool {
        self.0.abs() < MONEY_LIMIT
    }
}

impl ops::Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl ops::Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, ops::Add::add)
    }
}

impl Input for Money {
    fn read(value: &Value) -> Result<Self, Problem> {
        let amount = round(at_least_zero(read(value)?)?, 2);
        below(
            amount,
            MONEY_LIMIT,
            "must have at most 13 digits before the point",
        )
        .map(Self)
    }
}

impl Input for Quantity {
    fn read(value: &Value) -> Result<Self, Problem> {
        let quantity = round(read(value)?, 4);
        if quantity <= Decimal::ZERO {
            return Err(Problem::new("greater_than", "Quantity must be > 0"));
        }
        below(quantity, QUANTITY_LIMIT, "must be at most 99999999999").map(Self)
    }
}

impl Input for Rate {
    fn read(value: &Value) -> Result<Self, Problem> {
        let rate = round(read(value)?, 4);
        if rate < Decimal::ZERO {
            return Err(Problem::new(
                "greater_than_equal",
                "Unit price cannot be negative",
            ));
        }
        below(rate, QUANTITY_LIMIT, "must be at most 99999999999").map(Self)
    }
}

impl Input for Percent {
    fn read(value: &Value) -> Result<Self, Problem> {
        let percent = round(at_least_zero(read(value)?)?, 4);
        if percent > Decimal::ONE_HUNDRED {
            return Err(Problem::new("less_than_equal", "must be at most 100"));
        }
        Ok(Self(percent))
    }
}

fn degrees(value: &Value, most: Decimal) -> Result<Decimal, Problem> {
    let degrees = read(value)?;
    if degrees < -most {
        return Err(Problem::new(
            "greater_than_equal",
            format!("must be at least -{most}"),
        ));
    }
    if degrees > most {
        return Err(Problem::new("less_than_equal", format!("must be at most {most}")));
    }
    Ok(round(degrees, 7))
}

impl Input for Latitude {
    fn read(value: &Value) -> Result<Self, Problem> {
        degrees(value, Decimal::from(90)).map(Self)
    }
}

impl Input for Longitude {
    fn read(value: &Value) -> Result<Self, Problem> {
        degrees(value, Decimal::from(180)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_limits_are_the_columns() {
        assert_eq!(MONEY_LIMIT, dec!(10_000_000_000_000));
        assert_eq!(QUANTITY_LIMIT, dec!(100_000_000_000));
    }

    #[test]
    fn numbers_are_read_exactly() {
        for (text, value) in [
            ("0", dec!(0)),
            ("-0.01", dec!(-0.01)),
            ("9999999999999.99", dec!(9999999999999.99)),
            ("1e3", dec!(1000)),
            ("1.5E-2", dec!(0.015)),
            ("0.30000000000000004", dec!(0.300000000000)),
            ("00012.50", dec!(12.5)),
            ("1e-9999", dec!(0)),
            ("0e999999999999", dec!(0)),
            ("12345678901234567890", dec!(12345678901234567890)),
        ] {
            assert_eq!(parse(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_with_all_their_digits_and_no_more() {
        for (value, text) in [
            (dec!(0.00), "0"),
            (dec!(100.00), "100"),
            (dec!(-0.10), "-0.1"),
            (dec!(9999999999999.99), "9999999999999.99"),
            (Decimal::MAX, "79228162514264337593543950335"),
            (
                -Decimal::from_parts(u32::MAX, u32::MAX, u32::MAX, false, 28),
                "-7.9228162514264337593543950335",
            ),
            (
                Decimal::from_parts(1, 0, 0, true, 28),
                "-0.0000000000000000000000000001",
            ),
        ] {
            assert_eq!(serde_json::to_string(&Money(value)).unwrap(), text);
            assert_eq!(serde_json::to_value(Money(value)).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", ".", "1.", ".5", "NaN", "Infinity", "1,000", "0x10", "1e", "1e+", "--1", "1 2", "+1",
        ] {
            assert_eq!(parse(text).unwrap_err().kind, "decimal_parsing", "{text}");
        }
        for text in ["123456789012345678901", "1e21", "1e999999999999"] {
            assert_eq!(parse(text).unwrap_err().kind, "less_than_equal", "{text}");
        }
    }

    #[test]
    fn money_rounds_half_away_from_zero() {
        for (given, kept) in [
            ("100.005", "100.01"),
            ("100.00499999999999999999", "100"),
            ("2.675", "2.68"),
        ] {
            assert_eq!(
                Money::read(&json!(given)).unwrap(),
                Money(given_decimal(kept)),
                "{given}"
            );
        }
        assert_eq!(
            Money::of_line(Quantity(dec!(3)), Rate(dec!(33.335))),
            Money(dec!(100.01))
        );
    }

    #[test]
    fn money_is_bounded_before_and_after_rounding() {
        assert_eq!(
            Money::read(&json!("9999999999999.994")).unwrap(),
            Money(dec!(9999999999999.99))
        );
        assert_eq!(
            Money::read(&json!("9999999999999.995")).unwrap_err().kind,
            "less_than_equal"
        );
        assert_eq!(
            Money::read(&json!("-0.01")).unwrap_err().kind,
            "greater_than_equal"
        );
        assert_eq!(Money::read(&json!(true)).unwrap_err().kind, "decimal_parsing");
    }

    #[test]
    fn answers_are_plain_json_numbers() {
        assert_eq!(serde_json::to_string(&Money(dec!(300000.00))).unwrap(), "300000");
        assert_eq!(serde_json::to_string(&Quantity(dec!(2.5000))).unwrap(), "2.5");
        assert_eq!(serde_json::to_string(&Money(dec!(-0.10))).unwrap(), "-0.1");
    }

    fn given_decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn what_is_answered_reads_back(paise in 0_i64..1_000_000_000_000_000) {
            let amount = Money(Decimal::new(paise, 2));
            let text = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(Money::read(&serde_json::from_str(&text).unwrap()).unwrap(), amount);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _checked = parse(&text).is_ok();
        }

        #[test]
        fn scientific_and_plain_agree(digits in 1_i64..1_000_000_000, exponent in -8_i32..4) {
            let plain = Decimal::new(digits, 0)
                * (0..exponent.unsigned_abs()).fold(Decimal::ONE, |power, _| {
                    if exponent < 0 { power / Decimal::TEN } else { power * Decimal::TEN }
                });
            prop_assert_eq!(parse(&format!("{digits}e{exponent}")).unwrap(), plain);
        }
    }
}
