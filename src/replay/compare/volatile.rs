//! What differs from run to run and means nothing (protocol.md §7), by its place in a message, its
//! method and the revision.
//!
//! Places are RFC 6901 paths; `*` stands for any one step. Nothing below `/params/arguments` and
//! `/result/structuredContent` is in the table: those are the user's.

use crate::replay::{
    rules::fits,
    steps::Step,
    value::{Value, canonical_number},
};

/// How a place is compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum How<'r> {
    /// Not at all.
    Ignored,
    /// Both have it or neither has.
    Presence,
    /// By its JSON type.
    Type,
    /// By its JSON type where it is met first; then as it was there.
    Alike,
    /// A URL without its query.
    Url,
    /// An array without order: its members are told by this key.
    ByKey(&'static str),
    /// An object whose keys are the server's own: its members are told by what they hold.
    Unkeyed,
    /// An array without order.
    Unordered,
    /// Scalars that both match.
    Regex(&'r regex::Regex),
    /// Numbers that are no farther apart.
    Tolerance(f64),
}

/// In which revisions a place has its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    Any,
    /// Up to 2025-11-25.
    Sessions,
    /// From 2026-07-28 on.
    Modern,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    path: &'static str,
    how: How<'static>,
    era: Era,
    /// All, where it is empty.
    methods: &'static [&'static str],
}

const fn row(
    era: Era,
    methods: &'static [&'static str],
    path: &'static str,
    how: How<'static>,
) -> Row {
    Row { path, how, era, methods }
}

const LISTS: &[&str] =
    &["tools/list", "prompts/list", "resources/list", "resources/templates/list", "tasks/list"];
const TASKS: &[&str] = &["tasks/get", "tasks/result", "tasks/update", "tasks/cancel"];
const TOLD_TASKS: &[&str] = &["notifications/tasks/status", "notifications/tasks"];
/// What may ask for input, or make a task (2026-07-28 patterns/mrtr).
const ASKING: &[&str] = &["tools/call", "prompts/get", "resources/read"];

use Era::{Any, Modern, Sessions};
use How::{Alike, ByKey, Ignored, Presence, Type, Unkeyed, Url};

/// The table.
const PLACES: &[Row] = &[
    row(Any, &[], "/params/_meta/progressToken", Presence),
    row(Any, &[], "/params/_meta/traceparent", Ignored),
    row(Any, &[], "/params/_meta/tracestate", Ignored),
    row(Any, &[], "/params/_meta/baggage", Ignored),
    // A house's sessions (houses.md §2).
    row(Any, &[], "/params/_meta/sessionId", Presence),
    row(Any, &[], "/params/metadata/sessionId", Presence),
    row(Any, &["notifications/progress"], "/params/progressToken", Presence),
    row(Any, &["notifications/cancelled"], "/params/requestId", Presence),
    row(Any, LISTS, "/params/cursor", Presence),
    row(Any, LISTS, "/result/nextCursor", Type),
    row(Any, &["tools/list"], "/result/tools", ByKey("name")),
    row(Any, &["prompts/list"], "/result/prompts", ByKey("name")),
    row(Any, &["resources/list"], "/result/resources", ByKey("uri")),
    row(Any, &["resources/templates/list"], "/result/resourceTemplates", ByKey("uriTemplate")),
    row(Any, &["initialize"], "/result/serverInfo/version", Alike),
    row(Modern, &[], "/result/_meta/io.modelcontextprotocol~1serverInfo/version", Alike),
    // Tasks: 2025-11-25, and the extension of 2026-07-28.
    row(Any, &[], "/params/_meta/io.modelcontextprotocol~1related-task/taskId", Type),
    row(Any, &[], "/result/_meta/io.modelcontextprotocol~1related-task/taskId", Type),
    row(Sessions, &[], "/result/task/taskId", Type),
    row(Sessions, &[], "/result/task/createdAt", Type),
    row(Sessions, &[], "/result/task/lastUpdatedAt", Type),
    row(Sessions, &[], "/result/task/ttl", Type),
    row(Sessions, &[], "/result/task/pollInterval", Type),
    row(Any, TASKS, "/params/taskId", Type),
    row(Any, TOLD_TASKS, "/params/taskId", Type),
    row(Any, TOLD_TASKS, "/params/createdAt", Type),
    row(Any, TOLD_TASKS, "/params/lastUpdatedAt", Type),
    row(Any, TOLD_TASKS, "/params/ttl", Type),
    row(Any, TOLD_TASKS, "/params/ttlMs", Type),
    row(Any, TOLD_TASKS, "/params/pollInterval", Type),
    row(Any, TOLD_TASKS, "/params/pollIntervalMs", Type),
    row(Any, TASKS, "/result/taskId", Type),
    row(Any, TASKS, "/result/createdAt", Type),
    row(Any, TASKS, "/result/lastUpdatedAt", Type),
    row(Sessions, TASKS, "/result/ttl", Type),
    row(Sessions, TASKS, "/result/pollInterval", Type),
    row(Modern, TASKS, "/result/ttlMs", Type),
    row(Modern, TASKS, "/result/pollIntervalMs", Type),
    row(Modern, &["tools/call"], "/result/taskId", Type),
    row(Modern, &["tools/call"], "/result/createdAt", Type),
    row(Modern, &["tools/call"], "/result/lastUpdatedAt", Type),
    row(Modern, &["tools/call"], "/result/ttlMs", Type),
    row(Modern, &["tools/call"], "/result/pollIntervalMs", Type),
    row(Sessions, &["tasks/list"], "/result/tasks/*/taskId", Type),
    row(Sessions, &["tasks/list"], "/result/tasks/*/createdAt", Type),
    row(Sessions, &["tasks/list"], "/result/tasks/*/lastUpdatedAt", Type),
    row(Sessions, &["tasks/list"], "/result/tasks/*/ttl", Type),
    row(Sessions, &["tasks/list"], "/result/tasks/*/pollInterval", Type),
    // Input that is asked for.
    row(Sessions, &[], "/error/data/elicitations/*/elicitationId", Type),
    row(Sessions, &[], "/error/data/elicitations/*/url", Url),
    row(Modern, ASKING, "/params/requestState", Presence),
    row(Modern, ASKING, "/result/requestState", Type),
    row(Modern, ASKING, "/result/inputRequests", Unkeyed),
    row(Modern, ASKING, "/result/inputRequests/*/params/elicitationId", Type),
    row(Modern, ASKING, "/result/inputRequests/*/params/url", Url),
    row(Modern, &[], "/params/_meta/io.modelcontextprotocol~1subscriptionId", Presence),
    row(Modern, &[], "/result/_meta/io.modelcontextprotocol~1subscriptionId", Presence),
];

/// Texts that often hold JSON.
const TEXTS: &[&str] = &[
    "/result/content/*/text",
    "/result/content/*/resource/text",
    "/result/contents/*/text",
    "/result/messages/*/content/text",
    "/result/messages/*/content/resource/text",
];

/// The lines of the table that hold for one method.
#[derive(Debug)]
pub(super) struct Places(Vec<&'static Row>);

impl Places {
    /// Those for a message of this method in the sessions of these steps. Where a session does not
    /// say its revision, those of each.
    pub(super) fn of(method: &str, sides: [&Step<'_>; 2]) -> Self {
        let modern = sides.map(|step| {
            let revision = step.story.session.revision.as_deref();
            revision.map(|revision| revision.starts_with("20") && revision >= "2026-07-28")
        });
        let holds = |era: Era| {
            era == Era::Any || modern.iter().any(|side| side.is_none_or(|is| is == (era == Modern)))
        };
        let meant = |row: &&Row| row.methods.is_empty() || row.methods.contains(&method);
        Self(PLACES.iter().filter(|row| holds(row.era)).filter(meant).collect())
    }

    /// How the value at a path is compared; none where it is compared as it is.
    pub(super) fn how(&self, path: &str) -> Option<How<'static>> {
        self.0.iter().find(|row| fits(row.path, path)).map(|row| row.how)
    }
}

/// The value at this path, where it is a string, may be JSON.
pub(super) fn may_hold_json(path: &str) -> bool {
    TEXTS.iter().any(|place| fits(place, path))
}

/// A key as a step of a path (RFC 6901 3).
pub(super) fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Deeper values are matched as spelled.
const DEPTH_CAP: usize = 64;

/// One spelling for all values that match: keys sorted, numbers by value, volatile values left out.
pub(super) fn canonical(places: &Places, path: &str, json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    write(places, path, json, 0, &mut text);
    text
}

fn write(places: &Places, path: &str, json: &str, depth: usize, text: &mut String) {
    match (places.how(path), Value::of(json)) {
        (Some(Ignored), _) => {}
        (Some(Presence | Type | Alike | Url), _) => text.push('*'),
        (_, _) if depth > DEPTH_CAP => text.push_str(json),
        (_, Value::Object(members)) => {
            text.push('{');
            for (key, value) in members {
                let path = format!("{path}/{}", step(&key));
                if !matches!(places.how(&path), Some(Ignored)) {
                    text.push_str(&serde_json::Value::from(key).to_string());
                    text.push(':');
                    write(places, &path, value.get(), depth + 1, text);
                    text.push(',');
                }
            }
            text.push('}');
        }
        (_, Value::Array(members)) => {
            text.push('[');
            for (place, value) in members.into_iter().enumerate() {
                write(places, &format!("{path}/{place}"), value.get(), depth + 1, text);
                text.push(',');
            }
            text.push(']');
        }
        (_, Value::Text(value)) => text.push_str(&serde_json::Value::from(value).to_string()),
        (_, Value::Number(number)) => text.push_str(&canonical_number(number)),
        (_, Value::Word(word)) => text.push_str(word),
    }
}
