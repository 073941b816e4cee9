//! Reads the recording into the ledger and tells the UI: first what was there, then what comes.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};

use super::{
    Standing,
    feed::Fed,
    shared::{Gone, Shared},
};
use crate::{
    capture::{ExchangeId, Timestamp},
    clock,
    protocol::{Summary, index::Plan},
    recorder::{Source as _, SourceError},
    tui::{
        desk::{News, SourceStatus, Ticket},
        ledger::{Changes, Need},
        rows::RowId,
    },
};

/// Exchanges that are read at once: few at first, so that there is something to see at once,
const FIRST_PART: usize = 64;

/// then more. Rows are told in parts of this size.
const LARGEST_PART: usize = 4_096;

/// How often it is looked how the source stands.
const LOOK: Duration = Duration::from_secs(1);

/// Sessions are told while much is read no oftener than this: each is told whole.
const SESSIONS_EVERY: Duration = Duration::from_millis(200);

/// How long what goes on by itself takes to show: a session that has become idle.
const AGES_EVERY: Duration = Duration::from_secs(30);

/// What the keeper is woken for.
pub(super) enum Wake {
    /// The feed has brought something.
    Fed,
    /// Rows that are shown are to be read whole.
    Complete(Vec<RowId>),
    /// Secrets are to be shown, or not.
    Reveal(bool),
    /// The screen is closed.
    End,
}

/// The thread's state.
pub(super) struct Keeper {
    shared: Shared,
    woken: Receiver<Wake>,
    batches: Option<Receiver<Fed>>,
    standing: Standing,
    status: SourceStatus,
    as_of: Option<Timestamp>,
    is_tape: bool,
    over: Option<String>,
    /// Pieces of the feed that came while the rest was read.
    fed: usize,
    sessions_at: Instant,
    looked_at: Instant,
    aged_at: Instant,
}

/// Why the keeper ends.
enum Ended {
    Gone,
    Failed(SourceError),
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<SourceError> for Ended {
    fn from(error: SourceError) -> Self {
        Self::Failed(error)
    }
}

impl Keeper {
    pub(super) fn new(
        shared: Shared,
        woken: Receiver<Wake>,
        batches: Option<Receiver<Fed>>,
        standing: Standing,
        as_of: Option<Timestamp>,
        is_tape: bool,
    ) -> Self {
        let now = Instant::now();
        Self {
            shared,
            woken,
            batches,
            standing,
            status: SourceStatus::default(),
            as_of,
            is_tape,
            over: None,
            fed: 0,
            sessions_at: now,
            looked_at: now,
            aged_at: now,
        }
    }

    /// Until the screen is closed.
    pub(super) fn run(mut self) {
        if let Err(Ended::Failed(error)) = self.work() {
            let why = format!("the recording cannot be read: {error}");
            // Nobody is left to be told: fine.
            let _ = self.shared.tell(News::Failed(Ticket::default(), why));
        }
    }

    fn work(&mut self) -> Result<(), Ended> {
        self.look()?;
        self.subscribe();
        self.load()?;
        for _ in 0..std::mem::take(&mut self.fed) {
            self.fed()?;
        }
        loop {
            match self.woken.recv_timeout(LOOK) {
                Ok(wake) => self.wake(wake)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Ended::Gone),
            }
            self.look()?;
        }
    }

    /// From here on nothing that is recorded is missed: what is loaded then overlaps with it.
    fn subscribe(&mut self) {
        let first = self.batches.as_ref().map(Receiver::recv);
        match first {
            Some(Ok(Fed::Subscribed)) | None => {}
            Some(Ok(Fed::Over(why))) => self.end_feed(why),
            Some(_) => self.end_feed(None),
        }
    }

    fn end_feed(&mut self, why: Option<String>) {
        self.batches = None;
        self.over = why;
    }

    /// Reads what is there, oldest first.
    fn load(&mut self) -> Result<(), Ended> {
        let (mut after, mut size) = (None, FIRST_PART);
        let span = self.span()?;
        loop {
            let part = self.shared.clone().find(&Plan::default(), after, size)?;
            let is_last = part.len() < size;
            after = part.last().map(|summary| summary.id).or(after);
            for summary in &part {
                self.take(summary)?;
            }
            self.shared.ledger().settle(false);
            if is_last {
                self.shared.ledger().loaded();
            }
            let done = self.shared.ledger().len();
            self.publish(is_last)?;
            let of = if is_last { done } else { span.guess(done, after) };
            self.shared.tell(News::Loading { done, of })?;
            if is_last {
                return Ok(());
            }
            self.attend()?;
            self.look()?;
            size = (size * 2).min(LARGEST_PART);
        }
    }

    fn take(&mut self, summary: &Summary) -> Result<(), Ended> {
        if self.is_tape && self.as_of.is_none_or(|as_of| as_of < summary.last_at) {
            self.as_of = Some(summary.last_at);
        }
        let need = self.shared.ledger().summary(summary);
        if need == Need::Records {
            let records = self.shared.clone().records(summary.id)?;
            self.shared.ledger().records(&records);
        }
        Ok(())
    }

    /// Answers what the UI asks while much is read.
    fn attend(&mut self) -> Result<(), Ended> {
        loop {
            match self.woken.try_recv() {
                // The feed waits until all is read.
                Ok(Wake::Fed) => self.fed += 1,
                Ok(wake) => self.wake(wake)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Ended::Gone),
            }
        }
    }

    fn wake(&mut self, wake: Wake) -> Result<(), Ended> {
        match wake {
            Wake::Fed => self.fed()?,
            Wake::Complete(rows) => self.complete(&rows)?,
            Wake::Reveal(reveal) => {
                let mask = self.shared.reveal(reveal);
                let texts = self.shared.ledger().veiled(Box::new(mask));
                self.shared.tell(News::Texts(texts))?;
                self.publish(true)?;
            }
            Wake::End => return Err(Ended::Gone),
        }
        Ok(())
    }

    /// Takes in one piece of the feed.
    fn fed(&mut self) -> Result<(), Ended> {
        let Some(fed) = self.batches.as_ref().and_then(|batches| batches.try_recv().ok()) else {
            return Ok(());
        };
        match fed {
            Fed::Subscribed => {}
            Fed::Over(why) => {
                self.end_feed(why);
                self.looked_at = Instant::now() - LOOK;
            }
            Fed::Records(records) => {
                let mask = self.shared.mask();
                for record in records.iter() {
                    mask.with(|mask| mask.hear(&record.fact));
                    if self.shared.ledger().record(record) {
                        continue;
                    }
                    let Some(id) = record.exchange else { continue };
                    let earlier = self.shared.clone().records(id)?;
                    self.shared.ledger().records(&earlier);
                }
                self.shared.ledger().settle(false);
                self.publish(true)?;
            }
        }
        Ok(())
    }

    fn complete(&mut self, rows: &[RowId]) -> Result<(), Ended> {
        for row in rows {
            let id = self.shared.ledger().exchange_of(*row);
            if let Some(id) = id {
                let records = self.shared.clone().records(id)?;
                self.shared.ledger().complete(&records);
            }
        }
        self.publish(false)
    }

    /// Tells what has changed.
    fn publish(&mut self, with_sessions: bool) -> Result<(), Ended> {
        let with_sessions = with_sessions || self.sessions_at.elapsed() >= SESSIONS_EVERY;
        let now = self.as_of.unwrap_or_else(clock::now);
        let Changes { symbols, rows, replaced, sessions } =
            self.shared.ledger().changes(with_sessions.then_some(now));
        if !symbols.is_empty() {
            self.shared.tell(News::Symbols(symbols))?;
        }
        if !sessions.is_empty() {
            self.shared.tell(News::Sessions(sessions))?;
        }
        if with_sessions {
            self.sessions_at = Instant::now();
        }
        for part in rows.chunks(LARGEST_PART) {
            self.shared.tell(News::Rows(part.to_vec()))?;
        }
        for (id, row) in replaced {
            self.shared.tell(News::Row(id, row))?;
        }
        Ok(())
    }

    /// Tells how the source stands, once a second and where that has changed.
    fn look(&mut self) -> Result<(), Ended> {
        if self.looked_at.elapsed() < LOOK && self.status != SourceStatus::default() {
            return Ok(());
        }
        self.looked_at = Instant::now();
        let mut status = (self.standing)();
        status.live &= self.batches.is_some();
        if let Some(why) = &self.over {
            status.paused.get_or_insert_with(|| why.clone());
        }
        if status != self.status {
            self.status = status.clone();
            self.shared.tell(News::Status(status))?;
        }
        if self.status.live && self.aged_at.elapsed() >= AGES_EVERY {
            self.aged_at = Instant::now();
            self.shared.ledger().touch_sessions();
            self.publish(true)?;
        }
        Ok(())
    }

    /// When the first exchange and the last one began.
    fn span(&self) -> Result<Span, Ended> {
        let mut source = self.shared.clone();
        let first = source.find(&Plan::default(), None, 1)?.pop().map(|first| ms(first.id));
        let Some(first) = first else { return Ok(Span::default()) };
        let (mut low, mut high) = (first, ms(ExchangeId::next()));
        while low + PRECISION < high {
            let middle = low + (high - low) / 2;
            let within = Some((at(middle), ExchangeId::from_bytes([0xff; 16])));
            match source.find(&Plan { within, ..Plan::default() }, None, 1)?.pop() {
                Some(found) => low = ms(found.id).max(middle),
                None => high = middle,
            }
        }
        Ok(Span { first, last: low })
    }
}

/// How well the time of the last exchange is known, in milliseconds.
const PRECISION: u64 = 1_000;

/// From the first exchange to the last, in milliseconds: how many there are would have to be counted.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    first: u64,
    last: u64,
}

impl Span {
    /// How many there may be, when so many were read up to this one.
    fn guess(self, done: u64, at: Option<ExchangeId>) -> u64 {
        let read = at.map_or(0, ms).saturating_sub(self.first).max(1);
        let all = self.last.saturating_sub(self.first).max(read);
        let guess = u128::from(done) * u128::from(all) / u128::from(read);
        u64::try_from(guess).unwrap_or(u64::MAX).max(done + 1)
    }
}

/// The time in an id.
fn ms(id: ExchangeId) -> u64 {
    u64::try_from(u128::from_be_bytes(*id.as_bytes()) >> 80).unwrap_or(u64::MAX)
}

/// The first id of a time.
fn at(ms: u64) -> ExchangeId {
    ExchangeId::from_bytes((u128::from(ms) << 80).to_be_bytes())
}
