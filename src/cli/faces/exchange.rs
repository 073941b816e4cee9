//! `wiretape/exchange/1`.

use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::text;
use crate::{
    capture::{ExchangeId, Headers, Rewrite, Timestamp, Timing},
    cli::exchange::{Body, Gap},
    protocol::Candidate,
};

/// An exchange as a line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct ExchangeFace<'a> {
    pub(crate) schema: &'static str,
    #[serde(serialize_with = "text")]
    pub(crate) id: ExchangeId,
    #[serde(serialize_with = "text")]
    pub(crate) session: ExchangeId,
    pub(crate) request: RequestFace<'a>,
    pub(crate) response: Option<ResponseFace<'a>>,
    /// Null while it goes on.
    pub(crate) outcome: Option<&'static str>,
    pub(crate) error: Option<&'a str>,
    #[serde(serialize_with = "super::time")]
    pub(crate) started_at: Timestamp,
    /// Null while it goes on.
    pub(crate) timing: Option<Timing>,
    pub(crate) upstream: Option<&'a str>,
    /// Null where it shows no MCP.
    pub(crate) mcp: Option<McpFace<'a>>,
    pub(crate) frames: u64,
    pub(crate) rewrites: Vec<Rewrite>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RequestFace<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) version: &'a str,
    #[serde(serialize_with = "pairs")]
    pub(crate) headers: &'a Headers,
    #[serde(flatten)]
    pub(crate) body: BodyFace<'a>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ResponseFace<'a> {
    pub(crate) status: u16,
    pub(crate) version: &'a str,
    #[serde(serialize_with = "pairs")]
    pub(crate) headers: &'a Headers,
    #[serde(flatten)]
    pub(crate) body: BodyFace<'a>,
}

/// A body's measure: true lengths and hash, masked or not.
#[derive(Debug, Serialize)]
pub(crate) struct BodyFace<'a> {
    body_bytes: u64,
    kept_bytes: u64,
    /// Null where its end was not seen.
    sha256: Option<String>,
    gaps: &'a [Gap],
}

impl<'a> From<&'a Body> for BodyFace<'a> {
    fn from(body: &'a Body) -> Self {
        Self {
            body_bytes: body.bytes,
            kept_bytes: body.kept_bytes(),
            sha256: body.sha256(),
            gaps: &body.gaps,
        }
    }
}

/// What it says of itself as MCP.
#[derive(Debug, Serialize)]
pub(crate) struct McpFace<'a> {
    pub(crate) session_id: Option<&'a str>,
    pub(crate) source: Option<&'a str>,
    pub(crate) protocol_version: Option<&'a str>,
    pub(crate) method: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) last_event_id: Option<&'a str>,
    pub(crate) sequence: Option<&'a str>,
}

impl<'a> McpFace<'a> {
    /// With the session id that won.
    pub(crate) fn of(candidate: Option<&'a Candidate>) -> Self {
        Self {
            session_id: candidate.map(|candidate| candidate.value.as_str()),
            source: candidate.map(|candidate| candidate.source.as_str()),
            protocol_version: None,
            method: None,
            name: None,
            last_event_id: None,
            sequence: None,
        }
    }
}

impl ExchangeFace<'_> {
    pub(crate) const SCHEMA: &'static str = "wiretape/exchange/1";
}

/// `[[name, value]..]` in wire order; bytes that are no UTF-8 are replaced.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn pairs<S: Serializer>(headers: &&Headers, to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(headers.0.len()))?;
    for (name, value) in headers.iter() {
        list.serialize_element(&(name, String::from_utf8_lossy(value)))?;
    }
    list.end()
}
