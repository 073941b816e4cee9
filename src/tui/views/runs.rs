//! Replays and diffs that were done since the program began: `8`.

use ratatui::layout::Rect;

use super::{Flow, View, list::List, replayed::Replay};
use crate::tui::{
    app::{Data, Effects, Run},
    desk::Ticket,
    draw::{Canvas, row},
    keys::Action,
    rows::SessionId,
};

/// The view.
#[derive(Default)]
pub(crate) struct RunsView {
    /// The session whose views the digits lead to where no run is selected.
    session: Option<SessionId>,
    list: List<Ticket>,
    ids: Vec<Ticket>,
    /// The session of the selected run.
    own: Option<SessionId>,
}

impl RunsView {
    pub(crate) fn of(session: Option<SessionId>) -> Self {
        Self { session, ..Self::default() }
    }
}

impl View for RunsView {
    fn crumb(&self, _data: &Data) -> String {
        "replays and diffs".to_owned()
    }

    fn session(&self) -> Option<SessionId> {
        self.own.or(self.session)
    }

    fn counters(&self, data: &Data) -> (String, String) {
        let going = data.runs.all().filter(|run| run.is_going()).count();
        let going = if going > 0 { format!(" · {going} running") } else { String::new() };
        (format!("replays and diffs: {}{going}", self.ids.len()), String::new())
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Open, Action::ReplaySession]
    }

    fn act(&mut self, action: Action, data: &mut Data, _effects: &mut Effects) -> Flow {
        if self.list.act(action, &self.ids, page(data.area), false) {
            self.settle(data);
            return Flow::Stay;
        }
        let run = self.list.selected.and_then(|ticket| data.runs.get(ticket));
        match (action, run) {
            (Action::Open, Some(run)) => {
                Flow::Open(Box::new(Replay::again(run.session, run.ticket, run.is_diff())))
            }
            _ => Flow::Pass,
        }
    }

    fn refresh(&mut self, data: &mut Data, _effects: &mut Effects) {
        self.settle(data);
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        if self.ids.is_empty() {
            let words = "nothing was replayed or compared yet: r replays a call, R a session, d \
                         holds a call against a marked one";
            return super::say(canvas, area, words);
        }
        canvas.put(area.x, area.y, HEAD, area.width, canvas.theme.faint());
        for (n, ticket) in self.ids.iter().skip(self.list.top).take(page(area)).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(run) = data.runs.get(*ticket) else { continue };
            draw_row(canvas, line, run);
            if self.list.selected == Some(*ticket) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, canvas.theme.heading());
                canvas.tint(line, canvas.theme.selected());
            }
        }
    }
}

const HEAD: &str = "  TIME      WHAT                    SAME  CHG MISS EXTR SKIP  TO";

fn page(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1))
}

impl RunsView {
    fn settle(&mut self, data: &Data) {
        self.ids = data.runs.all().map(|run| run.ticket).collect();
        if self.list.selected.is_some_and(|ticket| !self.ids.contains(&ticket)) {
            self.list.selected = None;
        }
        self.list.settle(&self.ids, page(data.area));
        let run = self.list.selected.and_then(|ticket| data.runs.get(ticket));
        self.own = run.map(|run| run.session);
    }
}

fn draw_row(canvas: &mut Canvas<'_>, line: Rect, run: &Run) {
    let theme = canvas.theme;
    canvas.put(line.x + 2, line.y, &super::replayed::clock(run.began), 8, theme.plain());
    canvas.put(line.x + 12, line.y, &run.title, 22, theme.name());
    let mut x = line.x + 34;
    for (place, count) in run.counts().into_iter().enumerate() {
        let style = if place > 0 && count > 0 { theme.bad() } else { theme.plain() };
        canvas.put_right(x, line.y, &count.to_string(), 4, style);
        x += 5;
    }
    let how = match (&run.failed, run.is_going()) {
        (Some(why), _) => why.clone(),
        (None, true) => "running".to_owned(),
        (None, false) => format!("#{} {}", run.session.0 + 1, run.to),
    };
    canvas.put(x + 1, line.y, &how, (line.right()).saturating_sub(x + 2), theme.plain());
}
