//! A recorded message brought up to date: what differs at its place, all else as it is spelled, so
//! that a tape's `git diff` shows no more than what changed.

use super::{
    compare::{Difference, Kind},
    edit::quoted,
    value::Value,
};

/// The message with the replayed values in place of the recorded ones. None where a difference has
/// no place in it.
#[must_use]
pub fn patched(message: &str, differences: &[Difference]) -> Option<String> {
    let mut edits: Vec<Edit<'_>> = differences.iter().map(Edit::of).collect::<Option<_>>()?;
    // Places of arrays are those of the recording: values first, then from the last element that
    // goes to the first, then what is new, in its order.
    edits.sort_by(|one, other| {
        let rank = |edit: &Edit<'_>| match (edit.value, edit.is_new) {
            (Some(_), false) => 0,
            (None, _) => 1,
            (Some(_), true) => 2,
        };
        let order = rank(one).cmp(&rank(other));
        order
            .then_with(|| if one.value.is_none() { other.place().cmp(&one.place()) } else { order })
    });
    let mut text = message.to_owned();
    for edit in edits {
        text = edit.made(&text, &edit.steps)?;
    }
    Some(text)
}

/// One change at a place.
struct Edit<'d> {
    steps: Vec<String>,
    /// None: what stands there goes.
    value: Option<&'d str>,
    is_new: bool,
}

impl<'d> Edit<'d> {
    fn of(difference: &'d Difference) -> Option<Self> {
        let (value, is_new) = match difference.kind {
            Kind::Value | Kind::Type => (Some(difference.replayed.as_deref()?), false),
            Kind::Added => (Some(difference.replayed.as_deref()?), true),
            Kind::Removed => (None, false),
            Kind::Outcome | Kind::Notifications => return None,
        };
        let steps = difference.path.strip_prefix('/')?.split('/');
        let steps = steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
        Some(Self { steps, value, is_new })
    }

    /// The place, in an order in which 10 comes after 9.
    fn place(&self) -> Vec<(Option<usize>, &str)> {
        self.steps.iter().map(|step| (step.parse().ok(), step.as_str())).collect()
    }

    /// As deep as the path is long, which is as deep as messages are compared.
    fn made(&self, json: &str, steps: &[String]) -> Option<String> {
        let Some((step, rest)) = steps.split_first() else {
            return self.value.map(str::to_owned);
        };
        let member = match Value::of(json) {
            // A text that is JSON: the path goes on in it.
            Value::Text(text) => return quoted(&self.made(&text, steps)?),
            Value::Object(members) => match members.get(step) {
                Some(raw) => raw.get(),
                None if rest.is_empty() => {
                    let value = format!("{}:{}", quoted(step)?, self.value?);
                    return behind(json, '}', members.is_empty(), &value);
                }
                None => return None,
            },
            Value::Array(items) => {
                let index: usize = step.parse().ok()?;
                match items.get(index) {
                    Some(raw) if self.is_new && rest.is_empty() => {
                        let (start, _) = place(json, raw.get())?;
                        let (before, after) = json.split_at_checked(start)?;
                        return Some([before, self.value?, ",", after].concat());
                    }
                    Some(raw) => raw.get(),
                    None if rest.is_empty() => {
                        return behind(json, ']', items.is_empty(), self.value?);
                    }
                    None => return None,
                }
            }
            Value::Number(_) | Value::Word(_) => return None,
        };
        let (start, end) = place(json, member)?;
        if rest.is_empty() && self.value.is_none() {
            return without(json, start, end);
        }
        let inner = self.made(member, rest)?;
        Some([json.get(..start)?, &inner, json.get(end..)?].concat())
    }
}

/// Where a part of a text stands in it.
fn place(whole: &str, part: &str) -> Option<(usize, usize)> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len()).filter(|end| *end <= whole.len())?;
    Some((start, end))
}

/// A last member of an object or array.
fn behind(json: &str, close: char, is_first: bool, value: &str) -> Option<String> {
    let body = json.trim_ascii_end().strip_suffix(close)?;
    let comma = if is_first { "" } else { "," };
    Some(format!("{}{comma}{value}{close}", body.trim_ascii_end()))
}

/// The text without a member, its key and one comma.
fn without(json: &str, start: usize, end: usize) -> Option<String> {
    let mut before = json.get(..start)?.trim_ascii_end();
    if let Some(named) = before.strip_suffix(':') {
        before = before_key(named.trim_ascii_end())?.trim_ascii_end();
    }
    let after = json.get(end..)?.trim_ascii_start();
    if let Some(next) = after.strip_prefix(',') {
        return Some([before, next.trim_ascii_start()].concat());
    }
    Some([before.strip_suffix(',').unwrap_or(before), after].concat())
}

/// What stands before the string that a text ends with.
fn before_key(text: &str) -> Option<&str> {
    let inner = text.strip_suffix('"')?;
    let quotes = inner.match_indices('"').map(|(at, _)| at).rev();
    let is_bare = |at: &usize| {
        let slashes = inner.get(..*at).unwrap_or_default().bytes().rev();
        slashes.take_while(|byte| *byte == b'\\').count() % 2 == 0
    };
    inner.get(..quotes.into_iter().find(is_bare)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(path: &str, kind: Kind, value: &str) -> Difference {
        let path = path.to_owned();
        let replayed = (kind != Kind::Removed).then(|| value.to_owned());
        Difference { path, kind, recorded: None, replayed, message: None }
    }

    #[test]
    fn what_changed_changes_and_nothing_else() {
        use Kind::{Added, Removed, Type, Value};
        let json = r#"{"id": 1.00, "result":{"z":[1,2,3],"a\"b":"x", "t":"{\"in\": [1.0]}"}}"#;
        for (path, kind, value, expected) in [
            (
                "/result/z/1",
                Value,
                "7",
                r#"{"id": 1.00, "result":{"z":[1,7,3],"a\"b":"x", "t":"{\"in\": [1.0]}"}}"#,
            ),
            (
                "/result/z/1",
                Removed,
                "",
                r#"{"id": 1.00, "result":{"z":[1,3],"a\"b":"x", "t":"{\"in\": [1.0]}"}}"#,
            ),
            (
                "/result/z/3",
                Added,
                "4",
                r#"{"id": 1.00, "result":{"z":[1,2,3,4],"a\"b":"x", "t":"{\"in\": [1.0]}"}}"#,
            ),
            (
                "/result/z/0",
                Added,
                "0",
                r#"{"id": 1.00, "result":{"z":[0,1,2,3],"a\"b":"x", "t":"{\"in\": [1.0]}"}}"#,
            ),
            (
                "/result/a\"b",
                Removed,
                "",
                r#"{"id": 1.00, "result":{"z":[1,2,3],"t":"{\"in\": [1.0]}"}}"#,
            ),
            ("/result/t", Removed, "", r#"{"id": 1.00, "result":{"z":[1,2,3],"a\"b":"x"}}"#),
            (
                "/result/n",
                Added,
                "null",
                r#"{"id": 1.00, "result":{"z":[1,2,3],"a\"b":"x", "t":"{\"in\": [1.0]}","n":null}}"#,
            ),
            (
                "/result/t/in/0",
                Type,
                "\"y\"",
                r#"{"id": 1.00, "result":{"z":[1,2,3],"a\"b":"x", "t":"{\"in\": [\"y\"]}"}}"#,
            ),
        ] {
            let made = patched(json, &[difference(path, kind, value)]);
            assert_eq!(made.as_deref(), Some(expected), "{path}");
        }
        assert_eq!(patched(json, &[difference("/result/no/where", Added, "1")]), None);
        assert_eq!(patched(json, &[difference("", Kind::Outcome, "\"ok\"")]), None);
    }

    #[test]
    fn places_of_arrays_are_those_of_the_recording() {
        let differences = [
            difference("/r/0", Kind::Removed, ""),
            difference("/r/2", Kind::Value, "\"C\""),
            difference("/r/1", Kind::Removed, ""),
            difference("/r/9", Kind::Added, "\"d\""),
        ];
        let made = patched(r#"{"r":["a","b","c"]}"#, &differences);
        assert_eq!(made.as_deref(), Some(r#"{"r":["C","d"]}"#));
    }
}
