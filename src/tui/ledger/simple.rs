//! The row of an exchange that its summary alone tells: most of a recording is like that, and no
//! record of it need be read for the list.

use super::{
    Veil,
    symbols::{Interner, What},
};
use crate::{
    capture::{ExchangeId, Outcome, Timestamp},
    protocol::Summary,
    tui::rows::{Row, RowKind, RpcId, SessionId, Status, Symbol},
};

/// What a summary alone tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Simple {
    /// No message is in it.
    Exchange,
    /// One request of the client and its result.
    Call,
    /// One notification of the client.
    Notification,
    /// Its messages have to be read.
    No,
}

impl Simple {
    pub(super) fn of(summary: &Summary) -> Self {
        let counts = summary.counts;
        if summary.outcome.is_none() {
            // Its records go on: it has to be read on from where it stands.
            return Self::No;
        }
        if counts.messages == 0 {
            return Self::Exchange;
        }
        let listed = !summary.more && summary.methods.len() == 1 && summary.names.len() <= 1;
        if !listed || summary.is_linked() || counts.errors > 0 || summary.unread.is_some() {
            return Self::No;
        }
        match (counts.calls, counts.messages, summary.streaming) {
            (1, 2, _) => Self::Call,
            (0, 1, false) if summary.method == "POST" => Self::Notification,
            _ => Self::No,
        }
    }
}

/// A row without anything yet.
pub(super) fn blank(exchange: ExchangeId, session: SessionId, at: Timestamp) -> Row {
    Row {
        exchange,
        number: 0,
        session,
        at,
        kind: RowKind::Exchange,
        status: Status::Pending,
        from_server: false,
        streamed: false,
        batched: false,
        at_fault: false,
        is_whole: false,
        method: Symbol::default(),
        name: Symbol::default(),
        rpc_id: RpcId::None,
        http: 0,
        code: 0,
        first_us: u32::MAX,
        total_us: u32::MAX,
        frames: 0,
        size: 0,
        parent: None,
    }
}

/// The row of an exchange that is simple. Its time is the exchange's as a whole: the message's own
/// is in the records.
pub(super) fn row(
    summary: &Summary,
    simple: Simple,
    session: SessionId,
    texts: &mut Interner,
    veil: &mut dyn Veil,
) -> Row {
    let mut row = itself(summary, session, texts, veil);
    if matches!(simple, Simple::Call | Simple::Notification) {
        row.method = first(&summary.methods, texts, veil);
        row.name = first(&summary.names, texts, veil);
    }
    match simple {
        Simple::Call => row.kind = RowKind::Call,
        Simple::Notification => row.kind = RowKind::Notification,
        Simple::Exchange | Simple::No => {}
    }
    row
}

fn first(list: &[String], texts: &mut Interner, veil: &mut dyn Veil) -> Symbol {
    list.first().map(|text| texts.of(text, What::Name, veil)).unwrap_or_default()
}

/// The row of an exchange as such.
pub(super) fn itself(
    summary: &Summary,
    session: SessionId,
    texts: &mut Interner,
    veil: &mut dyn Veil,
) -> Row {
    let line = format!("{} {}", summary.method, summary.path);
    Row {
        status: exchange_status(summary),
        streamed: summary.streaming,
        method: texts.of(&line, What::Line, veil),
        http: summary.status.unwrap_or_default(),
        total_us: match summary.outcome {
            Some(_) => short(summary.last_at.micros_since(summary.started_at)),
            None => u32::MAX,
        },
        frames: u32::try_from(summary.counts.frames).unwrap_or(u32::MAX),
        ..blank(summary.id, session, summary.started_at)
    }
}

/// How an exchange came out, whatever was in it.
pub(super) fn exchange_status(summary: &Summary) -> Status {
    match (summary.outcome, summary.status) {
        (Some(outcome), _) if outcome.is_fault() => Status::Fault,
        (_, Some(status)) if status >= 400 => Status::HttpError,
        (None, _) => Status::Pending,
        (Some(Outcome::ClientClosed), None) => Status::Cancelled,
        (Some(_), None) => Status::NoReply,
        (Some(_), Some(_)) => Status::Ok,
    }
}

/// Microseconds of a row; the largest stands for all that is longer.
pub(super) fn short(us: u64) -> u32 {
    u32::try_from(us).unwrap_or(u32::MAX)
}
