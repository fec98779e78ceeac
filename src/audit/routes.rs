//! The handlers of the trail and its seals.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

use super::{
    list,
    model::{EntryList, EntryQuery, SealList, SealQuery},
};
use crate::{
    app::AppState,
    auth::Admin,
    error::Result,
    http::{
        access::routes,
        envelope::{Mirror, Success},
        extract::Query,
        list::PageQuery,
        openapi::ReadErrors,
    },
    postgres::Pool,
    unit_of_work::Answer,
};

/// The routes below `/audit`.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_audit_entries))
        .routes(routes!(list_audit_seals))
}

/// List what was done, the newest first.
///
/// By the times of the entries where `from` or `to` is given, else by their ids. `actor` is an id if it is a number, else a
/// name. `sort` may name `id`.
#[utoipa::path(get, path = "/audit", tag = "audit", params(EntryQuery, PageQuery),
    responses((status = 200, description = "A page of the trail", body = Mirror<EntryList>), ReadErrors))]
async fn list_audit_entries(
    _: Admin,
    State(db): State<Pool>,
    Query(query): Query<EntryQuery>,
) -> Result<Answer<Mirror<EntryList>>> {
    Ok(Answer::ok(Mirror(list::entries(&db, &query).await?)))
}

/// List the batches in which the trail is sealed, the newest first.
///
/// Each hash covers its batch and the hash before it, so that whoever knows one knows all that came before it. `sort` may
/// name `id`, which is the number of the batch.
#[utoipa::path(get, path = "/audit/seals", tag = "audit", params(PageQuery),
    responses((status = 200, description = "A page of seals", body = Success<SealList>), ReadErrors))]
async fn list_audit_seals(
    _: Admin,
    State(db): State<Pool>,
    Query(query): Query<SealQuery>,
) -> Result<Answer<Success<SealList>>> {
    Ok(Answer::ok(Success(list::seals(&db, &query).await?)))
}
