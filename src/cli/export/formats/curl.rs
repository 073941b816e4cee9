//! A shell script for `sh` and `bash`: one curl command a request, oldest first, after a comment
//! that says whose it is.
//!
//! It sends the recorded method, URL, headers and body, byte for byte. Headers that curl or the
//! connection make are left to curl (`Content-Length`, `Host`…), those that curl would add and the
//! client did not send are taken back (`-H 'Accept:'`). Placeholders of secrets are quoted text, to
//! be replaced by whoever runs it. Nothing in it reads a file or expands a variable: no `@file`, no
//! `$(..)` of the recording's, no other scheme than HTTP.

mod words;

use crate::{
    capture::{Headers, Open},
    cli::{
        exchange::{Body, Exchange},
        output::Output,
        recording::Recording,
        visible,
    },
    protocol::{Direction, Summary, read},
};

/// Made by curl, or about a connection that is not this one.
const LEFT_OUT: [&str; 9] = [
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// What curl sends of its own.
const CURLS_OWN: [&str; 2] = ["Accept", "User-Agent"];

/// What curl sends of its own with a body.
const CURLS_OWN_OF_BODIES: [&str; 2] = ["Content-Type", "Expect"];

/// Longer bodies go through a pipe: systems limit the length of an argument, Linux to 128 KiB.
const LONGEST_ARGUMENT: usize = 64 << 10;

/// Writes all requests, oldest first.
pub(super) fn write(recording: &mut Recording, out: &mut Output) -> anyhow::Result<()> {
    let sessions = recording.sessions()?.len();
    out.line("#!/bin/sh")?;
    out.line(format_args!(
        "# Recorded by wiretape: {}. Text like {{{{authorization:1}}}} stands for a secret: replace it.",
        crate::cli::units::count(sessions as u64, "session")
    ))?;
    for (_, id) in recording.by_age()? {
        let records = recording.records(id)?;
        let Some(exchange) = Exchange::of(&records) else { continue };
        let said = read(&records).map(|reading| {
            let asked =
                reading.messages.iter().filter(|m| m.direction == Direction::ClientToServer);
            let names = asked.map(|m| match (&m.method, &m.name) {
                (Some(method), Some(name)) => format!("{method} {name}"),
                (Some(method), None) => method.clone(),
                (None, _) => "an answer".to_owned(),
            });
            names.collect::<Vec<_>>().join(", ")
        });
        let place = recording.session_of(id).map(|session| {
            let place = session.exchanges.iter().position(|own| *own == id).unwrap_or_default();
            format!("session {}/{}", session.id, place + 1)
        });
        let about = [place, said.filter(|said| !said.is_empty())];
        let about: Vec<String> = about.into_iter().flatten().collect();
        out.line("")?;
        out.line(format_args!("# {}", visible::line(&about.join(": "))))?;
        request(&exchange, recording.summary(id), out)?;
    }
    Ok(())
}

/// Writes one request.
pub(super) fn request(
    exchange: &Exchange<'_>,
    summary: Option<&Summary>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let open = exchange.open;
    let lower = open.url.to_ascii_lowercase();
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        let url = visible::line(&open.url);
        return Ok(out.line(format_args!("# left out: {url} is no URL of HTTP"))?);
    }
    let body = body(&exchange.request);
    let left_out = exchange.request.left_out();
    if left_out > 0 {
        let bytes = crate::cli::units::count(exchange.request.bytes, "byte");
        out.line(format_args!("# its body is not whole: {left_out} of {bytes} not kept"))?;
    }
    let mut command = Vec::new();
    let piped = body.len() > LONGEST_ARGUMENT || !words::is_plain(&body);
    if piped {
        command.extend_from_slice(&words::printed(&body));
        command.extend_from_slice(b" |\n");
    }
    command.extend_from_slice(b"curl ");
    for option in options(open, summary) {
        command.extend_from_slice(option.as_bytes());
        command.push(b' ');
    }
    if open.method.eq_ignore_ascii_case("head") {
        command.extend_from_slice(b"--head ");
    } else {
        command.extend_from_slice(b"--request ");
        command.extend_from_slice(&words::word(open.method.as_bytes()));
        command.push(b' ');
    }
    command.extend_from_slice(b"--url ");
    command.extend_from_slice(&words::word(open.url.as_bytes()));
    headers(&open.headers, body.is_empty(), &mut command);
    if piped {
        command.extend_from_slice(b" \\\n  --data-binary @-");
    } else if !body.is_empty() {
        // Unlike `--data-binary` it reads no file where the text begins with `@`.
        command.extend_from_slice(b" \\\n  --data-raw ");
        command.extend_from_slice(&words::word(&body));
    }
    command.push(b'\n');
    Ok(out.bytes(&command)?)
}

fn body(body: &Body) -> Vec<u8> {
    body.chunks.iter().flat_map(|chunk| chunk.iter().copied()).collect()
}

fn options(open: &Open, summary: Option<&Summary>) -> Vec<&'static str> {
    // URLs have braces and brackets in them, placeholders too.
    let mut options = vec!["--silent", "--show-error", "--globoff"];
    let accepts = open.headers.text("accept").unwrap_or_default();
    if accepts.contains("event-stream") || summary.is_some_and(|summary| summary.streaming) {
        options.push("-N");
    }
    options.push(match open.version.as_str() {
        "HTTP/1.0" => "--http1.0",
        "HTTP/2" if open.url.starts_with("https") => "--http2",
        "HTTP/2" => "--http2-prior-knowledge",
        _ => "--http1.1",
    });
    if open.headers.get("accept-encoding").is_some() {
        options.push("--compressed");
    }
    if open.url.contains("/.") {
        options.push("--path-as-is");
    }
    options
}

fn headers(headers: &Headers, is_empty: bool, command: &mut Vec<u8>) {
    let mut add = |header: &[u8]| {
        command.extend_from_slice(b" \\\n  -H ");
        command.extend_from_slice(&words::word(header));
    };
    for (name, value) in headers.iter() {
        let is_line = !value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        if LEFT_OUT.contains(&name.to_ascii_lowercase().as_str()) || !is_token(name) || !is_line {
            continue;
        }
        // `Name:` alone takes a header back; `Name;` sends one without a value.
        let mut header = name.as_bytes().to_vec();
        if value.is_empty() {
            header.push(b';');
        } else {
            header.extend_from_slice(b": ");
            header.extend_from_slice(value);
        }
        add(&header);
    }
    let own = CURLS_OWN.iter().chain(CURLS_OWN_OF_BODIES.iter().filter(|_| !is_empty));
    for name in own.filter(|name| headers.get(name).is_none()) {
        add(format!("{name}:").as_bytes());
    }
}

/// A header's name (RFC 9110, 5.6.2): no `@`, which has curl read a file.
fn is_token(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}
