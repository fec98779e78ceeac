//! Proforma invoices: POs that have an invoice's number, whoever made them. One that is made here is of the type `proforma`,
//! has no PO number yet, and is worth its items; what was stated stands beside that. Files become invoices in
//! [`uploads`](crate::uploads). Source: the uploads contract, section 5.

mod model;
mod routes;
mod rules;
mod store;

use utoipa_axum::router::OpenApiRouter;

pub(super) use model::{ItemBody, items, only_rupees, worth};
pub(super) use rules::{LineAmounts, Paper};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            routes::list_proforma_invoices,
            routes::create_proforma_invoice
        ))
        .routes(routes!(
            routes::list_proforma_invoices_by_plural,
            routes::create_proforma_invoice_by_plural
        ))
        .routes(routes!(routes::validate_proforma_invoice))
}
