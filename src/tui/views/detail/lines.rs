//! Lines of words: headers, facts, problems. They are few, and wrapped at the window's width.

use ratatui::{layout::Rect, style::Style};

use crate::tui::{
    draw::{Canvas, row},
    keys::Action,
    text,
    theme::Theme,
};

/// How a part of a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tint {
    Plain,
    Faint,
    Name,
    Good,
    Bad,
    Waiting,
    Heading,
}

impl Tint {
    pub(crate) fn style(self, theme: Theme) -> Style {
        match self {
            Self::Plain => theme.plain(),
            Self::Faint => theme.faint(),
            Self::Name => theme.name(),
            Self::Good => theme.good(),
            Self::Bad => theme.bad(),
            Self::Waiting => theme.waiting(),
            Self::Heading => theme.heading(),
        }
    }
}

/// One line: what it begins with, and what is wrapped behind that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) head: String,
    pub(crate) head_tint: Tint,
    pub(crate) said: String,
    pub(crate) tint: Tint,
}

impl Line {
    pub(crate) fn new(head: &str, head_tint: Tint, said: &str, tint: Tint) -> Self {
        Self {
            head: text::visible(head).into_owned(),
            head_tint,
            said: text::visible(said).into_owned(),
            tint,
        }
    }

    pub(crate) fn heading(said: &str) -> Self {
        Self::new("", Tint::Plain, said, Tint::Heading)
    }

    pub(crate) fn blank() -> Self {
        Self::new("", Tint::Plain, "", Tint::Plain)
    }

    /// The rows it takes.
    fn rows(&self, width: u16) -> Vec<&str> {
        let head = text::width(&self.head).min(usize::from(width) / 2);
        let room = usize::from(width).saturating_sub(head).max(8);
        text::rows(&self.said, room)
    }
}

/// Lines and the window on them.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinesPane {
    pub(crate) lines: Vec<Line>,
    /// The first visible line.
    top: usize,
    hit: Option<usize>,
}

impl LinesPane {
    pub(crate) fn of(lines: Vec<Line>) -> Self {
        Self { lines, ..Self::default() }
    }

    /// Other lines in the same place.
    pub(crate) fn replace(&mut self, lines: Vec<Line>) {
        self.lines = lines;
        self.top = self.top.min(self.lines.len().saturating_sub(1));
    }

    pub(crate) fn act(&mut self, action: Action, area: Rect) -> bool {
        let page = usize::from(area.height).max(1);
        let last = self.last_top(area);
        self.top = match action {
            Action::Down => self.top.saturating_add(1),
            Action::Up => self.top.saturating_sub(1),
            Action::HalfDown => self.top.saturating_add(page / 2),
            Action::HalfUp => self.top.saturating_sub(page / 2),
            Action::PageDown => self.top.saturating_add(page),
            Action::PageUp => self.top.saturating_sub(page),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        }
        .min(last);
        true
    }

    /// The first line where the last row is at the window's lower end.
    fn last_top(&self, area: Rect) -> usize {
        let mut room = usize::from(area.height);
        let mut top = self.lines.len();
        for line in self.lines.iter().rev() {
            let Some(left) = room.checked_sub(line.rows(area.width).len()) else { break };
            room = left;
            top -= 1;
        }
        top.min(self.lines.len().saturating_sub(1))
    }

    /// All of it as one text, to be searched.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(&line.head);
            text.push_str(&line.said);
            text.push('\n');
        }
        text
    }

    /// Where in that text the next search goes on: behind the line that was found last.
    pub(super) fn place(&self) -> usize {
        let seen = self.hit.map_or(self.top, |hit| hit + 1);
        let len = |line: &Line| line.head.len() + line.said.len() + 1;
        self.lines.iter().take(seen).map(len).sum::<usize>().saturating_sub(1)
    }

    /// Shows an offset of that text.
    pub(super) fn go(&mut self, at: usize) {
        let mut end = 0;
        let line = self.lines.iter().position(|line| {
            end += line.head.len() + line.said.len() + 1;
            at < end
        });
        self.hit = line;
        self.top = line.unwrap_or(0).saturating_sub(2);
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let theme = canvas.theme;
        let mut n = 0;
        for (at, line) in self.lines.iter().enumerate().skip(self.top) {
            let style = if self.hit == Some(at) { theme.hit() } else { line.tint.style(theme) };
            let head = u16::try_from(text::width(&line.head)).unwrap_or(u16::MAX);
            let head = head.min(area.width / 2);
            for (first, said) in line.rows(area.width).into_iter().enumerate() {
                if n >= area.height {
                    return;
                }
                let place = row(area, n);
                if first == 0 {
                    canvas.put(place.x, place.y, &line.head, head, line.head_tint.style(theme));
                }
                canvas.put(place.x + head, place.y, said, place.width - head, style);
                n += 1;
            }
        }
    }
}
