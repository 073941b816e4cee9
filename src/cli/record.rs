//! `wiretape record`, and `wiretape` alone: record what passes until somebody ends it.

mod screen;

use std::{io::IsTerminal as _, process::ExitCode, time::Duration};

use anyhow::anyhow;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    Ctx,
    args::{RecordArgs, Recording},
    faces::ListeningFace,
    failure::{Failure, code},
    live::Form,
    output::style,
    printer::Printer,
    signals::Signals,
    station::{self, Place, Station, typed},
    ui,
};
use crate::{
    recorder::{FeedStart, attach::Attached, home::Home, lock},
    settings::{Settings, Verb, read_file},
};

/// How often it is looked whether recording has paused.
const LOOK: Duration = Duration::from_secs(1);

/// Runs the verb.
pub(super) fn run(args: &RecordArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let home = ctx.open_home()?;
    let settings = resolve(&args.recording, &home, Verb::Record, ctx)?;
    let lines = args.json || args.recording.headless || args.recording.quiet;
    let screen = !lines && ui::is_there();
    if screen {
        return screen::run(args, home, settings, ctx);
    }
    let runtime = super::runtime()?;
    match runtime.block_on(station::enter(&home, settings.wide, ctx))? {
        Place::Own(station) => runtime.block_on(record(args, station, &settings, ctx)),
        Place::InUse(attached) => runtime.block_on(attach(args, attached, &home, ctx)),
    }
}

fn asks_for_more(args: &RecordArgs) -> bool {
    args.recording.listen.is_some() || !args.recording.target.is_empty()
}

/// What was typed and what the config file says, checked; warnings are said.
pub(super) fn resolve(
    recording: &Recording,
    home: &Home,
    verb: Verb,
    ctx: &mut Ctx,
) -> anyhow::Result<Settings> {
    let file = read_file(&home.config())?;
    let cwd = std::env::current_dir()?;
    let settings = Settings::resolve(&typed(recording), file.as_ref(), &cwd, verb)?;
    for warning in &settings.warnings {
        let label = ctx.out.paint_talk(style::WAITING, "warning");
        ctx.out.talk(format_args!("{label}: {warning}"));
    }
    Ok(settings)
}

async fn record(
    args: &RecordArgs,
    station: Station,
    settings: &Settings,
    ctx: &mut Ctx,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let listening = station.listen(&settings.listener).await?;
    say_listening(&listening, args.json, ctx)?;
    let printer = station.feed().map(|feed| Printer::start(feed, form(args), ctx)).transpose()?;
    watch(&station, &mut signals, ctx).await;
    let drained = station.end(&mut signals, ctx).await?;
    if let Some(printer) = printer {
        printer.finish().await;
    }
    Ok(if drained { ExitCode::SUCCESS } else { ExitCode::from(code::INTERRUPTED) })
}

/// Waits for a signal, and says meanwhile when recording pauses and resumes.
pub(super) async fn watch(station: &Station, signals: &mut Signals, ctx: &mut Ctx) {
    let mut paused = None;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = signals.next() => return,
            _ = look.tick() => {
                let status = station.status();
                let now = status.paused;
                if now == paused {
                    continue;
                }
                match &now {
                    Some(why) => {
                        let label = ctx.out.paint_talk(style::BAD, "not recording");
                        let traffic = if status.refusing { "is refused" } else { "goes on" };
                        ctx.out.talk(format_args!("{label}: {why}; traffic {traffic}"));
                    }
                    None => ctx.out.talk("wiretape: recording again; a gap marks what is missing"),
                }
                paused = now;
            }
        }
    }
}

/// None where no line is wanted.
fn form(args: &RecordArgs) -> Option<Form> {
    match (args.json, args.recording.quiet) {
        (true, _) => Some(Form::Json),
        (false, false) => Some(Form::Talk),
        (false, true) => None,
    }
}

/// One line of JSON, or a few for people.
pub(super) fn say_listening(
    listening: &ListeningFace,
    json: bool,
    ctx: &mut Ctx,
) -> anyhow::Result<()> {
    if json {
        ctx.out.json(listening)?;
        ctx.out.flush()?;
        return Ok(());
    }
    say(&format!("recording into {}", listening.home), listening, ctx);
    ctx.out.talk(
        "hint: `wiretape run -- CMD` in another terminal records one program; Ctrl-C ends this",
    );
    Ok(())
}

/// A line, and where it listens.
fn say(line: &str, listening: &ListeningFace, ctx: &mut Ctx) {
    let label = ctx.out.paint_talk(style::HEADING, "wiretape");
    ctx.out.talk(format_args!("{label}: {line}"));
    if let Some(proxy) = &listening.proxy {
        ctx.out.talk(format_args!("  proxy   {proxy}"));
    }
    for target in &listening.targets {
        ctx.out.talk(format_args!("  target  {}  for  {}", target.client_url, target.target));
    }
    ctx.out.talk(format_args!("  CA      {}", listening.ca));
}

/// Somebody records already: on a terminal their lines are shown here too, otherwise two recorders
/// on one home are a mistake.
async fn attach(
    args: &RecordArgs,
    attached: Attached,
    home: &Home,
    ctx: &mut Ctx,
) -> anyhow::Result<ExitCode> {
    let headless = args.recording.headless || args.json || !std::io::stdout().is_terminal();
    if asks_for_more(args) || headless {
        return Err(in_use(home));
    }
    ctx.out.talk(format_args!("wiretape: showing what is recorded into {}", home.root().display()));
    let mut signals = Signals::new()?;
    let feed = attached.subscribe(FeedStart::Now).await?;
    let form = (!args.recording.quiet).then_some(Form::Talk);
    let printer = Printer::start(feed, form, ctx)?;
    tokio::select! {
        () = signals.next() => {}
        () = printer.ended() => ctx.out.talk("wiretape: the recording is over"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Two recorders on one home.
fn in_use(home: &Home) -> anyhow::Error {
    let pid = lock::holder(home).map_or("unknown".to_owned(), |pid| pid.to_string());
    Failure::with_code(
        code::USAGE,
        anyhow!(
            "wiretape (pid {pid}) records into {} already\n\
             hint: `wiretape run -- CMD` records through it; another recording takes another --home",
            home.root().display()
        ),
    )
}
