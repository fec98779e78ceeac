//! Requests, one after the other on every connection, and how long each took.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{requests::Scenario, support::try_answer};

/// What came back of a measurement.
pub(crate) struct Driven {
    /// How long each request took that succeeded, the quickest first.
    pub(crate) latencies: Vec<Duration>,
    /// The others by their status; 0 is a connection that broke.
    pub(crate) errors: BTreeMap<u16, u64>,
    pub(crate) elapsed: Duration,
}

impl Driven {
    /// Successes a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that so many of a thousand do not exceed.
    pub(crate) fn per_mille(&self, share: usize) -> Duration {
        let count = self.latencies.len();
        let place = (count * share / 1000).min(count.saturating_sub(1));
        self.latencies.get(place).copied().unwrap_or_default()
    }

    pub(crate) fn failures(&self) -> u64 {
        self.errors.values().sum()
    }

    #[track_caller]
    pub(crate) fn expect_success(&self, what: &str) {
        assert!(
            self.errors.is_empty() && !self.latencies.is_empty(),
            "{what}: {:?}",
            self.errors
        );
    }
}

/// Sends a scenario's requests over so many connections, one on each at least.
pub(crate) async fn drive(
    address: SocketAddr,
    scenario: &Scenario,
    connections: usize,
    length: Duration,
) -> Driven {
    let started = Instant::now();
    let until = started + length;
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (make, next) = (Arc::clone(&scenario.make), Arc::clone(&scenario.next));
            tokio::spawn(ask_until(address, make, next, until))
        })
        .collect();
    let (mut latencies, mut errors) = (Vec::new(), BTreeMap::new());
    for task in tasks {
        let (mine, others) = task.await.unwrap();
        latencies.extend(mine);
        for (status, count) in others {
            *errors.entry(status).or_default() += count;
        }
    }
    let elapsed = started.elapsed();
    latencies.sort_unstable();
    Driven {
        latencies,
        errors,
        elapsed,
    }
}

/// Sends one request.
pub(crate) async fn once(address: SocketAddr, scenario: &Scenario) -> Driven {
    drive(address, scenario, 1, Duration::ZERO).await
}

/// Makes the request of a number.
pub(crate) type Make = dyn Fn(u64) -> Arc<[u8]> + Send + Sync;

async fn ask_until(
    address: SocketAddr,
    make: Arc<Make>,
    next: Arc<AtomicU64>,
    until: Instant,
) -> (Vec<Duration>, BTreeMap<u16, u64>) {
    let mut buffer = Vec::with_capacity(64 * 1024);
    let (mut latencies, mut errors) = (Vec::new(), BTreeMap::new());
    let mut stream = None;
    loop {
        let request = make(next.fetch_add(1, Ordering::Relaxed));
        let started = Instant::now();
        let open = match stream.take() {
            Some(open) => Ok(open),
            None => connect(address).await,
        };
        let asked = match open {
            Ok(mut open) => {
                let status = ask(&mut open, &request, &mut buffer).await;
                if status.is_ok() {
                    stream = Some(open);
                }
                status
            }
            Err(error) => Err(error),
        };
        match asked {
            Ok(200..300) => latencies.push(started.elapsed()),
            Ok(status) => *errors.entry(status).or_default() += 1,
            Err(_) => *errors.entry(0).or_default() += 1,
        }
        if Instant::now() >= until {
            return (latencies, errors);
        }
    }
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> std::io::Result<u16> {
    stream.write_all(request).await?;
    try_answer(stream, buffer).await
}
