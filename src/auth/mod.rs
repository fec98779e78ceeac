//! Who calls and what they may: users, passwords, tokens and roles.
//!
//! A request is let in by its access token (`layer`); what the caller may is the role that the database has for them
//! now, not the one in the token. Sessions outlive access tokens by refresh tokens (`sessions`). Whatever is known of
//! failed logins, revoked tokens and sessions lies in the database, so that all servers agree; each remembers what it
//! read for at most five seconds (`standing`).

pub mod caller;
mod cookies;
pub mod layer;
mod login;
mod login_limit;
mod model;
mod origin;
pub mod passwords;
pub mod roles;
pub mod routes;
mod rules;
mod sessions;
mod standing;
mod store;
pub mod tokens;
mod user_list;
pub mod user_routes;
mod users;

pub use caller::{Admin, Anyone, Caller, Editor, RequiredRole, Viewer};
pub use roles::Role;
pub use store::has_users;
pub use users::create_admin;

use crate::{error::Result, postgres::Pool, types::Clock};

/// Removes tokens that have ended and failed logins that no longer count.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn sweep(db: &Pool, clock: &Clock) -> Result<()> {
    sessions::sweep(db, clock.now()).await?;
    login_limit::sweep(db, clock.now()).await
}
