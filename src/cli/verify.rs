//! `verify`: holds what the database says against what is stored, and ends.

use std::io::IsTerminal;

use clap::Args;

use crate::config::Config;
use crate::telemetry;

const AFTER_HELP: &str = "\
Reads every stored file that a row names and compares its length and hash with the row. Files that no row names are
listed; they are left alone. Ends with exit code 1 if anything is missing or changed. It may run beside the server and
changes nothing.

Example:
  DATABASE_URL=postgres://finance:secret@db/Nexgen_erp UPLOAD_DIR=/srv/nexgen/uploads nexgen-finance verify";

/// Hold the stored files against the database, and end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {}

/// Verifies and tells what was found.
pub(super) fn run(config: Config) -> anyhow::Result<()> {
    let _guard = telemetry::init_for_command(&config)?;
    verify(config)
}

/// The same for a command that ends with it.
pub(super) fn verify(config: Config) -> anyhow::Result<()> {
    let is_watched = std::io::stderr().is_terminal();
    let report = super::block_on(crate::app::verify(config, |report| {
        if is_watched && report.files % 100 == 0 {
            eprint!("\r{} files, {} bytes", report.files, report.bytes);
        }
    }))?;
    if is_watched {
        eprint!("\r");
    }
    let faults = report.faults.iter().map(|fault| format!("{fault}\n"));
    let notes = report
        .unknown
        .iter()
        .map(|file| format!("note: {file}: no row names it\n"));
    let sum = format!(
        "{} files with {} bytes were read; {} of them are not as they should be; {} files are named by no row.\n",
        report.files,
        report.bytes,
        report.faults.len(),
        report.unknown.len()
    );
    super::print(&faults.chain(notes).chain([sum]).collect::<String>())?;
    anyhow::ensure!(report.faults.is_empty(), "stored files are missing or changed");
    Ok(())
}
