//! stub
use super::Error;
use sqlx::error::DatabaseError;
/// stub
pub fn explain(_e: &(dyn DatabaseError + 'static)) -> Option<Error> {
    None
}
