//! The vendors' ledger, table `vendor_payment`: money to vendors for their orders, and in advance.
//!
//! A payment to a vendor counts as paid once it is cleared, completed or reconciled. More than an order is worth may be
//! paid; what is over is shown. A write locks the vendor orders first that the payment is for or is linked to, then the
//! payment. Routes that serve both ledgers are in [`payments`](super::payments). Source: the vendor contract, sections 3
//! and 10.

pub mod checks;
pub mod ledger;
mod model;
pub mod read;
mod routes;
pub mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;

pub use ledger::{OwnPaymentsQuery, VendorPaymentQuery};
pub use model::{NewVendorPayment, VendorPaymentChange};
pub(crate) use model::{NewVendorPaymentBody, VendorPaymentChangeBody};
pub use view::{VendorPaymentPage, VendorPaymentView};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            routes::list_vendor_payments,
            routes::record_vendor_payment
        ))
        .routes(routes!(
            routes::get_vendor_payment,
            routes::update_vendor_payment,
            routes::delete_vendor_payment
        ))
        .routes(routes!(
            routes::list_vendor_order_payments,
            routes::record_vendor_order_payment
        ))
        .routes(routes!(
            routes::list_project_vendor_payments,
            routes::record_project_vendor_payment
        ))
}
