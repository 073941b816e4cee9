//! The terminal UI as people have it: the real program on a pty, its screen read back. The checks of
//! tui.md §9, one test each; what needs no terminal is tested beside the code.

mod everywhere;
mod hostile;
mod hygiene;
mod live;
mod looking;
mod recording;
mod replaying;

use std::path::{Path, PathBuf};

use crate::support::{sources::has_sessions, terminal::Start, wiretape::run};

/// A tape of the repository.
fn tape(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// `open` on the tape of the demo: a session of each era.
fn open_tape(home: &Path, words: &[&str]) -> Start {
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    let tape = tape.to_str().expect("UTF-8");
    Start::wiretape(home, &[&["open", tape], words].concat())
}

/// A home with the demo in its store.
fn demo(home: &Path) {
    run(home, &["demo", "--headless"]);
}
