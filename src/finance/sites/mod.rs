//! The places that orders are for.

pub mod store;
