//! A sequence diagram in mermaid's language: one `sequenceDiagram` with a client and a server a
//! session, one arrow a message, in the order of time.
//!
//! mermaid takes `;` and a line's end for the end of a statement, `#` for an entity, `%%{` anywhere
//! for a directive, and renders text as HTML: whatever is not plainly harmless is written as a
//! numeric entity, `#59;`.

use std::fmt::Write as _;

use crate::{
    cli::{output::Output, recording::Recording, units},
    protocol::{
        Direction, Kind, Message, Session, Story,
        picture::{Http, Row, Sequence, Shown, label},
    },
};

/// What a label holds at most, in characters: longer ones make the drawing unreadable.
const LABEL: usize = 120;

/// Writes all sessions, oldest first.
pub(super) fn write(recording: &mut Recording, out: &mut Output) -> anyhow::Result<()> {
    out.line("sequenceDiagram")?;
    for (number, session) in (1_usize..).zip(recording.sessions()?.to_vec()) {
        let story = recording.story(&session)?;
        participants(number, &session, out)?;
        // Pauses say little where rows are not to scale, and much where each is a note.
        let shown = Shown { pauses: false, ..Shown::default() };
        for row in &Sequence::of(&story, shown).rows {
            match row {
                Row::Arrow(arrow) => {
                    let Some(message) = story.messages.get(arrow.place) else { continue };
                    message_line(number, message, out)?;
                }
                Row::Http(http) => http_line(number, http, &story, out)?,
                Row::Pause(_) => {}
            }
        }
        let (told, all) = (story.exchanges.len(), session.exchanges.len());
        if told < all {
            let cut =
                text(&format!("the first {told} of {}", units::count(all as u64, "exchange")));
            out.line(format_args!("    Note over c{number},s{number}: {cut}"))?;
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

/// HTTP alone: a note at the client, or the broken answer of a call.
fn http_line(number: usize, http: &Http, story: &Story, out: &mut Output) -> anyhow::Result<()> {
    let label = text(&http.label(story));
    match http.answers {
        Some(_) => out.line(format_args!("    s{number}--xc{number}: {label}"))?,
        None => out.line(format_args!("    Note right of c{number}: {label}"))?,
    }
    Ok(())
}

fn message_line(number: usize, message: &Message, out: &mut Output) -> anyhow::Result<()> {
    let (from, to) = match message.direction {
        Direction::ClientToServer => ("c", "s"),
        Direction::ServerToClient => ("s", "c"),
    };
    // mermaid's own way: answers are dashed, notifications have an open head.
    let line = match message.kind {
        Kind::Request => "->>",
        Kind::Response if message.tool_error => "--x",
        Kind::Response => "-->>",
        Kind::Error => "--x",
        Kind::Notification => "-)",
    };
    let mut said = label(message, message.name.as_deref());
    if let Some(id) = &message.rpc_id {
        let _ = write!(said, " [id {id}]");
    }
    if let Some(latency) = message.latency_us {
        let _ = write!(said, " ({})", units::duration(latency));
    }
    out.line(format_args!("    {from}{number}{line}{to}{number}: {}", text(&said)))?;
    Ok(())
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
