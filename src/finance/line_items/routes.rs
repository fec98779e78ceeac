//! The handlers of lines.

use axum::extract::State;
use sqlx::PgPool;

use super::{
    NewLine,
    model::{LineAdded, LineList, LineQuery, NewLineBody},
    store,
};
use crate::{
    auth::{Editor, Viewer},
    error::Result,
    http::{
        envelope::{Mirror, SUCCESS},
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    types::ids::ClientPoId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// The PO that the lines belong to.
    PoPath {
        /// Its id.
        client_po_id: ClientPoId,
    }
}

/// List the lines of a PO.
///
/// In the order of their ids; `sort` may name `id`, `item_name`, `quantity` or `total_price`. The sums are over all lines.
#[utoipa::path(get, path = "/po/{client_po_id}/line-items", tag = "line items", params(PoPath, PageQuery),
    responses((status = 200, body = Mirror<LineList>), ReadErrors))]
pub(super) async fn list_line_items(
    _: Viewer,
    State(db): State<PgPool>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    Query(query): Query<LineQuery>,
) -> Result<Answer<Mirror<LineList>>> {
    let (line_items, totals, page) = store::list(&db, client_po_id, &query).await?;
    Ok(Answer::ok(Mirror(LineList {
        client_po_id,
        line_items,
        totals,
        page,
    })))
}

/// Add a line to a PO.
///
/// The PO's value becomes the sum of its lines and their taxes; so the first line replaces a stated value. 409 if the PO is
/// cancelled.
#[utoipa::path(post, path = "/po/{client_po_id}/line-items", tag = "line items", params(PoPath),
    request_body = NewLineBody, responses((status = 200, body = LineAdded), WriteErrors))]
pub(super) async fn add_line_item(
    write: Write<Editor>,
    Path(PoPath { client_po_id }): Path<PoPath>,
    Json(new): Json<NewLine>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (line, po_value) = store::add(&mut uow, client_po_id, &new).await?;
    uow.commit(Answer::ok(LineAdded {
        status: SUCCESS,
        message: "Line item added successfully",
        line_item: line.clone(),
        data: line,
        po_value,
    }))
    .await
}
