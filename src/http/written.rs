//! JSON that is written once and stands in an answer several times: most lists stand at the top of their answer and below `data`.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::json_writer;

/// The name under which `serde_json` takes JSON as it stands, as an object of this one name.
const RAW: &str = "$serde_json::private::RawValue";

/// Room for most lists, in bytes.
const USUAL_LENGTH: usize = 32 * 1024;

/// A value's JSON.
#[derive(Debug, Clone)]
pub(crate) struct Written(String);

impl Written {
    /// Writes a value.
    ///
    /// # Errors
    /// If it cannot be written, as for keys that are no texts.
    pub(crate) fn of(value: &impl Serialize) -> serde_json::Result<Self> {
        let mut json = String::with_capacity(USUAL_LENGTH);
        json_writer::write(&mut json, value)?;
        Ok(Self(json))
    }

    /// This object with one more field at its end.
    ///
    /// # Errors
    /// If this is no object.
    pub(crate) fn with(&self, name: &str, value: &Self) -> serde_json::Result<Self> {
        let own = self.0.strip_suffix('}').ok_or_else(no_object)?;
        let comma = if own == "{" { "" } else { "," };
        Ok(Self(format!("{own}{comma}\"{name}\":{}}}", value.0)))
    }
}

fn no_object() -> serde_json::Error {
    serde::ser::Error::custom("the content of an answer must be an object")
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut raw = serializer.serialize_struct(RAW, 1)?;
        raw.serialize_field(RAW, &self.0)?;
        raw.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_field_is_put_behind_those_of_an_object() {
        for (object, expected) in [
            (json!({}), r#"{"b":{}}"#),
            (json!({"x": {"y": {}}}), r#"{"x":{"y":{}},"b":{"x":{"y":{}}}}"#),
            (json!({"x": "{}"}), r#"{"x":"{}","b":{"x":"{}"}}"#),
        ] {
            let written = Written::of(&object).unwrap();
            let both = written.with("b", &written).unwrap();
            assert_eq!(serde_json::to_string(&both).unwrap(), expected);
            let value: Value = serde_json::to_value(&both).unwrap();
            assert_eq!(value["b"], object);
        }
        for other in [json!([]), json!(1), Value::Null] {
            let written = Written::of(&other).unwrap();
            assert!(written.with("b", &written).is_err());
        }
    }
}
