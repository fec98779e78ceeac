//! Verbal agreements: POs that were agreed by word of mouth. One without a number is open and counts as an agreement; once it
//! has its number it counts as a PO. Its row stays the same, and with it its value, lines and payments. Source: the
//! purchase-order contract, section 7.

mod model;
mod routes;
mod store;

pub use model::Agreement;
pub use store::open_of_project;
use utoipa_axum::router::OpenApiRouter;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_verbal_agreement))
        .routes(routes!(routes::add_po_number))
        .routes(routes!(routes::list_verbal_agreements))
}
