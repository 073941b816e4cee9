//! Draws a row in detail: tabs, then what the tab shows; below an answer that came on a stream its
//! frames.

use ratatui::layout::Rect;

use super::{
    Detail, Form, TABS, Tab,
    frames::{Times, Wide},
    pane::Pane,
};
use crate::tui::{
    app::Data,
    draw::{Canvas, row},
    text,
};

/// From this height on the frames stand below the answer.
const HIGH: u16 = 24;

/// Most frames below an answer; the tab has all.
const BELOW: usize = 8;

impl Detail {
    fn tab_word(&self, tab: Tab) -> String {
        let told = self.told.as_ref();
        let counted = |word: &str, count: usize| {
            if count > 0 { format!("{word}({count})") } else { word.to_owned() }
        };
        match tab {
            Tab::Response => "Response".to_owned(),
            Tab::Request => "Request".to_owned(),
            Tab::Headers => "Headers".to_owned(),
            Tab::Frames => counted("Frames", told.map_or(0, |told| told.frames.len())),
            Tab::Raw => "Raw".to_owned(),
            Tab::Problems => counted("Problems", told.map_or(0, |told| told.problems.len())),
        }
    }

    /// Where the tabs begin in the line, and each of them: the same for drawing and for clicks.
    fn tab_places(&self) -> Vec<(Tab, u16, String)> {
        let words: Vec<_> = TABS.iter().map(|tab| (*tab, self.tab_word(*tab))).collect();
        let wide: usize = words.iter().map(|(_, word)| word.len() + 2).sum();
        let wide = u16::try_from(wide).unwrap_or(u16::MAX);
        let mut x = self.area.width.saturating_sub(wide + 1);
        // What the row is stands before them, as far as there is room.
        x = x.min(30);
        // Where not all fit, those before the shown one go.
        let at = TABS.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        let mut first = 0;
        let needed = |first: usize| -> usize {
            let upto = words.get(first..=at).unwrap_or_default();
            upto.iter().map(|(_, word)| word.len() + 2).sum()
        };
        while first < at && needed(first) > usize::from(self.area.width.saturating_sub(x)) {
            first += 1;
        }
        words
            .into_iter()
            .skip(first)
            .map(|(tab, word)| {
                let here = x;
                x = x.saturating_add(u16::try_from(word.len()).unwrap_or(0) + 2);
                (tab, here, word)
            })
            .collect()
    }

    pub(super) fn tab_at(&self, x: u16) -> Option<Tab> {
        let places = self.tab_places();
        places.iter().rev().find(|(_, at, _)| *at <= x).map(|(tab, ..)| *tab)
    }

    /// Draws it. `ruled` where the tabs are also the line between it and the list above.
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        data: &Data,
        focused: bool,
        ruled: bool,
    ) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        self.draw_tabs(canvas, row(area, 0), data, focused, ruled);
        let (pane_area, below) = self.divided(area);
        self.draw_pane(canvas, pane_area, data, focused);
        if let Some(below) = below {
            self.draw_frames_below(canvas, below, data);
        }
    }

    fn draw_tabs(
        &self,
        canvas: &mut Canvas<'_>,
        line: Rect,
        data: &Data,
        focused: bool,
        ruled: bool,
    ) {
        let theme = canvas.theme;
        let rule = if ruled { canvas.glyph("─", "-") } else { " " };
        let style = if focused { theme.heading() } else { theme.faint() };
        canvas.put(line.x, line.y, &rule.repeat(line.width.into()), line.width, style);
        let places = self.tab_places();
        let title = self.title(data);
        let room = places.first().map_or(line.width, |(_, x, _)| *x).saturating_sub(1);
        if room >= 4 {
            let mark = canvas.glyph("…", "~");
            let title = text::cut_middle(&title, usize::from(room).saturating_sub(2), mark);
            canvas.put(line.x + 1, line.y, &format!(" {title} "), room, style);
        }
        for (tab, x, word) in &places {
            let style = if *tab == self.tab { theme.heading() } else { theme.faint() };
            let left = line.width.saturating_sub(*x);
            let shown = if *tab == self.tab { format!("[{word}]") } else { format!(" {word} ") };
            canvas.put(line.x + x, line.y, &shown, left, style);
        }
    }

    /// `7 tools/call search`, or what was opened within it.
    fn title(&self, data: &Data) -> String {
        if let [.., (title, _)] = self.panes.as_slice()
            && !title.is_empty()
        {
            return title.clone();
        }
        let (Some(id), Some(session)) = (self.row, self.session) else { return String::new() };
        let seq = data.rows.of(session).binary_search(&id).map_or(0, |place| place + 1);
        let Some(found) = data.row(id) else { return seq.to_string() };
        let (method, name) = (data.symbols.text(found.method), data.symbols.text(found.name));
        format!("{seq} {method} {name}").trim_end().to_owned()
    }

    /// The pane below the tabs, and below it the frames where there is room for both.
    pub(super) fn divided(&self, area: Rect) -> (Rect, Option<Rect>) {
        let inner =
            Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area };
        let frames = self.told.as_ref().map_or(0, |told| told.frames.len());
        let is_answer = self.tab == Tab::Response && self.panes.len() < 2;
        if !is_answer || !self.is_streamed || frames < 2 || inner.height < HIGH {
            return (inner, None);
        }
        let rows = u16::try_from(frames.min(BELOW)).unwrap_or(0) + 1;
        let high = inner.height - rows;
        let below = Rect { y: inner.y + high, height: rows, ..inner };
        (Rect { height: high, ..inner }, Some(below))
    }

    fn draw_pane(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data, focused: bool) {
        let theme = canvas.theme;
        match self.panes.last() {
            None => {
                let said = if self.ticket.is_some() { "reading the exchange" } else { "" };
                canvas.put(area.x + 1, area.y, said, area.width.saturating_sub(1), theme.faint());
            }
            Some((_, Pane::Nothing(why))) => {
                canvas.put(area.x + 1, area.y, why, area.width.saturating_sub(1), theme.faint());
            }
            Some((_, Pane::Tree(tree))) => tree.draw(canvas, area, self.wrap, focused),
            Some((_, Pane::Text(text))) => text.draw(canvas, area, self.wrap),
            Some((_, Pane::Hex(hex))) => hex.draw(canvas, area),
            Some((_, Pane::Lines(lines))) => lines.draw(canvas, area),
            Some((_, Pane::Frames(list))) => {
                let frames = self.told.as_ref().map_or(&[][..], |told| &told.frames);
                let began = self.found_row(data).map_or(data.now, |row| row.at);
                list.draw(canvas, area, frames, began, focused);
            }
        }
        self.draw_form(canvas, row(area, 0));
    }

    /// `pretty · 4.8kB` at the right, where nothing stands.
    fn draw_form(&self, canvas: &mut Canvas<'_>, line: Rect) {
        let Some((_, pane)) = self.panes.last() else { return };
        let (word, bytes) = match pane {
            Pane::Tree(tree) => ("pretty", tree.bytes.len()),
            Pane::Text(text) if self.form == Form::Sse => ("SSE", text.bytes.len()),
            Pane::Text(text) => ("raw", text.bytes.len()),
            Pane::Hex(hex) => ("hex", hex.bytes.len()),
            _ => return,
        };
        let dot = canvas.glyph("·", "-");
        let mut said = format!(" {word} {dot} {}B", text::size(bytes as u64));
        if let Some(indexing) = &self.indexing {
            let (done, of) = indexing.progress;
            said = format!(" indexing {}/{}", text::size(done), text::size(of));
        }
        if self.is_beginning {
            " reading the rest".clone_into(&mut said);
        }
        let wide = u16::try_from(text::width(&said)).unwrap_or(u16::MAX);
        let is_free = wide < line.width && canvas.is_blank(line.right() - wide, line.y, wide);
        if is_free || self.indexing.is_some() || self.is_beginning {
            canvas.put_right(line.x, line.y, &said, line.width, canvas.theme.faint());
        }
    }

    fn draw_frames_below(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let Some(told) = &self.told else { return };
        let theme = canvas.theme;
        let head = row(area, 0);
        let rule = canvas.glyph("─", "-").repeat(head.width.into());
        canvas.put(head.x, head.y, &rule, head.width, theme.faint());
        let wide = Wide::of(area.width);
        wide.draw_head(canvas, head);
        let began = self.found_row(data).map_or(data.now, |row| row.at);
        let times = Times::of(&told.frames, began);
        let from = told.frames.len().saturating_sub(BELOW);
        let mut before = from.checked_sub(1).and_then(|at| told.frames.get(at));
        for (n, frame) in (1..area.height).zip(told.frames.iter().skip(from)) {
            let since = before.map_or(began, |frame| frame.at);
            wide.draw(canvas, row(area, n), frame, since, &times);
            before = Some(frame);
        }
    }
}
