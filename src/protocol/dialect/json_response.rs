//! Servers that answer every call with one JSON object though the client takes streams
//! (`enableJsonResponse` of the TypeScript SDK, `json_response` of Python's; protocol.md §9).

use super::{Dialect, Spoken};
use crate::{
    capture::Open,
    protocol::{
        facts::Facts,
        model::{Direction, Kind, Summary},
    },
};
use url::Url;

pub(crate) struct JsonResponse;

impl Dialect for JsonResponse {
    fn name(&self) -> &'static str {
        "json-response"
    }

    fn request(&self, open: &Open, _: Option<&Url>, facts: &mut Facts) {
        let streams = |value: &[u8]| {
            let value = value.to_ascii_lowercase();
            value.windows(EVENTS.len()).any(|part| part == EVENTS)
        };
        facts.takes_streams =
            open.method == "POST" && open.headers.all("accept").any(|value| streams(value));
    }

    fn message(&self, spoken: &Spoken<'_>, facts: &mut Facts) {
        let answers = spoken.direction == Direction::ServerToClient
            && spoken.envelope.kind == Kind::Response
            && spoken.method.is_some();
        if answers && facts.takes_streams && !facts.summary.streaming {
            facts.shows(self.name());
        }
    }

    /// One that streams where there is something to stream is no such server.
    fn holds(&self, own: &[&Summary]) -> bool {
        !own.iter().any(|summary| summary.streaming && summary.method == "POST")
    }
}

const EVENTS: &[u8] = b"text/event-stream";
