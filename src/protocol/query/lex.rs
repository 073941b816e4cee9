//! Splits a query into words: `-key:value|"quoted value"`.

use super::QueryError;

/// One term as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// A `-` leads it.
    pub(super) negated: bool,
    /// Key and operator; none for a bare word.
    pub(super) key: Option<Key>,
    /// The alternatives between `|`; at least one.
    pub(super) values: Vec<Value>,
    /// Where it begins, in bytes.
    pub(super) offset: usize,
}

/// `latency>`: a key and what compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) op: Op,
}

/// What stands between key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// `:` or `=`.
    Is,
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
}

/// One alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Without quotes.
    pub(super) text: String,
    /// Quoted: `*` stands for itself.
    pub(super) quoted: bool,
    /// Where it begins, in bytes.
    pub(super) offset: usize,
}

/// The words of a query.
pub(super) fn words(text: &str) -> Result<Vec<Word>, QueryError> {
    let mut rest = Rest { text, at: 0 };
    let mut words = Vec::new();
    loop {
        rest.skip(char::is_whitespace);
        if rest.peek().is_none() {
            return Ok(words);
        }
        words.push(rest.word()?);
    }
}

/// Where an unquoted bracket stands in a value: who types one means a group.
fn bracket(value: &Value) -> Option<usize> {
    let place = value.text.find(['(', ')']).filter(|_| !value.quoted)?;
    Some(value.offset + place)
}

struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl Rest<'_> {
    fn peek(&self) -> Option<char> {
        self.left().chars().next()
    }

    fn left(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, which: impl Fn(char) -> bool) {
        self.at = self.text.len() - self.left().trim_start_matches(which).len();
    }

    fn take(&mut self, prefix: &str) -> bool {
        let there = self.left().starts_with(prefix);
        self.at += if there { prefix.len() } else { 0 };
        there
    }

    fn word(&mut self) -> Result<Word, QueryError> {
        let offset = self.at;
        let negated = self.take("-");
        let key = self.key();
        let mut values = vec![self.value()?];
        while self.take("|") {
            values.push(self.value()?);
        }
        if values.iter().any(|value| value.text.is_empty()) {
            let empty = values.iter().find(|value| value.text.is_empty());
            let at = empty.map_or(offset, |value| value.offset);
            return Err(QueryError::at(
                self.text,
                at,
                "a value is missing",
                "`key:value`, or put text in quotes",
            ));
        }
        if let (Some(_), Some(at)) = (&key, values.iter().find_map(bracket)) {
            return Err(QueryError::at(
                self.text,
                at,
                "a bracket, and there are no groups",
                "alternatives are `key:a|b`; a value with a bracket goes in quotes",
            ));
        }
        Ok(Word { negated, key, values, offset })
    }

    /// A key is letters and hyphens up to an operator.
    fn key(&mut self) -> Option<Key> {
        const OPS: [(&str, Op); 6] = [
            (":", Op::Is),
            (">=", Op::AtLeast),
            ("<=", Op::AtMost),
            (">", Op::Above),
            ("<", Op::Below),
            ("=", Op::Is),
        ];
        let left = self.left();
        let end = left.find(|c: char| !(c.is_ascii_alphabetic() || c == '-'))?;
        let (name, after) = left.split_at_checked(end)?;
        let (sign, op) = OPS.iter().find(|(sign, _)| after.starts_with(sign))?;
        if name.is_empty() {
            return None;
        }
        let key = Key { name: name.to_owned(), op: *op };
        self.at += end + sign.len();
        Some(key)
    }

    fn value(&mut self) -> Result<Value, QueryError> {
        let offset = self.at;
        if !self.take("\"") {
            self.skip(|c| !c.is_whitespace() && c != '|');
            let text = self.text.get(offset..self.at).unwrap_or_default().to_owned();
            return Ok(Value { text, quoted: false, offset });
        }
        let Some(end) = self.left().find('"') else {
            return Err(QueryError::at(
                self.text,
                offset,
                "the quote is not closed",
                "end the text with `\"`",
            ));
        };
        let text = self.left().get(..end).unwrap_or_default().to_owned();
        self.at += end + 1;
        if self.peek().is_some_and(|c| !c.is_whitespace() && c != '|') {
            return Err(QueryError::at(
                self.text,
                self.at,
                "text follows the closing quote",
                "put a space or `|` after it",
            ));
        }
        Ok(Value { text, quoted: true, offset })
    }
}
