//! The companies that work is passed on to, and that appear as sellers on proforma invoices.
//!
//! Several may have one name; of a GSTIN there is only one, but for what older databases hold. One that anything refers to
//! stays. Source: the vendor contract, section 6.

mod change;
mod model;
mod rates;
mod routes;
pub mod store;

use utoipa_axum::{router::OpenApiRouter, routes};

pub use change::{NewVendor, VendorChange};
pub use model::{Vendor, VendorStatus};
pub use rates::RateConfiguration;

use crate::app::AppState;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_vendors, routes::create_vendor))
        .routes(routes!(routes::update_vendor, routes::delete_vendor))
}
