//! `--set PATH=VALUE`: what a user puts into a recorded message before it is sent.

use super::{
    coded::quoted,
    json::holds_json,
    layers::{Edit, apply},
};
use crate::replay::{
    rules::{RulesError, Selector},
    value::Value,
};

/// The edits of one run, in the order they were given.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    list: Vec<(Selector, String)>,
}

impl Edits {
    /// Adds one, `PATH=VALUE`; VALUE is JSON if it parses, else text.
    ///
    /// # Errors
    ///
    /// PATH is none, or there is no `=`.
    pub fn add(&mut self, typed: &str) -> Result<(), RulesError> {
        let parts = split(typed);
        let (path, value) = parts
            .ok_or_else(|| RulesError::Path(typed.to_owned(), "it is not PATH=VALUE".to_owned()))?;
        let selector = Selector::parse(path)?;
        let is_json = serde_json::from_str::<&serde_json::value::RawValue>(value).is_ok();
        let value =
            if is_json { value.trim().to_owned() } else { format!("\"{}\"", quoted(value)) };
        self.list.push((selector, value));
        Ok(())
    }

    /// Another message in the place of the recorded one.
    #[must_use]
    pub fn whole(message: String) -> Self {
        Self { list: vec![(Selector::Pointer(String::new()), message)] }
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The message's text with the edits made, the rest of it as it was, and how many places they
    /// were made at. A place that is not there is added where the object or list that it would
    /// stand in is.
    #[must_use]
    pub fn apply(&self, message: &str) -> (String, usize) {
        let (mut text, mut made) = (message.to_owned(), 0);
        for (selector, value) in &self.list {
            let parsed = match selector {
                Selector::Pointer(_) => serde_json::Value::Null,
                Selector::Path(_) => serde_json::from_str(&text).unwrap_or_default(),
            };
            for pointer in selector.places(&parsed) {
                if let Some(edit) = edit(&text, &pointer, value) {
                    text = apply(&text, vec![edit]);
                    made += 1;
                }
            }
        }
        (text, made)
    }
}

/// At the first `=` that parts a path from a value: RFC 9535 has `==` in filters.
fn split(typed: &str) -> Option<(&str, &str)> {
    let parts = typed
        .match_indices('=')
        .filter_map(|(at, _)| Some((typed.get(..at)?, typed.get(at + 1..)?)));
    let mut parts = parts.peekable();
    let first = parts.peek().copied();
    let is_path =
        |(path, _): &(&str, &str)| !path.starts_with('$') || Selector::parse(path).is_ok();
    parts.find(is_path).or(first)
}

/// What puts a value at a place of a text; none where it has no room for it.
fn edit(text: &str, pointer: &str, value: &str) -> Option<Edit> {
    if pointer.is_empty() {
        return Some(Edit { range: 0..text.len(), text: value.to_owned() });
    }
    let steps: Vec<String> = pointer
        .strip_prefix('/')?
        .split('/')
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect();
    let (step, outer) = steps.split_last()?;
    let mut around = text;
    for outer in outer {
        around = member(around, outer)?;
    }
    let place = |part: &str| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        start..start + part.len()
    };
    if let Some(there) = member(around, step) {
        return Some(Edit { range: place(there), text: value.to_owned() });
    }
    let (is_empty, named) = match Value::of(around) {
        Value::Object(members) => (members.is_empty(), format!("\"{}\":{value}", quoted(step))),
        Value::Array(list) if step == "-" || *step == list.len().to_string() => {
            (list.is_empty(), value.to_owned())
        }
        _ => return None,
    };
    let end = place(around).end.checked_sub(1).filter(|_| holds_json(around))?;
    let comma = if is_empty { "" } else { "," };
    Some(Edit { range: end..end, text: format!("{comma}{named}") })
}

/// A member of an object or list, as it is spelled.
fn member<'t>(around: &'t str, step: &str) -> Option<&'t str> {
    match Value::of(around) {
        Value::Object(members) => members.get(step).map(|raw| raw.get()),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?).map(|raw| raw.get()),
        _ => None,
    }
}
