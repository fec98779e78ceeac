//! What can keep the cluster from running, in words for the person who starts the server.

use std::io;
use std::path::PathBuf;

use crate::postgres::programs::ProgramsError;

/// Why the embedded PostgreSQL does not run. Each text says what is wrong, where, and what helps.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// PostgreSQL's programs are not there, or not in the version that the data needs.
    #[error(transparent)]
    Programs(#[from] ProgramsError),
    /// Another server holds the lock of the data folder.
    #[error(
        "another server uses this folder: {}; stop that server, or give this one a folder of its own with DATA_DIR",
        folder.display()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The cluster was made by another user of the system.
    #[error(
        "the database in {} belongs to the user {owner}, so {user} cannot open it; start the server as root or as \
         {owner}, or give it another folder with DATA_DIR",
        folder.display()
    )]
    OwnedByAnother {
        /// The folder of the cluster.
        folder: PathBuf,
        /// Who owns it.
        owner: String,
        /// Who wanted to open it.
        user: String,
    },
    /// A folder above the one needed is closed to the user that PostgreSQL runs as.
    #[error(
        "PostgreSQL never runs as root, so it is started as the user {user}, who cannot get into {} because {} is \
         closed to others; set DATA_DIR to a folder that is open to {user}, such as /var/lib/nexgen-finance, or \
         start the server as an ordinary user",
        folder.display(),
        closed.display()
    )]
    Closed {
        /// The folder that is needed.
        folder: PathBuf,
        /// The folder on the way there that is closed.
        closed: PathBuf,
        /// The user that PostgreSQL runs as.
        user: String,
    },
    /// The programs lie in a folder that is closed to the user that PostgreSQL runs as.
    #[error(
        "PostgreSQL's programs were found in {}, but they have to run as the user {user}, who cannot get there because \
         {} is closed to others; install them for everyone, or name others with PG_BINDIR",
        folder.display(),
        closed.display()
    )]
    ClosedPrograms {
        /// The folder of the programs.
        folder: PathBuf,
        /// The folder on the way there that is closed.
        closed: PathBuf,
        /// The user that PostgreSQL runs as.
        user: String,
    },
    /// Started as root on a system that has no user to run PostgreSQL as.
    #[error(
        "PostgreSQL never runs as root, and this system has neither a user postgres nor a user nobody to run it as; \
         make one (useradd --system postgres), or start the server as an ordinary user"
    )]
    NoUnprivilegedUser,
    /// The user that runs the server has no name.
    #[error(
        "the user id {uid} has no entry in /etc/passwd, without which PostgreSQL does not start; add one, or set \
         DATABASE_URL to a PostgreSQL server of yours"
    )]
    NamelessUser {
        /// The id in question.
        uid: u32,
    },
    /// The cluster is there, but the file with its password is not.
    #[error(
        "the database in {} is there, but the file with its password is not: {}; restore both from the same backup",
        folder.display(),
        file.display()
    )]
    PasswordMissing {
        /// The folder of the cluster.
        folder: PathBuf,
        /// The file that is missing.
        file: PathBuf,
    },
    /// The folder for the socket exists and belongs to somebody else.
    #[error(
        "{} is not a folder of the user {user} alone, so the database's socket cannot be put there; remove it, or \
         choose a shorter DATA_DIR",
        folder.display()
    )]
    SocketFolder {
        /// The folder in question.
        folder: PathBuf,
        /// Who must own it.
        user: String,
    },
    /// `initdb` failed.
    #[error("initdb could not make the database in {}: {reason}", folder.display())]
    InitDb {
        /// The folder of the cluster.
        folder: PathBuf,
        /// The last lines that it wrote.
        reason: String,
    },
    /// A PostgreSQL left over by an earlier server does not stop.
    #[error(
        "a PostgreSQL left over by an earlier server (process {pid}) still uses this folder and does not stop: {}",
        folder.display()
    )]
    LeftOver {
        /// The folder of the cluster.
        folder: PathBuf,
        /// The process that does not stop.
        pid: i32,
    },
    /// `postgres` ended while it started.
    #[error("PostgreSQL ended while it started: {reason} (its log: {})", log.display())]
    NotStarted {
        /// The last lines that it wrote.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// `postgres` runs and takes no connection.
    #[error("PostgreSQL took no connection within {seconds} s (its log: {})", log.display())]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// `postgres` did not end when asked to.
    #[error("PostgreSQL (process {pid}) did not stop; the next start deals with it")]
    NotStopped {
        /// The process that goes on.
        pid: i32,
    },
    /// The cluster refused a statement or a login.
    #[error("the embedded PostgreSQL refused to {what}: {cause}")]
    Refused {
        /// What was asked of it.
        what: String,
        /// Its answer; part of the text.
        cause: sqlx::Error,
    },
    /// The operating system refused something.
    #[error("cannot {what}: {cause}")]
    System {
        /// What was tried, with the path.
        what: String,
        /// The system's answer; part of the text.
        cause: io::Error,
    },
}

/// Says what was tried when the system refuses it.
pub(super) trait Doing<T> {
    /// Turns an error of the system into one that says `what` was tried; `what` is called on failure only.
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EmbeddedError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EmbeddedError> {
        self.map_err(|cause| EmbeddedError::System { what: what(), cause })
    }
}
