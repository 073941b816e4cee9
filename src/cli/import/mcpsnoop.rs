//! The session log of mcpsnoop (github.com/kerlenton/mcpsnoop, up to 0.16): JSON Lines, one envelope
//! a message, several sessions in one file at most by concatenation.
//!
//! It has no version. An envelope is `session_id`, `server_label`, `seq`, `ts`, `direction` (`c2s`,
//! `s2c`, `stderr`, `meta`), `transport` (`stdio`, `http`), the message as `raw` or, where that was
//! no JSON, `text`; on HTTP some routing headers of requests, the status and the challenge of
//! responses.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fs::File,
    io::BufReader,
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    conversation::{Conversation, NO_URL, Place, Word},
    error::ImportError,
    intake::{Foreign, Intake},
    lines,
};
use crate::capture::Timestamp;

const NAME: &str = "mcpsnoop";

const LACKS: &str = "it keeps messages, not HTTP: heads, statuses and streams are put together from \
                     them, and what is no JSON is left out";

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    #[serde(borrow, default)]
    server_label: Cow<'a, str>,
    #[serde(default)]
    seq: u64,
    #[serde(borrow)]
    ts: Cow<'a, str>,
    #[serde(borrow)]
    direction: Cow<'a, str>,
    #[serde(borrow, default)]
    transport: Cow<'a, str>,
    #[serde(borrow, default)]
    raw: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(default)]
    mcp_method: String,
    #[serde(default)]
    mcp_name: String,
    #[serde(default)]
    mcp_protocol_version: String,
    #[serde(default)]
    mcp_param_headers: Vec<Parameter>,
    #[serde(default)]
    conn_id: String,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    auth_challenge: String,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    value: String,
}

/// The first envelope of a session says what was recorded.
#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    endpoint: String,
}

struct Session {
    conversation: Conversation,
    seq: u64,
}

/// Reads a log.
pub(super) fn read(input: BufReader<File>) -> Result<Foreign, ImportError> {
    let mut intake = Intake::new(NAME, LACKS)?;
    let mut sessions: HashMap<String, Session> = HashMap::new();
    let mut endpoints: BTreeMap<String, String> = BTreeMap::new();
    lines::each(input, |line, text| {
        let read = serde_json::from_str(text);
        let envelope: Envelope<'_> = read.map_err(|error| ImportError::json(&error, line))?;
        let at = envelope.ts.parse::<Timestamp>();
        let at =
            at.map_err(|error| ImportError::Line { line, column: 0, what: error.to_string() })?;
        if envelope.direction == "meta" {
            let meta = envelope.raw.and_then(|raw| serde_json::from_str::<Meta>(raw.get()).ok());
            endpoints.insert(envelope.session_id.into_owned(), meta.unwrap_or_default().endpoint);
            return Ok(());
        }
        let id = envelope.session_id.as_ref();
        let session = sessions.entry(id.to_owned()).or_insert_with(|| Session {
            conversation: Conversation::new(place(&envelope, endpoints.get(id))),
            seq: envelope.seq.saturating_sub(1),
        });
        if envelope.seq > session.seq.saturating_add(1) && !endpoints.contains_key(id) {
            intake.pass_over("gap in the numbering: messages that mcpsnoop dropped");
        }
        session.seq = session.seq.max(envelope.seq);
        message(&envelope, at, line, &mut session.conversation, &mut intake)
    })?;
    if sessions.is_empty() {
        let what = "there is no message in it".to_owned();
        return Err(ImportError::NotThat { format: "mcpsnoop log", what });
    }
    let mut all: Vec<(String, Session)> = sessions.into_iter().collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (_, session) in all {
        session.conversation.finish(&mut intake)?;
    }
    intake.finish()
}

fn message(
    envelope: &Envelope<'_>,
    at: Timestamp,
    line: u64,
    conversation: &mut Conversation,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    if envelope.truncated {
        intake.pass_over("message that mcpsnoop cut");
        return Ok(());
    }
    let mut word = Word { at, connection: envelope.conn_id.clone(), ..Word::default() };
    word.status = Some(envelope.status).filter(|status| (100..1_000).contains(status));
    word.challenge = Some(envelope.auth_challenge.clone()).filter(|value| is_value(value));
    let Some(raw) = envelope.raw else {
        let is_refusal = word.status.is_some_and(|status| status >= 400);
        if is_refusal && envelope.direction == "s2c" {
            return conversation.refusal(&word, intake);
        }
        if envelope.text.as_ref().is_some_and(|text| !text.is_empty()) {
            let is_log = envelope.direction == "stderr";
            intake.pass_over(if is_log { "line of stderr" } else { "line that is no JSON" });
        }
        return Ok(());
    };
    word.json = raw.get();
    match envelope.direction.as_ref() {
        "c2s" => {
            word.headers = headers(envelope);
            word.status = None;
            conversation.client(&word, intake)
        }
        "s2c" => conversation.server(&word, intake),
        "stderr" => Ok(()),
        other => {
            let what = format!("`{other}` is no direction of mcpsnoop's");
            Err(ImportError::Line { line, column: 0, what })
        }
    }
}

fn headers(envelope: &Envelope<'_>) -> Vec<(String, Bytes)> {
    let routing = [
        ("mcp-method", &envelope.mcp_method),
        ("mcp-name", &envelope.mcp_name),
        ("mcp-protocol-version", &envelope.mcp_protocol_version),
    ];
    let routing = routing.into_iter().map(|(name, value)| (name.to_owned(), value));
    let more = envelope.mcp_param_headers.iter().map(|p| (p.name.clone(), &p.value));
    let all = routing.filter(|(_, value)| !value.is_empty()).chain(more);
    let all = all.filter(|(name, value)| super::har::is_token(name) && is_value(value));
    all.map(|(name, value)| (name, Bytes::from(value.clone()))).collect()
}

fn is_value(value: &str) -> bool {
    !value.is_empty() && !value.contains(['\r', '\n', '\0'])
}

/// The endpoint, where it was kept; on HTTP the label is the target's host by default.
fn place(envelope: &Envelope<'_>, endpoint: Option<&String>) -> Place {
    let label = envelope.server_label.as_ref();
    let guessed = format!("http://{label}/mcp");
    let is_host = !label.contains(['/', '@', '?', '#', ' ']) && url::Url::parse(&guessed).is_ok();
    let url = match endpoint {
        Some(endpoint) if super::har::is_http(endpoint) => endpoint.clone(),
        _ if envelope.transport == "http" && is_host => guessed,
        _ => NO_URL.to_owned(),
    };
    let name = Some(label.to_owned()).filter(|label| !label.is_empty());
    Place { url, run: format!("mcpsnoop {}", envelope.session_id), name }
}
