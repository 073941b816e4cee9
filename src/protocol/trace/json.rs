//! A walk over JSON text, on a stack of its own: each string and bare word with its path.
//!
//! It asks for no more than quotes, brackets and commas, so a text that breaks off, or that is
//! JSON but for some places, is walked as far as it goes.

use std::borrow::Cow;

use super::Needle;

/// How deep paths are told; what lies deeper is told by the path to this
/// depth.
const DEPTH_CAP: usize = 256;

/// How often JSON text inside a JSON string is opened.
const NESTING_CAP: usize = 3;

/// What a string holds at most where it is opened as JSON text itself.
const NESTED_CAP: usize = 16 << 20;

/// Hits told of one text; it is left at the next one.
const HITS_CAP: usize = super::MENTIONS_CAP + 1;

/// How much of a key a path tells; what is longer is cut, and the path leads nowhere.
const KEY_CAP: usize = 512;

/// A place in a JSON text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// RFC 6901.
    pub(super) path: String,
    /// The path within the JSON text that this string holds.
    pub(super) inner: Option<String>,
    /// The value is all of it.
    pub(super) whole: bool,
}

/// Tells every place of a JSON text that mentions the value, keys included.
pub(super) fn walk(needle: &Needle, json: &str, hit: &mut impl FnMut(Hit)) {
    let mut left = HITS_CAP;
    let whole = Layer { text: Cow::Borrowed(json), outer: None, inside: String::new(), level: 0 };
    let mut texts = vec![whole];
    // Strings that hold JSON are walked after the text that they stand in: no recursion.
    while let Some(Layer { text, outer, inside, level }) = texts.pop() {
        let (mut nested, mut any) = (Vec::new(), false);
        walk_one(needle, &text, &mut |path, found| {
            let path = format!("{inside}{path}");
            let (path, inner) = match &outer {
                Some(outer) => (outer.clone(), Some(path)),
                None => (path, None),
            };
            match found {
                Found::Json(text) if level < NESTING_CAP => {
                    let inside = inner.unwrap_or_default();
                    let text = Cow::Owned(text);
                    nested.push(Layer { text, outer: Some(path), inside, level: level + 1 });
                    return true;
                }
                // Too deep to be opened: what is written there counts as it is written.
                Found::Json(text) if needle.is_in(&text).is_none() => return true,
                Found::Json(_) => hit(Hit { path, inner, whole: false }),
                Found::Mention(whole) => hit(Hit { path, inner, whole }),
            }
            any = true;
            left -= 1;
            left > 0
        });
        if left == 0 {
            return;
        }
        if let (false, true, Some(path)) = (any, nested.is_empty(), outer)
            && needle.is_in(&text).is_some()
        {
            // It only looked like JSON.
            let inner = Some(inside).filter(|inside| !inside.is_empty());
            hit(Hit { path, inner, whole: false });
        }
        nested.reverse();
        texts.append(&mut nested);
    }
}

/// A JSON text to be walked, and where it stands.
struct Layer<'a> {
    text: Cow<'a, str>,
    /// The path of the outermost string that it stands in.
    outer: Option<String>,
    /// The path within that one.
    inside: String,
    level: usize,
}

/// What stands at a path.
enum Found {
    Mention(bool),
    Json(String),
}

fn walk_one(needle: &Needle, text: &str, tell: &mut impl FnMut(String, Found) -> bool) {
    if !needle.may_be_in_json(text) {
        return;
    }
    let mut path = Path::default();
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        let (next, found) = match byte {
            b'"' => {
                let end = string_end(text, at);
                let value = unquoted(text.get(at + 1..end).unwrap_or_default());
                let is_key = path.expects_key(text, end + 1);
                if is_key {
                    path.key(&value);
                }
                let found = if !is_key && holds_json(&value) && needle.may_be_in_json(&value) {
                    Some(Found::Json(value.into_owned()))
                } else {
                    needle.is_in(&value).map(Found::Mention)
                };
                (end + 1, found)
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                let end = word_end(text, at);
                let is_value = text.get(at..end).is_some_and(|word| needle.is(word));
                (end.max(at + 1), is_value.then_some(Found::Mention(true)))
            }
            _ => {
                path.step(byte);
                (at + 1, None)
            }
        };
        if let Some(found) = found
            && !tell(path.pointer(), found)
        {
            return;
        }
        at = next;
    }
}

/// Where the string whose quote is at `open` has its other quote, or the text's end.
fn string_end(text: &str, open: usize) -> usize {
    let mut escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(open + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return place,
            _ => {}
        }
    }
    text.len()
}

/// Where a number or another bare word ends.
fn word_end(text: &str, start: usize) -> usize {
    let ends = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    rest.iter().position(ends).map_or(text.len(), |length| start + length)
}

/// What a string says; as it is written where its escapes say nothing, like half a surrogate pair.
fn unquoted(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    serde_json::from_str(&format!("\"{raw}\"")).map_or(Cow::Borrowed(raw), Cow::Owned)
}

fn holds_json(text: &str) -> bool {
    let text = text.trim_start();
    text.len() <= NESTED_CAP && text.starts_with(['{', '[']) && text.contains('"')
}

/// Where the walk is.
#[derive(Default)]
struct Path {
    steps: Vec<Step>,
    /// Levels below the deepest step that is told.
    below: usize,
}

enum Step {
    Key(String),
    Index(u64),
}

impl Path {
    /// A bracket or a comma; anything else says nothing of the place.
    fn step(&mut self, byte: u8) {
        match byte {
            b'{' => self.enter(Step::Key(String::new())),
            b'[' => self.enter(Step::Index(0)),
            b'}' | b']' => self.leave(),
            b',' => self.next(),
            _ => {}
        }
    }

    fn enter(&mut self, step: Step) {
        if self.steps.len() < DEPTH_CAP { self.steps.push(step) } else { self.below += 1 }
    }

    fn leave(&mut self) {
        if self.below > 0 {
            self.below -= 1;
        } else {
            self.steps.pop();
        }
    }

    fn next(&mut self) {
        if let (0, Some(Step::Index(index))) = (self.below, self.steps.last_mut()) {
            *index += 1;
        }
    }

    /// A string is a key where a colon follows it within an object; `after` is the place behind it.
    fn expects_key(&self, text: &str, after: usize) -> bool {
        let rest = text.as_bytes().get(after..).unwrap_or_default();
        let in_array = self.below == 0 && matches!(self.steps.last(), Some(Step::Index(_)) | None);
        !in_array && rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
    }

    fn key(&mut self, name: &str) {
        if let (0, Some(Step::Key(key))) = (self.below, self.steps.last_mut()) {
            key.clear();
            key.extend(name.chars().take(KEY_CAP));
        }
    }

    /// RFC 6901.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.steps {
            pointer.push('/');
            match step {
                Step::Key(key) => pointer.push_str(&escape(key)),
                Step::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

/// A key as it stands in a pointer (RFC 6901 3).
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
