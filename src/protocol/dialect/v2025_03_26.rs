//! 2025-03-26: Streamable HTTP with one endpoint, and batches (protocol.md §3). Its requests bear no version
//! header: the answer to `initialize` shows it, or a client that sends the header all the same.

use super::Dialect;
use crate::protocol::model::Summary;

pub(crate) struct V2025_03_26;

impl Dialect for V2025_03_26 {
    fn name(&self) -> &'static str {
        "2025-03-26"
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        summary.revision.as_deref() == Some(self.name())
    }
}
