//! `wiretape run -- CMD`: records one program. The child gets proxy and certificates by its
//! environment, keeps the terminal, and its exit code is ours.

mod child;
mod environment;
mod program;

use std::{fs, path::Path, process::ExitCode};

use anyhow::Context as _;

use self::{environment::Ways, program::Unstarted};
use super::{
    Ctx,
    args::RunArgs,
    faces::ListeningFace,
    failure::Failure,
    live::Form,
    output::Output,
    printer::{IntoRecords, Printer},
    record::resolve,
    signals::Signals,
    station::{self, Place, Station},
    summing_up,
};
use crate::{
    protocol::query::Query,
    proxy::ListenerSettings,
    recorder::{
        FeedStart, Source,
        attach::{Attached, RemoteListener, RemoteSource},
        home::Home,
    },
    settings::{Settings, Verb},
    tasks,
    tls::Authority,
};

/// Runs the verb.
pub(super) fn run(args: &RunArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let own = |error: anyhow::Error| Failure::with_code(child::OWN_FAILURE, error);
    // A name that is no program's is told before anything is made or bound.
    program::look_up(child::program(&args.command)).map_err(unstarted)?;
    let home = ctx.open_home().map_err(own)?;
    let mut settings = resolve(&args.recording, &home, Verb::Run, ctx).map_err(own)?;
    settings.listener.run = Some(label(args));
    let code = super::runtime().map_err(own)?.block_on(recorded(args, &home, &settings, ctx));
    code.map(ExitCode::from).map_err(|error| match error.downcast::<Unstarted>() {
        Ok(why) => unstarted(why),
        Err(error) => own(error),
    })
}

fn unstarted(why: Unstarted) -> anyhow::Error {
    Failure::with_code(why.exit_code(), why)
}

/// The program's name and something of its own, so that two runs are two.
fn label(args: &RunArgs) -> String {
    let program = args.command.first().map(Path::new).and_then(Path::file_stem);
    let name = program.map_or_else(|| "run".into(), |name| name.to_string_lossy());
    let own = uuid::Uuid::new_v4().simple().to_string();
    format!("{name}-{}", &own[..4])
}

async fn recorded(
    args: &RunArgs,
    home: &Home,
    settings: &Settings,
    ctx: &mut Ctx,
) -> anyhow::Result<u8> {
    match station::enter(home, settings.wide, ctx).await? {
        Place::Own(station) => {
            let listening = station.listen(&settings.listener).await?;
            let feed = station.feed().context("the recording has just begun")?;
            let printer = printer(feed, args, &listening, settings, ctx)?;
            let ended = child(args, &listening, home, ctx).await;
            // From here on: what came before was the child's, and is no wish to end at once.
            let mut signals = Signals::new()?;
            let sums = sum_up(&station, &settings.listener).await;
            station.end(&mut signals, ctx).await?;
            finish(printer, args, &ended, sums, ctx).await?;
            ended
        }
        Place::InUse(attached) => {
            let asked = serde_json::to_value(settings.asked)?;
            let listener = attached.listen(&settings.listener, &asked).await?;
            let listening: ListeningFace = serde_json::from_value(listener.description().clone())?;
            let printer = match Attached::connect(home).await? {
                Some(viewer) => {
                    let feed = viewer.subscribe(FeedStart::Now).await?;
                    printer(feed, args, &listening, settings, ctx)?
                }
                None => None,
            };
            let ended = child(args, &listening, home, ctx).await;
            let sums = sum_up_there(home, &settings.listener).await;
            drop::<RemoteListener>(listener);
            drop(printer);
            finish(None, args, &ended, sums, ctx).await?;
            ended
        }
    }
}

/// Live lines only where they were asked for: the terminal is the child's.
fn printer(
    feed: impl IntoRecords,
    args: &RunArgs,
    listening: &ListeningFace,
    settings: &Settings,
    ctx: &mut Ctx,
) -> anyhow::Result<Option<Printer>> {
    let run = settings.listener.run.as_deref().unwrap_or_default();
    let query = Query::parse(&format!("run:\"{run}\""), crate::clock::now())?;
    if let Some(file) = &args.json {
        let create = || fs::File::create(file);
        let mut out =
            Output::to(create().with_context(|| format!("cannot write {}", file.display()))?);
        out.json(listening)?;
        out.flush()?;
        return Printer::start_with(feed, Some(Form::Json), query, out).map(Some);
    }
    if args.recording.headless && !args.recording.quiet {
        let out = ctx.another_output();
        return Printer::start_with(feed, Some(Form::Talk), query, out).map(Some);
    }
    Ok(None)
}

/// Starts the child with its environment and waits for its end.
async fn child(
    args: &RunArgs,
    listening: &ListeningFace,
    home: &Home,
    ctx: &mut Ctx,
) -> anyhow::Result<u8> {
    let proxy = listening.proxy.clone().context("a run has a forward proxy")?;
    let authority = Authority::open(&home.certs())?;
    let bundle = super::trust::write_bundle(&authority, home)?;
    let ways = Ways { proxy: &proxy, ca: authority.cert_path(), bundle: &bundle };
    if !args.recording.quiet {
        let command = super::shell::shown(
            &args
                .command
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect::<Vec<_>>(),
        );
        let command = super::visible::line(&command).into_owned();
        ctx.out.talk(format_args!("wiretape: recording {command}, through {proxy}"));
        for target in &listening.targets {
            ctx.out.talk(format_args!("  target  {}  for  {}", target.client_url, target.target));
        }
    }
    // Taken over before there is a child: a signal in between would end us and leave it behind.
    let mut signals = child::Signals::new()?;
    let mut child = child::start(&args.command, &environment::variables(&ways))?;
    let status =
        child::wait(&mut child, &mut signals).await.context("cannot wait for the child")?;
    Ok(child::exit_code(status))
}

/// What the run's own recording holds; asked before it ends, because afterwards nobody answers.
async fn sum_up(station: &Station, listener: &ListenerSettings) -> anyhow::Result<String> {
    let Some(source) = station.source() else { return Ok(String::new()) };
    summed(Box::new(source), listener).await
}

async fn sum_up_there(home: &Home, listener: &ListenerSettings) -> anyhow::Result<String> {
    let home = home.clone();
    let source = tasks::blocking(move || RemoteSource::connect(&home)).await??;
    let source = source.context("the recorder has ended")?;
    summed(Box::new(source), listener).await
}

async fn summed(
    mut source: Box<dyn Source>,
    listener: &ListenerSettings,
) -> anyhow::Result<String> {
    let run = listener.run.clone().unwrap_or_default();
    tasks::blocking(move || summing_up::of_run(&mut *source, &run)).await?
}

async fn finish(
    printer: Option<Printer>,
    args: &RunArgs,
    ended: &anyhow::Result<u8>,
    sums: anyhow::Result<String>,
    ctx: &mut Ctx,
) -> anyhow::Result<()> {
    if let Some(printer) = printer {
        printer.finish().await;
    }
    // Where no child ran there is nothing to sum up: why it did not is told, and nothing else.
    if ended.is_err() {
        return Ok(());
    }
    let sums = sums?;
    if !args.recording.quiet {
        ctx.out.talk(sums);
    }
    Ok(())
}
