//! What an earlier run left behind: a `postgres` that goes on, or a pid file that names somebody else.
//!
//! The pid file is never removed here: PostgreSQL reads in it whether backends of a killed postmaster still use the
//! shared memory.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{Doing, EmbeddedError};

/// How long a left-over `postgres` may take to stop in good order, and then at once.
const PATIENCE: [(Signal, Duration); 2] = [
    (Signal::SIGINT, Duration::from_secs(20)),
    (Signal::SIGQUIT, Duration::from_secs(10)),
];

const ROUND: Duration = Duration::from_millis(50);

/// Stops a `postgres` that an earlier server left running on a cluster, so that this one can start its own.
///
/// Call it with the lock of the data folder held: the process is then certainly nobody's.
pub(super) async fn clear(cluster: &Path) -> Result<(), EmbeddedError> {
    let pid_file = cluster.join("postmaster.pid");
    let Some(pid) = read_pid(&pid_file)? else {
        return Ok(());
    };
    if !is_alive(pid) {
        return Ok(());
    }
    match belongs_to(pid, cluster) {
        Some(true) => stop(pid, cluster).await,
        Some(false) => disown(&pid_file),
        None => Ok(()),
    }
}

async fn stop(pid: Pid, cluster: &Path) -> Result<(), EmbeddedError> {
    tracing::warn!(
        pid = pid.as_raw(),
        "an earlier server left its PostgreSQL running; it is stopped"
    );
    for (signal, patience) in PATIENCE {
        if let Err(error) = kill(pid, signal) {
            tracing::debug!(%error, pid = pid.as_raw(), "the left-over PostgreSQL could not be signalled");
        }
        let start = Instant::now();
        while start.elapsed() < patience {
            if !is_alive(pid) || belongs_to(pid, cluster) != Some(true) {
                return Ok(());
            }
            tokio::time::sleep(ROUND).await;
        }
    }
    Err(EmbeddedError::LeftOver {
        folder: cluster.to_owned(),
        pid: pid.as_raw(),
    })
}

/// Names this process in a pid file that names an unrelated one.
///
/// After a restart of the machine or the container the same number may be somebody else's, and if that is a process
/// of the same user, PostgreSQL refuses to start for as long as it lives. Its own parent is the one process that it
/// knows cannot be another postmaster.
fn disown(pid_file: &Path) -> Result<(), EmbeddedError> {
    let text = fs::read_to_string(pid_file).doing(|| format!("read {}", pid_file.display()))?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    let text = format!("{}\n{rest}", std::process::id());
    fs::write(pid_file, text).doing(|| format!("write {}", pid_file.display()))
}

fn read_pid(pid_file: &Path) -> Result<Option<Pid>, EmbeddedError> {
    match fs::read_to_string(pid_file) {
        // A negative number, which PostgreSQL writes when it runs a single user, is a process as well.
        Ok(text) => Ok(text
            .lines()
            .next()
            .and_then(|line| line.trim().parse::<i32>().ok())
            .and_then(|pid| {
                let pid = pid.checked_abs().filter(|pid| *pid > 0)?;
                Some(Pid::from_raw(pid))
            })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).doing(|| format!("read {}", pid_file.display())),
    }
}

fn is_alive(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

/// Whether a process is the postmaster of a cluster; `None` where the system does not tell.
fn belongs_to(pid: Pid, cluster: &Path) -> Option<bool> {
    if Path::new("/proc/self/cwd").exists() {
        // PostgreSQL works in its data folder. Of a process of another user only the command line may be shown.
        return match fs::read_link(format!("/proc/{pid}/cwd")) {
            Ok(folder) => Some(folder == cluster),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
            Err(_) => {
                let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
                Some(names(&line, cluster))
            }
        };
    }
    let output = Command::new("/bin/ps")
        .args(["-ww", "-o", "command=", "-p", &pid.to_string()])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Some(names(&output.stdout, cluster))
}

fn names(command_line: &[u8], cluster: &Path) -> bool {
    let text = String::from_utf8_lossy(command_line);
    text.contains("postgres") && text.contains(&*cluster.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disowned_pid_file_names_this_process_and_keeps_the_shared_memory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postmaster.pid");
        fs::write(
            &file,
            "4711\n/data\n1700000000\n5432\n/socket\n\n  123456  7\nready\n",
        )
        .unwrap();

        disown(&file).unwrap();

        let text = fs::read_to_string(&file).unwrap();
        let expected = "/data\n1700000000\n5432\n/socket\n\n  123456  7\nready\n";
        assert_eq!(text, format!("{}\n{expected}", std::process::id()));
    }

    #[test]
    fn a_pid_file_may_be_missing_empty_or_of_a_single_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postmaster.pid");
        assert_eq!(read_pid(&file).unwrap(), None);
        for (text, pid) in [
            ("", None),
            ("x\n", None),
            ("0\n", None),
            ("12\n/data\n", Some(12)),
            ("-12\n", Some(12)),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(read_pid(&file).unwrap().map(Pid::as_raw), pid, "{text:?}");
        }
    }
}
