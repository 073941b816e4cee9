//! The keep rule (design.md, What is intercepted and kept): which exchanges are written at once and
//! which wait until their origin has shown what it is. Pure.

use std::collections::HashSet;

use url::Url;

use crate::{
    capture::{Fact, Mode, Record, Side},
    protocol::encoding::Decoder,
    tap::Opening,
};

use super::ids::IdMap;

/// How many origins are remembered as MCP's. Beyond it an origin's exchanges are judged one by one:
/// each that shows MCP is kept, the others are not.
pub(super) const KNOWN_ORIGINS: usize = 10_000;

/// How many origins are remembered whose OAuth legs are kept. Beyond it a leg is kept only where it
/// names an origin of MCP itself.
const OAUTH_ORIGINS: usize = 1_000;

/// How many metadata documents are read at one time, and how much of each: the rest is not read,
/// and the origins that it names are not learned.
const DOCUMENTS: usize = 64;
const DOCUMENT_BYTES: usize = 64 * 1024;

/// The origins that have shown MCP, and those where their clients get authorisation.
#[derive(Debug, Default)]
pub(super) struct Keep {
    known: HashSet<String>,
    /// Origins that a kept exchange's challenge or metadata leads to (protocol.md §4).
    oauth: HashSet<String>,
    /// Those of them that nobody asked for yet.
    learned: Vec<String>,
    documents: IdMap<Document>,
}

/// A metadata document that is being received.
#[derive(Debug, Default)]
struct Document {
    coding: String,
    body: Vec<u8>,
}

/// What happens to an exchange at its opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is written as it comes.
    Keep,
    /// It waits in the ring, since this origin has shown nothing yet.
    Wait(String),
}

impl Keep {
    /// With the origins that showed MCP in earlier runs.
    pub(super) fn new(known: impl IntoIterator<Item = String>) -> Self {
        let known = known.into_iter().take(KNOWN_ORIGINS).collect();
        Self { known, ..Self::default() }
    }

    /// Judges an opening.
    pub(super) fn decide(&self, opening: &Opening) -> Decision {
        if opening.label.keep_all || opening.mode == Mode::Reverse {
            return Decision::Keep;
        }
        let origin = origin(&opening.url);
        let is_leg = || self.oauth.contains(&origin) && is_oauth_leg(&opening.url);
        if self.known.contains(&origin) || is_leg() {
            Decision::Keep
        } else {
            Decision::Wait(origin)
        }
    }

    /// Remembers an origin that showed MCP.
    pub(super) fn learn(&mut self, origin: &str) {
        if self.known.len() < KNOWN_ORIGINS {
            self.known.insert(origin.to_owned());
        }
    }

    /// Whether an OAuth exchange is kept: it goes to an origin that a kept one led to, or names an
    /// origin that is kept, in its URL or in a body.
    pub(super) fn wants_leg(&self, records: &[Record]) -> bool {
        let led_to = |record: &Record| match &record.fact {
            Fact::Open(open) => self.oauth.contains(&origin(&open.url)),
            _ => false,
        };
        records.iter().any(led_to) || self.known.iter().any(|origin| names(records, origin))
    }

    /// Looks where a kept exchange leads its client for authorisation: a challenge names the
    /// resource's metadata, that names authorization servers, their metadata names endpoints.
    pub(super) fn follow(&mut self, record: &Record) {
        let Some(id) = record.exchange else { return };
        match &record.fact {
            Fact::Open(open) if is_metadata(&open.url) && self.documents.len() < DOCUMENTS => {
                self.documents.insert(id, Document::default());
            }
            Fact::Head(head) => {
                for challenge in head.headers.all("www-authenticate") {
                    let url = std::str::from_utf8(challenge).ok().and_then(metadata_of);
                    if let Some(url) = url {
                        self.lead(url);
                    }
                }
                if let Some(document) = self.documents.get_mut(&id) {
                    let coding = head.headers.text("content-encoding");
                    coding.unwrap_or_default().clone_into(&mut document.coding);
                }
            }
            Fact::Chunk { side: Side::Response, data, .. } => {
                if let Some(document) = self.documents.get_mut(&id) {
                    let room = DOCUMENT_BYTES.saturating_sub(document.body.len()).min(data.len());
                    document.body.extend_from_slice(data.get(..room).unwrap_or_default());
                }
            }
            Fact::End(_) => {
                let named = self.documents.remove(&id).map(Document::named).unwrap_or_default();
                for url in &named {
                    self.lead(url);
                }
            }
            _ => {}
        }
    }

    /// An origin that was led to since this was last asked.
    pub(super) fn take_learned(&mut self) -> Option<String> {
        self.learned.pop()
    }

    fn lead(&mut self, url: &str) {
        let Ok(url) = Url::parse(url) else { return };
        if matches!(url.scheme(), "http" | "https") && self.oauth.len() < OAUTH_ORIGINS {
            let origin = url.origin().ascii_serialization();
            if self.oauth.insert(origin.clone()) {
                self.learned.push(origin);
            }
        }
    }
}

impl Document {
    /// The URLs that lead on: authorization servers, endpoints.
    fn named(self) -> Vec<String> {
        let mut plain = Vec::new();
        let decoded =
            Decoder::new(&self.coding).map(|mut coding| coding.push(&self.body, &mut plain));
        let Ok(Ok(())) = decoded else { return Vec::new() };
        let Ok(serde_json::Value::Object(document)) = serde_json::from_slice(&plain) else {
            return Vec::new();
        };
        let leads = |key: &str| key == "authorization_servers" || key.ends_with("_endpoint");
        let values = document.into_iter().filter(|(key, _)| leads(key)).map(|(_, value)| value);
        let urls = values.flat_map(|value| match value {
            serde_json::Value::Array(values) => values,
            value => vec![value],
        });
        urls.filter_map(|url| url.as_str().map(str::to_owned)).collect()
    }
}

/// The URL of a challenge's `resource_metadata` (RFC 9728).
fn metadata_of(challenge: &str) -> Option<&str> {
    let (_, rest) = challenge.split_once("resource_metadata=")?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    }
}

/// Whether a URL is that of a metadata document (protocol.md §4).
fn is_metadata(url: &str) -> bool {
    url.contains("/.well-known/") && is_oauth_leg(url)
}

/// `scheme://host:port` of a URL, default ports left out; the whole text where it is no URL.
pub(super) fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

/// Whether an exchange is a leg of OAuth by its path (protocol.md §4): metadata of a resource or of
/// a server, registration, authorisation, token and what goes with it.
pub(super) fn is_oauth_leg(url: &str) -> bool {
    const WELL_KNOWN: [&str; 3] =
        ["oauth-protected-resource", "oauth-authorization-server", "openid-configuration"];
    const LAST: [&str; 9] = [
        "register",
        "authorize",
        "token",
        "revoke",
        "introspect",
        "userinfo",
        "device",
        "device_authorization",
        "par",
    ];
    let Ok(url) = Url::parse(url) else { return false };
    let mut segments = url.path_segments().into_iter().flatten().peekable();
    while let Some(segment) = segments.next() {
        if segment == ".well-known" && segments.peek().is_some_and(|next| WELL_KNOWN.contains(next))
        {
            return true;
        }
        if segments.peek().is_none() && LAST.contains(&segment) {
            return true;
        }
    }
    false
}

/// Whether records name an origin, plain or percent-encoded as in a form. A name that a chunk's end
/// cuts in two is not seen.
pub(super) fn names(records: &[Record], origin: &str) -> bool {
    let encoded: String = url::form_urlencoded::byte_serialize(origin.as_bytes()).collect();
    let escaped = origin.replace('/', "\\/");
    let named = |bytes: &[u8]| {
        [origin, &encoded, &escaped].iter().any(|name| contains(bytes, name.as_bytes()))
    };
    records.iter().any(|record| match &record.fact {
        Fact::Open(open) => named(open.url.as_bytes()),
        Fact::Chunk { data, .. } => named(data),
        _ => false,
    })
}

/// Whether `name` is in `bytes` and does not go on as a longer host there.
fn contains(bytes: &[u8], name: &[u8]) -> bool {
    bytes.windows(name.len()).enumerate().any(|(start, window)| {
        window.eq_ignore_ascii_case(name)
            && bytes
                .get(start + name.len())
                .is_none_or(|next| !next.is_ascii_alphanumeric() && !b".-:".contains(next))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recorder::testing::{chunk, end, id, opening},
        tap::Label,
    };

    #[test]
    fn what_is_kept_at_once() {
        let keep = Keep::new(["https://mcp.example".to_owned()]);
        let cases = [
            ("https://mcp.example/x", Mode::Connect, false, true),
            ("https://mcp.example:443/x", Mode::Connect, false, true),
            ("https://mcp.example:8443/x", Mode::Connect, false, false),
            ("http://mcp.example/x", Mode::Forward, false, false),
            ("https://other.example/x", Mode::Connect, false, false),
            ("https://other.example/x", Mode::Connect, true, true),
            ("https://other.example/x", Mode::Reverse, false, true),
        ];
        for (url, mode, keep_all, kept) in cases {
            let mut opening = opening(url);
            opening.mode = mode;
            opening.label = Label { keep_all, ..Label::default() }.into();
            assert_eq!(keep.decide(&opening) == Decision::Keep, kept, "{url} {mode:?} {keep_all}");
        }
    }

    /// A kept exchange with these response headers and this body, in two chunks.
    fn exchange(url: &str, headers: &[(&str, &str)], body: &str) -> Vec<Record> {
        let id = id();
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes().to_vec()));
        let head = crate::capture::Head {
            status: 200,
            reason: None,
            version: "HTTP/1.1".to_owned(),
            headers: headers.collect(),
        };
        let open = crate::tap::Item {
            exchange: Some(id),
            at: crate::capture::Timestamp(0),
            event: crate::tap::Event::Open(Box::new(opening(url))),
            cost: 0,
        };
        let (first, second) = body.as_bytes().split_at(body.len() / 2);
        let head = Record { fact: Fact::Head(Box::new(head)), ..chunk(id, 1, b"") };
        vec![open.into_record(0), head, chunk(id, 2, first), chunk(id, 3, second), end(id, 4)]
    }

    #[test]
    fn oauth_legs_are_kept_where_a_kept_origin_leads() {
        let mut keep = Keep::new(["https://mcp.example".to_owned()]);
        let kept = |keep: &Keep, url: &str| keep.decide(&opening(url)) == Decision::Keep;
        let token = "https://login.example/oauth/token";
        assert!(!kept(&keep, token));
        let metadata = "https://meta.example/.well-known/oauth-protected-resource";
        let challenge = format!("Bearer error=\"x\", resource_metadata=\"{metadata}\"");
        let chain = [
            exchange("https://mcp.example/mcp", &[("WWW-Authenticate", &challenge)], ""),
            exchange(metadata, &[], r#"{"authorization_servers":["https://as.example/tenant"]}"#),
            exchange(
                "https://as.example/.well-known/openid-configuration/tenant",
                &[],
                r#"{"token_endpoint":"https://login.example/oauth/token","jwks_uri":"https://keys.example/"}"#,
            ),
        ];
        for (step, records) in chain.iter().enumerate() {
            let Fact::Open(open) = &records[0].fact else { panic!("{records:?}") };
            assert!(kept(&keep, &open.url), "step {step}");
            for record in records {
                keep.follow(record);
            }
        }
        let table = [
            (token, true),
            ("https://as.example/register", true),
            ("https://as.example/account", false),
            ("https://login.example/", false),
            ("https://keys.example/token", false),
        ];
        for (url, expected) in table {
            assert_eq!(kept(&keep, url), expected, "{url}");
            let leg = exchange(url, &[], "");
            assert_eq!(is_oauth_leg(url) && keep.wants_leg(&leg), expected, "{url} in the ring");
        }
        assert!(keep.documents.is_empty(), "nothing is left of what was read");
        let learned: Vec<_> = std::iter::from_fn(|| keep.take_learned()).collect();
        let origins = ["https://login.example", "https://as.example", "https://meta.example"];
        assert_eq!(learned, origins);
    }

    #[test]
    fn what_leads_nowhere_is_passed_over() {
        let mut keep = Keep::default();
        for body in ["{", "[]", r#"{"authorization_servers":[7,"x","file:///etc"]}"#, ""] {
            let url = "https://a/.well-known/oauth-protected-resource";
            let unknown = [("Content-Encoding", "x")];
            for headers in [&[][..], &unknown] {
                for record in &exchange(url, headers, body) {
                    keep.follow(record);
                }
            }
        }
        assert_eq!(keep.take_learned(), None);
    }

    #[test]
    fn known_origins_are_bounded() {
        let mut keep = Keep::new((0..KNOWN_ORIGINS + 5).map(|n| format!("http://h{n}")));
        keep.learn("http://one.more");
        assert_eq!(keep.known.len(), KNOWN_ORIGINS);
    }

    #[test]
    fn oauth_legs_by_path() {
        for url in [
            "https://a/.well-known/oauth-protected-resource/mcp",
            "https://a/tenant/.well-known/openid-configuration",
            "https://a/oauth/token",
            "https://a/register?x=1",
        ] {
            assert!(is_oauth_leg(url), "{url}");
        }
        for url in ["https://a/", "https://a/token/list", "https://a/.well-known/x", "no url"] {
            assert!(!is_oauth_leg(url), "{url}");
        }
    }

    #[test]
    fn an_origin_is_named_whole_in_every_spelling() {
        let origin = "https://mcp.example";
        let named = |body: &str| names(&[chunk(id(), 0, body.as_bytes())], origin);
        assert!(named(r#"{"resource":"https://mcp.example/mcp"}"#));
        assert!(named(r#"{"resource":"https:\/\/mcp.example"}"#));
        assert!(named("grant_type=x&resource=https%3A%2F%2Fmcp.example%2Fmcp"));
        assert!(!named("https://mcp.example.org/"));
        assert!(!named("https://mcp.example:8443/"));
        assert!(!named("http://mcp.example/"));
    }
}
