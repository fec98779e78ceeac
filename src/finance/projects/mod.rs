//! Projects, which purchase orders, vendor orders and bills belong to.
//!
//! A name is unique over all clients, without regard to case and outer blanks. Old data may hold doubles, so the rule is
//! kept here, under a lock, and not by an index.

pub mod delete;
mod model;
mod routes;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{NewProject, Project, ProjectChange, ProjectStatus};

use crate::{app::AppState, http::access::routes};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            routes::list_projects,
            routes::create_project,
            routes::delete_project_by_name
        ))
        .routes(routes!(routes::search_projects))
        .routes(routes!(
            routes::get_project,
            routes::update_project,
            routes::delete_project
        ))
}
