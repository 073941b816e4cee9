//! 2025-06-18: `MCP-Protocol-Version` on every request after the handshake; batches are gone
//! (protocol.md §3).

use super::Dialect;
use crate::protocol::model::Summary;

pub(crate) struct V2025_06_18;

impl Dialect for V2025_06_18 {
    fn name(&self) -> &'static str {
        "2025-06-18"
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        summary.revision.as_deref() == Some(self.name())
    }
}
