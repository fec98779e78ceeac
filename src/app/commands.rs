//! What the subcommands do that is not serving.

use std::{path::Path, sync::Arc};

use secrecy::SecretString;

use super::{Database, database::program_search};
use crate::{
    adoption,
    audit::{
        self,
        verify::{Anchor, TrailReport},
    },
    auth,
    backup::{self, Checked, Listener, Restored, Saved},
    config::Config,
    finance::{
        kept_totals::{self, TotalFault},
        recorded::{self, RowFault},
    },
    http::router,
    postgres::Pool,
    uploads::{self, FileReport, storage::Storage},
};

/// An admin to be made.
#[derive(Debug)]
pub struct NewAdmin {
    /// The name to sign in with.
    pub username: String,
    /// The email address.
    pub email: String,
    /// The password.
    pub password: SecretString,
}

/// Brings the database's schema up to date; says what was done.
///
/// # Errors
/// If the database cannot be reached or a migration fails.
pub async fn migrate(config: Config) -> anyhow::Result<String> {
    let database = Database::reach_beside_server(&config.database).await?;
    let report = match database.migrate(&config.database).await? {
        0 => "The schema is up to date.".to_owned(),
        ran => format!("{ran} migration(s) ran; the schema is up to date."),
    };
    database.close().await?;
    Ok(report)
}

/// Makes a user with the role admin, or gives a user of that name the role and the password.
///
/// # Errors
/// If the database cannot be reached, or the name, address or password will not do.
pub async fn create_admin(config: Config, admin: NewAdmin) -> anyhow::Result<()> {
    let database = Database::reach_beside_server(&config.database).await?;
    database.prepare(&config.database).await?;
    let pool = database.pool(&config.database);
    let made = auth::create_admin(&pool, &admin.username, &admin.email, &admin.password).await;
    pool.close().await;
    database.close().await?;
    made?;
    Ok(())
}

/// A part of what `verify` can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The audit trail.
    Trail,
    /// Documents, lines and payments against the audit trail.
    Rows,
    /// Kept totals and the values of documents.
    Totals,
    /// Stored files.
    Files,
}

/// What `verify` looks at.
#[derive(Debug)]
pub struct Checks {
    /// These parts.
    pub parts: Vec<Part>,
    /// Heads of the trail that were noted earlier.
    pub anchors: Vec<Anchor>,
}

impl Checks {
    /// Everything.
    pub fn all() -> Self {
        Self {
            parts: vec![Part::Trail, Part::Rows, Part::Totals, Part::Files],
            anchors: Vec::new(),
        }
    }

    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

/// What `verify` found; `None` where it did not look.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// The audit trail.
    pub trail: Option<TrailReport>,
    /// Rows that are not as they were recorded.
    pub rows: Option<Vec<RowFault>>,
    /// What is kept and not so.
    pub totals: Option<Vec<TotalFault>>,
    /// Stored files.
    pub files: Option<FileReport>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.trail.as_ref().is_none_or(|trail| trail.faults.is_empty())
            && self.rows.as_ref().is_none_or(Vec::is_empty)
            && self.totals.as_ref().is_none_or(Vec::is_empty)
            && self.files.as_ref().is_none_or(|files| files.faults.is_empty())
    }
}

/// How far a part of `verify` has come.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Of the audit trail.
    Trail(&'a TrailReport),
    /// Of the stored files.
    Files(&'a FileReport),
}

/// Holds what is kept against what it follows from; `progress` hears of each batch and file.
///
/// # Errors
/// If the database or the storage cannot be reached.
pub async fn verify(
    config: Config,
    checks: Checks,
    mut progress: impl FnMut(Progress<'_>),
) -> anyhow::Result<VerifyReport> {
    let database = Database::reach_beside_server(&config.database).await?;
    let pool = database.pool(&config.database);
    let report = look(&pool, &config, &checks, &mut progress).await;
    pool.close().await;
    database.close().await?;
    report
}

async fn look(
    db: &Pool,
    config: &Config,
    checks: &Checks,
    progress: &mut impl FnMut(Progress<'_>),
) -> anyhow::Result<VerifyReport> {
    let mut report = VerifyReport::default();
    if checks.has(Part::Trail) {
        let walked = audit::verify::verify(db, &checks.anchors, |trail| progress(Progress::Trail(trail)));
        report.trail = Some(walked.await?);
    }
    if checks.has(Part::Rows) {
        report.rows = Some(recorded::verify(db).await?);
    }
    if checks.has(Part::Totals) {
        report.totals = Some(kept_totals::verify(db).await?);
    }
    if checks.has(Part::Files) {
        let storage = Storage::open(&config.uploads).await?;
        let read = uploads::verify(db, &storage, |files| progress(Progress::Files(files)));
        report.files = Some(read.await?);
    }
    Ok(report)
}

/// Adopts a database of the predecessor; `progress` hears how far it is.
///
/// # Errors
/// If a database or the storage cannot be reached, or the adoption refuses; nothing is written then.
pub async fn adopt(
    config: Config,
    request: adoption::Request,
    progress: &dyn adoption::Progress,
) -> anyhow::Result<adoption::Report> {
    let database = Database::reach_beside_server(&config.database).await?;
    let storage = if request.dry_run {
        Some(Storage::open(&config.uploads).await?)
    } else {
        None
    };
    let report = database
        .adopt(&config.database, storage.as_ref(), &request, progress)
        .await;
    database.close().await?;
    report
}

/// Tries to create the constraints that an adoption had to leave out.
///
/// # Errors
/// If the database cannot be reached or is not adopted.
pub async fn retry_constraints(config: Config, dry_run: bool) -> anyhow::Result<adoption::Retried> {
    let database = Database::reach_beside_server(&config.database).await?;
    let retried = database.retry_constraints(&config.database, dry_run).await;
    database.close().await?;
    retried
}

/// Repairs lines of proformas that hold the tax in place of the rate.
///
/// # Errors
/// If the database cannot be reached, or an order gets worth more than its column holds; nothing is written then.
pub async fn repair_line_rates(config: Config, dry_run: bool) -> anyhow::Result<adoption::Repaired> {
    let database = Database::reach_beside_server(&config.database).await?;
    database.prepare(&config.database).await?;
    let pool = database.pool(&config.database);
    let repaired = adoption::line_rate::repair(&pool, dry_run).await;
    pool.close().await;
    database.close().await?;
    Ok(repaired?)
}

/// Saves the database and the stored files into `file`; `replace` allows that there is one already.
///
/// # Errors
/// If the database or the storage cannot be reached, `pg_dump` is missing or too old, or the file cannot be written.
pub async fn backup(config: Config, file: &Path, replace: bool, listener: Listener) -> anyhow::Result<Saved> {
    let database = Database::reach_beside_server(&config.database).await?;
    let storage = Storage::open(&config.uploads).await?;
    let source = backup::Source {
        options: database.direct_options(),
        storage: &storage,
        search: &program_search(&config.database),
    };
    let saved = backup::save(source, file, replace, listener).await;
    database.close().await?;
    saved
}

/// What a restore has done.
#[derive(Debug)]
pub struct RestoreReport {
    /// What came back.
    pub restored: Restored,
    /// How many migrations of this program ran on it.
    pub migrations: usize,
    /// What these changed of the rows and sums that were saved.
    pub changed: Vec<String>,
}

/// Brings a backup back into an empty place, and its schema up to date.
///
/// # Errors
/// If the place is not empty or in use, `pg_restore` is missing or too old, or what comes back is not what was saved.
pub async fn restore(config: Config, checked: &Checked, listener: Listener) -> anyhow::Result<RestoreReport> {
    // Not beside a server: it would work on what is half there.
    let database = Database::reach(&config.database).await?;
    let report = restore_into(&config, &database, checked, listener).await;
    database.close().await?;
    report
}

async fn restore_into(
    config: &Config,
    database: &Database,
    checked: &Checked,
    listener: Listener,
) -> anyhow::Result<RestoreReport> {
    let storage = Storage::open(&config.uploads).await?;
    let place = backup::Place {
        options: database.direct_options(),
        storage: &storage,
        search: &program_search(&config.database),
    };
    let restored = backup::restore(place, checked, Arc::clone(&listener)).await?;
    listener("bringing the schema up to date");
    let migrations = database.migrate(&config.database).await?;
    Ok(RestoreReport {
        restored,
        migrations,
        changed: backup::changed_since(database.direct_options(), checked).await?,
    })
}

/// The OpenAPI document as JSON.
///
/// # Errors
/// If it cannot be written as JSON, which would be a fault of ours.
pub fn openapi_json() -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&router::document())?)
}
