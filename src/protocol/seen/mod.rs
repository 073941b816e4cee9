//! What the rules ask of a session again and again, found once: which messages an exchange carried,
//! the parts of each, its answer, and by which revision the exchange is to be judged.

mod era;
mod said;

use std::collections::HashMap;

use self::{era::Version, said::Parts};
pub(crate) use self::{
    era::{Era, MODERN, is_revision},
    said::{Said, quote},
};
use super::{
    model::{Direction, Frame, Kind},
    problems::Finding,
    story::{Story, Told},
};
use crate::capture::{Outcome, Side};

/// Built by the first rule that asks, for all of them.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Places in `Story::messages` by exchange and number.
    order: Vec<usize>,
    /// For each exchange where its messages begin and end in `order`.
    spans: Vec<(usize, usize)>,
    versions: Vec<Version>,
    /// For each message.
    parts: Vec<Parts>,
    /// The place of a request's first answer, by the request's id.
    answers: HashMap<String, usize>,
}

impl Seen {
    pub(super) fn of(story: &Story) -> Self {
        let mut order: Vec<usize> = (0..story.messages.len()).collect();
        order.sort_by_key(|place| story.messages.get(*place).map(|m| (m.exchange, m.number)));
        let mut spans = Vec::with_capacity(story.exchanges.len());
        let mut from = 0;
        for told in &story.exchanges {
            let rest = order.get(from..).unwrap_or_default();
            let exchange = |place: &usize| story.messages.get(*place).map(|m| m.exchange);
            let to = from + rest.partition_point(|place| exchange(place) <= Some(told.id()));
            spans.push((from, to));
            from = to;
        }
        let mut answers = HashMap::new();
        for (place, message) in story.messages.iter().enumerate() {
            if let Some(asked) = &message.answers {
                answers.entry(asked.clone()).or_insert(place);
            }
        }
        let parts = story.messages.iter().map(Parts::of).collect();
        let mut seen = Self { order, spans, versions: Vec::new(), parts, answers };
        seen.versions = era::versions(story, &seen);
        seen
    }
}

impl Story {
    /// Its exchanges with what they carried, ascending by id.
    pub(crate) fn views(&self) -> impl Iterator<Item = View<'_>> {
        let seen = self.seen();
        (0..self.exchanges.len()).filter_map(move |place| View::new(self, seen, place))
    }

    /// Its messages in the order of time.
    pub(crate) fn said(&self) -> impl Iterator<Item = Said<'_>> {
        let seen = self.seen();
        (0..self.messages.len()).filter_map(move |place| seen.said(self, place))
    }

    /// What answers a request.
    pub(crate) fn answer_to(&self, request: &Said<'_>) -> Option<Said<'_>> {
        let seen = self.seen();
        seen.said(self, *seen.answers.get(&request.message.id())?)
    }

    /// The exchange that carried a message.
    pub(crate) fn view_of(&self, said: &Said<'_>) -> Option<View<'_>> {
        let id = said.message.exchange;
        let place = self.exchanges.binary_search_by_key(&id, Told::id).ok()?;
        View::new(self, self.seen(), place)
    }
}

impl Seen {
    fn said<'a>(&'a self, story: &'a Story, place: usize) -> Option<Said<'a>> {
        Some(Said::new(story.messages.get(place)?, self.parts.get(place)?))
    }
}

/// One exchange as a rule looks at it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) told: &'a Told,
    story: &'a Story,
    seen: &'a Seen,
    place: usize,
}

impl<'a> View<'a> {
    fn new(story: &'a Story, seen: &'a Seen, place: usize) -> Option<Self> {
        Some(Self { told: story.exchanges.get(place)?, story, seen, place })
    }

    /// How it is to be judged (protocol.md R1).
    pub(crate) fn era(&self) -> Era {
        self.seen.versions.get(self.place).map_or(Era::Other, |version| version.era)
    }

    /// The revision in force, where it is known: by `_meta`, by what was negotiated before the
    /// exchange began, by its header.
    pub(crate) fn revision(&self) -> Option<&'a str> {
        self.seen.versions.get(self.place)?.revision.as_deref()
    }

    /// The revision negotiated by an `initialize` that was answered before the exchange began.
    pub(crate) fn negotiated(&self) -> Option<&'a str> {
        self.seen.versions.get(self.place)?.negotiated.as_deref()
    }

    /// Judged by 2026-07-28, or by the streamable HTTP of the handshake's time.
    pub(crate) fn is_streamable(&self) -> bool {
        matches!(self.era(), Era::Modern | Era::Legacy)
    }

    /// Every message in it, by number.
    pub(crate) fn said(self) -> impl Iterator<Item = Said<'a>> {
        let (from, to) = self.seen.spans.get(self.place).copied().unwrap_or_default();
        let places = self.seen.order.get(from..to).unwrap_or_default();
        places.iter().filter_map(move |place| self.seen.said(self.story, *place))
    }

    /// What the client said in it.
    pub(crate) fn sent(self) -> impl Iterator<Item = Said<'a>> {
        self.said().filter(|said| said.message.direction == Direction::ClientToServer)
    }

    /// What the server said in it.
    pub(crate) fn got(self) -> impl Iterator<Item = Said<'a>> {
        self.said().filter(|said| said.message.direction == Direction::ServerToClient)
    }

    /// The requests that the client made in it.
    pub(crate) fn requests(self) -> impl Iterator<Item = Said<'a>> {
        self.sent().filter(|said| said.message.kind == Kind::Request)
    }

    pub(crate) fn is_post(&self) -> bool {
        self.told.open.method == "POST"
    }

    pub(crate) fn is_get(&self) -> bool {
        self.told.open.method == "GET"
    }

    /// A request's header.
    pub(crate) fn asked(&self, name: &str) -> Option<&'a str> {
        self.told.open.headers.text(name)
    }

    /// A response's header.
    pub(crate) fn answered(&self, name: &str) -> Option<&'a str> {
        self.told.head.as_ref()?.headers.text(name)
    }

    pub(crate) fn status(&self) -> Option<u16> {
        self.told.head.as_ref().map(|head| head.status)
    }

    /// It was answered 2xx.
    pub(crate) fn is_ok(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.told.end.as_ref().map(|end| end.outcome)
    }

    /// The media type of the response.
    pub(crate) fn media_type(&self) -> Option<String> {
        self.told.head.as_ref()?.headers.media_type()
    }

    /// Not every byte of a body was recorded or read: what is missing may be in the rest.
    pub(crate) fn is_partial(&self, side: Side) -> bool {
        let cut = |end: &crate::capture::End| end.hashes.iter().any(|hash| hash.side == side);
        self.told.reading.summary.unread.is_some()
            || self.told.gaps.iter().any(|gap| gap.side.is_none_or(|of| of == side))
            || self.told.end.as_ref().is_some_and(cut)
    }

    /// Its frames, where the response is an event stream.
    pub(crate) fn events(&self) -> &'a [Frame] {
        let frames = &self.told.reading.frames;
        let is_line = |frame: &&Frame| frame.raw.trim_ascii_start().starts_with(b"{");
        if self.era() == Era::Ndjson || frames.first().as_ref().is_some_and(is_line) {
            return &[];
        }
        frames
    }

    /// The session id that the client sent.
    pub(crate) fn session_id(&self) -> Option<&'a str> {
        self.asked("mcp-session-id")
    }

    /// A finding on this exchange.
    pub(crate) fn finding(
        &self,
        text: impl Into<String>,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        said::finding(self.told.id(), text, evidence, remedy)
    }
}
