//! One row in detail: answer, request, headers, frames, bytes, problems (tui.md §2.3). The tab that
//! was used last stays from row to row. Everything shown is already here; a long JSON text is indexed
//! by the desk and shown raw meanwhile.

mod act;
mod content;
mod draw;
mod frames;
mod hex;
pub(crate) mod lines;
mod pane;
mod search;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod words;

use std::sync::Arc;

use bytes::Bytes;
use ratatui::layout::Rect;

use self::{
    frames::FramesPane,
    hex::HexPane,
    lines::LinesPane,
    pane::{Indexing, Pane},
    search::{Found, Search},
    text::TextPane,
};
use crate::{
    capture::ExchangeId,
    tui::{
        app::{Data, Effect, Effects},
        desk::{Ask, ExchangeTold, News, Ticket},
        rows::{Row, RowId, SessionId},
        text::size,
    },
};

/// What is shown of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    Response,
    Request,
    Headers,
    Frames,
    Raw,
    Problems,
}

/// The tabs in their order.
const TABS: [Tab; 6] =
    [Tab::Response, Tab::Request, Tab::Headers, Tab::Frames, Tab::Raw, Tab::Problems];

/// How a body is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// As a tree.
    #[default]
    Pretty,
    Raw,
    Hex,
    /// The frames of the stream, one behind the other.
    Sse,
}

/// Text that can be copied without a warning: some terminals cut more (tui.md §1, Copy).
const COPIED_SAFELY: usize = 74_000;

/// One row in detail.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    tab: Tab,
    form: Form,
    wrap: bool,
    area: Rect,
    row: Option<RowId>,
    session: Option<SessionId>,
    exchange: Option<ExchangeId>,
    is_streamed: bool,
    told: Option<Arc<ExchangeTold>>,
    /// Why there is none.
    failed: Option<String>,
    /// An answer is waited for.
    ticket: Option<Ticket>,
    /// What was asked for has changed since.
    is_stale: bool,
    /// What is shown, and upon it what was opened within: JSON in a text, a frame.
    panes: Vec<(String, Pane)>,
    indexing: Option<Indexing>,
    /// Only the beginning of it is here; the rest is on its way.
    is_beginning: bool,
    /// What is looked for in it.
    needle: String,
    search: Option<Search>,
    /// The needle is to be gone to when there is something to look through.
    seeks: bool,
    /// A search that the list began says nothing of a row that does not hold it.
    is_quiet: bool,
    /// The tab in which that search began: what is not in the answer may be in the request.
    began_in: Option<Tab>,
    /// What a search has to say, for the line of counters.
    said: Option<String>,
    copying: Option<Ticket>,
}

/// Puts a text into the clipboard, and says so.
pub(crate) fn copy(text: String, data: &mut Data, effects: &mut Effects) {
    let warning = if text.len() > COPIED_SAFELY { "; some terminals cut that" } else { "" };
    data.say(format!("copied {}B{warning}", size(text.len() as u64)));
    effects.push(Effect::Copy(text));
}

impl Detail {
    /// Where it is drawn.
    pub(crate) fn place(&mut self, area: Rect) {
        self.area = area;
    }

    /// Shows a row; asks for its exchange where it is another.
    pub(crate) fn show(
        &mut self,
        row: RowId,
        session: SessionId,
        data: &mut Data,
        effects: &mut Effects,
    ) {
        let Some(found) = data.row(row) else { return };
        self.session = Some(session);
        if self.row == Some(row) {
            return;
        }
        self.row = Some(row);
        self.search = None;
        self.began_in = None;
        self.seeks = !self.needle.is_empty();
        if self.exchange == Some(found.exchange) && self.told.is_some() {
            // Another message of the same exchange.
            self.build(data, effects);
            return;
        }
        self.exchange = Some(found.exchange);
        self.told = None;
        self.is_beginning = false;
        self.panes.clear();
        self.drop_index(effects);
        self.ask(effects);
    }

    fn ask(&mut self, effects: &mut Effects) {
        let Some(exchange) = self.exchange else { return };
        if let Some(ticket) = self.ticket.take() {
            effects.ask(Ask::Cancel(ticket));
        }
        let ticket = effects.ticket();
        self.ticket = Some(ticket);
        self.failed = None;
        self.is_stale = false;
        effects.ask(Ask::Exchange { ticket, exchange });
    }

    /// It is shown no more: nothing is waited for.
    pub(crate) fn close(&mut self, effects: &mut Effects) {
        if let Some(ticket) = self.ticket.take() {
            effects.ask(Ask::Cancel(ticket));
        }
        self.drop_index(effects);
    }

    fn drop_index(&mut self, effects: &mut Effects) {
        if let Some(indexing) = self.indexing.take() {
            effects.ask(Ask::Cancel(indexing.ticket));
        }
    }

    /// What the list searches for is shown here too.
    pub(crate) fn look_for(&mut self, needle: &str) {
        needle.clone_into(&mut self.needle);
        self.seeks = !needle.is_empty();
        self.search = None;
        self.began_in = None;
    }

    fn found_row(&self, data: &Data) -> Option<Row> {
        data.row(self.row?)
    }

    /// Puts together what the tab shows. The place in it stays where it is the same thing.
    fn build(&mut self, data: &mut Data, effects: &mut Effects) {
        self.drop_index(effects);
        self.is_beginning = false;
        let (Some(told), Some(row)) = (self.told.clone(), self.found_row(data)) else {
            let failed = self.failed.as_deref().map(content::failed);
            self.panes = failed
                .map(|lines| (String::new(), Pane::Lines(LinesPane::of(lines))))
                .into_iter()
                .collect();
            return;
        };
        self.is_streamed = row.streamed;
        let (mut pane, indexing) = self.content(&told, &row, effects);
        self.indexing = indexing;
        if let [(_, before), ..] = self.panes.as_slice() {
            pane.stand_as(before);
        }
        self.panes = vec![(String::new(), pane)];
    }

    fn content(
        &self,
        told: &ExchangeTold,
        row: &Row,
        effects: &mut Effects,
    ) -> (Pane, Option<Indexing>) {
        let body = |bytes: Result<Bytes, &'static str>, effects: &mut Effects| match bytes {
            Err(why) => (Pane::Nothing(why), None),
            Ok(bytes) => match self.form {
                Form::Pretty => Pane::json(bytes, effects),
                Form::Raw => (Pane::Text(TextPane::of(bytes)), None),
                Form::Hex => (Pane::Hex(HexPane::of(bytes)), None),
                Form::Sse => (Pane::Text(TextPane::of(content::stream(told))), None),
            },
        };
        match self.tab {
            Tab::Response => match content::fault(told, row) {
                Some(why) => (Pane::Lines(LinesPane::of(why)), None),
                None => body(content::response(told, row), effects),
            },
            Tab::Request => body(content::request_bytes(told, row), effects),
            Tab::Headers => (Pane::Lines(LinesPane::of(content::headers(told))), None),
            Tab::Frames => (Pane::Frames(FramesPane::default()), None),
            Tab::Problems => (Pane::Lines(LinesPane::of(content::problems(told))), None),
            Tab::Raw => {
                let wire = told.response_body.clone();
                let pane = match self.form {
                    Form::Hex => Pane::Hex(HexPane::of(wire)),
                    Form::Sse => Pane::Text(TextPane::of(content::stream(told))),
                    Form::Pretty | Form::Raw => Pane::Text(TextPane::of(wire)),
                };
                (pane, None)
            }
        }
    }

    /// Shows the beginning of the answer until all of it is here.
    fn begin(&mut self, text: &Bytes, data: &Data) {
        let shows = |row: Row| match self.tab {
            Tab::Response => content::begins_as_body(&row),
            Tab::Raw => true,
            _ => false,
        };
        if self.told.is_some() || !self.found_row(data).is_some_and(shows) {
            return;
        }
        let text = text.clone();
        let pane = match self.form {
            Form::Hex => Pane::Hex(HexPane::of(text)),
            _ => Pane::Text(TextPane::of(text)),
        };
        self.panes = vec![(String::new(), pane)];
        self.is_beginning = true;
    }

    /// Takes in what the desk told.
    pub(crate) fn news(&mut self, news: &News, data: &mut Data, effects: &mut Effects) {
        match news {
            News::Beginning(ticket, text) if self.ticket == Some(*ticket) => self.begin(text, data),
            News::Exchange(ticket, told) if self.ticket == Some(*ticket) => {
                self.ticket = None;
                self.told = Some(Arc::clone(told));
                // What was opened within stays open while it is read.
                if self.panes.len() < 2 {
                    self.build(data, effects);
                }
                if self.is_stale {
                    self.ask(effects);
                }
            }
            News::Failed(ticket, why) if self.ticket == Some(*ticket) => {
                self.ticket = None;
                data.say(why.clone());
                // The line of counters says it only until the next key.
                if self.told.is_none() {
                    self.failed = Some(why.clone());
                    self.build(data, effects);
                }
            }
            News::Row(id, row) if self.row == Some(*id) => {
                // It goes on: asked for again, one question at a time.
                self.exchange = Some(row.exchange);
                self.is_stale = true;
                if self.ticket.is_none() {
                    self.ask(effects);
                }
            }
            News::Texts(_) if self.exchange.is_some() => {
                // Secrets are shown now, or masked again: here too.
                self.is_stale = true;
                if self.ticket.is_none() {
                    self.ask(effects);
                }
            }
            News::Text(ticket, said) if self.copying == Some(*ticket) => {
                self.copying = None;
                copy(said.clone(), data, effects);
            }
            News::Indexing { ticket, done, of } => {
                if let Some(indexing) = self.indexing.as_mut().filter(|i| i.ticket == *ticket) {
                    indexing.progress = (*done, *of);
                }
            }
            News::Indexed(ticket, index) => {
                let Some(indexing) = self.indexing.take_if(|i| i.ticket == *ticket) else { return };
                let pane = Pane::indexed(indexing.text, Arc::clone(index));
                if let Some((_, last)) = self.panes.last_mut() {
                    *last = pane;
                }
                self.seeks = !self.needle.is_empty();
            }
            _ => {}
        }
    }

    /// There is something to look through.
    pub(crate) fn has_work(&self) -> bool {
        let is_here = !self.panes.is_empty() && !self.is_beginning && self.indexing.is_none();
        self.search.is_some() || (self.seeks && is_here)
    }

    /// Looks through a part of it.
    pub(crate) fn work(&mut self, data: &mut Data, effects: &mut Effects) {
        if self.search.is_none() && self.seeks {
            self.seeks = false;
            self.start_search(true, false);
            self.is_quiet = true;
        }
        let Some(search) = &mut self.search else { return };
        match search.step() {
            Found::More => {
                let (done, of) = (size(search.done as u64), size(search.of() as u64));
                self.said = Some(format!("searching {done}/{of} · Esc stops"));
            }
            Found::Nothing => {
                (self.search, self.said) = (None, None);
                if self.is_quiet {
                    self.look_elsewhere(data, effects);
                } else {
                    let needle = crate::tui::text::visible(&self.needle).into_owned();
                    data.say(format!("not found here: {needle}"));
                }
            }
            Found::Hit(hit, turned) => {
                (self.search, self.said) = (None, None);
                self.began_in = None;
                let (area, wrap) = (self.inner(), self.wrap);
                let frames = self.told.as_ref().map_or(&[][..], |told| &told.frames);
                if let Some((_, pane)) = self.panes.last_mut() {
                    pane.go(&hit, area, wrap, frames);
                }
                if turned {
                    data.say("the last hit was passed; on from the other end");
                }
            }
        }
    }

    /// A hit of the list's search is in the answer or in the request; where it is in neither, but in
    /// a name, the tab stays.
    fn look_elsewhere(&mut self, data: &mut Data, effects: &mut Effects) {
        let began_in = self.began_in.take();
        let next = match (began_in, self.tab) {
            (Some(began_in), _) => began_in,
            (None, Tab::Response) => Tab::Request,
            (None, Tab::Request) => Tab::Response,
            _ => return,
        };
        let here = self.tab;
        self.go_to_tab(next, data, effects);
        if began_in.is_none() {
            self.began_in = Some(here);
            self.seeks = true;
        }
    }

    fn start_search(&mut self, here: bool, back: bool) {
        let Some((_, pane)) = self.panes.last() else { return };
        let Some(finder) = search::finder(&self.needle) else { return };
        if self.is_beginning {
            // What is not found here may be in the rest.
            self.seeks = true;
            return;
        }
        let frames = self.told.as_ref().map_or(&[][..], |told| &told.frames);
        self.is_quiet = false;
        self.search =
            Some(Search::new(finder, pane.searched(frames), pane.place(frames), here, back));
    }

    /// What a search is about, while it goes on.
    pub(crate) fn progress(&self) -> Option<String> {
        self.said.clone().filter(|_| self.search.is_some())
    }

    /// Where the pane stands: below the tabs.
    fn inner(&self) -> Rect {
        self.divided(self.area).0
    }
}
