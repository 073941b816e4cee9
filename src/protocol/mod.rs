//! Pure readers over records: what the bytes of a recording say about MCP.
//!
//! The way of a byte: [`encoding`] undoes its content coding, `body` finds the format, `sse` and
//! `ndjson` cut frames, `jsonrpc` reads envelopes, the dialects note facts, and [`Reader`] makes a
//! [`Summary`] and [`Message`]s of it. [`Sessions`] folds summaries, [`Pairing`] joins requests and
//! answers, [`Story`] tells one session whole, [`problems`] judges it, [`query`] chooses. This room knows no tokio, hyper, sled, file or clock.

mod body;
mod call;
mod detector;
mod dialect;
pub mod encoding;
mod facts;
mod jsonrpc;
mod methods;
mod model;
mod ndjson;
mod pair;
pub mod problems;
pub mod query;
mod reader;
mod session;
mod sse;
mod story;
#[cfg(test)]
pub(crate) mod testing;

pub use call::{Call, CallOutcome};
pub use detector::Detector;
pub use model::{
    Candidate, Counts, Direction, Frame, Implementation, Initialize, Join, Kind, Message, Session,
    SessionCandidate, SseFields, State, StateChange, Summary, Transport,
};
pub use pair::{PENDING_CAP, Pairing, pair};
pub use reader::{Document, Reader, Reading, read};
pub use session::Sessions;
pub use story::{Story, Told};
