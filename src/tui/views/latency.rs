//! Latencies by method and name: how many, how they are spread, the slowest (tui.md §2.8). Counted
//! from the rows that are here already, so it asks nobody.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::{Flow, View, list::List};
use crate::{
    capture::Timestamp,
    tui::{
        app::{Data, Effects},
        draw::{Canvas, row},
        keys::Action,
        rows::{RowId, RowKind, SessionId, Symbol},
        text,
        theme::Theme,
    },
};

/// Buckets of the histogram: powers of two from 128 us; the last one is everything above 2 s.
const BUCKETS: usize = 16;

/// The least time between two countings.
const AGAIN_US: u64 = 1_000_000;

type Id = (Symbol, Symbol);

/// The view.
pub(crate) struct Latency {
    session: SessionId,
    list: List<Id>,
    ids: Vec<Id>,
    spread: HashMap<Id, Spread>,
    /// When it was counted, and how many rows there were.
    counted: Option<(Timestamp, usize)>,
}

/// How the latencies of one method and name are spread.
#[derive(Clone, Debug, Default)]
struct Spread {
    buckets: [u32; BUCKETS],
    all: Vec<u32>,
    errors: u32,
    slowest: Option<(u32, RowId)>,
}

impl Latency {
    pub(crate) fn of(session: SessionId) -> Self {
        Self {
            session,
            list: List::default(),
            ids: Vec::new(),
            spread: HashMap::new(),
            counted: None,
        }
    }

    fn count(&mut self, data: &Data) {
        self.spread.clear();
        for id in data.rows.of(self.session) {
            let Some(found) = data.row(*id).filter(|row| row.kind == RowKind::Call) else {
                continue;
            };
            let spread = self.spread.entry((found.method, found.name)).or_default();
            spread.errors += u32::from(found.status.is_error());
            if found.total_us == u32::MAX {
                continue;
            }
            if let Some(bucket) = spread.buckets.get_mut(bucket(found.total_us)) {
                *bucket += 1;
            }
            spread.all.push(found.total_us);
            if spread.slowest.is_none_or(|(us, _)| us < found.total_us) {
                spread.slowest = Some((found.total_us, *id));
            }
        }
        for spread in self.spread.values_mut() {
            spread.all.sort_unstable();
        }
        self.ids = self.spread.keys().copied().collect();
        // The slowest first: that is what one looks for here.
        self.ids.sort_by_key(|id| {
            let p95 = self.spread.get(id).and_then(|spread| spread.at(95));
            (
                std::cmp::Reverse(p95),
                data.symbols.text(id.0).to_owned(),
                data.symbols.text(id.1).to_owned(),
            )
        });
        self.counted = Some((data.now, data.rows.of(self.session).len()));
    }

    fn is_behind(&self, data: &Data) -> bool {
        let rows = data.rows.of(self.session).len();
        self.counted.is_none_or(|(_, then)| then != rows)
    }
}

impl Spread {
    /// The latency that so many of a hundred do not exceed.
    fn at(&self, percent: usize) -> Option<u32> {
        let place = (self.all.len() * percent).div_ceil(100).checked_sub(1)?;
        self.all.get(place).copied()
    }
}

fn bucket(us: u32) -> usize {
    let bits = (us >> 7).checked_ilog2().map_or(0, |bits| bits as usize + 1);
    bits.min(BUCKETS - 1)
}

impl View for Latency {
    fn crumb(&self, data: &Data) -> String {
        super::crumb(self.session, "latency", data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn counters(&self, _data: &Data) -> (String, String) {
        let calls: usize = self.spread.values().map(|spread| spread.all.len()).sum();
        let at = self.list.place(&self.ids).map_or(0, |place| place + 1);
        let calls = text::count(calls, "answered call");
        (format!("{calls} · slowest first"), format!("{at} of {}", self.ids.len()))
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Open]
    }

    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        let page = usize::from(data.area.height.saturating_sub(2));
        if self.list.act(action, &self.ids, page, false) {
            self.list.settle(&self.ids, page);
            return Flow::Stay;
        }
        if action != Action::Open {
            return Flow::Pass;
        }
        let selected = self.list.selected.and_then(|id| self.spread.get(&id));
        let slowest = selected.and_then(|spread| spread.slowest).and_then(|(_, id)| data.row(id));
        match slowest.map(|row| (row.exchange, row.number)) {
            Some((exchange, number)) => {
                super::open_call(self.session, exchange, number, data, effects)
            }
            None => Flow::Stay,
        }
    }

    fn refresh(&mut self, data: &mut Data, _effects: &mut Effects) {
        let due = self.counted.is_none_or(|(at, _)| data.now.micros_since(at) >= AGAIN_US);
        if due && self.is_behind(data) {
            self.count(data);
        }
        self.list.settle(&self.ids, usize::from(data.area.height.saturating_sub(2)));
    }

    fn ticks(&self, data: &Data) -> bool {
        self.is_behind(data)
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        if self.ids.is_empty() {
            let why = super::nothing_yet(data);
            let why = why.as_deref().unwrap_or("no call was answered in this session yet");
            return super::say(canvas, area, why);
        }
        let theme = canvas.theme;
        let head =
            "  METHOD / NAME                 N  ERR    P50    P95    MAX  SPREAD (128us … 2s)";
        canvas.put(area.x, area.y, head, area.width, theme.faint());
        let height = usize::from(area.height.saturating_sub(1));
        for (n, id) in self.ids.iter().skip(self.list.top).take(height).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let Some(spread) = self.spread.get(id) else { continue };
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
    canvas.put(line.x + 2, line.y, what.trim_end(), 25, theme.name());
    canvas.put_right(line.x + 27, line.y, &spread.all.len().to_string(), 6, theme.plain());
    let errors = if spread.errors > 0 { theme.bad() } else { theme.plain() };
    canvas.put_right(line.x + 33, line.y, &spread.errors.to_string(), 5, errors);
    let figures = [spread.at(50), spread.at(95), spread.slowest.map(|(us, _)| us)];
    for (x, us) in [38u16, 45, 52].into_iter().zip(figures) {
        let us = us.map_or(String::new(), |us| text::duration(us.into()));
        canvas.put_right(line.x + x, line.y, &us, 7, theme.plain());
    }
    let room = line.width.saturating_sub(62);
    canvas.put(line.x + 61, line.y, &bars(&spread.buckets, theme), room, theme.good());
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
    fn latencies_fall_into_buckets_and_percentiles() {
        for (us, place) in [(0, 0), (127, 0), (128, 1), (255, 1), (256, 2), (u32::MAX - 1, 15)] {
            assert_eq!(bucket(us), place, "{us}");
        }
        let spread = Spread { all: (1..=100).collect(), ..Spread::default() };
        assert_eq!([spread.at(50), spread.at(95)], [Some(50), Some(95)]);
        assert_eq!(Spread::default().at(50), None);
        let theme = Theme { colour: false, ascii: false };
        assert_eq!(bars(&[0, 1, 7], theme), " ▂█");
    }
}
