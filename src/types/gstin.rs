//! The number under which a business is registered for the goods and services tax.

use std::ops::Deref;

use serde_json::Value;

use crate::types::{Input, Problem};

/// 15 letters and digits, in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gstin(String);

impl Gstin {
    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Gstin {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Input for Gstin {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = value
            .as_str()
            .ok_or_else(|| Problem::new("value_error", "must be text"))?
            .trim();
        if text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err(Problem::new("value_error", "must be 15 letters and digits"))
        }
    }
}

impl utoipa::PartialSchema for Gstin {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9A-Za-z]{15}$"))
            .into()
    }
}

impl utoipa::ToSchema for Gstin {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fifteen_letters_and_digits_are_one() {
        let read = |text: &str| Gstin::read(&Value::from(text)).map(Gstin::into_string);
        assert_eq!(read(" 27aaaaa0000a1z5 ").unwrap(), "27AAAAA0000A1Z5");
        for text in [
            "",
            "27AAAAA0000A1Z",
            "27AAAAA0000A1Z55",
            "27AAAAA-000A1Z5",
            "27AAAAA0000A1Zé",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(Gstin::read(&Value::from(5)).is_err());
    }
}
