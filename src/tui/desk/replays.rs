//! What replays are asked with, and what is told of them.

use std::{fmt, sync::Arc};

use crate::{
    capture::ExchangeId,
    replay::compare::{Difference, Ruling},
};

/// What a replay takes beside the recording. It is held for this replay alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Headers over what was recorded: credentials, which no recording gives (protocol.md §7).
    pub headers: Vec<GivenHeader>,
    /// The one request as the user edited it: [`Preview::draft`] with changes.
    pub edited: Option<Arc<str>>,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenHeader {
    /// Its name.
    pub name: String,
    /// What it says.
    pub value: GivenValue,
}

/// A value that is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenValue {
    /// As it was typed.
    Typed(Secret),
    /// What the environment has under this name.
    Environment(String),
}

/// A text that is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The form of a report on a replay: those of `wiretape verify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportForm {
    /// `--junit`.
    Junit,
    /// `--markdown`.
    Markdown,
    /// `--json`.
    Json,
}

/// What a replay would send, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The recorded endpoint: where it goes unless the user says otherwise.
    pub to: String,
    /// Steps that would be sent.
    pub steps: u64,
    /// The one request, or the first one: its line, headers and body.
    pub request: Vec<String>,
    /// Tools that are left out unless side effects are allowed.
    pub guarded: Vec<String>,
    /// What else is to be known: credentials that are left out.
    pub notes: Vec<String>,
    /// The one request as a text to be edited, masked; none where there are several, and where it is
    /// too long for that.
    pub draft: Option<Arc<str>>,
    /// What the user changed in it, line by line: `- ` what was, `+ ` what is.
    pub changes: Vec<String>,
}

/// A step and its verdict. Texts are masked and visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictTold {
    /// The recorded exchange; none for what only the replay brought.
    pub exchange: Option<ExchangeId>,
    /// The message's number in it.
    pub number: Option<u32>,
    /// JSON-RPC method, or what the step is.
    pub method: String,
    /// Tool, prompt, resource, task.
    pub name: String,
    /// The verdict.
    pub ruling: Ruling,
    /// The recorded outcome: `200 41ms`.
    pub recorded: String,
    /// The other one; empty where there is none.
    pub replayed: String,
    /// How long the recorded answer took, microseconds.
    pub recorded_us: Option<u32>,
    /// Likewise the other one.
    pub replayed_us: Option<u32>,
    /// Where it differs.
    pub differences: Vec<Difference>,
    /// Why it was skipped, or what else is said of it.
    pub reason: Option<String>,
    /// The live answer, on several lines, where only one call was replayed.
    pub answer: Option<String>,
}

/// How a replay ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Steps compared.
    pub compared: u64,
    /// Of so many.
    pub of: u64,
    /// Skipped.
    pub skipped: u64,
    /// Paths that built-in rules or the user's ignore.
    pub ignored_paths: Vec<String>,
    /// `verify`'s exit code.
    pub exit: u8,
    /// What else there is to say: headers that were not sent.
    pub notes: Vec<String>,
    /// The tape into which the answers can be put; none for a store, and for a diff.
    pub baseline: Option<String>,
    /// So many answers can be put in.
    pub acceptable: u64,
}
