//! Places that somebody else found secret: a user's rules name them by pointers into messages,
//! and only who knows rules and messages can tell where they apply.

use std::ops::Range;

use serde_json::Value;

use super::json::{Scalar, Step, Visit, walk};

/// A value in a text that is to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its bytes; of a string those between its quotes.
    pub range: Range<usize>,
    /// It is a string.
    pub is_string: bool,
}

/// One JSON document of a body.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// Its strings, numbers and words with their pointers (RFC 6901).
    pub scalars: Vec<(String, Mark)>,
}

/// Hands on every JSON document of a body, one at a time.
pub fn documents(text: &[u8], each: &mut dyn FnMut(Document)) {
    walk(text, &mut Documents { text, scalars: Vec::new(), each });
}

struct Documents<'t, 'e> {
    text: &'t [u8],
    scalars: Vec<(String, Mark)>,
    each: &'e mut dyn FnMut(Document),
}

impl Visit for Documents<'_, '_> {
    fn scalar(&mut self, way: &[Step], scalar: Scalar) {
        let mut pointer = String::new();
        for step in way {
            pointer.push('/');
            match step {
                Step::Index(index) => pointer.push_str(&index.to_string()),
                Step::Key(range) => {
                    let raw = self.text.get(range.clone()).unwrap_or_default();
                    let quoted = [b"\"", raw, b"\""].concat();
                    let key: String = serde_json::from_slice(&quoted)
                        .unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned());
                    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                }
            }
        }
        let Scalar { range, is_string } = scalar;
        self.scalars.push((pointer, Mark { range, is_string }));
    }

    fn document(&mut self, range: Range<usize>) {
        let scalars = std::mem::take(&mut self.scalars);
        let text = self.text.get(range).unwrap_or_default();
        // A document over several `data:` lines.
        let lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
        let lines = lines.map(|line| line.strip_prefix(b"data:").unwrap_or(line));
        let plain = lines.collect::<Vec<_>>().join(&b'\n');
        if let Ok(value) = serde_json::from_slice(&plain) {
            (self.each)(Document { value, scalars });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_with_their_pointers() {
        let text = b"data: {\"a/b\":[\ndata: \"x\",2]}\n\n{\"c\":{}}\n";
        let mut all = Vec::new();
        documents(text, &mut |document| all.push(document));
        let [first, second] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(first.value, serde_json::json!({"a/b": ["x", 2]}));
        let pointers: Vec<_> =
            first.scalars.iter().map(|(at, mark)| (at.as_str(), mark.is_string)).collect();
        assert_eq!(pointers, [("/a~1b/0", true), ("/a~1b/1", false)]);
        assert!(second.scalars.is_empty());
    }
}
