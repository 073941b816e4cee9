//! Which answer belongs to which request: by session, direction and typed id (protocol.md §6).
//!
//! The two sides number their requests apart, so an answer is only ever looked for among the
//! requests of the other side. `1` is not `"1"`. Where an id stands for several requests, the one
//! on the answer's own stream is meant: without sessions two clients may use one id at one time.

mod shelf;

use std::sync::Arc;

use super::{
    jsonrpc,
    model::{Direction, Kind, Message},
};
use crate::capture::{ExchangeId, Timestamp};
use shelf::Shelf;

/// Requests that wait for their answer at one time, over all sessions. When there are more, the
/// oldest is forgotten: its answer, should it still come, stays unpaired.
pub const PENDING_CAP: usize = 100_000;

/// Answered requests remembered, over all sessions, to tell a second answer from one to no
/// request. When there are more, the oldest is forgotten: a second answer to it stays unpaired.
pub const ANSWERED_CAP: usize = 16_384;

/// The longest id that is compared, in bytes of its JSON text; a longer one is not paired.
const ID_CAP: usize = 1_024;

/// Pairs all messages of one session: sets `answers`, `latency_us` and `duplicate` of answers, and
/// their `method` and `name` to those of their requests. Their order in the slice does not matter,
/// and is kept.
pub fn pair(messages: &mut [Message]) {
    pair_along(messages, Stream::of);
}

/// The same where streams go on over several exchanges.
pub(super) fn pair_along(messages: &mut [Message], stream: impl Fn(ExchangeId) -> Stream) {
    let Some(session) = messages.iter().map(|message| message.exchange).min() else { return };
    let mut order: Vec<&mut Message> = messages.iter_mut().collect();
    order.sort_by_key(|message| in_time(message));
    let mut pairing = Pairing::default();
    for message in order {
        pairing.observe_on(session, stream(message.exchange), message);
    }
}

/// What pairing goes by: an answer never comes before its request.
fn in_time(message: &Message) -> (Timestamp, bool, ExchangeId, u32) {
    (message.at, is_answer(message), message.exchange, message.number)
}

/// The stream on which a message goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// The exchange with which it began; a resumed stream is the same stream.
    pub(super) root: ExchangeId,
    /// HTTP refused what its request brought: nobody will answer that.
    pub(super) refused: bool,
}

impl Stream {
    /// An exchange that stands for itself.
    pub(super) fn of(exchange: ExchangeId) -> Self {
        Self { root: exchange, refused: false }
    }
}

/// Pairs messages as they come.
#[derive(Debug)]
pub struct Pairing {
    pending: Shelf,
    answered: Shelf,
}

impl Default for Pairing {
    fn default() -> Self {
        Self { pending: Shelf::new(PENDING_CAP), answered: Shelf::new(ANSWERED_CAP) }
    }
}

/// By whom it was asked and by which id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    session: ExchangeId,
    asked_by: Direction,
    id: Arc<str>,
}

/// A request.
#[derive(Debug)]
struct Asked {
    key: Key,
    stream: Stream,
    message: String,
    at: Timestamp,
    method: Option<String>,
    name: Option<String>,
}

impl Pairing {
    /// Nothing asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next message of a session: remembers a request, completes an answer.
    pub fn observe(&mut self, session: ExchangeId, message: &mut Message) {
        self.observe_on(session, Stream::of(message.exchange), message);
    }

    fn observe_on(&mut self, session: ExchangeId, stream: Stream, message: &mut Message) {
        let Some(id) = message.rpc_id.as_deref().and_then(id_key) else { return };
        let asked_by =
            if is_answer(message) { message.direction.other() } else { message.direction };
        let key = Key { session, asked_by, id: id.into() };
        if message.kind == Kind::Request {
            self.pending.put(Asked {
                key,
                stream,
                message: message.id(),
                at: message.at,
                method: message.method.clone(),
                name: message.name.clone(),
            });
        } else if is_answer(message) {
            self.answer(&key, stream, message);
        }
    }

    /// What waits on the answer's own stream comes first, then what was answered there: that
    /// stream has nothing more to answer. Then the oldest that waits elsewhere.
    fn answer(&mut self, key: &Key, stream: Stream, message: &mut Message) {
        let here = self.pending.oldest_on(key, stream.root);
        let again = self.answered.newest_on(key, stream.root);
        let waits = here.or_else(|| again.is_none().then(|| self.pending.oldest(key)).flatten());
        if let Some(asked) = waits.and_then(|turn| self.pending.take(turn)) {
            message.latency_us = Some(message.at.micros_since(asked.at));
            asked.tell(message);
            self.answered.put(asked);
        } else if let Some(asked) =
            again.or_else(|| self.answered.newest(key)).and_then(|turn| self.answered.get(turn))
        {
            message.duplicate = true;
            asked.tell(message);
        }
    }
}

impl Asked {
    fn tell(&self, answer: &mut Message) {
        answer.answers = Some(self.message.clone());
        answer.method.clone_from(&self.method);
        answer.name.clone_from(&self.name);
    }
}

/// A JSON-RPC id as it is compared: a number by its spelling, a string by its value. None for
/// `null`, which answers nothing, and for what is too long.
pub(crate) fn id_key(raw: &str) -> Option<String> {
    if raw == "null" || raw.len() > ID_CAP {
        return None;
    }
    match jsonrpc::string(raw) {
        Some(text) => Some(format!("\"{text}")),
        None => Some(raw.to_owned()),
    }
}

fn is_answer(message: &Message) -> bool {
    matches!(message.kind, Kind::Response | Kind::Error)
}

#[cfg(test)]
mod tests;
