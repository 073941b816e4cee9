//! What a session looks like, for whoever draws it: the terminal's views, the HTML report, mermaid.
//! One model each, many renderers; nothing here knows cells, pixels or words beyond a label.
//!
//! # Sequence
//!
//! ```text
//! let sequence = Sequence::of(&story, Shown::default());
//! for row in &sequence.rows { match row {
//!     Row::Arrow(arrow) => arrow.label(&story.messages[arrow.place], name)   // line, tone, since_us
//!     Row::Http(http)   => http.label(&story)    // an exchange, or an answer, that is HTTP alone
//!     Row::Pause(pause) => ..                    // so long nothing happened: folded
//! } }
//! ```
//! Rows stand in the order of time. [`Arrow::place`] is a place in [`super::Story::messages`],
//! [`Arrow::call`] one in [`super::Story::calls`], which says whether it was asked during another
//! call or continues one. [`Sequence::streams`] are the streams that the client opened to listen:
//! [`Arrow::stream`] names the one that carried a message.
//!
//! # Timeline
//!
//! ```text
//! let timeline = Timeline::of(&story, until);    // until: the clock, for what still goes on
//! let x = timeline.axis.at(bar.from);            // of Axis::SPAN
//! ```
//! A [`Bar`] an exchange, in the order of their ids, with its first byte, a [`Tick`] a frame and the
//! largest gap between two of them. The [`Axis`] gives each time its place; long stretches in which
//! nothing ran are folded ([`Axis::folds`]), so that minutes of thought do not hide milliseconds of
//! work. [`Timeline::axis_over`] is the axis of a part of the bars: a window of a long session.
//!
//! Both are found in one pass over the story and hold no text of the wire: whoever draws masks what
//! he shows.

mod axis;
mod sequence;
mod timeline;

pub use axis::{Axis, Fold};
pub use sequence::{Arrow, Http, Line, Pause, Row, Sequence, Shown, Stream, Tone, label};
pub use timeline::{Bar, Shape, Tick, Timeline};

use super::story::{Story, Told};
use crate::capture::{ExchangeId, Outcome};

/// The exchange with which a stream began that this one takes up.
fn takes_up(story: &Story, exchange: ExchangeId) -> Option<ExchangeId> {
    let place = story.resumed.binary_search_by_key(&exchange, |(later, _)| *later).ok()?;
    story.resumed.get(place).map(|(_, root)| *root)
}

/// The client opened it to listen: no message of its own is on it, or `subscriptions/listen`. What
/// takes up another stream does what that one did.
fn listens(story: &Story, told: &Told) -> bool {
    let root = takes_up(story, told.id()).and_then(|root| story.exchange(root));
    let summary = &root.unwrap_or(told).reading.summary;
    let asks = || summary.methods.iter().any(|method| method == "subscriptions/listen");
    summary.streaming && (summary.method == "GET" || asks())
}

/// How an exchange went, as far as HTTP says it: an error in a message is none here.
#[must_use]
pub fn tone_of(told: &Told) -> Tone {
    let summary = &told.reading.summary;
    let refused = summary.status.is_some_and(|status| status >= 400);
    let broke_off = summary.outcome.is_some_and(Outcome::is_fault);
    match (summary.status, summary.outcome) {
        _ if broke_off || refused && !summary.declines_listening() => Tone::Failed,
        (None, None) => Tone::Waiting,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests;
