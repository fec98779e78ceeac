//! The floors that need no database: a route that does nothing, and the hash of a password.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use axum::{Router, http::header, routing::get};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    drive::drive,
    requests::Scenario,
    site::{Site, read},
};

/// The environment's name of the port that this program serves on where it is the floor.
pub(crate) const PORT: &str = "LOAD_BENCH_BARE_PORT";
const BODY: &str = "LOAD_BENCH_BARE_BODY";
/// What passwords are hashed with.
const COST: u32 = 12;

/// An axum server with one route, which gives the same bytes as the server's.
pub(crate) struct Bare {
    child: Child,
    address: SocketAddr,
}

impl Bare {
    pub(crate) async fn start(site: &Site) -> Self {
        let body = read(site, "/api/health").await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(std::env::current_exe().unwrap())
            .env(PORT, address.port().to_string())
            .env(BODY, body.to_string())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { child, address }
    }

    pub(crate) async fn measure(&self, scenario: &Scenario, connections: usize, length: Duration) -> f64 {
        drive(self.address, scenario, connections, length)
            .await
            .per_second()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Serves the one route until the process is killed.
pub(crate) fn serve(port: u16) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let body: &'static str = std::env::var(BODY).unwrap().leak();
        let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], body) };
        let router = Router::new().route("/api/health", get(answer));
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        axum::serve(listener, router).await.unwrap();
    });
}

/// The hashes a second that all cores make.
pub(crate) fn hashes(length: Duration) -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let threads: Vec<_> = (0..cores)
        .map(|_| {
            thread::spawn(move || {
                let mut count = 0_u32;
                while started.elapsed() < length {
                    bcrypt::hash_with_salt("a password", COST, [7; 16]).unwrap();
                    count += 1;
                }
                count
            })
        })
        .collect();
    let count: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    f64::from(count) / started.elapsed().as_secs_f64()
}
