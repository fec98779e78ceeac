//! Making an account, showing who one is by a password, and changing the password.

use std::net::IpAddr;

use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::{
    Caller, Role,
    login_limit::{self, Attempt},
    model::{Credentials, PasswordChange, Signup},
    sessions::{self, Session, USER},
    store::{self, NewUserRow, Secret},
    tokens::AuthState,
};
use crate::{
    app::AppState,
    audit::{Action, Change},
    error::{Error, Result},
    unit_of_work::UnitOfWork,
};

/// In the trail, where nobody of a name exists.
const UNKNOWN: &str = "unknown";

/// Where an attempt comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The client's address.
    pub(super) address: IpAddr,
    /// The refresh token that the client holds, if any.
    pub(super) refresh_token: Option<&'a str>,
}

/// Refuses signup early, before a password is hashed for nothing.
///
/// # Errors
/// `Forbidden` if signup is switched off and somebody has an account already.
pub(super) async fn ensure_signup_open(state: &AppState) -> Result<()> {
    if state.auth.allow_signup || !store::has_users(&state.db).await? {
        Ok(())
    } else {
        Err(signup_closed())
    }
}

/// Makes an account; the first of all is an admin's.
///
/// # Errors
/// `Forbidden` if signup is switched off, `Conflict` if the name or address is taken.
pub(super) async fn sign_up(
    uow: &mut UnitOfWork,
    auth: &AuthState,
    signup: &Signup,
    password_hash: &str,
) -> Result<Session> {
    store::lock_users(uow.conn()).await?;
    let role = match store::has_users(uow.conn()).await? {
        false => Role::Admin,
        true if auth.allow_signup => auth.signup_role,
        true => return Err(signup_closed()),
    };
    let new = NewUserRow {
        username: &signup.username,
        email: &signup.email,
        password_hash,
        role,
    };
    let user = store::insert(uow.conn(), &new, auth.clock.now()).await?;
    uow.act_as(Some(user.id), &user.username);
    uow.record(Change::new(Action::Signup, USER, user.id).after(
        &json!({"username": user.username, "email": user.email, "role": user.role, "is_active": user.is_active}),
    ));
    sessions::open(uow, auth, user, Uuid::new_v4()).await
}

/// A password that was compared, and nothing done about it yet.
#[derive(Debug)]
pub(super) struct Proof {
    attempt: Attempt,
    /// The account of the name, right password or not.
    account: Option<Secret>,
    is_right: bool,
}

impl Proof {
    /// Compares a password. No connection is held meanwhile, which takes long.
    async fn make(
        state: &AppState,
        attempt: Attempt,
        account: Option<Secret>,
        password: SecretString,
    ) -> Result<Self> {
        let password_hash = account.as_ref().map(|account| account.password_hash.clone());
        match state.auth.passwords.verify(password, password_hash).await {
            Ok(is_right) => Ok(Self {
                attempt,
                account,
                is_right,
            }),
            Err(error) => {
                attempt.withdraw(&state.db).await?;
                Err(error)
            }
        }
    }

    /// Records that the password, or the account, was no good.
    fn record_failure(self, uow: &mut UnitOfWork) {
        let id = self
            .account
            .map_or_else(|| UNKNOWN.to_owned(), |account| account.id.to_string());
        uow.record(Change::new(Action::LoginFailed, USER, id).after(&self.attempt));
    }
}

/// Compares the password of somebody who wants to log in.
///
/// # Errors
/// `RateLimited` after too many failures; `Unavailable` if too many others log in.
pub(super) async fn check(state: &AppState, credentials: Credentials, origin: Origin<'_>) -> Result<Proof> {
    let Credentials { username, password } = credentials;
    let attempt = login_limit::admit(&state.db, state.auth.clock.now(), &username, origin).await?;
    let account = store::find_secret(&state.db, &username).await?;
    Proof::make(state, attempt, account, password).await
}

/// Logs in after [`check`]; `None` if the name, the password or the account is no good, which is recorded.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn log_in(uow: &mut UnitOfWork, auth: &AuthState, proof: Proof) -> Result<Option<Session>> {
    let user = match &proof.account {
        Some(account) if proof.is_right => store::note_login(uow.conn(), account, auth.clock.now()).await?,
        _ => None,
    };
    let Some(user) = user else {
        uow.act_as(None, proof.attempt.username());
        proof.record_failure(uow);
        return Ok(None);
    };
    proof.attempt.succeed(uow.conn()).await?;
    uow.act_as(Some(user.id), &user.username);
    uow.record(Change::new(Action::Login, USER, user.id).after(&proof.attempt));
    sessions::open(uow, auth, user, Uuid::new_v4()).await.map(Some)
}

/// A change of one's own password whose current one was compared.
#[derive(Debug)]
pub(super) struct CheckedChange {
    proof: Proof,
    /// `None` if the current password was wrong.
    new_hash: Option<String>,
}

/// Compares the current password, which counts like a login, and hashes the new one.
///
/// # Errors
/// `RateLimited` after too many failures; `Unavailable` if too many others log in.
pub(super) async fn check_change(
    state: &AppState,
    caller: &Caller,
    change: PasswordChange,
    origin: Origin<'_>,
) -> Result<CheckedChange> {
    let PasswordChange {
        current_password,
        new_password,
    } = change;
    let attempt = login_limit::admit(&state.db, state.auth.clock.now(), &caller.username, origin).await?;
    let account = store::find_own_secret(&state.db, caller.id).await?;
    let proof = Proof::make(state, attempt, account, current_password).await?;
    let new_hash = if proof.is_right {
        Some(state.auth.passwords.hash(new_password).await?)
    } else {
        None
    };
    Ok(CheckedChange { proof, new_hash })
}

/// Changes the password after [`check_change`] and ends all sessions, the caller's too; `false` if the current one was
/// wrong, which is recorded.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn change_password(
    uow: &mut UnitOfWork,
    auth: &AuthState,
    change: CheckedChange,
) -> Result<bool> {
    let CheckedChange { proof, new_hash } = change;
    let now = auth.clock.now();
    let changed = match (&proof.account, new_hash) {
        (Some(account), Some(new_hash)) => {
            store::replace_password(uow.conn(), account, &new_hash, now).await?
        }
        _ => None,
    };
    let Some(user) = changed else {
        proof.record_failure(uow);
        return Ok(false);
    };
    sessions::end_all(uow.conn(), user, now).await?;
    proof.attempt.succeed(uow.conn()).await?;
    uow.record(Change::new(Action::PasswordChanged, USER, user));
    Ok(true)
}

fn signup_closed() -> Error {
    Error::Forbidden("Signup is disabled".into())
}
