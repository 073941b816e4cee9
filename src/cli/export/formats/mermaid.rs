//! A sequence diagram in mermaid's language: one `sequenceDiagram` with a client and a server a
//! session, one arrow a message, in the order of time.
//!
//! mermaid takes `;` and a line's end for the end of a statement, `#` for an entity, `%%{` anywhere
//! for a directive, and renders text as HTML: whatever is not plainly harmless is written as a
//! numeric entity, `#59;`.

use std::fmt::Write as _;

use crate::{
    cli::{
        output::Output,
        recording::{Entry, Recording},
        units,
    },
    protocol::{Direction, Kind, Message, Session},
};

/// What a label holds at most, in characters: longer ones make the drawing unreadable.
const LABEL: usize = 120;

/// Writes all sessions, oldest first.
pub(super) fn write(recording: &mut Recording, out: &mut Output) -> anyhow::Result<()> {
    out.line("sequenceDiagram")?;
    for (number, session) in (1_usize..).zip(recording.sessions()?.to_vec()) {
        participants(number, &session, out)?;
        let mut entries = recording.entries(&session)?;
        entries.sort_by_key(|entry| (entry.at, entry.exchange));
        for entry in &entries {
            arrow(number, entry, recording, out)?;
        }
    }
    Ok(())
}

fn participants(number: usize, session: &Session, out: &mut Output) -> anyhow::Result<()> {
    let named = |peer: &Option<crate::protocol::Implementation>, what: &str| {
        let named = peer.as_ref().map(|peer| format!("{} {}", peer.name, peer.version));
        text(named.as_deref().map_or(what, str::trim))
    };
    out.line(format_args!("    participant c{number} as {}", named(&session.client, "client")))?;
    out.line(format_args!(
        "    participant s{number} as {}",
        named(&session.server_info, "server")
    ))?;
    let revision = session.revision.as_deref().unwrap_or("no revision");
    let about = format!("session {} at {} ({revision})", session.id, session.server);
    out.line(format_args!("    Note over c{number},s{number}: {}", text(&about)))?;
    Ok(())
}

fn arrow(
    number: usize,
    entry: &Entry,
    recording: &Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let Some(message) = &entry.message else {
        let Some(summary) = recording.summary(entry.exchange) else { return Ok(()) };
        let status = summary.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
        let label = text(&format!("{} {} → {status}", summary.method, summary.path));
        return Ok(out.line(format_args!("    Note right of c{number}: {label}"))?);
    };
    let (from, to) = match message.direction {
        Direction::ClientToServer => ("c", "s"),
        Direction::ServerToClient => ("s", "c"),
    };
    let line = match message.kind {
        Kind::Request => "->>",
        Kind::Response if message.tool_error => "--x",
        Kind::Response => "-->>",
        Kind::Error => "--x",
        Kind::Notification => "-)",
    };
    out.line(format_args!("    {from}{number}{line}{to}{number}: {}", text(&label(message))))?;
    Ok(())
}

fn label(message: &Message) -> String {
    let mut label = message.method.clone().unwrap_or_default();
    if let Some(name) = &message.name {
        let _ = write!(label, " {name}");
    }
    match message.kind {
        Kind::Response if message.tool_error => label.push_str(": tool error"),
        Kind::Response => label.push_str(": result"),
        Kind::Error => {
            let _ = write!(label, ": error {}", message.rpc_code.unwrap_or_default());
        }
        Kind::Request | Kind::Notification => {}
    }
    if let Some(id) = &message.rpc_id {
        let _ = write!(label, " [id {id}]");
    }
    if let Some(latency) = message.latency_us {
        let _ = write!(label, " ({})", units::duration(latency));
    }
    label
}

/// A text that mermaid shows as it is.
fn text(plain: &str) -> String {
    let mut safe = String::with_capacity(plain.len());
    for (count, c) in plain.chars().enumerate() {
        if count == LABEL {
            safe.push('…');
            break;
        }
        if c.is_alphanumeric()
            || matches!(c, ' ' | '-' | '/' | '.' | ',' | '_' | '→' | '(' | ')' | '[' | ']' | 'µ')
        {
            safe.push(c);
        } else {
            let _ = write!(safe, "#{};", u32::from(c));
        }
    }
    // A statement needs a text, and a blank one is none.
    if safe.trim().is_empty() { "#160;".to_owned() } else { safe }
}
