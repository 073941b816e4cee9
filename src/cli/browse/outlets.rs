//! What leaves the screen: files, texts for the clipboard; and what is deleted.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;

use super::{
    super::{args::ExportFormat, export, open, units},
    exchange,
    shared::Shared,
};
use crate::{
    protocol::{Direction, Kind},
    recorder::Source as _,
    tui::{
        desk::Copyable,
        rows::{RowId, SessionId},
    },
};

/// Bytes that are handed to a clipboard at most.
const COPIED: u64 = 8 << 20;

/// Writes a session into a file; what there is to say of it.
pub(super) fn write(
    session: SessionId,
    format: &str,
    path: &str,
    shared: &Shared,
) -> anyhow::Result<String> {
    let format = ExportFormat::from_str(format, true).map_err(|_| {
        anyhow::anyhow!("there is no format `{format}`\nhint: tape, har, curl, json, html, mermaid")
    })?;
    let name = shared.ledger().name(session).context("the session is not there any more")?;
    let path = PathBuf::from(path);
    export::session(Box::new(shared.clone()), name, Some(format), &path, shared.reveals())
}

/// The same as a text.
pub(super) fn written(session: SessionId, format: &str, shared: &Shared) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("session");
    write(session, format, &path.to_string_lossy(), shared)?;
    if path.metadata()?.len() > COPIED {
        bail!("that is too long for a clipboard\nhint: e writes it into a file");
    }
    Ok(std::fs::read_to_string(path)?)
}

/// A text to be copied.
pub(super) fn text(row: RowId, what: Copyable, shared: &Shared) -> anyhow::Result<String> {
    let of = shared.ledger().message_of(row);
    let (id, number) = of.context("the row is not there any more")?;
    match what {
        Copyable::Id => Ok(number.map_or(id.to_string(), |number| format!("{id}.{number}"))),
        Copyable::Curl => {
            let records = shared.clone().records(id)?;
            export::curl(&records, shared.reveals())
        }
        Copyable::JsonRpc => {
            let told = exchange::tell(id, None, shared)?;
            let own = |message: &&crate::tui::desk::MessageTold| {
                message.exchange == id && number.is_none_or(|number| message.number == number)
            };
            let message = told.messages.iter().find(own).context("no message is in it")?;
            Ok(String::from_utf8_lossy(&message.payload).into_owned())
        }
        Copyable::Body => {
            let told = exchange::tell(id, None, shared)?;
            let asked = number.map(|number| format!("{id}.{number}"));
            // On a stream, or elsewhere, the answer is a part of a body.
            let answer = told.messages.iter().find(|message| {
                asked.is_some()
                    && message.answers == asked
                    && matches!(message.kind, Kind::Response | Kind::Error)
                    && (message.frame.is_some() || message.exchange != id)
            });
            let asked_by_client = told.messages.iter().all(|message| {
                Some(message.number) != number || message.direction == Direction::ClientToServer
            });
            let body = match answer {
                Some(answer) => &answer.payload,
                None if asked_by_client => &told.response_body,
                None => bail!("it has no answer"),
            };
            Ok(String::from_utf8_lossy(body).into_owned())
        }
    }
}

/// Deletes a session; what there is to say of it.
pub(super) fn delete(session: SessionId, shared: &Shared) -> anyhow::Result<String> {
    let (members, goes_on) = {
        let ledger = shared.ledger();
        (ledger.members(session), ledger.goes_on(session))
    };
    if goes_on {
        bail!("the session still runs and is left alone\nhint: end its client, then delete it");
    }
    let deleted = match (shared.clone().delete(&members)?, shared.home()) {
        (Some(deleted), _) => deleted,
        (None, Some(home)) => open::delete(home, &members)?,
        (None, None) => bail!("sessions are deleted from a store, not from a tape"),
    };
    shared.ledger().deleted(session);
    shared.changed(Vec::new());
    Ok(format!("deleted {}", units::count(deleted, "exchange")))
}
