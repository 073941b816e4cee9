//! A response stream broke off inside an event.

use super::{Findings, Rule, Severity};
use crate::{
    capture::{Outcome, Side},
    protocol::{seen::View, story::Story},
};

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
        for view in story.views() {
            let Some(last) = view.events().last() else { continue };
            if last.complete || !last.has_data || is_wanted(&view) || is_made_good(story, view) {
                continue;
            }
            found.report(view.finding(
                "the stream ended inside an event, which clients discard",
                format!(
                    "frame {} has {} bytes and no empty line after it",
                    last.index,
                    last.raw.len()
                ),
                "end each event with an empty line; look for what cut the connection",
            ));
        }
    }
}

/// The stream goes on, the client went away from it, or its end was not recorded.
fn is_wanted(view: &View<'_>) -> bool {
    matches!(view.outcome(), None | Some(Outcome::ClientClosed)) || view.is_partial(Side::Response)
}

/// All that was asked was answered nonetheless, by a resumed stream.
fn is_made_good(story: &Story, view: View<'_>) -> bool {
    view.requests().next().is_some()
        && view.requests().all(|request| story.answer_to(&request).is_some())
}
