//! A bar for work that a person waits for.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::units;

/// The search through a recording. Shown on a terminal only, and only where it takes its time.
pub(super) struct Search {
    bar: ProgressBar,
}

/// Exchanges that are searched faster than a bar is worth drawing.
const SEARCHED_AT_ONCE: u64 = 2_000;

impl Search {
    /// A search through so many exchanges.
    pub(super) fn new(of: u64) -> Self {
        let look = "searching exchanges {bar:30} {pos}/{len}, {eta} left";
        let style =
            ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = if of > SEARCHED_AT_ONCE { ProgressBar::new(of) } else { ProgressBar::hidden() };
        Self { bar: bar.with_style(style) }
    }

    /// One more is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    /// Prints with the bar out of the way.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// The search is over.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The rebuild of a catalog. Shown on a terminal only, and only once there is something to do.
#[derive(Debug, Default)]
pub(super) struct Rebuild {
    bar: Option<ProgressBar>,
}

impl Rebuild {
    /// Shows how far it is.
    pub(super) fn show(&mut self, done: u64, of: u64) {
        let bar = self.bar.get_or_insert_with(|| {
            let look = "rebuilding the catalog, segments {bar:30} {pos}/{len}, {eta} left";
            let style =
                ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(of).with_style(style)
        });
        bar.set_length(of);
        bar.set_position(done);
        if done >= of {
            bar.finish_and_clear();
        }
    }
}

/// A tape that is read through. Shown on a terminal only, and only where it takes its time.
pub(super) struct Reading {
    bar: ProgressBar,
}

/// Bytes that are read faster than a bar is worth drawing.
const READ_AT_ONCE: u64 = 16 << 20;

impl Reading {
    /// A tape of so many bytes.
    pub(super) fn new(of: u64) -> Self {
        let look = "reading {bar:30} {binary_bytes}/{binary_total_bytes}, {eta} left";
        let style =
            ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = if of > READ_AT_ONCE { ProgressBar::new(of) } else { ProgressBar::hidden() };
        Self { bar: bar.with_style(style) }
    }

    /// So much of it is read.
    pub(super) fn at(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    /// All of it is.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Where nobody sees a bar, a line is said as often.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// A recording that is played back: a bar on a terminal, else a line now and then.
pub(super) struct Playing {
    bar: ProgressBar,
    said: Instant,
}

impl Playing {
    /// So many steps.
    pub(super) fn new(of: u64) -> Self {
        let look = "playing steps {bar:30} {pos}/{len}, {eta} left";
        let style =
            ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::new(of).with_style(style), said: Instant::now() }
    }

    /// One more is done. Gives what is to be said where there is no terminal.
    #[must_use]
    pub(super) fn step(&mut self) -> Option<String> {
        self.bar.inc(1);
        if !self.bar.is_hidden() || self.said.elapsed() < SAID_EVERY {
            return None;
        }
        self.said = Instant::now();
        let of = self.bar.length().unwrap_or_default();
        Some(format!("played {} of {}", self.bar.position(), units::count(of, "step")))
    }

    /// Prints with the bar out of the way.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// All is played.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
