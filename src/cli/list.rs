//! `wiretape list`: sessions, newest first; with `--notices`, what was no exchange.

use std::{collections::HashMap, process::ExitCode};

use super::{
    Ctx,
    args::ListArgs,
    faces::{NoticeFace, SessionFace, SummaryFace, Told},
    masked::Mask,
    output::{Output, style},
    recording::Recording,
    transcript::short,
    units, visible,
};
use crate::{
    capture::{Fact, Record},
    protocol::{Session, State},
};

/// Lists.
pub(crate) fn run(args: &ListArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut recording = Recording::open(ctx, &args.reading, None)?;
    if args.notices {
        notices(args, &mut recording, &mut ctx.out)?;
    } else {
        sessions(args, &mut recording, &mut ctx.out)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn sessions(
    args: &ListArgs,
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let query = recording.query(&args.query)?;
    let mut sessions =
        if query.is_empty() { recording.sessions()?.to_vec() } else { recording.take(&query)? };
    sessions.reverse();
    recording.judge_some(&sessions)?;
    recording.judge_over_all()?;
    let mut mask = Mask::new(false);
    recording.tell_secrets(&mask);
    let known = sessions.iter().filter_map(|session| recording.problem_count(session.id));
    let summary = SummaryFace {
        problems: Some(known.sum()),
        sessions: sessions.len() as u64,
        exchanges: sessions.iter().map(|session| session.exchanges.len() as u64).sum(),
        messages: sessions.iter().map(|session| session.counts.messages).sum(),
        frames: sessions.iter().map(|session| session.counts.frames).sum(),
        ..SummaryFace::default()
    };
    if args.reading.json {
        for session in &sessions {
            let problems = recording.problem_count(session.id);
            let session = mask.session(session);
            out.json(&SessionFace::new(&session, &session.server, problems))?;
        }
        out.json(&summary)?;
        return Ok(());
    }
    let rows: Vec<[String; 9]> = sessions.iter().map(|session| row(session, &mut mask)).collect();
    table(&rows, &sessions, out)?;
    let mut counted =
        vec![units::count(summary.sessions, "session"), units::count(summary.messages, "message")];
    let problems = summary.problems.filter(|count| *count > 0);
    counted.extend(problems.map(|count| units::count(count, "problem")));
    out.talk(counted.join(", "));
    if problems.is_some() {
        out.talk("hint: `wiretape problems` tells them");
    }
    if sessions.is_empty() && query.is_empty() {
        out.talk("hint: `wiretape demo` records some to look at");
    }
    Ok(())
}

const HEADINGS: [&str; 9] =
    ["SESSION", "STATE", "AGE", "IDLE", "CALLS", "ERRORS", "CLIENT", "REVISION", "SERVER"];

fn row(session: &Session, mask: &mut Mask) -> [String; 9] {
    let client = session.client.as_ref().map_or("-", |client| client.name.as_str());
    [
        short(session.id),
        word(session.state).to_owned(),
        units::duration(session.age_us),
        if session.idle_us == 0 { "-".to_owned() } else { units::duration(session.idle_us) },
        session.counts.calls.to_string(),
        session.counts.errors.to_string(),
        visible::cut(&visible::line(client), 24).into_owned(),
        visible::line(session.revision.as_deref().unwrap_or("-")).into_owned(),
        visible::line(&mask.url(&session.server)).into_owned(),
    ]
}

/// The word of faces.md.
pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Created => "created",
        State::Connected => "connected",
        State::Initialized => "initialized",
        State::Expired => "expired",
        State::Closed => "closed",
        State::Stateless => "stateless",
    }
}

/// Left out one after the other where the line is too short for all: how long nothing happened, the
/// revision, the age.
const OPTIONAL: [usize; 3] = [3, 7, 2];

/// Which column the client and the server are, and how narrow they may become.
const CLIENT: (usize, usize) = (6, 8);
const SERVER: (usize, usize) = (8, 16);

/// Columns as wide as their widest cell; none for what the line has no room for; the last one takes
/// what the line has left.
fn widths(rows: &[[String; 9]], width: usize) -> [Option<usize>; 9] {
    use unicode_width::UnicodeWidthStr as _;
    let mut widths = HEADINGS.map(|heading| Some(heading.len()));
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(Some(cell.width()));
        }
    }
    let beside = |widths: &[Option<usize>; 9]| -> usize {
        widths.iter().take(SERVER.0).flatten().map(|width| width + 2).sum()
    };
    for column in OPTIONAL {
        if beside(&widths) + SERVER.1 > width {
            widths[column] = None;
        }
    }
    let over = (beside(&widths) + HEADINGS[SERVER.0].len()).saturating_sub(width);
    widths[CLIENT.0] = widths[CLIENT.0].map(|own| own.min(own.saturating_sub(over).max(CLIENT.1)));
    let left = width.saturating_sub(beside(&widths)).max(HEADINGS[SERVER.0].len());
    widths[SERVER.0] = Some(left);
    widths
}

fn table(rows: &[[String; 9]], sessions: &[Session], out: &mut Output) -> anyhow::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let widths = widths(rows, out.width());
    let cells = |row: &[String; 9], styles: &[anstyle::Style; 9], out: &Output| {
        let cells = row.iter().zip(widths).zip(styles).enumerate();
        let shown: Vec<String> = cells
            .filter_map(|(column, ((cell, width), style))| {
                let cell = visible::cut(cell, width?);
                let padded =
                    if column == SERVER.0 { cell.into() } else { visible::pad(&cell, width?) };
                Some(out.paint(*style, padded).to_string())
            })
            .collect();
        shown.join("  ")
    };
    out.line(cells(&HEADINGS.map(str::to_owned), &[style::HEADING; 9], out))?;
    for (row, session) in rows.iter().zip(sessions) {
        let mut styles = [style::PLAIN; 9];
        (styles[0], styles[1], styles[5]) =
            (style::ID, state_style(session.state), errors_style(session));
        out.line(cells(row, &styles, out))?;
    }
    Ok(())
}

fn state_style(state: State) -> anstyle::Style {
    match state {
        State::Connected | State::Initialized => style::GOOD,
        State::Expired => style::BAD,
        State::Created => style::WAITING,
        State::Closed | State::Stateless => style::FAINT,
    }
}

fn errors_style(session: &Session) -> anstyle::Style {
    if session.counts.errors > 0 { style::BAD } else { style::FAINT }
}

pub(super) fn notices(
    args: &ListArgs,
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let mut mask = Mask::new(false);
    let mut listed = 0;
    let mut records = recording.notices()?;
    if !args.reading.json {
        records = grouped(records);
    }
    for record in records {
        let Some(told) = Told::by(&record) else { continue };
        let told = Told { text: mask.plain(&told.text).into_owned(), ..told };
        listed += 1;
        if args.reading.json {
            out.json(&NoticeFace::new(record.at, &told))?;
        } else {
            let kind = out.paint(style::WAITING, format!("{:<12}", told.kind));
            let at = out.paint(style::FAINT, record.at.to_string());
            let host = visible::line(told.host.as_deref().unwrap_or("-")).into_owned();
            out.line(format_args!("{at}  {kind} {host}  {}", visible::line(&told.text)))?;
        }
    }
    if args.reading.json {
        out.json(&SummaryFace { notices: listed, ..SummaryFace::default() })?;
    } else {
        out.talk(units::count(listed, "notice"));
    }
    Ok(())
}

/// TLS failures of one host count up: of each such series the last one stands for all.
fn grouped(records: Vec<Record>) -> Vec<Record> {
    let mut later = HashMap::new();
    let mut kept: Vec<Record> = Vec::new();
    for record in records.into_iter().rev() {
        if let Fact::TlsFailure(failure) = &record.fact {
            let next = later.insert((failure.side, failure.host.clone()), failure.count);
            if next.is_some_and(|next| next > failure.count) {
                continue;
            }
        }
        kept.push(record);
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_count_up_are_one_line_and_a_restart_begins_anew() {
        let failure = |count| Record {
            exchange: None,
            n: 0,
            at: crate::capture::Timestamp(0),
            fact: Fact::TlsFailure(Box::new(crate::capture::TlsFailure {
                side: crate::capture::TlsSide::Client,
                host: "h".to_owned(),
                reason: "unknown CA".to_owned(),
                remedy: String::new(),
                count,
            })),
        };
        let counts = |records: Vec<Record>| -> Vec<u64> {
            let count = |record: Record| match record.fact {
                Fact::TlsFailure(failure) => failure.count,
                _ => 0,
            };
            records.into_iter().map(count).collect()
        };
        assert_eq!(counts(grouped([1, 2, 3, 1, 2].map(failure).into())), [3, 2]);
    }

    #[test]
    fn a_narrow_list_leaves_out_what_matters_least() {
        let row =
            ["01a1fb89-d026", "initialized", "7.93s", "7.72s", "8", "2", "wiretape-demo-client"]
                .map(str::to_owned);
        let [id, state, age, idle, calls, errors, client] = row;
        let server = "https://localhost:34121/mcp".to_owned();
        let row = [id, state, age, idle, calls, errors, client, "2026-07-28".to_owned(), server];
        for (columns, left_out) in [(120, 0), (92, 2), (80, 3), (60, 3)] {
            let widths = widths(std::slice::from_ref(&row), columns);
            assert_eq!(widths.iter().filter(|width| width.is_none()).count(), left_out);
            let whole: usize = widths.iter().flatten().map(|width| width + 2).sum();
            assert!(whole - 2 <= columns, "{whole} of {columns}");
        }
    }
}
