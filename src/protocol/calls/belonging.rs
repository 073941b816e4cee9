//! To which call something belongs: by its stream, its progress token, the id that it cancels.

use std::collections::HashMap;

use crate::{
    capture::ExchangeId,
    protocol::model::{Direction, Message},
};

/// What is found by a typed text: the latest of all, and the latest on one stream. Without
/// sessions several clients may use one id or token at a time.
#[derive(Debug, Default)]
pub(super) struct Latest {
    any: HashMap<(Direction, String), Vec<usize>>,
    on: HashMap<(Direction, String, ExchangeId), usize>,
}

impl Latest {
    pub(super) fn put(&mut self, by: Direction, text: String, stream: ExchangeId, call: usize) {
        self.on.insert((by, text.clone(), stream), call);
        self.any.entry((by, text)).or_default().push(call);
    }

    /// The latest on the stream, else the latest of which `goes_on` holds, else the latest. What
    /// does not go on never will again: it is forgotten on the way.
    pub(super) fn find(
        &mut self,
        by: Direction,
        text: &str,
        stream: ExchangeId,
        goes_on: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if let Some(call) = self.on.get(&(by, text.to_owned(), stream)) {
            return Some(*call);
        }
        let known = self.any.get_mut(&(by, text.to_owned()))?;
        let latest = known.last().copied();
        while known.len() > 1 && known.last().is_some_and(|call| !goes_on(*call)) {
            known.pop();
        }
        known.last().copied().filter(|call| goes_on(*call)).or(latest)
    }
}

/// The calls whose requests a stream brought.
#[derive(Debug, Default)]
pub(super) struct OnStream {
    calls: HashMap<(ExchangeId, Direction), Batch>,
}

/// More than one only where requests came in a batch.
#[derive(Debug, Default)]
struct Batch {
    calls: Vec<usize>,
    /// How many of them are answered, from the first on.
    answered: usize,
}

impl OnStream {
    pub(super) fn put(&mut self, stream: ExchangeId, by: Direction, call: usize) {
        self.calls.entry((stream, by)).or_default().calls.push(call);
    }

    /// The call to which a message of the other side belongs that comes on this stream now: in a
    /// batch the first that waits for its answer, else the last.
    pub(super) fn of(
        &mut self,
        stream: ExchangeId,
        message: &Message,
        waits: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let batch = self.calls.get_mut(&(stream, message.direction.other()))?;
        while batch.answered + 1 < batch.calls.len()
            && batch.calls.get(batch.answered).is_some_and(|call| !waits(*call))
        {
            batch.answered += 1;
        }
        batch.calls.get(batch.answered).copied()
    }

    /// How many requests one side brought on a stream.
    pub(super) fn count(&self, stream: ExchangeId, by: Direction) -> usize {
        self.calls.get(&(stream, by)).map_or(0, |batch| batch.calls.len())
    }

    /// The only request of a stream.
    pub(super) fn only(&self, stream: ExchangeId, by: Direction) -> Option<usize> {
        match self.calls.get(&(stream, by))?.calls.as_slice() {
            [call] => Some(*call),
            _ => None,
        }
    }
}
