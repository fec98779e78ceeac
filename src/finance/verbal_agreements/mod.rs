//! Verbal agreements: work that a client ordered by word of mouth, before there is a PO number.
//!
//! An agreement is a client PO of the type `verbal_agreement`. Without a number it is open and counts as an agreement; with
//! one it counts as a PO and as nothing else. It keeps its type, id, value, lines and payments, so that it is never counted
//! twice. Everything else that can be done with a PO is done by the routes of POs. Source: purchase-order routes, section 7.

mod model;
mod routes;
pub mod store;

use utoipa_axum::{router::OpenApiRouter, routes};

pub use model::{Agreement, AgreementView, NewAgreement, PoNumber};

use crate::app::AppState;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_agreement))
        .routes(routes!(routes::list_agreements))
        .routes(routes!(routes::add_po_number))
}
