//! The clients' ledger, table `client_payment`: money from clients for their POs, and back to them.
//!
//! What is paid of a PO follows from its payments when it is read; a write locks the PO first, so that sums and kept totals
//! follow each other. Routes that serve both ledgers are in [`payments`](super::payments). Source: the purchase-order
//! contract, section 8.

mod model;
mod routes;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{ClientPaymentChange, NewClientPayment, NewPaymentOfPo};
pub(crate) use model::{ClientPaymentChangeBody, NewClientPaymentBody};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(routes::list_po_payments, routes::record_po_payment))
}
