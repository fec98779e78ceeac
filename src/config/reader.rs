//! Typed readers of single variables, which gather faults instead of stopping at the first.
//!
//! Each reader answers with the default where the variable is unset or wrong, and notes the effective value for
//! `check-config`, secrets masked.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use secrecy::SecretString;

use super::{Config, ConfigFault, ConfigFaults};

/// What stands for a secret wherever settings are shown.
pub(super) const MASK: &str = "********";

/// The longest part of a wrong value that a fault repeats.
const SHOWN_VALUE: usize = 60;

/// One variable as it took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// Where a value that was not set comes from; empty for one that was.
    pub(super) source: &'static str,
}

/// Reads variables one by one and remembers what it saw.
pub(super) struct Reader<'a> {
    vars: &'a dyn Fn(&str) -> Option<String>,
    faults: RefCell<Vec<ConfigFault>>,
    settings: Vec<Setting>,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(vars: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            vars,
            faults: RefCell::default(),
            settings: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Notes a fault of a variable.
    pub(super) fn fault(&self, name: &str, reason: impl Into<String>) {
        let fault = ConfigFault {
            name: name.to_owned(),
            reason: reason.into(),
        };
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// Notes something allowed that deserves a line in the log.
    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Notes the effective value of a variable.
    pub(super) fn note(&mut self, name: &'static str, value: impl Into<String>, source: &'static str) {
        self.settings.push(Setting {
            name,
            value: value.into(),
            source,
        });
    }

    /// The value exactly as it was given; `None` if unset or empty.
    pub(super) fn raw(&self, name: &str) -> Option<String> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value exactly as it was given, which may be empty.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        let value = (self.vars)(name)?;
        if value.contains(['\u{fffd}', '\0']) {
            self.fault(name, "must be text in UTF-8");
            return None;
        }
        Some(value)
    }

    /// The search path of programs, which is not a setting and so neither checked nor noted.
    pub(super) fn search_path(&self) -> Option<String> {
        (self.vars)("PATH")
    }

    /// The value without surrounding blanks; `None` if unset or blank.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.raw(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// A value that `parse` understands, or the default; `parse` says what is allowed where it refuses.
    pub(super) fn parsed<T: Display>(
        &mut self,
        name: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let (value, source) = match self.optional(name, parse) {
            Some(value) => (value, ""),
            None => (default, "default"),
        };
        self.note(name, value.to_string(), source);
        value
    }

    /// A value that `parse` understands; `None` if unset or wrong. What took effect is noted by the caller.
    pub(super) fn optional<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text)
            .map_err(|reason| self.fault(name, format!("{reason}, found {}", quoted(&text))))
            .ok()
    }

    /// A whole number in a range.
    pub(super) fn number<N>(&mut self, name: &'static str, default: N, range: RangeInclusive<N>) -> N
    where
        N: FromStr + Display + PartialOrd + Copy,
    {
        self.parsed(name, default, |text| number(text, &range))
    }

    /// A truth value.
    pub(super) fn boolean(&mut self, name: &'static str, default: bool) -> bool {
        self.parsed(name, default, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        })
    }

    /// One of a few words, without regard to case; of the words with one value, the first is its name.
    pub(super) fn choice<T: Copy + PartialEq>(
        &mut self,
        name: &'static str,
        default: T,
        words: &[(&'static str, T)],
    ) -> T {
        let chosen = self.optional(name, |text| {
            words
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(text))
                .map(|&(_, value)| value)
                .ok_or_else(|| {
                    format!(
                        "must be one of {}",
                        words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
                    )
                })
        });
        let value = chosen.unwrap_or(default);
        let word = words
            .iter()
            .find(|(_, of)| *of == value)
            .map_or("", |&(word, _)| word);
        self.note(name, word, if chosen.is_some() { "" } else { "default" });
        value
    }

    /// A comma list; blanks around its parts and empty parts do not count. `parse` refuses with what is allowed.
    pub(super) fn list<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let text = self.text(name)?;
        let parts: Vec<_> = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.is_empty() {
            self.fault(
                name,
                format!(
                    "must be a comma list with at least one part, found {}",
                    quoted(&text)
                ),
            );
            return None;
        }
        let mut values = Vec::with_capacity(parts.len());
        for part in &parts {
            match parse(part) {
                Ok(value) => values.push(value),
                Err(reason) => self.fault(name, format!("{reason}, found {}", quoted(part))),
            }
        }
        (values.len() == parts.len()).then_some(values)
    }

    /// A secret, exactly as it was given; noted masked.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        let value = self.raw(name);
        match value {
            Some(_) => self.note(name, MASK, ""),
            None => self.note(name, "", "default"),
        }
        value.map(SecretString::from)
    }

    /// The finished settings, or all faults.
    pub(super) fn finish(self, mut config: Config) -> Result<Config, ConfigFaults> {
        let faults = self.faults.into_inner();
        if !faults.is_empty() {
            return Err(ConfigFaults(faults));
        }
        config.warnings = self.warnings;
        config.settings = self.settings;
        Ok(config)
    }
}

/// A whole number in a range, or what is allowed.
pub(super) fn number<N>(text: &str, range: &RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + Display + PartialOrd,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

/// A wrong value for a message: quoted, on one line, not too long, without what may be the password of an address.
fn quoted(value: &str) -> String {
    if let Some((_, host)) = value.rsplit_once('@') {
        return quoted(&format!("{MASK} at {host}"));
    }
    if value.chars().count() <= SHOWN_VALUE {
        return format!("{value:?}");
    }
    let head: String = value.chars().take(SHOWN_VALUE).collect();
    format!("{head:?}…")
}
