//! What reading a recording yields: frames, messages, summaries, sessions.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::dialect::Dialects;
use crate::capture::{ExchangeId, Mode, Outcome, Timestamp};

/// One SSE event or NDJSON line, raw text and arrival time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its number in the exchange's response, from 0.
    pub index: u32,
    /// When the chunk that completed it arrived.
    pub at: Timestamp,
    /// The `event` field; none where the frame has none.
    pub event: Option<String>,
    /// The `id` field of this frame, also an empty one.
    pub id: Option<String>,
    /// The `retry` field, milliseconds.
    pub retry: Option<u64>,
    /// Comment lines without their colon.
    pub comments: Vec<String>,
    /// The data, lines joined by LF; an NDJSON line whole.
    pub data: Bytes,
    /// Whether the frame has a data line at all.
    pub has_data: bool,
    /// The frame's bytes with its line ends; all frames joined are the decoded body.
    pub raw: Bytes,
    /// False for an unterminated tail.
    pub complete: bool,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The client.
    ClientToServer,
    /// The server.
    ServerToClient,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::ClientToServer => Self::ServerToClient,
            Self::ServerToClient => Self::ClientToServer,
        }
    }
}

/// What a JSON-RPC message is, by the keys that are there (protocol.md §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `method` and `id`.
    Request,
    /// `result`.
    Response,
    /// `error`.
    Error,
    /// `method` without `id`.
    Notification,
}

/// One JSON-RPC message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The exchange that carried it.
    pub exchange: ExchangeId,
    /// Its number in the exchange, request side first, from 0: its id is `EXCHANGE.N`.
    pub number: u32,
    /// The frame that carried it.
    pub frame: Option<u32>,
    /// Who sent it.
    pub direction: Direction,
    /// What it is.
    pub kind: Kind,
    /// The id as on the wire, JSON text (`1`, `"1"`, `null`); none where there is no `id` key.
    pub rpc_id: Option<String>,
    /// The method; an answer carries its request's once they are paired.
    pub method: Option<String>,
    /// Tool, prompt, resource URI or task; an answer carries its request's.
    pub name: Option<String>,
    /// A tool's failure: `result.isError`.
    pub tool_error: bool,
    /// `error.code` of an error.
    pub rpc_code: Option<i64>,
    /// The message that this one answers, `EXCHANGE.N`, once they are paired.
    pub answers: Option<String>,
    /// An answer to what was answered before.
    pub duplicate: bool,
    /// From the request to this answer; none for a duplicate.
    pub latency_us: Option<u64>,
    /// When its last byte arrived.
    pub at: Timestamp,
    /// The SSE fields of the frame that carried it.
    pub sse: Option<SseFields>,
    /// The JSON text of the message, as on the wire once decoded.
    pub payload: Bytes,
}

impl Message {
    /// `EXCHANGE.N` (design.md, tape format).
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.exchange, self.number)
    }
}

impl Message {
    /// The message that this one answers: its exchange and its number there.
    #[must_use]
    pub fn request(&self) -> Option<(ExchangeId, u32)> {
        let (exchange, number) = self.answers.as_deref()?.rsplit_once('.')?;
        Some((exchange.parse().ok()?, number.parse().ok()?))
    }
}

/// The SSE fields around a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SseFields {
    /// The `event` field.
    pub event: Option<String>,
    /// The `id` field.
    pub id: Option<String>,
    /// The `retry` field.
    pub retry: Option<u64>,
}

/// A name and version that a peer gives itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Implementation {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A place where a session id was found, and the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The rule, as `identified_by` of faces.md spells it: `header:mcp-session-id`.
    pub source: String,
    /// The id.
    pub value: String,
    /// Found in the response rather than in the request.
    pub in_response: bool,
}

impl Candidate {
    /// Found where other things than a session's id may stand: a path or a cookie.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.source == "path" || self.is_cookie()
    }

    /// Found in a cookie.
    #[must_use]
    pub fn is_cookie(&self) -> bool {
        self.source.starts_with("cookie:")
    }
}

/// The transport that an exchange belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// 2025-03-26 and later.
    #[serde(rename = "streamable-http")]
    StreamableHttp,
    /// 2024-11-05, two endpoints.
    #[serde(rename = "http+sse")]
    HttpSse,
    /// A house's newline-delimited JSON.
    #[serde(rename = "ndjson")]
    Ndjson,
}

impl Transport {
    /// The word of faces.md.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StreamableHttp => "streamable-http",
            Self::HttpSse => "http+sse",
            Self::Ndjson => "ndjson",
        }
    }
}

/// What an `initialize` said, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initialize {
    /// A result was seen.
    pub answered: bool,
    /// The revision that the server chose.
    pub revision: Option<String>,
}

/// That a server would not serve a request, for its session, and how it said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was wrong, as the server has it.
    pub reason: RefusalReason,
    /// The code in the body: `-32001`, `SESSION_NOT_FOUND`; empty where there is none.
    pub code: String,
    /// The text in the body, cut; empty where the status alone says it.
    pub text: String,
}

/// Why a request was refused for its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalReason {
    /// It bore no session id where the server wants one.
    NoSessionId,
    /// The server does not know the id: never issued, expired, closed or lost. One answer alone
    /// does not tell which (houses.md §1).
    UnknownSession,
    /// The server instance that was asked has seen no `initialize` (houses.md §3, fault 1).
    NotInitialized,
    /// It has seen one already.
    AlreadyInitialized,
    /// `connect()` twice on one transport (houses.md §3, fault 2).
    AlreadyStarted,
}

/// Numbers over the messages of an exchange or session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// JSON-RPC messages.
    pub messages: u64,
    /// JSON-RPC requests, both directions.
    pub calls: u64,
    /// JSON-RPC errors, tool errors, HTTP status >= 400 without either, fault outcomes; not that a
    /// server declines to open a listen stream.
    pub errors: u64,
    /// SSE events and NDJSON lines.
    pub frames: u64,
}

/// What the catalog keeps of one exchange: enough to fold sessions and to rule out a query
/// without opening the journal. At most about 1 KB: lists and texts are cut by named constants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The exchange.
    pub id: ExchangeId,
    /// When its request's head was read.
    pub started_at: Timestamp,
    /// Its latest record.
    pub last_at: Timestamp,
    /// How it ended; none while it goes on.
    pub outcome: Option<Outcome>,
    /// How it came.
    pub mode: Mode,
    /// Which `run` it came from.
    pub run: Option<String>,
    /// The recording's name.
    pub name: Option<String>,
    /// The client's address without port.
    pub peer: String,
    /// The client's process, where the platform told.
    pub pid: Option<u32>,
    /// `scheme://host:port` of the upstream, default ports left out.
    pub origin: String,
    /// The path without query.
    pub path: String,
    /// The HTTP method.
    pub method: String,
    /// The HTTP status, once there is one.
    pub status: Option<u16>,
    /// It shows MCP by design.md's signs.
    pub is_mcp: bool,
    /// By what is in it; none where it is no MCP.
    pub transport: Option<Transport>,
    /// The response is an event stream that has begun.
    pub streaming: bool,
    /// The session ids in it, in the order of precedence.
    pub candidates: Vec<Candidate>,
    /// Its `initialize`, where it carries one.
    pub initialize: Option<Initialize>,
    /// When the server showed that a session stands: it answered `initialize`, or it named the
    /// endpoint of HTTP+SSE.
    pub connected_at: Option<Timestamp>,
    /// It carries `notifications/initialized`.
    pub initialized: bool,
    /// The server refused it for its session.
    pub refusal: Option<Refusal>,
    /// The dialects that it shows.
    pub dialects: Dialects,
    /// The client's name by `initialize` or by 2026-07-28's `_meta`.
    pub client: Option<Implementation>,
    /// The server's name by the same.
    pub server: Option<Implementation>,
    /// The protocol revision that it names: header, `_meta` or `initialize`'s answer.
    pub revision: Option<String>,
    /// A hash of `Authorization`, for grouping only (protocol.md §1.1).
    pub auth: Option<u64>,
    /// `Last-Event-ID` of the request.
    pub last_event_id: Option<String>,
    /// How much is in it.
    pub counts: Counts,
    /// Distinct methods of its messages, up to a cap.
    pub methods: Vec<String>,
    /// Distinct names of its messages, up to a cap.
    pub names: Vec<String>,
    /// Some methods or names were left out by the cap: they rule nothing out.
    pub more: bool,
    /// It carries answers to requests of other exchanges, whose methods and names are not listed.
    pub answers_elsewhere: bool,
    /// It carries requests that nothing in it answers.
    pub awaits: bool,
    /// Why a body, or the rest of one, was not read for messages.
    pub unread: Option<String>,
}

/// Where a session stands (faces.md, `state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Something was sent, nothing answered yet.
    Created,
    /// `initialize` was answered, or the stream of HTTP+SSE opened.
    Connected,
    /// `notifications/initialized` was seen.
    Initialized,
    /// Refused on a known id, or idle past the time to live (evidence says which).
    Expired,
    /// DELETE was answered 2xx, or the GET of HTTP+SSE ended.
    Closed,
    /// A group without `initialize` (2026-07-28, stateless servers, no MCP).
    Stateless,
}

impl Summary {
    /// It names a revision without sessions: 2026-07-28, or a later one.
    #[must_use]
    pub fn is_modern(&self) -> bool {
        let dated = |revision: &str| revision.starts_with("20") && revision >= "2026-07-28";
        self.revision.as_deref().is_some_and(dated)
    }

    /// What belongs to its calls may stand in other exchanges of its session: answers, requests, a
    /// cancellation. One that is not linked can be read alone: so can a request that HTTP refused,
    /// which nothing answers any more.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        let refused = self.status.is_some_and(|status| status >= 400);
        self.answers_elsewhere
            || self.awaits && !refused
            || self.more
            || self.last_event_id.is_some()
            || self.methods.iter().any(|method| method == "notifications/cancelled")
    }

    /// A server without a listen stream says so, which is no fault (houses.md §4).
    #[must_use]
    pub fn declines_listening(&self) -> bool {
        self.is_mcp && self.method == "GET" && self.status == Some(405)
    }
}

/// One step of a session's life, with what showed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateChange {
    /// Into which state.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// The exchange that showed it; none for idleness.
    pub exchange: Option<ExchangeId>,
    /// What was seen: `DELETE answered 200`, `idle (inferred)`.
    pub evidence: String,
}

/// A GET that resumed a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Join {
    /// The resuming exchange.
    pub exchange: ExchangeId,
    /// The event id after which it resumed.
    pub last_event_id: String,
}

/// The exchanges that belong together, and their life story at one `as_of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id of its `initialize`'s exchange, else of its first one.
    pub id: ExchangeId,
    /// The id on the wire.
    pub wire_id: Option<String>,
    /// The rule that matched: `header:mcp-session-id`, `grouping`.
    pub identified_by: String,
    /// Every candidate for the id, and which one won.
    pub candidates: Vec<SessionCandidate>,
    /// Which `run` it came from.
    pub run: Option<String>,
    /// The recording's name.
    pub name: Option<String>,
    /// The server's URL: origin and path of its first exchange.
    pub server: String,
    /// The protocol revision; none where the traffic is no MCP or does not say.
    pub revision: Option<String>,
    /// None where the traffic is no MCP.
    pub transport: Option<Transport>,
    /// Dialects that it shows, by name.
    pub dialects: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// How it came there.
    pub states: Vec<StateChange>,
    /// houses.md §4's words: `connecting`, `streaming`, `accepted`, `get_not_supported`,
    /// `stream_closed`, `closed`.
    pub stream_state: Option<String>,
    /// Response streams that go on.
    pub open_streams: u64,
    /// From its last record to `as_of`; 0 for a closed session.
    pub idle_us: u64,
    /// From its first record to `as_of`, or to its last one for a closed session.
    pub age_us: u64,
    /// The client.
    pub client: Option<Implementation>,
    /// The server.
    pub server_info: Option<Implementation>,
    /// The session that it continues.
    pub follows: Option<ExchangeId>,
    /// Streams that were resumed.
    pub joins: Vec<Join>,
    /// The ids that its client was given before, at this server, and that some of its exchanges
    /// might have borne, oldest first; empty where every exchange bears an id.
    pub given: Vec<Given>,
    /// Its id was brought to a client that had sent none.
    pub assigned: bool,
    /// Sums over its exchanges.
    pub counts: Counts,
    /// Its exchanges, ascending.
    pub exchanges: Vec<ExchangeId>,
    /// Its first record.
    pub started_at: Timestamp,
    /// Its latest record.
    pub last_at: Timestamp,
}

/// A session id that a server gave to a client that had sent none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    /// The exchange whose response gave it.
    pub exchange: ExchangeId,
    /// The id.
    pub id: String,
    /// The path of that exchange.
    pub path: String,
}

/// A candidate for a session's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionCandidate {
    /// Where it was found.
    pub source: String,
    /// The id.
    pub value: String,
    /// Whether it is the session's id.
    pub chosen: bool,
}
