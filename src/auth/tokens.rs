//! stub
#![allow(missing_docs)]
use crate::{config::AuthConfig, types::Clock};
pub struct AuthState;
impl AuthState {
    pub fn new(_c: &AuthConfig, _clock: Clock) -> Self {
        Self
    }
}
