//! Each shape that a call may take, as it looks on the wire. Messages are named `E.N`: exchange
//! and number in it, both from 0.

mod links;
mod order;
mod shapes;
mod strays;

use std::fmt::Write;

use super::*;
use crate::protocol::{Story, testing};

/// `3.0`.
fn name(story: &Story, place: usize) -> String {
    let message = story.messages.get(place).expect("a place in the story");
    format!("{}.{}", testing::number(message.exchange), message.number)
}

/// A call in a line, what is ordinary left out.
fn line(story: &Story, call: &CallStory) -> String {
    let name = |place: usize| name(story, place);
    let names = |places: &[usize]| places.iter().map(|p| name(*p)).collect::<Vec<_>>().join(" ");
    let request = story.request(call).expect("a request");
    let method = request.method.as_deref().unwrap_or_default();
    let mut line = format!("{} {method}: {:?}", name(call.request), call.ending);
    let mut say = |what: &str, text: String| {
        if !text.is_empty() {
            write!(line, ", {what} {text}").expect("a string takes all");
        }
    };
    say("by", call.answer.map(name).unwrap_or_default());
    say("refusal", call.refusal.map(name).unwrap_or_default());
    say("late", call.late.map(|late| format!("{late:?}")).unwrap_or_default());
    say("again", names(&call.duplicates));
    let exchanges = call.exchanges.iter().map(|id| testing::number(*id).to_string());
    say("over", exchanges.skip(1).collect::<Vec<_>>().join(" "));
    let resumes = call.resumes.iter().map(|id| testing::number(*id).to_string());
    say("resumed by", resumes.collect::<Vec<_>>().join(" "));
    say("progress", names(&call.progress));
    say("with", names(&call.notifications));
    let of = |call: usize| name(story.calls.get(call).expect("a call").request);
    say("during", call.asked_by.map(of).unwrap_or_default());
    say("cancelled by", call.cancelled.map(name).unwrap_or_default());
    let continues = call.continues.map(|before| format!("{:?} of {}", before.by, of(before.call)));
    say("is", continues.unwrap_or_default());
    if call.whole.ending != call.ending {
        say("whole", format!("{:?}", call.whole.ending));
    }
    line
}

/// The calls of every session in a transcript, then its orphans.
fn tale(transcript: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for story in testing::stories(transcript) {
        lines.extend(story.calls.iter().map(|call| line(&story, call)));
        lines.extend(story.orphans.iter().map(|place| format!("{} orphan", name(&story, *place))));
    }
    lines
}
