//! The calls of a session: request and answer on one row (tui.md §2.2).

use ratatui::layout::Rect;

use super::{Flow, View, list::List};
use crate::tui::{
    app::{Data, Effects},
    draw::{Canvas, row},
    keys::Action,
    rows::{Row, RowId, SessionId},
    theme::Theme,
};

/// The list of calls.
pub(crate) struct Calls {
    session: SessionId,
    list: List<RowId>,
}

impl Calls {
    pub(crate) fn of(session: SessionId, data: &Data) -> Self {
        let list = if data.status.live { List::following() } else { List::default() };
        Self { session, list }
    }
}

impl Calls {
    /// With one of them selected.
    pub(crate) fn at(session: SessionId, row: RowId, data: &Data) -> Self {
        let mut calls = Self { session, list: List::default() };
        calls.list.selected = Some(row);
        calls.list.settle(data.rows.of(session), data.area.height.into());
        calls
    }
}

impl View for Calls {
    fn crumb(&self, data: &Data) -> String {
        let server = data.session(self.session).map_or("", |session| &session.server);
        format!("#{} {server} {} calls", self.session.0 + 1, '›')
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn row(&self) -> Option<RowId> {
        self.list.selected
    }

    fn badge(&self, data: &Data, theme: Theme) -> Option<String> {
        let new = self.list.new_rows(data.rows.of(self.session).len());
        match (self.list.follow, new) {
            (true, _) => Some(theme.glyph("⇣follow", "follow").to_owned()),
            (false, 0) => None,
            (false, new) => Some(format!("+{new} new")),
        }
    }

    fn counters(&self, data: &Data) -> (String, String) {
        let all = data.rows.of(self.session).len();
        (format!("{all}/{all} · no filter"), String::new())
    }

    fn hints(&self) -> &'static [Action] {
        &[
            Action::Open,
            Action::Filter,
            Action::Search,
            Action::Copy,
            Action::Replay,
            Action::Follow,
        ]
    }

    fn act(&mut self, action: Action, data: &mut Data, _effects: &mut Effects) -> Flow {
        let ids = data.rows.of(self.session);
        if self.list.act(action, ids, data.area.height.into(), data.status.live) {
            return Flow::Stay;
        }
        Flow::Pass
    }

    fn refresh(&mut self, data: &mut Data, _effects: &mut Effects) {
        self.list.settle(data.rows.of(self.session), data.area.height.into());
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let ids = data.rows.of(self.session);
        for (n, id) in ids.iter().skip(self.list.top).take(area.height.into()).enumerate() {
            let line = row(area, u16::try_from(n).unwrap_or(u16::MAX));
            let Some(found) = data.row(*id) else { continue };
            draw_row(canvas, line, self.list.top + n + 1, found, data);
            if self.list.selected == Some(*id) {
                canvas.tint(line, canvas.theme.selected());
            }
        }
    }
}

fn draw_row(canvas: &mut Canvas<'_>, line: Rect, seq: usize, found: &Row, data: &Data) {
    let theme = canvas.theme;
    canvas.put_right(line.x + 1, line.y, &seq.to_string(), 5, theme.plain());
    let what = format!("{} {}", data.symbols.text(found.method), data.symbols.text(found.name));
    canvas.put(line.x + 16, line.y, &what, 28, theme.name());
}
