//! A JSON value in words for one line: of a container a preview, as much as there is room for.

use std::fmt::Write as _;

use super::{lines::Tint, tree::Parts};
use crate::tui::{
    json::{Index, JsonKind, unescape, value_end, value_start},
    text,
};

/// Bytes of a string that are shown in a row; the rest is opened by itself.
const STRING: usize = 4_096;

/// Bytes of a key.
const KEY: usize = 256;

/// Characters of a string in a preview.
const PREVIEWED: usize = 32;

/// Values of a container that a preview looks at.
const MEMBERS: usize = 64;

/// A key as it is shown: without quotes where it is a word.
pub(super) fn key(spelled: &[u8]) -> String {
    let cut = spelled.get(..KEY).unwrap_or(spelled);
    let said = unescape(cut);
    let plain = !said.is_empty()
        && said.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '/' | '.'));
    let shown = text::visible(&said);
    if plain { shown.into_owned() } else { format!("\"{shown}\"") }
}

/// What a string says, as far as it is shown in a row, and how long it is beyond that.
fn cut_string(bytes: &[u8], index: &Index, node: usize, most: usize) -> (String, usize) {
    let (_, start) = value_start(bytes, index, node);
    // Where the next value begins the string has ended: its own end is not looked for.
    let next = index.nodes.get(node + 1).map_or(bytes.len(), |next| next.start as usize);
    let whole = bytes.get(start..next).unwrap_or_default();
    if whole.len() > most + 64 {
        let mut cut = whole.get(..most).unwrap_or_default();
        // At the edge of a character, and not within an escape.
        while cut.last().is_some_and(|byte| byte & 0xc0 == 0x80) {
            cut = cut.get(..cut.len() - 1).unwrap_or_default();
        }
        if cut.last().is_some_and(|byte| *byte >= 0xc0 || *byte == b'\\') {
            cut = cut.get(..cut.len() - 1).unwrap_or_default();
        }
        return (unescape(cut), whole.len());
    }
    let end = value_end(bytes, index, node);
    (unescape(bytes.get(start..end).unwrap_or_default()), 0)
}

/// What a string says, as much as a row shows.
pub(super) fn string(bytes: &[u8], index: &Index, node: usize) -> String {
    let (mut said, more) = cut_string(bytes, index, node, STRING);
    if more > 0 {
        said.push('…');
    }
    said
}

/// A value's words, behind what stands in the line already.
pub(super) fn value(
    bytes: &[u8],
    index: &Index,
    node: usize,
    folded: bool,
    room: usize,
    parts: &mut Parts,
) {
    let Some(found) = index.nodes.get(node) else { return };
    match found.kind() {
        JsonKind::Text => {
            let (said, more) = cut_string(bytes, index, node, STRING);
            // Before the text: behind it nobody would see it.
            if more > 0 {
                parts.push((format!("{}B ⏎ all ", text::size(more as u64)), Tint::Faint));
            } else if said.trim_start().starts_with(['{', '[']) {
                parts.push(("⏎ JSON ".to_owned(), Tint::Faint));
            }
            let end = if more > 0 { "…" } else { "" };
            parts.push((format!("\"{}{end}\"", text::visible(&said)), Tint::Good));
        }
        JsonKind::Array | JsonKind::Object => {
            let tint = if folded { Tint::Plain } else { Tint::Faint };
            let mut said = String::new();
            if found.kind() == JsonKind::Array {
                said = format!("[{}]", found.count);
                if folded && found.count > 0 {
                    said.push(' ');
                    preview(bytes, index, node, room, u8::from(folded), &mut said);
                }
            } else {
                preview(bytes, index, node, room, u8::from(folded), &mut said);
            }
            parts.push((said, tint));
        }
        kind => {
            let (_, start) = value_start(bytes, index, node);
            let end = value_end(bytes, index, node).min(start + STRING);
            let spelled = String::from_utf8_lossy(bytes.get(start..end).unwrap_or_default());
            let tint = if kind == JsonKind::Number { Tint::Waiting } else { Tint::Plain };
            parts.push((text::visible(&spelled).into_owned(), tint));
        }
    }
}

/// `{hits: 2, items: […2]}`, cut where there is no more room. Containers in it are opened `deep`
/// levels down: never more than one, so this calls itself once.
fn preview(bytes: &[u8], index: &Index, node: usize, room: usize, deep: u8, said: &mut String) {
    let Some(found) = index.nodes.get(node) else { return };
    let is_object = found.kind() == JsonKind::Object;
    said.push(if is_object { '{' } else { '[' });
    let mut at = node + 1;
    for n in 0..found.count as usize {
        if n > 0 {
            said.push_str(", ");
        }
        if n >= MEMBERS || said.len() > room * 4 {
            said.push('…');
            break;
        }
        let Some(member) = index.nodes.get(at) else { break };
        let (spelled, start) = value_start(bytes, index, at);
        if let Some(spelled) = spelled {
            said.push_str(&key(spelled));
            said.push_str(": ");
        }
        match member.kind() {
            JsonKind::Object if member.count == 0 => said.push_str("{}"),
            JsonKind::Array if member.count == 0 => said.push_str("[]"),
            JsonKind::Object | JsonKind::Array if deep > 0 => {
                preview(bytes, index, at, room, deep - 1, said);
            }
            JsonKind::Object => said.push_str("{…}"),
            JsonKind::Array => {
                let _ = write!(said, "[…{}]", member.count);
            }
            JsonKind::Text => {
                let (text, more) = cut_string(bytes, index, at, PREVIEWED * 4);
                let shown: String = text::visible(&text).chars().take(PREVIEWED).collect();
                let cut = more > 0 || text.chars().count() > PREVIEWED;
                let end = if cut { "…" } else { "" };
                let _ = write!(said, "\"{shown}{end}\"");
                if more > 1_000 {
                    let _ = write!(said, " {}B", text::size(more as u64));
                }
            }
            _ => {
                let end = value_end(bytes, index, at).min(start + 64);
                let spelled = String::from_utf8_lossy(bytes.get(start..end).unwrap_or_default());
                said.push_str(&text::visible(&spelled));
            }
        }
        at = member.next as usize;
    }
    said.push(if is_object { '}' } else { ']' });
}
