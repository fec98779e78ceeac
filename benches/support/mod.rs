//! What the benches share: a server of their own, and requests that cost the client little.

pub(crate) mod data;

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Who calls.
pub(crate) const USERNAME: &str = "bench";
pub(crate) const PASSWORD: &str = "a password of the bench";

/// The release server with its settings as they are by default, but for the limits of requests and uploads; it ends with the bench.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("nexgen-finance-bench-")
            .tempdir()
            .unwrap();
        // The user that PostgreSQL runs as must get through, where root starts the bench.
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server = Self {
            child: spawn(folder.path(), address),
            address,
            folder,
        };
        server.until_ready().await;
        server
    }

    /// Ends the server and starts it again on its data; how long it took to be ready.
    pub(crate) async fn restart(&mut self) -> Duration {
        self.end();
        let started = Instant::now();
        self.child = spawn(self.folder.path(), self.address);
        self.until_ready().await;
        started.elapsed()
    }

    async fn until_ready(&self) {
        let started = Instant::now();
        let client = Client::new();
        while client.get(self.url("/api/health/ready")).send().await.is_err() {
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "the server does not start"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn end(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).ok();
        self.child.wait().ok();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The folder of its PostgreSQL.
    pub(crate) fn postgres(&self) -> PathBuf {
        self.folder.path().join("data/postgres")
    }

    /// Makes the first user, and gives back a token.
    pub(crate) async fn sign_up(&self, client: &Client) -> String {
        let user = json!({"username": USERNAME, "email": "bench@example.com", "password": PASSWORD});
        let signup = answer(client.post(self.url("/api/auth/signup")).json(&user)).await;
        signup["access_token"].as_str().unwrap().to_owned()
    }

    /// A line of the process's status in kilobytes, where the system tells.
    pub(crate) fn status(&self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(folder: &Path, address: SocketAddr) -> Child {
    Command::new(env!("CARGO_BIN_EXE_nexgen-finance"))
        .current_dir(folder)
        .env("PORT", address.port().to_string())
        .env("RATE_LIMIT_ENABLED", "false")
        .env("UPLOADS_PER_HOUR", "1000000")
        .env_remove("DATABASE_URL")
        .env_remove("DB_HOST")
        .env("APP_ENVIRONMENT", "development")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// A request as a browser behind a proxy sends it, in bytes.
pub(crate) fn request(server: &Server, path: &str, token: Option<&str>) -> Vec<u8> {
    let authorization = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n{authorization}\r\n",
        server.address
    )
    .into_bytes()
}

/// Reads one answer, which must be a success.
pub(crate) async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    let status = try_answer(stream, buffer).await.unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(buffer));
}

/// Reads one answer, whose length its head must tell; its status.
pub(crate) async fn try_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<u16> {
    buffer.clear();
    let mut seen = 0;
    let end = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = buffer[seen..].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break seen + end + 4;
        }
        seen = buffer.len().saturating_sub(3);
    };
    let head = std::str::from_utf8(&buffer[..end]).unwrap();
    let status = head[9..12].parse().unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse().unwrap())
        })
        .expect("the answer tells its length");
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(status)
}

/// The port in the name of the cluster's socket.
pub(crate) fn port(folder: &Path) -> String {
    let pid_file = fs::read_to_string(folder.join("cluster/postmaster.pid")).unwrap();
    pid_file.lines().nth(3).unwrap().to_owned()
}

/// Reads the options of the command line: `set` takes a name and what gives its value, and says whether it knows the name.
pub(crate) fn read_options(help: &str, mut set: impl FnMut(&str, &mut dyn FnMut() -> String) -> bool) {
    let leave = |code| -> ! {
        println!("{help}");
        std::process::exit(code)
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // What cargo itself adds.
            "--bench" => {}
            "--help" => leave(0),
            name => {
                if !set(name, &mut || arguments.next().unwrap_or_else(|| leave(2))) {
                    leave(2);
                }
            }
        }
    }
}

/// The number that an option has, within bounds.
pub(crate) fn number(value: &mut dyn FnMut() -> String, bounds: RangeInclusive<u32>) -> u32 {
    let number: u32 = value().parse().expect("the value of an option is a number");
    number.clamp(*bounds.start(), *bounds.end())
}
