//! What the tabs show of an exchange.

use bytes::{Bytes, BytesMut};

use super::lines::{Line, Tint};
use crate::{
    protocol::{Direction, Kind, problems::Severity},
    tui::{
        desk::{ExchangeTold, MessageTold},
        rows::{Row, RowKind},
    },
};

/// The message that a row is about: its request or notification.
pub(super) fn request<'a>(told: &'a ExchangeTold, row: &Row) -> Option<&'a MessageTold> {
    if row.kind == RowKind::Exchange {
        return None;
    }
    told.messages
        .iter()
        .find(|message| message.exchange == row.exchange && message.number == row.number)
}

/// Its answer.
pub(super) fn answer<'a>(told: &'a ExchangeTold, row: &Row) -> Option<&'a MessageTold> {
    if row.kind == RowKind::Orphan {
        return request(told, row);
    }
    let id = format!("{}.{}", row.exchange, row.number);
    told.messages.iter().find(|message| {
        message.answers.as_deref() == Some(&id)
            && matches!(message.kind, Kind::Response | Kind::Error)
    })
}

/// What the tab Response shows, or why there is nothing.
pub(super) fn response(told: &ExchangeTold, row: &Row) -> Result<Bytes, &'static str> {
    if let Some(answer) = answer(told, row) {
        return Ok(answer.payload.clone());
    }
    if row.kind == RowKind::Notification && (row.from_server || told.response_body.is_empty()) {
        return Err("a notification has no answer");
    }
    if row.is_pending() && row.kind != RowKind::Exchange {
        return Err("no answer yet");
    }
    if told.response_body.is_empty() {
        return Err("no answer");
    }
    Ok(told.response_body.clone())
}

/// Why there is no answer, where the exchange says so: a server that cannot be reached, a reset.
pub(super) fn fault(told: &ExchangeTold, row: &Row) -> Option<Vec<Line>> {
    if row.is_pending() || response(told, row).is_ok() {
        return None;
    }
    let (_, error) = told.facts.iter().find(|(name, _)| name == "error")?;
    Some(vec![Line::new(" ", Tint::Plain, &format!("no answer: {error}"), Tint::Bad)])
}

/// The tab Response shows the exchange's answer, or the one message that it is.
pub(super) fn begins_as_body(row: &Row) -> bool {
    matches!(row.kind, RowKind::Call | RowKind::Exchange) && !row.is_pending()
}

/// What the tab Request shows, or why there is nothing.
pub(super) fn request_bytes(told: &ExchangeTold, row: &Row) -> Result<Bytes, &'static str> {
    match request(told, row) {
        _ if row.kind == RowKind::Orphan => Err("an answer to nothing that was recorded"),
        Some(message) => Ok(message.payload.clone()),
        None if told.request_body.is_empty() => Err("no body"),
        None => Ok(told.request_body.clone()),
    }
}

/// The frames' bytes, one behind the other: the stream as it was decoded.
pub(super) fn stream(told: &ExchangeTold) -> Bytes {
    let mut all = BytesMut::new();
    for frame in &told.frames {
        all.extend_from_slice(&frame.raw);
    }
    all.freeze()
}

/// What a frame holds: the message it carried, else its bytes.
pub(super) fn frame(told: &ExchangeTold, at: usize) -> Option<Bytes> {
    let frame = told.frames.get(at)?;
    let carried = told.messages.iter().find(|message| {
        message.exchange == told.exchange
            && message.frame == Some(frame.index)
            && message.direction == Direction::ServerToClient
    });
    Some(carried.map_or_else(|| frame.raw.clone(), |message| message.payload.clone()))
}

/// Both heads, and the facts.
pub(super) fn headers(told: &ExchangeTold) -> Vec<Line> {
    let mut lines = vec![Line::heading(&told.request_line)];
    let header = |(name, value): &(String, String)| {
        Line::new(&format!("{name}: "), Tint::Name, value, Tint::Plain)
    };
    lines.extend(told.request_headers.iter().map(header));
    lines.push(Line::blank());
    match &told.status_line {
        Some(status) => lines.push(Line::heading(status)),
        None => lines.push(Line::new("", Tint::Plain, "no answer's head yet", Tint::Faint)),
    }
    lines.extend(told.response_headers.iter().map(header));
    if !told.facts.is_empty() {
        lines.push(Line::blank());
        lines.extend(
            told.facts.iter().map(|(name, value)| {
                Line::new(&format!("{name}: "), Tint::Faint, value, Tint::Plain)
            }),
        );
    }
    lines
}

/// Why there is nothing to show of an exchange, and what to do about it.
pub(super) fn failed(why: &str) -> Vec<Line> {
    let line = |text, tint| Line::new(" ", Tint::Plain, text, tint);
    let mut lines: Vec<Line> = why.lines().map(|why| line(why, Tint::Bad)).collect();
    lines.extend([Line::blank(), line("Esc, then Enter, reads it again", Tint::Faint)]);
    lines
}

/// What is wrong, with evidence and remedy.
pub(super) fn problems(told: &ExchangeTold) -> Vec<Line> {
    let mut lines = Vec::new();
    for problem in &told.problems {
        if !lines.is_empty() {
            lines.push(Line::blank());
        }
        let (word, tint) = match problem.severity {
            Severity::Error => ("error ", Tint::Bad),
            Severity::Warning => ("warning ", Tint::Waiting),
            Severity::Info => ("info ", Tint::Name),
        };
        lines.push(Line::new(word, tint, &problem.rule, Tint::Heading));
        lines.push(Line::new("", Tint::Plain, &problem.text, Tint::Plain));
        let part = |name: &str, said: &str| Line::new(name, Tint::Faint, said, Tint::Plain);
        if !problem.evidence.is_empty() {
            lines.push(part("  seen: ", &problem.evidence));
        }
        if !problem.remedy.is_empty() {
            lines.push(part("  remedy: ", &problem.remedy));
        }
        if !problem.source.is_empty() {
            lines.push(part("  source: ", &problem.source));
        }
    }
    if lines.is_empty() {
        lines.push(Line::new("", Tint::Plain, "no problems found in this exchange", Tint::Faint));
    }
    lines
}
