//! What names, passwords and addresses have to be like.
//!
//! Three rules (a short name, a short password, an address that is none) are answered 400 with the text that the
//! frontend shows, unless something else is wrong too: then all of it is a 422.

use secrecy::SecretString;
use serde_json::Value;

use crate::{
    error::{Error, Result},
    types::{Fields, Input, Problem},
};

/// The shortest name and password, in characters.
const SHORTEST_NAME: usize = 3;
const SHORTEST_PASSWORD: usize = 6;
/// The longest name and address, in characters, and the longest password, in bytes.
pub(super) const LONGEST_NAME: usize = 255;
const LONGEST_EMAIL: usize = 255;
const LONGEST_PASSWORD: usize = 1024;

/// A value that will not do.
#[derive(Debug)]
pub(super) struct Broken {
    problem: Problem,
    /// The whole answer, where it is one of the three that are 400.
    sentence: Option<&'static str>,
}

impl Broken {
    const fn sentence(kind: &'static str, text: &'static str) -> Self {
        Self {
            problem: Problem {
                kind,
                message: std::borrow::Cow::Borrowed(text),
            },
            sentence: Some(text),
        }
    }

    fn too_long(most: usize, unit: &str) -> Self {
        Problem::new("string_too_long", format!("must have at most {most} {unit}")).into()
    }

    /// The refusal of this value alone.
    pub(super) fn refuse(self, field: &'static str) -> Error {
        let Problem { kind, message } = self.problem;
        match self.sentence {
            Some(sentence) => Error::BadRequest(sentence.into()),
            None => Error::invalid_field(field, kind, format!("{field} {message}")),
        }
    }
}

impl From<Problem> for Broken {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            sentence: None,
        }
    }
}

/// Checks a new user's name, trimmed.
pub(super) fn check_username(name: &str) -> Result<(), Broken> {
    let length = name.chars().count();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@-".contains(&byte);
    if length > LONGEST_NAME {
        return Err(Broken::too_long(LONGEST_NAME, "characters"));
    }
    if !name.bytes().all(is_plain) {
        return Err(Problem::new("value_error", "may have only letters, digits and _ . @ -").into());
    }
    if length < SHORTEST_NAME {
        return Err(Broken::sentence(
            "string_too_short",
            "Username must be at least 3 characters long",
        ));
    }
    Ok(())
}

/// Checks a new password.
pub(super) fn check_password(password: &str) -> Result<(), Broken> {
    if password.len() > LONGEST_PASSWORD {
        return Err(Broken::too_long(LONGEST_PASSWORD, "bytes"));
    }
    if password.contains('\0') {
        return Err(nul().into());
    }
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(Broken::sentence(
            "string_too_short",
            "Password must be at least 6 characters long",
        ));
    }
    Ok(())
}

/// Checks an address, trimmed: one `@` between parts that are not empty, and nothing that could break a letter's head.
pub(super) fn check_email(email: &str) -> Result<(), Broken> {
    if email.chars().count() > LONGEST_EMAIL {
        return Err(Broken::too_long(LONGEST_EMAIL, "characters"));
    }
    let is_odd = |character: char| character.is_whitespace() || character.is_control();
    let is_email = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !email.contains(is_odd)
    });
    if is_email {
        Ok(())
    } else {
        Err(Broken::sentence("value_error", "Invalid email address"))
    }
}

fn nul() -> Problem {
    Problem::new("value_error", "must not contain NUL characters")
}

/// Text as it came, which may be empty; without NUL, which PostgreSQL cannot store.
#[derive(Debug)]
pub(super) struct AnyText(pub(super) String);

impl Input for AnyText {
    fn read(value: &Value) -> Result<Self, Problem> {
        match value {
            Value::String(text) if text.contains('\0') => Err(nul()),
            Value::String(text) => Ok(Self(text.clone())),
            _ => Err(Problem::new("value_error", "must be text")),
        }
    }
}

/// A value that keeps the three rules, or the answer to the first that it breaks.
#[derive(Debug)]
pub(super) struct Ruled<T>(Result<T, &'static str>);

impl<T> Ruled<T> {
    /// The value.
    ///
    /// # Errors
    /// `BadRequest` with the text of the broken rule.
    pub(super) fn accept(self) -> Result<T> {
        self.0.map_err(|text| Error::BadRequest(text.into()))
    }
}

/// Reads names, passwords and addresses, and keeps the breaches of the three rules apart from other faults.
#[derive(Debug, Default)]
pub(super) struct RuleReader {
    breaches: Vec<(&'static str, &'static str, Problem)>,
}

impl RuleReader {
    pub(super) fn username(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        let AnyText(text) = fields.required("username")?;
        let name = text.trim();
        self.keep(fields, "username", check_username(name));
        Some(name.to_owned())
    }

    pub(super) fn email(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        let AnyText(text) = fields.required("email")?;
        let email = text.trim();
        self.keep(fields, "email", check_email(email));
        Some(email.to_owned())
    }

    pub(super) fn password(&mut self, fields: &mut Fields<'_>, field: &'static str) -> Option<SecretString> {
        let AnyText(text) = fields.required(field)?;
        self.keep(fields, field, check_password(&text));
        Some(text.into())
    }

    /// The value if no more than the three rules was broken; otherwise their breaches are faults like all others.
    pub(super) fn settle<T>(self, fields: &mut Fields<'_>, value: Option<T>) -> Option<Ruled<T>> {
        if let Some(value) = value
            && fields.is_faultless()
        {
            let sentence = self.breaches.first().map(|(_, sentence, _)| *sentence);
            return Some(Ruled(sentence.map_or(Ok(value), Err)));
        }
        for (field, _, problem) in self.breaches {
            fields.fault(field, problem);
        }
        None
    }

    fn keep(&mut self, fields: &mut Fields<'_>, field: &'static str, checked: Result<(), Broken>) {
        match checked {
            Ok(()) => {}
            Err(Broken {
                problem,
                sentence: None,
            }) => fields.fault(field, problem),
            Err(Broken {
                problem,
                sentence: Some(sentence),
            }) => self.breaches.push((field, sentence, problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_at_between_two_parts() {
        for (email, is_fine) in [
            ("a@b", true),
            ("first.last+x@mail.example.com", true),
            ("ü@example.com", true),
            ("@example.com", false),
            ("accounts@", false),
            ("accounts", false),
            ("", false),
            ("a@b@c", false),
            ("a b@c", false),
            ("a@b\r\nBcc: c@d", false),
            ("a\0@b", false),
        ] {
            assert_eq!(check_email(email).is_ok(), is_fine, "{email:?}");
        }
        assert!(check_email(&format!("a@{}", "b".repeat(253))).is_ok());
        assert!(check_email(&format!("a@{}", "b".repeat(254))).is_err());
    }

    #[test]
    fn passwords_have_6_characters_to_1024_bytes() {
        for (password, is_fine) in [
            ("12345".to_owned(), false),
            ("123456".to_owned(), true),
            ("éééé".to_owned(), false),
            ("      ".to_owned(), true),
            ("x".repeat(1024), true),
            ("é".repeat(513), false),
            ("secret\0".to_owned(), false),
        ] {
            assert_eq!(check_password(&password).is_ok(), is_fine, "{password:?}");
        }
    }
}
