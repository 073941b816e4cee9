//! One step: sent, waited for, told.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::{
    Done, DriveError, Replayed, Sent,
    driver::{Driver, LINGER, Say},
    exchange::Exchange,
    wire::Key,
};
use crate::{
    capture::{Record, Timestamp},
    protocol::{Direction, Kind, Message},
    replay::{
        bind::{Edits, Table, teaches_beside},
        edit,
        plan::{Awaits, Item, Planned, Role},
        steps::StepKind,
    },
};

/// How long something is waited for that the recording never got.
const NOTHING_CAP: Duration = Duration::from_secs(2);

/// A resume comes after what the server says, and not later than this.
const RETRY_CAP: Duration = Duration::from_secs(5);

/// Where the server says nothing of when to resume.
const RETRY: Duration = Duration::from_millis(250);

/// Steps that run beside one another; where the recording had more, further ones are waited for.
const OPEN_CAP: usize = 256;

/// A step that is sent and not finished.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) index: usize,
    pub(super) key: Key,
    /// The JSON-RPC id of its request, as sent.
    pub(super) id: Option<String>,
    /// What was sent.
    pub(super) body: Option<String>,
    pub(super) sent_at: Instant,
}

/// What is sent for a recorded message: with fresh values, and edited where it was chosen.
pub(super) fn body(
    table: &Table,
    edits: &Edits,
    item: &Planned<'_>,
    message: &Message,
) -> Result<String, String> {
    let filled = if item.role == Role::Chosen && !edits.is_empty() {
        let (text, _) = edits.apply(&String::from_utf8_lossy(&message.payload));
        table.fill_json(message, &text)
    } else {
        table.fill(message)
    };
    filled.map_err(|unfilled| unfilled.to_string())
}

impl Driver<'_, '_> {
    /// Finishes steps that were left running: those that the recording had finished before `next`,
    /// or all.
    pub(super) async fn finish_open(&mut self, next: Option<&Item<'_>>) -> Result<(), DriveError> {
        for (started, taken) in std::mem::take(&mut self.open) {
            let item = taken.planned()?;
            let waits = next.is_some_and(|next| {
                next.sent_at() <= over_at(&item) && !next.needs().contains(&started.index)
            });
            if waits {
                drop(item);
                self.open.push((started, taken));
                continue;
            }
            self.current = started.index;
            let done = self.finish(started, &item).await?;
            drop(item);
            if let Some(done) = done {
                self.done(taken, done);
            }
        }
        Ok(())
    }

    /// The recording sent others while this one ran, and they are to be sent so again: one that
    /// cancels it, or any where the recorded pace is kept.
    pub(super) fn overlaps(&self, index: usize, item: &Planned<'_>) -> bool {
        let after = self.plan.items.get(index + 1..).unwrap_or_default();
        let next = after.iter().find(|item| item.role() != Role::Left);
        let over = over_at(item);
        let is_call = item.step.kind == StepKind::Call && item.step.method() != "initialize";
        let wanted = self.settings.speed.is_some() || item.is_cancelled();
        is_call
            && wanted
            && self.open.len() < OPEN_CAP
            && next.is_some_and(|next| next.sent_at() <= over)
    }

    pub(super) fn start(&mut self, index: usize, item: &Planned<'_>) -> Result<Started, String> {
        let told = item.step.told().ok_or("its exchange was not recorded")?;
        let body =
            item.step.message.map(|message| body(&self.table, &self.settings.edits, item, message));
        let body = body.transpose()?;
        let recorded = item.step.message.map(|message| String::from_utf8_lossy(&message.payload));
        let both = recorded.as_deref().zip(body.as_deref());
        let is_chosen = item.role == Role::Chosen;
        let owner = Some(index);
        let say = Say { recorded: told, owner, body: both, last_event: None, is_chosen };
        let id = body.as_deref().and_then(|body| edit::get(body, "/id")).map(str::to_owned);
        self.waiting.extend(id.clone());
        let key = self.send(&say)?;
        if item.awaits == Awaits::Endpoint {
            (self.channel, self.endpoint) = (Some(key), None);
            if let Some(exchange) = self.exchanges.get_mut(&key) {
                exchange.is_channel = true;
            }
        }
        Ok(Started { index, key, id, body, sent_at: Instant::now() })
    }

    /// Waits for what a step awaits, tells it, and lets its exchanges go. None where it is told
    /// later.
    pub(super) async fn finish(
        &mut self,
        mut started: Started,
        item: &Planned<'_>,
    ) -> Result<Option<Done>, DriveError> {
        let mut answer = self.awaited(&started, item).await;
        self.reachable(started.key)?;
        if self.is_lost(item, started.key, answer.is_some()) {
            let renewed = self.renew(started.index, item).await;
            if renewed && let Ok(again) = self.start(started.index, item) {
                started = again;
                answer = self.awaited(&started, item).await;
            }
        }
        self.learn_head(&item.step, started.key);
        self.learn(item, answer.as_ref());
        if item.step.kind == StepKind::Call {
            self.parts(&started, item, answer).await;
            self.linger(started.index).await;
        }
        if item.step.kind == StepKind::Delete {
            let deadline = Instant::now() + LINGER;
            self.until(deadline, |driver| driver.beside.values().all(|key| driver.ended(*key)))
                .await;
        }
        if self.listens(item, started.key) {
            self.beside.insert(started.index, started.key);
            if let Some(stood) = self.stood.get_mut(started.index) {
                *stood = true;
            }
            self.listening.push(started);
            return Ok(None);
        }
        Ok(Some(self.tell(&started, item)))
    }

    /// Tells a step that is over.
    pub(super) fn tell(&mut self, started: &Started, item: &Planned<'_>) -> Done {
        self.note_challenge(item, started.key);
        let own = self.exchanges.get(&started.key).map(|own| own.id);
        let replayed = self.replayed(started.index, item);
        // Its head was learnt from before; where nothing else teaches, nobody waits for its story.
        let recorded = item.step.told().filter(|told| teaches_beside(told));
        let live = || replayed.story().exchange(own?);
        if let Some((recorded, live)) = recorded.and_then(|told| Some((told, live()?))) {
            self.table.learn_told(recorded, live);
        }
        self.settle(started, item);
        let (notes, extras) = (std::mem::take(&mut self.notes), std::mem::take(&mut self.extras));
        Done::Sent(Box::new(Sent { replayed, notes, extras }))
    }

    /// Waits for what a step awaits; gives its answer.
    pub(super) async fn awaited(
        &mut self,
        started: &Started,
        item: &Planned<'_>,
    ) -> Option<Message> {
        let (key, patience) = (started.key, self.patience(item));
        let deadline = started.sent_at + patience;
        match (item.awaits, &started.id) {
            (Awaits::Answer, Some(id)) => self.answer(started.index, item, key, id, deadline).await,
            (Awaits::Nothing, Some(id)) => {
                let short = if item.is_cancelled() { LINGER } else { recorded_length(item) };
                let deadline = Instant::now() + short.min(NOTHING_CAP);
                let channel = self.channel.is_some();
                self.until(deadline, |driver| {
                    driver.got.contains_key(id) || !channel && driver.ended(key)
                })
                .await;
                let answer = self.got.remove(id);
                if answer.is_none() {
                    self.cut(key);
                }
                answer
            }
            (Awaits::Head, _) => {
                let opened = |driver: &Self| {
                    let status = driver.exchanges.get(&key).and_then(Exchange::status);
                    driver.ended(key) || status.is_some_and(|status| status < 300)
                };
                self.until(deadline, opened).await;
                None
            }
            (Awaits::Endpoint, _) => {
                self.until(deadline, |driver| {
                    driver.ended(key) || driver.named_endpoint(key).is_some()
                })
                .await;
                self.endpoint = self.named_endpoint(key);
                if let Some(Err(why)) = &self.endpoint {
                    self.notes.push(why.clone());
                }
                None
            }
            _ => {
                self.until(deadline, |driver| driver.ended(key)).await;
                None
            }
        }
    }

    fn patience(&self, item: &Planned<'_>) -> Duration {
        self.settings.patience + recorded_length(item)
    }

    /// Waits for the answer to a request on whichever stream it comes: its own, one that takes that
    /// up after a cut (MCP 2025-11-25 basic/transports), or the channel.
    pub(super) async fn answer(
        &mut self,
        index: usize,
        item: &Planned<'_>,
        mut key: Key,
        id: &str,
        deadline: Instant,
    ) -> Option<Message> {
        loop {
            self.until(deadline, |driver| driver.got.contains_key(id) || driver.ended(key)).await;
            if let Some(answer) = self.got.remove(id) {
                return Some(answer);
            }
            let exchange = self.exchanges.get(&key).filter(|exchange| exchange.ended)?;
            if exchange.unreachable || exchange.status().is_none_or(|status| status >= 400) {
                return None;
            }
            if let Some(channel) = self.channel {
                self.until(deadline, |driver| driver.got.contains_key(id) || driver.ended(channel))
                    .await;
                return self.got.remove(id);
            }
            let told = item.step.told()?;
            let last = exchange.last_event.clone().filter(|last| !last.is_empty())?;
            if told.reading.summary.is_modern() {
                return None;
            }
            let pause = exchange.retry.map_or(RETRY, Duration::from_millis).min(RETRY_CAP);
            self.until((Instant::now() + pause).min(deadline), |_| false).await;
            let resume = item.step.call.and_then(|call| call.resumes.first());
            let resume = resume.and_then(|resume| item.step.story.exchange(*resume));
            let recorded = resume.unwrap_or(told);
            let (owner, last_event) = (Some(index), Some(last.as_str()));
            let say = Say { recorded, owner, body: None, last_event, is_chosen: false };
            key = self.send(&say).ok()?;
        }
    }

    /// What a channel names: where messages go. None until it does.
    fn named_endpoint(&self, key: Key) -> Option<Result<Url, String>> {
        let exchange = self.exchanges.get(&key)?;
        let base = Url::parse(&exchange.url).ok()?;
        exchange.frames.iter().find_map(|frame| {
            let data = String::from_utf8_lossy(&frame.data);
            if frame.event.as_deref() == Some("endpoint") && frame.complete {
                return Some(self.target.named(&data, &base));
            }
            let is_line = frame.index == 0 && frame.event.is_none() && data.starts_with('{');
            let named = edit::text(&data, "/messageEndpoint").filter(|_| is_line);
            named.map(|named| self.target.named(&named, &base))
        })
    }

    /// Waits a little for the exchanges of a step to end by themselves, then leaves them.
    async fn linger(&mut self, index: usize) {
        let all_ended = |driver: &Self| {
            let mut own = driver.exchanges.values().filter(|own| own.owner == Some(index));
            own.all(|exchange| exchange.ended)
        };
        if !self.until(Instant::now() + LINGER, all_ended).await {
            let own = self.exchanges.iter().filter(|(_, own)| own.owner == Some(index));
            let own: Vec<Key> = own.map(|(key, _)| *key).collect();
            for key in own {
                self.cut(key);
            }
        }
    }

    /// Takes from an answer what later steps need.
    pub(super) fn learn(&mut self, item: &Planned<'_>, answer: Option<&Message>) {
        let Some(live) = answer else { return };
        if let Some(recorded) = item.step.call.and_then(|call| item.step.story.answer(call)) {
            self.table.learn(recorded, live);
        }
        let method = item.step.method();
        if !matches!(method, "tools/list" | "initialize") {
            return;
        }
        let text = String::from_utf8_lossy(&live.payload);
        let Some(result) = edit::get(&text, "/result") else { return };
        if method == "tools/list" {
            self.tools.listed(result);
            return;
        }
        let version = |result: &str| edit::text(result, "/protocolVersion");
        let recorded = item.step.result().and_then(version);
        self.revision = recorded.zip(version(result)).filter(|(old, new)| old != new);
    }

    /// A server that wants credentials says which (protocol.md §4).
    fn note_challenge(&mut self, item: &Planned<'_>, key: Key) {
        let head = self.exchanges.get(&key).and_then(|exchange| exchange.head.as_ref());
        let Some(head) = head.filter(|head| head.status == 401) else { return };
        if item.step.status() == Some(401) {
            return;
        }
        let challenge = head.headers.text("www-authenticate").unwrap_or("no challenge");
        self.notes.push(format!(
            "the server asks for authorisation ({challenge}): give it with --header-env \
             Authorization=VAR"
        ));
    }

    /// The step's live exchanges.
    fn replayed(&mut self, index: usize, item: &Planned<'_>) -> Replayed {
        let channel = self.channel.filter(|_| item.step.kind == StepKind::Call);
        let mut all: Vec<Vec<Record>> = Vec::new();
        for (key, exchange) in &mut self.exchanges {
            if exchange.owner == Some(index) || Some(*key) == channel {
                all.push(exchange.told());
            }
        }
        Replayed::of(&self.stub, all)
    }
}

/// When the recording was done with a step: its answer came, or it was cancelled.
fn over_at(item: &Planned<'_>) -> Timestamp {
    let call = item.step.call;
    let cancelled = call.and_then(|call| item.step.story.messages.get(call.cancelled?));
    cancelled.map_or_else(|| item.step.at(), |message| message.at)
}

/// How long the recording had for a step, up to what showed its outcome.
pub(super) fn recorded_length(item: &Planned<'_>) -> Duration {
    let latency = item.step.call.and_then(|call| call.whole.latency_us);
    let told = item.step.told().map(|told| &told.reading.summary);
    let exchange = || told.map(|summary| summary.last_at.micros_since(summary.started_at));
    Duration::from_micros(latency.or_else(exchange).unwrap_or_default())
}

impl Planned<'_> {
    /// The client cancelled it by a notification, which is a step of its own.
    fn is_cancelled(&self) -> bool {
        let cancelled = self.step.call.and_then(|call| call.cancelled);
        let message = cancelled.and_then(|place| self.step.story.messages.get(place));
        message.is_some_and(|message| {
            message.direction == Direction::ClientToServer && message.kind == Kind::Notification
        })
    }
}
