//! Text for cells: what comes from the wire made harmless, measured and cut by graphemes.
//!
//! Controls, escapes and marks of direction are shown (`␛`, `⟨202E⟩`), never obeyed: a body is
//! hostile terminal input (tui.md §1). Width is of graphemes; cuts are at their edges only.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

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
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// A text cut to so many columns, the cut marked.
#[must_use]
pub fn cut(text: &str, columns: usize, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(mark));
    let (mut short, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > room {
            break;
        }
        short.push_str(grapheme);
    }
    if columns > 0 {
        short.push_str(mark);
    }
    short
}

/// A text cut in its middle: `tools/…/search`.
#[must_use]
pub fn cut_middle(text: &str, columns: usize, mark: &str) -> String {
    let whole = width(text);
    if whole <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(mark));
    let (head, tail) = (room / 2, room - room / 2);
    let front = cut(text, head, "");
    let (mut back, mut used) = (Vec::new(), 0);
    for grapheme in text.graphemes(true).rev() {
        used += grapheme.width();
        if used > tail {
            break;
        }
        back.push(grapheme);
    }
    back.reverse();
    format!("{front}{mark}{}", back.concat())
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
            let own = grapheme.width();
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

    proptest! {
        #[test]
        fn a_cut_text_fits(text in ".*", columns in 0usize..40) {
            let shown = visible(&text);
            prop_assert!(width(&cut(&shown, columns, "…")) <= columns);
            prop_assert!(width(&cut_middle(&shown, columns, "…")) <= columns);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
