//! One session as the page tells it: what its parts share.

use std::collections::HashMap;

use crate::{
    capture::{ExchangeId, Timestamp},
    cli::{
        export::formats::html::bounds::{EXCHANGES, MESSAGES},
        remarks::Remarks,
    },
    protocol::{
        Call, Message, Story,
        calls::{About, about},
        problems::Problem,
    },
};

/// A session and what there is to say of it.
pub(super) struct View {
    /// Its number on the page, from 1.
    pub(super) number: usize,
    pub(super) story: Story,
    pub(super) problems: Vec<Problem>,
    /// Of each message.
    pub(super) about: Vec<About>,
    pub(super) remarks: Vec<Remarks>,
    /// Exchanges that the session has, read or not.
    pub(super) exchanges: usize,
    /// The numbers of the exchanges, from 1, as `show SESSION/N` takes them.
    numbers: HashMap<ExchangeId, usize>,
    /// The places of messages by exchange and number.
    places: HashMap<(ExchangeId, u32), usize>,
}

impl View {
    pub(super) fn of(number: usize, story: Story, problems: Vec<Problem>) -> Self {
        let numbers: HashMap<_, _> = story.session.exchanges.iter().copied().zip(1..).collect();
        let places = story.messages.iter().map(|message| (message.exchange, message.number));
        Self {
            number,
            about: about(&story.calls, &story.orphans, story.messages.len()),
            remarks: Remarks::of(&story.calls, &story.orphans, &story.messages),
            exchanges: story.session.exchanges.len(),
            numbers,
            places: places.zip(0..).collect(),
            problems,
            story,
        }
    }

    /// The number of an exchange in its session.
    pub(super) fn number_of(&self, exchange: ExchangeId) -> usize {
        self.numbers.get(&exchange).copied().unwrap_or_default()
    }

    /// The anchor of a message; none where it is not drawn.
    pub(super) fn message_anchor(&self, place: usize) -> Option<String> {
        (place < MESSAGES).then(|| format!("m{}-{}", self.number, place + 1))
    }

    /// The same of an exchange.
    pub(super) fn exchange_anchor(&self, exchange: ExchangeId) -> Option<String> {
        let number = self.number_of(exchange);
        (1..=EXCHANGES).contains(&number).then(|| format!("e{}-{number}", self.number))
    }

    /// The anchor of a message by its id, `EXCHANGE.N`.
    pub(super) fn anchor_of_id(&self, id: &str) -> Option<String> {
        let (exchange, number) = id.rsplit_once('.')?;
        let key = (exchange.parse().ok()?, number.parse().ok()?);
        self.message_anchor(*self.places.get(&key)?)
    }

    /// What became of the call of a message.
    pub(super) fn call(&self, place: usize) -> Option<Call> {
        let call = self.about.get(place)?.call?;
        Some(self.story.calls.get(call)?.outcome(&self.story.messages))
    }

    /// What is out of the ordinary about a message, for people.
    pub(super) fn remark(&self, place: usize) -> &str {
        self.remarks.get(place).map(|remarks| remarks.text.as_str()).unwrap_or_default()
    }

    /// Seconds since the session began: `0.071`.
    pub(super) fn since(&self, at: Timestamp) -> String {
        seconds(at.micros_since(self.story.session.started_at))
    }

    /// The command that shows an exchange whole.
    pub(super) fn show(&self, exchange: ExchangeId) -> String {
        format!("wiretape show {}/{}", self.story.session.id, self.number_of(exchange))
    }

    /// The command that gives all of the session.
    pub(super) fn tape(&self) -> String {
        format!("wiretape export {} -o session.tape.jsonl", self.story.session.id)
    }
}

/// Microseconds as seconds: `0.071`.
pub(super) fn seconds(us: u64) -> String {
    format!("{}.{:03}", us / 1_000_000, us / 1_000 % 1_000)
}

/// The id of a message as it is shown: `#7`.
pub(super) fn rpc_id(message: &Message) -> String {
    message.rpc_id.as_deref().map(|id| format!("#{id}")).unwrap_or_default()
}
