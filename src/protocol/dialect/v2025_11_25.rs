//! 2025-11-25: priming events, polling, tasks, URL elicitation (protocol.md §3); the last revision with a
//! handshake.

use super::Dialect;
use crate::protocol::model::Summary;

pub(crate) struct V2025_11_25;

impl Dialect for V2025_11_25 {
    fn name(&self) -> &'static str {
        "2025-11-25"
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        summary.revision.as_deref() == Some(self.name())
    }
}
