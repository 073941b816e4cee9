//! An entry as an exchange.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;

use super::{
    super::{
        error::ImportError,
        intake::Intake,
        made::{Body, Made},
    },
    entry::{Content, Entry, Frame, Mcp, Pair, PostData, Response, Timings},
    is_http, is_token, micros, time,
};
use crate::{
    capture::{Head, Headers, Mode, Open, Outcome, Timestamp, Timing},
    cli::export::exchange::WAS_ENCODED,
};

/// What `_mcp` of ours says of itself.
const OURS: &str = "wiretape/har/";

/// The newest that is read.
const NEWEST: &str = "wiretape/har/1";

/// Takes an entry; `number` is its place in the archive, from 1.
pub(super) fn take(entry: Entry, number: u64, intake: &mut Intake) -> Result<(), ImportError> {
    let bad = |what: String| ImportError::Entry { kind: "entry", number, what };
    if !is_http(&entry.request.url) {
        let scheme = entry.request.url.split(':').next().unwrap_or_default();
        if !is_token(scheme) || !entry.request.url.contains(':') {
            return Err(bad("its `url` is no absolute URL".to_owned()));
        }
        intake.pass_over("entry that is no HTTP");
        return Ok(());
    }
    if entry.web_socket.is_some() {
        intake.pass_over("WebSocket whose frames are left out");
    }
    let ours = ours(entry.mcp)?;
    let made = made(Entry { mcp: None, ..entry }, ours, intake).map_err(bad)?;
    let id = made.id;
    match (intake.take(made)?, id) {
        (false, Some(id)) => Err(bad(format!("exchange {id} stands in the file twice"))),
        _ => Ok(()),
    }
}

/// `_mcp`, where wiretape wrote it.
fn ours(mcp: Option<Mcp>) -> Result<Option<Mcp>, ImportError> {
    let Some(mcp) = mcp else { return Ok(None) };
    match mcp.schema.as_deref() {
        Some(NEWEST) => Ok(Some(mcp)),
        Some(schema) if schema.starts_with(OURS) => Err(ImportError::Version {
            format: "HAR of wiretape's",
            found: schema.to_owned(),
            known: NEWEST,
        }),
        _ => Ok(None),
    }
}

fn made(entry: Entry, ours: Option<Mcp>, intake: &mut Intake) -> Result<Made, String> {
    let at = time(&entry.started_date_time);
    let at = at.ok_or_else(|| format!("{:?} is no time", entry.started_date_time))?;
    let way = mode(ours.as_ref().and_then(|mcp| mcp.mode.as_deref()));
    let times = Times::of(at, &entry.timings.unwrap_or_default(), entry.time, way)?;
    let mut notes = ours.as_ref().map(|mcp| mcp.notes.clone()).unwrap_or_default();
    let note = intake.note();
    if !notes.contains(&note) {
        notes.push(note);
    }
    let request = entry.request;
    if !is_token(&request.method) {
        return Err(format!("{:?} is no method", request.method));
    }
    let mut body = match request.post_data {
        Some(data) => sent(data, times.sent)?,
        None => Body::whole(times.sent, ""),
    };
    missing(&mut body, request.body_size, None);
    let open = Open {
        client: ours
            .as_ref()
            .and_then(|mcp| mcp.client.clone())
            .unwrap_or_else(|| "unknown".into()),
        pid: ours.as_ref().and_then(|mcp| mcp.pid),
        run: ours.as_ref().and_then(|mcp| mcp.run.clone()),
        name: ours.as_ref().and_then(|mcp| mcp.name.clone()),
        mode: way,
        method: request.method,
        url: request.url,
        version: version(request.http_version.as_deref()),
        headers: headers(request.headers.unwrap_or_default())?,
    };
    let error = entry.error.clone();
    let id = ours.as_ref().and_then(|mcp| mcp.exchange.as_deref());
    let id = id.map(|id| id.parse().map_err(|error| format!("{error}"))).transpose()?;
    let upstream = ours.as_ref().and_then(|mcp| mcp.upstream.clone()).or(entry.server_ip_address);
    let mut made = Made {
        id,
        index: intake.index(),
        at,
        open,
        notes,
        request: body,
        head: None,
        response: Body::default(),
        ended_at: times.ended,
        outcome: Outcome::Truncated,
        error: entry.error,
        timing: times.timing,
        upstream: upstream.filter(|address| !address.is_empty()),
    };
    if let Some(response) = entry.response {
        answer(&mut made, response, &times, ours.as_ref(), intake)?;
    }
    if made.head.is_none() {
        made.timing.first_byte_us = None;
        made.error.get_or_insert_with(|| "no answer is in the imported file".to_owned());
    }
    if let Some(mcp) = ours {
        made.request.trailers = headers(mcp.request_trailers)?;
        made.response.trailers = headers(mcp.response_trailers)?;
        told(&mut made, mcp.outcome.as_deref(), error)?;
    }
    Ok(made)
}

/// The outcome of an archive of ours.
fn told(made: &mut Made, outcome: Option<&str>, error: Option<String>) -> Result<(), String> {
    let Some(outcome) = outcome else { return Ok(()) };
    let all = [
        Outcome::Completed,
        Outcome::ClientClosed,
        Outcome::UpstreamReset,
        Outcome::Truncated,
        Outcome::ProxyError,
    ];
    let found = all.into_iter().find(|known| known.as_str() == outcome);
    made.outcome = found.ok_or_else(|| format!("{outcome:?} is no outcome"))?;
    made.error = error;
    if made.outcome != Outcome::Completed {
        made.response.ended_at = None;
    }
    Ok(())
}

fn answer(
    made: &mut Made,
    response: Response,
    times: &Times,
    ours: Option<&Mcp>,
    intake: &mut Intake,
) -> Result<(), String> {
    let status = response.status.unwrap_or_default();
    if status == 0.0 {
        let text = response.error.or(response.status_text).filter(|text| !text.is_empty());
        made.error = made.error.take().or(text);
        return Ok(());
    }
    let status = status_of(status).ok_or_else(|| format!("{status} is no status"))?;
    let mut fields = headers(response.headers.unwrap_or_default())?;
    let (mut body, size) = match response.content {
        Some(content) => received(content, times)?,
        None => (Body::whole(times.ended, ""), None),
    };
    if !ours.is_some_and(|mcp| mcp.as_on_the_wire) && !body.chunks.is_empty() {
        for (name, value) in &mut fields.0 {
            let is_coded = !value.eq_ignore_ascii_case(b"identity");
            if is_coded && name.eq_ignore_ascii_case("content-encoding") {
                WAS_ENCODED.clone_into(name);
            }
        }
    }
    if let Some(mcp) = ours {
        let pieces = frames(&mcp.frames, &body)?;
        if pieces.is_none() && !mcp.frames.is_empty() {
            intake.pass_over("entry whose frames do not fit its text: their times are left out");
        }
        body.chunks = pieces.unwrap_or(body.chunks);
    }
    missing(&mut body, response.body_size, size);
    let reason = response.status_text.filter(|text| !text.contains(['\r', '\n', '\0']));
    let version = version(response.http_version.as_deref());
    let first = body.chunks.first().map_or(times.answered, |(at, _)| *at);
    made.head =
        Some((times.answered.min(first), Head { status, reason, version, headers: fields }));
    made.response = body;
    made.outcome = Outcome::Completed;
    made.error = None;
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn status_of(status: f64) -> Option<u16> {
    ((100.0..1_000.0).contains(&status) && status.fract() == 0.0).then_some(status as u16)
}

/// When its parts were over.
struct Times {
    sent: Timestamp,
    answered: Timestamp,
    ended: Timestamp,
    timing: Timing,
}

impl Times {
    fn of(
        at: Timestamp,
        timings: &Timings,
        whole: Option<f64>,
        mode: Mode,
    ) -> Result<Self, String> {
        let part = |ms: Option<f64>| match ms {
            // Browsers round to a little below nothing.
            Some(ms) if ms >= 0.0 => {
                micros(ms).ok_or_else(|| format!("{ms} is no duration")).map(Some)
            }
            _ => Ok(None),
        };
        let (connect, tls) = (part(timings.connect)?, part(timings.ssl)?);
        let (dns, blocked) = (part(timings.dns)?, part(timings.blocked)?);
        let known = |us: Option<u64>| us.unwrap_or_default();
        // In a tunnel of ours the upstream was dialed before the request's head was read.
        let within = connect.filter(|_| mode != Mode::Connect);
        let before = [blocked, dns, within, part(timings.send)?].into_iter().map(known).sum();
        let first_byte = u64::saturating_add(before, known(part(timings.wait)?));
        let receive = part(timings.receive)?;
        let total = match receive {
            Some(receive) => first_byte.saturating_add(receive),
            None => known(part(whole)?).max(first_byte),
        };
        let later = |us: u64| Timestamp(at.0.saturating_add(us.saturating_mul(1_000)));
        let plain_connect =
            connect.map(|us| us.saturating_sub(known(tls)).saturating_add(known(dns)));
        let timing = Timing {
            connect_us: plain_connect,
            tls_us: tls,
            first_byte_us: Some(first_byte),
            total_us: total,
        };
        let (sent, answered, ended) = (later(before), later(first_byte), later(total));
        Ok(Self { sent, answered, ended, timing })
    }
}

/// Fields in their order; browsers join lines of one name by a line end, and list HTTP/2's
/// pseudo-headers.
fn headers(pairs: Vec<Pair>) -> Result<Headers, String> {
    let mut headers = Headers::default();
    for Pair { name, value } in pairs {
        if name.starts_with(':') {
            continue;
        }
        if !is_token(&name) {
            return Err(format!("{name:?} is no header's name"));
        }
        let value = value.unwrap_or_default();
        for line in value.split('\n') {
            let line = line.trim_end_matches('\r');
            if line.contains(['\r', '\0']) {
                return Err(format!("the value of {name} has control characters"));
            }
            headers.0.push((name.clone(), Bytes::from(line.to_owned())));
        }
    }
    Ok(headers)
}

fn sent(data: PostData, at: Timestamp) -> Result<Body, String> {
    let bytes = match (data.text, data.params) {
        (Some(text), _) => decoded(text, data.encoding.as_deref())?,
        (None, Some(params)) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for Pair { name, value } in params {
                form.append_pair(&name, &value.unwrap_or_default());
            }
            form.finish().into()
        }
        (None, None) => Bytes::new(),
    };
    Ok(Body::whole(at, bytes))
}

fn received(content: Content, times: &Times) -> Result<(Body, Option<f64>), String> {
    let bytes = match content.text {
        Some(text) => decoded(text, content.encoding.as_deref())?,
        None => Bytes::new(),
    };
    let mut body = Body::whole(times.ended, bytes);
    // Nothing tells when it came: all of it at its end.
    body.ended_at = Some(times.ended);
    Ok((body, content.size))
}

fn decoded(text: String, encoding: Option<&str>) -> Result<Bytes, String> {
    match encoding.unwrap_or_default() {
        "" => Ok(text.into()),
        "base64" => {
            let decoded = BASE64_STANDARD.decode(text.trim());
            decoded.map(Bytes::from).map_err(|error| format!("a body in base64: {error}"))
        }
        other => Err(format!("a body in the encoding {other:?}, which is not known")),
    }
}

/// Marks what a body took on the wire, and that it is not in the file where there is none of it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn missing(body: &mut Body, on_the_wire: Option<f64>, decoded: Option<f64>) {
    let length = |size: f64| (1.0..9e15).contains(&size).then_some(size as u64);
    let wire = on_the_wire.and_then(length);
    if body.chunks.is_empty() {
        body.left_out = wire.or(decoded.and_then(length)).unwrap_or_default();
    } else {
        body.wire_bytes = wire;
    }
}

/// The pieces of a body with their times; none where they are not that body.
fn frames(frames: &[Frame], body: &Body) -> Result<Option<Vec<(Timestamp, Bytes)>>, String> {
    let mut pieces = Vec::with_capacity(frames.len());
    for frame in frames {
        let at = time(&frame.at).ok_or_else(|| format!("{:?} is no time", frame.at))?;
        let bytes = match (&frame.raw, &frame.raw_base64) {
            (Some(raw), None) => Bytes::from(raw.clone()),
            (None, Some(raw)) => decoded(raw.clone(), Some("base64"))?,
            _ => return Err("a frame has one of `raw` and `raw_base64`".to_owned()),
        };
        pieces.push((at, bytes));
    }
    let whole = body.chunks.iter().flat_map(|(_, chunk)| chunk.iter());
    let fits = pieces.iter().flat_map(|(_, piece)| piece.iter()).eq(whole);
    Ok((fits && !pieces.is_empty()).then_some(pieces))
}

fn mode(text: Option<&str>) -> Mode {
    match text {
        Some("connect") => Mode::Connect,
        Some("forward") => Mode::Forward,
        _ => Mode::Reverse,
    }
}

/// Writers spell it `HTTP/1.1`, `http/1.1`, `h2`, `HTTP/2.0`, or not at all.
fn version(text: Option<&str>) -> String {
    let lower = text.unwrap_or_default().trim().to_ascii_lowercase();
    let number = lower.strip_prefix("http/").unwrap_or(lower.strip_prefix('h').unwrap_or(&lower));
    match number {
        "1.0" => "HTTP/1.0".to_owned(),
        "2" | "2.0" => "HTTP/2".to_owned(),
        "3" | "3.0" => "HTTP/3".to_owned(),
        _ => "HTTP/1.1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_writers_spell_them() {
        for (text, expected) in [
            ("HTTP/1.1", "HTTP/1.1"),
            ("http/2.0", "HTTP/2"),
            ("h2", "HTTP/2"),
            ("h3", "HTTP/3"),
            ("HTTP/1.0", "HTTP/1.0"),
            ("unknown", "HTTP/1.1"),
            ("", "HTTP/1.1"),
        ] {
            assert_eq!(version(Some(text)), expected, "{text}");
        }
    }
}
