//! The routes of users.

use axum::extract::State;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Admin, Role, Viewer,
    model::{NewUser, User, UserBody, UserChange},
    rules::Ruled,
    store::{self, Selection},
    users::{self, Update},
};
use crate::{
    app::AppState,
    error::{Error, Result},
    http::{
        extract::{Json, Path, Query, path_parameters},
        openapi::{ReadErrors, WriteErrors},
    },
    types::{Fields, FromFields, Problem, Text, ids::UserId},
    unit_of_work::{Answer, StoredAnswer, Write},
};

const DEFAULT_LIMIT: i64 = 50;
const MOST: i64 = 1000;

/// The routes below `/users`.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_users, create_user))
        .routes(routes!(get_user, update_user, deactivate_user))
}

path_parameters! {
    /// A user.
    UserPath {
        /// The user's id.
        id: UserId,
    }
}

/// Which users, and which page of them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct UserQuery {
    /// How many to leave out; `offset` is the same, and `page` with `page_size` another way to say it.
    #[param(value_type = Option<i64>, minimum = 0)]
    skip: i64,
    /// How many at most, 50 if not said.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: i64,
    /// Only those with this role.
    role: Option<Role>,
    /// Only those with this text in name or address.
    #[param(value_type = Option<String>)]
    search: Option<Text<255>>,
}

impl FromFields for UserQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.alias("skip", "offset");
        fields.alias("limit", "page_size");
        let limit = number(fields, "limit", 1, MOST).unwrap_or(DEFAULT_LIMIT);
        let page = number(fields, "page", 1, i64::MAX).unwrap_or(1);
        let skip = number(fields, "skip", 0, i64::MAX);
        Some(Self {
            skip: skip.unwrap_or((page - 1).saturating_mul(limit)),
            limit,
            role: fields.optional("role"),
            search: fields.optional("search"),
        })
    }
}

fn number(fields: &mut Fields<'_>, name: &str, least: i64, most: i64) -> Option<i64> {
    let number = fields.optional::<i64>(name)?;
    if number < least {
        fields.fault(
            name,
            Problem::new("greater_than_equal", format!("must be at least {least}")),
        );
        return None;
    }
    if number > most {
        fields.fault(
            name,
            Problem::new("less_than_equal", format!("must be at most {most}")),
        );
        return None;
    }
    Some(number)
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
struct UserPage {
    /// `SUCCESS`.
    #[schema(example = "SUCCESS")]
    status: &'static str,
    users: Vec<User>,
    /// How many there are on all pages.
    #[schema(example = 1)]
    total_count: i64,
    #[schema(example = 0)]
    skip: i64,
    #[schema(example = 50)]
    limit: i64,
}

/// A user who may not log in any more.
#[derive(Debug, Serialize, ToSchema)]
struct Deactivated {
    /// `SUCCESS`.
    #[schema(example = "SUCCESS")]
    status: &'static str,
    #[schema(example = "User deactivated")]
    message: &'static str,
    #[schema(example = 3)]
    user_id: UserId,
}

/// List users.
///
/// In the order of their ids.
#[utoipa::path(get, path = "/users", tag = "users", params(UserQuery),
    responses((status = 200, description = "A page of users", body = UserPage), ReadErrors))]
async fn list_users(
    _: Admin,
    State(db): State<PgPool>,
    Query(query): Query<UserQuery>,
) -> Result<Answer<UserPage>> {
    let UserQuery {
        skip,
        limit,
        role,
        search,
    } = query;
    let selection = Selection {
        role,
        search: search.as_deref(),
        skip,
        limit,
    };
    let (users, total_count) = store::list(&db, &selection).await?;
    Ok(Answer::ok(UserPage {
        status: "SUCCESS",
        users: users.into_iter().map(User::from).collect(),
        total_count,
        skip,
        limit,
    }))
}

/// One user.
///
/// Everybody may see themselves, admins everybody.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(UserPath),
    responses((status = 200, description = "The user", body = UserBody), ReadErrors))]
async fn get_user(
    Viewer(caller): Viewer,
    Path(UserPath { id }): Path<UserPath>,
    State(db): State<PgPool>,
) -> Result<Answer<UserBody>> {
    if caller.id != id && caller.role < Role::Admin {
        return Err(Error::Forbidden("This action requires 'admin' role".into()));
    }
    let user = users::get(&db, id).await?;
    Ok(Answer::ok(user.into()))
}

/// Make a user.
///
/// A short username or password and an address that is none are 400, everything else 422.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser,
    responses((status = 201, description = "Made; `Location` names the user", body = UserBody), WriteErrors))]
async fn create_user(
    State(state): State<AppState>,
    write: Write<Admin>,
    Json(new): Json<Ruled<NewUser>>,
) -> Result<StoredAnswer> {
    let new = new.accept()?;
    let password_hash = state.auth.passwords.hash(new.password.clone()).await?;
    let mut uow = write.begin().await?;
    let user = users::create(&mut uow, &new, &password_hash, state.clock.now()).await?;
    let location = format!("/api/users/{}", user.id);
    uow.commit(Answer::created(UserBody::from(user), location)).await
}

/// Change a user.
///
/// A new password and a deactivation end the user's sessions. The last active admin can neither be demoted nor
/// deactivated (409).
#[utoipa::path(put, path = "/users/{id}", tag = "users", params(UserPath), request_body = UserChange,
    responses((status = 200, description = "The user as changed", body = UserBody), WriteErrors))]
async fn update_user(
    State(state): State<AppState>,
    Path(UserPath { id }): Path<UserPath>,
    write: Write<Admin>,
    Json(change): Json<Ruled<UserChange>>,
) -> Result<StoredAnswer> {
    let UserChange {
        email,
        role,
        is_active,
        password,
    } = change.accept()?;
    let password_hash = match password {
        Some(password) => Some(state.auth.passwords.hash(password).await?),
        None => None,
    };
    let update = Update {
        email,
        role,
        is_active,
        password_hash,
    };
    let mut uow = write.begin().await?;
    let updated = users::update(&mut uow, id, &update, state.clock.now()).await?;
    let answer = Answer::ok(UserBody::from(updated.user));
    if !updated.is_changed {
        return uow.unchanged(answer).await;
    }
    let answer = uow.commit(answer).await?;
    state.auth.standings.forget_user(id);
    Ok(answer)
}

/// Deactivate a user.
///
/// Users are never removed, since the trail names them. Repeating it changes nothing.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(UserPath),
    responses((status = 200, description = "Deactivated", body = Deactivated), WriteErrors))]
async fn deactivate_user(
    State(state): State<AppState>,
    Path(UserPath { id }): Path<UserPath>,
    write: Write<Admin>,
) -> Result<StoredAnswer> {
    let update = Update {
        is_active: Some(false),
        ..Update::default()
    };
    let mut uow = write.begin().await?;
    let updated = users::update(&mut uow, id, &update, state.clock.now()).await?;
    let answer = Answer::ok(Deactivated {
        status: "SUCCESS",
        message: "User deactivated",
        user_id: id,
    });
    if !updated.is_changed {
        return uow.unchanged(answer).await;
    }
    let answer = uow.commit(answer).await?;
    state.auth.standings.forget_user(id);
    Ok(answer)
}
