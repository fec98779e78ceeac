//! The upload of one purchase-order file: received, looked at, parsed, and saved as a client PO with its lines.
//!
//! A file that is not what its name says is refused and leaves nothing. One that is, but cannot be read as an order, or
//! whose order exists already, is kept in its session as evidence, marked as failed, and the answer says what is wrong.

pub(super) mod intake;
mod model;
mod routes;

use utoipa_axum::router::OpenApiRouter;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::upload_purchase_order))
        .routes(routes!(routes::upload_purchase_order_by_its_older_path))
}
