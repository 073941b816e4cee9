//! What the UI is told: the recording as it grows, and answers.

use std::sync::Arc;

use bytes::Bytes;

use super::{ExchangeTold, MentionTold, Preview, Replayed, SessionTold, Ticket, VerdictTold};
use crate::{
    capture::Timestamp,
    tui::{
        json::Index,
        rows::{Row, RowId, SessionId, SessionRow, Symbol},
    },
};

/// What the UI is told.
#[derive(Clone, Debug)]
pub enum News {
    /// The next texts of `rows::Symbols`; they come before the rows that name them.
    Symbols(Vec<Box<str>>),
    /// Other words for texts that are known: secrets are shown, or masked again.
    Texts(Vec<(Symbol, Box<str>)>),
    /// The next rows.
    Rows(Vec<Row>),
    /// A row changed.
    Row(RowId, Row),
    /// Sessions that are new or changed.
    Sessions(Vec<(SessionId, SessionRow)>),
    /// How far the reading of what was there before has come, in exchanges; equal when all is there.
    Loading {
        /// Read.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// How the source stands.
    Status(SourceStatus),
    /// The beginning of what an exchange's answer says, masked, where that is too long to be told at
    /// once: [`News::Exchange`] tells the same, whole.
    Beginning(Ticket, Bytes),
    /// An exchange.
    Exchange(Ticket, Arc<ExchangeTold>),
    /// A session.
    Told(Ticket, Arc<SessionTold>),
    /// A row; none where there is none yet.
    Found(Ticket, Option<RowId>),
    /// Rows that were found, ascending.
    Hits {
        /// Of which question.
        ticket: Ticket,
        /// The rows.
        rows: Vec<RowId>,
        /// Exchanges looked at.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// Places where a value stands, in the order of time.
    Mentions {
        /// Of which question.
        ticket: Ticket,
        /// The places.
        mentions: Vec<MentionTold>,
        /// Exchanges looked at.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// All was looked at.
    Over(Ticket),
    /// What would be sent.
    Preview(Ticket, Arc<Preview>),
    /// A step was compared.
    Verdict(Ticket, Arc<VerdictTold>),
    /// All steps were.
    Replayed(Ticket, Replayed),
    /// A text.
    Text(Ticket, String),
    /// How far an index has come.
    Indexing {
        /// Of which question.
        ticket: Ticket,
        /// Bytes.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// An index.
    Indexed(Ticket, Arc<Index>),
    /// It was done; what to say.
    Done(Ticket, String),
    /// There is nothing to show: what was to be opened cannot be. Who opens it says why once the screen
    /// is gone.
    Unopened,
    /// It failed; why, with what to do about it. Without a question it is the recording that cannot
    /// be read on.
    Failed(Ticket, String),
}

/// How the source stands: the top line's right end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// What is read: the tape's file, the home, the recorder's address.
    pub what: String,
    /// It is still being opened: nobody knows what there is, and nothing listens yet.
    pub opening: bool,
    /// Records are still coming.
    pub live: bool,
    /// The recorder runs in this process: leaving ends it.
    pub own: bool,
    /// Where the clock stands, as it does at a tape's last record; none where it goes on.
    pub as_of: Option<Timestamp>,
    /// Where clients are to connect: `http://127.0.0.1:7070`; none where nothing listens.
    pub listening: Vec<String>,
    /// The CA file that clients are to trust, for settings that add to their roots.
    pub ca: Option<String>,
    /// The system's roots and that CA, for settings that replace their roots.
    pub bundle: Option<String>,
    /// Connections that are open now.
    pub connections: u64,
    /// Bytes that passed unrecorded.
    pub missed_bytes: u64,
    /// Recording is paused, and why.
    pub paused: Option<String>,
    /// Traffic waits for the disk.
    pub waiting: bool,
    /// Seconds since what came last was recorded, where traffic is too heavy to be shown as it comes;
    /// 0 where it is not.
    pub behind_s: u64,
    /// Bytes of the store or tape; 0 where they are not counted.
    pub store_bytes: u64,
    /// Bytes free on its disk.
    pub free_bytes: u64,
}
