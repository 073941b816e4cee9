//! `wiretape/problem/1`.

use serde::Serialize;

use super::{maybe_text, text};
use crate::{
    capture::ExchangeId,
    protocol::problems::{Problem, Severity},
};

/// A problem as a line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemFace<'a> {
    schema: &'static str,
    rule: &'a str,
    severity: Severity,
    #[serde(serialize_with = "text")]
    session: ExchangeId,
    #[serde(serialize_with = "maybe_text")]
    exchange: Option<ExchangeId>,
    message: Option<&'a str>,
    text: &'a str,
    evidence: &'a str,
    remedy: &'a str,
    source: &'a str,
}

impl<'a> ProblemFace<'a> {
    /// A problem; what was seen on the wire is as it may be shown.
    pub(crate) fn new(problem: &'a Problem) -> Self {
        Self {
            schema: "wiretape/problem/1",
            rule: &problem.rule,
            severity: problem.severity,
            session: problem.session,
            exchange: problem.exchange,
            message: problem.message.as_deref(),
            text: &problem.text,
            evidence: &problem.evidence,
            remedy: &problem.remedy,
            source: &problem.source,
        }
    }
}
