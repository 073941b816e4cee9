//! The frames of a stream with the gaps between them, as bars over its time.

use ratatui::layout::Rect;

use crate::{
    capture::Timestamp,
    tui::{
        desk::FrameTold,
        draw::{Canvas, row},
        keys::Action,
        text,
    },
};

/// Columns of the bars.
const BAR: u16 = 16;

/// Columns of a frame's number, and of its times.
const NUMBER: u16 = 5;
const TIMES: u16 = 15;

/// Where the list of frames stands.
#[derive(Clone, Debug, Default)]
pub(super) struct FramesPane {
    pub(super) cursor: usize,
    top: usize,
}

impl FramesPane {
    pub(super) fn act(&mut self, action: Action, frames: usize, area: Rect) -> bool {
        // One row is the head.
        let page = usize::from(area.height).saturating_sub(1).max(1);
        let last = frames.saturating_sub(1);
        self.cursor = match action {
            Action::Down => self.cursor.saturating_add(1),
            Action::Up => self.cursor.saturating_sub(1),
            Action::HalfDown => self.cursor.saturating_add((page / 2).max(1)),
            Action::HalfUp => self.cursor.saturating_sub((page / 2).max(1)),
            Action::PageDown => self.cursor.saturating_add(page),
            Action::PageUp => self.cursor.saturating_sub(page),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        self.settle(frames, page);
        true
    }

    pub(super) fn click(&mut self, line: u16, frames: usize, area: Rect) {
        let Some(n) = line.checked_sub(1) else { return };
        self.cursor = self.top + usize::from(n);
        self.settle(frames, usize::from(area.height).saturating_sub(1).max(1));
    }

    /// What a search looks through: the words of each frame and its bytes, one behind the other.
    pub(super) fn text(frames: &[FrameTold]) -> Vec<u8> {
        let mut all = Vec::new();
        for frame in frames {
            all.extend_from_slice(frame.words.as_bytes());
            all.push(b'\n');
            all.extend_from_slice(&frame.raw);
        }
        all
    }

    /// How many bytes of that are a frame's.
    fn len(frame: &FrameTold) -> usize {
        frame.words.len() + 1 + frame.raw.len()
    }

    /// Where in it the selected frame ends: what is in it has been seen.
    pub(super) fn place(&self, frames: &[FrameTold]) -> usize {
        let before: usize = frames.iter().take(self.cursor + 1).map(Self::len).sum();
        before.saturating_sub(1)
    }

    /// Selects the frame that an offset of it lies in.
    pub(super) fn go(&mut self, at: usize, frames: &[FrameTold], area: Rect) {
        let mut end = 0;
        let found = frames.iter().position(|frame| {
            end += Self::len(frame);
            at < end
        });
        self.cursor = found.unwrap_or(self.cursor);
        self.settle(frames.len(), usize::from(area.height).saturating_sub(1).max(1));
    }

    pub(super) fn settle(&mut self, frames: usize, page: usize) {
        self.cursor = self.cursor.min(frames.saturating_sub(1));
        self.top = self.top.min(self.cursor);
        if self.cursor >= self.top + page {
            self.top = self.cursor + 1 - page;
        }
    }

    pub(super) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        frames: &[FrameTold],
        began: Timestamp,
        focused: bool,
    ) {
        let head = row(area, 0);
        let theme = canvas.theme;
        let wide = Wide::of(area.width);
        if frames.is_empty() {
            canvas.put(head.x, head.y, "no frames: no stream", head.width, theme.faint());
            return;
        }
        wide.draw_head(canvas, head);
        let times = Times::of(frames, began);
        for n in 1..area.height {
            let at = self.top + usize::from(n) - 1;
            let Some(frame) = frames.get(at) else { break };
            let before = at.checked_sub(1).and_then(|at| frames.get(at));
            let line = row(area, n);
            wide.draw(canvas, line, frame, before.map_or(began, |frame| frame.at), &times);
            if focused && at == self.cursor {
                canvas.tint(line, theme.selected());
            }
        }
    }
}

/// When it all began and ended, and the longest time without a frame.
pub(super) struct Times {
    began: Timestamp,
    total: u64,
    longest: u64,
}

impl Times {
    pub(super) fn of(frames: &[FrameTold], began: Timestamp) -> Self {
        let mut last = began;
        let mut longest = 0;
        for frame in frames {
            longest = longest.max(frame.at.micros_since(last));
            last = frame.at;
        }
        Self { began, total: last.micros_since(began), longest }
    }
}

/// Where a frame's cells stand.
pub(super) struct Wide {
    words: u16,
    bar: bool,
}

impl Wide {
    pub(super) fn of(width: u16) -> Self {
        let bar = width >= 50;
        let taken = NUMBER + TIMES + if bar { BAR + 2 } else { 0 };
        Self { words: width.saturating_sub(taken).max(4), bar }
    }

    pub(super) fn draw_head(&self, canvas: &mut Canvas<'_>, line: Rect) {
        let style = canvas.theme.faint();
        canvas.put(line.x, line.y, "FRAME ", line.width, style);
        let x = NUMBER + self.words;
        if x + TIMES <= line.width {
            canvas.put_right(line.x + x, line.y, " t+", 7, style);
            canvas.put_right(line.x + x + 7, line.y, " gap", 8, style);
        }
    }

    pub(super) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        line: Rect,
        frame: &FrameTold,
        before: Timestamp,
        times: &Times,
    ) {
        let theme = canvas.theme;
        let number = format!("f{}", frame.index + 1);
        canvas.put(line.x, line.y, &number, 5.min(line.width), theme.faint());
        let words = text::visible(&frame.words);
        let room = self.words.saturating_sub(1).min(line.width.saturating_sub(NUMBER));
        canvas.put(line.x + NUMBER, line.y, &words, room, theme.plain());
        let since = frame.at.micros_since(times.began);
        let gap = frame.at.micros_since(before);
        let mut x = NUMBER + self.words;
        if x + TIMES > line.width {
            return;
        }
        canvas.put_right(line.x + x, line.y, &text::duration(since), 7, theme.plain());
        let is_longest = gap == times.longest && gap > 0;
        let style = if is_longest { theme.waiting() } else { theme.faint() };
        x += 7;
        canvas.put_right(line.x + x, line.y, &format!("+{}", text::duration(gap)), 8, style);
        x += 8;
        if !self.bar || x + BAR + 2 > line.width {
            return;
        }
        // The bar spans the time since the frame before.
        let cell = |us: u64| us.saturating_mul(BAR.into()).checked_div(times.total).unwrap_or(0);
        let from = cell(before.micros_since(times.began)).min(u64::from(BAR) - 1);
        let to = cell(since).clamp(from + 1, BAR.into());
        let (full, left, right) =
            (canvas.glyph("█", "#"), canvas.glyph("▕", "|"), canvas.glyph("▏", "|"));
        let bar: String =
            (0..u64::from(BAR)).map(|at| if at >= from && at < to { full } else { " " }).collect();
        canvas.put(line.x + x, line.y, left, 1, theme.faint());
        canvas.put(line.x + x + 1, line.y, &bar, BAR, style);
        canvas.put(line.x + x + 1 + BAR, line.y, right, 1, theme.faint());
    }
}
