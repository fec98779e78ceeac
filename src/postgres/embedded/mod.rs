//! A private PostgreSQL cluster that the server makes, starts, watches and stops itself.
//!
//! It is reached over a unix socket only, with a password that was made for it; no TCP port is opened. One server at
//! a time uses a data folder; a second one is told so. `postgres` never outlives the server for long: it is stopped
//! with it, also when the server is killed, and a left-over is stopped by the next start.
//!
//! A start that is dropped half-way leaves nothing running. The first one runs `initdb`, which takes some seconds:
//! the signals that stop the server must be handled before it.

mod account;
mod error;
mod folders;
mod left_over;
mod process;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

pub use self::error::EmbeddedError;

use self::account::Account;
use self::error::Doing;
use self::folders::Folders;
use self::process::{Running, Start};
use super::programs::{ProgramSearch, Programs};

/// The cluster's only role.
const ROLE: &str = "erp";

/// How long `postgres` may be silent before it takes connections; a recovery that it reports does not count.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long one connection may take before the process is looked at again.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const READY_ROUND: Duration = Duration::from_millis(30);
/// Just after a kill the dead postmaster may still be in the process table, or its backends hold shared memory.
const START_ATTEMPTS: u32 = 50;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(400);
/// How long `postgres` may take to stop in good order, and then at once.
const STOP_WITHIN: Duration = Duration::from_secs(20);
const STOP_AT_ONCE_WITHIN: Duration = Duration::from_secs(10);

/// What a cluster is started with.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The data folder, `DATA_DIR`; made if it is missing. The cluster lies in its folder `postgres`.
    pub data_dir: PathBuf,
    /// Where to look for PostgreSQL's programs.
    pub search: ProgramSearch,
    /// The most connections at a time.
    pub max_connections: u16,
    /// Whether the data must survive a crash of the machine; `false` is for tests.
    pub durable: bool,
    /// Whether the whole data folder is removed when the process has ended; for tests.
    pub remove_afterwards: bool,
    /// Where a new cluster goes if the data folder is closed to the user that PostgreSQL runs as, which happens to
    /// root only; the data folder then holds a link to it. `None` makes that an error.
    pub elsewhere: Option<PathBuf>,
}

impl EmbeddedSettings {
    /// The settings of a server: durable, 200 connections.
    pub fn new(data_dir: impl Into<PathBuf>, search: ProgramSearch) -> Self {
        Self {
            data_dir: data_dir.into(),
            search,
            max_connections: 200,
            durable: true,
            remove_afterwards: false,
            elsewhere: None,
        }
    }
}

/// A running cluster. When it is dropped without [`stop`](Self::stop), PostgreSQL is stopped all the same, a moment
/// later.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    folders: Folders,
    programs: Programs,
    account: Account,
    start: Start,
    password: SecretString,
    /// `None` after a restart that failed.
    running: Option<Running>,
    /// Held for as long as the folder is used; dropped last.
    _lock: File,
}

impl EmbeddedPostgres {
    /// Makes the cluster if there is none, and starts it. It takes connections when this returns.
    ///
    /// # Errors
    /// Every way in which it may not run, see [`EmbeddedError`].
    pub async fn start(settings: EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let preparing = tokio::task::spawn_blocking(move || prepare(&settings));
        let mut this = match preparing.await {
            Ok(prepared) => prepared?,
            Err(error) => {
                return Err(std::io::Error::other(error)).doing(|| String::from("prepare the cluster"));
            }
        };
        if !this.folders.has_cluster() {
            tracing::info!(folder = %this.folders.cluster.display(), "a database is made, which takes some seconds");
            this.init().await?;
        }
        this.launch().await?;
        tracing::info!(
            version = this.programs.major(),
            programs = %this.programs.folder().display(),
            folder = %this.folders.cluster.display(),
            user = this.account.name(),
            "the embedded PostgreSQL runs"
        );
        Ok(this)
    }

    /// How to connect to one of the cluster's databases.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        connect_options(&self.folders, &self.password, database)
    }

    /// How to connect to the cluster that another process runs in this data folder.
    ///
    /// # Errors
    /// `PasswordMissing` if no cluster was made there; what the file system says.
    pub fn beside(data_dir: &Path, database: &str) -> Result<PgConnectOptions, EmbeddedError> {
        let data_dir = folders::make_data_dir(data_dir)?;
        let folders = Folders::at(folders::base(&data_dir));
        let password = folders.known_password()?;
        Ok(connect_options(&folders, &password, database))
    }

    /// Makes a database of exactly this name, upper and lower case kept, unless it is there.
    ///
    /// # Errors
    /// `Refused` if the cluster does not make it.
    pub async fn ensure_database(&self, name: &str) -> Result<(), EmbeddedError> {
        let refused = |cause| EmbeddedError::Refused {
            what: format!("make the database {name}"),
            cause,
        };
        let mut connection = self
            .connect_options("postgres")
            .connect()
            .await
            .map_err(refused)?;
        // Not checked at build time: these statements are about the cluster, not about our tables.
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await
                .map_err(refused)?;
        if !exists {
            let create = format!(r#"CREATE DATABASE "{}""#, name.replace('"', "\"\""));
            sqlx::query(AssertSqlSafe(create))
                .execute(&mut connection)
                .await
                .map_err(refused)?;
        }
        connection.close().await.map_err(refused)
    }

    /// Resolves when `postgres` has ended, for whatever reason, with how it did if the system said so. Then
    /// [`restart`](Self::restart) it, or end the server.
    pub fn exited(&self) -> impl Future<Output = Option<ExitStatus>> + Send + use<> {
        let ended = self.running.as_ref().map(Running::ended);
        async move {
            match ended {
                Some(ended) => ended.await,
                None => None,
            }
        }
    }

    /// Starts `postgres` again after it has ended; one that still runs is stopped first. Pools reconnect by
    /// themselves.
    ///
    /// # Errors
    /// As [`start`](Self::start); it may be tried again, after a pause: [`exited`](Self::exited) resolves at once
    /// while nothing runs.
    pub async fn restart(&mut self) -> Result<(), EmbeddedError> {
        self.halt().await?;
        self.launch().await
    }

    /// Stops the cluster in good order. Close the pools first: what is still connected is cut off.
    ///
    /// # Errors
    /// `NotStopped` if it goes on after half a minute.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        self.halt().await?;
        self.folders.remove_outside();
        Ok(())
    }

    /// The process id of the running `postgres`.
    pub fn pid(&self) -> Option<i32> {
        self.running
            .as_ref()
            .filter(|running| !running.has_ended())
            .map(Running::pid)
    }

    /// The programs that run the cluster.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The user of the system that PostgreSQL runs as.
    pub fn user(&self) -> &str {
        self.account.name()
    }

    /// The file that PostgreSQL writes its log to.
    pub fn log_file(&self) -> &Path {
        &self.folders.log
    }

    /// Runs `initdb` beside the cluster's place and moves the result there when it is complete, so that a kill in
    /// between leaves no half cluster.
    async fn init(&self) -> Result<(), EmbeddedError> {
        let unfinished = match self.initdb("C.UTF-8").await {
            // A system without that locale folds the case of ASCII only.
            Err(EmbeddedError::InitDb { reason, .. }) if reason.contains("locale") => {
                self.initdb("C").await?
            }
            result => result?,
        };
        std::fs::rename(&unfinished, &self.folders.cluster)
            .and_then(|()| File::open(&self.folders.base)?.sync_all())
            .doing(|| format!("rename {}", unfinished.display()))
    }

    /// Makes a cluster that sorts by code points and knows upper and lower case as this locale does; its folder.
    async fn initdb(&self, lc_ctype: &str) -> Result<PathBuf, EmbeddedError> {
        let unfinished = self.folders.unfinished()?;
        let mut command = self.account.command(self.programs.program("initdb"));
        command
            .arg("-D")
            .arg(&unfinished)
            .args(["-U", ROLE, "-E", "UTF8", "--locale=C", "--data-checksums"])
            .arg(format!("--lc-ctype={lc_ctype}"))
            // `peer` would ask for a role of the user's name, which root and the unprivileged user do not share.
            .args(["--auth-local=scram-sha-256", "--auth-host=reject"])
            .arg(pwfile_argument(&self.folders.password));
        if !self.start.durable {
            command.arg("--no-sync");
        }
        let mut command = tokio::process::Command::from(command);
        let output = command
            .kill_on_drop(true)
            .output()
            .await
            .doing(|| String::from("run initdb"))?;
        if !output.status.success() {
            let reason = process::last_lines(&String::from_utf8_lossy(&output.stderr));
            return Err(EmbeddedError::InitDb {
                folder: self.folders.cluster.clone(),
                reason,
            });
        }
        Ok(unfinished)
    }

    /// Starts `postgres` and waits until it takes connections.
    async fn launch(&mut self) -> Result<(), EmbeddedError> {
        for attempt in 1.. {
            left_over::clear(&self.folders.cluster).await?;
            let running = Running::spawn(&self.folders, &self.programs, &self.account, &self.start)?;
            let ready = self.wait_until_ready(&running).await;
            let words = running.last_words(&self.folders.log);
            match ready {
                Ok(true) => {
                    self.running = Some(running);
                    break;
                }
                Ok(false) if attempt < START_ATTEMPTS && is_about_the_last_run(&words) => {
                    tracing::debug!(
                        attempt,
                        reason = words,
                        "what is left of the last PostgreSQL is waited for"
                    );
                    running.release();
                    tokio::time::sleep(ATTEMPT_PAUSE).await;
                }
                Ok(false) => {
                    return Err(EmbeddedError::NotStarted {
                        reason: words,
                        log: self.folders.log.clone(),
                    });
                }
                Err(error) => {
                    self.running = Some(running);
                    if let Err(error) = self.halt().await {
                        tracing::warn!(%error, "a PostgreSQL that could not be used goes on");
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether the process takes connections; `false` if it has ended instead.
    async fn wait_until_ready(&self, running: &Running) -> Result<bool, EmbeddedError> {
        // Single connections: a pool would try for its whole patience where one refusal tells that it is too early.
        let options = self.connect_options("postgres");
        let mut silent_since = Instant::now();
        while !running.has_ended() {
            match tokio::time::timeout(CONNECT_WITHIN, PgConnection::connect_with(&options)).await {
                Ok(Ok(connection)) => {
                    if connection.close().await.is_ok() {
                        return Ok(true);
                    }
                }
                Ok(Err(sqlx::Error::Database(answer))) if answer.code().as_deref() == Some("57P03") => {
                    // It starts or recovers: however long that takes, it is at work.
                    silent_since = Instant::now();
                }
                Ok(Err(cause @ sqlx::Error::Database(_))) => {
                    return Err(EmbeddedError::Refused {
                        what: String::from("let the server in"),
                        cause,
                    });
                }
                Ok(Err(_)) | Err(_) => {}
            }
            if silent_since.elapsed() > READY_WITHIN {
                return Err(EmbeddedError::NotReady {
                    seconds: READY_WITHIN.as_secs(),
                    log: self.folders.log.clone(),
                });
            }
            tokio::time::sleep(READY_ROUND).await;
        }
        Ok(false)
    }

    /// Stops `postgres` if it runs: first in good order, then at once. Never with SIGKILL, which would leave its
    /// backends and shared memory behind.
    async fn halt(&mut self) -> Result<(), EmbeddedError> {
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        for (signal, patience) in [
            (Signal::SIGINT, STOP_WITHIN),
            (Signal::SIGQUIT, STOP_AT_ONCE_WITHIN),
        ] {
            running.signal(signal);
            if tokio::time::timeout(patience, running.ended()).await.is_ok() {
                running.release();
                return Ok(());
            }
        }
        let pid = running.pid();
        self.running = Some(running);
        Err(EmbeddedError::NotStopped { pid })
    }
}

fn connect_options(folders: &Folders, password: &SecretString, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(&folders.socket)
        .port(folders::PORT)
        .username(ROLE)
        .password(password.expose_secret())
        .database(database)
        .ssl_mode(PgSslMode::Disable)
        .application_name("nexgen-finance")
}

/// Everything before the first program is started: lock, user, folders, programs, password.
fn prepare(settings: &EmbeddedSettings) -> Result<EmbeddedPostgres, EmbeddedError> {
    let data_dir = folders::make_data_dir(&settings.data_dir)?;
    let usual = folders::base(&data_dir);
    let account = Account::choose(&usual, settings.search.path.clone())?;
    let lock = folders::lock(&data_dir)?;
    let base = match &settings.elsewhere {
        Some(parent) if !usual.exists() && account.closed_on_the_way(&data_dir)?.is_some() => {
            folders::link_elsewhere(&data_dir, parent)?
        }
        _ => usual,
    };
    let folders = Folders::at(base);
    let doomed = settings
        .remove_afterwards
        .then(|| data_dir.clone().into_os_string());
    if doomed.is_some() {
        // The watcher removes it, which runs as PostgreSQL's user.
        account.own(&data_dir)?;
    }
    folders.prepare(&account)?;
    let programs = settings.search.find(&folders.cluster)?;
    if let Some(closed) = account.closed_on_the_way(programs.folder())? {
        return Err(EmbeddedError::ClosedPrograms {
            folder: programs.folder().to_owned(),
            closed,
            user: account.name().to_owned(),
        });
    }
    let password = folders.password(&account)?;
    let start = Start {
        max_connections: settings.max_connections,
        durable: settings.durable,
        doomed,
    };
    Ok(EmbeddedPostgres {
        folders,
        programs,
        account,
        start,
        password,
        running: None,
        _lock: lock,
    })
}

fn pwfile_argument(file: &Path) -> OsString {
    let mut argument = OsString::from("--pwfile=");
    argument.push(file);
    argument
}

/// Whether the reason for a failed start is a PostgreSQL that has just been killed.
fn is_about_the_last_run(words: &str) -> bool {
    words.contains("lock file") || words.contains("shared memory block")
}
