//! What was replayed against what was recorded: what is the same, what changed, what is missing.
//!
//! `judge` holds one step against its like, through a [`Lens`]: the user's rules, the fresh values
//! of the run. `walk` finds the differences of two JSON texts; `volatile` knows what differs from
//! run to run and says nothing (protocol.md §7), `time` which values are the clock's, `wishes` what
//! the user wants of a place. `answers` are those before the last, `notices` what the stream brought
//! beside them. `session` holds whole sessions against each other, of which `matching` says which
//! step answers to which. `learn` proposes rules from the verdicts of several replays.

mod answers;
mod judge;
pub mod learn;
mod lens;
mod matching;
mod notices;
mod path;
mod session;
#[cfg(test)]
mod tests;
mod time;
mod unordered;
mod verdict;
mod volatile;
mod walk;
mod wishes;

pub use answers::rounds;
pub use judge::judge;
pub use lens::{Lens, Tally};
pub use session::{Comparison, compare, compare_each, compare_steps};
pub use verdict::{Difference, Kind, Ruling, Verdict};
