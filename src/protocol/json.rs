//! JSON passed over by its text: where a value ends, and how the values of some keys are spelled.
//!
//! What a recording says is asked of every message, so it is read in one pass and without a tree:
//! `serde_json` can give a value's spelling or what is in it, and one has to read twice to have
//! both. No recursion: depth costs one bit a level. It takes what `serde_json` takes, the tests say.

/// Where one reads in a JSON text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// The values of some keys, as spelled; of duplicate keys the last counts, as in every client's
/// parser.
pub(super) type Values<'a, const N: usize> = [Option<&'a str>; N];

impl<'a> Scanner<'a> {
    /// At the beginning of a text.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Nothing but blanks is left.
    pub(super) fn is_over(&mut self) -> bool {
        self.blanks();
        self.at >= self.text.len()
    }

    /// The next value, as spelled; none where there is no JSON here.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        self.blanks();
        let start = self.at;
        self.pass()?;
        self.text.get(start..self.at)
    }

    /// The next value, as spelled, and what it has at some keys if it is an object.
    pub(super) fn value_with<const N: usize>(
        &mut self,
        keys: &[&str; N],
    ) -> Option<(&'a str, Values<'a, N>)> {
        self.blanks();
        let start = self.at;
        let mut values = [None; N];
        if self.peek() == Some(b'{') {
            self.object(|inner, key| {
                let value = inner.value()?;
                if let Some(place) = keys.iter().position(|wanted| key.is(wanted))
                    && let Some(slot) = values.get_mut(place)
                {
                    *slot = Some(value);
                }
                Some(())
            })?;
        } else {
            self.pass()?;
        }
        Some((self.text.get(start..self.at)?, values))
    }

    /// The next value, which is to be an object: `field` is given each key and passes over its
    /// value. None where it is none, or where `field` says so.
    pub(super) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, Key<'a>) -> Option<()>,
    ) -> Option<()> {
        self.blanks();
        self.expect(b'{')?;
        self.blanks();
        if self.take(b'}') {
            return Some(());
        }
        loop {
            let key = self.key()?;
            field(self, key)?;
            self.blanks();
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// The next value, which is to be an array: `each` is given its elements as spelled. None
    /// where it is none or breaks off; the elements before that were given.
    pub(super) fn array(&mut self, mut each: impl FnMut(&'a str)) -> Option<()> {
        self.blanks();
        self.expect(b'[')?;
        self.blanks();
        if self.take(b']') {
            return Some(());
        }
        loop {
            each(self.value()?);
            self.blanks();
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Passes over one value, however deep.
    fn pass(&mut self) -> Option<()> {
        let mut levels = Levels::default();
        loop {
            self.blanks();
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                b'{' => {
                    self.blanks();
                    if !self.take(b'}') {
                        levels.push(true);
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.blanks();
                    if !self.take(b']') {
                        levels.push(false);
                        continue;
                    }
                }
                b't' => self.word("rue")?,
                b'f' => self.word("alse")?,
                b'n' => self.word("ull")?,
                first => self.number(first)?,
            }
            loop {
                let Some(in_object) = levels.top() else { return Some(()) };
                self.blanks();
                match (self.next()?, in_object) {
                    (b',', true) => {
                        self.key()?;
                        break;
                    }
                    (b',', false) => break,
                    (b'}', true) | (b']', false) => levels.pop(),
                    _ => return None,
                }
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<Key<'a>> {
        self.blanks();
        let start = self.at;
        self.expect(b'"')?;
        let escaped = self.string()?;
        let spelled = self.text.get(start..self.at)?;
        self.blanks();
        self.expect(b':')?;
        Some(Key { spelled, escaped })
    }

    /// The rest of a string; whether it has escapes. Their sense does not matter here.
    fn string(&mut self) -> Option<bool> {
        let mut escaped = false;
        loop {
            self.at += plain(self.rest());
            match self.next()? {
                b'"' => return Some(escaped),
                b'\\' => escaped = true,
                // A control character, which JSON has only escaped.
                _ => return None,
            }
            match self.next()? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                b'u' => {
                    let digits = self.rest().get(..4)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    self.at += 4;
                }
                _ => return None,
            }
        }
    }

    /// The rest of a number.
    fn number(&mut self, mut first: u8) -> Option<()> {
        if first == b'-' {
            first = self.next()?;
        }
        match first {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.take(b'.') {
            self.some_digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.some_digits()?;
        }
        Some(())
    }

    fn some_digits(&mut self) -> Option<()> {
        self.peek().filter(u8::is_ascii_digit)?;
        self.digits();
        Some(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn word(&mut self, rest: &str) -> Option<()> {
        let found = self.rest().starts_with(rest.as_bytes());
        self.at += rest.len();
        found.then_some(())
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }
}

/// A key as spelled, quotes included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    spelled: &'a str,
    escaped: bool,
}

impl Key<'_> {
    /// Whether it is this one. A key with a lone surrogate is none that anybody asks for.
    pub(super) fn is(&self, wanted: &str) -> bool {
        if self.escaped {
            return serde_json::from_str::<String>(self.spelled).is_ok_and(|key| key == wanted);
        }
        let (spelled, wanted) = (self.spelled.as_bytes(), wanted.as_bytes());
        spelled.len() == wanted.len() + 2 && spelled.get(1..=wanted.len()) == Some(wanted)
    }
}

/// How many bytes come before the first quote, backslash or control character. Keys end soon; long
/// texts go by blocks that the compiler compares at once, what is left of them by [`plain_words`].
fn plain(bytes: &[u8]) -> usize {
    let Some((start, bytes)) = bytes.split_first_chunk::<16>() else { return plain_words(bytes) };
    let soon = plain_words(start);
    if soon < start.len() {
        return soon;
    }
    let (blocks, _) = bytes.as_chunks::<64>();
    let hit = |block: &[u8; 64]| {
        block.iter().fold(0, |hit, byte| {
            hit | u8::from(*byte < b' ') | u8::from(*byte == b'"') | u8::from(*byte == b'\\')
        })
    };
    let clean = 64 * blocks.iter().take_while(|block| hit(block) == 0).count();
    start.len() + clean + plain_words(bytes.get(clean..).unwrap_or_default())
}

/// The same eight at a time, by the arithmetic of "Bit Twiddling Hacks": a byte is hit where the
/// subtraction borrows into its highest bit, and below the lowest hit no borrow is wrong.
fn plain_words(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, tail) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let is = |byte: u8| {
            let zero = word ^ (ONES * u64::from(byte));
            zero.wrapping_sub(ONES) & !zero
        };
        let hits = (control | is(b'"') | is(b'\\')) & (ONES << 7);
        if hits != 0 {
            return n * 8 + hits.trailing_zeros() as usize / 8;
        }
    }
    let is_hit = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
    words.len() * 8 + tail.iter().position(is_hit).unwrap_or(tail.len())
}

/// The open brackets, a bit each, set for an object; beyond 64 in memory.
#[derive(Debug, Default)]
struct Levels {
    bits: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Levels {
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.bits >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }

    /// Whether the innermost is an object; none where none is open.
    fn top(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

#[cfg(test)]
mod tests;
