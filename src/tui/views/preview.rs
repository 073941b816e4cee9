//! What a replay would send and where, before anything is sent: the target, the steps, the masked
//! request, what would be left out. Enter sends; nothing else does (tui.md §9, 19).

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use tui_input::{Input, backend::crossterm::EventHandler as _};

use super::{Flow, Overlay, Told};
use crate::tui::{
    app::{Data, Effects},
    desk::{self, Ask, At, News, Ticket},
    draw::Canvas,
    keys::{Action, Keys},
    rows::SessionId,
    text,
};

/// The overlay.
pub(crate) struct Preview {
    session: SessionId,
    row: Option<At>,
    waiting: Ticket,
    told: Option<std::sync::Arc<desk::Preview>>,
    failed: Option<String>,
    /// The target, once it is known, as it is edited.
    to: Input,
    editing: bool,
    /// The user named the target; else it is the recorded endpoint, which may be masked here.
    own: bool,
    allow: bool,
    /// Lines that are scrolled out.
    scrolled: usize,
}

impl Preview {
    pub(crate) fn of(session: SessionId, row: Option<At>, effects: &mut Effects) -> Self {
        let ticket = effects.ticket();
        effects.ask(Ask::Preview { ticket, session, row, to: None });
        Self {
            session,
            row,
            waiting: ticket,
            told: None,
            failed: None,
            to: Input::default(),
            editing: false,
            own: false,
            allow: false,
            scrolled: 0,
        }
    }

    /// The target was edited: what would be sent there.
    fn edited(&mut self, effects: &mut Effects) {
        self.editing = false;
        let shown = self.told.as_ref().map_or("", |told| &told.to);
        let to = self.to.value().trim().to_owned();
        if to == shown {
            return;
        }
        self.own = !to.is_empty();
        self.waiting = effects.ticket();
        let (session, row) = (self.session, self.row);
        let to = Some(to).filter(|to| !to.is_empty());
        effects.ask(Ask::Preview { ticket: self.waiting, session, row, to });
        (self.told, self.failed) = (None, None);
    }

    fn lines(&self) -> Vec<String> {
        let Some(told) = &self.told else {
            let reading = || "reading the session; nothing is sent".to_owned();
            let why = self.failed.clone().unwrap_or_else(reading);
            return why.lines().map(str::to_owned).collect();
        };
        let steps = if told.steps == 1 { "step" } else { "steps" };
        let mut lines = vec![format!("{} {steps} would be sent; nothing is sent yet", told.steps)];
        if !told.guarded.is_empty() {
            let tools = told.guarded.join(", ");
            let word = if self.allow { "will be called" } else { "left out (a allows them)" };
            lines.push(format!("may have side effects, {word}: {tools}"));
        }
        lines.extend(told.notes.iter().cloned());
        lines.push(String::new());
        lines.extend(told.request.iter().cloned());
        lines
    }
}

impl Overlay for Preview {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        _data: &mut Data,
        effects: &mut Effects,
    ) -> Flow {
        if self.editing {
            match key.code {
                KeyCode::Enter | KeyCode::Esc | KeyCode::Tab => self.edited(effects),
                _ => {
                    self.to.handle_event(&crossterm::event::Event::Key(*key));
                }
            }
            return Flow::Stay;
        }
        match (key.code, action) {
            (KeyCode::Enter, _) if self.told.is_some() => {
                let to = if self.own { self.to.value().trim().to_owned() } else { String::new() };
                Flow::Tell(Told::Send(to, self.allow))
            }
            (KeyCode::Char('a'), _) => {
                self.allow = !self.allow;
                Flow::Stay
            }
            (_, Some(Action::Down | Action::HalfDown | Action::PageDown)) => {
                self.scrolled = (self.scrolled + 1).min(self.lines().len().saturating_sub(1));
                Flow::Stay
            }
            (_, Some(Action::Up | Action::HalfUp | Action::PageUp)) => {
                self.scrolled = self.scrolled.saturating_sub(1);
                Flow::Stay
            }
            (KeyCode::Char('t') | KeyCode::Tab, _)
                if self.told.is_some() || self.failed.is_some() =>
            {
                self.editing = true;
                Flow::Stay
            }
            (_, Some(Action::Escape | Action::Quit | Action::Interrupt)) => {
                effects.ask(Ask::Cancel(self.waiting));
                Flow::Close
            }
            _ => Flow::Stay,
        }
    }

    fn paste(&mut self, pasted: &str) -> Flow {
        if self.editing {
            let value = format!("{}{}", self.to.value(), pasted.trim());
            self.to = Input::new(value);
        }
        Flow::Stay
    }

    fn news(&mut self, news: &News) {
        match news {
            News::Preview(ticket, told) if *ticket == self.waiting => {
                self.to = Input::new(told.to.clone());
                self.told = Some(std::sync::Arc::clone(told));
            }
            News::Failed(ticket, why) if *ticket == self.waiting => self.failed = Some(why.clone()),
            _ => {}
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        let theme = canvas.theme;
        let pane = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        super::pane(canvas, pane, "replay");
        let inner = Rect { x: pane.x + 2, width: pane.width.saturating_sub(4), ..pane };
        canvas.put(inner.x, inner.y + 1, "to", 4, theme.faint());
        let style = if self.editing { theme.selected() } else { theme.name() };
        let to = text::visible(self.to.value()).into_owned();
        canvas.put(inner.x + 4, inner.y + 1, &to, inner.width.saturating_sub(4), style);
        let last = pane.bottom().saturating_sub(2);
        let lines = self.lines();
        let wrapped =
            lines.iter().flat_map(|line| text::wrap(&text::visible(line), inner.width.into()));
        for (y, line) in (inner.y + 3..last).zip(wrapped.skip(self.scrolled)) {
            canvas.put(inner.x, y, &line, inner.width, theme.plain());
        }
        let hint = if self.editing {
            "Enter shows what would be sent there"
        } else if self.failed.is_some() {
            "t another target   Esc cancels"
        } else if self.told.is_none() {
            "Esc cancels"
        } else {
            "Enter sends   t target   a side effects   j k scroll   Esc cancels"
        };
        canvas.put(inner.x, last, hint, inner.width, theme.heading());
    }
}
