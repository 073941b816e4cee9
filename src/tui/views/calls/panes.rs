//! Where the list and the detail stand: beside each other where it is wide enough, else one below
//! the other; or the detail alone.

use ratatui::layout::Rect;

use crate::tui::draw::Canvas;

/// From this width on the detail stands beside the list (tui.md §1, Sizes).
const WIDE: u16 = 110;

/// Below this height there is no room for both.
const HIGH: u16 = 12;

/// How the screen is divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panes {
    /// The detail takes all of it.
    pub(super) zoomed: bool,
    /// Keys go to the detail.
    pub(super) in_detail: bool,
    /// The other division than the width asks for.
    pub(super) flipped: bool,
    /// The list's share, per cent.
    pub(super) share: u16,
    /// The line between is being dragged.
    pub(super) dragged: bool,
}

impl Default for Panes {
    fn default() -> Self {
        Self { zoomed: false, in_detail: false, flipped: false, share: 55, dragged: false }
    }
}

/// Where everything is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Places {
    pub(super) list: Rect,
    /// The line between, where they stand beside each other.
    pub(super) bar: Option<Rect>,
    pub(super) detail: Rect,
}

impl Panes {
    /// The detail has no room beside the list.
    pub(super) fn is_tight(area: Rect) -> bool {
        area.height < HIGH
    }

    pub(super) fn places(self, area: Rect, open: bool) -> Places {
        if !open {
            return Places { list: area, ..Places::default() };
        }
        if self.zoomed || (Self::is_tight(area) && self.in_detail) {
            return Places { list: Rect { height: 0, ..area }, bar: None, detail: area };
        }
        if Self::is_tight(area) {
            return Places { list: area, ..Places::default() };
        }
        let share = u32::from(self.share.clamp(20, 80));
        let part = |whole: u16| u16::try_from(u32::from(whole) * share / 100).unwrap_or(whole);
        if (area.width >= WIDE) != self.flipped && area.width >= 40 {
            let list = part(area.width);
            let bar = Rect { x: area.x + list, width: 1, ..area };
            let detail =
                Rect { x: area.x + list + 1, width: area.width.saturating_sub(list + 1), ..area };
            return Places { list: Rect { width: list, ..area }, bar: Some(bar), detail };
        }
        let list = part(area.height);
        let detail = Rect { y: area.y + list, height: area.height.saturating_sub(list), ..area };
        Places { list: Rect { height: list, ..area }, bar: None, detail }
    }

    /// The line between.
    pub(super) fn draw_bar(self, canvas: &mut Canvas<'_>, places: &Places) {
        let Some(bar) = places.bar else { return };
        let style = if self.in_detail { canvas.theme.heading() } else { canvas.theme.faint() };
        for y in bar.top()..bar.bottom() {
            canvas.put(bar.x, y, canvas.glyph("│", "|"), 1, style);
        }
    }

    /// The line was dragged to here.
    pub(super) fn drag(&mut self, area: Rect, column: u16, line: u16) {
        let beside = (area.width >= WIDE) != self.flipped;
        let (at, whole) = if beside {
            (column.saturating_sub(area.x), area.width)
        } else {
            (line.saturating_sub(area.y), area.height)
        };
        let share = u32::from(at) * 100 / u32::from(whole.max(1));
        self.share = u16::try_from(share).unwrap_or(50).clamp(20, 80);
    }
}
