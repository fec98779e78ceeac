//! Figures that cross documents: what a project earned, owes and is owed.
//!
//! Each figure has one formula, stated beside its column in the query. Nothing here is stored.

mod billing;
mod model;
mod profit;
mod routes;
mod rules;
mod store;
mod vendors;

use utoipa_axum::router::OpenApiRouter;

use crate::{app::AppState, http::access::routes};

/// The routes.
#[expect(deprecated, reason = "a route that is kept for older clients")]
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::get_financial_summary))
        .routes(routes!(routes::analyse_profit))
        .routes(routes!(routes::get_billing_summary))
        .routes(routes!(routes::get_billing_pl_analysis))
        .routes(routes!(routes::get_pl_analysis))
        .routes(routes!(routes::get_vendor_summary))
}
