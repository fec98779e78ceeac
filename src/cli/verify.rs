//! `verify`: holds what is kept against what it follows from (audit trail, rows, kept totals, stored files), and ends.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};

use crate::{
    app::{Checks, Part, Progress, VerifyReport},
    audit::verify::Anchor,
    config::Config,
    telemetry,
};

const AFTER_HELP: &str = "\
trail   walks the audit trail, hashes each sealed batch anew and compares; tells of entries and seals that were
        changed, removed, put in or moved. The last line of it names the head of the chain, BATCH:HASH; note it elsewhere
        and give it to --expect-head later (the log has one for every batch), so that nobody can take away the end of
        the trail or make it anew unnoticed.
rows    compares documents, lines, payments, bills, quotations, clients, projects, vendors and users with what the trail
        recorded of them last; tells of those that were changed, removed or put in by other ways than the server, with
        the entry that says otherwise and its batch.
totals  makes the kept totals and the values of documents anew from their rows and compares.
files   reads every stored file that a row names and compares its length and hash with the row. Files that no row
        names are listed; they are left alone.

Without a word it does all of them. Each finding is a line that begins with trail:, rows:, totals: or files:. Ends with exit
code 1 if there is any. It may run beside the server and changes nothing.

Example:
  DATABASE_URL=postgres://finance:secret@db/Nexgen_erp UPLOAD_DIR=/srv/nexgen/uploads nexgen-finance verify
  nexgen-finance verify trail --expect-head 12:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// Hold the audit trail, the rows, the kept totals and the stored files against each other, and end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// What to look at; everything if nothing is named
    #[arg(value_name = "WHAT")]
    what: Vec<What>,
    /// A head of the audit trail that was noted earlier; may be given several times
    #[arg(long, value_name = "HASH|BATCH:HASH")]
    expect_head: Vec<Anchor>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The audit trail
    Trail,
    /// Documents, lines and payments against the trail
    Rows,
    /// Kept totals and values of documents
    Totals,
    /// Stored files
    Files,
}

impl From<What> for Part {
    fn from(what: What) -> Self {
        match what {
            What::Trail => Self::Trail,
            What::Rows => Self::Rows,
            What::Totals => Self::Totals,
            What::Files => Self::Files,
        }
    }
}

impl Arguments {
    fn checks(self) -> Checks {
        let mut checks = Checks::all();
        if !self.what.is_empty() {
            checks.parts = self.what.into_iter().map(Part::from).collect();
            // Who expects a head wants to know.
            if !self.expect_head.is_empty() {
                checks.parts.push(Part::Trail);
            }
        }
        checks.anchors = self.expect_head;
        checks
    }
}

/// Verifies and tells what was found.
pub(super) fn run(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let _guard = telemetry::init_for_command(&config)?;
    verify(config, arguments.checks())
}

/// The same for a command that ends with it.
pub(super) fn verify(config: Config, checks: Checks) -> anyhow::Result<()> {
    let is_watched = std::io::stderr().is_terminal();
    let report = super::block_on(crate::app::verify(config, checks, |progress| {
        if !is_watched {
            return;
        }
        match progress {
            Progress::Trail(trail) => eprint!("\r{} audit entries", trail.entries),
            Progress::Files(files) if files.files % 100 == 0 => {
                eprint!("\r{} files, {} bytes", files.files, files.bytes);
            }
            Progress::Files(_) => {}
        }
    }))?;
    if is_watched {
        eprint!("\r");
    }
    super::print(&told(&report))?;
    anyhow::ensure!(report.is_clean(), "not everything is as it should be");
    Ok(())
}

/// The report as lines: of each part the findings, then notes, then what was looked at.
fn told(report: &VerifyReport) -> String {
    let mut lines = Vec::new();
    if let Some(trail) = &report.trail {
        lines.extend(trail.faults.iter().map(|fault| format!("trail: {fault}")));
        if let Some(since) = trail.unsealed_since {
            lines.push(format!(
                "note: {} audit entries are not sealed yet, the oldest of {}",
                trail.unsealed,
                since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            ));
        }
        let head = trail.head.as_ref().map(ToString::to_string);
        lines.push(format!(
            "{} audit entries in {} batches were read; {} findings; the head of the trail is {}.",
            trail.entries,
            trail.batches,
            trail.faults.len(),
            head.as_deref().unwrap_or("not sealed yet")
        ));
    }
    if let Some(rows) = &report.rows {
        lines.extend(rows.iter().map(|fault| format!("rows: {fault}")));
        lines.push(format!(
            "Rows were held against the trail; {} findings.",
            rows.len()
        ));
    }
    if let Some(totals) = &report.totals {
        lines.extend(totals.iter().map(|fault| format!("totals: {fault}")));
        lines.push(format!(
            "Kept totals and the values of documents were made anew; {} of them are not what they should be.",
            totals.len()
        ));
    }
    if let Some(files) = &report.files {
        lines.extend(files.faults.iter().map(|fault| format!("files: {fault}")));
        let unknown = files.unknown.iter();
        lines.extend(unknown.map(|file| format!("note: {file}: no row names it")));
        lines.push(format!(
            "{} files with {} bytes were read; {} of them are not as they should be; {} files are named by no row.",
            files.files,
            files.bytes,
            files.faults.len(),
            files.unknown.len()
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}
