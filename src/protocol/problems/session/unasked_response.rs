//! The client answers an id that the server never asked with.

use super::{Check, Finding, Findings, Look, Severity, view::is_whole};
use crate::protocol::{model::Direction, pair::id_key, story::Story};

pub(super) static RULE: Check = Check {
    id: "unasked-response",
    severity: Severity::Warning,
    source: "JSON-RPC 2.0, section 5",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    if !is_whole(story) {
        return;
    }
    for message in story.orphans.iter().filter_map(|place| story.messages.get(*place)) {
        let id = message.rpc_id.as_deref().filter(|id| id_key(id).is_some());
        let Some(id) = id.filter(|_| message.direction == Direction::ClientToServer) else {
            continue;
        };
        found.report(Finding {
            exchange: Some(message.exchange),
            message: Some(message.id()),
            text: "the client answered an id that the server never asked with".to_owned(),
            evidence: format!("response id {id}; no request of the server has it"),
            remedy: "give back the server's `id` as it came, its type too: 1 is not \"1\""
                .to_owned(),
            ..Finding::default()
        });
    }
}
