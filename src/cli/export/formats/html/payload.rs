//! Bytes of a body as text: JSON over several lines, its keys told apart.

use super::{bounds::Room, markup::Markup};
use crate::cli::{pretty, units, visible};

/// A longer JSON text is not set out over several lines, only cut.
const SET_OUT_BYTES: usize = 1 << 20;

/// A payload, as much of it as there is room for. `whole` is the command that shows all of it.
pub(super) fn payload(page: &mut Markup, bytes: &[u8], whole: &str, room: &mut Room) {
    let set_out = (bytes.len() <= SET_OUT_BYTES).then(|| pretty::json(bytes)).flatten();
    let is_json = set_out.is_some();
    // Bytes that are no UTF-8 take four characters each: a cut before that is as good.
    let text =
        set_out.unwrap_or_else(|| visible::byte_block(bytes.get(..SET_OUT_BYTES).unwrap_or(bytes)));
    let drawn = room.take(text.len());
    let shown = beginning(&text, drawn);
    if !shown.is_empty() {
        page.tag("pre", &[("tabindex", "0")], |page| {
            if is_json { json(page, shown) } else { page.block(shown) }
        });
    }
    let is_cut = shown.len() < text.len() || (!is_json && bytes.len() > SET_OUT_BYTES);
    if is_cut {
        page.tag("p", &[("class", "cut")], |page| {
            let much = units::size(shown.len() as u64);
            page.text(&format!(
                "{much} of its text are drawn; it has {}. The whole: ",
                units::size(bytes.len() as u64)
            ));
            page.say("code", &[], whole);
        });
    }
}

/// At most so many bytes of a text, whole characters.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// JSON text with its keys marked; it may end anywhere.
fn json(page: &mut Markup, text: &str) {
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start);
        page.block(before);
        let end = string_end(string);
        let (string, behind) = string.split_at(end);
        if behind.starts_with(':') {
            page.tag("b", &[], |page| page.block(string));
        } else {
            page.block(string);
        }
        rest = behind;
    }
    page.block(rest);
}

/// Where a string that begins here ends, its second quote included.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(bytes: &[u8]) -> String {
        let mut page = Markup::default();
        payload(&mut page, bytes, "wiretape show 0/1", &mut Room::of_a_page());
        page.as_str().to_owned()
    }

    #[test]
    fn keys_are_marked_and_nothing_else() {
        assert_eq!(
            drawn(br#"{"a\"b":"c:\"","d":["e",1]}"#),
            "<pre tabindex=\"0\">{\n  <b>&quot;a\\&quot;b&quot;</b>: &quot;c:\\&quot;&quot;,\n  \
             <b>&quot;d&quot;</b>: [\n    &quot;e&quot;,\n    1\n  ]\n}</pre>\n"
        );
        assert_eq!(drawn(b"<b>\xff"), "<pre tabindex=\"0\">&lt;b&gt;\\xff</pre>\n");
        assert_eq!(drawn(b""), "");
    }

    #[test]
    fn what_is_cut_is_said() {
        let long = format!("\"{}\"", "ä".repeat(20_000));
        let text = drawn(long.as_bytes());
        assert!(
            text.contains("16.4 kB of its text are drawn; it has 40.0 kB"),
            "{}",
            &text[30_000..]
        );
        assert!(text.contains("wiretape show 0/1</code>"));
        let longer = vec![b'x'; 2 << 20];
        assert!(drawn(&longer).contains("it has 2.1 MB"));
        let mut none = Markup::default();
        let mut room = Room::of_a_page();
        while room.take(usize::MAX) > 0 {}
        payload(&mut none, b"{}", "", &mut room);
        assert!(none.as_str().starts_with("<p class=\"cut\">0 B of its text"));
    }
}
