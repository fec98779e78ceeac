//! `backup`: saves everything into one file, and ends.

use std::{path::PathBuf, sync::Arc};

use anyhow::bail;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    backup::{Saved, first},
    config::Config,
    telemetry,
};

const AFTER_HELP: &str = "\
Writes the database and every stored file that it names into FILE, a tar archive, as they were at one moment; a server
goes on working meanwhile. FILE comes to be when it is complete, readable by its owner alone. It needs pg_dump of the
server's version or newer. Files that are missing or changed are named, and do not keep the rest from being saved.

Example:
  DATABASE_URL=postgres://finance:secret@db/Nexgen_erp UPLOAD_DIR=/srv/nexgen/uploads \\
      nexgen-finance backup /var/backups/nexgen-finance/today.tar";

/// Save the database and the stored files into one file, and end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The archive to be made
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace FILE if there is one
    #[arg(long)]
    force: bool,
}

/// Saves, and tells what was saved.
pub(super) fn run(config: Config, arguments: &Arguments) -> anyhow::Result<()> {
    let _guard = telemetry::init_for_command(&config)?;
    let saved = super::block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let saving = crate::app::backup(
            config,
            &arguments.file,
            arguments.force,
            Arc::new(super::progress),
        );
        // Dropped half-way it takes back what it has written.
        tokio::select! {
            saved = saving => saved,
            _ = terminate.recv() => bail!("interrupted; nothing was saved"),
            _ = interrupt.recv() => bail!("interrupted; nothing was saved"),
        }
    })?;
    super::print(&told(&saved, arguments))
}

fn told(saved: &Saved, arguments: &Arguments) -> String {
    let manifest = &saved.manifest;
    let warnings = first(&saved.warnings)
        .into_iter()
        .map(|line| format!("warning: {line}\n"));
    let sum = format!(
        "{}: {} rows in {} tables and {} files with {} bytes, as of {}; {} bytes in all.\n",
        arguments.file.display(),
        manifest.rows(),
        manifest.tables.len(),
        manifest.files.len(),
        manifest.file_bytes(),
        manifest.taken_at.format("%Y-%m-%dT%H:%M:%SZ"),
        saved.bytes
    );
    warnings.chain([sum]).collect()
}
