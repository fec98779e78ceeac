//! Writes the JSON of answers: what `serde_json` writes, byte for byte, in less time, but no binary fractions.
//!
//! A page of a list has thousands of fields. Their names are written as they stand, since the name of a Rust field needs no escapes,
//! and texts are looked through for what needs some in blocks.

use std::fmt::{self, Display, Write as _};

use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::{Error, Result};

/// The names of the structs, and of their one field, by which numbers of any length and JSON that is written already pass
/// through serde: the field's text stands in the answer as it is.
const VERBATIM: [&str; 2] = ["$serde_json::private::Number", "$serde_json::private::RawValue"];

/// Appends a value's JSON.
///
/// # Errors
/// If it cannot be written, as for keys that are no texts, numbers or truth values, and for `f32` and `f64`.
pub(crate) fn write(out: &mut String, value: &(impl Serialize + ?Sized)) -> Result<()> {
    value.serialize(Writer {
        out,
        is_verbatim: false,
    })
}

/// Figures are decimals, and coordinates too: what is none has come here by mistake.
fn binary_fraction() -> Error {
    Error::custom("an answer has no binary fractions")
}

/// Where the JSON goes.
struct Writer<'a> {
    out: &'a mut String,
    /// Whether a text is JSON already.
    is_verbatim: bool,
}

impl Writer<'_> {
    fn verbatim(self, text: &str) {
        self.out.push_str(text);
    }

    /// `{"name":`, which the caller has to close.
    fn variant(&mut self, name: &str) {
        self.out.push('{');
        quote(self.out, name);
        self.out.push(':');
    }
}

/// Appends a text with its quotes.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    escape(out, text);
    out.push('"');
}

/// Appends what stands between the quotes.
fn escape(out: &mut String, text: &str) {
    if !needs_escapes(text.as_bytes()) {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        let short = match character {
            '"' | '\\' => character,
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\0'..' ' => {
                // Writing to a string cannot fail.
                write!(out, "\\u{:04x}", u32::from(character)).ok();
                continue;
            }
            _ => {
                out.push(character);
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
}

/// Looks at blocks, the last of which may overlap with the one before it.
fn needs_escapes(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<16>() {
        let (blocks, _) = bytes.as_chunks::<16>();
        return blocks.iter().any(any_needs_escapes) || any_needs_escapes(last);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return any_needs_escapes(first) || any_needs_escapes(last);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return any_needs_escapes(first) || any_needs_escapes(last);
    }
    bytes.iter().any(|byte| any_needs_escapes(&[*byte]))
}

/// Without leaving early, so that a block is looked at in one go.
fn any_needs_escapes<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(0, |found, byte| {
        found | u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\')
    }) != 0
}

macro_rules! integers {
    ($($method:ident: $type:ty),+) => {
        $(fn $method(self, value: $type) -> Result<()> {
            self.verbatim(itoa::Buffer::new().format(value));
            Ok(())
        })+
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Parts<'a>;

    integers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    );

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.verbatim(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_f32(self, _: f32) -> Result<()> {
        Err(binary_fraction())
    }

    fn serialize_f64(self, _: f64) -> Result<()> {
        Err(binary_fraction())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<()> {
        if self.is_verbatim {
            self.verbatim(text);
        } else {
            quote(self.out, text);
        }
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.verbatim("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(variant);
        write(self.out, value)?;
        self.verbatim("}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>> {
        Ok(Parts::begin(self.out, '[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>> {
        self.variant(variant);
        Ok(Parts::begin(self.out, '[', "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>> {
        Ok(Parts::begin(self.out, '{', "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'a>> {
        if VERBATIM.contains(&name) {
            Ok(Fields::Verbatim(self.out))
        } else {
            Ok(Fields::Object(Parts::begin(self.out, '{', "}")))
        }
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>> {
        self.variant(variant);
        Ok(Parts::begin(self.out, '{', "}}"))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.out.push('"');
        write!(Escaping(self.out), "{value}").map_err(Error::custom)?;
        self.out.push('"');
        Ok(())
    }
}

/// What is formatted stands between quotes.
struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text);
        Ok(())
    }
}

/// A list or an object whose parts are being written.
struct Parts<'a> {
    out: &'a mut String,
    is_first: bool,
    end: &'static str,
}

impl<'a> Parts<'a> {
    fn begin(out: &'a mut String, bracket: char, end: &'static str) -> Self {
        out.push(bracket);
        Self {
            out,
            is_first: true,
            end,
        }
    }

    fn comma(&mut self) {
        if !self.is_first {
            self.out.push(',');
        }
        self.is_first = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.comma();
        write(self.out, value)
    }

    /// A field of a struct.
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        debug_assert!(
            !needs_escapes(name.as_bytes()),
            "the name of a field needs escapes: {name}"
        );
        self.comma();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        write(self.out, value)
    }

    fn close(self) {
        self.out.push_str(self.end);
    }
}

/// Elements and their end, by the names that serde has for the same thing.
macro_rules! elements {
    ($($kind:ident::$method:ident),+) => {
        $(impl $kind for Parts<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        })+
    };
}

elements!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

impl SerializeStructVariant for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.field(name, value)
    }

    fn end(self) -> Result<()> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.comma();
        let start = self.out.len();
        write(self.out, key)?;
        match self.out.as_bytes().get(start) {
            Some(b'"') => {}
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                self.out.insert(start, '"');
                self.out.push('"');
            }
            _ => return Err(Error::custom("key must be a string")),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.out.push(':');
        write(self.out, value)
    }

    fn end(self) -> Result<()> {
        self.close();
        Ok(())
    }
}

/// The fields of a struct, or the one text of a struct that stands for JSON.
enum Fields<'a> {
    Object(Parts<'a>),
    Verbatim(&'a mut String),
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        match self {
            Self::Object(parts) => parts.field(name, value),
            Self::Verbatim(out) => value.serialize(Writer {
                out,
                is_verbatim: true,
            }),
        }
    }

    fn end(self) -> Result<()> {
        if let Self::Object(parts) = self {
            parts.close();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use proptest::prelude::*;
    use rust_decimal::{Decimal, dec};
    use serde_json::{Value, json, value::RawValue};

    use super::*;

    fn written(value: &impl Serialize) -> String {
        let mut out = String::new();
        write(&mut out, value).unwrap();
        out
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Newtype(u8);

    #[derive(Serialize)]
    struct Pair(i64, Option<Unit>);

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Choice {
        Alone,
        One(Newtype),
        Two(i8, char),
        Named { a: i8, b: Option<&'static str> },
        Nothing {},
    }

    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        First { x: i32 },
    }

    #[derive(Serialize)]
    struct Inner {
        deep: [Choice; 5],
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u8>,
    }

    #[derive(Serialize)]
    struct All {
        pair: Pair,
        numbers: (i16, u16, u32, i128, u128, bool),
        date: NaiveDate,
        #[serde(with = "rust_decimal::serde::arbitrary_precision")]
        amount: Decimal,
        raw: Box<RawValue>,
        text: Decimal,
        ids: BTreeMap<i32, Tagged>,
        truths: BTreeMap<bool, Option<u8>>,
        letters: BTreeMap<char, Vec<u8>>,
        #[serde(flatten)]
        inner: Inner,
        #[serde(flatten)]
        more: BTreeMap<String, Value>,
    }

    #[test]
    fn every_shape_is_written_as_serde_json_writes_it() {
        let all = All {
            pair: Pair(-7, Some(Unit)),
            numbers: (-1, 2, u32::MAX, i128::MIN, u128::MAX, true),
            date: NaiveDate::from_ymd_opt(2026, 3, 31).unwrap(),
            amount: dec!(79228162514264337593543950335),
            raw: RawValue::from_string("{\"a\": [1, \"\\n\"]}".to_owned()).unwrap(),
            text: dec!(-0.50),
            ids: BTreeMap::from([(-3, Tagged::First { x: 1 })]),
            truths: BTreeMap::from([(false, None)]),
            letters: BTreeMap::from([('"', vec![0, 255]), ('\u{1}', Vec::new())]),
            inner: Inner {
                deep: [
                    Choice::Alone,
                    Choice::One(Newtype(200)),
                    Choice::Two(-8, '\\'),
                    Choice::Named { a: -1, b: Some("x") },
                    Choice::Nothing {},
                ],
                left_out: None,
            },
            more: BTreeMap::from([(
                "a\"b\n".to_owned(),
                json!({"c": [], "d": {}, "e": null, "f": 1.5}),
            )]),
        };
        assert_eq!(written(&all), serde_json::to_string(&all).unwrap());
        for value in [Some("a"), None] {
            assert_eq!(written(&value), serde_json::to_string(&value).unwrap());
        }
    }

    #[test]
    fn what_no_key_can_be_and_binary_fractions_are_refused() {
        let mut out = String::new();
        assert!(write(&mut out, &BTreeMap::from([(vec![1], 1)])).is_err());
        assert!(write(&mut out, &BTreeMap::from([((), 1)])).is_err());
        assert!(write(&mut out, &[0.5_f64]).is_err() && write(&mut out, &0.5_f32).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[ -~]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_is_written_as_serde_json_writes_it(value in any_value()) {
            prop_assert_eq!(written(&value), serde_json::to_string(&value).unwrap());
        }

        #[test]
        fn every_text_is_written_as_serde_json_writes_it(characters in prop::collection::vec(prop_oneof![
            prop::char::range('\0', '\u{ff}'), any::<char>()
        ], 0..70)) {
            let text: String = characters.into_iter().collect();
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
            prop_assert_eq!(written(&format_args!("<{text}>")), serde_json::to_string(&format_args!("<{text}>")).unwrap());
        }
    }
}
