//! 2026-07-28: a message on a listen stream that does not name its subscription.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::pair::id_key;
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "subscription-id-mismatch",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/utilities/subscriptions",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_ok()) {
        let Some(listen) = view.requests().find(|said| said.method() == "subscriptions/listen")
        else {
            continue;
        };
        let id = listen.message.rpc_id.as_deref().unwrap_or_default();
        for said in view.got().filter(|said| said.message.kind != Kind::Error) {
            let named = said.meta("io.modelcontextprotocol/subscriptionId");
            if named.is_some_and(|named| id_key(named) == id_key(id)) {
                continue;
            }
            found.report(said.finding(
                "a message on the listen stream does not name its subscription",
                format!("subscriptionId {}; the listen request's id is {}", quote(named.unwrap_or("missing")), quote(id)),
                "put the id of the listen request, its type kept, into `_meta` of every message on its stream",
            ));
        }
    }
}
