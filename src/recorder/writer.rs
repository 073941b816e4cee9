//! The writer thread: takes what the tap brings, numbers it, keeps or holds it back, and appends
//! what is kept to the journal. The one place where the order of records is made.

use std::{
    sync::{Arc, mpsc::SyncSender},
    time::{Duration, Instant},
};

use tokio::{sync::mpsc::UnboundedReceiver, time::sleep};

use crate::{
    capture::{ExchangeId, Fact, Record},
    clock,
    store::{Journal, StoreError},
    tap::{Event, Intake, Item},
};

use super::{
    append::Appender,
    feed::LIVE_BATCH_BYTES,
    keep::{Decision, Keep},
    live_table::LAG_EXCHANGES,
    not_kept::Tally,
    open_table::OpenTable,
    ring::{Left, Ring},
    shared::Shared,
};

/// The most items that make a batch.
const BATCH_ITEMS: usize = 1024;

/// How long a batch that is not full waits for more, and how often it does so where much came: what
/// an exchange brings within a batch is one entry, and costs little more than one record.
const BATCH_WAIT: Duration = Duration::from_millis(4);
const BATCH_WAITS: usize = 3;

/// This many items within a wait are much.
const MUCH_ITEMS: usize = 64;

/// How often the writer looks at the ring's age, the free space and the counts when idle or busy.
const TICK: Duration = Duration::from_secs(1);

/// How long the writer waits at a time for a catalog that is far behind.
const LAG_WAIT: Duration = Duration::from_millis(5);

/// What others ask of the writer.
pub(super) enum Ask {
    /// Tell when everything sent to the tap before is in the journal.
    Flush(SyncSender<()>),
    /// Append these records of one exchange, or notices, as they are.
    Append(Vec<Record>, SyncSender<Result<(), StoreError>>),
    /// Make durable what was appended before.
    Sync(SyncSender<Result<(), StoreError>>),
    /// End the recording.
    Close(SyncSender<Result<(), StoreError>>),
}

/// The state of the writer thread.
pub(super) struct Writer {
    pub(super) intake: Intake,
    pub(super) asks: UnboundedReceiver<Ask>,
    pub(super) open: OpenTable,
    pub(super) keep: Keep,
    pub(super) appender: Appender,
    pub(super) shared: Arc<Shared>,
    pub(super) ring: Ring,
    pub(super) tally: Tally,
    /// Records to be appended next.
    pub(super) batch: Vec<Record>,
    /// Numbered records of one item.
    pub(super) numbered: Vec<Record>,
    pub(super) urgent: bool,
}

enum Wake {
    Ask(Option<Ask>),
    Items(usize),
    Tick,
}

impl Writer {
    /// Runs until it is asked to close, or nobody is left to ask.
    pub(super) async fn run(mut self) {
        let mut items = Vec::with_capacity(BATCH_ITEMS);
        let mut ticked = Instant::now();
        let mut tapped = true;
        loop {
            let wake = tokio::select! {
                biased;
                ask = self.asks.recv() => Wake::Ask(ask),
                count = self.intake.recv(&mut items, BATCH_ITEMS), if tapped => Wake::Items(count),
                () = sleep(TICK) => Wake::Tick,
            };
            match wake {
                Wake::Items(0) => tapped = false,
                Wake::Items(_) => {
                    self.gather(&mut items).await;
                    self.take(&mut items);
                }
                Wake::Ask(Some(Ask::Close(done))) => return self.close(&mut items, Some(done)),
                Wake::Ask(None) => return self.close(&mut items, None),
                Wake::Ask(Some(ask)) => self.answer(ask, &mut items),
                Wake::Tick => {}
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                self.tick();
            }
            self.wait_for_catalog().await;
        }
    }

    /// Waits for more of a batch.
    async fn gather(&mut self, items: &mut Vec<Item>) {
        for wait in 1..=BATCH_WAITS {
            // Big pieces are a batch by themselves; while they wait, the budget runs out. As much
            // again as came so far is to fit.
            let room = LIVE_BATCH_BYTES as u64 / if wait == 1 { 1 } else { 2 };
            if items.len() >= BATCH_ITEMS || self.intake.taken_bytes() >= room {
                break;
            }
            sleep(BATCH_WAIT).await;
            let more = BATCH_ITEMS.saturating_sub(items.len());
            self.intake.recv_ready(items, more);
            if items.len() < wait * MUCH_ITEMS {
                break;
            }
        }
    }

    fn answer(&mut self, ask: Ask, items: &mut Vec<Item>) {
        self.drain(items);
        match ask {
            Ask::Flush(done) => {
                let _ = done.send(());
            }
            Ask::Append(records, done) => {
                let _ = done.send(self.appender.append_as_is(records));
            }
            Ask::Sync(done) => self.appender.sync(done),
            Ask::Close(_) => {}
        }
    }

    /// Takes what is in the tap at this moment.
    fn drain(&mut self, items: &mut Vec<Item>) {
        let mut waiting = self.intake.waiting();
        while waiting > 0 {
            let received = self.intake.recv_ready(items, waiting.min(BATCH_ITEMS));
            if received == 0 {
                break;
            }
            waiting -= received;
            self.take(items);
        }
    }

    fn take(&mut self, items: &mut Vec<Item>) {
        let mut unwritten = 0;
        for item in items.drain(..) {
            unwritten += u64::from(item.cost);
            self.sort(item);
            // Batches that the feed and the catalog can hold in memory: what is larger they would
            // have to read back from the journal. Traffic that waits for room goes on at each.
            if unwritten >= LIVE_BATCH_BYTES as u64 {
                self.write();
                self.intake.release(std::mem::take(&mut unwritten));
            }
        }
        self.make_room(clock::now());
        self.write();
        self.intake.release(unwritten);
        self.report();
    }

    /// Finds out where an item belongs.
    fn sort(&mut self, mut item: Item) {
        let Some(id) = item.exchange else {
            let notice = self.open.notice(item.into_record(0));
            return self.batch.push(notice);
        };
        if let Event::Open(opening) = &mut item.event {
            let decision = self.keep.decide(opening);
            let label = Arc::clone(&opening.label);
            if let Decision::Wait(origin) = &decision {
                self.ring.open(id, origin.clone(), &opening.url, item.at);
            } else {
                self.appender.count_exchange(&label);
            }
            self.open.open(id, item.at, label, decision == Decision::Keep);
        }
        // What comes after its end, or without an opening, belongs to nothing.
        let Some(exchange) = self.open.get_mut(id) else { return };
        let ends = matches!(item.event, Event::Fact(Fact::End(_)));
        if exchange.kept {
            let before = self.batch.len();
            exchange.number(item, &mut self.batch);
            let new = self.batch.get(before..).unwrap_or_default();
            self.appender.count_bytes(&exchange.label, new);
            for record in new {
                self.keep.follow(record);
            }
            self.urgent |= ends && exchange.streaming;
        } else {
            exchange.number(item, &mut self.numbered);
            self.wait(id, ends);
        }
        if ends {
            self.open.remove(id);
        }
        while let Some(origin) = self.keep.take_learned() {
            for (id, records) in self.ring.release_legs_of(&origin) {
                self.keep_late(id, records);
            }
        }
    }

    /// Puts numbered records of a waiting exchange into the ring, and lets go what they free.
    fn wait(&mut self, id: ExchangeId, ends: bool) {
        let records = std::mem::take(&mut self.numbered);
        if let Some(origin) = self.ring.push(id, records) {
            self.keep.learn(&origin);
            for (id, records) in self.ring.release(&origin) {
                self.keep_late(id, records);
            }
            // Where the origin could not be remembered, this exchange still is MCP.
        } else if ends {
            let keep = &self.keep;
            if let Some(records) = self.ring.release_leg(id, |records| keep.wants_leg(records)) {
                self.keep_late(id, records);
            }
        }
    }

    fn keep_late(&mut self, id: ExchangeId, mut records: Vec<Record>) {
        if let Some(exchange) = self.open.get_mut(id) {
            exchange.kept = true;
            self.appender.count_exchange(&exchange.label);
            self.appender.count_bytes(&exchange.label, &records);
        } else {
            self.appender.count_ended(&records);
        }
        for record in &records {
            self.keep.follow(record);
        }
        self.batch.append(&mut records);
    }

    fn make_room(&mut self, now: crate::capture::Timestamp) {
        for left in self.ring.evict(now) {
            self.left(left);
        }
    }

    fn left(&mut self, left: Left) {
        match left {
            Left::Kept(id, records) => self.keep_late(id, records),
            Left::Dropped { origin, bytes } => self.tally.count(&origin, bytes),
        }
    }

    fn write(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.appender.append(batch, std::mem::take(&mut self.urgent));
        }
    }

    fn tick(&mut self) {
        let now = clock::now();
        self.make_room(now);
        self.batch.extend(self.tally.due(now));
        self.appender.check_disk(now);
        self.write();
        self.report();
    }

    fn report(&mut self) {
        self.appender.tell_counted();
        self.shared.board.update(|status| {
            status.open_exchanges = self.open.len() as u64;
            status.waiting_bytes = self.intake.taken_bytes();
            status.ring_bytes = self.ring.bytes() as u64;
        });
    }

    /// A catalog that is far behind holds the writer up, and so the traffic, by the full-queue
    /// rule, rather than let memory grow.
    async fn wait_for_catalog(&self) {
        // One who asks is not kept waiting: it may be the catalog's thread.
        while self.shared.live.lag() > LAG_EXCHANGES
            && self.appender.has_catalog()
            && self.asks.is_empty()
        {
            sleep(LAG_WAIT).await;
        }
    }

    fn close(mut self, items: &mut Vec<Item>, done: Option<SyncSender<Result<(), StoreError>>>) {
        self.intake.close();
        self.take(items);
        self.drain(items);
        let now = clock::now();
        for id in self.open.ids() {
            let Some(exchange) = self.open.remove(id) else { continue };
            if exchange.kept {
                exchange.truncate(id, now, &mut self.batch);
            } else if let Some(mut records) = self.ring.take_running(id) {
                // Still running: kept, as one that leaves the ring is.
                exchange.truncate(id, now, &mut records);
                self.appender.count_ended(&records);
                self.batch.append(&mut records);
            }
        }
        for left in self.ring.drain() {
            self.left(left);
        }
        let counts = self.tally.take(now);
        self.batch.extend(counts);
        self.write();
        self.appender.finish(now, done);
        self.report();
    }
}

/// A writer that is gone records nothing: with `--require-recording` nothing may pass then.
impl Drop for Writer {
    fn drop(&mut self) {
        self.appender.give_up();
    }
}

/// Whether the journal takes what the writer hands it; the writer's own view of a disk.
pub(super) struct Disk {
    pub(super) journal: Box<dyn Journal>,
    /// Whether there is room above the floor.
    pub(super) has_room: Box<dyn Fn() -> bool + Send>,
}
