//! The recorder with the screen on it; leaving the one ends the other. The screen comes first: to enter
//! a home with a million exchanges takes longer than to paint one, and nobody is to wait for that.
//!
//! A thread of the screen's enters the home and hands the station to the verb, which ends it once the
//! screen is closed. What is said of it meanwhile is said then: a screen has no room for talk.

use std::{mem, process::ExitCode, time::Duration};

use anyhow::anyhow;
use tokio::{
    runtime::{Handle, Runtime},
    sync::oneshot,
    time::timeout,
};

use super::{asks_for_more, in_use, say};
use crate::{
    cli::{
        Ctx,
        args::RecordArgs,
        browse::{Opening, Rebuilt},
        faces::ListeningFace,
        failure::code,
        output::Kept,
        runtime,
        signals::Signals,
        station::{self, Place, Station},
        ui,
    },
    proxy::ListenerSettings,
    recorder::home::Home,
    settings::{Settings, Wide},
    tui::run::Ended,
};

/// How long a station that is still being entered is waited for once the screen is closed, to be ended
/// in order. A catalog that is rebuilt takes longer: it is left as it is, and rebuilt the next time.
const ENTERED_WITHIN: Duration = Duration::from_millis(300);

/// Told to nobody.
const CLOSED: &str = "the screen is closed";

const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;

/// Records, and shows it until the user leaves.
pub(super) fn run(
    args: &RecordArgs,
    home: Home,
    settings: Settings,
    ctx: &mut Ctx,
) -> anyhow::Result<ExitCode> {
    let options = ui::options(args.looks, &home, ctx)?;
    let runtime = runtime()?;
    let (entered, station) = oneshot::channel();
    let kept = Kept::default();
    let what = home.root().display().to_string();
    let entering = Entering {
        home,
        wide: settings.wide,
        listener: settings.listener,
        asks_for_more: asks_for_more(args),
        runtime: runtime.handle().clone(),
        ctx: Ctx {
            home: ctx.home.clone(),
            color: ctx.color,
            out: ctx.another_output().keeping_talk(&kept),
        },
        entered,
    };
    let open = move |rebuilt: Rebuilt| entering.opening(&rebuilt);
    let shown = runtime.block_on(ui::open_and_show(options, what, open));
    let left = runtime.block_on(left(station))?;
    ctx.out.tell(&kept);
    let ended_in_order = match left {
        Left::Recording(own, mut signals) => {
            let (station, listening) = *own;
            say(&format!("recorded into {}", listening.home), &listening, ctx);
            runtime.block_on(station.end(&mut signals, ctx))?
        }
        Left::Elsewhere => return shown.map(ui::code),
        Left::Entering { hurried } => {
            abandon(runtime);
            !hurried
        }
    };
    Ok(match shown? {
        _ if !ended_in_order => ExitCode::from(code::INTERRUPTED),
        // A recorder that is asked to end has done so (faces.md, Recording).
        Ended::Signalled(SIGINT | SIGTERM) => ExitCode::SUCCESS,
        ended => ui::code(ended),
    })
}

/// What there is to end once the screen is closed.
enum Left {
    /// The station; the signals from the moment at which the screen was gone.
    Recording(Box<(Station, ListeningFace)>, Signals),
    /// Another process records, or the home could not be entered.
    Elsewhere,
    /// The home is still being entered.
    Entering {
        /// Another signal came.
        hurried: bool,
    },
}

async fn left(station: oneshot::Receiver<(Station, ListeningFace)>) -> anyhow::Result<Left> {
    // Made now: the signal that ended the screen is not the one that hurries the end.
    let mut signals = Signals::new()?;
    let entered = tokio::select! {
        entered = timeout(ENTERED_WITHIN, station) => entered,
        () = signals.next() => return Ok(Left::Entering { hurried: true }),
    };
    Ok(match entered {
        Ok(Ok(own)) => Left::Recording(Box::new(own), signals),
        Ok(Err(_)) => Left::Elsewhere,
        Err(_) => Left::Entering { hurried: false },
    })
}

/// Leaves it to the end of the process, which is now: to drop it would wait for a store that is being
/// opened. Nothing listens, so nothing is lost; a store is safe from this as it is from a power cut.
fn abandon(runtime: Runtime) {
    mem::forget(runtime);
}

/// What the screen's thread enters the home with.
struct Entering {
    home: Home,
    wide: Wide,
    listener: ListenerSettings,
    /// Flags that ask for a recorder of its own.
    asks_for_more: bool,
    runtime: Handle,
    /// Its talk is kept.
    ctx: Ctx,
    /// Where the station goes.
    entered: oneshot::Sender<(Station, ListeningFace)>,
}

impl Entering {
    /// Enters the home, or looks on where another process records already. Blocks, outside of the
    /// runtime: to look on is no work of a runtime's thread.
    fn opening(mut self, rebuilt: &Rebuilt) -> anyhow::Result<Opening> {
        let runtime = self.runtime.clone();
        let telling = Rebuilt::clone(rebuilt);
        let rebuilding = move |done, of| telling(done, of);
        let entering = station::enter_telling(&self.home, self.wide, rebuilding, &mut self.ctx);
        match runtime.block_on(entering)? {
            Place::Own(station) => runtime.block_on(self.listen(station)),
            Place::InUse(_) if self.asks_for_more => Err(in_use(&self.home)),
            Place::InUse(attached) => {
                drop((attached, self.entered));
                Opening::home(&self.home, &mut |done, of| rebuilt(done, of))
            }
        }
    }

    async fn listen(mut self, station: Station) -> anyhow::Result<Opening> {
        // Nobody waits for it any more: no port is bound.
        let opened = if self.entered.is_closed() {
            Err(anyhow!(CLOSED))
        } else {
            opened(&station, &self.listener).await
        };
        let (failed, station) = match opened {
            Ok((listening, opening)) => match self.entered.send((station, listening)) {
                Ok(()) => return Ok(opening),
                Err((station, _)) => (anyhow!(CLOSED), station),
            },
            Err(error) => (error, station),
        };
        station.end(&mut Signals::new()?, &mut self.ctx).await?;
        Err(failed)
    }
}

async fn opened(
    station: &Station,
    listener: &ListenerSettings,
) -> anyhow::Result<(ListeningFace, Opening)> {
    let listening = station.listen(listener).await?;
    let opening = station.opening(&listening)?;
    Ok((listening, opening))
}
