//! What the desk told, as all views share it.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::runs::Runs;
use crate::{
    capture::Timestamp,
    tui::{
        desk::{News, SourceStatus, Ticket},
        keys::Action,
        rows::{Row, RowId, Rows, SessionId, SessionRow, Symbols},
    },
};

/// Shared by all views.
#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) symbols: Symbols,
    pub(crate) rows: Rows,
    pub(crate) sessions: Vec<SessionRow>,
    pub(crate) status: SourceStatus,
    /// Exchanges read, of so many, while what was there before is being read.
    pub(crate) loading: Option<(u64, u64)>,
    /// The recording cannot be read on: why.
    pub(crate) broken: Option<String>,
    /// All that was there at the start has been read: that nothing is shown means that there is none.
    pub(crate) loaded: bool,
    /// What ages and pending calls are told by: on a tape, the time of its last record.
    pub(crate) now: Timestamp,
    /// What the UI's own work is paced by: it goes on, on a tape too.
    pub(crate) clock: Timestamp,
    /// Where views are drawn: a page is as high as they are.
    pub(crate) area: Rect,
    /// What is said in the line of counters until the next key.
    pub(crate) say: Option<String>,
    pub(crate) history: History,
    /// Replays and diffs that were done so far.
    pub(crate) runs: Runs,
    /// Secrets are shown.
    pub(crate) revealed: bool,
}

/// What was entered in prompts, the newest last.
#[derive(Debug, Default)]
pub(crate) struct History(HashMap<Action, Vec<String>>);

impl History {
    /// Lines kept for each prompt; the oldest goes.
    const MOST: usize = 200;

    pub(crate) fn of(&self, action: Action) -> &[String] {
        self.0.get(&action).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn add(&mut self, action: Action, line: &str) {
        let lines = self.0.entry(action).or_default();
        lines.retain(|known| known != line);
        if !line.is_empty() {
            lines.push(line.to_owned());
        }
        if lines.len() > Self::MOST {
            lines.remove(0);
        }
    }
}

impl Data {
    pub(crate) fn apply(&mut self, news: News) {
        self.runs.take(&news);
        match news {
            News::Symbols(texts) => self.symbols.extend(texts),
            News::Texts(texts) => {
                for (symbol, text) in texts {
                    self.symbols.replace(symbol, text);
                }
            }
            News::Rows(rows) => self.rows.extend(rows),
            News::Row(id, row) => self.rows.replace(id, row),
            News::Sessions(sessions) => {
                for (SessionId(place), row) in sessions {
                    let place = place as usize;
                    match self.sessions.get_mut(place) {
                        Some(old) => *old = row,
                        // They come in the order of their places.
                        None => self.sessions.push(row),
                    }
                }
            }
            News::Loading { done, of } => {
                // A catalog that is rebuilt says nothing of what is in it.
                self.loaded |= done >= of && !self.status.opening;
                self.loading = (done < of).then_some((done, of));
            }
            News::Status(status) => {
                self.now = status.as_of.unwrap_or(self.now);
                self.status = status;
            }
            News::Failed(ticket, why) if ticket == Ticket::default() => {
                self.loading = None;
                self.say = Some(why.clone());
                self.broken = Some(why);
            }
            News::Done(_, text) | News::Failed(_, text) => self.say = Some(text),
            News::Beginning(..)
            | News::Exchange(..)
            | News::Told(..)
            | News::Found(..)
            | News::Hits { .. }
            | News::Over(_)
            | News::Mentions { .. }
            | News::Preview(..)
            | News::Verdict(..)
            | News::Replayed(..)
            | News::Text(..)
            | News::Indexing { .. }
            | News::Indexed(..)
            | News::Unopened => {}
        }
    }

    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.say = Some(text.into());
    }

    pub(crate) fn session(&self, id: SessionId) -> Option<&SessionRow> {
        self.sessions.get(id.0 as usize)
    }

    /// A recorded session and its replay, of which this is one: a replay that was kept is named
    /// after what it replays (`replay of ID`).
    pub(crate) fn replay_of(&self, id: SessionId) -> Option<(SessionId, SessionId)> {
        let place = |place: usize| u32::try_from(place).ok().map(SessionId);
        let replays =
            |of: &SessionRow| Some(of.name.as_deref()?.strip_prefix("replay of ")?.to_owned());
        let session = self.session(id)?;
        if let Some(of) = replays(session) {
            let recorded = self.sessions.iter().position(|own| own.id.to_string() == of);
            return Some((place(recorded?)?, id));
        }
        let own = session.id.to_string();
        let is_its = |other: &SessionRow| !other.deleted && replays(other).as_ref() == Some(&own);
        Some((id, place(self.sessions.iter().rposition(is_its)?)?))
    }

    pub(crate) fn row(&self, id: RowId) -> Option<Row> {
        self.rows.get(id)
    }
}

impl News {
    /// Of the recording itself, no answer to a question.
    pub(crate) fn is_recorded(&self) -> bool {
        matches!(
            self,
            Self::Symbols(_)
                | Self::Texts(_)
                | Self::Rows(_)
                | Self::Row(..)
                | Self::Sessions(_)
                | Self::Loading { .. }
        )
    }
}
