//! `serve`: the server, until a signal ends it.

use clap::Args;

use crate::config::{Config, LogFormat};
use crate::telemetry;

const AFTER_HELP: &str = "\
Without DATABASE_URL and DB_HOST the server finds PostgreSQL's programs on this machine and runs a private cluster of
its own below DATA_DIR (./data), reached over a unix socket only. The schema is brought up to date at start.

A first SIGTERM or Ctrl-C finishes running requests, a second one ends at once.

Examples:
  nexgen-finance serve
  HOST=0.0.0.0 PORT=8080 DATABASE_URL=postgres://finance:secret@db/Nexgen_erp nexgen-finance serve";

/// Start the server; the default without a command
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {}

/// Serves until a signal.
pub(super) fn run(config: Config) -> anyhow::Result<()> {
    let guard = telemetry::init(&config)?;
    tracing::info!("Starting application in {} mode", config.environment);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let log_format = config.telemetry.log_format;
    let served = super::block_on(crate::app::serve(config));
    if let Err(error) = &served
        && log_format == LogFormat::Json
    {
        // On a terminal the message on stderr suffices; who collects JSON lines would not see that one.
        tracing::error!(error = format!("{error:#}"), "the server failed");
    }
    drop(guard);
    served
}
