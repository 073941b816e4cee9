//! The terminal UI as verbs start it: what was typed, the environment and `keys.toml` become its
//! options; a panic of any thread gives the terminal back and leaves a report.

mod editor;
mod keys;
pub(super) mod open;
mod panics;
mod terminal;

use std::{
    future::{Future, poll_fn},
    io::{self, IsTerminal as _},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    process::ExitCode,
    task::Poll,
};

use anyhow::Context as _;
use tokio::sync::mpsc::Receiver;

pub(super) use self::terminal::is_there;
use super::{
    Ctx,
    args::Looks,
    browse::{self, Opening, Rebuilt},
    failure::code,
    log,
};
use crate::{
    recorder::home::Home,
    tui::{
        desk::{Desk, News},
        run::{self, Ended, Options},
        theme::Theme,
    },
};

/// What can go wrong with the options, found out before anything is started.
pub(super) fn options(looks: Looks, home: &Home, ctx: &Ctx) -> anyhow::Result<Options> {
    let env = |name: &str| std::env::var_os(name);
    let theme = Theme { colour: terminal::colours(ctx.color, &env), ascii: looks.ascii };
    // A home that cannot be written has no log: the screen works without.
    let (file, log) = home.ensure().ok().and_then(|()| log::file::open(&home.logs())).unzip();
    if io::stderr().is_terminal() {
        log::aside(file);
    }
    let keys = keys::read(&home.keys())?;
    panics::report_into(&home.logs(), ctx.another_output());
    let editor = Some(editor::editor());
    Ok(Options { theme, mouse: !looks.no_mouse, keys, log, editor, greeting: None })
}

/// Shows what is opened until the user leaves.
pub(super) async fn show(options: Options, opening: Opening) -> anyhow::Result<Ended> {
    let (desk, news) = browse::desk(opening)?;
    shown(options, desk, news).await
}

/// Likewise, what is still to be opened, and is named so meanwhile.
pub(super) async fn open_and_show(
    options: Options,
    what: String,
    open: impl FnOnce(Rebuilt) -> anyhow::Result<Opening> + Send + 'static,
) -> anyhow::Result<Ended> {
    let (desk, news, opened) = browse::later(what, open)?;
    let ended = shown(options, desk, news).await;
    opened.failure().map_or(ended, Err)
}

async fn shown(
    options: Options,
    desk: Box<dyn Desk>,
    news: Receiver<News>,
) -> anyhow::Result<Ended> {
    tracing::debug!(version = env!("CARGO_PKG_VERSION"), "the screen comes up");
    let ended = caught(run::run(options, desk, news)).await;
    tracing::debug!(?ended, "the screen is gone");
    match ended {
        Some(ended) => ended.context("the terminal"),
        None => Ok(Ended::Died),
    }
}

/// The exit code (faces.md; a signal's is 128 and its number).
pub(super) fn code(ended: Ended) -> ExitCode {
    match ended {
        Ended::Left => ExitCode::SUCCESS,
        Ended::Signalled(number) => ExitCode::from(128_u8.saturating_add(number)),
        Ended::Died => ExitCode::from(code::PANIC),
    }
}

/// Drives a future; none where it panicked. What it held is dropped then, what runs beside it ends in
/// order.
async fn caught<T>(work: impl Future<Output = io::Result<T>>) -> Option<io::Result<T>> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
        Err(_) => Poll::Ready(None),
    })
    .await
}
