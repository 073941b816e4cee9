//! The sequence diagram: an arrow a message between two lanes, in the order of time.

use std::collections::{HashMap, HashSet};

use super::{listens, takes_up, tone_of};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        calls::{self, CallStory, Ending},
        jsonrpc::{self, Envelope, pick},
        model::{Direction, Kind, Message},
        story::{Story, Told},
    },
};

/// When nothing happens for longer, the stretch is a row of its own.
const PAUSE_NS: u64 = 1_000_000_000;

/// Its rows and what they refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// In the order of time.
    pub rows: Vec<Row>,
    /// The streams that the client opened to listen, in the order of their opening.
    pub streams: Vec<Stream>,
}

/// What is drawn beside requests and their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Notifications, progress among them.
    pub notifications: bool,
    /// Exchanges that no message of the client stands for.
    pub http: bool,
    /// Pauses.
    pub pauses: bool,
}

impl Default for Shown {
    /// All of it.
    fn default() -> Self {
        Self { notifications: true, http: true, pauses: true }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A message.
    Arrow(Arrow),
    /// HTTP alone.
    Http(Http),
    /// Time that passed.
    Pause(Pause),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// Its place among the story's messages.
    pub place: usize,
    /// Which way it points.
    pub direction: Direction,
    /// When.
    pub at: Timestamp,
    /// How it is drawn.
    pub line: Line,
    /// Whether it went well.
    pub tone: Tone,
    /// The call of which it is a part, among the story's calls.
    pub call: Option<usize>,
    /// From that call's request to this; none for the request itself.
    pub since_us: Option<u64>,
    /// The stream that carried it, where the client listens there, among [`Sequence::streams`].
    pub stream: Option<usize>,
}

/// How an arrow is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A request or an answer.
    Solid,
    /// A notification.
    Dotted,
}

/// How a row is coloured; never its colour alone: a label says it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Plain,
    /// It failed, or is the request of what failed.
    Failed,
    /// A request that is not answered yet, or was cancelled.
    Waiting,
}

/// An exchange without a message of the client, or an answer without a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// The exchange.
    pub exchange: ExchangeId,
    /// When it was opened; of an answer, when that came.
    pub at: Timestamp,
    /// The call that it answers, by a status or by breaking off. None: it is the whole exchange.
    pub answers: Option<usize>,
    /// Whether it went well.
    pub tone: Tone,
}

/// A stretch in which no row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The moment before it.
    pub from: Timestamp,
    /// The moment after it.
    pub until: Timestamp,
    /// A call was running: somebody waited.
    pub waiting: bool,
}

impl Pause {
    /// How long it was.
    #[must_use]
    pub fn us(&self) -> u64 {
        self.until.micros_since(self.from)
    }
}

/// A stream that the client opened to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its exchange.
    pub exchange: ExchangeId,
    /// When it was opened.
    pub from: Timestamp,
    /// When it ended; none while it goes on.
    pub until: Option<Timestamp>,
}

impl Sequence {
    /// The diagram of a session.
    #[must_use]
    pub fn of(story: &Story, shown: Shown) -> Self {
        let streams: Vec<Stream> =
            story.exchanges.iter().filter_map(|told| stream(story, told)).collect();
        let by_exchange: HashMap<ExchangeId, usize> =
            streams.iter().enumerate().map(|(place, stream)| (stream.exchange, place)).collect();
        let about = calls::about(&story.calls, &story.orphans, story.messages.len());
        let mut rows: Vec<Row> = Vec::with_capacity(story.messages.len());
        let listed = story.messages.iter().enumerate().zip(about);
        for ((place, message), about) in listed {
            if shown.notifications || message.kind != Kind::Notification {
                let stream = by_exchange.get(&message.exchange).copied();
                rows.push(Row::Arrow(arrow(story, place, message, about.call, stream)));
            }
        }
        rows.extend(answers(story));
        if shown.http {
            rows.extend(exchanges(story));
        }
        rows.sort_by_key(|row| (row.at(), row.rank()));
        if shown.pauses {
            rows = with_pauses(rows, story);
        }
        Self { rows, streams }
    }
}

impl Row {
    /// When it happened, or began.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Arrow(arrow) => arrow.at,
            Self::Http(http) => http.at,
            Self::Pause(pause) => pause.from,
        }
    }

    /// Of one moment: what opens an exchange, then messages in their order, then what ends one.
    fn rank(&self) -> usize {
        match self {
            Self::Http(http) if http.answers.is_none() => 0,
            Self::Arrow(arrow) => arrow.place + 1,
            _ => usize::MAX,
        }
    }
}

impl Arrow {
    /// What is written at it; `name` is the message's as it may be shown. The id and the time are
    /// for the renderer.
    #[must_use]
    pub fn label(&self, message: &Message, name: Option<&str>) -> String {
        label(message, name)
    }
}

/// A message in a few words: `tools/call search`, `tools/call search: result`.
#[must_use]
pub fn label(message: &Message, name: Option<&str>) -> String {
    let mut label = message.method.clone().unwrap_or_default();
    if let Some(name) = name {
        label.push(' ');
        label.push_str(name);
    }
    let outcome = match (message.kind, message.rpc_code) {
        (Kind::Response, _) if message.tool_error => "tool error".to_owned(),
        (Kind::Response, _) => "result".to_owned(),
        (Kind::Error, Some(code)) => format!("error {code}"),
        (Kind::Error, None) => "error".to_owned(),
        (Kind::Request | Kind::Notification, _) => {
            label.extend(progress(message).map(|steps| format!(" {steps}")));
            return label;
        }
    };
    if label.is_empty() { outcome } else { format!("{label}: {outcome}") }
}

/// How far a notification of progress says that its call is: `2/4`.
fn progress(message: &Message) -> Option<String> {
    if message.method.as_deref() != Some("notifications/progress") {
        return None;
    }
    let text = jsonrpc::text(&message.payload);
    let params = Envelope::read(&text)?.params?;
    let [progress, total] = pick(params, ["progress", "total"])?;
    let number = |text: &&str| text.parse::<f64>().is_ok();
    let progress = progress.filter(number)?;
    Some(match total.filter(number) {
        Some(total) => format!("{progress}/{total}"),
        None => progress.to_owned(),
    })
}

impl Http {
    /// What is written at it: `GET /mcp → 405`, and of an answer `404` or `truncated`. The path is
    /// the wire's.
    #[must_use]
    pub fn label(&self, story: &Story) -> String {
        let Some(told) = story.exchange(self.exchange) else { return String::new() };
        let summary = &told.reading.summary;
        let fault = summary.outcome.filter(|outcome| outcome.is_fault());
        let status = match (summary.status, fault) {
            (Some(status), None) => status.to_string(),
            (Some(status), Some(fault)) => format!("{status}, {}", fault.as_str()),
            (None, Some(fault)) => fault.as_str().to_owned(),
            (None, None) => "no answer".to_owned(),
        };
        if self.answers.is_some() {
            return status;
        }
        let what = match takes_up(story, self.exchange) {
            Some(_) => ", resumes",
            None if listens(story, told) => ", listens",
            None => "",
        };
        format!("{} {} → {status}{what}", summary.method, summary.path)
    }
}

fn stream(story: &Story, told: &Told) -> Option<Stream> {
    let summary = &told.reading.summary;
    listens(story, told).then(|| Stream {
        exchange: summary.id,
        from: summary.started_at,
        until: summary.outcome.map(|_| summary.last_at),
    })
}

fn arrow(
    story: &Story,
    place: usize,
    message: &Message,
    call: Option<usize>,
    stream: Option<usize>,
) -> Arrow {
    let told = call.and_then(|call| story.calls.get(call));
    let since = told.filter(|told| told.request != place).and_then(|told| story.request(told));
    let dotted = message.kind == Kind::Notification;
    Arrow {
        place,
        direction: message.direction,
        at: message.at,
        line: if dotted { Line::Dotted } else { Line::Solid },
        tone: tone(place, message, told),
        call,
        since_us: since.map(|request| message.at.micros_since(request.at)),
        stream,
    }
}

fn tone(place: usize, message: &Message, call: Option<&CallStory>) -> Tone {
    match (message.kind, call) {
        (Kind::Error, _) => Tone::Failed,
        (Kind::Response, _) if message.tool_error => Tone::Failed,
        (Kind::Request, Some(call)) if call.request == place => match call.ending {
            Ending::Refused(_) | Ending::Fault(_) | Ending::Unanswered => Tone::Failed,
            Ending::Cancelled | Ending::Pending | Ending::Unread => Tone::Waiting,
            Ending::Ok | Ending::ToolError | Ending::RpcError(_) => Tone::Plain,
        },
        _ => Tone::Plain,
    }
}

/// Answers that are no message: a call was refused by a status, or its exchange broke off.
fn answers(story: &Story) -> impl Iterator<Item = Row> {
    story.calls.iter().enumerate().filter_map(|(index, call)| {
        let failed = matches!(call.ending, Ending::Refused(_) | Ending::Fault(_));
        if !failed || call.answer.or(call.refusal).is_some() {
            return None;
        }
        let exchange = *call.exchanges.last()?;
        let told = story.exchange(exchange)?;
        let summary = &told.reading.summary;
        let came = told.head_at.filter(|_| matches!(call.ending, Ending::Refused(_)));
        let at = came.unwrap_or(summary.last_at);
        Some(Row::Http(Http { exchange, at, answers: Some(index), tone: Tone::Failed }))
    })
}

/// Exchanges that bring no message of the client: streams, DELETE, OAuth, what is no MCP.
fn exchanges(story: &Story) -> impl Iterator<Item = Row> {
    let spoken: HashSet<ExchangeId> = story
        .messages
        .iter()
        .filter(|message| message.direction == Direction::ClientToServer)
        .map(|message| message.exchange)
        .collect();
    story.exchanges.iter().filter(move |told| !spoken.contains(&told.id())).map(|told| {
        let (exchange, at) = (told.id(), told.reading.summary.started_at);
        Row::Http(Http { exchange, at, answers: None, tone: tone_of(told) })
    })
}

/// With a row for each long stretch between two others.
fn with_pauses(rows: Vec<Row>, story: &Story) -> Vec<Row> {
    let mut running = running(story).into_iter().peekable();
    let mut runs_until = Timestamp(0);
    let mut all = Vec::with_capacity(rows.len());
    let mut before: Option<Timestamp> = None;
    for row in rows {
        let at = row.at();
        if let Some(from) = before
            && at.0.saturating_sub(from.0) > PAUSE_NS
        {
            while let Some((_, until)) = running.next_if(|(begins, _)| *begins <= from) {
                runs_until = runs_until.max(until);
            }
            all.push(Row::Pause(Pause { from, until: at, waiting: runs_until > from }));
        }
        before = Some(at);
        all.push(row);
    }
    all
}

/// From when to when each call ran, in the order of their beginnings; calls that only listen never
/// do.
fn running(story: &Story) -> Vec<(Timestamp, Timestamp)> {
    let mut running: Vec<_> = story
        .calls
        .iter()
        .filter_map(|call| {
            let request = story.request(call)?;
            if request.method.as_deref() == Some("subscriptions/listen") {
                return None;
            }
            let over = call.answer.or(call.refusal).or(call.cancelled);
            let over = over.and_then(|place| story.messages.get(place)).map(|message| message.at);
            let last = call.exchanges.last().and_then(|id| story.exchange(*id));
            let ended = last.filter(|_| call.ending != Ending::Pending);
            let over = over.or(ended.map(|told| told.reading.summary.last_at));
            Some((request.at, over.unwrap_or(Timestamp(u64::MAX))))
        })
        .collect();
    running.sort_unstable();
    running
}
