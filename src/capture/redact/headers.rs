//! Header values without their secrets.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Mode, Redactor, Replacement, cookies,
    found::Looked,
    replaced,
    rules::{self, HeaderRule},
    split_scheme,
};
use crate::capture::{Fact, Headers};

impl Redactor {
    /// A header's value, redacted.
    pub fn header<'a>(&mut self, name: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        match rules::header(name) {
            HeaderRule::Open => self.open_header(value, false),
            HeaderRule::Session if self.mode == Mode::Reading => Cow::Borrowed(value),
            HeaderRule::Session => self.whole("session", value),
            HeaderRule::Whole => self.whole(&name.to_ascii_lowercase(), value),
            HeaderRule::Cookies => self.cookies(value, &cookies::in_request(value)),
            HeaderRule::SetCookie => self.cookies(value, &cookies::in_response(value)),
            HeaderRule::Credential => self.credential(&name.to_ascii_lowercase(), value),
            HeaderRule::Url => self.open_header(value, self.paths),
        }
    }

    /// All headers, redacted, in their order.
    pub fn headers(&mut self, headers: &Headers) -> Headers {
        let redacted =
            headers.iter().map(|(name, value)| (name, self.header(name, value).into_owned()));
        redacted.collect()
    }

    /// Learns what is secret in a fact's heads, without replacing it.
    pub fn hear(&mut self, fact: &Fact) {
        match fact {
            Fact::Open(open) => {
                self.hear_url(&open.url);
                self.hear_headers(&open.headers);
            }
            Fact::Head(head) => self.hear_headers(&head.headers),
            _ => {}
        }
    }

    fn hear_url(&mut self, url: &str) {
        if self.heard == url {
            return;
        }
        let places = self.find(url.as_bytes(), &Looked::url(self.paths), &[]).unwrap_or_default();
        for found in places {
            self.learn_quietly(&found.kind, split_scheme(&found.secret).1);
        }
        url.clone_into(&mut self.heard);
    }

    pub(super) fn hear_headers(&mut self, headers: &Headers) {
        for (name, value) in headers.iter() {
            match rules::header(name) {
                // A proof is made for one request: nobody says it again.
                HeaderRule::Whole if name.eq_ignore_ascii_case("dpop") => {}
                HeaderRule::Whole => self.learn_quietly(&name.to_ascii_lowercase(), value),
                HeaderRule::Cookies => self.hear_cookies(value, &cookies::in_request(value)),
                HeaderRule::SetCookie => self.hear_cookies(value, &cookies::in_response(value)),
                HeaderRule::Credential => {
                    let (scheme, credential) = split_scheme(value);
                    self.learn_pair(scheme, credential);
                    self.learn_quietly(&name.to_ascii_lowercase(), credential);
                }
                HeaderRule::Session | HeaderRule::Open | HeaderRule::Url => {}
            }
        }
    }

    fn hear_cookies(&mut self, header: &[u8], values: &[std::ops::Range<usize>]) {
        for range in values {
            self.learn_quietly("cookie", header.get(range.clone()).unwrap_or_default());
        }
    }

    fn cookies<'a>(
        &mut self,
        header: &'a [u8],
        values: &[std::ops::Range<usize>],
    ) -> Cow<'a, [u8]> {
        let mut places = Vec::new();
        for range in values {
            let text = self.placeholder("cookie", header.get(range.clone()).unwrap_or_default());
            places.push(Replacement { range: range.clone(), text });
        }
        // An attribute may mirror a secret: the path of the session that the cookie is for.
        let behind = values.last().map_or(0, |last| last.end);
        let rest = self.looked(header.get(behind..).unwrap_or_default(), &Looked::url(false), &[]);
        places.extend(rest.unwrap_or_default().into_iter().map(|place| Replacement {
            range: place.range.start + behind..place.range.end + behind,
            ..place
        }));
        replaced(header, &places)
    }

    fn credential<'a>(&mut self, kind: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        let (scheme, credential) = split_scheme(value);
        if scheme.is_empty() {
            return self.whole(kind, value);
        }
        self.learn_pair(scheme, credential);
        let mut redacted = scheme.to_vec();
        redacted.extend_from_slice(self.placeholder(kind, credential).as_bytes());
        Cow::Owned(redacted)
    }

    /// What `Basic` carries.
    fn learn_pair(&mut self, scheme: &[u8], credential: &[u8]) {
        if scheme.trim_ascii_end().eq_ignore_ascii_case(b"basic")
            && let Ok(pair) = STANDARD.decode(credential)
        {
            self.learn_password(&pair);
        }
    }

    fn whole<'a>(&mut self, kind: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        if value.is_empty() {
            return Cow::Borrowed(value);
        }
        Cow::Owned(self.placeholder(kind, value).into_bytes())
    }

    /// A header that is no secret may still hold one: a URL, a mirrored argument (`Mcp-Param-*`).
    fn open_header<'a>(&mut self, value: &'a [u8], paths: bool) -> Cow<'a, [u8]> {
        if self.placeholders.knows(value) && !self.whole.contains(value) {
            return self.whole("mirrored", value);
        }
        let places = self.looked(value, &Looked::url(paths), &[]);
        replaced(value, &places.unwrap_or_default())
    }
}
