//! Users and tokens as they go over the wire, and what clients send about them.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Role,
    rules::{AnyText, RuleReader, Ruled},
    store::UserRow,
};
use crate::types::{Fields, FromFields, ids::UserId};

/// A user; never the password's hash.
#[expect(clippy::struct_field_names, reason = "clients know the id by both names")]
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct User {
    /// The same as `id`.
    #[schema(example = 1)]
    user_id: UserId,
    #[schema(example = 1)]
    id: UserId,
    #[schema(example = "accounts")]
    username: String,
    #[schema(example = "accounts@example.com")]
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

/// Somebody who wants an account.
#[derive(Debug, ToSchema)]
pub(super) struct Signup {
    /// At least 3 of letters, digits and `_ . @ -`; no two users' names differ by case alone.
    #[schema(
        example = "accounts",
        min_length = 3,
        max_length = 255,
        pattern = "^[A-Za-z0-9_.@-]+$"
    )]
    pub(super) username: String,
    /// No two users have the same.
    #[schema(example = "accounts@example.com", max_length = 255)]
    pub(super) email: String,
    /// 6 characters to 1024 bytes, of which the first 72 bytes count.
    #[schema(value_type = String, format = Password, example = "correct horse", min_length = 6, max_length = 1024)]
    pub(super) password: SecretString,
}

impl FromFields for Ruled<Signup> {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let mut rules = RuleReader::default();
        let username = rules.username(fields);
        let password = rules.password(fields, "password");
        let email = rules.email(fields);
        let signup = username
            .zip(email)
            .zip(password)
            .map(|((username, email), password)| Signup {
                username,
                email,
                password,
            });
        rules.settle(fields, signup)
    }
}

/// A name and a password, as somebody says them to be theirs.
#[derive(Debug, ToSchema)]
pub(super) struct Credentials {
    /// Without regard to case.
    #[schema(example = "accounts")]
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

/// A refresh token; where there is none, the cookie counts.
#[derive(Debug, ToSchema)]
pub(super) struct RefreshRequest {
    #[schema(example = "p1v0m3Yw2N0mD7Jt0o9xqS0y5cXr1lq3Q0b8J2kU4fM")]
    pub(super) refresh_token: Option<String>,
}

impl FromFields for RefreshRequest {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            refresh_token: fields.optional::<AnyText>("refresh_token").map(|text| text.0),
        })
    }
}

/// A new password for oneself.
#[derive(Debug, ToSchema)]
pub(super) struct PasswordChange {
    #[schema(value_type = String, format = Password, example = "correct horse")]
    pub(super) current_password: SecretString,
    /// 6 characters to 1024 bytes, of which the first 72 bytes count.
    #[schema(value_type = String, format = Password, example = "battery staple", min_length = 6, max_length = 1024)]
    pub(super) new_password: SecretString,
}

impl FromFields for Ruled<PasswordChange> {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let mut rules = RuleReader::default();
        let current = fields.required::<AnyText>("current_password");
        let new = rules.password(fields, "new_password");
        let change = current.zip(new).map(|(current, new_password)| PasswordChange {
            current_password: current.0.into(),
            new_password,
        });
        rules.settle(fields, change)
    }
}

/// A user that an admin makes.
#[derive(Debug, ToSchema)]
pub(super) struct NewUser {
    /// At least 3 of letters, digits and `_ . @ -`; no two users' names differ by case alone.
    #[schema(
        example = "ravi",
        min_length = 3,
        max_length = 255,
        pattern = "^[A-Za-z0-9_.@-]+$"
    )]
    pub(super) username: String,
    /// No two users have the same.
    #[schema(example = "ravi@example.com", max_length = 255)]
    pub(super) email: String,
    /// 6 characters to 1024 bytes, of which the first 72 bytes count.
    #[schema(value_type = String, format = Password, example = "correct horse", min_length = 6, max_length = 1024)]
    pub(super) password: SecretString,
    pub(super) role: Role,
}

impl FromFields for Ruled<NewUser> {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let mut rules = RuleReader::default();
        let username = rules.username(fields);
        let password = rules.password(fields, "password");
        let email = rules.email(fields);
        let role = fields.required("role");
        let user = username.zip(email).zip(password).zip(role);
        let user = user.map(|(((username, email), password), role)| NewUser {
            username,
            email,
            password,
            role,
        });
        rules.settle(fields, user)
    }
}

/// What an admin changes of a user; what is absent or null stays.
#[derive(Debug, ToSchema)]
pub(super) struct UserChange {
    #[schema(example = "ravi@example.com", max_length = 255)]
    pub(super) email: Option<String>,
    pub(super) role: Option<Role>,
    /// Whether the user may log in. Who may not loses their sessions.
    #[schema(example = true)]
    pub(super) is_active: Option<bool>,
    /// Ends the user's sessions.
    #[schema(value_type = Option<String>, format = Password, example = "battery staple", min_length = 6, max_length = 1024)]
    pub(super) password: Option<SecretString>,
}

impl FromFields for Ruled<UserChange> {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let mut rules = RuleReader::default();
        let password = fields.has("password").then(|| rules.password(fields, "password"));
        let email = fields.has("email").then(|| rules.email(fields));
        let role = fields.has("role").then(|| fields.required("role"));
        let is_active = fields.has("is_active").then(|| fields.required("is_active"));
        let change = UserChange {
            email: email.flatten(),
            role: role.flatten(),
            is_active: is_active.flatten(),
            password: password.flatten(),
        };
        rules.settle(fields, Some(change))
    }
}
