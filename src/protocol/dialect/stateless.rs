//! Servers that keep no session: `initialize` is answered and no id issued, so that any replica
//! can serve the next request (protocol.md §9).

use super::Dialect;
use crate::protocol::model::{Summary, Transport};

pub(crate) struct Stateless;

impl Dialect for Stateless {
    fn name(&self) -> &'static str {
        "stateless"
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        let answered = summary.initialize.as_ref().is_some_and(|initialize| initialize.answered);
        answered && summary.candidates.is_empty() && summary.transport != Some(Transport::HttpSse)
    }
}
