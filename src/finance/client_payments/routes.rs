//! The handlers of the payments below a PO.

use axum::extract::State;

use super::{
    NewClientPayment,
    model::{NewPoPaymentBody, PoPaymentList, PoPaymentQuery},
    store,
};
use crate::{
    auth::Editor,
    error::Result,
    finance::payments::PaymentRecorded,
    http::{
        extract::{Json, Path, Query, path_parameters},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    types::ids::ClientPoId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

path_parameters! {
    /// The PO that the payments are for.
    PoPath {
        /// Its id.
        po_id: ClientPoId,
    }
}

/// List the payments of a PO.
///
/// The latest first; `sort` may name `id`, `payment_date`, `amount`, `status` or `created_at`. The summary is over all
/// payments of the PO, whatever is listed.
#[utoipa::path(get, path = "/po/{po_id}/payments", tag = "payments", params(PoPath, PoPaymentQuery, PageQuery),
    responses((status = 200, body = PoPaymentList), ReadErrors))]
pub(super) async fn list_po_payments(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(PoPath { po_id }): Path<PoPath>,
    Query(query): Query<PoPaymentQuery>,
) -> Result<SharedAnswer<PoPaymentList>> {
    shared
        .answer(async move {
            let (payments, summary, page) = store::list_of_po(&db, po_id, &query).await?;
            Ok(Answer::ok(PoPaymentList::new(po_id, payments, summary, page)))
        })
        .await
}

/// Record a payment for a PO.
///
/// It counts as paid once it is `cleared` or `completed`. More than is owed is accepted: advances exist.
#[utoipa::path(post, path = "/po/{po_id}/payments", tag = "payments", params(PoPath),
    request_body = NewPoPaymentBody, responses((status = 200, body = PaymentRecorded), WriteErrors))]
pub(super) async fn record_po_payment(
    write: Write<Editor>,
    Path(PoPath { po_id }): Path<PoPath>,
    Json(new): Json<NewClientPayment>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let payment = store::insert(&mut uow, po_id, &new).await?;
    let version = payment.version;
    uow.commit(Answer::ok(PaymentRecorded::from(payment)).version(version))
        .await
}
