//! Who calls and what they may: users, passwords, tokens and roles.

pub mod caller;
pub mod layer;
pub mod login_limit;
pub mod passwords;
pub mod roles;
pub mod routes;
pub mod sessions;
pub mod store;
pub mod tokens;
pub mod users;

pub use caller::{Admin, Anyone, Caller, Editor, RequiredRole, Viewer};
pub use roles::Role;
/// stub
pub async fn sweep(_db: &sqlx::PgPool, _clock: &crate::types::Clock) -> crate::error::Result<()> {
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
