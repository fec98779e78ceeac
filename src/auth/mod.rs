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
