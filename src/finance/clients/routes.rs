//! The handlers of clients.

use axum::extract::State;
use sqlx::PgPool;

use super::{
    model::{ClientList, ClientQuery},
    store,
};
use crate::{
    auth::Viewer,
    error::Result,
    http::{envelope::WithData, extract::Query, list::PageQuery, openapi::ReadErrors},
    unit_of_work::Answer,
};

/// List the clients.
///
/// In the order of their ids, unless `sort` says otherwise (`id`, `name`, `created_at`).
#[utoipa::path(get, path = "/clients", tag = "clients", params(PageQuery),
    responses((status = 200, body = WithData<ClientList>), ReadErrors))]
pub(super) async fn list_clients(
    _: Viewer,
    State(db): State<PgPool>,
    Query(query): Query<ClientQuery>,
) -> Result<Answer<WithData<ClientList>>> {
    let (clients, page) = store::list(&db, &query).await?;
    Ok(Answer::ok(WithData(ClientList {
        count: clients.len(),
        clients: clients.into_iter().map(Into::into).collect(),
        page,
    })))
}
