//! Filter and search of a list: what was asked, what has been found so far, what to say of it.
//! The desk looks; here is only the question, its ticket and the rows that came back.

use crate::{
    capture::Timestamp,
    protocol::query::Query,
    tui::{
        app::{Data, Effects},
        desk::{Ask, News, Ticket},
        rows::{RowId, SessionId},
        text,
    },
};

/// A question to the desk about all rows, and its answer so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looking {
    /// What is looked for; empty for nothing.
    pub(crate) text: String,
    /// What was found, ascending.
    pub(crate) rows: Vec<RowId>,
    /// The answer that is still coming.
    pub(crate) ticket: Option<Ticket>,
    /// Exchanges looked at, of so many.
    pub(crate) progress: (u64, u64),
    /// How many rows there were when it was asked: later ones are asked for anew.
    asked_of: usize,
    asked_at: Timestamp,
    /// How long the answer took, microseconds.
    took: u64,
    /// It failed: why.
    pub(crate) failed: Option<String>,
    /// Found since it was asked anew; takes the place of `rows` when all was looked at.
    again: Option<Vec<RowId>>,
}

/// Rows that come while a filter stands are looked through again after a second at the earliest, and
/// after so many times what it took the last time: a flood does not keep the desk looking.
const PATIENCE: u64 = 10;

impl Looking {
    /// Nothing is looked for.
    pub(crate) fn is_off(&self) -> bool {
        self.text.is_empty()
    }

    /// Asks, in place of what was asked before.
    pub(crate) fn ask(
        &mut self,
        text: &str,
        session: Option<SessionId>,
        is_filter: bool,
        data: &Data,
        effects: &mut Effects,
    ) {
        self.stop(effects);
        *self = Self {
            text: text.to_owned(),
            asked_of: data.rows.len(),
            asked_at: data.clock,
            ..Self::default()
        };
        if !text.is_empty() {
            self.send(session, is_filter, effects);
        }
    }

    /// Why there is no row, where one is looked for.
    pub(crate) fn nothing(&self) -> String {
        let text = text::visible(&self.text);
        match &self.failed {
            Some(why) => {
                format!("`{text}` cannot be looked for: {why}\n\nf changes it · Esc clears it")
            }
            None => self
                .progress("filtering")
                .unwrap_or_else(|| format!("no match for `{text}` — f changes it · Esc clears it")),
        }
    }

    fn send(&mut self, session: Option<SessionId>, is_filter: bool, effects: &mut Effects) {
        let ticket = effects.ticket();
        self.ticket = Some(ticket);
        self.progress = (0, 0);
        self.failed = None;
        let text = self.text.clone();
        effects.ask(if is_filter {
            Ask::Filter { ticket, query: text, session }
        } else {
            Ask::Search { ticket, text, session }
        });
    }

    /// No more is waited for.
    pub(crate) fn stop(&mut self, effects: &mut Effects) {
        if let Some(ticket) = self.ticket.take() {
            effects.ask(Ask::Cancel(ticket));
        }
    }

    /// Rows came that were not looked through.
    pub(crate) fn is_behind(&self, data: &Data) -> bool {
        !self.is_off()
            && self.ticket.is_none()
            && data.loading.is_none()
            && data.rows.len() > self.asked_of
    }

    /// It is time to look through them.
    pub(crate) fn is_due(&self, data: &Data) -> bool {
        let waits = (self.took * PATIENCE).max(1_000_000);
        self.is_behind(data) && data.clock.micros_since(self.asked_at) >= waits
    }

    /// Looks through them.
    pub(crate) fn catch_up(
        &mut self,
        session: Option<SessionId>,
        is_filter: bool,
        data: &Data,
        effects: &mut Effects,
    ) {
        if self.is_due(data) {
            self.asked_of = data.rows.len();
            self.asked_at = data.clock;
            self.again = Some(Vec::new());
            self.send(session, is_filter, effects);
        }
    }

    /// Takes in an answer; true if there is more or all of it now, an error's words if it failed.
    pub(crate) fn news(&mut self, news: &News, now: Timestamp) -> Result<bool, String> {
        let Some(waiting) = self.ticket else { return Ok(false) };
        match news {
            News::Hits { ticket, rows, done, of } if *ticket == waiting => {
                take_in(self.again.as_mut().unwrap_or(&mut self.rows), rows);
                self.progress = (*done, *of);
                Ok(true)
            }
            News::Over(ticket) if *ticket == waiting => {
                self.ticket = None;
                self.took = now.micros_since(self.asked_at);
                if let Some(rows) = self.again.take() {
                    self.rows = rows;
                }
                Ok(true)
            }
            News::Failed(ticket, why) if *ticket == waiting => {
                self.ticket = None;
                self.again = None;
                self.failed = Some(why.clone());
                Err(why.clone())
            }
            _ => Ok(false),
        }
    }

    /// `searching 412k/1.0M · 37 hits · Esc stops`, while it goes on.
    pub(crate) fn progress(&self, word: &str) -> Option<String> {
        self.ticket?;
        if self.again.is_some() {
            return None;
        }
        let (done, of) = self.progress;
        let how_far = if of > 0 {
            format!(" {}/{}", text::size(done), text::size(of))
        } else {
            String::new()
        };
        Some(format!("{word}{how_far} · {} · Esc stops", text::count(self.rows.len(), "hit")))
    }
}

/// Parts come in the order of exchanges; but an answer counts as its request's row, which may stand
/// before what is there already.
fn take_in(all: &mut Vec<RowId>, rows: &[RowId]) {
    let Some(least) = rows.iter().min() else { return };
    // Of a million only what is not before all of these is put in order.
    let from = all.partition_point(|id| id < least);
    let mut tail = all.split_off(from);
    tail.extend_from_slice(rows);
    tail.sort();
    tail.dedup();
    all.append(&mut tail);
}

/// A filter as it is edited: what held before holds again when the prompt is left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) looking: Looking,
    /// What held before the prompt was opened.
    before: Option<Looking>,
}

impl Filter {
    /// The prompt opens.
    pub(crate) fn open(&mut self) -> String {
        self.before = Some(self.looking.clone());
        self.looking.text.clone()
    }

    /// The line changed. While it cannot be read what held before the prompt holds, and it is said
    /// why.
    pub(crate) fn edit(
        &mut self,
        line: &str,
        session: Option<SessionId>,
        data: &mut Data,
        effects: &mut Effects,
    ) {
        data.say = None;
        let line = line.trim();
        if let Err(error) = Query::parse(line, data.now) {
            let hint = text::visible(&error.hint).into_owned();
            let what = text::visible(&error.what).into_owned();
            self.restore(session, data, effects);
            data.say(format!("column {}: {what} · {hint}", error.column));
        } else if line != self.looking.text {
            self.looking.ask(line, session, true, data, effects);
        }
    }

    /// The line was entered. One that cannot be read leaves the filter that held before.
    pub(crate) fn enter(
        &mut self,
        line: &str,
        session: Option<SessionId>,
        data: &mut Data,
        effects: &mut Effects,
    ) {
        self.edit(line, session, data, effects);
        if data.say.is_some() {
            let said = data.say.take();
            self.leave(session, data, effects);
            data.say = said;
        }
        self.before = None;
    }

    /// The prompt was left without an answer.
    pub(crate) fn leave(&mut self, session: Option<SessionId>, data: &Data, effects: &mut Effects) {
        self.restore(session, data, effects);
        self.before = None;
    }

    /// What held before the prompt holds again.
    fn restore(&mut self, session: Option<SessionId>, data: &Data, effects: &mut Effects) {
        let Some(before) = self.before.clone() else { return };
        if before.text == self.looking.text {
            return;
        }
        self.looking.stop(effects);
        let was_coming = before.ticket.is_some();
        self.looking = before;
        if was_coming {
            let text = std::mem::take(&mut self.looking.text);
            self.looking.ask(&text, session, true, data, effects);
        }
    }

    /// No filter any more; false if there was none.
    pub(crate) fn clear(&mut self, effects: &mut Effects) -> bool {
        let was = !self.looking.is_off();
        self.looking.stop(effects);
        self.looking = Looking::default();
        was
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_ascending_and_each_is_there_once() {
        let mut all = Vec::new();
        for part in [&[1, 5][..], &[7, 9], &[3, 9, 12]] {
            take_in(&mut all, &part.iter().copied().map(RowId).collect::<Vec<_>>());
        }
        assert_eq!(all, [1, 3, 5, 7, 9, 12].map(RowId));
    }
}
