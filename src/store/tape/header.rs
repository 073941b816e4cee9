//! Line 1 of a tape.

use serde::{Deserialize, Serialize};

use super::{TapeError, VERSION};
use crate::capture::Timestamp;

/// What line 1 says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapeHeader {
    /// The time of the first record, to which every `at` is relative.
    pub started_at: Timestamp,
    /// The program and version that recorded, `wiretape 0.1.0`.
    pub tool: String,
    /// What was replaced in it.
    pub redactions: Vec<Redaction>,
    /// The line that was read, without its end: written again, unknown fields and all, while the
    /// fields above say the same.
    raw: Option<String>,
}

/// One kind of secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// What stands in its place.
    pub placeholder: String,
    /// What it was: the rule's name.
    pub kind: String,
    /// How many times it was replaced.
    pub count: u64,
}

#[derive(Serialize, Deserialize)]
struct Form {
    format: String,
    version: u64,
    started_at: String,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    redactions: Vec<Redaction>,
}

impl TapeHeader {
    /// A header for a recording by `tool`.
    pub fn new(started_at: Timestamp, tool: impl Into<String>, redactions: Vec<Redaction>) -> Self {
        Self { started_at, tool: tool.into(), redactions, raw: None }
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        if let Some(raw) = &self.raw
            && Self::parse(raw).is_ok_and(|read| read == *self)
        {
            return raw.clone();
        }
        let form = Form {
            format: "wiretape".to_owned(),
            version: u64::from(VERSION),
            started_at: self.started_at.to_string(),
            tool: self.tool.clone(),
            redactions: self.redactions.clone(),
        };
        serde_json::to_string(&form).expect("texts and numbers serialise")
    }

    pub(super) fn parse(line: &str) -> Result<Self, TapeError> {
        #[derive(Deserialize)]
        struct Kind {
            format: Option<String>,
            version: Option<u64>,
            log: Option<serde::de::IgnoredAny>,
        }
        let Ok(kind) = serde_json::from_str::<Kind>(line) else {
            let har = line.trim() == "{" || line.trim_start().starts_with("{\"log\"");
            return Err(if har { not_har() } else { not_a_tape("its first line is no header") });
        };
        match (kind.format.as_deref(), kind.version) {
            (Some("wiretape"), Some(1..)) => {}
            _ if kind.log.is_some() => return Err(not_har()),
            _ => return Err(not_a_tape("its first line is no header")),
        }
        if let Some(found) = kind.version.filter(|found| *found > u64::from(VERSION)) {
            return Err(TapeError::Newer { found });
        }
        let bad = |what: String, column| TapeError::Line { line: 1, column, what };
        let form: Form =
            serde_json::from_str(line).map_err(|error| bad(error.to_string(), error.column()))?;
        let started_at = form.started_at.parse();
        let started_at =
            started_at.map_err(|error: crate::capture::BadTime| bad(error.to_string(), 0))?;
        let raw = Some(line.to_owned());
        Ok(Self { started_at, tool: form.tool, redactions: form.redactions, raw })
    }
}

pub(super) fn not_a_tape(what: &str) -> TapeError {
    TapeError::NotATape {
        what: what.to_owned(),
        hint: "a tape's first line begins with {\"format\":\"wiretape\"; recordings of other tools come in by `wiretape import --format`",
    }
}

fn not_har() -> TapeError {
    TapeError::NotATape {
        what: "it looks like pretty-printed JSON or a HAR file".to_owned(),
        hint: "`wiretape import --format har` reads HAR files",
    }
}
