//! The routes of authentication.

use axum::{Extension, extract::State, http::HeaderMap};
use sqlx::PgPool;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Anyone, Viewer, cookies,
    model::{Credentials, Ruled, Signup, TokenResponse, UserBody},
    sessions, store,
};
use crate::{
    app::AppState,
    error::{Error, Result},
    http::{
        RequestContext,
        extract::Json,
        openapi::{ReadErrors, WriteErrors},
    },
    unit_of_work::{Answer, StoredAnswer, Write},
};

/// The routes below `/auth` and `/users`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(log_in))
        .routes(routes!(me))
}

/// Make an account for oneself.
///
/// The first user of all becomes admin. Later ones get the role of `SIGNUP_DEFAULT_ROLE`, or 403 where signup is
/// switched off. A short username or password and an address that is none are 400, everything else 422.
#[utoipa::path(post, path = "/auth/signup", tag = "auth", security(()), request_body = Signup,
    responses((status = 200, description = "Signed up and logged in", body = TokenResponse), WriteErrors))]
async fn sign_up(
    State(state): State<AppState>,
    write: Write<Anyone>,
    Json(signup): Json<Ruled<Signup>>,
) -> Result<StoredAnswer> {
    let signup = signup.accept()?;
    sessions::ensure_signup_open(&state).await?;
    let password_hash = state.auth.passwords.hash(signup.password.clone()).await?;
    let mut uow = write.begin().await?;
    let session = sessions::sign_up(&mut uow, &state.auth, &signup, &password_hash).await?;
    uow.commit(session.answer(&state.auth)?).await
}

/// Log in with name and password.
///
/// Sets the cookies `access_token` and `refresh_token` beside the answer's fields. After 10 failures for one name, or
/// 30 from one address, within 15 minutes: 429 with `Retry-After`.
#[utoipa::path(post, path = "/auth/login", tag = "auth", security(()), request_body = Credentials,
    responses((status = 200, description = "Logged in", body = TokenResponse), WriteErrors))]
async fn log_in(
    State(state): State<AppState>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    write: Write<Anyone>,
    Json(credentials): Json<Credentials>,
) -> Result<StoredAnswer> {
    let device = cookies::read(&headers, cookies::REFRESH);
    let login = sessions::check(&state, credentials, context.remote_addr, device).await?;
    let mut uow = write.begin().await?;
    match sessions::log_in(&mut uow, &state.auth, login).await? {
        Some(session) => uow.commit(session.answer(&state.auth)?).await,
        None => Err(uow
            .commit_refused(Error::Unauthenticated("Invalid username or password"))
            .await),
    }
}

/// Who the token belongs to.
#[utoipa::path(get, path = "/auth/me", tag = "auth",
    responses((status = 200, description = "The caller", body = UserBody), ReadErrors))]
async fn me(Viewer(caller): Viewer, State(db): State<PgPool>) -> Result<Answer<UserBody>> {
    let user = store::find(&db, caller.id).await?;
    let user = user.ok_or(Error::Unauthenticated("Invalid authentication credentials"))?;
    Ok(Answer::ok(user.into()))
}
