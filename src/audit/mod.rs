//! The audit trail: who changed what and when. Entries are only ever added, by the unit of work, in the transaction of
//! the change that they record.
//!
//! Admins read it ([`list`]); everybody reads the history of a document ([`history`]). So that nobody can change it unnoticed,
//! not even who may alter the tables, the [`sealer`] chains the entries in batches ([`chain`]), and [`verify`] walks the chain.

pub mod chain;
mod count;
pub mod history;
mod history_routes;
pub mod list;
mod model;
mod routes;
pub mod sealer;
pub mod verify;

use std::fmt::Display;

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::{
    app::AppState,
    error::Result,
    types::{ids::UserId, words::words},
};

/// The routes of the trail, and of the histories that are read from it.
pub fn router() -> OpenApiRouter<AppState> {
    routes::router().merge(history_routes::router())
}

words! {
    /// What was done to an entity.
    Action {
        /// A row came to be.
        Created = "created",
        /// Fields of it changed.
        Updated = "updated",
        /// It is gone.
        Deleted = "deleted",
        /// Its status moved.
        StatusChanged = "status_changed",
        /// An admin agreed.
        Approved = "approved",
        /// It was put into another project.
        Attached = "attached",
        /// A part of a payment was allotted to a vendor order.
        Linked = "linked",
        /// It is allotted to it no more.
        Unlinked = "unlinked",
        /// A payment was found in the bank's statement.
        Reconciled = "reconciled",
        /// A file was stored.
        Stored = "stored",
        /// A file was refused.
        Refused = "refused",
        /// Somebody made an account for themselves.
        Signup = "signup",
        /// Somebody logged in.
        Login = "login",
        /// A login failed.
        LoginFailed = "login_failed",
        /// Somebody logged out.
        Logout = "logout",
        /// Tokens were renewed.
        Refreshed = "refreshed",
        /// A password changed.
        PasswordChanged = "password_changed",
        /// A user's role changed.
        RoleChanged = "role_changed",
        /// A refresh token was used twice, so its whole family was revoked.
        TokenReuse = "token_reuse",
    }
}

impl Action {
    /// Whether the operators' log has a line for it beside the trail.
    const fn is_logged(self) -> bool {
        !matches!(self, Self::Created | Self::Updated | Self::Refreshed)
    }
}

/// Fields that differ after every change and say nothing of it.
const UNRECORDED: [&str; 2] = ["version", "updated_at"];

/// One entry to come: what happened to which entity, with the changed fields before and after.
#[derive(Debug, Clone)]
pub struct Change {
    action: Action,
    entity: &'static str,
    entity_id: String,
    before: Option<Value>,
    after: Option<Value>,
    note: Option<String>,
}

impl Change {
    /// Something happened to an entity, which is named by its table.
    pub fn new(action: Action, entity: &'static str, id: impl Display) -> Self {
        Self {
            action,
            entity,
            entity_id: id.to_string(),
            before: None,
            after: None,
            note: None,
        }
    }

    /// A new row.
    pub fn created(entity: &'static str, id: impl Display, after: &impl Serialize) -> Self {
        Self::new(Action::Created, entity, id).after(after)
    }

    /// The changed fields as they were. Never pass a secret.
    #[must_use]
    pub fn before(mut self, fields: &impl Serialize) -> Self {
        self.before = serde_json::to_value(fields).ok();
        self
    }

    /// The changed fields as they are. Never pass a secret.
    #[must_use]
    pub fn after(mut self, fields: &impl Serialize) -> Self {
        self.after = serde_json::to_value(fields).ok();
        debug_assert!(
            self.after.as_ref().is_some_and(Value::is_object),
            "what is recorded of {} has no fields: {:?}",
            self.entity,
            self.after
        );
        self
    }

    /// Those fields of a row that differ, as they were and as they are. Never pass a secret.
    #[must_use]
    pub fn between(self, before: &impl Serialize, after: &impl Serialize) -> Self {
        let (mut old, mut new) = (Map::new(), Map::new());
        if let (Ok(Value::Object(was)), Ok(Value::Object(is))) =
            (serde_json::to_value(before), serde_json::to_value(after))
        {
            for (name, value) in is {
                let former = was.get(&name).cloned().unwrap_or_default();
                if former != value && !UNRECORDED.contains(&name.as_str()) {
                    old.insert(name.clone(), former);
                    new.insert(name, value);
                }
            }
        }
        self.before(&old).after(&new)
    }

    /// A note of the user's or the program's.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// Who does it, as the trail names them.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user's id; `None` before anybody is known, as at signup.
    pub id: Option<UserId>,
    /// The username, kept because users may be renamed or gone later.
    pub name: String,
    /// The request's id; jobs and commands have one of their own.
    pub request_id: String,
}

impl Actor {
    /// The server itself, or its command line.
    pub fn system(name: &str) -> Self {
        Self {
            id: None,
            name: name.to_owned(),
            request_id: Uuid::new_v4().to_string(),
        }
    }
}

/// Adds the entries in one statement.
pub(crate) async fn write(db: &mut PgConnection, actor: &Actor, changes: &[Change]) -> Result<()> {
    let actions: Vec<&str> = changes.iter().map(|change| change.action.as_str()).collect();
    let entities: Vec<&str> = changes.iter().map(|change| change.entity).collect();
    let ids: Vec<String> = changes.iter().map(|change| change.entity_id.clone()).collect();
    let before: Vec<Option<Value>> = changes.iter().map(|change| change.before.clone()).collect();
    let after: Vec<Option<Value>> = changes.iter().map(|change| change.after.clone()).collect();
    let notes: Vec<Option<String>> = changes.iter().map(|change| change.note.clone()).collect();
    sqlx::query!(
        r#"
        INSERT INTO "Finances".audit_entry
               (at, actor_id, actor_name, request_id, action, entity, entity_id, before, after, note, xid)
        SELECT now(), $1, $2, $3, entry.action, entry.entity, entry.entity_id, entry.before, entry.after, entry.note,
               pg_current_xact_id()
          FROM UNNEST($4::text[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[], $9::text[])
               WITH ORDINALITY AS entry (action, entity, entity_id, before, after, note, position)
         ORDER BY entry.position
        "#,
        actor.id as Option<UserId>,
        actor.name,
        actor.request_id,
        &actions as &[&str],
        &entities as &[&str],
        &ids,
        &before as &[Option<Value>],
        &after as &[Option<Value>],
        &notes as &[Option<String>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Tells the operators' log what was committed; ids and names only.
pub(crate) fn log(actor: &Actor, changes: &[Change]) {
    for change in changes.iter().filter(|change| change.action.is_logged()) {
        tracing::info!(
            target: "audit",
            action = change.action.as_str(),
            entity = change.entity,
            entity_id = %change.entity_id,
            actor = %actor.name,
            "{} {} {}",
            change.action.as_str(),
            change.entity,
            change.entity_id,
        );
    }
}
