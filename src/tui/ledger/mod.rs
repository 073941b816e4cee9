//! From a recording to the lists of the UI: rows, sessions and the texts that they share.
//!
//! Pure: it is told summaries, records of one exchange, or records as they come, and tells
//! [`Changes`]. Most exchanges are told by their summaries alone (`simple`); what holds more than a
//! call and its answer is read (`told`), and what reaches from one exchange into another is kept
//! together until it is over (`knot`). `book` knows the sessions, `door` which exchanges say nothing
//! new of theirs, `places` which row is whose.
//!
//! A row is appended or replaced, never removed; an exchange has one row at least. Once all that
//! there is was told, the rows are the same whether they were told at once or as they came.

mod book;
mod door;
mod going;
mod knot;
mod lookup;
mod places;
mod shown;
mod simple;
pub(super) mod sketch;
mod symbols;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use book::Book;
use going::{Going, gists};
use knot::Knot;
use places::{ITSELF, Places, RowKey};
use shown::Shown;
use simple::Simple;
use symbols::Interner;
use told::{Strand, Teller, Told};

use super::rows::{Row, RowId, RowKind, SessionId, SessionRow, Symbol};
use crate::{
    capture::{ExchangeId, Fact, Record, Timestamp},
    protocol::{Message, Summary},
};

/// Rows that are marked because a problem names them; further ones are not.
const FAULTS: usize = 100_000;

/// A knot of so many messages is told as soon as an exchange was read.
const SMALL: usize = 64;

/// Hides what must not be shown.
pub trait Veil: Send {
    /// Words of the wire: a name, a method, an id.
    fn name(&mut self, text: &str) -> String;
    /// A URL, or a path.
    fn url(&mut self, text: &str) -> String;
}

/// What changed since the last time.
#[derive(Debug, Default)]
pub struct Changes {
    /// The next texts.
    pub symbols: Vec<Box<str>>,
    /// The next rows.
    pub rows: Vec<Row>,
    /// Rows that are other than they were.
    pub replaced: Vec<(RowId, Row)>,
    /// Sessions that are new or changed.
    pub sessions: Vec<(SessionId, SessionRow)>,
}

/// What a summary needs beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// The records of its exchange: [`Ledger::records`].
    Records,
}

/// All rows and sessions, as far as they have to be known to tell further ones.
pub struct Ledger {
    veil: Box<dyn Veil>,
    texts: Interner,
    places: Places,
    book: Book,
    knots: HashMap<SessionId, Knot>,
    due: BTreeSet<SessionId>,
    going: HashMap<ExchangeId, Going>,
    /// Those of them that went on since the last time.
    touched: BTreeSet<ExchangeId>,
    shown: Shown,
    next: u32,
    holds_orphans: bool,
    rows: Vec<Row>,
    replaced: BTreeMap<RowId, Row>,
    /// Rows that problems name.
    faults: HashSet<RowId>,
    /// See [`Ledger::wanted`].
    wanted: BTreeSet<ExchangeId>,
}

impl Ledger {
    /// Nothing yet. While a recording is loaded, from its oldest exchange on, what answers nothing
    /// waits for [`Ledger::loaded`]: its request may be in an exchange that began later.
    #[must_use]
    pub fn new(veil: Box<dyn Veil>) -> Self {
        Self {
            veil,
            texts: Interner::default(),
            places: Places::default(),
            book: Book::new(),
            knots: HashMap::new(),
            due: BTreeSet::new(),
            going: HashMap::new(),
            touched: BTreeSet::new(),
            shown: Shown::default(),
            next: 0,
            holds_orphans: true,
            rows: Vec::new(),
            replaced: BTreeMap::new(),
            faults: HashSet::new(),
            wanted: BTreeSet::new(),
        }
    }

    /// Takes in an exchange by its summary; tells what else is wanted of it.
    pub fn summary(&mut self, summary: &Summary) -> Need {
        if self.places.get(summary.id).is_some() {
            return Need::Nothing;
        }
        let simple = Simple::of(summary);
        if simple == Simple::No {
            return Need::Records;
        }
        let session = self.book.apply(summary);
        let row = simple::row(summary, simple, session, &mut self.texts, &mut *self.veil);
        let number = if simple == Simple::Exchange { ITSELF } else { 0 };
        self.put((summary.id, number), row, session);
        Need::Nothing
    }

    /// Takes in all records of an exchange that there are by now.
    pub fn records(&mut self, records: &[Record]) {
        let Some(id) = records.iter().find_map(|record| record.exchange) else { return };
        if self.places.get(id).is_some() && !self.going.contains_key(&id) {
            return;
        }
        for record in records {
            self.push(id, record);
        }
        let Some(session) = self.touch(id) else { return };
        // A small knot is told at once, so that its rows stand in their order.
        let small = |knot: &Knot| knot.messages.len() <= SMALL;
        if self.knots.get(&session).is_some_and(small)
            && let Some(mut knot) = self.knots.remove(&session)
        {
            self.due.remove(&session);
            self.tell(session, &mut knot);
            if !knot.strands.is_empty() {
                self.knots.insert(session, knot);
            }
        }
    }

    /// Takes in the next record of the feed; false where the exchange's earlier records are wanted
    /// first.
    pub fn record(&mut self, record: &Record) -> bool {
        let Some(id) = record.exchange else {
            if let Fact::Tombstone { exchanges } = &record.fact {
                for id in exchanges {
                    self.forget(*id);
                }
            }
            return true;
        };
        let begins = matches!(record.fact, Fact::Open(_));
        if !self.going.contains_key(&id) {
            if self.places.get(id).is_some() {
                // It is told whole.
                return true;
            }
            if !begins {
                return false;
            }
        }
        if self.push(id, record) {
            self.touched.insert(id);
        }
        true
    }

    /// Exchanges that were told by themselves and ran when something was cancelled: what was may be
    /// theirs. They are to be given to [`Ledger::join`].
    pub fn wanted(&mut self) -> Vec<ExchangeId> {
        let wanted = std::mem::take(&mut self.wanted);
        wanted.into_iter().filter(|id| !self.going.contains_key(id)).collect()
    }

    /// Takes in an exchange that was told by itself, to be told with others.
    pub fn join(&mut self, records: &[Record]) {
        let mut going = Going::default();
        for record in records {
            going.push(record);
        }
        let Some(summary) = going.reader.summary() else { return };
        let Some(session) = self.places.get(summary.id).map(|place| place.session) else { return };
        let messages = gists(going.reader.take_messages());
        let knot = self.knots.entry(session).or_default();
        if !knot.strands.contains_key(&summary.id) {
            let strand = going.strand(summary);
            knot.put(strand, messages);
            self.due.insert(session);
        }
    }

    /// All that was there before has been told.
    pub fn loaded(&mut self) {
        self.holds_orphans = false;
        let knots: Vec<SessionId> = self.knots.keys().copied().collect();
        for session in knots {
            if let Some(knot) = self.knots.get_mut(&session) {
                knot.news += 1;
            }
            self.due.insert(session);
        }
        self.settle(true);
    }

    /// Tells calls anew whose messages came. Of very many, all only where `all` is asked for.
    pub fn settle(&mut self, all: bool) {
        for id in std::mem::take(&mut self.touched) {
            self.touch(id);
        }
        for (id, session) in self.book.moved() {
            self.move_to(id, session);
        }
        for session in std::mem::take(&mut self.due) {
            let Some(mut knot) = self.knots.remove(&session) else { continue };
            if all || knot.is_due() {
                self.tell(session, &mut knot);
            } else {
                self.due.insert(session);
            }
            if !knot.strands.is_empty() {
                self.knots.insert(session, knot);
            }
        }
    }

    /// What changed since the last time; sessions as they stand at the time `now`, or only
    /// those that are new.
    pub fn changes(&mut self, now: Option<Timestamp>) -> Changes {
        Changes {
            sessions: self.book.fresh(now, &mut *self.veil),
            symbols: self.texts.fresh(),
            rows: std::mem::take(&mut self.rows),
            replaced: std::mem::take(&mut self.replaced).into_iter().collect(),
        }
    }

    /// Rows that wait to be told.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.rows.len() + self.replaced.len()
    }

    /// Another veil: all texts anew. Sessions come with the next [`Ledger::changes`].
    pub fn veiled(&mut self, veil: Box<dyn Veil>) -> Vec<(Symbol, Box<str>)> {
        self.veil = veil;
        self.book.touch_all();
        self.texts.anew(&mut *self.veil)
    }

    /// Reads an exchange whose rows were told by its summary alone.
    pub fn complete(&mut self, records: &[Record]) {
        let mut going = Going::default();
        for record in records {
            going.push(record);
        }
        let Some(summary) = going.reader.summary() else { return };
        let Some(place) = self.places.get(summary.id).copied() else { return };
        // What goes on, or reaches into other exchanges, was not told by its summary.
        let is_whole = self.shown.get(place.row).is_some_and(|row| row.is_whole);
        let is_knotted = summary.is_linked() && summary.counts.messages > 0;
        if is_whole || is_knotted || self.going.contains_key(&summary.id) {
            return;
        }
        let (mut messages, lens): (Vec<_>, Vec<_>) =
            gists(going.reader.take_messages()).into_iter().unzip();
        let strands = BTreeMap::from([(summary.id, going.strand(summary))]);
        let told = self.teller(place.session, &strands, &lens).tell(&mut messages);
        for told in told {
            if self.places.row(told.key).is_some() {
                self.place(told.key, told.row);
            }
        }
    }

    fn forget(&mut self, id: ExchangeId) {
        self.going.remove(&id);
        if let Some(place) = self.places.get(id) {
            self.book.remove(place.session);
        }
    }

    /// Takes in a record of an exchange that goes on; whether that is news.
    fn push(&mut self, id: ExchangeId, record: &Record) -> bool {
        let going = self.going.entry(id).or_default();
        if record.n < going.next_n {
            return false;
        }
        going.push(record);
        true
    }

    /// An exchange went on: in this session.
    fn touch(&mut self, id: ExchangeId) -> Option<SessionId> {
        let going = self.going.get_mut(&id)?;
        let summary = going.reader.summary()?;
        let messages = gists(going.reader.take_messages());
        let cancels = messages.iter().filter(|(message, _)| is_cancel(message));
        let cancelled: Vec<Timestamp> = cancels.map(|(message, _)| message.at).collect();
        let session = self.book.apply(&summary);
        let before = going.session.replace(session);
        let ended = summary.outcome.is_some();
        let strand = going.strand(summary);
        if let Some(before) = before.filter(|before| *before != session) {
            self.move_to(id, session);
            self.due.insert(before);
        }
        if self.places.get(id).is_none() {
            // It has its place in the list at once, whatever is found in it.
            let row = simple::itself(&strand.summary, session, &mut self.texts, &mut *self.veil);
            self.put((id, ITSELF), row, session);
        }
        if ended {
            self.going.remove(&id);
        }
        self.knots.entry(session).or_default().put(strand, messages);
        self.due.insert(session);
        for at in cancelled {
            let ran = |row: &Row| {
                let us = at.micros_since(row.at);
                row.session == session && row.at <= at && us <= u64::from(row.total_us)
            };
            self.wanted.extend(self.shown.calls(ran));
        }
        Some(session)
    }

    /// An exchange is in another session than it was.
    fn move_to(&mut self, id: ExchangeId, session: SessionId) {
        if let Some(going) = self.going.get_mut(&id) {
            going.session = Some(session);
        }
        let before = self.places.get(id).map(|place| place.session);
        let knots = self.knots.iter_mut();
        let found = knots
            .filter(|(own, _)| **own != session)
            .find_map(|(own, knot)| Some((*own, knot.give_up(id)?)));
        if let Some((own, (strand, messages))) = found {
            self.due.extend([own, session]);
            self.knots.entry(session).or_default().put(strand, messages);
        }
        if before.is_some_and(|before| before != session) {
            self.places.moved(id, session);
            for (row, mut told) in self.shown.of(id) {
                told.session = session;
                self.replace(row, told);
            }
        }
    }

    fn teller<'a>(
        &'a mut self,
        session: SessionId,
        strands: &'a BTreeMap<ExchangeId, Strand>,
        lens: &'a [u32],
    ) -> Teller<'a> {
        Teller {
            strands,
            lens,
            session,
            holds_orphans: self.holds_orphans,
            texts: &mut self.texts,
            veil: &mut *self.veil,
        }
    }

    fn tell(&mut self, session: SessionId, knot: &mut Knot) {
        let held = self.holds_orphans;
        // More than can be held is told as it is.
        self.holds_orphans &= !knot.is_full();
        let told = self.teller(session, &knot.strands, &knot.lens).tell(&mut knot.messages);
        self.holds_orphans = held;
        self.take_back(knot, &told);
        self.place_all(&told);
        knot.settle(&told);
    }

    /// What answered nothing and has found its request since, where exchanges were imported in the
    /// order of their beginning, has no row of its own any more.
    fn take_back(&mut self, knot: &mut Knot, told: &[Told]) {
        let orphans: BTreeSet<RowKey> = told
            .iter()
            .filter(|told| told.row.kind == RowKind::Orphan)
            .map(|told| told.key)
            .collect();
        for key in knot.orphans.difference(&orphans) {
            let known = knot.messages.iter().any(|own| (own.exchange, own.number) == *key);
            let Some(row) = self.places.row(*key).filter(|_| known) else { continue };
            let is_told = |told: &Told| told.key == (key.0, ITSELF);
            let stays = self.places.release(*key) && told.iter().any(is_told);
            if !stays && let Some(shown) = self.shown.get(row) {
                self.replace(row, Row { session: SessionId::NONE, ..shown });
            }
        }
        knot.orphans = orphans;
    }

    fn place_all(&mut self, told: &[Told]) {
        for told in told {
            self.place(told.key, told.row);
        }
        // A parent may come after what it carried.
        for (key, parent) in told.iter().filter_map(|told| Some((told.key, told.parent?))) {
            let (Some(row), Some(parent)) = (self.places.row(key), self.places.row(parent)) else {
                continue;
            };
            if let Some(mut told) = self.shown.get(row)
                && told.parent != Some(parent)
            {
                told.parent = Some(parent);
                self.replace(row, told);
            }
        }
    }

    fn place(&mut self, key: RowKey, row: Row) {
        let own = self.places.get(key.0);
        if key.1 == ITSELF && own.is_some_and(|place| place.number != ITSELF) {
            // Its messages have rows; those that are over are not told again.
            return;
        }
        match self.places.row(key) {
            Some(id) => {
                let before = self.shown.get(id);
                let parent = row.parent.or(before.and_then(|before| before.parent));
                let at_fault = self.faults.contains(&id);
                self.replace(id, Row { at_fault, parent, ..row });
            }
            None => self.put(key, row, row.session),
        }
    }

    fn put(&mut self, key: RowKey, row: Row, session: SessionId) {
        let (id, is_new) = self.places.claim(key, session, RowId(self.next));
        if !is_new {
            return self.replace(id, row);
        }
        self.next = self.next.saturating_add(1);
        self.book.row(None, &row);
        self.shown.put(id, row, |id| self.going.contains_key(&id));
        self.rows.push(row);
    }

    fn replace(&mut self, id: RowId, row: Row) {
        let before = self.shown.get(id);
        if before == Some(row) {
            return;
        }
        // One that is not remembered is read whole now: its latency stays as its summary had it.
        if let Some(before) = before {
            self.book.row(Some(&before), &row);
        }
        self.shown.put(id, row, |id| self.going.contains_key(&id));
        let first_waiting = self.next as usize - self.rows.len();
        let waiting = (id.0 as usize).checked_sub(first_waiting);
        match waiting.and_then(|place| self.rows.get_mut(place)) {
            Some(waiting) => *waiting = row,
            None => {
                self.replaced.insert(id, row);
            }
        }
    }
}

fn is_cancel(message: &Message) -> bool {
    message.method.as_deref() == Some("notifications/cancelled")
}
