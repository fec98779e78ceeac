//! A backup: one archive with everything that the server keeps, of one moment, and the way back from it.
//!
//! The archive is a tar file with, in this order, the dump of the schema `"Finances"` in `pg_dump`'s custom format, every
//! stored file that a row names, the manifest, and the manifest's hash. [`save`] writes it while the server works: the dump,
//! the figures of the manifest and the list of files are read in one snapshot, and no file is removed until the last of them
//! is read. [`restore()`] checks the whole archive before it writes anything, and refuses a place that holds something else.

mod archive;
mod check;
mod contents;
mod figures;
mod files;
mod libpq;
mod manifest;
mod outside;
mod programs;
mod restore;
mod save;
mod snapshot;
mod target;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub use check::{Checked, check, first};
pub use manifest::Manifest;
pub use restore::{Place, Restored, changed_since, restore};
pub use save::{Saved, Source, save};

/// How often a long step says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// How much is read at once.
const PIECE: usize = 128 * 1024;

/// Hears what is done, in lines for a person.
pub type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Says now and then how far a step is.
struct Meter {
    listener: Listener,
    said: Instant,
}

impl Meter {
    fn new(listener: Listener) -> Self {
        Self {
            listener,
            said: Instant::now(),
        }
    }

    fn at(&mut self, line: impl FnOnce() -> String) {
        if self.said.elapsed() >= SAY_EVERY {
            self.said = Instant::now();
            (self.listener)(&line());
        }
    }
}
