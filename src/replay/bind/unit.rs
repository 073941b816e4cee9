//! A session cut into what it says, in the order of time: URLs, headers, event ids, messages and
//! other data, of both sides.

use std::{borrow::Cow, iter};

use super::{
    class::Class,
    find::Place,
    layers::{self, Ask, Edit, Spot},
};
use crate::{
    capture::{ExchangeId, Headers, Side, Timestamp},
    protocol::{Direction, Form as Fields, Frame, Message, Story, Told},
};

/// One thing said.
pub(super) struct Unit<'s> {
    pub(super) at: Timestamp,
    pub(super) exchange: ExchangeId,
    pub(super) from_server: bool,
    pub(super) form: Form<'s>,
    pub(super) text: Cow<'s, str>,
}

/// By what units are ordered.
pub(super) type Order = (Timestamp, ExchangeId, bool);

/// What it is.
pub(super) enum Form<'s> {
    Url,
    /// By its name in lower case.
    Header(String),
    EventId,
    /// A frame that carries no message: an `endpoint` event, a house's session line.
    Frame(u32),
    /// A body that is no message.
    Body,
    Message(&'s Message),
}

impl<'s> Unit<'s> {
    /// The message that it is, or the exchange that it is part of.
    pub(super) fn of(&self) -> Place {
        (self.exchange, self.message().map(|message| message.number))
    }

    /// By what units are ordered.
    pub(super) fn order(&self) -> Order {
        (self.at, self.exchange, self.from_server)
    }

    /// Walks it.
    pub(super) fn walk(&self, ask: Ask<'_>) -> Vec<Edit> {
        match &self.form {
            Form::Url => layers::url(&self.text, ask),
            Form::Header(name) => layers::header(name, &self.text, ask),
            Form::EventId => ask(&Spot::top(&[Class::Event]), &self.text),
            Form::Frame(_) | Form::Body | Form::Message(_) => {
                layers::text(&self.text, &Spot::top(&[]), 0, ask)
            }
        }
    }

    /// A place in it, for people: `EXCHANGE.N/result/nextCursor`, `EXCHANGE header:mcp-session-id`.
    pub(super) fn place(&self, pointer: &str) -> String {
        let exchange = self.exchange;
        match &self.form {
            Form::Url => format!("{exchange} url"),
            Form::Header(name) => format!("{exchange} header:{name}"),
            Form::EventId => format!("{exchange} event-id"),
            Form::Frame(index) => format!("{exchange} frame:{index}{pointer}"),
            Form::Body => format!("{exchange} body{pointer}"),
            Form::Message(message) => format!("{}{pointer}", message.id()),
        }
    }

    /// The same for all exchanges that are alike, list entries too.
    pub(super) fn kind_of_place(&self, pointer: &str) -> String {
        let is_index = |step: &str| !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit());
        let steps = pointer.split('/').map(|step| if is_index(step) { "*" } else { step });
        let pointer = steps.collect::<Vec<_>>().join("/");
        match &self.form {
            Form::Url => "url".to_owned(),
            Form::Header(name) => format!("header:{name}"),
            Form::EventId => "event-id".to_owned(),
            Form::Frame(_) => format!("frame{pointer}"),
            Form::Body => format!("body{pointer}"),
            Form::Message(message) => {
                let method = message.method.as_deref().unwrap_or_default();
                let name = message.name.as_deref().filter(|_| method != "resources/read");
                format!("{method} {} {pointer}", name.unwrap_or_default())
            }
        }
    }

    pub(super) fn message(&self) -> Option<&'s Message> {
        match self.form {
            Form::Message(message) => Some(message),
            _ => None,
        }
    }
}

/// All that a session says, in the order of time; of one exchange at one time the request first.
pub(super) fn units(story: &Story) -> Vec<Unit<'_>> {
    let mut units = units_of(story);
    // Stable: of an exchange its head stands before its messages.
    units.sort_by_key(Unit::order);
    units
}

/// The same in no order.
pub(super) fn units_of(story: &Story) -> Vec<Unit<'_>> {
    let mut units: Vec<Unit<'_>> = story.exchanges.iter().flat_map(of_exchange).collect();
    units.extend(story.messages.iter().map(|message| Unit {
        at: message.at,
        exchange: message.exchange,
        from_server: message.direction == Direction::ServerToClient,
        form: Form::Message(message),
        text: String::from_utf8_lossy(&message.payload),
    }));
    units
}

fn of_exchange(told: &Told) -> Vec<Unit<'_>> {
    let (exchange, at) = (told.id(), told.reading.summary.started_at);
    let unit = |at, from_server, form, text| Unit { at, exchange, from_server, form, text };
    let mut units = vec![unit(at, false, Form::Url, Cow::Borrowed(told.open.url.as_str()))];
    units.extend(fields(&told.open.headers).map(|(name, text)| unit(at, false, name, text)));
    for (name, value) in told.form.iter().flat_map(|Fields { fields, .. }| fields) {
        units.push(unit(at, false, Form::Body, Cow::Borrowed(name.as_str())));
        units.push(unit(at, false, Form::Body, Cow::Borrowed(value.as_str())));
    }
    if let Some(head) = &told.head {
        let at = headed_at(told);
        units.extend(fields(&head.headers).map(|(name, text)| unit(at, true, name, text)));
    }
    for frame in &told.reading.frames {
        if let Some(id) = &frame.id {
            units.push(unit(frame.at, true, Form::EventId, Cow::Borrowed(id.as_str())));
        }
        if let Some(data) = bare(frame) {
            units.push(unit(frame.at, true, Form::Frame(frame.index), data));
        }
    }
    for document in &told.reading.documents {
        let text = String::from_utf8_lossy(&document.json);
        units.push(unit(document.at, document.side == Side::Response, Form::Body, text));
    }
    units
}

fn fields(headers: &Headers) -> impl Iterator<Item = (Form<'_>, Cow<'_, str>)> {
    headers.iter().map(|(name, value)| {
        (Form::Header(name.to_ascii_lowercase()), String::from_utf8_lossy(value))
    })
}

/// When a response's head came, as well as a story tells it.
fn headed_at(told: &Told) -> Timestamp {
    const NS_IN_US: u64 = 1_000;
    let opened = told.reading.summary.started_at;
    let timed = told.end.as_ref().and_then(|end| end.timing.first_byte_us);
    let timed = timed.map(|us| Timestamp(opened.0.saturating_add(us.saturating_mul(NS_IN_US))));
    let frames = told.reading.frames.iter().map(|frame| frame.at);
    let documents =
        told.reading.documents.iter().filter(|document| document.side == Side::Response);
    let first = frames.chain(documents.map(|document| document.at)).chain(timed).min();
    first.unwrap_or(opened)
}

/// The data of a frame that carries no message.
pub(super) fn bare(frame: &Frame) -> Option<Cow<'_, str>> {
    let data = String::from_utf8_lossy(&frame.data);
    let is_message = || {
        let mut any = false;
        crate::protocol::envelopes(&frame.data, |_| any = true);
        any
    };
    (frame.has_data || !data.is_empty()).then_some(data).filter(|_| !is_message())
}

/// The frames of an exchange that carry no message.
pub(super) fn bare_frames(told: &Told) -> impl Iterator<Item = (&Frame, Cow<'_, str>)> {
    told.reading.frames.iter().flat_map(|frame| iter::zip(iter::once(frame), bare(frame)))
}
