//! The flags of the terminal UI.

use std::path::PathBuf;

use clap::Args;

use crate::capture::Timestamp;

/// `wiretape open`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Looks only: it records nothing. A store in use by a recorder is shown as it grows.

Keys: `?` shows them all, `q` leaves. They are bound otherwise in keys.toml in the home, a line each: \
the action's name and its keys, as `--keys` lists them:
  follow = [\"F\", \"^g\"]

Examples:
  wiretape open
  wiretape open session.tape.jsonl
  ssh host wiretape export @last -o - | wiretape open -")]
pub struct OpenArgs {
    /// The tape; `-` reads it from standard input [default: the home's store]
    #[arg(value_name = "TAPE")]
    pub tape: Option<PathBuf>,
    /// How the screen looks.
    #[command(flatten)]
    pub looks: Looks,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// The clock for idle times and ages, like 2026-11-20T10:00:00Z [default: now; of a tape: its
    /// last record]
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
    /// Print all keys, and show nothing
    #[arg(long, conflicts_with_all = ["tape", "reveal", "as_of"])]
    pub keys: bool,
    /// With `--keys`: print JSON Lines, one object a line
    #[arg(long, requires = "keys")]
    pub json: bool,
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Looks {
    /// Draw with ASCII only, save for what was recorded
    #[arg(long, help_heading = "Showing")]
    pub ascii: bool,
    /// Leave the mouse to the terminal
    #[arg(long, help_heading = "Showing")]
    pub no_mouse: bool,
}
