//! Purchase orders of clients: what was ordered, what it is worth, what of it was paid.
//!
//! A PO with lines is worth the sum of its lines and their taxes (basis `lines`), one without what was stated. `po_value`
//! and `total_tax` are the one maintained copy of that; every write of a PO or of a line computes them anew from the rows
//! under the PO's lock ([`store::revalue`]). Everything else (paid, outstanding, payment status) follows from the payments
//! and is computed when it is read, by the view `client_po_figures`. Source: purchase-order formulas, section 2.2.

pub mod agreements;
mod attach;
mod bajaj;
pub mod billable;
mod bundles;
mod change;
mod create;
pub mod delete;
mod delete_routes;
mod enriched;
mod list;
mod model;
mod overview;
mod places;
mod primary;
mod proformas;
mod routes;
pub mod store;
mod with_lines;
mod write_routes;

use utoipa_axum::router::OpenApiRouter;

pub(super) use delete_routes::Force;
pub use model::{
    PaymentStatus, PoStatus, PoType, PurchaseOrder, PurchaseOrderView, PurchaseOrderWithLines, ValueBasis,
};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_purchase_orders))
        .routes(routes!(routes::get_purchase_order))
        .routes(routes!(delete_routes::delete_purchase_order))
        .routes(routes!(routes::get_purchase_order_details))
        .routes(routes!(routes::list_client_pos))
        .routes(routes!(routes::get_client_po))
        .routes(routes!(routes::list_project_pos))
        .routes(routes!(routes::list_by_store))
        .routes(routes!(routes::list_enriched))
        .routes(routes!(routes::list_project_enriched))
        .routes(routes!(write_routes::create_purchase_order))
        .routes(routes!(write_routes::create_client_po))
        .routes(routes!(write_routes::create_project_po))
        .routes(routes!(write_routes::update_purchase_order))
        .routes(routes!(write_routes::attach_purchase_order))
        .routes(routes!(write_routes::set_primary_purchase_order))
        .routes(routes!(bajaj::list_bajaj_orders, bajaj::create_bajaj_order))
        .merge(agreements::router())
        .merge(proformas::router())
}
