//! Puts text into cells: the one way to the buffer. Every row is exactly as wide as the screen.

use std::num::NonZeroU16;

use ratatui::{
    buffer::{Buffer, CellDiffOption, CellWidth as _},
    layout::Rect,
    style::Style,
};

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
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
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
        for (piece, wide) in text::pieces(shown) {
            if at + wide > x + columns {
                break;
            }
            let piece = if self.theme.ascii { in_ascii(piece) } else { piece };
            self.cell(at, y, piece, style);
            // The second half of a wide character is no cell of its own.
            if wide > 1 {
                self.cell(at + 1, y, " ", style);
                if let Some(cell) = self.buffer.cell_mut((at, y)) {
                    cell.set_symbol(piece);
                }
            }
            at += wide;
        }
        at - x
    }

    /// Sets a cell. Half of a wide character that it covers leaves a blank in the other half: a row
    /// would be a column too wide with it.
    fn cell(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        if x > self.buffer.area().left()
            && let Some(before) = self.buffer.cell_mut((x - 1, y))
            && before.cell_width() > 1
        {
            before.set_symbol(" ");
        }
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(style).set_diff_option(own_width(symbol));
        }
    }

    /// The same at the right end of `columns`.
    pub(crate) fn put_right(&mut self, x: u16, y: u16, shown: &str, columns: u16, style: Style) {
        let wide = u16::try_from(text::width(shown)).unwrap_or(columns).min(columns);
        self.put(x.saturating_add(columns - wide), y, shown, wide, style);
    }

    /// Blanks an area, styles too: what an overlay lies on.
    pub(crate) fn clear(&mut self, area: Rect) {
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.cell(x, y, " ", Style::reset());
            }
        }
    }

    /// A box of so many inner cells in the middle of an area, blanked; its inside.
    pub(crate) fn popup(&mut self, area: Rect, inner: (u16, u16), title: &str) -> Rect {
        let (outer, inner) = popup(area, inner);
        self.clear(outer);
        let style = self.theme.faint();
        let (left, right) = (outer.x, outer.right().saturating_sub(1));
        let line = "─".repeat(outer.width.saturating_sub(2).into());
        for (y, from, to) in [(outer.y, "┌", "┐"), (outer.bottom().saturating_sub(1), "└", "┘")]
        {
            self.put(left, y, from, 1, style);
            self.put(left + 1, y, &line, outer.width.saturating_sub(2), style);
            self.put(right, y, to, 1, style);
        }
        for y in outer.top() + 1..outer.bottom().saturating_sub(1) {
            self.put(left, y, "│", 1, style);
            self.put(right, y, "│", 1, style);
        }
        let title = format!(" {title} ");
        let room = outer.width.saturating_sub(4);
        self.put(left + 2, outer.y, &title, room, self.theme.heading());
        inner
    }

    /// Nothing stands in these cells.
    pub(crate) fn is_blank(&self, x: u16, y: u16, columns: u16) -> bool {
        (x..x.saturating_add(columns))
            .all(|x| self.buffer.cell((x, y)).is_none_or(|cell| cell.symbol() == " "))
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

/// A box with a border in the middle of an area, as large as there is room, and its inside.
pub(crate) fn popup(area: Rect, (wide, high): (u16, u16)) -> (Rect, Rect) {
    let width = wide.saturating_add(2).min(area.width);
    let height = high.saturating_add(2).min(area.height);
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    let inner = Rect {
        x: x + 1,
        y: y + 1,
        width: width.saturating_sub(2),
        height: height.saturating_sub(2),
    };
    (Rect { x, y, width, height }, inner)
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

/// ratatui-core 0.1.2 counts the halfwidth sound marks twice, now that unicode-width counts them too.
fn own_width(symbol: &str) -> CellDiffOption {
    match symbol {
        "\u{ff9e}" | "\u{ff9f}" => CellDiffOption::ForcedWidth(NonZeroU16::MIN),
        _ => CellDiffOption::None,
    }
}

/// A glyph of ours in ASCII, as wide as it is. Whoever asks for ASCII has a terminal or a font that
/// gives these a width of its own, in payload too.
fn in_ascii(piece: &str) -> &str {
    match piece {
        "…" | "◌" | "≋" => "~",
        "·" | "⋅" | "◔" => ".",
        "›" | "▸" | "▶" | "→" | "▌" | "⇒" => ">",
        "‹" | "◂" | "◀" | "←" => "<",
        "▾" | "⇣" | "↓" | "▼" => "v",
        "▴" | "↑" | "▲" => "^",
        "–" | "—" | "─" | "━" | "┄" | "┈" | "−" | "○" | "▃" | "▂" | "░" => {
            "-"
        }
        "═" | "≡" | "⇄" | "▅" | "▄" | "▒" => "=",
        "│" | "┃" | "┊" | "║" | "▏" | "▕" | "‖" => "|",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "╭" | "╮" | "╰" | "╯" | "╞" | "╡"
        | "✓" => "+",
        "●" => "@",
        "◐" => "o",
        "×" | "✗" => "x",
        "≠" | "⚠" => "!",
        "⤷" => "`",
        "⏎" => "$",
        "█" | "▇" | "▆" | "▓" => "#",
        "▁" => "_",
        "•" | "⠋" | "⠙" | "⠹" | "⠸" | "⠼" | "⠴" | "⠦" | "⠧" | "⠇" | "⠏" => {
            "*"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::backend::{Backend as _, CrosstermBackend};

    use super::*;
    use crate::tui::app::testing::widths;

    proptest! {
        #[test]
        fn any_text_at_any_place_leaves_every_row_as_wide_as_the_screen(
            puts in prop::collection::vec(
                (text::any_text(), 0u16..30, 0u16..4, 0u16..40, any::<bool>()), 0..12,
            ),
            ascii in any::<bool>(),
        ) {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 3));
            let theme = Theme { colour: true, ascii };
            let mut canvas = Canvas { buffer: &mut buffer, theme };
            for (shown, x, y, columns, right) in puts {
                if right {
                    canvas.put_right(x, y, &shown, columns, Style::new());
                } else {
                    let took = canvas.put(x, y, &shown, columns, Style::new());
                    prop_assert!(took <= columns);
                }
            }
            prop_assert_eq!(widths(&buffer), [24, 24, 24]);
            let symbols = buffer.content().iter().flat_map(|cell| cell.symbol().chars());
            prop_assert!(!symbols.into_iter().any(char::is_control));
        }
    }

    proptest! {
        /// The way to a terminal and a terminal's own counting: borders stand in one column.
        #[test]
        fn a_terminal_shows_what_is_behind_a_text_in_its_column(
            texts in prop::collection::vec(text::any_text(), 3),
        ) {
            let area = Rect::new(0, 0, 24, 3);
            let mut buffer = Buffer::empty(area);
            let theme = Theme { colour: true, ascii: false };
            let mut canvas = Canvas { buffer: &mut buffer, theme };
            for (y, shown) in (0..).zip(&texts) {
                // The one that vt100 does not draw, nor count.
                canvas.put(0, y, &shown.replace('\u{fffd}', "?"), 23, Style::new());
                canvas.put(23, y, "│", 1, Style::new());
            }
            let mut bytes = Vec::new();
            let drawn = CrosstermBackend::new(&mut bytes)
                .draw(Buffer::empty(area).diff_iter(&buffer));
            drawn.expect("a vector takes all");
            let size = |n| NonZeroU16::new(n).expect("not none");
            let mut terminal = vt100::Parser::new(size(3), size(24), 0);
            terminal.process(&bytes);
            for y in 0..3 {
                let last = terminal.screen().cell(y, 23).expect("within").contents();
                prop_assert_eq!(last, "│", "{}", terminal.screen().contents());
            }
        }
    }

    #[test]
    fn our_glyphs_have_their_like_in_ascii() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
        let mut canvas = Canvas { buffer: &mut buffer, theme: Theme { colour: true, ascii: true } };
        canvas.put(0, 0, "▌● a › b → c … │ ▁▂▅█", 24, Style::new());
        let drawn: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(drawn.trim_end(), ">@ a > b > c ~ | _-=#");
    }
}
