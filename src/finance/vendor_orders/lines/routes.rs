//! The handlers of the lines of vendor orders.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

use super::{
    by_category::{self, CategoryLineList, CategoryQuery},
    model::{
        NewVendorLine, NewVendorLineBody, VendorLineAnswer, VendorLineChange, VendorLineChangeBody,
        VendorLineDeleted, VendorLineList, VendorLineQuery,
    },
    store,
};
use crate::{
    app::AppState,
    auth::{Editor, Viewer},
    error::Result,
    http::{
        access::routes,
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    postgres::Pool,
    types::{
        Text,
        clock::Clock,
        ids::{VendorLineId, VendorOrderId},
    },
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// The vendor order that the lines belong to.
    OrderPath {
        /// Its id.
        vendor_order_id: VendorOrderId,
    }
}

path_parameters! {
    /// A line of a vendor order.
    LinePath {
        /// Its id.
        item_id: VendorLineId,
    }
}

path_parameters! {
    /// A category of vendor orders.
    CategoryPath {
        /// Its name, in any case; `Uncategorized` or `General` for the orders of none.
        cat: Text<255>,
    }
}

pub(in super::super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_vendor_lines, add_vendor_line))
        .routes(routes!(update_vendor_line, delete_vendor_line))
        .routes(routes!(
            update_line_of_vendor_orders,
            delete_line_of_vendor_orders
        ))
        .routes(routes!(list_lines_of_category))
}

/// List the lines of a vendor order.
///
/// In the order of their ids; `sort` may name `id`, `item_name`, `quantity` or `total_price`.
#[utoipa::path(get, path = "/vendor-orders/{vendor_order_id}/line-items", tag = "vendor orders",
    params(OrderPath, PageQuery), responses((status = 200, body = VendorLineList), ReadErrors))]
async fn list_vendor_lines(
    _: Viewer,
    State(db): State<Pool>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Query(query): Query<VendorLineQuery>,
) -> Result<Answer<VendorLineList>> {
    let (lines, sums, page) = store::list(&db, vendor_order_id, &query).await?;
    let sums = (sums.lines_total, sums.po_value);
    Ok(Answer::ok(VendorLineList::new(
        vendor_order_id,
        sums,
        lines,
        page,
    )))
}

/// Add a line to a vendor order.
///
/// The order's value becomes the sum of its lines; so the first line replaces a stated value. 409 if the order is cancelled
/// or rejected.
#[utoipa::path(post, path = "/vendor-orders/{vendor_order_id}/line-items", tag = "vendor orders", params(OrderPath),
    request_body = NewVendorLineBody, responses((status = 200, body = VendorLineAnswer), WriteErrors))]
async fn add_vendor_line(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Json(new): Json<NewVendorLine>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (line, order) = store::add(&mut uow, vendor_order_id, &new, clock.today()).await?;
    let version = line.version;
    uow.commit(Answer::ok(VendorLineAnswer::new("Line item added", line, order)).version(version))
        .await
}

/// Change a line of a vendor order.
///
/// The total follows quantity and unit price when one of them changes, and the order's value becomes the sum of its lines.
#[utoipa::path(put, path = "/vendor-line-items/{item_id}", tag = "vendor orders", params(LinePath),
    request_body = VendorLineChangeBody, responses((status = 200, body = VendorLineAnswer), WriteErrors))]
async fn update_vendor_line(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Path(LinePath { item_id }): Path<LinePath>,
    Json(change): Json<VendorLineChange>,
) -> Result<StoredAnswer> {
    change_line(write, &clock, item_id, &change).await
}

/// Change a line of a vendor order, by its other path.
///
/// The total follows quantity and unit price when one of them changes, and the order's value becomes the sum of its lines.
#[utoipa::path(put, path = "/vendor-orders/line-items/{item_id}", tag = "vendor orders", params(LinePath),
    request_body = VendorLineChangeBody, responses((status = 200, body = VendorLineAnswer), WriteErrors))]
async fn update_line_of_vendor_orders(
    write: Write<Editor>,
    State(clock): State<Clock>,
    Path(LinePath { item_id }): Path<LinePath>,
    Json(change): Json<VendorLineChange>,
) -> Result<StoredAnswer> {
    change_line(write, &clock, item_id, &change).await
}

async fn change_line(
    write: Write<Editor>,
    clock: &Clock,
    id: VendorLineId,
    change: &VendorLineChange,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (line, order, is_changed) = store::update(&mut uow, id, change, clock.today()).await?;
    let version = line.version;
    let answer = Answer::ok(VendorLineAnswer::new("Line item updated", line, order)).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Remove a line of a vendor order.
///
/// The order's value becomes the sum of the lines that remain; after the last one it is the stated value again.
#[utoipa::path(delete, path = "/vendor-line-items/{item_id}", tag = "vendor orders", params(LinePath),
    responses((status = 200, body = VendorLineDeleted), WriteErrors))]
async fn delete_vendor_line(
    write: Write<Editor>,
    Path(LinePath { item_id }): Path<LinePath>,
) -> Result<StoredAnswer> {
    remove_line(write, item_id).await
}

/// Remove a line of a vendor order, by its other path.
///
/// The order's value becomes the sum of the lines that remain; after the last one it is the stated value again.
#[utoipa::path(delete, path = "/vendor-orders/line-items/{item_id}", tag = "vendor orders", params(LinePath),
    responses((status = 200, body = VendorLineDeleted), WriteErrors))]
async fn delete_line_of_vendor_orders(
    write: Write<Editor>,
    Path(LinePath { item_id }): Path<LinePath>,
) -> Result<StoredAnswer> {
    remove_line(write, item_id).await
}

async fn remove_line(write: Write<Editor>, id: VendorLineId) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (order, po_value) = store::delete(&mut uow, id).await?;
    uow.commit(Answer::ok(VendorLineDeleted::new(id, order, po_value)))
        .await
}

/// List the lines of all vendor orders of a category.
///
/// By order, in the order of their ids; `sort` may name `id`, `item_name`, `quantity` or `total_price`. The value is over the
/// lines of live orders. A category that nothing has is an empty list.
#[utoipa::path(get, path = "/vendor-orders/by-category/{cat}/line-items", tag = "vendor orders",
    params(CategoryPath, CategoryQuery, PageQuery), responses((status = 200, body = CategoryLineList), ReadErrors))]
async fn list_lines_of_category(
    _: Viewer,
    State(db): State<Pool>,
    Path(CategoryPath { cat }): Path<CategoryPath>,
    Query(query): Query<CategoryQuery>,
) -> Result<Answer<CategoryLineList>> {
    Ok(Answer::ok(by_category::list(&db, &cat, &query).await?))
}
