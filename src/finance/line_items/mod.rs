//! The lines of client POs: what was ordered, how much of it, at which price and tax.
//!
//! A line's total is the printed or given amount, else quantity × unit price, rounded to the paisa; see [`rules`]. Every
//! write locks the line's PO first and computes its value anew.

mod model;
mod routes;
pub mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{Line, LineColumns, LineView, NewLine};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_line_items, routes::add_line_item))
        .routes(routes!(routes::add_line_items))
        .routes(routes!(routes::update_line_item, routes::delete_line_item))
        .routes(routes!(routes::list_project_line_items))
}
