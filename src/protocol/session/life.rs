//! The life story of one session at one `as_of`: states with their evidence, streams, sums.

use std::collections::HashSet;

use super::{place::Wire, states};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        dialect,
        model::{Candidate, Counts, Join, Session, SessionCandidate, State, Summary, Transport},
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
    let states = states::states(wire, own, last_at, as_of);
    let state = states.last().map_or(State::Created, |change| change.state);
    let ends = if state == State::Closed { last_at } else { as_of };
    let is_mcp = own.iter().any(|s| s.is_mcp);
    let identity = identity(wire, own);
    Some(Session {
        id,
        wire_id: identity.map(|own| own.value.clone()),
        identified_by: identity.map_or("grouping", |own| own.source.as_str()).to_owned(),
        candidates: candidates(identity, own),
        run: own.iter().find_map(|s| s.run.clone()),
        name: own.iter().find_map(|s| s.name.clone()),
        server: format!("{}{}", first.origin, first.path),
        revision: revision(own),
        transport: transport(own),
        dialects: dialect::of_session(own),
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
        given: Vec::new(),
        assigned: super::place::gives(first).is_some(),
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

/// The candidate that names the session, as the first exchange has it that bears it. Without an id
/// on the wire it may be a cookie that the server issued and the client sent back.
fn identity<'a>(wire: Option<&Wire>, own: &[&'a Summary]) -> Option<&'a Candidate> {
    let all = || own.iter().flat_map(|s| &s.candidates);
    let Some(wire) = wire else {
        let issued: HashSet<(&str, &str)> = all()
            .filter(|c| c.is_cookie() && c.in_response)
            .map(|c| (c.source.as_str(), c.value.as_str()))
            .collect();
        let echoed = |c: &&Candidate| issued.contains(&(c.source.as_str(), c.value.as_str()));
        return all().filter(|c| c.is_cookie() && !c.in_response).find(echoed);
    };
    // Headers rank before the path where both say the same.
    let named = || all().filter(|c| wire.is(c) && !c.is_cookie());
    named().find(|c| !c.is_weak()).or_else(|| named().next())
}

fn candidates(identity: Option<&Candidate>, own: &[&Summary]) -> Vec<SessionCandidate> {
    let mut told: Vec<SessionCandidate> = Vec::new();
    for candidate in own.iter().flat_map(|s| &s.candidates) {
        let known =
            |c: &SessionCandidate| c.source == candidate.source && c.value == candidate.value;
        if told.len() < CANDIDATES_CAP && !told.iter().any(known) {
            told.push(SessionCandidate {
                source: candidate.source.clone(),
                value: candidate.value.clone(),
                chosen: identity.is_some_and(|own| own.value == candidate.value),
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
    let refused = |s: &Summary| s.status.is_some_and(|status| status >= 400);
    let resumes = own.iter().filter(|s| s.method == "GET" && !refused(s));
    resumes
        .filter_map(|s| Some(Join { exchange: s.id, last_event_id: s.last_event_id.clone()? }))
        .take(JOINS_CAP)
        .collect()
}
