//! Documents: stored files that belong to a project, a client PO, or both.
//!
//! A document of a PO moves with it into a project, and stays with the project when the PO goes; without a project it goes
//! with its PO. Who may read may fetch its file, and so may who holds a link to it. Source: uploads contract, section 6.

pub(super) use download::send_by_name;

mod download;
mod model;
mod routes;
pub(super) mod store;

use utoipa_axum::router::OpenApiRouter;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::upload_document))
        .routes(routes!(routes::list_documents, routes::create_document))
        .routes(routes!(routes::store_po_file, routes::list_po_files))
        .routes(routes!(routes::list_po_documents))
        .routes(routes!(routes::list_project_documents))
        .routes(routes!(routes::list_documents_of_project))
        .routes(routes!(download::download_document))
        .routes(routes!(routes::get_document, routes::delete_document))
}
