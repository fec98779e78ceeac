//! The handlers of payment links, and of what follows from them for an order.

use axum::extract::State;

use super::{
    LinkQuery, NewLink,
    model::{
        LinkList, LinkedPayments, NewLinkBody, OwnLinksQuery, PaymentLinked, PaymentUnlinked, SourceQuery,
    },
    profit::{self, OrderPaymentSummary, OrderProfit},
    read, store,
};
use crate::{
    auth::{Editor, Viewer},
    error::Result,
    http::{
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    postgres::Pool,
    types::ids::{PaymentId, VendorOrderId},
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// The order that parts of payments are meant for.
    OrderPath {
        /// Its id.
        vendor_order_id: VendorOrderId,
    }
    /// A payment that is linked to an order.
    LinkPath {
        /// The order.
        vendor_order_id: VendorOrderId,
        /// The payment's id in its ledger.
        payment_id: PaymentId,
    }
}

/// Link a payment, or a part of it, to a vendor order.
///
/// 409 with the fault type `payment_overlinked` if less of the payment is left than is asked for, `order_overlinked` if the
/// order has room for less: an advance within the order's value, a client's payment within the value of the client PO, money
/// back to the client within what the client paid for the order.
#[utoipa::path(post, path = "/vendor-orders/{vendor_order_id}/link-payment", tag = "payment links", params(OrderPath),
    request_body = NewLinkBody, responses((status = 200, body = PaymentLinked<'static>), WriteErrors))]
pub(super) async fn link_payment(
    write: Write<Editor>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Json(new): Json<NewLink>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let link = store::link(&mut uow, vendor_order_id, &new).await?;
    uow.commit(Answer::ok(PaymentLinked::from(&link))).await
}

/// List the links of a vendor order.
///
/// The latest first; `sort` may name `id`, `linked_at` or `amount`.
#[utoipa::path(get, path = "/vendor-orders/{vendor_order_id}/linked-payments", tag = "payment links",
    params(OrderPath, PageQuery), responses((status = 200, body = LinkedPayments<'static>), ReadErrors))]
pub(super) async fn list_linked_payments(
    _: Viewer,
    State(db): State<Pool>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Query(query): Query<OwnLinksQuery>,
) -> Result<StoredAnswer> {
    let (links, page) = read::list_of_order(&db, vendor_order_id, query).await?;
    Answer::ok(LinkedPayments::new(vendor_order_id, &links, &page)).into_stored()
}

/// Remove the link of a payment to a vendor order.
///
/// The payment stays; what of it was allotted to the order is free again.
#[utoipa::path(delete, path = "/vendor-orders/{vendor_order_id}/payments/{payment_id}", tag = "payment links",
    params(LinkPath, SourceQuery), responses((status = 200, body = PaymentUnlinked), WriteErrors))]
pub(super) async fn unlink_payment(
    write: Write<Editor>,
    Path(LinkPath {
        vendor_order_id,
        payment_id,
    }): Path<LinkPath>,
    Query(query): Query<SourceQuery>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let link = store::unlink(&mut uow, vendor_order_id, payment_id, query.source).await?;
    let answer = PaymentUnlinked::new(vendor_order_id, payment_id, link);
    uow.commit(Answer::ok(answer)).await
}

/// List the payment links of all orders.
///
/// The latest first; `sort` may name what it may in the list of an order.
#[utoipa::path(get, path = "/vendor-payment-links", tag = "payment links", params(LinkQuery, PageQuery),
    responses((status = 200, body = LinkList<'static>), ReadErrors))]
pub(super) async fn list_payment_links(
    _: Viewer,
    State(db): State<Pool>,
    Query(query): Query<LinkQuery>,
) -> Result<StoredAnswer> {
    let (links, page) = read::list(&db, &query).await?;
    Answer::ok(LinkList::new(&links, &page)).into_stored()
}

/// What was paid of a vendor order and for it.
///
/// With its own payments, shares of advances and money back to the client, the latest first.
#[utoipa::path(get, path = "/vendor-orders/{vendor_order_id}/payment-summary", tag = "payment links", params(OrderPath),
    responses((status = 200, body = OrderPaymentSummary<'static>), ReadErrors))]
pub(super) async fn summarize_order_payments(
    _: Viewer,
    State(db): State<Pool>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
) -> Result<StoredAnswer> {
    let (order, payments) = profit::summarize(&db, vendor_order_id).await?;
    Answer::ok(OrderPaymentSummary::new(&order, &payments))
        .version(order.version)
        .into_stored()
}

/// What a vendor order earns and costs.
///
/// It earns what the client pays for the lines of the client's PO that its own lines name; without such lines its share of
/// the client PO by value, an estimate; without a client PO what the client paid for it. Each share is rounded half away from
/// zero to the paisa.
#[utoipa::path(get, path = "/vendor-orders/{vendor_order_id}/profit-analysis", tag = "payment links", params(OrderPath),
    responses((status = 200, body = OrderProfit<'static>), ReadErrors))]
pub(super) async fn analyze_order_profit(
    _: Viewer,
    State(db): State<Pool>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
) -> Result<StoredAnswer> {
    let order = profit::analyze(&db, vendor_order_id).await?;
    Answer::ok(OrderProfit::from(&order))
        .version(order.version)
        .into_stored()
}
