//! A JSON text as a tree that folds. Lines are found from where the window stands, forward and back;
//! only those that are seen are put into words.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use ratatui::layout::Rect;

use super::{lines::Tint, words};
use crate::tui::{
    draw::{Canvas, row},
    json::{Index, JsonKind, Node, path, unescape, value_end, value_start},
    keys::Action,
    text,
};

/// Lines that are unfolded at first, about.
const AT_FIRST: u32 = 40;

/// Columns that a step to the side moves.
const SIDE: usize = 8;

/// Rows of one wrapped value: the rest is opened by itself.
const WRAPPED: usize = 200;

/// A tree and the window on it.
#[derive(Clone, Debug)]
pub(super) struct TreePane {
    pub(super) bytes: Bytes,
    pub(super) index: Arc<Index>,
    /// Containers of this depth and deeper are folded, but for those that were turned by hand.
    level: u32,
    turned: HashSet<u32>,
    pub(super) cursor: u32,
    top: u32,
    /// Rows of the first line that are above the window: of a value that is wrapped.
    above: usize,
    side: usize,
    pub(super) hit: Option<u32>,
}

/// Parts of a line in their colours.
pub(super) type Parts = Vec<(String, Tint)>;

impl TreePane {
    pub(super) fn of(bytes: Bytes, index: Arc<Index>) -> Self {
        // An answer's envelope and its result are always open.
        let level = index.depth_of(AT_FIRST).max(2);
        Self {
            bytes,
            index,
            level,
            turned: HashSet::new(),
            cursor: 0,
            top: 0,
            above: 0,
            side: 0,
            hit: None,
        }
    }

    /// Where another version of the same text stands.
    pub(super) fn stand_as(&mut self, other: &Self) {
        let last = u32::try_from(self.index.nodes.len().saturating_sub(1)).unwrap_or(0);
        self.level = other.level;
        self.turned.clone_from(&other.turned);
        self.cursor = other.cursor.min(last);
        self.top = other.top.min(last);
        self.side = other.side;
    }

    pub(super) fn node(&self, at: u32) -> Option<&Node> {
        self.index.nodes.get(at as usize)
    }

    fn is_folded(&self, at: u32) -> bool {
        self.node(at).is_some_and(|node| {
            node.kind().holds()
                && node.count > 0
                && ((node.depth() >= self.level) != self.turned.contains(&at))
        })
    }

    fn turn(&mut self, at: u32) {
        if !self.turned.remove(&at) {
            self.turned.insert(at);
        }
    }

    fn next(&self, at: u32) -> Option<u32> {
        let next = if self.is_folded(at) { self.node(at)?.next } else { at + 1 };
        ((next as usize) < self.index.nodes.len()).then_some(next)
    }

    fn previous(&self, at: u32) -> Option<u32> {
        let last = at.checked_sub(1)?;
        let stop = self.node(at)?.parent;
        // The value before lies in what stands before this one on its own level: the outermost fold
        // of that is what is seen.
        let (mut found, mut inner) = (last, last);
        while inner != stop {
            if self.is_folded(inner) {
                found = inner;
            }
            let parent = self.node(inner)?.parent;
            if parent == inner {
                break;
            }
            inner = parent;
        }
        Some(found)
    }

    pub(super) fn act(&mut self, action: Action, area: Rect, wrap: bool) -> bool {
        let page = usize::from(area.height).max(1);
        match action {
            Action::Down if self.scroll_wrapped(area, wrap, true) => return true,
            Action::Up if self.scroll_wrapped(area, wrap, false) => return true,
            Action::Down => self.step(1, false),
            Action::Up => self.step(1, true),
            Action::HalfDown => self.step((page / 2).max(1), false),
            Action::HalfUp => self.step((page / 2).max(1), true),
            Action::PageDown => self.step(page, false),
            Action::PageUp => self.step(page, true),
            Action::First => self.cursor = 0,
            Action::Last => {
                let last = u32::try_from(self.index.nodes.len().saturating_sub(1)).unwrap_or(0);
                self.cursor = self.seen(last);
            }
            Action::Fold => self.turn_if_full(self.cursor),
            Action::FoldAll => {
                (self.level, self.turned) = (1, HashSet::new());
                self.cursor = self.seen(self.cursor);
                self.top = self.seen(self.top);
            }
            Action::UnfoldAll => (self.level, self.turned) = (u32::MAX, HashSet::new()),
            Action::Left => self.left(),
            Action::Right => self.right(),
            _ => return false,
        }
        self.settle(area, wrap);
        true
    }

    fn step(&mut self, by: usize, back: bool) {
        for _ in 0..by {
            let next = if back { self.previous(self.cursor) } else { self.next(self.cursor) };
            let Some(next) = next else { break };
            self.cursor = next;
        }
    }

    fn turn_if_full(&mut self, at: u32) {
        if self.node(at).is_some_and(|node| node.kind().holds() && node.count > 0) {
            self.turn(at);
        }
    }

    fn left(&mut self) {
        if self.side > 0 {
            self.side = self.side.saturating_sub(SIDE);
            return;
        }
        let open = self.node(self.cursor).is_some_and(|node| node.kind().holds() && node.count > 0);
        if open && !self.is_folded(self.cursor) {
            self.turn(self.cursor);
        } else if let Some(node) = self.node(self.cursor) {
            self.cursor = node.parent;
        }
    }

    fn right(&mut self) {
        if self.is_folded(self.cursor) {
            self.turn(self.cursor);
        } else if self.node(self.cursor).is_some_and(|node| node.kind().holds() && node.count > 0) {
            self.step(1, false);
        } else {
            self.side = (self.side + SIDE).min(4_096);
        }
    }

    /// The line that stands for a value: itself, or the outermost fold around it.
    fn seen(&self, at: u32) -> u32 {
        let (mut found, mut inner) = (at, at);
        while let Some(node) = self.node(inner) {
            if node.parent == inner {
                break;
            }
            inner = node.parent;
            if self.is_folded(inner) {
                found = inner;
            }
        }
        found
    }

    /// Unfolds all around a value and goes there.
    pub(super) fn reveal(&mut self, at: u32, area: Rect, wrap: bool) {
        let mut inner = at;
        while let Some(node) = self.node(inner) {
            let parent = node.parent;
            if parent == inner {
                break;
            }
            if self.is_folded(parent) {
                self.turn(parent);
            }
            inner = parent;
        }
        self.cursor = at;
        self.hit = Some(at);
        self.settle(area, wrap);
    }

    /// Goes to the value that an offset lies in.
    pub(super) fn go(&mut self, at: usize, area: Rect, wrap: bool) {
        let after = self.index.nodes.partition_point(|node| node.start as usize <= at);
        self.reveal(u32::try_from(after.saturating_sub(1)).unwrap_or(0), area, wrap);
    }

    /// Clicks a line of the window.
    pub(super) fn click(&mut self, line: u16, area: Rect, wrap: bool) {
        let mut rows = 0;
        let mut at = Some(self.top);
        while let Some(node) = at {
            rows += self.height(node, area.width, wrap);
            if rows.saturating_sub(self.above) > usize::from(line) {
                if self.cursor == node {
                    self.turn_if_full(node);
                }
                self.cursor = node;
                break;
            }
            at = self.next(node);
        }
        self.settle(area, wrap);
    }

    /// A wrapped value that is higher than the window is read row by row.
    fn scroll_wrapped(&mut self, area: Rect, wrap: bool, down: bool) -> bool {
        if !wrap || self.cursor != self.top {
            return false;
        }
        let high = self.height(self.cursor, area.width, wrap);
        let page = usize::from(area.height);
        if down && high.saturating_sub(self.above) > page {
            self.above += 1;
            return true;
        }
        if !down && self.above > 0 {
            self.above -= 1;
            return true;
        }
        false
    }

    /// The cursor stands in the window.
    fn settle(&mut self, area: Rect, wrap: bool) {
        let page = usize::from(area.height).max(1);
        if self.cursor <= self.top {
            if self.cursor < self.top {
                self.above = 0;
            }
            self.top = self.cursor;
            return;
        }
        // From the cursor back as far as the window goes: if the first line is not met, it moves.
        let mut rows = self.height(self.cursor, area.width, wrap);
        let mut at = self.cursor;
        while let Some(before) = self.previous(at) {
            rows += self.height(before, area.width, wrap);
            if rows > page {
                break;
            }
            at = before;
            if at <= self.top {
                return;
            }
        }
        self.top = at;
        self.above = 0;
    }

    fn height(&self, at: u32, width: u16, wrap: bool) -> usize {
        if wrap && self.node(at).is_some_and(|node| node.kind() == JsonKind::Text) {
            self.wrapped(at, width).len().max(1)
        } else {
            1
        }
    }

    /// A value's text in rows, behind its key.
    fn wrapped(&self, at: u32, width: u16) -> Vec<String> {
        let (indent, head) = self.head(at, width);
        let used = indent + head.iter().map(|(part, _)| text::width(part)).sum::<usize>();
        let room = usize::from(width).saturating_sub(used.min(usize::from(width) / 2)).max(8);
        let said = words::string(&self.bytes, &self.index, at as usize);
        let mut rows = Vec::new();
        for line in said.split('\n') {
            let line = text::visible(line.strip_suffix('\r').unwrap_or(line));
            rows.extend(text::rows(&line, room).into_iter().map(str::to_owned));
            if rows.len() > WRAPPED {
                rows.truncate(WRAPPED);
                rows.push("⏎ all".to_owned());
                break;
            }
        }
        rows
    }

    /// Indent, then fold mark and key.
    fn head(&self, at: u32, width: u16) -> (usize, Parts) {
        let Some(node) = self.node(at) else { return (0, Vec::new()) };
        let indent = (node.depth() as usize * 2).min(usize::from(width) / 3);
        let mut parts = Vec::new();
        if let (Some(key), _) = value_start(&self.bytes, &self.index, at as usize) {
            parts.push((words::key(key), Tint::Name));
            parts.push((": ".to_owned(), Tint::Faint));
        }
        (indent + 2, parts)
    }

    /// The text of the value under the cursor, as spelled.
    pub(super) fn value(&self) -> String {
        let (_, start) = value_start(&self.bytes, &self.index, self.cursor as usize);
        let end = value_end(&self.bytes, &self.index, self.cursor as usize);
        String::from_utf8_lossy(self.bytes.get(start..end).unwrap_or_default()).into_owned()
    }

    /// The way to it.
    pub(super) fn path(&self) -> String {
        path(&self.bytes, &self.index, self.cursor as usize)
    }

    /// What the string under the cursor says, if it is one.
    pub(super) fn said(&self) -> Option<String> {
        let is_text = self.node(self.cursor).is_some_and(|node| node.kind() == JsonKind::Text);
        is_text.then(|| unescape(self.value().as_bytes()))
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, wrap: bool, focused: bool) {
        let mut at = Some(self.top);
        let mut n = 0;
        let mut skip = self.above;
        while let Some(node) = at {
            if n >= area.height {
                return;
            }
            let is_text = self.node(node).is_some_and(|node| node.kind() == JsonKind::Text);
            if wrap && is_text {
                n = self.draw_wrapped(canvas, area, n, node, skip, focused);
            } else {
                self.draw_line(canvas, row(area, n), node, focused);
                n += 1;
            }
            skip = 0;
            at = self.next(node);
        }
        if let Some(fault) = self.index.fault.as_ref().filter(|_| n < area.height) {
            let said = format!("{} at byte {}; v shows it raw", fault.what, fault.at);
            canvas.put(area.x, area.y + n, &said, area.width, canvas.theme.bad());
        }
    }

    fn draw_line(&self, canvas: &mut Canvas<'_>, line: Rect, at: u32, focused: bool) {
        let theme = canvas.theme;
        let Some(node) = self.node(at) else { return };
        let (indent, mut parts) = self.head(at, line.width);
        let folded = self.is_folded(at);
        let mark = match (node.kind().holds() && node.count > 0, folded) {
            (false, _) => " ",
            (true, true) => canvas.glyph("▸", "+"),
            (true, false) => canvas.glyph("▾", "-"),
        };
        let room = usize::from(line.width).saturating_sub(indent);
        words::value(&self.bytes, &self.index, at as usize, folded, room + self.side, &mut parts);
        let mut x = u16::try_from(indent).unwrap_or(line.width);
        canvas.put(line.x + x.saturating_sub(2), line.y, mark, 1, theme.faint());
        let mut side = self.side;
        for (said, tint) in &parts {
            if x >= line.width {
                break;
            }
            let wide = text::width(said);
            let shown = text::skip(said, side);
            side = side.saturating_sub(wide);
            let style = if self.hit == Some(at) { theme.hit() } else { tint.style(theme) };
            let shown = if theme.ascii { shown.replace('…', "..") } else { shown.to_owned() };
            x += canvas.put(line.x + x, line.y, &shown, line.width - x, style);
        }
        if focused && self.cursor == at {
            canvas.tint(line, theme.selected());
        }
    }

    fn draw_wrapped(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        from: u16,
        at: u32,
        skip: usize,
        focused: bool,
    ) -> u16 {
        let theme = canvas.theme;
        let (indent, parts) = self.head(at, area.width);
        let mut x = u16::try_from(indent).unwrap_or(area.width).min(area.width);
        if skip == 0 {
            for (said, tint) in &parts {
                let left = area.width.saturating_sub(x);
                x += canvas.put(area.x + x, area.y + from, said, left, tint.style(theme));
            }
        } else {
            x += u16::try_from(parts.iter().map(|(part, _)| text::width(part)).sum::<usize>())
                .unwrap_or(0);
        }
        let x = x.min(area.width / 2);
        let style = if self.hit == Some(at) { theme.hit() } else { theme.good() };
        let mut n = from;
        for said in self.wrapped(at, area.width).iter().skip(skip) {
            if n >= area.height {
                break;
            }
            let line = row(area, n);
            canvas.put(line.x + x, line.y, said, line.width.saturating_sub(x), style);
            if focused && self.cursor == at {
                canvas.tint(line, theme.selected());
            }
            n += 1;
        }
        n.max(from + 1)
    }
}
