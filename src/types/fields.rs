//! Reading client input field by field, gathering every fault on the way instead of stopping at the first.

use std::borrow::Cow;

use chrono::{FixedOffset, NaiveDate, NaiveTime};
use serde_json::{Map, Value};

use crate::error::Fault;

/// The first day that is taken for a date of business.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// What is wrong with one value: the machine-readable type and a text fit for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// One of the fault types of the error contract, such as `decimal_parsing`.
    pub kind: &'static str,
    /// Read after the field's name: "must be at least 0".
    pub message: Cow<'static, str>,
}

impl Problem {
    /// A problem of this type with this text.
    pub fn new(kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Not a whole number.
    pub fn int() -> Self {
        Self::new("int_parsing", "must be a whole number")
    }

    /// Not an id.
    pub fn id() -> Self {
        Self::new("int_parsing", "must be a positive whole number")
    }
}

/// A value that can be read from JSON, or from the text of a query or form field.
pub trait Input: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(value: &Value) -> Result<Self, Problem>;
}

/// A whole request body, query or form made from its fields.
pub trait FromFields: Sized {
    /// Reads all fields; faults are left in `fields`. `None` only if there are faults.
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self>;
}

/// A field of a change request: absent and null differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Absent: stays as it is.
    #[default]
    Keep,
    /// Null or empty text: becomes null.
    Clear,
    /// Given: becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// What a value becomes.
    pub fn over(self, was: Option<T>) -> Option<T> {
        match self {
            Self::Keep => was,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Changes a value that is kept in another form.
    pub fn apply_to<U>(&self, field: &mut Option<U>, form: impl FnOnce(&T) -> U) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(form(value)),
        }
    }

    /// The same change of a value in another form.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(form(value)),
        }
    }
}

/// The fields of one JSON object (or of a query or form, whose values are text), and the faults found in them so far.
#[derive(Debug)]
pub struct Fields<'a> {
    values: Cow<'a, Map<String, Value>>,
    /// Stands before each field's name in a fault: `items[0].`, or nothing.
    prefix: String,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// The fields of a JSON object.
    pub fn new(values: &'a Map<String, Value>) -> Self {
        Self {
            values: Cow::Borrowed(values),
            prefix: String::new(),
            faults: Vec::new(),
        }
    }

    /// The fields of a query or form: name and text. Of a name given twice the first counts.
    pub fn from_text(pairs: impl IntoIterator<Item = (String, String)>) -> Fields<'static> {
        let mut values = Map::new();
        for (name, text) in pairs {
            values.entry(name).or_insert(Value::String(text));
        }
        Fields {
            values: Cow::Owned(values),
            prefix: String::new(),
            faults: Vec::new(),
        }
    }

    /// Lets `other` stand for `name` where `name` is absent, null or blank, which all mean the same of something new.
    pub fn alias(&mut self, name: &str, other: &str) {
        if !self.has_text(name) {
            self.stand_in(name, other);
        }
    }

    /// The same in a change, where blank text clears: `other` stands for `name` where `name` is absent or null.
    pub fn alias_of_change(&mut self, name: &str, other: &str) {
        if !self.has(name) {
            self.stand_in(name, other);
        }
    }

    fn stand_in(&mut self, name: &str, other: &str) {
        if let Some(value) = self.raw(other).cloned() {
            self.values.to_mut().insert(name.to_owned(), value);
        }
    }

    /// The same for two names of one row, of which a request may name only one.
    pub fn alias_of_row(&mut self, name: &str, other: &str) {
        let text = |value: &Value| match value {
            Value::String(text) => text.trim().to_owned(),
            value => value.to_string(),
        };
        if let (Some(one), Some(two)) = (self.raw(name), self.raw(other))
            && text(one) != text(two)
        {
            self.fault(
                other,
                Problem::new("value_error", format!("must not be another than {name}")),
            );
        }
        self.alias_of_change(name, other);
    }

    /// Leaves a field out of account, whatever it holds.
    pub fn forget(&mut self, name: &str) {
        if self.values.contains_key(name) {
            self.values.to_mut().remove(name);
        }
    }

    /// Whether the field is there and not null.
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Whether the field is there and neither null nor blank text.
    pub fn has_text(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|value| !is_blank(value))
    }

    /// The value as it came, unless absent or null.
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// All fields in the order of their names.
    pub fn sorted(&self) -> Vec<(&str, &Value)> {
        let mut pairs: Vec<(&str, &Value)> = self
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        pairs.sort_by_key(|(name, _)| *name);
        pairs
    }

    /// A field that must be there.
    pub fn required<T: Input>(&mut self, name: &str) -> Option<T> {
        let Some(value) = self.raw(name) else {
            self.fault(name, Problem::new("missing", "Field required"));
            return None;
        };
        let read = T::read(value);
        self.keep(name, read)
    }

    /// A field that may be absent, null, or empty text, which all mean the same.
    pub fn optional<T: Input>(&mut self, name: &str) -> Option<T> {
        let read = T::read(self.raw(name).filter(|value| !is_blank(value))?);
        self.keep(name, read)
    }

    /// A field of a change: absent keeps, null or empty text clears.
    pub fn patch<T: Input>(&mut self, name: &str) -> Patch<T> {
        match self.values.get(name) {
            None => Patch::Keep,
            Some(value) if value.is_null() || is_blank(value) => Patch::Clear,
            Some(value) => {
                let read = T::read(value);
                self.keep(name, read).map_or(Patch::Keep, Patch::Set)
            }
        }
    }

    /// A field of a change that cannot be cleared: absent or null keeps, empty text is a fault.
    pub fn present<T: Input>(&mut self, name: &str) -> Option<T> {
        if self.has(name) { self.required(name) } else { None }
    }

    /// A text of a change: absent or null keeps, empty text clears.
    pub fn patch_text<T: Input>(&mut self, name: &str) -> Patch<T> {
        if self.has(name) {
            self.patch(name)
        } else {
            Patch::Keep
        }
    }

    /// An object that must be there; its faults are named `name.field`.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Option<T> {
        let object = match self.raw(name) {
            Some(Value::Object(object)) => object.clone(),
            Some(_) => {
                self.fault(name, Problem::new("value_error", "must be an object"));
                return None;
            }
            None => {
                self.fault(name, Problem::new("missing", "Field required"));
                return None;
            }
        };
        let mut nested = Fields::new(&object);
        nested.prefix = format!("{}{name}.", self.prefix);
        let value = read(&mut nested);
        self.faults.append(&mut nested.faults);
        value
    }

    /// A list of objects with at least and at most so many entries; faults are named `name[3].field`.
    pub fn list<T>(
        &mut self,
        name: &str,
        bounds: (usize, usize),
        read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        Some(self.each(name, bounds, read)?.into_iter().flatten().collect())
    }

    /// The same with a gap where an entry has a fault.
    pub fn each<T>(
        &mut self,
        name: &str,
        (least, most): (usize, usize),
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        let entries = match self.raw(name) {
            Some(Value::Array(entries)) => entries.clone(),
            Some(_) => {
                self.fault(name, Problem::new("value_error", "must be a list"));
                return None;
            }
            None => {
                self.fault(name, Problem::new("missing", "Field required"));
                return None;
            }
        };
        if entries.len() < least || entries.len() > most {
            self.fault(
                name,
                Problem::new("value_error", format!("must have {least} to {most} entries")),
            );
            return None;
        }
        let mut values = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let Value::Object(object) = entry else {
                self.fault(
                    &format!("{name}[{index}]"),
                    Problem::new("value_error", "must be an object"),
                );
                values.push(None);
                continue;
            };
            let mut nested = Fields::new(object);
            nested.prefix = format!("{}{name}[{index}].", self.prefix);
            let value = read(&mut nested);
            values.push(value.filter(|_| nested.faults.is_empty()));
            self.faults.append(&mut nested.faults);
        }
        Some(values)
    }

    /// Notes a fault of a field.
    pub fn fault(&mut self, name: &str, problem: Problem) {
        self.faults.push(Fault::new(
            format!("{}{name}", self.prefix),
            problem.kind,
            problem.message,
        ));
    }

    /// Whether nothing was wrong so far.
    pub fn is_faultless(&self) -> bool {
        self.faults.is_empty()
    }

    /// The faults found so far, for whoever tells of them together with others.
    pub fn take_faults(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }

    /// All faults found.
    pub fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    fn keep<T>(&mut self, name: &str, read: Result<T, Problem>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fault(name, problem);
                None
            }
        }
    }
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

impl Input for bool {
    fn read(value: &Value) -> Result<Self, Problem> {
        let word = match value {
            Value::Bool(flag) => return Ok(*flag),
            Value::String(text) => text.trim().to_ascii_lowercase(),
            Value::Number(number) => number.as_str().to_owned(),
            _ => String::new(),
        };
        match word.as_str() {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" => Ok(false),
            _ => Err(Problem::new("value_error", "must be true or false")),
        }
    }
}

impl Input for i64 {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = match value {
            Value::Number(number) => number.as_str(),
            Value::String(text) => text.trim(),
            _ => return Err(Problem::int()),
        };
        text.parse().map_err(|_| Problem::int())
    }
}

/// Whether this is 00:00 with or without seconds, their fractions and a zone.
fn is_midnight(time: &str) -> bool {
    let zoned = time.strip_suffix(['Z', 'z']).or_else(|| {
        let (clock, zone) = time.split_at_checked(time.len().checked_sub(6)?)?;
        zone.parse::<FixedOffset>().is_ok().then_some(clock)
    });
    let clock = zoned.unwrap_or(time);
    ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .any(|format| NaiveTime::parse_from_str(clock, format) == Ok(NaiveTime::MIN))
}

impl Input for NaiveDate {
    fn read(value: &Value) -> Result<Self, Problem> {
        let problem = || Problem::new("date_parsing", "must be a date as YYYY-MM-DD");
        let text = value.as_str().map(str::trim).ok_or_else(problem)?;
        // A form may send the midnight at which the day begins. Another time could be of another day elsewhere.
        let day = match text.split_once('T') {
            None => text,
            Some((day, time)) if is_midnight(time) => day,
            Some(_) => return Err(problem()),
        };
        if day.len() != 10 || day.starts_with(['+', '-']) {
            return Err(problem());
        }
        let date = Self::parse_from_str(day, "%Y-%m-%d").map_err(|_| problem())?;
        // What PostgreSQL could not store or a program could not show is no date of business.
        if date < FIRST_DAY {
            let text = format!("must not lie before {FIRST_DAY}");
            return Err(Problem::new("greater_than_equal", text));
        }
        Ok(date)
    }
}
