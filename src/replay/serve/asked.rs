//! What a request asks, read the same way from a tape and from a live client: one reader, so that
//! the two cannot be read differently.

use bytes::Bytes;

use super::json;
use crate::{
    capture::{ExchangeId, Fact, Headers, Mode, Open, Record, Side, Timestamp},
    protocol::{Envelope, Kind, Message, read},
};

/// Headers that bear a credential.
const CREDENTIALS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-auth-token"];

/// A live request.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The HTTP method.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body, decoded.
    pub body: Bytes,
}

/// A session id in a request, and where it stands (`header:mcp-session-id`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) source: String,
    pub(super) value: String,
}

/// The forms of answers that a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Takes {
    pub(super) json: bool,
    pub(super) streams: bool,
}

impl Takes {
    /// Without the header it takes all.
    fn of(headers: &Headers) -> Self {
        let accepts: Vec<String> = headers
            .all("accept")
            .map(|value| String::from_utf8_lossy(value).to_ascii_lowercase())
            .collect();
        let takes = |form: &str, family: &str| {
            let one = |text: &String| {
                text.contains("*/*") || text.contains(form) || text.contains(family)
            };
            accepts.is_empty() || accepts.iter().any(one)
        };
        Self {
            json: takes("application/json", "application/*"),
            streams: takes("text/event-stream", "text/*"),
        }
    }
}

/// What a request asks.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) http: String,
    pub(super) path: String,
    /// Session ids but those in the path, which only a route can tell, and those in cookies.
    pub(super) claims: Vec<Claim>,
    pub(super) has_credential: bool,
    /// In the manner of 2026-07-28.
    pub(super) is_modern: bool,
    pub(super) last_event_id: Option<String>,
    pub(super) takes: Takes,
    pub(super) parts: Vec<Part>,
    /// All that is asked for, in one spelling.
    pub(super) key: String,
}

/// One message of a request.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) method: Option<String>,
    pub(super) name: Option<String>,
    /// Its number in the exchange.
    pub(super) number: u32,
    /// As spelled.
    pub(super) id: Option<String>,
    /// The progress token, as spelled.
    pub(super) token: Option<String>,
    /// In one spelling: `params`, or of an answer its `result` or `error`.
    pub(super) said: String,
}

impl Asked {
    /// Reads the request of a recorded exchange; none without its opening.
    pub(super) fn recorded(records: &[Record]) -> Option<(Self, Vec<Message>)> {
        let own = |record: &&Record| match &record.fact {
            Fact::Open(_) => true,
            Fact::Chunk { side, .. } | Fact::BodyEnd { side, .. } => *side == Side::Request,
            Fact::Gap(gap) => gap.side == Some(Side::Request),
            _ => false,
        };
        let records: Vec<Record> = records.iter().filter(own).cloned().collect();
        Self::of(&records)
    }

    /// Reads a live request.
    pub(super) fn live(incoming: &Incoming) -> Option<Self> {
        let open = Open {
            client: String::new(),
            pid: None,
            run: None,
            name: None,
            mode: Mode::Reverse,
            method: incoming.method.clone(),
            // The host does not matter, and is the guard's affair.
            url: format!("http://localhost{}", incoming.target),
            version: "HTTP/1.1".to_owned(),
            headers: incoming.headers.clone(),
        };
        let body = Fact::Chunk { side: Side::Request, data: incoming.body.clone(), cut: 0 };
        let end = Fact::BodyEnd { side: Side::Request, trailers: Headers::default() };
        let facts = [Fact::Open(Box::new(open)), body, end].into_iter();
        let exchange = Some(ExchangeId::from_bytes([0; 16]));
        let records: Vec<Record> = facts
            .zip(0..)
            .map(|(fact, n)| Record { exchange, n, at: Timestamp::default(), fact })
            .collect();
        Self::of(&records).map(|(asked, _)| asked)
    }

    fn of(records: &[Record]) -> Option<(Self, Vec<Message>)> {
        let reading = read(records)?;
        let open = records.iter().find_map(|record| match &record.fact {
            Fact::Open(open) => Some(open),
            _ => None,
        })?;
        let summary = &reading.summary;
        let mut claims: Vec<Claim> = Vec::new();
        for found in summary.candidates.iter().filter(|c| !c.is_weak() && !c.in_response) {
            claims.push(Claim { source: found.source.clone(), value: found.value.clone() });
        }
        let parts: Vec<Part> = reading.messages.iter().map(Part::of).collect();
        let path = url::Url::parse(&open.url).map_or(String::new(), |url| url.path().to_owned());
        let mut asked = Self {
            http: open.method.clone(),
            path,
            claims,
            has_credential: CREDENTIALS.iter().any(|name| open.headers.get(name).is_some()),
            is_modern: summary.is_modern(),
            last_event_id: summary.last_event_id.clone(),
            takes: Takes::of(&open.headers),
            parts,
            key: String::new(),
        };
        asked.key = asked.spell(records);
        Some((asked, reading.messages))
    }

    fn spell(&self, records: &[Record]) -> String {
        if self.parts.is_empty() {
            let body = records.iter().filter_map(|record| match &record.fact {
                Fact::Chunk { data, .. } => Some(String::from_utf8_lossy(data)),
                _ => None,
            });
            let body: String = body.collect();
            return format!(
                "{} {}",
                self.http,
                json::canonical(Some(body.trim()).filter(|b| !b.is_empty()))
            );
        }
        let parts: Vec<String> = self.parts.iter().map(Part::key).collect();
        parts.join("\n")
    }

    /// It begins a session.
    pub(super) fn is_initialize(&self) -> bool {
        self.parts
            .iter()
            .any(|part| part.kind == Kind::Request && part.method.as_deref() == Some("initialize"))
    }

    /// The client answers, and asks nothing.
    pub(super) fn is_answers(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(Part::is_answer)
    }

    /// Something in it waits for an answer.
    pub(super) fn has_request(&self) -> bool {
        self.parts.iter().any(|part| part.kind == Kind::Request)
    }

    /// The message that says what it is about: the first request, else the first message.
    pub(super) fn head_part(&self) -> Option<&Part> {
        let request = self.parts.iter().find(|part| part.kind == Kind::Request);
        request.or(self.parts.first())
    }

    /// The JSON-RPC method, or that of HTTP.
    pub(super) fn method(&self) -> &str {
        self.head_part().and_then(|part| part.method.as_deref()).unwrap_or(&self.http)
    }

    /// Tool, prompt, resource or task.
    pub(super) fn name(&self) -> Option<&str> {
        self.head_part()?.name.as_deref()
    }
}

impl Part {
    fn of(message: &Message) -> Self {
        let text = String::from_utf8_lossy(&message.payload);
        let envelope = Envelope::read(text.trim());
        let params = envelope.and_then(|envelope| envelope.params);
        let token = params.and_then(|params| json::at(params, &["_meta", "progressToken"]));
        let said = envelope.and_then(|envelope| match message.kind {
            Kind::Response => envelope.result,
            Kind::Error => envelope.error,
            _ => envelope.params,
        });
        Self {
            kind: message.kind,
            method: message.method.clone(),
            name: message.name.clone(),
            number: message.number,
            id: message.rpc_id.clone(),
            token: token.map(str::to_owned),
            said: json::canonical(said),
        }
    }

    pub(super) fn is_answer(&self) -> bool {
        matches!(self.kind, Kind::Response | Kind::Error)
    }

    /// What matches: method and `params`. Which revision a client asks for and what it calls itself
    /// decides between recorded sessions, not whether there is one; what is cancelled, and why, is
    /// known by an id of the client's own.
    fn key(&self) -> String {
        let method = self.method.as_deref().unwrap_or_default();
        match (self.kind, method) {
            (Kind::Request, "initialize") => "request initialize".to_owned(),
            (Kind::Request, _) => format!("request {method} {}", self.said),
            (Kind::Notification, "notifications/cancelled") => format!("notification {method}"),
            (Kind::Notification, _) => format!("notification {method} {}", self.said),
            (Kind::Response | Kind::Error, _) => "answer".to_owned(),
        }
    }
}
