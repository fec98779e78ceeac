//! What the same reads cost a small handler in Python, in processor time: an ASGI application (asgi.py) that checks the token,
//! runs the same statement, and makes JSON of its rows.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    drive::drive,
    options::Options,
    report::{Compared, Report},
    requests,
    site::{Site, per_thousand, processor_time},
    statements,
    support::port,
};

const KINDS: [&str; 3] = ["po list", "po details", "financial summary"];
const PACKAGES: [&str; 5] = [
    "fastapi==0.115.6",
    "uvicorn[standard]==0.34.0",
    "asyncpg==0.30.0",
    "pyjwt==2.10.1",
    "starlette==0.41.3",
];

/// Compares the processor time of the two, where there is a Python to be had.
pub(crate) async fn compare(site: &Site, options: &Options, report: &mut Report) {
    let Some(python) = environment() else {
        eprintln!("no Python with venv and its packages: no comparison");
        return;
    };
    for name in KINDS {
        let scenario = requests::all(site)
            .find(|scenario| scenario.name == name)
            .unwrap();
        let statements = statements::of(site, &scenario).await;
        let reads: Vec<_> = statements
            .iter()
            .map(|statement| json!([statement.sql, statement.parameters]))
            .collect();
        let handler = Handler::start(&python, site, &json!(reads).to_string()).await;
        let connections = options.connections.last().copied().unwrap_or(1);
        drive(handler.address, &scenario, connections, options.warming())
            .await
            .expect_success("the handler in Python");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let measured = site.measure(&scenario, connections, options.length()).await;
            ours.extend(measured.processor);
            let before = processor_time(handler.child.id());
            let driven = drive(handler.address, &scenario, connections, options.length()).await;
            let used = processor_time(handler.child.id())
                .zip(before)
                .map(|(after, before)| after.saturating_sub(before));
            theirs.extend(used.map(|used| per_thousand(used, &driven)));
        }
        if let (Some(ours), Some(python)) = (median(ours), median(theirs)) {
            report.python.push(Compared { name, ours, python });
        }
    }
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// A virtual environment with the packages, made once.
fn environment() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-python");
    let python = folder.join("bin/python");
    let runs = |program: &Path, arguments: &[&str]| {
        let command = Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .status();
        command.is_ok_and(|status| status.success())
    };
    let has_all = |python: &Path| runs(python, &["-c", "import fastapi, uvicorn, asyncpg, jwt"]);
    if !python.is_file() && !runs(Path::new("python3"), &["-m", "venv", folder.to_str()?]) {
        return None;
    }
    if !has_all(&python) {
        let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        arguments.extend(PACKAGES);
        runs(&python, &arguments);
    }
    has_all(&python).then_some(python)
}

struct Handler {
    child: Child,
    address: SocketAddr,
}

impl Handler {
    async fn start(python: &Path, site: &Site, reads: &str) -> Self {
        let folder = site.server.as_ref().expect("a server of our own").postgres();
        let password = std::fs::read_to_string(folder.join("password")).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(python)
            .args([
                "-m",
                "uvicorn",
                "asgi:app",
                "--no-access-log",
                "--log-level",
                "warning",
            ])
            .args(["--port", &address.port().to_string()])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PGHOST", folder.join("socket"))
            .env("PGPORT", port(&folder))
            .env("PGUSER", "erp")
            .env("PGPASSWORD", password.trim())
            .env("PGDATABASE", "Nexgen_erp")
            .env("READS", reads)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "the handler does not start"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { child, address }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
