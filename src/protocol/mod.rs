//! Pure readers over records: what the bytes of a recording say about MCP.
//!
//! The way of a byte: [`encoding`] undoes its content coding, `body` finds the format, `sse` and
//! `ndjson` cut frames, `jsonrpc` reads envelopes over their text (`json`), the dialects note facts,
//! and [`Reader`] makes a [`Summary`] and [`Message`]s of it. [`Sessions`] folds summaries,
//! [`Pairing`] joins requests and answers, [`calls`] tells what belongs to each request, [`Story`]
//! tells one session whole with its [`Catalogue`], [`oauth`] how it was authorised, [`problems`]
//! judges it, [`picture`] says how it is drawn, [`query`] chooses, [`alone`] knows what can be told
//! apart from its session, [`index`] says where to look, [`Trace`] looks for one value. This room
//! knows no tokio, hyper, sled, file or clock.

pub mod alone;
mod body;
mod call;
pub mod calls;
mod catalogue;
mod detector;
mod dialect;
pub mod encoding;
mod facts;
pub mod index;
mod json;
mod jsonrpc;
mod listings;
mod methods;
mod model;
mod ndjson;
pub mod oauth;
mod pair;
pub mod picture;
mod plain;
pub mod problems;
pub mod query;
mod reader;
mod seen;
mod session;
mod sse;
mod story;
#[cfg(test)]
pub(crate) mod testing;
mod trace;

pub use call::{Call, CallOutcome};
pub use calls::{CallStory, Calls, Ending, Link};
pub use catalogue::{Catalogue, Listing, Offer};
pub use detector::Detector;
pub(crate) use dialect::DIALECT_COUNT;
pub use dialect::{Dialects, dialects, tells_progress};
pub use facts::LastUrl;
pub(crate) use jsonrpc::pick;
pub use jsonrpc::{Envelope, envelopes};
pub use model::{
    Candidate, Counts, Direction, Frame, Given, Implementation, Initialize, Join, Kind, Message,
    Refusal, RefusalReason, Session, SessionCandidate, SseFields, State, StateChange, Summary,
    Transport,
};
pub use pair::{ANSWERED_CAP, PENDING_CAP, Pairing, pair};
pub use plain::Form;
pub use reader::{Document, Reader, Reading, read};
pub use session::Sessions;
pub use sse::Sse;
pub use story::{Story, Told};
pub use trace::{Mention, Mentions, Trace};
