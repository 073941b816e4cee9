//! HTTP+SSE, 2024-11-05: a GET stream names the endpoint, messages go there by POST
//! (protocol.md §2). The session id is in the endpoint's query.

use url::Url;

use super::Dialect;
use crate::{
    capture::Open,
    protocol::{
        facts::Facts,
        model::{Frame, Transport},
    },
};

pub(crate) struct HttpSse;

/// TypeScript's and Python's spelling, as query parameter and as candidate.
const QUERY: [(&str, &str); 2] =
    [("sessionId", "query:sessionId"), ("session_id", "query:session_id")];

impl Dialect for HttpSse {
    fn request(&self, _: &Open, url: Option<&Url>, facts: &mut Facts) {
        if let Some((source, id)) = url.and_then(session) {
            facts.candidate(source, &id, false);
        }
    }

    fn frame(&self, frame: &Frame, facts: &mut Facts) {
        // Spring spells it `event:endpoint`; some servers repeat it.
        if frame.event.as_deref() != Some("endpoint") || !frame.complete {
            return;
        }
        facts.shows_mcp();
        facts.transport(Transport::HttpSse);
        let Ok(target) = std::str::from_utf8(&frame.data) else { return };
        if let Some((_, id)) = facts.resolve(target.trim()).as_ref().and_then(session) {
            facts.candidate("endpoint-event", &id, true);
        }
    }
}

fn session(url: &Url) -> Option<(&'static str, String)> {
    QUERY.iter().find_map(|(parameter, source)| {
        let (_, id) = url.query_pairs().find(|(name, _)| name == parameter)?;
        (!id.is_empty()).then(|| (*source, id.into_owned()))
    })
}
