//! What remains of a step that is over: whether it stands, what goes on beside, what is let go.

use super::{driver::Driver, exchange::Exchange, step::Started, taken::Taken, wire::Key};
use crate::replay::plan::{Awaits, Planned};

impl Driver<'_, '_> {
    /// Notes that a step stands, and lets go of what it no longer needs.
    pub(super) fn settle(&mut self, started: &Started, item: &Planned<'_>) {
        let exchange = self.exchanges.get(&started.key);
        let answered = exchange.and_then(Exchange::status);
        let stands = match item.awaits {
            Awaits::Endpoint => matches!(self.endpoint, Some(Ok(_))),
            _ if item.step.method() == "initialize" => self.initialized(started, item),
            _ => answered.is_some(),
        };
        if let Some(stood) = self.stood.get_mut(started.index) {
            *stood = stands;
        }
        if matches!(item.awaits, Awaits::Head | Awaits::Endpoint)
            && let Some(exchange) = self.exchanges.get_mut(&started.key)
            && !exchange.ended
        {
            exchange.owner = None;
            exchange.forget();
            self.beside.insert(started.index, started.key);
        }
        // The stream of a subscription may end with an answer later.
        if let Some(id) = started.id.as_ref().filter(|_| !self.beside.contains_key(&started.index))
        {
            self.waiting.remove(id);
        }
        if let Some(index) = self.cancels(item)
            && let Some(exchange) = self.exchanges.get_mut(&started.key)
        {
            exchange.owner = Some(index);
        }
        self.drop_exchanges(started.index);
    }

    /// The running step that this one cancels, to whose story it belongs too.
    fn cancels(&self, item: &Planned<'_>) -> Option<usize> {
        let told = item.step.message.map(|message| (message.exchange, message.number))?;
        let is_it = |taken: &Taken<'_>| {
            let open = taken.planned().ok()?;
            let cancelled = open.step.story.messages.get(open.step.call?.cancelled?)?;
            Some(told == (cancelled.exchange, cancelled.number))
        };
        let mut open = self.open.iter();
        open.find_map(|(started, taken)| (is_it(taken) == Some(true)).then_some(started.index))
    }

    /// `initialize` was answered with a result.
    fn initialized(&self, started: &Started, item: &Planned<'_>) -> bool {
        item.step.call.is_none() || self.handshakes.contains(&started.index)
    }

    pub(super) fn drop_exchanges(&mut self, index: usize) {
        let own = self.exchanges.iter().filter(|(_, own)| own.owner == Some(index));
        let own: Vec<Key> = own.map(|(key, _)| *key).collect();
        for key in own {
            self.cut(key);
            self.exchanges.remove(&key);
        }
    }
}
