//! A cassette of mcp-recorder (on `PyPI`, up to 0.5): one JSON document, version 1.x, with `metadata`
//! (`recorded_at`, `server_url`, `transport_type`…) and `interactions` (`type`, `request`, `response`,
//! `response_is_sse`, `response_status`, `latency_ms`, `http_method`, `http_path`).

use std::{
    fs::File,
    io::{BufReader, Read as _},
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    conversation::{NO_URL, Place, frame, made},
    error::ImportError,
    intake::{Foreign, Intake},
    made::{Body, Made},
};
use crate::{
    capture::{Headers, Outcome, Timestamp},
    cli::faces::compact,
    protocol::{Envelope, Kind},
};

const NAME: &str = "mcp-recorder";

const LACKS: &str = "it keeps one answer a request and no times: each exchange is put after the one \
                     before it, by their latencies; heads are put together, notifications and \
                     questions of the server are not in it";

/// The longest cassette that is read, in bytes: it is one document, and is held whole.
const LONGEST: u64 = 256 << 20;

#[derive(Deserialize)]
struct Cassette<'a> {
    version: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(borrow, default)]
    interactions: Vec<Interaction<'a>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    recorded_at: String,
    #[serde(default)]
    server_url: String,
    #[serde(default)]
    protocol_version: Option<String>,
}

#[derive(Deserialize)]
struct Interaction<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    request: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(default)]
    response_is_sse: bool,
    #[serde(default = "ok")]
    response_status: u16,
    #[serde(default)]
    latency_ms: f64,
    #[serde(default)]
    http_method: Option<String>,
    #[serde(default)]
    http_path: Option<String>,
}

fn ok() -> u16 {
    200
}

/// Reads a cassette.
pub(super) fn read(input: BufReader<File>) -> Result<Foreign, ImportError> {
    let not = |what: String| ImportError::NotThat { format: "cassette of mcp-recorder", what };
    let mut bytes = Vec::new();
    input.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(not(format!("it is longer than {LONGEST} bytes")));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| not(format!("byte {} is not UTF-8", error.valid_up_to() + 1)))?;
    let text = text.trim_start_matches('\u{feff}');
    let read = serde_json::from_str(text);
    let cassette: Cassette<'_> = read.map_err(|error| ImportError::json(&error, 1))?;
    if cassette.version.split('.').next() != Some("1") {
        let found = cassette.version;
        return Err(ImportError::Version { format: NAME, found, known: "version 1" });
    }
    take(&cassette)
}

fn take(cassette: &Cassette<'_>) -> Result<Foreign, ImportError> {
    let mut intake = Intake::new(NAME, LACKS)?;
    let metadata = &cassette.metadata;
    let mut at = super::har::time(&metadata.recorded_at).ok_or_else(|| ImportError::NotThat {
        format: "cassette of mcp-recorder",
        what: format!("`recorded_at` is no time: {:?}", metadata.recorded_at),
    })?;
    let paths = cassette.interactions.iter().filter_map(|one| one.http_path.as_deref());
    let path = paths.into_iter().next().unwrap_or("/mcp");
    let run = format!("{NAME} {}", metadata.recorded_at);
    let mut place = Place { url: NO_URL.to_owned(), run, name: None };
    for (number, one) in (1_u64..).zip(&cassette.interactions) {
        let path = one.http_path.as_deref().unwrap_or(path);
        place.url = url(&metadata.server_url, path);
        let end = super::har::after(at, one.latency_ms);
        let end = end.ok_or_else(|| ImportError::Entry {
            kind: "interaction",
            number,
            what: format!("`latency_ms` {} is no duration", one.latency_ms),
        })?;
        let revision = metadata.protocol_version.as_deref();
        let made = interaction(one, &place, revision, (at, end), &mut intake);
        let made = made.map_err(|what| ImportError::Entry { kind: "interaction", number, what })?;
        intake.take(made)?;
        at = end;
    }
    intake.finish()
}

fn interaction(
    one: &Interaction<'_>,
    place: &Place,
    revision: Option<&str>,
    (at, end): (Timestamp, Timestamp),
    intake: &mut Intake,
) -> Result<Made, String> {
    if !(100..1_000).contains(&one.response_status) {
        return Err(format!("{} is no status", one.response_status));
    }
    let method = match &one.http_method {
        Some(method) if super::har::is_token(method) => method.as_str(),
        _ => "POST",
    };
    let mut exchange = made(place, at, method, intake);
    let mut headers = vec![("accept", "application/json, text/event-stream")];
    if let Some(request) = one.request {
        headers.push(("content-type", "application/json"));
        exchange.request = Body::whole(at, compact(request.get().as_bytes()).get().to_owned());
        let revision = revision.filter(|revision| !revision.contains(['\r', '\n', '\0']));
        let is_first = request.get().contains("\"initialize\"");
        headers.extend(revision.filter(|_| !is_first).map(|r| ("mcp-protocol-version", r)));
    }
    exchange.open.headers =
        headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<Headers>();
    let body = one.response.map(|response| {
        let json = compact(response.get().as_bytes());
        if one.response_is_sse { frame(json.get()) } else { json.get().to_owned().into() }
    });
    let answers = one.response.is_some_and(|response| is_answer(response.get()));
    let lost = one.kind == "jsonrpc_request" && !answers && one.response_status < 400;
    if lost && one.response.is_some() {
        intake.pass_over("answer that mcp-recorder did not keep, but a notification before it");
    }
    exchange.answered(end, one.response_status, None, Body::whole(end, body.unwrap_or_default()));
    if lost {
        exchange.outcome = Outcome::Truncated;
        exchange.error = Some("the answer is not in the imported file".to_owned());
        exchange.response.ended_at = None;
    }
    if let (Some((_, head)), true) = (&mut exchange.head, one.response_is_sse)
        && head.headers.0.is_empty()
    {
        head.headers.0.push(("content-type".to_owned(), "text/event-stream".into()));
    }
    Ok(exchange)
}

fn is_answer(json: &str) -> bool {
    let said = Envelope::read(json);
    said.is_some_and(|said| matches!(said.kind, Kind::Response | Kind::Error))
}

/// The recorder keeps scheme and host, unless told to keep the path.
fn url(server: &str, path: &str) -> String {
    let Ok(mut url) = url::Url::parse(server) else { return NO_URL.to_owned() };
    if !super::har::is_http(server) {
        return NO_URL.to_owned();
    }
    // Unless told otherwise it hides the path.
    if matches!(url.path(), "" | "/") || server.ends_with("/[REDACTED]") {
        url.set_path(path);
    }
    url.into()
}
