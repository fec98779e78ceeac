//! stub
use crate::app::AppState;
use axum::Router;
/// stub
pub fn router(_d: utoipa::openapi::OpenApi) -> Router<AppState> {
    Router::new()
}
