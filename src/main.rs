//! The program: runs what the command line asks for.

use std::process::ExitCode;

fn main() -> ExitCode {
    nexgen_finance::cli::run()
}
