//! An address for mail, as far as its shape can tell.

use serde_json::Value;

use crate::types::{Input, Problem, Text};

/// Trimmed text of at most 255 characters with one `@` between two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(Text<255>);

impl Email {
    /// The text itself.
    pub fn into_string(self) -> String {
        self.0.into_string()
    }
}

impl std::ops::Deref for Email {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Input for Email {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = Text::read(value)?;
        let has_parts = text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
        if has_parts {
            Ok(Self(text))
        } else {
            Err(Problem::new("value_error", "must be an email address"))
        }
    }
}

impl utoipa::PartialSchema for Email {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .max_length(Some(255))
            .pattern(Some("^[^@]+@[^@]+$"))
            .examples([serde_json::json!("accounts@example.com")])
            .into()
    }
}

impl utoipa::ToSchema for Email {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_parts_with_one_sign_between() {
        let read = |text: &str| Email::read(&Value::from(text)).map(Email::into_string);
        assert_eq!(read(" a@example.com ").unwrap(), "a@example.com");
        for text in ["", "nobody", "@example.com", "a@", "a@b@example.com"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&format!("{}@example.com", "a".repeat(250))).is_err());
        assert!(Email::read(&Value::from(5)).is_err());
    }
}
