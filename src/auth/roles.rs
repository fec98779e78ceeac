//! The three roles and their order: viewer reads, editor also writes, admin also deletes documents and manages users.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::types::{Input, Problem};

/// What a user may do; each role may do all that the ones before it may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "varchar", rename_all = "lowercase")]
pub enum Role {
    /// Reads, exports and downloads.
    Viewer,
    /// Also creates and changes, and removes line items, payment links and own uploads.
    Editor,
    /// Also deletes whole documents, approves billing, manages users and reads the audit log.
    Admin,
}

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// Reads a role without regard to case; `None` if there is no such role.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

impl Input for Role {
    fn read(value: &Value) -> Result<Self, Problem> {
        let role = value.as_str().and_then(Self::parse);
        role.ok_or_else(|| Problem::new("enum", "must be one of: viewer, editor, admin"))
    }
}
