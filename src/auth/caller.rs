//! The caller of a request and the extractors that say which role a handler asks for.

use axum::{extract::FromRequestParts, http::request::Parts};
use uuid::Uuid;

use super::Role;
use crate::{
    error::{Error, Result},
    types::ids::UserId,
};

/// The user behind a valid token, as the authentication layer found them; stands in the request's extensions.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub username: String,
    /// Their role, from the database, not from the token.
    pub role: Role,
    /// The token's id, so that logout can revoke it; old tokens, which have none, are named by their hash.
    pub token_id: String,
    /// When the token ends, in seconds since 1970.
    pub token_expires_at: i64,
    /// The family of refresh tokens that came with the token; old tokens have none.
    pub session: Option<Uuid>,
}

impl Caller {
    /// Checks that what somebody made is theirs, or that they are an admin, who may do it to anything.
    ///
    /// # Errors
    /// `Forbidden` with the text otherwise.
    pub fn ensure_owns(&self, owner: Option<UserId>, refusal: &'static str) -> Result<()> {
        if self.role < Role::Admin && owner != Some(self.id) {
            return Err(Error::Forbidden(refusal.into()));
        }
        Ok(())
    }
}

/// What a handler asks of its caller.
pub trait RequiredRole: Send + Sync + Sized + 'static {
    /// The weakest role that may; `None` if nobody needs to be known.
    const ROLE: Option<Role>;

    /// Finds the caller and checks the role.
    ///
    /// # Errors
    /// `Unauthenticated` without a caller, `Forbidden` with too low a role.
    fn check(parts: &Parts) -> Result<Option<Caller>> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let Some(required) = Self::ROLE else {
            return Ok(caller);
        };
        match caller {
            None => Err(Error::Unauthenticated("Not authenticated")),
            Some(caller) if caller.role < required => Err(Error::Forbidden(
                format!("This action requires '{}' role", required.as_str()).into(),
            )),
            Some(caller) => Ok(Some(caller)),
        }
    }
}

/// A route that anyone may call.
#[derive(Debug, Clone, Copy)]
pub struct Anyone;

impl RequiredRole for Anyone {
    const ROLE: Option<Role> = None;
}

/// Makes the extractor of a role.
macro_rules! role_extractor {
    ($(#[doc = $doc:literal] $name:ident => $role:expr;)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone)]
        pub struct $name(pub Caller);

        impl RequiredRole for $name {
            const ROLE: Option<Role> = Some($role);
        }

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
                Self::check(parts)?.map(Self).ok_or(Error::Unauthenticated("Not authenticated"))
            }
        }
    )+};
}

role_extractor! {
    /// A caller who may read.
    Viewer => Role::Viewer;
    /// A caller who may also write.
    Editor => Role::Editor;
    /// A caller who may do everything.
    Admin => Role::Admin;
}
