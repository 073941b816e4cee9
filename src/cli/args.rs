//! What can be typed: clap types only, nothing is resolved or opened here (style.md, two stages).
//! Their doc comments are the help texts.

mod looking;
mod reading;
mod recording;
mod replaying;
mod serve;
mod trust;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use looking::{Looks, OpenArgs};
pub use reading::{
    DiffArgs, FailOn, FindArgs, ListArgs, ProblemsArgs, RawPart, Reading, ShowArgs, TraceArgs,
};
pub use recording::{DemoArgs, OnFull, RecordArgs, Recording, RunArgs};
pub use replaying::{Playing, ReplayArgs, VerifyArgs};
pub use serve::{Miss, ServeArgs, Timing};
pub use trust::{CaAction, CaArgs, DoctorArgs, SystemProxyAction, SystemProxyArgs};
pub use trust::{CompletionsArgs, ExportArgs, ExportFormat, ImportArgs, ImportFormat, PruneArgs};

/// Record, look at and replay MCP traffic.
///
/// wiretape is a proxy between an MCP client and its server. It passes everything on as it is and
/// keeps every exchange, byte and frame of it. Without a verb it records (`wiretape record`).
#[derive(Debug, Parser)]
#[command(
    name = "wiretape",
    version,
    subcommand_negates_reqs = true,
    after_help = EXAMPLES,
    after_long_help = EXAMPLES
)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// The flags of `record`, which is the verb when none is typed.
    #[command(flatten)]
    pub record: RecordArgs,
    /// The verb.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

const EXAMPLES: &str = "\
Without a verb, the flags are those of `wiretape record`.

Examples:
  wiretape demo                                  something to see, without a network
  wiretape run -- npx my-mcp-client              record one program
  wiretape --target http://127.0.0.1:3000        record whoever connects to the printed URL
  wiretape open                                  look at what was recorded
  wiretape list                                  the sessions so far
  wiretape show @last                            the latest session, message by message
  wiretape find status:error since:1d            what went wrong since yesterday
  wiretape export @last -o session.tape.jsonl    a tape to share, secrets replaced
  wiretape verify session.tape.jsonl --to URL    does a server still answer so

Start with `wiretape doctor` when a client's traffic does not show up.
RUST_LOG=debug says what wiretape itself does, on stderr, or under `:log` of the terminal UI.";

/// What holds for every verb.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The folder with recordings, certificate authority and settings
    #[arg(long, global = true, value_name = "DIR", env = "WIRETAPE_HOME", hide_env_values = true)]
    #[arg(help_heading = "Everywhere")]
    pub home: Option<PathBuf>,
    /// When to write in colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    #[arg(help_heading = "Everywhere")]
    pub color: Color,
}

/// When to write in colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Into pipes too
    Always,
    /// Never
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Record what passes (also without any verb)
    Record(Box<RecordArgs>),
    /// Record one program: start it with proxy and certificates set
    Run(Box<RunArgs>),
    /// Record a small MCP server and client that are built in
    Demo(DemoArgs),
    /// Point the system's own proxy setting here, and back
    SystemProxy(SystemProxyArgs),
    /// Look at sessions on the terminal
    Open(OpenArgs),
    /// List sessions, newest first
    List(ListArgs),
    /// Show a session message by message, or one exchange
    Show(ShowArgs),
    /// Find messages over all sessions
    Find(FindArgs),
    /// Show where a value first appeared and every later use
    Trace(TraceArgs),
    /// Say what is wrong in sessions, with evidence and remedy
    Problems(ProblemsArgs),
    /// Compare two sessions call by call
    Diff(DiffArgs),
    /// Send a session's messages to a server again
    Replay(Box<ReplayArgs>),
    /// Hold a server against tapes: does it still answer as it did
    Verify(Box<VerifyArgs>),
    /// Be the server that was recorded
    Serve(ServeArgs),
    /// Delete sessions
    Prune(PruneArgs),
    /// Write sessions to a tape, secrets replaced
    Export(ExportArgs),
    /// Take tapes into the store
    Import(ImportArgs),
    /// Show, install or renew the certificate authority
    Ca(CaArgs),
    /// Check what a client needs, each with its remedy
    Doctor(DoctorArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

impl Cli {
    /// The command as help, completions and manual show it: the flags of recording are those of
    /// `record`, taken here too but not listed twice.
    #[must_use]
    pub fn definition() -> clap::Command {
        let listed_here = |name: &str| matches!(name, "home" | "color");
        Self::command().mut_args(|arg| {
            let hidden = !listed_here(arg.get_id().as_str());
            arg.hide(hidden)
        })
    }

    /// Reads a command line.
    ///
    /// # Errors
    ///
    /// What clap says, help and version included; flags of recording before another verb.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::definition();
        let matches = command.try_get_matches_from_mut(words)?;
        if let Some(verb) = matches.subcommand_name()
            && let Some(stray) = stray_flag(&matches)
        {
            let text = format!(
                "`--{stray}` stands before `{verb}` and has no effect there\n\n  \
                 hint: write it after the verb, where the verb takes it"
            );
            return Err(command.error(clap::error::ErrorKind::ArgumentConflict, text));
        }
        Self::from_arg_matches(&matches)
    }
}

/// A flag of `record` that was typed although a verb follows.
fn stray_flag(matches: &clap::ArgMatches) -> Option<String> {
    let typed = |id: &&clap::Id| {
        matches.value_source(id.as_str()) == Some(clap::parser::ValueSource::CommandLine)
    };
    let global = |id: &&clap::Id| matches!(id.as_str(), "home" | "color");
    let groups = |id: &&clap::Id| id.as_str().starts_with(|c: char| c.is_ascii_uppercase());
    let stray = matches.ids().filter(|id| !global(id) && !groups(id)).find(typed)?;
    Some(stray.as_str().replace('_', "-"))
}

#[cfg(test)]
mod tests;
