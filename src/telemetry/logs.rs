//! Where log lines go: stdout, and `app.log` and `error.log` in the folder of logs.
//!
//! Writing never holds up a request: each destination has a thread of its own behind a bounded queue, and a line that
//! finds the queue full is lost. Files rotate at 10 MB and five old ones are kept (`app.log.1` is the newest of them).

use std::io::Write;
use std::time::SystemTime;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, Targets, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::lines::{Fields, Line, REQUEST_SPAN};
use super::log_file::LogFile;
use crate::config::{LogFormat, TelemetryConfig};

/// Lines that wait for a destination; some 10 MB at worst.
const QUEUE_LINES: usize = 16_384;
/// Crates, by the start of their targets, that tell more than we want to know; below WARN they speak only at TRACE.
const NOISY: [&str; 9] = [
    "h2",
    "hyper",
    "mio",
    "opentelemetry",
    "reqwest",
    "rustls",
    "sqlx",
    "tokio_util",
    "tower",
];
/// Warns again with every batch while the collector is away, which the trace exporter tells once.
const REPETITIVE: &str = "opentelemetry-otlp";

/// Writes every event as a line to the destinations that want it.
#[derive(Debug)]
pub struct LogLayer {
    console: NonBlocking,
    console_format: LogFormat,
    app: Option<NonBlocking>,
    error: Option<NonBlocking>,
}

/// The destinations of the settings, with `console` in the place of the terminal. The guards flush when dropped.
///
/// A folder or file that cannot be opened costs a warning on stderr, and logging goes on without it until it can.
pub fn layer(config: &TelemetryConfig, console: impl Write + Send + 'static) -> (LogLayer, Vec<WorkerGuard>) {
    let mut guards = Vec::new();
    let mut queue = |writer: Box<dyn Write + Send>, thread: &str| {
        let (queue, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(QUEUE_LINES)
            .thread_name(thread)
            .finish(writer);
        guards.push(guard);
        queue
    };
    let console = queue(Box::new(console), "log-console");
    let mut file = |name: &str, thread: &str| {
        let folder = config.log_dir.as_deref()?;
        Some(queue(Box::new(LogFile::open(folder, name)), thread))
    };
    let app = file("app.log", "log-app");
    let error = file("error.log", "log-error");
    (
        LogLayer {
            console,
            console_format: config.log_format,
            app,
            error,
        },
        guards,
    )
}

/// What is logged at a level: everything of ours, warnings of noisy crates, and at TRACE all. The request span passes at
/// every level, because also an error's line carries its fields.
pub fn filter(level: Level) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let mut targets = Targets::new().with_default(level);
    if level < Level::TRACE {
        let quiet = NOISY.into_iter().map(|target| (target, level.min(Level::WARN)));
        targets = targets.with_targets(quiet).with_target(REPETITIVE, Level::ERROR);
    }
    filter_fn(move |metadata| {
        (metadata.is_span() && metadata.name() == REQUEST_SPAN)
            || targets.would_enable(metadata.target(), metadata.level())
    })
    .with_max_level_hint(LevelFilter::from_level(level.max(Level::INFO)))
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() != REQUEST_SPAN {
            return;
        }
        if let Some(span) = context.span(id) {
            let mut fields = Fields::of_request();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let request = context
            .event_scope(event)
            .and_then(|scope| scope.filter(|span| span.metadata().name() == REQUEST_SPAN).last());
        let extensions = request.as_ref().map(|span| span.extensions());
        let fields = extensions
            .as_ref()
            .and_then(|extensions| extensions.get::<Fields>());
        let line = Line::new(SystemTime::now(), event, fields);
        let json = (self.app.is_some() || self.error.is_some() || self.console_format == LogFormat::Json)
            .then(|| line.json());
        match (self.console_format, &json) {
            (LogFormat::Json, Some(json)) => send(&self.console, json),
            _ => send(&self.console, &line.plain()),
        }
        if let Some(json) = json {
            if let Some(app) = &self.app {
                send(app, &json);
            }
            if let Some(error) = self
                .error
                .as_ref()
                .filter(|_| *event.metadata().level() == Level::ERROR)
            {
                send(error, &json);
            }
        }
    }
}

/// Queues a line; one that cannot be queued is lost, because there is nowhere to tell of it.
fn send(queue: &NonBlocking, line: &str) {
    queue.clone().write_all(line.as_bytes()).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use std::{
        fs, io,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;
    use tracing::{debug, error, info, info_span, trace, warn};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::config::Config;

    /// A terminal that remembers.
    #[derive(Clone, Default)]
    struct Terminal(Arc<Mutex<Vec<u8>>>);

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the terminal shows after `act`, with these settings.
    fn shown(pairs: &[(&str, &str)], act: impl FnOnce()) -> Vec<String> {
        let all: Vec<_> = [("LOG_DIR", "")]
            .into_iter()
            .chain(pairs.iter().copied())
            .collect();
        let config = Config::from_pairs(&all).unwrap().telemetry;
        let terminal = Terminal::default();
        let (layer, guards) = layer(&config, terminal.clone());
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter(config.log_level)));
        tracing::subscriber::with_default(subscriber, act);
        drop(guards);
        let bytes = terminal.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn json(line: &str) -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    #[test]
    fn a_json_line_has_the_fields_of_event_and_request() {
        let lines = shown(&[("LOG_FORMAT", "json")], || {
            let request = info_span!(
                "request",
                request_id = "r-1",
                method = "GET",
                path = "/api/po",
                remote_addr = "192.0.2.1",
                user_id = tracing::field::Empty,
                other = "unseen"
            );
            let _request = request.enter();
            request.record("user_id", 7_i64);
            let inner = info_span!("request", request_id = "inner", path = "inner");
            let _inner = inner.enter();
            info!(target: "access", status = 200_u16, duration_ms = 1.5, "vendor.id" = 3, ok = true, "GET {}", "/api/po");
        });

        assert_eq!(lines.len(), 1);
        let line = json(&lines[0]);
        assert_eq!(line["name"], "access");
        assert_eq!(line["levelname"], "INFO");
        assert_eq!(line["message"], "GET /api/po");
        assert_eq!(line["request_id"], "r-1");
        assert_eq!(line["user_id"].to_string(), "7");
        assert_eq!(line["path"], "/api/po");
        assert_eq!(line["status"].to_string(), "200");
        assert_eq!(line["duration_ms"].to_string(), "1.5");
        assert_eq!(line["vendor.id"].to_string(), "3");
        assert_eq!(line["ok"], true);
        assert_eq!(line.get("other"), None);
        assert_eq!(line.get("client_version"), None);
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(
            timestamp.ends_with('Z') && timestamp.len() == "2026-02-10T10:00:00.123Z".len(),
            "{timestamp}"
        );
        assert!(lines[0].starts_with("{\"asctime\":\"20"), "{}", lines[0]);
    }

    #[test]
    fn an_errors_chain_is_told_and_own_keys_are_not_overwritten() {
        let lines = shown(&[("LOG_FORMAT", "json")], || {
            let inner = io::Error::other("the disk\nis full");
            let outer = anyhow::Error::new(inner).context("the file was not stored");
            let error: &(dyn std::error::Error + 'static) = outer.as_ref();
            error!(error, name = "x", timestamp = 5, "upload failed");
        });

        let line = json(&lines[0]);
        assert_eq!(line["error"], "the file was not stored: the disk\nis full");
        assert_eq!(line["name"], "nexgen_finance::telemetry::logs::tests");
        assert_eq!(line["event.name"], "x");
        assert_eq!(line["event.timestamp"].to_string(), "5");
    }

    #[test]
    fn text_is_one_line_whatever_the_message_holds() {
        let lines = shown(&[], || {
            let request = info_span!("request", request_id = "r-1");
            let _request = request.enter();
            warn!(status = 404, duration_ms = 1, "GET /a\nINFO forged\u{1b}[2J");
            error!(target: "audit", error = "a\nb", "failed");
        });

        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].ends_with(
                " - nexgen_finance::telemetry::logs::tests - WARNING - GET /a\\nINFO forged\\u{1b}[2J"
            ),
            "{}",
            lines[0]
        );
        assert!(
            lines[1].ends_with(" - audit - ERROR - failed error=a\\nb request_id=r-1"),
            "{}",
            lines[1]
        );
    }

    #[test]
    fn levels_decide_and_noisy_crates_are_quiet_below_trace() {
        let act = || {
            trace!("ours 1");
            debug!("ours 2");
            info!("ours 3");
            warn!("ours 4");
            error!("ours 5");
            info!(target: "sqlx::query", "noise 3");
            warn!(target: "hyper::proto", "noise 4");
            error!(target: "h2", "noise 5");
        };
        let told = |level: &str| {
            let lines = shown(&[("LOG_LEVEL", level)], act);
            lines
                .iter()
                .map(|line| line.rsplit(" - ").next().unwrap().to_owned())
                .collect::<Vec<_>>()
        };

        assert_eq!(told("CRITICAL"), ["ours 5", "noise 5"]);
        assert_eq!(told("WARNING"), ["ours 4", "ours 5", "noise 4", "noise 5"]);
        assert_eq!(told("INFO"), ["ours 3", "ours 4", "ours 5", "noise 4", "noise 5"]);
        assert_eq!(told("DEBUG").len(), 6);
        assert_eq!(told("TRACE").len(), 8);
    }

    #[test]
    fn an_error_carries_its_request_at_every_level() {
        let lines = shown(&[("LOG_LEVEL", "ERROR"), ("LOG_FORMAT", "json")], || {
            let request = info_span!("request", request_id = "r-9");
            let _request = request.enter();
            info!("unseen");
            error!("seen");
        });

        assert_eq!(lines.len(), 1);
        assert_eq!(json(&lines[0])["request_id"], "r-9");
    }

    #[test]
    fn files_are_json_and_errors_have_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("deep").join("logs");

        let lines = shown(&[("LOG_DIR", logs.to_str().unwrap())], || {
            info!("fine");
            error!("broken");
        });

        assert_eq!(lines.len(), 2);
        let read = |name: &str| {
            let text = fs::read_to_string(logs.join(name)).unwrap();
            text.lines()
                .map(|line| json(line)["message"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(read("app.log"), ["fine", "broken"]);
        assert_eq!(read("error.log"), ["broken"]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_leaves_the_console() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let logs = file.path().join("logs");

        let lines = shown(&[("LOG_DIR", logs.to_str().unwrap())], || info!("still here"));

        assert_eq!(lines.len(), 1);
    }
}
