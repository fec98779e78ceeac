//! What becomes of the requests when ten times as many come as the server can answer.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    drive::{drive, once},
    options::Options,
    requests::{self, Scenario},
    site::Site,
};

/// The load that keeps the server busy, and ten times that.
const SATURATING: usize = 32;
const FACTOR: usize = 10;

/// What was seen under the one and the other.
pub(crate) struct Overload {
    pub(crate) peak: f64,
    pub(crate) served: f64,
    pub(crate) peak_slowest: Duration,
    pub(crate) slowest: Duration,
    pub(crate) errors: BTreeMap<u16, u64>,
    pub(crate) health_slowest: Duration,
    pub(crate) health_failures: u64,
    pub(crate) memory: Option<(u64, u64)>,
}

pub(crate) async fn run(site: &Site, options: &Options) -> Overload {
    eprintln!("overload");
    let list = find(site, "po list");
    let health = find(site, "health");
    let length = options.length().max(Duration::from_secs(5));
    let peak = drive(site.address, &list, SATURATING, length).await;
    let (loaded, (health_slowest, health_failures)) = tokio::join!(
        drive(site.address, &list, SATURATING * FACTOR, length),
        probe(site, &health, length)
    );
    Overload {
        peak: peak.per_second(),
        served: loaded.per_second(),
        peak_slowest: peak.per_mille(990),
        slowest: loaded.per_mille(990),
        errors: loaded.errors,
        health_slowest,
        health_failures,
        memory: site.memory(),
    }
}

fn find(site: &Site, name: &str) -> Scenario {
    requests::all(site)
        .find(|scenario| scenario.name == name)
        .unwrap()
}

/// Asks for the server's health ten times a second; the slowest answer and how many were none.
async fn probe(site: &Site, health: &Scenario, length: Duration) -> (Duration, u64) {
    let until = Instant::now() + length;
    let (mut slowest, mut failures) = (Duration::ZERO, 0);
    while Instant::now() < until {
        let probed = once(site.address, health).await;
        slowest = slowest.max(probed.per_mille(1000));
        failures += probed.failures();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    (slowest, failures)
}

impl Overload {
    pub(crate) fn json(&self) -> Value {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        json!({
            "connections": [SATURATING, SATURATING * FACTOR],
            "served_per_second": [self.peak, self.served],
            "p99_ms": [millis(self.peak_slowest), millis(self.slowest)],
            "others_by_status": self.errors,
            "health_slowest_ms": millis(self.health_slowest),
            "health_failures": self.health_failures,
            "memory_mb": self.memory,
        })
    }
}

impl std::fmt::Display for Overload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |duration: Duration| format!("{:.1} ms", duration.as_secs_f64() * 1000.0);
        writeln!(
            f,
            "\noverload: PO list over {SATURATING} and {} connections",
            SATURATING * FACTOR
        )?;
        writeln!(
            f,
            "  served {:.0} and {:.0} a second ({:.2}), 99 % within {} and {}",
            self.peak,
            self.served,
            self.served / self.peak,
            millis(self.peak_slowest),
            millis(self.slowest)
        )?;
        writeln!(f, "  others by status: {:?}", self.errors)?;
        writeln!(
            f,
            "  health: {} not answered, the slowest in {}; memory now and at its highest: {:?} MB",
            self.health_failures,
            millis(self.health_slowest),
            self.memory
        )
    }
}
