//! `--strict`: a standalone stream is judged by what it brought, so it is told when the recording was
//! done with it and not when it opens (faces.md, Tapes). It is not waited for past its recorded close.

use tokio::time::Instant;

use super::{driver::Driver, exchange::Exchange, step::recorded_length, taken::Taken, wire::Key};
use crate::{
    protocol::{Direction, Kind},
    replay::{
        plan::{Awaits, Item, Planned},
        steps::StepKind,
    },
};

impl Driver<'_, '_> {
    /// A step opened a stream of which all is to be told.
    pub(super) fn listens(&self, item: &Planned<'_>, key: Key) -> bool {
        let status = self.exchanges.get(&key).and_then(Exchange::status);
        self.settings.strict
            && item.awaits == Awaits::Head
            && status.is_some_and(|status| status < 300)
    }

    /// Tells the streams that the recording had left by the next step, or all. Before a DELETE too:
    /// it ends them.
    pub(super) async fn finish_listening(&mut self, next: Option<&Item<'_>>) {
        for started in std::mem::take(&mut self.listening) {
            let item = self.plan.items.get(started.index).and_then(Item::held);
            let Some(item) = item else { continue };
            let ends = |next: &Item<'_>| {
                let is_delete = next.held().is_some_and(|next| next.step.kind == StepKind::Delete);
                is_delete || self.was_left(started.index, next)
            };
            if next.is_some_and(|next| !ends(next)) {
                self.listening.push(started);
                continue;
            }
            let (key, owed) = (started.key, owed(item));
            let close = started.sent_at + recorded_length(item);
            let deadline = close.min(Instant::now() + self.settings.patience);
            self.until(deadline, |driver| {
                let came = driver.exchanges.get(&key).map(|exchange| exchange.brought);
                driver.ended(key) || came.is_none_or(|came| came >= owed)
            })
            .await;
            self.current = started.index;
            let done = self.tell(&started, item);
            self.done(Taken::held(item), done);
        }
    }
}

/// How many messages of the server the recorded stream brought.
fn owed(item: &Planned<'_>) -> usize {
    let messages = item.step.story.messages_of(item.step.exchange);
    let brought = messages.into_iter().filter(|message| {
        message.direction == Direction::ServerToClient
            && matches!(message.kind, Kind::Notification | Kind::Request)
    });
    brought.count()
}
