//! The flags of the verbs that read.

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};

use crate::capture::Timestamp;

/// What every reading verb takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Reading {
    /// Print JSON Lines, one object a line
    #[arg(long)]
    pub json: bool,
    /// Read this tape rather than the store
    #[arg(long, value_name = "FILE")]
    pub tape: Option<PathBuf>,
    /// The clock for idle times and ages, like 2026-11-20T10:00:00Z [default: now; of a tape: its
    /// last record]
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
}

const QUERIES: &str = "\
A query is terms joined by blanks; all must hold, `-` negates (after `--` when it comes first):
  method:tools/call  tool:get_*  id:7  dir:server  kind:error       the message
  status:error  http:404  rpc:-32601  tool-error  latency>2s        how the call went
  session:0199f*  server:*example*  client:cursor  revision:2025-*   its session
  since:1d  until:2026-11-20T10:00  size>1M  \"text in a body\"       more
  http>=400  outcome:truncated  has:problem  run:nightly  state:expired";

/// `wiretape list`.
#[derive(Clone, Debug, Args)]
#[command(after_help = concat_examples(
    "Examples:\n  wiretape list\n  wiretape list status:error since:1d\n  wiretape list --json",
))]
pub struct ListArgs {
    /// Only sessions with messages that match
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// List what was no exchange: tunnels, failed handshakes, gaps, hosts that were not kept
    #[arg(long)]
    pub notices: bool,
    /// What every reading verb takes.
    #[command(flatten)]
    pub reading: Reading,
}

/// `wiretape show`.
#[derive(Clone, Debug, Args)]
#[command(after_help = concat_examples(
    "SESSION is an id, the beginning of one, `@last`, a tape file or a query. EXCHANGE is an id, \
     its beginning, or its number in the session, from 1.\n\n\
     Examples:\n  wiretape show @last\n  wiretape show 0199f tool:echo\n  \
     wiretape show @last/3 --frames\n  wiretape show @last/3 --raw response > body.bin",
))]
pub struct ShowArgs {
    /// The session, or one exchange of it
    #[arg(value_name = "SESSION[/EXCHANGE]")]
    pub what: String,
    /// Only messages that match
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// Leave the messages' bodies out
    #[arg(long)]
    pub no_payload: bool,
    /// One exchange: print each SSE event or NDJSON line
    #[arg(long, conflicts_with = "raw")]
    pub frames: bool,
    /// One exchange: write these bytes exactly as they were on the wire, secrets included
    #[arg(long, value_enum, value_name = "PART", conflicts_with = "json")]
    pub raw: Option<RawPart>,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// What every reading verb takes.
    #[command(flatten)]
    pub reading: Reading,
}

/// What `--raw` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RawPart {
    /// The request's body
    Request,
    /// The response's body
    Response,
    /// Both heads
    Headers,
}

/// `wiretape find`.
#[derive(Clone, Debug, Args)]
#[command(after_help = concat_examples(
    "Examples:\n  wiretape find tool:search status:error\n  wiretape find 'latency>2s' since:1h\n  \
     wiretape find kind:notification --follow",
))]
pub struct FindArgs {
    /// What to find
    #[arg(value_name = "QUERY", required = true)]
    pub query: Vec<String>,
    /// Stop after this many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Go on with what is recorded from now on
    #[arg(long, conflicts_with = "tape")]
    pub follow: bool,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// What every reading verb takes.
    #[command(flatten)]
    pub reading: Reading,
}

/// `wiretape diff`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
A and B are an id, the beginning of one, `@last`, or a tape file that holds one session.

Calls are matched by method, name and parameters. What differs from run to run and means nothing \
(ids, tokens, cursors, times of the call itself) is let pass and counted. Exits with 0 if every \
call is the same, with 1 if not.

Examples:
  wiretape diff 0199f2 @last
  wiretape diff good.tape.jsonl @last --json")]
pub struct DiffArgs {
    /// The session that the other one is held against
    #[arg(value_name = "A")]
    pub first: String,
    /// The other one
    #[arg(value_name = "B")]
    pub second: String,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// What every reading verb takes.
    #[command(flatten)]
    pub reading: Reading,
}

/// `wiretape trace`.
#[derive(Clone, Debug, Args)]
#[command(after_help = TRACES)]
pub struct TraceArgs {
    /// The value: a session id, a task, a cursor, a token
    #[arg(value_name = "VALUE", value_parser = NonEmptyStringValueParser::new())]
    pub value: String,
    /// Show secrets that stand in the URLs of exchanges
    #[arg(long)]
    pub reveal: bool,
    /// What every reading verb takes.
    #[command(flatten)]
    pub reading: Reading,
}

/// `wiretape problems`.
#[derive(Clone, Debug, Args)]
#[command(after_help = concat_examples(
    "SESSION is an id, the beginning of one, `@last`, a tape file or a query; without one all are \
     looked at.\n\n\
     Examples:\n  wiretape problems\n  wiretape problems @last\n  \
     wiretape problems run:nightly --fail-on error",
))]
pub struct ProblemsArgs {
    /// The session, or which ones
    #[arg(value_name = "SESSION|QUERY")]
    pub what: Vec<String>,
    /// Exit with 1 where there is a problem as bad as this
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Show secrets
    #[arg(long)]
    pub reveal: bool,
    /// What every reading verb takes.
    #[command(flatten)]
    pub reading: Reading,
}

const TRACES: &str = "\
VALUE is taken as it is and found as a token: with neither a letter nor a digit right beside it,
however the place spells it (percent-encoded, escaped, in base64 headers). Write `--` before one
that begins with a dash.

Examples:
  wiretape trace f39aba069a8140            where a session id came from, and who used it
  wiretape trace f39aba069a8140 --json     one `wiretape/mention/1` a line
  wiretape trace --tape session.tape.jsonl -- -MTIz";

/// How bad a problem must be for `problems` to exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something failed or was lost
    Error,
    /// That, or a rule broken without harm, or a risk
    Warning,
}

fn concat_examples(own: &str) -> String {
    format!("{own}\n\n{QUERIES}")
}
