//! Quotations: what a store's work would cost, item by item. They are offers; no figure of the books counts them.
//!
//! A quotation is worth what its items add up to, each rounded to the paisa. Sums that a client sends along are not looked
//! at. Nothing changes a quotation once it is made; it can only be deleted. Source: purchase-order routes, section 10.

mod model;
mod routes;
mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{Item, NewItem, NewQuotation, Quotation, QuotationStatus};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_quotations, routes::create_quotation))
        .routes(routes!(routes::list_all_quotations))
        .routes(routes!(routes::get_quotation, routes::delete_quotation))
}
