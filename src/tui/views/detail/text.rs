//! A body as text, however long: rows are found from where the window stands, forward and back, so
//! nothing is made of the rest. A line without an end is cut into rows of a fixed number of bytes.

use bytes::Bytes;
use ratatui::layout::Rect;

use crate::tui::{
    draw::{Canvas, row},
    keys::Action,
    text,
};

/// Bytes of a row that is not wrapped: a longer line goes on in the next row.
const ROW: usize = 4_096;

/// Columns that a step to the side moves.
const SIDE: usize = 8;

/// A text and the window on it.
#[derive(Clone, Debug, Default)]
pub(super) struct TextPane {
    pub(super) bytes: Bytes,
    /// Where the first visible row begins.
    pub(super) top: usize,
    side: usize,
    /// The hit that was gone to.
    pub(super) hit: Option<(usize, usize)>,
}

impl TextPane {
    pub(super) fn of(bytes: Bytes) -> Self {
        Self { bytes, ..Self::default() }
    }

    fn chunk(wrap: bool, width: u16) -> usize {
        if wrap { usize::from(width).max(8) } else { ROW }
    }

    pub(super) fn act(&mut self, action: Action, area: Rect, wrap: bool) -> bool {
        let rows = Rows { text: &self.bytes, chunk: Self::chunk(wrap, area.width) };
        let page = usize::from(area.height).max(1);
        let top = rows.begin(self.top);
        let by = |n: usize, back: bool| {
            (0..n).try_fold(top, |at, _| {
                let next = if back { rows.previous(at) } else { rows.next(at) };
                next.ok_or(at)
            })
        };
        let moved = match action {
            Action::Down => by(1, false),
            Action::Up => by(1, true),
            Action::HalfDown => by(page / 2, false),
            Action::HalfUp => by(page / 2, true),
            Action::PageDown => by(page, false),
            Action::PageUp => by(page, true),
            Action::First => Ok(0),
            Action::Last => Ok(usize::MAX),
            Action::Left => {
                self.side = self.side.saturating_sub(SIDE);
                return true;
            }
            Action::Right => {
                self.side = (self.side + SIDE).min(ROW);
                return true;
            }
            _ => return false,
        };
        let (Ok(to) | Err(to)) = moved;
        // The last row stays at the window's lower end.
        let last = (1..page).fold(rows.last(), |at, _| rows.previous(at).unwrap_or(at));
        self.top = to.min(last);
        true
    }

    /// Shows an offset.
    pub(super) fn go(&mut self, at: usize, len: usize, area: Rect, wrap: bool) {
        let rows = Rows { text: &self.bytes, chunk: Self::chunk(wrap, area.width) };
        let start = rows.begin(at);
        let above = usize::from(area.height / 3);
        self.top = (0..above).fold(start, |at, _| rows.previous(at).unwrap_or(at));
        self.hit = Some((at, len));
        if !wrap {
            let before = self.bytes.get(start..at).unwrap_or_default();
            let column = text::width(&text::visible(&String::from_utf8_lossy(before)));
            let wide = usize::from(area.width);
            let in_view = column >= self.side && column + len.min(wide / 2) <= self.side + wide;
            if !in_view {
                self.side = column.saturating_sub(wide / 3);
            }
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, wrap: bool) {
        let rows = Rows { text: &self.bytes, chunk: Self::chunk(wrap, area.width) };
        let theme = canvas.theme;
        if self.bytes.is_empty() {
            canvas.put(area.x, area.y, "(empty)", area.width, theme.faint());
        }
        let mut at = Some(rows.begin(self.top)).filter(|at| *at < self.bytes.len());
        for n in 0..area.height {
            let Some(start) = at else { break };
            let next = rows.next(start);
            let end = next.unwrap_or(self.bytes.len());
            let shown = self.bytes.get(start..end).unwrap_or_default();
            let shown = shown.strip_suffix(b"\n").unwrap_or(shown);
            let shown = shown.strip_suffix(b"\r").unwrap_or(shown);
            let line = row(area, n);
            let said = String::from_utf8_lossy(shown);
            let said = text::visible(&said);
            let side = if wrap { 0 } else { self.side };
            let said = text::skip(&said, side);
            let style = if self.hit.is_some_and(|(hit, _)| (start..end).contains(&hit)) {
                theme.hit()
            } else {
                theme.plain()
            };
            canvas.put(line.x, line.y, said, line.width, style);
            at = next.filter(|next| *next < self.bytes.len());
        }
    }
}

/// Rows of a text by their offsets.
struct Rows<'a> {
    text: &'a [u8],
    chunk: usize,
}

impl Rows<'_> {
    /// Where the line begins that an offset lies in.
    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or_default();
        memchr::memrchr(b'\n', before).map_or(0, |end| end + 1)
    }

    /// Row `n` of the line that begins here, at the edge of a character.
    fn edge(&self, line: usize, n: usize) -> usize {
        let mut at = (line + n * self.chunk).min(self.text.len());
        for _ in 0..3 {
            if at <= line || self.text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80) {
                break;
            }
            at -= 1;
        }
        at
    }

    /// The number of a byte's row in its line; an edge may lie a few bytes before its place. A line end
    /// just behind a full row belongs to it.
    fn number(&self, line: usize, at: usize) -> usize {
        let ends = at > line && self.text.get(at) == Some(&b'\n');
        let at = at - usize::from(ends);
        let n = (at - line) / self.chunk;
        if self.edge(line, n + 1) <= at { n + 1 } else { n }
    }

    /// Where the row begins that a byte lies in.
    fn begin(&self, at: usize) -> usize {
        let at = at.min(self.text.len().saturating_sub(1));
        let line = self.line(at);
        self.edge(line, self.number(line, at))
    }

    fn next(&self, at: usize) -> Option<usize> {
        let line = self.line(at);
        let next = self.edge(line, self.number(line, at) + 1);
        let row = self.text.get(at..next)?;
        if let Some(end) = memchr::memchr(b'\n', row) {
            return Some(at + end + 1).filter(|next| *next < self.text.len());
        }
        let next = if self.text.get(next) == Some(&b'\n') { next + 1 } else { next };
        (next < self.text.len() && next > at).then_some(next)
    }

    fn previous(&self, at: usize) -> Option<usize> {
        at.checked_sub(1).map(|before| self.begin(before))
    }

    fn last(&self) -> usize {
        self.begin(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forward(rows: &Rows<'_>) -> Vec<usize> {
        let mut all = vec![0];
        while let Some(next) = rows.next(*all.last().unwrap()) {
            all.push(next);
        }
        all
    }

    #[test]
    fn long_lines_are_cut_and_line_ends_belong_to_their_row() {
        let rows = Rows { text: b"0123456789ab\n\nx\n01234567\ny", chunk: 8 };
        assert_eq!(forward(&rows), [0, 8, 13, 14, 16, 25]);
    }

    proptest! {
        #[test]
        fn rows_are_the_same_forward_and_back(text in "[a\n日é😀]{0,80}", chunk in 8usize..20) {
            let rows = Rows { text: text.as_bytes(), chunk };
            let all = forward(&rows);
            prop_assert!(all.iter().all(|at| text.is_char_boundary(*at)));
            let mut back = vec![rows.last()];
            while let Some(before) = rows.previous(*back.last().unwrap()) {
                back.push(before);
            }
            back.reverse();
            prop_assert_eq!(&back, &all);
            for at in 0..text.len() {
                let begin = rows.begin(at);
                prop_assert!(all.contains(&begin) && begin <= at, "{} {}", at, begin);
            }
        }
    }
}
