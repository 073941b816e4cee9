//! The flags of the verbs that play a recording back.

use std::path::PathBuf;

use clap::Args;

use crate::capture::Timestamp;

/// `wiretape replay`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
SESSION is an id, the beginning of one, `@last`, a query or a tape file. What a chosen message needs
(the handshake, what its values come from) is sent too.

Examples:
  wiretape replay @last --to http://127.0.0.1:3000/mcp
  wiretape replay @last --to http://127.0.0.1:3000/mcp --only tool:add --set /params/arguments/a=7
  wiretape replay bug.tape.jsonl --to https://staging.example/mcp --header-env Authorization=AUTH")]
pub struct ReplayArgs {
    /// What to play
    #[arg(value_name = "SESSION|TAPE")]
    pub what: String,
    /// Put VALUE (JSON, else text) at PATH of the chosen messages, like /params/arguments/m=5
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// 0: as fast as possible, one after the other; 1: the recorded pauses; N: N times as fast
    #[arg(long, value_name = "N", default_value_t = 0.0)]
    pub speed: f64,
    /// The clock for relative times in queries [default: now; of a tape: its last record]
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
    /// The endpoint as a client would be given it; without a path the recorded one
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// What both verbs take.
    #[command(flatten)]
    pub playing: Playing,
}

/// `wiretape verify`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Needs no store and no certificate authority. Exits with 0 when all is the same, 1 when something
differs or was skipped, 2 when a tape cannot be read, 3 when the server cannot be reached.

Examples:
  wiretape verify session.tape.jsonl --to http://127.0.0.1:3000/mcp --allow-side-effects
  wiretape verify tapes/*.jsonl --to http://127.0.0.1:3000 --allow-tool 'get_*' --allow-skips
  wiretape verify session.tape.jsonl --to http://127.0.0.1:3000/mcp --ignore /result/took --json
  wiretape verify tapes/*.jsonl --start 'npm start' --ready http://127.0.0.1:3000/mcp --junit verify.xml
  wiretape verify session.tape.jsonl --to http://127.0.0.1:3000/mcp --update && git diff")]
pub struct VerifyArgs {
    /// The tapes
    #[arg(value_name = "TAPE", required = true)]
    pub tapes: Vec<PathBuf>,
    /// The endpoint as a client would be given it; without a path the recorded one
    #[arg(long, value_name = "URL", required_unless_present = "start", conflicts_with = "start")]
    pub to: Option<String>,
    /// Have the shell run CMD, the server, and end it and all that it started afterwards
    #[arg(long, value_name = "CMD", requires = "ready")]
    pub start: Option<String>,
    /// What CMD serves: begin once its port accepts a connection
    #[arg(long, value_name = "URL", requires = "start")]
    pub ready: Option<String>,
    /// Do not compare what stands at PATH: RFC 6901, or RFC 9535 when it begins with `$`
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<String>,
    /// Rules for comparing and binding
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Compare progress by count and value, and streams by their messages
    #[arg(long)]
    pub strict: bool,
    /// Compare how long answers took
    #[arg(long)]
    pub timing: bool,
    /// Exit with 0 although steps were skipped; with --update, leave steps without an answer as
    /// they are
    #[arg(long)]
    pub allow_skips: bool,
    /// Put the answers that changed into the tapes, secrets replaced; all else stays as it is
    #[arg(long, conflicts_with_all = ["reveal", "learn"])]
    pub update: bool,
    /// Replay N times and propose rules for what differs from run to run, in a file of their own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=100))]
    pub learn: Option<u16>,
    /// Write a test report as CI systems read it, a testcase for each recorded step
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write a summary for the pages of a CI
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// What both verbs take.
    #[command(flatten)]
    pub playing: Playing,
}

/// What `replay` and `verify` take.
#[derive(Clone, Debug, Args)]
pub struct Playing {
    /// Only messages that match this query, and what they need
    #[arg(long, value_name = "QUERY")]
    pub only: Option<String>,
    /// Send this header with every request
    #[arg(long, value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// The same with the value of an environment variable: credentials are never on a tape
    #[arg(long, value_name = "NAME=VAR")]
    pub header_env: Vec<String>,
    /// Call every tool, also those that may change something
    #[arg(long, conflicts_with = "allow_tool")]
    pub allow_side_effects: bool,
    /// Call these tools although no `readOnlyHint` says that they only read
    #[arg(long, value_name = "GLOB")]
    pub allow_tool: Vec<String>,
    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub upstream_ca: Vec<PathBuf>,
    /// Do not verify the certificate of this host
    #[arg(long, value_name = "HOST")]
    pub insecure_host: Vec<String>,
    /// Show this certificate (PEM with its key) to a server that asks
    #[arg(long, value_name = "FILE")]
    pub client_cert: Option<PathBuf>,
    /// Record the run itself in the home's store
    #[arg(long)]
    pub keep: bool,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// Print JSON Lines, one object a line
    #[arg(long)]
    pub json: bool,
}
