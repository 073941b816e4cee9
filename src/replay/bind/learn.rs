//! What a live answer teaches: the fresh values at the places of the recorded ones.

use std::sync::Arc;

use super::{
    class::{self, Class},
    layers::{self, Spot},
    lesson::{Context, plain},
    news::New,
    pairs::pairs,
    table::Table,
    unit::bare_frames,
};
use crate::{
    capture::{ExchangeId, Head, Headers, Side},
    protocol::{Message, Told},
};

/// Cookies that are kept; further ones are not sent back.
const COOKIES_CAP: usize = 64;

impl Table {
    /// Learns from a live message what stands where the recorded one had a value that is used later.
    pub fn learn(&mut self, recorded: &Message, live: &Message) {
        let event = |message: &Message| message.sse.as_ref()?.id.clone();
        if let (Some(recorded), Some(live)) = (event(recorded), event(live)) {
            self.learn_whole(&Class::Event, &recorded, &live, false);
        }
        let (own, its) =
            (String::from_utf8_lossy(&recorded.payload), String::from_utf8_lossy(&live.payload));
        let of = Some((recorded.exchange, Some(recorded.number)));
        self.learn_at(&own, &its, Context::of(of, &[]));
        self.learn_by_rules(recorded, &own, &its);
    }

    /// Learns from a live response's head.
    pub fn learn_head(&mut self, recorded: (ExchangeId, &Head), live: &Head) {
        for (name, value) in live.headers.iter() {
            if name.eq_ignore_ascii_case("set-cookie") {
                self.keep_cookie(&String::from_utf8_lossy(value));
            }
        }
        let text = |value: &bytes::Bytes| String::from_utf8_lossy(value).trim().to_owned();
        for (name, value) in recorded.1.headers.iter() {
            let lower = name.to_ascii_lowercase();
            if class::is_deaf_header(&lower) || lower == "set-cookie" {
                continue;
            }
            let Some(fresh) = live.headers.get(name) else { continue };
            let of = Some((recorded.0, None));
            let context = Context::of(of, class::of_header(&lower));
            self.learn_at(&text(value), &text(fresh), context);
        }
        self.learn_cookies(&recorded.1.headers);
    }

    /// Learns from data that is no message: an `endpoint` event, a house's session line, a body.
    pub fn learn_text(&mut self, recorded: &str, live: &str) {
        self.learn_at(recorded, live, Context::of(None, &[]));
    }

    /// The same of what counts more than what is known: a driver's own news.
    pub(super) fn learn_anew(&mut self, recorded: &str, live: &str) {
        self.learn_at(recorded, live, Context::news());
    }

    /// Learns all that an exchange teaches beside its messages: its head, event ids, frames and
    /// bodies that are no messages.
    pub fn learn_told(&mut self, recorded: &Told, live: &Told) {
        if let (Some(own), Some(its)) = (&recorded.head, &live.head) {
            self.learn_head((recorded.id(), own), its);
        }
        for ((own, data), (its, fresh)) in bare_frames(recorded).zip(bare_frames(live)) {
            if own.event == its.event {
                self.learn_at(&data, &fresh, Context::of(Some((recorded.id(), None)), &[]));
            }
        }
        let (own, its) = (event_ids(recorded), event_ids(live));
        for (own, its) in own.zip(its) {
            self.learn_whole(&Class::Event, own, its, false);
        }
        let (own, its) = (&recorded.reading.documents, &live.reading.documents);
        for own in own.iter().filter(|own| own.side == Side::Response) {
            if let Some(its) = its.iter().find(|its| its.side == own.side) {
                let text = |json: &bytes::Bytes| String::from_utf8_lossy(json).into_owned();
                let context = Context::of(Some((recorded.id(), None)), &[]);
                self.learn_at(&text(&own.json), &text(&its.json), context);
            }
        }
    }

    fn keep_cookie(&mut self, set: &str) {
        let pair = set.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { return };
        let (name, value) = (name.trim(), value.trim());
        if self.cookies.len() < COOKIES_CAP || self.cookies.contains_key(name) {
            self.note(New::Cookie(name.to_owned(), value.to_owned()));
        }
    }

    /// Tokens that were born in a cookie and are used elsewhere.
    fn learn_cookies(&mut self, recorded: &Headers) {
        for set in recorded.all("set-cookie") {
            let set = String::from_utf8_lossy(set);
            let pair = set.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            if let Some(fresh) = self.cookies.get(name.trim()).cloned() {
                self.learn_text(value.trim(), &fresh);
            }
        }
    }

    fn learn_by_rules(&mut self, recorded: &Message, own: &str, its: &str) {
        let known = Arc::clone(&self.known);
        let marks = known.corrections.marks(Some(recorded));
        if marks.bind_nothing() {
            return;
        }
        let (mut wanted, mut texts) = (Vec::new(), Vec::new());
        layers::text(own, &Spot::top(&[]), 0, &mut |spot, text| {
            if let Some(steps) = spot.path.and_then(|path| path.steps()).filter(|_| spot.is_outer())
            {
                for rule in marks.binds(spot) {
                    wanted.push(steps.to_vec());
                    texts.push((Class::Rule(rule), text.to_owned()));
                }
            }
            Vec::new()
        });
        for (place, _, live) in pairs(own, its, &wanted) {
            if let Some((class, text)) = texts.get(place) {
                self.learn_whole(class, text, &plain(live), false);
            }
        }
    }
}

/// An exchange may teach by more than its head and its messages.
pub(crate) fn teaches_beside(recorded: &Told) -> bool {
    let mut documents = recorded.reading.documents.iter();
    documents.any(|document| document.side == Side::Response)
        || event_ids(recorded).next().is_some()
        || bare_frames(recorded).next().is_some()
}

/// The ids of an exchange's events that carry no message: priming ones.
fn event_ids(told: &Told) -> impl Iterator<Item = &str> {
    let bare = told.reading.frames.iter().filter(|frame| frame.data.is_empty());
    bare.filter_map(|frame| frame.id.as_deref())
}
