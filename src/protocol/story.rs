//! One session read whole: what problems are judged on, and what `show` tells.

use super::{
    model::{Message, Session},
    pair::pair,
    reader::{Reading, read},
};
use crate::capture::{End, ExchangeId, Fact, Gap, Head, Open, Record};

/// A session with everything in it.
#[derive(Clone, Debug)]
pub struct Story {
    /// The session as it stands at the reader's `as_of`.
    pub session: Session,
    /// Its exchanges, the legs that led to them included, ascending by id.
    pub exchanges: Vec<Told>,
    /// The messages of all of them, paired, in the order of time.
    pub messages: Vec<Message>,
}

/// One exchange: its heads and what its bodies hold. Its messages stand in [`Story::messages`].
#[derive(Clone, Debug)]
pub struct Told {
    /// The request's head.
    pub open: Open,
    /// The response's head.
    pub head: Option<Head>,
    /// How it ended.
    pub end: Option<End>,
    /// Bytes that passed unrecorded.
    pub gaps: Vec<Gap>,
    /// Its bodies read; `messages` was moved to the story.
    pub reading: Reading,
}

impl Story {
    /// Tells a session from the records of its exchanges, each in the order of `n`. Exchanges
    /// without their opening are left out.
    #[must_use]
    pub fn tell<'a>(session: Session, exchanges: impl IntoIterator<Item = &'a [Record]>) -> Self {
        let mut told: Vec<Told> = exchanges.into_iter().filter_map(Told::of).collect();
        told.sort_by_key(|told| told.reading.summary.id);
        let mut messages: Vec<Message> =
            told.iter_mut().flat_map(|told| std::mem::take(&mut told.reading.messages)).collect();
        messages.sort_by_key(|message| (message.at, message.exchange, message.number));
        pair(&mut messages);
        Self { session, exchanges: told, messages }
    }

    /// An exchange of the session.
    #[must_use]
    pub fn exchange(&self, id: ExchangeId) -> Option<&Told> {
        let place =
            self.exchanges.binary_search_by_key(&id, |told| told.reading.summary.id).ok()?;
        self.exchanges.get(place)
    }

    /// The messages that an exchange carried, by number.
    pub fn messages_of(&self, id: ExchangeId) -> Vec<&Message> {
        let mut messages: Vec<&Message> =
            self.messages.iter().filter(|message| message.exchange == id).collect();
        messages.sort_by_key(|message| message.number);
        messages
    }
}

impl Told {
    fn of(records: &[Record]) -> Option<Self> {
        let reading = read(records)?;
        let (mut open, mut head, mut end, mut gaps) = (None, None, None, Vec::new());
        for record in records {
            match &record.fact {
                Fact::Open(fact) => open = Some(Open::clone(fact)),
                Fact::Head(fact) => head = Some(Head::clone(fact)),
                Fact::End(fact) => end = Some(End::clone(fact)),
                Fact::Gap(gap) => gaps.push(gap.clone()),
                _ => {}
            }
        }
        Some(Self { open: open?, head, end, gaps, reading })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.reading.summary.id
    }
}
