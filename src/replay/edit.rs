//! A place of a JSON text read, replaced or taken out, by RFC 6901. What stands around it keeps its
//! spelling: numbers their digits, keys their order.

use super::value::Value;
use crate::protocol::pick;

/// What stands at a place; the whole text at the empty one.
pub(crate) fn get<'a>(json: &'a str, pointer: &str) -> Option<&'a str> {
    let mut at = json.trim_ascii();
    for step in steps(pointer)? {
        at = if at.starts_with('{') {
            let [member] = pick(at, [&step])?;
            member?
        } else if let Value::Array(items) = Value::of(at) {
            items.get(index(&step)?)?.get()
        } else {
            return None;
        };
    }
    Some(at)
}

/// The string at a place.
pub(crate) fn text(json: &str, pointer: &str) -> Option<String> {
    match Value::of(get(json, pointer)?) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The text with another value at a place. The object or array that the last step leads into has
/// to be there; a member that is not is added, as RFC 6902's `add` does.
pub(crate) fn set(json: &str, pointer: &str, value: &str) -> Option<String> {
    if let Some(old) = get(json, pointer) {
        return splice(json, old, value);
    }
    let (parent, last) = pointer.rsplit_once('/')?;
    let around = get(json, parent)?;
    let (inner, close) = match Value::of(around) {
        Value::Object(members) if members.is_empty() => (member(last, value)?, '}'),
        Value::Object(_) => (format!(",{}", member(last, value)?), '}'),
        Value::Array(items) if last == "-" || index(last) == Some(items.len()) => {
            (format!("{}{value}", if items.is_empty() { "" } else { "," }), ']')
        }
        _ => return None,
    };
    let body = around.trim_ascii_end().strip_suffix(close)?;
    splice(json, around, &format!("{body}{inner}{close}"))
}

/// The text without a member of an object; as it is where there is none.
pub(crate) fn remove(json: &str, pointer: &str) -> Option<String> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let around = get(json, parent)?;
    let Value::Object(mut members) = Value::of(around) else { return None };
    let Some(_) = members.remove(&unescaped(last)) else { return Some(json.to_owned()) };
    let left: Option<Vec<String>> = members
        .iter()
        .map(|(key, value)| Some(format!("{}:{}", quoted(key)?, value.get())))
        .collect();
    splice(json, around, &format!("{{{}}}", left?.join(",")))
}

fn member(step: &str, value: &str) -> Option<String> {
    Some(format!("{}:{value}", quoted(&unescaped(step))?))
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> Option<String> {
    serde_json::to_string(text).ok()
}

/// `part` is a slice of `whole`: another text in its place.
fn splice(whole: &str, part: &str, other: &str) -> Option<String> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let (before, after) = (whole.get(..start)?, whole.get(start + part.len()..)?);
    Some([before, other, after].concat())
}

fn steps(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    Some(pointer.strip_prefix('/')?.split('/').map(unescaped).collect())
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

fn index(step: &str) -> Option<usize> {
    step.parse().ok().filter(|_| step == "0" || !step.starts_with(['0', '+']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#" {"id": 1.00, "params": {"a/b": [1, {"c": "x"}], "e": {}}} "#;

    #[test]
    fn a_place_is_read_replaced_added_and_taken_out() {
        assert_eq!(get(JSON, "/id"), Some("1.00"));
        assert_eq!(text(JSON, "/params/a~1b/1/c").as_deref(), Some("x"));
        assert_eq!(get(JSON, "/params/a~1b/7"), None);
        let changed = [
            (
                set(JSON, "/id", "\"7\""),
                r#" {"id": "7", "params": {"a/b": [1, {"c": "x"}], "e": {}}} "#,
            ),
            (
                set(JSON, "/params/e/new", "2"),
                r#" {"id": 1.00, "params": {"a/b": [1, {"c": "x"}], "e": {"new":2}}} "#,
            ),
            (
                set(JSON, "/params/n", "2"),
                r#" {"id": 1.00, "params": {"a/b": [1, {"c": "x"}], "e": {},"n":2}} "#,
            ),
            (
                set(JSON, "/params/a~1b/2", "3"),
                r#" {"id": 1.00, "params": {"a/b": [1, {"c": "x"},3], "e": {}}} "#,
            ),
            (remove(JSON, "/params/e"), r#" {"id": 1.00, "params": {"a/b":[1, {"c": "x"}]}} "#),
        ];
        for (changed, expected) in changed {
            assert_eq!(changed.as_deref(), Some(expected));
        }
        assert_eq!(set(JSON, "/no/where", "1"), None);
        assert_eq!(set(JSON, "id", "1"), None);
        assert_eq!(remove(JSON, "/params/zzz").as_deref(), Some(JSON));
    }
}
