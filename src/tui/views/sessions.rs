//! The sessions, one row each: where it stands, with whom, how much, how well (tui.md §2.1).

use ratatui::layout::Rect;

use super::{Flow, View, calls::Calls, list::List, welcome};
use crate::{
    protocol::State,
    tui::{
        app::{Data, Effect, Effects},
        draw::{Canvas, row},
        keys::Action,
        rows::{SessionId, SessionRow},
        text,
        theme::Theme,
    },
};

/// The list of sessions, newest first.
#[derive(Default)]
pub(crate) struct Sessions {
    list: List<SessionId>,
    shown: Vec<SessionId>,
}

impl View for Sessions {
    fn crumb(&self, _data: &Data) -> String {
        "sessions".to_owned()
    }

    fn session(&self) -> Option<SessionId> {
        self.list.selected
    }

    fn counters(&self, data: &Data) -> (String, String) {
        let exchanges: u64 = data.sessions.iter().map(|session| session.exchanges).sum();
        let errors: u64 = data.sessions.iter().map(|session| session.errors).sum();
        let left = format!("{} sessions · {exchanges} exchanges · {errors} err", self.shown.len());
        (left, format!("rec {}B", text::size(data.status.store_bytes)))
    }

    fn hints(&self) -> &'static [Action] {
        &[
            Action::Open,
            Action::Filter,
            Action::Search,
            Action::ReplaySession,
            Action::Export,
            Action::Delete,
            Action::Palette,
        ]
    }

    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        if self.list.act(
            action,
            &self.shown,
            usize::from(data.area.height.saturating_sub(1)),
            false,
        ) {
            return Flow::Stay;
        }
        match (action, self.list.selected) {
            (Action::Copy, None) if self.shown.is_empty() => {
                effects.push(Effect::Copy(welcome::snippet(&data.status)));
                data.say("copied");
                Flow::Stay
            }
            (Action::Open, Some(session)) => Flow::Open(Box::new(Calls::of(session, data))),
            _ => Flow::Pass,
        }
    }

    fn refresh(&mut self, data: &mut Data, _effects: &mut Effects) {
        let ids = data.sessions.iter().enumerate();
        let shown = ids.filter(|(_, session)| !session.deleted);
        self.shown =
            shown.filter_map(|(place, _)| u32::try_from(place).ok()).map(SessionId).collect();
        self.shown.reverse();
        self.list.settle(&self.shown, usize::from(data.area.height.saturating_sub(1)));
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        if self.shown.is_empty() {
            return welcome::draw(canvas, area, data);
        }
        let head = row(area, 0);
        let theme = canvas.theme;
        canvas.put(head.x, head.y, HEAD, head.width, theme.faint());
        let visible =
            self.shown.iter().skip(self.list.top).take(usize::from(area.height.saturating_sub(1)));
        for (n, id) in visible.enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(session) = data.session(*id) else { continue };
            draw_row(canvas, line, *id, session, data);
            if self.list.selected == Some(*id) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
    }
}

const HEAD: &str = "    # STATE        SERVER              PROTOCOL   EXCH ERR   P95 CLIENT";

fn draw_row(canvas: &mut Canvas<'_>, line: Rect, id: SessionId, session: &SessionRow, data: &Data) {
    let theme = canvas.theme;
    canvas.put_right(line.x + 1, line.y, &(id.0 + 1).to_string(), 4, theme.plain());
    let (glyph, word) = state(session.state, theme);
    canvas.put(line.x + 6, line.y, &format!("{glyph} {word}"), 12, theme.plain());
    canvas.put(line.x + 19, line.y, &session.server, 19, theme.plain());
    let revision = session.revision.as_deref().unwrap_or(canvas.glyph("–", "-"));
    canvas.put(line.x + 39, line.y, revision, 10, theme.plain());
    canvas.put_right(line.x + 49, line.y, &session.exchanges.to_string(), 6, theme.plain());
    let errors = if session.errors > 0 { theme.bad() } else { theme.plain() };
    canvas.put_right(line.x + 55, line.y, &session.errors.to_string(), 4, errors);
    let p95 = session.p95_us.map_or(String::new(), |us| text::duration(us.into()));
    canvas.put_right(line.x + 59, line.y, &p95, 6, theme.plain());
    let client = session.client.as_deref().unwrap_or_default();
    canvas.put(line.x + 66, line.y, client, line.width.saturating_sub(66), theme.plain());
    let _ = data;
}

/// A state's glyph and word.
pub(crate) fn state(state: State, theme: Theme) -> (&'static str, &'static str) {
    match state {
        State::Created => (theme.glyph("◔", "."), "created"),
        State::Connected => (theme.glyph("◐", "o"), "connected"),
        State::Initialized => (theme.glyph("●", "@"), "initialized"),
        State::Expired => (theme.glyph("○", "-"), "expired"),
        State::Closed => (theme.glyph("×", "x"), "closed"),
        State::Stateless => (theme.glyph("◌", "~"), "stateless"),
    }
}
