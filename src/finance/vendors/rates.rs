//! A vendor's rates: a list of objects of the client's own making, kept as it came.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::ArrayBuilder, schema::ObjectBuilder},
};

use crate::types::{Input, Problem, free_json};

/// The most entries.
const MOST: usize = 500;
/// The most bytes as JSON: a list of vendors holds many of these.
const LENGTH: usize = 131_072;

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
        free_json::ensure_storable(value)?;
        if value.to_string().len() > LENGTH {
            return Err(problem("must be at most 128 KiB of JSON"));
        }
        Ok(Self(value.clone()))
    }
}

fn problem(text: &'static str) -> Problem {
    Problem::new("value_error", text)
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
