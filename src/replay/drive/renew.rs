//! A session that the live server no longer knows: it is initialized once more (protocol.md §3).

use super::{Replayed, driver::Driver, exchange::Exchange, step::Started, wire::Key};
use crate::{
    protocol::RefusalReason,
    replay::plan::{Awaits, Item, Planned},
};

impl Driver<'_, '_> {
    /// A live session that the server no longer knows, where the recorded one went on.
    pub(super) fn is_lost(&self, item: &Planned<'_>, key: Key, answered: bool) -> bool {
        use RefusalReason::{NoSessionId, NotInitialized, UnknownSession};
        let first = item.step.method() == "initialize" || item.needs.is_empty();
        let was_refused = item.step.status().is_some_and(|status| status >= 400);
        if self.renewed || first || was_refused || !self.ids.has_fresh() {
            return false;
        }
        // A session of HTTP+SSE is its stream: where that ended, no answer can come.
        let over = self.channel.is_some_and(|channel| self.ended(channel));
        if over && item.awaits == Awaits::Answer && !answered {
            return true;
        }
        let Some(summary) = self.exchanges.get(&key).and_then(Exchange::summary) else {
            return false;
        };
        let reason = summary.refusal.map(|refusal| refusal.reason);
        summary.status == Some(404)
            || matches!(reason, Some(UnknownSession | NotInitialized | NoSessionId))
    }

    /// Initializes once more (protocol.md §3); true where the server took it.
    pub(super) async fn renew(&mut self, index: usize, item: &Planned<'_>) -> bool {
        self.renewed = true;
        self.notes.push("the session was lost: it was initialized once more".to_owned());
        let mut taken = false;
        for need in &item.needs {
            let Some(other) = self.plan.items.get(*need).and_then(Item::held) else { continue };
            let is_channel = other.awaits == Awaits::Endpoint;
            let is_handshake =
                matches!(other.step.method(), "initialize" | "notifications/initialized");
            if !is_channel && !is_handshake {
                continue;
            }
            if let Some(old) = self.beside.remove(need).filter(|_| is_channel) {
                self.cut(old);
                self.exchanges.remove(&old);
            }
            let Ok(started) = self.start(index, other) else { return false };
            let answer = self.awaited(&started, other).await;
            self.learn_head(&other.step, started.key);
            self.learn(other, answer.as_ref());
            if is_channel {
                self.keep_channel(*need, &started, other);
            }
            taken |= answer.is_some() || is_channel && matches!(self.endpoint, Some(Ok(_)));
            self.drop_exchanges(index);
        }
        taken
    }

    /// A channel that was opened anew for another step goes on beside; what it names is learnt.
    fn keep_channel(&mut self, need: usize, started: &Started, item: &Planned<'_>) {
        let Some(exchange) = self.exchanges.get_mut(&started.key) else { return };
        let told = exchange.told();
        exchange.owner = None;
        exchange.forget();
        self.beside.insert(need, started.key);
        let live = Replayed::of(&self.stub, vec![told]);
        if let (Some(recorded), Some(live)) = (item.step.told(), live.story().exchanges.first()) {
            self.table.learn_told(recorded, live);
        }
    }
}
