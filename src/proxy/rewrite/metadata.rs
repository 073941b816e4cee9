//! OAuth metadata documents (RFC 9728, RFC 8414, `OpenID` discovery): clients compare `resource` and
//! `issuer` with the URL they asked, and go on to the URLs they find (protocol.md §4).
//!
//! What a person's browser opens (`authorization_endpoint`, documentation) stays: a login belongs to
//! its own origin.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use serde_json::value::RawValue;

use super::{Rewrite, in_body, origin::Origins};

/// A larger document passes untouched.
const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

/// The URLs of protected-resource metadata that programs follow or compare.
const RESOURCE_KEYS: &[&str] = &["resource", "authorization_servers", "jwks_uri"];

/// The URLs of an authorization server's metadata that programs follow or compare.
const SERVER_KEYS: &[&str] = &[
    "issuer",
    "token_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "userinfo_endpoint",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "jwks_uri",
];

/// Holds one document, as far as it is small.
#[derive(Debug)]
pub(super) struct Metadata {
    origins: Origins,
    keys: &'static [&'static str],
    held: BytesMut,
    is_too_large: bool,
}

impl Metadata {
    /// For a document at this path, if that is one of the well-known ones.
    pub(super) fn at(path: &str, origins: Origins) -> Option<Self> {
        let keys = if path.contains("/.well-known/oauth-protected-resource") {
            RESOURCE_KEYS
        } else if path.contains("/.well-known/oauth-authorization-server")
            || path.contains("/.well-known/openid-configuration")
        {
            SERVER_KEYS
        } else {
            return None;
        };
        Some(Self { origins, keys, held: BytesMut::new(), is_too_large: false })
    }

    pub(super) fn push(&mut self, data: Bytes) -> (Vec<Bytes>, Vec<Rewrite>) {
        if self.is_too_large {
            return (vec![data], Vec::new());
        }
        if self.held.len() + data.len() <= MAX_DOCUMENT_BYTES {
            self.held.extend_from_slice(&data);
            return (Vec::new(), Vec::new());
        }
        self.is_too_large = true;
        (vec![self.held.split().freeze(), data], Vec::new())
    }

    pub(super) fn finish(&mut self) -> (Vec<Bytes>, Vec<Rewrite>) {
        let mut rest = self.held.split().freeze();
        let mut passed = 0;
        let mut out = Vec::new();
        let mut rewrites = Vec::new();
        for (at, old) in self.found(&rest.clone()) {
            let new = self.origins.own();
            rewrites.push(in_body(at as u64, &old, new));
            out.push(rest.split_to(at - passed));
            out.push(Bytes::copy_from_slice(new.as_bytes()));
            rest = rest.split_off(old.len());
            passed = at + old.len();
        }
        out.push(rest);
        out.retain(|piece| !piece.is_empty());
        (out, rewrites)
    }

    /// Where the upstream's origin stands in front of a URL that counts, in the document's order.
    fn found(&self, document: &[u8]) -> Vec<(usize, String)> {
        let Ok(text) = std::str::from_utf8(document) else { return Vec::new() };
        let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
            return Vec::new();
        };
        let mut found: Vec<_> = fields
            .iter()
            .filter(|(key, _)| self.keys.contains(&key.as_str()))
            .flat_map(|(_, value)| strings(value))
            .filter_map(|literal| {
                let url = literal.strip_prefix('"')?.strip_suffix('"')?;
                let at = (url.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
                Some((at, self.prefix(url)?))
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// The origin as it stands in a string literal: PHP writes `https:\/\/`.
    fn prefix(&self, url: &str) -> Option<String> {
        if let Some(prefix) = self.origins.upstream_prefix(url.as_bytes()) {
            return Some(prefix.to_owned());
        }
        let plain = url.replace("\\/", "/");
        let prefix = self.origins.upstream_prefix(plain.as_bytes())?;
        let escaped = prefix.replace('/', "\\/");
        url.starts_with(&escaped).then_some(escaped)
    }
}

/// The string literals in a value: itself, or an array's items.
fn strings(value: &RawValue) -> Vec<&str> {
    if value.get().starts_with('[') {
        let items = serde_json::from_str::<Vec<&RawValue>>(value.get()).unwrap_or_default();
        items.into_iter().map(RawValue::get).collect()
    } else {
        vec![value.get()]
    }
}
