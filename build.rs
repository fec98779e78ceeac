//! Makes the build notice a new migration: the migrations are part of the program.
#![expect(
    clippy::print_stdout,
    reason = "cargo reads a build script's instructions from its output"
)]

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
