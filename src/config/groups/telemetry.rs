//! Logs, metrics and traces.

use secrecy::ExposeSecret;

use super::note_optional;
use crate::config::reader::{Reader, number};
use crate::config::{Environment, LogFormat, TelemetryConfig, urls};

const LEVELS: [(&str, tracing::Level); 7] = [
    ("TRACE", tracing::Level::TRACE),
    ("DEBUG", tracing::Level::DEBUG),
    ("INFO", tracing::Level::INFO),
    ("WARNING", tracing::Level::WARN),
    ("WARN", tracing::Level::WARN),
    ("ERROR", tracing::Level::ERROR),
    ("CRITICAL", tracing::Level::ERROR),
];

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> TelemetryConfig {
    let log_level = reader.choice("LOG_LEVEL", tracing::Level::INFO, &LEVELS);
    let default_format = if environment.is_production() {
        LogFormat::Json
    } else {
        LogFormat::Text
    };
    let log_format = reader.choice(
        "LOG_FORMAT",
        default_format,
        &[("json", LogFormat::Json), ("text", LogFormat::Text)],
    );
    let (log_dir, source) = match reader.given("LOG_DIR") {
        None => ("logs".to_owned(), "default"),
        Some(folder) if folder.trim().is_empty() => (String::new(), "no files"),
        Some(folder) => (folder.trim().to_owned(), ""),
    };
    reader.note("LOG_DIR", log_dir.as_str(), source);
    let otlp_endpoint = reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT", urls::web_address);
    let shown = otlp_endpoint.as_deref().map(urls::masked);
    note_optional(reader, "OTEL_EXPORTER_OTLP_ENDPOINT", shown.as_deref());
    let metrics_port = reader.optional("METRICS_PORT", |text| number(text, &(1..=u16::MAX)));
    note_optional(
        reader,
        "METRICS_PORT",
        metrics_port.map(|port| port.to_string()).as_deref(),
    );
    let metrics_token = reader.secret("METRICS_TOKEN");
    if metrics_token
        .as_ref()
        .is_some_and(|token| !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()))
    {
        reader.fault(
            "METRICS_TOKEN",
            "must be visible ASCII characters without blanks, because a header carries it",
        );
    }
    TelemetryConfig {
        log_level,
        log_format,
        log_dir: (!log_dir.is_empty()).then(|| log_dir.into()),
        otlp_endpoint,
        metrics_port,
        metrics_token,
    }
}
