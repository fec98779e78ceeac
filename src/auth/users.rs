//! Users as admins manage them. There is always an active admin: whoever would take the last one away is refused, and
//! changes that could are made one after the other.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    Role, login_limit,
    model::NewUser,
    passwords::Passwords,
    rules, sessions,
    sessions::USER,
    store::{self, NewUserRow, Settings, UserRow},
};
use crate::{
    audit::{Action, Actor, Change},
    error::{Error, Result},
    postgres::Pool,
    types::{Clock, ids::UserId},
    unit_of_work::UnitOfWork,
};

/// What becomes of a user; `None` keeps what is.
#[derive(Debug, Default)]
pub(super) struct Update {
    pub(super) email: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) is_active: Option<bool>,
    pub(super) password_hash: Option<String>,
}

/// A user after a change, and whether it changed anything.
#[derive(Debug)]
pub(super) struct Updated {
    pub(super) user: UserRow,
    pub(super) is_changed: bool,
}

/// A user by id.
///
/// # Errors
/// `NotFound` if there is none.
pub(super) async fn get(db: &Pool, id: UserId) -> Result<UserRow> {
    store::find(db, id).await?.ok_or(Error::NotFound("User"))
}

/// Makes a user.
///
/// # Errors
/// `Conflict` if the name or the address is taken.
pub(super) async fn create(
    uow: &mut UnitOfWork,
    new: &NewUser,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<UserRow> {
    store::lock_users(uow.conn()).await?;
    let new = NewUserRow {
        username: &new.username,
        email: &new.email,
        password_hash,
        role: new.role,
    };
    insert(uow, &new, now).await
}

/// Changes a user. A new password and a deactivation end the user's sessions; a role counts from the next request on.
///
/// # Errors
/// `NotFound` if there is no such user; `Conflict` if another one has the address, or if no active admin would be left.
pub(super) async fn update(
    uow: &mut UnitOfWork,
    id: UserId,
    update: &Update,
    now: DateTime<Utc>,
) -> Result<Updated> {
    let Update {
        email,
        role,
        is_active,
        password_hash,
    } = update;
    store::lock_users(uow.conn()).await?;
    let old = store::lock(uow.conn(), id)
        .await?
        .ok_or(Error::NotFound("User"))?;
    let settings = Settings {
        email: email.as_deref().unwrap_or(&old.email),
        role: role.unwrap_or(old.role),
        is_active: is_active.unwrap_or(old.is_active),
        password_hash: password_hash.as_deref(),
        ends_tokens: password_hash.is_some() || (old.is_active && *is_active == Some(false)),
    };
    let changes = changes(&old, &settings);
    if changes.is_empty() {
        return Ok(Updated {
            user: old,
            is_changed: false,
        });
    }
    let was_admin = old.role == Role::Admin && old.is_active;
    let is_admin = settings.role == Role::Admin && settings.is_active;
    if was_admin && !is_admin && !store::has_other_admin(uow.conn(), id).await? {
        return Err(Error::conflict("At least one active admin is required"));
    }
    if settings.email != old.email && store::is_email_taken(uow.conn(), settings.email, id).await? {
        return Err(store::email_taken());
    }
    let user = store::update(uow.conn(), id, &settings, now).await?;
    if settings.ends_tokens {
        sessions::end_all(uow.conn(), id, now).await?;
    }
    for change in changes {
        uow.record(change);
    }
    Ok(Updated {
        user,
        is_changed: true,
    })
}

/// What the trail says of a change: an entry for each thing that changed.
fn changes(old: &UserRow, new: &Settings<'_>) -> Vec<Change> {
    let change = |action| Change::new(action, USER, old.id);
    let email = (new.email != old.email).then(|| {
        change(Action::Updated)
            .before(&json!({"email": old.email}))
            .after(&json!({"email": new.email}))
    });
    let role = (new.role != old.role).then(|| {
        change(Action::RoleChanged)
            .before(&json!({"role": old.role}))
            .after(&json!({"role": new.role}))
    });
    let status = (new.is_active != old.is_active).then(|| {
        change(Action::StatusChanged)
            .before(&json!({"is_active": old.is_active}))
            .after(&json!({"is_active": new.is_active}))
    });
    let password = new.password_hash.map(|_| change(Action::PasswordChanged));
    [email, role, status, password].into_iter().flatten().collect()
}

async fn insert(uow: &mut UnitOfWork, new: &NewUserRow<'_>, now: DateTime<Utc>) -> Result<UserRow> {
    let user = store::insert(uow.conn(), new, now).await?;
    uow.record(Change::created(
        USER,
        user.id,
        &json!({"username": user.username, "email": user.email, "role": user.role, "is_active": user.is_active}),
    ));
    Ok(user)
}

/// Makes a user with the role admin; a user of that name gets the role, the password and access again instead, and their
/// address stays. Failed logins under the name are forgotten: this is also the way back in for a locked-out admin.
///
/// # Errors
/// `BadRequest` or `Invalid` if the name, the address or the password will not do; `Conflict` if another user has the
/// address.
pub async fn create_admin(db: &Pool, username: &str, email: &str, password: &SecretString) -> Result<UserId> {
    let (username, email) = (username.trim(), email.trim());
    rules::check_password(password.expose_secret()).map_err(|broken| broken.refuse("password"))?;
    let password_hash = Passwords::default().hash(password.clone()).await?;
    let now = Clock::new(chrono_tz::UTC).now();

    let mut uow = UnitOfWork::open(db, Actor::system("create-admin")).await?;
    store::lock_users(uow.conn()).await?;
    let id = if let Some(known) = store::find_secret(uow.conn(), username).await? {
        let promotion = Update {
            email: None,
            role: Some(Role::Admin),
            is_active: Some(true),
            password_hash: Some(password_hash),
        };
        update(&mut uow, known.id, &promotion, now).await?.user.id
    } else {
        rules::check_username(username).map_err(|broken| broken.refuse("username"))?;
        rules::check_email(email).map_err(|broken| broken.refuse("email"))?;
        let new = NewUserRow {
            username,
            email,
            password_hash: &password_hash,
            role: Role::Admin,
        };
        insert(&mut uow, &new, now).await?.id
    };
    login_limit::forget(uow.conn(), username).await?;
    uow.commit_silent().await?;
    Ok(id)
}
