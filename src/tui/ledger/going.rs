//! An exchange that is read as its records come.

use super::told::Strand;
use crate::{
    capture::{Fact, Record, Side, Timestamp},
    protocol::{
        Message, Reader, Summary,
        calls::{self, Marks},
    },
    tui::rows::SessionId,
};

/// Event ids of one stream that are remembered, the latest: a client resumes behind the last one.
const EVENT_IDS: usize = 256;

/// An exchange that goes on.
pub(super) struct Going {
    pub(super) reader: Reader,
    marks: Marks,
    /// The number of its next record.
    pub(super) next_n: u32,
    first_at: Option<Timestamp>,
    bytes: u64,
    pub(super) session: Option<SessionId>,
}

impl Default for Going {
    fn default() -> Self {
        Self {
            reader: Reader::with_frames(),
            marks: Marks::default(),
            next_n: 0,
            first_at: None,
            bytes: 0,
            session: None,
        }
    }
}

impl Going {
    pub(super) fn push(&mut self, record: &Record) {
        self.next_n = self.next_n.max(record.n.saturating_add(1));
        self.reader.push(record);
        self.marks.note(&record.fact);
        self.marks.frames(&self.reader.take_frames());
        self.marks.keep_last(EVENT_IDS);
        drop(self.reader.take_documents());
        match &record.fact {
            Fact::Chunk { side: Side::Response, data, cut } => {
                self.first_at.get_or_insert(record.at);
                self.bytes = self.bytes.saturating_add(data.len() as u64).saturating_add(*cut);
            }
            Fact::End(end) => self.bytes = self.bytes.max(end.response_bytes),
            _ => {}
        }
    }

    pub(super) fn strand(&self, summary: Summary) -> Strand {
        Strand {
            way: self.marks.way(&summary),
            first_at: self.first_at,
            bytes: self.bytes,
            summary,
        }
    }
}

/// Messages without what is not needed to tell calls, and how long they were: a body is not held for
/// its row.
pub(super) fn gists(messages: Vec<Message>) -> Vec<(Message, u32)> {
    let gist = |mut message: Message| {
        let len = u32::try_from(message.payload.len()).unwrap_or(u32::MAX);
        message.payload = calls::gist(&message);
        (message, len)
    };
    messages.into_iter().map(gist).collect()
}
