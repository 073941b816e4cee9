//! Which sessions are shown, and in which order.

use std::{cmp::Ordering, collections::HashSet};

use crate::{
    protocol::{self, Counts, query::Query},
    tui::{
        app::Data,
        rows::{SessionId, SessionRow},
    },
};

/// What sessions are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum By {
    /// The order of their coming; the newest first.
    #[default]
    Number,
    State,
    Server,
    Client,
    Exchanges,
    Errors,
    P50,
    P95,
    Last,
}

/// All of them, with the words of the menu.
pub(super) const ALL: [(By, &str); 9] = [
    (By::Number, "number"),
    (By::State, "state"),
    (By::Server, "server"),
    (By::Client, "client"),
    (By::Exchanges, "exchanges"),
    (By::Errors, "errors"),
    (By::P50, "median latency"),
    (By::P95, "95th percentile"),
    (By::Last, "last traffic"),
];

/// Sorts; what is most comes first, names in their order.
pub(super) fn sort(shown: &mut [SessionId], by: By, turned: bool, data: &Data) {
    let compare = |a: &SessionId, b: &SessionId| -> Ordering {
        let (Some(one), Some(other)) = (data.session(*a), data.session(*b)) else {
            return Ordering::Equal;
        };
        let by_key = match by {
            By::Number => Ordering::Equal,
            By::State => (one.state as u8).cmp(&(other.state as u8)),
            By::Server => one.server.cmp(&other.server),
            By::Client => one.client.cmp(&other.client),
            By::Exchanges => other.exchanges.cmp(&one.exchanges),
            By::Errors => other.errors.cmp(&one.errors),
            By::P50 => other.p50_us.cmp(&one.p50_us),
            By::P95 => other.p95_us.cmp(&one.p95_us),
            By::Last => other.last_at.cmp(&one.last_at),
        };
        by_key.then(b.cmp(a))
    };
    shown.sort_unstable_by(|a, b| if turned { compare(b, a) } else { compare(a, b) });
}

/// Whether a filter takes a session: its own terms are tested here; the others need the desk, which
/// told in which sessions it found something. None where it has not been asked.
pub(super) fn takes(
    query: &Query,
    session: &SessionRow,
    id: SessionId,
    found: Option<&HashSet<SessionId>>,
) -> Option<bool> {
    let session = as_session(session);
    if !query.matches_session(&session) {
        return Some(false);
    }
    if query.takes_session(&session, []) {
        return Some(true);
    }
    found.map(|found| found.contains(&id))
}

/// What the terms on sessions look at.
fn as_session(row: &SessionRow) -> protocol::Session {
    let client = row
        .client
        .as_ref()
        .map(|client| protocol::Implementation { name: client.clone(), version: String::new() });
    protocol::Session {
        id: row.id,
        wire_id: row.wire_id.clone(),
        identified_by: String::new(),
        candidates: Vec::new(),
        run: row.run.clone(),
        name: row.name.clone(),
        server: row.server.clone(),
        revision: row.revision.clone(),
        transport: None,
        dialects: Vec::new(),
        state: row.state,
        states: Vec::new(),
        stream_state: None,
        open_streams: row.open_streams,
        idle_us: 0,
        age_us: 0,
        client,
        server_info: None,
        follows: None,
        joins: Vec::new(),
        given: Vec::new(),
        assigned: false,
        counts: Counts::default(),
        exchanges: Vec::new(),
        started_at: row.started_at,
        last_at: row.last_at,
    }
}
