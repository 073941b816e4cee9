//! Markup that text cannot break out of. Names of elements and attributes are our own; whatever else
//! is written, be it from the wire or not, is made visible as on a terminal (`cli::visible`), then
//! escaped. There is no way to write a text as markup.
//!
//! No template engine: of the two that are well kept, askama fetches its templates at build time and
//! maud escapes as this does, but neither knows what else of a hostile text must not be obeyed
//! (bidirectional marks, controls), so every text would need a word that one can forget.

use std::fmt::Write as _;

use super::{bounds::LINE_BYTES, payload::beginning};
use crate::cli::{units, visible};

/// Attributes: name and value.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// A piece of a page.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// An element and what is in it.
    pub(super) fn tag(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes, ">");
        inside(self);
        let _ = write!(self.0, "</{name}>");
        if is_block(name) {
            self.0.push('\n');
        }
    }

    /// An element with a text for one line.
    pub(super) fn say(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.tag(name, attributes, |inside| inside.text(text));
    }

    /// An element without anything in it: `<meta>`, `<line/>` of SVG.
    pub(super) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.open(name, attributes, "/>");
        if is_block(name) {
            self.0.push('\n');
        }
    }

    /// A text for one line, at most [`LINE_BYTES`] of it: its line ends are shown, not obeyed.
    pub(super) fn text(&mut self, text: &str) {
        let shown = beginning(text, LINE_BYTES);
        escape(&visible::line(shown), &mut self.0);
        if shown.len() < text.len() {
            let more = units::size((text.len() - shown.len()) as u64);
            let _ = write!(self.0, "… ({more} more)");
        }
    }

    /// A text for many lines, as `<pre>` has them.
    pub(super) fn block(&mut self, text: &str) {
        escape(&visible::block(text), &mut self.0);
    }

    /// A text of this program's own sources: a style, a script.
    pub(super) fn own(&mut self, text: &'static str) {
        self.0.push_str(text);
    }

    /// What was written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn open(&mut self, name: &'static str, attributes: Attributes<'_>, end: &'static str) {
        let _ = write!(self.0, "<{name}");
        for (name, value) in attributes {
            let _ = write!(self.0, " {name}");
            if !value.is_empty() {
                self.0.push_str("=\"");
                escape(&visible::line(value), &mut self.0);
                self.0.push('"');
            }
        }
        self.0.push_str(end);
    }
}

fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            c => into.push(c),
        }
    }
}

/// A line of the file ends behind these: it is a file that people look into.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "body"
            | "caption"
            | "details"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "footer"
            | "g"
            | "h1"
            | "h2"
            | "h3"
            | "head"
            | "header"
            | "html"
            | "li"
            | "main"
            | "meta"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "script"
            | "section"
            | "style"
            | "summary"
            | "svg"
            | "table"
            | "tbody"
            | "thead"
            | "title"
            | "tr"
            | "ul"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_stays_text() {
        let mut page = Markup::default();
        page.tag("p", &[("title", "\"><script>alert(1)</script>"), ("hidden", "")], |inside| {
            inside.text("</p><img src=x onerror='a'>&amp;\n\u{202e}txt\0");
        });
        assert_eq!(
            page.as_str(),
            "<p title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\" hidden>&lt;/p&gt;&lt;img \
             src=x onerror=&#39;a&#39;&gt;&amp;amp;\\n\\u{202e}txt\\x00</p>\n"
        );
    }

    #[test]
    fn a_line_is_cut() {
        let mut page = Markup::default();
        page.text(&"é".repeat(1_000));
        assert!(page.as_str().ends_with("é… (976 B more)"), "{}", page.as_str());
    }

    proptest! {
        #[test]
        fn whatever_is_written_there_is_one_element(text in ".*", value in ".*") {
            let mut page = Markup::default();
            page.tag("pre", &[("title", &value)], |inside| inside.block(&text));
            prop_assert_eq!(page.as_str().matches(['<', '>']).count(), 4);
            prop_assert!(page.as_str().matches('"').count() <= 2);
            let harmless = |c: char| matches!(c, '\n' | '\t') || !c.is_control() && c != '\u{202e}';
            prop_assert!(page.as_str().chars().all(harmless));
        }
    }
}
