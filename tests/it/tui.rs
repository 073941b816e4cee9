//! The terminal UI as people have it: the real program on a pty, its screen read back. The checks of
//! tui.md §9; what needs no terminal is tested beside the code, every view in every state in
//! `src/tui/views/tests/states.rs`.
//!
//! Where each check stands: modules of this folder, or `million`, the target that runs alone and holds
//! the program to times (`tests/million`). "All" is a tape, a store, a store that another process
//! records into, and a recorder in the same process (`tests/support/sources.rs`).
//!
//! | check | of what | tests | on |
//! |---|---|---|---|
//! | 1 | first screen; in 100 ms | `everywhere`; `million` | all; tape, store, live |
//! | 2 | an empty store | `recording`; `entering`, before it is open | live, store; live |
//! | 3 | help | `everywhere` | all |
//! | 4 | Esc, q; in 300 ms | `looking`, `recording`; `million` | tape, live; tape |
//! | 5 | a call is one row | `everywhere` | all |
//! | 6 | filter | `everywhere`; `live`, while rows come | all; attached, live |
//! | 7 | search | `everywhere`; `live`; `million`, a million calls | all; attached; store |
//! | 8 | follow | `live` | attached, live |
//! | 9 | pause | `live` | attached, live |
//! | 10 | a million rows | `million` | store |
//! | 11 | idle | `million` | all |
//! | 12 | a body of 10 MB; raw in 100 ms, from a tape in 150 | `million` | all |
//! | 13 | any size | `everywhere` | all |
//! | 14 | hostile text | `hostile` | all |
//! | 15 | colour; ASCII | `everywhere` | all |
//! | 16 | panics and signals; in a shell | `hygiene` | all; tape |
//! | 17 | Ctrl-Z; refused | `hygiene`; `recording` | tape, store, attached; live |
//! | 18 | sequence; by mermaid itself | `everywhere`; `tests/sdk` | all; tape |
//! | 19 | replay | `replaying` | all |
//! | 20 | pipes; the log | `looking`; `hygiene` (`log`: without a screen) | tape, store, standard input; all |

mod editing;
mod entering;
mod everywhere;
mod hostile;
mod hygiene;
mod live;
mod looking;
mod mermaid;
mod recording;
mod replaying;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use crate::support::{
    sources::has_sessions,
    terminal::{Shown, Start},
    wiretape::run,
};

/// A tape of the repository.
fn tape(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// Where the recorder on this screen listens.
fn proxy(shown: &Shown) -> SocketAddr {
    let row = shown.rows.iter().find(|row| row.contains("Listening on http://")).expect("the card");
    let url = row.split("http://").nth(1).expect("a URL");
    let url: String = url.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
    url.parse().expect("an address")
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
