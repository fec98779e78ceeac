//! What breaks around the server: it, its database, its disk, its clients, its clock. Nothing that was acknowledged is lost,
//! nothing is done twice, and the server goes on. The numbers are printed: `cargo test --test faults -- --nocapture`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::type_complexity,
    clippy::too_many_lines,
    clippy::print_stdout,
    dead_code,
    reason = "a test that meets what it did not expect ends by panicking; the harness offers more than each test takes"
)]

mod crash;
mod database_away;
mod kills;
#[path = "../it/figures/numbers.rs"]
mod numbers;
mod support;
