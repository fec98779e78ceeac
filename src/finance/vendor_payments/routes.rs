//! The handlers of the vendors' ledger.

use axum::extract::State;

use super::{
    NewVendorPayment, NewVendorPaymentBody, OwnPaymentsQuery, VendorPaymentChange, VendorPaymentChangeBody,
    VendorPaymentQuery, ledger,
    model::{NewPaymentOfOrder, NewPaymentOfOrderBody, NewPaymentOfProject, NewPaymentOfProjectBody},
    store,
    view::{OrderPayments, PaymentAnswer, PaymentDeleted, PaymentFound, PaymentList},
};
use crate::{
    app::AppState,
    auth::{Admin, Editor, Viewer},
    error::Result,
    finance::payments::mover,
    http::{
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
    },
    postgres::Pool,
    types::ids::{ProjectId, VendorOrderId, VendorPaymentId},
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
};

path_parameters! {
    /// A payment to a vendor.
    VendorPaymentPath {
        /// Its id.
        payment_id: VendorPaymentId,
    }
    /// The order that payments are for.
    OrderPath {
        /// Its id.
        vendor_order_id: VendorOrderId,
    }
    /// The project that payments belong to.
    ProjectPath {
        /// Its id.
        project_id: ProjectId,
    }
}

const RECORDED: &str = "Vendor payment recorded";
const UPDATED: &str = "Vendor payment updated";

/// Commits a payment that was recorded or changed, as it is then.
async fn answer_with(
    mut uow: UnitOfWork,
    message: &'static str,
    id: VendorPaymentId,
    is_changed: bool,
    location: Option<String>,
) -> Result<StoredAnswer> {
    let payment = ledger::get(uow.conn(), id).await?;
    let mut answer = Answer::ok(PaymentAnswer::new(message, &payment)).version(payment.version);
    if let Some(location) = location {
        answer = answer.at(location);
    }
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// List the payments to vendors.
///
/// The latest first; `sort` may name `id`, `payment_date`, `amount`, `status` or `created_at`. `total_paid` is over all
/// that match.
#[utoipa::path(get, path = "/vendor-payments", tag = "vendor payments", params(VendorPaymentQuery, PageQuery),
    responses((status = 200, body = PaymentList<'static>), ReadErrors))]
pub(super) async fn list_vendor_payments(
    _: Viewer,
    State(db): State<Pool>,
    Query(query): Query<VendorPaymentQuery>,
) -> Result<StoredAnswer> {
    let found = ledger::list(&db, &query).await?;
    if found.page.total_count == 0 {
        query.ensure_known(&db).await?;
    }
    Answer::ok(PaymentList::from(&found)).into_stored()
}

/// Record a payment to a vendor.
///
/// For an order, or in advance. It counts as paid once it is `cleared` or `completed`. More than the order is worth is
/// accepted and shown as overpaid.
#[utoipa::path(post, path = "/vendor-payments", tag = "vendor payments", request_body = NewVendorPaymentBody,
    responses((status = 200, body = PaymentAnswer<'static>), WriteErrors))]
pub(super) async fn record_vendor_payment(
    write: Write<Editor>,
    State(state): State<AppState>,
    Json(new): Json<NewVendorPayment>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let id = store::insert(&mut uow, &new, state.clock.today()).await?.id;
    let id = VendorPaymentId(id.0);
    answer_with(
        uow,
        RECORDED,
        id,
        true,
        Some(format!("/api/vendor-payments/{id}")),
    )
    .await
}

/// One payment to a vendor, with its links to orders.
#[utoipa::path(get, path = "/vendor-payments/{payment_id}", tag = "vendor payments", params(VendorPaymentPath),
    responses((status = 200, body = PaymentFound<'static>), ReadErrors))]
pub(super) async fn get_vendor_payment(
    _: Viewer,
    State(db): State<Pool>,
    Path(VendorPaymentPath { payment_id }): Path<VendorPaymentPath>,
) -> Result<StoredAnswer> {
    let found = ledger::get_with_links(&db, payment_id).await?;
    Answer::ok(PaymentFound::from(&found))
        .version(found.payment.version)
        .into_stored()
}

/// Change a payment to a vendor.
///
/// 409 for a status that it must not get, for a reconciled payment but for its notes and status, for another vendor or order
/// than it has, and for what its links do not allow. Amount, date, vendor and order of a paid payment are changed by an admin
/// only.
#[utoipa::path(put, path = "/vendor-payments/{payment_id}", tag = "vendor payments", params(VendorPaymentPath),
    request_body = VendorPaymentChangeBody, responses((status = 200, body = PaymentAnswer<'static>), WriteErrors))]
pub(super) async fn update_vendor_payment(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(VendorPaymentPath { payment_id }): Path<VendorPaymentPath>,
    Json(change): Json<VendorPaymentChange>,
) -> Result<StoredAnswer> {
    let mover = mover(&write)?;
    let mut uow = write.begin().await?;
    let today = state.clock.today();
    let (_, is_changed) = store::update(&mut uow, payment_id, &change, mover, None, today).await?;
    answer_with(uow, UPDATED, payment_id, is_changed, None).await
}

/// Delete a payment to a vendor.
///
/// 409 if it is reconciled or linked to vendor orders.
#[utoipa::path(delete, path = "/vendor-payments/{payment_id}", tag = "vendor payments", params(VendorPaymentPath),
    responses((status = 200, body = PaymentDeleted), WriteErrors))]
pub(super) async fn delete_vendor_payment(
    write: Write<Admin>,
    Path(VendorPaymentPath { payment_id }): Path<VendorPaymentPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    store::delete(&mut uow, payment_id).await?;
    uow.commit(Answer::ok(PaymentDeleted::from(payment_id))).await
}

/// List the payments of a vendor order.
///
/// Its own payments, the latest first; `sort` may name what it may in the list of all. The summary is over all payments of
/// the order, whatever is listed.
#[utoipa::path(get, path = "/vendor-orders/{vendor_order_id}/payments", tag = "vendor payments",
    params(OrderPath, OwnPaymentsQuery, PageQuery),
    responses((status = 200, body = OrderPayments<'static>), ReadErrors))]
pub(super) async fn list_vendor_order_payments(
    _: Viewer,
    State(db): State<Pool>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Query(query): Query<OwnPaymentsQuery>,
) -> Result<StoredAnswer> {
    let (payments, summary, page) = ledger::list_of_order(&db, vendor_order_id, query).await?;
    Answer::ok(OrderPayments::new(vendor_order_id, &payments, &page, &summary)).into_stored()
}

/// Record a payment for a vendor order.
///
/// To the order's vendor; where its lines name several, `vendor_id` says to whom. 409 if the order was given up.
#[utoipa::path(post, path = "/vendor-orders/{vendor_order_id}/payments", tag = "vendor payments", params(OrderPath),
    request_body = NewPaymentOfOrderBody, responses((status = 200, body = PaymentAnswer<'static>), WriteErrors))]
pub(super) async fn record_vendor_order_payment(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(OrderPath { vendor_order_id }): Path<OrderPath>,
    Json(new): Json<NewPaymentOfOrder>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let new = new.of(vendor_order_id);
    let id = store::insert_for_order(&mut uow, vendor_order_id, &new, state.clock.today()).await?;
    answer_with(uow, RECORDED, id, true, None).await
}

/// List the payments to vendors of a project.
///
/// For its orders, and advances for it. As the list of all.
#[utoipa::path(get, path = "/projects/{project_id}/vendor-payments", tag = "vendor payments",
    params(ProjectPath, OwnPaymentsQuery, PageQuery), responses((status = 200, body = PaymentList<'static>), ReadErrors))]
pub(super) async fn list_project_vendor_payments(
    _: Viewer,
    State(db): State<Pool>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Query(query): Query<OwnPaymentsQuery>,
) -> Result<StoredAnswer> {
    let found = ledger::list_of_project(&db, project_id, query).await?;
    Answer::ok(PaymentList::from(&found)).into_stored()
}

/// Record a payment for a vendor order of a project.
#[utoipa::path(post, path = "/projects/{project_id}/vendor-payments", tag = "vendor payments", params(ProjectPath),
    request_body = NewPaymentOfProjectBody, responses((status = 200, body = PaymentAnswer<'static>), WriteErrors))]
pub(super) async fn record_project_vendor_payment(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(ProjectPath { project_id }): Path<ProjectPath>,
    Json(NewPaymentOfProject(new)): Json<NewPaymentOfProject>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let id = store::insert_for_project(&mut uow, project_id, &new, state.clock.today()).await?;
    answer_with(uow, RECORDED, id, true, None).await
}
