//! The companies that place purchase orders.
//!
//! Ids 1 (Bajaj) and 2 (Dava India) are always there: each has a parser of its own for the files that it sends, which
//! is found by id and name, so that another client under that id is not read with the wrong one.

mod model;
mod routes;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{Client, ClientChange, NewClient, Parser};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_clients, routes::create_client))
        .routes(routes!(
            routes::get_client,
            routes::update_client,
            routes::delete_client
        ))
}
