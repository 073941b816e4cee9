//! The threads that answer: one for what is looked at, one for the filter, one for the search, one
//! for what takes its time. Each answers one question after the other.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
    mpsc::{self, RecvTimeoutError, Sender},
};
use std::time::{Duration, Instant};

use super::{
    exchange, mentions, outlets,
    seek::{Seek, Sought},
    session,
    shared::{Gone, Shared},
};
use crate::{
    tasks,
    tui::{
        desk::{Ask, News, Ticket},
        json::Index,
        rows::SessionId,
    },
};

/// Sessions are judged where nothing was asked for so long.
const QUIET: Duration = Duration::from_millis(300);

/// Exchanges of sessions that are judged without being asked for: about half a second of work, as
/// with `wiretape list`. Of others the problems are told once they are looked at.
const JUDGED: u64 = 4_000;

/// How often it is told how far an index has come.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// A thread and its questions.
pub(super) struct Worker {
    asks: Sender<Ask>,
    /// The ticket of the latest one: an older one is not waited for any more.
    latest: Arc<AtomicU64>,
    habit: Habit,
}

/// How a thread takes its questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Each is answered.
    Each,
    /// Only the latest is: a question cancels the one before it.
    Latest,
    /// The same, behind the traffic: what is asked comes again and again while a session goes on.
    LatestBehindTraffic,
    /// It judges sessions nobody has asked for.
    Judges,
}

impl Habit {
    fn is_latest(self) -> bool {
        matches!(self, Self::Latest | Self::LatestBehindTraffic)
    }
}

impl Worker {
    /// Starts a thread.
    pub(super) fn start(name: &str, shared: &Shared, habit: Habit) -> anyhow::Result<Self> {
        let (asks, asked) = mpsc::channel();
        let latest = Arc::new(AtomicU64::new(0));
        let (shared, current) = (shared.clone(), Arc::clone(&latest));
        let work = move || {
            if habit == Habit::LatestBehindTraffic {
                tasks::give_way();
            }
            let judges = habit == Habit::Judges;
            let mut left = if judges { Judging::Waits } else { Judging::Over };
            loop {
                let ask = match left {
                    Judging::Over => asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    _ => asked.recv_timeout(QUIET),
                };
                match ask {
                    Ok(ask) => {
                        let ticket = ticket(&ask);
                        if habit.is_latest() && current.load(Ordering::Relaxed) != ticket.0 {
                            continue;
                        }
                        if answer(ask, ticket, &shared, &current).is_err() {
                            return;
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => left.go_on(&shared),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        if habit == Habit::Judges {
            tasks::background_thread(name, work)?;
        } else {
            tasks::thread(name, work)?;
        }
        Ok(Self { asks, latest, habit })
    }

    /// Asks.
    pub(super) fn ask(&self, ask: Ask) {
        if self.habit.is_latest() {
            self.latest.store(ticket(&ask).0, Ordering::Relaxed);
        }
        // It has ended with the screen: nobody waits.
        let _ = self.asks.send(ask);
    }

    /// Gives a question up.
    pub(super) fn cancel(&self, ticket: Ticket) {
        // Another one that came meanwhile stays.
        let _ = self.latest.compare_exchange(ticket.0, 0, Ordering::Relaxed, Ordering::Relaxed);
    }
}

fn ticket(ask: &Ask) -> Ticket {
    match ask {
        Ask::Exchange { ticket, .. }
        | Ask::Session { ticket, .. }
        | Ask::Row { ticket, .. }
        | Ask::Filter { ticket, .. }
        | Ask::Search { ticket, .. }
        | Ask::Export { ticket, .. }
        | Ask::Text { ticket, .. }
        | Ask::Preview { ticket, .. }
        | Ask::Replay { ticket, .. }
        | Ask::Compare { ticket, .. }
        | Ask::Accept { ticket, .. }
        | Ask::Save { ticket, .. }
        | Ask::Index { ticket, .. }
        | Ask::Written { ticket, .. }
        | Ask::Trace { ticket, .. }
        | Ask::Report { ticket, .. }
        | Ask::Delete { ticket, .. }
        | Ask::Cancel(ticket) => *ticket,
        Ask::Complete(_) | Ask::Reveal(_) => Ticket::default(),
    }
}

fn answer(ask: Ask, ticket: Ticket, shared: &Shared, latest: &AtomicU64) -> Result<(), Gone> {
    let seek = Seek { shared, ticket, latest };
    let answered = match ask {
        Ask::Exchange { exchange, .. } => exchange::tell(exchange, Some(ticket), shared)
            .map(|told| Some(News::Exchange(ticket, told))),
        Ask::Row { exchange, number, .. } => {
            Ok(Some(News::Found(ticket, shared.ledger().row_of(exchange, Some(number)))))
        }
        Ask::Session { session, .. } => {
            session::tell(session, shared).map(|told| Some(News::Told(ticket, told)))
        }
        Ask::Filter { query, session, .. } => {
            seek.run(&Sought::Query(query), session).map(|()| None)
        }
        Ask::Search { text, session, .. } => seek.run(&Sought::Text(text), session).map(|()| None),
        Ask::Export { session, format, path, .. } => {
            outlets::write(session, &format, &path, shared)
                .map(|said| Some(News::Done(ticket, said)))
        }
        Ask::Written { session, format, .. } => {
            outlets::written(session, &format, shared).map(|text| Some(News::Text(ticket, text)))
        }
        Ask::Trace { value, .. } => mentions::tell(&value, ticket, shared, latest).map(|()| None),
        Ask::Text { row, what, .. } => {
            outlets::text(row, what, shared).map(|text| Some(News::Text(ticket, text)))
        }
        Ask::Delete { session, .. } => {
            outlets::delete(session, shared).map(|said| Some(News::Done(ticket, said)))
        }
        Ask::Index { text, .. } => index(&text, ticket, shared, latest),
        // The keeper and the replays' threads have these.
        Ask::Preview { .. }
        | Ask::Replay { .. }
        | Ask::Compare { .. }
        | Ask::Accept { .. }
        | Ask::Report { .. }
        | Ask::Save { .. }
        | Ask::Complete(_)
        | Ask::Cancel(_)
        | Ask::Reveal(_) => Ok(None),
    };
    match answered {
        Ok(Some(news)) => shared.tell(news),
        Ok(None) => Ok(()),
        Err(error) if error.is::<Gone>() => Err(Gone),
        Err(error) => shared.tell(News::Failed(ticket, format!("{error:#}"))),
    }
}

/// Indexes a text, telling now and then how far it has come, for as long as it is wanted.
fn index(
    text: &[u8],
    ticket: Ticket,
    shared: &Shared,
    latest: &AtomicU64,
) -> anyhow::Result<Option<News>> {
    let of = text.len() as u64;
    let mut told = Instant::now();
    let mut gone = false;
    let index = Index::in_steps(text, |done| {
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            gone = shared.tell(News::Indexing { ticket, done: done as u64, of }).is_err();
        }
        !gone && latest.load(Ordering::Relaxed) == ticket.0
    });
    if gone {
        return Err(Gone.into());
    }
    Ok(index.map(|index| News::Indexed(ticket, Arc::new(index))))
}

/// Sessions that are judged while nothing is asked, one at a time, the newest first.
enum Judging {
    /// The recording is not read yet.
    Waits,
    /// These are left, the next one last.
    Left(Vec<SessionId>),
    /// Enough was judged.
    Over,
}

impl Judging {
    fn go_on(&mut self, shared: &Shared) {
        match self {
            Self::Waits if shared.is_loaded() => {
                let mut budget = JUDGED;
                let all: Vec<(SessionId, u64)> = shared.ledger().sessions().collect();
                let mut left = Vec::new();
                for (session, exchanges) in all.into_iter().rev() {
                    if exchanges <= budget {
                        budget -= exchanges;
                        left.push(session);
                    }
                }
                left.reverse();
                *self = Self::Left(left);
            }
            Self::Waits | Self::Over => {}
            Self::Left(left) => match left.pop() {
                // What cannot be judged is told without problems.
                Some(session) => drop(session::judge(session, shared)),
                None => *self = Self::Over,
            },
        }
    }
}
