//! A session told whole, for the views that look at all of it: asked for when the view opens, and
//! again when the session has gone on, at most once a second, and less often where it takes long: what is
//! read for it is read from the recorder that the traffic goes through.

use std::sync::Arc;

use crate::{
    capture::Timestamp,
    tui::{
        app::{Data, Effects},
        desk::{Ask, News, SessionTold, Ticket},
        rows::SessionId,
    },
};

/// The least time between two questions.
const AGAIN_US: u64 = 1_000_000;

/// After an answer so many times as long as it took are let pass: a twentieth of a core is all that a
/// session takes which goes on.
const TIMES_AS_LONG: u64 = 19;

/// But no longer than this: who looks at a session wants to see it go on.
const AGAIN_AT_LATEST_US: u64 = 30_000_000;

/// Asks for a session and keeps the answer.
#[derive(Debug)]
pub(crate) struct Teller {
    pub(crate) session: SessionId,
    pub(crate) told: Option<Arc<SessionTold>>,
    /// Why there is none.
    pub(crate) failed: Option<String>,
    waiting: Option<Ticket>,
    /// When it was asked for, and how the session stood then.
    asked: Option<(Timestamp, (usize, Timestamp))>,
    /// How long it is from one question to the next, once the last one was answered.
    pause_us: Option<u64>,
}

impl Teller {
    /// Of a session.
    pub(crate) fn of(session: SessionId) -> Self {
        Self { session, told: None, failed: None, waiting: None, asked: None, pause_us: None }
    }

    /// Asks where there is nothing yet, or where the session has gone on.
    pub(crate) fn refresh(&mut self, data: &Data, effects: &mut Effects) {
        if self.waiting.is_some() {
            return;
        }
        let stands = self.stands(data);
        if let Some((at, then)) = self.asked {
            let since = data.clock.micros_since(at);
            let pause = *self.pause_us.get_or_insert_with(|| {
                since.saturating_mul(TIMES_AS_LONG + 1).clamp(AGAIN_US, AGAIN_AT_LATEST_US)
            });
            if then == stands || since < pause {
                return;
            }
        }
        let ticket = effects.ticket();
        effects.ask(Ask::Session { ticket, session: self.session });
        self.waiting = Some(ticket);
        self.asked = Some((data.clock, stands));
        self.pause_us = None;
    }

    /// True where the news are its answer.
    pub(crate) fn news(&mut self, news: &News) -> bool {
        match news {
            News::Told(ticket, told) if self.waiting == Some(*ticket) => {
                self.told = Some(Arc::clone(told));
                self.failed = None;
                self.waiting = None;
                true
            }
            News::Failed(ticket, why) if self.waiting == Some(*ticket) => {
                self.failed = Some(why.clone());
                self.waiting = None;
                true
            }
            _ => false,
        }
    }

    /// It has gone on since it was told: it will be asked for again.
    pub(crate) fn is_behind(&self, data: &Data) -> bool {
        self.asked.is_some_and(|(_, then)| then != self.stands(data))
    }

    /// What is said where there is nothing to draw.
    pub(crate) fn instead(&self) -> String {
        match &self.failed {
            Some(why) => format!(
                "the session cannot be told: {why}\n\nthe digit of this view tries again · Esc goes back"
            ),
            None => "reading the session · Esc goes back".to_owned(),
        }
    }

    fn stands(&self, data: &Data) -> (usize, Timestamp) {
        let last = data.session(self.session).map_or(Timestamp(0), |session| session.last_at);
        (data.rows.of(self.session).len(), last)
    }
}
