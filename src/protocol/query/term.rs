//! The terms of faces.md's table: how each is typed, and when it holds.

use super::{
    Clause, QueryError, Subject,
    lex::{Key, Op, Word},
    pattern::Pattern,
    value,
};
use crate::{
    capture::{Outcome, Timestamp},
    protocol::{
        call::CallOutcome,
        index,
        model::{Direction, Kind, Session, State, Summary},
    },
};

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Client(Pattern),
    Dir(Vec<Direction>),
    HasProblem,
    Http(Pattern),
    HttpCompared(Op, u64),
    Id(Pattern),
    Kind(Vec<Kind>),
    Latency(Op, u64),
    Method(Pattern),
    Name(Pattern),
    Outcome(Vec<Outcome>),
    Revision(Pattern),
    Rpc(Pattern),
    Run(Pattern),
    Server(Pattern),
    Session(Pattern),
    Since(Timestamp),
    Size(Op, u64),
    State(Vec<State>),
    Status(Vec<CallOutcome>),
    Text(Pattern),
    ToolError,
    Until(Timestamp),
}

const KEYS: &str = "terms are method, name, tool, id, status, http, rpc, tool-error, outcome, session, \
                    server, client, revision, state, run, dir, kind, has, latency, size, since, until; \
                    put other text in quotes";

/// Reads one word of the query `text`.
pub(super) fn parse(text: &str, word: &Word, now: Timestamp) -> Result<Clause, QueryError> {
    let negated = word.negated;
    let clause = |term| Ok(Clause { negated, term });
    let pattern = Pattern::new(&word.values);
    let Some(key) = &word.key else {
        let plain = word.values.iter().all(|value| !value.quoted && value.text == "tool-error");
        return clause(if plain { Term::ToolError } else { Term::Text(pattern) });
    };
    let read = Reading { text, word, key };
    let compared = matches!(key.name.as_str(), "latency" | "size" | "http");
    if key.op != Op::Is && !compared {
        let place = word.offset + usize::from(negated) + key.name.len();
        let what = format!("`{}` cannot be compared", key.name);
        return Err(QueryError::at(text, place, what, "only latency, size and http take < and >"));
    }
    clause(match key.name.as_str() {
        "client" => Term::Client(pattern),
        "dir" => Term::Dir(read.words(&[
            ("client", Direction::ClientToServer),
            ("server", Direction::ServerToClient),
        ])?),
        "has" => read.words(&[("problem", Term::HasProblem)])?.swap_remove(0),
        "http" if key.op == Op::Is => Term::Http(pattern),
        "http" => Term::HttpCompared(key.op, read.one("a status such as 404", |t| t.parse().ok())?),
        "id" => Term::Id(pattern),
        "kind" => Term::Kind(read.words(&[
            ("request", Kind::Request),
            ("response", Kind::Response),
            ("error", Kind::Error),
            ("notification", Kind::Notification),
        ])?),
        "latency" => Term::Latency(key.op, read.one("a duration such as 2s", value::duration)?),
        "method" => Term::Method(pattern),
        "name" | "tool" => Term::Name(pattern),
        "outcome" => Term::Outcome(read.words(&OUTCOMES.map(|o| (o.as_str(), o)))?),
        "revision" => Term::Revision(pattern),
        "rpc" => Term::Rpc(pattern),
        "run" => Term::Run(pattern),
        "server" => Term::Server(pattern),
        "session" => Term::Session(pattern),
        "since" => Term::Since(read.one(TIME, |t| value::time(t, now))?),
        "size" => Term::Size(key.op, read.one("a size such as 1M", value::size)?),
        "state" => Term::State(read.words(&STATES)?),
        "status" => Term::Status(read.words(&[
            ("ok", CallOutcome::Ok),
            ("error", CallOutcome::Error),
            ("pending", CallOutcome::Pending),
            ("cancelled", CallOutcome::Cancelled),
        ])?),
        "until" => Term::Until(read.one(TIME, |t| value::time(t, now))?),
        other => {
            let place = word.offset + usize::from(negated);
            return Err(QueryError::at(text, place, format!("unknown term `{other}`"), KEYS));
        }
    })
}

const TIME: &str = "a time such as 1d or 2026-11-20T10:00";

const OUTCOMES: [Outcome; 5] = [
    Outcome::Completed,
    Outcome::ClientClosed,
    Outcome::UpstreamReset,
    Outcome::Truncated,
    Outcome::ProxyError,
];

const STATES: [(&str, State); 6] = [
    ("created", State::Created),
    ("connected", State::Connected),
    ("initialized", State::Initialized),
    ("expired", State::Expired),
    ("closed", State::Closed),
    ("stateless", State::Stateless),
];

struct Reading<'a> {
    text: &'a str,
    word: &'a Word,
    key: &'a Key,
}

impl Reading<'_> {
    /// Each value is one of these words.
    fn words<T: Clone>(&self, known: &[(&str, T)]) -> Result<Vec<T>, QueryError> {
        let find = |value: &super::lex::Value| {
            let found = known.iter().find(|(word, _)| *word == value.text);
            found.map(|(_, meaning)| meaning.clone()).ok_or_else(|| {
                let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
                let what = format!("`{}` is no value of `{}`", value.text, self.key.name);
                QueryError::at(
                    self.text,
                    value.offset,
                    what,
                    &format!("one of {}", words.join(", ")),
                )
            })
        };
        self.word.values.iter().map(find).collect()
    }

    /// There is one value and it can be read.
    fn one<T>(&self, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, QueryError> {
        match self.word.values.as_slice() {
            [value] => read(&value.text).ok_or_else(|| {
                let what = format!("`{}` is no value of `{}`", value.text, self.key.name);
                QueryError::at(self.text, value.offset, what, &format!("write {wanted}"))
            }),
            [_, second, ..] => {
                let what = format!("`{}` takes one value", self.key.name);
                Err(QueryError::at(self.text, second.offset, what, &format!("write {wanted}")))
            }
            [] => unreachable_value(self.text, self.word.offset),
        }
    }
}

/// The lexer gives every word a value.
fn unreachable_value<T>(text: &str, offset: usize) -> Result<T, QueryError> {
    Err(QueryError::at(text, offset, "a value is missing", "`key:value`"))
}

impl Op {
    pub(super) fn compare(self, value: u64, with: u64) -> bool {
        match self {
            Self::Is => value == with,
            Self::Above => value > with,
            Self::AtLeast => value >= with,
            Self::Below => value < with,
            Self::AtMost => value <= with,
        }
    }
}

impl Term {
    /// Whether it holds of a session; none where it is no term on sessions.
    pub(super) fn of_session(&self, session: &Session) -> Option<bool> {
        Some(match self {
            Self::Client(pattern) => {
                session.client.as_ref().is_some_and(|client| pattern.is_in(client.name.as_bytes()))
            }
            Self::Revision(p) => session.revision.as_deref().is_some_and(|text| p.is(text)),
            Self::Run(pattern) => session.run.as_deref().is_some_and(|text| pattern.is(text)),
            Self::Server(pattern) => {
                let named =
                    |info: &super::super::Implementation| pattern.is_in(info.name.as_bytes());
                pattern.is_in(session.server.as_bytes())
                    || session.server_info.as_ref().is_some_and(named)
            }
            Self::Session(pattern) => {
                pattern.begins(&session.id.to_string())
                    || session.wire_id.as_deref().is_some_and(|id| pattern.is(id))
            }
            Self::State(states) => states.contains(&session.state),
            _ => return None,
        })
    }

    /// Whether it holds.
    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        if let Some(holds) = self.of_session(subject.session) {
            return holds;
        }
        self.of_call(subject)
            .or_else(|| self.of_exchange(subject.summary))
            .unwrap_or_else(|| self.of_message(subject))
    }

    /// The terms on calls hold for a call's request and its answer.
    fn of_call(&self, subject: &Subject<'_>) -> Option<bool> {
        let call = subject.call;
        Some(match self {
            Self::Latency(op, us) => {
                call.and_then(|call| call.latency_us).is_some_and(|took| op.compare(took, *us))
            }
            Self::Rpc(pattern) => {
                let own = subject.message.and_then(|message| message.rpc_code);
                let code = call.and_then(|call| call.rpc_code).or(own);
                code.is_some_and(|code| pattern.is(&code.to_string()))
            }
            Self::Status(wanted) => status(subject).is_some_and(|status| wanted.contains(&status)),
            Self::ToolError => {
                call.is_some_and(|call| call.tool_error)
                    || subject.message.is_some_and(|message| message.tool_error)
            }
            _ => return None,
        })
    }

    fn of_exchange(&self, summary: &Summary) -> Option<bool> {
        Some(match self {
            Self::Http(pattern) => summary.status.is_some_and(|s| pattern.is(&s.to_string())),
            Self::HttpCompared(op, with) => {
                summary.status.is_some_and(|status| op.compare(status.into(), *with))
            }
            Self::Outcome(wanted) => summary.outcome.is_some_and(|o| wanted.contains(&o)),
            _ => return None,
        })
    }

    fn of_message(&self, subject: &Subject<'_>) -> bool {
        let at = subject.message.map_or(subject.summary.started_at, |message| message.at);
        match self {
            Self::Since(time) => return at >= *time,
            Self::Until(time) => return at <= *time,
            Self::HasProblem => return subject.at_fault,
            _ => {}
        }
        let Some(message) = subject.message else { return false };
        let text = |field: &Option<String>, pattern: &Pattern| {
            field.as_deref().is_some_and(|text| pattern.is(text))
        };
        match self {
            Self::Dir(wanted) => wanted.contains(&message.direction),
            Self::Id(pattern) => {
                let unquoted = |id: &str| id.trim_matches('"').to_owned();
                text(&message.rpc_id, pattern)
                    || text(&message.rpc_id.as_deref().map(unquoted), pattern)
            }
            Self::Kind(wanted) => wanted.contains(&message.kind),
            Self::Method(pattern) => text(&message.method, pattern),
            Self::Name(pattern) => text(&message.name, pattern),
            Self::Size(op, bytes) => op.compare(message.payload.len() as u64, *bytes),
            Self::Text(pattern) => {
                let within = |field: &Option<String>| {
                    field.as_deref().is_some_and(|text| pattern.is_in(text.as_bytes()))
                };
                within(&message.method) || within(&message.name) || pattern.is_in(&message.payload)
            }
            _ => false,
        }
    }

    /// False only if it can hold of nothing in the exchange.
    pub(super) fn may_hold(&self, summary: &Summary) -> bool {
        let messages = summary.counts.messages > 0;
        let listed = |texts: &[String], pattern: &Pattern| {
            let unlisted = summary.more || summary.answers_elsewhere;
            messages && (unlisted || texts.iter().any(|text| pattern.is(text)))
        };
        match self {
            Self::Http(_) | Self::HttpCompared(..) | Self::Outcome(_) => {
                self.of_exchange(summary).unwrap_or(true)
            }
            Self::Method(pattern) => listed(&summary.methods, pattern),
            Self::Name(pattern) => listed(&summary.names, pattern),
            Self::Status(wanted) if !wanted.contains(&CallOutcome::Ok) => {
                let failed = wanted.contains(&CallOutcome::Error);
                index::is_undecided(summary) || failed && index::may_have_failed(summary)
            }
            Self::ToolError | Self::Rpc(_) => {
                messages && (index::is_undecided(summary) || index::may_have_failed(summary))
            }
            Self::Since(time) => summary.last_at >= *time,
            Self::Until(time) => summary.started_at <= *time,
            Self::Dir(_)
            | Self::Id(_)
            | Self::Kind(_)
            | Self::Latency(..)
            | Self::Size(..)
            | Self::Text(_) => messages,
            _ => true,
        }
    }
}

/// The status of a call; of an exchange without messages that of its HTTP.
fn status(subject: &Subject<'_>) -> Option<CallOutcome> {
    let summary = subject.summary;
    let declined = summary.declines_listening();
    let failed = summary.status.is_some_and(|status| status >= 400) && !declined
        || summary.outcome.is_some_and(Outcome::is_fault);
    match (subject.call, subject.message) {
        (Some(call), _) => Some(call.outcome),
        (None, Some(_) | None) if failed => Some(CallOutcome::Error),
        (None, Some(message)) if message.kind == Kind::Error && !declined => {
            Some(CallOutcome::Error)
        }
        (None, Some(_)) => None,
        (None, None) if summary.status.is_none() => Some(CallOutcome::Pending),
        (None, None) => Some(CallOutcome::Ok),
    }
}
