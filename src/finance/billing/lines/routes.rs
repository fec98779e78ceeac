//! The handlers of lines of bills.

use axum::extract::State;

use super::{
    model::{LineAnswer, LineDeleted, LineList, LineQuery, NewLine, NewLineBody},
    store,
};
use crate::{
    auth::Editor,
    error::Result,
    http::{
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::BillingKey,
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// The bill that the lines belong to.
    BillPath {
        /// Its id, or the number that it had before ids became UUIDs.
        billing_po_id: BillingKey,
    }
}

path_parameters! {
    /// A line of a bill.
    LinePath {
        /// The bill's id, or the number that it had before ids became UUIDs.
        billing_po_id: BillingKey,
        /// The line's id, or the number that it had before.
        line_item_id: BillingKey,
    }
}

/// List the lines of a bill.
///
/// By the time when they were made; `sort` may name `id`, `description`, `quantity`, `total` or `created_at`. Count and sum
/// are over all lines.
#[utoipa::path(get, path = "/billing-po/{billing_po_id}/line-items", tag = "billing", params(BillPath, PageQuery),
    responses((status = 200, body = LineList), ReadErrors))]
pub(super) async fn list_billing_line_items(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(BillPath { billing_po_id }): Path<BillPath>,
    Query(query): Query<LineQuery>,
) -> Result<SharedAnswer<LineList>> {
    shared
        .answer(async move {
            let content = store::list(&db, billing_po_id, &query).await?;
            Ok(Answer::ok(content.into()))
        })
        .await
}

/// Add a line to a bill.
///
/// Its total is quantity × rate, rounded half away from zero to the paisa. What the bill is worth stays; `line_total` and
/// `difference` of the bill show the sum of the lines and the gap. 409 if the bill is approved or superseded.
#[utoipa::path(post, path = "/billing-po/{billing_po_id}/line-items", tag = "billing", params(BillPath),
    request_body = NewLineBody, responses((status = 200, body = LineAnswer), WriteErrors))]
pub(super) async fn add_billing_line_item(
    write: Write<Editor>,
    Path(BillPath { billing_po_id }): Path<BillPath>,
    Json(new): Json<NewLine>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let line = store::add(&mut uow, billing_po_id, &new).await?;
    uow.commit(Answer::ok(LineAnswer::from(line))).await
}

/// Remove a line from a bill.
///
/// 404 also if the line belongs to another bill; 409 if the bill is approved or superseded. `If-Match` names the version of
/// the bill.
#[utoipa::path(delete, path = "/billing-po/{billing_po_id}/line-items/{line_item_id}", tag = "billing",
    params(LinePath), responses((status = 200, body = LineDeleted), WriteErrors))]
pub(super) async fn delete_billing_line_item(
    write: Write<Editor>,
    Path(LinePath {
        billing_po_id,
        line_item_id,
    }): Path<LinePath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let line = store::delete(&mut uow, billing_po_id, line_item_id).await?;
    uow.commit(Answer::ok(LineDeleted::from(&line))).await
}
