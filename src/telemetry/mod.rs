//! What the program tells about itself: log lines, figures for Prometheus, traces for a collector.
//!
//! [`init`] sets up logs and traces once, before anything else runs; its guard flushes both when it is dropped.
//! Nothing here may fail a request: a log file that cannot be opened or a collector that is away costs a warning.

mod lines;
mod log_file;
pub mod logs;
pub mod metrics;
pub mod routes;
pub mod traces;

use anyhow::Context;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, LogFormat, TelemetryConfig};

/// Keeps logs and traces flowing; dropping it sends what is left (traces for at most two seconds).
#[derive(Debug)]
#[must_use = "logs and traces end when the guard is dropped"]
pub struct TelemetryGuard {
    // Dropped in this order: what the exporter has to say at the end still reaches the logs.
    _traces: Option<traces::TraceGuard>,
    _logs: Vec<WorkerGuard>,
}

/// Sets up logs and traces for the server, for the rest of the process.
///
/// # Errors
/// If the process has a subscriber already, or the trace exporter cannot be built.
pub fn init(config: &Config) -> anyhow::Result<TelemetryGuard> {
    let (log_layer, log_guards) = logs::layer(&config.telemetry, std::io::stdout());
    let (trace_layer, trace_guard) = traces::layer(config)?.unzip();
    tracing_subscriber::registry()
        .with(log_layer.with_filter(logs::filter(config.telemetry.log_level)))
        .with(trace_layer)
        .try_init()
        .context("telemetry is set up twice")?;
    Ok(TelemetryGuard {
        _traces: trace_guard,
        _logs: log_guards,
    })
}

/// Sets up logs for a command that ends by itself: text on stderr, no files, no traces, so that its output stays clean
/// and a running server's files are left alone.
///
/// # Errors
/// If the process has a subscriber already.
pub fn init_for_command(config: &Config) -> anyhow::Result<TelemetryGuard> {
    let terminal = TelemetryConfig {
        log_format: LogFormat::Text,
        log_dir: None,
        ..config.telemetry.clone()
    };
    let (log_layer, log_guards) = logs::layer(&terminal, std::io::stderr());
    tracing_subscriber::registry()
        .with(log_layer.with_filter(logs::filter(terminal.log_level)))
        .try_init()
        .context("telemetry is set up twice")?;
    Ok(TelemetryGuard {
        _traces: None,
        _logs: log_guards,
    })
}
