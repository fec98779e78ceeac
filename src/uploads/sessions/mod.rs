//! Upload sessions: a place that takes files for a while.
//!
//! Everybody who may read sees all sessions and their files. Editors open sessions and put files into them; a session is
//! deleted by who opened it, a file by who sent it, and both by an admin. Where a session is for a client whose files can be
//! read, each file is read as it comes, and becomes a PO if it can.
//!
//! A session that is past its end, or closed, is no longer there for anybody, but files of which a PO was made, or that were
//! sent with a PO's number, stay: they are found by that number, and fetched as before. Source: uploads contract, sections 1
//! to 3.

mod archive;
mod by_number;
mod download;
mod expiry;
mod file_routes;
mod files;
mod model;
mod old_links;
mod receive;
mod routes;
mod store;

use utoipa_axum::router::OpenApiRouter;

pub(super) use expiry::sweep;
pub(super) use old_links::router as old_links;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::open_session))
        .routes(routes!(routes::get_session, routes::delete_session))
        .routes(routes!(routes::get_session_stats))
        .routes(routes!(
            receive::upload_session_file,
            file_routes::list_session_files
        ))
        .routes(routes!(file_routes::delete_session_file))
        .routes(routes!(download::download_session_file))
        .routes(routes!(
            archive::download_all_session_files,
            archive::fetch_all_session_files
        ))
        .routes(routes!(by_number::list_files_of_number))
        .routes(routes!(by_number::list_files_of_number_under_files))
        .routes(routes!(by_number::get_stats_of_number))
        .routes(routes!(by_number::list_files_of_upload))
}
