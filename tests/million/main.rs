//! The terminal UI by the clock and on much: first screen, a session of a million calls, a body of
//! 10 MB (tui.md §9, checks 1, 4, 7, 10 and 12), the real program on a pty.
//!
//! A target of its own, so that cargo runs it when no other test runs: it holds the program to times.
//! Those are the release's, and so are the sizes: `cargo test --release --test million`, as `.ci/run`
//! does. Without `--release` a million calls would take minutes to be made; then the same is done on
//! little, and slowness is forgiven that is the build's.

#[path = "../bench/million.rs"]
mod million;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod support;

mod body;
mod rows;
mod start;

use std::{
    env,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// So many times longer than its limit may something take. A build without optimisation is slow; of
/// a machine whose other work is not known, as CI's, `MILLION_PATIENCE` says how slow it may be.
fn patience() -> u32 {
    let build = if cfg!(debug_assertions) { 40 } else { 1 };
    let machine = env::var("MILLION_PATIENCE").ok().and_then(|times| times.parse().ok());
    build * machine.unwrap_or(1_u32)
}

/// One test at a time: each measures.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time below which 95 of 100 are.
fn p95(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() * 95 / 100).copied().unwrap_or_default()
}

/// A figure, for `--nocapture`.
#[expect(clippy::print_stdout, reason = "figures are what one runs it by hand for")]
fn tell(what: &str, figure: impl std::fmt::Debug) {
    println!("{what}: {figure:?}");
}
