//! `wiretape serve`: a tape is the server (design.md, Replay). It needs no store and no CA.

mod beside;

use std::{
    collections::BTreeSet, fs, io::BufReader, path::Path, process::ExitCode, sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};

use beside::Beside;

use super::{
    Ctx,
    args::{Miss, Reading, ServeArgs, Timing},
    faces::{ServedFace, StandFace, TargetFace},
    failure::{Failure, code},
    masked::Mask,
    open,
    output::{Output, style},
    recording::Recording,
    signals::Signals,
    units, visible,
};
use crate::{
    clock,
    protocol::Story,
    replay::{
        rules::Rules,
        serve::{
            Faults, Match, Remark, Script, Speed, Stage, Tally, in_words,
            server::{OnMiss, Server, Serving},
        },
    },
    settings,
    store::tape::TapeReader,
    tasks::Tasks,
};

/// What is on the tapes, and the servers that were recorded.
struct Tapes {
    script: Script,
    origins: BTreeSet<String>,
}

/// Serves until it is ended.
pub(crate) fn run(args: &ServeArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let listen = settings::listen(&args.listen).map_err(anyhow::Error::msg)?;
    let faults = args.faults.as_deref().map(faults).transpose()?.unwrap_or_default();
    let tapes = read(&args.tapes, ctx)?;
    if tapes.script.exchanges() == 0 {
        bail!("there is nothing on the tape to serve");
    }
    let speed = match args.timing {
        Timing::Unpaced => Speed::Unpaced,
        Timing::Times(times) => Speed::Times(times),
    };
    super::runtime()?.block_on(async {
        let (tasks, mut signals) = (Tasks::new(), Signals::new()?);
        let mut beside = match &args.on_miss {
            Miss::Record(_) => Some(Beside::new(&args.tapes)?),
            _ => None,
        };
        let miss = match &args.on_miss {
            Miss::Error => OnMiss::Error,
            Miss::Forward(url) => OnMiss::forward(url, None, &tasks)?,
            Miss::Record(url) => OnMiss::forward(url, beside.as_ref().map(Beside::tape), &tasks)?,
        };
        let server = Server::bind(listen).await;
        let server = server.map_err(|error| Failure::with_code(code::NETWORK, error))?;
        let origin = server.origin();
        say_listening(&tapes, &origin, args, ctx)?;
        let stage = Stage::new(Arc::new(tapes.script), origin, speed, faults);
        let mut serving = server.serve(stage, miss, &tasks);
        let told = tell(&mut serving, &mut beside, &mut signals, args.json, &mut ctx.out).await;
        tasks.drain(Duration::ZERO).await;
        sum_up(serving.tally(), &mut ctx.out);
        if let Some(beside) = beside {
            beside.write(ctx)?;
        }
        told?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Reads the tapes whole: what is served is in memory.
fn read(paths: &[std::path::PathBuf], ctx: &Ctx) -> anyhow::Result<Tapes> {
    let mut placeholders = BTreeSet::new();
    for path in paths {
        let file = open::file(path)?;
        let tape = TapeReader::new(BufReader::new(file));
        let tape = tape.with_context(|| path.display().to_string())?;
        placeholders.extend(tape.header().redactions.iter().map(|r| r.placeholder.clone()));
    }
    let mut tapes =
        Tapes { script: Script::new(placeholders.into_iter().collect()), origins: BTreeSet::new() };
    for path in paths {
        let mut recording = Recording::open(ctx, &Reading::default(), Some(path))?;
        for session in recording.sessions()?.to_vec() {
            let ids = session.exchanges.iter();
            let records: Vec<_> =
                ids.map(|id| recording.records(*id)).collect::<anyhow::Result<_>>()?;
            let story = Story::tell(session, records.iter().map(Vec::as_slice));
            let origins = story.exchanges.iter().map(|told| told.reading.summary.origin.clone());
            tapes.origins.extend(origins);
            tapes.script.add(&story, &records);
        }
    }
    Ok(tapes)
}

fn faults(path: &Path) -> anyhow::Result<Faults> {
    let name = || path.display().to_string();
    let text = fs::read_to_string(path).with_context(name)?;
    let rules = Rules::parse(&text).with_context(name)?;
    Faults::of(rules).with_context(name)
}

fn say_listening(
    tapes: &Tapes,
    origin: &str,
    args: &ServeArgs,
    ctx: &mut Ctx,
) -> anyhow::Result<()> {
    let client_url = format!("{origin}{}", tapes.script.client_path());
    if args.json {
        let target = |recorded: &String| TargetFace {
            target: recorded.clone(),
            url: origin.to_owned(),
            client_url: client_url.clone(),
        };
        ctx.out.json(&StandFace::new(tapes.origins.iter().map(target).collect()))?;
        ctx.out.flush()?;
        return Ok(());
    }
    let label = ctx.out.paint_talk(style::HEADING, "wiretape").to_string();
    let sessions = units::count(tapes.script.sessions() as u64, "session");
    let exchanges = units::count(tapes.script.exchanges() as u64, "exchange");
    ctx.out.talk(format_args!("{label}: serving {sessions} of {exchanges}"));
    ctx.out.talk(format_args!("  client  {client_url}"));
    match &args.on_miss {
        Miss::Error => {}
        Miss::Forward(url) | Miss::Record(url) => {
            let label = ctx.out.paint_talk(style::WAITING, "not closed").to_string();
            let url = visible::line(url);
            ctx.out.talk(format_args!("  {label}: what is not on the tape goes to {url}"));
        }
    }
    Ok(())
}

/// Says what became of each request, until a signal comes or nobody listens any more.
async fn tell(
    serving: &mut Serving,
    beside: &mut Option<Beside>,
    signals: &mut Signals,
    json: bool,
    out: &mut Output,
) -> anyhow::Result<()> {
    let mut mask = Mask::new(false);
    loop {
        let remark = tokio::select! {
            () = signals.next() => break,
            remark = serving.remarks.recv() => remark,
            () = recorded(beside) => continue,
        };
        let Some(remark) = remark else { return Ok(()) };
        say(&mask.served(&remark), json, out)?;
    }
    // What was served is said.
    while let Ok(remark) = serving.remarks.try_recv() {
        say(&mask.served(&remark), json, out)?;
    }
    Ok(())
}

fn say(remark: &Remark, json: bool, out: &mut Output) -> anyhow::Result<()> {
    if json {
        out.json(&ServedFace::new(remark, clock::now()))?;
        out.flush()?;
    } else {
        line(remark, out);
    }
    Ok(())
}

/// Takes the next record of what was passed on; waits for ever where nothing is recorded.
async fn recorded(beside: &mut Option<Beside>) {
    match beside {
        Some(beside) => beside.take().await,
        None => std::future::pending().await,
    }
}

fn line(remark: &Remark, out: &mut Output) {
    let style = match remark.outcome {
        Match::Matched => style::GOOD,
        Match::Refused | Match::Faulted | Match::Forwarded => style::WAITING,
        Match::Missed => style::BAD,
    };
    let outcome = format!("{:<9}", remark.outcome.as_str());
    let outcome = out.paint_talk(style, outcome).to_string();
    let method = remark.method.as_deref().unwrap_or(&remark.http);
    let name = remark.name.as_deref().unwrap_or_default();
    let what = format!("{method} {name}");
    let status = remark.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let place = remark
        .recorded
        .as_ref()
        .map(|recorded| recorded.message.clone().unwrap_or_else(|| recorded.exchange.to_string()));
    let place = out.paint_talk(style::ID, place.unwrap_or_default()).to_string();
    let what = visible::line(what.trim_end()).into_owned();
    out.talk(format_args!("{outcome} {status} {what}  {place}"));
    if let Some(reason) = &remark.reason {
        let reason = visible::line(reason);
        out.talk(out.paint_talk(style::FAINT, format_args!("    {reason}")).to_string());
    }
    for difference in &remark.differences {
        let field = visible::line(&in_words(difference)).into_owned();
        out.talk(out.paint_talk(style::FAINT, format_args!("    {field}")).to_string());
    }
}

fn sum_up(tally: Tally, out: &mut Output) {
    let counted = [
        (tally.matched, "matched"),
        (tally.refused, "refused as recorded"),
        (tally.missed, "missed"),
        (tally.forwarded, "forwarded"),
        (tally.faulted, "faulted"),
    ];
    let named = |word: &str| matches!(word, "matched" | "missed");
    let counted = counted.iter().filter(|(count, word)| *count > 0 || named(word));
    let counted: Vec<String> = counted.map(|(count, word)| format!("{count} {word}")).collect();
    out.talk(format_args!("wiretape: {}", counted.join(", ")));
}
