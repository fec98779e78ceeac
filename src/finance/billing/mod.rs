//! Billing POs, "bills": what is billed to a client of one of its POs, net of GST and with it.
//!
//! A bill is a draft, then final, then approved; there is no way back, and an approved one is fixed. Bills that are final or
//! approved count, each beside the others, but for one that a revision takes the place of: from the moment the revision is
//! final. Lines break a bill down and never change what it is worth.
//!
//! Every write locks the bill and the one that it revises, in the order of their ids, so that of two requests at once the
//! later sees what the earlier did. Source: the vendor contract, sections 3, 4.4 and 12.

mod answers;
mod body;
mod change;
mod create;
mod lines;
mod model;
mod revision;
mod routes;
mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{Bill, BillStatus, BillView};
pub use store::find_id;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_billing_pos, routes::create_billing_po))
        .routes(routes!(routes::update_billing_po_of_project))
        .routes(routes!(
            routes::get_billing_po,
            routes::update_billing_po,
            routes::delete_billing_po
        ))
        .routes(routes!(routes::approve_billing_po))
        .merge(lines::router())
}
