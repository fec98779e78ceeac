//! `migrate`: brings the database's schema up to date, and ends.

use clap::Args;

use crate::config::Config;
use crate::telemetry;

const AFTER_HELP: &str = "\
For installations with AUTO_MIGRATE=false: run it before the new version of the server starts. It creates the schema in
an empty database, adopts a database of the predecessor in place, and does nothing where all is up to date. Several at
once wait for each other. MIGRATE_DATABASE_URL names a direct connection where DATABASE_URL goes through a pooler.

Example:
  DATABASE_URL=postgres://finance:secret@db/Nexgen_erp nexgen-finance migrate";

/// Bring the database's schema up to date, and end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {}

/// Migrates and tells what was done.
pub(super) fn run(config: Config) -> anyhow::Result<()> {
    let _guard = telemetry::init_for_command(&config)?;
    let report = super::block_on(crate::app::migrate(config))?;
    super::print(&format!("{report}\n"))
}
