//! `wiretape demo`: something to see without a network.
//!
//! A small MCP server and client inside the program talk through the real proxy over TLS, once in
//! each era, and are recorded as run `demo`.

mod client;
mod server;

use std::{net::SocketAddr, pin::pin, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_rustls::TlsAcceptor;

use self::client::Client;
use super::{
    Ctx,
    args::DemoArgs,
    browse::Opening,
    faces::ListeningFace,
    live::Form,
    printer::Printer,
    record::say_listening,
    signals::Signals,
    station::{self, Place},
    summing_up, ui,
};
use crate::{
    protocol::query::Query,
    proxy::ListenerSettings,
    recorder::{
        FeedStart,
        attach::{Attached, RemoteSource},
        home::Home,
    },
    settings::{Wide, WideAsked},
    tasks::{self, Tasks},
    tls::{Authority, Leaves, connector_trusting},
    tui::{desk::SourceStatus, run::Options},
};

#[cfg(test)]
mod tests;

/// The last revision with sessions.
const LEGACY: &str = "2025-11-25";
/// The first one without.
const MODERN: &str = "2026-07-28";
/// The label of what it records.
const RUN: &str = "demo";
/// How long the demo's server gets to end.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the verb.
pub(super) fn run(args: &DemoArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let home = ctx.open_home()?;
    let screen = !args.headless && !args.json && ui::is_there();
    let options = screen.then(|| ui::options(args.looks, &home, ctx)).transpose()?;
    let runtime = super::runtime()?;
    match options {
        Some(options) => tour(options, &home, &runtime, ctx),
        None => runtime.block_on(recorded(args, &home, ctx)),
    }
}

/// On a terminal: the demo as it happens, to walk about in until the user leaves.
fn tour(
    options: Options,
    home: &Home,
    runtime: &Runtime,
    ctx: &mut Ctx,
) -> anyhow::Result<ExitCode> {
    let options = Options { greeting: Some(GREETING.to_owned()), ..options };
    let settings = settings(home);
    let wide = WideAsked::default();
    match runtime.block_on(station::enter(home, Wide::of(wide), ctx))? {
        Place::Own(station) => runtime.block_on(async {
            let listening = station.listen(&settings).await?;
            let mut opening = station.opening(&listening)?;
            let mut standing = opening.standing;
            // Nothing is lost by leaving: no question.
            opening.standing = Box::new(move || SourceStatus { own: false, ..standing() });
            let toured = play_and_show(&listening, home, options, opening).await;
            let mut signals = Signals::new()?;
            station.end(&mut signals, ctx).await?;
            toured
        }),
        Place::InUse(attached) => {
            let asked = serde_json::to_value(wide)?;
            let listener = runtime.block_on(attached.listen(&settings, &asked))?;
            let listening: ListeningFace = serde_json::from_value(listener.description().clone())?;
            let opening = Opening::home(home, &mut |_, _| {})?;
            runtime.block_on(play_and_show(&listening, home, options, opening))
        }
    }
}

async fn play_and_show(
    listening: &ListeningFace,
    home: &Home,
    options: Options,
    opening: Opening,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let mut playing = pin!(play(listening, home, &mut signals));
    let mut showing = pin!(ui::show(options, opening));
    let ended = tokio::select! {
        ended = &mut showing => ended?,
        played = &mut playing => {
            let ended = showing.await?;
            played?;
            ended
        }
    };
    Ok(ui::code(ended))
}

/// What the screen says first.
const GREETING: &str = "the demo: Enter opens a session, ? shows all keys, q leaves";

/// A listener that keeps all that the demo does.
fn settings(home: &Home) -> ListenerSettings {
    ListenerSettings {
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        run: Some(RUN.to_owned()),
        keep_all: true,
        // The demo's server has its certificate from our own authority.
        upstream_ca: vec![home.certs().join("ca.pem")],
        ..ListenerSettings::default()
    }
}

async fn recorded(args: &DemoArgs, home: &Home, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let settings = settings(home);
    let form = if args.json { Form::Json } else { Form::Talk };
    let query = Query::parse("run:demo", crate::clock::now())?;
    let sums = match station::enter(home, Wide::of(WideAsked::default()), ctx).await? {
        Place::Own(station) => {
            let listening = station.listen(&settings).await?;
            say_listening(&listening, args.json, ctx)?;
            let feed = station.feed().context("the recording has just begun")?;
            let printer = Printer::start_with(feed, Some(form), query, ctx.another_output())?;
            let played = play(&listening, home, &mut signals).await;
            let source = station.source();
            let sums = tasks::blocking(move || {
                source.map(|mut source| summing_up::of_run(&mut source, RUN)).transpose()
            });
            let sums = sums.await??.unwrap_or_default();
            station.end(&mut signals, ctx).await?;
            printer.finish().await;
            played?;
            sums
        }
        Place::InUse(attached) => {
            let asked = serde_json::to_value(WideAsked::default())?;
            let listener = attached.listen(&settings, &asked).await?;
            let listening: ListeningFace = serde_json::from_value(listener.description().clone())?;
            say_listening(&listening, args.json, ctx)?;
            let viewer = Attached::connect(home).await?.context("the recorder has ended")?;
            let feed = viewer.subscribe(FeedStart::Now).await?;
            let _printer = Printer::start_with(feed, Some(form), query, ctx.another_output())?;
            play(&listening, home, &mut signals).await?;
            let there = home.clone();
            let sums = tasks::blocking(move || -> anyhow::Result<String> {
                let mut source =
                    RemoteSource::connect(&there)?.context("the recorder has ended")?;
                summing_up::of_run(&mut source, RUN)
            });
            sums.await??
        }
    };
    ctx.out.talk(sums);
    Ok(ExitCode::SUCCESS)
}

/// Starts the server and lets the client live through both eras.
async fn play(listening: &ListeningFace, home: &Home, signals: &mut Signals) -> anyhow::Result<()> {
    let authority = Arc::new(Authority::open(&home.certs())?);
    let ca = CertificateDer::from_pem_slice(authority.cert_pem().as_bytes())?;
    let leaf = Leaves::new(authority).server_config("localhost", None)?;
    let mut tls = (*leaf).clone();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url: http::Uri =
        format!("https://localhost:{}/mcp", listener.local_addr()?.port()).parse()?;
    let proxy: http::Uri = listening.proxy.as_deref().context("a proxy")?.parse()?;
    let tasks = Tasks::new();
    tasks.spawn(server::serve(listener, TlsAcceptor::from(Arc::new(tls)), tasks.clone()));
    let story = async {
        let trust = connector_trusting(vec![ca]);
        let client =
            |http2| Client::new(url.clone(), proxy.clone(), trust.clone(), http2, tasks.clone());
        client(false).legacy().await.context("the demo's session")?;
        client(true).modern().await.context("the demo without sessions")
    };
    let told = tokio::select! {
        told = story => told,
        () = signals.next() => Ok(()),
    };
    tasks.drain(GRACE).await;
    told
}
