//! JSON of a client's own making that is kept as it came: what of it the database can store, and can give back in no more bytes
//! than it took.

use serde_json::{Map, Number, Value};

use crate::types::Problem;

/// How far objects and lists may stand in each other.
const DEPTH: usize = 16;
/// The most digits of a number, as it is written and as PostgreSQL writes it out.
const DIGITS: usize = 40;
/// Names by which `serde_json` marks values of its own.
const RESERVED: &str = "$serde_json::";

/// Refuses what the database could not store, or could not give back.
///
/// # Errors
/// `value_error` with the reason.
pub fn ensure_storable(value: &Value) -> Result<(), Problem> {
    check(value, 0)
}

/// The same for the fields of an object.
///
/// # Errors
/// `value_error` with the reason.
pub fn ensure_storable_fields(fields: &Map<String, Value>) -> Result<(), Problem> {
    check_fields(fields, 0)
}

fn check(value: &Value, depth: usize) -> Result<(), Problem> {
    if depth > DEPTH {
        return Err(problem("has objects or lists too deep in each other"));
    }
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => check_number(number),
        Value::String(text) => check_text(text),
        Value::Array(entries) => entries.iter().try_for_each(|entry| check(entry, depth + 1)),
        Value::Object(fields) => check_fields(fields, depth),
    }
}

fn check_fields(fields: &Map<String, Value>, depth: usize) -> Result<(), Problem> {
    fields.iter().try_for_each(|(name, field)| {
        check_text(name)?;
        if name.starts_with(RESERVED) {
            return Err(problem("has a name that is reserved"));
        }
        check(field, depth + 1)
    })
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

fn problem(text: &'static str) -> Problem {
    Problem::new("value_error", text)
}
