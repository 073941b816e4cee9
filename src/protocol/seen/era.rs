//! By which revision an exchange is to be judged (protocol.md R1): era is per request, both may
//! meet at one URL.

use std::collections::HashSet;

use url::Url;

use super::{Seen, View};
use crate::{
    capture::Timestamp,
    protocol::{
        facts::with_placeholders,
        jsonrpc::string,
        model::{Direction, Kind, Transport},
        story::{Story, Told},
    },
};

/// The first revision without a handshake.
pub(crate) const MODERN: &str = "2026-07-28";

/// Every revision that was released, and the one before them that SDKs still list (protocol.md §1).
const REVISIONS: [&str; 6] =
    ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", MODERN];

/// The rules of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// 2026-07-28 and later: no handshake, no session.
    Modern,
    /// Streamable HTTP with a handshake.
    Legacy,
    /// HTTP+SSE: the stream of a GET and an endpoint for POST.
    TwoEndpoints,
    /// A house's newline-delimited JSON.
    Ndjson,
    /// Not at an MCP endpoint: a leg of OAuth, a page.
    Other,
}

/// The era of an exchange and its revision.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) era: Era,
    pub(super) revision: Option<String>,
    pub(super) negotiated: Option<String>,
}

/// Whether a version string names a revision without handshake; unknown later ones do.
pub(crate) fn is_modern(version: &str) -> bool {
    is_date(version) && version >= MODERN
}

/// Whether a version string names a released revision, or one that may come.
pub(crate) fn is_revision(version: &str) -> bool {
    REVISIONS.contains(&version) || is_modern(version)
}

fn is_date(version: &str) -> bool {
    let digit = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    version.len() == 10 && version.bytes().enumerate().all(digit)
}

/// Where MCP was spoken in a session, and what was agreed when.
struct Context<'a> {
    /// Origin and path of each POST that carried a message.
    endpoints: HashSet<(&'a str, &'a str)>,
    /// The same of the endpoints that `endpoint` events named.
    named: HashSet<(String, String)>,
    /// The server's choices, in the order of time.
    negotiated: Vec<(Timestamp, String)>,
}

pub(super) fn versions(story: &Story, seen: &Seen) -> Vec<Version> {
    let context = Context::of(story, seen);
    let views = (0..story.exchanges.len()).filter_map(|place| View::new(story, seen, place));
    views.map(|view| context.version(view)).collect()
}

impl<'a> Context<'a> {
    fn of(story: &'a Story, seen: &'a Seen) -> Self {
        let mut endpoints = HashSet::new();
        let mut named = HashSet::new();
        for (place, told) in story.exchanges.iter().enumerate() {
            let summary = &told.reading.summary;
            let spoke = View::new(story, seen, place).is_some_and(|view| view.sent().any(|_| true));
            if spoke && told.open.method == "POST" {
                endpoints.insert((summary.origin.as_str(), summary.path.as_str()));
            }
            if let Some(url) = endpoint(told) {
                let path = with_placeholders(url.path()).into_owned();
                named.insert((url.origin().ascii_serialization(), path));
            }
        }
        let answers = (0..story.messages.len()).filter_map(|place| seen.said(story, place));
        let negotiated = answers
            .filter(|said| {
                said.message.kind == Kind::Response
                    && said.message.direction == Direction::ServerToClient
                    && said.method() == "initialize"
            })
            .filter_map(|said| Some((said.message.at, string(said.in_result("protocolVersion")?)?)))
            .collect();
        Self { endpoints, named, negotiated }
    }

    fn version(&self, view: View<'_>) -> Version {
        let summary = &view.told.reading.summary;
        let before = self.negotiated.partition_point(|(at, _)| *at <= summary.started_at);
        let negotiated = before
            .checked_sub(1)
            .and_then(|last| self.negotiated.get(last))
            .map(|(_, v)| v.clone());
        let version = |era, revision| Version { era, revision, negotiated: negotiated.clone() };
        if !self.is_endpoint(view.told) {
            return version(Era::Other, None);
        }
        if let Some(revision) = view.sent().find_map(|said| said.meta_revision())
            && is_modern(&revision)
        {
            return version(Era::Modern, Some(revision));
        }
        let here = (summary.origin.clone(), summary.path.clone());
        if summary.transport == Some(Transport::HttpSse) || self.named.contains(&here) {
            return version(Era::TwoEndpoints, negotiated.clone());
        }
        if summary.transport == Some(Transport::Ndjson) && is_lines(&view) {
            return version(Era::Ndjson, negotiated.clone());
        }
        if view.requests().any(|said| said.method() == "initialize") {
            let own = self.negotiated.get(before).map(|(_, version)| version.clone());
            return version(Era::Legacy, own.filter(|_| view.is_ok()));
        }
        let header = view.asked("mcp-protocol-version");
        let in_session = view.session_id().is_some() && negotiated.is_some();
        match header {
            Some(header) if is_modern(header) && !in_session => {
                version(Era::Modern, Some(header.to_owned()))
            }
            _ => {
                let by_header = header.filter(|header| is_revision(header)).map(str::to_owned);
                version(Era::Legacy, negotiated.clone().or(by_header))
            }
        }
    }

    /// Clients name their revision to metadata of OAuth too.
    fn is_endpoint(&self, told: &Told) -> bool {
        let summary = &told.reading.summary;
        let headers = &told.open.headers;
        let named = ["mcp-session-id", "mcp-protocol-version"];
        self.endpoints.contains(&(summary.origin.as_str(), summary.path.as_str()))
            || summary.transport == Some(Transport::HttpSse)
            || named.iter().any(|name| headers.get(name).is_some())
                && !summary.path.contains("/.well-known/")
    }
}

/// The URL that an `endpoint` event of the exchange names.
fn endpoint(told: &Told) -> Option<Url> {
    let frame =
        told.reading.frames.iter().find(|frame| frame.event.as_deref() == Some("endpoint"))?;
    let target = std::str::from_utf8(&frame.data).ok()?;
    Url::parse(&told.open.url).ok()?.join(target.trim()).ok()
}

/// One object and a line end under another type than a house's is plain JSON.
fn is_lines(view: &View<'_>) -> bool {
    let media = view.media_type().unwrap_or_default();
    media.contains("ndjson")
        || media.contains("jsonl")
        || view.told.reading.frames.len() > 1
        || view.told.reading.summary.candidates.iter().any(|found| found.source == "ndjson")
}
