//! `restore`: brings a backup back, and ends.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use crate::{
    app::{Checks, RestoreReport},
    backup::{Manifest, first},
    config::Config,
    telemetry,
};

const AFTER_HELP: &str = "\
Checks all of FILE first, and then brings back the stored files and the database, as they were when `backup` made it: into
a database without tables of this program, beside stored files that are not others of the same names, while no server
runs. It brings the schema up to date, compares rows and sums with those that were saved, and ends with what `verify`
does. Cut off in the middle, it may be run again. It needs pg_restore of the server's version or newer. The dump in FILE
runs with all rights that the role of DATABASE_URL has: take only files that you made.

Example:
  DATABASE_URL=postgres://finance:secret@db/Nexgen_new UPLOAD_DIR=/srv/nexgen/new \\
      nexgen-finance restore /var/backups/nexgen-finance/today.tar
  nexgen-finance restore --verify-only today.tar          only check the file";

/// Bring a backup back into an empty place, and end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The archive that `backup` made
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only check the archive; nothing is restored, no database is needed
    #[arg(long)]
    verify_only: bool,
}

/// Restores, and tells what came back.
pub(super) fn run(config: Config, arguments: &Arguments) -> anyhow::Result<()> {
    let _guard = telemetry::init_for_command(&config)?;
    let settings = config.clone();
    super::block_on(async {
        let checked = crate::backup::check(&arguments.file, Arc::new(super::progress)).await?;
        super::print(&format!("whole: {}", told(&checked.manifest)))?;
        if arguments.verify_only {
            return Ok(());
        }
        let report = crate::app::restore(settings, &checked, Arc::new(super::progress)).await?;
        super::print(&came_back(&report, &checked.manifest))
    })?;
    if arguments.verify_only {
        return Ok(());
    }
    super::verify::verify(config, Checks::all())
}

fn told(manifest: &Manifest) -> String {
    format!(
        "{} rows in {} tables and {} files with {} bytes, as of {}, of version {} on PostgreSQL {}.\n",
        manifest.rows(),
        manifest.tables.len(),
        manifest.files.len(),
        manifest.file_bytes(),
        manifest.taken_at.format("%Y-%m-%dT%H:%M:%SZ"),
        manifest.program_version,
        manifest.postgres_version
    )
}

fn came_back(report: &RestoreReport, manifest: &Manifest) -> String {
    let restored = &report.restored;
    let mut notes = Vec::new();
    if restored.database_was_there {
        notes.push("the database held these rows already".to_owned());
    }
    let found = manifest.files.len() - restored.files_written;
    if found > 0 {
        notes.push(format!("{found} files were there already"));
    }
    if restored.search_was_left_out {
        notes.push(
            "the search goes without its indexes, for which PostgreSQL's extension pg_trgm is missing"
                .to_owned(),
        );
    }
    if report.migrations > 0 {
        notes.push(format!("{} migration(s) ran", report.migrations));
    }
    let changed = report
        .changed
        .iter()
        .map(|change| format!("since the migrations: {change}"));
    notes.extend(changed);
    let missing = manifest
        .missing_files
        .iter()
        .map(|file| format!("{file}: was missing when the backup was made"));
    notes.extend(first(&missing.collect::<Vec<_>>()));
    let notes = notes.into_iter().map(|note| format!("note: {note}\n"));
    std::iter::once(format!("restored: {}", told(manifest)))
        .chain(notes)
        .collect()
}
