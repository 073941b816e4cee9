//! `wiretape/mention/1`: a place where a traced value stands.

use serde::Serialize;

use super::{maybe_text, text, time};
use crate::{
    capture::{ExchangeId, Side, Timestamp},
    protocol::Mention,
};

/// A mention as a line of JSON. It names the place; what stands there stays there.
#[derive(Debug, Serialize)]
pub(crate) struct MentionFace<'a> {
    schema: &'static str,
    #[serde(serialize_with = "time")]
    at: Timestamp,
    #[serde(serialize_with = "maybe_text")]
    session: Option<ExchangeId>,
    #[serde(serialize_with = "text")]
    exchange: ExchangeId,
    message: Option<&'a str>,
    frame: Option<u32>,
    side: Side,
    place: &'a str,
    /// Where in the JSON text that the string at `place` holds.
    inner: Option<&'a str>,
    /// The place holds the value and nothing else.
    whole: bool,
    first: bool,
    /// It came before the first request with the value that was answered 2xx.
    origin: bool,
}

impl<'a> MentionFace<'a> {
    /// A mention in its session.
    pub(crate) fn new(
        session: Option<ExchangeId>,
        mention: &'a Mention,
        first: bool,
        origin: bool,
    ) -> Self {
        Self {
            schema: "wiretape/mention/1",
            at: mention.at,
            session,
            exchange: mention.exchange,
            message: mention.message.as_deref(),
            frame: mention.frame,
            side: mention.side,
            place: &mention.place,
            inner: mention.inner.as_deref(),
            whole: mention.whole,
            first,
            origin,
        }
    }
}
