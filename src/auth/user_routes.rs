//! The routes of users.

use axum::{
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use super::{
    Admin, RequiredRole, Role, Viewer,
    model::{NewUser, UserBody, UserChange},
    rules::Ruled,
    user_list::{self, UserList, UserQuery},
    users::{self, Update},
};
use crate::{
    app::AppState,
    error::{Error, Result},
    http::{
        access::{Access, routes},
        envelope::Success,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    postgres::Pool,
    types::ids::UserId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

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
/// In the order of their ids, unless `sort` says otherwise (`id`, `username`, `created_at`).
#[utoipa::path(get, path = "/users", tag = "users", params(UserQuery, PageQuery),
    responses((status = 200, description = "A page of users", body = Success<UserList>), ReadErrors))]
async fn list_users(
    _: Admin,
    State(db): State<Pool>,
    Query(query): Query<UserQuery>,
) -> Result<Answer<Success<UserList>>> {
    Ok(Answer::ok(Success(user_list::list(&db, &query).await?)))
}

/// An admin, or the user whom the path names.
struct AdminOrSelf;

impl FromRequestParts<AppState> for AdminOrSelf {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let Viewer(caller) = Viewer::from_request_parts(parts, state).await?;
        let Path(UserPath { id }) = Path::from_request_parts(parts, state).await?;
        if caller.id != id {
            Admin::check(parts)?;
        }
        Ok(Self)
    }
}

impl Access for AdminOrSelf {
    const CALLER: Option<Role> = Admin::ROLE;
}

/// One user.
///
/// Everybody may see themselves, admins everybody.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(UserPath),
    responses((status = 200, description = "The user", body = UserBody), ReadErrors))]
async fn get_user(
    _: AdminOrSelf,
    Path(UserPath { id }): Path<UserPath>,
    State(db): State<Pool>,
) -> Result<Answer<UserBody>> {
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
    write: Write<Admin>,
    State(state): State<AppState>,
    Path(UserPath { id }): Path<UserPath>,
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
    write: Write<Admin>,
    State(state): State<AppState>,
    Path(UserPath { id }): Path<UserPath>,
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
