//! The handlers of vendors.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    NewVendor, VendorChange,
    change::{NewVendorBody, VendorChangeBody},
    details::VendorDetails,
    figures::{PaymentStats, PaymentSummary, VendorFound, VendorReport},
    model::{VendorDeleted, VendorDone, VendorList, VendorListView, VendorQuery},
    orders::{self, OrderPage, OrderPageView, OrdersQuery},
    payments::{PaymentPage, PaymentPageView},
    reports, store,
};
use crate::{
    app::AppState,
    auth::{Admin, Editor, Viewer},
    error::Result,
    finance::vendor_payments::{OwnPaymentsQuery, ledger},
    http::{
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::VendorId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

/// How many orders and payments of a vendor are shown at a glance.
const RECENT: i64 = 10;

path_parameters! {
    /// A vendor.
    VendorPath {
        /// Its id.
        vendor_id: VendorId,
    }
}

/// List the vendors by name.
///
/// `sort` may name `id`, `name` or `created_at`.
#[utoipa::path(get, path = "/vendors", tag = "vendors", params(VendorQuery, PageQuery),
    responses((status = 200, body = VendorListView<'static>), ReadErrors))]
pub(super) async fn list_vendors(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<VendorQuery>,
) -> Result<SharedAnswer<VendorList>> {
    shared
        .answer(async move {
            let (vendors, page) = store::list(&db, &query).await?;
            Ok(Answer::ok(VendorList { vendors, page }))
        })
        .await
}

/// Add a vendor.
///
/// Names may be had by several vendors. A GSTIN that another vendor has is refused with 409.
#[utoipa::path(post, path = "/vendors", tag = "vendors", request_body = NewVendorBody,
    responses((status = 200, body = VendorDone<'static>), WriteErrors))]
pub(super) async fn create_vendor(write: Write<Editor>, Json(new): Json<NewVendor>) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let vendor = store::insert(&mut uow, &new).await?;
    uow.commit(
        Answer::ok(VendorDone::new("Vendor created", &vendor))
            .at(format!("/api/vendors/{}", vendor.id))
            .version(vendor.version),
    )
    .await
}

/// One vendor with what was ordered from it and paid to it.
#[utoipa::path(get, path = "/vendors/{vendor_id}", tag = "vendors", params(VendorPath),
    responses((status = 200, body = VendorFound<'static>), ReadErrors))]
pub(super) async fn get_vendor(
    _: Viewer,
    State(db): State<Pool>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
) -> Result<Response> {
    let (vendor, figures) = reports::get(&db, vendor_id).await?;
    let answer = Answer::ok(VendorFound::new(&vendor, &figures)).version(vendor.version);
    Ok(answer.into_response())
}

/// Change a vendor.
///
/// What is absent or null stays; empty text clears all but the name and the status. A GSTIN that another vendor has is
/// refused with 409.
#[utoipa::path(put, path = "/vendors/{vendor_id}", tag = "vendors", params(VendorPath),
    request_body = VendorChangeBody, responses((status = 200, body = VendorDone<'static>), WriteErrors))]
pub(super) async fn update_vendor(
    write: Write<Editor>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
    Json(change): Json<VendorChange>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let (vendor, is_changed) = store::update(&mut uow, vendor_id, &change).await?;
    let answer = Answer::ok(VendorDone::new("Vendor updated", &vendor)).version(vendor.version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// Delete a vendor that nothing refers to.
///
/// 409 names what does, each with its number: vendor orders, their lines, payments, POs.
#[utoipa::path(delete, path = "/vendors/{vendor_id}", tag = "vendors", params(VendorPath),
    responses((status = 200, body = VendorDeleted), WriteErrors))]
pub(super) async fn delete_vendor(
    write: Write<Admin>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    store::delete(&mut uow, vendor_id).await?;
    uow.commit(Answer::ok(VendorDeleted::from(vendor_id))).await
}

/// What a vendor was paid, and what it will have to be.
#[utoipa::path(get, path = "/vendors/{vendor_id}/payment-summary", tag = "vendors", params(VendorPath),
    responses((status = 200, body = VendorReport<PaymentSummary>), ReadErrors))]
pub(super) async fn get_vendor_payment_summary(
    shared: SharedRead,
    State(state): State<AppState>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
) -> Result<SharedAnswer<VendorReport<PaymentSummary>>> {
    shared
        .answer(async move {
            let mut db = state.db.acquire().await?;
            let (vendor, figures) = reports::get(&mut *db, vendor_id).await?;
            let last_payment = reports::last_payment(&mut *db, vendor_id).await?;
            let due = reports::upcoming_due(&mut *db, vendor_id, state.clock.today()).await?;
            let summary = PaymentSummary::new(vendor, &figures, last_payment, due);
            Ok(Answer::ok(VendorReport::new(vendor_id, summary)))
        })
        .await
}

/// A vendor's payments by what became of them, and by month.
#[utoipa::path(get, path = "/vendors/{vendor_id}/payment-stats", tag = "vendors", params(VendorPath),
    responses((status = 200, body = VendorReport<PaymentStats>), ReadErrors))]
pub(super) async fn get_vendor_payment_stats(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
) -> Result<SharedAnswer<VendorReport<PaymentStats>>> {
    shared
        .answer(async move {
            let mut db = db.acquire().await?;
            let (vendor, figures) = reports::get(&mut *db, vendor_id).await?;
            let span = reports::span(&mut *db, vendor_id).await?;
            let by_month = reports::by_month(&mut *db, vendor_id).await?;
            let stats = PaymentStats::new(vendor, &figures, span, by_month);
            Ok(Answer::ok(VendorReport::new(vendor_id, stats)))
        })
        .await
}

/// List the orders that name a vendor, or of which a line does, the newest first.
///
/// `vendor_value` is what of an order is the vendor's. `sort` may name `id`, `po_number`, `po_date`, `due_date`, `po_value`,
/// `status`, `work_status` or `created_at`.
#[utoipa::path(get, path = "/vendors/{vendor_id}/orders", tag = "vendors", params(VendorPath, OrdersQuery, PageQuery),
    responses((status = 200, body = OrderPageView<'static>), ReadErrors))]
pub(super) async fn list_orders_of_vendor(
    shared: SharedRead,
    State(state): State<AppState>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
    Query(query): Query<OrdersQuery>,
) -> Result<SharedAnswer<OrderPage>> {
    shared
        .answer(async move {
            let page = orders::list(&state.db, vendor_id, &query, state.clock.today()).await?;
            Ok(Answer::ok(page))
        })
        .await
}

/// List the payments to a vendor, and for its orders, the latest first.
///
/// `sort` may name `id`, `payment_date`, `amount`, `status` or `created_at`.
#[utoipa::path(get, path = "/vendors/{vendor_id}/payments", tag = "vendors",
    params(VendorPath, OwnPaymentsQuery, PageQuery),
    responses((status = 200, body = PaymentPageView<'static>), ReadErrors))]
pub(super) async fn list_payments_to_vendor(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
    Query(query): Query<OwnPaymentsQuery>,
) -> Result<SharedAnswer<PaymentPage>> {
    shared
        .answer(async move {
            let found = ledger::list_of_vendor(&db, vendor_id, query).await?;
            if found.page.total_count == 0 {
                store::ensure_exists(&db, vendor_id).await?;
            }
            Ok(Answer::ok(PaymentPage {
                vendor_id,
                payments: found.payments,
                page: found.page,
            }))
        })
        .await
}

/// A vendor at a glance: its figures, its latest orders and payments, and how well it is paid.
///
/// `payment_health` is `POOR` if an order is overdue by more than 30 days or a payment of the last 90 days bounced, `FAIR` if
/// an order is overdue, `EXCELLENT` if nothing is left to pay or 90 % are paid, else `GOOD`.
#[utoipa::path(get, path = "/vendors/{vendor_id}/details", tag = "vendors", params(VendorPath),
    responses((status = 200, body = VendorReport<VendorDetails>), ReadErrors))]
pub(super) async fn get_vendor_details(
    shared: SharedRead,
    State(state): State<AppState>,
    Path(VendorPath { vendor_id }): Path<VendorPath>,
) -> Result<SharedAnswer<VendorReport<VendorDetails>>> {
    shared
        .answer(async move {
            let today = state.clock.today();
            let mut db = state.db.acquire().await?;
            let (vendor, figures) = reports::get(&mut *db, vendor_id).await?;
            let troubles = reports::troubles(&mut *db, vendor_id, today).await?;
            let orders = orders::newest(&mut *db, vendor_id, RECENT, today).await?;
            let payments = ledger::latest_of_vendor(&mut *db, vendor_id, RECENT).await?;
            let details = VendorDetails::new(vendor, &figures, troubles, orders, payments);
            Ok(Answer::ok(VendorReport::new(vendor_id, details)))
        })
        .await
}
