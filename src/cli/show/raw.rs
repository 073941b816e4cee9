//! `--raw`: bytes exactly as they were on the wire, secrets included: asking for it is the yes.

use anyhow::bail;

use super::super::{
    args::RawPart,
    exchange::{Body, Exchange},
    output::Output,
    recording::Recording,
    units,
};
use crate::capture::{ExchangeId, Headers};

/// Writes a part of an exchange. Bytes that are not kept are told on stderr.
pub(super) fn write(
    part: RawPart,
    id: ExchangeId,
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let records = recording.records(id)?;
    let Some(exchange) = Exchange::of(&records) else { bail!("exchange {id} has no opening") };
    match part {
        RawPart::Request => body(&exchange.request, out),
        RawPart::Response => body(&exchange.response, out),
        RawPart::Headers => heads(&exchange, out),
    }
}

fn body(body: &Body, out: &mut Output) -> anyhow::Result<()> {
    for chunk in &body.chunks {
        out.bytes(chunk)?;
    }
    let missing = body.bytes.saturating_sub(body.kept_bytes());
    if missing > 0 {
        out.talk(format_args!("{missing} of {} not kept", units::count(body.bytes, "byte")));
    }
    Ok(())
}

/// Request line and fields, status line and fields, as HTTP/1 writes them.
fn heads(exchange: &Exchange<'_>, out: &mut Output) -> anyhow::Result<()> {
    let open = exchange.open;
    out.bytes(format!("{} {} {}\r\n", open.method, open.url, open.version).as_bytes())?;
    fields(&open.headers, out)?;
    for answer in &exchange.informational {
        out.bytes(format!("HTTP {}\r\n", answer.status).as_bytes())?;
        fields(&answer.headers, out)?;
    }
    if let Some(head) = exchange.head {
        let reason = head.reason.as_deref().map(|reason| format!(" {reason}")).unwrap_or_default();
        out.bytes(format!("{} {}{reason}\r\n", head.version, head.status).as_bytes())?;
        fields(&head.headers, out)?;
    }
    Ok(())
}

fn fields(headers: &Headers, out: &mut Output) -> anyhow::Result<()> {
    for (name, value) in headers.iter() {
        out.bytes(name.as_bytes())?;
        out.bytes(b": ")?;
        out.bytes(value)?;
        out.bytes(b"\r\n")?;
    }
    Ok(out.bytes(b"\r\n")?)
}
