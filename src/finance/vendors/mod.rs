//! The companies that work is passed on to, and that appear as sellers on proforma invoices.
//!
//! Several may have one name; of a GSTIN there is only one, but for what older databases hold. One that anything refers to
//! stays. What was ordered from a vendor and paid to it comes from the kept totals, so that its pages cost the same however
//! much that is. Source: the vendor contract, section 6.

mod change;
mod details;
mod figures;
pub mod hold;
mod model;
mod orders;
mod payments;
mod rates;
mod reports;
mod routes;
mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use change::{NewVendor, VendorChange};
pub use figures::VendorFigures;
pub use model::{Vendor, VendorStatus};
pub use rates::RateConfiguration;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_vendors, routes::create_vendor))
        .routes(routes!(
            routes::get_vendor,
            routes::update_vendor,
            routes::delete_vendor
        ))
        .routes(routes!(routes::get_vendor_payment_summary))
        .routes(routes!(routes::get_vendor_payment_stats))
        .routes(routes!(routes::list_orders_of_vendor))
        .routes(routes!(routes::list_payments_to_vendor))
        .routes(routes!(routes::get_vendor_details))
}
