//! JSON texts of clients: read exactly, refused where two readers could read them differently.
//!
//! `serde_json` by itself lets the last of two equal names win, and takes an object with a certain name of its own for
//! JSON inside a text, each with nesting of its own; a body made of those could exhaust the stack. Here a name twice is a
//! fault, and such an object is an object.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, error::Category};

use crate::types::NUMBER;

/// Reads a text that must be one JSON value.
///
/// # Errors
/// What is wrong with the text and where, fit for a user.
pub fn read(text: &[u8]) -> Result<Value, String> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let value = Strict
        .deserialize(&mut parser)
        .and_then(|value| parser.end().map(|()| value));
    value.map_err(|error| {
        let what = match error.classify() {
            Category::Data => "has a name twice in one object",
            Category::Eof => "is cut off",
            Category::Syntax | Category::Io => "is not valid JSON",
        };
        format!("{what} (line {}, column {})", error.line(), error.column())
    })
}

/// Makes a [`Value`] of whatever comes.
#[derive(Debug, Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element_seed(Self)? {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Self)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name twice"));
            }
        }
        Ok(number(&object).map_or(Value::Object(object), Value::Number))
    }
}

/// The number behind its disguise, in which those beyond 64 bits and with a point come from the parser.
fn number(object: &Map<String, Value>) -> Option<Number> {
    let text = object.get(NUMBER).filter(|_| object.len() == 1)?;
    serde_json::from_str(text.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_as_they_stand() {
        let text = r#"{"a": [1, -2.50, 1e400, 123456789012345678901234567890], "b": {"c": null, "d": true}, "e": "x\u0000ü"}"#;
        let value = read(text.as_bytes()).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(value["a"][1].to_string(), "-2.50");
        assert_eq!(read(b" [] ").unwrap(), json!([]));
    }

    #[test]
    fn faults_say_what_and_where() {
        for (text, fault) in [
            (
                "{\"a\": 1,\n \"a\": 2}",
                "has a name twice in one object (line 2, column 8)",
            ),
            (
                r#"[{"x": {"a": 1, "\u0061": 2}}]"#,
                "has a name twice in one object (line 1, column 28)",
            ),
            ("{\"a\": ", "is cut off (line 1, column 6)"),
            ("", "is cut off (line 1, column 0)"),
            ("nope", "is not valid JSON (line 1, column 2)"),
            ("1 2", "is not valid JSON (line 1, column 3)"),
            ("\"\u{1}\"", "is not valid JSON (line 1, column 2)"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err(), fault, "{text}");
        }
        assert!(read(b"\"\xff\"").unwrap_err().starts_with("is not valid JSON"));
        assert!(
            read(&vec![b'['; 100_000])
                .unwrap_err()
                .starts_with("is not valid JSON")
        );
    }

    #[test]
    fn the_parsers_own_names_are_names() {
        let raw = read(br#"{"$serde_json::private::RawValue": "[[1]]"}"#).unwrap();
        assert!(raw.is_object());
        let number = read(br#"{"$serde_json::private::Number": "five"}"#).unwrap();
        assert!(number.is_object());
    }
}
