//! Where a value comes from and goes to: every place of the recording where it stands, old to new, as
//! `wiretape trace` has them. Enter opens the message.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::{Flow, Overlay, Told, prompt::bottom, replayed::clock};
use crate::tui::{
    app::{Data, Effects},
    desk::{Ask, MENTIONS, MentionTold, News, Ticket},
    draw::{Canvas, row},
    keys::{Action, Keys},
    text,
};

/// Rows that the wheel moves.
const WHEEL: usize = 3;

/// Columns of the session's number, of the time, of what it is, of the place.
const NUMBER: u16 = 5;
const TIME: u16 = 9;
const WHAT: u16 = 11;
const PLACE: u16 = 34;

/// The overlay.
pub(crate) struct Traced {
    value: String,
    ticket: Ticket,
    found: Vec<MentionTold>,
    at: usize,
    top: usize,
    /// Rows of the list, as of the last key.
    height: usize,
    progress: Option<(u64, u64)>,
    failed: Option<String>,
}

impl Traced {
    pub(crate) fn of(value: &str, effects: &mut Effects) -> Self {
        let ticket = effects.ticket();
        effects.ask(Ask::Trace { ticket, value: value.to_owned() });
        Self {
            value: value.to_owned(),
            ticket,
            found: Vec::new(),
            at: 0,
            top: 0,
            height: 1,
            progress: Some((0, 0)),
            failed: None,
        }
    }

    fn go(&mut self, to: usize) {
        self.at = to.min(self.found.len().saturating_sub(1));
        self.top = self.top.clamp((self.at + 1).saturating_sub(self.height), self.at);
    }

    fn open(&self, data: &mut Data) -> Flow {
        let Some(mention) = self.found.get(self.at) else { return Flow::Stay };
        let Some(session) = mention.session else {
            data.say("it is in no session");
            return Flow::Stay;
        };
        Flow::Tell(Told::Mention(session, mention.exchange, mention.number.unwrap_or(0)))
    }

    fn counted(&self) -> String {
        let many = self.found.len();
        let mentions = text::count(many, "place");
        match (&self.failed, self.progress) {
            (Some(why), _) => why.clone(),
            (None, Some((done, of))) => format!("looking {done}/{of} · {mentions} · Esc stops"),
            (None, None) if many == 0 => {
                "nothing mentions it; a masked value is found after :reveal".to_owned()
            }
            (None, None) if many >= MENTIONS => {
                format!("the first {mentions}; `wiretape trace` has all")
            }
            (None, None) => mentions,
        }
    }
}

impl Overlay for Traced {
    fn key(
        &mut self,
        _key: &KeyEvent,
        action: Option<Action>,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Flow {
        self.height = usize::from(data.area.height).max(1);
        let page = self.height;
        match action {
            Some(Action::Escape | Action::Quit | Action::Interrupt) => {
                effects.ask(Ask::Cancel(self.ticket));
                return Flow::Close;
            }
            Some(Action::Open) => {
                let flow = self.open(data);
                if matches!(flow, Flow::Tell(_)) {
                    effects.ask(Ask::Cancel(self.ticket));
                }
                return flow;
            }
            Some(Action::Copy) => {
                if let Some(mention) = self.found.get(self.at) {
                    effects.copy(format!("{} {}", mention.exchange, mention.place));
                    data.say("copied");
                }
            }
            Some(Action::Down) => self.go(self.at + 1),
            Some(Action::Up) => self.go(self.at.saturating_sub(1)),
            Some(Action::HalfDown) => self.go(self.at + page / 2),
            Some(Action::HalfUp) => self.go(self.at.saturating_sub(page / 2)),
            Some(Action::PageDown) => self.go(self.at + page),
            Some(Action::PageUp) => self.go(self.at.saturating_sub(page)),
            Some(Action::First) => self.go(0),
            Some(Action::Last) => self.go(usize::MAX),
            _ => {}
        }
        Flow::Stay
    }

    fn news(&mut self, news: &News, _effects: &mut Effects) {
        match news {
            News::Mentions { ticket, mentions, done, of } if *ticket == self.ticket => {
                self.found.extend(mentions.iter().cloned());
                self.progress = Some((*done, *of));
            }
            News::Over(ticket) if *ticket == self.ticket => self.progress = None,
            News::Failed(ticket, why) if *ticket == self.ticket => self.failed = Some(why.clone()),
            _ => {}
        }
    }

    fn mouse(&mut self, mouse: MouseEvent, area: Rect) -> Flow {
        self.height = usize::from(area.height.saturating_sub(3)).max(1);
        match mouse.kind {
            MouseEventKind::ScrollDown => self.go(self.at + WHEEL),
            MouseEventKind::ScrollUp => self.go(self.at.saturating_sub(WHEEL)),
            MouseEventKind::Down(MouseButton::Left) => {
                let line = usize::from(mouse.row.saturating_sub(area.y));
                if let Some(n) = line.checked_sub(2).filter(|n| *n < self.height) {
                    self.go(self.top + n);
                }
            }
            _ => {}
        }
        Flow::Stay
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        canvas.clear(area);
        let theme = canvas.theme;
        let wide = area.width.saturating_sub(2);
        let title = format!("trace {}", text::visible(&self.value));
        let title = text::cut_middle(&title, wide.into(), canvas.glyph("…", "~"));
        canvas.put(area.x + 1, area.y, &title, wide, theme.heading());
        let mut x = area.x + 2;
        for (word, width) in
            [("#", NUMBER), ("TIME", TIME), ("", WHAT + 2), ("PLACE", PLACE + 1), ("EXCHANGE", 8)]
        {
            canvas.put(x, area.y + 1, word, area.right().saturating_sub(x), theme.faint());
            x += width;
        }
        let height = usize::from(area.height.saturating_sub(3));
        let shown = self.found.iter().enumerate().skip(self.top).take(height);
        for (n, (place, mention)) in shown.enumerate() {
            let line = row(area, u16::try_from(n + 2).unwrap_or(u16::MAX));
            draw_row(canvas, line, mention);
            if place == self.at {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
        let line = bottom(area);
        let dot = canvas.glyph("·", "-");
        let said = format!("{}   Enter opens  y copies  Esc closes", self.counted());
        canvas.put(line.x + 1, line.y, &said.replace('·', dot), wide, theme.faint());
    }
}

fn draw_row(canvas: &mut Canvas<'_>, line: Rect, mention: &MentionTold) {
    let theme = canvas.theme;
    let mut x = line.x + 2;
    let number = mention.session.map_or(String::new(), |session| (session.0 + 1).to_string());
    canvas.put(x, line.y, &number, NUMBER - 1, theme.faint());
    x += NUMBER;
    canvas.put(x, line.y, &clock(mention.at), TIME - 1, theme.faint());
    x += TIME;
    let what = match (mention.what, mention.origin) {
        ("first seen", true) => "origin",
        (what, _) => what,
    };
    canvas.put(x, line.y, what, WHAT - 1, theme.heading());
    x += WHAT;
    let arrow = if mention.from_server { ("←", "<") } else { ("→", ">") };
    canvas.put(x, line.y, canvas.glyph(arrow.0, arrow.1), 1, theme.plain());
    x += 2;
    let place = text::cut_middle(&mention.place, PLACE.into(), canvas.glyph("…", "~"));
    canvas.put(x, line.y, &place, PLACE, theme.name());
    x += PLACE + 1;
    canvas.put(x, line.y, &mention.words, line.right().saturating_sub(x), theme.plain());
}
