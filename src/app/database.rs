//! The database that the settings name: one elsewhere, or a private cluster that this process starts and watches.

use std::{
    path::PathBuf,
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{
    adoption,
    config::{DatabaseConfig, DatabaseTarget},
    postgres::{
        Pool,
        embedded::{EmbeddedError, EmbeddedPostgres, EmbeddedSettings},
        migrate,
        programs::ProgramSearch,
    },
    uploads::storage::Storage,
};

/// The database's name in the embedded cluster.
const EMBEDDED_DATABASE: &str = "Nexgen_erp";
/// Where root's clusters go if root alone can enter the data folder.
const SYSTEM_FOLDER: &str = "/var/lib/nexgen-finance";
/// Connections of the embedded cluster beyond the pool: for commands beside the server, psql, and PostgreSQL's own reserve.
const SPARE_CONNECTIONS: u32 = 20;
/// How long an external database may take to come up before the start is given up.
const CONNECT_PATIENCE: Duration = Duration::from_mins(1);
const RETRY_FLOOR: Duration = Duration::from_millis(100);
const RETRY_CEILING: Duration = Duration::from_secs(5);

/// The options to connect with, and the cluster behind them if it is ours.
pub struct Database {
    options: PgConnectOptions,
    migrate_options: PgConnectOptions,
    cluster: Option<EmbeddedPostgres>,
}

impl Database {
    /// Starts the embedded cluster, or waits until the external database takes connections.
    ///
    /// # Errors
    /// If the cluster does not start, a URL cannot be read, or the database does not answer within a minute.
    pub async fn reach(config: &DatabaseConfig) -> anyhow::Result<Self> {
        match &config.target {
            DatabaseTarget::Embedded { data_dir } => {
                Self::embedded(Self::start_cluster(data_dir.clone(), config).await?).await
            }
            DatabaseTarget::External(url) => Self::external(url, config).await,
        }
    }

    /// The same for a command, which may run beside a server that has the embedded cluster running.
    ///
    /// # Errors
    /// As [`reach`](Self::reach).
    pub async fn reach_beside_server(config: &DatabaseConfig) -> anyhow::Result<Self> {
        let DatabaseTarget::Embedded { data_dir } = &config.target else {
            return Self::reach(config).await;
        };
        match Self::start_cluster(data_dir.clone(), config).await {
            Err(EmbeddedError::InUse { .. }) => {
                let options = EmbeddedPostgres::beside(data_dir, EMBEDDED_DATABASE)?;
                wait_for(&options).await?;
                Ok(Self {
                    migrate_options: options.clone(),
                    options,
                    cluster: None,
                })
            }
            cluster => Self::embedded(cluster?).await,
        }
    }

    async fn start_cluster(
        data_dir: PathBuf,
        config: &DatabaseConfig,
    ) -> Result<EmbeddedPostgres, EmbeddedError> {
        let mut settings = EmbeddedSettings::new(data_dir, program_search(config));
        settings.elsewhere = Some(PathBuf::from(SYSTEM_FOLDER));
        let pool = config.pool_size.saturating_add(config.max_overflow);
        let needed = u16::try_from(pool.saturating_add(SPARE_CONNECTIONS)).unwrap_or(u16::MAX);
        settings.max_connections = settings.max_connections.max(needed);
        EmbeddedPostgres::start(settings).await
    }

    async fn embedded(cluster: EmbeddedPostgres) -> anyhow::Result<Self> {
        cluster.ensure_database(EMBEDDED_DATABASE).await?;
        let options = cluster.connect_options(EMBEDDED_DATABASE);
        Ok(Self {
            migrate_options: options.clone(),
            options,
            cluster: Some(cluster),
        })
    }

    async fn external(url: &SecretString, config: &DatabaseConfig) -> anyhow::Result<Self> {
        let options = options(url)?;
        let migrate_options = config
            .migrate_url
            .as_ref()
            .map_or(Ok(options.clone()), self::options)?;
        wait_for(&options).await?;
        Ok(Self {
            options,
            migrate_options,
            cluster: None,
        })
    }

    /// Brings the schema up to date, or only checks that it is.
    ///
    /// # Errors
    /// If a migration fails, or with `AUTO_MIGRATE=false` if one is missing.
    pub async fn prepare(&self, config: &DatabaseConfig) -> anyhow::Result<()> {
        if config.auto_migrate {
            migrate::migrate(&self.migrate_options, config).await?;
            return Ok(());
        }
        match migrate::behind(&self.migrate_options).await? {
            0 => Ok(()),
            missing => bail!(
                "the database schema is {missing} migration(s) behind and AUTO_MIGRATE is false: run 'nexgen-finance migrate'"
            ),
        }
    }

    /// Brings the schema up to date whatever the settings say; how many migrations ran.
    ///
    /// # Errors
    /// If a migration fails.
    pub async fn migrate(&self, config: &DatabaseConfig) -> anyhow::Result<usize> {
        migrate::migrate(&self.migrate_options, config).await
    }

    /// Adopts a database of the predecessor into this one.
    ///
    /// # Errors
    /// If the adoption refuses; nothing is written then.
    pub async fn adopt(
        &self,
        config: &DatabaseConfig,
        storage: Option<&Storage>,
        request: &adoption::Request,
        progress: &dyn adoption::Progress,
    ) -> anyhow::Result<adoption::Report> {
        adoption::adopt(&self.migrate_options, config, storage, request, progress).await
    }

    /// Tries to create the constraints that an adoption had to leave out.
    ///
    /// # Errors
    /// If the database cannot be reached or is not adopted.
    pub async fn retry_constraints(
        &self,
        config: &DatabaseConfig,
        dry_run: bool,
    ) -> anyhow::Result<adoption::Retried> {
        adoption::constraints::retry(&self.migrate_options, config, dry_run).await
    }

    /// The way to the database that no pooler stands in, for what needs a session of its own.
    pub fn direct_options(&self) -> &PgConnectOptions {
        &self.migrate_options
    }

    /// The pool of connections.
    pub fn pool(&self, config: &DatabaseConfig) -> Pool {
        Pool::open(self.options.clone(), config)
    }

    /// Watches the embedded cluster, if there is one, and starts it again when it ends.
    pub(super) fn watch(self) -> Watch {
        let (stop, stopped) = oneshot::channel();
        Watch {
            stop,
            task: tokio::spawn(keep_running(self.cluster, stopped)),
        }
    }

    /// Stops the embedded cluster, if there is one; close the pool first.
    ///
    /// # Errors
    /// If it does not stop.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(cluster) = self.cluster {
            cluster.stop().await?;
        }
        Ok(())
    }
}

/// Where PostgreSQL's programs are looked for.
pub(super) fn program_search(config: &DatabaseConfig) -> ProgramSearch {
    ProgramSearch {
        pg_bindir: config.pg_bindir.clone(),
        path: config.path.clone(),
        // Where there is no working folder there is nothing to find in it.
        project_folders: std::env::current_dir().into_iter().collect(),
    }
}

/// The task that keeps the embedded cluster running.
pub(super) struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Stops the cluster in good order; close the pool first.
    pub(super) async fn stop(self) {
        // The task may have ended by itself; then there is nothing left to stop.
        self.stop.send(()).ok();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the embedded PostgreSQL was not stopped");
        }
    }
}

async fn keep_running(cluster: Option<EmbeddedPostgres>, mut stopped: oneshot::Receiver<()>) {
    let Some(mut cluster) = cluster else { return };
    let mut pause = RETRY_FLOOR;
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            exit = cluster.exited() => {
                let exit = exit.map(|exit| exit.to_string()).unwrap_or_default();
                tracing::error!(exit, "the embedded PostgreSQL has ended and is started again");
            }
        }
        match cluster.restart().await {
            Ok(()) => {
                tracing::info!("the embedded PostgreSQL runs again");
                pause = RETRY_FLOOR;
            }
            Err(error) => {
                tracing::error!(%error, "the embedded PostgreSQL did not start again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_CEILING);
            }
        }
    }
    if let Err(error) = cluster.stop().await {
        tracing::error!(%error, "the embedded PostgreSQL was not stopped");
    }
}

fn options(url: &SecretString) -> anyhow::Result<PgConnectOptions> {
    // The URL stays out of the message: it holds a password.
    PgConnectOptions::from_str(url.expose_secret())
        .map_err(|_| anyhow::anyhow!("the database URL cannot be read"))
}

async fn wait_for(options: &PgConnectOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut pause = RETRY_FLOOR;
    loop {
        let error = match options.connect().await {
            Ok(connection) => return Ok(connection.close().await?),
            Err(error) => error,
        };
        if let Some(reason) = refusal(&error) {
            bail!("the database refuses the connection: {reason}");
        }
        if started.elapsed() + pause > CONNECT_PATIENCE {
            return Err(error).context("the database did not take a connection within a minute");
        }
        tracing::warn!(%error, "the database does not take connections yet");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_CEILING);
    }
}

/// What the database says where waiting does not help: it is up and knows no such user, password or database. In its own
/// words, without the place in its source that the error's text adds.
fn refusal(error: &sqlx::Error) -> Option<&str> {
    let error = error.as_database_error()?;
    let code = error.code()?;
    (code.starts_with("28") || code == "3D000").then(|| error.message())
}
