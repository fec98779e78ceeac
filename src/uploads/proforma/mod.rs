//! The upload of one proforma invoice: read with everything that an invoice has to have, and saved as a client PO.
//!
//! Unlike the upload of a PO it is for any client, one without a parser of its own too: the file has the layout of a
//! proforma invoice. What is refused is kept in its session, marked as failed, and the answer says what is wrong in the words
//! that older clients read. Source: uploads contract, section 5.

mod model;
mod routes;

use utoipa_axum::router::OpenApiRouter;

use crate::{app::AppState, http::access::routes};

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(routes::upload_proforma_invoice))
}
