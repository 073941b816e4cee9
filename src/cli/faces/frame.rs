//! `wiretape/frame/1`.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Serialize;

use super::{text, time};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::Frame,
};

/// A frame as a line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct FrameFace<'a> {
    schema: &'static str,
    #[serde(serialize_with = "text")]
    exchange: ExchangeId,
    index: u32,
    #[serde(serialize_with = "time")]
    at: Timestamp,
    event: Option<&'a str>,
    id: Option<&'a str>,
    retry: Option<u64>,
    comments: &'a [String],
    data_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
    complete: bool,
}

impl<'a> FrameFace<'a> {
    /// A frame of an exchange; `raw` and `comments` as they may be shown.
    pub(crate) fn new(
        exchange: ExchangeId,
        frame: &'a Frame,
        raw: &'a [u8],
        comments: &'a [String],
    ) -> Self {
        let utf8 = std::str::from_utf8(raw);
        Self {
            schema: "wiretape/frame/1",
            exchange,
            index: frame.index,
            at: frame.at,
            event: frame.event.as_deref(),
            id: frame.id.as_deref(),
            retry: frame.retry,
            comments,
            data_bytes: frame.data.len(),
            raw: utf8.ok(),
            raw_base64: utf8.is_err().then(|| BASE64_STANDARD.encode(raw)),
            complete: frame.complete,
        }
    }
}
