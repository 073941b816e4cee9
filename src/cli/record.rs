//! `wiretape record`, and `wiretape` alone: record what passes until somebody ends it.

use std::{io::IsTerminal as _, process::ExitCode, time::Duration};

use anyhow::anyhow;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    Ctx,
    args::{RecordArgs, Recording},
    browse::{Opening, Rebuilt},
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
    tui::run::{Ended, Options},
};

/// How often it is looked whether recording has paused.
const LOOK: Duration = Duration::from_secs(1);

/// Runs the verb.
pub(super) fn run(args: &RecordArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let home = ctx.open_home()?;
    let settings = resolve(&args.recording, &home, Verb::Record, ctx)?;
    let lines = args.json || args.recording.headless || args.recording.quiet;
    let screen = !lines && ui::is_there();
    let options = screen.then(|| ui::options(args.looks, &home, ctx)).transpose()?;
    let runtime = super::runtime()?;
    match (runtime.block_on(station::enter(&home, settings.wide, ctx))?, options) {
        (Place::Own(station), Some(options)) => {
            runtime.block_on(record_and_show(station, &settings, options, ctx))
        }
        (Place::Own(station), None) => runtime.block_on(record(args, station, &settings, ctx)),
        (Place::InUse(_), Some(options)) if !asks_for_more(args) => {
            let what = home.root().display().to_string();
            let open = move |rebuilt: Rebuilt<'_>| Opening::home(&home, rebuilt);
            Ok(ui::code(runtime.block_on(ui::open_and_show(options, what, open))?))
        }
        (Place::InUse(attached), _) => runtime.block_on(attach(args, attached, &home, ctx)),
    }
}

/// The recorder with the screen on it. Leaving the one ends the other.
async fn record_and_show(
    station: Station,
    settings: &Settings,
    options: Options,
    ctx: &mut Ctx,
) -> anyhow::Result<ExitCode> {
    let listening = station.listen(&settings.listener).await?;
    say_listening(&listening, false, ctx)?;
    let shown = match station.opening(&listening) {
        Ok(opening) => ui::show(options, opening).await,
        Err(error) => Err(error),
    };
    // Made now: the signal that ended the screen is not the one that hurries the end.
    let mut signals = Signals::new()?;
    let drained = station.end(&mut signals, ctx).await?;
    Ok(match shown? {
        _ if !drained => ExitCode::from(code::INTERRUPTED),
        // A recorder that is asked to end has done so (faces.md, Recording).
        Ended::Signalled(SIGINT | SIGTERM) => ExitCode::SUCCESS,
        ended => ui::code(ended),
    })
}

const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;

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
    let heading =
        |ctx: &Ctx, text: &'static str| ctx.out.paint_talk(style::HEADING, text).to_string();
    let label = heading(ctx, "wiretape");
    ctx.out.talk(format_args!("{label}: recording into {}", listening.home));
    if let Some(proxy) = &listening.proxy {
        ctx.out.talk(format_args!("  proxy   {proxy}"));
    }
    for target in &listening.targets {
        ctx.out.talk(format_args!("  target  {}  for  {}", target.client_url, target.target));
    }
    ctx.out.talk(format_args!("  CA      {}", listening.ca));
    ctx.out.talk(
        "hint: `wiretape run -- CMD` in another terminal records one program; Ctrl-C ends this",
    );
    Ok(())
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
        let pid = lock::holder(home).map_or("unknown".to_owned(), |pid| pid.to_string());
        return Err(Failure::with_code(
            code::USAGE,
            anyhow!(
                "wiretape (pid {pid}) records into {} already\n\
                 hint: `wiretape run -- CMD` records through it; another recording takes another --home",
                home.root().display()
            ),
        ));
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
