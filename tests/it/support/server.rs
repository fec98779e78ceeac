//! The real program as a process of its own, for what only a process can show: being killed, starting again.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use nexgen_finance::postgres::programs::Programs;
use reqwest::StatusCode;
use tempfile::TempDir;

use super::{callers::Caller, cluster::search};

/// How long a start may take: making a cluster included, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

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

    /// What the server that was started here last has printed.
    pub(crate) fn console(&self) -> PathBuf {
        self.path().join("console.txt")
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

    /// Starts the server here with nothing but these settings, and waits until it is ready.
    pub(crate) async fn start(&self, settings: &[(&str, &str)]) -> Server {
        let port = free_port();
        let console = fs::File::create(self.console()).expect("make a file for the console");
        let also = console.try_clone().expect("another handle of it");
        let process = Command::new(env!("CARGO_BIN_EXE_nexgen-finance"))
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // Its working folder is not the project's, where `./dev` may have put the programs.
            .envs(programs().map(|programs| ("PG_BINDIR", programs.folder().to_owned())))
            .env("PORT", port.to_string())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(console)
            .stderr(also)
            .spawn()
            .expect("start the server");
        let server = Server {
            process,
            base_url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::new(),
            console: self.console(),
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
    console: PathBuf,
}

impl Server {
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn nobody(&self) -> Caller {
        Caller::new(self.http.clone(), &self.base_url, None, 0)
    }

    async fn ready(&self) {
        let started = Instant::now();
        let url = format!("{}/api/health/ready", self.base_url);
        loop {
            let answer = self.http.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "the server does not get ready: {}",
                fs::read_to_string(&self.console).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
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
