//! Headers of 2026-07-28 that mirror the body: how a value is spelled in them, and which arguments
//! a tool's schema mirrors (protocol.md §1.1).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};

use crate::{
    capture::redact::placeholders_in,
    protocol::jsonrpc::{pick, string},
};

/// How deep in a schema's `properties` an annotation is looked for; deeper ones are not judged.
const DEPTH_CAP: usize = 16;

/// Annotations of one schema that are looked at.
const MIRRORED_CAP: usize = 256;

/// A header's value as it was meant; none where its base64 is broken.
pub(super) fn decoded(header: &str) -> Option<String> {
    let Some(inner) = header.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="))
    else {
        return Some(header.to_owned());
    };
    if placeholders_in(inner.as_bytes()).next().is_some() {
        return Some(inner.to_owned());
    }
    String::from_utf8(STANDARD.decode(inner).ok()?).ok()
}

/// One of two values is redacted and the other is not, or in another spelling: nothing can be said.
pub(super) fn differs_by_redaction(one: &str, other: &str) -> bool {
    [one, other].iter().any(|text| placeholders_in(text.as_bytes()).next().is_some())
}

/// The headers that a schema's `x-mcp-header` names, without their prefix, each with the path of
/// its property. None where there are none, or where an annotation is invalid: clients then drop
/// the tool.
pub(super) fn mirrored(schema: &str) -> Option<Vec<(String, Vec<String>)>> {
    if !schema.contains("x-mcp-header") {
        return None;
    }
    let mut found = Vec::new();
    let mut names = HashSet::new();
    let mut open = vec![(schema, Vec::<String>::new())];
    while let Some((schema, path)) = open.pop() {
        let [header, properties] = pick(schema, ["x-mcp-header", "properties"])?;
        if let Some(header) = header {
            let header = string(header)?;
            if path.is_empty() || !names.insert(header.to_ascii_lowercase()) {
                return None;
            }
            found.push((header, path.clone()));
        }
        let Some(properties) = properties.filter(|_| path.len() < DEPTH_CAP) else { continue };
        let properties: HashMap<String, &RawValue> = serde_json::from_str(properties).ok()?;
        for (name, property) in properties {
            if property.get().starts_with('{') && open.len() + found.len() < MIRRORED_CAP {
                open.push((property.get(), [path.as_slice(), &[name]].concat()));
            }
        }
    }
    found.sort();
    Some(found)
}

/// The value at a path of the arguments, as spelled; none for `null` and for what is absent.
pub(super) fn value<'a>(arguments: &'a str, path: &[String]) -> Option<&'a str> {
    let mut value = arguments;
    for key in path {
        let [inner] = pick(value, [key.as_str()])?;
        value = inner?;
    }
    (value != "null").then_some(value)
}

/// Whether a header says what an argument says; what is wrong where it does not.
pub(super) fn compare(header: Option<&str>, value: Option<&str>) -> Result<(), &'static str> {
    let (header, value) = match (header, value) {
        (None, None) => return Ok(()),
        (Some(_), None) => return Err("a header without its argument"),
        // Only primitive values are mirrored.
        (None, Some(value)) if value.starts_with(['{', '[']) => return Ok(()),
        (None, Some(_)) => return Err("an argument without its header"),
        (Some(header), Some(value)) => (header, value),
    };
    let text = string(value).unwrap_or_else(|| value.to_owned());
    if differs_by_redaction(header, &text) {
        return Ok(());
    }
    let Some(plain) = decoded(header) else { return Err("a header with broken base64") };
    let same = if value.starts_with('"') {
        plain == text
    } else {
        plain == value || number(&plain).is_some_and(|n| Some(n) == number(value))
    };
    if same { Ok(()) } else { Err("the values differ") }
}

/// Integers are compared by what they are worth: `10`, `10.0` and `1e1` are the same.
fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i128>() {
        return Some(Number::Whole(whole));
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    // Above 2^53 a float stands for many integers; such spellings are compared as floats.
    #[allow(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    Some(if exact { Number::Whole(number as i128) } else { Number::Float(number) })
}

#[derive(PartialEq)]
enum Number {
    Whole(i128),
    Float(f64),
}
