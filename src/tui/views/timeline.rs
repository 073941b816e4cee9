//! The timeline: a bar an exchange over one axis, the time to its first byte shaded, a tick a frame,
//! the largest gap between two of them named (tui.md §2.5).

use ratatui::layout::Rect;

use super::{Flow, View, list::List, teller::Teller};
use crate::{
    capture::ExchangeId,
    protocol::picture::{Axis, Bar, Shape, Timeline},
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

/// Columns of the label, before the axis.
const LABEL: u16 = 28;

/// Columns behind the axis: total and largest gap.
const FIGURES: u16 = 16;

/// The view.
pub(crate) struct TimelineView {
    teller: Teller,
    list: List<ExchangeId>,
    ids: Vec<ExchangeId>,
}

impl TimelineView {
    pub(crate) fn of(session: SessionId, data: &Data) -> Self {
        let list = if data.status.live { List::following() } else { List::default() };
        Self { teller: Teller::of(session), list, ids: Vec::new() }
    }

    fn settle(&mut self, data: &Data) {
        self.list.settle(&self.ids, page(data.area));
    }
}

impl View for TimelineView {
    fn crumb(&self, data: &Data) -> String {
        super::crumb(self.teller.session, "timeline", data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.teller.session)
    }

    fn badge(&self, data: &Data, theme: Theme) -> Option<String> {
        match (self.list.follow, self.teller.is_behind(data)) {
            (true, _) => Some(theme.glyph("⇣follow", "follow").to_owned()),
            (false, true) => Some("more to come".to_owned()),
            (false, false) => None,
        }
    }

    fn counters(&self, _data: &Data) -> (String, String) {
        let Some(told) = &self.teller.told else {
            return ("not read yet".to_owned(), String::new());
        };
        let axis = &told.timeline.axis;
        let long = text::duration(axis.until.micros_since(axis.from));
        let mut left = format!("{} · {long}", text::count(self.ids.len(), "exchange"));
        let folds = axis.folds().count();
        if folds > 0 {
            left = format!("{left} · {} folded", text::count(folds, "pause"));
        }
        let at = self.list.place(&self.ids).map_or(0, |place| place + 1);
        (left, format!("{at} of {}", self.ids.len()))
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Open, Action::Jump, Action::NextProblem, Action::Follow, Action::Export]
    }

    fn act(&mut self, action: Action, data: &mut Data, _effects: &mut Effects) -> Flow {
        if self.list.act(action, &self.ids, page(data.area), data.status.live) {
            self.settle(data);
            return Flow::Stay;
        }
        match (action, self.list.selected) {
            (Action::Open, Some(exchange)) => Flow::Call(self.teller.session, exchange, 0),
            (Action::Jump, Some(exchange)) => {
                let bars = self.teller.told.as_ref().map_or(&[][..], |told| &told.timeline.bars);
                let bar = bars.iter().find(|bar| bar.exchange == exchange);
                match bar.and_then(|bar| bar.resumes) {
                    Some(began) => {
                        self.list.stop_following(self.ids.len());
                        self.list.selected = Some(began);
                        self.settle(data);
                    }
                    None => data.say("it takes up no other stream"),
                }
                Flow::Stay
            }
            (Action::Follow, _) => {
                self.list.follow = !self.list.follow;
                self.settle(data);
                Flow::Stay
            }
            _ => Flow::Pass,
        }
    }

    fn news(&mut self, news: &News, data: &mut Data, _effects: &mut Effects) {
        if self.teller.news(news) {
            let bars = self.teller.told.as_ref().map_or(&[][..], |told| &told.timeline.bars);
            self.ids = bars.iter().map(|bar| bar.exchange).collect();
            self.settle(data);
        }
    }

    fn refresh(&mut self, data: &mut Data, effects: &mut Effects) {
        self.teller.refresh(data, effects);
        self.settle(data);
    }

    fn ticks(&self, data: &Data) -> bool {
        self.teller.is_behind(data)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data) {
        let Some(told) = &self.teller.told else {
            return super::say(canvas, area, &self.teller.instead());
        };
        if self.ids.is_empty() {
            return super::say(canvas, area, "this session has no exchange");
        }
        let chart = Chart::in_area(area, &told.timeline.axis);
        chart.head(canvas, row(area, 0));
        let shown = told.timeline.bars.iter().zip(&told.bars).skip(self.list.top);
        for (n, (bar, label)) in shown.take(page(area)).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let took_up = bar.resumes.and_then(|id| began(&told.timeline, id));
            chart.row(canvas, line, bar, label, took_up);
            if self.list.selected == Some(bar.exchange) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, canvas.theme.heading());
                let label = Rect { width: LABEL, ..line };
                canvas.tint(label, canvas.theme.selected());
            }
        }
    }
}

fn page(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(1))
}

/// The row, from 1, of the bar with which a stream began.
fn began(timeline: &Timeline, exchange: ExchangeId) -> Option<usize> {
    let place = timeline.bars.binary_search_by_key(&exchange, |bar| bar.exchange).ok()?;
    Some(place + 1)
}

struct Chart<'a> {
    axis: &'a Axis,
    x: u16,
    width: u16,
}

impl<'a> Chart<'a> {
    fn in_area(area: Rect, axis: &'a Axis) -> Self {
        let width = area.width.saturating_sub(LABEL + FIGURES);
        Self { axis, x: area.x + LABEL, width: width.max(1) }
    }

    /// The column of a place on the axis.
    fn column(&self, place: u32) -> u16 {
        let last = u64::from(self.width - 1);
        let column = u64::from(place) * last / u64::from(Axis::SPAN);
        self.x + u16::try_from(column.min(last)).unwrap_or(0)
    }

    fn head(&self, canvas: &mut Canvas<'_>, line: Rect) {
        let style = canvas.theme.faint();
        canvas.put(line.x + 1, line.y, "EXCHANGE", LABEL - 1, style);
        let mut free = self.x;
        for (us, place) in self.axis.marks(u32::from(self.width / 12).max(1)) {
            let (x, mark) = (self.column(place), text::duration(us));
            let wide = u16::try_from(mark.len()).unwrap_or(0);
            if x >= free && x + wide <= self.x + self.width {
                free = x + canvas.put(x, line.y, &mark, wide, style) + 1;
            }
        }
        canvas.put_right(line.x, line.y, "TOTAL  MAX GAP", line.width.saturating_sub(1), style);
    }

    fn row(
        &self,
        canvas: &mut Canvas<'_>,
        line: Rect,
        bar: &Bar,
        label: &str,
        took_up: Option<usize>,
    ) {
        let theme = canvas.theme;
        let style = match bar.shape {
            Shape::Messages => theme.plain(),
            Shape::Listens => theme.name(),
            Shape::Plain => theme.faint(),
        };
        let label = match took_up {
            Some(row) => format!("{} {row} {label}", canvas.glyph("↻", "resumes")),
            None => label.to_owned(),
        };
        canvas.put(line.x + 1, line.y, &label, LABEL - 2, style);
        for (_, from, until) in self.axis.folds() {
            for x in self.column(from)..=self.column(until) {
                canvas.put(x, line.y, canvas.glyph("┊", ":"), 1, theme.faint());
            }
        }
        self.bar(canvas, line.y, bar);
        let gap = bar.after_largest_gap().map_or(String::new(), |tick| text::duration(tick.gap_us));
        let goes_on = if bar.goes_on { canvas.glyph("…", "+") } else { "" };
        let total = format!("{}{goes_on}", text::duration(bar.us()));
        let x = self.x + self.width;
        canvas.put_right(x + 1, line.y, &total, 6, theme.plain());
        canvas.put_right(x + 8, line.y, &gap, 7, theme.waiting());
    }

    /// Shaded up to the first byte, full from there, a tick a frame.
    fn bar(&self, canvas: &mut Canvas<'_>, y: u16, bar: &Bar) {
        let theme = canvas.theme;
        let (from, until) =
            (self.column(self.axis.at(bar.from)), self.column(self.axis.at(bar.until)));
        let first = bar.first_byte.map_or(until + 1, |at| self.column(self.axis.at(at)));
        for x in from..=until.max(from) {
            let glyph = if x < first { canvas.glyph("░", ".") } else { canvas.glyph("█", "#") };
            let style = if bar.shape == Shape::Listens { theme.name() } else { theme.good() };
            canvas.put(x, y, glyph, 1, style);
        }
        for tick in &bar.ticks {
            canvas.put(
                self.column(self.axis.at(tick.at)),
                y,
                canvas.glyph("┃", "|"),
                1,
                theme.waiting(),
            );
        }
        if let Some(tick) = bar.after_largest_gap() {
            let x = self.column(self.axis.at(tick.at));
            canvas.put(x, y, canvas.glyph("◆", "!"), 1, theme.bad());
        }
    }
}
