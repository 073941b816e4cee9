//! What was recorded, played back: against a server, as a server, and in CI.
//!
//! Pure parts: `steps` takes a session apart, [`plan`] says what is sent and what it needs, [`guard`]
//! what may be called again, `answers` and `mirror` what is said to a server, [`bind`] finds values
//! that are born in a response and used in a later request, [`compare`] holds what was replayed
//! against what was recorded, by `rules` that a user wrote, [`report`] writes what came of it. They
//! rest on [`crate::protocol`] and do no IO. [`drive`] is the client and [`serve`] the server: they have
//! sockets (of the server, `serve/server` alone).

mod answers;
pub mod bind;
pub mod compare;
pub mod drive;
mod edit;
pub mod guard;
mod mirror;
pub mod patch;
pub mod plan;
pub mod report;
pub mod rules;
pub mod serve;
pub mod steps;
mod value;
