//! Puts text into cells: the one way to the buffer. Every row is exactly as wide as the screen.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{text, theme::Theme};

/// What views draw on.
pub(crate) struct Canvas<'a> {
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) theme: Theme,
}

impl Canvas<'_> {
    /// Writes a text that is visible already into at most `columns` cells; returns how many it took.
    /// What does not fit is cut, the cut marked.
    pub(crate) fn put(&mut self, x: u16, y: u16, shown: &str, columns: u16, style: Style) -> u16 {
        let area = *self.buffer.area();
        if y < area.top() || y >= area.bottom() || x >= area.right() {
            return 0;
        }
        let columns = columns.min(area.right() - x);
        let mark = self.theme.glyph("…", "~");
        let cut;
        let shown = if text::width(shown) > usize::from(columns) {
            cut = text::cut(shown, usize::from(columns), mark);
            &cut
        } else {
            shown
        };
        let mut at = x;
        for grapheme in shown.graphemes(true) {
            let wide = u16::try_from(grapheme.width()).unwrap_or(0);
            if wide == 0 {
                continue;
            }
            if at + wide > x + columns {
                break;
            }
            if let Some(cell) = self.buffer.cell_mut((at, y)) {
                cell.set_symbol(grapheme).set_style(style);
            }
            // The second half of a wide grapheme is no cell of its own.
            for behind in at + 1..at + wide {
                if let Some(cell) = self.buffer.cell_mut((behind, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
            at += wide;
        }
        at - x
    }

    /// The same at the right end of `columns`.
    pub(crate) fn put_right(&mut self, x: u16, y: u16, shown: &str, columns: u16, style: Style) {
        let wide = u16::try_from(text::width(shown)).unwrap_or(columns).min(columns);
        self.put(x + columns - wide, y, shown, wide, style);
    }

    /// Lays a style over a row.
    pub(crate) fn tint(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }

    /// The mark of truncation and its like.
    pub(crate) fn glyph(&self, full: &'static str, ascii: &'static str) -> &'static str {
        self.theme.glyph(full, ascii)
    }
}

/// Row `n` of an area.
pub(crate) fn row(area: Rect, n: u16) -> Rect {
    Rect {
        x: area.x,
        y: area.y + n.min(area.height),
        width: area.width,
        height: u16::from(n < area.height),
    }
}
