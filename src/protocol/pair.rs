//! Which answer belongs to which request: by session, direction and typed id (protocol.md §6).
//!
//! The two sides number their requests apart, so an answer is only ever looked for among the
//! requests of the other side. `1` is not `"1"`.

use std::collections::{BTreeMap, HashMap};

use super::{
    jsonrpc,
    model::{Direction, Kind, Message},
};
use crate::capture::{ExchangeId, Timestamp};

/// Requests that wait for their answer at one time, over all sessions. When there are more, the
/// oldest is forgotten: its answer, should it still come, stays unpaired.
pub const PENDING_CAP: usize = 100_000;

/// The longest id that is compared, in bytes of its JSON text; a longer one is not paired.
const ID_CAP: usize = 1_024;

/// Pairs all messages of one session: sets `answers` and `latency_us` of answers, and their
/// `method` and `name` to those of their requests. Their order in the slice does not matter, and
/// is kept.
pub fn pair(messages: &mut [Message]) {
    let Some(session) = messages.iter().map(|message| message.exchange).min() else { return };
    let mut order: Vec<&mut Message> = messages.iter_mut().collect();
    order.sort_by_key(|m| (m.at, is_answer(m), m.exchange, m.number));
    let mut pairing = Pairing::default();
    for message in order {
        pairing.observe(session, message);
    }
}

/// Pairs messages as they come.
#[derive(Debug, Default)]
pub struct Pairing {
    /// By whom it was asked and by which id: several where an id is used again.
    pending: HashMap<Key, Vec<Pending>>,
    /// The same in the order of asking.
    order: BTreeMap<u64, Key>,
    next: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    session: ExchangeId,
    asked_by: Direction,
    id: String,
}

#[derive(Debug)]
struct Pending {
    turn: u64,
    message: String,
    exchange: ExchangeId,
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
        let Some(id) = message.rpc_id.as_deref().and_then(id_key) else { return };
        let asked_by = match (is_answer(message), message.direction) {
            (false, direction) => direction,
            (true, Direction::ClientToServer) => Direction::ServerToClient,
            (true, Direction::ServerToClient) => Direction::ClientToServer,
        };
        let key = Key { session, asked_by, id };
        if message.kind == Kind::Request {
            self.remember(key, message);
        } else if let Some(asked) = self.take(&key, message.exchange) {
            message.latency_us = Some(message.at.micros_since(asked.at));
            message.answers = Some(asked.message);
            message.method = asked.method;
            message.name = asked.name;
        }
    }

    fn remember(&mut self, key: Key, message: &Message) {
        let turn = self.next;
        self.next += 1;
        self.order.insert(turn, key.clone());
        self.pending.entry(key).or_default().push(Pending {
            turn,
            message: message.id(),
            exchange: message.exchange,
            at: message.at,
            method: message.method.clone(),
            name: message.name.clone(),
        });
        if self.order.len() > PENDING_CAP
            && let Some((turn, key)) = self.order.pop_first()
        {
            self.forget(&key, |pending| pending.turn == turn);
        }
    }

    /// The request that an answer in `exchange` answers: the one in the same exchange, else the
    /// oldest. Without sessions two clients may use one id at the same time.
    fn take(&mut self, key: &Key, exchange: ExchangeId) -> Option<Pending> {
        let same = self.pending.get(key)?.iter().any(|pending| pending.exchange == exchange);
        let asked = self.forget(key, |pending| !same || pending.exchange == exchange)?;
        self.order.remove(&asked.turn);
        Some(asked)
    }

    fn forget(&mut self, key: &Key, which: impl Fn(&Pending) -> bool) -> Option<Pending> {
        let waiting = self.pending.get_mut(key)?;
        let place = waiting.iter().position(which)?;
        let pending = waiting.remove(place);
        if waiting.is_empty() {
            self.pending.remove(key);
        }
        Some(pending)
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
