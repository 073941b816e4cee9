//! A request id that the same side had used before in the session.

use std::collections::HashMap;

use super::{Findings, Plain, Severity, Story};
use crate::capture::Outcome;
use crate::protocol::model::{Direction, Kind};
use crate::protocol::pair::id_key;
use crate::protocol::seen::{Era, Said, View, quote};

pub(super) static RULE: Plain = Plain {
    id: "rpc-id-reused",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    // Without an id on the wire several clients may be in one session, each with its own numbers.
    if story.session.wire_id.is_none() {
        return;
    }
    let mut used: HashMap<(Direction, String), Said<'_>> = HashMap::new();
    for said in story.said().filter(|said| said.message.kind == Kind::Request) {
        let Some(view) = story.view_of(&said).filter(|view| was_taken(view)) else { continue };
        let Some(id) = said.message.rpc_id.as_deref().and_then(id_key) else { continue };
        let Some(before) = used.insert((said.message.direction, id), said) else { continue };
        // A stream that is resumed repeats what it had said.
        let again = before.message.payload == said.message.payload
            && said.message.direction == Direction::ServerToClient;
        if again || before.message.exchange == said.message.exchange && view.told.batches.is_empty()
        {
            continue;
        }
        found.report(said.finding(
            "the request has an id that the same side had already used in this session",
            format!(
                "id {} was that of `{}` in exchange {}, now of `{}`",
                quote(said.message.rpc_id.as_deref().unwrap_or_default()),
                quote(before.method()),
                before.message.exchange,
                quote(said.method())
            ),
            "count ids up over the whole session: an answer cannot be told from a late one to the older request",
        ));
    }
}

/// Nobody counts a request that was refused, redirected or cut off: it is sent again as it was.
fn was_taken(view: &View<'_>) -> bool {
    view.era() != Era::Modern
        && view.era() != Era::Other
        && view.is_ok()
        && view.outcome().is_none_or(|outcome| outcome == Outcome::Completed)
}
