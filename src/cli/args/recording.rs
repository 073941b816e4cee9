//! The flags of the verbs that record.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};

use super::Looks;

/// `wiretape record`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  wiretape                                        proxy on http://127.0.0.1:7070
  wiretape --target http://127.0.0.1:3000         also a port that stands for that server
  wiretape --target 7080=https://mcp.example.com  the same, on a port of your choice
  wiretape record --headless --json               for scripts: JSON Lines on stdout")]
pub struct RecordArgs {
    /// What `record` and `run` share.
    #[command(flatten)]
    pub recording: Recording,
    /// Print JSON Lines: where it listens, then every message as it happens
    #[arg(long)]
    pub json: bool,
    /// How the screen looks.
    #[command(flatten)]
    pub looks: Looks,
}

/// `wiretape run`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
The program gets its proxy and CA variables set; its exit code is returned.

Examples:
  wiretape run -- python client.py
  wiretape run --name nightly --json messages.jsonl -- npx my-client --once")]
pub struct RunArgs {
    /// What `record` and `run` share.
    #[command(flatten)]
    pub recording: Recording,
    /// Write JSON Lines to a file: where it listens, then every message as it happens
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD ARGS")]
    pub command: Vec<OsString>,
}

/// `wiretape demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// No screen; ends by itself
    #[arg(long)]
    pub headless: bool,
    /// Print JSON Lines: where it listens, then every message as it happens
    #[arg(long)]
    pub json: bool,
    /// How the screen looks.
    #[command(flatten)]
    pub looks: Looks,
}

/// What `record` and `run` share.
#[derive(Clone, Debug, Args)]
pub struct Recording {
    /// Where the proxy listens [default: 127.0.0.1:7070; `run`: a free port]
    #[arg(long, value_name = "ADDR", help_heading = "Listening")]
    pub listen: Option<String>,
    /// Open a port that stands for the server at this URL (repeatable)
    #[arg(long, value_name = "[LISTEN=]URL", help_heading = "Listening")]
    pub target: Vec<String>,
    /// No screen: one line per message on stderr (so it is without a terminal, and with --quiet)
    #[arg(long, help_heading = "Showing")]
    pub headless: bool,
    /// Print no lines for messages
    #[arg(long, help_heading = "Showing")]
    pub quiet: bool,
    /// A name for this recording
    #[arg(long, value_name = "TEXT", help_heading = "Keeping")]
    pub name: Option<String>,
    /// Keep all HTTP, not only what shows MCP
    #[arg(long, help_heading = "Keeping")]
    pub all: bool,
    /// Read TLS to these hosts even where a tunnel rule names them (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Keeping")]
    pub intercept: Vec<String>,
    /// Pass TLS to these hosts through unread (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Keeping")]
    pub tunnel: Vec<String>,
    /// When the disk is slower than the traffic: slow it down (wait), or leave a marked gap (gap) [default: wait]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Keeping")]
    pub on_full: Option<OnFull>,
    /// Stop the traffic when it cannot be recorded
    #[arg(long, help_heading = "Keeping")]
    pub require_recording: bool,
    /// Delete the oldest sessions beyond this size, like 2GB
    #[arg(long, value_name = "SIZE", help_heading = "Keeping")]
    pub max_store: Option<String>,
    /// Keep at most this much of each body, like 10MB; length and hash stay true
    #[arg(long, value_name = "SIZE", help_heading = "Keeping")]
    pub max_body: Option<String>,
    /// Replace secrets before they are written: such a recording cannot be revealed later
    #[arg(long, help_heading = "Keeping")]
    pub redact_at_capture: bool,
    /// Trust these roots too when dialing servers: a PEM file (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Dialing")]
    pub upstream_ca: Vec<PathBuf>,
    /// Do not verify this host's certificate (repeatable)
    #[arg(long, value_name = "HOST", help_heading = "Dialing")]
    pub insecure_host: Vec<String>,
    /// Show this certificate to servers that ask for one: a PEM file with its key
    #[arg(long, value_name = "FILE", help_heading = "Dialing")]
    pub client_cert: Option<PathBuf>,
    /// Dial through this HTTP proxy; `env` takes the environment's
    #[arg(long, value_name = "URL", help_heading = "Dialing")]
    pub upstream_proxy: Option<String>,
    /// Accept this Host on target ports beside loopback's names (repeatable)
    #[arg(long, value_name = "HOST", help_heading = "Listening")]
    pub allow_host: Vec<String>,
    /// Accept this Origin on target ports beside loopback's (repeatable)
    #[arg(long, value_name = "ORIGIN", help_heading = "Listening")]
    pub allow_origin: Vec<String>,
    /// Send targets the client's Host rather than their own
    #[arg(long, help_heading = "Dialing")]
    pub keep_host: bool,
}

/// What happens to traffic that the disk cannot follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnFull {
    /// It is slowed to what the disk takes
    Wait,
    /// It runs on and leaves a marked gap in the recording
    Gap,
}
