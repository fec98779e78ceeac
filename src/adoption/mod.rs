//! Bringing a database of the predecessor in: in place, from another database, or from a dump.
//!
//! The rules of the adoption itself stand in the first migration. Here is what surrounds it: a source is read without
//! being written to or executed, everything happens in one transaction of the target, the rows and rupees are held against
//! each other before it is committed, and all of it is reported. A run that ends early, however it ends, leaves nothing; a
//! second run finds its work done. `constraints` and `line_rate` are the repairs that follow an adoption.

pub(crate) mod constraints;
mod dates;
mod dump;
mod fields;
mod figures;
mod files;
pub(crate) mod line_rate;
mod load;
mod report;
mod source;
mod tables;
mod target;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::SecretString;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

pub use self::{
    constraints::{Retried, Waiting},
    line_rate::Repaired,
    report::{Count, Done, Finding, Report, Sum},
};
use self::{
    figures::{Figures, Told},
    source::Source,
    target::Target,
};
use crate::{
    config::DatabaseConfig,
    postgres::migrate,
    uploads::{named_files, storage::Storage},
};

/// How many unexplained figures an error lists.
const COMPLAINTS: usize = 10;

/// What is to be adopted, and how.
#[derive(Debug)]
pub struct Request {
    /// Where the rows come from; the configured database itself if nowhere else.
    pub origin: Option<Origin>,
    /// Whether all of it is undone at the end.
    pub dry_run: bool,
}

/// Where rows come from.
#[derive(Debug)]
pub enum Origin {
    /// A database, by its URL.
    Database(SecretString),
    /// A dump in a file.
    Dump(PathBuf),
}

/// Who watches an adoption.
pub trait Progress {
    /// A part begins.
    fn phase(&self, what: &str);
    /// How much the part has to do.
    fn size(&self, size: u64);
    /// How much of it is done.
    fn at(&self, done: u64);
}

/// Adopts what is asked for into the database behind `options`. A run that is undone looks for stored files in `storage`.
///
/// # Errors
/// If a database cannot be reached, the source cannot be read, the target holds rows that would be lost, the adoption
/// stops at a row, or the figures do not agree. Nothing is written then.
pub(crate) async fn adopt(
    options: &PgConnectOptions,
    config: &DatabaseConfig,
    storage: Option<&Storage>,
    request: &Request,
    progress: &dyn Progress,
) -> anyhow::Result<Report> {
    let mut source = match &request.origin {
        Some(Origin::Database(url)) => {
            progress.phase("reading the other database");
            Some(Source::open(url).await?)
        }
        _ => None,
    };
    progress.phase("waiting for the database");
    let mut session = migrate::session(options, config).await?;
    let mut transaction = session.begin().await?;
    sqlx::raw_sql(
        "SET LOCAL idle_in_transaction_session_timeout = 0;
         SET LOCAL standard_conforming_strings = on",
    )
    .execute(&mut *transaction)
    .await?;
    let mut report = Report::new(request.dry_run);
    let is_new = match run(&mut transaction, request, source.as_mut(), &mut report, progress).await {
        Ok(is_new) => is_new,
        Err(error) => {
            transaction.rollback().await?;
            return Err(migrate::why(&mut session, error).await);
        }
    };
    if let Some(source) = source {
        source.close().await?;
    }
    if request.dry_run {
        let named = named_files(&mut transaction).await?;
        transaction.rollback().await?;
        if let Some(storage) = storage {
            progress.phase("looking for stored files");
            files::report_missing(storage, named, &mut report).await?;
        }
    } else if is_new {
        transaction.commit().await.context("committing the adoption")?;
        migrate::finish(&mut session).await?;
    } else {
        transaction.rollback().await?;
    }
    // Closing the session gives the lock back.
    session.close().await?;
    Ok(report)
}

/// What a source has put into the target.
struct Loaded {
    figures: Figures,
    name: String,
    fingerprint: String,
    /// Tables of the target that have made room.
    removed: Vec<String>,
}

/// Loads and adopts, inside the transaction that keeps or undoes it; whether there was anything to do.
async fn run(
    transaction: &mut PgConnection,
    request: &Request,
    source: Option<&mut Source>,
    report: &mut Report,
    progress: &dyn Progress,
) -> anyhow::Result<bool> {
    let loaded = match (&request.origin, source) {
        (None, _) => None,
        (Some(origin), source) => {
            let loaded = match (origin, source) {
                (Origin::Dump(path), _) => load_dump(transaction, path, report, progress).await?,
                (Origin::Database(_), Some(source)) => {
                    load_database(transaction, source, report, progress).await?
                }
                (Origin::Database(_), None) => None,
            };
            if loaded.is_none() {
                return nothing_to_do(transaction, report).await;
            }
            loaded
        }
    };
    report.take_shape(transaction).await?;
    let texts = migrate::read_text_columns(transaction).await?;
    let before = match &loaded {
        Some(loaded) if texts == 0 => loaded.figures.clone(),
        // What was text has figures only now.
        _ => figures::take(transaction).await?,
    };
    let kept = figures::keep(transaction).await?;
    let clients = figures::clients(transaction).await?;
    progress.phase("adopting");
    let ran = migrate::run_within(transaction).await?;
    if ran == 0 {
        return nothing_to_do(transaction, report).await;
    }
    let has_baseline: bool = sqlx::query_scalar("SELECT to_regclass('pg_temp.adopt_finding') IS NOT NULL")
        .fetch_one(&mut *transaction)
        .await?;
    let told = if has_baseline {
        report.take_baseline(transaction).await?;
        Told::read(transaction, &clients).await?
    } else {
        // An earlier version adopted it; what is filled now is told where its findings are.
        report.take_earlier(transaction).await?;
        Told::of_this_run(transaction).await?
    };
    report.did("*", "migrations", "ran", Some(i64::try_from(ran)?));
    if let Some(loaded) = &loaded {
        target::ensure_remade(transaction, &loaded.removed).await?;
        target::note_left_out(transaction, report).await?;
        target::note_source(transaction, report.run_id, &loaded.name, &loaded.fingerprint).await?;
    }
    progress.phase("comparing rows and sums");
    let after = figures::take(transaction).await?;
    let complaints = figures::unexplained(transaction, &kept, &before, &after, &told).await?;
    if !complaints.is_empty() {
        bail!(unexplained(&complaints));
    }
    report.counts = Figures::counts(&before, &after);
    report.sums = Figures::sums(&before, &after);
    report.outcome = match (request.dry_run, &loaded) {
        (true, _) => "Dry run: everything was tried and undone; nothing is changed.".to_owned(),
        (false, Some(loaded)) => format!("Adopted from {}.", loaded.name),
        (false, None) => "Adopted in place.".to_owned(),
    };
    Ok(true)
}

/// Reports what an earlier run has done.
async fn nothing_to_do(transaction: &mut PgConnection, report: &mut Report) -> anyhow::Result<bool> {
    report.take_shape(transaction).await?;
    report.take_earlier(transaction).await?;
    let figures = figures::take(transaction).await?;
    report.counts = Figures::counts(&figures, &figures);
    report.sums = Figures::sums(&figures, &figures);
    "Nothing to do: this was adopted before; nothing is changed.".clone_into(&mut report.outcome);
    Ok(false)
}

fn unexplained(complaints: &[String]) -> String {
    let more = complaints.len().saturating_sub(COMPLAINTS);
    let listed: Vec<&str> = complaints.iter().take(COMPLAINTS).map(String::as_str).collect();
    let more = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    format!(
        "figures before and after do not agree, and no finding explains it; nothing was written: {}{more}",
        listed.join("; ")
    )
}

/// Copies the tables of another database; `None` if that was done before.
async fn load_database(
    transaction: &mut PgConnection,
    source: &mut Source,
    report: &mut Report,
    progress: &dyn Progress,
) -> anyhow::Result<Option<Loaded>> {
    if source.identity == source::identity(transaction).await? {
        bail!(
            "the database after --from is the configured one: run adopt without --from to adopt it in place"
        );
    }
    let name = format!("database {}", source.identity);
    let removed = match target::make_room(transaction).await? {
        Target::Empty { removed } => removed,
        Target::Adopted { from, fingerprint } => {
            ensure_same(&from, &fingerprint, &name, &source.fingerprint)?;
            return Ok(None);
        }
    };
    progress.phase("copying");
    create_schema(transaction).await?;
    source.copy_into(transaction, report, progress).await?;
    // Unless the settings name a zone, it is that of the server on which the timestamps were written.
    sqlx::query(
        "SELECT set_config('nexgen.legacy_timezone', $1, true) WHERE current_setting('nexgen.legacy_timezone') = ''",
    )
    .bind(&source.timezone)
    .execute(&mut *transaction)
    .await?;
    let figures = source.figures().await?;
    let loaded = figures::take(transaction).await?;
    if figures != loaded {
        bail!("the rows that arrived are not those of the other database; nothing was written");
    }
    Ok(Some(Loaded {
        figures,
        name,
        fingerprint: source.fingerprint.clone(),
        removed,
    }))
}

/// Loads the tables of a dump; `None` if that was done before.
async fn load_dump(
    transaction: &mut PgConnection,
    path: &Path,
    report: &mut Report,
    progress: &dyn Progress,
) -> anyhow::Result<Option<Loaded>> {
    let removed = match target::make_room(transaction).await? {
        Target::Empty { removed } => removed,
        Target::Adopted { from, fingerprint } => {
            progress.phase("reading the dump");
            let hash = dump::hash(path).await?;
            ensure_same(&from, &fingerprint, &dump_name(path), &hash)?;
            return Ok(None);
        }
    };
    progress.phase("loading the dump");
    create_schema(transaction).await?;
    let reading = dump::read(path)?;
    let (counts, ending) = load::from_dump(transaction, reading, report, progress).await?;
    if counts.is_empty() {
        bail!(r#"the dump holds no table of the predecessor's schema "Finances""#);
    }
    let figures = figures::take(transaction).await?;
    if figures.counts != counts {
        bail!("the rows that arrived are not those of the dump; nothing was written");
    }
    for (table, rows) in counts {
        report.did(table, "loaded", "from a dump", Some(rows));
    }
    for (kind, statements) in ending.passed_over {
        report.did("*", "passed over", kind, Some(i64::try_from(statements)?));
    }
    Ok(Some(Loaded {
        figures,
        name: dump_name(path),
        fingerprint: ending.hash,
        removed,
    }))
}

/// A dump as the report names it: where it lies does not matter.
fn dump_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    format!("dump {}", name.to_string_lossy())
}

/// Whether a target that was loaded before was loaded from the same rows.
fn ensure_same(from: &str, fingerprint: &str, name: &str, now: &str) -> anyhow::Result<()> {
    if fingerprint == now {
        return Ok(());
    }
    if from == name {
        bail!(
            "the configured database was adopted from {from} before, which has changed since; adopt into an empty \
             database to take the changes over; nothing was written"
        );
    }
    bail!(
        "the configured database was adopted from {from} before; adopt into an empty database; nothing was written"
    );
}

async fn create_schema(transaction: &mut PgConnection) -> anyhow::Result<()> {
    // Where it is there, its owner need not have the right to make one.
    if !migrate::schema_exists(transaction).await? {
        sqlx::raw_sql(r#"CREATE SCHEMA "Finances""#)
            .execute(transaction)
            .await?;
    }
    Ok(())
}
