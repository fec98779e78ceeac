//! The users' table.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgExecutor};

use super::{Role, standing::Standing};
use crate::{
    error::{Error, Result},
    types::ids::UserId,
};

/// Held by whoever makes a user, or changes one so that an admin may be lost: "nexgusr" as a number.
const USERS_LOCK: i64 = 0x6e_6578_6775_7372;

/// A user without the password's hash.
#[derive(Debug, Clone, FromRow)]
pub(super) struct UserRow {
    pub(super) id: UserId,
    pub(super) username: String,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) is_active: bool,
    pub(super) token_version: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) last_login_at: Option<DateTime<Utc>>,
}

/// What a password is compared with.
#[derive(Debug)]
pub(super) struct Secret {
    pub(super) id: UserId,
    pub(super) password_hash: String,
}

/// A user to be made.
#[derive(Debug)]
pub(super) struct NewUserRow<'a> {
    pub(super) username: &'a str,
    pub(super) email: &'a str,
    pub(super) password_hash: &'a str,
    pub(super) role: Role,
}

/// Waits until nobody else makes or demotes users, for the rest of the transaction. What is read to decide has to be
/// read in a statement of its own after this one.
pub(super) async fn lock_users(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", USERS_LOCK)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether there is any user.
///
/// # Errors
/// `Unavailable` without the database.
pub async fn has_users(db: impl PgExecutor<'_>) -> Result<bool> {
    let has_users = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM "Finances"."user") AS "has_users!""#)
        .fetch_one(db)
        .await?;
    Ok(has_users)
}

/// A user as they are now, with whether a token of theirs is revoked.
pub(super) async fn find_standing(
    db: impl PgExecutor<'_>,
    id: UserId,
    token_id: &str,
) -> Result<Option<Standing>> {
    let standing = sqlx::query_as!(
        Standing,
        r#"
        SELECT account.username,
               account.role AS "role: Role",
               account.is_active,
               account.token_version,
               EXISTS (SELECT FROM "Finances".revoked_token AS revoked WHERE revoked.jti = $2) AS "is_revoked!"
          FROM "Finances"."user" AS account
         WHERE account.id = $1
        "#,
        id as UserId,
        token_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(standing)
}

/// A user by id.
pub(super) async fn find(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<UserRow>> {
    let row = sqlx::query_as!(
        UserRow,
        r#"
        SELECT id AS "id: UserId",
               username,
               email,
               role AS "role: Role",
               is_active,
               token_version,
               created_at,
               updated_at,
               last_login_at
          FROM "Finances"."user"
         WHERE id = $1
        "#,
        id as UserId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// The hash of the user of this name. Adopted users may have names that differ by case alone; then the exact one counts.
pub(super) async fn find_secret(db: impl PgExecutor<'_>, username: &str) -> Result<Option<Secret>> {
    let secret = sqlx::query_as!(
        Secret,
        r#"
        SELECT id AS "id: UserId", password_hash
          FROM "Finances"."user"
         WHERE lower(username) = lower($1)
         ORDER BY username = $1 DESC, id
         LIMIT 1
        "#,
        username,
    )
    .fetch_optional(db)
    .await?;
    Ok(secret)
}

/// The hash of the user with this id.
pub(super) async fn find_own_secret(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<Secret>> {
    let secret = sqlx::query_as!(
        Secret,
        r#"SELECT id AS "id: UserId", password_hash FROM "Finances"."user" WHERE id = $1"#,
        id as UserId,
    )
    .fetch_optional(db)
    .await?;
    Ok(secret)
}

/// A user by id, whose row is the caller's for the rest of the transaction.
pub(super) async fn lock(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<UserRow>> {
    let row = sqlx::query_as!(
        UserRow,
        r#"
        SELECT id AS "id: UserId",
               username,
               email,
               role AS "role: Role",
               is_active,
               token_version,
               created_at,
               updated_at,
               last_login_at
          FROM "Finances"."user"
         WHERE id = $1
           FOR NO KEY UPDATE
        "#,
        id as UserId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Whether there is an active admin beside this user; the caller holds the lock of [`lock_users`].
pub(super) async fn has_other_admin(db: impl PgExecutor<'_>, id: UserId) -> Result<bool> {
    let has_other = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances"."user"
                    WHERE role = 'admin'
                      AND is_active
                      AND id <> $1
               ) AS "has_other!"
        "#,
        id as UserId,
    )
    .fetch_one(db)
    .await?;
    Ok(has_other)
}

/// Whether an address belongs to another user than this one.
pub(super) async fn is_email_taken(db: impl PgExecutor<'_>, email: &str, id: UserId) -> Result<bool> {
    let is_taken = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
                   SELECT
                     FROM "Finances"."user"
                    WHERE lower(email) = lower($1)
                      AND id <> $2
               ) AS "is_taken!"
        "#,
        email,
        id as UserId,
    )
    .fetch_one(db)
    .await?;
    Ok(is_taken)
}

/// Notes a login, unless the user was deactivated or got another password since it was checked. The row's lock keeps
/// it so until the session is made.
pub(super) async fn note_login(
    db: impl PgExecutor<'_>,
    checked: &Secret,
    now: DateTime<Utc>,
) -> Result<Option<UserRow>> {
    let row = sqlx::query_as!(
        UserRow,
        r#"
        UPDATE "Finances"."user"
           SET last_login_at = $3
         WHERE id = $1
           AND password_hash = $2
           AND is_active
        RETURNING id AS "id: UserId",
                  username,
                  email,
                  role AS "role: Role",
                  is_active,
                  token_version,
                  created_at,
                  updated_at,
                  last_login_at
        "#,
        checked.id as UserId,
        checked.password_hash,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Sets another password, unless it is another one already than the one that was checked. Ends all access tokens.
pub(super) async fn replace_password(
    db: impl PgExecutor<'_>,
    checked: &Secret,
    new_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    let id = sqlx::query_scalar!(
        r#"
        UPDATE "Finances"."user"
           SET password_hash = $3,
               token_version = token_version + 1,
               updated_at = $4
         WHERE id = $1
           AND password_hash = $2
           AND is_active
        RETURNING id AS "id: UserId"
        "#,
        checked.id as UserId,
        checked.password_hash,
        new_hash,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// What an admin may set of a user.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    pub(super) email: &'a str,
    pub(super) role: Role,
    pub(super) is_active: bool,
    /// `None` keeps the password.
    pub(super) password_hash: Option<&'a str>,
    /// Whether all access tokens of before end.
    pub(super) ends_tokens: bool,
}

/// Changes a user, whose row the caller holds.
pub(super) async fn update(
    db: impl PgExecutor<'_>,
    id: UserId,
    settings: &Settings<'_>,
    now: DateTime<Utc>,
) -> Result<UserRow> {
    let row = sqlx::query_as!(
        UserRow,
        r#"
        UPDATE "Finances"."user"
           SET email = $2,
               role = $3,
               is_active = $4,
               password_hash = COALESCE($5, password_hash),
               token_version = token_version + $6,
               updated_at = $7
         WHERE id = $1
        RETURNING id AS "id: UserId",
                  username,
                  email,
                  role AS "role: Role",
                  is_active,
                  token_version,
                  created_at,
                  updated_at,
                  last_login_at
        "#,
        id as UserId,
        settings.email,
        settings.role.as_str(),
        settings.is_active,
        settings.password_hash,
        i32::from(settings.ends_tokens),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(row)
}

/// Makes a user; the caller holds the lock of [`lock_users`].
///
/// # Errors
/// `Conflict` if the name or the address is taken.
pub(super) async fn insert(
    db: &mut PgConnection,
    new: &NewUserRow<'_>,
    now: DateTime<Utc>,
) -> Result<UserRow> {
    let taken = sqlx::query!(
        r#"
        SELECT COALESCE(bool_or(lower(username) = lower($1)), false) AS "username!",
               COALESCE(bool_or(lower(email) = lower($2)), false) AS "email!"
          FROM "Finances"."user"
         WHERE lower(username) = lower($1)
            OR lower(email) = lower($2)
        "#,
        new.username,
        new.email,
    )
    .fetch_one(&mut *db)
    .await?;
    match (taken.username, taken.email) {
        (false, false) => {}
        (true, false) => return Err(name_taken()),
        (false, true) => return Err(email_taken()),
        (true, true) => return Err(Error::conflict("Username or email already exists")),
    }
    let row = sqlx::query_as!(
        UserRow,
        r#"
        INSERT INTO "Finances"."user" (username, email, password_hash, role, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $5)
        RETURNING id AS "id: UserId",
                  username,
                  email,
                  role AS "role: Role",
                  is_active,
                  token_version,
                  created_at,
                  updated_at,
                  last_login_at
        "#,
        new.username,
        new.email,
        new.password_hash,
        new.role.as_str(),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(row)
}

fn name_taken() -> Error {
    Error::conflict_field("username", "value_error", "Username already exists")
}

pub(super) fn email_taken() -> Error {
    Error::conflict_field("email", "value_error", "Email already registered")
}
