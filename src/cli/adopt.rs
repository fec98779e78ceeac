//! `adopt`: brings a database of the predecessor in, and ends.

use std::{fs::File, io::Write, path::PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::{
    adoption::{Origin, Request},
    config::Config,
    telemetry,
};

const AFTER_HELP: &str = "\
Without --from, the configured database itself is adopted in place, as the server does when it starts, with a report.
With --from, the predecessor's tables are brought into the configured database, which must hold no rows yet: from another
database, read in one snapshot and never written to, or from a dump in SQL, of pg_dump or of the predecessor, packed with
gzip or not. No statement of a dump is executed; a row that cannot be placed ends the run with its line. A password may be
left out of the URL and given as PGPASSWORD. LEGACY_TIMEZONE says in which zone old timestamps were written: by default that
of the other database's server; of a dump, which does not tell, that of the configured one's.

Everything happens in one transaction: a run that fails or is killed leaves nothing behind and can be repeated, and a
second run finds its work done. The rows and the money of every table are compared before and after. While it runs, the
tables of the configured database are locked, in a dry run too; stop the server first.

--retry-constraints and --repair follow an adoption, beside the running server. The first creates the constraints that rows
were in the way of, and lists the rows that still are (exit code 1 if any). The second repairs known faults of old data,
with an entry in the audit trail for each row: line-rate, proforma lines that hold the tax in place of the rate.

The report (JSON) goes to standard output or into a file; a summary and the progress go to standard error.

Examples:
  nexgen-finance adopt --dry-run --report report.json
  nexgen-finance adopt --from postgres://reader:secret@old-host/Nexgen_erp --report report.json
  nexgen-finance adopt --from backup.sql.gz > report.json
  nexgen-finance adopt --retry-constraints
  nexgen-finance adopt --repair line-rate --dry-run";

/// Bring a database of the predecessor in, and end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Where the rows come from: a database's URL, or a file with a dump in SQL
    #[arg(long, value_name = "URL|FILE")]
    from: Option<String>,
    /// Try everything and undo it; also tells which stored files are missing
    #[arg(long)]
    dry_run: bool,
    /// Write the report into this file instead of to standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Create the constraints that rows were in the way of
    #[arg(long, conflicts_with_all = ["from", "report", "repair"])]
    retry_constraints: bool,
    /// Repair a known fault of old data
    #[arg(long, value_name = "FAULT", conflicts_with_all = ["from", "report"])]
    repair: Option<Fault>,
}

/// What can be repaired.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fault {
    /// Proforma lines that hold the tax in place of the rate
    LineRate,
}

/// Adopts and reports.
pub(super) fn run(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let Arguments {
        from,
        dry_run,
        report: file,
        retry_constraints,
        repair,
    } = arguments;
    let _guard = telemetry::init_for_command(&config)?;
    if retry_constraints {
        return retry(config, dry_run);
    }
    if let Some(Fault::LineRate) = repair {
        let repaired = super::block_on(crate::app::repair_line_rates(config, dry_run))?;
        return super::print(&repaired.summary(dry_run));
    }
    let request = Request {
        origin: from.map(origin),
        dry_run,
    };
    // Before the work: a report that cannot be written is no surprise for its end.
    let file = file
        .map(|path| File::create(&path).with_context(|| format!("writing the report to {}", path.display())))
        .transpose()?;
    let progress = super::progress::on_stderr();
    let report = super::block_on(crate::app::adopt(config, request, progress.as_ref()))?;
    drop(progress);
    eprint!("{}", report.summary());
    let json = report.to_json()?;
    match file {
        Some(mut file) => file.write_all(json.as_bytes()).context("writing the report"),
        None => super::print(&json),
    }
}

fn retry(config: Config, dry_run: bool) -> anyhow::Result<()> {
    let retried = super::block_on(crate::app::retry_constraints(config, dry_run))?;
    super::print(&retried.summary(dry_run))?;
    anyhow::ensure!(
        retried.waiting.is_empty(),
        "{} constraint(s) still wait for the repair of rows",
        retried.waiting.len()
    );
    Ok(())
}

/// A URL is recognised by its scheme; everything else is a file.
fn origin(from: String) -> Origin {
    if from.contains("://") {
        Origin::Database(from.into())
    } else {
        Origin::Dump(PathBuf::from(from))
    }
}
