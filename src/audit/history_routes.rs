//! The handlers of the histories of documents.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

use super::{
    history::{self, Document},
    model::{History, HistoryQuery},
};
use crate::{
    app::AppState,
    auth::Viewer,
    error::{Error, Result},
    finance::{billing, purchase_orders, vendor_orders, vendor_payments},
    http::{
        access::routes,
        envelope::Mirror,
        extract::{Path, Query, path_parameters},
        list::PageQuery,
        openapi::ReadErrors,
    },
    postgres::Pool,
    types::ids::{BillingKey, ClientPoId, VendorOrderId, VendorPaymentId},
    unit_of_work::Answer,
};

path_parameters! {
    /// A client PO.
    PoPath {
        /// Its id.
        po_id: ClientPoId,
    }
    /// A vendor order.
    OrderPath {
        /// Its id.
        vendor_order_id: VendorOrderId,
    }
    /// A payment to a vendor.
    PaymentPath {
        /// Its id.
        payment_id: VendorPaymentId,
    }
    /// A bill.
    BillPath {
        /// Its id, or the number that it had before ids became UUIDs.
        billing_po_id: BillingKey,
    }
}

/// The histories.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_po_history))
        .routes(routes!(get_vendor_order_history))
        .routes(routes!(get_vendor_payment_history))
        .routes(routes!(get_billing_po_history))
}

/// What happened to a client PO, its lines and its documents.
///
/// The oldest first; a PO that was deleted still has its history. `sort` may name `id`.
#[utoipa::path(get, path = "/po/{po_id}/history", tag = "purchase orders", params(PoPath, PageQuery),
    responses((status = 200, body = Mirror<History>), ReadErrors))]
async fn get_po_history(
    _: Viewer,
    State(db): State<Pool>,
    Path(PoPath { po_id }): Path<PoPath>,
    Query(query): Query<HistoryQuery>,
) -> Result<Answer<Mirror<History>>> {
    let is_there = purchase_orders::store::exists(&db, po_id).await?;
    let page = history::page(&db, Document::ClientPo(po_id), is_there, &query).await?;
    Ok(Answer::ok(Mirror(page)))
}

/// What happened to a vendor order, its lines and its payment links.
///
/// The oldest first; an order that was deleted still has its history. `sort` may name `id`.
#[utoipa::path(get, path = "/vendor-orders/{vendor_order_id}/history", tag = "vendor orders",
    params(OrderPath, PageQuery), responses((status = 200, body = Mirror<History>), ReadErrors))]
async fn get_vendor_order_history(
    _: Viewer,
    State(db): State<Pool>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Query(query): Query<HistoryQuery>,
) -> Result<Answer<Mirror<History>>> {
    let is_there = vendor_orders::store::exists(&db, vendor_order_id).await?;
    let page = history::page(&db, Document::VendorOrder(vendor_order_id), is_there, &query).await?;
    Ok(Answer::ok(Mirror(page)))
}

/// What happened to a payment to a vendor and its links to orders.
///
/// The oldest first; a payment that was deleted still has its history. `sort` may name `id`.
#[utoipa::path(get, path = "/vendor-payments/{payment_id}/history", tag = "vendor payments",
    params(PaymentPath, PageQuery), responses((status = 200, body = Mirror<History>), ReadErrors))]
async fn get_vendor_payment_history(
    _: Viewer,
    State(db): State<Pool>,
    Path(PaymentPath { payment_id }): Path<PaymentPath>,
    Query(query): Query<HistoryQuery>,
) -> Result<Answer<Mirror<History>>> {
    let is_there = vendor_payments::read::exists(&db, payment_id).await?;
    let page = history::page(&db, Document::VendorPayment(payment_id), is_there, &query).await?;
    Ok(Answer::ok(Mirror(page)))
}

/// What happened to a bill and its lines.
///
/// The oldest first; a bill that was deleted still has its history. `sort` may name `id`.
#[utoipa::path(get, path = "/billing-po/{billing_po_id}/history", tag = "billing", params(BillPath, PageQuery),
    responses((status = 200, body = Mirror<History>), ReadErrors))]
async fn get_billing_po_history(
    _: Viewer,
    State(db): State<Pool>,
    Path(BillPath { billing_po_id: key }): Path<BillPath>,
    Query(query): Query<HistoryQuery>,
) -> Result<Answer<Mirror<History>>> {
    let found = billing::find_id(&db, key).await?;
    let id = match found {
        Some(id) => id,
        None => history::bill_that_went(&db, key)
            .await?
            .ok_or(Error::NotFound("Billing PO"))?,
    };
    let page = history::page(&db, Document::Bill(id), found.is_some(), &query).await?;
    Ok(Answer::ok(Mirror(page)))
}
