//! What a replay brought beside what was recorded: a verdict a step, below the differences of the
//! selected one, recorded and replayed, with the words that differ marked (tui.md §1, Diff).

use std::{collections::BTreeSet, sync::Arc};

use ratatui::{layout::Rect, style::Style};
use similar::{ChangeTag, TextDiff};

use super::{Flow, View, list::List};
use crate::{
    replay::compare::{Difference, Ruling},
    tui::{
        app::{Data, Effects},
        desk::{Ask, News, Replayed, Ticket, VerdictTold},
        draw::{Canvas, row},
        keys::Action,
        rows::SessionId,
        text,
        theme::Theme,
    },
};

/// The least width at which recorded and replayed stand side by side.
const WIDE: u16 = 110;

/// A value longer than this is compared by its beginning on the screen, in bytes; the verdict is of
/// the whole.
const SHOWN: usize = 4 << 10;

/// The view.
pub(crate) struct Replay {
    session: SessionId,
    title: String,
    ticket: Ticket,
    verdicts: Vec<Arc<VerdictTold>>,
    list: List<usize>,
    ids: Vec<usize>,
    ended: Option<Replayed>,
    failed: Option<String>,
    /// Paths that are looked over from now on, on this screen.
    ignored: BTreeSet<String>,
    /// The differences begin at this line.
    scrolled: usize,
    /// Side by side where there is room.
    beside: bool,
}

impl Replay {
    pub(crate) fn of(session: SessionId, title: String, ticket: Ticket) -> Self {
        Self {
            session,
            title,
            ticket,
            verdicts: Vec::new(),
            list: List::default(),
            ids: Vec::new(),
            ended: None,
            failed: None,
            ignored: BTreeSet::new(),
            scrolled: 0,
            beside: true,
        }
    }

    fn selected(&self) -> Option<&VerdictTold> {
        self.verdicts.get(self.list.selected?).map(AsRef::as_ref)
    }

    fn ruling(&self, verdict: &VerdictTold) -> Ruling {
        let settled = verdict.ruling == Ruling::Changed
            && verdict.differences.iter().all(|difference| self.ignored.contains(&difference.path));
        if settled { Ruling::Same } else { verdict.ruling }
    }

    fn count(&self, ruling: Ruling) -> usize {
        self.verdicts.iter().filter(|verdict| self.ruling(verdict) == ruling).count()
    }

    /// The next step that is not the same, around the end.
    fn next_other(&mut self, back: bool) -> bool {
        let at = self.list.selected.unwrap_or(0);
        let len = self.verdicts.len();
        let steps = (1..=len).map(|n| if back { (at + len * 2 - n) % len } else { (at + n) % len });
        let other = |place: &usize| {
            self.verdicts.get(*place).is_some_and(|verdict| self.ruling(verdict) != Ruling::Same)
        };
        let found = steps.into_iter().find(other);
        if let Some(place) = found {
            self.list.selected = Some(place);
            self.scrolled = 0;
        }
        found.is_some()
    }

    fn ignore(&mut self, data: &mut Data) {
        let open = self.selected().and_then(|verdict| {
            verdict.differences.iter().find(|difference| !self.ignored.contains(&difference.path))
        });
        match open.map(|difference| difference.path.clone()) {
            Some(path) => {
                let rule = if path.is_empty() { "the outcome".to_owned() } else { path.clone() };
                data.say(format!("{rule} is looked over here; for verify: --ignore '{path}'"));
                self.ignored.insert(path);
            }
            None => data.say("nothing more differs in this step"),
        }
    }
}

impl View for Replay {
    fn crumb(&self, data: &Data) -> String {
        super::crumb(self.session, &self.title, data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn badge(&self, _data: &Data, _theme: Theme) -> Option<String> {
        match (&self.failed, &self.ended) {
            (Some(_), _) => Some("failed".to_owned()),
            (None, None) => Some("running, Esc stops".to_owned()),
            (None, Some(ended)) => Some(format!("verify would exit {}", ended.exit)),
        }
    }

    fn counters(&self, _data: &Data) -> (String, String) {
        let words = [
            (Ruling::Same, "same"),
            (Ruling::Changed, "changed"),
            (Ruling::Missing, "missing"),
            (Ruling::Extra, "extra"),
            (Ruling::Skipped, "skipped"),
        ];
        let counts = words.map(|(ruling, word)| format!("{} {word}", self.count(ruling)));
        let built_in = self.ended.as_ref().map_or(0, |ended| ended.ignored_paths.len());
        let compared = self
            .ended
            .as_ref()
            .map_or(String::new(), |ended| format!("compared {} of {}", ended.compared, ended.of));
        let ignored = self.ignored.len() + built_in;
        (format!("{} · {ignored} ignored", counts.join(" · ")), compared)
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::NextHit, Action::Layout, Action::Ignore, Action::Copy]
    }

    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        let page = page(data.area);
        if self.list.act(action, &self.ids, page, false) {
            self.scrolled = 0;
            self.list.settle(&self.ids, page);
            return Flow::Stay;
        }
        match action {
            Action::NextHit | Action::PreviousHit | Action::NextProblem => {
                if !self.next_other(action == Action::PreviousHit) {
                    data.say("all steps are the same");
                }
                self.list.settle(&self.ids, page);
            }
            Action::Right | Action::Open => self.scrolled = self.scrolled.saturating_add(1),
            Action::Left => self.scrolled = self.scrolled.saturating_sub(1),
            Action::Layout => self.beside = !self.beside,
            Action::Ignore => self.ignore(data),
            Action::Copy => {
                let Some(verdict) = self.selected() else { return Flow::Stay };
                effects.copy(plain(verdict));
                data.say("copied");
            }
            Action::Escape if self.ended.is_none() && self.failed.is_none() => {
                effects.ask(Ask::Cancel(self.ticket));
                self.failed = Some("stopped".to_owned());
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn news(&mut self, news: &News, data: &mut Data, _effects: &mut Effects) {
        match news {
            News::Verdict(ticket, verdict) if *ticket == self.ticket => {
                self.ids.push(self.verdicts.len());
                self.verdicts.push(Arc::clone(verdict));
            }
            News::Replayed(ticket, ended) if *ticket == self.ticket => {
                self.ended = Some(ended.clone());
                self.list.selected = self.list.selected.or(Some(0));
                // What one wants to see first.
                if self.list.selected == Some(0)
                    && self.verdicts.first().is_some_and(|verdict| verdict.ruling == Ruling::Same)
                {
                    self.next_other(false);
                }
            }
            News::Failed(ticket, why) if *ticket == self.ticket => self.failed = Some(why.clone()),
            _ => return,
        }
        self.list.settle(&self.ids, page(data.area));
    }

    fn refresh(&mut self, data: &mut Data, _effects: &mut Effects) {
        self.list.settle(&self.ids, page(data.area));
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data) {
        if self.verdicts.is_empty() {
            let words = self.failed.as_deref().unwrap_or("sending");
            return super::say(canvas, area, words);
        }
        let theme = canvas.theme;
        canvas.put(area.x, area.y, HEAD, area.width, theme.faint());
        for (n, place) in self.ids.iter().skip(self.list.top).take(page(area)).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(verdict) = self.verdicts.get(*place) else { continue };
            self.verdict(canvas, line, *place, verdict);
            if self.list.selected == Some(*place) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
        if let Some(verdict) = self.selected() {
            self.differences(canvas, below(area), verdict);
        }
    }
}

const HEAD: &str = "    # METHOD / NAME              RECORDED        REPLAYED        VERDICT";

fn page(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1 + below(area).height))
}

fn below(area: Rect) -> Rect {
    let height = if area.height >= 12 { area.height / 2 } else { 0 };
    Rect { y: area.bottom() - height, height, ..area }
}

/// A verdict's sign, word and look.
fn sign(ruling: Ruling, theme: Theme) -> (&'static str, Style) {
    match ruling {
        Ruling::Same => ("=", theme.good()),
        Ruling::Changed => (theme.glyph("≠", "!"), theme.bad()),
        Ruling::Missing => (theme.glyph("−", "-"), theme.bad()),
        Ruling::Extra => ("+", theme.bad()),
        Ruling::Skipped => ("?", theme.waiting()),
    }
}

/// A verdict as text, for the clipboard.
fn plain(verdict: &VerdictTold) -> String {
    use std::fmt::Write as _;
    let VerdictTold { method, name, ruling, .. } = verdict;
    let mut text = format!("{} {method} {name}\n", ruling.as_str());
    for Difference { path, recorded, replayed, .. } in &verdict.differences {
        let shown = |value: &Option<String>| value.clone().unwrap_or_default();
        let _ = writeln!(text, "{path}\n- {}\n+ {}", shown(recorded), shown(replayed));
    }
    text
}

/// One part of a line: how much of it, and whether it differs.
type Part = (String, bool);

impl Replay {
    fn verdict(&self, canvas: &mut Canvas<'_>, line: Rect, place: usize, verdict: &VerdictTold) {
        let theme = canvas.theme;
        canvas.put_right(line.x + 1, line.y, &(place + 1).to_string(), 4, theme.plain());
        let what = format!("{} {}", verdict.method, verdict.name);
        canvas.put(line.x + 6, line.y, what.trim_end(), 26, theme.name());
        canvas.put(line.x + 33, line.y, &verdict.recorded, 15, theme.plain());
        canvas.put(line.x + 49, line.y, &verdict.replayed, 15, theme.plain());
        let ruling = self.ruling(verdict);
        let (sign, style) = sign(ruling, theme);
        let where_ = match (&verdict.reason, verdict.differences.first()) {
            (Some(reason), _) => reason.clone(),
            (None, Some(first)) if ruling == Ruling::Changed => first.path.clone(),
            _ => String::new(),
        };
        let said = format!("{sign} {} {where_}", ruling.as_str());
        canvas.put(line.x + 65, line.y, &said, line.width.saturating_sub(66), style);
    }

    fn differences(&self, canvas: &mut Canvas<'_>, area: Rect, verdict: &VerdictTold) {
        if area.height == 0 {
            return;
        }
        super::rule(canvas, area, &format!("{} {}", verdict.method, verdict.name));
        let inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let mut pen = Pen { canvas, area: inner, y: 0, skip: self.scrolled };
        if let Some(reason) = &verdict.reason {
            pen.line("", &[(reason.clone(), false)], |theme| theme.waiting());
        }
        for difference in &verdict.differences {
            let looked_over = self.ignored.contains(&difference.path);
            let mark = if looked_over { " (looked over)" } else { "" };
            let path = if difference.path.is_empty() { "outcome" } else { &difference.path };
            let heading = format!("{path}: {}{mark}", difference.kind.as_str());
            pen.line("", &[(heading, false)], |theme| theme.heading());
            let (old, new) = parts(difference);
            if self.beside && area.width >= WIDE {
                pen.beside(&old, &new);
            } else {
                pen.line("-", &old, |theme| theme.bad());
                pen.line("+", &new, |theme| theme.good());
            }
        }
    }
}

/// Both values, the words that differ marked; an absent one has no parts.
fn parts(difference: &Difference) -> (Vec<Part>, Vec<Part>) {
    let short = |value: &Option<String>| -> String {
        let value = value.as_deref().unwrap_or_default();
        let mut end = value.len().min(SHOWN);
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        text::visible(value.get(..end).unwrap_or_default()).into_owned()
    };
    let (old, new) = (short(&difference.recorded), short(&difference.replayed));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in TextDiff::from_unicode_words(old.as_str(), new.as_str()).iter_all_changes() {
        let word = change.value().to_owned();
        match change.tag() {
            ChangeTag::Equal => {
                left.push((word.clone(), false));
                right.push((word, false));
            }
            ChangeTag::Delete => left.push((word, true)),
            ChangeTag::Insert => right.push((word, true)),
        }
    }
    (left, right)
}

/// Writes lines into an area from its top, the first ones skipped.
struct Pen<'c, 'b> {
    canvas: &'c mut Canvas<'b>,
    area: Rect,
    y: u16,
    skip: usize,
}

impl Pen<'_, '_> {
    fn line(&mut self, sign: &str, parts: &[Part], style: impl Fn(Theme) -> Style) {
        if parts.is_empty() {
            return;
        }
        let style = style(self.canvas.theme);
        self.column(self.area.x + 1, self.area.width.saturating_sub(2), sign, parts, style);
    }

    fn beside(&mut self, old: &[Part], new: &[Part]) {
        let half = self.area.width / 2;
        let (theme, before, skip) = (self.canvas.theme, self.y, self.skip);
        self.column(self.area.x + 1, half.saturating_sub(2), "-", old, theme.bad());
        let (left, skipped) = (self.y, self.skip);
        (self.y, self.skip) = (before, skip);
        self.column(self.area.x + half, half.saturating_sub(1), "+", new, theme.good());
        (self.y, self.skip) = (self.y.max(left), self.skip.min(skipped));
    }

    /// Wraps the parts into a column.
    fn column(&mut self, x: u16, width: u16, sign: &str, parts: &[Part], style: Style) {
        use unicode_segmentation::UnicodeSegmentation as _;
        let theme = self.canvas.theme;
        let indent = if sign.is_empty() { 0 } else { 2 };
        let room = width.saturating_sub(indent).max(1);
        let mut at = 0;
        self.begin(x, sign, style);
        for (words, differs) in parts {
            let style = if *differs { style.patch(theme.selected()) } else { style };
            for grapheme in words.graphemes(true) {
                let wide = u16::try_from(text::width(grapheme)).unwrap_or(0);
                if at + wide > room {
                    self.end();
                    at = 0;
                    self.begin(x, "", style);
                }
                if self.skip == 0 && self.y < self.area.height {
                    self.canvas.put(x + indent + at, self.area.y + self.y, grapheme, wide, style);
                }
                at += wide;
            }
        }
        self.end();
    }

    fn begin(&mut self, x: u16, sign: &str, style: Style) {
        if self.skip == 0 && self.y < self.area.height && !sign.is_empty() {
            self.canvas.put(x, self.area.y + self.y, sign, 1, style);
        }
    }

    fn end(&mut self) {
        if self.skip > 0 {
            self.skip -= 1;
        } else {
            self.y = self.y.saturating_add(1).min(self.area.height);
        }
    }
}
