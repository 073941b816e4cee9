//! The flags of the verbs about tapes, the store and trust.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Reading;

/// `wiretape prune`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  wiretape prune until:2026-11-01 --dry-run
  wiretape prune run:demo --yes --purge
  wiretape prune --purge                      only give the space of what was deleted back")]
pub struct PruneArgs {
    /// Which sessions to delete
    #[arg(value_name = "QUERY", required_unless_present = "purge")]
    pub query: Vec<String>,
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Rewrite the files so that deleted bytes are gone from the disk
    #[arg(long)]
    pub purge: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// What every reading verb takes.
    #[command(flatten)]
    pub reading: Reading,
}

/// `wiretape export`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Secrets and session ids are replaced by placeholders like {{authorization:1}}.

Examples:
  wiretape export @last -o session.tape.jsonl
  wiretape export 0199f4 0199f5 -o both.tape.jsonl
  wiretape export 'tool:search since:1d' -o search.tape.jsonl
  wiretape export @last -o session.html                      a report for a browser, to send on
  wiretape export @last -o session.har                       for browsers' devtools
  wiretape export @last -o session.sh                        each request as a curl command
  wiretape export @last --format json -o - | jq .payload")]
pub struct ExportArgs {
    /// Sessions (id, beginning of an id, `@last`, tape file) or a query
    #[arg(value_name = "SESSION|QUERY", required = true)]
    pub what: Vec<String>,
    /// Where to write; `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The form of the file [default: by its ending (.har, .html, .sh, .mmd), else tape]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,
    /// Leave secrets in
    #[arg(long)]
    pub reveal: bool,
    /// Replace what these rules name too, beside all that is replaced anyway
    #[arg(long, value_name = "RULES.toml", conflicts_with = "reveal")]
    pub redact: Option<PathBuf>,
    /// Read this tape rather than the store
    #[arg(long, value_name = "FILE")]
    pub tape: Option<PathBuf>,
    /// The clock for idle times, ages and the query's relative times [default: now]
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<crate::capture::Timestamp>,
}

/// `wiretape import`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Importing twice changes nothing. What another tool's recording lacks is said, and noted in each
exchange.

Examples:
  wiretape import session.tape.jsonl
  wiretape import devtools.har
  wiretape import --format mcpsnoop ~/.local/state/mcpsnoop/sessions/*.jsonl")]
pub struct ImportArgs {
    /// The recordings
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Their form [default: what each looks like]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ImportFormat>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// wiretape's own: JSON Lines of records, to be read, replayed and imported
    Tape,
    /// HTTP Archive 1.2
    Har,
    /// A shell script, one curl command a request
    Curl,
    /// JSON Lines of sessions, exchanges, messages and frames, as `show --json` prints them
    Json,
    /// A report for a browser, one file that fetches nothing
    Html,
    /// A sequence diagram
    Mermaid,
}

/// The form of a recording that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// wiretape's own
    Tape,
    /// HTTP Archive of browsers, mitmproxy, Charles, wiretape
    Har,
    /// Session log of mcpsnoop
    Mcpsnoop,
    /// Cassette of mcp-cassette (JSON Lines, versions 1 and 2)
    McpCassette,
    /// Cassette of mcp-recorder (JSON)
    McpRecorder,
}

/// `wiretape ca`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
The authority is this home's own; its key never leaves it. Programs started by `wiretape run`
trust it by themselves: install it only for others.

Examples:
  wiretape ca                 what it is and where
  wiretape ca install         print the system's command
  wiretape ca install --yes   run it
  curl --cacert \"$(wiretape ca path)\" --proxy http://127.0.0.1:7070 https://mcp.example.com/mcp")]
pub struct CaArgs {
    /// What to do [default: show]
    #[command(subcommand)]
    pub action: Option<CaAction>,
}

/// What `wiretape ca` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum CaAction {
    /// Describe the authority
    Show,
    /// Print where its certificate is
    Path,
    /// Print the system's command that trusts it
    Install {
        /// Run the command
        #[arg(long)]
        yes: bool,
    },
    /// Print the system's command that no longer trusts it
    Uninstall {
        /// Run the command
        #[arg(long)]
        yes: bool,
    },
    /// Make a new one; the old one is no longer used
    Rotate,
}

/// `wiretape system-proxy`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "\
Prints the system's own command (macOS, GNOME, KDE, Windows); `off` restores what was there.

Examples:
  wiretape system-proxy on         print the command
  wiretape system-proxy on --yes   run it
  wiretape system-proxy off --yes")]
pub struct SystemProxyArgs {
    /// What to do
    #[arg(value_enum, value_name = "ACTION")]
    pub action: SystemProxyAction,
    /// Run the command
    #[arg(long)]
    pub yes: bool,
}

/// What `wiretape system-proxy` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SystemProxyAction {
    /// Send the system's HTTP through wiretape
    On,
    /// Restore what was there
    Off,
    /// Say how it is set
    Status,
}

/// `wiretape doctor`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  wiretape doctor
  wiretape doctor node24
  wiretape doctor claude-desktop")]
pub struct DoctorArgs {
    /// A client, like node22, python, curl, go, java, deno, bun, electron, claude-desktop
    #[arg(value_name = "CLIENT")]
    pub client: Option<String>,
}

/// `wiretape completions`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "\
Examples:
  wiretape completions bash > ~/.local/share/bash-completion/completions/wiretape
  wiretape completions zsh > \"${fpath[1]}/_wiretape\"")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
