//! What the subcommands do that is not serving.

use std::{path::Path, sync::Arc};

use secrecy::SecretString;

use super::{Database, database::program_search};
use crate::{
    auth,
    backup::{self, Checked, Listener, Restored, Saved},
    config::Config,
    http::router,
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

/// Holds the stored files against the database; `progress` hears of each file.
///
/// # Errors
/// If the database or the storage cannot be reached.
pub async fn verify(config: Config, progress: impl FnMut(&FileReport)) -> anyhow::Result<FileReport> {
    let database = Database::reach_beside_server(&config.database).await?;
    let pool = database.pool(&config.database);
    let storage = Storage::open(&config.uploads).await?;
    let report = uploads::verify(&pool, &storage, progress).await;
    pool.close().await;
    database.close().await?;
    Ok(report?)
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
