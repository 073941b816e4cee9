//! The flags of `serve`.

use std::{path::PathBuf, str::FromStr};

use clap::Args;

/// `wiretape serve`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Each request gets what was recorded for its like: the same method, name and arguments, in the order \
of the recording. Ids are the caller's. A new `initialize` starts the tape again. What is not on the \
tape, or was asked for more often, is an error that names the nearest recorded request and the fields \
that differ; nothing is sent to the recorded server. Exits with 0 when it is ended.

A file of faults holds rules; `do` is `delay` (seconds), `error` (an HTTP status or a JSON-RPC code), \
`cut` (after so many frames) or `expire` (the session, once):
  [[rule]]
  method = \"tools/call\"
  name = \"search*\"
  do = \"delay\"
  value = 2.5

Examples:
  wiretape serve session.tape.jsonl
  wiretape serve captures/2025-11-25/typescript.tape.jsonl --listen 127.0.0.1:3000
  wiretape serve good.tape.jsonl --timing recorded --faults slow.toml --json")]
pub struct ServeArgs {
    /// The tapes, as `wiretape export` writes them
    #[arg(value_name = "TAPE", required = true)]
    pub tapes: Vec<PathBuf>,
    /// Where it listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// What a request gets that is not on the tape: `error`, or what a server says that it is passed
    /// on to (`forward=URL`); `record=URL` also writes that to a new tape beside the first one
    #[arg(long, value_name = "HOW", default_value = "error")]
    pub on_miss: Miss,
    /// How fast: `none` (as fast as it can), `recorded`, or so many times as fast
    #[arg(long, value_name = "PACE", default_value = "none")]
    pub timing: Timing,
    /// Rules of faults to make
    #[arg(long, value_name = "RULES.toml")]
    pub faults: Option<PathBuf>,
    /// Print JSON Lines: where it listens, then each request with what it matched
    #[arg(long)]
    pub json: bool,
}

/// What a request gets that is not on the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// An error.
    Error,
    /// The answer of the server at this URL.
    Forward(String),
    /// The same, and it is recorded.
    Record(String),
}

impl FromStr for Miss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "error" => Ok(Self::Error),
            Some(("forward", url)) => Ok(Self::Forward(url.to_owned())),
            Some(("record", url)) => Ok(Self::Record(url.to_owned())),
            _ => Err("expected `error`, `forward=URL` or `record=URL`".to_owned()),
        }
    }
}

/// How fast a tape is served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timing {
    /// As fast as it can.
    Unpaced,
    /// So many times as fast as recorded.
    Times(f64),
}

impl FromStr for Timing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::Unpaced),
            "recorded" => Ok(Self::Times(1.0)),
            _ => {
                let times = text.parse::<f64>().ok();
                let times = times.filter(|times| times.is_finite() && *times > 0.0);
                times.map(Self::Times).ok_or_else(|| {
                    "expected `none`, `recorded` or a number above 0, like 10".to_owned()
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_understood_or_refused() {
        assert_eq!("error".parse(), Ok(Miss::Error));
        assert_eq!("forward=http://a/b?c=d".parse(), Ok(Miss::Forward("http://a/b?c=d".into())));
        assert_eq!("record=http://a".parse(), Ok(Miss::Record("http://a".into())));
        for wrong in ["", "forward", "error=x", "forwards=x"] {
            assert!(wrong.parse::<Miss>().is_err(), "{wrong}");
        }
        assert_eq!("recorded".parse(), Ok(Timing::Times(1.0)));
        assert_eq!("0.5".parse(), Ok(Timing::Times(0.5)));
        for wrong in ["0", "-1", "inf", "NaN", "fast"] {
            assert!(wrong.parse::<Timing>().is_err(), "{wrong}");
        }
    }
}
