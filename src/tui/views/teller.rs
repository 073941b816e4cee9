//! A session told whole, for the views that look at all of it: asked for when the view opens, and
//! again when the session has gone on, at most once a second.

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
}

impl Teller {
    /// Of a session.
    pub(crate) fn of(session: SessionId) -> Self {
        Self { session, told: None, failed: None, waiting: None, asked: None }
    }

    /// Asks where there is nothing yet, or where the session has gone on.
    pub(crate) fn refresh(&mut self, data: &Data, effects: &mut Effects) {
        let stands = self.stands(data);
        let outdated = match self.asked {
            None => true,
            Some((at, then)) => then != stands && data.clock.micros_since(at) >= AGAIN_US,
        };
        if self.waiting.is_none() && outdated {
            let ticket = effects.ticket();
            effects.ask(Ask::Session { ticket, session: self.session });
            self.waiting = Some(ticket);
            self.asked = Some((data.clock, stands));
        }
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
