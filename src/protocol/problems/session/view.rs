//! What several rules ask of a story.

use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

use crate::{
    capture::{ExchangeId, Outcome},
    protocol::{
        jsonrpc::{pick, string, text},
        model::{Direction, Kind, Message},
        story::{Story, Told},
    },
};

/// The first revision without sessions and streams to resume (protocol.md §1).
const MODERN: &str = "2026-07-28";

/// The longest quotation in an evidence, in characters; what is longer is cut.
const QUOTE_CAP: usize = 160;

/// The messages of each exchange, by number.
pub(super) struct ByExchange<'a>(HashMap<ExchangeId, Vec<&'a Message>>);

impl<'a> ByExchange<'a> {
    pub(super) fn of(story: &'a Story) -> Self {
        let mut all: HashMap<ExchangeId, Vec<&Message>> = HashMap::new();
        for message in &story.messages {
            all.entry(message.exchange).or_default().push(message);
        }
        for messages in all.values_mut() {
            messages.sort_by_key(|message| message.number);
        }
        Self(all)
    }

    pub(super) fn get(&self, told: &Told) -> &[&'a Message] {
        self.0.get(&told.id()).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A request of either side with what became of it.
pub(super) struct Asked<'a> {
    pub(super) request: &'a Message,
    /// The first answer.
    pub(super) answer: Option<&'a Message>,
    /// The `notifications/cancelled` about it.
    pub(super) cancelled: Option<&'a Message>,
}

/// The requests of one side, in the order of time.
pub(super) fn asked(story: &Story, by: Direction) -> impl Iterator<Item = Asked<'_>> {
    story.calls.iter().filter_map(move |call| {
        let request = story.request(call).filter(|request| request.direction == by)?;
        let cancelled = call.cancelled.and_then(|place| story.messages.get(place));
        Some(Asked { request, answer: story.answer(call), cancelled })
    })
}

/// Whether a message is this notification or request of this side.
pub(super) fn is(message: &Message, by: Direction, method: &str) -> bool {
    message.direction == by
        && matches!(message.kind, Kind::Notification | Kind::Request)
        && message.method.as_deref() == Some(method)
}

/// A key of a message's `params`, as spelled.
pub(super) fn param(message: &Message, key: &str) -> Option<String> {
    within(message, ["params", key])
}

/// A value in a message by the keys that lead to it, as spelled; none where it is absent or null.
pub(super) fn within<const N: usize>(message: &Message, keys: [&str; N]) -> Option<String> {
    let payload = text(&message.payload);
    inside(&payload, &keys).map(str::to_owned)
}

/// A value in a JSON text by the keys that lead to it, as spelled; none where it is absent or null.
pub(super) fn inside<'a>(json: &'a str, keys: &[&str]) -> Option<&'a str> {
    let mut at = json;
    for key in keys {
        let [value] = pick(at, [key])?;
        at = value?;
    }
    (at != "null").then_some(at)
}

/// A text in a JSON text by the keys that lead to it.
pub(super) fn text_inside(json: &str, keys: &[&str]) -> Option<String> {
    inside(json, keys).and_then(string)
}

/// The id that the request bears where a client puts it: header, query or metadata.
pub(super) fn sent_id(told: &Told) -> Option<&str> {
    let mut candidates = told.reading.summary.candidates.iter();
    let sent = candidates.find(|c| !c.in_response && puts(&c.source))?;
    Some(&sent.value)
}

/// The id that the response's head or first line brought.
pub(super) fn brought_id(told: &Told) -> Option<&str> {
    let mut candidates = told.reading.summary.candidates.iter();
    let brought = |source: &str| source.starts_with("header:") || source == "ndjson";
    candidates.find(|c| c.in_response && brought(&c.source)).map(|c| c.value.as_str())
}

/// Whether a client puts an id here itself; paths and cookies are the server's making.
pub(super) fn puts(source: &str) -> bool {
    source.starts_with("header:") || source.starts_with("query:") || source == "metadata"
}

/// The exchange was answered 2xx.
pub(super) fn succeeded(told: &Told) -> bool {
    told.reading.summary.status.is_some_and(|status| (200..300).contains(&status))
}

/// The exchange speaks a revision without sessions.
pub(super) fn is_modern(told: &Told) -> bool {
    told.reading.summary.revision.as_deref().is_some_and(|revision| revision >= MODERN)
        || told.reading.summary.methods.iter().any(|method| method == "server/discover")
}

/// The exchange ended by a fault of the connection that is not our own ending.
pub(super) fn was_cut(told: &Told) -> bool {
    let ours = |error: &str| error.starts_with("wiretape was ");
    told.end
        .as_ref()
        .is_some_and(|end| end.outcome.is_fault() && !end.error.as_deref().is_some_and(ours))
}

/// wiretape ended before the exchange did: nobody knows how it went on.
pub(super) fn is_unseen(told: &Told) -> bool {
    told.end.as_ref().is_some_and(|end| end.outcome.is_fault()) && !was_cut(told)
}

/// The client went away first.
pub(super) fn client_left(told: &Told) -> bool {
    told.end.as_ref().is_some_and(|end| end.outcome == Outcome::ClientClosed)
}

/// Not all of the response could be read: an answer may be in what is missing.
pub(super) fn has_holes(told: &Told) -> bool {
    !told.gaps.is_empty()
        || told.reading.summary.unread.is_some()
        || told.end.as_ref().is_some_and(|end| !end.hashes.is_empty())
}

/// The recording holds the session from its beginning: an id that is not in it was never there.
pub(super) fn is_whole(story: &Story) -> bool {
    story.exchanges.iter().any(|told| {
        let summary = &told.reading.summary;
        summary.initialize.as_ref().is_some_and(|initialize| initialize.answered)
    }) && !story.exchanges.iter().any(has_holes)
}

/// What the wire said, on one line and not too long.
pub(super) fn quote(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTE_CAP) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// `POST answered 400`.
pub(super) fn answered(told: &Told) -> String {
    let summary = &told.reading.summary;
    match summary.status {
        Some(status) => format!("{} answered {status}", summary.method),
        None => format!("{} without an answer", summary.method),
    }
}

/// The elements of a JSON array or the values of a JSON object, as spelled; none for anything else.
pub(super) fn values(json: &str) -> Vec<&str> {
    let array = serde_json::from_str::<Vec<&RawValue>>(json);
    if let Ok(elements) = array {
        return elements.into_iter().map(RawValue::get).collect();
    }
    let object = serde_json::from_str::<BTreeMap<String, &RawValue>>(json).unwrap_or_default();
    object.into_values().map(RawValue::get).collect()
}

/// A refusal that speaks of a session.
pub(super) fn is_session_refusal(told: &Told) -> bool {
    let said = told.refusal.as_deref().unwrap_or_default().to_lowercase();
    said.contains("session")
}
