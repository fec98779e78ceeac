//! The lines of bills: what a bill is made up of. They explain what it is worth and never change it; the bill shows both
//! sums and the gap between them.
//!
//! A line is part of its bill: the bill is locked first, has to be open, and has a new version afterwards.

mod model;
mod routes;
mod store;

use utoipa_axum::router::OpenApiRouter;

pub(super) use model::{Line, LineView};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            routes::list_billing_line_items,
            routes::add_billing_line_item
        ))
        .routes(routes!(routes::delete_billing_line_item))
}
