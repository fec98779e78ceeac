//! Text that is trimmed, not empty and not too long.

use std::{fmt, ops::Deref};

use serde::Serialize;
use serde_json::Value;

use crate::types::{Input, Problem};

/// Trimmed text of 1 to `MAX` characters without NUL, which PostgreSQL cannot store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Trims and checks.
    ///
    /// # Errors
    /// What is wrong with the text: empty, too long, or holding a NUL character.
    pub fn new(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::new("string_too_short", "must not be empty"));
        }
        if text.contains('\0') {
            return Err(Problem::new("value_error", "must not contain NUL characters"));
        }
        if text.chars().count() > MAX {
            return Err(Problem::new(
                "string_too_long",
                format!("must have at most {MAX} characters"),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<const MAX: usize> Input for Text<MAX> {
    fn read(value: &Value) -> Result<Self, Problem> {
        match value {
            Value::String(text) => Self::new(text),
            _ => Err(Problem::new("value_error", "must be text")),
        }
    }
}

impl<const MAX: usize> utoipa::PartialSchema for Text<MAX> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .into()
    }
}

impl<const MAX: usize> utoipa::ToSchema for Text<MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }
}
