//! The index, made in steps, so that whoever makes it can tell how far it has come, and stop.

use super::read::{JsonKind, is_literal, is_number, string_end};

/// A text's values, in the order of the text; see [`Index::MOST`].
pub type Nodes = Vec<Node>;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it begins: of an object's member the key's quote.
    pub start: u32,
    /// The value after it and all that is in it, by its place in the list.
    pub next: u32,
    /// The container that holds it; of the outermost itself.
    pub parent: u32,
    /// How many values it holds itself.
    pub count: u32,
    depth_kind: u32,
}

/// Bits of [`Node::depth_kind`]: kind in the lowest three, then whether it has a key, then depth.
const KIND: u32 = 0b111;
const KEYED: u32 = 0b1000;
const DEPTH: u32 = 4;

impl Node {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> JsonKind {
        JsonKind::ALL.get((self.depth_kind & KIND) as usize).copied().unwrap_or(JsonKind::Null)
    }

    /// It is a member of an object.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.depth_kind & KEYED != 0
    }

    /// Containers around it.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth_kind >> DEPTH
    }
}

/// Where a text stops being JSON, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The values.
    pub nodes: Nodes,
    /// Why it ends before the text does; the values before that are there all the same.
    pub fault: Option<Fault>,
    /// How many values lie at each depth, the first few depths: what to unfold at first.
    pub at_depth: [u32; 16],
}

impl Index {
    /// More values than this are not indexed: the index is 80 MB then, and the rest of the text is
    /// there in its raw form.
    pub const MOST: usize = 4_000_000;

    /// A text that is short enough to be indexed where it is asked for.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let mut indexer = Indexer::default();
        while !indexer.step(text, usize::MAX) {}
        indexer.into_index()
    }

    /// The same in steps of about a millisecond, for whoever has to tell how far it has come; `goes_on`
    /// is given that after each step. None where it says no.
    pub fn in_steps(text: &[u8], mut goes_on: impl FnMut(usize) -> bool) -> Option<Self> {
        let mut indexer = Indexer::default();
        while !indexer.step(text, STEP) {
            if !goes_on(indexer.at()) {
                return None;
            }
        }
        Some(indexer.into_index())
    }

    /// The depth down to which about so many lines are seen.
    #[must_use]
    pub fn depth_of(&self, lines: u32) -> u32 {
        let mut sum = 0_u32;
        for (depth, count) in (0..).zip(self.at_depth) {
            sum = sum.saturating_add(count);
            if sum > lines {
                return depth;
            }
        }
        16
    }
}

/// Bytes of one step.
const STEP: usize = 1 << 18;

/// What may stand between tokens.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// What is to come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expect {
    /// A value.
    #[default]
    Value,
    /// A value, or the end of the list that has just begun.
    First,
    /// A key, or the end of the object that has just begun.
    FirstKey,
    /// A key.
    Key,
    /// A comma or the end of the container.
    After,
    /// Nothing but blanks.
    Nothing,
}

/// Makes an index, a step at a time.
#[derive(Debug, Default)]
pub struct Indexer {
    index: Index,
    at: usize,
    expect: Expect,
    /// The containers that are open, by their places.
    open: Vec<u32>,
    /// The key of the value that comes.
    key: Option<u32>,
}

impl Indexer {
    /// How far it has come, in bytes.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The index as far as it is made. What is open where it was left ends there.
    #[must_use]
    pub fn into_index(mut self) -> Index {
        self.close_all();
        self.index
    }

    /// Goes on for about so many bytes; true when it is done. The text is the same in each step.
    pub fn step(&mut self, text: &[u8], bytes: usize) -> bool {
        let until = self.at.saturating_add(bytes);
        while self.at < until {
            if self.index.fault.is_some() {
                return true;
            }
            let blanks = text.get(self.at..).unwrap_or_default();
            self.at += blanks.iter().take_while(|byte| is_blank(**byte)).count();
            let Some(byte) = text.get(self.at).copied() else {
                if self.expect != Expect::Nothing {
                    self.fail("it breaks off");
                }
                return true;
            };
            if let Err(what) = self.token(text, byte) {
                self.fail(what);
            }
        }
        false
    }

    fn fail(&mut self, what: &'static str) {
        self.index.fault = Some(Fault { at: self.at, what });
    }

    fn token(&mut self, text: &[u8], byte: u8) -> Result<(), &'static str> {
        match (self.expect, byte) {
            (Expect::Nothing, _) => Err("something follows the value"),
            (Expect::First, b']') | (Expect::FirstKey, b'}') | (Expect::After, b']' | b'}') => {
                self.close(byte)
            }
            (Expect::FirstKey | Expect::Key, b'"') => self.take_key(text),
            (Expect::FirstKey | Expect::Key, _) => Err("a key is missing"),
            (Expect::After, b',') => {
                self.expect = match self.kind_open() {
                    Some(JsonKind::Object) => Expect::Key,
                    _ => Expect::Value,
                };
                self.at += 1;
                Ok(())
            }
            (Expect::After, _) => Err("a comma is missing"),
            (Expect::Value | Expect::First, _) => self.value(text, byte),
        }
    }

    fn kind_open(&self) -> Option<JsonKind> {
        self.open.last().and_then(|at| self.index.nodes.get(*at as usize)).map(Node::kind)
    }

    fn take_key(&mut self, text: &[u8]) -> Result<(), &'static str> {
        let start = u32::try_from(self.at).map_err(|_| "it is longer than 4 GiB")?;
        let end = string_end(text, self.at).ok_or("a key breaks off")?;
        let rest = text.get(end..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        if rest.get(blanks) != Some(&b':') {
            self.at = end + blanks;
            return Err("a colon is missing");
        }
        self.key = Some(start);
        self.at = end + blanks + 1;
        self.expect = Expect::Value;
        Ok(())
    }

    fn value(&mut self, text: &[u8], byte: u8) -> Result<(), &'static str> {
        let start = self.at;
        let (kind, end) = match byte {
            b'{' => (JsonKind::Object, start + 1),
            b'[' => (JsonKind::Array, start + 1),
            b'"' => (JsonKind::Text, string_end(text, start).ok_or("a text breaks off")?),
            _ => {
                let rest = text.get(start..).unwrap_or_default();
                let long = rest
                    .iter()
                    .take_while(|byte| {
                        matches!(byte, b'+' | b'-' | b'.') || byte.is_ascii_alphanumeric()
                    })
                    .count();
                let word = rest.get(..long).unwrap_or_default();
                let kind = if is_number(word) {
                    JsonKind::Number
                } else {
                    is_literal(word).ok_or("no value")?
                };
                (kind, start + long)
            }
        };
        self.push(kind)?;
        self.at = end;
        self.expect = match kind {
            JsonKind::Object => Expect::FirstKey,
            JsonKind::Array => Expect::First,
            _ if self.open.is_empty() => Expect::Nothing,
            _ => Expect::After,
        };
        Ok(())
    }

    fn push(&mut self, kind: JsonKind) -> Result<(), &'static str> {
        let nodes = &mut self.index.nodes;
        if nodes.len() >= Index::MOST {
            return Err("more values than are indexed; the raw form has them");
        }
        let place = u32::try_from(nodes.len()).map_err(|_| "too many values")?;
        let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX) & (u32::MAX >> DEPTH);
        let key = self.key.take();
        let start = u32::try_from(self.at).map_err(|_| "it is longer than 4 GiB")?;
        let keyed = if key.is_some() { KEYED } else { 0 };
        if let Some(parent) = self.open.last().and_then(|at| nodes.get_mut(*at as usize)) {
            parent.count += 1;
        }
        nodes.push(Node {
            start: key.unwrap_or(start),
            next: place + 1,
            parent: self.open.last().copied().unwrap_or(place),
            count: 0,
            depth_kind: depth << DEPTH | keyed | kind as u32,
        });
        if let Some(count) = self.index.at_depth.get_mut(depth as usize) {
            *count += 1;
        }
        if matches!(kind, JsonKind::Object | JsonKind::Array) {
            self.open.push(place);
        }
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), &'static str> {
        let right = match self.kind_open() {
            Some(JsonKind::Object) => b'}',
            _ => b']',
        };
        if byte != right {
            return Err("a container is closed that is not open");
        }
        self.close_last();
        self.at += 1;
        self.expect = if self.open.is_empty() { Expect::Nothing } else { Expect::After };
        Ok(())
    }

    fn close_last(&mut self) {
        let end = u32::try_from(self.index.nodes.len()).unwrap_or(u32::MAX);
        let place = self.open.pop();
        if let Some(node) = place.and_then(|at| self.index.nodes.get_mut(at as usize)) {
            node.next = end;
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close_last();
        }
    }
}
