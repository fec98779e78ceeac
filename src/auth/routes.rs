//! The routes of authentication.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Uri},
};
use utoipa_axum::router::OpenApiRouter;

use super::{
    Anyone, Viewer, cookies,
    login::{self, Origin},
    model::{Credentials, Done, PasswordChange, RefreshRequest, Signup, TokenResponse, UserBody},
    origin,
    rules::Ruled,
    sessions, store, user_routes,
};
use crate::{
    app::AppState,
    error::{Error, Result},
    http::{
        RequestContext,
        access::routes,
        extract::Json,
        openapi::{ReadErrors, WriteErrors},
    },
    postgres::Pool,
    unit_of_work::{Answer, StoredAnswer, Write},
};

/// The routes below `/auth` and `/users`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(log_in))
        .routes(routes!(me))
        .routes(routes!(refresh))
        .routes(routes!(log_out))
        .routes(routes!(change_password))
        .merge(user_routes::router())
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
    login::ensure_signup_open(&state).await?;
    let password_hash = state.auth.passwords.hash(signup.password.clone()).await?;
    let mut uow = write.begin().await?;
    let session = login::sign_up(&mut uow, &state.auth, &signup, &password_hash).await?;
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
    let proof = login::check(&state, credentials, origin_of(&context, &headers)).await?;
    let mut uow = write.begin().await?;
    match login::log_in(&mut uow, &state.auth, proof).await? {
        Some(session) => uow.commit(session.answer(&state.auth)?).await,
        None => Err(uow
            .commit_refused(Error::Unauthenticated("Invalid username or password"))
            .await),
    }
}

/// Who the token belongs to.
#[utoipa::path(get, path = "/auth/me", tag = "auth",
    responses((status = 200, description = "The caller", body = UserBody), ReadErrors))]
async fn me(Viewer(caller): Viewer, State(db): State<Pool>) -> Result<Answer<UserBody>> {
    let user = store::find(&db, caller.id).await?;
    Ok(Answer::ok(user.ok_or(BAD_TOKEN)?.into()))
}

/// Trade a refresh token for the next one and an access token.
///
/// The token comes in the body, or else in the cookie. It is good once: a second use ends its whole session, so that a
/// stolen one is worth little. Send it from one place at a time.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", security(()), request_body = RefreshRequest,
    responses((status = 200, description = "Renewed", body = TokenResponse), WriteErrors))]
async fn refresh(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
    write: Write<Anyone>,
    Json(request): Json<RefreshRequest>,
) -> Result<StoredAnswer> {
    let token = match (
        request.refresh_token.as_deref(),
        cookies::read(&headers, cookies::REFRESH),
    ) {
        (Some(token), _) => token,
        (None, Some(token)) => {
            origin::ensure_own(&uri, &headers, &state.config.server.cors_origins)?;
            token
        }
        (None, None) => return Err(Error::Unauthenticated("Not authenticated")),
    };
    let mut uow = write.begin().await?;
    match sessions::renew(&mut uow, &state.auth, token).await? {
        Some(session) => uow.commit(session.answer(&state.auth)?).await,
        None => Err(uow.commit_refused(BAD_TOKEN).await),
    }
}

/// Log out.
///
/// Ends the access token on all servers within seconds, and the session of the refresh token. Clears the cookies.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", request_body = RefreshRequest,
    responses((status = 200, description = "Logged out", body = Done), WriteErrors))]
async fn log_out(
    State(state): State<AppState>,
    headers: HeaderMap,
    write: Write<Viewer>,
    Json(request): Json<RefreshRequest>,
) -> Result<StoredAnswer> {
    let caller = write.caller()?.clone();
    let cookie = cookies::read(&headers, cookies::REFRESH);
    let refresh_token = request.refresh_token.as_deref().or(cookie);
    let mut uow = write.begin().await?;
    sessions::log_out(&mut uow, &state.auth, &caller, refresh_token).await?;
    let answer = uow.commit(without_cookies(&state, "Logged out")).await?;
    state.auth.standings.forget(caller.id, &caller.token_id);
    Ok(answer)
}

/// Change one's own password.
///
/// Ends all sessions, this one too: log in again with the new password. A wrong current password is 422 and counts as a
/// failed login.
#[utoipa::path(post, path = "/auth/change-password", tag = "auth", request_body = PasswordChange,
    responses((status = 200, description = "Changed", body = Done), WriteErrors))]
async fn change_password(
    State(state): State<AppState>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    write: Write<Viewer>,
    Json(change): Json<Ruled<PasswordChange>>,
) -> Result<StoredAnswer> {
    let caller = write.caller()?.clone();
    let change = change.accept()?;
    let change = login::check_change(&state, &caller, change, origin_of(&context, &headers)).await?;
    let mut uow = write.begin().await?;
    if !login::change_password(&mut uow, &state.auth, change).await? {
        let refusal =
            Error::invalid_field("current_password", "value_error", "The current password is wrong");
        return Err(uow.commit_refused(refusal).await);
    }
    let answer = uow.commit(without_cookies(&state, "Password changed")).await?;
    state.auth.standings.forget_user(caller.id);
    Ok(answer)
}

/// What a token is told that is no good.
const BAD_TOKEN: Error = Error::Unauthenticated("Invalid authentication credentials");

fn origin_of<'a>(context: &RequestContext, headers: &'a HeaderMap) -> Origin<'a> {
    Origin {
        address: context.remote_addr,
        refresh_token: cookies::read(headers, cookies::REFRESH),
    }
}

/// The end of a session: the browser drops its cookies.
fn without_cookies(state: &AppState, message: &'static str) -> Answer<Done> {
    let [access, refresh] = state.auth.cookies.cleared();
    Answer::ok(Done::new(message)).cookie(access).cookie(refresh)
}
