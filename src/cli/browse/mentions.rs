//! `wiretape trace` for the screen: where a value first appeared and every later use, old to new, each as a
//! row that leads to its message.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    super::{
        recording::Recording,
        trace::{Held, Order, Origins, Seen},
    },
    shared::Shared,
};
use crate::{
    capture::Side,
    protocol::Trace,
    tui::{
        desk::{MENTIONS, MentionTold, News, Ticket},
        text,
    },
};

/// How often what was found is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Traces a value, for as long as it is wanted.
pub(super) fn tell(
    value: &str,
    ticket: Ticket,
    shared: &Shared,
    latest: &AtomicU64,
) -> anyhow::Result<()> {
    let trace = Trace::new(value).context("there is no value to trace")?;
    let mut recording = Recording::of(Box::new(shared.clone()), shared.as_of(), false)?;
    shared.mask().with(|mask| recording.tell_secrets(mask));
    let exchanges = recording.by_age()?;
    recording.sessions()?;
    let of = exchanges.len() as u64;
    let mut telling =
        Telling { shared, ticket, of, found: Vec::new(), told: 0, at: Instant::now() };
    let (mut order, mut origins) = (Order::default(), Origins::default());
    for (done, (started_at, id)) in (0..).zip(exchanges) {
        if latest.load(Ordering::Relaxed) != ticket.0 {
            return Ok(());
        }
        for mention in order.until(started_at) {
            telling.take(origins.take(Seen::of(mention, &recording)), &recording);
        }
        let records = recording.records(id)?;
        for mention in order.add(trace.mentions(&records).all) {
            telling.take(origins.take(Seen::of(mention, &recording)), &recording);
        }
        if telling.at.elapsed() >= TELL_EVERY {
            telling.tell(done + 1)?;
        }
        if telling.told >= MENTIONS {
            break;
        }
    }
    for mention in order.rest() {
        telling.take(origins.take(Seen::of(mention, &recording)), &recording);
    }
    telling.take(origins.rest(), &recording);
    telling.tell(of)?;
    Ok(shared.tell(News::Over(ticket))?)
}

/// Mentions on their way.
struct Telling<'s> {
    shared: &'s Shared,
    ticket: Ticket,
    of: u64,
    found: Vec<MentionTold>,
    told: usize,
    at: Instant,
}

impl Telling<'_> {
    fn take(&mut self, settled: Vec<Held>, recording: &Recording) {
        for held in settled {
            if self.told >= MENTIONS {
                return;
            }
            self.told += 1;
            let mention = self.mention(&held, recording);
            self.found.push(mention);
        }
    }

    fn mention(&self, held: &Held, recording: &Recording) -> MentionTold {
        let mention = &held.seen.mention;
        let message = mention.message.as_deref();
        let inner = mention.inner.iter().map(|inner| format!(" → {inner}"));
        let place: String = std::iter::once(mention.place.clone()).chain(inner).collect();
        let words = recording.summary(mention.exchange).map(|summary| {
            let url = format!("{}{}", summary.origin, summary.path);
            let url = self.shared.mask().with(|mask| mask.url(&url).into_owned());
            let status = summary.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
            format!("{} {url} {status}", summary.method)
        });
        let words = words.unwrap_or_default();
        MentionTold {
            exchange: mention.exchange,
            number: message.and_then(|id| id.rsplit_once('.')?.1.parse().ok()),
            session: self.shared.ledger().session_of(mention.exchange),
            at: mention.at,
            from_server: mention.side == Side::Response,
            place: text::visible(&place).into_owned(),
            what: match (self.told, held.first_use) {
                (1, _) => "first seen",
                (_, true) => "first used",
                _ => "",
            },
            origin: held.origin,
            words: text::visible(&words).into_owned(),
        }
    }

    fn tell(&mut self, done: u64) -> anyhow::Result<()> {
        self.at = Instant::now();
        let (ticket, of) = (self.ticket, self.of);
        let mentions = std::mem::take(&mut self.found);
        Ok(self.shared.tell(News::Mentions { ticket, mentions, done, of })?)
    }
}
