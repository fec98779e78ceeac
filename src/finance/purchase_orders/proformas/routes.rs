//! The handlers of proforma invoices.

use axum::extract::State;

use super::{
    model::{InvoiceCreated, InvoiceList, InvoiceQuery, NewInvoice, NewInvoiceBody, Verdict},
    rules, store,
};
use crate::{
    auth::Editor,
    error::Result,
    finance::purchase_orders::{overview, routes::ClientPoPath},
    http::{
        envelope::{Mirror, Success},
        extract::{Json, Path, Query},
        list::PageQuery,
        openapi::{ReadErrors, WriteErrors},
        shared_read::{SharedAnswer, SharedRead},
    },
    postgres::Pool,
    unit_of_work::{Answer, StoredAnswer, Write},
};

/// List the proforma invoices, the newest first.
///
/// They are the POs that have an invoice's number. `sort` may name `id`, `po_number`, `po_date`, `pi_date`, `po_value`,
/// `status`, `store_id` or `created_at`.
#[utoipa::path(get, path = "/proforma-invoice", tag = "proforma invoices", params(InvoiceQuery, PageQuery),
    responses((status = 200, body = Success<InvoiceList>), ReadErrors))]
pub(super) async fn list_proforma_invoices(
    shared: SharedRead,
    State(db): State<Pool>,
    Query(query): Query<InvoiceQuery>,
) -> Result<SharedAnswer<Success<InvoiceList>>> {
    shared
        .answer(async move {
            let (proforma_invoices, page) = store::list(&db, &query).await?;
            Ok(Answer::ok(Success(InvoiceList {
                proforma_invoices,
                page,
            })))
        })
        .await
}

/// List the proforma invoices, under their other path.
///
/// The same as `GET /proforma-invoice`.
#[utoipa::path(get, path = "/proforma-invoices", tag = "proforma invoices", params(InvoiceQuery, PageQuery),
    responses((status = 200, body = Success<InvoiceList>), ReadErrors))]
pub(super) async fn list_proforma_invoices_by_plural(
    shared: SharedRead,
    db: State<Pool>,
    query: Query<InvoiceQuery>,
) -> Result<SharedAnswer<Success<InvoiceList>>> {
    list_proforma_invoices(shared, db, query).await
}

/// Make a proforma invoice.
///
/// It is a PO without a number. With items it is worth their sum, tax included, and `amount` has to say the same to the paisa;
/// without, what `amount` states. 409 if its number is taken in the project, or without one among the client's POs that have
/// none.
#[utoipa::path(post, path = "/proforma-invoice", tag = "proforma invoices", request_body = NewInvoiceBody,
    responses((status = 200, body = Mirror<InvoiceCreated>), WriteErrors))]
pub(super) async fn create_proforma_invoice(
    write: Write<Editor>,
    Json(new): Json<NewInvoice>,
) -> Result<StoredAnswer> {
    let mut uow = write.begin().await?;
    let made = store::create(&mut uow, &new).await?;
    let path = format!("/api/po/{}", made.invoice.id);
    uow.commit(Answer::ok(Mirror(made)).at(path)).await
}

/// Make a proforma invoice, under the other path.
///
/// The same as `POST /proforma-invoice`.
#[utoipa::path(post, path = "/proforma-invoices", tag = "proforma invoices", request_body = NewInvoiceBody,
    responses((status = 200, body = Mirror<InvoiceCreated>), WriteErrors))]
pub(super) async fn create_proforma_invoice_by_plural(
    write: Write<Editor>,
    new: Json<NewInvoice>,
) -> Result<StoredAnswer> {
    create_proforma_invoice(write, new).await
}

/// Whether the figures of an invoice agree.
///
/// The sum of the lines before tax is the subtotal; CGST, SGST and IGST are the tax; subtotal and tax are the grand total, which
/// is the sum of the lines with tax too; and each line is its quantity × rate. The grand total and the tax are the stated ones,
/// else those of the PO; what is not known counts as 0, and a line without tax as it is before tax. A paisa may be missing
/// everywhere.
#[utoipa::path(get, path = "/proforma-invoice/validate/{client_po_id}", tag = "proforma invoices", params(ClientPoPath),
    responses((status = 200, body = Verdict), ReadErrors))]
pub(super) async fn validate_proforma_invoice(
    shared: SharedRead,
    State(db): State<Pool>,
    Path(ClientPoPath { client_po_id }): Path<ClientPoPath>,
) -> Result<SharedAnswer<Verdict>> {
    shared
        .answer(async move {
            let overview = overview::get(&db, client_po_id).await?;
            let (paper, lines) = overview.figures();
            let validation_errors = rules::contradictions(paper, &lines);
            Ok(Answer::ok(Verdict {
                status: if validation_errors.is_empty() {
                    "VALID"
                } else {
                    "INVALID"
                },
                client_po_id,
                line_item_count: lines.len(),
                validation_errors,
                po_data: overview.into(),
            }))
        })
        .await
}
