//! Where the values of JSON stand in a text: a document, NDJSON, or the frames of an SSE stream,
//! with a document over several `data:` lines too. It finds places and never builds values; what is
//! no JSON is passed over to the next line.

use std::ops::Range;

use super::{bytes, scan::skip_blanks};

/// Deeper documents are passed over: their strings are still seen by the scan for names.
const DEEPEST: usize = 128;

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The bytes of the key, as they are written.
    Key(Range<usize>),
    /// The place in an array.
    Index(usize),
}

/// A string, number or word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar {
    /// Its bytes; of a string those between the quotes.
    pub(super) range: Range<usize>,
    /// It is a string.
    pub(super) is_string: bool,
}

/// Takes what [`walk`] finds.
pub(super) trait Visit {
    /// A value, with the way to it from the root of its document.
    fn scalar(&mut self, way: &[Step], scalar: Scalar);
    /// A document has ended.
    fn document(&mut self, _range: Range<usize>) {}
}

/// Goes over every document in a text.
pub(super) fn walk(text: &[u8], visit: &mut dyn Visit) {
    let mut at = skip_mark(text);
    while at < text.len() {
        let start = skip_data(text, skip_blanks(text, at));
        if matches!(text.get(start), Some(b'{' | b'[')) {
            let mut walker = Walker { text, way: Vec::new(), visit };
            match walker.document(start) {
                Ok(end) => {
                    visit.document(start..end);
                    at = end;
                    continue;
                }
                Err(stopped) => at = stopped.max(start + 1),
            }
        }
        at = next_line(text, at);
    }
}

/// A byte order mark goes before a document.
fn skip_mark(text: &[u8]) -> usize {
    if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}

fn skip_data(text: &[u8], at: usize) -> usize {
    let is_data = text.get(at..).is_some_and(|rest| rest.starts_with(b"data:"));
    if is_data { skip_blanks(text, at + b"data:".len()) } else { at }
}

fn next_line(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(text.len(), |end| at + end + 1)
}

struct Walker<'t, 'v> {
    text: &'t [u8],
    way: Vec<Step>,
    visit: &'v mut dyn Visit,
}

/// What comes next.
enum Next {
    Value,
    Key,
    /// A comma, or the end of what is open.
    After,
}

impl Walker<'_, '_> {
    /// The place behind the document, or where it could not be read on.
    fn document(&mut self, start: usize) -> Result<usize, usize> {
        let mut at = start;
        let mut next = Next::Value;
        loop {
            at = skip_blanks(self.text, at);
            (next, at) = match next {
                Next::Value => self.value(at)?,
                Next::Key => self.key(at)?,
                Next::After if self.way.is_empty() => return Ok(at),
                Next::After => self.after(at)?,
            };
            if self.way.is_empty() && matches!(next, Next::After) {
                return Ok(at);
            }
        }
    }

    fn value(&mut self, at: usize) -> Result<(Next, usize), usize> {
        match self.text.get(at) {
            Some(b'{' | b'[') if self.way.len() >= DEEPEST => Err(at),
            Some(b'{') => {
                self.way.push(Step::Key(at..at));
                Ok((Next::Key, at + 1))
            }
            Some(b'[') => {
                self.way.push(Step::Index(0));
                let first = skip_blanks(self.text, at + 1);
                let is_empty = self.text.get(first) == Some(&b']');
                Ok((if is_empty { Next::After } else { Next::Value }, first))
            }
            Some(b'"') => {
                let end = string_end(self.text, at + 1);
                let range = at + 1..end.unwrap_or_else(|cut| cut);
                self.visit.scalar(&self.way, Scalar { range, is_string: true });
                end.map(|end| (Next::After, end + 1))
            }
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'-' => {
                let rest = self.text.get(at..).unwrap_or_default();
                let ends =
                    |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
                let end = at + rest.iter().position(ends).unwrap_or(rest.len());
                self.visit.scalar(&self.way, Scalar { range: at..end, is_string: false });
                Ok((Next::After, end))
            }
            _ => Err(at),
        }
    }

    fn key(&mut self, at: usize) -> Result<(Next, usize), usize> {
        match self.text.get(at) {
            Some(b'}') => Ok((Next::After, at)),
            Some(b'"') => {
                let end = string_end(self.text, at + 1)?;
                if let Some(step) = self.way.last_mut() {
                    *step = Step::Key(at + 1..end);
                }
                let colon = skip_blanks(self.text, end + 1);
                let is_colon = self.text.get(colon) == Some(&b':');
                if is_colon { Ok((Next::Value, colon + 1)) } else { Err(colon) }
            }
            _ => Err(at),
        }
    }

    fn after(&mut self, at: usize) -> Result<(Next, usize), usize> {
        match (self.text.get(at), self.way.last_mut()) {
            (Some(b','), Some(Step::Key(_))) => Ok((Next::Key, at + 1)),
            (Some(b','), Some(Step::Index(index))) => {
                *index += 1;
                Ok((Next::Value, at + 1))
            }
            (Some(b'}'), Some(Step::Key(_))) | (Some(b']'), Some(Step::Index(_))) => {
                self.way.pop();
                Ok((Next::After, at + 1))
            }
            _ => Err(at),
        }
    }
}

/// What means something in a string.
const SIGNS: [bool; 256] = bytes::table(b"\"\\\n\r");

/// The closing quote of a string, or where its line ends without one.
fn string_end(text: &[u8], start: usize) -> Result<usize, usize> {
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(sign) = rest.iter().position(|byte| SIGNS[usize::from(*byte)]) else {
            return Err(text.len());
        };
        at += sign;
        match rest.get(sign) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at += 2,
            _ => return Err(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen<'t>(&'t str, Vec<String>, usize);

    impl Visit for Seen<'_> {
        fn scalar(&mut self, way: &[Step], scalar: Scalar) {
            let way: String = way
                .iter()
                .map(|step| match step {
                    Step::Key(range) => format!("/{}", &self.0[range.clone()]),
                    Step::Index(index) => format!("/{index}"),
                })
                .collect();
            let quote = if scalar.is_string { "'" } else { "" };
            self.1.push(format!("{way}={quote}{}{quote}", &self.0[scalar.range]));
        }

        fn document(&mut self, _: Range<usize>) {
            self.2 += 1;
        }
    }

    fn seen(text: &str) -> (Vec<String>, usize) {
        let mut seen = Seen(text, Vec::new(), 0);
        walk(text.as_bytes(), &mut seen);
        (seen.1, seen.2)
    }

    #[test]
    fn every_scalar_has_its_way() {
        let table: &[(&str, &[&str], usize)] = &[
            (
                r#"{"a":[1,{"b":"x\"y"},[]],"c":{},"d":null}"#,
                &["/a/0=1", r#"/a/1/b='x\"y'"#, "/d=null"],
                1,
            ),
            ("{\"a\":1}\n{\"a\":2}\n", &["/a=1", "/a=2"], 2),
            ("event: message\ndata: {\"a\":\ndata:   \"b\"}\n\n: {\"c\":1}\n", &["/a='b'"], 1),
            ("data: {\"a\":\r\ndata: 1}\r\n\r\ndata: [2]\r\n\r\n", &["/a=1", "/0=2"], 2),
            ("text\n{\"a\": broken}\n[1]", &["/a=broken", "/0=1"], 2),
            ("{\"a\":\"cut", &["/a='cut"], 0),
            ("[[[", &[], 0),
            ("", &[], 0),
        ];
        for (text, expected, documents) in table {
            let (scalars, ended) = seen(text);
            let scalars: Vec<&str> = scalars
                .iter()
                .map(|text| if text.ends_with("cut'") { text.trim_end_matches('\'') } else { text })
                .collect();
            assert_eq!((scalars.as_slice(), ended), (*expected, *documents), "{text}");
        }
        let deep = format!("{}1{}\n{{\"a\":2}}", "[".repeat(500), "]".repeat(500));
        assert_eq!(seen(&deep), (vec!["/a=2".to_owned()], 1));
    }
}
