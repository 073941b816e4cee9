//! What a replay brought beside what was recorded, or one session beside another: a verdict a step,
//! and the differences of the selected one with the words that differ marked (tui.md §1, Diff; §6).
//!
//! The verdicts are [`Data`]'s, so that a view that was left finds them again; here is where one
//! looks. `draw` draws, `pen` writes the differences.

mod draw;
mod pen;
#[cfg(test)]
pub(super) mod tests;

use ratatui::layout::Rect;

pub(super) use self::draw::clock;
use super::{Flow, Sending, Told, View, ask, list::List, menu, prompt};
use crate::{
    replay::compare::{Difference, Ruling},
    tui::{
        app::{Data, Effects, Run},
        desk::{Ask, At, News, Pair, ReportForm, Ticket, VerdictTold},
        keys::Action,
        rows::{RowId, SessionId},
        text,
        theme::Theme,
    },
};

/// What can be written of it: the form, what it is for, its writer, and the file that is proposed.
const REPORTS: [(&str, &str, Option<ReportForm>, &str); 4] = [
    ("junit", "for CI: as `verify --junit`", Some(ReportForm::Junit), "replay.junit.xml"),
    ("json", "verdicts, one a line: as `verify --json`", Some(ReportForm::Json), "replay.jsonl"),
    ("markdown", "to read: as `verify --markdown`", Some(ReportForm::Markdown), "replay.md"),
    ("rules", "ignored paths, for `verify --rules`", None, "wiretape-rules.toml"),
];

/// The view.
pub(crate) struct Replay {
    session: SessionId,
    ticket: Ticket,
    begins: Option<Begins>,
    /// Nothing is sent: two recorded things are held against each other.
    is_diff: bool,
    list: List<usize>,
    ids: Vec<usize>,
    /// The difference of the selected step at which the pane begins.
    hunk: usize,
    /// So many lines of it are scrolled out.
    scrolled: usize,
    /// Recorded and replayed stand side by side where there is room.
    beside: bool,
    /// The first step that is not the same was gone to.
    arrived: bool,
    /// The form of a report, by its place, between its menu and its line.
    exporting: usize,
}

/// What is asked when the view is first shown.
pub(crate) enum Begins {
    /// A replay.
    Replay(Option<RowId>, Box<Sending>),
    /// Two calls.
    Calls(RowId, RowId),
    /// The session, and this one.
    Session(SessionId),
}

impl Replay {
    pub(crate) fn new(session: SessionId, begins: Begins, ticket: Ticket) -> Self {
        let is_diff = !matches!(begins, Begins::Replay(..));
        Self { begins: Some(begins), ..Self::again(session, ticket, is_diff) }
    }

    /// One that was begun before.
    pub(crate) fn again(session: SessionId, ticket: Ticket, is_diff: bool) -> Self {
        Self {
            session,
            ticket,
            begins: None,
            is_diff,
            list: List::default(),
            ids: Vec::new(),
            hunk: 0,
            scrolled: 0,
            beside: true,
            arrived: false,
            exporting: 0,
        }
    }

    fn run<'d>(&self, data: &'d Data) -> Option<&'d Run> {
        data.runs.get(self.ticket)
    }

    fn begin(&mut self, begins: Begins, data: &mut Data, effects: &mut Effects) {
        let at =
            |row: RowId| data.row(row).map(|row| At { exchange: row.exchange, number: row.number });
        let (ticket, session) = (self.ticket, self.session);
        let server =
            |id| data.session(id).map(|session| session.server.clone()).unwrap_or_default();
        let asked = match begins {
            Begins::Replay(row, sending) => {
                let Sending { to, allow_side_effects, given } = *sending;
                let shown = if to.is_empty() { server(session) } else { to.clone() };
                let edited = given.edited.is_some();
                let what = if edited { "edited # vs recorded" } else { "replay # vs recorded" };
                let wanted = row.is_some();
                let row = row.and_then(at);
                (wanted == row.is_some()).then(|| {
                    let ask = Ask::Replay { ticket, session, row, to, allow_side_effects, given };
                    (ask, what, shown)
                })
            }
            Begins::Calls(own, its) => {
                let seq = |id: RowId| {
                    let rows = data.rows.of(session);
                    rows.binary_search(&id).map_or_else(|_| String::new(), |n| (n + 1).to_string())
                };
                let shown = format!("{} and {}", seq(own), seq(its));
                at(own).zip(at(its)).map(|(own, its)| {
                    (Ask::Compare { ticket, what: Pair::Calls(own, its) }, "diff # of calls", shown)
                })
            }
            Begins::Session(other) => {
                let what = Pair::Sessions(session, other);
                let shown = format!("#{} {}", other.0 + 1, server(other));
                Some((Ask::Compare { ticket, what }, "diff # of sessions", shown))
            }
        };
        match asked {
            Some((ask, what, shown)) => {
                data.runs.begin(ticket, session, (what, shown), data.now);
                effects.ask(ask);
            }
            None => data.say("the row is not there any more"),
        }
    }

    fn selected<'d>(&self, data: &'d Data) -> Option<&'d VerdictTold> {
        self.run(data)?.verdicts.get(self.list.selected?).map(AsRef::as_ref)
    }

    fn settle(&mut self, data: &Data) {
        let many = self.run(data).map_or(0, |run| run.verdicts.len());
        if many < self.ids.len() {
            self.ids.clear();
        }
        self.ids.extend(self.ids.len()..many);
        self.list.settle(&self.ids, Self::page(data.area));
    }

    fn page(area: Rect) -> usize {
        usize::from(draw::Panes::of(area).list.height.saturating_sub(1))
    }

    /// The next difference, of this step or of the next one that is not the same, around the end.
    fn next_hunk(&mut self, back: bool, data: &Data) -> bool {
        let Some(run) = self.run(data) else { return false };
        let many = self.selected(data).map_or(0, |verdict| verdict.differences.len());
        self.scrolled = 0;
        if !back && self.hunk + 1 < many {
            self.hunk += 1;
            return true;
        }
        if back && self.hunk > 0 {
            self.hunk -= 1;
            return true;
        }
        let at = self.list.selected.unwrap_or(0);
        let len = run.verdicts.len();
        let steps = (1..=len).map(|n| if back { (at + len * 2 - n) % len } else { (at + n) % len });
        let other = |place: &usize| {
            run.verdicts.get(*place).is_some_and(|verdict| run.ruling(verdict) != Ruling::Same)
        };
        let Some(place) = steps.into_iter().find(other) else { return false };
        self.list.selected = Some(place);
        let many = self.selected(data).map_or(0, |verdict| verdict.differences.len());
        self.hunk = if back { many.saturating_sub(1) } else { 0 };
        true
    }

    /// Looks over the path of the difference at which the pane begins.
    fn ignore(&mut self, data: &mut Data) {
        let Some(verdict) = self.selected(data) else { return };
        let Some(found) = verdict.differences.get(self.hunk) else {
            return data.say("nothing differs in this step");
        };
        let path = found.path.clone();
        if path.is_empty() {
            return data.say("how a step comes out has no path: it cannot be ignored");
        }
        let Some(run) = data.runs.get_mut(self.ticket) else { return };
        if run.ignored.remove(&path) {
            return data.say(format!("{path} counts again"));
        }
        run.ignored.insert(path.clone());
        data.say(format!("{path} is looked over; e writes it as a rule, i takes it back"));
    }

    /// Looks over a path that was typed, or takes that back.
    fn ignore_path(&self, path: &str, data: &mut Data) {
        if let Err(why) = checked(path) {
            return data.say(why);
        }
        let Some(run) = data.runs.get_mut(self.ticket) else { return };
        let is_new = !run.ignored.remove(path);
        if is_new {
            run.ignored.insert(path.to_owned());
        }
        data.say(format!("{path} {}", if is_new { "is looked over" } else { "counts again" }));
    }

    fn accept(&mut self, data: &mut Data) -> Flow {
        let Some(run) = self.run(data) else { return Flow::Stay };
        let ended = run.ended.as_ref();
        let why = match ended {
            _ if self.is_diff => {
                "a diff has no answers to put in: replay a tape against its server first"
            }
            None => "wait for its end",
            Some(ended) if ended.exit == 130 => "it was stopped: what was not sent has no answer",
            Some(ended) if ended.baseline.is_none() => {
                "only a tape is a baseline: e in the list of sessions exports one, then open it"
            }
            Some(ended) if ended.acceptable == 0 => "there is no other answer to put in",
            Some(_) => "",
        };
        let Some((ended, tape)) = ended.and_then(|e| Some((e, e.baseline.as_ref()?))) else {
            data.say(why);
            return Flow::Stay;
        };
        if !why.is_empty() {
            data.say(why);
            return Flow::Stay;
        }
        let answers = match ended.acceptable {
            1 => "answer".to_owned(),
            many => text::count(many, "answer"),
        };
        let text = format!(
            "Put the server's {answers} of this replay into {tape}? The file is replaced; steps \
             without an answer stay as they are, and paths that are looked over here too are put in."
        );
        Flow::Over(ask(Action::Accept, "Accept as the baseline", &text))
    }

    /// In which form?
    fn export(&self, data: &mut Data) -> Flow {
        if self.run(data).is_none_or(Run::is_going) {
            data.say("wait for its end");
            return Flow::Stay;
        }
        let items = REPORTS.iter().map(|(name, about, ..)| format!("{name:<8} {about}"));
        Flow::Over(menu(Action::Export, "export as", items.collect(), 0))
    }

    /// Into which file?
    fn export_as(&mut self, place: usize, data: &mut Data) -> Flow {
        let Some((.., file)) = REPORTS.get(place) else { return Flow::Stay };
        let is_rules = REPORTS.get(place).is_some_and(|(_, _, form, _)| form.is_none());
        if is_rules && self.run(data).is_none_or(|run| run.ignored.is_empty()) {
            data.say("i ignores a path; then there are rules for `wiretape verify --rules`");
            return Flow::Stay;
        }
        self.exporting = place;
        Flow::Over(prompt(Action::Export, file))
    }

    fn write(&self, path: &str, data: &Data, effects: &mut Effects) {
        let Some((_, _, form, _)) = REPORTS.get(self.exporting) else { return };
        let Some(run) = self.run(data).filter(|_| !path.is_empty()) else { return };
        let (ticket, path) = (effects.ticket(), path.to_owned());
        effects.ask(match form {
            Some(form) => Ask::Report {
                ticket,
                run: self.ticket,
                ignored: run.ignored.iter().cloned().collect(),
                form: *form,
                path,
            },
            None => Ask::Save { ticket, path, text: rules(run) },
        });
    }

    fn is_at_first_other(&mut self, data: &Data) {
        let Some(run) = self.run(data).filter(|run| !run.is_going()) else { return };
        if self.arrived {
            return;
        }
        self.arrived = true;
        let first = run.verdicts.first();
        if self.list.selected.unwrap_or(0) == 0
            && first.is_some_and(|verdict| run.ruling(verdict) == Ruling::Same)
        {
            self.list.selected = Some(0);
            self.next_hunk(false, data);
        }
    }
}

impl View for Replay {
    fn crumb(&self, data: &Data) -> String {
        let title = self.run(data).map_or("replay", |run| &run.title);
        super::crumb(self.session, title, data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn has_export(&self) -> bool {
        true
    }

    fn badge(&self, data: &Data, theme: Theme) -> Option<String> {
        let run = self.run(data)?;
        let between = theme.glyph(" · ", " - ");
        let state = match (&run.failed, &run.ended) {
            (Some(_), _) => Some("failed"),
            (None, None) => Some("running, Esc stops"),
            (None, Some(ended)) if ended.exit == 130 => Some("stopped"),
            (None, Some(_)) => None,
        };
        let told = [state.map(str::to_owned), Some(clock(run.began)), Some(run.to.clone())];
        Some(told.into_iter().flatten().collect::<Vec<_>>().join(between))
    }

    fn counters(&self, data: &Data) -> (String, String) {
        let Some(run) = self.run(data) else { return Default::default() };
        let many = run.differences();
        let mut left = text::count(many, "difference");
        if let Some(ended) = &run.ended {
            let exit = run.exit().unwrap_or(ended.exit);
            let verb = if run.is_diff() { "diff" } else { "verify" };
            left = format!(
                "{left} · compared {} of {} · {verb} would exit {exit}",
                ended.compared, ended.of
            );
        }
        let hunks = self.selected(data).map_or(0, |verdict| verdict.differences.len());
        let right = match hunks {
            0 => String::new(),
            hunks => format!("hunk {}/{hunks}", self.hunk + 1),
        };
        (left, right)
    }

    fn hints(&self) -> &'static [Action] {
        if self.is_diff {
            return &[
                Action::NextHit,
                Action::Layout,
                Action::Ignore,
                Action::Copy,
                Action::Export,
            ];
        }
        &[
            Action::NextHit,
            Action::Layout,
            Action::Ignore,
            Action::Accept,
            Action::Copy,
            Action::Export,
        ]
    }

    fn hint_word(&self, action: Action) -> Option<&'static str> {
        (action == Action::NextHit).then_some("next diff")
    }

    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        let page = Self::page(data.area);
        if self.list.act(action, &self.ids, page, false) {
            (self.hunk, self.scrolled, self.arrived) = (0, 0, true);
            self.settle(data);
            return Flow::Stay;
        }
        let going = self.run(data).is_some_and(Run::is_going);
        match action {
            Action::NextHit | Action::PreviousHit | Action::NextProblem => {
                self.arrived = true;
                if !self.next_hunk(action == Action::PreviousHit, data) {
                    data.say("all steps are the same");
                }
                self.settle(data);
            }
            Action::Right | Action::Open => self.scrolled = self.scrolled.saturating_add(1),
            Action::Left => self.scrolled = self.scrolled.saturating_sub(1),
            Action::Layout => self.beside = !self.beside,
            Action::Ignore => self.ignore(data),
            Action::Accept => return self.accept(data),
            Action::Export => return self.export(data),
            Action::Copy => {
                let Some(verdict) = self.selected(data) else { return Flow::Stay };
                effects.copy(plain(verdict));
                data.say("copied");
            }
            Action::Escape | Action::Interrupt if going => effects.ask(Ask::Cancel(self.ticket)),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn told(&mut self, told: Told, data: &mut Data, effects: &mut Effects) -> Flow {
        match told {
            Told::Yes(Action::Accept) => {
                let ticket = effects.ticket();
                effects.ask(Ask::Accept { ticket, run: self.ticket });
            }
            Told::Chosen(Action::Export, place) => return self.export_as(place, data),
            Told::Entered(Action::Export, path) => self.write(path.trim(), data, effects),
            Told::Entered(Action::Ignore, path) => self.ignore_path(path.trim(), data),
            _ => {}
        }
        Flow::Stay
    }

    fn news(&mut self, _news: &News, _data: &mut Data, _effects: &mut Effects) {}

    fn refresh(&mut self, data: &mut Data, effects: &mut Effects) {
        if let Some(begins) = self.begins.take() {
            self.begin(begins, data, effects);
        }
        self.settle(data);
        self.is_at_first_other(data);
        self.settle(data);
    }

    fn draw(&self, canvas: &mut crate::tui::draw::Canvas<'_>, area: Rect, data: &Data) {
        self.draw_on(canvas, area, data);
    }
}

/// A path of RFC 6901 in which `*` is any step; what is wrong with it is said with its column.
fn checked(path: &str) -> Result<(), String> {
    const LIKE: &str = "like /result/content/*/text";
    if !path.starts_with('/') {
        return Err(format!("column 1: a path begins with `/`, {LIKE}"));
    }
    let wrong = path.match_indices('~').find(|(at, _)| {
        let rest = path.get(at + 1..).unwrap_or_default();
        !rest.starts_with(['0', '1'])
    });
    match wrong {
        None => Ok(()),
        Some((at, _)) => {
            let column = path.get(..at).unwrap_or_default().chars().count() + 1;
            Err(format!("column {column}: `~` is written `~0`, and `/` in a key `~1`"))
        }
    }
}

/// A verdict as text, for the clipboard.
fn plain(verdict: &VerdictTold) -> String {
    use std::fmt::Write as _;
    let VerdictTold { method, name, ruling, .. } = verdict;
    let mut text = format!("{} {method} {name}", ruling.as_str()).trim_end().to_owned() + "\n";
    if let Some(reason) = &verdict.reason {
        let _ = writeln!(text, "{reason}");
    }
    for Difference { path, recorded, replayed, .. } in &verdict.differences {
        let shown = |value: &Option<String>| value.clone().unwrap_or_default();
        let _ = writeln!(text, "{path}\n- {}\n+ {}", shown(recorded), shown(replayed));
    }
    text
}

/// The paths that are looked over as the file that `verify --rules` takes.
fn rules(run: &Run) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for path in &run.ignored {
        let _ = writeln!(
            text,
            "[[rule]]\npath = {}\ndo = \"ignore\"\n",
            toml::Value::from(path.as_str())
        );
    }
    text
}
