//! What the subcommands do that is not serving.

use secrecy::SecretString;

use super::Database;
use crate::{
    adoption, auth,
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

/// The OpenAPI document as JSON.
///
/// # Errors
/// If it cannot be written as JSON, which would be a fault of ours.
pub fn openapi_json() -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&router::document())?)
}
