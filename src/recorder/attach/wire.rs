//! What is said on the socket: a greeting both ways, then one request at a time and its answers.
//!
//! A change to anything here, and to what it carries, needs no compatible form: a peer of another
//! version is refused by the greeting, whose own beginning never changes.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::frame::{self, FrameError};
use crate::{
    capture::{ExchangeId, Record, codec},
    protocol::{Summary, index::Plan, problems::Judgement},
    recorder::FeedStart,
};

/// The version of the messages below.
const PROTOCOL: u16 = 3;

/// The longest greeting.
pub(crate) const MAX_HELLO: u32 = 1 << 10;

/// What tells a greeting of ours from other bytes.
const MAGIC: [u8; 8] = *b"wiretape";

/// The first message, both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    magic: [u8; 8],
    protocol: u16,
    codec: u16,
    program: String,
}

impl Hello {
    /// Ours.
    pub(crate) fn ours() -> Self {
        Self {
            magic: MAGIC,
            protocol: PROTOCOL,
            codec: codec::VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Reads a peer's. What later versions append is ignored, so that they can be named.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (hello, _later) =
            postcard::take_from_bytes::<Self>(bytes).map_err(FrameError::Malformed)?;
        if hello.magic != MAGIC {
            return Err(FrameError::Malformed(postcard::Error::DeserializeBadEncoding));
        }
        Ok(hello)
    }

    #[cfg(test)]
    pub(crate) fn of_program(program: &str) -> Self {
        Self { program: program.to_owned(), ..Self::ours() }
    }
}

impl fmt::Display for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, protocol, codec, .. } = self;
        write!(f, "wiretape {program} (protocol {protocol}, records {codec})")
    }
}

/// What a client asks. It sends nothing else before the last answer came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Request<'a> {
    /// Every summary: [`Answer::Summaries`] in parts.
    Summaries,
    /// The next exchanges that the index finds: [`Answer::Summaries`] in parts.
    Find { plan: Cow<'a, Plan>, after: Option<ExchangeId>, most: u32 },
    /// What is kept of these sessions: [`Answer::Judgements`] in parts.
    Kept(Cow<'a, [ExchangeId]>),
    /// What is to be kept: [`Answer::Done`].
    Keep(Cow<'a, [Judgement]>),
    /// One exchange: [`Answer::Records`] in parts.
    Records(ExchangeId),
    /// Every notice: [`Answer::Records`] in parts.
    Notices,
    /// [`Answer::Records`] until either side ends the connection.
    Feed(FeedStart),
    /// A part of what is imported: [`Answer::Done`] once it is taken.
    Import(Cow<'a, [Record]>),
    /// All parts were sent: [`Answer::Imported`].
    ImportEnd,
    /// Deletes exchanges, or only rewrites segments: [`Answer::Pruned`].
    Prune { exchanges: Cow<'a, [ExchangeId]>, purge: bool },
    /// A listener that lives as long as this connection: [`Answer::Listening`].
    Listen {
        /// `ListenerSettings` in JSON.
        settings: Vec<u8>,
        /// Options that must be those of the recorder, JSON.
        wide: Vec<u8>,
    },
    /// [`Answer::Status`].
    Status,
    /// Asks a reader that owns the store to let go: [`Answer::HandOver`].
    HandOver,
}

/// What the owner answers. Lists come in parts, ended by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer<'a> {
    /// A part of a list.
    Summaries(Cow<'a, [Summary]>),
    /// A part of a list.
    Judgements(Cow<'a, [Option<Judgement>]>),
    /// A part of a list or feed.
    Records(Cow<'a, [Record]>),
    /// The list is complete, the part is taken, the feed is over.
    Done,
    /// What an import changed.
    Imported(ImportCounts),
    /// What a prune changed.
    Pruned(PruneCounts),
    /// The listener's description, JSON.
    Listening(Vec<u8>),
    /// What the owner says about itself, one line.
    Status(String),
    /// Whether the owner lets go.
    HandOver(bool),
    /// The request was not fulfilled, for this reason.
    Error(String),
}

/// What an import changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Exchanges that are new in the store.
    pub exchanges: u64,
    /// Exchanges that were there already and are left as they were.
    pub known: u64,
    /// Records written.
    pub records: u64,
}

/// What a prune changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneCounts {
    /// Exchanges deleted.
    pub exchanges: u64,
    /// Space given back to the disk so far.
    pub freed_bytes: u64,
}

impl Request<'static> {
    /// A request out of a message's bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        frame::decode(bytes)
    }
}

impl Answer<'static> {
    /// An answer out of a message's bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        frame::decode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_greeting_of_a_later_version_can_be_read() {
        let mut bytes = postcard::to_allocvec(&Hello::of_program("9.9.9")).expect("serialises");
        bytes.extend_from_slice(b"what later versions append");
        let hello = Hello::decode(&bytes).expect("its beginning never changes");
        assert_eq!(hello.to_string(), "wiretape 9.9.9 (protocol 3, records 1)");
        assert!(Hello::decode(b"GET / HTTP/1.1\r\n").is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_refused_or_read_but_never_harms(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = Hello::decode(&bytes);
            let _ = Request::decode(&bytes);
            if let Ok(answer) = Answer::decode(&bytes) {
                let again = frame::encode(&answer).expect("what was read can be written");
                prop_assert_eq!(Answer::decode(&again[4..]).expect("and read"), answer);
            }
        }
    }
}
