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

mod clocks;
mod crash;
mod database_away;
mod disk_full;
mod kills;
mod log_folder;
#[path = "../it/figures/numbers.rs"]
mod numbers;
mod pool;
mod slow_clients;
mod support;

/// The settings of a process that works on the database of a test, and takes tokens of its users.
fn beside(app: &support::TestApp) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", app.database_url()),
        ("SECRET_KEY", support::app::SECRET_KEY.to_owned()),
        ("DB_POOL_SIZE", "2".to_owned()),
        ("DB_MAX_OVERFLOW", "6".to_owned()),
    ]
}
