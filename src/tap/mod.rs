//! The neck: the one bounded channel from the proxy to the recorder.
//!
//! What passes is counted in bytes. A body frame asks for room first ([`Room::poll_reserve`]); when
//! the budget is spent the traffic waits until the recorder has caught up, or runs on with a gap,
//! as the [`OnFull`] rule says (design.md, The full queue). Nothing here parses, copies or touches
//! a disk: heads pass as they were read and become records on the recorder's side ([`Item::into_record`]).
//!
//! It must not know who records, nor decide what is kept.

mod gate;
mod heads;
mod room;

use std::sync::Arc;

use tokio::sync::{
    Semaphore,
    mpsc::{self, UnboundedReceiver, UnboundedSender},
};

use crate::capture::{ExchangeId, Fact, Mode, Record, Timestamp};

pub use gate::Gate;
pub use heads::{WireRequest, WireResponse};
pub use room::{Reserved, Room};

/// The byte budget of what is between proxy and recorder. When it is full the traffic waits
/// ([`OnFull::Wait`]) or runs on unrecorded with a gap ([`OnFull::Gap`]).
pub const BUDGET_BYTES: u32 = 16 * 1024 * 1024;

/// What every item costs beside its payload, so that many tiny frames are bounded too.
const ITEM_COST: u32 = 256;

/// What happens to traffic while the budget is spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFull {
    /// Traffic slows down to what the disk takes.
    #[default]
    Wait,
    /// Traffic runs on; what was missed is written as a gap.
    Gap,
}

/// A channel with its two ends.
#[must_use]
pub fn channel(on_full: OnFull) -> (Tap, Intake) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let budget = Arc::new(Semaphore::new(BUDGET_BYTES as usize));
    let gate = Gate::new();
    let tap = Tap { sender, budget: Arc::clone(&budget), on_full, gate: gate.clone() };
    (tap, Intake { receiver, budget, gate })
}

/// The proxy's end. Clones are the same tap.
#[derive(Clone, Debug)]
pub struct Tap {
    sender: UnboundedSender<Item>,
    budget: Arc<Semaphore>,
    on_full: OnFull,
    gate: Gate,
}

impl Tap {
    /// Whether an exchange may begin. False only with `--require-recording` while nothing can be
    /// recorded: the proxy then answers 503 and dials nobody.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    /// Opens an exchange, once there is room for its head.
    ///
    /// The id is made here, so ids ascend in the order of opening.
    pub async fn open(&self, opening: Opening) -> ExchangeId {
        let cost = self.take(opening.head.len()).await;
        let id = ExchangeId::next();
        self.push(Some(id), opening.at, Event::Open(Box::new(opening)), cost);
        id
    }

    /// Passes on a response's head, once there is room for it.
    pub async fn head(&self, id: ExchangeId, at: Timestamp, head: WireResponse) {
        let cost = self.take(head.len()).await;
        self.push(Some(id), at, Event::Head(Box::new(head)), cost);
    }

    /// Passes on a fact for which room was reserved: a chunk of a body.
    #[expect(clippy::needless_pass_by_value, reason = "room is spent by being sent")]
    pub fn send_reserved(&self, id: ExchangeId, at: Timestamp, fact: Fact, room: Reserved) {
        let Reserved { cost } = room;
        self.push(Some(id), at, Event::Fact(fact), cost);
    }

    /// Passes on a small fact at once, room or not: an end, a note, a notice. It may be called
    /// where nothing can wait, as in a `Drop`.
    pub fn send(&self, exchange: Option<ExchangeId>, at: Timestamp, fact: Fact) {
        self.push(exchange, at, Event::Fact(fact), 0);
    }

    /// A place from which one body asks for room.
    #[must_use]
    pub fn room(&self) -> Room {
        Room::new(Arc::clone(&self.budget), self.on_full)
    }

    /// Whether nobody records any more. Traffic goes on.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    async fn take(&self, bytes: usize) -> u32 {
        let cost = cost(bytes);
        if self.is_closed() {
            return 0;
        }
        // Under OnFull::Gap a head is let through uncounted rather than lost: an exchange
        // without its head could not be read at all.
        if self.on_full == OnFull::Gap {
            return self.budget.try_acquire_many(cost).map_or(0, |permit| {
                permit.forget();
                cost
            });
        }
        self.budget.acquire_many(cost).await.map_or(0, |permit| {
            permit.forget();
            cost
        })
    }

    fn push(&self, exchange: Option<ExchangeId>, at: Timestamp, event: Event, cost: u32) {
        // A recorder that is gone takes nothing: the traffic must not notice.
        let _ = self.sender.send(Item { exchange, at, event, cost });
    }
}

/// What an item of this many bytes takes out of the budget: never more than there is, or it would
/// wait for ever and all others behind it.
fn cost(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(ITEM_COST).min(BUDGET_BYTES)
}

/// The recorder's end. Dropping it lets everything pass unrecorded.
#[derive(Debug)]
pub struct Intake {
    receiver: UnboundedReceiver<Item>,
    budget: Arc<Semaphore>,
    gate: Gate,
}

impl Intake {
    /// What says to the proxy whether exchanges may begin.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Waits for items and appends at most `limit` of them; 0 means that every tap is gone.
    /// Blocks: for a thread of its own.
    pub fn recv_blocking(&mut self, into: &mut Vec<Item>, limit: usize) -> usize {
        self.receiver.blocking_recv_many(into, limit)
    }

    /// The same where other things are waited for too. Cancel safe.
    pub async fn recv(&mut self, into: &mut Vec<Item>, limit: usize) -> usize {
        self.receiver.recv_many(into, limit).await
    }

    /// How many items wait to be received.
    pub fn waiting(&self) -> usize {
        self.receiver.len()
    }

    /// The part of the budget that is taken, in bytes.
    pub fn taken_bytes(&self) -> u64 {
        u64::from(BUDGET_BYTES).saturating_sub(self.budget.available_permits() as u64)
    }

    /// Appends what is there, at most `limit` items, without waiting.
    pub fn recv_ready(&mut self, into: &mut Vec<Item>, limit: usize) -> usize {
        let before = into.len();
        while into.len() - before < limit {
            match self.receiver.try_recv() {
                Ok(item) => into.push(item),
                Err(_) => break,
            }
        }
        into.len() - before
    }

    /// Gives room back, once the items that cost it are written or dropped.
    pub fn release(&self, cost: u64) {
        self.budget.add_permits(usize::try_from(cost).unwrap_or(0));
    }

    /// Ends the channel: what is sent from now on is dropped, what is in it can still be received,
    /// and nobody waits for room any more.
    pub fn close(&mut self) {
        self.receiver.close();
        self.budget.close();
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.close();
    }
}

/// One thing on its way to the recorder.
#[derive(Debug)]
pub struct Item {
    /// The exchange it belongs to; none for a notice.
    pub exchange: Option<ExchangeId>,
    /// When it was seen on the wire.
    pub at: Timestamp,
    /// What was seen.
    pub event: Event,
    /// What it took out of the budget ([`Intake::release`]).
    pub cost: u32,
}

impl Item {
    /// The record that this is, as number `n` of its exchange. Heads are parsed here, away from
    /// the traffic.
    #[must_use]
    pub fn into_record(self, n: u32) -> Record {
        let fact = match self.event {
            Event::Open(opening) => Fact::Open(Box::new(opening.into_open())),
            Event::Head(head) => Fact::Head(Box::new(head.into_head())),
            Event::Fact(fact) => fact,
        };
        Record { exchange: self.exchange, n, at: self.at, fact }
    }
}

/// What passes through the tap.
#[derive(Debug)]
pub enum Event {
    /// A request's head was read.
    Open(Box<Opening>),
    /// The response's head was read.
    Head(Box<WireResponse>),
    /// Everything else.
    Fact(Fact),
}

/// What the proxy knows when a request's head was read.
#[derive(Debug)]
pub struct Opening {
    /// When the head was complete.
    pub at: Timestamp,
    /// The client's address and port.
    pub client: Arc<str>,
    /// Whose traffic this listener carries.
    pub label: Arc<Label>,
    /// How it came.
    pub mode: Mode,
    /// The whole URL at the upstream.
    pub url: String,
    /// The head.
    pub head: WireRequest,
}

/// What a listener's exchanges are marked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Which `run` they come from.
    pub run: Option<String>,
    /// The recording's name.
    pub name: Option<String>,
    /// Keep every exchange of this listener (`--all`, reverse targets, children of `run`).
    pub keep_all: bool,
}

impl Opening {
    fn into_open(self) -> crate::capture::Open {
        let head = self.head.into_parts();
        crate::capture::Open {
            client: String::from(&*self.client),
            pid: None,
            run: self.label.run.clone(),
            name: self.label.name.clone(),
            mode: self.mode,
            method: head.method,
            url: self.url,
            version: head.version,
            headers: head.headers,
        }
    }
}
