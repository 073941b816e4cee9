//! Reads the recording into the ledger and tells the UI: first what was there, then what comes.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};

use super::{
    Standing,
    feed::{self, Fed, Live},
    shared::{Gone, Shared},
    span::Span,
};
use crate::{
    capture::{ExchangeId, Record, Timestamp},
    clock,
    protocol::{Summary, index::Plan},
    recorder::{Source as _, SourceError, lock},
    tasks,
    tui::{
        desk::{News, SourceStatus, Ticket},
        ledger::{Changes, Need},
        rows::RowId,
    },
};

/// Exchanges that are read at once: few at first, so that there is something to see at once,
const FIRST_PART: usize = 64;

/// then more. Rows are told in parts of this size: so few that the UI can look for keys between two of
/// them, and that what is on its way is little.
const LARGEST_PART: usize = 256;

/// Pieces of the feed that are taken in before they are told.
const AT_ONCE: usize = 8;

/// What the feed brings is told no oftener than this, about as often as a screen is painted: to settle
/// what many exchanges changed takes hardly longer than what one did.
const TOLD_EVERY: Duration = Duration::from_millis(33);

/// How often it is looked how the source stands.
const LOOK: Duration = Duration::from_secs(1);

/// What comes so much later than it was recorded is told as late: the recorder tells of heavy traffic no
/// faster than one can look ([`crate::recorder::FeedStart::LookOn`]).
const LATE: Duration = Duration::from_secs(2);

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
    /// Exchanges whose rows have to be made anew.
    Read(Vec<ExchangeId>),
    /// The ledger was changed by another thread.
    Changed,
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
    /// The last exchange that was read.
    last: Option<ExchangeId>,
    /// The owner of the home that was asked for its feed last.
    tried: Option<u32>,
    /// Pieces of the feed that came while the rest was read.
    fed: usize,
    /// Some of it was taken in and not told.
    came: bool,
    /// Since when the feed is listened to: older records are imported.
    since: Timestamp,
    /// How old the youngest record of the last piece was, and when that came.
    age: Option<(Duration, Instant)>,
    /// When what came was told last.
    told_at: Instant,
    sessions_at: Instant,
    looked_at: Option<Instant>,
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
        is_tape: bool,
    ) -> Self {
        let (now, as_of) = (Instant::now(), shared.as_of());
        Self {
            shared,
            woken,
            batches,
            standing,
            status: SourceStatus::default(),
            is_tape: is_tape && as_of.is_none(),
            as_of,
            over: None,
            last: None,
            tried: None,
            fed: 0,
            came: false,
            since: clock::now(),
            age: None,
            told_at: now,
            sessions_at: now,
            looked_at: None,
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
        self.catch_up()?;
        // Who wants to see something has it by now. What follows is as fast as the traffic, which
        // goes first.
        tasks::give_way();
        loop {
            let wait = if self.came { self.told_in() } else { LOOK };
            match self.woken.recv_timeout(wait) {
                Ok(wake) => self.wake(wake)?,
                Err(RecvTimeoutError::Timeout) if self.came => {}
                Err(RecvTimeoutError::Timeout) => self.follow()?,
                Err(RecvTimeoutError::Disconnected) => return Err(Ended::Gone),
            }
            for _ in 0..AT_ONCE {
                let Ok(wake) = self.woken.try_recv() else { break };
                self.wake(wake)?;
            }
            if self.told_in().is_zero() {
                self.tell_came()?;
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

    /// Takes in what came while the rest was read.
    fn catch_up(&mut self) -> Result<(), Ended> {
        for _ in 0..std::mem::take(&mut self.fed) {
            self.fed()?;
        }
        self.tell_came()
    }

    /// Lets go of the home where a recorder asks for it, and goes on with what that records.
    fn follow(&mut self) -> Result<(), Ended> {
        let Some(home) = self.shared.home().filter(|_| self.batches.is_none()).cloned() else {
            return Ok(());
        };
        // Whoever reads looks whether somebody asks (cli/open.rs).
        self.shared.clone().kept(&[])?;
        let holder = lock::holder(&home).filter(|pid| *pid != std::process::id());
        if holder.is_none() || holder == self.tried {
            return Ok(());
        }
        self.tried = holder;
        // Without another thread it stays as it was.
        self.batches = feed::start(Live::Remote(home), self.shared.wake()).ok();
        self.subscribe();
        if self.batches.is_none() {
            // It only reads, as we do.
            self.over = None;
            return Ok(());
        }
        self.load()?;
        self.catch_up()
    }

    fn end_feed(&mut self, why: Option<String>) {
        self.batches = None;
        self.over = why;
    }

    /// Reads what is there, oldest first.
    fn load(&mut self) -> Result<(), Ended> {
        let (mut after, mut size) = (self.last, FIRST_PART);
        let span = Span::of(&mut self.shared.clone())?;
        loop {
            let part = self.shared.clone().find(&Plan::default(), after, size)?;
            let is_last = part.len() < size;
            after = part.last().map(|summary| summary.id).or(after);
            self.last = after;
            for summary in &part {
                self.take(summary)?;
            }
            self.shared.ledger().settle(false);
            if is_last {
                self.shared.ledger().loaded();
                self.shared.set_as_of(self.as_of);
                self.shared.set_loaded();
            }
            let done = self.shared.ledger().len();
            self.publish(is_last)?;
            let of = if is_last { done } else { span.guess(done, after) };
            self.shared.tell(News::Loading { done, of })?;
            if is_last {
                // A tape's clock is known now.
                self.looked_at = None;
                return self.look();
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
            let mask = self.shared.mask();
            mask.with(|mask| records.iter().for_each(|record| mask.hear(&record.fact)));
            self.shared.ledger().records(&records);
            self.join()?;
        }
        Ok(())
    }

    /// Reads what has to be told with others after all; whether there was any.
    fn join(&mut self) -> Result<bool, Ended> {
        let wanted = self.shared.ledger().wanted();
        for id in &wanted {
            let records = self.shared.clone().records(*id)?;
            self.shared.ledger().join(&records);
        }
        Ok(!wanted.is_empty())
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
            Wake::Read(exchanges) => {
                for id in exchanges {
                    self.read_whole(id)?;
                }
                self.publish(true)?;
            }
            Wake::Changed => self.publish(true)?,
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
                // It is over once all of it was told.
                self.tell_came()?;
                self.end_feed(why);
                self.looked_at = None;
            }
            Fed::Records(records) => {
                self.note_age(&records);
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
                self.came = true;
            }
        }
        Ok(())
    }

    fn note_age(&mut self, records: &[Record]) {
        let youngest = records.iter().map(|record| record.at).max();
        self.age = youngest
            .filter(|at| *at >= self.since)
            .map(|at| (Duration::from_micros(clock::now().micros_since(at)), Instant::now()));
    }

    /// Seconds that what comes is late.
    fn behind_s(&self) -> u64 {
        let late = self.age.filter(|(age, came)| *age >= LATE && came.elapsed() < LOOK);
        late.map_or(0, |(age, _)| age.as_secs())
    }

    /// How long it is until what came is told.
    fn told_in(&self) -> Duration {
        TOLD_EVERY.saturating_sub(self.told_at.elapsed())
    }

    /// Tells what came.
    fn tell_came(&mut self) -> Result<(), Ended> {
        if std::mem::take(&mut self.came) {
            self.shared.ledger().settle(true);
            if self.join()? {
                self.shared.ledger().settle(true);
            }
            self.publish(true)?;
            self.told_at = Instant::now();
        }
        Ok(())
    }

    fn complete(&mut self, rows: &[RowId]) -> Result<(), Ended> {
        for row in rows {
            let of = self.shared.ledger().message_of(*row);
            if let Some((id, _)) = of {
                self.read_whole(id)?;
            }
        }
        self.publish(true)
    }

    fn read_whole(&mut self, id: ExchangeId) -> Result<(), Ended> {
        let records = self.shared.clone().records(id)?;
        self.shared.ledger().complete(&records);
        Ok(())
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
        self.shared.advance();
        Ok(())
    }

    /// Tells how the source stands, once a second and where that has changed.
    fn look(&mut self) -> Result<(), Ended> {
        if self.looked_at.is_some_and(|at| at.elapsed() < LOOK) {
            return Ok(());
        }
        self.looked_at = Some(Instant::now());
        let mut status = (self.standing)();
        status.live = self.batches.is_some();
        status.as_of = self.as_of;
        status.behind_s = self.behind_s();
        if let Some(why) = &self.over {
            status.paused.get_or_insert_with(|| why.clone());
        }
        if status != self.status {
            self.status = status.clone();
            self.shared.tell(News::Status(status))?;
        }
        if self.status.live && self.aged_at.elapsed() >= AGES_EVERY {
            self.aged_at = Instant::now();
            let now = self.as_of.unwrap_or_else(clock::now);
            self.shared.ledger().touch_sessions(now);
            self.publish(true)?;
        }
        Ok(())
    }
}
