//! What a tape says, in lines that a person can read in a diff. Ids are numbers by first
//! appearance, times are left out: recording the same again gives the same lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use wiretape::{
    capture::{ExchangeId, Record},
    protocol::{
        Direction, Frame, Implementation, Message, Session, Story, Told,
        problems::{Problem, judge, judge_all},
    },
};

use super::calls;
use crate::support::stories::stories;

/// The lines.
pub(crate) fn told(records: &[Record]) -> String {
    let mut teller = Teller { lines: String::new(), exchanges: numbers(records), events: vec![] };
    let stories = stories(records);
    for story in &stories {
        teller.session(&story.session);
        for told in &story.exchanges {
            teller.exchange(story, told);
        }
        teller.calls(story);
        teller.problems(&judge(story));
    }
    teller.problems(&judge_all(stories.iter().map(|story| &story.session)));
    teller.lines
}

fn numbers(records: &[Record]) -> BTreeMap<ExchangeId, usize> {
    let ids: BTreeSet<_> = records.iter().filter_map(|r| r.exchange).collect();
    ids.into_iter().zip(0..).collect()
}

struct Teller {
    lines: String,
    exchanges: BTreeMap<ExchangeId, usize>,
    /// Event ids by first appearance.
    events: Vec<String>,
}

impl Teller {
    fn line(&mut self, text: &str) {
        self.lines.push_str(text.trim_end());
        self.lines.push('\n');
    }

    fn session(&mut self, session: &Session) {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let transport = session.transport.map(|t| serde_json::to_value(t).expect("a name"));
        let transport = transport.as_ref().and_then(|t| t.as_str()).unwrap_or("none");
        let path = session.server.splitn(4, '/').nth(3).unwrap_or_default();
        self.line(&format!("SESSION {} /{path}", self.number(session.id)));
        self.line(&format!(
            "  wire id {} by {}, revision {}, {transport}",
            or_none(&session.wire_id),
            session.identified_by,
            or_none(&session.revision),
        ));
        self.line(&format!("  dialects: {}", session.dialects.join(" ")));
        for candidate in &session.candidates {
            let chosen = if candidate.chosen { "chosen" } else { "candidate" };
            self.line(&format!("  {chosen}: {} {}", candidate.source, candidate.value));
        }
        let peer = |peer: &Option<Implementation>| {
            peer.as_ref().map_or_else(|| "none".to_owned(), |p| format!("{} {}", p.name, p.version))
        };
        self.line(&format!(
            "  client {}, server {}",
            peer(&session.client),
            peer(&session.server_info)
        ));
        if let Some(before) = session.follows {
            self.line(&format!("  follows {}", self.number(before)));
        }
        for step in &session.states {
            let place = step.exchange.map_or_else(String::new, |id| self.number(id));
            let state = serde_json::to_value(step.state).expect("a name");
            let state = state.as_str().unwrap_or_default().to_owned();
            self.line(&format!("  state {state} {place} {}", step.evidence));
        }
        let stream = or_none(&session.stream_state);
        self.line(&format!("  streams: {stream}, {} open", session.open_streams));
        for join in &session.joins {
            let (exchange, event) = (self.number(join.exchange), self.event(&join.last_event_id));
            self.line(&format!("  join {exchange} after {event}"));
        }
    }

    fn exchange(&mut self, story: &Story, told: &Told) {
        let place = self.number(told.id());
        let url = told.open.url.splitn(4, '/').nth(3).unwrap_or_default();
        let status = told.head.as_ref().map_or_else(String::new, |head| head.status.to_string());
        let outcome = told.end.as_ref().map_or("running", |end| end.outcome.as_str());
        self.line(&format!("{place} {} /{url} {status} {outcome}", told.open.method));
        let messages = story.messages_of(told.id());
        for message in messages.iter().filter(|m| m.frame.is_none()) {
            self.message(message);
        }
        for frame in &told.reading.frames {
            self.frame(frame);
            for message in messages.iter().filter(|m| m.frame == Some(frame.index)) {
                self.message(message);
            }
        }
    }

    fn frame(&mut self, frame: &Frame) {
        let mut line = format!("    frame {} {} bytes", frame.index, frame.raw.len());
        if let Some(event) = &frame.event {
            let _ = write!(line, " event {event}");
        }
        if let Some(id) = &frame.id {
            let _ = write!(line, " id {}", self.event(id));
        }
        if let Some(retry) = frame.retry {
            let _ = write!(line, " retry {retry}");
        }
        if !frame.comments.is_empty() {
            let _ = write!(line, " comments {}", frame.comments.len());
        }
        if !frame.complete {
            line.push_str(" incomplete");
        }
        self.line(&line);
    }

    fn message(&mut self, message: &Message) {
        let arrow = if message.direction == Direction::ClientToServer { '>' } else { '<' };
        let kind = serde_json::to_value(message.kind).expect("a name");
        let mut line = format!("    {arrow} {}", kind.as_str().unwrap_or_default());
        for part in [&message.method, &message.name].into_iter().flatten() {
            let _ = write!(line, " {part}");
        }
        if let Some(id) = &message.rpc_id {
            let _ = write!(line, " id {id}");
        }
        if let Some(code) = message.rpc_code {
            let _ = write!(line, " code {code}");
        }
        if message.tool_error {
            line.push_str(" tool error");
        }
        if let Some(asked) = &message.answers {
            let _ = write!(line, " answers {}", self.place(asked));
        }
        self.line(&line);
    }

    fn calls(&mut self, story: &Story) {
        for call in &story.calls {
            let line = calls::call(story, call, &|id| self.place(id));
            self.line(&line);
        }
        for orphan in story.orphans.iter().filter_map(|place| story.messages.get(*place)) {
            let place = self.place(&orphan.id());
            self.line(&format!("ORPHAN {place}"));
        }
    }

    fn problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            let severity = serde_json::to_value(problem.severity).expect("a name");
            let place = problem.exchange.map_or_else(
                || format!("session {}", self.number(problem.session)),
                |id| self.number(id),
            );
            let message = problem.message.as_ref().map_or_else(String::new, |id| self.place(id));
            let severity = severity.as_str().unwrap_or_default().to_uppercase();
            self.line(&format!("PROBLEM {severity} {} {place} {message}", problem.rule));
        }
    }

    fn number(&self, id: ExchangeId) -> String {
        self.exchanges.get(&id).map_or_else(|| "#?".to_owned(), |number| format!("#{number}"))
    }

    /// `EXCHANGE.N` as `#3.1`.
    fn place(&self, message: &str) -> String {
        let (exchange, number) = message.rsplit_once('.').unwrap_or((message, "?"));
        let known = self.exchanges.iter().find(|(id, _)| id.to_string() == exchange);
        known.map_or_else(|| "#?".to_owned(), |(_, exchange)| format!("#{exchange}.{number}"))
    }

    fn event(&mut self, id: &str) -> String {
        let known = self.events.iter().position(|event| event == id);
        let place = known.unwrap_or_else(|| {
            self.events.push(id.to_owned());
            self.events.len() - 1
        });
        format!("e{place}")
    }
}
