//! The handlers of client POs.

use axum::extract::State;
use sqlx::PgPool;

use super::{
    list::{self, PoQuery},
    model::{PoAnswer, PoList, PurchaseOrderWithLines},
    store,
};
use crate::{
    auth::Viewer,
    error::Result,
    http::{
        envelope::{SUCCESS, WithData},
        extract::{Path, Query, path_parameters},
        list::PageQuery,
        openapi::ReadErrors,
    },
    types::ids::ClientPoId,
    unit_of_work::Answer,
};

path_parameters! {
    /// A client PO.
    PoPath {
        /// Its id.
        po_id: ClientPoId,
    }
}

/// List the client POs.
///
/// By store (descending, those without one last), then the newest first. `sort` may name `id`, `po_number`, `po_date`,
/// `pi_date`, `po_value`, `status`, `store_id` or `created_at`. The sums are over all POs that match and are not cancelled.
#[utoipa::path(get, path = "/po", tag = "purchase orders", params(PoQuery, PageQuery),
    responses((status = 200, body = WithData<PoList>), ReadErrors))]
pub(super) async fn list_purchase_orders(
    _: Viewer,
    State(db): State<PgPool>,
    Query(query): Query<PoQuery>,
) -> Result<Answer<WithData<PoList>>> {
    let (pos, totals, page) = list::list(&db, &query).await?;
    Ok(Answer::ok(WithData(PoList {
        pos: pos.into_iter().map(Into::into).collect(),
        totals,
        page,
    })))
}

/// One client PO with its lines.
#[utoipa::path(get, path = "/po/{po_id}", tag = "purchase orders", params(PoPath),
    responses((status = 200, body = PoAnswer), ReadErrors))]
pub(super) async fn get_purchase_order(
    _: Viewer,
    State(db): State<PgPool>,
    Path(PoPath { po_id }): Path<PoPath>,
) -> Result<Answer<PoAnswer>> {
    let po = store::get(&db, po_id).await?;
    let version = po.version();
    Ok(Answer::ok(PoAnswer {
        status: SUCCESS,
        po_id,
        po_number: po.po_number().map(str::to_owned),
        data: po,
    })
    .version(version))
}

/// One client PO with its lines and what was paid of it.
#[utoipa::path(get, path = "/po/{po_id}/details", tag = "purchase orders", params(PoPath),
    responses((status = 200, body = WithData<PurchaseOrderWithLines>), ReadErrors))]
pub(super) async fn get_purchase_order_details(
    _: Viewer,
    State(db): State<PgPool>,
    Path(PoPath { po_id }): Path<PoPath>,
) -> Result<Answer<WithData<PurchaseOrderWithLines>>> {
    let po = store::get(&db, po_id).await?;
    let version = po.version();
    Ok(Answer::ok(WithData(po)).version(version))
}
