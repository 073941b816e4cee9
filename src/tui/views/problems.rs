//! What is wrong, one row each; below the selected one's evidence, remedy and source (tui.md §2.7).

use ratatui::{layout::Rect, style::Style};

use super::{Flow, View, list::List, teller::Teller};
use crate::{
    protocol::problems::{Problem, Severity},
    tui::{
        app::{Data, Effects},
        desk::News,
        draw::{Canvas, row},
        keys::Action,
        rows::SessionId,
        text,
        theme::Theme,
    },
};

/// Rows for evidence, remedy and source.
const DETAIL: u16 = 8;

/// The view.
pub(crate) struct Problems {
    teller: Teller,
    /// By place: problems are in the order of time, and those of a session only become more.
    list: List<usize>,
    ids: Vec<usize>,
}

impl Problems {
    pub(crate) fn of(session: SessionId) -> Self {
        Self { teller: Teller::of(session), list: List::default(), ids: Vec::new() }
    }

    fn all(&self) -> &[Problem] {
        self.teller.told.as_ref().map_or(&[], |told| &told.problems)
    }

    fn selected(&self) -> Option<&Problem> {
        self.all().get(self.list.selected?)
    }

    fn count(&self, severity: Severity) -> usize {
        self.all().iter().filter(|problem| problem.severity == severity).count()
    }
}

impl View for Problems {
    fn crumb(&self, data: &Data) -> String {
        super::crumb(self.teller.session, "problems", data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.teller.session)
    }

    fn badge(&self, data: &Data, _theme: Theme) -> Option<String> {
        self.teller.is_behind(data).then(|| "more to come".to_owned())
    }

    fn counters(&self, _data: &Data) -> (String, String) {
        if self.teller.told.is_none() {
            return ("not read yet".to_owned(), String::new());
        }
        let [errors, warnings, infos] =
            [Severity::Error, Severity::Warning, Severity::Info].map(|of| self.count(of));
        let (errors, warnings) = (text::count(errors, "error"), text::count(warnings, "warning"));
        let left = format!("{errors} · {warnings} · {infos} worth knowing");
        let at = self.list.place(&self.ids).map_or(0, |place| place + 1);
        (left, format!("{at} of {}", self.ids.len()))
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Open, Action::NextProblem, Action::Copy]
    }

    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        let page = page(data.area);
        let action = if action == Action::NextProblem { Action::Down } else { action };
        if self.list.act(action, &self.ids, page, false) {
            self.list.settle(&self.ids, page);
            return Flow::Stay;
        }
        let Some(problem) = self.selected() else { return Flow::Pass };
        match action {
            Action::Open => {
                let Some(exchange) = problem.exchange else {
                    data.say("it is the session as a whole");
                    return Flow::Stay;
                };
                let number = number(problem);
                Flow::Call(self.teller.session, exchange, number)
            }
            Action::Copy => {
                let Problem { rule, text, evidence, remedy, source, .. } = problem;
                let copied = format!(
                    "{rule}: {text}\nevidence: {evidence}\nremedy: {remedy}\nsource: {source}\n"
                );
                effects.copy(copied);
                data.say("copied");
                Flow::Stay
            }
            _ => Flow::Pass,
        }
    }

    fn news(&mut self, news: &News, data: &mut Data, _effects: &mut Effects) {
        if self.teller.news(news) {
            self.ids = (0..self.all().len()).collect();
            self.list.settle(&self.ids, page(data.area));
        }
    }

    fn refresh(&mut self, data: &mut Data, effects: &mut Effects) {
        self.teller.refresh(data, effects);
        self.list.settle(&self.ids, page(data.area));
    }

    fn ticks(&self, data: &Data) -> bool {
        self.teller.is_behind(data)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data) {
        if self.teller.told.is_none() {
            return super::say(canvas, area, &self.teller.instead());
        }
        if self.ids.is_empty() {
            return super::say(canvas, area, "no problem was found in this session");
        }
        let theme = canvas.theme;
        canvas.put(
            area.x,
            area.y,
            "  SEVERITY RULE                      WHAT",
            area.width,
            theme.faint(),
        );
        for (n, place) in self.ids.iter().skip(self.list.top).take(page(area)).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(problem) = self.all().get(*place) else { continue };
            let (word, style) = severity(problem.severity, theme);
            canvas.put(line.x + 2, line.y, word, 8, style);
            canvas.put(line.x + 11, line.y, &text::visible(&problem.rule), 25, theme.name());
            let what = text::visible(&problem.text);
            canvas.put(line.x + 37, line.y, &what, line.width.saturating_sub(38), theme.plain());
            if self.list.selected == Some(*place) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
        if let Some(problem) = self.selected() {
            detail(canvas, below(area), problem);
        }
    }
}

/// The message's number within its exchange.
fn number(problem: &Problem) -> u32 {
    let id = problem.message.as_deref().and_then(|id| id.rsplit_once('.'));
    id.and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}

/// How many problems are seen at once.
fn page(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1 + below(area).height))
}

/// Where the selected one is told; nowhere on a small screen.
fn below(area: Rect) -> Rect {
    let height = if area.height >= DETAIL * 2 { DETAIL } else { 0 };
    Rect { y: area.bottom() - height, height, ..area }
}

fn severity(severity: Severity, theme: Theme) -> (&'static str, Style) {
    match severity {
        Severity::Error => ("error", theme.bad()),
        Severity::Warning => ("warning", theme.waiting()),
        Severity::Info => ("info", theme.plain()),
    }
}

fn detail(canvas: &mut Canvas<'_>, area: Rect, problem: &Problem) {
    let theme = canvas.theme;
    if area.height == 0 {
        return;
    }
    super::rule(canvas, area, &problem.rule);
    let parts = [
        ("what", &problem.text),
        ("evidence", &problem.evidence),
        ("remedy", &problem.remedy),
        ("source", &problem.source),
    ];
    let mut y = 1;
    for (word, told) in parts {
        let room = usize::from(area.width.saturating_sub(12));
        for (n, part) in text::wrap(&text::visible(told), room).into_iter().enumerate() {
            if y >= area.height {
                return;
            }
            if n == 0 {
                canvas.put(area.x + 1, area.y + y, word, 9, theme.faint());
            }
            canvas.put(
                area.x + 11,
                area.y + y,
                &part,
                area.width.saturating_sub(12),
                theme.plain(),
            );
            y += 1;
        }
    }
}
