//! A body byte by byte.

use bytes::Bytes;
use ratatui::layout::Rect;

use crate::tui::{
    draw::{Canvas, row},
    keys::Action,
};

/// A body and the window on it.
#[derive(Clone, Debug, Default)]
pub(super) struct HexPane {
    pub(super) bytes: Bytes,
    /// The first visible byte.
    top: usize,
    hit: Option<(usize, usize)>,
}

/// Bytes of a row: as many as there is room for.
fn per_row(width: u16) -> usize {
    if width >= 77 { 16 } else { 8 }
}

impl HexPane {
    pub(super) fn of(bytes: Bytes) -> Self {
        Self { bytes, ..Self::default() }
    }

    pub(super) fn act(&mut self, action: Action, area: Rect) -> bool {
        let wide = per_row(area.width);
        let page = usize::from(area.height).max(1) * wide;
        let last = (self.bytes.len().div_ceil(wide) * wide).saturating_sub(page);
        let top = self.top / wide * wide;
        self.top = match action {
            Action::Down => top.saturating_add(wide),
            Action::Up => top.saturating_sub(wide),
            Action::HalfDown => top.saturating_add(page / 2 / wide * wide),
            Action::HalfUp => top.saturating_sub(page / 2 / wide * wide),
            Action::PageDown => top.saturating_add(page),
            Action::PageUp => top.saturating_sub(page),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        }
        .min(last);
        true
    }

    pub(super) fn go(&mut self, at: usize, len: usize, area: Rect) {
        let wide = per_row(area.width);
        let above = usize::from(area.height / 3) * wide;
        self.top = (at / wide * wide).saturating_sub(above);
        self.hit = Some((at, len));
    }

    /// Where the next search goes on.
    pub(super) fn place(&self) -> usize {
        self.hit.map_or(self.top, |(at, _)| at)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let theme = canvas.theme;
        let wide = per_row(area.width);
        let rows = self.bytes.get(self.top / wide * wide..).unwrap_or_default().chunks(wide);
        if self.bytes.is_empty() {
            canvas.put(area.x, area.y, "(empty)", area.width, theme.faint());
        }
        for (n, bytes) in (0..area.height).zip(rows) {
            let line = row(area, n);
            let start = self.top / wide * wide + usize::from(n) * wide;
            canvas.put(line.x, line.y, &format!("{start:08x}"), line.width, theme.faint());
            for (at, byte) in bytes.iter().enumerate() {
                let x = 10 + at * 3 + usize::from(at >= 8);
                let Ok(x) = u16::try_from(x) else { break };
                if x + 2 > line.width {
                    break;
                }
                let is_hit = self
                    .hit
                    .is_some_and(|(hit, len)| (hit..hit + len.max(1)).contains(&(start + at)));
                let style = if is_hit { theme.hit() } else { theme.plain() };
                canvas.put(line.x + x, line.y, &format!("{byte:02x}"), 2, style);
            }
            let x = u16::try_from(10 + wide * 3 + 1 + usize::from(wide > 8)).unwrap_or(u16::MAX);
            let signs: String = bytes
                .iter()
                .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
                .collect();
            canvas.put(line.x + x, line.y, &signs, line.width.saturating_sub(x), theme.name());
        }
    }
}
