//! Figures for Prometheus: requests by route template, their latency, the pool, the build.
//!
//! A route's label is always its template (`/api/po/{id}`) or `unmatched`, never a path, so that callers cannot make
//! series without end. There is one recorder a process, shared by all that install it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ::metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "http_requests_total";
const LATENCY: &str = "http_request_duration_seconds";
const IN_FLIGHT: &str = "http_requests_in_flight";
const POOL: &str = "db_pool_connections";
const BUILD: &str = "nexgen_finance_build_info";
const UPTIME: &str = "nexgen_finance_uptime_seconds";

/// The label of requests that no route took.
pub const UNMATCHED: &str = "unmatched";

/// Upper bounds of the latency's buckets, in seconds.
const LATENCY_BUCKETS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// How often recorded latencies are counted into their buckets; until then each takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// The process's figures.
#[derive(Debug, Clone)]
pub struct Metrics {
    handle: &'static PrometheusHandle,
    started: Instant,
}

impl Metrics {
    /// The process's recorder, installed at the first call; every call answers with the same one.
    pub fn install() -> Self {
        static RECORDER: OnceLock<(PrometheusHandle, Instant)> = OnceLock::new();
        let (handle, started) = RECORDER.get_or_init(|| (install_recorder(), Instant::now()));
        Self {
            handle,
            started: *started,
        }
    }

    /// All figures in Prometheus' text format.
    pub fn render(&self) -> String {
        gauge!(UPTIME).set(self.started.elapsed().as_secs_f64());
        self.handle.render()
    }
}

fn install_recorder() -> PrometheusHandle {
    let matcher = Matcher::Full(LATENCY.to_owned());
    // The only fault there is, an empty list of buckets, cannot be.
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(matcher, &LATENCY_BUCKETS)
        .unwrap_or_else(|_| PrometheusBuilder::new());
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if ::metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another metrics recorder is installed; /metrics stays empty");
    }
    describe_counter!(
        REQUESTS,
        "Requests answered, by method, route template and status."
    );
    describe_histogram!(
        LATENCY,
        Unit::Seconds,
        "Time from a request's first byte to its answer's head."
    );
    describe_gauge!(IN_FLIGHT, "Requests that are being answered.");
    describe_gauge!(
        POOL,
        "Database connections: idle, used, and the most there may be."
    );
    describe_gauge!(BUILD, "Always 1; the label tells the version.");
    describe_gauge!(UPTIME, Unit::Seconds, "Time since the start.");
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    keep_up(handle.clone());
    handle
}

/// Counts recorded latencies into their buckets from time to time, for the rest of the process.
fn keep_up(handle: PrometheusHandle) {
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP);
            handle.run_upkeep();
        }
    };
    if let Err(error) = std::thread::Builder::new()
        .name("metrics-upkeep".to_owned())
        .spawn(upkeep)
    {
        tracing::warn!(%error, "latencies are counted only when /metrics is read");
    }
}

/// The figures of a method, a route and a status, kept because finding them by their labels takes longer than counting. There are
/// as many as there are series.
type Series = HashMap<(&'static str, Arc<str>, u16), (Counter, Histogram)>;
static SERIES: LazyLock<RwLock<Series>> = LazyLock::new(RwLock::default);

/// Counts an answered request. `route` is the template, or `None` where no route took the request.
pub fn record_request(
    method: &axum::http::Method,
    route: Option<&Arc<str>>,
    status: u16,
    duration: Duration,
) {
    static NO_ROUTE: LazyLock<Arc<str>> = LazyLock::new(|| UNMATCHED.into());
    let key = (
        method_label(method),
        Arc::clone(route.unwrap_or(&NO_ROUTE)),
        status,
    );
    let known = SERIES.read().unwrap_or_else(PoisonError::into_inner);
    if let Some((requests, latency)) = known.get(&key) {
        requests.increment(1);
        latency.record(duration);
        return;
    }
    drop(known);
    let (method, route) = (key.0, key.1.to_string());
    let requests =
        counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string());
    let latency = histogram!(LATENCY, "method" => method, "route" => route);
    requests.increment(1);
    latency.record(duration);
    let mut series = SERIES.write().unwrap_or_else(PoisonError::into_inner);
    series.insert(key, (requests, latency));
}

/// The method's name; methods that callers make up share one label.
fn method_label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// Sets the pool's figures: connections that are open, those of them that are idle, and the most there may be.
pub fn record_pool(size: u32, idle: u32, max: u32) {
    gauge!(POOL, "state" => "idle").set(f64::from(idle));
    gauge!(POOL, "state" => "used").set(f64::from(size.saturating_sub(idle)));
    gauge!(POOL, "state" => "max").set(f64::from(max));
}

/// A request that is being answered; it counts until it is dropped.
#[derive(Debug)]
#[must_use = "the request counts until this is dropped"]
pub struct InFlight(&'static Gauge);

/// Kept, as [`SERIES`] are; first asked for by a request, when the recorder is there.
static IN_FLIGHT_GAUGE: LazyLock<Gauge> = LazyLock::new(|| gauge!(IN_FLIGHT));

impl InFlight {
    /// Counts a request that starts.
    pub fn start() -> Self {
        IN_FLIGHT_GAUGE.increment(1.0);
        Self(&IN_FLIGHT_GAUGE)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;

    /// The value of the series that starts so.
    fn value(text: &str, series: &str) -> String {
        text.lines()
            .find_map(|line| line.strip_prefix(series))
            .unwrap_or_else(|| panic!("{series} is missing in\n{text}"))
            .trim()
            .to_owned()
    }

    #[test]
    fn requests_are_counted_by_template_and_status() {
        let metrics = Metrics::install();
        let again = Metrics::install();
        let route: Arc<str> = "/api/metrics-test/{id}".into();
        let route = Some(&route);

        record_request(&Method::GET, route, 200, Duration::from_millis(3));
        record_request(&Method::GET, route, 200, Duration::from_secs(2));
        record_request(&Method::GET, route, 503, Duration::from_millis(30));
        record_request(
            &Method::from_bytes(b"BREW").unwrap(),
            None,
            405,
            Duration::from_millis(1),
        );

        let text = again.render();
        assert_eq!(
            value(
                &text,
                "http_requests_total{method=\"GET\",route=\"/api/metrics-test/{id}\",status=\"200\"}"
            ),
            "2"
        );
        assert_eq!(
            value(
                &text,
                "http_requests_total{method=\"OTHER\",route=\"unmatched\",status=\"405\"}"
            ),
            "1"
        );
        let bucket =
            "http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/metrics-test/{id}\",le=";
        assert_eq!(value(&text, &format!("{bucket}\"0.005\"}}")), "1");
        assert_eq!(value(&text, &format!("{bucket}\"0.05\"}}")), "2");
        assert_eq!(value(&text, &format!("{bucket}\"+Inf\"}}")), "3");
        let build = format!(
            "nexgen_finance_build_info{{version=\"{}\"}}",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(value(&metrics.render(), &build), "1");
        assert!(
            text.contains("# TYPE http_request_duration_seconds histogram"),
            "{text}"
        );
        value(&text, "nexgen_finance_uptime_seconds");
    }

    #[test]
    fn the_pool_and_running_requests_are_gauges() {
        let metrics = Metrics::install();

        record_pool(12, 5, 60);
        let running = InFlight::start();
        let during = value(&metrics.render(), "http_requests_in_flight");
        drop(running);

        let text = metrics.render();
        assert_eq!(during, "1");
        assert_eq!(value(&text, "http_requests_in_flight"), "0");
        assert_eq!(value(&text, "db_pool_connections{state=\"idle\"}"), "5");
        assert_eq!(value(&text, "db_pool_connections{state=\"used\"}"), "7");
        assert_eq!(value(&text, "db_pool_connections{state=\"max\"}"), "60");
    }
}
