//! Payment links, table `payment_vendor_link`: which part of a payment is meant for which vendor order; and what an order
//! earns and costs, which follows from them.
//!
//! An incoming link allots money of a client to an order; an outgoing one a share of an advance to its vendor, or money that
//! went back to the client. The parts of a payment never exceed it, and an order takes no more than it has room for: what
//! is over is refused, not cut. A link request locks the client PO whose room is shared, the client payment, the vendor
//! order and the vendor payment, in this order, and adds up what they have only then. Room is a rule for what is to be
//! linked: an order that is worth less later keeps its links. Source: the vendor contract, sections 4.2, 4.3, 9 and 11.

mod model;
mod profit;
mod read;
mod routes;
mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{Link, LinkQuery, LinkSource, LinkType, NewLink, PaymentName};
pub use rules::BillableBasis;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::link_payment))
        .routes(routes!(routes::list_linked_payments))
        .routes(routes!(routes::unlink_payment))
        .routes(routes!(routes::list_payment_links))
        .routes(routes!(routes::summarize_order_payments))
        .routes(routes!(routes::analyze_order_profit))
}
