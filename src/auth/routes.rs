//! stub
#![allow(missing_docs)]
use crate::app::AppState;
use utoipa_axum::router::OpenApiRouter;
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
