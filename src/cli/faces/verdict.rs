//! `wiretape/verdict/1`: what became of one step, and the summary behind all of them.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{message::compact, text};
use crate::{
    capture::ExchangeId,
    replay::compare::{Difference, Tally, Verdict},
};

/// One step.
#[derive(Debug, Serialize)]
pub(crate) struct VerdictFace<'a> {
    schema: &'static str,
    #[serde(serialize_with = "text")]
    session: ExchangeId,
    #[serde(serialize_with = "text")]
    exchange: ExchangeId,
    message: Option<&'a str>,
    method: &'a str,
    name: Option<&'a str>,
    verdict: &'static str,
    differences: Vec<DifferenceFace<'a>>,
    reason: Option<&'a str>,
}

/// One place where two messages differ.
#[derive(Debug, Serialize)]
pub(crate) struct DifferenceFace<'a> {
    path: &'a str,
    kind: &'static str,
    recorded: Option<Box<RawValue>>,
    replayed: Option<Box<RawValue>>,
}

impl<'a> VerdictFace<'a> {
    pub(crate) fn new(verdict: &'a Verdict) -> Self {
        Self {
            schema: "wiretape/verdict/1",
            session: verdict.session,
            exchange: verdict.exchange,
            message: verdict.message.as_deref(),
            method: &verdict.method,
            name: verdict.name.as_deref(),
            verdict: verdict.ruling.as_str(),
            differences: verdict.differences.iter().map(DifferenceFace::new).collect(),
            reason: verdict.reason.as_deref(),
        }
    }
}

impl<'a> DifferenceFace<'a> {
    pub(crate) fn new(difference: &'a Difference) -> Self {
        let json = |value: &Option<String>| value.as_ref().map(|json| compact(json.as_bytes()));
        Self {
            path: &difference.path,
            kind: difference.kind.as_str(),
            recorded: json(&difference.recorded),
            replayed: json(&difference.replayed),
        }
    }
}

/// The last line.
#[derive(Debug, Serialize)]
pub(crate) struct ComparedFace<'a> {
    schema: &'static str,
    compared: u64,
    of: u64,
    skipped: u64,
    ignored_paths: Vec<&'a str>,
}

impl<'a> ComparedFace<'a> {
    pub(crate) fn new(tally: &'a Tally) -> Self {
        Self {
            schema: "wiretape/summary/1",
            compared: tally.compared,
            of: tally.of,
            skipped: tally.skipped,
            ignored_paths: tally.ignored_paths.keys().map(String::as_str).collect(),
        }
    }
}
