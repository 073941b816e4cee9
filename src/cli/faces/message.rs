//! `wiretape/message/1`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{super::remarks::Remarks, text, time};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{Direction, Kind, Message, SseFields},
};

/// A message as a line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct MessageFace<'a> {
    schema: &'static str,
    id: String,
    #[serde(serialize_with = "text")]
    session: ExchangeId,
    #[serde(serialize_with = "text")]
    exchange: ExchangeId,
    frame: Option<u32>,
    direction: Direction,
    kind: Kind,
    rpc_id: Option<Box<RawValue>>,
    method: Option<&'a str>,
    name: Option<&'a str>,
    is_error: bool,
    answers: Option<&'a str>,
    latency_us: Option<u64>,
    #[serde(serialize_with = "time")]
    at: Timestamp,
    sse: Option<&'a SseFields>,
    payload: Box<RawValue>,
    /// Of what belongs to a call without being its request or answer (progress, a cancellation,
    /// other notifications on its stream, a question asked meanwhile): that request's message id.
    #[serde(skip_serializing_if = "Option::is_none")]
    belongs_to: Option<&'a str>,
    /// Of a retry with the required input, or of what is about a task: the message id of the
    /// request before it in the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<&'a str>,
    /// What is out of the ordinary: `cancelled`, `cancels`, `progress`, `during`, `resumed`,
    /// `late`, `duplicate`, `orphan`, `refusal`, `retry`, `task`, `unanswered`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    remarks: &'a [&'static str],
}

impl<'a> MessageFace<'a> {
    /// A message of a session; `name` and `payload` as they may be shown.
    pub(crate) fn new(
        session: ExchangeId,
        message: &'a Message,
        name: Option<&'a str>,
        payload: &[u8],
    ) -> Self {
        Self {
            schema: "wiretape/message/1",
            id: message.id(),
            session,
            exchange: message.exchange,
            frame: message.frame,
            direction: message.direction,
            kind: message.kind,
            rpc_id: message.rpc_id.as_ref().map(|id| compact(id.as_bytes())),
            method: message.method.as_deref(),
            name,
            is_error: message.tool_error,
            answers: message.answers.as_deref(),
            latency_us: message.latency_us,
            at: message.at,
            sse: message.sse.as_ref(),
            payload: compact(payload),
            belongs_to: None,
            continues: None,
            remarks: &[],
        }
    }

    /// With what its call says about it. That takes the whole session, which `show` alone reads:
    /// live lines and `find` have none of these fields, and neither has a message of which there
    /// is nothing to say.
    pub(crate) fn with(self, remarks: &'a Remarks) -> Self {
        Self {
            belongs_to: remarks.belongs_to.as_deref(),
            continues: remarks.continues.as_deref(),
            remarks: &remarks.words,
            ..self
        }
    }
}

/// JSON on one line, its numbers, escapes and order as on the wire; a string of the text where it
/// is no JSON.
pub(crate) fn compact(json: &[u8]) -> Box<RawValue> {
    let json = String::from_utf8_lossy(json);
    if serde_json::from_str::<&RawValue>(json.trim()).is_ok() {
        let one_line = without_blanks(&json).into_owned();
        if let Ok(raw) = RawValue::from_string(one_line) {
            return raw;
        }
    }
    serde_json::value::to_raw_value(&json).expect("a string serialises")
}

/// JSON without the blanks between its tokens.
fn without_blanks(json: &str) -> Cow<'_, str> {
    if !json.contains([' ', '\n', '\r', '\t']) {
        return Cow::Borrowed(json);
    }
    let (mut in_string, mut escaped) = (false, false);
    let kept = json.chars().filter(|c| {
        let keep = in_string || !matches!(c, ' ' | '\n' | '\r' | '\t');
        match c {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = *c == '\\' && !escaped;
        keep
    });
    Cow::Owned(kept.collect())
}
