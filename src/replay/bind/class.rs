//! What the protocol itself says is an id: by key, header or place. Such a value is bound as a
//! whole and only where its like stands, so that a cursor `2` is no other `2`.

use super::path::Path;

/// Which like a value is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    Session,
    Event,
    Cursor,
    RequestState,
    Task,
    Elicitation,
    /// A resource's.
    Uri,
    /// The key under which a question of `inputRequests` stands.
    Question,
    /// By the cookie's name.
    Cookie(String),
    /// A short id under a key that says so: `orderId` is `order`, `id` is empty.
    Id(String),
    /// A rule of the user, by its place.
    Rule(usize),
}

impl Class {
    /// A server may mint it anew at each of its places: the last one counts. Of others that of its
    /// birth, else the first.
    pub(super) fn is_renewed(&self) -> bool {
        use Class::{Cookie, Cursor, Event, Question, RequestState, Rule};
        matches!(self, Cookie(_) | Cursor | Event | Question | RequestState | Rule(_))
    }

    /// It is the same in all the run, wherever the server names it.
    pub(super) fn is_said_again(&self) -> bool {
        matches!(self, Class::Elicitation | Class::Session | Class::Task)
    }

    /// The driver may tell of it.
    pub(super) fn is_protocols(&self) -> bool {
        use Class::{Cursor, Elicitation, Event, RequestState, Session, Task};
        matches!(self, Cursor | Elicitation | Event | RequestState | Session | Task)
    }
}

/// The class of what stands at a path in JSON, in either direction.
pub(super) fn of_path(path: &Path) -> Option<Class> {
    let key = path.key()?;
    match key {
        "nextCursor" | "cursor" => Some(Class::Cursor),
        "requestState" => Some(Class::RequestState),
        "taskId" => Some(Class::Task),
        "elicitationId" => Some(Class::Elicitation),
        "sessionId" | "session_id" => Some(Class::Session),
        "uri" => Some(Class::Uri),
        // Ids that a client makes.
        "requestId" | "progressToken" | "subscriptionId" => None,
        _ => subject(key).map(Class::Id),
    }
}

/// Whose id a key says that its value is: that of `order_id`, `orderId`, `order-id` is `order`.
fn subject(key: &str) -> Option<String> {
    let lower = key.to_ascii_lowercase();
    if lower == "id" {
        return Some(String::new());
    }
    let said = key.ends_with("Id")
        || key.ends_with("ID")
        || lower.ends_with("_id")
        || lower.ends_with("-id");
    let subject = lower.strip_suffix("id")?.trim_end_matches(['_', '-']);
    said.then(|| subject.to_owned())
}

/// The class of a parameter in a URL's query.
pub(super) fn of_parameter(name: &str) -> Option<Class> {
    match name {
        "sessionId" | "session_id" => Some(Class::Session),
        "cursor" => Some(Class::Cursor),
        "taskId" => Some(Class::Task),
        "elicitationId" => Some(Class::Elicitation),
        _ => None,
    }
}

/// The classes of a header's value; its name in lower case.
pub(super) fn of_header(name: &str) -> &'static [Class] {
    match name {
        "mcp-session-id" | "x-mcp-session-id" | "x-mcp-session" | "session-id" | "x-session-id"
        | "mcp-connection-id" => &[Class::Session],
        "last-event-id" => &[Class::Event],
        "mcp-name" => &[Class::Task, Class::Uri],
        _ => &[],
    }
}

/// Headers in which nothing is looked for: of the hop and of HTTP itself; credentials, which come
/// from the user and never from a tape; what stands in the message too and is written anew.
pub(super) fn is_deaf_header(name: &str) -> bool {
    const NAMES: [&str; 24] = [
        "age",
        "alt-svc",
        "authorization",
        "cache-control",
        "connection",
        "date",
        "expires",
        "forwarded",
        "host",
        "keep-alive",
        "last-modified",
        "mcp-method",
        "mcp-protocol-version",
        "proxy-authorization",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "vary",
        "via",
        "www-authenticate",
        "x-powered-by",
    ];
    const BEGINNINGS: [&str; 4] = ["accept", "access-control-", "content-", "sec-"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// What the envelope, the handshake and the client say of themselves: no value is bound there.
pub(super) fn is_fixed(path: &Path) -> bool {
    const META: &str = "io.modelcontextprotocol/";
    const CLIENTS: [&str; 5] =
        ["progressToken", "requestId", "traceparent", "tracestate", "baggage"];
    const PLACES: [&[&str]; 7] = [
        &["jsonrpc"],
        &["method"],
        &["id"],
        &["params", "name"],
        &["params", "protocolVersion"],
        &["params", "clientInfo"],
        &["params", "capabilities"],
    ];
    let meta = |steps: &[super::path::Step]| {
        steps.iter().any(|step| {
            matches!(step, super::path::Step::Key(key) if key.starts_with(META) && !key.ends_with("related-task"))
        })
    };
    PLACES.iter().any(|place| path.is(place) || place.len() > 1 && path.is_under(place))
        || path.key().is_some_and(|key| CLIENTS.contains(&key))
        || path.steps().is_none_or(meta)
}

/// Keys whose values are words of the protocol or of people: nothing is born there.
pub(super) fn is_word_key(key: &str) -> bool {
    const KEYS: [&str; 27] = [
        "action",
        "cacheScope",
        "createdAt",
        "description",
        "format",
        "icons",
        "instructions",
        "lastModified",
        "lastUpdatedAt",
        "level",
        "logger",
        "mimeType",
        "mode",
        "model",
        "pattern",
        "priority",
        "protocolVersion",
        "resultType",
        "role",
        "status",
        "stopReason",
        "supported",
        "supportedVersions",
        "title",
        "type",
        "uriTemplate",
        "version",
    ];
    KEYS.contains(&key)
}

/// Answers that list or introduce what is there: in them only cursors, states and URIs are born.
pub(super) fn is_listing(method: &str) -> bool {
    const METHODS: [&str; 6] = [
        "initialize",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "server/discover",
        "tools/list",
    ];
    METHODS.contains(&method)
}
