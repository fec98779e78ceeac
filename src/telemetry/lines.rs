//! One event as one line: a JSON object, or text for a terminal.
//!
//! The names of the JSON keys are the predecessor's (`asctime`, `name`, `levelname`, `message`) plus ours. Of the spans
//! around an event only the outermost one named `request` counts; its fields stand at the top level of the object.
//! Whatever a message holds, it stays on its line.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::time::SystemTime;

use chrono::{DateTime, Local, SecondsFormat, Utc};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// The span whose fields every line inside it carries.
pub(super) const REQUEST_SPAN: &str = "request";

/// The fields of that span that lines carry, in their order.
const REQUEST_FIELDS: [&str; 7] = [
    "request_id",
    "user_id",
    "method",
    "path",
    "remote_addr",
    "client_version",
    "trace_id",
];
/// Keys that each line has from us; an event's field of the same name gets the prefix `event.`.
const OWN_KEYS: [&str; 4] = ["asctime", "name", "levelname", "timestamp"];
/// Fields that the access line's message tells already, so that text does not repeat them.
const TOLD_BY_MESSAGE: [&str; 2] = ["status", "duration_ms"];
/// Fields of records that come through the `log` facade; the target is the module's real name.
const FACADE_PREFIX: &str = "log.";
const FACADE_TARGET: &str = "log.target";

/// A field's value as it was recorded.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    /// A number or truth value, written as it is in JSON.
    Literal(String),
}

/// Fields in the order in which they were recorded.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Room for those of a request.
    pub(super) fn of_request() -> Self {
        Self(Vec::with_capacity(REQUEST_FIELDS.len()))
    }

    fn put(&mut self, field: &Field, value: Value) {
        match self.0.iter_mut().find(|(name, _)| *name == field.name()) {
            Some((_, old)) => *old = value,
            None => self.0.push((field.name(), value)),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) | Value::Literal(text) => Some(text),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let text = value.to_string();
        self.put(
            field,
            if value.is_finite() {
                Value::Literal(text)
            } else {
                Value::Text(text)
            },
        );
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Literal(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Literal(value.to_string()));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, Value::Literal(value.to_string()));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, Value::Literal(value.to_string()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Literal(value.to_string()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut chain = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            chain.push_str(": ");
            chain.push_str(&cause.to_string());
            source = cause.source();
        }
        self.put(field, Value::Text(chain));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::Text(format!("{value:?}")));
    }
}

/// An event with all that its lines tell.
pub(super) struct Line<'a> {
    moment: SystemTime,
    level: Level,
    target: &'a str,
    fields: Fields,
    request: Option<&'a Fields>,
}

impl<'a> Line<'a> {
    pub(super) fn new(moment: SystemTime, event: &Event<'a>, request: Option<&'a Fields>) -> Self {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        Self {
            moment,
            level: *metadata.level(),
            target: metadata.target(),
            fields,
            request,
        }
    }

    /// The module that speaks.
    fn name(&self) -> &str {
        self.fields.text(FACADE_TARGET).unwrap_or(self.target)
    }

    fn message(&self) -> &str {
        self.fields.text("message").unwrap_or_default()
    }

    /// The event's own fields without those that stand elsewhere in the line.
    fn own_fields(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.fields
            .0
            .iter()
            .filter(|(name, _)| *name != "message" && !name.starts_with(FACADE_PREFIX))
            .map(|(name, value)| (*name, value))
    }

    /// The fields of the request around the event, but those that the event states itself.
    fn request_fields(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let request = self.request;
        REQUEST_FIELDS
            .into_iter()
            .filter(|name| self.fields.get(name).is_none())
            .filter_map(move |name| Some((name, request?.get(name)?)))
    }

    /// The line as a JSON object, with its end of line.
    pub(super) fn json(&self) -> String {
        let utc = DateTime::<Utc>::from(self.moment);
        let mut line = String::with_capacity(512);
        line.push('{');
        push_text(&mut line, "asctime", &asctime(self.moment));
        push_text(&mut line, "name", self.name());
        push_text(&mut line, "levelname", level_name(self.level));
        push_text(&mut line, "message", self.message());
        push_text(
            &mut line,
            "timestamp",
            &utc.to_rfc3339_opts(SecondsFormat::Millis, true),
        );
        for (name, value) in self.request_fields().chain(self.own_fields()) {
            if OWN_KEYS.contains(&name) {
                push_value(&mut line, &format!("event.{name}"), value);
            } else {
                push_value(&mut line, name, value);
            }
        }
        line.push_str("}\n");
        line
    }

    /// The line as text, with its end of line: time, name, level, message, and what else the event says.
    pub(super) fn plain(&self) -> String {
        let mut line = terminal_time(self.moment);
        for part in [self.name(), level_name(self.level), self.message()] {
            line.push_str(" - ");
            push_on_one_line(&mut line, part);
        }
        let request_id = self
            .request_fields()
            .filter(|(name, _)| *name == "request_id" && self.level == Level::ERROR);
        let own = self
            .own_fields()
            .filter(|(name, _)| !TOLD_BY_MESSAGE.contains(name));
        for (name, value) in own.chain(request_id) {
            let (Value::Text(text) | Value::Literal(text)) = value;
            line.push(' ');
            line.push_str(name);
            line.push('=');
            push_on_one_line(&mut line, text);
        }
        line.push('\n');
        line
    }
}

/// The time as the predecessor wrote it into files, in the machine's zone.
fn asctime(moment: SystemTime) -> String {
    DateTime::<Local>::from(moment)
        .format("%Y-%m-%d %H:%M:%S,%3f")
        .to_string()
}

/// The time as the predecessor showed it on a terminal.
fn terminal_time(moment: SystemTime) -> String {
    DateTime::<Local>::from(moment)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The predecessor's words for levels; it had none below DEBUG.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}

fn push_value(line: &mut String, name: &str, value: &Value) {
    match value {
        Value::Text(text) => push_text(line, name, text),
        Value::Literal(literal) => {
            push_key(line, name);
            line.push_str(literal);
        }
    }
}

fn push_text(line: &mut String, name: &str, text: &str) {
    push_key(line, name);
    push_json_string(line, text);
}

fn push_key(line: &mut String, name: &str) {
    if !line.ends_with('{') {
        line.push(',');
    }
    push_json_string(line, name);
    line.push(':');
}

/// A text as a JSON string; also the separators that some readers take for line ends are escaped.
fn push_json_string(line: &mut String, text: &str) {
    line.push('"');
    for c in text.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if breaks_line(c) => push_escape(line, c),
            c => line.push(c),
        }
    }
    line.push('"');
}

fn push_escape(line: &mut String, c: char) {
    // Writing to a String cannot fail.
    write!(line, "\\u{:04x}", u32::from(c)).unwrap_or_default();
}

/// A text with everything escaped that a terminal would act on.
fn push_on_one_line(line: &mut String, text: &str) {
    for c in text.chars() {
        if breaks_line(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
}

/// Control characters, and the Unicode separators of lines and paragraphs.
fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_strings_hold_any_text_and_stay_on_one_line() {
        let nasty: String = (0..=0x2030)
            .filter_map(char::from_u32)
            .chain("🦀\"\\".chars())
            .collect();
        let mut line = String::new();

        push_json_string(&mut line, &nasty);

        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), nasty);
        assert!(!line.chars().any(breaks_line));
    }

    #[test]
    fn text_escapes_what_a_terminal_would_act_on() {
        let mut line = String::new();

        push_on_one_line(&mut line, "a\nb\r\u{1b}[31mc\u{2028}ü");

        assert_eq!(line, "a\\nb\\r\\u{1b}[31mc\\u{2028}ü");
    }

    #[test]
    fn times_are_as_the_predecessor_wrote_them() {
        let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_770_717_600_123);

        let text = asctime(moment);

        assert_eq!(text.len(), "2026-02-10 10:00:00,123".len(), "{text}");
        assert!(text.ends_with(":00,123"), "{text}");
        assert_eq!(terminal_time(moment), text.trim_end_matches(",123"));
    }
}
