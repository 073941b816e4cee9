//! `wiretape diff`: the calls of one session held against those of another.

mod words;

use std::{borrow::Cow, path::Path, process::ExitCode};

use anyhow::bail;
use bytes::Bytes;

use super::{
    Ctx,
    args::DiffArgs,
    faces::{ComparedFace, VerdictFace},
    failure::code,
    masked::Mask,
    output::{Output, style},
    recording::Recording,
    units, visible,
};
use crate::{
    capture::Record,
    protocol::{Session, Story},
    replay::compare::{Comparison, Difference, Ruling, Verdict, compare},
};

/// The most characters of a value that people are shown; `--json` has all.
const VALUE_CHARS: usize = 60;

/// Differences of one step that people are shown.
const DIFFERENCES_SHOWN: usize = 20;

/// Compares.
pub(crate) fn run(args: &DiffArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    // One mask for both, so that equal secrets are equal behind it.
    let mut mask = Mask::new(args.reveal);
    let mut told = |argument: &str| {
        let tape = Some(Path::new(argument)).filter(|path| path.is_file());
        let mut recording = Recording::open(ctx, &args.reading, tape)?;
        story(&mut recording, tape.map_or(Some(argument), |_| None), &mut mask)
    };
    let (first, second) = (told(&args.first)?, told(&args.second)?);
    print(&compare(&first, &second), args.reading.json, &mut ctx.out)
}

/// The one session that an argument names, or that a tape holds, its secrets masked.
pub(super) fn story(
    recording: &mut Recording,
    argument: Option<&str>,
    mask: &mut Mask,
) -> anyhow::Result<Story> {
    recording.tell_secrets(mask);
    let mut sessions = match argument {
        Some(argument) => recording.select(argument)?,
        None => recording.sessions()?.to_vec(),
    };
    let session = match (sessions.pop(), sessions.len()) {
        (Some(session), 0) => session,
        (None, _) => bail!("there is no session to compare"),
        (Some(_), more) => bail!(
            "here are {}, and only one can be compared\nhint: name one by its id; those of a tape \
             with `--tape FILE`",
            units::count(more as u64 + 1, "session")
        ),
    };
    masked(recording, session, mask)
}

/// A session told, its secrets masked.
pub(super) fn masked(
    recording: &mut Recording,
    session: Session,
    mask: &mut Mask,
) -> anyhow::Result<Story> {
    let records: Vec<Vec<Record>> =
        session.exchanges.iter().map(|id| recording.records(*id)).collect::<anyhow::Result<_>>()?;
    let mut story = Story::tell(session, records.iter().map(Vec::as_slice));
    for message in &mut story.messages {
        let (payload, name) = (mask.payload(message), mask.name(message));
        let (payload, name) = (Bytes::from(payload.into_owned()), name.map(Cow::into_owned));
        (message.payload, message.name) = (payload, name);
    }
    Ok(story)
}

pub(super) fn print(
    comparison: &Comparison,
    json: bool,
    out: &mut Output,
) -> anyhow::Result<ExitCode> {
    for verdict in &comparison.verdicts {
        if json {
            out.json(&VerdictFace::new(verdict))?;
        } else if verdict.ruling != Ruling::Same {
            tell(verdict, out)?;
        }
    }
    if json {
        out.json(&ComparedFace::new(&comparison.tally))?;
    } else {
        summing_up(comparison, out);
    }
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::from(code::FOUND) })
}

/// A step that is not the same.
pub(super) fn tell(verdict: &Verdict, out: &mut Output) -> anyhow::Result<()> {
    let style = match verdict.ruling {
        Ruling::Missing => style::BAD,
        _ => style::WAITING,
    };
    let ruling = out.paint(style, format_args!("{:<8}", verdict.ruling.as_str())).to_string();
    let name = verdict.name.as_deref().map(visible::line).unwrap_or_default();
    let method = visible::line(&verdict.method);
    let step = format!("{method} {name}");
    let exchange = out.paint(style::ID, verdict.exchange).to_string();
    out.line(format_args!("{ruling} {}  {exchange}", step.trim_end()))?;
    if let Some(reason) = &verdict.reason {
        out.line(out.paint(style::FAINT, format_args!("    {}", visible::line(reason))))?;
    }
    for difference in verdict.differences.iter().take(DIFFERENCES_SHOWN) {
        let told = words::text(difference, out).unwrap_or_else(|| in_words(difference));
        out.line(format_args!("    {told}"))?;
    }
    let more = verdict.differences.len().saturating_sub(DIFFERENCES_SHOWN);
    if more > 0 {
        let more = units::count(more as u64, "more difference");
        out.line(out.paint(style::FAINT, format_args!("    … {more}: --json has all")))?;
    }
    Ok(())
}

fn in_words(difference: &Difference) -> String {
    let value = |json: &Option<String>| json.as_deref().map(short).unwrap_or_default();
    let (own, its) = (value(&difference.recorded), value(&difference.replayed));
    let change = match (difference.recorded.is_some(), difference.replayed.is_some()) {
        (true, true) => format!("{own} -> {its}"),
        (true, false) => own,
        (false, _) => its,
    };
    let path = visible::line(&difference.path);
    format!("{path} {}: {change}", difference.kind.as_str()).trim_start().to_owned()
}

/// A value on one line.
fn short(json: &str) -> String {
    let text = visible::line(json);
    let mut cut: String = text.chars().take(VALUE_CHARS).collect();
    if text.chars().nth(VALUE_CHARS).is_some() {
        cut.push('…');
    }
    cut
}

fn summing_up(comparison: &Comparison, out: &mut Output) {
    let count = |ruling: Ruling| {
        comparison.verdicts.iter().filter(|verdict| verdict.ruling == ruling).count()
    };
    let mut counted = vec![format!("{} of {} the same", count(Ruling::Same), comparison.tally.of)];
    for ruling in [Ruling::Changed, Ruling::Missing, Ruling::Extra, Ruling::Skipped] {
        let many = count(ruling);
        if many > 0 {
            counted.push(format!("{many} {}", ruling.as_str()));
        }
    }
    let ignored = comparison.tally.ignored_paths.len() as u64;
    if ignored > 0 {
        counted.push(format!("{} let pass", units::count(ignored, "place")));
    }
    out.talk(counted.join(", "));
}
