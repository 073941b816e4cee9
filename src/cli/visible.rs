//! Makes hostile text harmless: what comes from the wire may contain escape codes that recolour,
//! move or retitle a terminal, and bidirectional marks that make a line read as another.

use std::{borrow::Cow, fmt::Write as _, io};

use serde_json::ser::Formatter;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text for one line: controls, line ends and bidirectional marks written as escapes.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escape(text, is_hostile)
}

/// A text for many lines: as [`line()`], but line ends and tabs stay.
pub(crate) fn block(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_hostile(c) && c != '\n' && c != '\t')
}

/// Bytes for one line; what is no UTF-8 becomes `\xNN`.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    lossless(bytes, |text| line(text))
}

/// Bytes for many lines.
pub(crate) fn byte_block(bytes: &[u8]) -> String {
    lossless(bytes, |text| block(text))
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text cut to so many columns, the cut marked by `…`.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        short.push(c);
    }
    if columns > 0 {
        short.push('…');
    }
    Cow::Owned(short)
}

/// A text padded with blanks to so many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(text.width());
    format!("{text}{:blanks$}", "")
}

fn escape(text: &str, hostile: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hostile) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' if hostile(c) => visible.push_str("\\n"),
            '\t' if hostile(c) => visible.push_str("\\t"),
            '\r' => visible.push_str("\\r"),
            c if !hostile(c) => visible.push(c),
            c if u32::from(c) < 0x100 => {
                let _ = write!(visible, "\\x{:02x}", u32::from(c));
            }
            c => {
                let _ = write!(visible, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(visible)
}

fn lossless<'a>(bytes: &'a [u8], escape: impl Fn(&'a str) -> Cow<'a, str>) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(&escape(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// What the terminal UI shows instead of obeying, and the joiner, which lines of text have no use for.
fn is_hostile(c: char) -> bool {
    crate::tui::text::is_hostile(c) || c == '\u{200d}'
}

/// Writes compact JSON whose strings have hostile characters as `\u` escapes: the same values,
/// harmless on a terminal.
pub(super) struct TerminalSafe;

impl Formatter for TerminalSafe {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        part: &str,
    ) -> io::Result<()> {
        write_safe(w, part)
    }

    /// Verbatim JSON; outside its strings there are no such characters.
    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        part: &str,
    ) -> io::Result<()> {
        write_safe(w, part)
    }
}

fn write_safe<W: ?Sized + io::Write>(w: &mut W, part: &str) -> io::Result<()> {
    let mut rest = part;
    while let Some(place) = rest.find(is_hostile) {
        let (plain, tail) = rest.split_at(place);
        w.write_all(plain.as_bytes())?;
        let mut tail = tail.chars();
        if let Some(c) = tail.next() {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(w, "\\u{unit:04x}")?;
            }
        }
        rest = tail.as_str();
    }
    w.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_text_is_shown_not_obeyed() {
        assert_eq!(line("a\x1b[31mb\r\n\tc"), "a\\x1b[31mb\\r\\n\\tc");
        assert_eq!(line("user\u{202e}gpj.exe\u{9b}2J"), "user\\u{202e}gpj.exe\\x9b2J");
        assert_eq!(block("a\n\tb\x07"), "a\n\tb\\x07");
        assert_eq!(bytes(b"ok \xff\x1b"), "ok \\xff\\x1b");
        assert_eq!(line("naïve 日本"), "naïve 日本");
    }

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(pad("日", 4), "日  ");
    }

    proptest! {
        #[test]
        fn json_keeps_its_value_and_has_nothing_hostile(text in ".*") {
            let mut out = Vec::new();
            let mut to = serde_json::Serializer::with_formatter(&mut out, TerminalSafe);
            serde::Serialize::serialize(&text, &mut to).expect("a string");
            let json = String::from_utf8(out).expect("UTF-8");
            prop_assert!(!json.contains(is_hostile));
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
        }

        #[test]
        fn any_bytes_become_one_visible_line(any in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(!bytes(&any).contains(is_hostile));
        }
    }
}
