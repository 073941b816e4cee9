//! HTTP+SSE, 2024-11-05: a GET stream names the endpoint, messages go there by POST
//! (protocol.md §2). The session id is in the endpoint's query or path.

use super::{Dialect, ids};
use crate::protocol::{
    facts::Facts,
    model::{Frame, Transport},
};

pub(crate) struct HttpSse;

impl Dialect for HttpSse {
    fn name(&self) -> &'static str {
        "http+sse"
    }

    fn frame(&self, frame: &Frame, facts: &mut Facts) {
        // Spring spells it `event:endpoint`; some servers repeat it.
        if frame.event.as_deref() != Some("endpoint") || !frame.complete {
            return;
        }
        facts.shows_mcp();
        facts.shows(self.name());
        facts.transport(Transport::HttpSse);
        let Ok(target) = std::str::from_utf8(&frame.data) else { return };
        let Some(url) = facts.resolve(target.trim()) else { return };
        if let Some((_, id)) = ids::in_query(&url) {
            facts.candidate("endpoint-event", &id, true);
        } else if let Some(id) = ids::in_path(&url) {
            // Noted as a path's too: the POSTs that go there are joined by it.
            facts.candidate("endpoint-event", &id, true);
            facts.candidate("path", &id, true);
        }
    }
}
