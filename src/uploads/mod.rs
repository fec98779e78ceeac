//! Files that come in: where they are stored, purchase orders that are made from them, and documents that stand beside them.
//!
//! A purchase-order file is streamed to storage, parsed off the async threads, and becomes a session, a file row, a
//! document and a client PO with its lines in one unit of work. A file that cannot be read is kept in its session,
//! marked as failed, and makes no PO.

mod bulk;
mod document_files;
mod documents;
mod download;
mod ingest;
mod intake;
mod named;
mod outgoing;
mod po;
mod proforma;
mod quota;
mod removal;
mod session_files;
mod sessions;
pub mod storage;
mod store;
pub mod sweeper;
mod verify;
mod workers;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use documents::store::remove_unnamed;
pub use intake::Parsers;
pub(crate) use named::{NamedFile, named_files};
pub(crate) use removal::{BACKUP_LOCK, Removal};
pub use sweeper::sweep;
pub use verify::{FileFault, FileReport, Scrubber, verify};

use crate::app::AppState;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(sessions::router())
        .merge(po::router())
        .merge(proforma::router())
        .merge(bulk::router())
        .merge(documents::router())
}

/// The routes that do not lie below `/api`.
pub fn old_links() -> OpenApiRouter<AppState> {
    sessions::old_links()
}
