//! Who calls and what they may: users, passwords, tokens and roles.
//!
//! A request is let in by its access token ([`layer`]); what the caller may is the role that the database has for them
//! now, not the one in the token. Sessions outlive access tokens by refresh tokens ([`sessions`]). Whatever is known of
//! failed logins, revoked tokens and sessions lies in the database, so that all servers agree; each remembers what it
//! read for at most five seconds ([`standing`]).

pub mod caller;
mod cookies;
pub mod layer;
mod login_limit;
mod model;
mod origin;
pub mod passwords;
pub mod roles;
pub mod routes;
mod sessions;
mod standing;
mod store;
pub mod tokens;
mod users;

use sqlx::PgPool;

pub use caller::{Admin, Anyone, Caller, Editor, RequiredRole, Viewer};
pub use roles::Role;
/// stub
pub async fn sweep(_db: &PgPool, _clock: &crate::types::Clock) -> crate::error::Result<()> {
    Ok(())
}
/// stub
pub async fn create_admin(
    _db: &sqlx::PgPool,
    _u: &str,
    _e: &str,
    _p: &secrecy::SecretString,
) -> crate::error::Result<crate::types::ids::UserId> {
    Err(crate::error::Error::NoRoute)
}
