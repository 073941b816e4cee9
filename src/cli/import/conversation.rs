//! A list of messages, as tools between two pipes keep it, as HTTP exchanges: what a client and a
//! server of streamable HTTP would have sent each other to say the same.
//!
//! A client's message is a POST; its answer is the response, as JSON, or as a stream where progress
//! came before it. What the server says of its own comes on a GET stream.

use std::collections::VecDeque;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error::ImportError,
    intake::Intake,
    made::{Body, Made},
};
use crate::{
    capture::{Head, Headers, Mode, Open, Outcome, Timestamp, Timing},
    cli::faces::compact,
    protocol::{Envelope, Kind},
};

/// Requests that wait for their answers. Beyond it the oldest counts as unanswered.
const PENDING_CAP: usize = 1_024;

/// What a GET stream holds at most, in bytes; the next message begins another one.
const STREAM_CAP: usize = 16 << 20;

/// A URL for what was no HTTP. `.invalid` is never dialed (RFC 2606).
pub(super) const NO_URL: &str = "http://stdio.invalid/mcp";

/// Whose conversation it is.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) url: String,
    /// What its exchanges are grouped by.
    pub(super) run: String,
    pub(super) name: Option<String>,
}

/// A message with what is known of it.
#[derive(Default)]
pub(super) struct Word<'a> {
    pub(super) at: Timestamp,
    pub(super) json: &'a str,
    /// Headers of a request, beside those that every one has.
    pub(super) headers: Vec<(String, Bytes)>,
    /// The status of the response that carried it, where that is known.
    pub(super) status: Option<u16>,
    /// The same for `WWW-Authenticate`.
    pub(super) challenge: Option<String>,
    /// The connection it was on; a request is answered on its own.
    pub(super) connection: String,
    /// The request on whose stream it came, as its id is spelled.
    pub(super) stream: Option<String>,
}

/// The exchanges of one conversation.
pub(super) struct Conversation {
    place: Place,
    pending: VecDeque<Pending>,
    listening: Option<Listening>,
}

struct Pending {
    connection: String,
    id: String,
    /// Its `progressToken`, as spelled.
    token: Option<String>,
    made: Made,
    frames: Vec<(Timestamp, Bytes)>,
}

struct Listening {
    made: Made,
    bytes: usize,
}

impl Conversation {
    pub(super) fn new(place: Place) -> Self {
        Self { place, pending: VecDeque::new(), listening: None }
    }

    /// The client's next message.
    pub(super) fn client(
        &mut self,
        word: &Word<'_>,
        intake: &mut Intake,
    ) -> Result<(), ImportError> {
        let json = compact(word.json.as_bytes());
        let asks = Envelope::read(json.get()).filter(|said| said.kind == Kind::Request);
        let id = asks.and_then(|said| said.id).map(str::to_owned);
        let mut made = self.post(word, json.get(), intake);
        let Some(id) = id else {
            made.answered(word.at, word.status.unwrap_or(202), None, Body::whole(word.at, ""));
            return intake.take(made).map(drop);
        };
        if self.pending.len() >= PENDING_CAP
            && let Some(oldest) = self.pending.pop_front()
        {
            intake.take(oldest.unanswered())?;
        }
        let (token, connection) = (token_of(json.get()), word.connection.clone());
        self.pending.push_back(Pending { connection, id, token, made, frames: Vec::new() });
        Ok(())
    }

    /// The server's next message.
    pub(super) fn server(
        &mut self,
        word: &Word<'_>,
        intake: &mut Intake,
    ) -> Result<(), ImportError> {
        let json = compact(word.json.as_bytes());
        let said = Envelope::read(json.get());
        let answers = matches!(said.map(|said| said.kind), Some(Kind::Response | Kind::Error));
        let id = said.and_then(|said| said.id).filter(|_| answers);
        if let Some(place) = id.and_then(|id| self.asked(&word.connection, id))
            && let Some(pending) = self.pending.remove(place)
        {
            return intake.take(pending.answered(word, json.get())).map(drop);
        }
        let subject = subject_of(json.get());
        let belongs = |pending: &Pending| {
            pending.connection == word.connection
                && (word.stream.as_ref() == Some(&pending.id)
                    || subject.is_some() && subject == pending.token
                    || subject.as_ref() == Some(&pending.id))
        };
        if let Some(pending) = self.pending.iter_mut().find(|pending| belongs(pending)) {
            pending.frames.push((word.at, frame(json.get())));
            return Ok(());
        }
        self.listen(word.at, frame(json.get()), intake)
    }

    /// A response without a message: it says no to the oldest request that waits.
    pub(super) fn refusal(
        &mut self,
        word: &Word<'_>,
        intake: &mut Intake,
    ) -> Result<(), ImportError> {
        let same = |pending: &Pending| pending.connection == word.connection;
        let place = self.pending.iter().position(same);
        match place.and_then(|place| self.pending.remove(place)) {
            Some(mut pending) => {
                let status = word.status.unwrap_or(500);
                let body = Body::whole(word.at, "");
                pending.made.answered(word.at, status, word.challenge.clone(), body);
                intake.take(pending.made).map(drop)
            }
            None => Ok(()),
        }
    }

    /// Nothing follows.
    pub(super) fn finish(self, intake: &mut Intake) -> Result<(), ImportError> {
        for pending in self.pending {
            intake.take(pending.unanswered())?;
        }
        if let Some(listening) = self.listening {
            intake.take(listening.made)?;
        }
        Ok(())
    }

    fn asked(&self, connection: &str, id: &str) -> Option<usize> {
        self.pending.iter().position(|p| p.connection == connection && p.id == id)
    }

    fn listen(
        &mut self,
        at: Timestamp,
        frame: Bytes,
        intake: &mut Intake,
    ) -> Result<(), ImportError> {
        if self.listening.as_ref().is_some_and(|listening| listening.bytes > STREAM_CAP)
            && let Some(full) = self.listening.take()
        {
            intake.take(full.made)?;
        }
        let listening = self.listening.get_or_insert_with(|| {
            let mut made = made(&self.place, at, "GET", intake);
            made.open.headers = Headers::from_iter([("accept", "text/event-stream")]);
            made.answered(at, 200, None, Body::default());
            if let Some((_, head)) = &mut made.head {
                head.headers = Headers::from_iter([("content-type", "text/event-stream")]);
            }
            // Nothing tells when it ended: with the client.
            made.outcome = Outcome::ClientClosed;
            Listening { made, bytes: 0 }
        });
        listening.bytes += frame.len();
        listening.made.response.chunks.push((at, frame));
        listening.made.ended_at = listening.made.ended_at.max(at);
        listening.made.timing.total_us = at.micros_since(listening.made.at);
        Ok(())
    }

    fn post(&self, word: &Word<'_>, json: &str, intake: &mut Intake) -> Made {
        let mut made = made(&self.place, word.at, "POST", intake);
        let fixed = [
            ("content-type".to_owned(), Bytes::from("application/json")),
            ("accept".to_owned(), Bytes::from("application/json, text/event-stream")),
        ];
        made.open.headers =
            Headers(fixed.into_iter().chain(word.headers.iter().cloned()).collect());
        made.request = Body::whole(word.at, json.to_owned());
        made
    }
}

/// An exchange without an answer.
pub(super) fn made(place: &Place, at: Timestamp, method: &str, intake: &mut Intake) -> Made {
    Made {
        id: None,
        index: intake.index(),
        at,
        open: Open {
            client: "unknown".to_owned(),
            pid: None,
            run: Some(place.run.clone()),
            name: place.name.clone(),
            mode: Mode::Reverse,
            method: method.to_owned(),
            url: place.url.clone(),
            version: "HTTP/1.1".to_owned(),
            headers: Headers::default(),
        },
        notes: vec![intake.note()],
        request: Body::whole(at, ""),
        head: None,
        response: Body::default(),
        ended_at: at,
        outcome: Outcome::Truncated,
        error: Some("no answer is in the imported file".to_owned()),
        timing: Timing::default(),
        upstream: None,
    }
}

impl Made {
    /// Gives it a response; its media type is that of its body.
    pub(super) fn answered(
        &mut self,
        at: Timestamp,
        status: u16,
        challenge: Option<String>,
        body: Body,
    ) {
        let first = body.chunks.first();
        let head_at = first.map_or(at, |(at, _)| *at);
        let mut headers = Headers::default();
        if let Some((_, chunk)) = first {
            let is_stream = chunk.starts_with(b"event:") || chunk.starts_with(b"data:");
            let media = if is_stream { "text/event-stream" } else { "application/json" };
            headers.0.push(("content-type".to_owned(), media.into()));
        }
        headers.0.extend(challenge.map(|value| ("www-authenticate".to_owned(), value.into())));
        let version = self.open.version.clone();
        self.head = Some((head_at, Head { status, reason: None, version, headers }));
        self.response = body;
        self.ended_at = at;
        self.outcome = Outcome::Completed;
        self.error = None;
        self.timing.first_byte_us = Some(head_at.micros_since(self.at));
        self.timing.total_us = at.micros_since(self.at);
    }
}

impl Pending {
    fn answered(mut self, word: &Word<'_>, json: &str) -> Made {
        let status = word.status.unwrap_or(200);
        let mut body = Body { ended_at: Some(word.at), ..Body::default() };
        body.chunks = self.frames;
        let last = if body.chunks.is_empty() { json.to_owned().into() } else { frame(json) };
        body.chunks.push((word.at, last));
        self.made.answered(word.at, status, word.challenge.clone(), body);
        self.made
    }

    fn unanswered(mut self) -> Made {
        if let Some((at, _)) = self.frames.last() {
            let body = Body { chunks: self.frames.clone(), ..Body::default() };
            self.made.answered(*at, 200, None, body);
            self.made.outcome = Outcome::Truncated;
            self.made.error = Some("no answer is in the imported file".to_owned());
        }
        self.made
    }
}

/// A message as an SSE event.
pub(super) fn frame(json: &str) -> Bytes {
    format!("event: message\ndata: {json}\n\n").into()
}

/// What tells to which request something belongs, as spelled.
#[derive(Default, Deserialize)]
struct Params<'a> {
    #[serde(borrow, rename = "progressToken")]
    token: Option<&'a RawValue>,
    #[serde(borrow, rename = "_meta")]
    meta: Option<Meta<'a>>,
}

#[derive(Default, Deserialize)]
struct Meta<'a> {
    #[serde(borrow, rename = "progressToken")]
    token: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/subscriptionId")]
    subscription: Option<&'a RawValue>,
}

fn params(json: &str) -> Params<'_> {
    let params = Envelope::read(json).and_then(|said| said.params);
    params.and_then(|params| serde_json::from_str(params).ok()).unwrap_or_default()
}

/// The token under which a request wants to hear of its progress.
fn token_of(json: &str) -> Option<String> {
    params(json).meta?.token.map(|raw| raw.get().to_owned())
}

/// The token, or the request's id, that a server's message names.
fn subject_of(json: &str) -> Option<String> {
    let params = params(json);
    let named = params.token.or_else(|| params.meta?.subscription);
    named.map(|raw| raw.get().to_owned())
}
