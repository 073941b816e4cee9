//! Takes secrets out of what leaves the store (design.md, tenet 4).
//!
//! A secret becomes a typed placeholder, `{{authorization:1}}`; the same secret always becomes the
//! same one, so that equality survives. Every other byte stays as it is, and what is a placeholder
//! already stays one: redacting twice changes nothing. What counts as a secret is protocol.md §4;
//! the tables are in `rules`.
//!
//! It sees decoded bodies and never decodes itself; it does not know MCP beyond names of keys.

mod bytes;
mod cookies;
mod fact;
mod found;
mod headers;
mod json;
mod marks;
mod needles;
mod placeholders;
mod rules;
mod scan;
#[cfg(test)]
mod tests;
mod views;

use std::{borrow::Cow, collections::HashSet, ops::Range};

use found::{Found, Looked};
pub use marks::{Document, Mark, documents};
use needles::Learnt;
pub use needles::{Needles, TooManySecrets};
use placeholders::Placeholders;
pub use placeholders::{Redaction, placeholders_in, stands_alone};
use rules::Keys;

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
    /// What was seen: for an export until [`Redactor::seek`] makes needles of it.
    learnt: Learnt,
    needles: Option<Needles>,
    /// Keys in URLs' paths are secret,
    paths: bool,
    /// save these values, which are sessions' ids.
    whole: HashSet<Vec<u8>>,
    /// The URL that was heard last, while nothing new was learnt since: a client says the same one
    /// with every request.
    heard: String,
    /// Secrets learnt so far, each time that they were new.
    knows: u64,
}

/// How often a beginning is looked at anew because it taught a secret that may stand before.
const LEARNS: usize = 4;

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
        let export = mode == Mode::Export;
        Self {
            mode,
            placeholders: Placeholders::default(),
            learnt: if export { Learnt::default() } else { Learnt::recent() },
            needles: None,
            paths: export,
            whole: HashSet::new(),
            heard: String::new(),
            knows: 0,
        }
    }

    /// Reading: keys in URLs' paths are masked too, save the ids of sessions that
    /// [`Redactor::keep_whole`] names.
    #[must_use]
    pub fn with_paths(mut self) -> Self {
        self.paths = true;
        self
    }

    /// Reading: a session's id, which is shown as it is.
    pub fn keep_whole(&mut self, id: &str) {
        if !self.whole.contains(id.as_bytes()) {
            self.whole.insert(id.as_bytes().to_vec());
        }
    }

    /// Takes a value for a secret of this kind, wherever it was found.
    pub fn learn(&mut self, kind: &str, secret: &[u8]) {
        if !secret.is_empty() {
            self.placeholder(kind, secret);
        }
    }

    /// Takes a value that somebody named a secret, a plain word too; it gets its placeholder where
    /// it is found.
    pub fn learn_named(&mut self, kind: &str, secret: &[u8]) {
        if self.is_learning() && placeholders::placeholder(secret).is_none() {
            let is_new = self.learnt.add_named(kind, secret);
            self.forget_needles(is_new);
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

    /// A URL, whole or relative, redacted: userinfo, query, fragment; for export also path
    /// segments that look like keys or are known session ids.
    pub fn url<'a>(&mut self, url: &'a str) -> Cow<'a, str> {
        let places = self.looked(url.as_bytes(), &Looked::url(self.paths), &[]);
        string(url, &places.unwrap_or_default())
    }

    /// A name, which may be a URI: its path stays.
    pub fn name<'a>(&mut self, name: &'a str) -> Cow<'a, str> {
        let places = self.looked(name.as_bytes(), &Looked::url(false), &[]);
        string(name, &places.unwrap_or_default())
    }

    /// A text, redacted: a decoded body or a part of one, by its media type. JSON, SSE, NDJSON and
    /// anything that contains them are looked at token by token, so a text may be cut anywhere.
    pub fn text<'a>(&mut self, media: Option<&str>, leg: Leg, text: &'a [u8]) -> Cow<'a, [u8]> {
        match self.replacements(media, leg, text, &[]) {
            Some(places) => replaced(text, &places),
            None => Cow::Borrowed(b"(left out: it could not be looked through for secrets)"),
        }
    }

    /// Reading: the beginning of what [`Redactor::text`] gives for all of the text, about `most` bytes
    /// of it and mostly at once. What the text itself names a secret is learnt from all of it before.
    /// None where the text is hardly longer than that, or where all has to be looked through.
    pub fn beginning(
        &mut self,
        media: Option<&str>,
        leg: Leg,
        text: &[u8],
        most: usize,
    ) -> Option<Vec<u8>> {
        let what = Looked::body(media, leg);
        for (kind, secret) in found::named_in(text, &what, self.keys(&what)) {
            self.learn_quietly(kind, &secret);
        }
        for _ in 0..LEARNS {
            self.make_needles();
            let (keys, needles) = (self.keys(&what), self.needles.as_ref());
            let (found, end) =
                found::find_in_beginning(text, most, &what, keys, needles).ok()??;
            let places: Vec<_> = found.into_iter().map(|found| self.placed(found)).collect();
            if self.needles.is_some() {
                return Some(replaced(text.get(..end)?, &places).into_owned());
            }
        }
        None
    }

    /// How much was learnt: a text that was redacted before is redacted alike while this stays.
    #[must_use]
    pub fn knows(&self) -> u64 {
        self.knows
    }

    /// The same as places: ascending, without overlap. What is marked is replaced whatever it is.
    /// None where the text has more escapes than are looked through.
    pub fn replacements(
        &mut self,
        media: Option<&str>,
        leg: Leg,
        text: &[u8],
        marks: &[Mark],
    ) -> Option<Vec<Replacement>> {
        self.looked(text, &Looked::body(media, leg), marks)
    }

    /// Every placeholder so far, by first appearance: line 1 of a tape.
    #[must_use]
    pub fn redactions(&self) -> Vec<Redaction> {
        self.placeholders.list()
    }

    fn looked(
        &mut self,
        text: &[u8],
        what: &Looked<'_>,
        marks: &[Mark],
    ) -> Option<Vec<Replacement>> {
        let found = self.find(text, what, marks)?;
        Some(found.into_iter().map(|found| self.placed(found)).collect())
    }

    fn find(&mut self, text: &[u8], what: &Looked<'_>, marks: &[Mark]) -> Option<Vec<Found>> {
        self.make_needles();
        let keys = self.keys(what);
        let is_secret = |segment: &[u8]| {
            let looks_like_key = || std::str::from_utf8(segment).is_ok_and(rules::looks_like_key);
            !self.whole.contains(segment) && (self.placeholders.knows(segment) || looks_like_key())
        };
        found::find(text, what, keys, self.needles.as_ref(), marks, &is_secret).ok()
    }

    fn make_needles(&mut self) {
        if self.mode == Mode::Reading && self.needles.is_none() {
            self.needles = self.learnt.needles().ok();
        }
    }

    fn keys(&self, what: &Looked<'_>) -> Keys {
        Keys { oauth: what.oauth, identities: self.mode == Mode::Export }
    }

    /// What stands in a place instead.
    fn placed(&mut self, found: Found) -> Replacement {
        let Found { range, kind, secret, how, inner } = found;
        let text = match how {
            found::How::Gone => String::new(),
            found::How::Whole => self.placeholder(&kind, &secret),
            found::How::Bare => format!("\"{}\"", self.placeholder(&kind, &secret)),
            found::How::Named => {
                let (scheme, credential) = split_scheme(&secret);
                if kind == "userinfo" {
                    self.learn_password(credential);
                }
                String::from_utf8_lossy(scheme).into_owned() + &self.placeholder(&kind, credential)
            }
        };
        for (kind, secret) in inner {
            self.learn_quietly(kind, &secret);
        }
        Replacement { range, text }
    }

    fn placeholder(&mut self, kind: &str, secret: &[u8]) -> String {
        self.learn_quietly(kind, secret);
        self.placeholders.of(kind, secret)
    }

    /// `user:password`.
    fn learn_password(&mut self, pair: &[u8]) {
        if let Some(colon) = pair.iter().position(|byte| *byte == b':') {
            self.learn_quietly("password", pair.get(colon + 1..).unwrap_or_default());
        }
    }

    /// Looked for later; its placeholder is made when it is found.
    fn learn_quietly(&mut self, kind: &str, secret: &[u8]) {
        if self.is_learning() && !self.whole.contains(secret) {
            let is_new = self.learnt.add(kind, secret);
            self.forget_needles(is_new);
        }
    }

    /// An export learns first and then seeks; a screen does both at once.
    fn is_learning(&self) -> bool {
        self.mode == Mode::Reading || self.needles.is_none()
    }

    fn forget_needles(&mut self, is_new: bool) {
        if is_new && self.mode == Mode::Reading {
            self.needles = None;
        }
        if is_new {
            self.knows += 1;
            self.heard.clear();
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

fn string<'a>(text: &'a str, places: &[Replacement]) -> Cow<'a, str> {
    match replaced(text.as_bytes(), places) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
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
