//! How a session came to stand where it stands: each step with its time and what showed it.

use super::{IDLE, place::Wire};
use crate::{
    capture::Timestamp,
    protocol::model::{Refusal, RefusalReason, State, StateChange, Summary},
};

/// Steps told of one session. Beyond it the last one is replaced, so that the session's state stays
/// true.
const STATES_CAP: usize = 1_000;

/// What an exchange shows of its session.
#[derive(Clone, Copy)]
enum Sign {
    /// The server answered as to a session that stands.
    Alive,
    /// It answered `initialize`.
    Handshake,
    /// It named the endpoint of HTTP+SSE.
    Endpoint,
    Initialized,
    Refused,
    /// A DELETE was answered 2xx.
    Deleted,
    /// The stream of HTTP+SSE is over.
    StreamEnded,
}

/// The steps in the order of time; the first one is always there where there is a member.
pub(super) fn states(
    wire: Option<&Wire>,
    own: &[&Summary],
    last_at: Timestamp,
    as_of: Timestamp,
) -> Vec<StateChange> {
    let Some(first) = own.first() else { return Vec::new() };
    if wire.is_none() && own.iter().all(|s| s.initialize.is_none()) {
        let evidence = "no session id and no initialize".to_owned();
        return vec![change(State::Stateless, first, first.started_at, evidence)];
    }
    let mut signs: Vec<(Timestamp, &Summary, Sign)> = Vec::new();
    for summary in own {
        signs_of(summary, &mut signs);
    }
    signs.sort_by_key(|(at, ..)| *at);
    let created = format!("{} {}", first.method, first.path);
    let mut steps = Steps(vec![change(State::Created, first, first.started_at, created)]);
    for (at, summary, sign) in signs {
        steps.take(at, summary, sign);
    }
    let running = own.iter().any(|s| s.outcome.is_none());
    let idle_since = Timestamp(last_at.0.saturating_add(IDLE));
    let over = matches!(steps.state(), State::Closed | State::Expired);
    if !over && !running && as_of > idle_since {
        let evidence = "idle (inferred)".to_owned();
        steps.push(StateChange { state: State::Expired, at: idle_since, exchange: None, evidence });
    }
    steps.0
}

/// The stream that brought an answer or an endpoint may go on long after it: each sign has its time.
fn signs_of<'a>(summary: &'a Summary, signs: &mut Vec<(Timestamp, &'a Summary, Sign)>) {
    let succeeded = summary.status.is_some_and(|status| (200..300).contains(&status));
    let answered = summary.initialize.as_ref().map(|initialize| initialize.answered);
    let channel = summary.candidates.iter().any(|c| c.source == "endpoint-event");
    let stands = summary.connected_at.unwrap_or(summary.last_at);
    if answered == Some(true) {
        signs.push((stands, summary, Sign::Handshake));
    } else if channel {
        signs.push((stands, summary, Sign::Endpoint));
    }
    if summary.initialized {
        signs.push((summary.last_at, summary, Sign::Initialized));
    }
    if summary.method == "DELETE" && succeeded {
        signs.push((summary.last_at, summary, Sign::Deleted));
    } else if channel && summary.outcome.is_some() {
        signs.push((summary.last_at, summary, Sign::StreamEnded));
    } else if summary.refusal.is_some() {
        signs.push((summary.last_at, summary, Sign::Refused));
    } else if succeeded && answered.is_none() {
        // A stream shows it by its opening: that it goes on, or ends, says nothing of the session.
        let at = if summary.streaming { summary.started_at } else { summary.last_at };
        signs.push((at, summary, Sign::Alive));
    }
}

/// The steps so far; never empty.
struct Steps(Vec<StateChange>);

impl Steps {
    fn state(&self) -> State {
        self.0.last().map_or(State::Created, |step| step.state)
    }

    fn take(&mut self, at: Timestamp, summary: &Summary, sign: Sign) {
        let before = self.state();
        let status = summary.status.unwrap_or_default();
        let answered = format!("{} answered {status}", summary.method);
        let (state, evidence) = match (sign, before) {
            (Sign::Handshake, _) => (State::Connected, format!("initialize answered {status}")),
            (Sign::Endpoint, State::Created) => (State::Connected, "endpoint event".to_owned()),
            (Sign::Alive, State::Created) => {
                (State::Connected, format!("{answered} on this session"))
            }
            // A server behind which several instances stand, each with its own sessions, may know
            // an id after all.
            (Sign::Alive, State::Expired) => {
                let back = self.before_expiry();
                (back, format!("{answered} on this session again"))
            }
            (Sign::Initialized, State::Created | State::Connected) => {
                (State::Initialized, "notifications/initialized".to_owned())
            }
            (Sign::Deleted, _) => (State::Closed, answered),
            (Sign::StreamEnded, _) => (State::Closed, "the GET stream ended".to_owned()),
            (Sign::Refused, _) => return self.refused(at, summary, before),
            _ => return,
        };
        self.push(change(state, summary, at, evidence));
    }

    /// Only a session that was seen alive can be seen to have ended (houses.md §1).
    fn refused(&mut self, at: Timestamp, summary: &Summary, before: State) {
        let Some(refusal) = &summary.refusal else { return };
        let lost =
            matches!(refusal.reason, RefusalReason::UnknownSession | RefusalReason::NotInitialized);
        let answered = evidence(summary, refusal);
        match before {
            State::Connected | State::Initialized if lost => {
                let evidence = format!("{answered} on a known id");
                self.push(change(State::Expired, summary, at, evidence));
            }
            // Once: what else is refused on this id says no more.
            State::Created if self.0.len() == 1 => {
                let never = if lost { ": this recording never saw the session alive" } else { "" };
                self.push(change(State::Created, summary, at, format!("{answered}{never}")));
            }
            _ => {}
        }
    }

    /// Where the session stood before it was refused.
    fn before_expiry(&self) -> State {
        let stood = self.0.iter().rev().find(|step| step.state != State::Expired);
        stood.map_or(State::Connected, |step| step.state)
    }

    fn push(&mut self, step: StateChange) {
        if self.0.len() >= STATES_CAP {
            self.0.pop();
        }
        self.0.push(step);
    }
}

/// `POST answered 401 SessionExpired`.
fn evidence(summary: &Summary, refusal: &Refusal) -> String {
    let status = summary.status.unwrap_or_default();
    let mut text = format!("{} answered {status}", summary.method);
    for part in [&refusal.code, &refusal.text] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(part);
        }
    }
    text
}

fn change(state: State, summary: &Summary, at: Timestamp, evidence: String) -> StateChange {
    StateChange { state, at, exchange: Some(summary.id), evidence }
}
