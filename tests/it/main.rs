//! The one integration binary: every test goes through the HTTP door against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    dead_code,
    reason = "a test that meets what it did not expect ends by panicking; the harness offers more than each test takes"
)]

mod auth;
mod clients;
mod compression;
mod constraints;
mod database_away;
mod embedded;
mod errors;
mod health;
mod idempotency;
mod line_items;
mod middleware;
mod openapi;
mod projects;
mod purchase_orders;
mod queries;
mod rate_limit;
mod summaries;
mod support;
mod unit_of_work;
mod wire;
