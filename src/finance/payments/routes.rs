//! The handlers of the routes that serve both ledgers.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Ledger, Payment, PaymentQuery, PaymentRecorded, PaymentState, Reconciliation,
    body::{
        Batch, Given, LedgerQuery, NamedBatch, NamedBatchBody, NewPaymentBody, PaymentChangeBody,
        StatusChange,
    },
    list::{ByDate, ByDateQuery},
    model::{BatchDone, PaymentAnswer, PaymentChanged, PaymentDeleted, PaymentList, StatusHistory},
    reports::{self, Aging, AgingQuery, SummaryQuery, VendorSummary},
    rules::Mover,
    store::{self, BatchMove},
};
use crate::{
    app::AppState,
    auth::{Admin, Editor, RequiredRole, Role},
    error::{Error, Result},
    finance::{
        client_payments::{self, ClientPaymentChange, NewPaymentOfPo},
        vendor_payments::{self, NewVendorPayment, VendorPaymentChange},
    },
    http::{
        envelope::{Mirror, WithData},
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::{ClientPaymentId, PaymentId, VendorPaymentId},
    unit_of_work::{Answer, StoredAnswer, UnitOfWork, Write},
};

path_parameters! {
    /// A payment.
    PaymentPath {
        /// Its id in its ledger.
        payment_id: PaymentId,
    }
}

async fn list(db: &Pool, query: &PaymentQuery) -> Result<Answer<PaymentList>> {
    let (payments, page) = match query.kind {
        Ledger::Client => client_payments::store::list(db, query).await?,
        Ledger::Vendor => vendor_payments::read::list(db, query).await?,
    };
    Ok(Answer::ok(PaymentList::new(payments, page)))
}

async fn get(db: &Pool, ledger: Ledger, id: PaymentId) -> Result<Payment> {
    match ledger {
        Ledger::Client => client_payments::store::get(db, ClientPaymentId(id.0)).await,
        Ledger::Vendor => vendor_payments::read::get(db, VendorPaymentId(id.0)).await,
    }
}

/// Who moves a payment by setting a word.
pub(crate) fn mover<R: RequiredRole>(write: &Write<R>) -> Result<Mover> {
    Ok(if write.caller()?.role == Role::Admin {
        Mover::Admin
    } else {
        Mover::Editor
    })
}

/// Commits a change, or the answer of one that changed nothing.
async fn answer_change(
    uow: UnitOfWork,
    message: &'static str,
    (payment, is_changed): (Payment, bool),
) -> Result<StoredAnswer> {
    let version = payment.version;
    let answer = Answer::ok(PaymentChanged::new(message, payment)).version(version);
    if is_changed {
        uow.commit(answer).await
    } else {
        uow.unchanged(answer).await
    }
}

/// List the payments of a ledger.
///
/// The latest first; `sort` may name `id`, `payment_date`, `amount`, `status` or `created_at`.
#[utoipa::path(get, path = "/payments", tag = "payments", params(PaymentQuery, PageQuery),
    responses((status = 200, body = PaymentList), ReadErrors))]
pub(super) async fn list_payments(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<PaymentQuery>,
) -> Result<SharedAnswer<PaymentList>> {
    shared.answer(async move { list(&db, &query).await }).await
}

/// List the payments that are promised.
///
/// As the list of all, of the statuses `pending` and `processing`.
#[utoipa::path(get, path = "/payments/pending", tag = "payments", params(PaymentQuery, PageQuery),
    responses((status = 200, body = PaymentList), ReadErrors))]
pub(super) async fn list_pending_payments(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(mut query): Query<PaymentQuery>,
) -> Result<SharedAnswer<PaymentList>> {
    shared
        .answer(async move {
            query.restrict_to(&PaymentState::OPEN);
            list(&db, &query).await
        })
        .await
}

/// List the payments that arrived and were not yet compared with the bank's statement.
///
/// As the list of all, of the statuses `cleared` and `completed`.
#[utoipa::path(get, path = "/payments/reconciliation", tag = "payments", params(PaymentQuery, PageQuery),
    responses((status = 200, body = PaymentList), ReadErrors))]
pub(super) async fn list_payments_to_reconcile(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(mut query): Query<PaymentQuery>,
) -> Result<SharedAnswer<PaymentList>> {
    shared
        .answer(async move {
            query.restrict_to(&[PaymentState::Cleared, PaymentState::Completed]);
            list(&db, &query).await
        })
        .await
}

/// List the payments between two days.
///
/// As the list of all; both days are inclusive.
#[utoipa::path(get, path = "/payments/reports/by-date", tag = "payments", params(ByDateQuery, PaymentQuery, PageQuery),
    responses((status = 200, body = PaymentList), ReadErrors))]
pub(super) async fn list_payments_by_date(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(ByDate(query)): Query<ByDate>,
) -> Result<SharedAnswer<PaymentList>> {
    shared.answer(async move { list(&db, &query).await }).await
}

/// Sum up the payments to vendors.
///
/// Promised, arrived and failed; cancelled ones are left out. Those who were paid most first.
#[utoipa::path(get, path = "/payments/summary/by-vendor", tag = "payments", params(SummaryQuery),
    responses((status = 200, body = Mirror<VendorSummary>), ReadErrors))]
pub(super) async fn summarize_payments_by_vendor(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<SummaryQuery>,
) -> Result<SharedAnswer<Mirror<VendorSummary>>> {
    shared
        .answer(async move { Ok(Answer::ok(Mirror(reports::by_vendor(&db, &query).await?))) })
        .await
}

/// For how long money is owed.
///
/// By clients of their POs, or to vendors of their orders, on a day; the oldest first.
#[utoipa::path(get, path = "/payments/reports/aging", tag = "payments", params(AgingQuery),
    responses((status = 200, body = WithData<Aging>), ReadErrors))]
pub(super) async fn age_open_amounts(
    shared: SharedRead,
    State(state): State<AppState>,
    Query(query): Query<AgingQuery>,
) -> Result<SharedAnswer<WithData<Aging>>> {
    shared
        .answer(async move {
            let aging = reports::aging(&state.db, &query, &state.clock).await?;
            Ok(Answer::ok(WithData(aging)))
        })
        .await
}

/// Record a payment.
///
/// Of a client, with `po_id`; or to a vendor, with `vendor_id` or `vendor_order_id`.
#[utoipa::path(post, path = "/payments", tag = "payments", params(LedgerQuery), request_body = NewPaymentBody,
    responses((status = 200, body = PaymentRecorded), WriteErrors))]
pub(super) async fn record_payment(
    write: Write<Editor>,
    State(state): State<AppState>,
    Query(query): Query<LedgerQuery>,
    Json(given): Json<Given>,
) -> Result<StoredAnswer> {
    if query.kind == Some(Ledger::Client) && given.has_any(&["vendor_id"]) {
        return Err(Error::invalid_field(
            "vendor_id",
            "value_error",
            "does not go with kind client",
        ));
    }
    let names_vendor =
        given.has_any(&["vendor_id", "vendor_order_id"]) && !given.has_any(&["po_id", "client_po_id"]);
    let ledger = match query.kind {
        Some(ledger) => ledger,
        None if names_vendor => Ledger::Vendor,
        None => Ledger::Client,
    };
    let (uow, payment, location) = match ledger {
        Ledger::Client => {
            let new: NewPaymentOfPo = given.read()?;
            let mut uow = write.begin().await?;
            let payment = client_payments::store::insert(&mut uow, new.po_id, &new.payment)
                .await
                .map_err(|error| match error {
                    Error::NotFound(_) => Error::unknown_reference("po_id", "PO"),
                    other => other,
                })?;
            let location = format!("/api/payments/{}", payment.id);
            (uow, payment, location)
        }
        Ledger::Vendor => {
            let new: NewVendorPayment = given.read()?;
            let mut uow = write.begin().await?;
            let payment = vendor_payments::store::insert(&mut uow, &new, state.clock.today()).await?;
            let location = format!("/api/payments/{}?kind=vendor", payment.id);
            (uow, payment, location)
        }
    };
    let version = payment.version;
    uow.commit(
        Answer::ok(PaymentRecorded::from(payment))
            .at(location)
            .version(version),
    )
    .await
}

/// One payment.
#[utoipa::path(get, path = "/payments/{payment_id}", tag = "payments", params(PaymentPath, LedgerQuery),
    responses((status = 200, body = PaymentAnswer), ReadErrors))]
pub(super) async fn get_payment(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(PaymentPath { payment_id }): Path<PaymentPath>,
    Query(query): Query<LedgerQuery>,
) -> Result<SharedAnswer<PaymentAnswer>> {
    shared
        .answer(async move {
            let payment = get(&db, query.ledger(), payment_id).await?;
            let version = payment.version;
            Ok(Answer::ok(PaymentAnswer::from(payment)).version(version))
        })
        .await
}

/// Change a payment.
///
/// 409 for a status that it must not get, for a reconciled payment but for its notes and status, and for an amount below what
/// is linked to vendor orders. Amount and date of a payment that arrived are changed by an admin only.
#[utoipa::path(put, path = "/payments/{payment_id}", tag = "payments", params(PaymentPath, LedgerQuery),
    request_body = PaymentChangeBody, responses((status = 200, body = PaymentChanged), WriteErrors))]
pub(super) async fn update_payment(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(PaymentPath { payment_id }): Path<PaymentPath>,
    Query(query): Query<LedgerQuery>,
    Json(given): Json<Given>,
) -> Result<StoredAnswer> {
    let change = match query.ledger() {
        Ledger::Client => LedgerChange::Client(Box::new(given.read()?)),
        Ledger::Vendor => LedgerChange::Vendor(Box::new(given.read()?)),
    };
    change_payment(write, state.clock.today(), payment_id, change, None).await
}

/// A change in one of the ledgers.
enum LedgerChange {
    Client(Box<ClientPaymentChange>),
    Vendor(Box<VendorPaymentChange>),
}

async fn change_payment(
    write: Write<Editor>,
    today: NaiveDate,
    id: PaymentId,
    change: LedgerChange,
    note: Option<&str>,
) -> Result<StoredAnswer> {
    let mover = mover(&write)?;
    let mut uow = write.begin().await?;
    let changed = match change {
        LedgerChange::Client(change) => {
            client_payments::store::update(&mut uow, ClientPaymentId(id.0), &change, mover, note).await?
        }
        LedgerChange::Vendor(change) => {
            vendor_payments::store::update(&mut uow, VendorPaymentId(id.0), &change, mover, note, today)
                .await?
        }
    };
    answer_change(uow, "Payment updated", changed).await
}

/// Delete a payment.
///
/// 409 if it is reconciled or linked to vendor orders.
#[utoipa::path(delete, path = "/payments/{payment_id}", tag = "payments", params(PaymentPath, LedgerQuery),
    responses((status = 200, body = Mirror<PaymentDeleted>), WriteErrors))]
pub(super) async fn delete_payment(
    write: Write<Admin>,
    Path(PaymentPath { payment_id }): Path<PaymentPath>,
    Query(query): Query<LedgerQuery>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    match query.ledger() {
        Ledger::Client => client_payments::store::delete(&mut uow, ClientPaymentId(payment_id.0)).await?,
        Ledger::Vendor => vendor_payments::store::delete(&mut uow, VendorPaymentId(payment_id.0)).await?,
    };
    uow.commit(Answer::ok(Mirror(PaymentDeleted {
        message: "Payment deleted",
        success: true,
        payment_id,
    })))
    .await
}

/// The statuses that a payment had, oldest first.
#[utoipa::path(get, path = "/payments/{payment_id}/status", tag = "payments", params(PaymentPath, LedgerQuery),
    responses((status = 200, body = Mirror<StatusHistory>), ReadErrors))]
pub(super) async fn get_payment_status(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(PaymentPath { payment_id }): Path<PaymentPath>,
    Query(query): Query<LedgerQuery>,
) -> Result<SharedAnswer<Mirror<StatusHistory>>> {
    shared
        .answer(async move {
            let ledger = query.ledger();
            let payment = get(&db, ledger, payment_id).await?;
            let entity = match ledger {
                Ledger::Client => client_payments::store::ENTITY,
                Ledger::Vendor => vendor_payments::store::ENTITY,
            };
            let status_history = store::history(&db, entity, &payment).await?;
            Ok(Answer::ok(Mirror(StatusHistory {
                payment_id,
                current_status: payment.status,
                status_history,
            }))
            .version(payment.version))
        })
        .await
}

/// Give a payment another status.
///
/// 409 for one that it must not get. The notes stand in its history.
#[utoipa::path(put, path = "/payments/{payment_id}/status", tag = "payments", params(PaymentPath, LedgerQuery),
    request_body = StatusChange, responses((status = 200, body = PaymentChanged), WriteErrors))]
pub(super) async fn update_payment_status(
    write: Write<Editor>,
    State(state): State<AppState>,
    Path(PaymentPath { payment_id }): Path<PaymentPath>,
    Query(query): Query<LedgerQuery>,
    Json(new): Json<StatusChange>,
) -> Result<StoredAnswer> {
    let status = Some(new.status);
    let change = match query.ledger() {
        Ledger::Client => LedgerChange::Client(Box::new(ClientPaymentChange {
            status,
            ..ClientPaymentChange::default()
        })),
        Ledger::Vendor => LedgerChange::Vendor(Box::new(VendorPaymentChange {
            status,
            ..VendorPaymentChange::default()
        })),
    };
    change_payment(
        write,
        state.clock.today(),
        payment_id,
        change,
        new.notes.as_deref(),
    )
    .await
}

/// Mark a payment as found in the bank's statement.
///
/// Only one that is `cleared` or `completed`; one that is reconciled already stays as it is.
#[utoipa::path(put, path = "/payments/{payment_id}/reconcile", tag = "payments", params(PaymentPath, LedgerQuery),
    request_body = Reconciliation, responses((status = 200, body = PaymentChanged), WriteErrors))]
pub(super) async fn reconcile_payment(
    write: Write<Editor>,
    Path(PaymentPath { payment_id }): Path<PaymentPath>,
    Query(query): Query<LedgerQuery>,
    Json(found): Json<Reconciliation>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let changed = match query.ledger() {
        Ledger::Client => {
            client_payments::store::reconcile(&mut uow, ClientPaymentId(payment_id.0), &found).await?
        }
        Ledger::Vendor => {
            vendor_payments::store::reconcile(&mut uow, VendorPaymentId(payment_id.0), &found).await?
        }
    };
    answer_change(uow, "Payment reconciled", changed).await
}

/// Send a batch of pending payments on its way.
///
/// All or nothing: 422 names each unknown id, 409 each payment that is not pending.
#[utoipa::path(post, path = "/payments/bulk-process", tag = "payments", params(LedgerQuery),
    request_body = NamedBatchBody, responses((status = 200, body = BatchDone), WriteErrors))]
pub(super) async fn process_payments(
    write: Write<Editor>,
    Query(query): Query<LedgerQuery>,
    Json(named): Json<NamedBatch>,
) -> Result<StoredAnswer> {
    let move_to = BatchMove {
        from: &[PaymentState::Pending],
        to: PaymentState::Processing,
        reference: &named.reference,
        day: named.day,
        note: named.batch.notes.as_deref(),
    };
    move_batch(
        write,
        query.ledger(),
        &named.batch,
        &move_to,
        "Batch processing initiated",
    )
    .await
}

/// Complete a batch of promised payments.
///
/// All or nothing: 422 names each unknown id, 409 each payment that is neither pending nor processing.
#[utoipa::path(post, path = "/payments/bulk-complete", tag = "payments", params(LedgerQuery),
    request_body = Batch, responses((status = 200, body = BatchDone), WriteErrors))]
pub(super) async fn complete_payments(
    write: Write<Editor>,
    State(state): State<AppState>,
    Query(query): Query<LedgerQuery>,
    Json(batch): Json<Batch>,
) -> Result<StoredAnswer> {
    let reference = match &batch.batch_reference {
        Some(reference) => reference.to_string(),
        None => batch_name(state.clock.now()),
    };
    let move_to = BatchMove {
        from: &PaymentState::OPEN,
        to: PaymentState::Completed,
        reference: &reference,
        day: batch.processing_date.unwrap_or_else(|| state.clock.today()),
        note: batch.notes.as_deref(),
    };
    move_batch(write, query.ledger(), &batch, &move_to, "Batch completed").await
}

/// The name of a batch that was given none.
fn batch_name(now: DateTime<Utc>) -> String {
    now.format("BATCH-%Y%m%d%H%M%S").to_string()
}

async fn move_batch(
    write: Write<Editor>,
    ledger: Ledger,
    batch: &Batch,
    move_to: &BatchMove<'_>,
    message: &'static str,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let ids = &batch.payment_ids;
    let total = match ledger {
        Ledger::Client => client_payments::store::move_batch(&mut uow, ids, move_to).await?,
        Ledger::Vendor => vendor_payments::store::move_batch(&mut uow, ids, move_to).await?,
    };
    uow.commit(Answer::ok(BatchDone::new(
        message,
        move_to.reference,
        move_to.day,
        ids.clone(),
        total,
    )))
    .await
}
