//! A text that changed, word by word: `[-sun-]{+rain+} at noon`, in colour where there is some. What
//! stayed the same is folded to the words beside the change.

use serde_json::Value;

use crate::{
    cli::{
        output::{Output, style},
        visible,
    },
    replay::{
        compare::{Difference, Kind},
        report::{Part, words},
    },
};

/// Characters of what stayed that are shown on each side of a change.
const BESIDE: usize = 24;

/// Characters of a run of words that changed; the JSON has all.
const RUN_CHARS: usize = 80;

/// Changes of one text that are shown.
const CHANGES_SHOWN: usize = 8;

/// The line of a text that changed in some of its words; none for what is told otherwise.
pub(super) fn text(difference: &Difference, out: &Output) -> Option<String> {
    if difference.kind != Kind::Value {
        return None;
    }
    let string = |json: &Option<String>| match serde_json::from_str(json.as_deref()?).ok()? {
        Value::String(text) => Some(text),
        _ => None,
    };
    let parts = words(&string(&difference.recorded)?, &string(&difference.replayed)?);
    let is_kept = |part: &Part| matches!(part, Part::Same(text) if !text.trim().is_empty());
    if !parts.iter().any(is_kept) {
        return None;
    }
    let mut told = format!("{} {}: ", visible::line(&difference.path), difference.kind.as_str());
    let mut changes = 0;
    for (place, part) in parts.iter().enumerate() {
        match part {
            Part::Same(text) => {
                if changes >= CHANGES_SHOWN {
                    told.push('…');
                    break;
                }
                let (first, last) = (place == 0, place + 1 == parts.len());
                told.push_str(&folded(text, first, last));
            }
            Part::Gone(text) => {
                changes += 1;
                let text = cut(text);
                told.push_str(&out.paint(style::BAD, format_args!("[-{text}-]")).to_string());
            }
            Part::New(text) => {
                changes += 1;
                let text = cut(text);
                told.push_str(&out.paint(style::GOOD, format_args!("{{+{text}+}}")).to_string());
            }
        }
    }
    Some(told)
}

fn cut(text: &str) -> String {
    let mut shown: String = visible::line(text).chars().take(RUN_CHARS).collect();
    if visible::line(text).chars().nth(RUN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// What stayed, without its middle: of the first run its end, of the last its beginning.
fn folded(text: &str, first: bool, last: bool) -> String {
    let text = visible::line(text);
    let chars: Vec<char> = text.chars().collect();
    let (head, tail) = (if first { 0 } else { BESIDE }, if last { 0 } else { BESIDE });
    if chars.len() <= head + tail + 1 {
        return text.into_owned();
    }
    let head = chars.iter().take(head);
    let tail = chars.iter().skip(chars.len() - tail);
    head.chain(&['…']).chain(tail).collect()
}
