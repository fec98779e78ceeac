//! Many purchase-order files at once, each a unit of work of its own: what is wrong with one stands at its place in the
//! answer, and the others are saved all the same.
//!
//! Files are taken in the order of the form, so that of two with one number the first becomes a PO and the second is told
//! which. A few are read ahead while one is saved. Each counts for its sender's quota; when that is used up, the rest of the
//! files are told so and not looked at. A file that is no order, or whose order exists already, is kept in a session of its
//! own, marked as failed, as in `POST /po/upload`.
//!
//! Under an `Idempotency-Key` the answer of the whole is kept when the last file is done, and so is that of each file that
//! was saved, with the file. A repeat of a request that was cut off in the middle finds the files that are done, with their
//! first answers, and does the others. A repeat of one that was answered gets that answer, and so what failed in it fails
//! again: send those files under another key. A request of which nothing was saved keeps no answer; repeated it is done anew.
//! Without a key, files that were saved come back as conflicts that name their PO.
//!
//! Source: uploads contract, sections 5 and 6.

mod model;
mod routes;
mod run;

use utoipa_axum::router::OpenApiRouter;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::upload_proforma_invoices))
        .routes(routes!(routes::upload_bajaj_orders))
}
