//! The log: what wiretape does beside passing traffic on, told to whoever looks for a fault. Rooms
//! with tasks and files say it by `tracing`; where it is not asked for, an event costs one load.
//!
//! `RUST_LOG` asks for it: directives `TARGET=LEVEL`, or a bare level, joined by commas. A bare level
//! is for wiretape's own events, which hold no header, no query and no body; of the libraries below
//! it lets warnings through and no more, for their finer words quote heads as they are
//! (`h2=trace`): who names one wants that.
//!
//! It goes to stderr. While the terminal UI is up that would be on the screen, so that it goes into
//! `logs/ui.log` of the home then, which `:log` shows; a stderr that is no terminal keeps it.

pub(super) mod file;
mod queue;

use std::{ffi::OsStr, fs::File, sync::Arc, time::Duration};

use tracing_subscriber::{
    filter::{LevelFilter, ParseError, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use self::queue::{Pen, Queue, To};
use super::{Ctx, output::style};
use crate::tasks;

/// What asks for it.
const VARIABLE: &str = "RUST_LOG";

/// The target of our own events.
const OWN: &str = env!("CARGO_CRATE_NAME");

/// How long the end of the program waits for what is not written yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// There is one log, as there is one stderr.
static QUEUE: Queue = Queue::new();

/// Begins to log where that is asked for. What cannot be understood is told, and nothing is logged.
pub(super) fn start(ctx: &mut Ctx) {
    let asked = std::env::var_os(VARIABLE).filter(|asked| !asked.is_empty());
    let Some(filter) = asked.map(|asked| understood(&asked)) else { return };
    match filter {
        Ok(filter) => begin(filter, ctx),
        Err(why) => {
            let label = ctx.out.paint_talk(style::WAITING, "warning");
            ctx.out.talk(format_args!("{label}: {VARIABLE}: {why}; nothing is logged"));
            let label = ctx.out.paint_talk(style::GOOD, "hint");
            ctx.out.talk(format_args!(
                "{label}: {VARIABLE}=debug, or {VARIABLE}=wiretape::proxy=trace"
            ));
        }
    }
}

fn begin(filter: Targets, ctx: &Ctx) {
    let out = ctx.another_output();
    // Without a thread to spare the program does its work unlogged.
    if tasks::thread("wiretape-log", move || QUEUE.run(out)).is_ok() {
        let lines = fmt::layer().with_writer(|| Pen(&QUEUE));
        // Nobody else sets one.
        let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    }
}

/// From now on the log goes into this file, or nowhere: the terminal is a screen.
pub(super) fn aside(file: Option<Arc<File>>) {
    QUEUE.turn(file.map_or(To::Nowhere, To::File));
}

/// Waits for what is not written yet.
pub(super) fn end() {
    QUEUE.wait(PATIENCE);
}

fn understood(asked: &OsStr) -> Result<Targets, String> {
    let text = asked.to_str().ok_or("it is no text")?;
    filter(text).map_err(|why| why.to_string())
}

/// What the directives let through; see above.
fn filter(directives: &str) -> Result<Targets, ParseError> {
    let told: Targets = directives.parse()?;
    let bare = told.default_level().unwrap_or(LevelFilter::OFF);
    let names_us = told.iter().any(|(target, _)| target == OWN);
    let filter = told.with_default(bare.min(LevelFilter::WARN));
    Ok(if names_us { filter } else { filter.with_target(OWN, bare) })
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_bare_level_is_for_our_own_events() {
        let (own, proxy, h2) = ("wiretape", "wiretape::proxy::listener", "h2::codec");
        for (asked, target, finest) in [
            ("trace", own, Some(Level::TRACE)),
            ("trace", proxy, Some(Level::TRACE)),
            ("trace", h2, Some(Level::WARN)),
            ("debug", h2, Some(Level::WARN)),
            ("error", h2, Some(Level::ERROR)),
            ("off", own, None),
            ("debug,h2=trace", h2, Some(Level::TRACE)),
            ("debug,h2=trace", own, Some(Level::DEBUG)),
            ("h2=trace", own, None),
            ("wiretape::proxy=debug", proxy, Some(Level::DEBUG)),
            ("wiretape::proxy=debug", own, None),
            ("wiretape=info,trace", own, Some(Level::INFO)),
            ("info,wiretape::proxy=trace", proxy, Some(Level::TRACE)),
            ("info,wiretape::proxy=trace", own, Some(Level::INFO)),
            ("WARN", own, Some(Level::WARN)),
        ] {
            let filter = filter(asked).expect("directives");
            let levels = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];
            let through = levels.into_iter().find(|level| filter.would_enable(target, level));
            assert_eq!(through, finest, "{asked}: {target}");
        }
        assert!(filter("wiretape=loud").is_err());
    }
}
