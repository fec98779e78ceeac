//! Those who write, as a careful client does: what is not answered is sent again until it is, each POST under its key.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::Value;
use tokio::sync::watch;

use crate::support::callers::{Call, Caller, Reply};

/// Longer than the server waits for anything: its pool, a lock, a statement.
const NO_ANSWER: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// What is sent.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Json(Value),
    /// A file of this name.
    File(String, Vec<u8>),
}

/// One write.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Body,
    /// The key of a POST; what keeps a PUT from being done twice is the version that it changes.
    pub(super) guard: Guard,
}

#[derive(Debug, Clone)]
pub(super) enum Guard {
    Key(String),
    Version(i64),
}

/// What became of a write.
pub(super) enum Outcome {
    Answered(Box<Reply>),
    /// A change whose answer was lost: the version it was for is gone when it is sent again.
    DoneBefore,
}

/// Counts of what all clients saw.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) acknowledged: AtomicU64,
    /// Writes that were sent more than once.
    pub(super) repeated: AtomicU64,
    /// Repeats that got the answer that was kept.
    pub(super) replayed: AtomicU64,
    /// Sent, and the connection broke before the answer, or was refused.
    pub(super) unanswered: AtomicU64,
    pub(super) unavailable: AtomicU64,
}

impl Counts {
    fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A user's client, which finds the server wherever it runs now.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) server: watch::Receiver<Caller>,
    pub(super) counts: std::sync::Arc<Counts>,
}

impl Client {
    /// Sends it once; nothing if there was no whole answer.
    pub(super) async fn send(&self, write: &Write) -> Option<Reply> {
        let caller = self.server.borrow().clone();
        tokio::time::timeout(NO_ANSWER, write.call(&caller).try_send())
            .await
            .unwrap_or_else(|_| panic!("{} hangs", write.path))
    }

    /// Sends it until it is done.
    pub(super) async fn until_done(&self, write: &Write) -> Outcome {
        for attempt in 0.. {
            if attempt == 1 {
                Counts::add(&self.counts.repeated);
            }
            let Some(reply) = self.send(write).await else {
                Counts::add(&self.counts.unanswered);
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            match (reply.status, &write.guard) {
                (200, _) => {
                    Counts::add(&self.counts.acknowledged);
                    if reply.header("idempotency-replayed") == "true" {
                        Counts::add(&self.counts.replayed);
                    }
                    return Outcome::Answered(Box::new(reply));
                }
                (412, Guard::Version(_)) if attempt > 0 => {
                    Counts::add(&self.counts.acknowledged);
                    return Outcome::DoneBefore;
                }
                (503, _) => {
                    reply.expect_error(503, "SERVICE_UNAVAILABLE");
                    assert_eq!(reply.header("retry-after"), "5");
                    Counts::add(&self.counts.unavailable);
                    tokio::time::sleep(PAUSE).await;
                }
                // The first one's end is not known to the database yet.
                (409, Guard::Key(_)) if attempt > 0 => {
                    assert_eq!(reply.header("retry-after"), "1", "{}", reply.text());
                    tokio::time::sleep(2 * PAUSE).await;
                }
                _ => panic!("{write:?} is answered {}: {}", reply.status, reply.text()),
            }
        }
        unreachable!("it is sent for ever")
    }
}

impl Write {
    pub(super) fn call(&self, caller: &Caller) -> Call {
        let call = caller.call(self.method.clone(), &self.path);
        let call = match &self.guard {
            Guard::Key(key) => call.header("idempotency-key", key),
            Guard::Version(version) => call.header("if-match", &format!("\"{version}\"")),
        };
        match &self.body {
            Body::Json(body) => call.json(body),
            Body::File(name, bytes) => {
                call.form(Form::new().part("file", Part::bytes(bytes.clone()).file_name(name.clone())))
            }
        }
    }
}
