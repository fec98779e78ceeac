//! `check-config`: what takes effect of the settings, or all their faults.

use clap::Args;

use crate::config::Config;

const AFTER_HELP: &str = "\
Prints one line NAME=value a setting, with what was not set marked `# default`, and masks every secret. Warnings and
faults go to standard error. Exit code 0 if the settings can be used, 2 if not.

Examples:
  nexgen-finance check-config
  APP_ENVIRONMENT=production nexgen-finance check-config      what production would still refuse";

/// Print the settings that take effect, secrets masked, or all their faults
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {}

/// Prints the settings; that they are fine is known by then.
pub(super) fn run(config: &Config) -> anyhow::Result<()> {
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    super::print(&config.show().to_string())
}
