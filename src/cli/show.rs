//! `wiretape show`: one session with its exchanges and messages in order, or one exchange.

mod about;
mod authorisation;
mod one;
mod raw;

use std::{borrow::Cow, path::Path, process::ExitCode};

use anyhow::bail;

use super::{
    Ctx,
    args::ShowArgs,
    faces::{MessageFace, SessionFace, SummaryFace},
    masked::Mask,
    output::{Output, style},
    pretty,
    recording::{Entry, Recording, by_prefix, is_query},
    transcript, units, visible,
};
use crate::{
    capture::ExchangeId,
    protocol::{Catalogue, Message, Session},
};
pub(super) use one::exchange_line;

/// Lines of one payload in a session's transcript; the rest is counted. One exchange is shown whole.
const PAYLOAD_LINES: usize = 40;

/// Shows.
pub(crate) fn run(args: &ShowArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let what = What::of(&args.what);
    let mut recording = Recording::open(ctx, &args.reading, what.tape)?;
    show(args, &what, &mut recording, &mut ctx.out)?;
    Ok(ExitCode::SUCCESS)
}

/// What the argument names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct What<'a> {
    /// A tape's file.
    pub(super) tape: Option<&'a Path>,
    /// A session argument; none for all sessions of the tape.
    pub(super) session: Option<&'a str>,
    /// An exchange of it.
    pub(super) exchange: Option<&'a str>,
}

impl<'a> What<'a> {
    /// A file is a tape, also before `/EXCHANGE`; what looks like a query has no exchange.
    pub(super) fn of(text: &'a str) -> Self {
        let tape = |text: &'a str| Some(Path::new(text)).filter(|path| path.is_file());
        if let Some(tape) = tape(text) {
            return Self { tape: Some(tape), session: None, exchange: None };
        }
        match text.rsplit_once('/') {
            Some((file, exchange)) if tape(file).is_some() => {
                Self { tape: tape(file), session: None, exchange: Some(exchange) }
            }
            Some((session, exchange)) if !is_query(text) => {
                Self { tape: None, session: Some(session), exchange: Some(exchange) }
            }
            _ => Self { tape: None, session: Some(text), exchange: None },
        }
    }
}

pub(super) fn show(
    args: &ShowArgs,
    what: &What<'_>,
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let sessions = match what.session {
        Some(session) => recording.select(session)?,
        None => recording.sessions()?.to_vec(),
    };
    let mut mask = Mask::new(args.reveal);
    recording.tell_secrets(&mask);
    if let Some(exchange) = what.exchange {
        let id = exchange_of(exchange, &sessions)?;
        return match args.raw {
            Some(part) => raw::write(part, id, recording, out),
            None => one::show(args, id, recording, &mut mask, out),
        };
    }
    if args.frames || args.raw.is_some() {
        bail!(
            "--frames and --raw are about one exchange\nhint: name it: `wiretape show {}/1`",
            args.what
        );
    }
    let mut summary = SummaryFace::default();
    for session in &sessions {
        transcribe(args, session, recording, &mut mask, &mut summary, out)?;
    }
    if args.reading.json {
        out.json(&summary)?;
    } else {
        let counted = [
            units::count(summary.sessions, "session"),
            units::count(summary.exchanges, "exchange"),
            units::count(summary.messages, "message"),
        ];
        out.talk(counted.join(", "));
    }
    Ok(())
}

/// The exchange that an argument names in these sessions: its number from 1, its id, or the
/// beginning of that (ids begin with `0`, numbers do not).
fn exchange_of(argument: &str, sessions: &[Session]) -> anyhow::Result<ExchangeId> {
    let number = argument.parse::<usize>().ok().filter(|_| !argument.starts_with('0'));
    match (number, sessions) {
        (Some(number), [session]) => match session.exchanges.get(number - 1) {
            Some(id) => Ok(*id),
            None => bail!(
                "session {} has {}",
                session.id,
                units::count(session.exchanges.len() as u64, "exchange")
            ),
        },
        (Some(_), _) => bail!(
            "an exchange's number needs one session, and here are {}\nhint: name the exchange by \
             its id",
            sessions.len()
        ),
        (None, _) => {
            let ids = sessions.iter().flat_map(|session| session.exchanges.iter().copied());
            by_prefix("exchange", argument, ids)
        }
    }
}

/// A session's line, then its exchanges, each followed by its messages.
fn transcribe(
    args: &ShowArgs,
    session: &Session,
    recording: &mut Recording,
    mask: &mut Mask,
    summary: &mut SummaryFace,
    out: &mut Output,
) -> anyhow::Result<()> {
    let query = recording.query(&args.query)?;
    let entries = recording.entries(session)?;
    let shown: Vec<&Entry> = entries
        .iter()
        .filter(|entry| {
            recording.subject(session, entry).is_some_and(|subject| query.matches(&subject))
        })
        .collect();
    summary.sessions += 1;
    let shown_session = mask.session(session);
    let server = &shown_session.server;
    let catalogue = Catalogue::of(in_time(&entries));
    if args.reading.json {
        recording.judge(std::slice::from_ref(session))?;
        let problems = recording.problem_count(session.id);
        out.json(&SessionFace::new(&shown_session, server, problems).offering(&catalogue, mask))?;
    } else {
        heading(&shown_session, server, out)?;
        about::about(&shown_session, &catalogue, mask, out)?;
    }
    authorisation::show(args, session, recording, mask, out)?;
    let mut exchange = None;
    for entry in shown {
        if exchange != Some(entry.exchange) {
            exchange = Some(entry.exchange);
            summary.exchanges += 1;
            exchange_line(entry.exchange, recording, args.reading.json, mask, out)?;
        }
        if let Some(message) = &entry.message {
            summary.messages += 1;
            print_message(args, session.id, message, entry, mask, out)?;
        }
    }
    Ok(())
}

/// The messages in the order of time.
fn in_time(entries: &[Entry]) -> Vec<&Message> {
    let mut messages: Vec<&Message> =
        entries.iter().filter_map(|entry| entry.message.as_ref()).collect();
    messages.sort_by_key(|message| (message.at, message.exchange, message.number));
    messages
}

fn print_message(
    args: &ShowArgs,
    session: ExchangeId,
    message: &Message,
    entry: &Entry,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let name = mask.name(message).map(Cow::into_owned);
    if args.reading.json {
        let payload =
            if args.no_payload { Cow::Borrowed(&b"null"[..]) } else { mask.payload(message) };
        let face = MessageFace::new(session, message, name.as_deref(), &payload);
        out.json(&face.with(&entry.remarks))?;
        return Ok(());
    }
    let line = transcript::line(out, false, None, message, name.as_deref(), entry.call.as_ref());
    out.line(transcript::with_remark(out, line, &entry.remarks.text))?;
    if !args.no_payload {
        let payload = mask.payload(message);
        print_block(&json_or_text(&payload), "      ", PAYLOAD_LINES, out)?;
    }
    Ok(())
}

/// JSON over several lines, anything else as visible text.
fn json_or_text(bytes: &[u8]) -> String {
    match pretty::json(bytes) {
        Some(json) => visible::block(&json).into_owned(),
        None => visible::byte_block(bytes),
    }
}

/// Lines with a margin, at most so many; what is left out is counted.
fn print_block(text: &str, margin: &str, most: usize, out: &mut Output) -> anyhow::Result<()> {
    let mut lines = text.lines();
    for line in lines.by_ref().take(most) {
        out.line(out.paint(style::FAINT, format_args!("{margin}{line}")))?;
    }
    let left = lines.count();
    if left > 0 {
        let text = units::count(left as u64, "more line");
        out.line(out.paint(style::WAITING, format_args!("{margin}… {text}: --json has all")))?;
    }
    Ok(())
}

fn heading(session: &Session, server: &str, out: &mut Output) -> anyhow::Result<()> {
    let id = out.paint(style::HEADING, session.id.to_string());
    out.line(format_args!("{id}  {}", visible::line(server)))?;
    if let Some(name) = &session.name {
        out.line(visible::line(name))?;
    }
    let mut facts = vec![format!("{:?}", session.state).to_lowercase()];
    let peer = |who: &str, peer: &crate::protocol::Implementation| {
        let named = format!("{who} {} {}", visible::line(&peer.name), visible::line(&peer.version));
        named.trim_end().to_owned()
    };
    facts.extend(session.revision.as_deref().map(|text| visible::line(text).into_owned()));
    facts.extend(session.client.as_ref().map(|client| peer("client", client)));
    facts.extend(session.server_info.as_ref().map(|server| peer("server", server)));
    facts.extend(session.wire_id.as_deref().map(|id| format!("id {}", visible::line(id))));
    facts.push(format!("by {}", visible::line(&session.identified_by)));
    facts.push(units::count(session.counts.errors, "error"));
    out.line(out.paint(style::FAINT, format_args!("{}", facts.join(" · "))))?;
    Ok(())
}
