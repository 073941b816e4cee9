//! What came back in a recorded exchange, and what each part of it followed: the frames of a stream
//! are sent again when that has happened again (protocol.md §7, Replay-as-server).

use std::collections::HashMap;

use bytes::Bytes;

use super::asked::Asked;
use crate::{
    capture::{ExchangeId, Fact, Headers, Outcome, Record, Side, Timestamp},
    protocol::{
        CallStory, Direction, Frame, Kind, Message, Story, Told, Transport, encoding::Decoder,
    },
};

/// Headers that belong to a connection, or are made anew for the body that is sent.
const NOT_SENT: [&str; 15] = [
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-accel-buffering",
    // A redacted tape says so of a body that it keeps decoded.
    "x-wiretape-was-content-encoding",
];

/// A recorded response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) head_at: Timestamp,
    pub(super) body: Body,
    /// Its stream says where to post: HTTP+SSE, and a house's NDJSON.
    pub(super) names_endpoint: bool,
}

#[derive(Debug)]
pub(super) enum Body {
    /// All at once.
    Whole {
        text: Bytes,
        said: Vec<Said>,
    },
    Stream(Stream),
    /// The client left before anything came.
    Never,
    /// The connection broke before anything came.
    Broken,
}

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) cues: Vec<Cue>,
    /// Messages of many calls: each goes when what it followed has happened. Otherwise it is the
    /// stream of one request, and goes in its order.
    pub(super) is_channel: bool,
    pub(super) ending: Ending,
    /// What its end followed, and when that was.
    pub(super) end_gates: Vec<Gate>,
    pub(super) end_at: Timestamp,
}

/// One frame.
#[derive(Debug)]
pub(super) struct Cue {
    pub(super) raw: Bytes,
    pub(super) data: Bytes,
    pub(super) event_id: Option<String>,
    pub(super) said: Vec<Said>,
    pub(super) at: Timestamp,
    pub(super) gates: Vec<Gate>,
}

/// What must have happened before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// The client sent this request.
    Asked(usize),
    /// The client answered this request of the server.
    Answered(String),
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Complete,
    Cut,
    /// The client ended it.
    Held,
}

/// A message of the server: whose ids it bears. Requests are named by their message ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// The request that it answers.
    pub(super) answers: Option<String>,
    /// It is a request itself.
    pub(super) asks: Option<String>,
    /// The call whose progress it tells by its token.
    pub(super) progress_of: Option<String>,
    /// The `subscriptions/listen` that it belongs to.
    pub(super) subscription_of: Option<String>,
}

/// A session's calls, by what belongs to them.
pub(super) struct Scene<'s> {
    story: &'s Story,
    places: &'s HashMap<ExchangeId, usize>,
    /// The client's calls by the exchanges that they span.
    calls_of: HashMap<ExchangeId, Vec<&'s CallStory>>,
    /// The call of the client that a message belongs to, by place.
    owner_of: HashMap<usize, &'s CallStory>,
    /// Progress, by place.
    progress: HashMap<usize, &'s CallStory>,
    messages: HashMap<ExchangeId, Vec<(usize, &'s Message)>>,
    /// What the client posted or deleted, in the order of time.
    posted: Vec<(Timestamp, usize)>,
    listens: Vec<(&'s str, String)>,
}

impl<'s> Scene<'s> {
    pub(super) fn new(story: &'s Story, places: &'s HashMap<ExchangeId, usize>) -> Self {
        let (mut calls_of, mut owner_of, mut progress) =
            (HashMap::<_, Vec<_>>::new(), HashMap::new(), HashMap::new());
        let is_clients = |call: &CallStory| {
            story.request(call).is_some_and(|m| m.direction == Direction::ClientToServer)
        };
        for call in story.calls.iter().filter(|call| is_clients(call)) {
            for exchange in &call.exchanges {
                calls_of.entry(*exchange).or_default().push(call);
            }
            let asks = call.asks.iter().filter_map(|ask| story.calls.get(*ask));
            let own = call.answer.into_iter().chain(call.duplicates.iter().copied());
            let own = own.chain(call.notifications.iter().copied());
            let own = own.chain(asks.map(|ask| ask.request));
            owner_of.extend(own.chain(call.progress.iter().copied()).map(|place| (place, call)));
            progress.extend(call.progress.iter().map(|place| (*place, call)));
        }
        let mut messages: HashMap<ExchangeId, Vec<(usize, &Message)>> = HashMap::new();
        for (place, message) in story.messages.iter().enumerate() {
            messages.entry(message.exchange).or_default().push((place, message));
        }
        for own in messages.values_mut() {
            own.sort_by_key(|(_, message)| message.number);
        }
        let posts = |told: &&Told| told.open.method != "GET";
        let posted =
            story.exchanges.iter().filter(posts).filter_map(|told| {
                Some((told.reading.summary.started_at, *places.get(&told.id())?))
            });
        let mut posted: Vec<_> = posted.collect();
        posted.sort_unstable();
        let listens = story.calls_of("subscriptions/listen");
        let listens = listens.filter_map(|(_, m)| Some((m.rpc_id.as_deref()?, m.id()))).collect();
        Self { story, places, calls_of, owner_of, progress, messages, posted, listens }
    }

    fn id_of(&self, call: &CallStory) -> Option<String> {
        self.story.request(call).map(Message::id)
    }

    fn said(&self, place: usize, message: &Message) -> Said {
        let is_request = message.kind == Kind::Request;
        let text = || std::str::from_utf8(&message.payload).ok();
        let subscription = || {
            let value = subscription(text()?)?;
            let of = self.listens.iter().rev().find(|(id, _)| *id == value)?;
            Some(of.1.clone())
        };
        // A dialect's own has no token: it is told whether or not the caller sent one.
        let bears_token =
            || super::json::at(text().unwrap_or_default(), &["params", "progressToken"]).is_some();
        let progress = self.progress.get(&place).filter(|_| bears_token());
        Said {
            answers: message.answers.clone(),
            asks: is_request.then(|| message.id()),
            progress_of: progress.and_then(|call| self.id_of(call)),
            subscription_of: subscription(),
        }
    }

    /// What a message of a stream of its own request follows: that its requests were answered, and
    /// that the client cancelled.
    fn within(&self, exchange: ExchangeId, at: Timestamp) -> Vec<Gate> {
        let calls = self.calls_of.get(&exchange).map(Vec::as_slice).unwrap_or_default();
        calls.iter().flat_map(|call| self.during(call, at)).collect()
    }

    fn during(&self, call: &CallStory, at: Timestamp) -> Vec<Gate> {
        let message = |place: usize| self.story.messages.get(place);
        let asks = call.asks.iter().filter_map(|ask| self.story.calls.get(*ask));
        let answered = asks.filter_map(|ask| {
            let answer = message(ask.answer?).filter(|answer| answer.at <= at);
            answer.and(message(ask.request)).map(|request| Gate::Answered(request.id()))
        });
        let mut gates: Vec<Gate> = answered.collect();
        let cancelled = call.cancelled.and_then(message).filter(|cancelled| cancelled.at <= at);
        let cancelled = cancelled.and_then(|cancelled| self.places.get(&cancelled.exchange));
        gates.extend(cancelled.map(|place| Gate::Asked(*place)));
        gates
    }

    /// What a message of a channel follows: its call, or what the client had sent last.
    fn after(&self, place: Option<usize>, at: Timestamp) -> Vec<Gate> {
        let call = place.and_then(|place| self.owner_of.get(&place));
        let Some(call) = call else { return self.latest(at) };
        let request = self.story.request(call).and_then(|m| self.places.get(&m.exchange));
        let mut gates: Vec<Gate> = request.map(|place| Gate::Asked(*place)).into_iter().collect();
        let is_request = |gate: &Gate| {
            let own = place.and_then(|place| self.story.messages.get(place)).map(Message::id);
            matches!(gate, Gate::Answered(id) if Some(id) == own.as_ref())
        };
        gates.extend(self.during(call, at).into_iter().filter(|gate| !is_request(gate)));
        gates
    }

    fn latest(&self, at: Timestamp) -> Vec<Gate> {
        let before = self.posted.partition_point(|(sent, _)| *sent < at);
        let last = before.checked_sub(1).and_then(|last| self.posted.get(last));
        last.map(|(_, place)| Gate::Asked(*place)).into_iter().collect()
    }

    /// All requests on this stream were answered.
    fn is_answered(&self, exchange: ExchangeId) -> bool {
        let calls = self.calls_of.get(&exchange).map(Vec::as_slice).unwrap_or_default();
        !calls.is_empty() && calls.iter().all(|call| call.answer.is_some())
    }
}

/// The subscription that a message of 2026-07-28 belongs to, as spelled.
pub(super) fn subscription(text: &str) -> Option<&str> {
    const KEY: &str = "io.modelcontextprotocol/subscriptionId";
    if !text.contains(KEY) {
        return None;
    }
    let at = |of: &str| super::json::at(text, &[of, "_meta", KEY]);
    at("params").or_else(|| at("result"))
}

impl Reply {
    pub(super) fn of(told: &Told, records: &[Record], scene: &Scene<'_>, asked: &Asked) -> Self {
        let summary = &told.reading.summary;
        let head_at = records.iter().find(|record| matches!(record.fact, Fact::Head(_)));
        let head_at = head_at.map_or(summary.started_at, |record| record.at);
        let mut in_response = summary.candidates.iter().filter(|c| c.in_response);
        let names = |source: &str| matches!(source, "endpoint-event" | "ndjson");
        let other_end = matches!(summary.transport, Some(Transport::HttpSse | Transport::Ndjson));
        let names_endpoint = other_end && in_response.any(|c| names(&c.source));
        let Some(head) = &told.head else {
            let left = summary.outcome.is_none_or(|outcome| outcome == Outcome::ClientClosed);
            let body = if left { Body::Never } else { Body::Broken };
            let headers = Headers::default();
            return Self { status: 0, headers, head_at, body, names_endpoint };
        };
        let sent = |name: &str| !NOT_SENT.iter().any(|other| name.eq_ignore_ascii_case(other));
        let headers = head.headers.0.iter().filter(|(name, _)| sent(name)).cloned();
        let headers = Headers(headers.collect());
        let is_stream = summary.streaming
            || head.status < 300 && headers.media_type().is_some_and(|m| m == "text/event-stream");
        let body = if is_stream {
            Body::Stream(stream(told, scene, asked))
        } else {
            let said = scene.messages.get(&told.id()).into_iter().flatten();
            let said = said.filter(|(_, m)| m.direction == Direction::ServerToClient);
            let said = said.map(|(place, message)| scene.said(*place, message)).collect();
            Body::Whole { text: whole(records, &head.headers), said }
        };
        Self { status: head.status, headers, head_at, body, names_endpoint }
    }
}

/// A response names this session id.
pub(super) fn names(told: &Told, id: &str) -> bool {
    let reading = &told.reading;
    let mut candidates = reading.summary.candidates.iter();
    let in_document = |json: &[u8]| {
        std::str::from_utf8(json).is_ok_and(|text| text.contains(&format!("\"{id}\"")))
    };
    candidates.any(|found| found.in_response && found.value == id)
        || reading.documents.iter().any(|d| d.side == Side::Response && in_document(&d.json))
}

fn stream(told: &Told, scene: &Scene<'_>, asked: &Asked) -> Stream {
    let summary = &told.reading.summary;
    let own = scene.messages.get(&told.id()).map(Vec::as_slice).unwrap_or_default();
    let is_listen = asked.method() == "subscriptions/listen";
    let resumes_call = scene.calls_of.contains_key(&told.id()) && asked.last_event_id.is_some();
    let is_channel = is_listen || asked.http == "GET" && !resumes_call;
    let mut by_frame: HashMap<u32, Vec<(usize, &Message)>> = HashMap::new();
    for (place, message) in own {
        by_frame.entry(message.frame.unwrap_or_default()).or_default().push((*place, message));
    }
    let cue = |frame: &Frame| {
        let messages = by_frame.get(&frame.index).map(Vec::as_slice).unwrap_or_default();
        let messages = messages.iter().filter(|(_, m)| m.direction == Direction::ServerToClient);
        let first = messages.clone().next().map(|(place, _)| *place);
        let is_control = messages.clone().next().is_none() && frame.index == 0;
        let gates = if !is_channel {
            scene.within(told.id(), frame.at)
        } else if is_control {
            // A comment, a priming event or the endpoint: it opens the stream.
            Vec::new()
        } else {
            scene.after(first, frame.at)
        };
        Cue {
            raw: frame.raw.clone(),
            data: frame.data.clone(),
            event_id: frame.id.clone(),
            said: messages.map(|(place, message)| scene.said(*place, message)).collect(),
            at: frame.at,
            gates,
        }
    };
    let cues: Vec<Cue> = told.reading.frames.iter().map(cue).collect();
    let end_at = summary.last_at;
    let ending = match summary.outcome {
        Some(Outcome::Completed) => Ending::Complete,
        Some(Outcome::ClientClosed) if !is_channel && scene.is_answered(told.id()) => {
            Ending::Complete
        }
        None | Some(Outcome::ClientClosed) => Ending::Held,
        Some(_) => Ending::Cut,
    };
    // A stream that can be taken up may end at any time; another one without its answer ended for
    // what the client did last: it cancelled, or deleted the session.
    let is_polled = cues.iter().any(|cue| cue.event_id.is_some());
    let mut end_gates = if is_channel || !is_polled && !scene.is_answered(told.id()) {
        scene.latest(end_at)
    } else {
        Vec::new()
    };
    if !is_channel {
        end_gates.extend(scene.within(told.id(), end_at));
    }
    Stream { cues, is_channel, ending, end_gates, end_at }
}

/// A response's body, decoded; what cannot be decoded is left out.
fn whole(records: &[Record], headers: &Headers) -> Bytes {
    let coding = headers.text("content-encoding").unwrap_or_default();
    let Ok(mut decoder) = Decoder::new(coding) else { return Bytes::new() };
    let mut text = Vec::new();
    for record in records {
        if let Fact::Chunk { side: Side::Response, data, .. } = &record.fact
            && decoder.push(data, &mut text).is_err()
        {
            break;
        }
    }
    Bytes::from(text)
}
