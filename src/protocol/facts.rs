//! The summary of one exchange in the making: what dialects note, each fact bounded.

use std::{borrow::Cow, sync::Arc};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    dialect::{self, Dialects},
    model::{
        Candidate, Counts, Implementation, Initialize, Refusal, RefusalReason, Summary, Transport,
    },
};
use crate::capture::{ExchangeId, Open, Timestamp};

/// Longest text kept of a path, name, version or id, in bytes; what is longer is cut.
const TEXT_CAP: usize = 256;
/// Distinct methods and names kept; further ones set `more`.
const LIST_CAP: usize = 16;
/// Longest name or method listed, in bytes; a longer one sets `more` instead.
const NAME_CAP: usize = 64;
/// Candidates kept; further ones are left out.
const CANDIDATES_CAP: usize = 8;

/// Cookies kept as candidates, a side; further ones are left out.
const COOKIES_CAP: usize = 2;
/// Longest text kept of a refusal, in bytes; what is longer is cut.
const REFUSAL_CAP: usize = 96;

/// Where a session id may stand, in the order of precedence (houses.md §2; the list).
/// Cookies come behind all of these.
const PRECEDENCE: [&str; 11] = [
    "header:mcp-session-id",
    "header:x-mcp-session-id",
    "header:x-mcp-session",
    "header:session-id",
    "header:x-session-id",
    "query:sessionId",
    "query:session_id",
    "ndjson",
    "endpoint-event",
    "metadata",
    "path",
];

/// A [`Summary`] that grows with its exchange.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) summary: Summary,
    /// A POST whose client takes an event stream for an answer.
    pub(crate) takes_streams: bool,
    /// The server said that it does not know the method.
    pub(crate) unknown_method: bool,
    asked: Arc<Asked>,
}

/// A URL that was asked, taken apart.
#[derive(Debug, Default)]
struct Asked {
    text: String,
    url: Option<Url>,
    origin: String,
    path: String,
}

/// The URL of the exchange before: most clients ask the same one again and again, and taking it
/// apart is a tenth of what reading a small exchange costs.
#[derive(Clone, Debug, Default)]
pub struct LastUrl(Arc<Asked>);

impl LastUrl {
    fn take_apart(&mut self, text: &str) -> Arc<Asked> {
        if self.0.text != text {
            let url = Url::parse(text).ok();
            let (origin, path) = match &url {
                Some(url) => (url.origin().ascii_serialization(), with_placeholders(url.path())),
                None => (String::new(), Cow::Borrowed(text)),
            };
            let (origin, path) = (cut(&origin, TEXT_CAP), cut(&path, TEXT_CAP));
            self.0 = Arc::new(Asked { text: text.to_owned(), url, origin, path });
        }
        Arc::clone(&self.0)
    }
}

impl Facts {
    /// What the opening of an exchange says.
    pub(crate) fn new(id: ExchangeId, at: Timestamp, open: &Open, last: &mut LastUrl) -> Self {
        let asked = last.take_apart(&open.url);
        let auth = open.headers.get("authorization").map(|value| fingerprint(value));
        let summary = Summary {
            id,
            started_at: at,
            last_at: at,
            outcome: None,
            mode: open.mode,
            run: open.run.clone(),
            name: open.name.clone(),
            peer: host(&open.client).to_owned(),
            pid: open.pid,
            origin: asked.origin.clone(),
            path: asked.path.clone(),
            method: cut(&open.method, NAME_CAP),
            status: None,
            is_mcp: false,
            transport: None,
            streaming: false,
            candidates: Vec::new(),
            initialize: None,
            connected_at: None,
            initialized: false,
            refusal: None,
            dialects: Dialects::default(),
            client: None,
            server: None,
            revision: None,
            auth,
            last_event_id: None,
            counts: Counts::default(),
            methods: Vec::new(),
            names: Vec::new(),
            more: false,
            answers_elsewhere: false,
            awaits: false,
            unread: None,
        };
        Self { summary, takes_streams: false, unknown_method: false, asked }
    }

    /// Calls with the request's URL, where it is one.
    pub(crate) fn with_url<T>(&mut self, call: impl FnOnce(Option<&Url>, &mut Self) -> T) -> T {
        let asked = Arc::clone(&self.asked);
        call(asked.url.as_ref(), self)
    }

    /// A reference as it stands in the response, resolved against the request's URL.
    pub(crate) fn resolve(&self, target: &str) -> Option<Url> {
        self.asked.url.as_ref()?.join(target).ok()
    }

    /// The exchange shows MCP (design.md, What is intercepted and kept).
    pub(crate) fn shows_mcp(&mut self) {
        self.summary.is_mcp = true;
    }

    /// The transport shows.
    pub(crate) fn transport(&mut self, transport: Transport) {
        self.summary.transport = Some(transport);
    }

    /// The dialect of this name shows.
    pub(crate) fn shows(&mut self, dialect: &str) {
        self.summary.dialects.add(dialect);
    }

    /// The server refused the request for its session; the first that says so counts.
    pub(crate) fn refused(&mut self, reason: RefusalReason, code: &str, text: &str) {
        let bears_id = self.summary.candidates.iter().any(|candidate| !candidate.in_response);
        let reason = match reason {
            RefusalReason::UnknownSession if !bears_id => RefusalReason::NoSessionId,
            reason => reason,
        };
        self.summary.refusal.get_or_insert(Refusal {
            reason,
            code: cut(code, NAME_CAP),
            text: cut(text, REFUSAL_CAP),
        });
    }

    /// The summary as it stands by now: what only the whole exchange tells is added.
    pub(crate) fn told(&self) -> Summary {
        tell(self.summary.clone(), self.unknown_method)
    }

    /// The same where nothing more comes.
    pub(crate) fn into_told(self) -> Summary {
        tell(self.summary, self.unknown_method)
    }

    /// A session id was found. Candidates stay in the order of precedence, the request's first.
    pub(crate) fn candidate(&mut self, source: &str, value: &str, in_response: bool) {
        let candidates = &mut self.summary.candidates;
        let value = cut(value, TEXT_CAP);
        let new = Candidate { source: source.to_owned(), value, in_response };
        let cookies = |c: &&Candidate| c.is_cookie() && c.in_response == in_response;
        if new.value.is_empty()
            || candidates.contains(&new)
            || candidates.len() >= CANDIDATES_CAP
            || new.is_cookie() && candidates.iter().filter(cookies).count() >= COOKIES_CAP
        {
            return;
        }
        let place = candidates.partition_point(|c| rank(c) <= rank(&new));
        candidates.insert(place, new);
    }

    /// The revision is named; by the server's choice where it `decides`.
    pub(crate) fn revision(&mut self, revision: Option<&str>, decides: bool) {
        if let Some(revision) = revision
            && (decides || self.summary.revision.is_none())
        {
            self.summary.revision = Some(cut(revision, NAME_CAP));
        }
    }

    /// `Last-Event-ID` of the request.
    pub(crate) fn last_event_id(&mut self, id: Option<&str>) {
        self.summary.last_event_id = id.map(|id| cut(id, TEXT_CAP));
    }

    /// It carries an `initialize` request.
    pub(crate) fn asks_initialize(&mut self) {
        self.summary.initialize.get_or_insert_default();
    }

    /// Its `initialize` was answered with a result.
    pub(crate) fn answers_initialize(&mut self, revision: Option<String>) {
        let revision = revision.map(|revision| cut(&revision, NAME_CAP));
        self.summary.initialize = Some(Initialize { answered: true, revision });
    }

    /// Something of the server's was read that arrived at this time: the first that shows that a
    /// session stands tells when it began to.
    pub(crate) fn heard(&mut self, at: Timestamp) {
        let summary = &mut self.summary;
        let answered = summary.initialize.as_ref().is_some_and(|initialize| initialize.answered);
        if answered || summary.candidates.iter().any(|c| c.source == "endpoint-event") {
            summary.connected_at.get_or_insert(at);
        }
    }

    /// It carries `notifications/initialized`.
    pub(crate) fn initialized(&mut self) {
        self.summary.initialized = true;
    }

    /// The client names itself: JSON text of an `Implementation`.
    pub(crate) fn client(&mut self, json: Option<&str>) {
        self.summary.client = json.and_then(implementation).or(self.summary.client.take());
    }

    /// The server names itself: JSON text of an `Implementation`.
    pub(crate) fn server(&mut self, json: Option<&str>) {
        self.summary.server = json.and_then(implementation).or(self.summary.server.take());
    }

    /// A message has this method.
    pub(crate) fn method(&mut self, method: &str) {
        self.summary.more |= !list(&mut self.summary.methods, method);
    }

    /// A message has this name.
    pub(crate) fn name(&mut self, name: &str) {
        self.summary.more |= !list(&mut self.summary.names, name);
    }
}

fn tell(mut summary: Summary, unknown_method: bool) -> Summary {
    if summary.is_mcp {
        summary.transport = summary.transport.or_else(|| Some(transport(&summary)));
        summary.dialects = dialect::shown(&summary);
        summary.refusal = summary.refusal.take().or_else(|| gone(&summary, unknown_method));
    } else {
        // These look like MCP's on traffic that is none.
        (summary.revision, summary.refusal) = (None, None);
        (summary.transport, summary.dialects) = (None, Dialects::default());
        summary.candidates.retain(|candidate| !candidate.is_weak());
    }
    summary
}

/// A 404 on a session's id says that the session is gone (protocol.md §3), unless its body says
/// that the method is unknown, or the revision knows no sessions.
fn gone(summary: &Summary, unknown_method: bool) -> Option<Refusal> {
    let known = summary.candidates.iter().any(|c| !c.in_response && !c.is_weak());
    let other = summary.is_modern() || unknown_method;
    (summary.status == Some(404) && known && !other).then(|| Refusal {
        reason: RefusalReason::UnknownSession,
        code: String::new(),
        text: String::new(),
    })
}

fn rank(candidate: &Candidate) -> (bool, usize) {
    let place = PRECEDENCE.iter().position(|source| *source == candidate.source);
    (candidate.in_response, place.unwrap_or(PRECEDENCE.len()))
}

/// A POST to an endpoint of HTTP+SSE has its session in the URL and no header of MCP's, and its
/// answer comes elsewhere.
fn transport(summary: &Summary) -> Transport {
    let answered = summary.initialize.as_ref().is_some_and(|initialize| initialize.answered);
    let messages = || summary.path.trim_end_matches('/').rsplit('/').next();
    let in_url = summary.candidates.first().is_some_and(|first| {
        first.source.starts_with("query:")
            || first.source == "path" && messages().is_some_and(|last| last.starts_with("message"))
    });
    if in_url && !answered && !summary.streaming {
        Transport::HttpSse
    } else {
        Transport::StreamableHttp
    }
}

/// Lists `text` once; false where the caps do not allow it.
fn list(texts: &mut Vec<String>, text: &str) -> bool {
    if texts.iter().any(|listed| listed == text) {
        return true;
    }
    let room = text.len() <= NAME_CAP && texts.len() < LIST_CAP;
    if room {
        texts.push(text.to_owned());
    }
    room
}

fn implementation(json: &str) -> Option<Implementation> {
    /// Either may be missing in the field.
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        name: String,
        #[serde(default)]
        version: String,
    }
    let named: Named = serde_json::from_str(json).ok()?;
    Some(Implementation {
        name: cut(&named.name, NAME_CAP),
        version: cut(&named.version, NAME_CAP),
    })
}

/// The first eight bytes of SHA-256: the same wherever and whenever a recording is read.
pub(crate) fn fingerprint(value: &[u8]) -> u64 {
    let hash = Sha256::digest(value);
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The address without its port: `127.0.0.1:5000`, `[::1]:5000`.
fn host(client: &str) -> &str {
    client.rsplit_once(':').map_or(client, |(host, _)| host)
}

/// A path or a part of one as a tape has it: the braces of an export's placeholders are escaped in
/// a URL that was read.
pub(crate) fn with_placeholders(path: &str) -> Cow<'_, str> {
    if path.contains("%7B%7B") {
        Cow::Owned(path.replace("%7B%7B", "{{").replace("%7D%7D", "}}"))
    } else {
        Cow::Borrowed(path)
    }
}

/// A text as a summary keeps it.
pub(crate) fn cut_text(text: &str) -> String {
    cut(text, TEXT_CAP)
}

fn cut(text: &str, cap: usize) -> String {
    let end = (0..=cap.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}
