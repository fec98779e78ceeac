//! The real program as a process of its own, for what only a process can show: being killed, starting again.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use nexgen_finance::postgres::programs::Programs;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::StatusCode;
use tempfile::TempDir;

use super::{callers::Caller, cluster::search};

/// How long a start may take: making a cluster included, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The file in a home that gets what the server says on stderr.
/// Where servers write what they say.
const STDOUT: &str = "stdout.txt";
const STDERR: &str = "stderr.txt";

/// PostgreSQL's programs that the tests themselves use; none if they have a server of somebody else's.
fn programs() -> Option<Programs> {
    search().find(Path::new("/nonexistent")).ok()
}

/// A port that nobody listens on, and that the system gives to nobody who takes any: between this look and the server's own
/// another test would else begin to listen there, and answer in its place.
fn free_port() -> u16 {
    const FIRST: u32 = 12_000;
    const PORTS: u32 = 18_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    (0..PORTS)
        .map(|_| start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % PORTS + FIRST)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// A folder with the server's data, files and logs.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("nexgen-finance-home-")
            .tempdir_in("/tmp")
            .expect("make a folder");
        // PostgreSQL runs as another user where this is root, and has to get through to its own folder.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("open the folder");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program here with these arguments and nothing but these settings; killed when it goes out of scope.
    pub(crate) fn command(
        &self,
        arguments: &[&str],
        settings: &[(String, String)],
    ) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_nexgen-finance"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(programs().map(|programs| ("PG_BINDIR", programs.folder().to_owned())))
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// All that servers here have said on stderr.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.path().join(STDERR)).expect("read what it said")
    }

    /// Starts the server here with nothing but these settings, and waits until it is ready.
    pub(crate) async fn start(&self, settings: &[(&str, &str)]) -> Server {
        self.start_under(":", settings).await
    }

    /// The same under what a command of the shell sets, a limit for instance.
    pub(crate) async fn start_under(&self, command: &str, settings: &[(&str, &str)]) -> Server {
        let port = free_port();
        let said = |name| {
            let file = File::options()
                .create(true)
                .append(true)
                .open(self.path().join(name));
            file.expect("open a file for what it says")
        };
        let process = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("{command}; exec \"$0\""))
            .arg(env!("CARGO_BIN_EXE_nexgen-finance"))
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // Its working folder is not the project's, where `./dev` may have put the programs.
            .envs(programs().map(|programs| ("PG_BINDIR", programs.folder().to_owned())))
            .env("PORT", port.to_string())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(said(STDOUT))
            .stderr(said(STDERR))
            .spawn()
            .expect("start the server");
        let mut server = Server {
            process,
            base_url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::new(),
            stderr: self.path().join(STDERR),
        };
        server.ready().await;
        server
    }
}

/// A running server, killed when it goes out of scope.
pub(crate) struct Server {
    process: Child,
    base_url: String,
    http: reqwest::Client,
    stderr: PathBuf,
}

impl Server {
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The same person calling this server.
    pub(crate) fn caller_of(&self, caller: &Caller) -> Caller {
        Caller::new(
            self.http.clone(),
            &self.base_url,
            caller.token.clone(),
            caller.user_id,
        )
    }

    /// Whether it goes on, as the process that it was.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("look at the server").is_none()
    }

    pub(crate) fn nobody(&self) -> Caller {
        Caller::new(self.http.clone(), &self.base_url, None, 0)
    }

    async fn ready(&mut self) {
        let started = Instant::now();
        let url = format!("{}/api/health/ready", self.base_url);
        loop {
            let answer = self.http.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            assert!(
                self.is_running() && started.elapsed() < PATIENCE,
                "the server does not get ready: {}",
                fs::read_to_string(&self.stderr).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        kill(
            Pid::from_raw(self.id().try_into().expect("a process id")),
            Signal::SIGTERM,
        )
        .expect("stop the server");
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("look at the server") {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the server does not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a power cut would: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("kill the server");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
