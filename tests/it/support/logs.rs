//! What the server logs during a test.
//!
//! A test's server runs on the test's own thread, so that a subscriber of that thread sees it all and nothing else.

use std::{
    io::{self, Write},
    sync::{Arc, LazyLock, Mutex},
};

use nexgen_finance::{config::Config, telemetry::logs};
use serde_json::Value;
use tempfile::TempDir;
use tracing::{Dispatch, subscriber::DefaultGuard};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt};

/// A second subscriber, which wants nothing. While there is only one in the process, a place in the code that speaks for the
/// first time is asked after by its own thread's subscriber alone: another test's thread, which has none, would silence it for
/// all.
static SECOND: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry().with(LevelFilter::OFF)));

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

/// The log of a test, from here until [`Logs::end`].
pub(crate) struct Logs {
    terminal: Terminal,
    folder: TempDir,
    subscriber: DefaultGuard,
    writers: Vec<WorkerGuard>,
}

/// Everything that was logged.
pub(crate) struct Logged {
    /// As a terminal shows it, or a collector gets it.
    pub(crate) console: String,
    /// `app.log`.
    pub(crate) app: String,
    /// `error.log`.
    pub(crate) errors: String,
}

impl Logs {
    /// Logs JSON from the level on, to a terminal and to files.
    pub(crate) fn start(level: &str) -> Self {
        LazyLock::force(&SECOND);
        let folder = tempfile::tempdir().expect("make a temp folder");
        let folder_name = folder.path().to_str().expect("a folder's name is text");
        let pairs = [
            ("LOG_FORMAT", "json"),
            ("LOG_LEVEL", level),
            ("LOG_DIR", folder_name),
        ];
        let config = Config::from_pairs(&pairs).unwrap_or_else(|faults| panic!("{faults}"));
        let terminal = Terminal::default();
        let (layer, writers) = logs::layer(&config.telemetry, terminal.clone());
        let filter = logs::filter(config.telemetry.log_level);
        // A filter of the whole subscriber: one of a layer keeps its verdicts by thread, and with subscribers of other
        // levels on other threads a verdict can outlive its event and swallow the next.
        let subscriber = tracing_subscriber::registry().with(layer).with(filter);
        Self {
            terminal,
            folder,
            subscriber: tracing::subscriber::set_default(subscriber),
            writers,
        }
    }

    /// Ends it, and gives what was logged.
    pub(crate) fn end(self) -> Logged {
        drop(self.subscriber);
        drop(self.writers);
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).expect("a log file");
        let console = self.terminal.0.lock().unwrap().clone();
        Logged {
            console: String::from_utf8(console).expect("a log of text"),
            app: read("app.log"),
            errors: read("error.log"),
        }
    }
}

impl Logged {
    /// All lines.
    pub(crate) fn lines(&self) -> Vec<Value> {
        parse(&self.console)
    }

    /// The lines of `error.log`.
    pub(crate) fn error_lines(&self) -> Vec<Value> {
        parse(&self.errors)
    }

    /// The access line of a request.
    #[track_caller]
    pub(crate) fn access(&self, request_id: &str) -> Value {
        let lines: Vec<Value> = self
            .lines()
            .into_iter()
            .filter(|line| line["name"] == "access" && line["request_id"] == request_id)
            .collect();
        assert_eq!(lines.len(), 1, "access lines of {request_id}: {lines:?}");
        lines[0].clone()
    }
}

fn parse(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}
