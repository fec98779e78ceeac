//! The running `postgres`: how it is started, watched and signalled.
//!
//! `postgres` is a direct child of the server, so that its end is noticed. The other way round a pipe does the job:
//! the server holds its write end, a small shell beside `postgres` reads from it. However the server ends, kill -9
//! included, the system closes the pipe, and the shell then stops `postgres` in good order.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::account::Account;
use super::error::{Doing, EmbeddedError};
use super::folders::{Folders, quoted};
use crate::postgres::programs::Programs;

/// Becomes `postgres`, and leaves a watcher behind that reads the server's pipe. A line on it means that the
/// server lets `postgres` go its own way; the end of the pipe without one, that the server has died: then
/// `postgres` is told to stop once its pid file names it, and the folder `$2` is removed if there is one.
const START: &str = r#"
cluster=$1 doomed=$2
shift 2
( (
    if read -r _ <&3; then exit; fi
    rounds=0
    while [ $rounds -lt 100 ] && kill -0 $$; do
        pid=
        read -r pid <"$cluster/postmaster.pid"
        if [ "$pid" = $$ ]; then kill -INT $$; break; fi
        rounds=$((rounds + 1))
        sleep 0.1
    done
    [ -n "$doomed" ] || exit
    rounds=0
    while [ $rounds -lt 200 ] && [ -e "$cluster/postmaster.pid" ] && kill -0 $$; do
        rounds=$((rounds + 1))
        sleep 0.1
    done
    rm -rf -- "$doomed"
) </dev/null >/dev/null 2>&1 & ) 3<&0
exec "$@" </dev/null
"#;

/// Settings of every cluster. It is reached by this server alone, whose log says what went wrong with a statement,
/// so that PostgreSQL's own log keeps to itself; values of rows never stand in it.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
    "jit=off",
    "random_page_cost=1.1",
    "cluster_name=nexgen-finance",
];

/// Settings of a cluster whose data need not outlive the machine; it does outlive a killed postmaster.
const FLEETING: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_wal_size=4GB",
];

/// What a start needs to know besides the folders.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) max_connections: u16,
    pub(super) durable: bool,
    /// A folder to remove when the server has ended.
    pub(super) doomed: Option<OsString>,
}

/// A `postgres` that was started by this process.
#[derive(Debug)]
pub(super) struct Running {
    pid: Pid,
    ended: watch::Receiver<Ended>,
    /// Held for its end only: the watcher notices when it is closed.
    lifeline: ChildStdin,
    /// Where this run's lines begin in the log.
    log_start: u64,
}

/// `None` while the process runs; then how it ended, if the system said so.
type Ended = Option<Option<ExitStatus>>;

impl Running {
    /// Starts `postgres` on a cluster. It takes no connection yet.
    pub(super) fn spawn(
        folders: &Folders,
        programs: &Programs,
        account: &Account,
        start: &Start,
    ) -> Result<Self, EmbeddedError> {
        let log = folders.open_log()?;
        let log_start = log
            .metadata()
            .doing(|| format!("read {}", folders.log.display()))?
            .len();
        let second_log = log
            .try_clone()
            .doing(|| format!("open {}", folders.log.display()))?;

        let mut command = account.command("/bin/sh");
        command.arg("-c").arg(START).arg("sh").arg(&folders.cluster);
        command.arg(start.doomed.as_deref().unwrap_or(OsStr::new("")));
        command
            .arg(programs.program("postgres"))
            .arg("-D")
            .arg(&folders.cluster);
        for setting in settings(folders, start) {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::piped()).stdout(log).stderr(second_log);
        let mut child = command.spawn().doing(|| String::from("start postgres"))?;

        let pid = i32::try_from(child.id()).map_err(std::io::Error::other);
        let pid = Pid::from_raw(pid.doing(|| String::from("read the process id of postgres"))?);
        let lifeline = child.stdin.take().ok_or_else(|| std::io::Error::other("no pipe"));
        let lifeline = lifeline.doing(|| String::from("open a pipe to postgres"))?;
        let (sender, ended) = watch::channel(None);
        // A thread of its own rather than a task: the wait goes on whichever runtime ends first.
        thread::Builder::new()
            .name(String::from("postgres-wait"))
            .spawn(move || {
                let status = child.wait();
                if let Err(error) = &status {
                    tracing::error!(%error, "the end of postgres could not be waited for");
                }
                sender.send_replace(Some(status.ok()));
            })
            .doing(|| String::from("start a thread"))?;
        Ok(Self {
            pid,
            ended,
            lifeline,
            log_start,
        })
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Resolves when the process has ended, with how it did if the system said so.
    pub(super) fn ended(&self) -> impl Future<Output = Option<ExitStatus>> + Send + use<> {
        let mut ended = self.ended.clone();
        async move {
            match ended.wait_for(Option::is_some).await {
                Ok(status) => (*status).flatten(),
                Err(_) => None,
            }
        }
    }

    /// Sends a signal, unless the process has ended.
    pub(super) fn signal(&self, signal: Signal) {
        if self.has_ended() {
            return;
        }
        if let Err(error) = kill(self.pid, signal) {
            tracing::warn!(%error, %signal, pid = self.pid.as_raw(), "postgres could not be signalled");
        }
    }

    /// Tells the watcher that there is nothing left to watch.
    pub(super) fn release(mut self) {
        if let Err(error) = self.lifeline.write_all(b"released\n") {
            tracing::debug!(%error, "nobody watched postgres any more");
        }
    }

    /// The last lines that this run wrote to its log.
    pub(super) fn last_words(&self, log: &Path) -> String {
        last_lines(&read_from(log, self.log_start).unwrap_or_default())
    }
}

/// The last few lines of a program's output, in one line.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let skipped = lines.len().saturating_sub(6);
    if lines.is_empty() {
        String::from("it gave no reason")
    } else {
        lines
            .iter()
            .skip(skipped)
            .copied()
            .collect::<Vec<_>>()
            .join(" / ")
    }
}

fn read_from(path: &Path, start: u64) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(64 * 1024).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn settings(folders: &Folders, start: &Start) -> Vec<OsString> {
    let mut settings: Vec<OsString> = SETTINGS.iter().map(OsString::from).collect();
    let mut socket = b"unix_socket_directories=".to_vec();
    socket.extend(quoted(folders.socket.as_os_str()));
    settings.push(OsString::from_vec(socket));
    settings.push(OsString::from(format!(
        "max_connections={}",
        start.max_connections
    )));
    if !start.durable {
        settings.extend(FLEETING.iter().map(OsString::from));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_blank_ones_are_not() {
        let text = (1..=9)
            .map(|line| format!(" line {line}\n\n"))
            .collect::<Vec<_>>()
            .concat();
        assert_eq!(
            last_lines(&text),
            "line 4 / line 5 / line 6 / line 7 / line 8 / line 9"
        );
        assert_eq!(last_lines("\n"), "it gave no reason");
    }
}
