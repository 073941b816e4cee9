//! `wiretape/notice/1`: what was no exchange.

use serde::Serialize;

use super::time;
use crate::{
    capture::{Fact, Record, Timestamp, TlsSide},
    cli::units::{count, size},
};

/// A notice as a line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct NoticeFace<'a> {
    schema: &'static str,
    #[serde(serialize_with = "time")]
    at: Timestamp,
    kind: &'static str,
    host: Option<&'a str>,
    text: &'a str,
}

impl<'a> NoticeFace<'a> {
    /// A notice and what it tells.
    pub(crate) fn new(at: Timestamp, told: &'a Told) -> Self {
        let Told { kind, host, text } = told;
        Self { schema: "wiretape/notice/1", at, kind, host: host.as_deref(), text }
    }
}

/// What a notice tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its kind, as faces.md spells it.
    pub(crate) kind: &'static str,
    /// Whom it concerns.
    pub(crate) host: Option<String>,
    /// One or two sentences, with the remedy where there is one.
    pub(crate) text: String,
}

impl Told {
    /// What a record tells; nothing where it is no notice.
    pub(crate) fn by(record: &Record) -> Option<Self> {
        let (kind, host, text) = match &record.fact {
            Fact::Tunnel(tunnel) => (
                "tunnel",
                Some(tunnel.host.clone()),
                format!(
                    "passed through unread: {} ({} sent, {} received)",
                    tunnel.reason,
                    size(tunnel.sent_bytes),
                    size(tunnel.received_bytes)
                ),
            ),
            Fact::TlsFailure(failure) => {
                let side = match failure.side {
                    TlsSide::Client => "the client does not accept our certificate",
                    TlsSide::Upstream => "the TLS handshake with the server failed",
                };
                let times = count(failure.count, "time");
                let text = format!("{side}, {times}: {}; {}", failure.reason, failure.remedy);
                ("tls-failure", Some(failure.host.clone()), text)
            }
            Fact::Gap(gap) => {
                ("gap", None, format!("{} passed unrecorded: {}", size(gap.bytes), gap.reason))
            }
            Fact::NotKept(kept) => (
                "not-kept",
                Some(kept.host.clone()),
                format!(
                    "{} of {} showed no MCP and {} not kept; --all keeps them",
                    count(kept.exchanges, "exchange"),
                    size(kept.bytes),
                    if kept.exchanges == 1 { "was" } else { "were" }
                ),
            ),
            Fact::Note { text } => ("note", None, text.clone()),
            _ => return None,
        };
        Some(Self { kind, host, text })
    }
}
