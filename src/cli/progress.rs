//! How far a long command is: a bar on a terminal, plain lines elsewhere.

use std::{
    io::IsTerminal,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::adoption::Progress;

const TICK: Duration = Duration::from_millis(120);
/// Off a terminal, a line is written each time so many hundredths more are done.
const LINE_EVERY: u64 = 25;

/// What fits stderr.
pub(super) fn on_stderr() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar(ProgressBar::new_spinner()))
    } else {
        Box::new(Lines::default())
    }
}

struct Bar(ProgressBar);

impl Progress for Bar {
    fn phase(&self, what: &str) {
        self.0.unset_length();
        self.0.set_position(0);
        self.0.set_style(style("{spinner} {msg} {elapsed}"));
        self.0.set_message(what.to_owned());
        self.0.enable_steady_tick(TICK);
    }

    fn size(&self, size: u64) {
        self.0.set_length(size);
        self.0
            .set_style(style("{spinner} {msg} [{wide_bar}] {percent} % {elapsed}"));
    }

    fn at(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[derive(Default)]
struct Lines {
    size: AtomicU64,
    told: AtomicU64,
}

impl Progress for Lines {
    fn phase(&self, what: &str) {
        self.size.store(0, Ordering::Relaxed);
        self.told.store(0, Ordering::Relaxed);
        eprintln!("{what} ...");
    }

    fn size(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
    }

    fn at(&self, done: u64) {
        let Some(percent) = done
            .saturating_mul(100)
            .checked_div(self.size.load(Ordering::Relaxed))
        else {
            return;
        };
        let step = percent.min(100) / LINE_EVERY * LINE_EVERY;
        if step > self.told.fetch_max(step, Ordering::Relaxed) {
            eprintln!("{step} %");
        }
    }
}
