//! How long a server takes from its start to its first good answer, on a database that is there and has nothing to migrate;
//! its private PostgreSQL starts within that time, too.

use std::time::Duration;

use crate::site::Site;

const TIMES: usize = 5;

/// The times, the shortest first.
pub(crate) async fn run(site: &mut Site) -> Vec<Duration> {
    eprintln!("start");
    let server = site.server.as_mut().expect("a server of our own");
    let mut times = Vec::new();
    for _ in 0..TIMES {
        times.push(server.restart().await);
    }
    times.sort_unstable();
    times
}
