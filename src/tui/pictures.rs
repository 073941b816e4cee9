//! A session's diagrams as the views want them: rows and bars with their texts, masked by whoever
//! tells the session. The models are [`crate::protocol::picture`]'s.

use super::{desk::SequenceRow, ledger::Veil, text};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        Story, Told,
        picture::{self, Row, Sequence, Shown, Timeline},
    },
};

/// The rows of the sequence diagram.
pub fn sequence(story: &Story, veil: &mut dyn Veil) -> Vec<SequenceRow> {
    let sequence = Sequence::of(story, Shown::default());
    sequence.rows.into_iter().map(|row| sequence_row(row, story, veil)).collect()
}

fn sequence_row(row: Row, story: &Story, veil: &mut dyn Veil) -> SequenceRow {
    let mut shown = SequenceRow {
        row,
        label: String::new(),
        exchange: None,
        number: None,
        call: None,
        during: None,
        listened: false,
    };
    match &shown.row {
        Row::Arrow(arrow) => {
            let Some(message) = story.messages.get(arrow.place) else { return shown };
            let name = message.name.as_deref().map(|name| veil.name(name));
            let mut label = arrow.label(message, name.as_deref());
            if let Some(id) = &message.rpc_id {
                label = format!("{label} #{}", veil.name(id.trim_matches('"')));
            }
            shown.label = text::visible(&label).into_owned();
            shown.exchange = Some(message.exchange);
            shown.number = Some(message.number);
            shown.call = arrow.call.and_then(|call| request(story, call));
            shown.during = arrow.call.and_then(|call| during(story, call));
            shown.listened = arrow.stream.is_some();
        }
        Row::Http(http) => {
            shown.exchange = Some(http.exchange);
            shown.call = http.answers.and_then(|call| request(story, call));
            shown.label = text::visible(&veil.name(&http.label(story))).into_owned();
        }
        Row::Pause(pause) => {
            let long = text::duration(pause.us());
            let word = if pause.waiting { "waiting" } else { "idle" };
            shown.label = format!("{long} {word} (folded)");
        }
    }
    shown
}

fn request(story: &Story, call: usize) -> Option<(ExchangeId, u32)> {
    let request = story.request(story.calls.get(call)?)?;
    Some((request.exchange, request.number))
}

/// The call during which this one was asked.
fn during(story: &Story, call: usize) -> Option<(ExchangeId, u32)> {
    request(story, story.calls.get(call)?.asked_by?)
}

/// The timeline with what is written at each bar.
pub fn timeline(story: &Story, until: Timestamp, veil: &mut dyn Veil) -> (Timeline, Vec<String>) {
    let timeline = Timeline::of(story, until);
    let labels = timeline.bars.iter().map(|bar| {
        let label = match bar.first.and_then(|place| story.messages.get(place)) {
            Some(message) => {
                let name = message.name.as_deref().map(|name| veil.name(name));
                picture::label(message, name.as_deref())
            }
            None => story.exchange(bar.exchange).map_or_else(String::new, |told| http(told, veil)),
        };
        text::visible(&label).into_owned()
    });
    let labels = labels.collect();
    (timeline, labels)
}

fn http(told: &Told, veil: &mut dyn Veil) -> String {
    let summary = &told.reading.summary;
    veil.name(&format!("{} {}", summary.method, summary.path))
}
