//! A vendor's rates: a list of objects of the client's own making, kept as it came.

use serde::Serialize;
use serde_json::{Number, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::ArrayBuilder, schema::ObjectBuilder},
};

use crate::types::{Input, Problem};

/// The most entries.
const MOST: usize = 500;
/// The most bytes as JSON: a list of vendors holds many of these.
const LENGTH: usize = 131_072;
/// How far objects and lists may stand in each other.
const DEPTH: usize = 16;
/// The most digits of a number, as it is written and as PostgreSQL writes it out.
const DIGITS: usize = 40;
/// Names by which `serde_json` marks values of its own.
const RESERVED: &str = "$serde_json::";

/// At most 500 objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RateConfiguration(Value);

impl RateConfiguration {
    /// The list itself.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// The list itself.
    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

impl Input for RateConfiguration {
    fn read(value: &Value) -> Result<Self, Problem> {
        let Value::Array(entries) = value else {
            return Err(problem("must be a list"));
        };
        if entries.len() > MOST {
            return Err(problem("must have at most 500 entries"));
        }
        if !entries.iter().all(Value::is_object) {
            return Err(problem("must be a list of objects"));
        }
        check(value, 0)?;
        if value.to_string().len() > LENGTH {
            return Err(problem("must be at most 128 KiB of JSON"));
        }
        Ok(Self(value.clone()))
    }
}

fn problem(text: &'static str) -> Problem {
    Problem::new("value_error", text)
}

/// Refuses what the database could not store, or could not give back.
fn check(value: &Value, depth: usize) -> Result<(), Problem> {
    if depth > DEPTH {
        return Err(problem("has objects or lists too deep in each other"));
    }
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => check_number(number),
        Value::String(text) => check_text(text),
        Value::Array(entries) => entries.iter().try_for_each(|entry| check(entry, depth + 1)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
            check_text(name)?;
            if name.starts_with(RESERVED) {
                return Err(problem("has a name that is reserved"));
            }
            check(field, depth + 1)
        }),
    }
}

fn check_text(text: &str) -> Result<(), Problem> {
    if text.contains('\0') {
        return Err(problem("must not contain NUL characters"));
    }
    Ok(())
}

/// The database writes a number out in full, however short it came: `1e100000` would have as many digits.
fn check_number(number: &Number) -> Result<(), Problem> {
    let text = number.as_str();
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: Option<usize> = exponent.trim_start_matches(['+', '-']).parse().ok();
    match exponent.and_then(|exponent| exponent.checked_add(digits.len())) {
        Some(length) if length <= DIGITS => Ok(()),
        _ => Err(problem("has a number of too many digits")),
    }
}

impl PartialSchema for RateConfiguration {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(ObjectBuilder::new().build())
            .max_items(Some(MOST))
            .examples([serde_json::json!([{"item": "Gypsum partition", "unit": "sq ft", "rate": 85.50}])])
            .into()
    }
}

impl ToSchema for RateConfiguration {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let value = serde_json::from_str(text).unwrap();
        RateConfiguration::read(&value)
            .map(|rates| rates.into_value().to_string())
            .map_err(|problem| problem.message.into_owned())
    }

    #[test]
    fn a_list_of_objects_stays_as_it_is() {
        for text in [
            "[]",
            "[{}]",
            r#"[{"item":"a","rate":85.50},{"rate":0.10000000000000000001,"tiers":[1,2.50,null,true]}]"#,
            r#"[{"rate":12345678901234567890123456789.12}]"#,
        ] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_none_or_cannot_be_kept_is_refused() {
        let deep = format!(r#"[{{"a":{}1{}}}]"#, "[".repeat(20), "]".repeat(20));
        for (text, reason) in [
            ("{}", "list"),
            ("5", "list"),
            (r"[{}, 5]", "objects"),
            (r#"[{"a": "\u0000"}]"#, "NUL"),
            (r#"[{"a\u0000": 1}]"#, "NUL"),
            (r#"[{"a": 1e40}]"#, "digits"),
            (r#"[{"a": 1e-100000}]"#, "digits"),
            (r#"[{"a": 1E+99999999999999999999999}]"#, "digits"),
            // As the first name of an object it is taken for the value that it marks, in which case nothing is left of it.
            (
                r#"[{"a": {"b": 1, "$serde_json::private::RawValue": "1"}}]"#,
                "reserved",
            ),
            (deep.as_str(), "deep"),
        ] {
            let refusal = read(text).unwrap_err();
            assert!(refusal.contains(reason), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_list_that_is_too_long_is_refused() {
        let read = |value: Value| RateConfiguration::read(&value);
        assert!(read(json!(vec![json!({"rate": 1}); 500])).is_ok());
        assert!(read(json!(vec![json!({"rate": 1}); 501])).is_err());
        assert!(read(json!([{"note": "n".repeat(131_000)}])).is_ok());
        assert!(read(json!([{"note": "n".repeat(131_072)}])).is_err());
    }
}
