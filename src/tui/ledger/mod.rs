//! From a recording to the lists of the UI: rows, sessions and the texts that they share.
//!
//! Pure: it is told summaries, records of one exchange, or records as they come, and tells
//! [`Changes`]. Most exchanges are told by their summaries alone (`simple`); what holds more than a
//! call and its answer is read (`told`), and what reaches from one exchange into another is kept
//! together until it is over (`knot`). `book` knows the sessions, `places` which row is whose.
//!
//! A row is appended or replaced, never removed; an exchange has one row at least. Once all that
//! there is was told, the rows are the same whether they were told at once or as they came.

mod book;
mod knot;
mod places;
mod simple;
mod sketch;
mod symbols;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use book::Book;
use knot::Knot;
use places::{ITSELF, Places, RowKey};
use simple::Simple;
use symbols::Interner;
use told::{Strand, Teller, Told};

use super::rows::{Row, RowId, SessionId, SessionRow, Symbol};
use crate::{
    capture::{ExchangeId, Fact, Record, Side, Timestamp},
    protocol::{
        Message, Reader, Session, Summary,
        calls::{self, Marks},
    },
};

/// Rows that are remembered whole, beside those of what goes on: one of another session, or one
/// that is read whole, is compared with what was told.
const REMEMBERED: usize = 8_192;

/// A knot of so many messages is told as soon as an exchange was read.
const SMALL: usize = 64;

/// Event ids of one stream that are remembered, the latest: a client resumes behind the last one.
const EVENT_IDS: usize = 256;

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
}

/// An exchange that goes on.
#[derive(Default)]
struct Going {
    reader: Reader,
    marks: Marks,
    /// The number of its next record.
    next_n: u32,
    first_at: Option<Timestamp>,
    bytes: u64,
    session: Option<SessionId>,
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
        let small = |knot: &&mut Knot| knot.messages.len() <= SMALL;
        if self.knots.get_mut(&session).filter(small).is_some()
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
                exchanges.iter().for_each(|id| self.forget(*id));
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
        records.iter().for_each(|record| going.push(record));
        let Some(summary) = going.reader.summary() else { return };
        let Some(place) = self.places.get(summary.id).copied() else { return };
        if self.going.contains_key(&summary.id) {
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

    /// The row of a message, or of the exchange that carried it.
    #[must_use]
    pub fn row_of(&self, exchange: ExchangeId, number: Option<u32>) -> Option<RowId> {
        self.places.near((exchange, number.unwrap_or(ITSELF)))
    }

    /// The exchange of a row.
    #[must_use]
    pub fn exchange_of(&self, row: RowId) -> Option<ExchangeId> {
        self.places.exchange_of(row)
    }

    /// The session of an exchange.
    #[must_use]
    pub fn session_of(&self, exchange: ExchangeId) -> Option<SessionId> {
        self.places.get(exchange).map(|place| place.session)
    }

    /// How many exchanges there are, and how many lie before one of them.
    #[must_use]
    pub fn progress(&self, at: ExchangeId) -> (u64, u64) {
        (self.places.before(at) as u64, self.places.len() as u64)
    }

    /// How many exchanges there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.places.len() as u64
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.len() == 0
    }

    /// A session's exchanges, ascending.
    #[must_use]
    pub fn members(&self, session: SessionId) -> Vec<ExchangeId> {
        self.places.members(session)
    }

    /// A session as it stands.
    #[must_use]
    pub fn session(&self, session: SessionId, as_of: Timestamp) -> Option<Session> {
        self.book.session(session, as_of)
    }

    /// A session's id.
    #[must_use]
    pub fn name(&self, session: SessionId) -> Option<ExchangeId> {
        self.book.name(session)
    }

    /// All sessions, with how many exchanges each has.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, u64)> {
        self.book.all().map(|session| (session, self.book.exchanges(session)))
    }

    /// So many problems were found in a session.
    pub fn judged(&mut self, session: SessionId, problems: u64) {
        self.book.judged(session, problems);
    }

    /// A session was deleted.
    pub fn deleted(&mut self, session: SessionId) {
        self.book.delete(session);
    }

    /// Sessions are told anew: what is said of them grows old.
    pub fn touch_sessions(&mut self) {
        self.book.touch_all();
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
        going.next_n = record.n.saturating_add(1);
        going.push(record);
        true
    }

    /// An exchange went on: in this session.
    fn touch(&mut self, id: ExchangeId) -> Option<SessionId> {
        let going = self.going.get_mut(&id)?;
        let summary = going.reader.summary()?;
        let messages = gists(going.reader.take_messages());
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
        self.place_all(&told);
        knot.settle(&told);
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
                let at_fault = before.is_some_and(|before| before.at_fault);
                self.replace(id, Row { parent, at_fault, ..row });
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
        match before {
            Some(before) => self.book.row(Some(&before), &row),
            // It is read whole now; its latency was counted as its summary had it.
            None => {}
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

impl Going {
    fn push(&mut self, record: &Record) {
        if self.next_n == 0 {
            self.reader = Reader::with_frames();
        }
        self.next_n = self.next_n.max(record.n.saturating_add(1));
        self.reader.push(record);
        self.marks.note(&record.fact);
        self.marks.frames(&self.reader.take_frames());
        self.marks.keep_last(EVENT_IDS);
        drop(self.reader.take_documents());
        match &record.fact {
            Fact::Chunk { side: Side::Response, data, cut } => {
                self.first_at.get_or_insert(record.at);
                self.bytes = self.bytes.saturating_add(data.len() as u64).saturating_add(*cut);
            }
            Fact::End(end) => self.bytes = self.bytes.max(end.response_bytes),
            _ => {}
        }
    }

    fn strand(&self, summary: Summary) -> Strand {
        Strand {
            way: self.marks.way(&summary),
            first_at: self.first_at,
            bytes: self.bytes,
            summary,
        }
    }
}

/// Messages without what is not needed to tell calls, and how long they were: a body is not held for
/// its row.
fn gists(messages: Vec<Message>) -> Vec<(Message, u32)> {
    let gist = |mut message: Message| {
        let len = u32::try_from(message.payload.len()).unwrap_or(u32::MAX);
        message.payload = calls::gist(&message);
        (message, len)
    };
    messages.into_iter().map(gist).collect()
}

/// Rows that may still change.
#[derive(Default)]
struct Shown {
    rows: HashMap<RowId, Row>,
    order: VecDeque<RowId>,
}

impl Shown {
    fn get(&self, id: RowId) -> Option<Row> {
        self.rows.get(&id).copied()
    }

    fn of(&self, exchange: ExchangeId) -> Vec<(RowId, Row)> {
        let all = self.rows.iter().filter(|(_, row)| row.exchange == exchange);
        all.map(|(id, row)| (*id, *row)).collect()
    }

    fn put(&mut self, id: RowId, row: Row, goes_on: impl Fn(ExchangeId) -> bool) {
        if self.rows.insert(id, row).is_none() {
            self.order.push_back(id);
        }
        for _ in REMEMBERED..self.order.len() {
            let Some(oldest) = self.order.pop_front() else { return };
            if self.rows.get(&oldest).is_some_and(|row| goes_on(row.exchange)) {
                self.order.push_back(oldest);
            } else {
                self.rows.remove(&oldest);
            }
        }
    }
}
