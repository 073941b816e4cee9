//! A response stream broke off inside an event.

use super::{Finding, Findings, Rule, Severity};
use crate::protocol::story::Story;

pub(super) struct TruncatedStream;

impl Rule for TruncatedStream {
    fn id(&self) -> &'static str {
        "truncated-stream"
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn source(&self) -> &'static str {
        "WHATWG HTML, server-sent events 9.2.6"
    }

    fn check(&self, story: &Story, found: &mut Findings<'_>) {
        for told in &story.exchanges {
            let Some(last) = told.reading.frames.last() else { continue };
            if told.end.is_none() || last.complete || last.raw.is_empty() || !last.has_data {
                continue;
            }
            found.report(Finding {
                exchange: Some(told.id()),
                text: "the stream ended inside an event, which clients discard".to_owned(),
                evidence: format!(
                    "frame {} has {} bytes and no empty line after it",
                    last.index,
                    last.raw.len()
                ),
                remedy: "end each event with an empty line; look for what cut the connection"
                    .to_owned(),
                ..Finding::default()
            });
        }
    }
}
