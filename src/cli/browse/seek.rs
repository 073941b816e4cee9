//! Filter and search: the engine of `find`, its hits as rows.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use super::{
    super::recording::{Entry, Hits, Recording, Step},
    shared::Shared,
};
use crate::{
    capture::ExchangeId,
    clock,
    protocol::{Message, query::Query},
    tui::{
        desk::{News, Ticket},
        rows::{RowId, SessionId},
    },
};

/// How often hits are told while more is looked for,
const TELL_EVERY: Duration = Duration::from_millis(50);

/// or as soon as there are so many.
const TELL_AT: usize = 4_096;

/// What is looked for.
pub(super) enum Sought {
    /// What a query takes.
    Query(String),
    /// Where a text stands.
    Text(String),
}

/// A question that may be given up, or followed by another.
pub(super) struct Seek<'a> {
    pub(super) shared: &'a Shared,
    pub(super) ticket: Ticket,
    /// The latest question of this kind.
    pub(super) latest: &'a AtomicU64,
}

impl Seek<'_> {
    /// Looks, and tells what it finds.
    pub(super) fn run(&self, sought: &Sought, session: Option<SessionId>) -> anyhow::Result<()> {
        let as_of = self.shared.as_of();
        let query = match sought {
            Sought::Query(query) => Query::parse(query, as_of.unwrap_or_else(clock::now))?,
            Sought::Text(text) => Query::of_text(text),
        };
        let exact = match sought {
            Sought::Text(text) if text.chars().any(char::is_uppercase) => Some(text.as_str()),
            _ => None,
        };
        let mut recording = Recording::of(Box::new(self.shared.clone()), as_of, false)?;
        let mut hits = Hits::new(query, &mut recording)?;
        if let Some(session) = session {
            let within = self.shared.ledger().span(session);
            let shared = self.shared.clone();
            let is_own = move |id: ExchangeId| shared.ledger().session_of(id) == Some(session);
            hits = hits.among(within, is_own);
        }
        let mut told = Telling::new(self);
        loop {
            if self.latest.load(Ordering::Relaxed) != self.ticket.0 {
                return Ok(());
            }
            match hits.step(&mut recording)? {
                Step::Hit(_, entry) => {
                    if exact.is_none_or(|text| is_said(&entry, text)) {
                        told.hit(&entry);
                    }
                }
                Step::Looked(id) => told.last = Some(id),
                Step::Asks => {}
                Step::Over => break,
            }
            told.tell_some()?;
        }
        told.tell(true)?;
        Ok(self.shared.tell(News::Over(self.ticket))?)
    }
}

impl Seek<'_> {
    /// The row in which a message is shown: an answer with its request. While the recording is read
    /// it is waited for.
    fn row_of(&self, entry: &Entry) -> Option<RowId> {
        let own = (entry.exchange, entry.message.as_ref().map(|message| message.number));
        let answered = entry.message.as_ref().and_then(Message::request);
        let (exchange, number) =
            answered.map_or(own, |(exchange, number)| (exchange, Some(number)));
        loop {
            let is_loaded = self.shared.is_loaded();
            let row = self.shared.ledger().row_of(exchange, number);
            if row.is_some() || is_loaded || self.latest.load(Ordering::Relaxed) != self.ticket.0 {
                return row;
            }
            self.shared.wait(TELL_EVERY);
        }
    }
}

/// The text stands there letter by letter.
fn is_said(entry: &Entry, text: &str) -> bool {
    let Some(message) = &entry.message else { return true };
    let named = [&message.method, &message.name];
    named.into_iter().flatten().any(|own| own.contains(text))
        || memchr::memmem::find(&message.payload, text.as_bytes()).is_some()
}

/// Hits on their way.
struct Telling<'a> {
    seek: &'a Seek<'a>,
    /// One bit a row: an answer is the same row as its request.
    known: Vec<u64>,
    rows: Vec<RowId>,
    last: Option<ExchangeId>,
    at: Instant,
}

impl<'a> Telling<'a> {
    fn new(seek: &'a Seek<'a>) -> Self {
        Self { seek, known: Vec::new(), rows: Vec::new(), last: None, at: Instant::now() }
    }

    fn hit(&mut self, entry: &Entry) {
        let Some(row) = self.seek.row_of(entry) else { return };
        let (place, bit) = (row.0 as usize / 64, 1_u64 << (row.0 % 64));
        if self.known.len() <= place {
            self.known.resize(place + 1, 0);
        }
        if let Some(known) = self.known.get_mut(place)
            && *known & bit == 0
        {
            *known |= bit;
            self.rows.push(row);
        }
    }

    fn tell_some(&mut self) -> anyhow::Result<()> {
        let is_due = self.rows.len() >= TELL_AT || self.at.elapsed() >= TELL_EVERY;
        if is_due { self.tell(false) } else { Ok(()) }
    }

    fn tell(&mut self, is_over: bool) -> anyhow::Result<()> {
        self.at = Instant::now();
        let ledger = self.seek.shared.ledger();
        let of = ledger.len();
        let looked = self.last.map_or(0, |last| ledger.progress(last).0);
        drop(ledger);
        let done = if is_over { of } else { looked };
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable();
        Ok(self.seek.shared.tell(News::Hits { ticket: self.seek.ticket, rows, done, of })?)
    }
}
