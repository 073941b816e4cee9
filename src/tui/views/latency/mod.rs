//! Latencies by method and name: how many, how they are spread, the slowest (tui.md §2.8). Counted
//! from the rows that are here already, so it asks nobody; between keys, so it makes none wait.

mod spread;

use ratatui::layout::Rect;

use self::spread::{Counted, Id, LISTED, Spread};
use super::{Flow, View, list::List};
use crate::{
    capture::Timestamp,
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

/// Screens narrower than this have the percentiles alone beside the names.
const NARROW: u16 = 62;

/// The least time between two lists of what was counted.
const AGAIN_US: u64 = 1_000_000;

/// Rows that are counted at once: a millisecond or two.
const PART: usize = 1 << 14;

/// The view.
pub(crate) struct Latency {
    session: SessionId,
    list: List<Id>,
    ids: Vec<Id>,
    counted: Counted,
    /// When what was counted was listed.
    listed: Option<Timestamp>,
}

impl Latency {
    pub(crate) fn of(session: SessionId) -> Self {
        Self {
            session,
            list: List::default(),
            ids: Vec::new(),
            counted: Counted::default(),
            listed: None,
        }
    }

    /// Rows came or changed that are not listed as they are.
    fn is_behind(&self, data: &Data) -> bool {
        self.counted.changed || !self.counted.left(self.session, data).is_empty()
    }

    /// It is time to go on counting: at once at the start, then once a second.
    fn is_due(&self, data: &Data) -> bool {
        self.is_behind(data)
            && self.listed.is_none_or(|then| data.clock.micros_since(then) >= AGAIN_US)
    }

    /// Counts one part, and lists what there is when all was counted; at the start, when there is
    /// something.
    fn go_on(&mut self, data: &Data) {
        let first = self.ids.is_empty();
        self.counted.go_on(self.session, PART, data);
        let over = self.counted.left(self.session, data).is_empty();
        if over || first {
            self.ids = self.counted.slowest(&data.symbols);
        }
        if over {
            self.counted.changed = false;
            self.listed = Some(data.clock);
        }
    }

    fn settle(&mut self, data: &Data) {
        self.list.settle(&self.ids, usize::from(data.area.height.saturating_sub(2)));
    }
}

impl View for Latency {
    fn crumb(&self, data: &Data) -> String {
        super::crumb(self.session, "latency", data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn counters(&self, data: &Data) -> (String, String) {
        let calls = self.counted.answered;
        let at = self.list.place(&self.ids).map_or(0, |place| place + 1);
        let calls = text::count(calls, "answered call");
        let left = self.counted.left(self.session, data).len();
        let all = data.rows.of(self.session).len();
        let first = match (left, self.counted.names()) {
            (PART.., _) if self.is_due(data) => {
                format!("counting {}/{}", text::size((all - left) as u64), text::size(all as u64))
            }
            (_, names) if names > LISTED => {
                format!("the slowest of {}", text::count(names, "name"))
            }
            _ => "slowest first".to_owned(),
        };
        (format!("{calls} · {first}"), format!("{at} of {}", self.ids.len()))
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Open]
    }

    fn act(&mut self, action: Action, data: &mut Data, _effects: &mut Effects) -> Flow {
        let page = usize::from(data.area.height.saturating_sub(2));
        if self.list.act(action, &self.ids, page, false) {
            self.list.settle(&self.ids, page);
            return Flow::Stay;
        }
        if action != Action::Open {
            return Flow::Pass;
        }
        let selected = self.list.selected.and_then(|id| self.counted.get(id));
        match selected.and_then(|spread| spread.slowest) {
            Some((_, id)) => Flow::Open(super::call(self.session, id, data)),
            None => Flow::Stay,
        }
    }

    fn news(&mut self, news: &News, data: &mut Data, _effects: &mut Effects) {
        if let News::Row(id, row) = news {
            self.counted.replace(*id, row, self.session, data);
        }
    }

    fn refresh(&mut self, data: &mut Data, _effects: &mut Effects) {
        // What is more than one part is counted between keys.
        if self.is_due(data) && self.counted.left(self.session, data).len() <= PART {
            self.go_on(data);
        }
        self.settle(data);
    }

    fn ticks(&self, data: &Data) -> bool {
        self.is_behind(data)
    }

    fn has_work(&self, data: &Data) -> bool {
        self.is_due(data)
    }

    fn work(&mut self, data: &mut Data, _effects: &mut Effects) {
        if self.is_due(data) {
            self.go_on(data);
            self.settle(data);
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        if self.ids.is_empty() {
            let why = super::nothing_yet(data);
            let why = why.as_deref().unwrap_or(if self.is_behind(data) {
                "counting"
            } else {
                "no call was answered in this session yet"
            });
            return super::say(canvas, area, why);
        }
        let theme = canvas.theme;
        let wide = usize::from(name_width(area.width));
        let head = "     N  ERR    P50    P95    MAX  SPREAD (128us … 2s)";
        let head = format!("  {:<wide$}{head}", "METHOD / NAME");
        if area.width < NARROW {
            canvas.put(area.x, area.y, "  METHOD / NAME", area.width, theme.faint());
            canvas.put_right(area.x, area.y, "P50    P95    MAX", area.width - 1, theme.faint());
        } else {
            canvas.put(area.x, area.y, &head, area.width, theme.faint());
        }
        let height = usize::from(area.height.saturating_sub(1));
        for (n, id) in self.ids.iter().skip(self.list.top).take(height).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(spread) = self.counted.get(*id) else { continue };
            draw_spread(canvas, line, *id, spread, data);
            if self.list.selected == Some(*id) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
    }
}

fn draw_spread(canvas: &mut Canvas<'_>, line: Rect, id: Id, spread: &Spread, data: &Data) {
    let theme = canvas.theme;
    let what = format!("{} {}", data.symbols.text(id.0), data.symbols.text(id.1));
    let figures = [spread.at(50), spread.at(95), spread.slowest.map(|(us, _)| us)];
    let figures = figures.map(|us| us.map_or(String::new(), |us| text::duration(us.into())));
    if line.width < NARROW {
        let from = line.width.saturating_sub(22);
        let mark = canvas.glyph("…", "~");
        let what = text::cut_middle(what.trim_end(), from.saturating_sub(3).into(), mark);
        canvas.put(line.x + 2, line.y, &what, from.saturating_sub(2), theme.name());
        for (x, shown) in [0u16, 7, 14].into_iter().zip(figures) {
            canvas.put_right(line.x + from + x, line.y, &shown, 7, theme.plain());
        }
        return;
    }
    let wide = name_width(line.width);
    canvas.put(line.x + 2, line.y, what.trim_end(), wide, theme.name());
    let x = line.x + 2 + wide;
    canvas.put_right(x, line.y, &spread.answered().to_string(), 6, theme.plain());
    let errors = if spread.errors > 0 { theme.bad() } else { theme.plain() };
    canvas.put_right(x + 6, line.y, &spread.errors.to_string(), 5, errors);
    for (from, shown) in [11u16, 18, 25].into_iter().zip(figures) {
        canvas.put_right(x + from, line.y, &shown, 7, theme.plain());
    }
    let room = line.width.saturating_sub(wide + 37);
    canvas.put(x + 34, line.y, &bars(&spread.buckets, theme), room, theme.good());
}

/// Columns of the name: what a wide screen has more, up to what names need.
fn name_width(width: u16) -> u16 {
    25 + width.saturating_sub(82).min(25)
}

/// A bar a bucket, as high as it is full.
pub(super) fn bars(buckets: &[u32], theme: Theme) -> String {
    const FULL: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII: [char; 8] = ['.', ':', '-', '=', '+', '*', '%', '#'];
    let glyphs = if theme.ascii { ASCII } else { FULL };
    let most = buckets.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: &u32| {
        if *count == 0 {
            return ' ';
        }
        let height = (u64::from(*count) * 7).div_ceil(u64::from(most));
        usize::try_from(height).ok().and_then(|height| glyphs.get(height)).copied().unwrap_or(' ')
    };
    buckets.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_bucket_is_full() {
        let theme = Theme { colour: false, ascii: false };
        assert_eq!(bars(&[0, 1, 7], theme), " ▂█");
    }
}
