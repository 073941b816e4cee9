//! The verdicts and the differences of the selected one: one below the other, or, where there is
//! room, one beside the other.

use ratatui::{layout::Rect, style::Style};

use super::{
    Replay,
    pen::{Pen, parts},
};
use crate::{
    capture::Timestamp,
    replay::compare::Ruling,
    tui::{
        app::{Data, RULINGS, Run},
        desk::VerdictTold,
        draw::{Canvas, row},
        text,
        theme::Theme,
    },
};

/// The least width at which the differences stand beside the list.
const WIDE: u16 = 110;

/// The width of the list where they do.
const LIST: u16 = 67;

/// The time of day, UTC: `14:02:11`.
pub(in crate::tui::views) fn clock(at: Timestamp) -> String {
    let at = at.to_datetime();
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// What stands where.
pub(super) struct Panes {
    counts: Rect,
    pub(super) list: Rect,
    below: Rect,
    wide: bool,
}

impl Panes {
    pub(super) fn of(area: Rect) -> Self {
        let counts = row(area, 0);
        let rest = Rect { y: area.y + counts.height, height: area.height - counts.height, ..area };
        if area.width >= WIDE {
            let below = Rect { x: rest.x + LIST + 1, width: rest.width - LIST - 1, ..rest };
            return Self { counts, list: Rect { width: LIST, ..rest }, below, wide: true };
        }
        let height = if rest.height >= 10 { rest.height / 2 } else { 0 };
        let below = Rect { y: rest.bottom() - height, height, ..rest };
        Self { counts, list: Rect { height: rest.height - height, ..rest }, below, wide: false }
    }
}

/// Columns of the list: the step's name, recorded, replayed.
fn columns(wide: bool) -> [u16; 3] {
    if wide { [20, 12, 12] } else { [26, 15, 15] }
}

impl Replay {
    pub(super) fn draw_on(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let Some(run) = self.run(data) else {
            return super::super::say(canvas, area, "it is not held any more: replay it again");
        };
        if run.verdicts.is_empty() {
            let words = match (&run.failed, &run.ended) {
                (Some(why), _) => format!("{why}\n\nR replays the session · q goes back"),
                (None, None) => "waiting for the first answer · Esc stops it".to_owned(),
                (None, Some(_)) => "there was nothing to compare · q goes back".to_owned(),
            };
            return super::super::say(canvas, area, &words);
        }
        let panes = Panes::of(area);
        counts(canvas, panes.counts, run);
        self.list(canvas, &panes, run);
        if let Some(verdict) = self.selected(data) {
            if panes.wide {
                let bar = canvas.glyph("│", "|");
                for y in panes.list.top()..panes.list.bottom() {
                    canvas.put(panes.list.right(), y, bar, 1, canvas.theme.faint());
                }
            }
            self.differences(canvas, &panes, run, verdict);
        }
    }

    fn list(&self, canvas: &mut Canvas<'_>, panes: &Panes, run: &Run) {
        let (area, theme) = (panes.list, canvas.theme);
        let [name, recorded, replayed] = columns(panes.wide);
        let mut x = area.x + 3;
        for (word, width) in [
            ("SEQ METHOD / NAME", name + 5),
            (if run.is_diff() { "THE ONE" } else { "RECORDED" }, recorded + 1),
            (if run.is_diff() { "THE OTHER" } else { "REPLAYED" }, replayed + 1),
        ] {
            canvas.put(x, area.y, word, width, theme.faint());
            x += width;
        }
        canvas.put(x, area.y, "VERDICT", area.right().saturating_sub(x), theme.faint());
        let page = usize::from(area.height.saturating_sub(1));
        for (n, place) in self.ids.iter().skip(self.list.top).take(page).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(verdict) = run.verdicts.get(*place) else { continue };
            draw_row(canvas, line, (*place, panes.wide), run, verdict);
            if self.list.selected == Some(*place) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
    }

    fn differences(
        &self,
        canvas: &mut Canvas<'_>,
        panes: &Panes,
        run: &Run,
        verdict: &VerdictTold,
    ) {
        let area = panes.below;
        if area.height == 0 {
            return;
        }
        let what = format!("{} {}", verdict.method, verdict.name);
        super::super::rule(canvas, area, what.trim_end());
        let theme = canvas.theme;
        let mut all: Vec<String> = run.ignored.iter().cloned().collect();
        all.extend(run.ended.iter().flat_map(|ended| ended.ignored_paths.iter().cloned()));
        if !all.is_empty() {
            let told = format!(" ignored: {} ", all.join(", "));
            let room =
                area.width.saturating_sub(u16::try_from(text::width(&what)).unwrap_or(0) + 8);
            let told = text::cut(&text::visible(&told), room.into(), canvas.glyph("…", "~"));
            canvas.put_right(area.x, area.y, &told, area.width - 1, theme.faint());
        }
        let inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let mut pen = Pen { canvas, area: inner, y: 0, skip: self.scrolled };
        let notes = run.ended.iter().flat_map(|ended| &ended.notes);
        for reason in verdict.reason.iter().chain(notes) {
            pen.line("", &[(reason.clone(), false)], Theme::waiting);
        }
        if verdict.differences.is_empty() && verdict.ruling == Ruling::Same {
            pen.line("", &[("the same".to_owned(), false)], Theme::good);
        }
        for difference in verdict.differences.iter().skip(self.hunk) {
            let looked_over = run.looks_over(&difference.path);
            let mark = if looked_over { " (looked over)" } else { "" };
            let path = if difference.path.is_empty() { "outcome" } else { &difference.path };
            let heading = format!("{path}: {}{mark}", difference.kind.as_str());
            pen.line("", &[(heading, false)], Theme::heading);
            let (old, new) = parts(difference);
            if self.beside && panes.wide {
                pen.beside(&old, &new);
            } else {
                pen.line("-", &old, Theme::bad);
                pen.line("+", &new, Theme::good);
            }
        }
        if let Some(answer) = &verdict.answer {
            pen.line("", &[("the answer".to_owned(), false)], Theme::heading);
            for line in answer.lines() {
                pen.line("", &[(line.to_owned(), false)], Theme::plain);
            }
        }
    }
}

/// `12 same · 3 changed · 1 missing · 0 extra · 2 skipped · 2 ignored          p95 240→251ms`
fn counts(canvas: &mut Canvas<'_>, line: Rect, run: &Run) {
    let theme = canvas.theme;
    let told = RULINGS.iter().zip(run.counts());
    let mut told: Vec<String> =
        told.map(|(ruling, count)| format!("{count} {}", ruling.as_str())).collect();
    let built_in = run.ended.as_ref().map_or(0, |ended| ended.ignored_paths.len());
    told.push(format!("{} ignored", run.ignored.len() + built_in));
    let told = told.join(canvas.glyph(" · ", " - "));
    let arrow = canvas.glyph("→", ">");
    let p95 = run.p95().map(|(own, its)| {
        format!("p95 {}{arrow}{}", text::duration(own.into()), text::duration(its.into()))
    });
    let used = canvas.put(line.x + 1, line.y, &told, line.width.saturating_sub(1), theme.plain());
    let p95 = p95.unwrap_or_default();
    let room = line.width.saturating_sub(used + 3);
    if text::width(&p95) <= usize::from(room) {
        canvas.put_right(line.x, line.y, &p95, line.width - 1, theme.faint());
    }
}

/// A verdict's sign and look.
fn sign(ruling: Ruling, theme: Theme) -> (&'static str, Style) {
    match ruling {
        Ruling::Same => ("=", theme.good()),
        Ruling::Changed => (theme.glyph("≠", "!"), theme.bad()),
        Ruling::Missing => (theme.glyph("−", "-"), theme.bad()),
        Ruling::Extra => ("+", theme.bad()),
        Ruling::Skipped => ("?", theme.waiting()),
    }
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    line: Rect,
    (place, wide): (usize, bool),
    run: &Run,
    verdict: &VerdictTold,
) {
    let theme = canvas.theme;
    let [name, recorded, replayed] = columns(wide);
    canvas.put_right(line.x + 1, line.y, &(place + 1).to_string(), 5, theme.plain());
    let what = format!("{} {}", verdict.method, verdict.name);
    let what = text::cut_middle(what.trim_end(), name.into(), canvas.glyph("…", "~"));
    let mut x = line.x + 7;
    canvas.put(x, line.y, &what, name, theme.name());
    x += name + 1;
    let none = canvas.glyph("–", "-");
    let shown = |told: &str| if told.is_empty() { none.to_owned() } else { told.to_owned() };
    canvas.put(x, line.y, &shown(&verdict.recorded), recorded, theme.plain());
    x += recorded + 1;
    canvas.put(x, line.y, &shown(&verdict.replayed), replayed, theme.plain());
    x += replayed + 1;
    let ruling = run.ruling(verdict);
    let (sign, style) = sign(ruling, theme);
    // A change is told by its place; the path's end says most.
    let word = match verdict.differences.first().filter(|_| ruling == Ruling::Changed) {
        Some(first) if first.path.is_empty() => "outcome",
        Some(first) => first.path.rsplit('/').next().unwrap_or("changed"),
        None => ruling.as_str(),
    };
    canvas.put(x, line.y, &format!("{sign} {word}"), line.right().saturating_sub(x), style);
}
