//! The rows of messages that were read, each call with its answer: what `protocol::calls` tells,
//! in the form of a list.

use std::collections::{BTreeMap, HashMap};

use super::{
    Veil,
    places::{ITSELF, RowKey},
    simple::{blank, exchange_status, itself, short},
    symbols::{Interner, What},
};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        CallStory, Calls, Direction, Ending, Kind, Message, Summary,
        calls::{self, Remark, Way},
    },
    tui::rows::{Row, RowKind, SessionId, Status},
};

/// An exchange as far as rows need it.
#[derive(Clone, Debug)]
pub(super) struct Strand {
    pub(super) summary: Summary,
    pub(super) way: Way,
    /// The first byte of its response's body.
    pub(super) first_at: Option<Timestamp>,
    /// Bytes of that body so far.
    pub(super) bytes: u64,
}

/// A row, and of what it is.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) key: RowKey,
    pub(super) row: Row,
    /// The request on whose stream it came.
    pub(super) parent: Option<RowKey>,
    /// The places of the messages that it was told from.
    pub(super) from: Vec<usize>,
    /// Nothing will change it, but for what no protocol allows.
    pub(super) is_over: bool,
}

/// Exchanges and their messages.
pub(super) struct Teller<'a> {
    pub(super) strands: &'a BTreeMap<ExchangeId, Strand>,
    /// How long the payload of each message was.
    pub(super) lens: &'a [u32],
    pub(super) session: SessionId,
    /// Requests may still come that began before what is known: what answers none of it waits.
    pub(super) holds_orphans: bool,
    pub(super) texts: &'a mut Interner,
    pub(super) veil: &'a mut dyn Veil,
}

impl Teller<'_> {
    /// All rows, by exchange and number.
    pub(super) fn tell(&mut self, messages: &mut [Message]) -> Vec<Told> {
        messages.iter_mut().for_each(unpair);
        let ways = self.strands.values().map(|strand| strand.way.clone());
        let calls = calls::tell(ways, messages);
        let about = calls::about(&calls.list, &calls.orphans, messages.len());
        let sums = Sums::of(messages);
        let mut told = Vec::new();
        for (place, (message, about)) in messages.iter().zip(&about).enumerate() {
            let Some(strand) = self.strands.get(&message.exchange) else { continue };
            let row = match message.kind {
                Kind::Request => {
                    let call = about.call.and_then(|call| calls.list.get(call));
                    let alone = sums.is_alone(message);
                    call.map(|call| {
                        self.call((place, message), call, &calls, messages, (strand, alone))
                    })
                }
                Kind::Notification => {
                    let parent = request_of(about.call.filter(|_| about.beside), &calls, messages);
                    Some(self.notification(place, message, parent, strand))
                }
                Kind::Response | Kind::Error => {
                    let orphan = about.remarks.contains(&Remark::Orphan);
                    // Of what reaches nowhere nothing can come that it answers.
                    let held = self.holds_orphans && strand.summary.is_linked();
                    (orphan && !held).then(|| self.orphan(place, message, strand))
                }
            };
            if let Some(mut row) = row {
                row.row.batched = sums.is_batched(message);
                told.push(row);
            }
        }
        told.sort_by_key(|told| told.key);
        for strand in self.strands.values() {
            let id = strand.summary.id;
            let at = told.partition_point(|told| told.key.0 < id);
            if told.get(at).is_none_or(|told| told.key.0 != id) {
                let row = self.itself(strand);
                told.insert(at, row);
            }
        }
        told
    }

    fn itself(&mut self, strand: &Strand) -> Told {
        let summary = &strand.summary;
        let mut row = itself(summary, self.session, self.texts, self.veil);
        row.is_whole = true;
        row.size = small(strand.bytes);
        row.first_us = first_us(strand, summary.started_at);
        Told {
            key: (summary.id, ITSELF),
            row,
            parent: None,
            from: Vec::new(),
            is_over: summary.outcome.is_some(),
        }
    }

    /// What every row of a message has.
    fn of(&mut self, place: usize, message: &Message, strand: &Strand) -> Told {
        let summary = &strand.summary;
        let from_server = message.direction == Direction::ServerToClient;
        // What the client said it said with its exchange; of a stream each message has its time.
        let at = if from_server { message.at } else { summary.started_at };
        let row = Row {
            number: message.number,
            from_server,
            is_whole: true,
            method: self.text(message.method.as_deref()),
            name: self.text(message.name.as_deref()),
            rpc_id: self.texts.id(message.rpc_id.as_deref(), self.veil),
            http: summary.status.unwrap_or_default(),
            ..blank(message.exchange, self.session, at)
        };
        Told {
            key: (message.exchange, message.number),
            row,
            parent: None,
            from: vec![place],
            is_over: false,
        }
    }

    fn len(&self, place: usize) -> u32 {
        self.lens.get(place).copied().unwrap_or_default()
    }

    fn text(&mut self, text: Option<&str>) -> crate::tui::rows::Symbol {
        self.texts.of(text.unwrap_or_default(), What::Name, self.veil)
    }

    fn call(
        &mut self,
        (place, message): (usize, &Message),
        call: &CallStory,
        calls: &Calls,
        messages: &[Message],
        (strand, is_alone): (&Strand, bool),
    ) -> Told {
        let mut told = self.of(place, message, strand);
        let row = &mut told.row;
        row.kind = RowKind::Call;
        let answer = call.answer.or(call.refusal).and_then(|place| messages.get(place));
        (row.status, row.code) = status(call, answer);
        if let Ending::Refused(http) = call.ending {
            row.http = http;
        }
        row.total_us = call.latency_us.map_or(u32::MAX, short);
        let elsewhere = answer.is_some_and(|answer| answer.exchange != message.exchange);
        row.streamed = match answer {
            Some(answer) => answer.frame.is_some(),
            None => strand.summary.streaming && !row.from_server,
        };
        if is_alone && !elsewhere {
            row.frames = small(strand.summary.counts.frames);
            row.size = small(strand.bytes);
            row.first_us = first_us(strand, message.at);
        } else {
            let own = [&call.progress, &call.notifications].into_iter().flatten();
            let asked = call.asks.iter().filter_map(|asked| calls.list.get(*asked));
            let asked = asked.map(|asked| &asked.request);
            let on_frames = own.chain(asked).filter_map(|place| messages.get(*place)).chain(answer);
            row.frames = small(on_frames.filter(|message| message.frame.is_some()).count() as u64);
            row.size = call.answer.or(call.refusal).map_or(0, |place| self.len(place));
            row.first_us = row.total_us;
        }
        told.parent = request_of(call.asked_by, calls, messages);
        told.from.extend(call.answer.iter().chain(&call.refusal).chain(&call.duplicates));
        told.is_over = call.ending != Ending::Pending && strand.summary.outcome.is_some();
        told
    }

    fn notification(
        &mut self,
        place: usize,
        message: &Message,
        parent: Option<RowKey>,
        strand: &Strand,
    ) -> Told {
        let mut told = self.of(place, message, strand);
        told.row.kind = RowKind::Notification;
        told.parent = parent;
        told.row.frames = u32::from(message.frame.is_some());
        if told.row.from_server {
            told.row.status = Status::Ok;
            told.row.streamed = message.frame.is_some();
            told.row.size = self.len(place);
        } else {
            let summary = &strand.summary;
            told.row.status = match exchange_status(summary) {
                // Its answer is a status: the body that may follow is nothing to wait for.
                Status::Pending if summary.status.is_some() => Status::Ok,
                other => other,
            };
            if summary.outcome.is_some() && summary.counts.messages == 1 {
                told.row.total_us = short(summary.last_at.micros_since(summary.started_at));
                told.row.size = small(strand.bytes);
            }
        }
        told.is_over = told.row.status != Status::Pending && strand.summary.outcome.is_some();
        told
    }

    fn orphan(&mut self, place: usize, message: &Message, strand: &Strand) -> Told {
        let mut told = self.of(place, message, strand);
        told.row.kind = RowKind::Orphan;
        told.row.code = code(message.rpc_code);
        told.row.status = match (message.kind, message.tool_error) {
            (Kind::Error, _) => Status::RpcError,
            (_, true) => Status::ToolError,
            _ => Status::Ok,
        };
        told.row.streamed = message.frame.is_some();
        told.row.frames = u32::from(message.frame.is_some());
        told.row.size = self.len(place);
        told.is_over = strand.summary.outcome.is_some();
        told
    }
}

/// As it was before it was told of.
fn unpair(message: &mut Message) {
    message.answers = None;
    message.duplicate = false;
    message.latency_us = None;
    if matches!(message.kind, Kind::Response | Kind::Error) {
        message.method = None;
        message.name = None;
    }
}

/// How many messages stand in one body or frame, and how many the client sent with an exchange.
struct Sums {
    spots: HashMap<(ExchangeId, Direction, Option<u32>), usize>,
    sent: HashMap<ExchangeId, usize>,
}

impl Sums {
    fn of(messages: &[Message]) -> Self {
        let mut sums = Self { spots: HashMap::new(), sent: HashMap::new() };
        for message in messages {
            let spot = (message.exchange, message.direction, message.frame);
            *sums.spots.entry(spot).or_default() += 1;
            if message.direction == Direction::ClientToServer {
                *sums.sent.entry(message.exchange).or_default() += 1;
            }
        }
        sums
    }

    fn is_batched(&self, message: &Message) -> bool {
        let spot = (message.exchange, message.direction, message.frame);
        self.spots.get(&spot).is_some_and(|members| *members > 1)
    }

    /// The exchange is this request's alone.
    fn is_alone(&self, request: &Message) -> bool {
        request.direction == Direction::ClientToServer
            && self.sent.get(&request.exchange) == Some(&1)
    }
}

fn request_of(call: Option<usize>, calls: &Calls, messages: &[Message]) -> Option<RowKey> {
    let request = messages.get(calls.list.get(call?)?.request)?;
    Some((request.exchange, request.number))
}

fn status(call: &CallStory, answer: Option<&Message>) -> (Status, i32) {
    let told = code(answer.and_then(|answer| answer.rpc_code));
    if call.late.is_some() || !call.duplicates.is_empty() {
        return (Status::Late, told);
    }
    match call.ending {
        Ending::Ok => (Status::Ok, 0),
        Ending::ToolError => (Status::ToolError, 0),
        Ending::RpcError(_) => (Status::RpcError, told),
        Ending::Refused(_) => (Status::HttpError, told),
        Ending::Fault(_) => (Status::Fault, 0),
        Ending::Cancelled => (Status::Cancelled, 0),
        Ending::Unanswered | Ending::Unread => (Status::NoReply, 0),
        Ending::Pending => (Status::Pending, 0),
    }
}

fn code(code: Option<i64>) -> i32 {
    code.map_or(0, |code| i32::try_from(code).unwrap_or(if code < 0 { i32::MIN } else { i32::MAX }))
}

fn first_us(strand: &Strand, from: Timestamp) -> u32 {
    strand.first_at.map_or(u32::MAX, |at| short(at.micros_since(from)))
}

/// A count of a row; the largest stands for all that are larger.
fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
