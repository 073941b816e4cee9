//! The mouse: rows, heads, the line between list and detail.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{
    super::{Flow, list::Shown},
    Calls,
    columns::{self, Cell},
    listed,
    order::By,
};
use crate::tui::{
    app::{Data, Effects},
    keys::Action,
};

/// Rows a turn of the wheel moves.
const WHEEL: isize = 3;

impl Calls {
    pub(super) fn take_mouse(
        &mut self,
        mouse: MouseEvent,
        area: Rect,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Flow {
        let places = self.panes.places(area, self.detail.is_some());
        let at = Position::new(mouse.column, mouse.row);
        let all = data.rows.of(self.session).len();
        let below = places.bar.is_none() && self.detail.is_some() && !self.panes.zoomed;
        let on_bar = places.bar.is_some_and(|bar| bar.contains(at))
            || (below && mouse.row == places.detail.y && mouse.column < 2);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) if on_bar => self.panes.dragged = true,
            MouseEventKind::Drag(MouseButton::Left) if self.panes.dragged => {
                self.panes.drag(area, mouse.column, mouse.row);
            }
            MouseEventKind::Up(_) => self.panes.dragged = false,
            _ if places.detail.contains(at) => {
                let Some(detail) = &mut self.detail else { return Flow::Stay };
                if matches!(mouse.kind, MouseEventKind::Down(_)) {
                    self.panes.in_detail = true;
                }
                detail.mouse(mouse, data, effects);
            }
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let by = if mouse.kind == MouseEventKind::ScrollDown { WHEEL } else { -WHEEL };
                let page = self.page(data);
                let shown = listed(self.session, &self.filter, &self.order, data);
                self.list.scroll(by, &shown, page, all);
            }
            MouseEventKind::Down(MouseButton::Left) if places.list.contains(at) => {
                self.panes.in_detail = false;
                let line = mouse.row - places.list.y;
                if line == 0 {
                    self.click_head(mouse.column - places.list.x, places.list.width, data, effects);
                    return Flow::Stay;
                }
                let place = self.list.top + usize::from(line) - 1;
                let shown = listed(self.session, &self.filter, &self.order, data);
                let Some(id) = shown.at(place) else { return Flow::Stay };
                if self.list.selected == Some(id) {
                    // The second click on a row opens it.
                    return self.take(Action::Open, data, effects);
                }
                self.list.select_in(place, &shown);
                self.list.stop_following(all);
            }
            _ => {}
        }
        Flow::Stay
    }

    fn click_head(&mut self, x: u16, width: u16, data: &mut Data, effects: &mut Effects) {
        let all = data.rows.of(self.session).len();
        let placed = columns::columns(width, all, &self.hidden, self.time);
        let column = placed.iter().rev().find(|column| column.x <= x);
        let by = match column.map(|column| column.what) {
            Some(Cell::Seq | Cell::Time) => By::Seq,
            Some(Cell::What) => By::What,
            Some(Cell::Id) => By::Id,
            Some(Cell::Status) => By::Status,
            Some(Cell::Latency) => By::Latency,
            Some(Cell::Frames) => By::Frames,
            Some(Cell::Size) => By::Size,
            _ => return,
        };
        self.sort_by(by, data, effects);
    }
}
