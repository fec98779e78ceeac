//! The books: one folder a domain, each the owner of its tables. Figures that cross documents live in [`summaries`].

pub mod billing;
pub mod client_payments;
pub mod clients;
pub mod kept_totals;
pub mod line_items;
pub mod payment_links;
pub mod payments;
pub mod projects;
pub mod purchase_orders;
pub mod quotations;
pub mod recorded;
pub mod references;
pub mod sites;
pub mod summaries;
pub mod vendor_orders;
pub mod vendor_payments;
pub mod vendors;

use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

/// The routes of all domains.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(clients::router())
        .merge(projects::router())
        .merge(purchase_orders::router())
        .merge(line_items::router())
        .merge(summaries::router())
        .merge(payments::router())
        .merge(client_payments::router())
        .merge(quotations::router())
        .merge(vendor_payments::router())
        .merge(payment_links::router())
        .merge(vendor_orders::router())
        .merge(billing::router())
        .merge(vendors::router())
}
