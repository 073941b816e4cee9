//! Text for cells: what comes from the wire made harmless, measured and cut by graphemes.
//!
//! Controls, escapes and marks of direction are shown (`␛`, `⟨202E⟩`), never obeyed: a body is
//! hostile terminal input (tui.md §1). Widths are counted so that no terminal disagrees with them; cuts
//! are at the edges of graphemes only.

use std::{borrow::Cow, fmt::Display};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text for one line, harmless. Tabs become blanks; line ends are shown.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => shown.push(' '),
            '\n' => shown.push('⏎'),
            c if u32::from(c) < 0x20 => {
                shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('?'));
            }
            '\x7f' => shown.push('␡'),
            c if is_hostile(c) => {
                use std::fmt::Write as _;
                let _ = write!(shown, "⟨{:04X}⟩", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Controls of ASCII and Latin-1, marks of direction, invisible separators and tags. The joiner of
/// emoji stays: it joins what is drawn in one cell.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// How many columns a text takes: the sum of its characters' own widths, however they join.
///
/// Terminals disagree about joined text: a family of emoji is two columns wide in one and eight in
/// the next, a heart with the emoji selector one or two. So what joins and selects is not drawn:
/// members of a family stand side by side, and every terminal, old or new, counts the same columns.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(columns_of).sum() }
}

/// A character's own columns.
fn columns_of(c: char) -> usize {
    match c {
        // Terminals give the halfwidth sound marks a cell of their own; ratatui counts with them.
        '\u{ff9e}' | '\u{ff9f}' => 1,
        // What should have been made visible before takes the cell of its replacement.
        c if is_hostile(c) => 1,
        c => c.width().unwrap_or(1),
    }
}

/// Marks over one character that are drawn; towers of them would reach into other rows.
const MARKS: usize = 3;

/// What goes into cells, in order: a character with the marks over it, and its columns, 1 or 2.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = (&str, u16)> {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        // Marks that stand over nothing are not drawn.
        let (start, base, columns) = loop {
            let (start, base) = chars.next()?;
            let columns = columns_of(base);
            if columns > 0 {
                break (start, base, columns);
            }
        };
        let (mut end, mut marks, mut plain) = (start + base.len_utf8(), 0, true);
        while let Some((at, mark)) = chars.next_if(|(_, c)| columns_of(*c) == 0) {
            plain &= !joins(mark) && marks < MARKS;
            if plain {
                marks += 1;
                end = at + mark.len_utf8();
            }
        }
        let own = text.get(start..start + base.len_utf8()).unwrap_or("?");
        let whole = text.get(start..end).unwrap_or(own);
        let drawn = match (is_hostile(base), marks) {
            (true, _) => "?",
            (false, 0) => own,
            // A mark that changes the width, as some scripts' do, is left out.
            (false, _) if whole.width() == columns => whole,
            _ => own,
        };
        Some((drawn, u16::try_from(columns).unwrap_or(1)))
    })
}

/// The joiner and the selectors of emoji and text: what would change the width of what is before.
fn joins(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// A text cut to so many columns, the cut marked. Where not even the mark fits, there is nothing.
#[must_use]
pub fn cut(text: &str, columns: usize, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(width(mark)) else { return String::new() };
    let mut short = front(text, room).to_owned();
    short.push_str(mark);
    short
}

/// As much of a text's front as fits, whole graphemes.
fn front(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// As much of its back.
fn back(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += width(grapheme);
        if used > columns {
            return text.get(at + grapheme.len()..).unwrap_or_default();
        }
    }
    text
}

/// What is left of a text behind so many columns.
#[must_use]
pub fn skip(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= columns {
            return text.get(at..).unwrap_or_default();
        }
        used += width(grapheme);
    }
    ""
}

/// A text cut in its middle: `tools/…/search`.
#[must_use]
pub fn cut_middle(text: &str, columns: usize, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(width(mark)) else { return String::new() };
    let (head, tail) = (room / 2, room - room / 2);
    format!("{}{mark}{}", front(text, head), back(text, tail))
}

/// A text over several lines of so many columns: cut at blanks where there are some.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_word_bounds() {
        let wide = width(word);
        if used > 0 && used + wide > columns {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
            if word.trim().is_empty() {
                continue;
            }
        }
        // A word that is too long by itself is cut where the line ends.
        for grapheme in word.graphemes(true) {
            let own = width(grapheme);
            if used + own > columns && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(grapheme);
            used += own;
        }
    }
    lines.push(line);
    lines
}

/// A text in rows of at most so many columns, nothing left out: cut at blanks where there is one in
/// the row's latter half, else where the row is full. At least one row.
#[must_use]
pub fn rows(text: &str, columns: usize) -> Vec<&str> {
    let columns = columns.max(2);
    let mut rows = Vec::new();
    let (mut start, mut used, mut blank) = (0, 0, None);
    for (at, c) in text.char_indices() {
        let wide = columns_of(c);
        if used + wide > columns {
            let room = at - start;
            let end = blank.filter(|blank| blank - start > room / 2).unwrap_or(at);
            rows.push(text.get(start..end).unwrap_or_default());
            used = text.get(end..at).map_or(0, width);
            (start, blank) = (end, None);
        }
        used += wide;
        if c == ' ' {
            blank = Some(at + 1);
        }
    }
    rows.push(text.get(start..).unwrap_or_default());
    rows
}

/// A number of things: `1 session`, `3 sessions`.
#[must_use]
pub fn count<N: Copy + Display + PartialEq + From<u8>>(number: N, one: &str) -> String {
    let more = if number == N::from(1) { "" } else { "s" };
    format!("{number} {one}{more}")
}

/// Microseconds in four columns or fewer: `9ms`, `792ms`, `4.2s`, `1m2s`.
#[must_use]
pub fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us}us"),
        1_000..1_000_000 => format!("{}ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{}s", us / 1_000_000, us / 100_000 % 10),
        60_000_000..3_600_000_000 => {
            format!("{}m{}s", us / 60_000_000, us / 1_000_000 % 60)
        }
        _ => format!("{}h{}m", us / 3_600_000_000, us / 60_000_000 % 60),
    }
}

/// Bytes in five columns or fewer: `96`, `4.8k`, `212k`, `1.2M`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["", "k", "M", "G", "T"];
    let (mut whole, mut tenths, mut unit) = (bytes, 0, 0);
    while whole >= 1_000 && unit + 1 < UNITS.len() {
        tenths = whole % 1_000 / 100;
        whole /= 1_000;
        unit += 1;
    }
    if unit == 0 || whole >= 10 {
        format!("{whole}{}", UNITS[unit])
    } else {
        format!("{whole}.{tenths}{}", UNITS[unit])
    }
}

/// Texts that are hard to draw.
#[cfg(test)]
pub(crate) fn any_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let hard = prop::sample::select(vec![
        '日',
        'a',
        ' ',
        '\u{301}',
        '\u{200d}',
        '\u{fe0f}',
        '\u{fe0e}',
        '👨',
        '👩',
        '❤',
        '🏽',
        '🇩',
        '🇪',
        '\u{20e3}',
        '1',
        'ﾞ',
        '\u{1100}',
        '\u{1160}',
        '\u{11a8}',
        'ل',
        'ا',
        '\u{94d}',
        'क',
        'ष',
        '\u{93f}',
        '\u{600}',
        '…',
        '\u{1b}',
        '\r',
        '\n',
        '\t',
        '\u{202e}',
        '\u{feff}',
        '\u{ad}',
        '\u{e0041}',
        '\u{338}',
        '<',
        '\u{17d2}',
        '\u{1780}',
        'ำ',
        '\u{115f}',
        '\u{3164}',
        '\u{a4fc}',
    ]);
    prop_oneof![
        ".*",
        prop::collection::vec(prop_oneof![3 => hard, 1 => any::<char>()], 0..60)
            .prop_map(|chars| chars.into_iter().collect::<String>()),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_text_is_shown() {
        assert_eq!(visible("a\x1b]0;pwn\x07\r\u{202e}b"), "a␛]0;pwn␇␍⟨202E⟩b");
        assert_eq!(visible("日本 👨‍👩‍👧‍👦"), "日本 👨‍👩‍👧‍👦");
    }

    #[test]
    fn figures_are_short() {
        let shown: Vec<_> = [950, 9_100, 792_000, 4_200_000, 62_000_000, 3_660_000_000]
            .map(duration)
            .into_iter()
            .collect();
        assert_eq!(shown, ["950us", "9ms", "792ms", "4.2s", "1m2s", "1h1m"]);
        let shown: Vec<_> = [96, 4_800, 212_000, 1_200_000].map(size).into_iter().collect();
        assert_eq!(shown, ["96", "4.8k", "212k", "1.2M"]);
    }

    #[test]
    fn joined_text_is_drawn_apart() {
        let drawn = |text| pieces(text).collect::<Vec<_>>();
        assert_eq!(drawn("日e\u{301}"), [("日", 2), ("e\u{301}", 1)]);
        assert_eq!(drawn("👨\u{200d}👩"), [("👨", 2), ("👩", 2)]);
        assert_eq!(drawn("❤\u{fe0f}!"), [("❤", 1), ("!", 1)]);
        assert_eq!(drawn("\u{301}a\x1b"), [("a", 1), ("?", 1)]);
        assert_eq!(drawn("ﾊﾞ"), [("ﾊ", 1), ("ﾞ", 1)]);
        let tower = format!("o{}", "\u{301}".repeat(90));
        assert_eq!(drawn(&tower), [("o\u{301}\u{301}\u{301}", 1)]);
    }

    #[test]
    fn a_cut_is_at_the_edge_of_a_grapheme() {
        assert_eq!(cut("日本語", 4, "…"), "日…");
        assert_eq!(cut("a👨\u{200d}👩b", 4, "…"), "a…");
        assert_eq!(cut("ab", 1, "..."), "");
        assert_eq!(cut_middle("tools/long/search", 13, "…"), "tools/…search");
    }

    proptest! {
        #[test]
        fn a_cut_text_fits(text in any_text(), columns in 0usize..40) {
            let shown = visible(&text);
            prop_assert!(width(&cut(&shown, columns, "…")) <= columns);
            prop_assert!(width(&cut_middle(&shown, columns, "…")) <= columns);
            prop_assert!(!shown.chars().any(char::is_control));
            let rows = rows(&shown, columns);
            prop_assert_eq!(rows.concat(), &*shown);
            prop_assert!(rows.iter().all(|row| width(row) <= columns.max(2)));
            prop_assert!(shown.ends_with(skip(&shown, columns)));
        }

        #[test]
        fn pieces_are_as_wide_as_their_text(text in any_text()) {
            let all: usize = pieces(&text).map(|(_, columns)| usize::from(columns)).sum();
            prop_assert_eq!(all, width(&text));
            for (drawn, columns) in pieces(&text) {
                prop_assert_eq!(drawn.width(), usize::from(columns));
            }
        }
    }
}
