//! Users as they go over the wire, and what clients send about them.
//!
//! Three rules (a short name, a short password, an address that is none) are answered 400 with the text that the
//! frontend shows, unless something else is wrong too: then all of it is a 422.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Role, store::UserRow};
use crate::{
    error::{Error, Result},
    types::{Fields, FromFields, Input, Problem, ids::UserId},
};

/// The shortest name and password, in characters.
const SHORTEST_NAME: usize = 3;
const SHORTEST_PASSWORD: usize = 6;
/// The longest name and address, in characters, and the longest password, in bytes.
pub(super) const LONGEST_NAME: usize = 255;
const LONGEST_EMAIL: usize = 255;
const LONGEST_PASSWORD: usize = 1024;

const NAME_TOO_SHORT: &str = "Username must be at least 3 characters long";
const PASSWORD_TOO_SHORT: &str = "Password must be at least 6 characters long";
const NO_EMAIL: &str = "Invalid email address";

/// A user; never the password's hash.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct User {
    /// The same as `id`.
    #[schema(example = 1)]
    user_id: UserId,
    #[schema(example = 1)]
    id: UserId,
    #[schema(example = "asha")]
    username: String,
    #[schema(example = "asha@example.com")]
    email: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    role: Role,
    /// The role, as a list of one.
    roles: [Role; 1],
    /// Whether the user may log in.
    is_active: bool,
    /// Null if they never did.
    last_login_at: Option<DateTime<Utc>>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow {
            id,
            username,
            email,
            role,
            is_active,
            token_version: _,
            created_at,
            updated_at,
            last_login_at,
        } = row;
        Self {
            user_id: id,
            id,
            username,
            email,
            created_at,
            updated_at,
            role,
            roles: [role],
            is_active,
            last_login_at,
        }
    }
}

/// A user as a whole body.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserBody {
    #[serde(flatten)]
    user: User,
    /// `SUCCESS`.
    #[schema(example = "SUCCESS")]
    status: &'static str,
}

impl From<UserRow> for UserBody {
    fn from(row: UserRow) -> Self {
        Self {
            user: row.into(),
            status: "SUCCESS",
        }
    }
}

/// The tokens of somebody who has just shown who they are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenResponse {
    /// For the header `Authorization: Bearer …`; also set as a cookie.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl")]
    pub(super) access_token: String,
    /// `bearer`.
    #[schema(example = "bearer")]
    pub(super) token_type: &'static str,
    pub(super) user: User,
    /// `SUCCESS`.
    #[schema(example = "SUCCESS")]
    pub(super) status: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 1800)]
    pub(super) expires_in: i64,
    /// When the access token ends.
    #[schema(example = "2026-02-10T10:30:00Z")]
    pub(super) expires_at: DateTime<Utc>,
    /// Good for one `POST /auth/refresh`; also set as a cookie.
    #[schema(example = "p1v0m3Yw2N0mD7Jt0o9xqS0y5cXr1lq3Q0b8J2kU4fM")]
    pub(super) refresh_token: String,
}

/// What was done, in a sentence.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    /// `SUCCESS`.
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "Logged out")]
    message: &'static str,
}

impl Done {
    pub(super) const fn new(message: &'static str) -> Self {
        Self {
            status: "SUCCESS",
            message,
        }
    }
}

/// Text as it came, which may be empty; without NUL, which PostgreSQL cannot store.
#[derive(Debug)]
struct AnyText(String);

impl Input for AnyText {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = value
            .as_str()
            .ok_or_else(|| Problem::new("string_type", "must be text"))?;
        if text.contains('\0') {
            return Err(Problem::new("value_error", "must not contain NUL characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A value that keeps the rules of 400, or the text of the first that it breaks.
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

/// The rules of 400 that a request breaks, in the order in which they are named.
#[derive(Debug, Default)]
struct Breaches(Vec<(&'static str, &'static str)>);

impl Breaches {
    fn username(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        let AnyText(text) = fields.required("username")?;
        let name = text.trim();
        let length = name.chars().count();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@-".contains(&byte);
        if length > LONGEST_NAME {
            fields.fault("username", too_long(LONGEST_NAME, "characters"));
        } else if !name.bytes().all(is_plain) {
            fields.fault(
                "username",
                Problem::new("value_error", "may have only letters, digits and _ . @ -"),
            );
        } else if length < SHORTEST_NAME {
            self.0.push(("username", NAME_TOO_SHORT));
        }
        Some(name.to_owned())
    }

    fn password(&mut self, fields: &mut Fields<'_>, field: &'static str) -> Option<SecretString> {
        let AnyText(text) = fields.required(field)?;
        if text.len() > LONGEST_PASSWORD {
            fields.fault(field, too_long(LONGEST_PASSWORD, "bytes"));
        } else if text.chars().count() < SHORTEST_PASSWORD {
            self.0.push((field, PASSWORD_TOO_SHORT));
        }
        Some(text.into())
    }

    fn email(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        let AnyText(text) = fields.required("email")?;
        let email = text.trim();
        if email.chars().count() > LONGEST_EMAIL {
            fields.fault("email", too_long(LONGEST_EMAIL, "characters"));
        } else if !is_email(email) {
            self.0.push(("email", NO_EMAIL));
        }
        Some(email.to_owned())
    }

    /// The value if nothing but these rules was broken; otherwise they are faults like all others.
    fn settle<T>(self, fields: &mut Fields<'_>, value: Option<T>) -> Option<Ruled<T>> {
        if let Some(value) = value
            && fields.is_faultless()
        {
            let broken = self.0.first().map(|(_, text)| *text);
            return Some(Ruled(broken.map_or(Ok(value), Err)));
        }
        for (field, text) in self.0 {
            let kind = if text == NO_EMAIL {
                "value_error"
            } else {
                "string_too_short"
            };
            fields.fault(field, Problem::new(kind, text));
        }
        None
    }
}

fn too_long(most: usize, unit: &str) -> Problem {
    Problem::new("string_too_long", format!("must have at most {most} {unit}"))
}

/// One `@` between parts that are not empty, and nothing that would break a line of a letter's head.
fn is_email(text: &str) -> bool {
    let is_odd = |character: char| character.is_whitespace() || character.is_control();
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !text.contains(is_odd)
        }
        None => false,
    }
}

/// Somebody who wants an account.
#[derive(Debug, ToSchema)]
pub(super) struct Signup {
    /// At least 3 of letters, digits and `_ . @ -`; no two users' names differ by case alone.
    #[schema(
        example = "asha",
        min_length = 3,
        max_length = 255,
        pattern = "^[A-Za-z0-9_.@-]+$"
    )]
    pub(super) username: String,
    /// No two users have the same.
    #[schema(example = "asha@example.com", max_length = 255)]
    pub(super) email: String,
    /// 6 characters to 1024 bytes, of which the first 72 bytes count.
    #[schema(value_type = String, format = Password, example = "correct horse", min_length = 6, max_length = 1024)]
    pub(super) password: SecretString,
}

impl FromFields for Ruled<Signup> {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let mut breaches = Breaches::default();
        let username = breaches.username(fields);
        let password = breaches.password(fields, "password");
        let email = breaches.email(fields);
        let signup = username
            .zip(email)
            .zip(password)
            .map(|((username, email), password)| Signup {
                username,
                email,
                password,
            });
        breaches.settle(fields, signup)
    }
}

/// A name and a password, as somebody says them to be theirs.
#[derive(Debug, ToSchema)]
pub(super) struct Credentials {
    /// Without regard to case.
    #[schema(example = "asha")]
    pub(super) username: String,
    #[schema(value_type = String, format = Password, example = "correct horse")]
    pub(super) password: SecretString,
}

impl FromFields for Credentials {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required::<AnyText>("username");
        let password = fields.required::<AnyText>("password");
        Some(Self {
            username: username?.0.trim().to_owned(),
            password: password?.0.into(),
        })
    }
}
