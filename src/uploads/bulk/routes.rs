//! The handlers of many files at once.

use axum::extract::{Request, State};

use super::{
    model::{BulkForm, BulkOptions, InvoicesUploaded, OrdersUploaded},
    run::{self, Kind},
};
use crate::{
    app::AppState,
    auth::Editor,
    documents::Layout,
    error::Result,
    http::openapi::WriteErrors,
    types::ids::ClientId,
    unit_of_work::{Answer, StoredAnswer, Write},
};

const INVOICES: Kind = Kind {
    client: ClientId(2),
    layout: Layout::PROFORMA_INVOICE,
    upload_type: "proforma_invoice_bulk",
    description: "Proforma Invoice bulk upload",
};
const ORDERS: Kind = Kind {
    client: ClientId(1),
    layout: Layout::BAJAJ_ORDER,
    upload_type: "po_bulk",
    description: "PO bulk upload",
};

/// Upload many proforma invoices and make a client PO of each.
///
/// Each file (xlsx, xls) is saved by itself, in the order of the form; at most as many as a session takes. An invoice needs
/// a number and items, as in `POST /po/upload`; what else it lacks is a warning. One that exists already is a conflict in its
/// own place, which names the PO. When the quota of uploads ends before the files do, the rest of them say `RATE_LIMITED`;
/// when it had ended before, the answer is 429. The client
/// is Dava India unless the request names one. If no file could be saved the answer is 422, with each file under
/// `file_errors`.
///
/// Under an `Idempotency-Key` a repeat of a request that was cut off in the middle answers the files that are saved as they
/// were answered first, and does the others.
#[utoipa::path(post, path = "/proforma-invoice/bulk", tag = "uploads", params(BulkOptions),
    request_body(content = BulkForm, content_type = "multipart/form-data"),
    responses((status = 200, body = InvoicesUploaded), WriteErrors))]
pub(super) async fn upload_proforma_invoices(
    write: Write<Editor>,
    State(state): State<AppState>,
    request: Request,
) -> Result<StoredAnswer> {
    let results = run::run(&write, &state, request, INVOICES).await?;
    let counters = results.counters()?;
    let uow = write.begin().await?;
    uow.unchanged(Answer::ok(InvoicesUploaded {
        counters,
        uploaded_pis: results.saved,
        errors: results.failed,
    }))
    .await
}

/// Upload many Bajaj purchase orders and make a client PO of each.
///
/// As `POST /proforma-invoice/bulk`, for files (pdf, xlsx, xls) in the layout of Bajaj's orders; the client is Bajaj unless
/// the request names one.
#[utoipa::path(post, path = "/bajaj-po/bulk", tag = "uploads", params(BulkOptions),
    request_body(content = BulkForm, content_type = "multipart/form-data"),
    responses((status = 200, body = OrdersUploaded), WriteErrors))]
pub(super) async fn upload_bajaj_orders(
    write: Write<Editor>,
    State(state): State<AppState>,
    request: Request,
) -> Result<StoredAnswer> {
    let results = run::run(&write, &state, request, ORDERS).await?;
    let counters = results.counters()?;
    let uow = write.begin().await?;
    uow.unchanged(Answer::ok(OrdersUploaded {
        counters,
        uploaded_pos: results.saved,
        errors: results.failed,
    }))
    .await
}
