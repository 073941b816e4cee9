//! The server answers what nobody asked.

use super::{
    Check, Finding, Findings, Look, Severity,
    view::{ByExchange, is_whole},
};
use crate::protocol::{
    model::{Direction, Kind, Message},
    pair::id_key,
    story::Story,
};

pub(super) static RULE: Check = Check {
    id: "orphan-answer",
    severity: Severity::Warning,
    source: "JSON-RPC 2.0, section 5",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    let whole = is_whole(story);
    let messages = ByExchange::of(story);
    for place in &story.orphans {
        let Some(orphan) = story.messages.get(*place).filter(|m| answers_something(m)) else {
            continue;
        };
        let own: Vec<&str> = story
            .exchange(orphan.exchange)
            .map(|told| messages.get(told))
            .unwrap_or_default()
            .iter()
            .filter(|m| m.kind == Kind::Request && m.direction == Direction::ClientToServer)
            .filter_map(|m| m.rpc_id.as_deref())
            .collect();
        // On a stream of its own an answer may be to what was asked before the recording began.
        if own.is_empty() && !whole {
            continue;
        }
        let beside = match own.as_slice() {
            [] => "no request has it".to_owned(),
            own => format!("the exchange asked with {}", own.join(", ")),
        };
        let id = orphan.rpc_id.as_deref().unwrap_or_default();
        found.report(Finding {
            exchange: Some(orphan.exchange),
            message: Some(orphan.id()),
            text: "the server answered an id that nobody asked with".to_owned(),
            evidence: format!("answer id {id}; {beside}"),
            remedy: "give back the request's `id` as it came, its type too: 1 is not \"1\""
                .to_owned(),
            ..Finding::default()
        });
    }
}

/// An answer of the server to an id. Python answers what it cannot read with `server-error`
/// (protocol.md §3).
fn answers_something(message: &Message) -> bool {
    message.direction == Direction::ServerToClient
        && message.rpc_id.as_deref().and_then(id_key).is_some_and(|id| id != "\"server-error")
}
