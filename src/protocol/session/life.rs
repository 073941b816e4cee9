//! The life story of one session at one `as_of`: states with their evidence, streams, sums.

use super::{
    IDLE,
    place::{self, Wire},
};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::model::{
        Counts, Join, Session, SessionCandidate, State, StateChange, Summary, Transport,
    },
};

/// Resumed streams told of one session; further ones are left out.
const JOINS_CAP: usize = 1_000;

/// Distinct candidates told of one session; further ones are left out.
const CANDIDATES_CAP: usize = 32;

/// Tells the session of these exchanges. `own` are its members, `all` those and the legs that led
/// to them, both ascending. None where there is no member.
pub(super) fn tell(
    id: ExchangeId,
    wire: Option<&Wire>,
    follows: Option<ExchangeId>,
    own: &[&Summary],
    all: &[&Summary],
    as_of: Timestamp,
) -> Option<Session> {
    let first = *own.first()?;
    let last_at = all.iter().map(|s| s.last_at).max()?;
    let started_at = all.iter().map(|s| s.started_at).min()?;
    let open_streams = own.iter().filter(|s| s.streaming && s.outcome.is_none()).count() as u64;
    let states = states(wire, own, last_at, as_of);
    let state = states.last().map_or(State::Created, |change| change.state);
    let ends = if state == State::Closed { last_at } else { as_of };
    let is_mcp = own.iter().any(|s| s.is_mcp);
    Some(Session {
        id,
        wire_id: wire.map(|wire| wire.id.clone()),
        identified_by: identified_by(wire, own),
        candidates: candidates(wire, own),
        run: own.iter().find_map(|s| s.run.clone()),
        name: own.iter().find_map(|s| s.name.clone()),
        server: format!("{}{}", first.origin, first.path),
        revision: revision(own),
        transport: transport(own),
        dialects: Vec::new(),
        state,
        states,
        stream_state: is_mcp.then(|| stream_state(state, own)).flatten().map(str::to_owned),
        open_streams,
        idle_us: ends.micros_since(last_at),
        age_us: ends.micros_since(started_at),
        client: own.iter().find_map(|s| s.client.clone()),
        server_info: own.iter().find_map(|s| s.server.clone()),
        follows,
        joins: joins(own),
        counts: all.iter().fold(Counts::default(), |sum, s| sum.plus(s.counts)),
        exchanges: all.iter().map(|s| s.id).collect(),
        started_at,
        last_at,
    })
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            calls: self.calls + other.calls,
            errors: self.errors + other.errors,
            frames: self.frames + other.frames,
        }
    }
}

/// The steps in the order of time; the first one is always there.
fn states(
    wire: Option<&Wire>,
    own: &[&Summary],
    last_at: Timestamp,
    as_of: Timestamp,
) -> Vec<StateChange> {
    let Some(first) = own.first() else { return Vec::new() };
    let change = |state, summary: &Summary, at, evidence: String| StateChange {
        state,
        at,
        exchange: Some(summary.id),
        evidence,
    };
    if wire.is_none() && own.iter().all(|s| s.initialize.is_none()) {
        let evidence = "no session id and no initialize".to_owned();
        return vec![change(State::Stateless, first, first.started_at, evidence)];
    }
    let created = format!("{} {}", first.method, first.path);
    let mut states = vec![change(State::Created, first, first.started_at, created)];
    for summary in own {
        let before = states.last().map_or(State::Created, |change| change.state);
        for (state, evidence) in steps(summary, before) {
            // The stream that brought an answer or an endpoint may go on long after it.
            let at = match state {
                State::Connected => summary.connected_at.unwrap_or(summary.last_at),
                _ => summary.last_at,
            };
            states.push(change(state, summary, at, evidence));
        }
    }
    states.sort_by_key(|change| change.at);
    let last = states.last().map(|change| change.state);
    let running = own.iter().any(|s| s.outcome.is_none());
    let idle_since = Timestamp(last_at.0.saturating_add(IDLE));
    if !matches!(last, Some(State::Closed | State::Expired)) && !running && as_of > idle_since {
        states.push(StateChange {
            state: State::Expired,
            at: idle_since,
            exchange: None,
            evidence: "idle (inferred)".to_owned(),
        });
    }
    states
}

/// What one exchange changes in a session that stands at `before`.
fn steps(summary: &Summary, before: State) -> Vec<(State, String)> {
    let status = summary.status.unwrap_or_default();
    let succeeded = (200..300).contains(&status);
    let answered = format!("{} answered {status}", summary.method);
    let is_channel = summary.candidates.iter().any(|c| c.source == "endpoint-event");
    let mut steps = Vec::new();
    if place::handshake(summary) == Some(true) {
        steps.push((State::Connected, format!("initialize answered {status}")));
    } else if is_channel && before == State::Created {
        steps.push((State::Connected, "endpoint event".to_owned()));
    } else if summary.initialize.is_none() && succeeded && before == State::Created {
        steps.push((State::Connected, format!("{answered} on this session")));
    }
    if summary.initialized {
        steps.push((State::Initialized, "notifications/initialized".to_owned()));
    }
    if summary.method == "DELETE" && succeeded {
        steps.push((State::Closed, answered));
    } else if is_channel && summary.outcome.is_some() {
        steps.push((State::Closed, "the GET stream ended".to_owned()));
    } else if status == 404 && before != State::Created && summary.method != "GET" {
        steps.push((State::Expired, format!("{answered} on a known id")));
    }
    steps
}

/// The words of houses.md §4; none where nothing yields one.
fn stream_state(state: State, own: &[&Summary]) -> Option<&'static str> {
    if state == State::Closed {
        return Some("closed");
    }
    if own.iter().any(|s| s.streaming && s.outcome.is_none()) {
        return Some("streaming");
    }
    own.iter().rev().find_map(|summary| match (summary.status, summary.method.as_str()) {
        (None, _) if summary.outcome.is_none() => Some("connecting"),
        (Some(405), "GET") => Some("get_not_supported"),
        (Some(202), _) => Some("accepted"),
        _ if summary.streaming => Some("stream_closed"),
        _ => None,
    })
}

fn identified_by(wire: Option<&Wire>, own: &[&Summary]) -> String {
    let Some(wire) = wire else { return "grouping".to_owned() };
    let found = own.iter().flat_map(|s| &s.candidates).find(|c| c.value == wire.id);
    found.map_or_else(|| "grouping".to_owned(), |candidate| candidate.source.clone())
}

fn candidates(wire: Option<&Wire>, own: &[&Summary]) -> Vec<SessionCandidate> {
    let mut told: Vec<SessionCandidate> = Vec::new();
    for candidate in own.iter().flat_map(|s| &s.candidates) {
        let known =
            |c: &SessionCandidate| c.source == candidate.source && c.value == candidate.value;
        if told.len() < CANDIDATES_CAP && !told.iter().any(known) {
            told.push(SessionCandidate {
                source: candidate.source.clone(),
                value: candidate.value.clone(),
                chosen: wire.is_some_and(|wire| wire.id == candidate.value),
            });
        }
    }
    told
}

/// What the server chose, else what the exchanges name last.
fn revision(own: &[&Summary]) -> Option<String> {
    let chosen = own.iter().find_map(|s| s.initialize.as_ref()?.revision.clone());
    chosen.or_else(|| own.iter().rev().find_map(|s| s.revision.clone()))
}

/// A house's stream or an endpoint event is surer than a POST's looks.
fn transport(own: &[&Summary]) -> Option<Transport> {
    let all = || own.iter().filter_map(|s| s.transport);
    all().find(|t| *t == Transport::Ndjson).or_else(|| all().next())
}

fn joins(own: &[&Summary]) -> Vec<Join> {
    let resumes = own.iter().filter(|s| s.method == "GET");
    resumes
        .filter_map(|s| Some(Join { exchange: s.id, last_event_id: s.last_event_id.clone()? }))
        .take(JOINS_CAP)
        .collect()
}
