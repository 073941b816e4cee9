//! The three rows around every view: crumbs and the source's state, counters, hints (tui.md §1).

use ratatui::layout::Rect;

use super::App;
use crate::tui::{
    desk::News,
    draw::{Canvas, row},
    keys::{Action, BINDINGS},
    text,
};

/// Columns that the source keeps in a crowded top line.
const SOURCE: usize = 10;

/// Rows that what is said takes at most.
const SAID: u16 = 8;

/// Hints shown at most.
const HINTS: usize = 9;

impl App {
    /// ` wiretape › sessions            ● REC 127.0.0.1:7070  ⇣follow`
    pub(super) fn crumbs(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let line = row(area, 0);
        let mut crumbs = vec!["wiretape".to_owned()];
        // The list of sessions names itself only where it is shown: behind it a session says more.
        let within = usize::from(self.stack.len() > 1);
        for view in self.stack.iter().skip(within) {
            let crumb = view.crumb(&self.data);
            // A session is named once, however many of its views lie over each other.
            let named = |session: &str| crumbs.iter().any(|below| below.starts_with(session));
            let rest = crumb.split_once(" › ").filter(|(session, _)| named(session));
            crumbs.push(rest.map_or_else(|| crumb.clone(), |(_, rest)| rest.to_owned()));
        }
        let between = canvas.glyph(" › ", " > ");
        // The crumbs hold the filter, which is always seen (tui.md §1): badges have what they leave, of
        // a long path its ends.
        let joined = |crumbs: &[String]| crumbs.join(between).replace('›', canvas.glyph("›", ">"));
        let (path, own) = (joined(&crumbs), joined(crumbs.get(1..).unwrap_or_default()));
        let whole = usize::from(line.width);
        let left = whole.saturating_sub(text::width(&path) + 4).max(whole / 4);
        let badges = self.badges(canvas);
        let mark = canvas.glyph("…", "~");
        // The source gives way first: what follows it says how the screen stands.
        let (source, others) = badges.split_first().map_or(("", &[][..]), |(s, o)| (s.as_str(), o));
        let others = others.iter().fold(String::new(), |all, badge| all + "  " + badge);
        let room = left.saturating_sub(text::width(&others)).max(SOURCE);
        let right = format!("{}{others}", text::cut_middle(source, room, mark));
        let right = text::cut_middle(&right, left, mark);
        let wide = u16::try_from(text::width(&right)).unwrap_or(0);
        let room = line.width.saturating_sub(wide + 3);
        // Where it is narrow our own name goes first, then what is in the middle: the view's word and
        // its filter stand at the end.
        let fits = text::width(&path) <= usize::from(room) || own.is_empty();
        let path = text::cut_middle(if fits { &path } else { &own }, room.into(), mark);
        canvas.put(line.x + 1, line.y, &path, room, self.theme.heading());
        canvas.put_right(line.x, line.y, &right, line.width - 1, self.theme.plain());
    }

    /// The source first.
    fn badges(&self, canvas: &Canvas<'_>) -> Vec<String> {
        let status = &self.data.status;
        let mut badges = Vec::new();
        if let Some(why) = &status.paused {
            badges.push(format!("NOT RECORDING: {}", text::visible(why)));
        } else if status.live {
            let what = status.listening.first().map_or(&*status.what, String::as_str);
            let what = what.trim_start_matches("http://");
            badges.push(format!("{} REC {}", canvas.glyph("●", "*"), text::visible(what)));
        } else if status.opening {
            badges.push(format!("opening {}", text::visible(&status.what)));
        } else {
            badges.push(text::visible(&status.what).into_owned());
        }
        if self.data.revealed {
            badges.push("secrets shown".to_owned());
        }
        if status.waiting {
            badges.push("disk full speed".to_owned());
        }
        if status.behind_s > 0 {
            badges.push(format!("{} s behind", status.behind_s));
        }
        if let Some(held) = &self.held {
            let new: usize = held
                .iter()
                .map(|news| if let News::Rows(rows) = news { rows.len() } else { 0 })
                .sum();
            badges.push(format!("{}paused +{new}", canvas.glyph("‖", "||")));
        }
        badges.extend(self.view().and_then(|view| view.badge(&self.data, self.theme)));
        badges
    }

    /// ` 5 sessions · 625 exchanges · 15 err          rec 12.4 MB`, or what is said.
    pub(super) fn counters(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let line = row(area, area.height - 2);
        let Some(view) = self.view() else { return };
        let (left, mut right) = view.counters(&self.data);
        if self.data.status.missed_bytes > 0 {
            right = format!("{} missed  {right}", text::size(self.data.status.missed_bytes));
        }
        if let Some((done, of)) = self.data.loading {
            right = format!("reading {done}/{of}  {right}");
        }
        if let Some(say) = &self.data.say {
            return self.said(canvas, area, say);
        }
        let wide = u16::try_from(text::width(&right)).unwrap_or(0).min(line.width / 2);
        let dot = canvas.glyph("·", "-");
        let (left, right) = (left.replace('·', dot), right.replace('·', dot));
        canvas.put(
            line.x + 1,
            line.y,
            &left,
            line.width.saturating_sub(wide + 3),
            self.theme.plain(),
        );
        canvas.put_right(line.x, line.y, &right, line.width - 1, self.theme.faint());
    }

    /// What is said, whole: where it is longer than its row, over the rows above it, and of what has no
    /// room even so the end is cut. The remedy stands at the end, so a row's width must not hide it.
    fn said(&self, canvas: &mut Canvas<'_>, area: Rect, say: &str) {
        let columns = area.width.saturating_sub(2);
        let lines: Vec<String> = say
            .lines()
            .flat_map(|line| {
                let line = text::visible(line).into_owned();
                let rows = text::rows(&line, columns.into());
                rows.into_iter().map(|row| row.trim_end().to_owned()).collect::<Vec<_>>()
            })
            .collect();
        let most = usize::from(SAID.min(area.height.saturating_sub(3)));
        let left_out = lines.len() > most;
        let count = u16::try_from(lines.len().min(most)).unwrap_or(1).max(1);
        let top = (area.height - 1).saturating_sub(count);
        for (n, text) in (0..count).zip(&lines) {
            let line = row(area, top + n);
            canvas.clear(line);
            let more = if left_out && n + 1 == count { canvas.glyph("…", "~") } else { "" };
            let text = text.replace('·', canvas.glyph("·", "-")) + more;
            canvas.put(line.x + 1, line.y, &text, columns, self.theme.waiting());
        }
    }

    /// ` ⏎ open  f filter  / search  ? help  q quit`
    pub(super) fn hints(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let line = row(area, area.height - 1);
        let Some(view) = self.view() else { return };
        let mut x = line.x + 1;
        let own = view.hints().iter().copied().filter(|action| *action != Action::Help);
        // Help and the way out are always there; the others as far as there is room.
        let last = [Action::Help, Action::Quit];
        let room = line.width.saturating_sub(20);
        let mut hints: Vec<Action> = Vec::new();
        let mut used = 0;
        for action in own.take(HINTS - last.len()) {
            used += self.hint(action).map_or(0, |(key, word)| text::width(&key) + word.len() + 3);
            if used <= usize::from(room) {
                hints.push(action);
            }
        }
        hints.extend(last);
        for (key, word) in hints.into_iter().filter_map(|action| self.hint(action)) {
            let left = line.right().saturating_sub(x);
            x += canvas.put(x, line.y, &key, left, self.theme.heading()) + 1;
            let left = line.right().saturating_sub(x);
            x += canvas.put(x, line.y, word, left, self.theme.faint()) + 2;
        }
    }

    fn hint(&self, action: Action) -> Option<(String, &'static str)> {
        let key = self.keys.key_of(action)?;
        let binding = BINDINGS.iter().find(|binding| binding.action == action)?;
        let key = match key {
            "Enter" => self.theme.glyph("⏎", "Enter"),
            other => other,
        };
        let own = self.view().and_then(|view| view.hint_word(action));
        let word = match action {
            Action::Quit if self.stack.len() > 1 => "back",
            _ => own.unwrap_or(binding.hint),
        };
        Some((key.to_owned(), word))
    }
}
