//! Takes secrets out of what leaves the store (design.md, tenet 4).
//!
//! A secret becomes a typed placeholder, `{{authorization:1}}`; the same secret always becomes the
//! same one, so that equality survives. Every other byte stays as it is, and what is a placeholder
//! already stays one: redacting twice changes nothing. What counts as a secret is protocol.md §4;
//! the tables are in `rules`.
//!
//! It sees decoded bodies and never decodes itself; it does not know MCP beyond names of keys.

mod fact;
mod needles;
mod placeholders;
mod rules;
mod scan;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::Headers;
use needles::Learnt;
pub use needles::{Needles, TooManySecrets};
use placeholders::Placeholders;
pub use placeholders::{Redaction, placeholders_in};
use rules::{HeaderRule, Keys};
use scan::{Hit, scan, scan_form};

/// For whom something is redacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The user's own eyes: credentials are masked, session ids stay whole.
    Reading,
    /// Somebody else: session, task and elicitation ids and keys in paths go too.
    Export,
}

/// What a body belongs to: it decides which of its keys are secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// MCP or anything else: the short list, so that `error.code` or a tool's `state` stays.
    Mcp,
    /// A leg of OAuth: the long list.
    Oauth,
}

impl Leg {
    /// What an exchange's bodies belong to, by its URL and its request's media type.
    #[must_use]
    pub fn of(url: &str, request_media: Option<&str>) -> Self {
        if rules::is_oauth_leg(url, request_media) { Self::Oauth } else { Self::Mcp }
    }
}

/// Replaces secrets, remembering which got which placeholder.
#[derive(Debug)]
pub struct Redactor {
    mode: Mode,
    placeholders: Placeholders,
    /// Export: what was seen, until [`Redactor::seek`] makes needles of it.
    learnt: Learnt,
    needles: Option<Needles>,
}

/// A place in a text that is to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The bytes that go.
    pub range: Range<usize>,
    /// What stands there instead.
    pub text: String,
}

impl Redactor {
    /// A redactor that has seen nothing.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            placeholders: Placeholders::default(),
            learnt: Learnt::default(),
            needles: None,
        }
    }

    /// Export: takes a value for a secret of this kind, wherever it was found.
    pub fn learn(&mut self, kind: &str, secret: &[u8]) {
        if !secret.is_empty() {
            self.placeholder(kind, secret);
        }
    }

    /// Export: a placeholder that is there already. No new secret gets its number.
    pub fn reserve(&mut self, placeholder: &str) {
        self.placeholders.reserve(placeholder);
    }

    /// Export: from now on every secret seen so far is replaced wherever it stands, not only under
    /// its name.
    ///
    /// # Errors
    ///
    /// More secrets than can be looked for.
    pub fn seek(&mut self) -> Result<(), TooManySecrets> {
        self.needles = Some(self.learnt.needles()?);
        Ok(())
    }

    /// What finds the secrets seen before [`Redactor::seek`]: for a last look at what was written.
    #[must_use]
    pub fn needles(&self) -> Option<&Needles> {
        self.needles.as_ref()
    }

    /// A header's value, redacted.
    pub fn header<'a>(&mut self, name: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        match rules::header(name) {
            HeaderRule::Open => self.if_known(value),
            HeaderRule::Session if self.mode == Mode::Reading => Cow::Borrowed(value),
            HeaderRule::Session => self.whole("session", value),
            HeaderRule::Whole => {
                self.learn_parts(name, value);
                self.whole(&name.to_ascii_lowercase(), value)
            }
            HeaderRule::Credential => self.credential(&name.to_ascii_lowercase(), value),
            HeaderRule::Url => match std::str::from_utf8(value) {
                Ok(url) => match self.url(url) {
                    Cow::Borrowed(same) => Cow::Borrowed(same.as_bytes()),
                    Cow::Owned(url) => Cow::Owned(url.into_bytes()),
                },
                Err(_) => self.if_known(value),
            },
        }
    }

    /// All headers, redacted, in their order.
    pub fn headers(&mut self, headers: &Headers) -> Headers {
        let redacted =
            headers.iter().map(|(name, value)| (name, self.header(name, value).into_owned()));
        redacted.collect()
    }

    /// A URL, whole or relative, redacted: userinfo, query, fragment; for export also path
    /// segments that look like keys or are known session ids.
    pub fn url<'a>(&mut self, url: &'a str) -> Cow<'a, str> {
        let mut hits = scan(url.as_bytes(), Keys { oauth: true, ..self.keys(Leg::Mcp) });
        if self.mode == Mode::Export {
            hits.extend(self.path_hits(url));
            hits.sort_by_key(|hit| hit.start);
        }
        let places = self.places(url.as_bytes(), &hits);
        match replaced(url.as_bytes(), &places) {
            Cow::Borrowed(_) => Cow::Borrowed(url),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// A text, redacted: a decoded body or a part of one, by its media type. JSON, SSE, NDJSON and
    /// anything that contains them are looked at token by token, so a text may be cut anywhere.
    pub fn text<'a>(&mut self, media: Option<&str>, leg: Leg, text: &'a [u8]) -> Cow<'a, [u8]> {
        let places = self.replacements(media, leg, text);
        replaced(text, &places)
    }

    /// The same as places: ascending, without overlap.
    pub fn replacements(&mut self, media: Option<&str>, leg: Leg, text: &[u8]) -> Vec<Replacement> {
        let hits = self.hits(media, leg, text);
        self.places(text, &hits)
    }

    /// Every placeholder so far, by first appearance: line 1 of a tape.
    #[must_use]
    pub fn redactions(&self) -> Vec<Redaction> {
        self.placeholders.list()
    }

    fn hits(&self, media: Option<&str>, leg: Leg, text: &[u8]) -> Vec<Hit> {
        let keys = self.keys(leg);
        if media == Some("application/x-www-form-urlencoded") {
            scan_form(text, Keys { oauth: true, ..keys })
        } else {
            scan(text, keys)
        }
    }

    fn keys(&self, leg: Leg) -> Keys {
        Keys { oauth: leg == Leg::Oauth, identities: self.mode == Mode::Export }
    }

    /// Segments of a URL's path that are secret.
    fn path_hits(&self, url: &str) -> Vec<Hit> {
        let authority = url.find("://").map_or(0, |scheme| scheme + 3);
        let tail = url.get(authority..).unwrap_or("");
        let path = authority + tail.find(['/', '?', '#']).unwrap_or(tail.len());
        let end = url.find(['?', '#']).unwrap_or(url.len());
        let mut start = path;
        let mut hits = Vec::new();
        for segment in url.get(path..end).unwrap_or("").split_inclusive('/') {
            let name = segment.trim_end_matches('/');
            if rules::looks_like_key(name) || self.placeholders.knows(name.as_bytes()) {
                let end = start + name.len();
                hits.push(Hit { start, end, kind: "path", spelling: scan::Spelling::Percent });
            }
            start += segment.len();
        }
        hits
    }

    /// What hits by name become, and known secrets beside them.
    fn places(&mut self, text: &[u8], hits: &[Hit]) -> Vec<Replacement> {
        let mut places = Vec::new();
        for hit in hits {
            let secret = hit.secret(text);
            let (scheme, credential) = split_scheme(&secret);
            if hit.kind == "userinfo" {
                self.learn_password(credential);
            }
            let placeholder = self.placeholder(hit.kind, credential);
            let text = String::from_utf8_lossy(scheme).into_owned() + &placeholder;
            places.push(Replacement { range: hit.start..hit.end, text });
        }
        if let Some(needles) = self.needles.take() {
            for (range, secret) in needles.all(text) {
                // What a hit by name covers is gone already.
                let next =
                    places.partition_point(|place: &Replacement| place.range.end <= range.start);
                if places.get(next).is_none_or(|place| range.end <= place.range.start) {
                    let text = self.placeholder("mirrored", secret);
                    places.insert(next, Replacement { range, text });
                }
            }
            self.needles = Some(needles);
        }
        places
    }

    fn placeholder(&mut self, kind: &str, secret: &[u8]) -> String {
        self.learn_quietly(secret);
        self.placeholders.of(kind, secret)
    }

    /// The values in a cookie header are secrets of their own; so are set cookies, but not their
    /// attributes.
    fn learn_parts(&mut self, name: &str, value: &[u8]) {
        let cookies = match name.to_ascii_lowercase().as_str() {
            "cookie" => usize::MAX,
            "set-cookie" => 1,
            _ => 0,
        };
        for cookie in value.split(|byte| *byte == b';').take(cookies) {
            if let Some(equals) = cookie.iter().position(|byte| *byte == b'=') {
                let secret = cookie.get(equals + 1..).unwrap_or_default().trim_ascii();
                self.learn_quietly(secret);
            }
        }
    }

    /// `user:password`.
    fn learn_password(&mut self, pair: &[u8]) {
        if let Some(colon) = pair.iter().position(|byte| *byte == b':') {
            self.learn_quietly(pair.get(colon + 1..).unwrap_or_default());
        }
    }

    /// Looked for later; its placeholder is made when it is found.
    fn learn_quietly(&mut self, secret: &[u8]) {
        if self.mode == Mode::Export && self.needles.is_none() {
            self.learnt.add(secret);
        }
    }

    fn credential<'a>(&mut self, kind: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        let (scheme, credential) = split_scheme(value);
        if scheme.is_empty() {
            return self.whole(kind, value);
        }
        if let Ok(pair) = STANDARD.decode(credential)
            && scheme.trim_ascii_end().eq_ignore_ascii_case(b"basic")
        {
            self.learn_password(&pair);
        }
        let mut redacted = scheme.to_vec();
        redacted.extend_from_slice(self.placeholder(kind, credential).as_bytes());
        Cow::Owned(redacted)
    }

    fn whole<'a>(&mut self, kind: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        if value.is_empty() {
            return Cow::Borrowed(value);
        }
        Cow::Owned(self.placeholder(kind, value).into_bytes())
    }

    /// A mirrored copy of a secret that was seen before (`Mcp-Param-*`).
    fn if_known<'a>(&mut self, value: &'a [u8]) -> Cow<'a, [u8]> {
        if self.placeholders.knows(value) {
            self.whole("mirrored", value)
        } else if self.needles.is_some() {
            let places = self.places(value, &[]);
            replaced(value, &places)
        } else {
            Cow::Borrowed(value)
        }
    }
}

/// The text with its places replaced.
fn replaced<'a>(text: &'a [u8], places: &[Replacement]) -> Cow<'a, [u8]> {
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut redacted = Vec::with_capacity(text.len());
    let mut done = 0;
    for place in places {
        redacted.extend_from_slice(text.get(done..place.range.start).unwrap_or_default());
        redacted.extend_from_slice(place.text.as_bytes());
        done = place.range.end;
    }
    redacted.extend_from_slice(text.get(done..).unwrap_or_default());
    Cow::Owned(redacted)
}

/// `Bearer abc` is the scheme `Bearer ` and the credential `abc`: the scheme is no secret.
fn split_scheme(value: &[u8]) -> (&[u8], &[u8]) {
    const SCHEMES: &[&str] = &["bearer", "basic", "dpop", "digest", "token", "apikey", "negotiate"];
    let blank = value.iter().position(|byte| *byte == b' ');
    let Some((scheme, credential)) = blank.and_then(|blank| value.split_at_checked(blank + 1))
    else {
        return (b"", value);
    };
    let word = scheme.trim_ascii_end();
    let known = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()));
    if known && !credential.is_empty() { (scheme, credential) } else { (b"", value) }
}
