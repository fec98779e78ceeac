//! Payments of both ledgers under one roof: the routes below `/payments`, the words and the state machine that both share.
//!
//! Money from clients is in `client_payment` ([`client_payments`](super::client_payments)), money to vendors in
//! `vendor_payment` ([`vendor_payments`](super::vendor_payments)); their ids overlap, so that each request says which is
//! meant, or means the clients'. Source: the purchase-order contract, section 8.

mod body;
mod list;
mod model;
mod reports;
mod routes;
pub mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use body::{Batch, Reconciliation, positive_amount};
pub(crate) use list::check_days;
pub use list::{CREATED, ID, PAYMENT_DATE, PaymentQuery, SORTS, States};
pub use model::{
    Ledger, Payment, PaymentMode, PaymentRecorded, PaymentStage, PaymentState, PaymentView, StatusEntry,
    TransactionType,
};
pub(crate) use routes::mover;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_payments, routes::record_payment))
        .routes(routes!(routes::list_pending_payments))
        .routes(routes!(routes::list_payments_to_reconcile))
        .routes(routes!(routes::list_payments_by_date))
        .routes(routes!(routes::summarize_payments_by_vendor))
        .routes(routes!(routes::age_open_amounts))
        .routes(routes!(routes::process_payments))
        .routes(routes!(routes::complete_payments))
        .routes(routes!(
            routes::get_payment,
            routes::update_payment,
            routes::delete_payment
        ))
        .routes(routes!(routes::get_payment_status, routes::update_payment_status))
        .routes(routes!(routes::reconcile_payment))
}
