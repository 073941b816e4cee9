//! The outcome of a call: what `status`, `rpc`, `tool-error` and `latency` of a query are tested on.

use crate::capture::Outcome;

use super::model::{Kind, Message, Summary};

/// A JSON-RPC request with what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// How it came out.
    pub outcome: CallOutcome,
    /// `error.code` of its answer.
    pub rpc_code: Option<i64>,
    /// Its answer is a tool's failure.
    pub tool_error: bool,
    /// From request to answer.
    pub latency_us: Option<u64>,
}

/// How a call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// Answered with a result.
    Ok,
    /// Any kind of failure: HTTP >= 400, JSON-RPC error, tool error, fault outcome.
    Error,
    /// No answer yet.
    Pending,
    /// Cancelled before an answer came.
    Cancelled,
}

impl Call {
    /// The call whose request the exchange of `summary` carried, with its answer, paired, if there
    /// is one. A refusal by HTTP or a fault is an answer too.
    #[must_use]
    pub fn of(answer: Option<&Message>, summary: &Summary) -> Self {
        let refused = summary.status.is_some_and(|status| status >= 400)
            || summary.outcome.is_some_and(Outcome::is_fault);
        let outcome = match answer {
            Some(answer) if answer.kind == Kind::Error || answer.tool_error => CallOutcome::Error,
            Some(_) => CallOutcome::Ok,
            None if refused => CallOutcome::Error,
            None => CallOutcome::Pending,
        };
        Self {
            outcome,
            rpc_code: answer.and_then(|answer| answer.rpc_code),
            tool_error: answer.is_some_and(|answer| answer.tool_error),
            latency_us: answer.and_then(|answer| answer.latency_us),
        }
    }
}
