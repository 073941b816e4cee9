//! What keys and the mouse make of a row in detail.

use bytes::Bytes;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{
    super::{Flow, Told, menu, prompt},
    Detail, Form, TABS, Tab, content,
    pane::Pane,
    text::TextPane,
};
use crate::tui::{
    app::{Data, Effects},
    desk::{Ask, Copyable},
    keys::Action,
    text,
};

/// What was opened within one another at most.
const DEEPEST: usize = 32;

/// Lines that a turn of the wheel moves.
const WHEEL: usize = 3;

/// Columns of a header in the menu.
const WIDE: usize = 60;

/// What can be copied here.
const COPIES: [(&str, Option<Copyable>); 6] = [
    ("body of the answer", Some(Copyable::Body)),
    ("request as curl", Some(Copyable::Curl)),
    ("request as JSON-RPC", Some(Copyable::JsonRpc)),
    ("id", Some(Copyable::Id)),
    ("JSON path of this value", None),
    ("this value", None),
];

impl Detail {
    /// A key, while the detail has them.
    pub(crate) fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        match action {
            Action::NextTab => self.step_tab(1, data, effects),
            Action::PreviousTab => self.step_tab(TABS.len() - 1, data, effects),
            Action::Form => {
                self.form = self.next_form();
                self.panes.truncate(1);
                self.build(data, effects);
            }
            Action::Wrap => {
                self.wrap = !self.wrap;
                data.say(if self.wrap { "long lines are wrapped" } else { "long lines are cut" });
            }
            Action::Open => return self.open(data, effects),
            Action::Trace => return self.trace(data),
            Action::Search => return Flow::Over(prompt(Action::Search, "")),
            Action::NextHit | Action::PreviousHit => {
                if self.needle.is_empty() {
                    data.say("nothing is searched for; / searches");
                } else {
                    self.start_search(false, action == Action::PreviousHit);
                }
            }
            Action::Copy => {
                let items = COPIES.iter().map(|(word, _)| (*word).to_owned()).collect();
                return Flow::Over(menu(Action::Copy, "copy", items, 0));
            }
            Action::Interrupt if self.search.is_some() => self.search = None,
            _ => {
                let frames = self.told.as_ref().map_or(0, |told| told.frames.len());
                let (area, wrap) = (self.inner(), self.wrap);
                let moved = self
                    .panes
                    .last_mut()
                    .is_some_and(|(_, pane)| pane.act(action, area, wrap, frames));
                return if moved || moves(action) { Flow::Stay } else { Flow::Pass };
            }
        }
        Flow::Stay
    }

    /// An overlay's answer, if it is for the detail.
    pub(crate) fn told(
        &mut self,
        told: &Told,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Option<Flow> {
        match told {
            Told::Entered(Action::Search, line) => {
                self.needle.clone_from(line);
                self.seeks = false;
                self.search = None;
                if !line.is_empty() {
                    self.start_search(true, false);
                }
            }
            Told::Chosen(Action::Trace, place) => {
                let value = self.headers().nth(*place).map(|(_, value)| value.clone());
                return value.map(|value| Flow::Tell(Told::Entered(Action::Trace, value)));
            }
            Told::Chosen(Action::Copy, place) => match (COPIES.get(*place)?, self.panes.last()) {
                ((_, Some(what)), _) => {
                    let row = self.row?;
                    let ticket = effects.ticket();
                    self.copying = Some(ticket);
                    effects.ask(Ask::Text { ticket, row, what: *what });
                }
                ((_, None), Some((_, Pane::Tree(tree)))) => {
                    let text = if *place == 4 { tree.path() } else { tree.value() };
                    super::copy(text, data, effects);
                }
                _ => data.say("this is no JSON value; v changes the form"),
            },
            _ => return None,
        }
        Some(Flow::Stay)
    }

    /// Where the value under the cursor comes from and goes to; of headers one is chosen.
    pub(crate) fn trace(&self, data: &mut Data) -> Flow {
        match self.panes.last() {
            Some((_, Pane::Tree(tree))) => {
                let value = tree.said().unwrap_or_else(|| tree.value());
                if value.starts_with(['{', '[']) {
                    data.say("a value is traced: a text or a number");
                    return Flow::Stay;
                }
                Flow::Tell(Told::Entered(Action::Trace, value))
            }
            Some(_) if self.tab == Tab::Headers => {
                let items = self.headers().map(|(name, value)| format!("{name}: {value}"));
                let items = items.map(|item| text::cut(&text::visible(&item), WIDE, "…"));
                Flow::Over(menu(Action::Trace, "trace which value?", items.collect(), 0))
            }
            _ => Flow::Over(prompt(Action::Trace, "")),
        }
    }

    /// The headers of both sides.
    fn headers(&self) -> impl Iterator<Item = &(String, String)> {
        let told = self.told.iter();
        told.flat_map(|told| told.request_headers.iter().chain(&told.response_headers))
    }

    /// Stops the search, then closes what was opened last; false where there is neither.
    pub(crate) fn leave(&mut self) -> bool {
        if self.search.take().is_some() {
            return true;
        }
        if self.panes.len() > 1 {
            self.panes.pop();
            self.indexing = None;
            return true;
        }
        false
    }

    fn step_tab(&mut self, by: usize, data: &mut Data, effects: &mut Effects) {
        let at = TABS.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        let next = TABS.get((at + by) % TABS.len()).copied().unwrap_or_default();
        self.go_to_tab(next, data, effects);
    }

    pub(super) fn go_to_tab(&mut self, tab: Tab, data: &mut Data, effects: &mut Effects) {
        self.tab = tab;
        self.search = None;
        self.began_in = None;
        self.panes.clear();
        self.build(data, effects);
    }

    fn next_form(&self) -> Form {
        let is_stream = self.told.as_ref().is_some_and(|told| !told.frames.is_empty());
        // The raw tab has no tree.
        let first = if self.tab == Tab::Raw { Form::Raw } else { Form::Pretty };
        match self.form {
            Form::Pretty if self.tab != Tab::Raw => Form::Raw,
            Form::Pretty | Form::Raw => Form::Hex,
            Form::Hex if is_stream => Form::Sse,
            Form::Hex | Form::Sse => first,
        }
    }

    /// Opens what the cursor is on: JSON in a text, a long text, a frame; else folds.
    fn open(&mut self, data: &mut Data, effects: &mut Effects) -> Flow {
        if self.panes.len() >= DEEPEST {
            data.say("that is deep enough");
            return Flow::Stay;
        }
        let (area, wrap) = (self.inner(), self.wrap);
        match self.panes.last_mut() {
            Some((_, Pane::Tree(tree))) => {
                let Some(said) = tree.said() else {
                    tree.act(Action::Fold, area, wrap);
                    return Flow::Stay;
                };
                let path = tree.path();
                self.open_within(&path, said.into(), effects);
                Flow::Stay
            }
            Some((_, Pane::Frames(frames))) => {
                let at = frames.cursor;
                let bytes = self.told.as_ref().and_then(|told| content::frame(told, at));
                if let Some(bytes) = bytes {
                    self.open_within(&format!("frame {}", at + 1), bytes, effects);
                }
                Flow::Stay
            }
            _ => Flow::Pass,
        }
    }

    fn open_within(&mut self, title: &str, bytes: Bytes, effects: &mut Effects) {
        self.drop_index(effects);
        let looks = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let (pane, indexing) = match looks {
            Some(b'{' | b'[') => Pane::json(bytes, effects),
            _ => (Pane::Text(TextPane::of(bytes)), None),
        };
        self.indexing = indexing;
        self.panes.push((text::visible(title).into_owned(), pane));
    }

    /// The mouse, within the detail.
    pub(crate) fn mouse(&mut self, mouse: MouseEvent, data: &mut Data, effects: &mut Effects) {
        let line = mouse.row.saturating_sub(self.area.y);
        let inner = self.inner();
        let frames = self.told.as_ref().map_or(0, |told| told.frames.len());
        let wrap = self.wrap;
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) if line == 0 => {
                let x = mouse.column.saturating_sub(self.area.x);
                if let Some(tab) = self.tab_at(x) {
                    self.go_to_tab(tab, data, effects);
                }
            }
            MouseEventKind::Down(MouseButton::Left) => match self.panes.last_mut() {
                Some((_, Pane::Tree(tree))) => tree.click(line - 1, inner, wrap),
                Some((_, Pane::Frames(list))) => list.click(line - 1, frames, inner),
                _ => {}
            },
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let down = mouse.kind == MouseEventKind::ScrollDown;
                let action = if down { Action::Down } else { Action::Up };
                if let Some((_, pane)) = self.panes.last_mut() {
                    for _ in 0..WHEEL {
                        pane.act(action, inner, wrap, frames);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether an action moves within a pane: one that has nothing to move keeps the key all the same.
fn moves(action: Action) -> bool {
    matches!(
        action,
        Action::Down
            | Action::Up
            | Action::First
            | Action::Last
            | Action::HalfDown
            | Action::HalfUp
            | Action::PageDown
            | Action::PageUp
            | Action::Left
            | Action::Right
            | Action::Fold
            | Action::FoldAll
            | Action::UnfoldAll
    )
}
