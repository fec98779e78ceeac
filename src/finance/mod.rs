//! The books: one folder a domain.
use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

/// The routes of all domains.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
