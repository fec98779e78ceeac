//! Staying logged in.
//!
//! A session is a family of refresh tokens, of which one at a time is good: using it makes the next. A token that is
//! used twice was stolen, from one side or the other, so its family ends. That is strict on purpose: a page that sends
//! one token twice at the same time loses its session as well, since the two cannot be told apart.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Caller,
    model::TokenResponse,
    store::{self, UserRow},
    tokens::{AuthState, LEEWAY, SignedToken, random_bytes},
};
use crate::{
    audit::{Action, Change},
    error::{Error, Result},
    postgres::Pool,
    types::ids::UserId,
    unit_of_work::{Answer, UnitOfWork},
};

/// The table, as the audit trail names it.
pub(super) const USER: &str = "user";
const REFRESH_BYTES: usize = 32;

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

/// The next refresh token of a family, and an access token beside it. The caller holds the user's row.
pub(super) async fn open(
    uow: &mut UnitOfWork,
    auth: &AuthState,
    user: UserRow,
    family: Uuid,
) -> Result<Session> {
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

/// Uses a refresh token up and gives the next; `None` if it is no good. A second use ends the session, which is recorded.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn renew(uow: &mut UnitOfWork, auth: &AuthState, token: &str) -> Result<Option<Session>> {
    let token_hash = hash(token);
    let owner = sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM "Finances".refresh_token WHERE token_hash = $1"#,
        token_hash,
    )
    .fetch_optional(uow.conn())
    .await?;
    // The user's row before the token's: whoever ends sessions takes them in this order too. With it in hand no other
    // request renews, ends or begins a session of this user.
    let user = match owner {
        Some(owner) => store::lock(uow.conn(), owner).await?,
        None => None,
    };
    let Some(user) = user.filter(|user| user.is_active) else {
        return Ok(None);
    };
    uow.act_as(Some(user.id), &user.username);
    let now = auth.clock.now();
    let family = sqlx::query_scalar!(
        r#"
        UPDATE "Finances".refresh_token
           SET used_at = $2
         WHERE token_hash = $1
           AND used_at IS NULL
           AND revoked_at IS NULL
           AND expires_at > $2
        RETURNING family
        "#,
        token_hash,
        now,
    )
    .fetch_optional(uow.conn())
    .await?;
    if let Some(family) = family {
        uow.record(Change::new(Action::Refreshed, USER, user.id));
        return open(uow, auth, user, family).await.map(Some);
    }
    let ended = sqlx::query!(
        r#"
        UPDATE "Finances".refresh_token
           SET revoked_at = $2
         WHERE revoked_at IS NULL
           AND family IN (
                   SELECT spent.family
                     FROM "Finances".refresh_token AS spent
                    WHERE spent.token_hash = $1
                      AND spent.used_at IS NOT NULL
               )
        "#,
        token_hash,
        now,
    )
    .execute(uow.conn())
    .await?;
    if ended.rows_affected() > 0 {
        uow.record(Change::new(Action::TokenReuse, USER, user.id));
    }
    Ok(None)
}

/// Ends the session of an access token, and that of a refresh token of the same user.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn log_out(
    uow: &mut UnitOfWork,
    auth: &AuthState,
    caller: &Caller,
    refresh_token: Option<&str>,
) -> Result<()> {
    store::lock(uow.conn(), caller.id).await?;
    // Kept until nobody takes the token any more; only then the sweeper may remove it.
    let expires_at = DateTime::from_timestamp(caller.token_expires_at, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
    sqlx::query!(
        r#"
        INSERT INTO "Finances".revoked_token (jti, user_id, expires_at)
        VALUES ($1, $2, $3)
            ON CONFLICT (jti) DO NOTHING
        "#,
        caller.token_id,
        caller.id as UserId,
        expires_at,
    )
    .execute(uow.conn())
    .await?;
    sqlx::query!(
        r#"
        UPDATE "Finances".refresh_token
           SET revoked_at = $4
         WHERE user_id = $1
           AND revoked_at IS NULL
           AND (
                   family = $2
                   OR family IN (
                          SELECT given.family
                            FROM "Finances".refresh_token AS given
                           WHERE given.token_hash = $3
                      )
               )
        "#,
        caller.id as UserId,
        caller.session,
        refresh_token.map(hash),
        auth.clock.now(),
    )
    .execute(uow.conn())
    .await?;
    uow.record(Change::new(Action::Logout, USER, caller.id));
    Ok(())
}

/// Ends all sessions of a user, whose row the caller has changed, and so holds, before.
///
/// # Errors
/// `Unavailable` without the database.
pub(super) async fn end_all(db: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE "Finances".refresh_token
           SET revoked_at = $2
         WHERE user_id = $1
           AND revoked_at IS NULL
        "#,
        user as UserId,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes tokens that have ended: of the revoked ones those that nobody would take any more.
pub(super) async fn sweep(db: &Pool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"DELETE FROM "Finances".refresh_token WHERE expires_at <= $1"#,
        now
    )
    .execute(db)
    .await?;
    sqlx::query!(
        r#"DELETE FROM "Finances".revoked_token WHERE expires_at < $1"#,
        now - TimeDelta::seconds(2 * LEEWAY),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A refresh token as it is kept. It is random, so that a plain hash cannot be undone by trying.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
