//! Which steps use what is born in which.

use std::collections::HashMap;

use super::{Item, Planned};
use crate::{capture::ExchangeId, protocol::Message, replay::bind::Bindings};

/// Which steps use what is born in which, by the bindings that were found.
pub(super) struct Used {
    by: HashMap<usize, Vec<usize>>,
}

impl Used {
    pub(super) fn of(items: &[Item<'_>], bindings: &Bindings) -> Self {
        let links = bindings.links();
        let mut by: HashMap<usize, Vec<usize>> = HashMap::new();
        if !links.is_empty() {
            let owners = owners(items);
            let owner = |(exchange, message): &(ExchangeId, Option<u32>)| {
                owners.get(&(*exchange, *message)).or_else(|| owners.get(&(*exchange, None)))
            };
            for (from, to) in links {
                if let (Some(from), Some(to)) = (owner(from), owner(to))
                    && from != to
                {
                    by.entry(*to).or_default().push(*from);
                }
            }
        }
        Self { by }
    }

    pub(super) fn by(&self, place: usize) -> &[usize] {
        self.by.get(&place).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The step of each message and exchange. On a channel messages of many steps meet, so a message's
/// step goes over its exchange's.
fn owners(items: &[Item<'_>]) -> HashMap<(ExchangeId, Option<u32>), usize> {
    let own = |message: &Message| (message.exchange, Some(message.number));
    let mut owners = HashMap::new();
    for (place, item) in items.iter().enumerate() {
        owners.entry((item.exchange(), None)).or_insert(place);
        let Some(Planned { step, .. }) = item.held() else { continue };
        owners.extend(step.message.map(|message| (own(message), place)));
        let Some(call) = step.call else { continue };
        let parts = call.parts.iter().filter_map(|part| step.story.calls.get(*part));
        for call in std::iter::once(call).chain(parts) {
            let beside = call.notifications.iter().chain(&call.progress).copied();
            let asks = call.asks.iter().filter_map(|ask| step.story.calls.get(*ask));
            let asks = asks.flat_map(|ask| std::iter::once(ask.request).chain(ask.answer));
            let all = [Some(call.request), call.answer, call.refusal];
            let all = all.into_iter().flatten().chain(beside).chain(asks);
            let messages = all.filter_map(|at| step.story.messages.get(at));
            owners.extend(messages.map(|message| (own(message), place)));
            for exchange in &call.exchanges {
                owners.entry((*exchange, None)).or_insert(place);
            }
        }
    }
    owners
}
