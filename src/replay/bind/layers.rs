//! One walk through all that a text holds: JSON in it, percent signs, base64, one within another.
//! Whoever walks says what to put in the place of what; the walk spells it as it stood there.

use std::{borrow::Cow, ops::Range};

use super::{
    class::{self, Class},
    coded::{Decoded, base64_in, percented, quoted, unpercented, unquoted},
    json::{What, holds_json, is_number, leaves},
    path::Path,
};

/// How often JSON or base64 within a text is opened.
const NESTING_CAP: usize = 3;

/// The longest text that is looked into, in bytes; a longer one is let pass as it is.
pub(super) const TEXT_CAP: usize = 16 << 20;

/// What is put into a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// In the place of these bytes.
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// Where a text stands.
pub(super) struct Spot<'p> {
    /// The pointer of the string that the JSON stands in; empty at the top.
    outer: Cow<'p, str>,
    pub(super) path: Option<&'p Path>,
    pub(super) what: What,
    pub(super) classes: Cow<'p, [Class]>,
    /// What is put there must be spelled as URLs are.
    is_url: bool,
}

impl Spot<'_> {
    /// Text that is no JSON's.
    pub(super) fn top(classes: &[Class]) -> Spot<'_> {
        let (outer, classes) = (Cow::Borrowed(""), Cow::Borrowed(classes));
        Spot { outer, path: None, what: What::Text, classes, is_url: false }
    }

    /// RFC 6901; it goes on into the JSON that a string holds.
    pub(super) fn pointer(&self) -> String {
        format!("{}{}", self.outer, self.path.map(Path::pointer).unwrap_or_default())
    }

    /// It is a place of the message itself, not of JSON in one of its strings.
    pub(super) fn is_outer(&self) -> bool {
        self.outer.is_empty()
    }
}

/// What a walk asks of each plain text: what to put where.
pub(super) type Ask<'a> = &'a mut dyn FnMut(&Spot<'_>, &str) -> Vec<Edit>;

/// Walks a text; the edits are of it.
pub(super) fn text(text: &str, spot: &Spot<'_>, depth: usize, ask: Ask<'_>) -> Vec<Edit> {
    if text.len() > TEXT_CAP {
        return Vec::new();
    }
    if spot.what == What::Text && depth < NESTING_CAP && holds_json(text) {
        return json(text, spot, depth, ask);
    }
    let mut edits = ask(spot, text);
    if spot.what != What::Text {
        return edits;
    }
    if spot.is_url {
        for edit in &mut edits {
            let recorded = text.get(edit.range.clone()).unwrap_or_default();
            edit.text = in_url(recorded, &edit.text);
        }
    }
    // What is coded within a part of a URL is percent-encoded on top.
    let decoded = unpercented(text);
    let is_coded = decoded.text != text;
    if is_coded {
        for Edit { range, text } in ask(spot, &decoded.text) {
            add(&mut edits, Edit { range: decoded.raw(&range), text: percented(&text) });
        }
    }
    if depth < NESTING_CAP {
        let coded = coded(&decoded, &edits, spot, depth, ask);
        // What is within base64 was meant, not what its letters happen to be.
        edits.retain(|edit| {
            let next = coded.partition_point(|run| run.range.end <= edit.range.start);
            coded.get(next).is_none_or(|run| !overlap(&run.range, &edit.range))
        });
        let spelled = |text: String| if is_coded { percented(&text) } else { text };
        edits.extend(
            coded.into_iter().map(|Edit { range, text }| Edit { range, text: spelled(text) }),
        );
    }
    edits
}

/// The runs of base64 in which something changes, in their order; those that are replaced anyway,
/// or that a longer value reaches into, stay.
fn coded(
    decoded: &Decoded<'_>,
    plain: &[Edit],
    spot: &Spot<'_>,
    depth: usize,
    ask: Ask<'_>,
) -> Vec<Edit> {
    let mut taken: Vec<&Range<usize>> = plain.iter().map(|edit| &edit.range).collect();
    taken.sort_by_key(|range| range.start);
    let mut coded = Vec::new();
    for run in base64_in(&decoded.text) {
        let range = decoded.raw(&run.range);
        let next = taken.partition_point(|taken| taken.end <= range.start);
        let mut over = taken.iter().skip(next).take_while(|taken| taken.start < range.end);
        let is_within = |taken: &&Range<usize>| {
            range.start <= taken.start && taken.end <= range.end && taken.len() < range.len()
        };
        if !over.all(is_within) {
            continue;
        }
        let outer = Cow::Owned(spot.pointer());
        let below = Spot { outer, ..Spot::top(&[]) };
        let within = self::text(&run.text, &below, depth + 1, ask);
        if !within.is_empty() {
            coded.push(Edit { range, text: run.encode(&apply(&run.text, within)) });
        }
    }
    coded
}

fn json(whole: &str, spot: &Spot<'_>, depth: usize, ask: Ask<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let outer = spot.pointer();
    leaves(whole, &mut |leaf| {
        let Some(raw) = whole.get(leaf.raw.clone()) else { return };
        let classes: Vec<Class> = match leaf.what {
            What::Key => {
                let asks = leaf.path.outer_key();
                let is_question = matches!(asks, Some("inputRequests" | "inputResponses"));
                is_question.then_some(Class::Question).into_iter().collect()
            }
            _ => class::of_path(leaf.path).into_iter().collect(),
        };
        let below = Spot {
            outer: Cow::Borrowed(&outer),
            path: Some(leaf.path),
            what: leaf.what,
            classes: Cow::Owned(classes),
            is_url: false,
        };
        if leaf.what == What::Number {
            let number = |edit: Edit| {
                if is_number(&edit.text) {
                    edit.text
                } else {
                    format!("\"{}\"", quoted(&edit.text))
                }
            };
            let asked = ask(&below, raw).into_iter().next();
            edits.extend(asked.map(|edit| Edit { range: leaf.raw.clone(), text: number(edit) }));
            return;
        }
        let decoded = unquoted(raw);
        for Edit { range, text } in self::text(&decoded.text, &below, depth + 1, ask) {
            let raw = decoded.raw(&range);
            let range = leaf.raw.start + raw.start..leaf.raw.start + raw.end;
            edits.push(Edit { range, text: quoted(&text) });
        }
    });
    edits
}

/// Walks a URL: its query by parameter, and the whole of it.
pub(super) fn url(whole: &str, ask: Ask<'_>) -> Vec<Edit> {
    let mut edits = text(whole, &Spot { is_url: true, ..Spot::top(&[]) }, 0, ask);
    let query = whole.find('?').map_or(whole.len(), |mark| mark + 1);
    let mut at = query;
    for pair in whole.get(query..).unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let Some(class) = class::of_parameter(name) {
            let start = at + name.len() + 1;
            let decoded = unpercented(value);
            for Edit { range, text } in ask(&Spot::top(&[class]), &decoded.text) {
                let raw = decoded.raw(&range);
                let range = start + raw.start..start + raw.end;
                add(&mut edits, Edit { range, text: percented(&text) });
            }
        }
        at += pair.len() + 1;
    }
    edits
}

/// A value in the place of one that stood in a URL as it was: a part of it that is spelled as such,
/// or a name, in which what parts a URL is no such thing.
fn in_url(recorded: &str, fresh: &str) -> String {
    let is_part = recorded.contains(['/', '?']);
    let is_open = |c: char| {
        c.is_ascii_alphanumeric()
            || "-._~:@!$'()*,;".contains(c)
            || is_part && "/?&=%+#".contains(c)
    };
    let spelled =
        |c: char| if is_open(c) { c.to_string() } else { percented(c.encode_utf8(&mut [0; 4])) };
    fresh.chars().map(spelled).collect()
}

/// Walks the value of a header; its name in lower case.
pub(super) fn header(name: &str, value: &str, ask: Ask<'_>) -> Vec<Edit> {
    let parts = match name {
        "cookie" => usize::MAX,
        "set-cookie" => 1,
        _ => return text(value, &Spot::top(class::of_header(name)), 0, ask),
    };
    let (mut edits, mut at) = (Vec::new(), 0);
    for pair in value.split(';').take(parts) {
        if let Some((name, cookie)) = pair.split_once('=') {
            let classes = [Class::Cookie(name.trim().to_owned())];
            let start = at + name.len() + 1;
            for Edit { range, text } in text(cookie, &Spot::top(&classes), 0, ask) {
                edits.push(Edit { range: start + range.start..start + range.end, text });
            }
        } else {
            let edit = text(pair, &Spot::top(&[]), 0, ask).into_iter();
            edits.extend(edit.map(|Edit { range, text }| Edit {
                range: at + range.start..at + range.end,
                text,
            }));
        }
        at += pair.len() + 1;
    }
    edits
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// Adds an edit where none stands yet.
fn add(edits: &mut Vec<Edit>, edit: Edit) {
    if !edits.iter().any(|known| overlap(&known.range, &edit.range)) {
        edits.push(edit);
    }
}

/// The text with its edits made.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let (mut made, mut done) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        if let Some(before) = text.get(done..edit.range.start) {
            made.push_str(before);
            made.push_str(&edit.text);
            done = edit.range.end;
        }
    }
    made.push_str(text.get(done..).unwrap_or_default());
    made
}
