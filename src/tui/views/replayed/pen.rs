//! Values of a difference as lines of a pane, the words that differ marked.

use ratatui::{layout::Rect, style::Style};
use similar::{ChangeTag, TextDiff};

use crate::{
    replay::compare::Difference,
    tui::{draw::Canvas, text, theme::Theme},
};

/// A value longer than this is compared by its beginning on the screen, in bytes; the verdict is of
/// the whole.
const SHOWN: usize = 4 << 10;

/// One part of a line: how much of it, and whether it differs.
pub(super) type Part = (String, bool);

/// Both values, the words that differ marked; an absent one has no parts.
pub(super) fn parts(difference: &Difference) -> (Vec<Part>, Vec<Part>) {
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
pub(super) struct Pen<'c, 'b> {
    pub(super) canvas: &'c mut Canvas<'b>,
    pub(super) area: Rect,
    pub(super) y: u16,
    pub(super) skip: usize,
}

impl Pen<'_, '_> {
    pub(super) fn line(&mut self, sign: &str, parts: &[Part], style: impl Fn(Theme) -> Style) {
        if parts.is_empty() {
            return;
        }
        let style = style(self.canvas.theme);
        self.column(self.area.x + 1, self.area.width.saturating_sub(2), sign, parts, style);
    }

    pub(super) fn beside(&mut self, old: &[Part], new: &[Part]) {
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
