//! Signing up, logging in and staying logged in.
//!
//! A session is a family of refresh tokens, of which one at a time is good: using it makes the next. A token that is
//! used twice was stolen, from one side or the other, so its family ends. That is strict on purpose: a page that sends
//! one token twice at the same time loses its session as well, since the two cannot be told apart.

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    Role,
    login_limit::{self, Attempt},
    model::{Credentials, Signup, TokenResponse},
    store::{self, NewUserRow, Secret, UserRow},
    tokens::{AuthState, SignedToken, random_bytes},
};
use crate::{
    app::AppState,
    audit::{Action, Change},
    error::{Error, Result},
    types::ids::UserId,
    unit_of_work::{Answer, UnitOfWork},
};

/// The table, as the audit trail names it.
pub(super) const USER: &str = "user";
const REFRESH_BYTES: usize = 32;
/// In the trail, where nobody of a name exists.
const UNKNOWN: &str = "unknown";

/// Tokens for somebody who has just shown who they are.
#[derive(Debug)]
pub(super) struct Session {
    user: UserRow,
    access: SignedToken,
    refresh: String,
}

impl Session {
    /// The answer with the tokens in the body and as cookies.
    ///
    /// # Errors
    /// `Internal` if the end of the token is no time.
    pub(super) fn answer(self, auth: &AuthState) -> Result<Answer<TokenResponse>> {
        let Self {
            user,
            access,
            refresh,
        } = self;
        let expires_at = DateTime::from_timestamp(access.expires_at, 0)
            .ok_or_else(|| Error::internal(anyhow::anyhow!("a token ends after the end of time")))?;
        let access_cookie = auth.cookies.access(&access.text, access.expires_in);
        let refresh_cookie = auth.cookies.refresh(&refresh, auth.refresh_ttl.num_seconds());
        let body = TokenResponse {
            access_token: access.text,
            token_type: "bearer",
            user: user.into(),
            status: "SUCCESS",
            expires_in: access.expires_in,
            expires_at,
            refresh_token: refresh,
        };
        Ok(Answer::ok(body).cookie(access_cookie).cookie(refresh_cookie))
    }
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
    open(uow, auth, user, Uuid::new_v4()).await
}

/// A login whose password was compared, but that nothing was made of yet.
#[derive(Debug)]
pub(super) struct Login {
    attempt: Attempt,
    /// The account of the name, right password or not.
    account: Option<Secret>,
    is_right: bool,
}

/// Compares the password. No connection is held meanwhile, which takes long.
///
/// # Errors
/// `RateLimited` after too many failures; `Unavailable` if too many others log in.
pub(super) async fn check(
    state: &AppState,
    credentials: Credentials,
    address: IpAddr,
    device: Option<&str>,
) -> Result<Login> {
    let Credentials { username, password } = credentials;
    let device = device.map(hash);
    let now = state.auth.clock.now();
    let attempt = login_limit::admit(&state.db, now, &username, address, device.as_deref()).await?;
    let account = store::find_secret(&state.db, &username).await?;
    let password_hash = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = match state.auth.passwords.verify(password, password_hash).await {
        Ok(is_right) => is_right,
        Err(error) => {
            attempt.withdraw(&state.db).await?;
            return Err(error);
        }
    };
    Ok(Login {
        attempt,
        account,
        is_right,
    })
}

/// Logs in after [`check`]; `None` if the name, the password or the account is no good, which is recorded.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn log_in(uow: &mut UnitOfWork, auth: &AuthState, login: Login) -> Result<Option<Session>> {
    let Login {
        attempt,
        account,
        is_right,
    } = login;
    let user = match &account {
        Some(account) if is_right => store::note_login(uow.conn(), account, auth.clock.now()).await?,
        _ => None,
    };
    let facts = json!({"username": attempt.username(), "address": attempt.address()});
    let Some(user) = user else {
        let id = account.map_or_else(|| UNKNOWN.to_owned(), |account| account.id.to_string());
        uow.act_as(None, attempt.username());
        uow.record(Change::new(Action::LoginFailed, USER, id).after(&facts));
        return Ok(None);
    };
    attempt.succeed(uow.conn()).await?;
    uow.act_as(Some(user.id), &user.username);
    uow.record(Change::new(Action::Login, USER, user.id).after(&facts));
    open(uow, auth, user, Uuid::new_v4()).await.map(Some)
}

/// The next refresh token of a family, and an access token beside it. The caller holds the user's row.
async fn open(uow: &mut UnitOfWork, auth: &AuthState, user: UserRow, family: Uuid) -> Result<Session> {
    let now = auth.clock.now();
    let refresh = BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<REFRESH_BYTES>()?);
    sqlx::query!(
        r#"
        INSERT INTO "Finances".refresh_token (user_id, token_hash, family, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        user.id as UserId,
        hash(&refresh),
        family,
        now,
        now + auth.refresh_ttl,
    )
    .execute(uow.conn())
    .await?;
    let access = auth.sign(&user, family)?;
    Ok(Session {
        user,
        access,
        refresh,
    })
}

/// A refresh token as it is kept. It is random, so that a plain hash cannot be undone by trying.
fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

fn signup_closed() -> Error {
    Error::Forbidden("Signup is disabled".into())
}
