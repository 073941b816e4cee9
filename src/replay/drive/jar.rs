//! Cookies that the live server sets, for clients that send cookies: affinity (protocol.md §9). A
//! recorded cookie is a credential and is never sent.

use std::collections::BTreeMap;

use crate::capture::Headers;

/// Cookies that are kept; a server that sets more has those of the first names.
const COOKIES_CAP: usize = 64;

/// The cookies so far.
#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: BTreeMap<String, String>,
}

impl Jar {
    /// Takes those of a response.
    pub(super) fn take(&mut self, headers: &Headers) {
        for value in headers.all("set-cookie") {
            let Ok(text) = std::str::from_utf8(value) else { continue };
            let pair = text.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            let gone = text.to_ascii_lowercase().contains("max-age=0");
            if gone {
                self.cookies.remove(&name);
            } else if self.cookies.len() < COOKIES_CAP || self.cookies.contains_key(&name) {
                self.cookies.insert(name, value);
            }
        }
    }

    /// The header for a request whose recorded one had cookies.
    pub(super) fn header(&self, had_cookies: bool) -> Option<String> {
        let all: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (had_cookies && !all.is_empty()).then(|| all.join("; "))
    }
}
