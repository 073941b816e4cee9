//! A tape as a server: clients are tested without the server that was recorded.
//!
//! `script` reads sessions into exchanges: what each asked (`asked`, the same reader for tape and
//! client) and what came (`reply`: a whole body, or frames with what each of them followed). A
//! [`Stage`] is the server without sockets and clock: `choose` finds the recorded exchange of a
//! request in the queues of its session, `miss` says what comes nearest where there is none,
//! `refuse` refuses as the recorded server did, `rewrite` puts in the caller's ids, `play` says when
//! a frame goes. `server` gives it a port.
//!
//! Closed by default (design.md, Replay): what is not on the tape is an error, and nothing is ever
//! asked of the recorded server.

mod asked;
mod choose;
mod faults;
mod json;
mod miss;
mod play;
mod refuse;
mod remark;
mod reply;
mod rewrite;
mod route;
mod script;
pub mod server;
mod stage;
mod take;
#[cfg(test)]
mod tests;

pub use asked::Incoming;
pub use faults::{Faults, NoFault};
pub use miss::in_words;
pub use play::{Next, Speed};
pub use remark::{Match, Recorded, Remark, Tally};
pub use script::Script;
pub use stage::{Answer, Served, Stage};
