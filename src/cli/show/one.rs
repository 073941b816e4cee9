//! One exchange: its line, or all of it with heads, bodies and frames.

use anyhow::bail;

use super::{
    super::{
        args::ShowArgs,
        exchange::{Body, Exchange},
        faces::{
            ExchangeFace, FrameFace, McpFace, MessageFace, RequestFace, ResponseFace, SummaryFace,
        },
        masked::Mask,
        output::{Output, style},
        recording::Recording,
        units, visible,
    },
    json_or_text, print_block,
};
use crate::{
    capture::{ExchangeId, Headers, Record, redact::Leg},
    protocol::{Direction, Frame, Kind, Reading, Summary, read},
};

/// How much of a decoded body is shown; the rest is named.
const BODY_SHOWN: usize = 16 << 20;

/// One exchange as a line: of JSON, or for people.
pub(in crate::cli) fn exchange_line(
    id: ExchangeId,
    recording: &mut Recording,
    json: bool,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let records = recording.records(id)?;
    let Some(exchange) = Exchange::of(&records) else { return Ok(()) };
    if json {
        return face(&exchange, &records, recording, mask, out);
    }
    let session = recording.session_of(id);
    let place = session.and_then(|session| session.exchanges.iter().position(|own| *own == id));
    let number = place.map(|place| format!("/{}", place + 1)).unwrap_or_default();
    let text = format!(
        "{number} {} {}",
        visible::line(&exchange.open.method),
        visible::line(&mask.url(&exchange.open.url))
    );
    let (status, status_style) = status(&exchange);
    let total = exchange.end.map(|end| units::duration(end.timing.total_us)).unwrap_or_default();
    let sizes = format!(
        "{} → {} ←",
        units::size(exchange.request.bytes),
        units::size(exchange.response.bytes)
    );
    let text = out.paint(style::HEADING, text);
    let status = out.paint(status_style, status);
    let rest = out.paint(style::FAINT, format!("{total}  {sizes}"));
    out.line(format_args!("{text}  {status}  {rest}"))?;
    Ok(())
}

/// Status and outcome in words.
fn status(exchange: &Exchange<'_>) -> (String, anstyle::Style) {
    let status =
        exchange.head.map_or_else(|| "no answer".to_owned(), |head| head.status.to_string());
    let refused = exchange.head.is_some_and(|head| head.status >= 400);
    match exchange.end {
        None => (format!("{status} (running)"), style::WAITING),
        Some(end) if end.outcome.is_fault() => {
            (format!("{status} ({})", end.outcome.as_str()), style::BAD)
        }
        Some(_) if refused => (status, style::BAD),
        Some(_) => (status, style::GOOD),
    }
}

/// One exchange whole.
pub(super) fn show(
    args: &ShowArgs,
    id: ExchangeId,
    recording: &mut Recording,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let records = recording.records(id)?;
    let (Some(exchange), Some(reading)) = (Exchange::of(&records), read(&records)) else {
        bail!("exchange {id} has no opening")
    };
    let frames: &[Frame] = if args.frames { &reading.frames } else { &[] };
    if args.reading.json {
        return show_json(args, &exchange, &records, &reading, recording, mask, out);
    }
    exchange_line(id, recording, false, mask, out)?;
    let url = mask.url(&exchange.open.url).into_owned();
    let request_line = format!("{} {url} {}", exchange.open.method, exchange.open.version);
    head(&request_line, &mask.headers(&exchange.open.headers), out)?;
    let leg = Leg::of(&exchange.open.url, exchange.open.headers.media_type().as_deref());
    if !args.no_payload {
        body(&exchange.request, &exchange.open.headers, leg, mask, out)?;
    }
    if let Some(answer) = exchange.head {
        let reason = mask.plain(answer.reason.as_deref().unwrap_or(""));
        let line = format!("{} {} {reason}", answer.version, answer.status);
        head(line.trim_end(), &mask.headers(&answer.headers), out)?;
        if !args.no_payload && !args.frames {
            body(&exchange.response, &answer.headers, leg, mask, out)?;
        }
    }
    for frame in frames {
        print_frame(frame, mask, out)?;
    }
    for note in &exchange.notes {
        out.line(format_args!("note: {}", visible::line(&mask.plain(note))))?;
    }
    if let Some(error) = exchange.end.and_then(|end| end.error.as_deref()) {
        let error = mask.plain(error);
        out.line(out.paint(style::BAD, format_args!("{}", visible::line(&error))))?;
    }
    Ok(())
}

fn show_json(
    args: &ShowArgs,
    exchange: &Exchange<'_>,
    records: &[Record],
    reading: &Reading,
    recording: &mut Recording,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let mut summary = SummaryFace { exchanges: 1, ..SummaryFace::default() };
    face(exchange, records, recording, mask, out)?;
    if args.frames {
        for frame in &reading.frames {
            summary.frames += 1;
            let (raw, comments) = (mask.frame(frame), mask.comments(frame));
            out.json(&FrameFace::new(exchange.id, frame, &raw, &comments))?;
        }
    } else if let Some(session) = recording.session_of(exchange.id).map(|session| session.id) {
        // Paired within the session, so that answers name their requests.
        for entry in recording.entries_of(&reading.summary)? {
            let Some(message) = entry.message else { continue };
            summary.messages += 1;
            let name = mask.name(&message).map(std::borrow::Cow::into_owned);
            let payload = mask.payload(&message);
            let face = MessageFace::new(session, &message, name.as_deref(), &payload);
            out.json(&face.with(&entry.remarks))?;
        }
    }
    Ok(out.json(&summary)?)
}

/// `wiretape/exchange/1`.
fn face(
    exchange: &Exchange<'_>,
    records: &[Record],
    recording: &Recording,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let id = exchange.id;
    let session = recording.session_of(id).map_or(id, |session| session.id);
    let reading = read(records);
    let url = mask.url(&exchange.open.url).into_owned();
    let request_headers = mask.headers(&exchange.open.headers);
    let response_headers = exchange.head.map(|head| mask.headers(&head.headers));
    let response = exchange.head.zip(response_headers.as_ref()).map(|(head, headers)| {
        let body = (&exchange.response).into();
        ResponseFace { status: head.status, version: &head.version, headers, body }
    });
    let error = exchange.end.and_then(|end| end.error.as_deref());
    let error = error.map(|error| mask.plain(error));
    let rewrites = exchange.rewrites.iter().map(|rewrite| mask.rewrite(rewrite)).collect();
    let name = reading.as_ref().and_then(|reading| first_name(reading, mask));
    let mcp = reading.as_ref().filter(|reading| reading.summary.is_mcp).map(|reading| {
        mcp(&reading.summary, first_method(reading), name.as_deref(), &exchange.open.headers)
    });
    out.json(&ExchangeFace {
        schema: ExchangeFace::SCHEMA,
        id,
        session,
        request: RequestFace {
            method: &exchange.open.method,
            url: &url,
            version: &exchange.open.version,
            headers: &request_headers,
            body: (&exchange.request).into(),
        },
        response,
        outcome: exchange.end.map(|end| end.outcome.as_str()),
        error: error.as_deref(),
        started_at: exchange.started_at,
        timing: exchange.end.map(|end| end.timing),
        upstream: exchange.end.and_then(|end| end.upstream.as_deref()),
        mcp,
        frames: reading.as_ref().map_or(0, |reading| reading.summary.counts.frames),
        rewrites,
    })?;
    Ok(())
}

fn mcp<'a>(
    summary: &'a Summary,
    method: Option<&'a str>,
    name: Option<&'a str>,
    headers: &'a Headers,
) -> McpFace<'a> {
    McpFace {
        protocol_version: headers.text("mcp-protocol-version").or(summary.revision.as_deref()),
        method,
        name,
        last_event_id: summary.last_event_id.as_deref(),
        sequence: headers.text("mcp-sequence"),
        ..McpFace::of(summary.candidates.first())
    }
}

/// What the client asked or told first.
fn first_method(reading: &Reading) -> Option<&str> {
    let first = reading.messages.iter().find(|message| {
        message.direction == Direction::ClientToServer
            && matches!(message.kind, Kind::Request | Kind::Notification)
    });
    first?.method.as_deref()
}

fn first_name(reading: &Reading, mask: &mut Mask) -> Option<String> {
    let first =
        reading.messages.iter().find(|message| message.direction == Direction::ClientToServer)?;
    mask.name(first).map(std::borrow::Cow::into_owned)
}

fn head(line: &str, headers: &Headers, out: &mut Output) -> anyhow::Result<()> {
    out.line("")?;
    out.line(out.paint(style::HEADING, format_args!("{}", visible::line(line))))?;
    for (name, value) in headers.iter() {
        let name = visible::line(name);
        out.line(format_args!("{}: {}", out.paint(style::ID, name), visible::bytes(value)))?;
    }
    Ok(())
}

fn body(
    body: &Body,
    headers: &Headers,
    leg: Leg,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let (plain, whole) = body.decoded(headers.text("content-encoding"), BODY_SHOWN);
    if !plain.is_empty() {
        out.line("")?;
        let masked = mask.body(headers.media_type().as_deref(), leg, &plain);
        print_block(&json_or_text(&masked), "", usize::MAX, out)?;
    }
    if !whole {
        let text = format!(
            "… not all of {} is shown: cut, not kept, or not decodable (--raw has what is kept)",
            units::size(body.bytes)
        );
        out.line(out.paint(style::WAITING, text))?;
    }
    for (name, value) in body.trailers.iter() {
        let value = mask.headers(&[(name, value.clone())].into_iter().collect());
        let value = value.iter().next().map(|(_, value)| visible::bytes(value)).unwrap_or_default();
        out.line(format_args!("{} (trailer): {value}", visible::line(name)))?;
    }
    Ok(())
}

fn print_frame(frame: &Frame, mask: &mut Mask, out: &mut Output) -> anyhow::Result<()> {
    let tail = if frame.complete { "" } else { " (unterminated)" };
    let heading = format!(
        "frame {} · {} · {}{tail}",
        frame.index,
        units::time_of_day(frame.at),
        units::size(frame.raw.len() as u64)
    );
    out.line("")?;
    out.line(out.paint(style::ID, heading))?;
    let raw = mask.frame(frame);
    print_block(&visible::byte_block(&raw), "  ", usize::MAX, out)
}
