//! The command line: clap types and one file per verb; the only place for anyhow and for printing.
//!
//! [`main`] reads the arguments, calls the verb's `run(args, ctx)` and turns what it returns into
//! an exit code. A verb decides nothing that another room could decide: it asks and prints.

pub mod args;
pub mod browse;
mod ca;
mod completions;
mod demo;
mod diff;
mod doctor;
mod environment;
mod exchange;
mod export;
pub mod faces;
pub mod failure;
mod find;
mod import;
mod keep;
mod list;
mod live;
mod log;
mod man;
mod masked;
mod open;
mod output;
mod pretty;
mod printer;
mod problems;
mod progress;
mod prune;
mod record;
mod recording;
mod remarks;
mod replay;
mod run;
mod serve;
mod shell;
mod show;
mod signals;
mod station;
mod store;
mod summing_up;
mod system_proxy;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trace;
mod transcript;
mod trust;
mod ui;
mod units;
mod verify;
mod visible;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use args::{Cli, Color, Global, Verb};
use output::Output;
use tokio::runtime::Runtime;

use crate::recorder::home::Home;

/// What every verb has: where the home is, if it was said, and the two streams.
pub(crate) struct Ctx {
    /// `--home` or `$WIRETAPE_HOME`; none for the XDG data folder.
    pub(crate) home: Option<PathBuf>,
    /// When to write in colour.
    pub(crate) color: Color,
    /// stdout and stderr.
    pub(crate) out: Output,
}

impl Ctx {
    /// The home, there or not.
    pub(crate) fn locate_home(&self) -> anyhow::Result<Home> {
        Ok(Home::locate(self.home.as_deref(), &|name| std::env::var_os(name))?)
    }

    /// The home, made if need be.
    pub(crate) fn open_home(&self) -> anyhow::Result<Home> {
        let home = self.locate_home()?;
        home.ensure()?;
        Ok(home)
    }

    /// The program's streams once more, for a thread that prints.
    pub(crate) fn another_output(&self) -> Output {
        Output::of_process(self.color)
    }
}

/// The threads of the program's async work: traffic, sockets, signals.
fn runtime() -> anyhow::Result<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("the system gives no threads\nhint: check the limit of processes (ulimit -u)")
}

/// The same on the calling thread alone.
fn single_thread() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The program: parse, run, exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help into a closed pipe is no failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::code::USAGE } else { 0 });
        }
    };
    let Cli { global, record, verb } = cli;
    let Global { home, color } = global;
    let mut ctx = Ctx { home, color, out: Output::of_process(color) };
    let verb = verb.unwrap_or_else(|| Verb::Record(Box::new(record)));
    log::start(&mut ctx);
    let ended = dispatch(verb, &mut ctx);
    log::end();
    let ended = ended.and_then(|code| Ok(ctx.out.flush().map(|()| code)?));
    ended.unwrap_or_else(|error| failure::report(&error, &mut ctx.out))
}

fn dispatch(verb: Verb, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Open(args) => ui::open::run(&args, ctx),
        Verb::List(args) => list::run(&args, ctx),
        Verb::Show(args) => show::run(&args, ctx),
        Verb::Find(args) => find::run(&args, ctx),
        Verb::Trace(args) => trace::run(&args, ctx),
        Verb::Problems(args) => problems::run(&args, ctx),
        Verb::Diff(args) => diff::run(&args, ctx),
        Verb::Replay(args) => replay::run(&args, ctx),
        Verb::Verify(args) => verify::run(&args, ctx),
        Verb::Completions(args) => completions::run(args, ctx),
        Verb::Man => man::run(ctx),
        Verb::Record(args) => record::run(&args, ctx),
        Verb::Run(args) => run::run(&args, ctx),
        Verb::Demo(args) => demo::run(&args, ctx),
        Verb::SystemProxy(args) => system_proxy::run(args, ctx),
        Verb::Ca(args) => ca::run(&args, ctx),
        Verb::Doctor(args) => doctor::run(&args, ctx),
        Verb::Serve(args) => serve::run(&args, ctx),
        Verb::Prune(args) => prune::run(&args, ctx),
        Verb::Export(args) => export::run(&args, ctx),
        Verb::Import(args) => import::run(&args, ctx),
    }
}
