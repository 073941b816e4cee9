//! The one pass over a session's messages.

use std::collections::HashMap;

use super::{
    CallStory, Calls, Ending, Late, Whole,
    belonging::{Latest, OnStream},
    ending::ending,
    links::Links,
    said::Said,
    ways::Ways,
};
use crate::{
    capture::ExchangeId,
    protocol::{
        dialect::tells_progress,
        model::{Direction, Kind, Message},
        pair::id_key,
    },
};

/// MCP's own notification.
const PROGRESS: &str = "notifications/progress";

/// Resumes listed of all calls on one stream; later ones are left out. Only a batch, whose calls
/// share the stream's resumes, comes near it.
const RESUMES_CAP: usize = 100_000;

/// Tells the calls of paired messages. What came in one chunk has one time: there the order on
/// the stream counts, so requests are numbered before the pass rather than in it.
pub(super) fn fold(ways: &Ways, messages: &[Message]) -> Calls {
    let mut order: Vec<(usize, &Message)> = messages.iter().enumerate().collect();
    order.sort_by_key(|(_, message)| (message.at, message.exchange, message.number));
    let mut fold = Fold::new(ways, messages);
    for (place, request) in order.iter().filter(|(_, message)| message.kind == Kind::Request) {
        fold.by_request.insert(request.id(), fold.calls.len());
        fold.calls.push(CallStory::new(*place, fold.calls.len(), request.exchange));
    }
    for (place, message) in order {
        fold.take(place, message);
    }
    fold.finish()
}

struct Fold<'a> {
    ways: &'a Ways,
    messages: &'a [Message],
    calls: Vec<CallStory>,
    orphans: Vec<usize>,
    by_request: HashMap<String, usize>,
    tokens: Latest,
    ids: Latest,
    streams: OnStream,
    links: Links,
    /// Calls that the client cancels by leaving.
    modern: Vec<bool>,
    /// Calls cancelled by the side that asked.
    withdrawn: Vec<bool>,
}

impl<'a> Fold<'a> {
    fn new(ways: &'a Ways, messages: &'a [Message]) -> Self {
        Self {
            ways,
            messages,
            calls: Vec::new(),
            orphans: Vec::new(),
            by_request: HashMap::new(),
            tokens: Latest::default(),
            ids: Latest::default(),
            streams: OnStream::default(),
            links: Links::default(),
            modern: Vec::new(),
            withdrawn: Vec::new(),
        }
    }

    fn take(&mut self, place: usize, message: &Message) {
        let said = Said::of(message);
        match message.kind {
            Kind::Request => self.request(message, said),
            Kind::Notification => self.notification(place, message, &said),
            Kind::Response | Kind::Error => self.answer(place, message, said),
        }
    }

    fn request(&mut self, message: &Message, said: Said) {
        let (index, by) = (self.modern.len(), message.direction);
        let stream = self.ways.root_of(message.exchange);
        let asked_by = self.belongs(message, &said);
        let continues = self.links.request(index, message, &said);
        if let Some(asker) = asked_by.and_then(|asker| self.calls.get_mut(asker)) {
            asker.asks.push(index);
        }
        if let Some(call) = self.calls.get_mut(index) {
            (call.asked_by, call.continues) = (asked_by, continues);
        }
        if let Some(token) = said.token {
            self.tokens.put(by, token, stream, index);
        }
        if let Some(id) = message.rpc_id.as_deref().and_then(id_key) {
            self.ids.put(by, id, stream, index);
        }
        self.streams.put(stream, by, index);
        self.modern.push(said.modern);
        self.withdrawn.push(false);
    }

    fn answer(&mut self, place: usize, message: &Message, said: Said) {
        let index = message.answers.as_ref().and_then(|id| self.by_request.get(id)).copied();
        let Some(index) = index else { return self.orphans.push(place) };
        let late = if self.withdrawn.get(index) == Some(&true) {
            Some(Late::AfterCancel)
        } else {
            self.is_elsewhere(index, message).then_some(Late::Elsewhere)
        };
        let Some(call) = self.calls.get_mut(index) else { return };
        if message.duplicate || call.answer.is_some() {
            call.duplicates.push(place);
            return;
        }
        call.answer = Some(place);
        call.latency_us = message.latency_us;
        call.late = late;
        self.links.answer(index, message, said);
    }

    /// A server answers a client on the request's own stream or on the channel; a client answers
    /// wherever it posts. What resumes a stream that was not recorded is no fault to tell.
    fn is_elsewhere(&self, index: usize, answer: &Message) -> bool {
        let Some(request) = self.calls.get(index).and_then(|call| self.messages.get(call.request))
        else {
            return false;
        };
        let stream = |message: &Message| self.ways.root_of(message.exchange);
        let way = self.ways.get(answer.exchange);
        answer.direction == Direction::ServerToClient
            && stream(answer) != stream(request)
            && way.is_none_or(|way| !way.is_channel && way.last_event_id.is_none())
    }

    fn notification(&mut self, place: usize, message: &Message, said: &Said) {
        self.links.notification(message, said);
        let taken = match message.method.as_deref() {
            Some("notifications/cancelled") => self.cancel(place, message, said),
            Some(method) if tells_progress(method) => self.progress(place, message, said),
            _ => false,
        };
        let call = if taken { None } else { self.belongs(message, said) };
        if let Some(call) = call.and_then(|call| self.calls.get_mut(call)) {
            call.notifications.push(place);
        }
    }

    /// MCP's bears the token of its call; a dialect's own need not.
    fn progress(&mut self, place: usize, message: &Message, said: &Said) -> bool {
        let stream = self.ways.root_of(message.exchange);
        let calls = &self.calls;
        let waits = |call: usize| calls.get(call).is_some_and(|call| call.answer.is_none());
        let call = match said.token.as_deref() {
            Some(token) => self.tokens.find(message.direction.other(), token, stream, waits),
            None if message.method.as_deref() == Some(PROGRESS) => None,
            None => self.belongs(message, said),
        };
        let Some(call) = call.and_then(|call| self.calls.get_mut(call)) else { return false };
        call.progress.push(place);
        true
    }

    /// Who asked cancels; of the other side it is how a server tears down a subscription
    /// (MCP 2026-07-28 basic/cancellation).
    fn cancel(&mut self, place: usize, message: &Message, said: &Said) -> bool {
        let Some(id) = said.cancels.as_deref() else { return false };
        let stream = self.ways.root_of(message.exchange);
        let calls = &self.calls;
        let waits = |call: usize| calls.get(call).is_some_and(|call| call.answer.is_none());
        let own = self.ids.find(message.direction, id, stream, waits);
        let index = own.filter(|call| waits(*call)).or_else(|| {
            let found = self.ids.find(message.direction.other(), id, stream, waits)?;
            let request = self.messages.get(calls.get(found)?.request)?;
            (request.method.as_deref() == Some("subscriptions/listen")).then_some(found)
        });
        let Some(index) = index.or(own) else { return false };
        let Some(call) = self.calls.get_mut(index) else { return false };
        if call.answer.is_some() || call.cancelled.is_some() {
            call.notifications.push(place);
            return true;
        }
        call.cancelled = Some(place);
        if let Some(withdrawn) = self.withdrawn.get_mut(index) {
            *withdrawn = own == Some(index);
        }
        true
    }

    /// The call of the other side to which a message belongs: by its stream, else by its task.
    fn belongs(&mut self, message: &Message, said: &Said) -> Option<usize> {
        let stream = self.ways.root_of(message.exchange);
        let calls = &self.calls;
        let waits = |call: usize| calls.get(call).is_some_and(|call| call.answer.is_none());
        let by_stream = self.streams.of(stream, message, waits);
        by_stream.or_else(|| self.links.maker(message.direction.other(), said.task.as_deref()?))
    }

    fn finish(mut self) -> Calls {
        self.refusals();
        for index in 0..self.calls.len() {
            let Some(call) = self.calls.get(index) else { continue };
            let Some(request) = self.messages.get(call.request) else { continue };
            let answer = call.answer.and_then(|place| self.messages.get(place));
            let refusal = call.refusal.and_then(|place| self.messages.get(place));
            let modern = self.modern.get(index) == Some(&true);
            let ending = ending(call, request, answer, refusal, modern, self.ways);
            let root = self.ways.root_of(request.exchange);
            let most = RESUMES_CAP / self.streams.count(root, request.direction).max(1);
            let (exchanges, resumes) = spanned(request, answer, self.ways, most);
            if let Some(call) = self.calls.get_mut(index) {
                (call.ending, call.exchanges, call.resumes) = (ending, exchanges, resumes);
            }
        }
        self.links.finish(&mut self.calls, self.messages);
        let resumed = self.ways.resumed();
        Calls { list: self.calls, orphans: self.orphans, resumed }
    }

    /// Errors to no id stand for the answer where their exchange brought one request.
    fn refusals(&mut self) {
        let orphans = std::mem::take(&mut self.orphans);
        for place in orphans {
            let Some(message) = self.messages.get(place) else { continue };
            // One to a wrong id is that, unless HTTP refused it all with its status.
            let no_id = message.rpc_id.as_deref().is_none_or(|id| id == "null");
            let stands = no_id || self.ways.stream(message.exchange).refused;
            let call = (message.kind == Kind::Error && stands)
                .then(|| self.streams.only(message.exchange, message.direction.other()))
                .flatten()
                .and_then(|call| self.calls.get_mut(call))
                .filter(|call| call.answer.is_none() && call.refusal.is_none());
            match call {
                Some(call) => {
                    let request = self.messages.get(call.request);
                    call.latency_us = request.map(|asked| message.at.micros_since(asked.at));
                    call.refusal = Some(place);
                }
                None => self.orphans.push(place),
            }
        }
    }
}

impl CallStory {
    fn new(place: usize, index: usize, exchange: ExchangeId) -> Self {
        Self {
            request: place,
            answer: None,
            duplicates: Vec::new(),
            refusal: None,
            ending: Ending::Pending,
            latency_us: None,
            late: None,
            exchanges: vec![exchange],
            resumes: Vec::new(),
            progress: Vec::new(),
            notifications: Vec::new(),
            asks: Vec::new(),
            asked_by: None,
            cancelled: None,
            continues: None,
            first: index,
            parts: Vec::new(),
            whole: Whole { ending: Ending::Pending, latency_us: None },
        }
    }
}

/// All exchanges of a call, and those among them that resumed its stream while it waited.
fn spanned(
    request: &Message,
    answer: Option<&Message>,
    ways: &Ways,
    most: usize,
) -> (Vec<ExchangeId>, Vec<ExchangeId>) {
    let began = |id: &ExchangeId| ways.get(*id).map(|way| way.started_at).unwrap_or_default();
    let waited = |id: &ExchangeId| answer.is_none_or(|answer| began(id) <= answer.at);
    // A server's question is answered by a request of the client's, whatever its stream does.
    let by_client = request.direction == Direction::ClientToServer;
    let all_resumes = if by_client { ways.resumes(ways.root_of(request.exchange)) } else { &[] };
    let before = all_resumes.partition_point(|id| began(id) < request.at);
    let resumes: Vec<_> =
        all_resumes.iter().skip(before).copied().take_while(waited).take(most).collect();
    let mut all = vec![request.exchange];
    all.extend(resumes.iter().copied());
    all.extend(answer.map(|answer| answer.exchange));
    all.sort_unstable();
    all.dedup();
    (all, resumes)
}
